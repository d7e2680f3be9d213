#!/bin/sh
# Every message and every problem that src can print against the manual's DIAGNOSTICS, both ways.
# A message is what stands first in log_error(), log_warning(), log_verbose(), log_debug() or log();
# a problem is a string that a function returns, that becomes the problem of a fault, or that is put
# into a reason. In the manual a word in capitals stands for a conversion, and REASON also for what
# follows a text that ends in ": " or goes before one that begins with "; ". One line per finding;
# fails if there is one.
set -u
cd "$(dirname "$0")/../.." || exit 1

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# FILE:LINE TAB MESSAGE, with adjacent literals joined.
find src -name '*.c' ! -path src/base/log.c | sort | while read -r file; do
	awk -f tests/lint/strip.awk "$file" | awk -v file="$file" '
	{ text = text $0 "\n" }

	# Takes one literal and all that are joined to it off the front of s, which begins with one.
	function literals(s, result, piece) {
		result = ""
		while (match(s, /^[ \t\n]*"([^"\\]|\\.)*"/)) {
			piece = substr(s, RSTART, RLENGTH)
			sub(/^[ \t\n]*"/, "", piece)
			sub(/"$/, "", piece)
			gsub(/\\"/, "\"", piece)
			result = result piece
			s = substr(s, RSTART + RLENGTH)
		}
		return result
	}

	# The number of the line where so much of the text ends.
	function line_at(end, head) {
		head = substr(text, 1, end)
		return gsub(/\n/, "\n", head) + 1
	}

	END {
		marks = "(log_error|log_warning|log_verbose|log_debug|[^a-z_]log)[ \t]*[(][ \t\n]*\"" \
			"|[^A-Za-z_]return[ \t\n]+\"|problem = \"|\\? NULL[ \t\n]*:[ \t\n]*\"" \
			"|line_format[(][ \t\n]*reason,[ \t\n]*\""
		rest = text
		at = 0
		while (match(rest, marks)) {
			end = RSTART + RLENGTH - 1
			printf "%s:%d\t%s\n", file, line_at(at + end), literals(substr(rest, end))
			at += end
			rest = substr(rest, end + 1)
		}
		# A message that is not a literal could not be compared.
		rest = text
		while (match(rest, /log_(error|warning|verbose|debug)[ \t]*[(][ \t\n]*[^" \t\n]/)) {
			printf "%s\tno literal in %s\n", file, substr(rest, RSTART, RLENGTH)
			rest = substr(rest, RSTART + RLENGTH)
		}
	}'
done >"$work/messages"

awk '
	/^\.Sh / { inside = $0 == ".Sh DIAGNOSTICS" }
	inside && /^\.It / {
		sub(/^\.It /, "")
		gsub(/\\\(aq/, "\047")
		gsub(/\\-/, "-")
		gsub(/\\&/, "")
		gsub(/\\\(dq/, "\"")
		printf "man/whit.1:%d\t%s\n", NR, $0
	}' man/whit.1 >"$work/entries"

awk -F '\t' '
	# The message as a regular expression: what is not a conversion stands for itself.
	function pattern(message) {
		gsub(/[][\\.^$*+?(){}|]/, "\\\\&", message)
		gsub(/%(\\\.\\\*)?[a-z]/, "[A-Z][A-Z_]*", message) # %s, %.*s
		gsub(/%%/, "%", message)
		sub(/: $/, ": REASON", message)
		sub(/^; /, "REASON; ", message)
		return "^" message "$"
	}
	NR == FNR {
		message_place[NR] = $1
		message[NR] = $2
		messages = NR
		next
	}
	{
		entry_place[++entries] = $1
		entry[entries] = $2
	}
	END {
		if (messages == 0 || entries == 0)
			print "lint: messages: none found in src or in DIAGNOSTICS"
		for (i = 1; i <= messages; i++) {
			wanted = pattern(message[i])
			for (j = 1; j <= entries; j++) {
				if (entry[j] ~ wanted) {
					is_printed[j] = 1
					is_listed[i] = 1
				}
			}
			if (!is_listed[i])
				printf "lint: messages: %s: not in DIAGNOSTICS: %s\n", \
					message_place[i], message[i]
		}
		for (j = 1; j <= entries; j++) {
			if (!is_printed[j])
				printf "lint: messages: %s: printed by no line of src: %s\n", \
					entry_place[j], entry[j]
		}
	}' "$work/messages" "$work/entries" >"$work/findings" || exit 1

cat "$work/findings"
test ! -s "$work/findings"

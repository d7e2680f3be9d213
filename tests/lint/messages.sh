#!/bin/sh
# Every message of src against the manual's DIAGNOSTICS, both ways. A message is a string of src with two
# words in it, or the format of a call of log_...(): not the option table, --help, --version and static
# asserts. Its fixed words stand in one paragraph of DIAGNOSTICS, in order; for a conversion such as %s
# there is any short text, such as NAME. Each .It of a -diag list there is printed by src.
. "$(dirname "$0")/common.sh"

# FILE:LINE TAB MESSAGE, with adjacent strings joined.
find src -name '*.c' | sort | while read -r file; do
	strip "$file" | awk -v file="$file" '
	{ text = text $0 "\n" }

	# The number of the line where so much of the text ends.
	function line_at(end, head) {
		head = substr(text, 1, end)
		return gsub(/\n/, "\n", head) + 1
	}

	# Blanks in place of the option table, so that line numbers stay.
	function hide_table(start, end, hidden) {
		if (!match(text, /struct option[a-z_]* [a-z_]+\[\] = \{/))
			return
		start = RSTART
		end = start + index(substr(text, start), "\n};")
		hidden = substr(text, start, end - start)
		gsub(/[^\n]/, " ", hidden)
		text = substr(text, 1, start - 1) hidden substr(text, end)
	}

	END {
		hide_table()
		remaining = text
		at = 0
		while (match(remaining, /"([^"\\\n]|\\.)*"([ \t\n]*"([^"\\\n]|\\.)*")*/)) {
			string = substr(remaining, RSTART + 1, RLENGTH - 2)
			before = substr(remaining, 1, RSTART - 1)
			at += RSTART + RLENGTH - 1
			remaining = substr(remaining, RSTART + RLENGTH)
			gsub(/"[ \t\n]*"/, "", string)
			gsub(/\\n/, " ", string)
			gsub(/\\"/, "\"", string)
			is_message = before ~ /[^a-z_]log_[a-z]+[(][ \t\n]*$/ ||
				(string ~ /[A-Za-z][a-z]+[ ,;:]+[A-Za-z][A-Za-z]+/ ||
				string ~ /[A-Za-z][A-Za-z]+[ ,;:]+[a-z][a-z]+/)
			if (before ~ /line_format[(][ \t\n]*help,[ \t\n]*$/ || string ~ /^whit version / ||
				before ~ /[Ss]tatic_assert[(][^;]*$/)
				is_message = 0
			if (is_message)
				printf "%s:%d\t%s\n", file, line_at(at), string
		}
	}'
done >"$work/messages"

# MANUAL:LINE TAB KIND TAB TEXT: a paragraph of DIAGNOSTICS in plain words. KIND is message for an .It of
# a -diag list, and text for all else.
awk '
	function flush() {
		if (paragraph != "")
			printf "man/whit.1:%d\t%s\t%s\n", start, kind, paragraph
		paragraph = ""
	}
	/^\.Sh / { flush(); inside = $0 == ".Sh DIAGNOSTICS" }
	!inside || /^\.\\"/ { next }
	/^\.Bl / { flush(); list[++depth] = $2; next }
	/^\.El/ { flush(); depth--; next }
	/^\.(It|Pp|Ss|Sh)/ {
		flush()
		kind = $1 == ".It" && list[depth] == "-diag" ? "message" : "text"
	}
	{
		is_it = $1 == ".It"
		sub(/^\.[A-Z][a-z][ \t]*/, "")
		gsub(/ (Ar|Cm|Dv|Er|Ev|Fl|Ic|Li|Nm|No|Pa|Ql|Sq|Dq|Pq|Sy|Em|Va|Xr) /, " ")
		gsub(/\\\(aq/, "\047")
		gsub(/\\\(dq/, "\"")
		gsub(/\\-/, "-")
		gsub(/\\&/, "")
		if (paragraph == "")
			start = FNR
		paragraph = paragraph (paragraph == "" ? "" : " ") $0
		if (is_it) {
			flush()
			kind = "text"
		}
	}
	END { flush() }' man/whit.1 >"$work/paragraphs"

awk -F '\t' -v longest_gap=60 '
	# Whether the pieces from this one on stand in the text, the first one within the gap.
	function follow(text, i, gap, at, from) {
		if (i > pieces)
			return 1
		for (from = 1; (at = index(substr(text, from), piece[i])) > 0; from += at) {
			if (gap >= 0 && from + at - 2 > gap)
				return 0
			if (follow(substr(text, from + at - 1 + length(piece[i])), i + 1, longest_gap))
				return 1
		}
		return 0
	}

	# Splits a message at its conversions into the pieces that are always printed.
	function split_message(message, count, parts, i) {
		gsub(/%%/, "\001", message)
		count = split(message, parts, /%[-0-9.*]*[a-z]/)
		pieces = 0
		for (i = 1; i <= count; i++) {
			gsub(/\001/, "%", parts[i])
			gsub(/^ +| +$/, "", parts[i])
			if (parts[i] != "")
				piece[++pieces] = parts[i]
		}
		return pieces
	}

	NR == FNR {
		message_place[++messages] = $1
		message[messages] = $2
		next
	}
	{
		place[++paragraphs] = $1
		kind[paragraphs] = $2
		paragraph[paragraphs] = $3
	}
	END {
		if (messages == 0 || paragraphs == 0)
			print "none found in src or in DIAGNOSTICS"
		for (i = 1; i <= messages; i++) {
			if (split_message(message[i]) == 0)
				continue
			is_listed = 0
			for (j = 1; j <= paragraphs; j++) {
				if (follow(paragraph[j], 1, -1))
					is_listed = is_printed[j] = 1
			}
			if (!is_listed)
				printf "%s: not in DIAGNOSTICS: %s\n", message_place[i], message[i]
		}
		for (j = 1; j <= paragraphs; j++) {
			if (kind[j] == "message" && !is_printed[j] && paragraph[j] ~ /[a-z]/)
				printf "%s: printed by no line of src: %s\n", place[j], paragraph[j]
		}
	}' "$work/messages" "$work/paragraphs" | while read -r line; do
	found "$line"
done

report

#!/bin/sh
# The sizes that whit keeps to, and the words that it does not use. One line for each limit that is
# exceeded, with the worst offender where there are several. The binary is the first argument.
. "$(dirname "$0")/common.sh"

whit=${1:-build/whit}

# What is measured, and the most that it may be.
max_source_lines=4000 # src and include, comments and blank lines counted
max_sources=30        # *.c in src
max_function_lines=45 # with the line of its name; a switch over options is not counted
max_binary_bytes=32768 # build/whit by musl-gcc of gcc 12, x86_64, without flags of the user
max_makefile_lines=250
max_readme_lines=200
max_manual_lines=700
max_help_lines=40 # make help

# The words that house-style.md replaces: an extended regular expression, in lower case, and what to
# write instead. It stands between two characters that are no letters, also over the end of a line.
# "the rest of" a thing is no word for processes.
words='
pass(es|ed|ing)?[ _]on -> forward
pass(es|ed|ing)? (it|them|signals?|sig[a-z]+|from) on -> forward
the rest -> the remaining processes; of a thing: the rest of it
[a-z]+_rest -> remaining
affairs? -> say which file or process decides it, or does it
whom -> a process is "which" or "that"
nobody -> no process, nothing, no user
somebody -> a process, another program, another user
everybody -> every process
anybody -> any process, you
be it -> whether
as [^.,;:|()]+ has it -> as ... defines it
by itself -> without an option, without help
'

# Files that may use one of them: its row, the file, and why.
exceptions='
nobody -> tests/dist/reproducible.sh -> the account of that name
'

# limit NAME VALUE MAXIMUM: the value is at most the maximum.
limit() {
	test "$2" -le "$3" || found "$1: $2, and the limit is $3"
}

count_lines() {
	cat "$@" | wc -l
}

# --- sizes ---

limit 'lines of src and include' \
	"$(find src include -name '*.[ch]' -exec cat {} + | wc -l)" "$max_source_lines"
limit 'sources in src' "$(find src -name '*.c' | wc -l)" "$max_sources"
limit 'lines of Makefile' "$(count_lines Makefile)" "$max_makefile_lines"
limit 'lines of README.md' "$(count_lines README.md)" "$max_readme_lines"
limit 'lines of man/whit.1' "$(count_lines man/whit.1)" "$max_manual_lines"
limit 'lines of make help' "$(MAKEFLAGS='' make -s help | wc -l)" "$max_help_lines"

# From the line that has its name to the brace that ends it, which clang-format puts in column 1.
find src include -name '*.[ch]' | sort | while read -r file; do
	awk -v file="$file" -v max="$max_function_lines" '
		/^[A-Za-z_]/ { name = $0; start = FNR; flat = 0 }
		/^\{/ { in_body = 1 }
		/^\tswitch \((letter|.*option.*)\) \{/ { in_switch = 1 }
		in_switch { flat++ }
		/^\t\}/ { in_switch = 0 }
		/^\}/ && in_body {
			lines = FNR - start + 1 - flat
			if (lines > max) {
				sub(/\(.*/, "", name)
				sub(/.*[ *]/, "", name)
				printf "%s:%d: lines of %s: %d, and the limit is %d\n", file, start, name,
					lines, max
			}
			in_body = 0
		}' "$file"
done | while read -r line; do
	found "$line"
done

# The limit is for the compiler of the gate, Debian 12: gcc 14 makes 900 bytes more of the same source.
# Other flags, another libc and other machines have no limit.
is_default_build() {
	read -r compiler flags <build/flags || return 1
	case "${compiler##*/} $flags " in
	*-fsanitize* | *--coverage* | *' -g'* | *' -O'[0-9sg]* | *' -march='*) return 1 ;;
	musl-gcc*' -flto '*' -Oz '*' -s '*) ;;
	*) return 1 ;;
	esac
	"$compiler" -dumpmachine | grep -q '^x86_64-' && "$compiler" -dumpversion | grep -q '^12\>'
}
if [ -f build/flags ] && is_default_build; then
	limit "bytes of $whit" "$(($(wc -c <"$whit")))" "$max_binary_bytes"
fi

# --- words ---

# Not what is checked with: this list, and the inputs of the fuzzer.
find src include man tests .ci .dist .github Makefile README.md -type f 2>/dev/null |
	grep -vE '^tests/(lint/limits(_test)?\.sh$|fuzz/corpus/)' | sort >"$work/files"
printf '%s' "$words" | sed '/^$/d' >"$work/words"
printf '%s' "$exceptions" | sed '/^$/d' >"$work/exceptions"

# A match may begin in one line and end in the next, so each line is looked at when the next is known,
# both without the marks of comments.
# shellcheck disable=SC2016 # awk's own variables
xargs awk -F ' -> ' -v words="$work/words" -v exceptions="$work/exceptions" '
	BEGIN {
		while ((getline <words) > 0) {
			word[++count] = $1
			instead[count] = $2
		}
		while ((getline <exceptions) > 0)
			is_allowed[$1, $2] = 1
	}

	function look(file, number, line, next_line, text, i) {
		text = " " line " " next_line " "
		gsub(/[ \t]+/, " ", text)
		gsub(/the rest of /, "@@@@@@@@@@@@", text)
		for (i = 1; i <= count; i++) {
			if (match(text, "[^a-z]" word[i] "[^a-z]") && RSTART <= length(line) &&
				!is_allowed[word[i], file])
				printf "%s:%d: \"%s\": write: %s\n", file, number,
					substr(text, RSTART + 1, RLENGTH - 2), instead[i]
		}
	}

	FNR == 1 && NR > 1 { look(file, number, line, "") }
	{
		current = tolower($0)
		sub(/^[ \t]*(\/\*|\*|#|\/\/|\.\\"|\.)?[ \t]*/, "", current)
		gsub(/[ \t]+/, " ", current)
		if (FNR > 1)
			look(file, number, line, current)
		file = FILENAME
		number = FNR
		line = current
	}
	END { look(file, number, line, "") }' <"$work/files" >"$work/found_words"
while read -r line; do
	found "$line"
done <"$work/found_words"

report

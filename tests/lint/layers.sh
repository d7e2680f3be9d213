#!/bin/sh
# Includes go one way, paths of sources, headers and unit tests agree, the map of the source is complete,
# the tests that the security policy names exist, and src has no stdio, malloc, exit or signal handlers.
. "$(dirname "$0")/common.sh"

strip src/main.c >/dev/null || exit 1 # else nothing would be found

# Each layer may include itself and those with a lower number. diagnosis is entered only after something
# went wrong, by supervise and main.
order='cli -> supervise -> diagnosis -> command -> signals -> base'
rank() {
	case $1 in
	base) echo 1 ;;
	signals) echo 2 ;;
	command) echo 3 ;;
	diagnosis) echo 4 ;;
	supervise) echo 5 ;;
	cli) echo 6 ;;
	main) echo 7 ;;
	*) echo 0 ;;
	esac
}

# src/LAYER/NAME.c -> LAYER; src/main.c -> main
layer_of() {
	path=${1#*/}
	case $path in
	main.c) echo main ;;
	*/*) echo "${path%%/*}" ;;
	*) echo none ;;
	esac
}

# FILE of LAYER includes HEADER.
check_include() {
	if [ "$3" = license.h ] && [ "$2" = main ]; then
		return # made by the Makefile
	fi
	if [ ! -f "include/$3" ]; then
		found "$1: includes \"$3\", which is not in include"
	elif [ "$(rank "${3%%/*}")" -gt "$(rank "$2")" ]; then
		found "$1: $2 may not include \"$3\": $order"
	fi
}

check_includes() {
	layer=$(layer_of "$1")
	if [ "$(rank "$layer")" -eq 0 ]; then
		found "$1: stands in no layer ($order)"
		return
	fi
	strip "$1" |
		sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"\([^"]*\)".*/\1/p' |
		while read -r header; do
			check_include "$1" "$layer" "$header"
		done
}

# Reports every line of the stripped source that matches an extended regular expression.
forbid() {
	file=$1
	pattern=$2
	reason=$3
	strip strings=no "$file" | grep -nE "$pattern" |
		while IFS=: read -r line text; do
			found "$file:$line: $reason: $(echo "$text" | sed 's/^[[:space:]]*//')"
		done
}

check_calls() {
	word='(^|[^A-Za-z0-9_])'
	forbid "$1" '#[[:space:]]*include[[:space:]]*<(stdio|stdio_ext|wchar|malloc|alloca)\.h>' \
		'neither stdio nor malloc'
	forbid "$1" "$word(malloc|calloc|realloc|reallocarray|free|strdup|strndup|aligned_alloc|posix_memalign|alloca|opendir|readdir|getline)[[:space:]]*\\(" \
		'no malloc'
	forbid "$1" "$word(v?f?printf|v?d?printf|v?sn?printf|v?asprintf|puts|fputs|putchar|fputc|fwrite|fread|fgets|fopen|fdopen|fclose|fflush|perror|psignal)[[:space:]]*\\(" \
		'no stdio'
	forbid "$1" "$word(exit|abort|atexit|quick_exit|system|popen)[[:space:]]*\\(" \
		'whit ends by returning from main'
	forbid "$1" 'sa_sigaction' 'no signal handlers'
	strip strings=no "$1" | grep -nE 'sa_handler[[:space:]]*=[^=]' |
		grep -vE 'sa_handler[[:space:]]*=[[:space:]]*SIG_DFL[^A-Za-z0-9_]' |
		while IFS=: read -r line _; do
			found "$1:$line: no signal handlers: sa_handler other than SIG_DFL"
		done
	strip strings=no "$1" |
		grep -nE "$word(signal|sigset|bsd_signal|sysv_signal)[[:space:]]*\\(" |
		grep -vE "$word"'signal\([A-Z]+, SIG_IGN\)' |
		while IFS=: read -r line _; do
			found "$1:$line: no signal handlers: signal() with other than SIG_IGN"
		done
	if grep -q '<stdlib\.h>' "$1" && ! strip strings=no "$1" |
		grep -q 'getenv('; then
		found "$1: <stdlib.h> is for getenv alone, and there is none"
	fi
}

# The first include is the source's own header; where two sources make one idea, that of its neighbour.
check_source_path() {
	path=${1#src/}
	header=${path%.c}.h
	first=$(sed -n 's/^#include "\(.*\)"$/\1/p' "$1" | head -n 1)
	if [ "$path" = main.c ] || [ "$first" = "$header" ]; then
		return
	fi
	if [ -f "include/$header" ]; then
		found "$1: its own header \"$header\" is not included first"
	elif [ -z "$first" ] || [ "${first%/*}" != "${path%/*}" ]; then
		found "$1: has no include/$header, and its first include is no header of ${path%/*}"
	fi
}

# A header without a source of its name declares no function; it may define some (static inline).
check_header_path() {
	path=${1#include/}
	if [ -f "src/${path%.h}.c" ]; then
		return
	fi
	strip "$1" | awk '
		/^[A-Za-z_]/ && !/^(typedef|_Static_assert|static_assert)/ { head = ""; in_head = 1 }
		in_head { head = head $0 }
		in_head && /[;{]/ {
			if (head ~ /^[^={]*\(.*\)[^{]*;/)
				print head
			in_head = 0
		}' | while read -r declared; do
		found "$1: has no src/${path%.h}.c for what it declares: $declared"
	done
}

find src include -name '*.[ch]' | sort | while read -r file; do
	check_includes "$file"
	check_calls "$file"
done
find src -name '*.c' | sort | while read -r file; do
	check_source_path "$file"
done
find include -name '*.h' | sort | while read -r file; do
	check_header_path "$file"
done
find tests/unit -name '*.c' | sort | while read -r file; do
	path=${file#tests/unit/}
	case $path in
	*_test.c)
		path=${path%_test.c}
		test -f "src/$path.c" || test -f "include/$path.h" ||
			found "$file: has neither src/$path.c nor include/$path.h"
		;;
	*) found "$file: a unit test is called NAME_test.c" ;;
	esac
done
find src include -type f ! -name '*.[ch]' ! -path src/README.md | sort | while read -r file; do
	found "$file: neither .c nor .h"
done

# --- the map, and the tests by name ---

# The map has a row for each source, and one for each directory of tests and of what is shipped. A path
# may leave out the directory that its README is in.
maps=$(find README.md src/README.md tests/README.md 2>/dev/null)
# shellcheck disable=SC2086,SC2016 # words; Markdown's backquotes
sed -n 's/^| `\([^`]*\)` |.*/\1/p' $maps >"$work/rows"
{
	find src -name '*.c'
	find tests -mindepth 1 -maxdepth 1 -type d
	printf '%s\n' .ci .dist
} | sort | while read -r file; do
	grep -qFx -e "$file" -e "${file#*/}" "$work/rows" ||
		found "the source map lacks $file: a row in src/README.md or tests/README.md"
done
# What looks like a path there is one.
grep -E '^(\.ci|\.dist|(src|include|tests)/.*|[a-z_/]+\.[ch])$' "$work/rows" | while read -r file; do
	test -e "$file" || test -e "src/$file" ||
		found "the source map has $file, which is not there"
done

# The tests that the security policy names, by a word of four or more parts, are functions of that name.
if [ -f .github/SECURITY.md ]; then
	policy=.github/SECURITY.md
	cat "$policy"
else
	policy='README.md, Security'
	sed -n '/^## Security/,/^## Limits/p' README.md
fi >"$work/policy"
# shellcheck disable=SC2016 # Markdown's backquotes
grep -oE '`[a-z0-9]+(_[a-z0-9]+){3,}`' "$work/policy" | tr -d '`' >"$work/named" ||
	found "$policy: names no test"
while read -r name; do
	grep -rqE "^static void $name\(" tests/integration tests/unit ||
		found "$policy: names the test $name, which is not there"
done <"$work/named"

report

#!/bin/sh
# Where things stand: includes go one way, paths agree, the README's source map is complete and the
# tests that it names are there, and stdio, malloc, exit and signal handlers stay out of src. One line per finding; fails if there is one.
set -u
cd "$(dirname "$0")/../.." || exit 1
awk -f tests/lint/strip.awk src/main.c >/dev/null || exit 1 # else nothing would be found

findings=$(mktemp) || exit 1
trap 'rm -f "$findings"' EXIT

found() {
	printf 'lint: layers: %s\n' "$1" >>"$findings"
}

# A higher number may include itself and every lower one.
rank() {
	case $1 in
	base) echo 1 ;;
	signals) echo 2 ;;
	command) echo 3 ;;
	supervise) echo 4 ;;
	cli) echo 5 ;;
	main) echo 6 ;;
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
		found "$1: $2 may not include \"$3\": cli -> supervise -> command -> signals -> base"
	fi
}

check_includes() {
	layer=$(layer_of "$1")
	if [ "$(rank "$layer")" -eq 0 ]; then
		found "$1: stands in no layer (base signals command supervise cli)"
		return
	fi
	awk -f tests/lint/strip.awk "$1" |
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
	awk -v strings=no -f tests/lint/strip.awk "$file" | grep -nE "$pattern" |
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
	awk -v strings=no -f tests/lint/strip.awk "$1" | grep -nE 'sa_handler[[:space:]]*=[^=]' |
		grep -vE 'sa_handler[[:space:]]*=[[:space:]]*SIG_DFL[^A-Za-z0-9_]' |
		while IFS=: read -r line _; do
			found "$1:$line: no signal handlers: sa_handler other than SIG_DFL"
		done
	awk -v strings=no -f tests/lint/strip.awk "$1" |
		grep -nE "$word(signal|sigset|bsd_signal|sysv_signal)[[:space:]]*\\(" |
		grep -vE "$word"'signal\([A-Z]+, SIG_IGN\)' |
		while IFS=: read -r line _; do
			found "$1:$line: no signal handlers: signal() with other than SIG_IGN"
		done
	if grep -q '<stdlib\.h>' "$1" && ! awk -v strings=no -f tests/lint/strip.awk "$1" |
		grep -q 'getenv('; then
		found "$1: <stdlib.h> is for getenv alone, and there is none"
	fi
}

check_source_path() {
	path=${1#src/}
	header=${path%.c}.h
	if [ "$path" = main.c ]; then
		return
	fi
	if [ ! -f "include/$header" ]; then
		found "$1: has no include/$header"
		return
	fi
	first=$(sed -n 's/^#include //p' "$1" | head -n 1)
	if [ "$first" != "\"$header\"" ]; then
		found "$1: its own header \"$header\" is not included first"
	fi
}

find src include -name '*.[ch]' | sort | while read -r file; do
	check_includes "$file"
	check_calls "$file"
done
find src -name '*.c' | sort | while read -r file; do
	check_source_path "$file"
done
find include -name '*.h' | sort | while read -r file; do
	path=${file#include/}
	test -f "src/${path%.h}.c" || found "$file: has no src/${path%.h}.c"
done
find tests/unit -name '*.c' | sort | while read -r file; do
	path=${file#tests/unit/}
	case $path in
	*_test.c) test -f "src/${path%_test.c}.c" ||
		found "$file: has no src/${path%_test.c}.c" ;;
	*) found "$file: a unit test is called NAME_test.c" ;;
	esac
done
# The README's source map: each source and each directory of tests has its row, and each row what it is
# about.
{
	find src -name '*.c'
	find tests -mindepth 1 -maxdepth 1 -type d
	printf '%s\n' .ci .dist
} | sort | while read -r file; do
	grep -qF -e "| \`$file\` |" README.md || found "README.md: the source map lacks $file"
done
# shellcheck disable=SC2016 # Markdown's backquotes
sed -n '/^## The source/,/^## /s/^| `\([^`]*\)` |.*/\1/p' README.md | while read -r file; do
	test -e "$file" || found "README.md: the source map has $file, which is not there"
done
# The tests that its Security names, by a word of four or more: each is the name of a function.
# shellcheck disable=SC2016 # as above
security=$(sed -n '/^## Security/,/^## Limits/p' README.md | grep -oE '`[a-z0-9]+(_[a-z0-9]+){3,}`')
test -n "$security" || found 'README.md: Security names no test'
printf '%s\n' "$security" | tr -d '`' | while read -r name; do
	grep -rqE "^static void $name\(" tests/integration tests/unit ||
		found "README.md: Security names the test $name, which is not there"
done
find src include -type f ! -name '*.[ch]' | sort | while read -r file; do
	found "$file: neither .c nor .h"
done

cat "$findings"
test ! -s "$findings"

#!/usr/bin/env bash
# make analyze: what compilers and analyzers find without running anything. The arguments are the
# compiler's flags. As in tools.sh, a tool that is not there is said aloud and fails with CI set. What
# is switched off is switched off here, or in .clang-tidy, or at the place itself, with the reason.
set -u
cd "$(dirname "$0")/../.." || exit 1

flags=("$@" -Werror)
failed=
# shellcheck disable=SC2034 # by name, in each
mapfile -t sources < <(find src -name '*.c' | LC_ALL=C sort)
# shellcheck disable=SC2034 # likewise
mapfile -t tests < <(find tests -name '*.c' | LC_ALL=C sort)

# Runs a command for each file of a list, with the file as its last word.
each() {
	local -n list=$1
	local status=0 file
	for file in "${list[@]}"; do
		"${@:2}" "$file" || status=1
	done
	return "$status"
}

check() {
	if ! command -v "$2" >/dev/null; then
		echo "analyze: $2 is not installed: $1 not checked" >&2
		test -z "${CI:-}" || failed="$failed $1"
	elif "${@:3}"; then
		echo "analyze: $1: passed"
	else
		failed="$failed $1"
	fi
}

# What gcc has beyond the Makefile's list, and clang has not or calls otherwise. -O2, for the warnings
# that come from following values. Not -Wswitch-default (a switch that lists every case has none, so
# that a new case is found), -Wpadded and -Waggregate-return (no defects), -Wnested-externs
# (a symbol of the linker, which only the diagnosis of failed starts uses), -Wstack-usage
# (stacks are measured where they matter: spawn.c).
gcc_only=(-Wnull-dereference -Wjump-misses-init -Wduplicated-cond -Wduplicated-branches -Wlogical-op
	-Wformat-signedness -Warith-conversion -Wcast-align=strict -Wformat-overflow=2
	-Wstringop-overflow=4 -Wunused-const-variable=2 -Walloca -Wtrampolines -Wdate-time
	-Wsuggest-attribute=noreturn -Wsuggest-attribute=format)
check gcc gcc each sources gcc "${flags[@]}" "${gcc_only[@]}" -Wold-style-definition \
	-Wbad-function-cast -Wunused-macros -Wdouble-promotion -Wformat-truncation=2 -O2 -c \
	-o /dev/null
check gcc-tests gcc each tests gcc "${flags[@]}" "${gcc_only[@]}" -O1 -c -o /dev/null
check gcc-analyzer gcc each sources gcc "${flags[@]}" -fanalyzer -O2 -c -o /dev/null

# All that clang has. Not -Wpadded; disabled-macro-expansion is stdin's and sigaction's own definition
# in libc; reserved-identifier is __ehdr_start, the linker's name, and __default_stacksize, musl's.
check clang clang each sources clang "${flags[@]}" -Weverything -Wno-padded \
	-Wno-disabled-macro-expansion -Wno-reserved-identifier -O2 -c -o /dev/null
check clang-tests clang each tests clang "${flags[@]}" -Wnull-dereference -O1 -c -o /dev/null

# One file at a time: clang-tidy 14 takes the va_list of a second file for one never started.
tidy() {
	clang-tidy --quiet "$1" -- "${flags[@]}" 2>&1 |
		grep -vE '^[0-9]+ warnings? generated\.$|^Suppressed|^Use -header-filter'
	return "${PIPESTATUS[0]}"
}
check clang-tidy clang-tidy each sources tidy

scan() {
	scan-build --status-bugs -o build/scan clang "${flags[@]}" -O1 -c -o /dev/null "$1" |
		grep -vE '^scan-build: (Using|Analysis run|Removing directory|No bugs)'
	return "${PIPESTATUS[0]}"
}
check scan-build scan-build each sources scan

# variableScope: buffers are declared at the head of a function on purpose, where their sum is seen.
# unusedStructMember: the kernel's layout of a directory entry. missingInclude: libc's headers.
# zerodivcond: a fraction below 1000 is 0 before its worth is.
check cppcheck cppcheck cppcheck --enable=all --inconclusive --std=c11 --quiet --error-exitcode=1 \
	-D_GNU_SOURCE -D__linux__ -DWHIT_VERSION='"0"' -I include -I build \
	--suppress=variableScope --suppress=missingIncludeSystem --suppress=zerodivcond:src/base/number.c \
	--suppress=unusedStructMember:src/base/descriptor.c src

if [ -n "$failed" ]; then
	echo "analyze: failed:$failed" >&2
	exit 1
fi

#!/bin/sh
# What other tools say: clang-format, shellcheck and mandoc, each where it is present. One that is
# not is said aloud; with CI set, that is a failure. One line or more per finding.
set -u
cd "$(dirname "$0")/../.." || exit 1

failed=no

# The first of the named tools that is there; none is a failure where CI is set.
find_tool() {
	for tool in "$@"; do
		if command -v "$tool"; then
			return 0
		fi
	done
	if [ -n "${CI:-}" ]; then
		echo "lint: tools: $1 is not installed, and with CI set it must be" >&2
		failed=yes
	else
		echo "lint: tools: $1 is not installed: not checked" >&2
	fi
	return 1
}

# Each version formats a few lines in its own way: what the tree has is 14's, that of Debian 12.
if find_tool clang-format-14 clang-format >/dev/null; then
	case $("$tool" --version) in
	*' version 14.'*)
		find src include tests -name '*.[ch]' -exec "$tool" --dry-run -Werror {} + || failed=yes
		;;
	*) echo "lint: tools: the format is that of clang-format 14, and this is another: not checked" >&2 ;;
	esac
fi

if find_tool shellcheck >/dev/null; then
	# The corpus is of files as they come, not scripts of ours.
	find tests .ci .dist -path tests/fuzz/corpus -prune -o -type f -print | sort | while read -r file; do
		if head -n 1 "$file" | grep -q '^#!.*sh$'; then
			echo "$file"
		fi
	done | xargs shellcheck -x -P SCRIPTDIR || failed=yes
fi

# Which other manuals are on this machine says nothing about ours.
if find_tool mandoc >/dev/null; then
	if mandoc -T lint -W style man/whit.1 2>&1 |
		grep -v -e 'referenced manual not found' -e 'outdated mandoc.db'; then
		failed=yes
	fi
fi

test "$failed" = no

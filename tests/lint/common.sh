# shellcheck shell=sh
# The head that the checks of `make lint` share: sourced first, it changes to the top of the tree. A check
# calls `found` for each finding and `report` at its end.
set -u
lint=$(cd "$(dirname "$0")" && pwd) || exit 1
# LINT_TREE names another tree, for tests/lint/limits_test.sh.
cd "${LINT_TREE:-$lint/../..}" || exit 1
LC_ALL=C
export LC_ALL

check=${0##*/}
check=${check%.sh}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
: >"$work/findings"

# One line, printed by `report`: `found` may run in a subshell, such as the loop behind a pipe.
found() {
	printf 'lint: %s: %s\n' "$check" "$1" >>"$work/findings"
}

report() {
	cat "$work/findings"
	test ! -s "$work/findings"
}

# C without its comments, and with strings=no without its strings: strip [strings=no] FILE...
strip() {
	if [ "$1" = strings=no ]; then
		shift
		awk -v strings=no -f "$lint/strip.awk" "$@"
	else
		awk -f "$lint/strip.awk" "$@"
	fi
}

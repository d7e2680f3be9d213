#!/bin/sh
# make lint: runs every check, also after one has failed. The binary is the first argument.
set -u
cd "$(dirname "$0")/../.." || exit 1

whit=${1:-build/whit}
failed=

check() {
	if "$@"; then
		echo "lint: ${1##*/}: passed"
	else
		failed="$failed ${1##*/}"
	fi
}

check tests/lint/layers.sh
check tests/lint/options.sh "$whit"
check tests/lint/hardening.sh "$whit"
check tests/lint/messages.sh
check tests/lint/links.sh
check tests/lint/tools.sh
check tests/lint/limits_test.sh
check tests/lint/limits.sh "$whit"

if [ -n "$failed" ]; then
	echo "lint: failed:$failed" >&2
	exit 1
fi

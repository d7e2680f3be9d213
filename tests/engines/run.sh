#!/bin/sh
# Shows that whit works under real software and real engines: runs all the scripts here and counts.
# As root. usage: tests/engines/run.sh build/whit
set -u

if [ $# -ne 1 ] || [ ! -x "$1" ]; then
	echo "usage: $0 build/whit" >&2
	exit 2
fi
directory=$(dirname "$0")
ENGINE_TALLY=$(mktemp /tmp/whit-engines.XXXXXX)
ENGINE_RECIPES=$(mktemp /tmp/whit-engines.XXXXXX)
export ENGINE_TALLY ENGINE_RECIPES
trap 'rm -f "$ENGINE_TALLY" "$ENGINE_RECIPES"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 141' PIPE
trap 'exit 143' TERM

for script in software drain workloads docker docker-install docker-image docker-stack docker-sandbox \
	podman oci sandbox kubernetes names leash examples all-recipes; do
	echo "$script:"
	scripts_before=$(wc -l <"$ENGINE_TALLY")
	"$directory/$script.sh" "$1"
	status=$?
	if [ "$(wc -l <"$ENGINE_TALLY")" -eq "$scripts_before" ]; then
		echo "FAILED $script.sh: expected a count of its tests, observed status $status"
		echo '0 1 0' >>"$ENGINE_TALLY"
	fi
done

read -r passed failed skipped <<SUMS
$(awk '{ p += $1; f += $2; s += $3 } END { print p + 0, f + 0, s + 0 }' "$ENGINE_TALLY")
SUMS
summary="$passed passed, $failed failed"
[ "$skipped" -eq 0 ] || summary="$summary, $skipped skipped"
echo "$summary"
[ "$failed" -eq 0 ] || exit 1
[ "$skipped" -eq 0 ] || [ "${CI:-}" != true ] || exit 1

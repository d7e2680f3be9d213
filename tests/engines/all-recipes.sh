#!/bin/sh
# Whether every command and file in the README and the manual has been run by the scripts before this one,
# which have noted what they took. usage: tests/engines/all-recipes.sh build/whit
# shellcheck disable=SC2317 # the harness calls the tests
set -u
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
# shellcheck source-path=SCRIPTDIR source=sections.sh
. "$(dirname "$0")/sections.sh"
start_work
[ -n "${ENGINE_RECIPES:-}" ] || skip_all 'what has been run is known to run.sh alone'

# What stands apart under each heading of the README that has such, but its synopsis; what stands apart in
# the manual's COMPATIBILITY; and its EXAMPLES. .ci/fresh runs the two lines that begin with apt-get, and
# examples.sh compares what whit says.
list_written() {
	awk '/^```/ { fenced = !fenced } /^#/ && !fenced' "$readme" | grep -v '^## Options$' |
		while read -r heading; do
			list_recipes "$heading"
		done
	mandoc -T ascii -O width=200 "$manual" | col -bx |
		awk '/^[^ ]/ { inside = $0 == "COMPATIBILITY" } inside && sub(/^   /, "") && /^[^ ]/' |
		while read -r subsection; do
			list_recipes "COMPATIBILITY/$subsection"
		done
	print_examples | sed -n 's/^\$ //p'
	print_examples | grep -E '^(COPY|ENTRYPOINT|CMD|command:) '
}

every_recipe_was_run() {
	is_installed mandoc || skip 'no mandoc (apt-get install mandoc)'
	list_written | grep -vE '^(apt-get|whit:) ' | tr -s ' ' | sed 's/^ //' | sort -u >"$here/written"
	[ -s "$here/written" ]
	sort -u "$ENGINE_RECIPES" | grep -Fx -f "$here/written" >"$here/run" || :
	expect_same 'recipes, written and run' "$here/written" "$here/run"
	note "$(wc -l <"$here/written") lines"
}
run every_recipe_was_run

finish

#!/bin/sh
# Whether every recipe for an engine in the README and the manual has been run by the scripts before
# this one, which have noted what they took. usage: tests/engines/all-recipes.sh build/whit
# shellcheck disable=SC2317 # the harness calls the tests
set -u
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
# shellcheck source-path=SCRIPTDIR source=sections.sh
. "$(dirname "$0")/sections.sh"
start_work
[ -n "${ENGINE_RECIPES:-}" ] || skip_all 'what has been run is known to run.sh alone'

# All that stands apart in the README's chapter, and what is said elsewhere: the Dockerfiles, and
# `docker` with variables of whit or as an example of the manual. A line each.
list_written() {
	awk '/^## / { inside = $0 == "## Engines" } inside && /^### /' "$readme" |
		while read -r heading; do
			section "$heading" | sed -n 's/^1|    //p'
			number=2
			while section "$heading" | grep -q "^$number|"; do
				section "$heading" | sed -n "s/^$number|//p" | flatten
				number=$((number + 1))
			done
		done
	section '# whit' | sed -n 's/^2|//p' | flatten
	print_spans | grep '^docker .*WHIT_'
	print_examples | sed -n 's/^\$ //p' | grep '^docker '
	print_examples | sed -n '/^COPY /,/^CMD /p' | flatten
}

every_recipe_for_an_engine_was_run() {
	is_installed mandoc || skip 'no mandoc (apt-get install mandoc)'
	list_written | tr -s ' ' | sort -u >"$here/written"
	[ -s "$here/written" ]
	sort -u "$ENGINE_RECIPES" | grep -Fx -f "$here/written" >"$here/run" || :
	expect_same 'recipes, written and run' "$here/written" "$here/run"
	note "$(wc -l <"$here/written") recipes"
}
run every_recipe_for_an_engine_was_run

finish

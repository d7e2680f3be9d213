# shellcheck shell=sh
# Reads commands and files from the README and the manual, so that the tests run what is written there.
# expect_all_taken finds a line that no test has taken. With ENGINE_RECIPES set, each line that is taken
# is noted in that file too. Sourced after harness.sh.
# shellcheck disable=SC2154 # variables from harness.sh

project=$(realpath "$(dirname "$script")/../..")
readme=$project/README.md
manual=$project/man/whit.1

# section HEADING: of the README if it begins with "#", else SECTION/SUBSECTION of the manual as that is
# printed. Prints its lines with a number before each: 1 in an indented block of the README, 2 and more in
# a fenced one or in a display of the manual, one number for each, 0 elsewhere. Fences are left out.
section() {
	case $1 in
	'#'*) section_of_readme "$1" ;;
	*) section_of_manual "${1%%/*}" "${1#*/}" ;;
	esac
}

section_of_readme() {
	awk -v heading="$1" '
		/^```/ && inside { fenced = !fenced; if (fenced) number++; next }
		/^#/ && !fenced { inside = $0 == heading; number = 1; next }
		inside { print (fenced ? number : /^    / ? 1 : 0) "|" $0 }' "$readme"
}

# A display is indented further than the text of a subsection, by 11 columns; what is indented further in
# it keeps that.
section_of_manual() {
	mandoc -T ascii -O width=200 "$manual" | col -bx | awk -v section="$1" -v subsection="   $2" '
		BEGIN { number = 1 }
		/^[^ ]/ { inside = $0 == section; matched = 0; next }
		/^   [^ ]/ { matched = $0 == subsection; next }
		!inside || !matched { next }
		/^           / { if (!displayed) number++; displayed = 1; print number "|" substr($0, 12); next }
		{ displayed = 0; print "0|" $0 }'
}

# flatten: to one line.
flatten() {
	tr -s ' \t\n' ' ' | sed 's/^ //; s/ $//'
	echo
}

# note_recipe: each line of the input.
note_recipe() {
	[ -z "${ENGINE_RECIPES:-}" ] || tr -s ' ' | sed 's/^ //' >>"$ENGINE_RECIPES"
}

# list_recipes HEADING: each line of what stands apart there.
list_recipes() {
	section "$1" | sed -nE 's/^1\|    //p; s/^([2-9]|1[0-9])\|//p'
}

# take HEADING: notes the lines of the input, and prints them.
take() {
	tee "$work/taking" | sed "s/^/$(printf '%s' "$1" | tr -d '/')|/" >>"$work/taken"
	note_recipe <"$work/taking"
	cat "$work/taking"
}

# recipe HEADING BEGINNING: the one line that begins so.
recipe() {
	recipe_line=$(list_recipes "$1" | awk -v beginning="$2" 'index($0, beginning) == 1')
	expect "lines under '$1' that begin with '$2'" 1 "$(printf '%s\n' "$recipe_line" |
		grep -c .)" >&2
	printf '%s\n' "$recipe_line" | take "$1"
}

# block HEADING NUMBER: the fenced block or the display, counted from 1.
block() {
	block_text=$(section "$1" | sed -n "s/^$(($2 + 1))|//p")
	[ -n "$block_text" ] || expect "block $2 under '$1'" 'a text' 'none' >&2
	printf '%s\n' "$block_text" | take "$1"
}

# print_examples: that section as the manual prints it, without the indent of it or of the example.
print_examples() {
	mandoc -T ascii -O width=200 "$manual" | col -bx |
		awk '/^[A-Z]/ { inside = $0 == "EXAMPLES" } inside' | sed -n 's/^  *\(.*\)/\1/p'
}

# example BEGINNING: the command line with that program and option.
example() {
	print_examples | sed -n 's/^\$ //p' | awk -v beginning="$1" 'index($0, beginning) == 1' \
		>"$here/example"
	expect "examples that begin with '$1'" 1 "$(wc -l <"$here/example")" >&2
	note_recipe <"$here/example"
	tee -a "$work/taken" <"$here/example"
}

# example_lines BEGINNING END: from the line that begins so to the next one that does.
example_lines() {
	print_examples | awk -v from="$1" -v to="$2" '
		index($0, from) == 1 { inside = 1 }
		inside { print }
		inside && index($0, to) == 1 { exit }' >"$here/example"
	[ -s "$here/example" ] || expect "an example that begins with '$1'" 'a text' none >&2
	note_recipe <"$here/example"
	cat "$here/example"
}

# expect_all_taken HEADING
expect_all_taken() {
	list_recipes "$1" | sort -u >"$here/written"
	[ -s "$here/written" ] || expect "recipes under '$1'" some none
	sed -n "s/^$(printf '%s' "$1" | tr -d '/')|//p" "$work/taken" | sort -u >"$here/run"
	expect_same "recipes under '$1', written and run" "$here/written" "$here/run"
	note "$(wc -l <"$here/written") lines"
}

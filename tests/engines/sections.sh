# shellcheck shell=sh
# Takes commands and files out of the README and the manual, so that what is run is what stands
# there. A line or block that was not taken is found by expect_all_taken. With ENGINE_RECIPES set,
# what is taken is noted in that file too, a line each. Sourced after harness.sh.
# shellcheck disable=SC2154 # variables from harness.sh

project=$(realpath "$(dirname "$script")/../..")
readme=$project/README.md
manual=$project/man/whit.1

# section HEADING: of the README, with a number before each line: 1 in an indented block, 2 and more
# in a fenced one, one number for each such block, 0 elsewhere. Fences themselves are left out.
section() {
	awk -v heading="$1" '
		/^```/ && inside { fenced = !fenced; if (fenced) number++; next }
		/^#/ && !fenced { inside = $0 == heading; number = 1; next }
		inside { print (fenced ? number : /^    / ? 1 : 0) "|" $0 }' "$readme"
}

# flatten: to one line.
flatten() {
	tr -s ' \t\n' ' ' | sed 's/^ //; s/ $//'
	echo
}

# note_recipe TEXT
note_recipe() {
	[ -z "${ENGINE_RECIPES:-}" ] || printf '%s' "$1" | flatten >>"$ENGINE_RECIPES"
}

# recipe HEADING BEGINNING: the one indented line that begins so.
recipe() {
	recipe_line=$(section "$1" | sed -n 's/^1|    //p' | awk -v beginning="$2" \
		'index($0, beginning) == 1')
	expect "lines under '$1' that begin with '$2'" 1 "$(printf '%s\n' "$recipe_line" |
		grep -c .)" >&2
	printf '%s|%s\n' "$1" "$recipe_line" >>"$work/taken"
	note_recipe "$recipe_line"
	printf '%s\n' "$recipe_line"
}

# block HEADING NUMBER: the fenced block, counted from 1.
block() {
	block_text=$(section "$1" | sed -n "s/^$(($2 + 1))|//p")
	[ -n "$block_text" ] || expect "fenced block $2 under '$1'" 'a text' 'none' >&2
	printf '%s\n' "$block_text" | sed "s/^/$(printf '%s' "$1" | tr -d '/')|/" >>"$work/taken"
	note_recipe "$block_text"
	printf '%s\n' "$block_text"
}

# print_spans: what stands between backquotes in the README's text, over the ends of lines.
# shellcheck disable=SC2016 # backquotes, literally
print_spans() {
	awk '/^```/ { fenced = !fenced; next } !fenced' "$readme" | tr '\n' ' ' |
		grep -o '`[^`]*`' | tr -d '`'
}

# span BEGINNING: the one that begins so.
span() {
	span_text=$(print_spans | awk -v beginning="$1" 'index($0, beginning) == 1')
	expect "backquoted texts that begin with '$1'" 1 "$(printf '%s\n' "$span_text" |
		grep -c .)" >&2
	note_recipe "$span_text"
	printf '%s\n' "$span_text"
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
	note_recipe "$(cat "$here/example")"
	tee -a "$work/taken" <"$here/example"
}

# example_dockerfile: the one that begins with COPY.
example_dockerfile() {
	print_examples | sed -n '/^COPY /,/^CMD /p' >"$here/example"
	expect "Dockerfiles among the examples" 1 "$(grep -c '^CMD ' "$here/example")" >&2
	note_recipe "$(cat "$here/example")"
	cat "$here/example"
}

# expect_all_taken HEADING
expect_all_taken() {
	section "$1" | sed -n 's/^1|    //p; s/^[2-9]|//p' | sort -u >"$here/written"
	[ -s "$here/written" ] || expect "recipes under '$1'" some none
	sed -n "s/^$1|//p" "$work/taken" | sort -u >"$here/run"
	expect_same "recipes under '$1', in the README and run" "$here/written" "$here/run"
	note "$(wc -l <"$here/written") lines"
}

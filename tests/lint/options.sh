#!/bin/sh
# The option table of src/cli/options.c against its switch, the manual, the README and --help, both ways,
# and every environment variable that src reads against the manual. The binary is the first argument.
. "$(dirname "$0")/common.sh"

whit=${1:-build/whit}

# One line per row {LETTERS, NAME, VALUE, VARIABLE, HELP} of the table: the first four, with - for NULL.
# A function may stand before the letters.
strip src/cli/options.c | awk '
	{ text = text " " $0 }
	END {
		string = "\"[^\"]*\""
		blank = "[ \t]*"
		or_null = blank "(NULL|" string ")" blank ","
		row = "[{]" blank "([a-z_]+," blank ")?\"[A-Za-z]+\"" blank "," blank "\"[a-z-]+\"" blank "," \
			or_null or_null
		while (match(text, row)) {
			count = split(substr(text, RSTART + 1, RLENGTH - 1), fields, ",")
			line = ""
			for (i = count - 4; i < count; i++) {
				gsub(/[ \t"]/, "", fields[i])
				line = line (fields[i] == "NULL" ? "-" : fields[i]) " "
			}
			print line
			text = substr(text, RSTART + RLENGTH)
		}
	}' >"$work/rows"
if [ ! -s "$work/rows" ]; then
	found 'src/cli/options.c: no option table found'
	report
	exit
fi

# Where one switch applies the options, it has a case for the first letter of each row, and no other.
strip src/cli/options.c | grep -oE "case '[A-Za-z]':" | sed "s/case '\(.\)':/\1/" | sort >"$work/cases"
cut -c 1 "$work/rows" | sort >"$work/letters"
if [ -s "$work/cases" ]; then
	comm -23 "$work/letters" "$work/cases" | while read -r letter; do
		found "src/cli/options.c: no case for -$letter"
	done
	comm -13 "$work/letters" "$work/cases" | while read -r letter; do
		found "src/cli/options.c: a case for '$letter', which no row has"
	done
fi

# The variables that src looks at: a literal with an underscore in capitals, or PATH.
find src -name '*.c' | while read -r file; do
	strip "$file"
done >"$work/source"
{
	grep -o '"[A-Z][A-Z0-9]*_[A-Z0-9_]*=\{0,1\}"' "$work/source"
	grep -o '"PATH="' "$work/source"
} | tr -d '"=' | grep -v '_$' | sort -u >"$work/variables"

# --- the manual ---

# mdoc in plain words: one word per option, as in "-g" or "--group".
sed 's/\\-/-/g; s/\\&//g' man/whit.1 >"$work/manual"
awk '
	/^\.Sh / { section = substr($0, 5) }
	/^\.It / && / Fl / && section == "DESCRIPTION" { print }
' "$work/manual" >"$work/manual_items"

# The options named on standard input, in the arguments of Fl, one on a line.
manual_options() {
	awk '{
		sub(/^\.It/, ".")
		count = split($0, words, " ")
		for (i = 1; i < count; i++) {
			if (words[i] != "Fl" && words[i] != ".Fl")
				continue
			for (j = i + 1; j <= count; j++) {
				word = words[j]
				if (word == "|" || word == ",")
					continue
				if (word !~ /^-?[A-Za-z][a-z-]*$/ || word ~ /^(Ar|Fl|Ns|Op|Oo|Oc|Cm|Pq|No)$/)
					break
				if (word ~ /^-/) {
					print "-" word
				} else {
					for (k = 1; k <= length(word); k++)
						print "-" substr(word, k, 1)
				}
			}
		}
	}'
}
grep -E '(^\.|[ .])(Fl) ' "$work/manual" | manual_options | sort -u >"$work/manual_options"
manual_options <"$work/manual_items" | sort -u >"$work/described_options"
sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/p' "$work/manual" | grep 'Fl ' | manual_options |
	sort -u >"$work/synopsis_options"
awk '/^\.Sh / { section = substr($0, 5) }
	section == "ENVIRONMENT" && /^\.It Ev / { print $3 }' "$work/manual" |
	sort -u >"$work/manual_variables"

# --- the README: the rows of its table of options, "| `-g` | `--group` | ... |" ---

grep '^| `-' README.md >"$work/readme_rows"

# --- --help ---

"$whit" --help >"$work/help" || found "$whit --help: failed"

has() {
	grep -qFx -e "$2" "$1"
}

while read -r letters name value variable; do
	rest=$letters
	while [ -n "$rest" ]; do
		letter=${rest%"${rest#?}"}
		rest=${rest#?}
		echo "-$letter" >>"$work/known"
		has "$work/described_options" "-$letter" ||
			found "man/whit.1: DESCRIPTION lacks -$letter (--$name)"
		has "$work/synopsis_options" "-$letter" ||
			found "man/whit.1: SYNOPSIS lacks -$letter (--$name)"
		grep -F -e "\`--$name" "$work/readme_rows" | grep -qF -e "\`-$letter\`" ||
			found "README.md: no row of the table of options has -$letter and --$name"
	done
	echo "--$name" >>"$work/known"
	has "$work/described_options" "--$name" || found "man/whit.1: DESCRIPTION lacks --$name"
	if [ "$variable" != - ]; then
		grep -F -e "\`--$name" "$work/readme_rows" | grep -qF -e "\`$variable" ||
			found "README.md: the row of --$name lacks $variable"
	fi
	shown="  -${letters%"${letters#?}"}, --$name"
	if [ "$value" != - ]; then
		shown="$shown $value"
		grep -F -e "\`--$name" "$work/readme_rows" | grep -qF -e "$value" ||
			found "README.md: the row of --$name lacks its value, $value"
	fi
	grep -qF -e "$shown " "$work/help" || found "$whit --help: lacks '$shown'"
done <"$work/rows"

while read -r variable; do
	has "$work/manual_variables" "$variable" ||
		found "man/whit.1: ENVIRONMENT lacks $variable, which src reads"
	case $variable in
	PATH | LISTEN_*) ;;
	*) grep -qF -e "\`$variable" "$work/readme_rows" ||
		found "README.md: the table of options lacks $variable, which src reads" ;;
	esac
done <"$work/variables"

# The reverse: nothing is promised that is not there.
while read -r variable; do
	has "$work/variables" "$variable" ||
		found "man/whit.1: ENVIRONMENT has $variable, which src does not read"
done <"$work/manual_variables"
sort -u "$work/manual_options" "$work/described_options" "$work/synopsis_options" |
	while read -r option; do
		has "$work/known" "$option" ||
			found "man/whit.1: has $option, which src/cli/options.c lacks"
	done
grep -oE -e '`--?[A-Za-z][a-z-]*' "$work/readme_rows" | tr -d '`' | sort -u |
	while read -r option; do
		has "$work/known" "$option" ||
			found "README.md: the table of options has $option, which src/cli/options.c lacks"
	done
grep -oE -e '(^  |, )--?[A-Za-z][a-z-]*' "$work/help" | tr -d ' ,' | sort -u |
	while read -r option; do
		has "$work/known" "$option" ||
			found "$whit --help: has $option, which src/cli/options.c lacks"
	done

lines=$(wc -l <"$work/help")
test "$lines" -le 24 || found "$whit --help: $lines lines; a terminal has 24"
awk -v whit="$whit" 'length($0) > 80 {
	printf "lint: options: %s --help: line %d has %d columns; a terminal has 80\n", whit, NR,
		length($0)
}' "$work/help" >>"$work/findings"

report

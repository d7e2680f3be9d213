#!/usr/bin/env bash
# Sums up what a build for coverage has counted, and compares what is uncovered with the list of what
# may be, both ways: a line of the list that is covered by now, or is no more, is a finding too.
#
#	report.sh DIRECTORY LIST
set -u
cd "$(dirname "$0")/../.." || exit 1

directory=${1:?usage: report.sh DIRECTORY LIST}
list=${2:?usage: report.sh DIRECTORY LIST}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# Each object twice: as a part of whit, and of the unit tests.
find src -name '*.c' | LC_ALL=C sort | while read -r file; do
	for objects in build/obj build/test/obj; do
		object=$objects/${file#src/}
		if [ -e "$directory/${object%.c}.gcda" ]; then
			(cd "$directory" && gcov -t -b -c "${object%.c}.gcda") 2>>"$work/errors"
		fi
	done
done >"$work/gcov"
if [ ! -s "$work/gcov" ]; then
	cat "$work/errors"
	echo 'coverage: nothing was counted' >&2
	exit 1
fi

# One line for each place that is not covered: FILE, what is missing there, and the line of source. A
# switch without default has one branch more than cases, for values that no enum has.
awk -F : -v figures="$work/figures" '
	$2 ~ /^ *0$/ && $3 == "Source" {
		file = $4
		is_ours = file ~ /^(src|include)\//
	}
	!is_ours { next }
	/^branch/ {
		key = file SUBSEP line SUBSEP branches++
		is_branch[key] = 1
		split($0, words, " +")
		if (words[3] == "taken")
			taken[key] += words[4]
		if (branches > branch_count[file, line])
			branch_count[file, line] = branches
		next
	}
	/^(function|call|unconditional)/ { next }
	{
		line = $2 + 0
		branches = 0
		count = $1
		gsub(/[ *]/, "", count)
		if (line == 0 || count == "-")
			next
		text = $0
		sub(/^[^:]*:[^:]*:/, "", text)
		gsub(/^[ \t]+|[ \t]+$/, "", text)
		if (!((file, line) in source))
			order[++places] = file SUBSEP line
		source[file, line] = text
		if (count !~ /^[#=]/)
			ran[file, line] += count
	}
	END {
		for (i = 1; i <= places; i++) {
			split(order[i], place, SUBSEP)
			lines++
			covered_lines += ran[order[i]] > 0
			missing = 0
			for (j = 0; j < branch_count[order[i]]; j++) {
				all_branches++
				if (taken[order[i], j] > 0)
					covered_branches++
				else
					missing++
			}
			if (missing > 0 && source[order[i]] ~ /^switch \(/) {
				missing--
				all_branches--
			}
			if (ran[order[i]] == 0)
				printf "%s\tline\t%s\n", place[1], source[order[i]]
			else if (missing > 0)
				printf "%s\t%d of %d branches\t%s\n", place[1], missing, \
					branch_count[order[i]], source[order[i]]
		}
		printf "coverage: %d of %d lines (%.1f %%), %d of %d branches (%.1f %%)\n", \
			covered_lines, lines, 100 * covered_lines / lines, covered_branches, \
			all_branches, 100 * covered_branches / all_branches >figures
	}' "$work/gcov" | LC_ALL=C sort >"$work/uncovered"

# The list without its arguments. What hangs on chance or on the machine has a ? in front.
grep -v -e '^#' -e '^$' "$list" | LC_ALL=C sort >"$work/listed"
sed -n 's/^?//p' "$work/listed" | LC_ALL=C sort >"$work/optional"
grep -v '^?' "$work/listed" >"$work/required"

cat "$work/figures"
comm -23 "$work/uncovered" <(LC_ALL=C sort "$work/required" "$work/optional") |
	sed 's/^/coverage: not covered, and not listed: /' >"$work/findings"
comm -13 "$work/uncovered" "$work/required" |
	sed 's/^/coverage: listed, but covered or no more there: /' >>"$work/findings"
cat "$work/findings"
test ! -s "$work/findings"

#!/usr/bin/env bash
# Breaks the source in small ways, one at a time, and counts how many of the breaks the tests notice.
# Not a test itself: what survives is to be read. Either no test could tell the difference, or a test
# is missing.
#
#	run.sh MUTANTS SEED [FILE]...
#
# MUTANTS of all the breaks there are, chosen by SEED, or all of them with 0; only of the files, if
# there are any. With JOBS=N, N of them at a time. Each has a tree of its own in $TMPDIR, which is
# built with less patience than usual; the unit tests that link the file run first, then the
# integration tests, until one fails, and fails again, since on a busy machine a test may lose
# patience. What hangs is not run again: unit tests have 60 seconds a program, integration tests 300.
# A break that leaves the binary as it is is none; one that does not build is not counted.
set -u
cd "$(dirname "$0")/../.." || exit 1

wanted=${1:?usage: run.sh MUTANTS SEED [FILE]...}
seed=${2:?usage: run.sh MUTANTS SEED [FILE]...}
shift 2
jobs=${JOBS:-1}
patience_ms=${PATIENCE_MS:-30000}
unit_seconds=60 # for one test program, all its tests together
integration_seconds=300
every=. # in the place of a file: all tests

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# --- the mutants ---

list_mutants() {
	local file
	for file in "$@"; do
		awk -v strings=no -v columns=keep -f tests/lint/strip.awk "$file" >"$work/stripped"
		awk -f tests/mutation/mutants.awk "$file" "$work/stripped" |
			awk -v file="$file" '{ print file "\t" $0 }'
	done
}

# A generator of our own, so that a seed means the same with every awk: one of Park and Miller's.
choose() {
	awk -v seed="$seed" -v wanted="$wanted" '
		BEGIN { state = seed % 2147483646 + 1 }
		{ all[NR] = $0 }
		END {
			if (wanted == 0 || wanted > NR)
				wanted = NR
			for (i = 1; i <= wanted; i++) {
				state = state * 48271 % 2147483647
				other = i + state % (NR - i + 1)
				print all[other]
				all[other] = all[i]
			}
		}'
}

if [ $# = 0 ]; then
	mapfile -t files < <(find src include -name '*.[ch]' | LC_ALL=C sort)
	set -- "${files[@]}"
fi
list_mutants "$@" >"$work/all"
choose <"$work/all" >"$work/chosen"

# --- one tree ---

# Without what makes the shipped binary small, which takes the linker longer than it takes the tests.
build() {
	make -s -C "$1" LTO= CFLAGS=-O2 TEST_CFLAGS="-O1 -DPATIENCE_MS=$patience_ms \
		-DWATCHDOG_SECONDS=$((patience_ms / 200))" COMMIT= "${@:2}"
}

make_tree() {
	if ! mkdir "$1" || ! cp -R src include tests man Makefile LICENSE README.md "$1"; then
		exit 1
	fi
	# shellcheck disable=SC2046 # one word a program
	build "$1" build/whit build/test/actor build/test/actor-glibc build/test/actor-musl \
		build/test/preload.so $(unit_programs "$every") $(integration_programs) >"$1/log" 2>&1 || {
		cat "$1/log"
		echo 'mutation: the source as it is does not build' >&2
		exit 1
	}
	cp "$1/build/whit" "$1/whit"
}

# The unit tests whose row in tests/unit/unit.mk has that file, its own first; all of them for a header.
unit_programs() {
	awk -v owner="$1" -v every="$every" '
		/^unit\.[a-z_\/]+ =/ {
			name = substr($1, 6)
			if (name == owner)
				print "build/test/unit/" name
			else if (owner == every || index($0 " ", " " owner " ") > 0)
				others = others "build/test/unit/" name "\n"
		}
		END { printf "%s", others }' tests/unit/unit.mk
}

# Those first that are about it or take little time.
integration_programs() {
	local first=
	case ${1:-} in
	command/exec_*) first='diagnosis status usage' ;;
	command/spawn) first='inheritance status terminal' ;;
	command/terminal | supervise/job) first=terminal ;;
	command/forward | signals/*) first=signals ;;
	supervise/shutdown | supervise/remaining) first='shutdown drain descendants' ;;
	supervise/outsiders) first='joined parent' ;;
	diagnosis/memory_cgroup) first=death ;;
	supervise/reaper) first='reaping pause' ;;
	supervise/process) first='messages shutdown' ;;
	supervise/report | base/log | base/line) first=messages ;;
	cli/options) first='usage status' ;;
	base/descriptor) first='inheritance surroundings' ;;
	esac
	{
		# shellcheck disable=SC2086 # none, one or more words
		printf '%s\n' $first status usage pause signals inheritance messages death shutdown \
			reaping terminal surroundings
		find tests/integration -name '*_test.c' -exec basename {} _test.c \; | LC_ALL=C sort
	} | awk '!seen[$0]++ { print "build/test/integration/" $0 }'
}

# Runs one test program in a PID namespace that ends with it, and ends it at its first failure: at its
# next word after grep has gone. Prints the failure's line, or what else went wrong.
run_program() {
	local tree=$1 program=$2 seconds=$integration_seconds name
	case $program in build/test/unit/*) seconds=$unit_seconds ;; esac
	(
		cd "$tree" || exit 1
		export CI=true # what a test skips it does not notice
		export WHIT=$tree/build/whit ACTOR=$tree/build/test/actor
		export GLIBC_ACTOR=$tree/build/test/actor-glibc MUSL_ACTOR=$tree/build/test/actor-musl
		export MANUAL=$tree/man/whit.1 README=$tree/src/README.md
		export PRELOAD=$tree/build/test/preload.so
		set -o pipefail
		# shellcheck disable=SC2016 # for the inner shell, which is the namespace's PID 1
		timeout -k 5 "$seconds" unshare -fp --kill-child --mount-proc \
			bash -c 'stdbuf -oL "$0" </dev/null; exit $?' "$program" 2>&1 |
			tee "$tree/log" | grep -m 1 -a '^\[  FAILED  \] [a-z]' >"$tree/failure"
		status=("${PIPESTATUS[@]}")
		name=$(sed 's/^\[  FAILED  \] //' "$tree/failure")
		if [ "${status[0]}" = 124 ] || grep -qaF 'ended by the watchdog' "$tree/log"; then
			echo "${name:-$program}: hangs"
		elif [ -n "$name" ]; then
			echo "$name"
		elif [ "${status[0]}" != 0 ]; then
			echo "$program: status ${status[0]}"
		fi
	)
}

# The first failure of all tests that concern the file, or nothing.
run_tests() {
	local tree=$1 owner=$2 program failure
	for program in $(unit_programs "$owner") $(integration_programs "$owner"); do
		failure=$(run_program "$tree" "$program")
		[ -n "$failure" ] || continue
		if [[ $failure == *': hangs' ]] || [ -n "$(run_program "$tree" "$program")" ]; then
			echo "${program#build/test/}: $failure"
			return
		fi
	done
}

# --- one mutant ---

# The file with the piece replaced.
break_file() {
	local path=$1 offset=$2 length=$3 replacement=$4
	head -c "$offset" "$path"
	printf '%s' "$replacement"
	tail -c "+$((offset + length + 1))" "$path"
}

build_tests() {
	# shellcheck disable=SC2046 # one word a program
	build "$1" $(unit_programs "$2") $(integration_programs)
}

judge() {
	local tree=$1 file=$2 offset=$3 length=$4 owner failure
	owner=${file#*/}
	owner=${owner%.[ch]}
	break_file "$file" "$offset" "$length" "$5" >"$tree/$file"
	if ! build "$tree" build/whit >"$tree/log" 2>&1; then
		printf 'unbuildable\t-\n'
	elif cmp -s "$tree/build/whit" "$tree/whit"; then
		printf 'equivalent\t-\n'
	elif ! build_tests "$tree" "$owner" >"$tree/log" 2>&1; then
		printf 'unbuildable\t-\n'
	else
		failure=$(run_tests "$tree" "$owner")
		if [ -n "$failure" ]; then
			printf 'noticed\t%s\n' "$failure"
		else
			printf 'SURVIVED\t-\n'
		fi
	fi
	cp "$file" "$tree/$file"
}

# Every $jobs'th of the chosen, from $1 on.
work_off() {
	local tree=$work/tree.$1 file offset length line kind replacement verdict was
	make_tree "$tree"
	while IFS=$'\t' read -r file offset length line kind replacement; do
		verdict=$(judge "$tree" "$file" "$offset" "$length" "$replacement")
		was=$(tail -c "+$((offset + 1))" "$file" | head -c "$((length > 0 ? length : 60))" |
			head -n 1)
		printf '%s\t%s:%s\t%s\t%s -> %s\n' "$verdict" "$file" "$line" \
			"$kind" "$was" "$replacement" | tee -a "$work/verdicts"
	done < <(awk -v jobs="$jobs" -v own="$1" 'NR % jobs == own % jobs' "$work/chosen")
}

# --- all of them ---

make_tree "$work/tree.untouched"
failure=$(run_tests "$work/tree.untouched" "$every")
if [ -n "$failure" ]; then
	cat "$work/tree.untouched/log"
	echo "mutation: the source as it is fails: $failure" >&2
	exit 1
fi
echo "mutation: $(wc -l <"$work/chosen") of $(wc -l <"$work/all") breaks, seed $seed"

: >"$work/verdicts"
for ((worker = 0; worker < jobs; worker++)); do
	work_off "$worker" &
done
wait

awk -F '\t' '
	{ count[$1]++ }
	END {
		judged = count["noticed"] + count["SURVIVED"]
		printf "mutation: %d noticed, %d survived (%.1f %% noticed); %d leave the binary as it " \
			"is, %d do not build\n", count["noticed"], count["SURVIVED"], \
			judged == 0 ? 0 : 100 * count["noticed"] / judged, count["equivalent"], \
			count["unbuildable"]
	}' "$work/verdicts"

#!/bin/bash
# make bench: measures whit beside the inits that this machine has and beside a floor, and prints the
# figures of tests/bench/README.md. Not a test: nothing here passes or fails.
#
#   run.sh PROGRAMS WHIT    PROGRAMS is the folder of what the Makefile has built for this
#
#   BEFORE=                 another whit, for a column "before" in the same run
#   BENCH_ROUNDS=30         how often each init is measured; 5 show the outlines
#   BENCH_GROWTH=yes        no: leave out the growth, which is half of the time
#   BENCH_IDLE_SECONDS=10   how long to watch the idle ones
#   BENCH_INITS=            more inits, as NAME=PATH; again=PATH is whit once more: how far its
#                           figures are from whit's is what the figures can be trusted for
#   BENCH_ONLY=             only these measures, as measure.c names them: BENCH_ONLY='run latency'
#   BENCH_SAMPLES=          keep the samples in this file
set -euo pipefail

programs=$1
whit=$2
rounds=${BENCH_ROUNDS:-30}
growth=${BENCH_GROWTH:-yes}
only=${BENCH_ONLY:-}
export BENCH_IDLE_SECONDS=${BENCH_IDLE_SECONDS:-10}
SECONDS=0

directory=$(mktemp -d)
cgroup=
cleanup() {
	rm -rf "$directory"
	if [ -n "$cgroup" ]; then
		rmdir "$cgroup"
	fi
}
trap cleanup EXIT

if [ "$(id -u)" != 0 ]; then
	echo 'bench: run it as root: each init is PID 1 of a namespace of its own' >&2
	exit 2
fi

# The order is the tables'.
inits=("whit=$whit" "floor=$programs/floor")
if [ -n "${BEFORE:-}" ]; then
	inits+=("before=$BEFORE")
fi
for name in tini tini-static dumb-init catatonit; do
	if path=$(command -v "$name"); then
		inits+=("$name=$path")
	else
		echo "bench: $name is not installed: not measured" >&2
	fi
done
# shellcheck disable=SC2206 # words, as the head says
inits+=(${BENCH_INITS:-})

# A memory cgroup of our own: version 1, else 2. Its counter has the kernel's memory as well.
make_cgroup() {
	local own
	own=$(sed -n 's/^[0-9]*:memory://p' /proc/self/cgroup)
	if [ -n "$own" ]; then
		own=/sys/fs/cgroup/memory$own
	elif grep -qs memory /sys/fs/cgroup/cgroup.subtree_control; then
		own=/sys/fs/cgroup
	else
		return 1
	fi
	if ! mkdir "$own/whit-bench.$$" 2>/dev/null; then
		own=/sys/fs/cgroup/memory # where our own one cannot be seen from here
		mkdir "$own/whit-bench.$$" 2>/dev/null || return 1
	fi
	cgroup=$own/whit-bench.$$
}
make_cgroup || echo 'bench: no memory cgroup can be made: what an init costs is not measured' >&2
export BENCH_CGROUP=$cgroup

# WHAT ROUNDS [INIT...]: adds its samples, of at least one round.
measure() {
	local what=$1 count=$2
	shift 2
	if [ -n "$only" ] && [[ " $only " != *" $what "* ]]; then
		return
	fi
	"$programs/measure" "$what" $((count > 0 ? count : 1)) "$programs/command" \
		"$programs/empty" "${inits[@]}" "$@" >>"$directory/samples"
	echo "bench: $what: measured after $SECONDS s" >&2
}

# COUNT ROUNDS: that many idle ones, and as many commands with no init for comparison.
measure_many() {
	if [ -n "$cgroup" ]; then
		BENCH_MANY=$1 measure many "$2" none=
	fi
}

# A page of a file that is yet to be written to the disk would count as a dirty one of the init's.
sync -f "${inits[@]#*=}"
for init in "${inits[@]}"; do
	echo "size ${init%%=*} $(stat -Lc %s "${init#*=}")"
done >"$directory/samples"
measure run $((rounds * 5)) # a few milliseconds each
measure end $((rounds * 5))
measure latency "$rounds"
measure burst "$rounds"
measure storm "$rounds"
measure reap "$rounds"
measure reap_2k "$rounds"
measure idle $((rounds * 10)) # the means of pages need many
measure calls 1
measure returns 1
measure asleep 1
measure_many 1000 $((rounds / 10))
if [ "$growth" = yes ]; then
	measure flood $((rounds / 3))
	measure storm_10k $((rounds / 10))
	measure storm_100k 1
	measure reap_10k $((rounds / 15))
	measure_many 100 $((rounds / 6))
fi

if [ -n "${BENCH_SAMPLES:-}" ]; then
	cp "$directory/samples" "$BENCH_SAMPLES"
fi

# NAME VERSION of Debian's package.
version_of() {
	local file
	file=$(command -v "$1") || return 0
	# shellcheck disable=SC2016 # dpkg-query's own
	dpkg -S "$(readlink -f "$file")" 2>/dev/null | sed 's/:.*//' |
		xargs -r dpkg-query -W -f '${Package} ${Version}, ' || true
}

hash_of() {
	"$1" --version | sed 's/.* - //'
}

echo "Measured on $(date -u +%Y-%m-%d) in $((SECONDS / 60)) minutes: $(sed -n 's/^model name[^:]*: //p' \
	/proc/cpuinfo | head -n 1), $(nproc) CPUs of which the bench uses one, $(uname -sr)," \
	"$(uname -m), $rounds rounds. $(version_of tini)$(version_of dumb-init)$(version_of catatonit)whit" \
	"$(hash_of "$whit")${BEFORE:+, before $(hash_of "$BEFORE")}."
echo
names=("${inits[@]%%=*}")
awk -v inits="$(printf '%s\n' "${names[@]:1}" | awk '!seen[$0]++' | paste -sd ' ')" \
	-v seconds="$BENCH_IDLE_SECONDS" -f "$(dirname "$0")/report.awk" "$directory/samples"
if [ -z "$only" ]; then
	printf '\n### What a command leaves behind\n\n'
	"$(dirname "$0")/leave.sh" "$programs" "$whit"
fi

#!/bin/bash
# make bench: measures whit beside the inits that this machine has and a floor below which none can
# go, and prints the README's tables. Not a test: nothing here passes or fails.
#
#   run.sh PROGRAMS WHIT    PROGRAMS is the folder of what the Makefile has built for this
#
#   BENCH_ROUNDS=100        how often each init is measured; 10 is good enough for a first look
#   BENCH_GROWTH=yes        no: leave out what takes minutes
#   BENCH_IDLE_SECONDS=10   how long to watch the idle ones
#   BENCH_INITS=            more inits, as NAME=PATH; the last of the same name counts
#   BENCH_SAMPLES=          keep the samples in this file
set -euo pipefail

programs=$1
rounds=${BENCH_ROUNDS:-100}
growth=${BENCH_GROWTH:-yes}
export BENCH_IDLE_SECONDS=${BENCH_IDLE_SECONDS:-10}

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

# Those that there are; the rest is said aloud. The order is the table's.
inits=("whit=$2" "floor=$programs/floor")
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

# WHAT ROUNDS [INIT...]: adds its samples, at least one round.
measure() {
	local what=$1 count=$2
	shift 2
	echo "bench: $what" >&2
	"$programs/measure" "$what" $((count > 0 ? count : 1)) "$programs/command" \
		"$programs/empty" "${inits[@]}" "$@" >>"$directory/samples"
}

# COUNT ROUNDS: that many idle ones, and as many commands with no init for comparison.
measure_many() {
	BENCH_MANY=$1 measure many "$2" none=
}

# A page of a file that is yet to be written to the disk would count as a dirty one of the init's.
sync -f "${inits[@]#*=}"
for init in "${inits[@]}"; do
	echo "size ${init%%=*} $(stat -Lc %s "${init#*=}")"
done >"$directory/samples"
measure run "$rounds"
measure end "$rounds"
measure latency "$rounds"
measure burst "$rounds"
measure idle "$rounds"
measure calls 1
measure reap "$rounds"
measure_many 1 1
BENCH_IDLE_SECONDS=0 measure_many 100 $((rounds / 6))
if [ "$growth" = yes ]; then
	measure flood $((rounds / 5))
	measure reap_beside $((rounds / 10))
	measure reap_10k $((rounds / 25))
	measure reap_100k 1
	measure_many 100 1
	measure_many 1000 1
fi

if [ -n "${BENCH_SAMPLES:-}" ]; then
	cp "$directory/samples" "$BENCH_SAMPLES"
fi

# NAME VERSION, as Debian has it.
version_of() {
	local file
	file=$(command -v "$1") || return 0
	# shellcheck disable=SC2016 # dpkg-query's own
	dpkg -S "$(readlink -f "$file")" 2>/dev/null | sed 's/:.*//' |
		xargs -r dpkg-query -W -f '${Package} ${Version}' || true
}

echo "Measured on $(date -u +%Y-%m-%d), $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo |
	head -n 1), $(nproc) CPUs (the bench stays on one), $(uname -sr), $(uname -m): medians of" \
	"$rounds rounds, each init once in each, as PID 1 of a namespace. $("$2" --version |
		sed 's/ - .*//'), $(version_of tini), $(version_of dumb-init)," \
	"$(version_of catatonit). The ratio is the median of the rounds' ratios."
echo
names=("${inits[@]%%=*}")
awk -v inits="$(printf '%s\n' "${names[@]:1}" | awk '!seen[$0]++' | paste -sd ' ')" \
	-v seconds="$BENCH_IDLE_SECONDS" -f "$(dirname "$0")/report.awk" "$directory/samples"

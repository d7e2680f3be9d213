#!/bin/bash
# Prints a table: which processes a command leaves behind under whit -d 0 and under other programs that
# promise to clean up, and which status each gives. Not timed.
#
#   leave.sh PROGRAMS WHIT    PROGRAMS is the folder of what the Makefile has built for the bench
#
# Each cell is a run in a PID namespace of its own, in which the program is not PID 1. What is still
# there one second after its end counts as left.
set -euo pipefail

if [ "$1" != --inside ]; then
	programs=$(realpath "$1")
	whit=$(realpath "$2")
fi

ended_in=3 # seconds; a program that has not ended then is said to go on

# --- inside the namespace ---

# The processes of the command and of what it left, without zombies.
alive() {
	local folder state
	for folder in /proc/[0-9]*; do
		[ "$(readlink "$folder/exe")" = "$command" ] || continue
		state=$(sed -n 's/^State:\t\(.\).*/\1/p' "$folder/status" 2>/dev/null) || continue
		[ "$state" = Z ] || echo "${folder#/proc/}"
	done
}

the_command() {
	local pid
	for pid in $(alive); do
		[ "$(cat "/proc/$pid/comm")" = left ] || echo "$pid"
	done
}

# WHAT END SIGNAL VICTIM OUT COMMAND TOOL...: prints the status, and how many processes are left.
run_inside() {
	local what=$1 end=$2 signal=$3 victim=$4 out=$5 pid status tries
	command=$6
	shift 6
	"$@" "$command" leave "$what" "$end" </dev/null >"$out" 2>/dev/null &
	pid=$!
	if [ "$signal" != none ]; then
		until [ -s "$out" ]; do
			sleep 0.02
		done
		[ "$victim" = tool ] && kill -s "$signal" "$pid"
		[ "$victim" = command ] && kill -s "$signal" "$(the_command)"
	fi
	for ((tries = 0; tries < ended_in * 20; tries++)); do
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.05
	done
	if kill -0 "$pid" 2>/dev/null; then
		status='goes on'
	else
		status=0
		wait "$pid" || status=$?
	fi
	sleep 1
	echo "$status:$(alive | wc -l)"
}

if [ "$1" = --inside ]; then
	shift
	run_inside "$@" 2>/dev/null
	exit
fi

# --- outside ---

directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

# WHAT END SIGNAL VICTIM TOOL...
run() {
	local out
	out=$(mktemp -p "$directory")
	unshare --fork --pid --mount-proc --kill-child "$0" --inside "${@:1:4}" "$out" \
		"$programs/command" "${@:5}"
}

# LABEL TOOL...: a row. Its runs go on at the same time.
row() {
	local label=$1 cell=$directory/cell
	shift
	if [ $# -gt 0 ] && ! command -v "$1" >/dev/null; then
		echo "bench: $1 is not installed: not tried" >&2
		return
	fi
	run group 0 none none "$@" >"$cell.1" &
	run session 0 none none "$@" >"$cell.2" &
	run daemon 0 none none "$@" >"$cell.3" &
	run daemon 3 none none "$@" >"$cell.4" &
	run daemon wait TERM command "$@" >"$cell.5" &
	run daemon wait TERM tool "$@" >"$cell.6" &
	run daemon wait KILL tool "$@" >"$cell.7" &
	wait
	cat "$cell".[1-7] | paste -sd : | awk -F : -v label="$label" '
		NF != 14 { exit 1 }
		{ printf "| `%s` | %s | %s | %s | %s | %s | %s; %s | %s |\n", label, $2, $4, $6, $7, $9,
			$11, $12, $14 }'
}

cat <<'END'
| the command runs | leaves: a background process | in its own session | a daemon that ignores TERM | status when the command exits with 3 | is killed by TERM | the program gets TERM: status; left | gets KILL: left |
|---|---|---|---|---|---|---|---|
END
row 'CMD'
row 'whit -d 0 CMD' "$whit" -d 0
[ -z "${BEFORE:-}" ] || row 'whit -d 0 CMD, before' "$BEFORE" -d 0
row 'timeout -k 5 60 CMD' timeout -k 5 60
row 'unshare --fork --pid --kill-child CMD' unshare --fork --pid --kill-child
row 'unshare --fork --pid --kill-child whit -d 0 CMD' unshare --fork --pid --kill-child "$whit" -d 0
row 'bwrap ... --unshare-pid CMD' bwrap --bind / / --dev-bind /dev /dev --unshare-pid
row 'bwrap ... --unshare-pid --die-with-parent CMD' \
	bwrap --bind / / --dev-bind /dev /dev --unshare-pid --die-with-parent
row 'tini -s CMD' tini -s --
row 'tini -s -g CMD' tini -s -g --
row 'dumb-init CMD' dumb-init
row 'catatonit CMD' catatonit --

#!/bin/sh
# A pod's sandbox as Kubernetes makes it: whit, installed as /pause on an empty root, holds the PID,
# IPC and UTS namespaces, and containers with other mounts join them. Beside it the same with a
# plain sleep as PID 1. As root. usage: tests/engines/sandbox.sh build/whit
# shellcheck disable=SC2317 # the harness calls the tests
set -u
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
# shellcheck source-path=SCRIPTDIR source=containers.sh
. "$(dirname "$0")/containers.sh"

sandbox=    # its PID 1, as seen from here
containers= # the shells here that wait for the containers

after_failure() {
	for file in "$here"/*.log; do
		[ -e "$file" ] || continue
		echo "$(basename "$file" .log):"
		sed 's/^/    | /' "$file"
	done
	[ -z "$sandbox" ] || list_sandbox | sed 's/^/alive: /'
}

after_test() {
	for pid in $service $containers; do
		kill -s KILL "$pid" 2>/dev/null || : # it may have ended
	done
	wait
}

begin_apart
needs_programs busybox nsenter

# --- the sandbox and its containers ---

find_sandbox() {
	sandbox=$(child_of "$service")
	[ -n "$sandbox" ]
}

# Until then a signal would be lost, or its root still be ours.
holds_namespaces() {
	[ "$(readlink "/proc/$sandbox/root")" = "$here/root" ] &&
		[ "$(cat "/proc/$sandbox/comm")" = "$1" ]
}

# start_sandbox PROGRAM [ARG]...: of an empty root; sets $sandbox.
start_sandbox() {
	env --default-signal=INT,QUIT setpriv --pdeathsig KILL \
		unshare --fork --kill-child --pid --ipc --uts chroot "$here/root" "$@" \
		>"$here/sandbox.log" 2>&1 &
	service=$!
	wait_until 'PID 1 of the sandbox' find_sandbox
	wait_until 'its program on its root' holds_namespaces "$(basename "$1")"
}

start_pause() {
	mkdir "$here/root"
	cp "$whit" "$here/root/pause"
	start_sandbox /pause
	expect 'files on its root' pause "$(ls -A "$here/root")"
	wait_until 'whit with its signals blocked' \
		grep -q '^SigBlk:.ffffffff' "/proc/$sandbox/status"
}

start_sleep() {
	make_root "$here/root"
	start_sandbox /bin/sleep infinity
}

# join NAME SCRIPT: a container of the pod, with a root and mounts of its own, as a runtime does it:
# it joins the namespaces of the sandbox, and its parent stays outside. Output to $here/NAME.log.
join() {
	make_root "$here/$1"
	# shellcheck disable=SC2016 # for the shell in the sandbox
	nsenter --target "$sandbox" --pid --ipc --uts unshare --mount sh -c '
		mount -t proc proc "$1/proc" && exec chroot "$1" sh -c "$2"' sh "$here/$1" "$2" \
		>"$here/$1.log" 2>&1 &
	containers="$containers $!"
	echo $! >"$here/$1.pid"
}

# collect NAME: the status of that container, in $status.
collect() {
	collect_status "$(cat "$here/$1.pid")"
}

has_said() {
	grep -q "$2" "$here/$1.log"
}

# say_of NAME WORD: what follows the word in the container's output.
say_of() {
	sed -n "s/^$2 //p" "$here/$1.log"
}

# A line for each process of the sandbox: its number there, its parent's, its state, its name.
list_sandbox() {
	namespace=$(readlink "/proc/$sandbox/ns/pid")
	for process in /proc/[0-9]*; do
		[ "$(readlink "$process/ns/pid")" = "$namespace" ] || continue
		awk '/^(Name|State|NSpid|PPid):/ { v[$1] = $1 == "NSpid:" ? $NF : $2 }
			END { print v["NSpid:"], v["PPid:"], v["State:"], v["Name:"] }' \
			"$process/status"
	done 2>/dev/null
}

count_zombies() {
	list_sandbox | grep -c ' Z ' || :
}

are_zombies() {
	[ "$(count_zombies)" -eq "$1" ]
}

# ask SCRIPT: of a shell that joins the sandbox for that, as `kubectl exec` does.
ask() {
	# shellcheck disable=SC2016 # for the shell in the sandbox
	nsenter --target "$sandbox" --pid --ipc --uts "--wd=$here/c" unshare --mount sh -c '
		mount -t proc proc proc && exec chroot . sh -c "$1"' sh "$1"
}

# One container that lives and hears signals; one that double-forks, so that a daemon is left to PID
# 1 while its spawner goes; one that dies with children of its own.
# shellcheck disable=SC2016 # for the shells in the containers
start_three_containers() {
	join a 'trap "echo heard USR1" USR1; trap "echo heard TERM; exit 5" TERM
		echo pid $$; hostname sandbox-of-whit; while :; do sleep 0.05; done'
	wait_until 'the first container' has_said a '^pid '
	join b '(setsid sh -c "echo daemon \$\$; exec sleep 1000" &); echo spawned
		while [ ! -e /go ]; do sleep 0.05; done; exit 6'
	wait_until 'the daemon of the second' has_said b '^daemon '
	join c 'for n in $(seq 10); do sleep 2000 & done; echo pid $$; wait'
	wait_until 'the third container' has_said c '^pid '
}

parent_inside() {
	ask "grep -s '^PPid:' /proc/$1/status" | awk '{ print $2 }'
}

has_gone() {
	[ -z "$(parent_inside "$1")" ]
}

is_child_of_pid_1() {
	[ "$(parent_inside "$1")" = 1 ]
}

# How many of the third container's sleeps are left to PID 1, dead or alive.
count_sleeps_of_pid_1() {
	ask 'cat /proc/[0-9]*/stat 2>/dev/null' | awk '$2 == "(sleep)" && $4 == 1' | wc -l
}

are_sleeps_of_pid_1() {
	[ "$(count_sleeps_of_pid_1)" -eq "$1" ]
}

# What every sandbox goes through, with any PID 1: what is left to it lives and dies.
leave_orphans_to_pid_1() {
	start_three_containers
	daemon=$(say_of b daemon)
	wait_until 'the daemon in the care of PID 1' is_child_of_pid_1 "$daemon"
	# The second container's spawner leaves, and the daemon stays.
	: >"$here/b/go"
	collect b
	expect 'the status of the second container' 6 "$status"
	expect 'the parent of its daemon' 1 "$(parent_inside "$daemon")"
	# The third dies with its ten children, which come to PID 1 and then die too.
	ask "kill -KILL $(say_of c pid)"
	collect c
	expect 'the status of the third container' 137 "$status"
	wait_until '10 sleeps and the daemon in the care of PID 1' are_sleeps_of_pid_1 11
	# One container signals what another has left.
	nsenter --target "$sandbox" --pid sh -c "kill -KILL $(list_sandbox |
		awk '$4 == "sleep" && $1 != 1 && !/^[0-9]* [0-9]* Z/ { printf "%s ", $1 }')" \
		>"$here/kill.log" 2>&1 || :
}

# expect_signals_between_containers: from one container to another, by the number both see.
expect_signals_between_containers() {
	ask "kill -USR1 $(say_of a pid)"
	wait_until 'USR1 in the first container' has_said a '^heard USR1$'
	expect 'the host name, which they share' sandbox-of-whit "$(ask hostname)"
}

whit_as_pause_reaps_all_that_three_containers_leave() {
	start_pause
	leave_orphans_to_pid_1
	wait_until '0 sleeps left to PID 1' are_sleeps_of_pid_1 0
	expect zombies 0 "$(count_zombies)"
	expect_signals_between_containers
	kill -s TERM "$sandbox"
	collect_status "$service"
	service=
	expect 'the status of the sandbox' 0 "$status"
	expect 'its output' '' "$(cat "$here/sandbox.log")"
	collect a
	expect 'the status of the first container, which the kernel killed' 137 "$status"
	note '11 of 11 reaped'
}
run whit_as_pause_reaps_all_that_three_containers_leave

a_plain_sleep_as_pid_1_leaves_them_zombies() {
	start_sleep
	leave_orphans_to_pid_1
	wait_until '11 zombies' are_zombies 11
	# And it does not hear TERM: PID 1 has no handler.
	kill -s TERM "$sandbox"
	expect_signals_between_containers
	expect zombies 11 "$(count_zombies)"
	note '11 of 11 zombies'
}
run a_plain_sleep_as_pid_1_leaves_them_zombies

int_ends_the_sandbox_with_0_too() {
	start_pause
	kill -s INT "$sandbox"
	collect_status "$service"
	service=
	expect 'the status of the sandbox' 0 "$status"
}
run int_ends_the_sandbox_with_0_too

finish

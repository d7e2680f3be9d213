#!/bin/sh
# Shows what whit is for, in about four seconds: one command in a fresh PID namespace, first without
# an init, then with whit. usage: demo.sh WHIT. Fails if what it says should be seen is not seen.
#
# Processes are watched from outside of the namespaces, in this machine's /proc.
set -u

whit=${1:-build/whit}
namespace= # the shell that made the namespace
init=      # its PID 1
orphan=
failed=no
work=$(mktemp -d) || exit 1

say() {
	printf '  %-24s %s\n' "$1" "$2"
}

give_up() {
	printf 'demo: %s\n' "$1" >&2
	exit 1
}

# Ends only what this script has started: the PID 1, with which its namespace goes, and its parent.
clean_up() {
	test -z "$init" || kill -KILL "$init" 2>/dev/null
	test -z "$namespace" || wait "$namespace" 2>/dev/null
	init=
	namespace=
}
trap 'clean_up; rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Tries a test until it holds: 0, or 1 after some ten seconds.
await() {
	tries=500
	until "$@"; do
		tries=$((tries - 1))
		test "$tries" -gt 0 || return 1
		sleep 0.02
	done
}

# Sets name, state, parent and group of a process; fails if there is none. The name may have blanks and
# parentheses: proc_pid_stat(5).
look_at() {
	stat=
	{ read -r stat <"/proc/$1/stat"; } 2>/dev/null
	test -n "$stat" || return 1
	name=${stat#*\(}
	name=${name%)*}
	stat=${stat##*) }
	state=${stat%% *}
	stat=${stat#* }
	parent=${stat%% *}
	stat=${stat#* }
	group=${stat%% *}
}

# Sets found to the process called $2 whose parent is $1.
find_child() {
	for found in /proc/[0-9]*; do
		found=${found#/proc/}
		if look_at "$found" && test "$parent" = "$1" && test "$name" = "$2"; then
			return 0
		fi
	done
	return 1
}

# Sets command and orphan to whit's two children of the name sleep: the command leads a group.
find_both_sleeps() {
	command=
	orphan=
	for found in /proc/[0-9]*; do
		found=${found#/proc/}
		if look_at "$found" && test "$parent" = "$init" && test "$name" = sleep; then
			if test "$group" = "$found"; then
				command=$found
			else
				orphan=$found
			fi
		fi
	done
	test -n "$command" && test -n "$orphan"
}

# The number that a process has in its own namespace.
inner_pid() {
	sed -n 's/^NSpid:.*[[:space:]]//p' "/proc/$1/status"
}

is_called() {
	look_at "$1" && test "$name" = "$2"
}

is_zombie() {
	look_at "$1" && test "$state" = Z
}

is_gone() {
	! look_at "$1"
}

# Hundredths of a second since the machine started.
now() {
	read -r uptime _ </proc/uptime
	echo "${uptime%.*}${uptime#*.}"
}

# Starts its arguments as PID 1 of a new PID namespace, and waits until that is called $1.
start() {
	expected=$1
	shift
	rm -f "$work/pid" "$work/status"
	# The first process that the shell makes is PID 1 there. Its text is for it to expand, and
	# $user is two words or none.
	# shellcheck disable=SC2016,SC2086
	unshare $user --pid sh -c '
		"$@" 3>&- &
		echo $! >&3
		wait $!
		echo $? >"$0"' "$work/status" "$@" 3>"$work/pid" 2>/dev/null &
	namespace=$!
	await test -s "$work/pid" || give_up 'no process came up in the new PID namespace'
	read -r init <"$work/pid"
	await is_called "$init" "$expected" || give_up "PID 1 did not become '$expected'"
}

# Waits until the PID 1 has ended; sets status to what its parent got.
end() {
	await test -s "$work/status" || give_up 'PID 1 did not end'
	wait "$namespace"
	init=
	namespace=
	read -r status <"$work/status"
}

expect() {
	if [ "$2" != "$3" ]; then
		say "$1" "UNEXPECTED: $2 instead of $3"
		failed=yes
	fi
}

# The command: it leaves an orphan behind, a sleep, and goes on as a program that knows nothing of
# children or signals: another sleep.
scene='sh -c "sleep 100 &"; exec sleep 1000'

show_without_init() {
	start sleep sh -c "$scene"
	await find_child "$init" sleep || give_up 'the orphan did not come to PID 1'
	orphan=$found
	say 'PID 1 is' 'sleep, the command itself'

	kill -KILL "$orphan"
	await is_zombie "$orphan" || give_up 'the orphan did not become a zombie'
	sleep 0.5 # no event says that nothing will happen
	if is_zombie "$orphan"; then
		say 'an orphan ends' "it stays for ever: a zombie (pid $(inner_pid "$orphan"), state Z)"
	else
		expect 'an orphan ends' reaped zombie
	fi

	kill -TERM "$init"
	sleep 2
	if is_gone "$init"; then
		expect 'TERM, to stop it' ended ignored
	else
		say 'TERM, to stop it' 'nothing: a PID 1 that has no handler is sent no TERM'
		say '2 seconds later' 'still there, so KILL it is'
		kill -KILL "$init"
	fi
	end
	expect 'status' "$status" 137
	say 'status' "$status = 128 + 9 (KILL)"
}

show_with_whit() {
	start "${whit##*/}" "$whit" sh -c "$scene"
	await find_both_sleeps || give_up 'the orphan did not come to whit'
	say 'PID 1 is' "whit; the command, sleep, is pid $(inner_pid "$command")"

	pid_in_namespace=$(inner_pid "$orphan")
	kill -KILL "$orphan"
	await is_gone "$orphan" || give_up 'the orphan was not reaped'
	say 'an orphan ends' "it is gone: whit has reaped it (pid $pid_in_namespace)"

	began=$(now)
	kill -TERM "$init"
	end
	ended=$(now)
	say 'TERM, to stop it' 'whit forwards it, the command ends, and whit after it'
	expect 'status' "$status" 143
	say 'status' "$status = 128 + 15 (TERM), after $(hundredths $((ended - began))) s"
}

hundredths() {
	printf '%d.%02d' $(($1 / 100)) $(($1 % 100))
}

show_status() {
	# It waits to be let go, so that it is seen to have started.
	program="read -r line <'$work/go'; exit 7"
	start sh sh -c "$program"
	echo >"$work/go"
	end
	without=$status
	start "${whit##*/}" "$whit" sh -c "$program"
	echo >"$work/go"
	end
	expect 'exit 7, with whit' "$status" 7
	say 'exit 7' "status $without without an init, $status with whit"
}

case $whit in
*/*) ;;
*) whit=./$whit ;;
esac
test -x "$whit" || give_up "there is no '$whit'; run make first"
test -r /proc/self/stat || give_up '/proc is not there; mount it: mount -t proc proc /proc'
user=
test "$(id -u)" -eq 0 || user=--user\ --map-root-user
mkfifo "$work/go" || exit 1
# shellcheck disable=SC2086 # two words or none
unshare $user --pid --fork true || give_up 'this machine lets us make no PID namespace'

echo 'One command, in a PID namespace of its own as in a container. First without an init:'
echo
show_without_init
echo
echo 'With whit:'
echo
show_with_whit
echo
echo 'A command that ends without a signal:'
echo
show_status
test "$failed" = no

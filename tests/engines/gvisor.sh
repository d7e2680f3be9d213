#!/bin/sh
# whit in gVisor: with each runsc that is at hand, as PID 1 of a sandbox and as a subreaper in it. At
# hand is the installed one, and Debian 13's where it can be fetched. What a version of gVisor does not
# have is looked at too, so that the manual is right about it. As root.
# usage: tests/engines/gvisor.sh build/whit
# shellcheck disable=SC2317 # the harness calls the tests
set -u
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
# shellcheck source-path=SCRIPTDIR source=containers.sh
. "$(dirname "$0")/containers.sh"

project=$(realpath "$(dirname "$script")/../..")
box=whit-gvisor-$$

after_failure() {
	for file in "$here"/*.log; do
		[ -e "$file" ] || continue
		echo "$(basename "$file" .log):"
		sed 's/^/    | /' "$file"
	done
}

after_test() {
	sandbox kill "$box" KILL >/dev/null 2>&1 || : # it may have ended
	[ -z "$service" ] || wait "$service" || :
	sandbox delete --force "$box" >/dev/null 2>&1 || :
}

# Before the network namespace: the installed one, and Debian 13's, as "PATH..." in RUNSC.
if [ -z "${RUNSC:-}" ]; then
	RUNSC=$(command -v runsc)
	if RUNSC_13=$(cd "$project" && bash -c '. .dist/common.sh && fetch amd64 trixie runsc' 2>/dev/null); then
		RUNSC_DIRECTORY=$(mktemp -d /tmp/whit-runsc.XXXXXX)
		dpkg-deb -x "$RUNSC_13" "$RUNSC_DIRECTORY"
		RUNSC="$RUNSC $RUNSC_DIRECTORY/usr/bin/runsc"
		# Not exec, so that the directory is removed afterwards.
		RUNSC=$RUNSC "$script" "$whit"
		status=$?
		rm -rf "$RUNSC_DIRECTORY"
		exit "$status"
	fi
	[ -n "$RUNSC" ] || RUNSC=none
	export RUNSC
fi

begin_apart
needs_programs busybox script
[ "$RUNSC" != none ] || skip_all 'no runsc (apt-get install runsc)'

# --- the sandbox ---

runsc=    # which runsc, and
platform= # how it intercepts system calls

# Without a network and without cgroups: they have no part in what is tested.
sandbox() {
	timeout -k 5 "$bound_seconds" "$runsc" --platform="$platform" --network=none --ignore-cgroups \
		--root="$work/state" "$@"
}

# make_bundle COMMAND [ARG]...: the whole command line of PID 1.
make_bundle() {
	mkdir -p "$here/bundle"
	[ -d "$here/bundle/rootfs" ] || make_root "$here/bundle/rootfs"
	for applet in cut stty touch tty; do
		ln -sf busybox "$here/bundle/rootfs/bin/$applet"
	done
	rm -f "$here/bundle/config.json"
	"$runsc" spec -bundle "$here/bundle" -- "$@" >"$here/spec.log" 2>&1
	sed -i 's|"readonly": true|"readonly": false|' "$here/bundle/config.json"
}

# run_here COMMAND [ARG]...: in the foreground; sets $status, output in $here/out.log and err.log.
run_here() {
	make_bundle "$@"
	status=0
	sandbox run -bundle "$here/bundle" "$box" </dev/null >"$here/out.log" 2>"$here/err.log" || status=$?
}

# run_in_background COMMAND [ARG]...
run_in_background() {
	make_bundle "$@"
	sandbox run -bundle "$here/bundle" "$box" </dev/null >"$here/out.log" 2>"$here/err.log" &
	service=$!
}

has_said() {
	tr -d '\r' <"$here/${2:-out.log}" | grep -qx -e "$1"
}

wait_for_line() {
	wait_until "the line '$1'" has_said "$@"
}

# collect: the status of what runs in the background.
collect() {
	collect_status "$service"
	service=
}

# expect_lines FILE LINE...: all of its lines.
expect_lines() {
	observed=$1
	shift
	printf '%s\n' "$@" >"$here/expected"
	expect_same "what is said in $(basename "$observed")" "$here/expected" "$observed"
}

# --- the tests ---

# Says who is above it, leaves 20 orphans and kills them, waits until they are reaped, and sends whit a
# TERM that must come back.
# shellcheck disable=SC2016 # for the shell in the sandbox
orphans_and_term='
trap "echo got TERM; exit 3" TERM
echo "parent $PPID"
orphans=$(for n in $(seq 20); do (sleep 1000 >/dev/null 2>&1 & echo $!); done)
for pid in $orphans; do
	grep -q "^PPid:.$PPID$" /proc/$pid/status || echo "$pid has another parent"
done
kill -KILL $orphans
for pid in $orphans; do
	while [ -e /proc/$pid ]; do sleep 0.05; done
done
echo "20 orphans reaped"
kill -TERM $PPID
while :; do sleep 0.05; done'

gvisor_whit_as_pid_1_reaps_and_ends_as_its_command() {
	run_here /whit -- sh -c "$orphans_and_term"
	expect_lines "$here/out.log" 'parent 1' '20 orphans reaped' 'got TERM'
	expect 'lines on stderr' '' "$(cat "$here/err.log")"
	expect 'the status' 3 "$status"
}

# What can be trapped by that shell: all but KILL, STOP and glibc's 32 and 33.
# shellcheck disable=SC2016 # for the shell in the sandbox
signal_printer='
all=$(for n in $(seq 1 31) $(seq 34 64); do case $n in 9 | 19) ;; *) echo $n ;; esac; done)
for n in $all; do trap "echo got $n; came=$n" $n; done'

# The shell starts no process meanwhile, so that a CHLD can only be whit's.
# shellcheck disable=SC2016 # for the shell in the sandbox
gvisor_all_signals_from_inside_come_back_once() {
	run_here /whit -- sh -c "$signal_printer"'
		for n in $all; do
			came=none
			kill -$n 1
			while [ $came != $n ]; do :; done
		done'
	expect 'the status' 0 "$status"
	for number in $(seq 1 31) $(seq 34 64); do
		case $number in 9 | 19) ;; *) echo "got $number" ;; esac
	done >"$here/sent"
	expect_same 'what the command received' "$here/sent" "$here/out.log"
	note "$(wc -l <"$here/sent") signals"
}

# The runsc of 2022 knows no real-time signals by number: runsc's limit, so the 29 others.
# shellcheck disable=SC2016 # for the shell in the sandbox
gvisor_runsc_kill_arrives_as_what_it_is() {
	run_in_background /whit -- sh -c "$signal_printer"'
		sleep 1000 & echo ready; while :; do wait; done'
	wait_for_line ready
	echo ready >"$here/sent"
	for number in $(seq 1 31); do
		case $number in 9 | 19) continue ;; esac
		sandbox kill "$box" "$number" 2>>"$here/kill.log"
		wait_for_line "got $number"
		echo "got $number" >>"$here/sent"
	done
	expect_same 'what the command received' "$here/sent" "$here/out.log"
	sandbox kill "$box" KILL
	collect
	note '29 signals'
}

gvisor_the_status_is_the_commands() {
	for expected in 0 7 125 126 127 255; do
		run_here /whit -- sh -c "exit $expected"
		expect "the status, exit $expected" "$expected" "$status"
	done
	for signal in 6 9 11 15 64; do
		run_here /whit -- sh -c "kill -$signal \$\$; sleep 1000"
		expect "the status, killed by $signal" $((128 + signal)) "$status"
		expect_line "$here/err.log" '^whit: the command \(pid [0-9]+\) was killed by SIG'
	done
	run_here /whit -- no-such-command
	expect 'the status of no command' 127 "$status"
	expect_line "$here/err.log" "^whit: cannot run 'no-such-command': not found in PATH "
	run_here /whit -- /bin/not-executable
	expect 'the status of a file without x' 126 "$status"
	expect_line "$here/err.log" "^whit: cannot run '/bin/not-executable': no permission to execute "
}

# The remaining process needs 300 ms after TERM. What it starts for that comes after the drain's TERM.
# shellcheck disable=SC2016 # for the shell in the sandbox
gvisor_a_drain_lets_the_remaining_process_finish() {
	run_here /whit -d 20 -- sh -c '
		setsid sh -c "trap \"sleep 0.3; echo saved; exit\" TERM; : >/ready
			while :; do sleep 0.05; done" 2>/dev/null &
		while [ ! -e /ready ]; do sleep 0.05; done; exit 3'
	expect_lines "$here/out.log" saved
	expect 'the status' 3 "$status"
	run_here /whit -d 0 -- sh -c 'trap "" TERM; sleep 1000 & exit 4'
	expect 'the status, and at once' 4 "$status"
}

# A process that `runsc exec` has started has its parent outside, and gVisor has no pidfd by which the
# drain could wait for it: it gets TERM, and whit ends. If that changes, the manual has to.
# shellcheck disable=SC2016 # for the shell in the sandbox
gvisor_a_process_that_joined_gets_term_and_is_not_waited_for() {
	run_in_background /whit -v -d 20 -- sh -c 'while [ ! -e /go ]; do sleep 0.05; done; exit 3'
	wait_until 'whit' has_begun
	sandbox exec "$box" sh -c 'trap "sleep 5; echo saved; exit" TERM; echo joined
		while :; do sleep 0.05; done' >"$here/joined.log" 2>&1 &
	joined=$!
	wait_for_line joined joined.log
	sandbox exec "$box" sh -c ': >/go'
	collect
	expect 'the status' 3 "$status"
	expect_line "$here/err.log" '^whit: still running: pid [0-9]+ \(sh\)'
	wait_until 'the end of the process that joined' has_ended "$joined"
	wait "$joined" || :
	expect_no_line "$here/joined.log" '^saved$'
}

has_begun() {
	grep -q '^whit: started ' "$here/err.log"
}

gvisor_kill_after_ends_a_command_that_ignores_term() {
	run_here /whit -v -k 0.3 -- sh -c 'trap "" TERM; kill -TERM 1; exec sleep 1000'
	expect 'the status' 137 "$status"
	expect_line "$here/err.log" '^whit: killing the command \(pid [0-9]+\): '
}

is_listening() {
	sandbox exec "$box" sh -c 'grep -q "^Name:.whit" /proc/1/status' 2>>"$here/exec.log"
}

# shellcheck disable=SC2016 # for the shell in the sandbox
gvisor_whit_pauses_reaps_and_ends_on_term_with_0() {
	run_in_background /whit -v --pause
	wait_until 'whit' grep -q '^whit: holding the namespace' "$here/err.log"
	sandbox exec "$box" sh -c '
		orphans=$(for n in $(seq 10); do (sleep 1000 >/dev/null 2>&1 & echo $!); done)
		for pid in $orphans; do grep "^PPid:" /proc/$pid/status; done | sort | uniq -c
		kill -KILL $orphans
		for pid in $orphans; do while [ -e /proc/$pid ]; do sleep 0.05; done; done
		echo reaped' >"$here/exec.log" 2>&1
	expect_line "$here/exec.log" '^ *10 PPid:.1$'
	expect_line "$here/exec.log" '^reaped$'
	sandbox kill "$box" USR1
	sandbox kill "$box" TERM
	collect
	expect 'the status' 0 "$status"
	expect_line "$here/err.log" '^whit: ending on SIGTERM$'
}

# Versions of gVisor before 2023 have no subreapers: there whit says so at -v, and the orphan goes to
# PID 1, which is a shell here.
# shellcheck disable=SC2016 # for the shell in the sandbox
gvisor_below_another_pid_1_whit_is_a_subreaper_where_gvisor_has_them() {
	run_here sh -c '/whit -v -d 20 -- sh -c "
			orphan=\$(sleep 1000 >/dev/null 2>&1 & echo \$!)
			grep ^PPid: /proc/\$orphan/status; echo parent \$PPID; exit 6"
		echo "status $?"; while wait; do grep -qs "^Name:.sleep" /proc/[0-9]*/status || break
			echo "a sleep is left behind"; break; done'
	expect_line "$here/out.log" '^status 6$'
	whits=$(sed -n 's/^parent //p' "$here/out.log")
	if grep -q '^whit: cannot become a subreaper: Invalid argument$' "$here/err.log"; then
		expect_line "$here/out.log" '^PPid:.1$'
		note 'no subreapers in this version: the orphan goes to PID 1'
	else
		expect_line "$here/out.log" "^PPid:.$whits\$"
		expect_no_line "$here/out.log" 'is left behind'
		note 'a subreaper, and nothing is left'
	fi
}

# shellcheck disable=SC2016 # for the shell in the sandbox
gvisor_the_parents_death_is_told() {
	run_here sh -c '
		sh -c "/whit -p USR1 -- sh -c \"trap \\\"echo got USR1; : >/end; exit\\\" USR1; : >/ready
			while :; do sleep 0.05; done\" &
			while [ ! -e /ready ]; do sleep 0.05; done; kill -KILL \$\$" 2>/dev/null
		while [ ! -e /end ]; do sleep 0.05; done'
	expect_lines "$here/out.log" 'got USR1'
}

# --- a terminal ---

# open_terminal COMMAND...: PID 1 with a pty; what is typed goes to descriptor 4. What a shell runs in
# the background has INT and QUIT ignored: that is undone. HUP is ignored, so that runsc catches it
# only when it begins to forward signals: before that, ^C would end runsc itself.
open_terminal() {
	make_bundle "$@"
	sed -i 's|"process": {|&"terminal": true,|' "$here/bundle/config.json"
	[ -e "$here/keys" ] || mkfifo "$here/keys"
	timeout -k 5 "$bound_seconds" env --default-signal=INT,QUIT --ignore-signal=HUP \
		script -qefc "'$runsc' --platform=$platform --network=none --ignore-cgroups --root='$work/state' \
		run -bundle '$here/bundle' $box" /dev/null <"$here/keys" >"$here/terminal.log" 2>&1 &
	terminal=$!
	exec 4>"$here/keys"
}

does_runsc_forward() {
	grep -q '^SigCgt:.*[13579bdf]$' "/proc/$(child_of "$(child_of "$terminal")")/status"
}

wait_for_terminal() {
	wait_until ready is_shown 1 ready
	wait_until 'runsc with its signals caught' does_runsc_forward
}

# type_keys KEYS: the reader may have ended.
type_keys() {
	# shellcheck disable=SC2059 # escapes are what it is for
	(trap '' PIPE; printf "$1" >&4) 2>/dev/null || :
}

is_shown() {
	[ "$(tr -d '\r' <"$here/terminal.log" | grep -c "$2\$")" -eq "$1" ]
}

# Whether ^C comes to a command without whit: it ends the runsc of 2022.
does_ctrl_c_reach_a_command() {
	open_terminal sh -c 'trap "echo got INT; exit 5" INT; echo ready; while :; do sleep 0.05; done'
	wait_for_terminal
	type_keys '\003'
	collect_status "$terminal"
	exec 4>&-
	sandbox delete --force "$box" >/dev/null 2>&1 || :
	[ "$status" -eq 5 ]
}

# ^C once; ^Z, which is undone, as there is no shell above; ^\ once.
# shellcheck disable=SC2016 # for the shell in the sandbox
gvisor_keys_of_the_terminal_reach_the_command_once() {
	if ! does_ctrl_c_reach_a_command; then
		note 'not to be seen: ^C ends this runsc itself, also without whit'
		return
	fi
	open_terminal /whit -v -- sh -c 'n=0; trap "n=\$((n + 1)); echo got INT" INT
		trap "echo in all \$n; exit 3" QUIT; echo ready; while :; do sleep 0.05; done'
	wait_for_terminal
	type_keys '\003'
	wait_until 'the ^C' is_shown 1 'got INT'
	type_keys '\032'
	wait_until 'the end of the stop' is_shown 1 '^whit: continuing the command (pid 2)'
	type_keys '\034'
	collect_status "$terminal"
	expect 'the status' 3 "$status"
	expect_line "$here/terminal.log" '^in all 1'
}

# --- each runsc ---

# The sandbox is to be tried without whit first: where it does not run, the cause is runsc.
for runsc in $RUNSC; do
	version=$("$runsc" --version | sed -n 's/^runsc version //p')
	for platform in systrap ptrace; do
		here=$work/first
		mkdir "$here"
		run_here /bin/true
		mv "$here/err.log" "$work/runsc.err"
		sandbox delete --force "$box" >/dev/null 2>&1
		rm -rf "$here"
		[ "$status" -ne 0 ] || break
	done
	if [ "$status" -ne 0 ]; then
		cat "$work/runsc.err"
		skipped=$((skipped + 1))
		echo "SKIPPED runsc $version: it runs no sandbox here, also without whit"
		continue
	fi
	echo "runsc $version, platform $platform:"
	for test in gvisor_whit_as_pid_1_reaps_and_ends_as_its_command \
		gvisor_all_signals_from_inside_come_back_once \
		gvisor_runsc_kill_arrives_as_what_it_is \
		gvisor_the_status_is_the_commands \
		gvisor_a_drain_lets_the_remaining_process_finish \
		gvisor_a_process_that_joined_gets_term_and_is_not_waited_for \
		gvisor_kill_after_ends_a_command_that_ignores_term \
		gvisor_whit_pauses_reaps_and_ends_on_term_with_0 \
		gvisor_below_another_pid_1_whit_is_a_subreaper_where_gvisor_has_them \
		gvisor_the_parents_death_is_told \
		gvisor_keys_of_the_terminal_reach_the_command_once; do
		run "$test"
	done
done

finish

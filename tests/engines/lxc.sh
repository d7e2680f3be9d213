#!/bin/sh
# whit in LXC: as lxc.init.cmd, where it is PID 1, and below lxc-init by lxc-execute; what lxc-stop sends
# to each, and the ways to make that a TERM. LXC makes its console the controlling terminal of no
# process, whatever init it starts: keys such as ^C are not tested here.
# As root. usage: tests/engines/lxc.sh build/whit
# shellcheck disable=SC2317 # the harness calls the tests
set -u
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
# shellcheck source-path=SCRIPTDIR source=containers.sh
. "$(dirname "$0")/containers.sh"
# shellcheck source-path=SCRIPTDIR source=sections.sh
. "$(dirname "$0")/sections.sh"

box=whit

after_failure() {
	for file in "$here"/*.log "$work/lxc/$box/config"; do
		[ -e "$file" ] || continue
		echo "$(basename "$file" .log):"
		tail -n 25 "$file" | sed 's/^/    | /'
	done
}

after_test() {
	lxc lxc-stop -n "$box" -k >/dev/null 2>&1 || : # it may have ended
	[ -z "$service" ] || wait "$service" || :
	rm -rf "${work:?}/lxc/$box"
}

after_all() {
	remove_cgroups "lxc.payload.$box" "lxc.monitor.$box" lxc.pivot
}

begin_apart
needs_programs lxc-start lxc-execute lxc-stop lxc-attach busybox mandoc
mount_cgroups
hide /run
make_root "$work/root"
for applet in sort uniq; do
	ln -s busybox "$work/root/bin/$applet"
done
mkdir "$work/lxc" "$work/root/sbin"

# --- the container ---

# lxc PROGRAM [OPTION]...: with containers of our own.
lxc() {
	lxc_program=$1
	shift
	timeout -k 5 "$bound_seconds" "$lxc_program" --lxcpath "$work/lxc" "$@"
}

# make_container [LINE]...: its configuration, with these lines. lxc-stop reads it there too: a file
# that only lxc-start is given says nothing to it.
make_container() {
	mkdir -p "$work/lxc/$box"
	{
		cat <<-CONFIG
			lxc.rootfs.path = dir:$work/root
			lxc.uts.name = $box
			lxc.net.0.type = empty
			lxc.mount.auto = proc:mixed
			lxc.tty.max = 0
			lxc.console.path = none
		CONFIG
		printf '%s\n' "$@"
	} >"$work/lxc/$box/config"
}

# write_command: from stdin, what the container runs as /cmd.
write_command() {
	{ echo '#!/bin/sh' && cat; } >"$work/root/cmd"
	chmod +x "$work/root/cmd"
}

# start, and execute COMMAND...: in the background, with output in $here/out.log, err.log.
start() {
	lxc lxc-start -n "$box" -F -o "$here/lxc.log" -l INFO </dev/null \
		>"$here/out.log" 2>"$here/err.log" &
	service=$!
}

execute() {
	lxc lxc-execute -n "$box" -o "$here/lxc.log" -l INFO -- "$@" </dev/null \
		>"$here/out.log" 2>"$here/err.log" &
	service=$!
}

collect() {
	collect_status "$service"
	service=
}

has_said() {
	tr -d '\r' <"$here/${2:-out.log}" | grep -qx -e "$1"
}

wait_for_line() {
	wait_until "the line '$1'" has_said "$@"
}

# stop_container: as a user does; LXC kills after 60 seconds, which is too long for us.
stop_container() {
	before_ms=$(now_ms)
	lxc lxc-stop -n "$box" --nokill --timeout "$bound_seconds" >"$here/stop.log" 2>&1
	stop_ms=$(($(now_ms) - before_ms))
}

# lxc-start ends with 0, whatever its container ends with; that is in its log.
expect_end_of_init() {
	expect 'the status of lxc-start' 0 "$status"
	if [ "$1" -ne 0 ]; then
		expect_line "$here/lxc.log" "Child <[0-9]+> ended on error \($1\)"
	else
		expect_no_line "$here/lxc.log" 'ended on (error|signal)'
	fi
}

# Waits for a signal and says which it was.
signal_command='
trap "echo got TERM; exit 3" TERM
trap "echo got PWR; exit 4" PWR
trap "echo got RTMIN+3; exit 5" 37
trap "echo got INT; exit 6" INT
echo ready
while :; do sleep 0.05; done'

# --- as PID 1 ---

lxc_init_cmd_reaps_and_ends_as_its_command() {
	make_container 'lxc.init.cmd = /whit -- /cmd'
	# shellcheck disable=SC2016 # for the shell in the container
	echo 'trap "echo got TERM; exit 3" TERM
		echo "parent $PPID, $(readlink /proc/$PPID/exe)"
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
		while :; do sleep 0.05; done' | write_command
	start
	collect
	printf '%s\n' 'parent 1, /whit' '20 orphans reaped' 'got TERM' >"$here/expected"
	expect_same 'what is said' "$here/expected" "$here/out.log"
	expect 'lines on stderr' '' "$(cat "$here/err.log")"
	expect_end_of_init 3
}
run lxc_init_cmd_reaps_and_ends_as_its_command

# whit blocks all signals: LXC takes that for an init that knows SIGRTMIN+3, and sends it.
lxc_stop_sends_rtmin_3_where_no_signal_is_configured() {
	make_container 'lxc.init.cmd = /whit -- /cmd'
	echo "$signal_command" | write_command
	start
	wait_for_line ready
	stop_container
	collect
	wait_for_line 'got RTMIN+3'
	expect_end_of_init 5
}
run lxc_stop_sends_rtmin_3_where_no_signal_is_configured

# The two lines of the manual.
lxc_stop_sends_term_with_lxc_signal_halt() {
	make_container "$(block COMPATIBILITY/LXC 1)"
	echo "$signal_command" | write_command
	start
	wait_for_line ready
	stop_container
	collect
	wait_for_line 'got TERM'
	expect_end_of_init 3
	note "$stop_ms ms"
}
run lxc_stop_sends_term_with_lxc_signal_halt

rewrite_makes_a_term_of_what_lxc_stop_sends() {
	make_container 'lxc.init.cmd = /whit -r RTMIN+3:TERM -- /cmd'
	echo "$signal_command" | write_command
	start
	wait_for_line ready
	stop_container
	collect
	wait_for_line 'got TERM'
	expect_end_of_init 3
	# The same by the variable, which needs no other command line.
	make_container 'lxc.init.cmd = /whit -- /cmd' 'lxc.environment = WHIT_REWRITE=RTMIN+3:TERM'
	start
	wait_for_line ready
	stop_container
	collect
	wait_for_line 'got TERM'
	expect_end_of_init 3
}
run rewrite_makes_a_term_of_what_lxc_stop_sends

# The side process needs 300 ms after TERM, and one that lxc-attach has started 600.
# shellcheck disable=SC2016 # for the shells in the container
lxc_stop_with_a_drain_waits_for_all_others() {
	make_container 'lxc.init.cmd = /whit -d 20 -- /cmd' 'lxc.signal.halt = SIGTERM'
	rm -f "$work/root/joined"
	echo 'trap "exit 3" TERM
		setsid sh -c "trap \"sleep 0.3; echo side process saved; exit\" TERM; echo ready
			while :; do sleep 0.05; done" 2>/dev/null &
		while :; do sleep 0.05; done' | write_command
	start
	wait_for_line ready
	lxc lxc-attach -n "$box" -- /bin/sh -c 'trap "sleep 0.6; echo saved; exit 7" TERM; echo joined
		while :; do sleep 0.05; done' >"$here/joined.log" 2>"$here/joined.err" &
	joined=$!
	wait_for_line joined joined.log
	stop_container
	collect
	collected=$status
	collect_status "$joined"
	expect 'the status of lxc-attach' 7 "$status"
	expect_line "$here/joined.log" '^saved$'
	expect_line "$here/out.log" '^side process saved$'
	status=$collected
	expect_end_of_init 3
}
run lxc_stop_with_a_drain_waits_for_all_others

does_whit_run() {
	lxc lxc-attach -n "$box" -- /bin/grep -q '^Name:.whit' /proc/1/status 2>/dev/null
}

# shellcheck disable=SC2016 # for the shell in the container
a_paused_whit_holds_a_container_for_lxc_attach() {
	make_container 'lxc.init.cmd = /whit --pause' 'lxc.signal.halt = SIGTERM'
	start
	wait_until 'whit' does_whit_run
	lxc lxc-attach -n "$box" -- /bin/sh -c '
		orphans=$(for n in $(seq 10); do (sleep 1000 >/dev/null 2>&1 & echo $!); done)
		for pid in $orphans; do grep "^PPid:" /proc/$pid/status; done | sort | uniq -c
		kill -KILL $orphans
		for pid in $orphans; do while [ -e /proc/$pid ]; do sleep 0.05; done; done
		echo reaped' >"$here/attach.log" 2>&1
	expect_line "$here/attach.log" '^ *10 PPid:.1$'
	expect_line "$here/attach.log" '^reaped$'
	stop_container
	collect
	expect_end_of_init 0
}
run a_paused_whit_holds_a_container_for_lxc_attach

# --- below lxc-init ---

# It takes the orphans and their end, so that lxc-init has none to see; lxc-execute has its status.
lxc_execute_whit_is_a_subreaper_below_lxc_init() {
	make_container
	# shellcheck disable=SC2016 # for the shell in the container
	echo 'echo "PID 1 is $(cat /proc/1/comm)"
		orphan=$(sleep 1000 >/dev/null 2>&1 & echo $!)
		grep -q "^PPid:.$PPID$" /proc/$orphan/status && echo "the orphan is whit'"'"'s"
		exit 7' | write_command
	execute /whit -d 20 -- /cmd
	collect
	expect 'the status of lxc-execute' 7 "$status"
	expect_no_line "$here/out.log" '^PID 1 is whit$'
	expect_line "$here/out.log" "^the orphan is whit's\$"
}
run lxc_execute_whit_is_a_subreaper_below_lxc_init

# lxc-init sends TERM to all processes when it is told to stop: the command gets it twice, from
# lxc-init and forwarded by whit.
lxc_stop_of_lxc_execute_ends_the_command_with_term() {
	make_container
	echo "$signal_command" | write_command
	execute /whit -- /cmd
	wait_for_line ready
	stop_container
	collect
	wait_for_line 'got TERM'
	expect 'the status of lxc-execute' 3 "$status"
}
run lxc_stop_of_lxc_execute_ends_the_command_with_term

every_line_of_the_manual_about_lxc_was_run() {
	expect_all_taken COMPATIBILITY/LXC
}
run every_line_of_the_manual_about_lxc_was_run

finish

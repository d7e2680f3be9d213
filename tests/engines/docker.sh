#!/bin/sh
# A Docker engine of our own with whit as its --init-path: PID 1 of `docker run --init`, its
# signals, its statuses, its zombies, and each option that could be in its way.
# As root. usage: tests/engines/docker.sh build/whit
# shellcheck disable=SC2317 # the harness calls the tests
set -u
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
# shellcheck source-path=SCRIPTDIR source=containers.sh
. "$(dirname "$0")/containers.sh"
# shellcheck source-path=SCRIPTDIR source=docker-engine.sh
. "$(dirname "$0")/docker-engine.sh"
# shellcheck source-path=SCRIPTDIR source=sections.sh
. "$(dirname "$0")/sections.sh"
begin_docker
start_engine without_network '{}' --init-path "$whit"

# --- the tests ---

docker_info_shows_whits_commit_and_path() {
	commit=$("$whit" --version | sed -n 's/.* - git\.//p')
	[ -n "$commit" ] ||
		skip 'built outside a checkout, whit has no commit and dockerd warns of it'
	docker info -f '{{.InitBinary}} {{.InitCommit.ID}}' >"$here/info.log"
	expect 'init binary and commit of docker info' "$whit $commit" "$(cat "$here/info.log")"
	docker info >"$here/info.log" 2>&1
	expect_line "$here/info.log" "^ init version: $commit"
	grep -i 'init' "$work/dockerd.log" >"$here/dockerd-init.log" || :
	expect_no_line "$work/dockerd.log" \
		'failed to (parse|retrieve).*version|unknown output format'
	note "init version: $commit"
}
run docker_info_shows_whits_commit_and_path

with_init_pid_1_is_whit_itself() {
	run_sleep --init
	expect 'the program of PID 1' /sbin/docker-init \
		"$(docker exec "$container" readlink /proc/1/exe)"
	expect 'its command line' '/sbin/docker-init|--|sleep|1000|' \
		"$(docker exec "$container" cat /proc/1/cmdline | tr '\0' '|')"
	docker exec "$container" cat /proc/1/exe >"$here/pid-1"
	cmp "$whit" "$here/pid-1"
	docker exec "$container" cat /sbin/docker-init >"$here/docker-init"
	cmp "$whit" "$here/docker-init"
}
run with_init_pid_1_is_whit_itself

docker_stop_ends_a_sleep_at_once_with_143() {
	run_sleep --init
	stop_container
	expect 'the status after docker stop' 143 "$status"
	note "$stop_ms ms"
}
run docker_stop_ends_a_sleep_at_once_with_143

docker_stop_ends_a_sleep_on_a_terminal_with_143() {
	run_sleep --init -t
	stop_container
	expect 'the status after docker stop' 143 "$status"
	note "$stop_ms ms"
}
run docker_stop_ends_a_sleep_on_a_terminal_with_143

without_init_the_same_sleep_has_to_be_killed() {
	run_sleep
	stop_container -t 1
	expect 'the status after docker stop -t 1' 137 "$status"
	note "$stop_ms ms"
}
run without_init_the_same_sleep_has_to_be_killed

# What can be trapped and Docker can send: all but KILL, STOP and glibc's 32 and 33. CHLD can only
# be whit's here, since no child of the shell ends any more.
# shellcheck disable=SC2016 # for the shell in the container
signal_printer='for n in $(seq 1 31) $(seq 34 64); do
	case $n in 9 | 19) ;; *) trap "echo got $n" $n ;; esac
done
sleep 1000 &
echo ready
while :; do wait; done'

# kill_and_expect NAME NUMBER
kill_and_expect() {
	docker kill -s "$1" "$container" >/dev/null
	wait_for_line "got $2"
	echo "got $2" >>"$here/expected"
}

docker_kill_by_name_and_number_arrives_as_what_it_is() {
	run_detached --init -- sh -c "$signal_printer"
	wait_for_line ready
	echo ready >"$here/expected"
	kill_and_expect HUP 1
	kill_and_expect USR1 10
	kill_and_expect RTMIN+3 37
	kill_and_expect 40 40
	kill_and_expect SIGRTMIN 34
	kill_and_expect RTMAX-1 63
	docker logs "$container" >"$here/observed" 2>&1
	expect_same 'what the command received' "$here/expected" "$here/observed"
}
run docker_kill_by_name_and_number_arrives_as_what_it_is

every_number_that_docker_kill_can_send_arrives_once() {
	run_detached --init -- sh -c "$signal_printer"
	wait_for_line ready
	echo ready >"$here/expected"
	for number in $(seq 1 31) $(seq 34 64); do
		case $number in 9 | 19) continue ;; esac
		kill_and_expect "$number" "$number"
	done
	docker logs "$container" >"$here/observed" 2>&1
	expect_same 'what the command received' "$here/expected" "$here/observed"
	note "$(($(wc -l <"$here/expected") - 1)) signals"
}
run every_number_that_docker_kill_can_send_arrives_once

# shellcheck disable=SC2016 # for the shell in the container
docker_run_ends_with_the_status_of_the_command() {
	for expected in 0 1 2 42 125 126 127 128 143 255; do
		run_here --init -- sh -c "exit $expected"
		expect "the status of docker run, exit $expected" "$expected" "$status"
	done
	for signal in 1 2 6 9 11 15 34 64; do
		run_here --init -- sh -c "kill -$signal \$\$; sleep 1000"
		expect "the status of docker run, killed by $signal" $((128 + signal)) "$status"
	done
}
run docker_run_ends_with_the_status_of_the_command

a_command_that_is_not_there_is_127() {
	run_here --init -- no-such-command
	expect 'the status of docker run' 127 "$status"
	expect_line "$here/err.log" "^whit: cannot run 'no-such-command': "
	run_here --init -- /no/such/command
	expect 'the status of docker run' 127 "$status"
	expect_line "$here/err.log" "^whit: cannot run '/no/such/command': "
}
run a_command_that_is_not_there_is_127

a_command_that_cannot_be_run_is_126() {
	for command in not-executable /bin/not-executable /bin; do
		run_here --init -- "$command"
		expect "the status of docker run $command" 126 "$status"
		expect_line "$here/err.log" "^whit: cannot run '/bin(/not-executable)?': "
	done
}
run a_command_that_cannot_be_run_is_126

orphans_left_by_docker_exec_are_reaped() {
	run_sleep --init
	leave_and_kill_orphans
	expect_orphans_reaped
	note '0 of 20 left'
}
run orphans_left_by_docker_exec_are_reaped

# What the test above would see if no process reaped.
without_init_the_same_orphans_stay_zombies() {
	run_sleep
	leave_and_kill_orphans
	wait_until '20 of 20 zombies' is_count_of_orphans State:.Z 20
	note '20 of 20 zombies'
}
run without_init_the_same_orphans_stay_zombies

whit_says_more_when_the_environment_asks() {
	run_sleep --init -e WHIT_VERBOSE=1
	stop_container
	docker logs "$container" >"$here/out.log" 2>"$here/err.log"
	expect 'the status after docker stop' 143 "$status"
	expect_line "$here/err.log" "^whit: .*'sleep'.*pid [0-9]+"
	expect_line "$here/err.log" '^whit: .*SIGTERM from pid 0 \(outside this namespace\)'
	expect_no_line "$here/err.log" '^whit: .*WHIT_VERBOSE'
	expect 'bytes on stdout' 0 "$(wc -c <"$here/out.log")"
}
run whit_says_more_when_the_environment_asks

whit_says_nothing_without_an_option() {
	run_sleep --init
	stop_container
	expect 'the status after docker stop' 143 "$status"
	expect 'the output' '' "$(docker logs "$container" 2>&1)"
}
run whit_says_nothing_without_an_option

# All on stderr, since Docker keeps no order among two streams. Only what must come in an order is
# looked at: the command's lines, and whit's word on the end after them.
docker_logs_are_in_order() {
	run_detached --init -e WHIT_VERBOSE=1 -- sh -c \
		'exec >&2; trap "echo stopping; exit 3" TERM
		sleep 1000 & seq 1000; echo ready; wait'
	wait_for_line ready
	stop_container
	expect 'the status after docker stop' 3 "$status"
	docker logs "$container" >"$here/out.log" 2>"$here/err.log"
	expect 'bytes on stdout' 0 "$(wc -c <"$here/out.log")"
	grep -v '^whit: ' "$here/err.log" >"$here/observed"
	{ seq 1000 && echo ready && echo stopping; } >"$here/expected"
	expect_same "the command's lines" "$here/expected" "$here/observed"
	# The sleep is still there: whit names it last. When whit says that it has forwarded the
	# signal, the command may have got it.
	sed -n '/^stopping$/,$p' "$here/err.log" | sed '/^whit: forwarded/d; s/ (pid .*//
		s/: pid .*//' >"$here/observed"
	printf '%s\n' stopping 'whit: the command' 'whit: still running' >"$here/expected"
	expect_same 'the last lines' "$here/expected" "$here/observed"
	expect_line "$here/err.log" '^whit: the command \(pid [0-9]+\) exited.* 3'
}
run docker_logs_are_in_order

# The side process needs 300 ms after TERM to save its work. What it starts for that comes after the
# drain's TERM, which goes to all there are at one moment.
# shellcheck disable=SC2016 # for the shells in the container
side_process='trap "sleep 0.3; echo saved >/saved/work; exit" TERM
sleep 1000 &
echo ready
wait'
# shellcheck disable=SC2016 # for the shell in the container
main_process='trap "exit 3" TERM
sh -c "$1" &
wait'

# stop_with_side_process [OPTION]...: sets $status, and $saved to what is saved when it has ended.
stop_with_side_process() {
	rm -rf "$here/saved"
	mkdir "$here/saved"
	run_detached --init --volume "$here/saved:/saved" "$@" -- \
		sh -c "$main_process" sh "$side_process"
	wait_for_line ready
	stop_container
	saved=$(cat "$here/saved/work" 2>/dev/null) || saved=nothing
}

a_drain_lets_the_side_process_finish_on_docker_stop() {
	stop_with_side_process
	expect 'the status without a drain' 3 "$status"
	expect 'saved without a drain' nothing "$saved"
	note "nothing saved in $stop_ms ms without a drain"
	stop_with_side_process -e WHIT_DRAIN=5
	expect 'the status with a drain' 3 "$status"
	expect 'saved with a drain' saved "$saved"
	expect 'the output' ready "$(docker logs "$container" 2>&1)"
	note "saved in $stop_ms ms with it"
}
run a_drain_lets_the_side_process_finish_on_docker_stop

# Docker's own KILL would be the end of whit, so whit could say nothing after it.
kill_after_ends_a_command_that_ignores_docker_stop() {
	run_detached --init -e WHIT_KILL_AFTER=1 -e WHIT_VERBOSE=1 -- \
		sh -c 'trap "" TERM; echo ready; exec sleep 1000'
	wait_for_line ready
	stop_container -t 10
	expect 'the status after docker stop' 137 "$status"
	docker logs "$container" >"$here/out.log" 2>"$here/err.log"
	tail -n 2 "$here/err.log" | sed 's/pid [0-9]*/pid N/; s/after .*/after a time/' \
		>"$here/observed"
	cat >"$here/expected" <<-LINES
		whit: killing the command (pid N): it has not ended within 1 s of a stop signal
		whit: the command (pid N) was killed by SIGKILL from whit (-k) after a time
	LINES
	expect_same 'the last of what whit says' "$here/expected" "$here/observed"
	note "$stop_ms ms"
}
run kill_after_ends_a_command_that_ignores_docker_stop

is_listening() {
	docker exec "$container" grep -q '^SigBlk:.ffffffff' /proc/1/status
}

whit_as_the_entrypoint_pauses_and_ends_with_0() {
	run_detached --entrypoint /whit -- --pause
	wait_until 'whit with its signals blocked' is_listening
	leave_and_kill_orphans
	wait_until '0 of 20 orphans' is_count_of_orphans Pid: 0
	stop_container
	expect 'the status after docker stop' 0 "$status"
	expect 'its output' '' "$(docker logs "$container" 2>&1)"
	note "$stop_ms ms"
}
run whit_as_the_entrypoint_pauses_and_ends_with_0

# expect_of_pid_1 FIELD VALUE: in /proc/1/status.
expect_of_pid_1() {
	expect "$1 of PID 1" "$2" \
		"$(docker exec "$container" sed -n "s/^$1:[[:space:]]*//p" /proc/1/status)"
}

# confine_and_stop FIELD VALUE [OPTION]...: with the option PID 1 has the value, which shows that
# the option holds for whit; it reaps and forwards as ever, with a terminal and without.
confine_and_stop() {
	field=$1 value=$2
	shift 2
	for terminal in '' -t; do
		run_sleep --init ${terminal:+"$terminal"} "$@"
		expect_of_pid_1 "$field" "$value"
		leave_and_kill_orphans
		expect_orphans_reaped
		stop_container
		expect 'the status after docker stop' 143 "$status"
		expect 'the output' '' "$(docker logs "$container" 2>&1)"
	done
}

a_container_of_another_user_is_as_any() {
	confine_and_stop Uid '1000	1000	1000	1000' --user 1000
}
run a_container_of_another_user_is_as_any

a_container_without_capabilities_is_as_any() {
	confine_and_stop CapBnd 0000000000000000 --cap-drop ALL
}
run a_container_without_capabilities_is_as_any

a_container_with_no_new_privileges_is_as_any() {
	confine_and_stop NoNewPrivs 1 --security-opt no-new-privileges
}
run a_container_with_no_new_privileges_is_as_any

# 2 is a filter; the profile is Docker's own unless another is named.
a_container_under_the_default_seccomp_profile_is_as_any() {
	expect 'the security options of the engine' '[name=seccomp,profile=default]' \
		"$(docker info -f '{{.SecurityOptions}}')"
	confine_and_stop Seccomp 2
}
run a_container_under_the_default_seccomp_profile_is_as_any

a_container_on_a_read_only_root_is_as_any() {
	confine_and_stop Uid '0	0	0	0' --read-only
	run_here --init --read-only -- sh -c '! (: >/file)'
	expect 'the status of one that cannot write' 0 "$status"
}
run a_container_on_a_read_only_root_is_as_any

a_container_with_all_of_these_is_as_any() {
	confine_and_stop NoNewPrivs 1 --read-only --user 1000:1000 --cap-drop ALL \
		--security-opt no-new-privileges
}
run a_container_with_all_of_these_is_as_any

# have_reaped COUNT
have_reaped() {
	[ "$(docker logs "$container" 2>&1 | grep -c '^whit: reaped orphan .* exited 0')" -eq "$1" ]
}

# What each variable does in a container.
try_WHIT_GROUP() {
	for group in 0 1; do
		# shellcheck disable=SC2016 # for the shell in the container
		run_detached --init -e "WHIT_GROUP=$group" -- sh -c '
			sh -c "trap \"echo member; exit\" USR1; echo ready; sleep 1000 & wait" &
			trap "echo command" USR1; trap "exit 3" TERM; while :; do wait; done'
		wait_for_line ready
		docker kill -s USR1 "$container" >/dev/null
		wait_for_line command
		[ "$group" = 0 ] || wait_for_line member
		stop_container
		expect 'the status after docker stop' 3 "$status"
	done
}

try_WHIT_REWRITE() {
	run_detached --init -e WHIT_REWRITE=TERM:USR1 -- sh -c \
		'trap "echo got USR1; exit 4" USR1; sleep 1000 & echo ready; wait'
	wait_for_line ready
	stop_container
	expect 'the status after docker stop' 4 "$status"
	expect 'the output' 'ready got USR1' "$(docker logs "$container" 2>&1 | xargs)"
}

# Its parent is containerd's shim, and when that dies Docker kills the container anyway: here is
# shown only that the variable is understood and does no harm.
try_WHIT_PARENT_DEATH() {
	run_here --init -e WHIT_PARENT_DEATH=TERM -- sh -c 'exit 5'
	expect 'the status' 5 "$status"
	expect 'what whit says' '' "$(cat "$here/err.log")"
}

try_WHIT_EXIT_MAP() {
	run_here --init -e WHIT_EXIT_MAP=7:9,TERM:0 -- sh -c 'exit 7'
	expect 'the status' 9 "$status"
	run_sleep --init -e WHIT_EXIT_MAP=7:9,TERM:0
	stop_container
	expect 'the status after docker stop' 0 "$status"
}

try_WHIT_DRAIN() {
	for drain in '' 9; do
		# shellcheck disable=SC2016 # for the shell in the container
		run_detached --init ${drain:+-e "WHIT_DRAIN=$drain"} -- sh -c '
			sh -c "trap \"echo told; exit\" TERM; echo ready; sleep 1000 & wait" &
			trap "exit 3" TERM; while :; do wait; done'
		wait_for_line ready
		stop_container
		expect 'the status after docker stop' 3 "$status"
		expect "the output with WHIT_DRAIN=$drain" "ready${drain:+ told}" \
			"$(docker logs "$container" 2>&1 | xargs)"
	done
}

try_WHIT_KILL_AFTER() {
	run_detached --init -e WHIT_KILL_AFTER=0.1 -e WHIT_VERBOSE=1 -- \
		sh -c 'trap "" TERM; echo ready; exec sleep 1000'
	wait_for_line ready
	stop_container
	expect 'the status after docker stop' 137 "$status"
	docker logs "$container" >"$here/out.log" 2>"$here/err.log"
	expect_line "$here/err.log" '^whit: killing the command \(pid [0-9]+\)'
}

try_WHIT_WARN_REAPED() {
	run_detached --init -e WHIT_WARN_REAPED=1 -- \
		sh -c 'sh -c "sleep 0 &"; exec sleep 1000'
	wait_until 'the orphan reaped' have_reaped 1
	stop_container
	expect 'the status after docker stop' 143 "$status"
}

try_WHIT_VERBOSE() {
	run_here --init -e WHIT_VERBOSE=1 -- true
	expect_line "$here/err.log" "^whit: started 'true' \(pid [0-9]+\)"
}

try_WHIT_QUIET() {
	for quiet in 0 1; do
		# shellcheck disable=SC2016 # for the shell in the container
		run_here --init -e "WHIT_QUIET=$quiet" -- sh -c 'kill -SEGV $$'
		expect 'the status' 139 "$status"
		expect "lines of whit with WHIT_QUIET=$quiet" $((1 - quiet)) \
			"$(grep -c '^whit: the command .* was killed by SIGSEGV' "$here/err.log")"
	done
}

# There is a function for each that the README names, and for no other.
every_variable_of_the_readme_works_with_docker_run() {
	grep -o 'WHIT_[A-Z_]*' "$readme" | sort -u >"$here/expected"
	sed -n 's/^try_\(WHIT_[A-Z_]*\)() {$/\1/p' "$script" | sort >"$here/observed"
	expect_same 'the variables of the README, and those tried' "$here/expected" "$here/observed"
	while read -r variable <&3; do
		echo "$variable"
		"try_$variable"
	done 3<"$here/expected"
	[ -s "$here/expected" ]
	note "$(wc -l <"$here/expected") variables"
}
run every_variable_of_the_readme_works_with_docker_run

a_wrong_variable_is_one_warning_and_the_container_runs() {
	run_here --init -e WHIT_DRAIN=soon -e WHIT_GROUP=1 -- sh -c 'exit 8'
	expect 'the status' 8 "$status"
	expect 'lines of whit' 1 "$(wc -l <"$here/err.log")"
	expect_line "$here/err.log" "^whit: .*WHIT_DRAIN.*'soon'"
}
run a_wrong_variable_is_one_warning_and_the_container_runs

# The parent of the command is then containerd's shim, as without --init.
with_pid_host_docker_leaves_init_out_without_a_word() {
	# shellcheck disable=SC2016 # for the shell in the container
	run_here --init --pid host -- sh -c 'tr "\0" " " </proc/$PPID/cmdline; exit 9'
	expect 'the status' 9 "$status"
	expect "Docker's warnings" '' "$(cat "$here/err.log")"
	expect_line "$here/out.log" containerd-shim
	run_sleep
	first=$container
	# shellcheck disable=SC2016 # for the shell in the container
	run_here --init --pid "container:$first" -- sh -c 'tr "\0" " " </proc/1/cmdline; exit 9'
	expect 'the status' 9 "$status"
	expect "Docker's warnings" '' "$(cat "$here/err.log")"
	expect 'PID 1' 'sleep 1000 ' "$(cat "$here/out.log")"
}
run with_pid_host_docker_leaves_init_out_without_a_word

# As the README says of such a container. There whit is not PID 1, but a subreaper.
with_pid_host_whit_in_the_image_does_its_work() {
	# shellcheck disable=SC2016 # for the shell in the container
	run_detached --pid host --entrypoint /whit -- -w sh -c '
		for n in $(seq 20); do sh -c "sleep 0 &"; done
		trap "echo got TERM; exit 3" TERM; sleep 1000 & echo ready; wait'
	wait_for_line ready
	wait_until '20 orphans reaped' have_reaped 20
	stop_container
	expect 'the status after docker stop' 3 "$status"
	has_logged 'got TERM'
	note '20 orphans reaped'
}
run with_pid_host_whit_in_the_image_does_its_work

# make_image_with_stop_signal SIGNAL: sets $image, for the rest of the test.
make_image_with_stop_signal() {
	mkdir -p "$here/context"
	printf '%s\n' 'FROM whit-engines' "STOPSIGNAL $1" >"$here/context/Dockerfile"
	image='whit-engines-stop'
	build_image "$image" "$here/context"
}

the_stop_signal_of_the_image_reaches_the_command() {
	for pair in SIGQUIT:3 SIGHUP:1 SIGUSR1:10 SIGWINCH:28 SIGRTMIN+3:37 40:40; do
		number=${pair#*:}
		make_image_with_stop_signal "${pair%:*}"
		run_detached --init -- sh -c "trap 'echo got $number; exit $number' $number
			sleep 1000 & echo ready; wait"
		wait_for_line ready
		stop_container
		expect "the status after a stop by ${pair%:*}" "$number" "$status"
		has_logged "got $number"
	done
	make_image_with_stop_signal SIGQUIT
	run_sleep --init
	stop_container
	expect 'the status of a sleep after a stop by QUIT' 131 "$status"
}
run the_stop_signal_of_the_image_reaches_the_command

docker_pause_and_unpause_lose_nothing() {
	run_detached --init -- sh -c "$signal_printer"
	wait_for_line ready
	docker pause "$container" >/dev/null
	expect 'the state after docker pause' paused "$(state Status)"
	# To whit, by the number it has where dockerd is, since `docker kill` refuses.
	nsenter --target "$(child_of "$service")" --pid --mount \
		sh -c "kill -USR1 $(state Pid) && kill -35 $(state Pid) && kill -36 $(state Pid)"
	expect 'the output of a paused container' ready "$(docker logs "$container" 2>&1)"
	docker unpause "$container" >/dev/null
	wait_for_line 'got 36'
	kill_and_expect HUP 1
	docker logs "$container" 2>&1 | sort >"$here/observed"
	printf '%s\n' 'got 1' 'got 10' 'got 35' 'got 36' ready >"$here/expected"
	expect_same 'what the command received' "$here/expected" "$here/observed"
	docker pause "$container" >/dev/null
	docker unpause "$container" >/dev/null
	leave_and_kill_orphans
	wait_until '0 of 20 orphans' is_count_of_orphans Pid: 0
}
run docker_pause_and_unpause_lose_nothing

docker_restart_stops_with_term_and_starts_anew() {
	run_sleep --init -e WHIT_VERBOSE=1
	started=$(state StartedAt)
	docker restart "$container" >/dev/null
	wait_until 'the sleep in the container' is_sleeping
	[ "$(state StartedAt)" != "$started" ]
	expect_whit_is_pid_1
	leave_and_kill_orphans
	expect_orphans_reaped
	stop_container
	expect 'the status after docker stop' 143 "$status"
	docker start "$container" >/dev/null
	wait_until 'the sleep in the container' is_sleeping
	stop_container
	expect 'the status after another start and stop' 143 "$status"
	docker logs "$container" >"$here/out.log" 2>"$here/err.log"
	for event in 'started .sleep. ' 'forwarded SIGTERM ' \
		'the command .* SIGTERM, which whit forwarded'; do
		expect "times that whit says $event" 3 "$(grep -c "^whit: $event" "$here/err.log")"
	done
}
run docker_restart_stops_with_term_and_starts_anew

# --- a terminal ---

# open_terminal COMMAND...: `docker run -it` on a pty of its own; what is typed goes to descriptor
# 4, what is shown to $here/terminal.log.
open_terminal() {
	is_installed script || skip 'no script(1) (apt-get install bsdutils)'
	mkfifo "$here/keys"
	words=$(for word in docker run --init --network none --name terminal -it "$image" "$@"; do
		printf "'%s' " "$word"
	done)
	script -qefc "$words" /dev/null <"$here/keys" >"$here/terminal.log" 2>&1 &
	terminal=$!
	container=terminal
	exec 4>"$here/keys"
}

type_keys() {
	# shellcheck disable=SC2059 # escapes are what it is for
	printf "$1" >&4
}

# is_shown COUNT LINE-END
is_shown() {
	[ "$(tr -d '\r' <"$here/terminal.log" | grep -c "$2\$")" -eq "$1" ]
}

ctrl_c_on_docker_run_it_reaches_the_command_once() {
	# shellcheck disable=SC2016 # for the shell in the container
	open_terminal sh -c 'n=0; trap "n=\$((n + 1)); echo got INT" INT
		trap "echo in all \$n; exit 3" TERM; sleep 1000 & echo ready
		while :; do wait; done'
	wait_until ready is_shown 1 ready
	type_keys '\003'
	wait_until 'the ^C' grep -Fq 'got INT' "$here/terminal.log"
	docker stop "$container" >/dev/null
	collect_status "$terminal"
	expect 'the status of docker run' 3 "$status"
	expect_line "$here/terminal.log" '^in all 1'
}
run ctrl_c_on_docker_run_it_reaches_the_command_once

# The line is shown twice: by the terminal, behind the ^Z, and by a cat that has been continued.
ctrl_z_on_docker_run_it_does_not_wedge_it() {
	open_terminal sh -c 'echo ready; exec cat'
	wait_until ready is_shown 1 ready
	type_keys '\032'
	type_keys 'still here\n'
	wait_until 'the line and its copy' is_shown 2 'still here'
	type_keys '\004'
	collect_status "$terminal"
	expect 'the status of docker run' 0 "$status"
}
run ctrl_z_on_docker_run_it_does_not_wedge_it

# --- memory ---

# The limit is for all that is in the container; whit is the smallest there. Docker's own word for it,
# OOMKilled, comes by an event that may be later than the end.
run_out_of_memory() {
	[ "$(docker info -f '{{.MemoryLimit}}')" = true ] ||
		skip 'no memory controller: docker cannot limit memory here'
	run_detached --init --memory 20m "$@" -- tail /dev/zero
	docker wait "$container" >/dev/null
	status=$(state ExitCode)
	docker logs "$container" >"$here/out.log" 2>"$here/err.log"
	expect 'the status of the container' 137 "$status"
}

a_command_killed_for_want_of_memory_is_137_and_noticed() {
	run_out_of_memory
	expect 'lines of whit' 1 "$(grep -c '^whit: ' "$here/err.log")"
	expect_line "$here/err.log" '^whit: the command \(pid [0-9]+\) was killed by SIGKILL; .* 1 '
	run_out_of_memory -e WHIT_QUIET=1
	expect 'what whit says when it is to be quiet' '' "$(cat "$here/err.log")"
}
run a_command_killed_for_want_of_memory_is_137_and_noticed

# expect_said_of_death LINE: with N for the pid, and nothing else.
expect_said_of_death() {
	sed 's/pid [0-9]*/pid N/' "$here/err.log" >"$here/observed"
	echo "$1" | sed 's/pid [0-9]*/pid N/' >"$here/expected"
	expect_same 'what whit says' "$here/expected" "$here/observed"
}

# The README has the line. After a KILL from elsewhere nothing is said of memory.
the_notice_says_that_the_cgroup_records_an_out_of_memory_kill() {
	line=$(recipe '## What happens' 'whit: the command (pid 7) was')
	run_out_of_memory
	expect_said_of_death "$line"
	run_out_of_memory --user 1000 --cap-drop ALL --read-only \
		--security-opt no-new-privileges
	expect_said_of_death "$line"
	run_sleep --init --memory 20m
	docker exec "$container" sh -c 'kill -KILL $(cat /proc/1/task/1/children | sed "s/ .*//")'
	docker wait "$container" >/dev/null
	docker logs "$container" >"$here/out.log" 2>"$here/err.log"
	expect_said_of_death "${line%%;*}"
}
run the_notice_says_that_the_cgroup_records_an_out_of_memory_kill

finish

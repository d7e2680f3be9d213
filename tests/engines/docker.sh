#!/bin/sh
# A Docker engine of our own with whit as its --init-path: PID 1 of `docker run --init`, its
# signals, its statuses, its zombies. As root. usage: tests/engines/docker.sh build/whit
# shellcheck disable=SC2317 # the harness calls the tests
set -u
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"

# --- the engine ---

image='whit-engines'
cgroup=whit-engines-$$
made_directory=

# A command that hangs must not hang the test.
docker() {
	timeout -k 5 "$bound_seconds" docker "$@"
}

# hide DIRECTORY: where the engine writes, and no option moves it. In our own mounts only.
hide() {
	[ -d "$1" ] || { mkdir "$1" && made_directory=$1; }
	mount -t tmpfs tmpfs "$1"
}

# Where nobody has mounted them: each controller, or else all of them the new way.
mount_cgroups() {
	[ ! -e /sys/fs/cgroup/cgroup.procs ] && [ ! -e /sys/fs/cgroup/memory ] || return 0
	[ -d /sys/fs/cgroup ] || mount -t sysfs sysfs /sys
	mount -t tmpfs tmpfs /sys/fs/cgroup
	awk '!/^#/ && $4 == 1 { print $1 }' /proc/cgroups | while read -r controller; do
		mkdir "/sys/fs/cgroup/$controller"
		mount -t cgroup -o "$controller" cgroup "/sys/fs/cgroup/$controller" ||
			rmdir "/sys/fs/cgroup/$controller"
	done 2>/dev/null
	[ -e /sys/fs/cgroup/memory ] || mount -t cgroup2 cgroup2 /sys/fs/cgroup
}

# In a PID namespace nothing of it (containerd, shims, containers) can outlive it.
start_engine() {
	export DOCKER_HOST="unix://$work/docker.sock" DOCKER_CONFIG="$work/client"
	unset DOCKER_CONTEXT DOCKER_TLS_VERIFY DOCKER_CERT_PATH DOCKER_API_VERSION
	mkdir "$work/client"
	echo '{}' >"$work/daemon.json"
	in_pid_namespace dockerd --storage-driver vfs \
		--iptables=false --ip6tables=false --bridge=none \
		--init-path "$whit" --cgroup-parent "/$cgroup" \
		--config-file "$work/daemon.json" --data-root "$work/data" \
		--exec-root "$work/exec" --pidfile "$work/dockerd.pid" --host "$DOCKER_HOST" \
		</dev/null >"$work/dockerd.log" 2>&1 &
	service=$!
}

does_engine_answer() {
	docker version >"$work/version.log" 2>&1
}

# One static program is the whole image.
make_image() {
	mkdir -p "$work/root/bin"
	cp "$(command -v busybox)" "$work/root/bin/busybox"
	for applet in sh sleep cat kill readlink seq grep true; do
		ln -s busybox "$work/root/bin/$applet"
	done
	cp "$whit" "$work/root/whit"
	echo 'not a program' >"$work/root/bin/not-executable"
	tar -C "$work/root" -c . | docker import - "$image" >"$work/import.log" 2>&1
}

try_to_remove_cgroups() {
	for path in "/sys/fs/cgroup/$cgroup" /sys/fs/cgroup/*/"$cgroup"; do
		[ ! -d "$path" ] || rmdir "$path" 2>/dev/null || return 1
	done
}

after_all() {
	if [ -n "$service" ]; then
		engine=$service
		dockerd=$(child_of "$engine" 2>/dev/null)
		[ -z "$dockerd" ] || kill -s TERM "$dockerd"
		service=
		wait_until 'the end of dockerd' has_ended "$engine" || kill -s KILL "$engine"
		wait "$engine"
	fi
	wait_until 'cgroups without processes' try_to_remove_cgroups
	if [ -n "$made_directory" ]; then
		umount "$made_directory"
		rmdir "$made_directory"
	fi
}

# --- what the tests share ---

# run_detached [OPTION]... COMMAND...: sets $container. Options end at --.
run_detached() {
	options=
	while [ "$1" != -- ]; do
		options="$options $1"
		shift
	done
	shift
	# shellcheck disable=SC2086 # options are words
	container=$(docker run -d --network none $options "$image" "$@")
}

# has_logged LINE
has_logged() {
	docker logs "$container" 2>&1 | grep -Fqx -e "$1"
}

wait_for_line() {
	wait_until "the line '$1' of the container" has_logged "$1"
}

state() {
	docker inspect -f "{{.State.$1}}" "$container"
}

# stop_container [OPTION]...: sets $status and $stop_ms.
stop_container() {
	before_ms=$(now_ms)
	docker stop "$@" "$container" >/dev/null
	stop_ms=$(($(now_ms) - before_ms))
	status=$(state ExitCode)
}

is_sleeping() {
	docker exec "$container" sh -c "grep -qs '^Name:.sleep' /proc/[0-9]*/status"
}

# run_sleep [OPTION]...: sets $container. Until the command runs, a signal is runc's affair.
run_sleep() {
	run_detached "$@" -- sleep 1000
	wait_until 'the sleep in the container' is_sleeping
}

# run_here COMMAND...: in the foreground; sets $status, output to $here/out.log and err.log.
run_here() {
	status=0
	docker run --rm --init --network none "$image" "$@" >"$here/out.log" 2>"$here/err.log" ||
		status=$?
}

after_failure() {
	for file in "$here"/*.log; do
		[ -e "$file" ] || continue
		echo "$(basename "$file" .log):"
		sed 's/^/    | /' "$file"
	done
	for container in $(docker ps -aq); do
		echo "container $(docker inspect -f '{{.Args}} {{json .State}}' "$container")"
		echo 'its output:'
		docker logs "$container" 2>&1 | sed 's/^/    | /'
		echo 'alive in it:'
		docker top "$container" 2>&1 | sed 's/^/    | /'
	done
	echo 'the last of dockerd:'
	tail -n 5 "$work/dockerd.log" | sed 's/^/    | /'
}

after_test() {
	containers=$(docker ps -aq)
	# shellcheck disable=SC2086 # ids are words
	[ -z "$containers" ] || docker rm -f $containers >/dev/null || :
}

begin
# There runc cannot pivot_root(2) the mount namespace: `docker exec` lands outside the container.
[ "$ENGINE_OWN_MOUNTS" != in-chroot ] || skip_all 'a chroot cannot hold a Docker engine'
for program in dockerd docker containerd runc busybox; do
	is_installed "$program" || skip_all "no $program (apt-get install docker.io busybox-static)"
done
mount_cgroups
hide /etc/docker
hide /run
start_engine
if ! wait_until 'an answer of dockerd' does_engine_answer >"$work/wait.log" || ! make_image ||
	! docker run --rm --network none "$image" true >"$work/first.log" 2>&1; then
	tail -n 20 "$work/dockerd.log" "$work"/*.log
	skip_all 'dockerd does not run a container here, also without whit'
fi

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
		run_here sh -c "exit $expected"
		expect "the status of docker run, exit $expected" "$expected" "$status"
	done
	for signal in 1 2 6 9 11 15 34 64; do
		run_here sh -c "kill -$signal \$\$; sleep 1000"
		expect "the status of docker run, killed by $signal" $((128 + signal)) "$status"
	done
}
run docker_run_ends_with_the_status_of_the_command

a_command_that_is_not_there_is_127() {
	run_here no-such-command
	expect 'the status of docker run' 127 "$status"
	expect_line "$here/err.log" "^whit: cannot run 'no-such-command': "
	run_here /no/such/command
	expect 'the status of docker run' 127 "$status"
	expect_line "$here/err.log" "^whit: cannot run '/no/such/command': "
}
run a_command_that_is_not_there_is_127

a_command_that_cannot_be_run_is_126() {
	for command in not-executable /bin/not-executable /bin; do
		run_here "$command"
		expect "the status of docker run $command" 126 "$status"
		expect_line "$here/err.log" "^whit: cannot run '$command': "
	done
}
run a_command_that_cannot_be_run_is_126

# count_orphans LINE: those with a matching line in /proc/PID/status.
count_orphans() {
	docker exec "$container" sh -c \
		"for pid in $orphans; do grep -s '^$1' /proc/\$pid/status; done; :" | wc -l
}

is_count_of_orphans() {
	[ "$(count_orphans "$1")" -eq "$2" ]
}

# Each is left to PID 1 before it ends: only then is it PID 1's to reap. Sets $orphans.
leave_and_kill_orphans() {
	# shellcheck disable=SC2016 # for the shell in the container
	orphans=$(docker exec "$container" sh -c \
		'for n in $(seq 20); do sleep 1000 >/dev/null 2>&1 & echo $!; done' | tr '\n' ' ')
	wait_until '20 orphans in the care of PID 1' is_count_of_orphans 'PPid:.1$' 20
	# shellcheck disable=SC2086 # pids are words
	docker exec "$container" kill -KILL $orphans
}

orphans_left_by_docker_exec_are_reaped() {
	run_sleep --init
	leave_and_kill_orphans
	wait_until '0 of 20 orphans' is_count_of_orphans Pid: 0
	# The container must still be there for that to mean anything.
	docker exec "$container" sh -c 'cat /proc/[0-9]*/status' >"$here/statuses"
	expect 'zombies' 0 "$(grep -c '^State:.Z' "$here/statuses")"
	expect 'sleeps that live, with the command' 1 "$(grep -c '^Name:.sleep' "$here/statuses")"
	note '0 of 20 left'
}
run orphans_left_by_docker_exec_are_reaped

# What the test above would see if nobody reaped.
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

whit_says_nothing_when_nobody_asks() {
	run_sleep --init
	stop_container
	expect 'the status after docker stop' 143 "$status"
	expect 'the output' '' "$(docker logs "$container" 2>&1)"
}
run whit_says_nothing_when_nobody_asks

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
	tail -n 1 "$here/err.log" >"$here/last.log"
	expect_line "$here/last.log" '^whit: .*exited.* 3'
}
run docker_logs_are_in_order

a_locked_down_container_stops_with_143_too() {
	run_sleep --init --read-only --user 1000:1000 --cap-drop ALL \
		--security-opt no-new-privileges
	stop_container
	expect 'the status after docker stop' 143 "$status"
	expect 'the output' '' "$(docker logs "$container" 2>&1)"
}
run a_locked_down_container_stops_with_143_too

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
		whit: killing the command (pid N): it has not ended within 1 s
		whit: the command (pid N) ended by SIGKILL, as asked, after a time
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

finish

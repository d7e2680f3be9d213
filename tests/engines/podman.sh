#!/bin/sh
# Podman with whit: as its --init, by option and by containers.conf, as the infra container of a pod, as a
# sandbox, and with socket activation. As root. usage: tests/engines/podman.sh build/whit
# shellcheck disable=SC2317 # the harness calls the tests
set -u
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
# shellcheck source-path=SCRIPTDIR source=sections.sh
. "$(dirname "$0")/sections.sh"
# shellcheck source-path=SCRIPTDIR source=containers.sh
. "$(dirname "$0")/containers.sh"

after_all() {
	remove_cgroups libpod_parent
}

after_failure() {
	show_podman
}

after_test() {
	remove_containers
	rm -f /etc/containers/containers.conf.d/90-whit.conf
}

begin_apart
needs_programs podman conmon crun busybox ip mandoc
# Before anything is hidden that the programs are in.
install_whit
if ! start_podman >"$work/start.log" 2>&1 ||
	! podman run --rm debian:12-slim true >"$work/first.log" 2>&1; then
	tail -n 20 "$work"/*.log
	skip_all 'podman does not run a container here, also without whit'
fi

# --- what the tests share ---

heading=COMPATIBILITY/Podman

# configure NUMBER: the manual's block as a file of its own beside the test's.
configure() {
	block "$heading" "$1" >/etc/containers/containers.conf.d/90-whit.conf
}

has_logged() {
	podman logs "$container" 2>&1 | grep -Fqx -e "$1"
}

wait_for_line() {
	wait_until "the line '$1' of the container" has_logged "$1"
}

# run_detached [OPTION]... -- COMMAND...: with whit; sets $container.
run_detached() {
	options=
	while [ "$1" != -- ]; do
		options="$options $1"
		shift
	done
	shift
	# shellcheck disable=SC2086 # options are words
	container=$(podman run -d $options debian:12-slim "$@")
}

with_whit='--init --init-path /usr/local/bin/whit'

is_sleeping() {
	podman exec "$container" sh -c "grep -qs '^Name:.sleep' /proc/[0-9]*/status"
}

# run_sleep [OPTION]...: under whit, until the command runs; sets $container.
run_sleep() {
	# shellcheck disable=SC2086 # options are words
	run_detached $with_whit "$@" -- sleep 1000
	wait_until 'the sleep in the container' is_sleeping
}

# Sets $status and $stop_ms.
stop_container() {
	before_ms=$(now_ms)
	podman stop "$container" >"$here/stop.log" 2>&1
	stop_ms=$(($(now_ms) - before_ms))
	status=$(inspect "$container" '{{.State.ExitCode}}')
	# Podman says so when it has to kill.
	expect_no_line "$here/stop.log" SIGKILL
}

expect_pid_1_is_whit() {
	podman exec "$container" cat /proc/1/exe >"$here/pid-1"
	cmp "$whit" "$here/pid-1"
	expect 'the command line of PID 1' "$1" \
		"$(podman exec "$container" cat /proc/1/cmdline | tr '\0' '|')"
}

# run_here [OPTION]... -- COMMAND...: in the foreground, with whit; sets $status.
run_here() {
	options=
	while [ "$1" != -- ]; do
		options="$options $1"
		shift
	done
	shift
	status=0
	# shellcheck disable=SC2086 # options are words
	podman run --rm $with_whit $options debian:12-slim "$@" >"$here/out.log" \
		2>"$here/err.log" || status=$?
}

# count_zombies CONTAINER
count_zombies() {
	podman exec "$1" sh -c 'cat /proc/[0-9]*/status 2>/dev/null; :' >"$here/statuses"
	grep -c '^State:.Z' "$here/statuses" || :
}

has_zombies() {
	[ "$(count_zombies "$1")" -eq "$2" ]
}

# Each is left to PID 1 before it is killed: only then is it PID 1's to reap. A line for each.
leave_orphans() {
	# shellcheck disable=SC2016 # for the shell in the container
	podman exec "$1" sh -c 'for n in $(seq 20); do sleep 2000 >/dev/null 2>&1 & echo $!; done' \
		>"$here/orphans"
}

# has_orphans CONTAINER COUNT: this many of them are children of PID 1, dead or alive.
has_orphans() {
	podman exec "$1" sh -c 'cat /proc/[0-9]*/stat 2>/dev/null; :' >"$here/stats"
	# PID 1 is there, so this is a list of processes and not the want of one.
	grep -q '^1 ' "$here/stats" || return 1
	[ "$(awk '$4 == 1 { print $1 }' "$here/stats" | grep -cFx -f "$here/orphans")" -eq "$2" ]
}

# kill_orphans CONTAINER: whose PID 1 then has 20 children that have died.
kill_orphans() {
	leave_orphans "$1"
	wait_until '20 orphans in the care of PID 1' has_orphans "$1" 20
	# shellcheck disable=SC2046 # pids are words
	podman exec "$1" kill -KILL $(cat "$here/orphans")
}

# --- as --init ---

# The image of the README's line: it leaves a process that has work to save when it is told to end.
make_web_image() {
	make_root "$here/web"
	cat >"$here/web/web" <<-'FILE'
		#!/bin/sh
		sh -c 'trap "echo saved; exit" TERM; echo ready; while :; do sleep 0.1; done' &
		trap 'exit 3' TERM
		wait
	FILE
	chmod 755 "$here/web/web"
	tar -C "$here/web" -c . | podman import --change 'ENV PATH=/bin' --change 'CMD ["/web"]' - web
}

has_container() {
	container=$(podman ps --quiet --no-trunc)
	[ -n "$container" ]
}

the_readmes_run_with_init_path_has_whit_as_pid_1_and_drains() {
	make_web_image >"$here/import.log" 2>&1
	sh -c "$(recipe "### The engine's own init" 'podman run')" >"$here/out.log" \
		2>"$here/err.log" &
	podman_run=$!
	wait_until 'a container' has_container
	wait_for_line ready
	expect_pid_1_is_whit '/run/podman-init|--|/web|'
	stop_container
	collect_status "$podman_run"
	expect 'the status of podman run' 3 "$status"
	expect 'the output' 'ready saved' "$(xargs <"$here/out.log")"
	# The shell says "Terminated" of its own sleep.
	expect_no_line "$here/err.log" '^whit:'
}
run the_readmes_run_with_init_path_has_whit_as_pid_1_and_drains

the_manuals_containers_conf_makes_it_every_init() {
	configure 1
	with_whit=--init run_sleep
	expect_pid_1_is_whit '/run/podman-init|--|sleep|1000|'
	stop_container
	expect 'the status after podman stop' 143 "$status"
}
run the_manuals_containers_conf_makes_it_every_init

podman_stop_ends_a_sleep_at_once_with_143() {
	run_sleep
	stop_container
	expect 'the status after podman stop' 143 "$status"
	expect 'the output' '' "$(podman logs "$container" 2>&1)"
	note "$stop_ms ms"
	run_sleep -t
	stop_container
	expect 'the status after podman stop, on a terminal' 143 "$status"
	note "$stop_ms ms on a terminal"
}
run podman_stop_ends_a_sleep_at_once_with_143

without_init_the_same_sleep_has_to_be_killed() {
	run_detached -- sleep 1000
	podman stop -t 1 "$container" >"$here/stop.log" 2>&1
	expect 'the status after podman stop -t 1' 137 "$(inspect "$container" \
		'{{.State.ExitCode}}')"
}
run without_init_the_same_sleep_has_to_be_killed

# shellcheck disable=SC2016 # for the shell in the container
podman_kill_by_name_and_number_arrives_as_what_it_is() {
	# shellcheck disable=SC2086 # options are words
	run_detached $with_whit -- sh -c 'for n in 1 2 10 12 28 34 37 40 63; do
		trap "echo got $n" $n; done; sleep 1000 & echo ready; while :; do wait; done'
	wait_for_line ready
	echo ready >"$here/expected"
	for signal in HUP:1 INT:2 USR1:10 SIGUSR2:12 WINCH:28 SIGRTMIN:34 RTMIN+3:37 40:40 \
		RTMAX-1:63; do
		podman kill -s "${signal%:*}" "$container" >/dev/null
		wait_for_line "got ${signal#*:}"
		echo "got ${signal#*:}" >>"$here/expected"
	done
	podman logs "$container" >"$here/observed" 2>&1
	expect_same 'what the command received' "$here/expected" "$here/observed"
}
run podman_kill_by_name_and_number_arrives_as_what_it_is

# shellcheck disable=SC2016 # for the shell in the container
podman_run_ends_with_the_status_of_the_command() {
	for expected in 0 1 42 125 126 127 143 255; do
		run_here -- sh -c "exit $expected"
		expect "the status of podman run, exit $expected" "$expected" "$status"
	done
	for signal in 1 6 9 11 15 34 64; do
		run_here -- sh -c "kill -$signal \$\$; sleep 1000"
		expect "the status of podman run, killed by $signal" $((128 + signal)) "$status"
	done
	run_here -- no-such-command
	expect 'the status of podman run' 127 "$status"
	expect_line "$here/err.log" "^whit: cannot run 'no-such-command': "
	run_here -- not-executable
	expect 'the status of podman run' 126 "$status"
	expect_line "$here/err.log" "^whit: cannot run '/bin/not-executable': "
}
run podman_run_ends_with_the_status_of_the_command

# First what one would see if no process reaped.
orphans_left_by_podman_exec_are_reaped() {
	run_detached -- sleep 1000
	kill_orphans "$container"
	wait_until '20 of 20 zombies without init' has_zombies "$container" 20
	run_sleep
	kill_orphans "$container"
	wait_until '0 of 20 orphans' has_orphans "$container" 0
	expect zombies 0 "$(count_zombies "$container")"
	note '0 of 20 left, 20 of 20 without init'
}
run orphans_left_by_podman_exec_are_reaped

a_locked_down_container_stops_with_143_too() {
	run_sleep --read-only --user 1000:1000 --cap-drop ALL \
		--security-opt no-new-privileges
	stop_container
	expect 'the status after podman stop' 143 "$status"
	expect 'the output' '' "$(podman logs "$container" 2>&1)"
}
run a_locked_down_container_stops_with_143_too

# shellcheck disable=SC2016 # for the shells in the container
main_process='trap "exit 3" TERM
sh -c "trap \"echo saved; exit\" TERM; echo ready; while :; do sleep 0.1; done" &
wait'

expect_saved() {
	podman logs "$container" >"$here/container.log" 2>&1
	expect "lines 'saved'" "$1" "$(grep -cx saved "$here/container.log" || :)"
}

a_drain_from_the_environment_lets_remaining_processes_finish() {
	# shellcheck disable=SC2086 # options are words
	run_detached $with_whit -e WHIT_DRAIN=5 -- sh -c "$main_process"
	wait_for_line ready
	stop_container
	expect 'the status after podman stop' 3 "$status"
	expect_saved 1
	# shellcheck disable=SC2086 # options are words
	run_detached $with_whit -- sh -c "$main_process"
	wait_for_line ready
	stop_container
	expect 'the status after podman stop, without' 3 "$status"
	expect_saved 0
}
run a_drain_from_the_environment_lets_remaining_processes_finish

# What the manual says in CAVEATS.
podman_refuses_init_where_the_pid_namespace_is_shared() {
	run_here --pid=host -- true
	expect 'the status of podman run --init --pid=host' 125 "$status"
	expect_line "$here/err.log" "cannot add init binary as PID 1"
}
run podman_refuses_init_where_the_pid_namespace_is_shared

# --- socket activation ---

# A server as sd_listen_fds(3) wants it: it serves only if the descriptors are meant for itself.
make_server_image() {
	server=$here/server
	make_root "$server"
	# The host's perl, which every Debian has, with what it is linked with.
	mkdir "$server/perl"
	{ ldd /usr/bin/perl | grep -o '/[^ ]*' && echo /usr/bin/perl; } | while read -r file; do
		mkdir -p "$server$(dirname "$file")"
		cp -L "$file" "$server$file"
	done
	cat >"$server/server" <<-'PERL'
		#!/usr/bin/perl
		$ENV{LISTEN_PID} == $$ or die "LISTEN_PID is $ENV{LISTEN_PID}, and I am $$\n";
		$ENV{LISTEN_FDS} == 1 or die "LISTEN_FDS is $ENV{LISTEN_FDS}\n";
		open(my $listener, "+<&=", 3) or die "descriptor 3: $!\n";
		accept(my $client, $listener) or die "accept: $!\n";
		sysread($client, my $request, 4096);
		my $body = "from pid $$ for pid $ENV{LISTEN_PID}\n";
		my $head = "HTTP/1.0 200 OK\r\nContent-Length: " . length($body);
		syswrite($client, "$head\r\n\r\n$body");
	PERL
	chmod 755 "$server/server"
	tar -C "$server" -c . |
		podman import --change 'ENTRYPOINT ["/server"]' - my-server >/dev/null 2>&1
}

is_listening() {
	grep -q ':1F90 .* 0A ' /proc/net/tcp6 /proc/net/tcp
}

# activate COMMAND-LINE: the answer to one request in $here/answer; sets $status.
activate() {
	(exec sh -c "exec $1") >"$here/activate.log" 2>&1 &
	service=$!
	wait_until 'a server that listens on port 8080' is_listening
	curl -sS --max-time "$bound_seconds" http://localhost:8080/ >"$here/answer" \
		2>"$here/curl.log" || :
	collect_status "$service"
	service=
}

the_manuals_socket_activation_reaches_the_command() {
	is_installed systemd-socket-activate || skip 'no systemd-socket-activate'
	is_installed curl || skip 'no curl'
	make_server_image
	line=$(recipe "$heading" systemd-socket-activate)
	activate "$line"
	expect_line "$here/answer" '^from pid ([2-9]|[1-9][0-9]+) for pid \1$'
	expect 'the status' 0 "$status"
	# An init that leaves LISTEN_PID as it is: the server refuses.
	cp /usr/bin/dumb-init /usr/local/bin/whit
	activate "$line"
	cp "$whit" /usr/local/bin/whit
	expect 'the answer under dumb-init' '' "$(cat "$here/answer")"
	expect_line "$here/activate.log" '^LISTEN_PID is 1, and I am [0-9]+$'
}
run the_manuals_socket_activation_reaches_the_command

# --- a sandbox that processes join ---

start_sandbox() {
	mkdir -p "$here/context/build"
	cp "$whit" "$here/context/build/whit"
	block '### A sandbox that others join' 1 >"$here/context/Containerfile"
	podman build --tag sandbox "$here/context" >"$here/build.log" 2>&1
	container=$(podman run -d sandbox)
	expect_pid_1_is_whit '/whit|-P|-d|5|'
}

# Each leaves three processes to PID 1, and then ends or is killed.
the_readmes_sandbox_has_no_zombies_after_20_execs() {
	start_sandbox
	for number in $(seq 20); do
		end='exit'
		[ $((number % 2)) -eq 0 ] || end='kill -KILL $$'
		podman exec "$container" sh -c "for n in 1 2 3; do sleep 0.2 >/dev/null 2>&1 & done; $end" ||
			expect "the status of exec $number" 137 "$?"
	done
	wait_until 'the end of 60 orphans' is_alone
	expect zombies 0 "$(count_zombies "$container")"
}

is_alone() {
	count_zombies "$container" >"$here/zombies"
	! grep -q '^Name:.sleep' "$here/statuses"
}
run the_readmes_sandbox_has_no_zombies_after_20_execs

# The worker needs a second after TERM.
the_readmes_sandbox_waits_for_a_worker_that_joined() {
	start_sandbox
	podman exec "$container" sh -c 'trap "sleep 1; echo saved; exit 7" TERM; echo ready
		while :; do sleep 0.05; done' >"$here/worker.log" 2>&1 &
	worker=$!
	wait_until 'the worker' grep -qx ready "$here/worker.log"
	stop_container
	expect 'the status of the sandbox' 0 "$status"
	collect_status "$worker"
	expect_line "$here/worker.log" '^saved$'
	note "stopped in $stop_ms ms"
}
run the_readmes_sandbox_waits_for_a_worker_that_joined

# --- pods ---

infra_of() {
	podman pod inspect --format '{{.InfraContainerID}}' "$1"
}

# expect_whit_holds_pod NAME ARGV: PID 1 of the pod is whit, alone on its root; it reaps what the
# containers leave; a stop ends it with 0 and in silence.
expect_whit_holds_pod() {
	infra=$(infra_of "$1")
	container=$(podman ps --quiet --no-trunc --filter "pod=$1" | grep -v "$infra")
	expect_pid_1_is_whit "$2"
	expect 'files on its root' 1 "$(find "/proc/$(inspect "$infra" '{{.State.Pid}}')/root/" \
		-xdev -maxdepth 1 -type f | wc -l)"
	kill_orphans "$container"
	wait_until '0 of 20 orphans' has_orphans "$container" 0
	before_ms=$(now_ms)
	podman pod stop --time 20 "$1" >"$here/stop.log" 2>&1
	note "stopped in $(($(now_ms) - before_ms)) ms"
	expect_no_line "$here/stop.log" SIGKILL
	expect 'the status of the infra container' 0 "$(inspect "$infra" '{{.State.ExitCode}}')"
	expect 'its output' '' "$(podman logs "$infra" 2>&1)"
}

# The container of the pod is no child of PID 1's; it ends by TERM only if it says so.
# shellcheck disable=SC2016 # for the shell in the container
pod_command='trap exit TERM; sleep 1000 & wait'

the_manuals_pod_is_held_by_whit() {
	mkdir "$here/image"
	cp "$whit" "$here/image/whit"
	(cd "$here/image" && sh -c "$(recipe "$heading" 'printf')") >"$here/build.log" 2>&1
	sh -c "$(recipe "$heading" 'podman pod create')" >"$here/create.log" 2>&1
	podman run -d --pod web debian:12-slim sh -c "$pod_command" >/dev/null
	expect_whit_holds_pod web '/whit|-P|'
}
run the_manuals_pod_is_held_by_whit

a_pods_infra_command_is_whit_too() {
	podman pod create --name p --share +pid --infra-image debian:12-slim \
		--infra-command '/whit -P' >"$here/create.log" 2>&1
	podman run -d --pod p debian:12-slim sh -c "$pod_command" >/dev/null
	container=$(podman ps --quiet --no-trunc --filter pod=p | grep -v "$(infra_of p)")
	expect_pid_1_is_whit '/whit|-P|'
	podman pod stop --time 20 p >"$here/stop.log" 2>&1
	expect 'the status of the infra container' 0 \
		"$(inspect "$(infra_of p)" '{{.State.ExitCode}}')"
}
run a_pods_infra_command_is_whit_too

# Podman makes its own pause image of the file `catatonit` in its directory of helpers.
in_the_place_of_catatonit_whit_holds_every_pod() {
	mkdir "$here/helpers"
	cp "$whit" "$here/helpers/catatonit"
	cat >/etc/containers/containers.conf.d/90-whit.conf <<-CONF
		[engine]
		helper_binaries_dir = ["$here/helpers", "/usr/libexec/podman", "/usr/lib/podman"]
	CONF
	podman pod create --name p --share +pid >"$here/create.log" 2>&1
	podman run -d --pod p debian:12-slim sh -c "$pod_command" >/dev/null
	expect_whit_holds_pod p '/catatonit|-P|'
	podman pod rm --force p >/dev/null
	podman rmi --force "$(podman images --quiet --filter reference='*podman-pause*')" >/dev/null
}
run in_the_place_of_catatonit_whit_holds_every_pod

every_podman_recipe_of_the_manual_was_run() {
	expect_all_taken "$heading"
}
run every_podman_recipe_of_the_manual_was_run

finish

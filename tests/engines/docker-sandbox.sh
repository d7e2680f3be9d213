#!/bin/sh
# A sandbox whose PID 1 is whit, and whose work joins by `docker exec`: the README's Dockerfile, beside the
# usual `sleep infinity`. As root. usage: tests/engines/docker-sandbox.sh build/whit
# shellcheck disable=SC2317,SC2119 # the harness calls the tests; stop_container has own options
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
needs_programs mandoc
start_engine without_network '{}'

heading='### A sandbox that others join'

# The README's image begins with debian:12-slim, which is one static program here.
build_sandbox() {
	make_image debian:12-slim
	mkdir -p "$here/context/build"
	cp "$whit" "$here/context/build/whit"
	block "$heading" 1 >"$here/context/Dockerfile"
	expect 'the line of the manual' "$(grep '^ENTRYPOINT' "$here/context/Dockerfile")" \
		"$(example_lines 'ENTRYPOINT ["/whit"' 'ENTRYPOINT ["/whit"')"
	build_image sandbox "$here/context"
}

# start_whit and start_sleep: the README's sandbox, and the usual one; each sets $container.
start_whit() {
	build_sandbox
	container=$(docker run -d --network none sandbox)
	expect_whit_is_pid_1
	wait_until 'whit with its signals blocked' docker exec "$container" \
		grep -q '^SigBlk:.ffffffff' /proc/1/status
}

start_sleep() {
	make_image debian:12-slim
	container=$(docker run -d --network none debian:12-slim sleep infinity)
}

execs=200

# Each leaves three processes to PID 1, and then ends or is killed.
# shellcheck disable=SC2016 # for the shell in the container
leave_three='for n in 1 2 3; do sleep 0.2 >/dev/null 2>&1 & done; $1'

# Four at a time. xargs(1) would take the status of a KILL for an error.
run_execs() {
	# shellcheck disable=SC2016 # for that shell
	seq "$execs" | xargs -P 4 -I NUMBER sh -c '
		end=exit
		[ $((NUMBER % 2)) -eq 0 ] || end="kill -KILL \$\$"
		docker exec "$1" sh -c "$2" sh "eval $end"
		echo "$?" >>"$3"' sh "$container" "$leave_three" "$here/ends" >"$here/execs.log" 2>&1
	expect "execs that were killed, and that ended" "$((execs / 2)) 137, $((execs / 2)) 0" \
		"$(grep -c '^137$' "$here/ends") 137, $(grep -c '^0$' "$here/ends") 0"
}

# count_processes STATE: of those with one of these states in the container, but of this look itself.
count_processes() {
	docker exec "$container" sh -c 'cat /proc/[0-9]*/status 2>/dev/null' >"$here/statuses"
	awk -v states="$1" '/^Name:/ { name = $2 } /^State:/ && index(states, $2) && name == "sleep"' \
		"$here/statuses" | wc -l
}

is_count() {
	[ "$(count_processes "$1")" -eq "$2" ]
}

a_sandbox_of_whit_has_no_zombies_after_200_execs() {
	start_whit
	run_execs
	wait_until 'no sleep, alive or a zombie' is_count RSDZ 0
	expect 'zombies' 0 "$(grep -c '^State:.Z' "$here/statuses")"
	note "0 of $((execs * 3)) orphans left"
}
run a_sandbox_of_whit_has_no_zombies_after_200_execs

a_sandbox_of_sleep_has_600_zombies_after_them() {
	start_sleep
	run_execs
	wait_until 'zombies' is_count Z "$((execs * 3))"
	note "$((execs * 3)) zombies"
}
run a_sandbox_of_sleep_has_600_zombies_after_them

# The worker needs a second after TERM to save its work.
# shellcheck disable=SC2016 # for the shell in the container
worker='trap "sleep 1; echo saved; exit 7" TERM; echo ready; while :; do sleep 0.05; done'

# start_worker: sets $worker_exec.
start_worker() {
	docker exec "$container" sh -c "$worker" >"$here/worker.log" 2>&1 &
	worker_exec=$!
	wait_until 'the worker' grep -qx ready "$here/worker.log"
}

# Docker's own time is 10 s, and the drain's 5.
docker_stop_lets_a_worker_that_joined_finish_and_takes_no_longer() {
	start_whit
	start_worker
	stop_container -t 60
	expect 'the status of the sandbox' 0 "$status"
	expect 'what whit says' '' "$(docker logs "$container" 2>&1)"
	collect_status "$worker_exec"
	expect 'the status of the worker' 7 "$status"
	# The shell says "Terminated" of its own sleep.
	expect_line "$here/worker.log" '^saved$'
	[ "$stop_ms" -ge 1000 ] || expect 'ms of docker stop' '1000 or more' "$stop_ms"
	# What docker stop takes without the worker.
	worker_ms=$stop_ms
	docker start "$container" >"$here/start.log"
	wait_until 'whit with its signals blocked' docker exec "$container" \
		grep -q '^SigBlk:.ffffffff' /proc/1/status
	stop_container -t 60
	note "$worker_ms ms with a worker that needs 1000 ms, $stop_ms ms without"
	[ "$worker_ms" -lt $((stop_ms + 3000)) ] ||
		expect 'ms of docker stop with a worker' "$stop_ms and 1000" "$worker_ms"
}
run docker_stop_lets_a_worker_that_joined_finish_and_takes_no_longer

a_sandbox_of_sleep_waits_for_docker_and_kills_the_worker() {
	start_sleep
	start_worker
	stop_container -t 3
	expect 'the status of the sandbox' 137 "$status"
	collect_status "$worker_exec"
	expect_no_line "$here/worker.log" '^saved$'
	[ "$stop_ms" -ge 3000 ] || expect 'ms of docker stop' '3000 or more' "$stop_ms"
	note "$stop_ms ms"
}
run a_sandbox_of_sleep_waits_for_docker_and_kills_the_worker

# When the time of the drain is over, what ignores TERM gets KILL.
a_worker_that_ignores_term_ends_after_5_seconds() {
	start_whit
	docker exec "$container" sh -c 'trap "" TERM; echo ready; exec sleep 1000' \
		>"$here/worker.log" 2>&1 &
	worker_exec=$!
	wait_until 'the worker' grep -qx ready "$here/worker.log"
	stop_container -t 60
	expect 'the status of the sandbox' 0 "$status"
	expect 'what whit says' \
		'whit: killing the remaining processes: they have not ended within 5 s' \
		"$(docker logs "$container" 2>&1)"
	collect_status "$worker_exec"
	expect 'the status of the worker' 137 "$status"
	[ "$stop_ms" -ge 5000 ] || expect 'ms of docker stop' '5000 or more' "$stop_ms"
	note "$stop_ms ms"
}
run a_worker_that_ignores_term_ends_after_5_seconds

# One command under `docker exec`, of which nothing stays in a sandbox that goes on.
one_command_by_docker_exec_leaves_nothing_behind() {
	start_whit
	status=0
	# shellcheck disable=SC2016 # for the shell in the container
	output=$(docker exec "$container" /whit -d 0 -- sh -c \
		'sleep 1000 & setsid sleep 1000 & sh -c "sleep 1000 &"; echo answer; exit 3' \
		2>"$here/err.log") || status=$?
	expect 'the status' 3 "$status"
	expect 'the output' answer "$output"
	expect 'sleeps that are left' 0 "$(count_processes RSDZ)"
}
run one_command_by_docker_exec_leaves_nothing_behind

finish

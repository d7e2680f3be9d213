#!/bin/sh
# A Docker engine with a network of its own, as users have one: the `docker run` lines of the README and
# the manual, Compose, and a swarm of one node. As root.
# usage: tests/engines/docker-stack.sh build/whit
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
needs_programs ip mandoc
start_engine with_own_network '{}' --init-path "$whit"

# The images of the recipes: each runs one program, its own or the one that they name.

# A service with a second process that must save its work: the command ends with 3 on TERM, and ignores
# it with `deaf`.
# shellcheck disable=SC2016 # for the shells in the container
service_program='#!/bin/sh
sh -c "trap \"echo saved; exit\" TERM; sleep 1000 & wait" &
trap "exit 3" TERM
[ "$1" != deaf ] || trap "" TERM
sleep 1000 &
echo ready
while :; do wait; done'

# make_service_image NAME PATH [LINE]...: with these lines of a Dockerfile in the place of CMD.
make_service_image() {
	mkdir -p "$here/context"
	printf '%s\n' "$service_program" >"$here/context/program"
	chmod +x "$here/context/program"
	service_image=$1 service_path=$2
	shift 2
	[ $# -gt 0 ] || set -- "CMD [\"$service_path\"]"
	printf '%s\n' "FROM $image" "COPY program $service_path" "$@" >"$here/context/Dockerfile"
	build_image "$service_image" "$here/context"
}

expect_saved() {
	docker logs "$container" >"$here/out.log" 2>"$here/err.log"
	expect 'times that the work is saved' "$1" "$(grep -c '^saved' "$here/out.log")"
}

# --- docker run ---

has_container() {
	container=$(docker ps -q)
	[ -n "$container" ]
}

# The command ignores Docker's TERM and gets KILL from whit after 5 s; then the remaining process saves
# its work. Docker is given longer than its 10 s, since this machine may be slow: that the times of the
# recipe are within them is arithmetic.
expect_recipe_kills_and_drains() {
	seconds=$(echo "$1" | grep -o '=[0-9]*' | awk -F = '{ sum += $2 } END { print sum }')
	[ "$seconds" -lt 10 ] || expect "the seconds in $1" 'below 10' "$seconds"
	sh -c "exec $1" >"$here/run.log" 2>&1 &
	docker_run=$!
	wait_until 'a container' has_container
	wait_for_line ready
	expect_whit_is_pid_1
	stop_container -t 60
	collect_status "$docker_run"
	expect 'the status of docker run' 137 "$status"
	expect_saved 1
	[ "$stop_ms" -ge 5000 ] || expect 'ms until the end' '5000 or more' "$stop_ms"
	note "$stop_ms ms"
}

entry_point='### The entry point of an image'
engines_init="### The engine's own init"

docker_run_of_an_image_with_whit_kills_the_command_and_drains_the_remaining_processes() {
	make_service_image web /bin/web 'ENTRYPOINT ["/whit", "--"]' 'CMD ["/bin/web", "deaf"]'
	expect_recipe_kills_and_drains "$(recipe "$entry_point" 'docker run')"
}
run docker_run_of_an_image_with_whit_kills_the_command_and_drains_the_remaining_processes

docker_run_init_kills_the_command_and_drains_the_remaining_processes() {
	make_service_image web /bin/web 'CMD ["/bin/web", "deaf"]'
	expect_recipe_kills_and_drains "$(recipe "$engines_init" 'docker run')"
}
run docker_run_init_kills_the_command_and_drains_the_remaining_processes

# The manual's table of times has the same figures as the README's lines.
the_times_of_the_manual_are_those_of_the_readme() {
	times=$(recipe "$entry_point" 'docker run' | grep -o 'WHIT_[A-Z_]*=[0-9]*')
	expect "times of '$engines_init'" "$times" \
		"$(recipe "$engines_init" 'docker run' | grep -o 'WHIT_[A-Z_]*=[0-9]*')"
	expect "Docker's row of the table in the manual" "$(echo "$times" | xargs)" \
		"$(sed -n 's/^\.It Docker Ta 10 s Ta //p' "$manual")"
}
run the_times_of_the_manual_are_those_of_the_readme

the_docker_run_of_the_manual_turns_term_into_quit() {
	mkdir -p "$here/context"
	printf '%s\n' '#!/bin/sh' 'trap "echo got QUIT; exit 0" QUIT' 'sleep 1000 &' 'echo ready' \
		'wait' >"$here/context/command"
	chmod +x "$here/context/command"
	printf '%s\n' "FROM $image" 'COPY command /bin/command' >"$here/context/Dockerfile"
	build_image image "$here/context"
	sh -c "exec $(example 'docker run')" >"$here/run.log" 2>&1 &
	recipe=$!
	wait_until 'a container' has_container
	wait_for_line ready
	stop_container
	collect_status "$recipe"
	expect 'the status of docker run' 0 "$status"
	expect 'its output' 'ready got QUIT' "$(xargs <"$here/run.log")"
}
run the_docker_run_of_the_manual_turns_term_into_quit

# --- Compose ---

compose() {
	(cd "$here/project" && timeout -k 5 "$bound_seconds" docker-compose --ansi never "$@") \
		>>"$here/compose.log" 2>&1
}

# start_compose [SED-COMMAND]: the manual's file, changed where a test needs the contrast.
start_compose() {
	is_installed docker-compose || skip 'no docker-compose (apt-get install docker-compose)'
	make_service_image web /bin/web
	mkdir -p "$here/project"
	block COMPATIBILITY/Docker 3 | sed "${1:-}" >"$here/project/docker-compose.yml"
	compose up -d
	container=$(cd "$here/project" && docker-compose ps -q web)
	wait_for_line ready
}

compose_with_init_true_runs_whit_and_drains() {
	start_compose
	expect_whit_is_pid_1
	leave_and_kill_orphans
	wait_until '0 of 20 orphans' is_count_of_orphans Pid: 0
	before_ms=$(now_ms)
	compose stop
	note "docker-compose stop took $(($(now_ms) - before_ms)) ms"
	expect 'the status after docker-compose stop' 3 "$(state ExitCode)"
	expect_saved 1
	compose start
	wait_until 'two starts' test 2 -eq "$(docker logs "$container" | grep -c '^ready')"
	expect_whit_is_pid_1
	compose restart
	expect_saved 2
	compose kill -s TERM
	docker wait "$container" >/dev/null
	expect 'the status after docker-compose kill -s TERM' 3 "$(state ExitCode)"
	expect_saved 3
	status=0
	compose run --rm web sh -c 'exit 42' || status=$?
	expect 'the status of docker-compose run' 42 "$status"
	compose down
}
run compose_with_init_true_runs_whit_and_drains

compose_without_init_does_not() {
	start_compose '/init: true/d'
	expect_whit_is_not_there
	compose down --timeout 0
}
run compose_without_init_does_not

# --- Swarm ---

# Only on an engine with a network of its own: it opens ports and makes bridges and overlays.
make_swarm() {
	[ -n "$in_network" ]
	docker swarm init --advertise-addr 127.0.0.1 >"$here/swarm.log" 2>&1
	docker node ls -f role=manager -q >"$here/nodes"
	expect 'nodes' 1 "$(wc -l <"$here/nodes")"
}
run make_swarm

# is_task_there SERVICE [OLD-CONTAINER]: sets $container.
is_task_there() {
	container=$(docker ps -q --no-trunc --filter "label=com.docker.swarm.service.name=$1")
	[ -n "$container" ] && [ "$container" != "${2:-}" ] && has_logged ready
}

# Swarm removes containers whose tasks it does not want any more: this waits for the end of
# $container from here on. Sets $waiter and $reader.
watch_task() {
	docker wait "$container" >"$here/task.status" &
	waiter=$!
	docker logs -f "$container" >"$here/task.log" 2>&1 &
	reader=$!
}

# Drained, with the status of its command.
expect_task_ended() {
	collect_status "$waiter"
	collect_status "$reader"
	expect 'the status of the task' 3 "$(cat "$here/task.status")"
	expect 'the output of the task' 'ready saved' "$(xargs <"$here/task.log")"
}

a_service_with_init_runs_whit_and_drains_on_an_update() {
	make_service_image web /bin/web
	sh -c "$(recipe COMPATIBILITY/Docker 'docker service create')" >"$here/create.log" 2>&1
	wait_until 'a task' is_task_there web
	expect_whit_is_pid_1
	leave_and_kill_orphans
	wait_until '0 of 20 orphans' is_count_of_orphans Pid: 0
	first=$container
	watch_task
	docker service update -d --force web >"$here/update.log" 2>&1
	expect_task_ended
	wait_until 'a new task' is_task_there web "$first"
	expect_whit_is_pid_1
	watch_task
	docker service scale -d web=0 >"$here/scale.log" 2>&1
	expect_task_ended
	docker service rm web >"$here/rm.log"
}
run a_service_with_init_runs_whit_and_drains_on_an_update

a_service_without_init_does_not() {
	make_service_image web /bin/web
	docker service create -d --name web web >"$here/create.log" 2>&1
	wait_until 'a task' is_task_there web
	expect_whit_is_not_there
	docker service rm web >"$here/rm.log"
}
run a_service_without_init_does_not

# `docker stack deploy` wants the version that Compose does without.
a_stack_with_init_true_runs_whit_and_drains() {
	make_service_image web /bin/web
	{ echo 'version: "3.7"' && block COMPATIBILITY/Docker 3; } >"$here/stack.yml"
	docker stack deploy -c "$here/stack.yml" stack >"$here/deploy.log" 2>&1
	wait_until 'a task' is_task_there stack_web
	expect_whit_is_pid_1
	watch_task
	docker service scale -d stack_web=0 >"$here/scale.log" 2>&1
	expect_task_ended
	docker stack rm stack >"$here/rm.log" 2>&1
}
run a_stack_with_init_true_runs_whit_and_drains

leave_swarm() {
	docker swarm leave --force >"$here/swarm.log"
}
run leave_swarm

finish

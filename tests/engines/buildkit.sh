#!/bin/sh
# whit in images that BuildKit builds, and in `docker compose`, Docker's own plugin. As root.
# usage: tests/engines/buildkit.sh build/whit
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
start_engine with_own_network '{}' --init-path "$whit"

# A RUN line has whit as its shell, which leaves no process behind.
an_image_of_buildkits_has_whit_for_run_lines_and_as_its_entrypoint() {
	docker buildx version >"$here/buildx.log" 2>&1 || skip 'no buildx (apt-get install docker-buildx)'
	mkdir -p "$here/context/build"
	cp "$whit" "$here/context/build/whit"
	cp "$(command -v busybox)" "$here/context/sh"
	cat >"$here/context/Dockerfile" <<-'DOCKERFILE'
		FROM scratch AS base
		COPY sh /bin/sh
		FROM base
		COPY --chmod=755 build/whit /whit
		SHELL ["/whit", "-d", "0", "--", "/bin/sh", "-c"]
		RUN echo "built below $PPID" >/built; sleep 1000 & exit 0
		ENTRYPOINT ["/whit", "--"]
		CMD ["/bin/sh", "-c", "read -r line </built; echo $line; exit 6"]
	DOCKERFILE
	DOCKER_BUILDKIT=1 docker build --network none --progress plain -t with-whit "$here/context" \
		>"$here/build.log" 2>&1
	# The line that BuildKit writes, and the classic builder does not.
	expect_line "$here/build.log" '^#[0-9]+ naming to .*with-whit'
	status=0
	docker run --rm with-whit >"$here/out.log" 2>"$here/err.log" || status=$?
	expect 'what is said' 'built below 1' "$(cat "$here/out.log")"
	expect 'lines on stderr' '' "$(cat "$here/err.log")"
	expect 'the status of docker run' 6 "$status"
}
run an_image_of_buildkits_has_whit_for_run_lines_and_as_its_entrypoint

compose() {
	(cd "$here/project" && timeout -k 5 "$bound_seconds" docker compose --ansi never "$@") \
		>>"$here/compose.log" 2>&1
}

# The manual's file; the side process saves its work in the drain.
# shellcheck disable=SC2016 # for the shells in the container
docker_compose_with_init_true_runs_whit_and_drains() {
	docker compose version >"$here/version.log" 2>&1 ||
		skip 'no plugin compose (apt-get install docker-compose, of Debian 13)'
	mkdir -p "$here/context" "$here/project"
	echo '#!/bin/sh
		sh -c "trap \"echo saved; exit\" TERM; sleep 1000 & wait" &
		trap "exit 3" TERM
		sleep 1000 &
		echo ready
		while :; do wait; done' >"$here/context/program"
	chmod +x "$here/context/program"
	printf '%s\n' "FROM $image" 'COPY program /bin/web' 'CMD ["/bin/web"]' >"$here/context/Dockerfile"
	build_image web "$here/context"
	block COMPATIBILITY/Docker 3 >"$here/project/compose.yaml"
	compose up -d
	container=$(cd "$here/project" && docker compose ps -q web)
	wait_for_line ready
	expect_whit_is_pid_1
	compose stop
	expect 'the status after docker compose stop' 3 "$(state ExitCode)"
	expect 'the output' 'ready saved' "$(docker logs "$container" 2>/dev/null | xargs)"
	compose down
	note "$(docker compose version --short)"
}
run docker_compose_with_init_true_runs_whit_and_drains

finish

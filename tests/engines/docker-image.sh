#!/bin/sh
# whit as the ENTRYPOINT of an image: the Dockerfiles of the README and the manual, word for word,
# built by the classic builder and run, and the line with which the README's reader tries whit.
# debian:12-slim is what debootstrap makes, since there is no registry here; ENGINE_DEBIAN may name such a
# tree. As root.
# usage: tests/engines/docker-image.sh build/whit
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

actor=$(dirname "$whit")/test/actor

# build_recipe NAME: the Dockerfile that is in $here/context. A RUN line may use apt, and take long.
build_recipe() {
	bound_seconds=600
	build_image "$1" --network host "$here/context"
	image=$1
}

# --- from scratch ---

# /app is the actor of the integration tests: one static file.
build_from_scratch() {
	[ -x "$actor" ] || skip "no $actor (make build/test/actor)"
	mkdir -p "$here/context/build"
	cp "$whit" "$here/context/build/whit"
	cp "$actor" "$here/context/app"
	block COMPATIBILITY/Docker 5 >"$here/context/Dockerfile"
	build_recipe from-scratch
}

an_image_from_scratch_runs() {
	build_from_scratch
	expect 'the files in the image' 'app whit' "$(docker run --network none --name files -d \
		"$image" idle >/dev/null && docker export files | tar -t |
		grep -v -e '/$' -e '^\.dockerenv$' -e '^etc/' -e '^dev/' | sort | xargs)"
	for expected in 0 3 255; do
		run_here -- exit "$expected"
		expect 'the status of docker run' "$expected" "$status"
		expect 'the output' '' "$(cat "$here/out.log" "$here/err.log")"
	done
	run_here -- die 11
	expect 'the status of docker run, killed by SEGV' 139 "$status"
	expect_line "$here/err.log" '^whit: the command \(pid [0-9]+\) was killed by SIGSEGV'
}
run an_image_from_scratch_runs

an_image_from_scratch_forwards_signals_and_stops() {
	build_from_scratch
	run_detached -- signals 4
	wait_for_line ready
	for signal in HUP 40 USR1; do
		docker kill -s "$signal" "$container" >/dev/null
	done
	wait_until 'three signals' test 4 -eq "$(docker logs "$container" | wc -l)"
	stop_container
	expect 'the status after docker stop' 0 "$status"
	docker logs "$container" 2>&1 | cut -d ' ' -f -2 >"$here/observed"
	printf '%s\n' ready 'signal 1' 'signal 40' 'signal 10' 'signal 15' >"$here/expected"
	expect_same 'the output' "$here/expected" "$here/observed"
}
run an_image_from_scratch_forwards_signals_and_stops

has_made_orphans() {
	has_logged made
}

an_image_from_scratch_has_no_zombies() {
	build_from_scratch
	run_detached -- orphans 200
	wait_until 'the orphans' has_made_orphans
	docker top "$container" -eo pid,stat,comm >"$here/top.log"
	expect_no_line "$here/top.log" '^ *[0-9]+ +Z'
	expect 'the processes' 'COMMAND whit app' "$(awk '{ print $3 }' "$here/top.log" | xargs)"
	stop_container
	expect 'the status after docker stop' 143 "$status"
}
run an_image_from_scratch_has_no_zombies

# --- on Debian ---

make_debian_image() {
	debian=${ENGINE_DEBIAN:-$work/debian}
	if [ -z "${ENGINE_DEBIAN:-}" ]; then
		is_installed debootstrap || skip 'no debootstrap (apt-get install debootstrap)'
		# With mounts that end with it, whatever becomes of it.
		unshare --mount debootstrap --variant=minbase bookworm "$debian" \
			>"$here/debootstrap.log" 2>&1 ||
			skip "debootstrap has no Debian: $(tail -n 1 "$here/debootstrap.log")"
	fi
	tar -C "$debian" --one-file-system --exclude './var/cache/apt/archives/*.deb' \
		--exclude './var/lib/apt/lists/*' -c . |
		docker import - debian:12-slim >"$here/import.log" 2>&1
	rm -rf "$work/debian"
	docker run --rm --network none debian:12-slim cat /etc/debian_version >"$here/version"
	note "Debian $(cat "$here/version")"
}
run make_debian_image

has_debian_image() {
	docker image inspect debian:12-slim >/dev/null 2>&1
}

# A sleep that has not been exec'd yet still has its shell's name.
without_numbers='s/pid [1-9][0-9]*/pid N/; s/after [0-9.]* s$/after N s/; /still running/s/(sh)/(sleep)/'

# The README shows what is said: it is compared, with N for pids and times.
the_line_to_try_whit_with_tells_the_story_that_the_readme_shows() {
	has_debian_image || skip 'no debian:12-slim, see above'
	mkdir -p "$here/checkout/build"
	cp "$whit" "$here/checkout/build/whit"
	status=0
	(cd "$here/checkout" && sh -c "$(recipe '## Try it' 'docker run')") >"$here/out.log" \
		2>"$here/err.log" || status=$?
	expect 'the status' 3 "$status"
	expect 'lines on stdout' 0 "$(wc -l <"$here/out.log")"
	list_recipes '## Try it' | grep '^whit: ' | sed "$without_numbers" >"$here/expected"
	sed "$without_numbers" "$here/err.log" >"$here/observed"
	[ -s "$here/expected" ]
	expect_same 'what whit says' "$here/expected" "$here/observed"
}
run the_line_to_try_whit_with_tells_the_story_that_the_readme_shows

# --- nginx ---

does_nginx_answer() {
	# shellcheck disable=SC2016 # for the shell in the container
	docker exec "$container" bash -c 'exec 3<>/dev/tcp/127.0.0.1/80 &&
		printf "GET / HTTP/1.0\r\n\r\n" >&3 && cat <&3' >"$here/answer" 2>&1 &&
		grep -q 'Welcome to nginx' "$here/answer"
}

# Its workers end with it, so no process is left for a drain or a KILL.
expect_nginx_serves_and_stops() {
	container=$(docker run -d --network none "$image")
	wait_until 'an answer of nginx' does_nginx_answer
	expect_whit_is_pid_1
	expect 'the command line of PID 1' '/sbin/whit -- nginx -g daemon off; ' \
		"$(docker exec "$container" cat /proc/1/cmdline | tr '\0' ' ')"
	stop_container
	expect 'the status after docker stop' 0 "$status"
	docker logs "$container" >"$here/out.log" 2>"$here/err.log"
	expect_no_line "$here/err.log" '^whit:'
	note "nginx stopped with $status in $stop_ms ms"
}

the_dockerfile_of_the_readme_makes_an_nginx_that_stops_cleanly() {
	has_debian_image || skip 'no debian:12-slim, see above'
	mkdir -p "$here/context/build"
	cp "$whit" "$here/context/build/whit"
	block '# whit' 1 >"$here/context/Dockerfile"
	build_recipe nginx-of-readme
	expect_nginx_serves_and_stops
}
run the_dockerfile_of_the_readme_makes_an_nginx_that_stops_cleanly

# The manual has the lines from COPY on: here they follow on an image that has nginx.
the_dockerfile_of_the_manual_makes_an_nginx_that_stops_cleanly() {
	docker image inspect nginx-of-readme >"$here/inspect.log" 2>&1 || skip 'no nginx, see above'
	mkdir -p "$here/context"
	cp "$whit" "$here/context/whit"
	{
		echo 'FROM nginx-of-readme'
		echo 'RUN rm /sbin/whit'
		echo 'ENTRYPOINT []'
		example_lines COPY CMD
	} >"$here/context/Dockerfile"
	build_recipe nginx-of-manual
	expect_nginx_serves_and_stops
}
run the_dockerfile_of_the_manual_makes_an_nginx_that_stops_cleanly

finish

#!/bin/sh
# The ways in which whit becomes the init of a Docker engine, by the README and the manual: named in
# daemon.json, installed as docker-init, on dockerd's command line. Each has a dockerd of its own,
# and so has the docker-init that Docker came with, to compare. As root.
# usage: tests/engines/docker-install.sh build/whit
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
needs_programs mandoc

# What dockerd has under systemd: /usr/local before what Debian's packages put elsewhere.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# Mounts cannot be removed with the directory that they are in.
after_all() {
	umount -l /usr/local "$work/cover"
	put_engine_away
}

# What is written below /usr/local goes to memory, in our own mounts.
cover_usr_local() {
	mkdir "$work/cover"
	mount -t tmpfs tmpfs "$work/cover"
	mkdir "$work/cover/upper" "$work/cover/work"
	mount -t overlay overlay /usr/local -o \
		"lowerdir=/usr/local,upperdir=$work/cover/upper,workdir=$work/cover/work"
}

# run_in_source COMMAND: a line of the README, in a checkout.
run_in_source() {
	expect 'a recipe' "$1" "${1:-none}"
	cmp "$whit" "$project/build/whit" ||
		skip "the README installs build/whit, which $whit is not"
	(cd "$project" && sh -c "$1") >"$here/make.log" 2>&1
}

# What `docker info` and `docker version` warn of, and what dockerd says of its init.
save_warnings() {
	docker info >"$here/info" 2>"$here/warnings"
	docker version >"$here/version" 2>>"$here/warnings"
	grep -i 'warning' "$here/info" "$here/version" | sed 's/.*://' >>"$here/warnings" || :
	sed -n 's/.*level=warning msg=\("[^"]*init[^"]*"\).*/\1/p' "$work/dockerd.log" |
		grep -v 'cleanup warnings' >>"$here/warnings" || :
}

expect_no_more_warnings() {
	save_warnings
	expect_same "the warnings, with Docker's own init and with whit" "$work/warnings" \
		"$here/warnings"
	note "$(wc -l <"$here/warnings") warnings, as with Docker's own"
}

# expect_of_info BINARY
expect_of_info() {
	commit=$("$whit" --version | sed -n 's/.* - git\.//p')
	[ -n "$commit" ] ||
		skip 'built outside a checkout, whit has no commit and dockerd warns of it'
	expect 'init binary and commit of docker info' "$1 $commit" \
		"$(docker info -f '{{.InitBinary}} {{.InitCommit.ID}}')"
	docker version >"$here/version.log"
	expect_line "$here/version.log" "^  GitCommit: *$commit"
}

# expect_init_is_whit [OPTION]...: of docker run.
# shellcheck disable=SC2119 # stop_container has options of its own
expect_init_is_whit() {
	run_sleep "$@"
	expect_whit_is_pid_1
	leave_and_kill_orphans
	expect_orphans_reaped
	stop_container
	expect 'the status after docker stop' 143 "$status"
}

# expect_no_init [OPTION]...
expect_no_init() {
	run_sleep "$@"
	expect 'PID 1' 'sleep 1000 ' \
		"$(docker exec "$container" sh -c 'tr "\0" " " </proc/1/cmdline')"
	docker kill "$container" >"$here/kill.log"
}

# --- the docker-init that comes with Docker ---

start_engine without_network '{}'

# So that the tests below would notice a dockerd that takes its own.
without_configuration_init_is_dockers_own() {
	run_sleep --init
	expect_whit_is_not_there
	expect 'the init binary of docker info' docker-init "$(docker info -f '{{.InitBinary}}')"
	save_warnings
	cp "$here/warnings" "$work/warnings"
}
run without_configuration_init_is_dockers_own
stop_engine

# --- daemon.json ---

if ! cover_usr_local; then
	skip_all 'no overlay file system over /usr/local, where the README installs whit'
fi
make_install() {
	run_in_source "make install"
	cmp "$whit" /usr/local/bin/whit
}
run make_install
start_engine without_network "$(block COMPATIBILITY/Docker 1)"

whit_in_daemon_json_is_the_init_of_every_container() {
	expect_of_info /usr/local/bin/whit
	expect_init_is_whit
	expect_init_is_whit --init
	expect_no_init --init=false
	expect_no_more_warnings
}
run whit_in_daemon_json_is_the_init_of_every_container
stop_engine

start_engine without_network "$(block COMPATIBILITY/Docker 1 |
	sed 's/whit",$/whit" }/; /"init": true/d')"

without_init_in_daemon_json_whit_is_there_on_request() {
	expect_of_info /usr/local/bin/whit
	expect_init_is_whit --init
	expect_no_init
}
run without_init_in_daemon_json_whit_is_there_on_request
stop_engine

# --- installed as docker-init ---

install_links() {
	rm /usr/local/bin/whit
	run_in_source "$(recipe "### The engine's own init" 'make install')"
	expect 'the line of the manual' "$(recipe "### The engine's own init" 'make install')" \
		"$(recipe COMPATIBILITY/Docker 'make install')"
	expect 'the first docker-init in PATH' /usr/local/bin/docker-init \
		"$(command -v docker-init)"
}
run install_links
start_engine without_network '{}'

whit_installed_as_docker_init_needs_no_configuration() {
	expect_of_info docker-init
	expect_init_is_whit --init
	expect_init_is_whit --init -t
	expect_no_init
	expect_no_more_warnings
}
run whit_installed_as_docker_init_needs_no_configuration
stop_engine

start_engine without_network '{ "init": true }'

whit_installed_as_docker_init_can_be_for_all() {
	expect_init_is_whit
	expect_no_init --init=false
}
run whit_installed_as_docker_init_can_be_for_all
stop_engine

uninstalled_docker_init_is_dockers_own_again() {
	run_in_source 'make uninstall LINKDIR=/usr/local/bin'
	# Looked up anew: this shell remembers where it was.
	expect 'the first docker-init in PATH' /usr/bin/docker-init \
		"$(sh -c 'command -v docker-init')"
}
run uninstalled_docker_init_is_dockers_own_again

# --- dockerd's command line ---

start_engine without_network '{}' --init --init-path "$whit"

whit_on_dockerds_command_line_is_the_init_of_every_container() {
	expect_of_info "$whit"
	expect_init_is_whit
	expect_no_init --init=false
	expect_no_more_warnings
}
run whit_on_dockerds_command_line_is_the_init_of_every_container

finish

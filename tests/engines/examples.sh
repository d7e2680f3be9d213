#!/bin/sh
# The manual's EXAMPLES, as the manual prints them, and the README's messages of failed starts. Other
# examples are run by docker-image.sh, docker-stack.sh, kubernetes.sh and leash.sh.
# As root. usage: tests/engines/examples.sh build/whit
# shellcheck disable=SC2317 # the harness calls the tests
set -u
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
# shellcheck source-path=SCRIPTDIR source=containers.sh
. "$(dirname "$0")/containers.sh"
# shellcheck source-path=SCRIPTDIR source=sections.sh
. "$(dirname "$0")/sections.sh"

target= # whit

after_failure() {
	for file in "$here"/*.log; do
		echo "$(basename "$file" .log):"
		sed 's/^/    | /' "$file"
	done
}

after_test() {
	[ -z "$service" ] || kill -s KILL "$service" || :
	wait
}

begin_apart
needs_programs mandoc ip busybox
install_whit

find_target() {
	target=$(child_of "$service")
	[ -n "$target" ] && cmp -s "$whit" "/proc/$target/exe"
}

# start BEGINNING: the example, with whit as PID 1; output to $here/out.log and err.log.
start() {
	line=$(example "$1")
	(in_pid_namespace sh -c "exec $line") >"$here/out.log" 2>"$here/err.log" &
	service=$!
	wait_until whit find_target
}

# stop SIGNAL: sets $status.
stop() {
	kill -s "$1" "$target"
	collect_status "$service"
	service=
}

has_said() {
	grep -qx "$1" "$here/out.log" "$here/err.log"
}

# --- the examples ---

answers() {
	curl -sS --max-time "$bound_seconds" -o "$here/answer" http://localhost/ 2>"$here/curl.log"
}

# nginx by its own name and with its own configuration, which is a short one in our mounts.
a_term_that_nginx_gets_as_quit() {
	is_installed nginx || skip 'no nginx (apt-get install nginx-light)'
	is_installed curl || skip 'no curl (apt-get install curl)'
	hide /run /var/log/nginx /etc/nginx
	cat >/etc/nginx/nginx.conf <<-'CONF'
		pid /run/nginx.pid;
		error_log stderr notice;
		events { }
		http { access_log off; server { listen 80; return 200 "hello\n"; } }
	CONF
	start 'whit -r'
	wait_until 'an answer of nginx' answers
	stop TERM
	umount /run /var/log/nginx /etc/nginx
	expect 'the status' 0 "$status"
	expect_line "$here/err.log" 'signal 3 \(SIGQUIT\) received from [0-9]+, shutting down'
	expect_no_line "$here/err.log" '\[(warn|error|crit|alert|emerg)\]|^whit: |SIGTERM'
}
run a_term_that_nginx_gets_as_quit

# Each of the two says what it gets. INT, since a TERM would come from the drain as well. That the
# shell between dies of it is why there is a drain.
a_signal_for_all_processes_of_a_pipeline() {
	for name in producer consumer; do
		cat >"/usr/local/bin/$name" <<-FILE
			#!/bin/sh
			trap 'echo $name got INT >&2; exit' INT
			echo $name is ready >&2
			while :; do sleep 0.05; done
		FILE
		chmod 755 "/usr/local/bin/$name"
	done
	start 'whit -g'
	wait_until 'the producer' has_said 'producer is ready'
	wait_until 'the consumer' has_said 'consumer is ready'
	stop INT
	expect 'the status' 130 "$status"
	grep 'got INT' "$here/err.log" | sort >"$here/observed"
	printf '%s\n' 'consumer got INT' 'producer got INT' >"$here/expected"
	expect_same 'the processes that got the signal' "$here/expected" "$here/observed"
}
run a_signal_for_all_processes_of_a_pipeline

without_numbers='s/pid [1-9][0-9]*/pid N/; s/after [0-9.]* s/after N s/'

# The manual shows what is said: it is compared, with N for pids and times.
the_story_of_a_stop_is_told_as_in_the_manual() {
	start 'whit -vv'
	wait_until 'its first word' has_said "whit: started .*"
	stop TERM
	expect 'the status' 143 "$status"
	print_examples | grep '^whit: ' | sed "$without_numbers" >"$here/expected"
	sed "$without_numbers" "$here/err.log" >"$here/observed"
	[ -s "$here/expected" ]
	expect_same 'what whit says' "$here/expected" "$here/observed"
}
run the_story_of_a_stop_is_told_as_in_the_manual

# --- the README's messages ---

# expect_message STATUS NAME: what whit says of this file of the root is a line of the README.
expect_message() {
	status=0
	chroot "$here/root" /whit "$2" 2>"$here/err.log" || status=$?
	expect "the status of $2" "$1" "$status"
	recipe '## What happens' "whit: cannot run '$2'" >"$here/expected"
	expect_same "what whit says of $2" "$here/expected" "$here/err.log"
}

a_command_that_cannot_be_run_is_explained_as_in_the_readme() {
	make_root "$here/root"
	printf '#!/bin/sh\r\nexec app\n' >"$here/root/entrypoint.sh"
	# The header of a program for 64 bits, little-endian, aarch64.
	printf '\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\267\0\1\0\0\0%40s' '' | tr ' ' '\0' \
		>"$here/root/app"
	chmod 755 "$here/root/entrypoint.sh" "$here/root/app"
	expect_message 127 /entrypoint.sh
	[ "$(uname -m)" = x86_64 ] || skip 'the README shows what is said on x86_64'
	expect_message 126 /app
}
run a_command_that_cannot_be_run_is_explained_as_in_the_readme

finish

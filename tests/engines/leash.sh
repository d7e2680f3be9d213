#!/bin/sh
# What others use an init for: a sandbox that processes join, one command that leaves nothing behind, a
# server on a leash. The lines of the README and the manual, word for word: `CMD`, `SERVER` and `...` are
# programs here. Beside each, what happens without whit. As root. usage: tests/engines/leash.sh build/whit
# shellcheck disable=SC2317 # the harness calls the tests
set -u
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
# shellcheck source-path=SCRIPTDIR source=sections.sh
. "$(dirname "$0")/sections.sh"
# shellcheck source-path=SCRIPTDIR source=containers.sh
. "$(dirname "$0")/containers.sh"

nothing_behind='### One command that leaves nothing behind'
leash='### A server on a leash'

after_failure() {
	for file in "$here"/*.log; do
		[ -e "$file" ] || continue
		echo "$(basename "$file" .log):"
		sed 's/^/    | /' "$file"
	done
}

after_test() {
	for pid in $service $client $(pids_left); do
		kill -s KILL "$pid" 2>/dev/null || : # it may have ended
	done
	wait
}

client= # the process that starts a server

begin_apart
needs_programs mandoc busybox unshare setpriv timeout
install_whit

# --- what is left behind ---

# The sleep of each test is known by a number that no other process has.
sleep_seconds=$((1000000 + $$))

# pids_left: of the sleeps, in any PID namespace below this one.
pids_left() {
	for process in /proc/[0-9]*; do
		[ "$(tr '\0' ' ' <"$process/cmdline")" != "sleep $sleep_seconds " ] ||
			basename "$process"
	done 2>/dev/null
}

expect_none_left() {
	expect "processes that are left $1" '' "$(pids_left | xargs)"
}

are_left() {
	[ "$(pids_left | wc -l)" -eq "$1" ]
}

kill_left() {
	# shellcheck disable=SC2046 # pids are words
	kill -s KILL $(pids_left)
	wait_until 'their end' are_left 0
}

# make_program NAME: from stdin, where the recipes find it.
make_program() {
	{ echo '#!/bin/sh' && cat; } >"/usr/local/bin/$1"
	chmod 755 "/usr/local/bin/$1"
}

# Three processes that go on: in the background, in a session of its own, and with a parent that has
# ended. Each holds stdout open.
leave_three="sleep $sleep_seconds &
setsid sleep $sleep_seconds &
sh -c 'sleep $sleep_seconds &'"

# --- one command ---

# The program is called `...`: the recipe is run as it is written. The shell that reads the pipe goes on
# when the last process that holds it has ended.
a_command_leaves_no_process_and_no_open_pipe_behind() {
	printf '%s\n' "$leave_three" 'echo answer' 'exit 3' | make_program ...
	recipe=$(recipe "$nothing_behind" 'whit -d 0')
	expect 'the line of the manual' "$recipe" "$(example 'whit -d 0')"
	{ sh -c "$recipe" 2>"$here/err.log" || echo $? >"$here/status"; } | cat >"$here/out.log" &
	reader=$!
	wait_until 'the end of the pipe' has_ended "$reader"
	expect 'the status' 3 "$(cat "$here/status")"
	expect 'the output' answer "$(cat "$here/out.log")"
	expect_none_left 'with whit'
	# Without whit the pipe stays open, and the three stay.
	sh -c "${recipe#whit -d 0 -- }" | cat >"$here/out.log" &
	reader=$!
	wait_until 'the answer' grep -q answer "$here/out.log"
	wait_until 'three processes' are_left 3
	! has_ended "$reader" || expect 'the reader of the pipe' 'waiting for the three' 'has ended'
	kill_left
	wait "$reader"
}
run a_command_leaves_no_process_and_no_open_pipe_behind

# The command and the remaining processes ignore TERM: 30 s, and 2 s for each of the two. timeout(1) says
# 124 of its own.
a_time_limit_ends_all_that_ignore_term() {
	{ echo "trap '' TERM" && echo "$leave_three" && echo "exec sleep $sleep_seconds"; } |
		make_program CMD
	recipe=$(recipe "$nothing_behind" timeout)
	expect 'the line of the manual' "$recipe" "$(example timeout)"
	before_ms=$(now_ms)
	(exec sh -c "exec $recipe") >"$here/out.log" 2>"$here/err.log" &
	service=$!
	wait_until 'four processes' are_left 4
	collect_status "$service"
	service=
	expect 'the status' 124 "$status"
	expect_none_left 'with whit'
	run_ms=$(($(now_ms) - before_ms))
	[ "$run_ms" -ge 34000 ] || expect 'ms until the end' '34000 or more' "$run_ms"
	note "$run_ms ms"
}
run a_time_limit_ends_all_that_ignore_term

# The same with a command that obeys, and with one that ends in time.
a_command_that_ends_in_time_keeps_its_status_and_leaves_nothing() {
	{ echo "$leave_three" && echo 'exit 5'; } | make_program CMD
	status=0
	sh -c "$(recipe "$nothing_behind" timeout)" >"$here/out.log" 2>"$here/err.log" || status=$?
	expect 'the status' 5 "$status"
	expect 'lines of whit' '' "$(cat "$here/err.log")"
	expect_none_left 'with whit'
	# timeout(1) alone leaves the three.
	timeout -k 5 30 CMD >"$here/out.log" || :
	wait_until 'three processes' are_left 3
	kill_left
}
run a_command_that_ends_in_time_keeps_its_status_and_leaves_nothing

# --- a server ---

# Says what it gets, and has a descendant in a session of its own.
make_server() {
	make_program SERVER <<-FILE
		trap 'echo server got TERM; exit' TERM
		setsid sleep $sleep_seconds &
		while :; do sleep 0.05; done
	FILE
}

# start_client COMMAND-LINE: a client that starts a server, and goes on; sets $client and $server, the
# process that it has started. Output to $here/server.log.
start_client() {
	: >"$here/server.log"
	rm -f "$here/pid"
	# shellcheck disable=SC2016 # for the shell that is the client
	sh -c 'sh -c "exec $1" & echo $! >"$2"; while :; do sleep 0.05; done' client "$1" "$here/pid" \
		>"$here/server.log" 2>&1 &
	client=$!
	wait_until 'the server' are_left 1
	server=$(cat "$here/pid")
}

has_said() {
	grep -qx "$1" "$here/server.log"
}

end_client() {
	kill -s KILL "$client"
	wait "$client" || :
	client=
}

a_server_ends_cleanly_with_a_client_that_is_killed() {
	make_server
	recipe=$(recipe "$leash" 'whit -p')
	expect 'the line of the manual' "$recipe" "$(example 'whit -p')"
	start_client "$recipe"
	end_client
	wait_until 'the end of the descendant' are_left 0
	has_said 'server got TERM'
	# Without whit the server and its descendant stay.
	start_client SERVER
	end_client
	! has_ended "$server" || expect 'the server without whit' alive 'has ended'
	are_left 1
	kill -s KILL "$server"
	kill_left
}
run a_server_ends_cleanly_with_a_client_that_is_killed

# The client's library kills what it has started: unshare. To whit that is the TERM of -p.
a_kill_for_unshare_is_a_term_for_the_server() {
	make_server
	recipe=$(recipe "$leash" unshare)
	expect 'the line of the manual' "$recipe" "$(example unshare)"
	start_client "$recipe"
	kill -s KILL "$server"
	wait_until 'the end of the descendant' are_left 0
	has_said 'server got TERM'
	end_client
}
run a_kill_for_unshare_is_a_term_for_the_server

a_kill_for_whit_ends_the_server_and_its_descendants() {
	make_server
	start_client "$(recipe "$leash" unshare)"
	kill -s KILL "$(child_of "$server")"
	wait_until 'the end of the descendant' are_left 0
	! has_said 'server got TERM' || expect 'the server' killed 'got TERM'
	end_client
	# Where whit is not PID 1, they stay.
	start_client "$(recipe "$leash" 'whit -p')"
	killed=$(child_of "$server")
	kill -s KILL "$server"
	wait_until 'the end of whit' has_ended "$server"
	are_left 1
	kill -s KILL "$killed"
	kill_left
	end_client
}
run a_kill_for_whit_ends_the_server_and_its_descendants

with_setpriv_the_end_of_the_client_is_a_term_for_the_server() {
	make_server
	start_client "$(example setpriv)"
	end_client
	wait_until 'the end of the descendant' are_left 0
	has_said 'server got TERM'
	# Without it unshare goes on, and the server below it.
	start_client "$(recipe "$leash" unshare)"
	end_client
	! has_ended "$server" || expect 'unshare without setpriv' alive 'has ended'
	are_left 1
	kill -s KILL "$(child_of "$server")"
	wait_until 'their end' are_left 0
}
run with_setpriv_the_end_of_the_client_is_a_term_for_the_server

every_line_of_the_readme_was_run() {
	expect_all_taken "$nothing_behind"
	expect_all_taken "$leash"
}
run every_line_of_the_readme_was_run

finish

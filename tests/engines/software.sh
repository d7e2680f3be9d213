#!/bin/sh
# nginx, PostgreSQL and Redis, each as the command of a whit that is PID 1: they answer, and one
# signal to whit stops them as it stops them without whit, with the same status and the same log.
# As root. usage: tests/engines/software.sh build/whit
# shellcheck disable=SC2317 # the harness calls the tests
set -u
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
# shellcheck source-path=SCRIPTDIR source=servers.sh
. "$(dirname "$0")/servers.sh"
begin

# --- a service, with whit or without ---

target= # what gets the signal: whit, or the program itself

find_whit() {
	target=$(child_of "$service")
	[ -n "$target" ]
}

# start under_whit|without_whit COMMAND [ARG]...: output to $log. What this shell waits for is
# unshare or the program itself.
start() {
	how=$1
	log=$here/$how.log
	shift
	if [ "$how" = under_whit ]; then
		in_pid_namespace "$whit" -- "$@" >"$log" 2>&1 &
		service=$!
		wait_until 'a child of unshare' find_whit
	else
		env --default-signal=INT,QUIT setsid "$@" >"$log" 2>&1 &
		service=$!
		target=$service
	fi
}

expect_whit_is_pid_1() {
	[ "$how" = under_whit ] || return 0
	cmp "$whit" "/proc/$target/exe"
	expect 'its PID inside' 1 "$(awk '$1 == "NSpid:" { print $NF }' "/proc/$target/status")"
}

# stop SIGNAL: one signal, then the end; sets $status.
stop() {
	expect_whit_is_pid_1
	kill -s "$1" "$target"
	collect_status "$service"
	service=
	if [ "$how" = under_whit ]; then
		expect_no_line "$log" '^whit:'
		status_under_whit=$status
	else
		status_without_whit=$status
	fi
}

after_failure() {
	show_logs
	[ -z "$service" ] || [ "$how" != under_whit ] || show_namespace "$target"
}

# Without whit a program's workers are in its session; with it they are in its PID namespace, which
# ends when unshare does (--kill-child).
after_test() {
	[ -n "$service" ] || return 0
	if [ "$how" = under_whit ]; then
		kill -s KILL "$service" || :
	else
		kill -s KILL -- "-$service" || :
	fi
	wait "$service" || :
}

# The two runs: their statuses, and what the two logs say of the shutdown.
compare() {
	expect 'the status, without whit and under it' "$status_without_whit" "$status_under_whit"
	expect_same 'the log of the shutdown, without whit and under it' \
		"$here/without_whit.shutdown" "$here/under_whit.shutdown"
	note "status $status_under_whit under whit, $status_without_whit without"
	note "$(wc -l <"$here/under_whit.shutdown") lines of shutdown log alike"
}

# --- nginx ---

# What nginx says from the signal on, without pids and times; ALRM, CHLD and IO are its own clockwork.
nginx_shutdown_log() {
	sed -n '/signal [0-9]* (SIG\(TERM\|QUIT\|INT\)) received/,$p' "$log" |
		sed 's/^.* \[\([a-z]*\)\] [0-9#]*: /\1: /; s/process [0-9]*/process N/
			s/from [0-9]*/from N/; / (SIG\(ALRM\|CHLD\|IO\)) received/d' |
		sort >"$here/$how.shutdown"
}

# run_nginx under_whit|without_whit SIGNAL
run_nginx() {
	start_nginx "$1"
	stop "$2"
	nginx_shutdown_log
	expect_line "$here/$1.shutdown" "signal [0-9]+ \(SIG$2\) received from N"
	expect_line "$here/$1.shutdown" '^notice: worker process N exited with code 0$'
	expect_line "$here/$1.shutdown" '^notice: exit$'
	expect_no_line "$log" '\[(warn|error|crit|alert|emerg)\]'
}

nginx_stops_cleanly_on_one_term() {
	needs_nginx
	run_nginx without_whit TERM
	run_nginx under_whit TERM
	compare
}
run nginx_stops_cleanly_on_one_term

run_nginx_download() {
	start_nginx "$1"
	start_download "$here/$1.long"
	stop QUIT
	nginx_shutdown_log
	collect_status "$download"
	expect 'the status of curl' 0 "$status"
	expect 'bytes of the download' 1000000 "$(wc -c <"$here/$1.long")"
	expect_line "$here/$1.shutdown" 'gracefully shutting down'
}

nginx_finishes_a_download_after_quit() {
	needs_nginx
	run_nginx_download without_whit
	run_nginx_download under_whit
	compare
}
run nginx_finishes_a_download_after_quit

# --- PostgreSQL ---

# Figures and moments differ from run to run, and so does the order among its processes, and whether
# a client that is told to go is still there when it is told.
postgres_shutdown_log() {
	sed -n '/received .* shutdown request/,$p' "$log" |
		sed 's/checkpoint complete:.*/checkpoint complete/; s/PID [0-9]*/PID N/' |
		grep -v 'could not send data to client' | sort -u >"$here/$how.shutdown"
	expect 'shutdown requests in the log' 1 "$(grep -c 'shutdown request' "$log")"
	expect_line "$here/$how.shutdown" "^LOG:  received $1 shutdown request\$"
	expect_line "$here/$how.shutdown" '^LOG:  database system is shut down$'
	expect 'the state of the cluster' 'shut down' "$(cluster_state)"
}

# run_postgres under_whit|without_whit
run_postgres() {
	make_postgres "$1"
	start_postgres "$1"
	fill_postgres
	expect_postgres_filled
	stop TERM
	postgres_shutdown_log smart
}

postgres_stops_cleanly_on_one_term() {
	needs_postgres
	run_postgres without_whit
	run_postgres under_whit
	compare
}
run postgres_stops_cleanly_on_one_term

# The session of a client that has gone may be there for a moment more, and would be in the log.
has_one_session() {
	postmaster=$target
	[ "$how" = without_whit ] || postmaster=$(child_of "$target")
	sessions=$(for pid in $(children_of "$postmaster"); do
		grep -a '\[local\]' "/proc/$pid/cmdline" || : # another process of the server
	done | wc -l)
	[ "$sessions" -eq 1 ]
}

# With TERM it would wait for this client for ever.
run_postgres_with_client() {
	make_postgres "$1"
	start_postgres "$1"
	run_psql -c 'SELECT pg_sleep(100000)' >"$here/client.log" 2>&1 &
	client=$!
	wait_until 'a client that sleeps in the server' are_clients_sleeping 1
	wait_until 'no other client in the server' has_one_session
	stop INT
	postgres_shutdown_log fast
	collect_status "$client"
	expect_line "$here/client.log" 'terminating connection due to administrator command'
}

postgres_stops_fast_on_one_int_although_a_client_is_connected() {
	needs_postgres
	run_postgres_with_client without_whit
	run_postgres_with_client under_whit
	compare
}
run postgres_stops_fast_on_one_int_although_a_client_is_connected

# --- Redis ---

ask_redis() {
	redis-cli -s "$directory/socket" "$@" >"$here/answer" 2>"$here/redis-cli.log"
}

does_redis_answer() {
	ask_redis PING && [ "$(cat "$here/answer")" = PONG ]
}

# start_redis under_whit|without_whit
start_redis() {
	directory=$here/$1
	mkdir -p "$directory"
	start "$1" redis-server --port 0 --unixsocket "$directory/socket" --dir "$directory" \
		--daemonize no --save 3600 1
	wait_until 'an answer of Redis' does_redis_answer
}

# What Redis says from the signal on, without pids and times.
redis_shutdown_log() {
	sed -n '/Received SIG[A-Z]* scheduling shutdown/,$p' "$log" |
		sed 's/^[0-9]*:[^*#)]*[*#)] //' >"$here/$how.shutdown"
}

run_redis() {
	start_redis "$1"
	ask_redis SET greeting hello
	expect 'the answer to SET' OK "$(cat "$here/answer")"
	ask_redis GET greeting
	expect 'the answer to GET' hello "$(cat "$here/answer")"
	stop TERM
	redis_shutdown_log
	expect_line "$here/$1.shutdown" '^Received SIGTERM scheduling shutdown'
	expect_line "$here/$1.shutdown" '^DB saved on disk$'
	expect_line "$here/$1.shutdown" '^Redis is now ready to exit, bye bye'
}

redis_saves_its_data_and_stops_cleanly_on_one_term() {
	is_installed redis-server || skip 'no Redis (apt-get install redis-server)'
	run_redis without_whit
	run_redis under_whit
	compare
	# What was saved on the way out is there for the next start.
	status_of_first=$status_under_whit
	start_redis under_whit
	ask_redis GET greeting
	expect 'the answer to GET after a restart' hello "$(cat "$here/answer")"
	stop TERM
	expect 'the status at the second stop' "$status_of_first" "$status"
}
run redis_saves_its_data_and_stops_cleanly_on_one_term

finish

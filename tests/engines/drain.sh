#!/bin/sh
# PostgreSQL and nginx as what is left when the command has ended. With -d they end by themselves,
# under a whit that is PID 1 and under one that is a subreaper among strangers; without -d they are
# killed. As root. usage: tests/engines/drain.sh build/whit
# shellcheck disable=SC2317 # the harness calls the tests
set -u
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
# shellcheck source-path=SCRIPTDIR source=servers.sh
. "$(dirname "$0")/servers.sh"
begin

# --- a server under whit, and bystanders ---

place=         # what whit is: pid_1 or subreaper
options=       # its options
target=        # its pid
outer=         # the first process of the PID namespace: whit, or the init above a subreaper
bystanders=    # their pids
client_inside= # its pid

# With all signals blocked, what is sent to it stays pending; KILL and STOP show in its state.
bystander='env --block-signal sleep 1000000'
bystanders_per_kind=10

start_bystanders_outside() {
	for _ in $(seq "$bystanders_per_kind"); do
		# shellcheck disable=SC2086 # words
		setpriv --pdeathsig KILL $bystander &
		bystanders="$bystanders $!"
	done
}

# outer_init BYSTANDER COUNT STATUS-FILE COMMAND [ARG]...: has strangers in the command's own group
# and session, in sessions of their own, and orphans. All are its children, as the command is, and
# when that has ended it stays for them.
# shellcheck disable=SC2016 # for the shell in the namespace
outer_init='
bystander=$1 count=$2 status_file=$3
shift 3
for n in $(seq "$count"); do
	$bystander &
	setsid $bystander &
	($bystander &)
done
"$@"
echo $? >"$status_file"
wait'

find_whit() {
	outer=$(child_of "$service")
	[ -n "$outer" ] || return 1
	for target in $outer $(children_of "$outer"); do
		! cmp -s "$whit" "/proc/$target/exe" || return 0
	done
	return 1
}

# Inside, they are all that the outer init has: what whit left behind would be among them.
find_bystanders() {
	[ "$place" = subreaper ] || return 0
	bystanders=$(children_of "$outer" | tr ' ' '\n' | grep -vx "$target")
}

# A line for each: name, state, number, and what is pending.
list_bystanders() {
	find_bystanders
	for pid in $bystanders; do
		awk '/^(Name|State|Pid|SigPnd|ShdPnd):/ { printf "%s ", $2 }
			END { print "" }' "/proc/$pid/status" || echo "$pid has ended"
	done
}

are_bystanders_asleep() {
	list_bystanders >"$here/bystanders_before"
	[ -s "$here/bystanders_before" ] || return 1
	! grep -v '^sleep S [0-9]* 0* 0* $' "$here/bystanders_before"
}

expect_bystanders_untouched() {
	list_bystanders >"$here/bystanders_after"
	expect_same 'the bystanders, before and after: name, state, pid, pending signals' \
		"$here/bystanders_before" "$here/bystanders_after"
	note "$(wc -l <"$here/bystanders_after") bystanders untouched"
}

# start NAME COMMAND [ARG]...: under whit with $options, as $place says; output to $log. In an IPC
# namespace, so that what a killed PostgreSQL leaves there ends too.
start() {
	log=$here/$1.log
	shift
	case $place in
	pid_1)
		[ -n "$bystanders" ] || start_bystanders_outside
		# shellcheck disable=SC2086 # options are words
		in_pid_namespace unshare --ipc "$whit" $options -- "$@" >"$log" 2>&1 &
		;;
	subreaper)
		# shellcheck disable=SC2086 # options are words
		in_pid_namespace unshare --ipc sh -c "$outer_init" outer-init \
			"$bystander" "$bystanders_per_kind" "$here/status" \
			"$whit" $options -- "$@" >"$log" 2>&1 &
		;;
	esac
	service=$!
	wait_until whit find_whit
	wait_until 'the bystanders' are_bystanders_asleep
}

# stop_and_wait SIGNAL PID: until whit has ended; sets $status, and when it was sent and seen.
stop_and_wait() {
	before_ms=$(now_ms)
	kill -s "$1" "$2"
	case $place in
	pid_1)
		collect_status "$service"
		service=
		;;
	subreaper)
		wait_until 'the end of whit' has_begun "$here/status"
		status=$(cat "$here/status")
		;;
	esac
	end_ms=$(now_ms)
	grep '^whit:' "$log" | sed 's/[0-9][0-9]*/N/; s/SIGKILL.*/SIGKILL/' >"$here/said" || :
}

# expect_said [LINE]...: all that whit has said, with N for the first number of a line. If the time
# of the drain had run out, it would have said so.
expect_said() {
	: >"$here/expected"
	[ $# -eq 0 ] || printf '%s\n' "$@" >"$here/expected"
	expect_same 'what whit says' "$here/expected" "$here/said"
}

after_failure() {
	show_logs
	[ -z "$service" ] || show_namespace "$outer"
}

after_test() {
	[ "$place" = subreaper ] || service="$service $bystanders"
	for pid in $service $client_inside; do
		kill -s KILL "$pid" 2>/dev/null || : # it may have ended
	done
	wait
}

# --- PostgreSQL ---

# The command is a shell, and TERM ends it at once.
start_postgres_under_shell() {
	# shellcheck disable=SC2016 # for that shell
	start_postgres "$1" sh -c '"$@" & wait' sh
}

# Two clients, each in a transaction that would last for ever: one on another machine, as it were,
# and one in the namespace, as if by `docker exec`. PostgreSQL takes TERM as "shut down when the
# clients have gone", and the one outside does not go. But in a drain the process that serves it gets
# TERM as well, and ends the session. The one inside gets TERM itself, and the drain waits for it.
start_clients() {
	transaction='BEGIN; INSERT INTO t VALUES (1); SELECT pg_sleep(100000); COMMIT'
	run_psql -c "$transaction" >"$here/client_outside.log" 2>&1 &
	client_outside=$!
	nsenter --target "$target" --pid "$bin/psql" -X -h "$directory" -U postgres -d postgres \
		-c "$transaction" >"$here/client_inside.log" 2>&1 &
	client_inside=$!
	wait_until 'two clients in a transaction' are_clients_sleeping 2
}

# expect_clients_ended MESSAGE STATUS: what the one outside says, and what the one inside ends with.
# psql ends with 2 when it has lost the server.
expect_clients_ended() {
	collect_status "$client_outside"
	expect 'the status of the client outside' 2 "$status"
	expect_line "$here/client_outside.log" "$1"
	collect_status "$client_inside"
	client_inside=
	expect 'the status of the client inside' "$2" "$status"
}

told_to_go='^FATAL:  terminating connection due to administrator command'

# PostgreSQL's last act is to remove a file from this directory.
postgres_end_ms() {
	echo $(($(date -r "$directory/data" +%s%N) / 1000000))
}

stop_postgres_cleanly() {
	stop_and_wait TERM "$target"
	note "PostgreSQL took $(($(postgres_end_ms) - before_ms)) ms," \
		"whit ended at most $((end_ms - $(postgres_end_ms))) ms after it"
	expect "the status, which is the shell's" 143 "$status"
	expect 'shutdown requests in the log' 1 "$(grep -c 'shutdown request' "$log")"
	expect_line "$log" '^LOG:  database system is shut down$'
	expect 'the state of the cluster' 'shut down' "$(cluster_state)"
	expect_said 'whit: reaped orphan N (postgres): exited 0'
}

postgres_left_by_a_shell_shuts_down_cleanly_with_a_drain() {
	needs_postgres
	place=pid_1 options='-w -d 30'
	make_postgres cluster
	start_postgres_under_shell postgres
	fill_postgres
	start_clients
	stop_postgres_cleanly
	expect_bystanders_untouched
	expect_clients_ended "$told_to_go" 143
}
run postgres_left_by_a_shell_shuts_down_cleanly_with_a_drain

postgres_left_by_a_shell_is_killed_without_a_drain() {
	needs_postgres
	place=pid_1 options=-w
	make_postgres cluster
	start_postgres_under_shell postgres
	fill_postgres
	start_clients
	stop_and_wait TERM "$target"
	expect "the status, which is the shell's" 143 "$status"
	expect_said
	expect_no_line "$log" 'shutdown request|is shut down'
	expect 'the state of the cluster' 'in production' "$(cluster_state)"
	expect_clients_ended '^server closed the connection unexpectedly' 137
	options='-w -d 30'
	start_postgres_under_shell restart
	expect_line "$log" '^LOG:  database system was not properly shut down; automatic recovery'
	expect_postgres_filled
	stop_postgres_cleanly
}
run postgres_left_by_a_shell_is_killed_without_a_drain

# Here the client inside is a stranger to whit, and lives until PostgreSQL has left it.
a_subreaper_drains_postgres_and_touches_no_bystander() {
	needs_postgres
	place=subreaper options='-w -d 30'
	make_postgres cluster
	start_postgres_under_shell postgres
	fill_postgres
	start_clients
	stop_postgres_cleanly
	expect_bystanders_untouched
	expect_clients_ended "$told_to_go" 2
}
run a_subreaper_drains_postgres_and_touches_no_bystander

# --- nginx ---

# The command is nginx' master. Its workers do not notice that it is gone, and serve on.
kill_nginx_master() {
	start_nginx nginx
	start_download "$here/download"
	whit_inside=$(awk '$1 == "NSpid:" { print $NF }' "/proc/$target/status")
	stop_and_wait KILL "$(child_of "$target")"
	expect 'the status' 137 "$status"
	collect_status "$download"
}

expect_workers_ended() {
	expect 'workers that log TERM from whit' 2 \
		"$(grep -c "signal 15 (SIGTERM) received from $whit_inside, exiting" "$log")"
	expect_said 'whit: the command (pid N) was killed by SIGKILL' \
		'whit: reaped orphan N (nginx): exited 0' \
		'whit: reaped orphan N (nginx): exited 0'
	note "$((end_ms - before_ms)) ms"
	expect_bystanders_untouched
}

nginx_workers_whose_master_was_killed_end_by_themselves_with_a_drain() {
	needs_nginx
	place=pid_1 options='-w -d 30'
	kill_nginx_master
	expect_workers_ended
}
run nginx_workers_whose_master_was_killed_end_by_themselves_with_a_drain

nginx_workers_whose_master_was_killed_are_killed_without_a_drain() {
	needs_nginx
	place=pid_1 options=-w
	kill_nginx_master
	expect_no_line "$log" 'SIGTERM|exiting'
	expect_said 'whit: the command (pid N) was killed by SIGKILL'
}
run nginx_workers_whose_master_was_killed_are_killed_without_a_drain

a_subreaper_drains_nginx_workers_and_touches_no_bystander() {
	needs_nginx
	place=subreaper options='-w -d 30'
	kill_nginx_master
	expect_workers_ended
}
run a_subreaper_drains_nginx_workers_and_touches_no_bystander

finish

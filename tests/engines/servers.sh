# shellcheck shell=sh
# nginx and PostgreSQL as the engine tests need them: made in a directory of the test's, started,
# asked. A script that sources this after harness.sh has a `start HOW COMMAND [ARG]...`, and knows
# alone what is shown with them.
# shellcheck disable=SC2034,SC2154 # variables from harness.sh, and for the script

# show_logs: what the test has in files that end in .log.
show_logs() {
	for file in "$here"/*.log; do
		[ -e "$file" ] || continue
		echo "output, $(basename "$file" .log):"
		sed 's/^/    | /' "$file"
	done
}

# show_namespace PID: the live processes of its PID namespace.
show_namespace() {
	echo "alive in the PID namespace of $1 (pid, state, parent, name):"
	namespace=$(readlink "/proc/$1/ns/pid") || return 0
	for process in /proc/[0-9]*; do
		[ "$(readlink "$process/ns/pid")" = "$namespace" ] || continue
		awk '/^(Name|State|Pid|PPid):/ { v[$1] = $2 }
			END { print "    | " v["Pid:"], v["State:"], v["PPid:"], v["Name:"] }' \
			"$process/status"
	done 2>/dev/null
}

# --- nginx ---

needs_nginx() {
	is_installed nginx || skip 'no nginx (apt-get install nginx-light)'
	is_installed curl || skip 'no curl (apt-get install curl)'
}

# start_nginx HOW: with two workers; sets $directory.
start_nginx() {
	directory=$here/$1
	mkdir -p "$directory/www"
	chmod 755 "$here" "$directory" "$directory/www"
	# Long enough to be under way when the signal comes: 1 MB at 512 kB a second.
	head -c 1000000 /dev/zero >"$directory/www/long"
	cat >"$directory/nginx.conf" <<-CONF
		daemon off;
		pid $directory/pid;
		error_log stderr notice;
		worker_processes 2;
		events { worker_connections 64; }
		http {
			access_log off;
			client_body_temp_path $directory/body;
			proxy_temp_path $directory/proxy;
			fastcgi_temp_path $directory/fastcgi;
			uwsgi_temp_path $directory/uwsgi;
			scgi_temp_path $directory/scgi;
			server {
				listen unix:$directory/socket;
				root $directory/www;
				location = /hello { return 200 "hello from nginx\n"; }
				location = /long { limit_rate 512k; sendfile off; }
			}
		}
	CONF
	start "$1" nginx -p "$directory" -e stderr -c "$directory/nginx.conf"
	wait_until 'an answer of nginx' get /hello "$here/first_answer"
	get /hello "$here/answer"
	expect 'the answer of nginx' 'hello from nginx' "$(cat "$here/answer")"
}

# get PATH FILE
get() {
	curl -sS --fail --max-time "$bound_seconds" --unix-socket "$directory/socket" -o "$2" \
		"http://nginx$1" 2>"$here/curl.log"
}

has_begun() {
	[ -s "$1" ]
}

# start_download FILE: sets $download; it takes two seconds.
start_download() {
	get /long "$1" &
	download=$!
	wait_until 'a download under way' has_begun "$1"
}

# --- PostgreSQL ---

postgres_bin() {
	for candidate in /usr/lib/postgresql/*/bin; do
		[ ! -x "$candidate/postgres" ] || echo "$candidate"
	done | tail -n 1
}

as_postgres() {
	setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"
}

# The cluster is made once; make_postgres copies it.
needs_postgres() {
	bin=$(postgres_bin)
	[ -n "$bin" ] || skip 'no PostgreSQL (apt-get install postgresql)'
	[ ! -e "$work/cluster" ] || return 0
	mkdir "$work/cluster"
	chown postgres: "$work/cluster"
	as_postgres env LC_ALL=C "$bin/initdb" --no-sync --auth=trust -D "$work/cluster" \
		>"$here/initdb.log" 2>&1
}

# run_psql [ARG]...
run_psql() {
	as_postgres "$bin/psql" -X -At -h "$directory" -U postgres -d postgres "$@"
}

# ask_postgres SQL
ask_postgres() {
	run_psql -c "$1" >"$here/answer" 2>"$here/psql.log"
}

# make_postgres NAME: sets $directory.
make_postgres() {
	directory=$here/$1
	mkdir "$directory"
	chown postgres: "$directory"
	cp -a "$work/cluster" "$directory/data"
}

# start_postgres HOW [WORD]...: the words are what its command line begins with. What it shares
# among its processes is in its own directory, not in /dev/shm, where it would outlive a KILL.
start_postgres() {
	how_postgres=$1
	shift
	start "$how_postgres" "$@" setpriv --reuid=postgres --regid=postgres --init-groups -- \
		"$bin/postgres" -D "$directory/data" -c listen_addresses= \
		-c "unix_socket_directories=$directory" -c log_line_prefix= \
		-c logging_collector=off -c fsync=off -c dynamic_shared_memory_type=mmap
	wait_until 'an answer of PostgreSQL' ask_postgres 'SELECT 1'
}

fill_postgres() {
	ask_postgres 'CREATE TABLE t AS SELECT generate_series(1, 1000) AS n'
}

expect_postgres_filled() {
	ask_postgres 'SELECT sum(n) FROM t'
	expect 'the answer of PostgreSQL' 500500 "$(cat "$here/answer")"
}

# are_clients_sleeping COUNT: in the server.
are_clients_sleeping() {
	ask_postgres "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
	[ "$(cat "$here/answer")" = "$1" ]
}

# As `pg_ctl status` would see it with the server down.
cluster_state() {
	as_postgres env LC_ALL=C "$bin/pg_controldata" "$directory/data" |
		sed -n 's/^Database cluster state: *//p'
}

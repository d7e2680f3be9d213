#!/bin/sh
# What is known to leave zombies behind: headless Chromium that is killed, a build that is aborted
# in the middle of its compilers, a Node server that starts shells. Under a whit that is PID 1 none
# is left; under a PID 1 that does not reap, as in a container without an init, all are.
# As root. usage: tests/engines/workloads.sh build/whit
# shellcheck disable=SC2317 # the harness calls the tests
set -u
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
# shellcheck source-path=SCRIPTDIR source=servers.sh
. "$(dirname "$0")/servers.sh"
begin

# --- a PID namespace, with whit or without ---

how=    # under_whit or without_init
target= # its PID 1
guest=  # the process that joined it

has_pid_1() {
	target=$(child_of "$service")
	[ -n "$target" ] &&
		[ "$(readlink "/proc/$target/ns/pid")" != "$(readlink /proc/self/ns/pid)" ]
}

# start_namespace under_whit|without_init COMMAND [ARG]...: output to $log.
start_namespace() {
	how=$1
	log=$here/$how.log
	shift
	[ "$how" != under_whit ] || set -- "$whit" -w -- "$@"
	in_pid_namespace "$@" >"$log" 2>&1 &
	service=$!
	wait_until 'PID 1' has_pid_1
}

# join COMMAND [ARG]...: in the namespace, in the place of this shell; the parent stays outside, as
# that of `docker exec` does.
join() {
	exec setpriv --pdeathsig KILL nsenter --target "$target" --pid --mount \
		env --default-signal=INT,QUIT "$@"
}

# inside COMMAND [ARG]...: the same, and wait.
inside() {
	(join "$@")
}

# list_inside NAME: state and parent of each process whose name begins so.
list_inside() {
	inside sh -c 'cat /proc/[0-9]*/status 2>/dev/null' | awk -v name="$1" '
		/^Name:/ { found = index($2, name) == 1 }
		/^State:/ { state = $2 }
		/^PPid:/ && found { print state, $2 }'
}

# is_count_inside NAME STATE-AND-PARENT COUNT: the second is an expression.
is_count_inside() {
	[ "$(list_inside "$1" | grep -c -e "$2")" -eq "$3" ]
}

# After each round: no process of these names, alive or a zombie, and no zombie of any name.
expect_none_left() {
	for name in "$@"; do
		wait_until "no process named $name" is_count_inside "$name" . 0
	done
	expect 'zombies' 0 "$(list_inside '' | grep -c '^Z')"
}

# count_reaped TEXT: of the lines of whit on orphans.
count_reaped() {
	grep -c "^whit: reaped orphan [0-9]* $1" "$log"
}

end_namespace() {
	kill -s KILL "$service"
	collect_status "$service"
	service=
}

after_failure() {
	show_logs
	[ -z "$target" ] || show_namespace "$target"
}

after_test() {
	for pid in $service $guest; do
		kill -s KILL "$pid" 2>/dev/null || : # it may have ended
	done
	wait
}

# --- Chromium ---

needs_chromium() {
	is_installed chromium || skip 'no chromium (apt-get install chromium)'
	export HOME="$here" TMPDIR="$here/tmp"
	mkdir -p "$TMPDIR"
}

# What keeps it from looking for a graphics card, a desktop and a network that are not here.
chromium() {
	"$@" chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
		--disable-background-networking --disable-component-update --disable-sync \
		--disable-dev-shm-usage --remote-debugging-port=0 --user-data-dir="$profile" \
		about:blank
}

# It writes this file when it can be talked to; its helpers run by then.
is_chromium_ready() {
	[ -s "$profile/DevToolsActivePort" ]
}

# handles_term PID
handles_term() {
	[ $((0x$(sed -n 's/^SigCgt:[[:space:]]*//p' "/proc/$1/status") >> 14 & 1)) -eq 1 ]
}

# kill_chromium: starts one as a guest and kills it; its helpers are left to PID 1.
kill_chromium() {
	profile=$here/profile
	chromium join >"$here/chromium.log" 2>&1 &
	guest=$!
	service=$guest wait_until 'Chromium' is_chromium_ready
	browser=$(child_of "$guest")
	helpers=$(list_inside chrom | grep -vc '^. 0$')
	[ "$helpers" -ge 3 ] || expect 'helpers of Chromium' '3 or more' "$helpers"
	kill -s KILL "$browser"
	collect_status "$guest"
	guest=
	expect "the status of Chromium's parent" 137 "$status"
	rm -rf "$profile"
}

chromium_killed_twenty_times_leaves_no_zombie() {
	needs_chromium
	start_namespace under_whit sleep 1000000
	for round in $(seq 20); do
		echo "round $round"
		kill_chromium
		expect_none_left chrom
	done
	reaped=$(count_reaped '(chrom')
	[ "$reaped" -ge 60 ] || expect 'orphans of Chromium reaped' '60 or more' "$reaped"
	kill -s TERM "$target"
	collect_status "$service"
	service=
	expect 'the status' 143 "$status"
	note "$reaped orphans reaped"
}
run chromium_killed_twenty_times_leaves_no_zombie

are_all_zombies() {
	list_inside chrom >"$here/list"
	[ -s "$here/list" ] && ! grep -qv '^Z 1$' "$here/list"
}

without_init_chromium_killed_once_leaves_zombies() {
	needs_chromium
	start_namespace without_init sleep 1000000
	kill_chromium
	wait_until 'nothing but zombies' are_all_zombies
	note "$(wc -l <"$here/list") zombies"
}
run without_init_chromium_killed_once_leaves_zombies

# term_chromium under_whit|without_init: as the command, or as PID 1 itself; sets $status.
term_chromium() {
	profile=$here/profile-$1
	chromium start_namespace "$1"
	wait_until 'Chromium' is_chromium_ready
	browser=$target
	# The command is the first child of whit.
	[ "$1" = without_init ] || browser=$(children_of "$target" | cut -d ' ' -f 1)
	wait_until 'a handler of TERM' handles_term "$browser"
	kill -s TERM "$target"
	collect_status "$service"
	service=
}

chromium_ends_on_term_as_without_whit() {
	needs_chromium
	term_chromium without_init
	status_without_whit=$status
	term_chromium under_whit
	expect 'the status, without whit and under it' "$status_without_whit" "$status"
	note "status $status"
}
run chromium_ends_on_term_as_without_whit

# --- a build ---

needs_compiler() {
	is_installed gcc || skip 'no gcc (apt-get install gcc)'
	is_installed make || skip 'no make (apt-get install make)'
}

# What an agent of Jenkins does to a build that is aborted: it kills the shell that it has started.
# Each line that it is sent ends one build.
# shellcheck disable=SC2016 # for that shell
agent='cd "$1" && exec 3<>control
while :; do
	sh -c "make -j3 a.o b.o c.o; echo the build has not been aborted" 3<&- &
	read -r line <&3
	kill -s KILL $!
	wait $!
	read -r line <&3
done'

# A source that is a pipe keeps its compiler at work until the test writes the text into it.
make_project() {
	project=$here/project
	mkdir "$project"
	mkfifo "$project/control" "$project/a.c" "$project/b.c" "$project/c.c"
	# shellcheck disable=SC2016 # for make
	printf '%s\n\t%s\n' '%.o: %.c' 'gcc -c -o $@ $<' >"$project/Makefile"
	# A driver that is killed leaves its temporary file.
	export TMPDIR="$project"
	unset MAKEFLAGS MFLAGS MAKELEVEL
}

tell_agent() {
	# shellcheck disable=SC2016 # for the shell
	timeout "$bound_seconds" sh -c 'echo go on >"$1"' sh "$project/control"
}

# pids_of NAME: as this shell sees them, of those in the namespace.
pids_of() {
	namespace=$(readlink "/proc/$target/ns/pid")
	for process in /proc/[0-9]*; do
		[ "$(cat "$process/comm" 2>/dev/null)" = "$1" ] || continue
		[ "$(readlink "$process/ns/pid")" != "$namespace" ] || basename "$process"
	done
}

# abort_build: with three compilers at work. The shell is killed by the agent, then make and one of
# the drivers by a user who cleans up; what is left finishes its work with no parent but PID 1: two
# drivers and a compiler.
abort_build() {
	wait_until '3 compilers at work' is_count_inside cc1 . 3
	tell_agent
	wait_until 'make left to PID 1' is_count_inside make '^S 1$' 1
	kill -s KILL "$(pids_of make)"
	wait_until 'the drivers left to PID 1' is_count_inside gcc '^S 1$' 3
	kill -s KILL "$(pids_of gcc | head -n 1)"
	wait_until 'a compiler left to PID 1' is_count_inside cc1 '^S 1$' 1
	for source in a b c; do
		# shellcheck disable=SC2016 # for the shell
		timeout "$bound_seconds" sh -c 'echo "int $1;" >"$2"' sh "$source" \
			"$project/$source.c"
	done
}

aborted_builds_leave_no_zombie() {
	needs_compiler
	make_project
	start_namespace under_whit sh -c "$agent" sh "$project"
	for round in $(seq 5); do
		echo "round $round"
		abort_build
		expect_none_left make gcc cc1 as
		# Two objects: the killed driver has started no assembler for the third.
		expect 'objects' 2 "$(find "$project" -name '*.o' | wc -l)"
		rm "$project"/*.o
		tell_agent
	done
	expect 'orphans reaped: make' 5 "$(count_reaped '(make): killed by SIGKILL')"
	expect 'orphans reaped: gcc that was killed' 5 "$(count_reaped '(gcc): killed by SIGKILL')"
	expect 'orphans reaped: gcc that has finished' 10 "$(count_reaped '(gcc): exited 0')"
	expect 'orphans reaped: cc1 that has finished' 5 "$(count_reaped '(cc1): exited 0')"
	expect_no_line "$log" 'has not been aborted'
	note '25 orphans reaped in 5 builds'
}
run aborted_builds_leave_no_zombie

# The same agent as a guest, below a PID 1 that never reaps.
without_init_an_aborted_build_leaves_zombies() {
	needs_compiler
	make_project
	start_namespace without_init sleep 1000000
	join sh -c "$agent" sh "$project" >"$here/agent.log" 2>&1 &
	guest=$!
	abort_build
	wait_until 'make as a zombie' is_count_inside make '^Z 1$' 1
	wait_until '3 drivers as zombies' is_count_inside gcc '^Z 1$' 3
	wait_until 'a compiler as a zombie' is_count_inside cc1 '^Z 1$' 1
	note '5 zombies'
}
run without_init_an_aborted_build_leaves_zombies

# --- Node ---

needs_node() {
	is_installed node || skip 'no node (apt-get install nodejs)'
	is_installed curl || skip 'no curl (apt-get install curl)'
	# Starts shells that leave something behind. Closes its server on TERM if it is to, and says
	# so with its status.
	cat >"$here/server.js" <<-'SCRIPT'
		const [path, closes] = process.argv.slice(2);
		const server = require('http').createServer((question, answer) => {
			require('child_process').exec('sleep 0 &', () => answer.end('done\n'));
		});
		if (closes) {
			process.on('SIGTERM', () => {
				console.log('closing');
				server.close(() => process.exit(7));
			});
		}
		server.listen(path, () => console.log('listening'));
	SCRIPT
}

is_node_listening() {
	grep -q '^listening' "$log"
}

# ask_node COUNT
ask_node() {
	for question in $(seq "$1"); do
		curl -sS --fail --max-time "$bound_seconds" --unix-socket "$here/socket" \
			http://node/ >"$here/answer" 2>"$here/curl.log"
		expect "answer $question" 'done' "$(cat "$here/answer")"
	done
}

# run_node without_whit|under_whit [closes]: 20 questions, then TERM; sets $status.
run_node() {
	rm -f "$here/socket"
	if [ "$1" = under_whit ]; then
		start_namespace under_whit node "$here/server.js" "$here/socket" "${2:-}"
	else
		log=$here/without_whit.log
		node "$here/server.js" "$here/socket" "${2:-}" >"$log" 2>&1 &
		service=$!
		target=$service
	fi
	wait_until 'node listening' is_node_listening
	ask_node 20
	if [ "$1" = under_whit ]; then
		expect_none_left sleep
		expect 'orphans reaped' 20 "$(count_reaped '(.*): exited 0')"
	fi
	kill -s TERM "$target"
	collect_status "$service"
	service=
	[ -z "${2:-}" ] || expect_line "$log" '^closing'
}

a_node_server_closes_on_term_and_leaves_no_zombie() {
	needs_node
	run_node without_whit closes
	expect 'the status without whit' 7 "$status"
	run_node under_whit closes
	expect 'the status under whit' 7 "$status"
	run_node without_whit
	expect 'the status without whit, of one that TERM kills' 143 "$status"
	run_node under_whit
	expect 'the status under whit, of one that TERM kills' 143 "$status"
	note 'statuses 7 and 143, 40 orphans reaped'
}
run a_node_server_closes_on_term_and_leaves_no_zombie

# As PID 1 itself; and what it does not handle, the kernel does not deliver to it.
without_init_a_node_server_leaves_zombies() {
	needs_node
	start_namespace without_init node "$here/server.js" "$here/socket"
	wait_until 'node listening' is_node_listening
	ask_node 20
	wait_until '20 zombies' is_count_inside sleep '^Z 1$' 20
	kill -s TERM "$target"
	ask_node 1
	note '20 zombies, and TERM does not end it'
}
run without_init_a_node_server_leaves_zombies

finish

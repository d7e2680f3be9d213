#!/bin/sh
# whit called as tini, dumb-init and catatonit beside Debian's packages of them: every option and
# variable that they document, on both, side by side. The manual has a row for each difference. As root. usage: tests/engines/names.sh build/whit
# shellcheck disable=SC2317 # the harness calls the tests
set -u
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"

manual=$(realpath "$(dirname "$0")/../../man/whit.1")

after_failure() {
	for file in "$here"/*/*.log; do
		[ -e "$file" ] || continue
		echo "${file#"$here"/}:"
		sed 's/^/    | /' "$file"
	done
}

begin
unset TINI_SUBREAPER TINI_VERBOSITY TINI_KILL_PROCESS_GROUP DUMB_INIT_SETSID DUMB_INIT_DEBUG \
	CATATONIT_LOG
mkdir "$work/whit"
for name in tini dumb-init catatonit; do
	is_installed "$name" || skip_all "no $name (apt-get install $name)"
	ln -s "$whit" "$work/whit/$name"
done

# --- both, side by side ---

# shows NAME [ROW]...: the differences that the test is about, as the manual names them.
shows() {
	name=$1
	shift
	for shown in "$@"; do
		echo "$name|$shown" >>"$work/shown"
	done
}

init_of() {
	case $1 in
	original) command -v "$name" ;;
	whit) echo "$work/whit/$name" ;;
	esac
}

# try_one HOW [WORD]...: as PID 1 of a namespace, or with $below as a child of a shell that is; in a
# directory of its own, with out.log, err.log and the status there.
try_one() {
	how=$1
	shift
	rm -rf "${here:?}/$how"
	mkdir "$here/$how"
	status=0
	# shellcheck disable=SC2086 # $below is words
	(cd "$here/$how" && exec timeout -k 5 "$bound_seconds" unshare --fork --pid --mount-proc \
		--kill-child $below "$(init_of "$how")" "$@") \
		>"$here/$how/out.log" 2>"$here/$how/err.log" || status=$?
	echo "$status" >"$here/$how/status"
}

below=

# try [WORD]...: the same words for both.
try() {
	try_one original "$@"
	try_one whit "$@"
}

# expect_status ORIGINAL WHIT
expect_status() {
	expect "the status of $name" "$1" "$(cat "$here/original/status")"
	expect "the status of whit as $name" "$2" "$(cat "$here/whit/status")"
}

# expect_both_say REGEX: on stdout.
expect_both_say() {
	expect_line "$here/original/out.log" "$1"
	expect_line "$here/whit/out.log" "$1"
}

# The command's own words, which are all there is on stdout.
expect_same_out() {
	sort -o "$here/original/out.log" "$here/original/out.log"
	sort -o "$here/whit/out.log" "$here/whit/out.log"
	[ -s "$here/original/out.log" ]
	expect_same "what is said under $name and whit" "$here/original/out.log" \
		"$here/whit/out.log"
}

expect_silence() {
	expect "the words of $name" '' "$(cat "$here/original/err.log")"
	expect "the words of whit as $name" '' "$(cat "$here/whit/err.log")"
}

# Sends PID 1 one USR1, and says whether it comes to the command alone or to its child too. The
# child is asked afterwards, by a signal that comes after it in number and in time.
# shellcheck disable=SC2016 # for that shell
who_gets_usr1='
sh -c "trap \"echo child got USR1\" USR1; trap exit USR2; : >ready; while :; do sleep 0.05; done" &
trap "got=yes; echo command got USR1" USR1
while [ ! -e ready ]; do sleep 0.05; done
kill -USR1 $PPID
while [ -z "$got" ]; do sleep 0.05; done
kill -USR2 $!
wait $!'

# expect_usr1 HOW LINE-COUNT
expect_usr1() {
	expect_line "$here/$1/out.log" '^command got USR1$'
	expect "processes that get a signal, $name, $1" "$2" "$(wc -l <"$here/$1/out.log")"
}

# expect_to_group ORIGINAL WHIT: yes or no.
expect_to_group() {
	for how_and_wanted in original:"$1" whit:"$2"; do
		case ${how_and_wanted#*:} in
		yes) expect_usr1 "${how_and_wanted%:*}" 2 ;;
		no) expect_usr1 "${how_and_wanted%:*}" 1 ;;
		esac
	done
}

# Leaves PID 1 an orphan that ends before the command does.
# shellcheck disable=SC2016 # for that shell
leave_orphan='orphan=$(sleep 0.2 >/dev/null & echo $!)
while [ -e /proc/$orphan ]; do sleep 0.05; done'

# Below a shell that is PID 1: says which process becomes the parent of an orphan.
# shellcheck disable=SC2016 # for that shell
who_gets_orphan='
orphan=$(sh -c "sleep 1000 >/dev/null 2>&1 & echo \$!")
read -r parent <<LINE
$(sed -n "s/^PPid:.//p" /proc/$orphan/status)
LINE
if [ "$parent" = 1 ]; then echo PID 1; elif [ "$parent" = $PPID ]; then echo the init; fi'
# --- tini ---

tini_version_help_and_licence() {
	shows tini
	for option in --version -h -l; do
		try "$option"
		expect_status 0 0
		expect_both_say .
		expect_silence
	done
	try --version
	expect_both_say '^(tini|whit) version [0-9]+\.[0-9]+\.[0-9]+'
}
run tini_version_help_and_licence

# The shell that is PID 1: it stays, and has the init as its child.
make_below() {
	printf '%s\n' "$1" >"$work/below"
	below="sh $work/below"
}

tini_as_a_subreaper() {
	shows tini 'below PID 1'
	# shellcheck disable=SC2016 # for the shell that is PID 1
	make_below '"$@"; exit $?'
	try -s -- sh -c "$who_gets_orphan"
	expect_both_say '^the init$'
	expect_silence
	TINI_SUBREAPER='' && export TINI_SUBREAPER
	try -- sh -c "$who_gets_orphan"
	expect_both_say '^the init$'
	unset TINI_SUBREAPER
	try -- sh -c "$who_gets_orphan"
	expect_line "$here/original/out.log" '^PID 1$'
	expect_line "$here/original/err.log" 'Tini is not running as PID 1'
	expect_line "$here/whit/out.log" '^the init$'
	expect 'the words of whit' '' "$(cat "$here/whit/err.log")"
}
run tini_as_a_subreaper

tini_parent_death() {
	shows tini
	try -p SIGUSR1 -- sh -c 'exit 3'
	expect_status 3 3
	expect_silence
	for signal in USR1 10 SIGRTMIN; do
		try -p "$signal" -- sh -c 'exit 3'
		expect_status 1 3
	done
	# The parent that dies is a shell below PID 1; the signal ends what it has started.
	# shellcheck disable=SC2016 # for that shell
	make_below 'sh -c "\"\$@\" & while [ ! -e ready ]; do sleep 0.05; done; kill -KILL \$\$" \
			sh "$@"
		while [ ! -e end ]; do sleep 0.05; done'
	# shellcheck disable=SC2016 # for that shell
	try -s -p SIGUSR1 -- sh -c 'trap "echo got USR1; : >end; exit" USR1; : >ready
		while :; do sleep 0.05; done'
	expect_both_say '^got USR1$'
}
run tini_parent_death

# tini's lines are on stdout, where the command's are.
expect_start_told() {
	expect_status 0 0
	expect_line "$here/original/out.log" "Spawned child process 'true'"
	expect_line "$here/whit/err.log" "^whit: started 'true'"
	expect 'stdout of whit' '' "$(cat "$here/whit/out.log")"
}

tini_verbosity() {
	shows tini -v
	for option in -v -vv -vvv; do
		try "$option" -- true
		expect_start_told
	done
	export TINI_VERBOSITY
	for TINI_VERBOSITY in 2 3; do
		try -- true
		expect_start_told
	done
	# At 1 both report with -w, at 0 neither does.
	TINI_VERBOSITY=1
	try -w -- sh -c "$leave_orphan"
	expect_line "$here/original/err.log" 'Reaped zombie process with pid'
	expect_line "$here/whit/err.log" '^whit: reaped orphan '
	TINI_VERBOSITY=0
	try -w -- sh -c "$leave_orphan"
	expect_silence
}
run tini_verbosity

tini_warns_of_what_it_reaps() {
	shows tini
	try -w -- sh -c "$leave_orphan"
	expect_status 0 0
	expect_line "$here/original/err.log" 'Reaped zombie process with pid'
	expect_line "$here/whit/err.log" '^whit: reaped orphan [0-9]* \(sleep\): exited 0$'
}
run tini_warns_of_what_it_reaps

tini_group() {
	shows tini
	try -- sh -c "$who_gets_usr1"
	expect_to_group no no
	try -g -- sh -c "$who_gets_usr1"
	expect_to_group yes yes
	TINI_KILL_PROCESS_GROUP='' && export TINI_KILL_PROCESS_GROUP
	try -- sh -c "$who_gets_usr1"
	expect_to_group yes yes
}
run tini_group

tini_exit_codes() {
	shows tini
	try -e 143 -e 7 -- sh -c 'exit 7'
	expect_status 0 0
	# shellcheck disable=SC2016 # for the shell
	try -e 143 -- sh -c 'kill -TERM $$'
	expect_status 0 0
	try -e143 -- sh -c 'exit 8'
	expect_status 8 8
	try -e 256 -- true
	expect_status 1 125
	try -e 7:9 -- sh -c 'exit 7'
	expect_status 1 9
}
run tini_exit_codes

tini_commands_options() {
	shows tini 'COMMAND -l' 'unknown option' 'no command'
	# echo says its options when it gets them.
	try /bin/echo -l
	expect_status 0 0
	expect_line "$here/original/out.log" 'MIT License'
	expect 'what the command says under whit' -l "$(cat "$here/whit/out.log")"
	try -- no-such-command
	expect_status 127 127
	try -- /
	expect_status 126 126
	try --
	expect_status 1 125
	try -x true
	expect_status 1 125
}
run tini_commands_options

# --- dumb-init ---

dumb_init_group_and_single_child() {
	shows dumb-init
	try sh -c "$who_gets_usr1"
	expect_to_group yes yes
	for option in -c --single-child; do
		try "$option" sh -c "$who_gets_usr1"
		expect_to_group no no
	done
	DUMB_INIT_SETSID=0 && export DUMB_INIT_SETSID
	try sh -c "$who_gets_usr1"
	expect_to_group no no
}
run dumb_init_group_and_single_child

dumb_init_session() {
	shows dumb-init session
	# shellcheck disable=SC2016 # for the shell
	try sh -c 'read -r _ _ _ _ group session _ </proc/$$/stat
		[ $group = $$ ] && echo group; [ $session = $$ ] && echo session; :'
	expect_both_say '^group$'
	expect_line "$here/original/out.log" '^session$'
	expect_no_line "$here/whit/out.log" '^session$'
}
run dumb_init_session

# Says what comes of a TERM to PID 1. URG is sent after it, and is the higher number: what comes of
# the TERM is there when it comes.
# shellcheck disable=SC2016 # for that shell
what_becomes_of_term='
for signal in INT QUIT USR1 TERM; do trap "echo got $signal" $signal; done
trap "echo end; exit 4" URG
kill -TERM $PPID
kill -URG $PPID
while :; do sleep 0.05; done'

# expect_term_becomes WORD: nothing, or a signal, with both.
expect_term_becomes() {
	expect_status 4 4
	expect_same_out
	expect 'what comes of TERM' "$1" "$(sed -n 's/^got //p' "$here/whit/out.log")"
}

dumb_init_rewrite() {
	shows dumb-init
	try -c sh -c "$what_becomes_of_term"
	expect_term_becomes TERM
	for words in '-r 15:2' '-r15:2' '--rewrite 15:2' '--rewrite=15:2'; do
		# shellcheck disable=SC2086 # words
		try -c $words sh -c "$what_becomes_of_term"
		expect_term_becomes INT
	done
	try -c -r 15:0 sh -c "$what_becomes_of_term"
	expect_term_becomes ''
	try -c -r 15:10 -r 10:3 sh -c "$what_becomes_of_term"
	expect_term_becomes USR1
	try -c -r TERM:INT sh -c "$what_becomes_of_term"
	expect_status 1 4
	try -c -r 34:15 true
	expect_status 1 0
	try -c -r 15 true
	expect_status 1 125
}
run dumb_init_rewrite

dumb_init_verbosity() {
	shows dumb-init
	for option in -v --verbose; do
		try "$option" true
		expect_status 0 0
		expect_line "$here/original/err.log" '^\[dumb-init\] Child spawned with PID 2\.$'
		expect_line "$here/whit/err.log" "^whit: started 'true' \(pid 2\)$"
	done
	DUMB_INIT_DEBUG=1 && export DUMB_INIT_DEBUG
	try true
	expect_line "$here/original/err.log" '^\[dumb-init\] Child spawned with PID 2\.$'
	expect_line "$here/whit/err.log" "^whit: started 'true' \(pid 2\)$"
	DUMB_INIT_DEBUG=0
	try true
	expect_silence
}
run dumb_init_verbosity

dumb_init_version_and_help() {
	shows dumb-init '-h, -V' --verb
	for option in -V --version -h --help; do
		try "$option"
		expect_status 0 0
		expect 'stdout of dumb-init' '' "$(cat "$here/original/out.log")"
		expect 'stderr of whit' '' "$(cat "$here/whit/err.log")"
		[ -s "$here/original/err.log" ] && [ -s "$here/whit/out.log" ]
	done
	try --verb true
	expect_status 0 125
}
run dumb_init_version_and_help

# The command has trapped the signal, which does not help against STOP. A process of another group looks.
dumb_init_stops() {
	shows dumb-init 'TSTP, TTIN, TTOU'
	for signal in TSTP TTIN TTOU; do
		# shellcheck disable=SC2016 # for the shells
		try sh -c 'setsid sh -c ": >ready; while ! grep -q ^State:.T /proc/$$/status; do
				sleep 0.05; done; echo stopped; kill -KILL $$" &
			trap "echo got it; kill -KILL $!; exit 5" '"$signal"'
			while [ ! -e ready ]; do sleep 0.05; done
			kill -'"$signal"' $PPID
			wait'
		expect_status 137 5
		expect 'the command under dumb-init' stopped "$(cat "$here/original/out.log")"
		expect 'the command under whit' 'got it' "$(cat "$here/whit/out.log")"
	done
}
run dumb_init_stops

# Below a PID 1 that stays: what became of what the command has left behind. A TERM was sent before
# the init ended: then it is pending, or has woken the process that it ends.
# shellcheck disable=SC2016 # for that shell
outlive='"$@"
while :; do
	what=$(awk "/^(State|SigPnd|ShdPnd):/ { printf \"%s \", \$2 }" "/proc/$(cat left)/status")
	case $what in
	"" | Z*) echo ended; break ;;
	"S 0000000000000000 0000000000000000 ") echo left behind; break ;;
	esac
done 2>/dev/null'

dumb_init_remaining_processes() {
	shows dumb-init remaining
	make_below "$outlive"
	# shellcheck disable=SC2016 # for the shell
	try sh -c 'sleep 1000 >/dev/null & echo $! >left'
	expect_line "$here/original/out.log" '^ended$'
	expect_line "$here/whit/out.log" '^left behind$'
	WHIT_DRAIN=5 && export WHIT_DRAIN
	# shellcheck disable=SC2016 # for the shell
	try sh -c 'sleep 1000 >/dev/null & echo $! >left'
	expect_both_say '^ended$'
}
run dumb_init_remaining_processes

dumb_init_failures() {
	shows dumb-init 'COMMAND not found' 'unknown option' 'no command'
	try no-such-command
	expect_status 2 127
	try /
	expect_status 2 126
	try -x true
	expect_status 1 125
	try
	expect_status 1 125
}
run dumb_init_failures

# --- catatonit ---

catatonit_group() {
	shows catatonit
	try -- sh -c "$who_gets_usr1"
	expect_to_group no no
	try -g -- sh -c "$who_gets_usr1"
	expect_to_group yes yes
}
run catatonit_group

# Has a shell as PID 1 that sends its child these signals as soon as that is the init, and listens.
send_to_init() {
	# shellcheck disable=SC2016 # for that shell
	make_below '"$@" &
		until ! grep -qs "^Name:.sh$" /proc/$!/status &&
			grep -qs "^Sig\(Blk\|Cgt\):.*[1-9a-f]" /proc/$!/status; do sleep 0.05; done
		for signal in '"$*"'; do kill -s $signal $!; done
		wait $!'
}

catatonit_pause() {
	shows catatonit '-P COMMAND'
	for signals in INT TERM 'HUP USR1 INT'; do
		# shellcheck disable=SC2086 # words
		send_to_init $signals
		try -P
		expect_status 0 0
		expect "the words of $name" '' "$(cat "$here/original/err.log")"
		expect_line "$here/whit/err.log" '^whit: --pause as PID [0-9]+: only PID 1 reaps all orphans'
	done
	try_one original -P -- true
	below=
	try_one whit -P -- true
	expect_status 0 125
}
run catatonit_pause

catatonit_version_help_and_licence() {
	shows catatonit -h
	for option in -V --version -L; do
		try "$option"
		expect_status 0 0
		expect_both_say .
		expect_silence
	done
	try -h
	expect_status 0 0
	[ -s "$here/original/err.log" ] && [ -s "$here/whit/out.log" ]
	expect 'stderr of whit' '' "$(cat "$here/whit/err.log")"
}
run catatonit_version_help_and_licence

catatonit_failures() {
	shows catatonit 'COMMAND -l' 'COMMAND not found' 'unknown option' 'no command' \
		CATATONIT_LOG
	try /bin/echo -l
	expect_status 1 0
	try -- no-such-command
	expect_status 1 127
	try -- /
	expect_status 1 126
	try -x true
	expect_status 1 125
	try
	expect_status 1 125
	CATATONIT_LOG=debug && export CATATONIT_LOG
	try -- sh -c 'exit 3'
	expect_status 1 3
}
run catatonit_failures

# --- the manual ---

# NAME|WORD of each row of the manual's table.
list_rows() {
	awk -F ' Ta ' '/^\.S[hs] / { inside = $0 == ".Ss Other names" }
		inside && /^\.It / && !/ Sy / {
			gsub(/\\/, "")
			sub(/^\.It /, "")
			if ($1 == "all three")
				print "tini|" $2 "\ndumb-init|" $2 "\ncatatonit|" $2
			else
				print $1 "|" $2
		}' "$manual"
}

every_row_of_the_manuals_table_was_shown() {
	list_rows | sort -u >"$here/written"
	sort -u "$work/shown" >"$here/run"
	expect_same 'rows of the manual, written and shown' "$here/written" "$here/run"
	note "$(wc -l <"$here/written") rows"
}
run every_row_of_the_manuals_table_was_shown

finish

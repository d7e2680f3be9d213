#!/bin/sh
# Has spin search every schedule of the models here, scenario by scenario: what holds, and what is
# found as soon as one thing is broken (-DBREAK_...), so that a search cannot pass by seeing nothing.
# STRICT takes an exception away that README.md names. Needs spin and gcc; without them it says so, and
# with CI set that is a failure.
# usage: tests/model/run.sh
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 1

for tool in spin gcc; do
	command -v "$tool" >/dev/null && continue
	if [ -n "${CI:-}" ]; then
		echo "model: $tool is not installed, and with CI set it must be" >&2
		exit 1
	fi
	echo "SKIPPED the models: $tool is not installed" >&2
	exit 0
done

work=$(mktemp -d /tmp/whit-model.XXXXXX) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 141' PIPE
trap 'exit 143' TERM
cd "$work" || exit 1

passed=0
failed=0

# search KIND MODEL [-DMACRO]...: writes what the search says to `found`. KIND is what is looked for
# beside assertions that do not hold:
#   end         states in which no process can go on, and whit has not ended
#   progress    schedules that never end
#   acceptance  schedules that leave something undone for ever, though each process gets its turns
# Most of what is compiled runs for a second or less, so that -O0 is the fastest.
search() {
	case $1 in
	end) kind=-DSAFETY look= ;;
	progress) kind=-DNP look=-l ;;
	acceptance) kind=-DNFAIR=3 look='-a -f' ;;
	esac
	model=$2
	shift 2
	rm -f found pan* ./*.trail
	# shellcheck disable=SC2086 # no word, or one, or two
	spin -a "$@" "$here/$model.pml" >found 2>&1 &&
		gcc -O0 -w -DCOLLAPSE $kind -o pan pan.c >>found 2>&1 &&
		./pan $look -m200000 -w20 >>found 2>&1
}

figures() {
	sed -n 's/.*depth reached \([0-9]*\), .*/depth \1/p; s/^ *\([0-9.e+]*\) states, stored.*/\1 states/p' \
		found | paste -s -d ' ' | sed 's/\(depth [0-9]*\) \(.*\)/\2, \1/'
}

report_failure() {
	failed=$((failed + 1))
	echo "FAILED $*"
	echo "    expected: $expected; observed:"
	sed -n '/./s/^/    | /p' found | head -n 20
}

# holds KIND MODEL [-DMACRO]...
holds() {
	expected='errors: 0'
	if search "$@" && grep -q 'errors: 0$' found &&
		! grep -q -e 'max search depth too small' -e 'out of memory' found; then
		passed=$((passed + 1))
		echo "ok $* - $(figures)"
	else
		report_failure "$@"
	fi
}

# breaks EXPECTED KIND MODEL [-DMACRO]...
breaks() {
	expected=$1
	shift
	search "$@"
	if grep -q "^pan:1: .*$expected" found; then
		passed=$((passed + 1))
		echo "ok $* - found: $(sed -n 's/^pan:1: //p' found)"
	else
		report_failure "$@"
	fi
}

hang='invalid end state'
forever='non-progress cycle'
starved='acceptance cycle'

# The start.
holds end start
holds end start -DGROUP=1
holds end start -DGROUP=1 -DEMULATED=1
breaks group_is_missed end start -DGROUP=1 -DBREAK_PLAIN_FORK
breaks signal_is_lost end start -DBREAK_BLOCK_AFTER_START
breaks verdict_is_wrong end start -DEMULATED=1 -DBREAK_OTHER_ORDER

# Signals of each kind, for a command that ends only when all have come.
signals='-DWAITING_COMMAND -DN_USR=1 -DN_TERM=1 -DN_RT=2 -DN_CHLD=1'
# shellcheck disable=SC2086 # words
holds end supervise $signals
holds end supervise -DWAITING_COMMAND -DN_USR=2 -DN_RT=3
holds end supervise -DN_USR=1 -DN_TSTP=2 -DN_CONT=1
breaks real_time_signal_is_lost end supervise -DN_RT=3 -DBREAK_FORWARD_NUMBERS
breaks reaped_pid_is_signalled end supervise -DN_TERM=1 -DBREAK_REAP_FIRST
breaks "$hang" end supervise -DWAITING_COMMAND -DN_CHLD=1 -DBREAK_KERNELS_CHLD_ALONE

# Deaths, orphans and pids that are used again.
holds end supervise -DN_FORK=3 -DN_TERM=1
breaks "$hang" end supervise -DN_FORK=2 -DBREAK_ONE_WAIT
breaks status_is_wrong end supervise -DN_FORK=2 -DBREAK_SECOND_STATUS

# -p: the parent ends at any moment, and a stranger gets its pid. The command waits for the signal.
holds end supervise -DWAITING_COMMAND -DPARENT=1
holds end supervise -DWAITING_COMMAND -DPARENT=1 -DNO_PIDFDS
breaks signal_comes_twice end supervise -DWAITING_COMMAND -DPARENT=1 -DBREAK_KEEP_PIDFD
breaks signal_comes_twice end supervise -DWAITING_COMMAND -DPARENT=1 -DNO_PIDFDS -DBREAK_NOT_PENDING

# -k: a command that does not obey is killed; also if a CONT vanishes, or it has left its group.
holds end supervise -DKILL_AFTER=1 -DN_TERM=2 -DN_CONT=1 -DN_STOP=1
holds progress supervise -DKILL_AFTER=1 -DN_TERM=2 -DN_CONT=1 -DN_STOP=1
holds end supervise -DKILL_AFTER=1 -DGROUP=1 -DN_TERM=1 -DN_FORK=1
breaks "$hang" end supervise -DKILL_AFTER=1 -DN_TERM=1 -DN_CONT=1 -DN_STOP=1 -DBREAK_BLOCKING_READ
breaks "$hang" end supervise -DKILL_AFTER=1 -DGROUP=1 -DN_TERM=1 -DN_FORK=1 -DBREAK_KILL_GROUP_ALONE

# -d as PID 1: with a time that may be over at any moment, and with one that never is.
holds end supervise -DDRAIN=1 -DN_FORK=2 -DN_USR=1
holds end supervise -DDRAIN=1 -DN_FORK=1 -DUNKILLABLE -DKILL_AFTER=1 -DN_TERM=1
holds progress supervise -DDRAIN=1 -DN_FORK=1 -DUNKILLABLE
holds end supervise -DDRAIN=2 -DN_FORK=3
breaks "$hang" end supervise -DDRAIN=2 -DN_FORK=2 -DBREAK_ONE_WAIT
breaks "$hang" end supervise -DDRAIN=2 -DN_FORK=2 -DBREAK_NO_CONT
breaks "$forever" progress supervise -DDRAIN=1 -DN_FORK=1 -DUNKILLABLE -DBREAK_GIVE_UP_ANEW

# The same with processes that joined from outside, of which one at a time is watched.
holds end supervise -DDRAIN=2 -DN_JOINED=2 -DN_FORK=1
holds end supervise -DDRAIN=2 -DN_JOINED=2 -DN_USR=1
holds end supervise -DDRAIN=1 -DN_JOINED=1 -DN_FORK=1
holds end supervise -DDRAIN=2 -DN_JOINED=1 -DN_FORK=1 -DNO_PIDFDS
holds progress supervise -DDRAIN=1 -DN_JOINED=1 -DUNKILLABLE
breaks ends_before_remaining end supervise -DDRAIN=2 -DN_JOINED=1 -DBREAK_NO_JOINED
breaks ends_before_remaining end supervise -DDRAIN=2 -DN_JOINED=1 -DN_FORK=1 \
	-DBREAK_ONE_LOOK_FOR_CHILDREN
breaks "$hang" end supervise -DDRAIN=2 -DN_JOINED=1 -DN_USR=1 -DBREAK_NO_NEWS_OF_JOINED

# The pause: its first process may have joined, too.
holds end supervise -DPAUSE=1 -DN_TERM=1 -DN_FORK=2
holds end supervise -DPAUSE=1 -DN_TERM=1 -DN_FORK=1 -DDRAIN=1
holds end supervise -DPAUSE=1 -DN_TERM=1 -DN_FORK=1 -DDRAIN=2 -DN_JOINED=1
breaks "$hang" end supervise -DPAUSE=1 -DN_TERM=1 -DDRAIN=2 -DBREAK_PAUSE_WITHOUT_LOOK

# -d as a subreaper, TERM and CONT: descendants are listed and then signalled, beside strangers.
holds end descendants -DN_FORK=2
holds end descendants -DN_FORK=1 -DSUBREAPER -DSOME_STOPPED
holds end descendants -DN_FORK=1 -DN_STRANGER=1
breaks stranger_is_signalled end descendants -DN_STRANGER=1 -DBREAK_NO_PIDFD
breaks stranger_is_signalled end descendants -DN_STRANGER=1 -DBREAK_PROOF_FIRST
breaks stranger_is_signalled end descendants -DN_STRANGER=2 -DBREAK_PID_ALONE
breaks stranger_is_signalled end descendants -DN_STRANGER=2 -DBREAK_PARENT_UNREAD
breaks descendant_misses_term end descendants -DN_FORK=0 -DBREAK_ONE_LOOK
breaks descendant_misses_term end descendants -DN_FORK=0 -DSTRICT
breaks descendant_stays_stopped end descendants -DN_FORK=0 -DSOME_STOPPED -DBREAK_NO_CONT
breaks one_started_later_gets_term end descendants -DN_FORK=1 -DBREAK_SIGNAL_ON_SIGHT
breaks "$hang" end descendants -DN_STRANGER=1 -DBREAK_WAIT_FOR_STRANGERS

# The same, KILL: in rounds, each process on sight, until a round or the clock says that it is of no use.
holds end descendants -DN_FORK=1 -DDRAIN=1
holds end descendants -DN_FORK=0 -DN_STRANGER=1 -DDRAIN=1
holds end descendants -DN_FORK=1 -DDRAIN=1 -DUNKILLABLE
holds end descendants -DN_FORK=1 -DDRAIN=1 -DSUBREAPER -DSOME_STOPPED
holds end descendants -DN_FORK=1 -DDRAIN=1 -DOLD_KERNEL
holds progress descendants -DN_FORK=0 -DDRAIN=1 -DUNKILLABLE
breaks descendant_escapes end descendants -DN_FORK=1 -DDRAIN=1 -DBREAK_LIST_BEFORE_KILL
breaks time_is_short end descendants -DN_FORK=0 -DDRAIN=1 -DBREAK_CLOCK_FIRST
breaks tries_in_vain end descendants -DN_FORK=0 -DDRAIN=1 -DUNKILLABLE -DBREAK_OUT_OF_REACH_IGNORED
breaks "$forever" progress descendants -DN_FORK=0 -DDRAIN=1 -DUNKILLABLE -DBREAK_GIVE_UP_ANEW

# Floods that do not end.
holds acceptance flood
holds acceptance flood -DTO_THREAD
breaks "$starved" acceptance flood -DTO_THREAD -DSTRICT
breaks "$starved" acceptance flood -DBREAK_SMALL_BATCH
breaks "$starved" acceptance flood -DBREAK_READ_UNTIL_EMPTY
breaks "$starved" acceptance flood -DBREAK_REAP_UNTIL_EMPTY
breaks "$starved" acceptance flood -DBREAK_FULL_BATCH

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]

# shellcheck shell=sh
# What the engine tests share: run one, compare, wait for an event, keep count, clean up.
# A script sources this with its own arguments, defines each test and runs it below its definition
# with `run NAME`, and calls `finish` last. What the software at hand is, the script knows alone.

# No wait is longer than this, and none that succeeds depends on it.
bound_seconds=${ENGINE_BOUND_SECONDS:-90}

if [ $# -ne 1 ] || [ ! -x "$1" ]; then
	echo "usage: $0 build/whit" >&2
	exit 2
fi
whit=$(realpath "$1")
script=$(realpath "$0")

is_root_a_mount_point() {
	awk '$5 == "/" { found = 1 } END { exit !found }' /proc/self/mountinfo
}

# Starts the script once more with mounts of its own, which end with it. In a chroot, "/" is no
# mount point, and unshare(1) cannot do without: there it is made one.
enter_own_mounts() {
	[ -z "${ENGINE_OWN_MOUNTS:-}" ] || return 0
	export ENGINE_OWN_MOUNTS=yes
	if is_root_a_mount_point; then
		exec unshare --mount "$script" "$whit"
	fi
	ENGINE_OWN_MOUNTS=in-chroot
	new_root=$(mktemp -d /tmp/whit-root.XXXXXX)
	# shellcheck disable=SC2016 # for the inner shell
	unshare --mount --propagation unchanged sh -c '
		mount --rbind / "$1" && mount --make-rprivate "$1" || exit 125
		chroot "$1" "$2" "$3"
		status=$?
		umount -l "$1"
		exit "$status"' sh "$new_root" "$script" "$whit"
	status=$?
	rmdir "$new_root"
	exit "$status"
}

# Redefined by a script that has more to show of a failure, or something to put away.
after_failure() { :; }
after_test() { :; }
after_all() { :; }

on_exit() {
	status=$?
	trap - EXIT
	after_all
	rm -rf "$work"
	exit "$status"
}

# First in a script, after it has redefined what it will.
begin() {
	if ! unshare --mount --pid --fork --propagation unchanged true; then
		start_work
		skip_all 'needs root, and leave to make namespaces'
	fi
	enter_own_mounts
	start_work
}

start_work() {
	work=$(mktemp -d /tmp/whit-engines.XXXXXX)
	# Programs that give up root must get to their own directories below.
	chmod 755 "$work"
	trap on_exit EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 141' PIPE
	trap 'exit 143' TERM
	passed=0
	failed=0
	skipped=0
}

# Ends the test; the reason is shown.
skip() {
	echo "$*" >"$here/skip"
	exit 77
}

# A figure for the test's line.
note() {
	echo "$*" >>"$here/notes"
}

on_end_of_test() {
	status=$?
	trap - EXIT
	set +e
	case $status in 0 | 77) ;; *) after_failure ;; esac
	after_test
	exit "$status"
}

# The body of a test: a subshell that ends at its first failure.
run_alone() {
	set -eu
	# A subshell starts without the traps of its parent.
	trap on_end_of_test EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 141' PIPE
	trap 'exit 143' TERM
	"$1"
}

run() {
	# Short, since the path of a socket may have 107 bytes.
	here=$work/test
	mkdir "$here"
	(run_alone "$1") </dev/null >"$here/report" 2>&1
	case $? in
	0)
		passed=$((passed + 1))
		echo "ok $1$(sed 's/^/ - /' "$here/notes" 2>/dev/null | tr -d '\n')"
		;;
	77)
		skipped=$((skipped + 1))
		echo "SKIPPED $1: $(cat "$here/skip")"
		;;
	*)
		failed=$((failed + 1))
		echo "FAILED $1"
		grep -q 'expected:' "$here/report" ||
			echo '    expected: every step of it to succeed; observed: one did not'
		sed 's/^/    /' "$here/report"
		;;
	esac
	rm -rf "$here"
}

# For what concerns all the tests of a script: counts as one skip.
skip_all() {
	skipped=$((skipped + 1))
	echo "SKIPPED all of $(basename "$script"): $*"
	finish
}

finish() {
	summary="$passed passed, $failed failed"
	[ "$skipped" -eq 0 ] || summary="$summary, $skipped skipped"
	echo "$summary"
	[ -z "${ENGINE_TALLY:-}" ] || echo "$passed $failed $skipped" >>"$ENGINE_TALLY"
	[ "$failed" -eq 0 ] || exit 1
	[ "$skipped" -eq 0 ] || [ "${CI:-}" != true ] || exit 1
	exit 0
}

# expect WHAT EXPECTED OBSERVED
expect() {
	[ "$2" != "$3" ] || return 0
	printf '%s\n  expected: %s\n  observed: %s\n' "$1" "$2" "$3"
	return 1
}

# expect_line FILE REGEX
expect_line() {
	! grep -Eq -e "$2" "$1" || return 0
	printf 'a line in %s\n  expected: %s\n  observed:\n' "$(basename "$1")" "$2"
	sed 's/^/    | /' "$1"
	return 1
}

# expect_no_line FILE REGEX
expect_no_line() {
	grep -Eq -e "$2" "$1" || return 0
	printf 'lines in %s\n  expected: none like %s\n  observed:\n' "$(basename "$1")" "$2"
	grep -E -e "$2" "$1" | sed 's/^/    | /'
	return 1
}

# expect_same WHAT EXPECTED-FILE OBSERVED-FILE
expect_same() {
	! cmp -s "$2" "$3" || return 0
	printf '%s\n  expected:\n' "$1"
	sed 's/^/    | /' "$2"
	echo '  observed:'
	sed 's/^/    | /' "$3"
	return 1
}

now_ms() {
	echo $(($(date +%s%N) / 1000000))
}

seconds_up() {
	sed 's/\..*//' /proc/uptime
}

# What this shell has started and the test needs alive; its end ends every wait.
service=

# wait_until WHAT COMMAND [ARG]...: until the command succeeds.
wait_until() {
	awaited=$1
	shift
	wait_deadline=$(($(seconds_up) + bound_seconds))
	until "$@"; do
		if [ -n "$service" ] && has_ended "$service" && ! "$@"; then
			expect "with pid $service running" "$awaited" "pid $service has ended"
			return 1
		fi
		if [ "$(seconds_up)" -ge "$wait_deadline" ]; then
			expect "after $bound_seconds s" "$awaited" 'not yet'
			return 1
		fi
		sleep 0.05
	done
}

# A child of this shell stays as a zombie until it is waited for.
has_ended() {
	case $(sed -n 's/^State:[[:space:]]*//p' "/proc/$1/status" 2>/dev/null) in
	'' | Z*) return 0 ;;
	esac
	return 1
}

# The status of a child of this shell, in $status; not an error, whatever it is.
collect_status() {
	wait_until "the end of pid $1" has_ended "$1"
	status=0
	wait "$1" || status=$?
}

# in_pid_namespace COMMAND [ARG]...: as PID 1 of its own, in the place of this shell. The namespace
# ends when the shell that started it does, however that ends. What a shell runs in the background
# has INT and QUIT ignored, which no engine does: that is undone.
in_pid_namespace() {
	exec env --default-signal=INT,QUIT setpriv --pdeathsig KILL \
		unshare --fork --pid --mount-proc --kill-child "$@"
}

# children_of PID
children_of() {
	cat "/proc/$1/task/$1/children"
}

# child_of PID: of one that has one.
child_of() {
	children_of "$1" | tr -d ' '
}

is_installed() {
	command -v "$1" >/dev/null 2>&1
}

#!/bin/sh
# whit in bundles of runc and crun, and where bubblewrap, systemd-nspawn, unshare and chroot start
# it: signals, orphans, statuses. As root. usage: tests/engines/oci.sh build/whit
# shellcheck disable=SC2317 # the harness calls the tests
set -u
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
# shellcheck source-path=SCRIPTDIR source=sections.sh
. "$(dirname "$0")/sections.sh"
# shellcheck source-path=SCRIPTDIR source=containers.sh
. "$(dirname "$0")/containers.sh"

box=whit-box-$$-$(date +%s) # the container, and its cgroup

after_all() {
	remove_cgroups "$box"
}

after_failure() {
	for file in "$here"/*.log; do
		[ -e "$file" ] || continue
		echo "$(basename "$file" .log):"
		sed 's/^/    | /' "$file"
	done
}

after_test() {
	[ -z "$service" ] || kill -s KILL "$service" 2>/dev/null || : # it may have ended
	[ ! -e "$here/runtime" ] || "$runtime" --root "$here/runtime" delete --force "$box" || :
	wait
}

begin_apart
needs_programs busybox ip mandoc
install_whit
mount_cgroups
hide /run
cp "$whit" /usr/local/bin/whit

# --- what all of them are asked ---

heading='COMPATIBILITY/runc, crun, bubblewrap, systemd-nspawn, unshare, chroot, gVisor'

# Read by the shell that the recipes start. Says which process is above it, leaves 20 orphans and kills
# them, waits until they are gone, and sends whit a TERM that must come back. 3 is its own status.
# shellcheck disable=SC2016 # for that shell
questions='
trap "echo got TERM; exit 3" TERM
echo "parent $PPID, $(readlink /proc/$PPID/exe)"
orphans=$(for n in $(seq 20); do (sleep 1000 >/dev/null 2>&1 & echo $!); done)
for pid in $orphans; do
	grep -q "^PPid:.$PPID$" /proc/$pid/status || echo "$pid has another parent"
done
kill -KILL $orphans
for pid in $orphans; do
	while [ -e /proc/$pid ]; do sleep 0.05; done
done
echo "20 orphans reaped"
kill -TERM $PPID
while :; do sleep 0.05; done'

# answer_to COMMAND-LINE: run where `root` is; sets $status, output in $here/out.log and err.log.
answer_to() {
	[ -d "$here/root" ] || make_root "$here/root"
	echo "$questions" >"$here/questions"
	status=0
	(cd "$here" && exec timeout -k 5 "$bound_seconds" sh -c "$1") <"$here/questions" \
		>"$here/out.log" 2>"$here/err.log" || status=$?
}

# expect_answers PARENT: all that is said, and the command's own status.
expect_answers() {
	expect_same_lines "$here/out.log" "parent $1" '20 orphans reaped' 'got TERM'
	expect 'lines on stderr' '' "$(cat "$here/err.log")"
	expect 'the status' 3 "$status"
}

# expect_same_lines FILE LINE...
expect_same_lines() {
	observed=$1
	shift
	printf '%s\n' "$@" >"$here/expected"
	expect_same 'what is said' "$here/expected" "$observed"
}

# --- runc and crun ---

runtime= # runc or crun

oci() {
	timeout -k 5 "$bound_seconds" "$runtime" --root "$here/runtime" "$@"
}

# make_bundle: as the manual says, with no terminal, and with what follows in the place of `sh`.
make_bundle() {
	mkdir -p "$here/runtime" "$here/bundle"
	[ -d "$here/bundle/rootfs" ] || make_root "$here/bundle/rootfs"
	rm -f "$here/bundle/config.json"
	(cd "$here/bundle" && "$runtime" spec && sh -c "$(recipe "$heading" 'sed -i')")
	sed -i 's|"terminal": true|"terminal": false|' "$here/bundle/config.json"
	grep -q '"/whit", "--", "sh"' "$here/bundle/config.json"
	[ $# -eq 0 ] || sed -i "s|\"--\", \"sh\"|\"--\"$(printf ', "%s"' "$@")|" \
		"$here/bundle/config.json"
}

# run_bundle: in the foreground and in the background of this shell.
run_bundle() {
	oci run --bundle "$here/bundle" "$box" </dev/null >"$here/out.log" 2>"$here/err.log" &
	service=$!
}

is_sleeping() {
	oci exec "$box" sh -c "grep -qs '^Name:.sleep' /proc/[0-9]*/status" 2>"$here/exec.log"
}

# Another runtime than the one that is asked for must not answer.
bundle_answers() {
	runtime=$1
	is_installed "$runtime" || skip "no $runtime"
	make_bundle
	answer_to "$runtime --root $here/runtime run --bundle $here/bundle $box"
	expect_answers '1, /whit'
}

bundle_obeys() {
	runtime=$1
	is_installed "$runtime" || skip "no $runtime"
	make_bundle sleep 1000
	run_bundle
	wait_until 'the sleep in the container' is_sleeping
	oci exec "$box" cat /proc/1/exe >"$here/pid-1"
	cmp "$whit" "$here/pid-1"
	oci kill "$box" TERM
	collect_status "$service"
	service=
	expect "the status of $runtime run" 143 "$status"
	expect 'its output' '' "$(cat "$here/out.log" "$here/err.log")"
}

has_said() {
	grep -qx "$1" "$here/out.log"
}

# shellcheck disable=SC2016 # for the shell in the container
bundle_gets_signals() {
	runtime=$1
	is_installed "$runtime" || skip "no $runtime"
	make_bundle sh /signals
	echo 'for n in 1 2 10 34 37 40 64; do trap "echo got $n" $n; done; trap "exit 4" TERM
		echo ready; while :; do sleep 0.05; done' >"$here/bundle/rootfs/signals"
	run_bundle
	wait_until 'the shell in the container' has_said ready
	echo ready >"$here/sent"
	for signal in HUP:1 INT:2 SIGUSR1:10 34:34 37:37 40:40 64:64; do
		oci kill "$box" "${signal%:*}"
		wait_until "signal $signal in the container" has_said "got ${signal#*:}"
		echo "got ${signal#*:}" >>"$here/sent"
	done
	oci kill "$box" TERM
	collect_status "$service"
	service=
	expect "the status of $runtime run" 4 "$status"
	expect_same 'what the command received' "$here/sent" "$here/out.log"
}

runc_bundle_reaps_and_ends_as_its_command() {
	bundle_answers runc
}
run runc_bundle_reaps_and_ends_as_its_command

crun_bundle_reaps_and_ends_as_its_command() {
	bundle_answers crun
}
run crun_bundle_reaps_and_ends_as_its_command

runc_kill_ends_a_sleep_with_143() {
	bundle_obeys runc
}
run runc_kill_ends_a_sleep_with_143

crun_kill_ends_a_sleep_with_143() {
	bundle_obeys crun
}
run crun_kill_ends_a_sleep_with_143

runc_kill_by_name_and_number_arrives_as_what_it_is() {
	bundle_gets_signals runc
}
run runc_kill_by_name_and_number_arrives_as_what_it_is

crun_kill_by_name_and_number_arrives_as_what_it_is() {
	bundle_gets_signals crun
}
run crun_kill_by_name_and_number_arrives_as_what_it_is

# --- without a bundle ---

bubblewrap_with_whit_as_pid_1() {
	is_installed bwrap || skip 'no bwrap (apt-get install bubblewrap)'
	answer_to "$(recipe "$heading" bwrap)"
	expect_answers '1, /whit'
}
run bubblewrap_with_whit_as_pid_1

bubblewrap_with_its_own_pid_1_and_whit_below() {
	is_installed bwrap || skip 'no bwrap (apt-get install bubblewrap)'
	answer_to "$(recipe "$heading" bwrap | sed 's/ --as-pid-1//')"
	expect_answers '2, /whit'
}
run bubblewrap_with_its_own_pid_1_and_whit_below

# It makes cgroups beside the one that it is in.
enter_own_cgroup() {
	for hierarchy in /sys/fs/cgroup/systemd /sys/fs/cgroup; do
		[ -e "$hierarchy/cgroup.procs" ] || continue
		mkdir -p "$hierarchy/$box"
		echo 0 >"$hierarchy/$box/cgroup.procs"
		return 0
	done
}

systemd_nspawn_with_whit_as_pid_1() {
	is_installed systemd-nspawn || skip 'no systemd-nspawn (apt-get install systemd-container)'
	(enter_own_cgroup && answer_to "$(recipe "$heading" systemd-nspawn)" &&
		echo "$status" >"$here/status")
	status=$(cat "$here/status")
	expect_answers '1, /whit'
}
run systemd_nspawn_with_whit_as_pid_1

unshare_with_whit_as_pid_1() {
	answer_to "$(recipe "$heading" unshare)"
	expect_answers "1, /usr/local/bin/whit"
}
run unshare_with_whit_as_pid_1

chroot_with_whit_as_a_subreaper() {
	make_root "$here/root"
	mount -t proc proc "$here/root/proc"
	answer_to "exec $(recipe "$heading" chroot)"
	umount "$here/root/proc"
	sed -i 's/^parent [0-9]*,/parent N,/' "$here/out.log"
	expect_answers 'N, /whit'
}
run chroot_with_whit_as_a_subreaper

every_such_recipe_of_the_manual_was_run() {
	expect_all_taken "$heading"
}
run every_such_recipe_of_the_manual_was_run

finish

#!/bin/sh
# whit under containerd's own client, ctr, and in images that buildah builds. As root.
# usage: tests/engines/containerd.sh build/whit
# shellcheck disable=SC2317 # the harness calls the tests
set -u
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
# shellcheck source-path=SCRIPTDIR source=containers.sh
. "$(dirname "$0")/containers.sh"

box=whit-containerd-$$-$(date +%s)
containerd=

after_failure() {
	for file in "$here"/*.log; do
		[ -e "$file" ] || continue
		echo "$(basename "$file" .log):"
		sed 's/^/    | /' "$file"
	done
	echo 'the last of containerd:'
	tail -n 5 "$work/containerd.log" | sed 's/^/    | /'
}

after_test() {
	ctr task kill --signal KILL "$box" >/dev/null 2>&1 || : # it may have ended
	[ -z "$service" ] || wait "$service" || :
	ctr container delete "$box" >/dev/null 2>&1 || :
}

after_all() {
	if [ -n "$containerd" ]; then
		kill -s TERM "$containerd"
		wait "$containerd"
	fi
	remove_cgroups default # ctr's namespace
}

begin_apart
needs_programs containerd ctr runc busybox buildah
mount_cgroups
hide /run /etc/containers /var/lib/containers
make_root "$work/root"

# --- containerd ---

# A command that hangs must not hang the test.
ctr() {
	timeout -k 5 "$bound_seconds" ctr --address "$work/containerd.sock" "$@"
}

does_containerd_answer() {
	ctr version >"$work/version.log" 2>&1
}

# Without the part for Kubernetes, which wants CNI and a registry.
start_containerd() {
	cat >"$work/containerd.toml" <<-CONFIG
		version = 2
		root = "$work/containerd"
		state = "$work/containerd-state"
		disabled_plugins = ["io.containerd.grpc.v1.cri"]
		[grpc]
		address = "$work/containerd.sock"
	CONFIG
	containerd --config "$work/containerd.toml" >"$work/containerd.log" 2>&1 </dev/null &
	containerd=$!
	if ! wait_until 'an answer of containerd' does_containerd_answer ||
		! ctr run --rm --rootfs "$work/root" "$box" /bin/true >"$work/first.log" 2>&1; then
		tail -n 20 "$work"/*.log
		skip_all 'containerd runs no container here, also without whit'
	fi
}
start_containerd

# run_here COMMAND [ARG]...: the whole command line of PID 1, in the foreground; sets $status.
run_here() {
	status=0
	ctr run --rm --rootfs "$work/root" "$box" "$@" </dev/null >"$here/out.log" \
		2>"$here/err.log" || status=$?
}

run_in_background() {
	ctr run --rm --rootfs "$work/root" "$box" "$@" </dev/null >"$here/out.log" \
		2>"$here/err.log" &
	service=$!
}

collect() {
	collect_status "$service"
	service=
}

has_said() {
	grep -qx -e "$1" "$here/${2:-out.log}"
}

wait_for_line() {
	wait_until "the line '$1'" has_said "$@"
}

# --- the tests ---

# shellcheck disable=SC2016 # for the shell in the container
ctr_run_whit_reaps_and_ends_as_its_command() {
	run_here /whit -- sh -c '
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
	printf '%s\n' 'parent 1, /whit' '20 orphans reaped' 'got TERM' >"$here/expected"
	expect_same 'what is said' "$here/expected" "$here/out.log"
	expect 'lines on stderr' '' "$(cat "$here/err.log")"
	expect 'the status of ctr run' 3 "$status"
	for expected in 0 1 125 255; do
		run_here /whit -- sh -c "exit $expected"
		expect "the status of ctr run, exit $expected" "$expected" "$status"
	done
	run_here /whit -- no-such-command
	expect 'the status of ctr run' 127 "$status"
}
run ctr_run_whit_reaps_and_ends_as_its_command

# shellcheck disable=SC2016 # for the shell in the container
ctr_task_kill_arrives_as_what_it_is() {
	run_in_background /whit -- sh -c 'for n in 1 2 10 34 37 64; do trap "echo got $n" $n; done
		trap "exit 4" TERM; echo ready; while :; do sleep 0.05; done'
	wait_for_line ready
	echo ready >"$here/sent"
	for signal in SIGHUP:1 INT:2 SIGUSR1:10 34:34 37:37 64:64; do
		ctr task kill --signal "${signal%:*}" "$box"
		wait_for_line "got ${signal#*:}"
		echo "got ${signal#*:}" >>"$here/sent"
	done
	ctr task kill --signal SIGTERM "$box"
	collect
	expect 'the status of ctr run' 4 "$status"
	expect_same 'what the command received' "$here/sent" "$here/out.log"
}
run ctr_task_kill_arrives_as_what_it_is

# One that the command has left behind, and one that `ctr task exec` has started.
# shellcheck disable=SC2016 # for the shells in the container
ctr_a_drain_waits_for_all_others() {
	run_in_background /whit -d 20 -- sh -c 'trap "exit 3" TERM
		setsid sh -c "trap \"sleep 0.3; echo side process saved; exit\" TERM; echo ready
			while :; do sleep 0.05; done" 2>/dev/null &
		while :; do sleep 0.05; done'
	wait_for_line ready
	ctr task exec --exec-id joined "$box" /bin/sh -c 'trap "sleep 0.6; echo saved; exit 7" TERM
		echo joined; while :; do sleep 0.05; done' >"$here/joined.log" 2>"$here/joined-err.log" &
	joined=$!
	wait_for_line joined joined.log
	ctr task kill --signal SIGTERM "$box"
	collect
	expect 'the status of ctr run' 3 "$status"
	collect_status "$joined"
	expect_line "$here/out.log" '^side process saved$'
	expect_line "$here/joined.log" '^saved$'
}
run ctr_a_drain_waits_for_all_others

# --- buildah ---

buildah() {
	timeout -k 5 "$bound_seconds" buildah --storage-driver vfs --root "$work/buildah" \
		--runroot "$work/buildah-run" "$@"
}

# What is run while an image is built has no more descriptors than this machine allows.
prepare_buildah() {
	export TMPDIR="$work"
	echo '{ "default": [{ "type": "insecureAcceptAnything" }] }' >/etc/containers/policy.json
	hard_limit=$(awk '/^Max open files/ { print $5 }' /proc/self/limits)
	cat >/etc/containers/containers.conf <<-CONF
		[containers]
		default_ulimits = ["nofile=$hard_limit:$hard_limit", "nproc=4096:4096"]
	CONF
	mkdir -p "$work/context"
	cp "$whit" "$work/context/whit"
	cp "$(command -v busybox)" "$work/context/sh"
	cat >"$work/context/Dockerfile" <<-'DOCKERFILE'
		FROM scratch
		COPY sh /bin/sh
		COPY whit /whit
		SHELL ["/whit", "-d", "0", "--", "/bin/sh", "-c"]
		RUN echo "built below $PPID" >/built; sleep 1000 & exit 0
		ENTRYPOINT ["/whit", "--"]
		CMD ["/bin/sh", "-c", "read -r line </built; echo $line; exit 6"]
	DOCKERFILE
}

# A RUN line has whit as its shell, which leaves no process behind. Only the format of Docker knows
# SHELL.
an_image_of_buildahs_has_whit_for_run_lines_and_in_ctr() {
	prepare_buildah
	buildah build --format docker --isolation oci --runtime runc --network none -t localhost/with-whit "$work/context" \
		>"$here/build.log" 2>&1
	buildah push localhost/with-whit "oci-archive:$work/image.tar:localhost/with-whit:latest" \
		>"$here/push.log" 2>&1
	ctr images import "$work/image.tar" >"$here/import.log" 2>&1
	status=0
	ctr run --rm localhost/with-whit:latest "$box" </dev/null >"$here/out.log" \
		2>"$here/err.log" || status=$?
	expect 'what is said' 'built below 1' "$(cat "$here/out.log")"
	expect 'lines on stderr' '' "$(cat "$here/err.log")"
	expect 'the status of ctr run' 6 "$status"
}
run an_image_of_buildahs_has_whit_for_run_lines_and_in_ctr

finish

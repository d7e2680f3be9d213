#!/bin/sh
# The manual's manifests: Kubernetes' own types take every field of them, and `podman play kube` runs them
# as they are. As root. usage: tests/engines/kubernetes.sh build/whit
# shellcheck disable=SC2317 # the harness calls the tests
set -u
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
# shellcheck source-path=SCRIPTDIR source=sections.sh
. "$(dirname "$0")/sections.sh"
# shellcheck source-path=SCRIPTDIR source=containers.sh
. "$(dirname "$0")/containers.sh"

after_all() {
	remove_cgroups libpod_parent
}

after_failure() {
	show_podman
}

after_test() {
	remove_containers
}

# The command leaves a side process that has work to save when it is told to end.
# shellcheck disable=SC2016 # for the shells in the container
web_command='trap "exit 3" TERM
sh -c "trap \"echo saved; exit\" TERM; echo ready; sleep 1000 & wait" &
wait'

make_web_image() {
	mkdir "$work/web"
	cp "$whit" "$work/web/whit"
	echo "$web_command" >"$work/web/web"
	cat >"$work/web/Containerfile" <<-'FILE'
		FROM debian:12-slim
		COPY whit /sbin/whit
		COPY web /web
		ENTRYPOINT ["/sbin/whit", "--"]
		CMD ["sh", "/web"]
	FILE
	podman build --tag localhost/web "$work/web"
}

# The pause image is made of this, so whit holds the pods.
use_whit_as_pause() {
	mkdir "$work/helpers"
	cp "$whit" "$work/helpers/catatonit"
	cat >/etc/containers/containers.conf.d/90-whit.conf <<-CONF
		[engine]
		helper_binaries_dir = ["$work/helpers", "/usr/libexec/podman", "/usr/lib/podman"]
	CONF
}

begin_apart
needs_programs podman conmon crun busybox ip mandoc
if ! start_podman >"$work/start.log" 2>&1 ||
	! podman run --rm debian:12-slim true >"$work/first.log" 2>&1; then
	tail -n 20 "$work"/*.log
	skip_all 'podman does not run a container here, also without whit'
fi
make_web_image >"$work/build.log" 2>&1
use_whit_as_pause

heading=COMPATIBILITY/Kubernetes

# --- as Kubernetes reads them ---

# Each key of a manifest, once for each time that it is there.
list_keys() {
	grep -o '[A-Za-z]*:' "$1" | sort
}

# kubectl decodes into Kubernetes' types, whose wrong values are errors and whose unknown fields are
# dropped, and prints what it has. Without a server, and with a variable more.
decode() {
	timeout -k 5 "$bound_seconds" env KUBECONFIG=/dev/null \
		kubectl set env --local -f "$1" CHECKED=yes -o yaml >"$here/decoded" \
		2>"$here/kubectl.log"
}

keys_that_are_lost() {
	decode "$1" || return 1
	list_keys "$1" >"$here/keys"
	list_keys "$here/decoded" >"$here/decoded_keys"
	comm -23 "$here/keys" "$here/decoded_keys"
}

kubernetes_knows_every_field_of_the_manuals_manifests() {
	is_installed kubectl || skip 'no kubectl (apt-get install kubernetes-client)'
	for number in 1 2; do
		block "$heading" "$number" >"$here/manifest"
		lost=$(keys_that_are_lost "$here/manifest")
		expect "fields of manifest $number that Kubernetes does not know" '' "$lost"
	done
	# What this would see.
	sed 's/terminationMessagePolicy/terminationMessagesPolicy/; s/shareProcess/sharedProcess/' \
		"$here/manifest" >"$here/misspelt"
	expect 'the field that is lost' sharedProcessNamespace: \
		"$(keys_that_are_lost "$here/misspelt")"
	block "$heading" 1 | sed 's/Seconds: 30/Seconds: soon/' >"$here/mistyped"
	status=0
	decode "$here/mistyped" || status=$?
	expect 'the status of kubectl' 1 "$status"
	expect_line "$here/kubectl.log" 'cannot unmarshal string.*terminationGracePeriodSeconds'
}
run kubernetes_knows_every_field_of_the_manuals_manifests

# find_grace: of $here/manifest, in seconds; 30 is Kubernetes' default. Sets $grace.
find_grace() {
	grace=$(awk '/terminationGracePeriodSeconds:/ { print $2 }' "$here/manifest")
	grace=${grace:-30}
}

# The manifest's times stay below its grace period, with a second to spare.
the_drain_fits_the_grace_period() {
	for number in 1 2; do
		block "$heading" "$number" >"$here/manifest"
		find_grace
		limits=$(grep -oE 'WHIT_(KILL_AFTER|DRAIN), value: "[0-9]+"' "$here/manifest" |
			awk -F '"' '{ sum += $2 } END { print sum + 0 }')
		expect "manifest $number: $limits s of whit in $grace s" yes \
			"$([ "$limits" -gt 0 ] && [ "$limits" -lt "$grace" ] && echo yes)"
		note "$limits of $grace s"
	done
}
run the_drain_fits_the_grace_period

# --- as Podman runs them ---

# play NUMBER: until the commands run.
play() {
	block "$heading" "$1" >"$here/manifest"
	podman play kube --network none "$here/manifest" >"$here/play.log" 2>&1
}

has_logged() {
	podman logs "$1" 2>&1 | grep -qx "$2"
}

# Podman 4.3 knows no terminationGracePeriodSeconds: its own time is set to that.
stop_pod() {
	find_grace
	podman pod stop --time "$grace" "$1" >"$here/stop.log" 2>&1
	expect_no_line "$here/stop.log" SIGKILL
}

# expect_saved CONTAINER: its side process, and its own status.
expect_saved() {
	podman logs "$1" >"$here/container.log" 2>&1
	expect_line "$here/container.log" '^saved$'
	expect "the status of $1" 3 "$(inspect "$1" '{{.State.ExitCode}}')"
}

pid_1_of() {
	podman exec "$1" readlink /proc/1/exe
}

the_manuals_pod_drains_within_the_grace_period() {
	play 1
	wait_until 'the side process' has_logged web-nginx ready
	expect 'PID 1' /sbin/whit "$(pid_1_of web-nginx)"
	stop_pod web
	expect_saved web-nginx
}
run the_manuals_pod_drains_within_the_grace_period

# FallbackToLogsOnError takes the last 80 lines or 2,048 bytes of the log of a container that
# failed. A pod's container is then started again, and its log goes on.
the_log_of_a_command_that_dies_ends_with_whits_notice() {
	play 1
	wait_until 'the side process' has_logged web-nginx ready
	# The shell that kills it ends with the container, however that is.
	# shellcheck disable=SC2016 # for the shell in the container
	podman exec web-nginx sh -c 'for status in /proc/[0-9]*/status; do
		grep -q "^PPid:.1$" $status && kill -SEGV $(sed -n "s/^Pid:.//p" $status); done' \
		2>"$here/exec.log" || :
	wait_until 'a second start' has_started_again
	stop_pod web
	podman logs web-nginx 2>&1 | awk '/^ready$/ && started++ { exit } { print }' |
		tail -n 80 | tail -c 2048 >"$here/message.log"
	expect_line "$here/message.log" \
		'^whit: the command \(pid [0-9]+\) was killed by SIGSEGV(, core dumped)?$'
	note "$(grep '^whit: ' "$here/message.log")"
}

has_started_again() {
	[ "$(podman logs web-nginx 2>&1 | grep -cx ready)" -eq 2 ]
}
run the_log_of_a_command_that_dies_ends_with_whits_notice

# The image is what a sandbox's author has; the manifest has the manual's line in the place of
# `command: ["sleep", "infinity"]`. What joins has work to save when it is told to end.
the_manuals_command_of_a_sandbox_waits_for_what_joined() {
	{
		printf '%s\n' 'apiVersion: v1' 'kind: Pod' 'metadata: { name: box }' 'spec:' \
			'  containers:' '    - name: c' '      image: localhost/sandbox'
		printf '      %s\n' "$(example_lines 'command: [' 'command: [')"
	} >"$here/manifest"
	cp "$whit" "$here/whit"
	printf 'FROM debian:12-slim\nCOPY whit /whit\n' |
		podman build --tag localhost/sandbox -f - "$here" >"$here/build.log" 2>&1
	podman play kube --network none "$here/manifest" >"$here/play.log" 2>&1
	expect 'PID 1' /whit "$(pid_1_of box-c)"
	# shellcheck disable=SC2016 # for the shell in the container
	podman exec box-c sh -c 'trap "sleep 1; echo saved; exit" TERM; echo ready
		while :; do sleep 0.05; done' >"$here/worker.log" 2>&1 &
	worker=$!
	wait_until 'a worker that joined' grep -qx ready "$here/worker.log"
	before_ms=$(now_ms)
	stop_pod box
	note "stopped in $(($(now_ms) - before_ms)) ms"
	expect 'the status of the sandbox' 0 "$(inspect box-c '{{.State.ExitCode}}')"
	collect_status "$worker"
	expect_line "$here/worker.log" '^saved$'
}
run the_manuals_command_of_a_sandbox_waits_for_what_joined

# whit is there twice below the whit that is PID 1, and each has what its own command leaves.
with_a_shared_pid_namespace_each_whit_drains_its_own() {
	play 2
	wait_until 'the first side process' has_logged shared-nginx ready
	wait_until 'the second side process' has_logged shared-neighbour ready
	expect 'PID 1' /catatonit "$(pid_1_of shared-nginx)"
	expect 'inits that the containers see' 3 "$(podman exec shared-neighbour sh -c \
		'ls -l /proc/[0-9]*/exe' | grep -cE ' -> /(sbin/whit|catatonit)$')"
	podman stop --time 30 shared-nginx >"$here/stop.log" 2>&1
	expect_saved shared-nginx
	# A drain that reached further would have told the neighbour's processes as well.
	expect 'the neighbour' running "$(inspect shared-neighbour '{{.State.Status}}')"
	podman logs shared-neighbour >"$here/neighbour.log" 2>&1
	expect_no_line "$here/neighbour.log" saved
	# The sandbox goes last, as with the kubelet: Podman would stop all at once.
	podman stop --time 30 shared-neighbour >"$here/stop.log" 2>&1
	expect 'the status of the neighbour' 3 "$(inspect shared-neighbour '{{.State.ExitCode}}')"
	stop_pod shared
	infra=$(podman pod inspect --format '{{.InfraContainerID}}' shared)
	expect 'the status of the sandbox' 0 "$(inspect "$infra" '{{.State.ExitCode}}')"
}
run with_a_shared_pid_namespace_each_whit_drains_its_own

every_manifest_of_the_manual_was_run() {
	expect_all_taken "$heading"
}
run every_manifest_of_the_manual_was_run

finish

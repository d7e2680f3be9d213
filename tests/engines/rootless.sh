#!/bin/sh
# Podman as an ordinary user, with whit as its init: in user namespaces alone, without privileges and,
# where the user may make none, without cgroups. Started as root.
# usage: tests/engines/rootless.sh build/whit
# shellcheck disable=SC2317 # the harness calls the tests
set -u
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
# shellcheck source-path=SCRIPTDIR source=containers.sh
. "$(dirname "$0")/containers.sh"

user=64123 # no user of this machine's

after_failure() {
	for file in "$here"/*.log; do
		[ -e "$file" ] || continue
		echo "$(basename "$file" .log):"
		sed 's/^/    | /' "$file"
	done
}

after_test() {
	podman rm --all --force --time 0 >/dev/null 2>&1
}

begin_apart
needs_programs podman conmon crun busybox ip newuidmap setpriv
install_whit
chmod 755 /usr/local/bin
mount_cgroups
mount --make-rshared /
hide /run /etc/containers

# --- a user, who has a range of ids and a home ---

home=$work/home
mkdir "$home" "/run/user" "/run/user/$user"
chown "$user:$user" "$home" "/run/user/$user"
cp /etc/passwd "$work/passwd"
echo "rootless:x:$user:$user::$home:/bin/sh" >>"$work/passwd"
echo 'rootless:1000000:65536' >"$work/subid"
mount --bind "$work/passwd" /etc/passwd
touch /etc/subuid /etc/subgid
mount --bind "$work/subid" /etc/subuid
mount --bind "$work/subid" /etc/subgid
echo '{ "default": [{ "type": "insecureAcceptAnything" }] }' >/etc/containers/policy.json
cat >/etc/containers/containers.conf <<-CONF
	[containers]
	netns = "none"
	default_ulimits = []
	init_path = "/usr/local/bin/whit"
	[engine]
	cgroup_manager = "cgroupfs"
	events_logger = "file"
CONF
cat >/etc/containers/storage.conf <<-CONF
	[storage]
	driver = "vfs"
CONF
make_root "$work/root"
rm "$work/root/dev/null" # no device for an ordinary user
tar -C "$work/root" -cf "$work/root.tar" .
chmod 644 "$work/root.tar"

as_user() {
	(cd "$home" && exec setpriv --reuid="$user" --regid="$user" --clear-groups env -i \
		HOME="$home" XDG_RUNTIME_DIR="/run/user/$user" PATH="$PATH" TMPDIR="$home" \
		PODMAN_IGNORE_CGROUPSV1_WARNING=1 timeout -k 5 "$bound_seconds" "$@")
}

podman() {
	as_user podman "$@"
}

if ! podman import --change 'ENV PATH=/bin' "$work/root.tar" small >"$work/import.log" 2>&1 ||
	! podman run --rm small true >"$work/first.log" 2>&1; then
	tail -n 20 "$work"/*.log
	skip_all 'podman runs no container here as an ordinary user, also without whit'
fi

has_logged() {
	podman logs "$container" 2>&1 | grep -Fqx -e "$1"
}

wait_for_line() {
	wait_until "the line '$1' of the container" has_logged "$1"
}

# --- the tests ---

rootless_podman_has_whit_as_pid_1_of_an_ordinary_user() {
	podman run --rm --init small sh -c 'cat /proc/1/exe' >"$here/pid-1"
	cmp "$whit" "$here/pid-1"
	expect 'root inside is, outside' "$user" \
		"$(podman run --rm --init small sh -c 'read -r _ id _ </proc/1/uid_map; echo $id')"
	status=0
	podman run --rm --init small sh -c 'exit 7' >"$here/out.log" 2>&1 || status=$?
	expect 'the status of podman run' 7 "$status"
}
run rootless_podman_has_whit_as_pid_1_of_an_ordinary_user

rootless_podman_stop_ends_with_term() {
	container=$(podman run -d --init small sh -c 'trap "echo got TERM; exit 3" TERM; echo ready
		while :; do sleep 0.05; done')
	wait_for_line ready
	podman stop --time "$bound_seconds" "$container" >"$here/stop.log" 2>&1
	expect 'the status after podman stop' 3 \
		"$(podman inspect --format '{{.State.ExitCode}}' "$container")"
	wait_for_line 'got TERM'
}
run rootless_podman_stop_ends_with_term

# shellcheck disable=SC2016 # for the shell in the container
rootless_podman_orphans_of_podman_exec_are_reaped() {
	container=$(podman run -d --init small sh -c 'echo ready; exec sleep 1000')
	wait_for_line ready
	podman exec "$container" sh -c '
		orphans=$(for n in $(seq 10); do (sleep 1000 >/dev/null 2>&1 & echo $!); done)
		for pid in $orphans; do grep -q "^PPid:.1$" /proc/$pid/status && echo orphan; done
		kill -KILL $orphans
		for pid in $orphans; do while [ -e /proc/$pid ]; do sleep 0.05; done; done
		echo reaped' >"$here/exec.log" 2>&1
	expect 'orphans of PID 1' 10 "$(grep -c '^orphan$' "$here/exec.log")"
	expect_line "$here/exec.log" '^reaped$'
}
run rootless_podman_orphans_of_podman_exec_are_reaped

# shellcheck disable=SC2016 # for the shells in the container
rootless_podman_a_drain_lets_the_remaining_process_finish() {
	container=$(podman run -d --init -e WHIT_DRAIN=20 small sh -c 'trap "exit 3" TERM
		setsid sh -c "trap \"sleep 0.3; echo saved; exit\" TERM; echo ready
			while :; do sleep 0.05; done" 2>/dev/null &
		while :; do sleep 0.05; done')
	wait_for_line ready
	podman stop --time "$bound_seconds" "$container" >"$here/stop.log" 2>&1
	expect 'the status after podman stop' 3 \
		"$(podman inspect --format '{{.State.ExitCode}}' "$container")"
	wait_for_line saved
}
run rootless_podman_a_drain_lets_the_remaining_process_finish

finish

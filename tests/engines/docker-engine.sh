# shellcheck shell=sh
# A Docker engine of our own, its images, and containers, as the tests with Docker need them. A
# script that sources this after harness.sh and containers.sh calls `begin_docker`, then
# `start_engine` as it needs it; both skip the whole script where Docker does not run, also without
# whit.
# shellcheck disable=SC2034,SC2154 # variables from harness.sh, and for the script

image=whit-engines
cgroup=whit-engines-$$
made_directory=

# A command that hangs must not hang the test.
docker() {
	timeout -k 5 "$bound_seconds" docker "$@"
}

# --- the engine ---

begin_docker() {
	begin
	# There runc cannot pivot_root(2) the mount namespace: `docker exec` lands outside the
	# container.
	[ "$ENGINE_OWN_MOUNTS" != in-chroot ] || skip_all 'a chroot cannot hold a Docker engine'
	needs_programs dockerd docker containerd runc busybox
	mount_cgroups
	# Where the engine writes, and no option moves it.
	[ -d /etc/docker ] || made_directory=/etc/docker
	hide /etc/docker /run
	export DOCKER_HOST="unix://$work/docker.sock" DOCKER_CONFIG="$work/client"
	unset DOCKER_CONTEXT DOCKER_TLS_VERIFY DOCKER_CERT_PATH DOCKER_API_VERSION
	mkdir "$work/client"
}

# What the containers of run_detached and run_here get.
network_option=

# The containers have no network, or the host's.
without_network() {
	network_option='--network=none'
	launch_engine --iptables=false --ip6tables=false --bridge=none "$@"
}

# Bridges, overlays and ports of the engine's own, in a network namespace that ends with it.
with_own_network() {
	# shellcheck disable=SC2016 # for the shell in the namespace
	in_network='ip link set lo up && exec "$@"'
	launch_engine "$@"
}

# Layers that share what is the same, where the file system can hold them; else copies.
storage_driver() {
	mkdir -p "$work/try/lower" "$work/try/upper" "$work/try/work" "$work/try/merged"
	if mount -t overlay overlay "$work/try/merged" 2>/dev/null -o \
		"lowerdir=$work/try/lower,upperdir=$work/try/upper,workdir=$work/try/work"; then
		umount "$work/try/merged"
		echo overlay2
	else
		echo vfs
	fi
}

# launch_engine [OPTION]...: in a PID namespace nothing of it (containerd, shims, containers) can
# outlive it.
launch_engine() {
	set -- dockerd --storage-driver "$(storage_driver)" --cgroup-parent "/$cgroup" \
		--config-file "$work/daemon.json" --data-root "$work/data" \
		--exec-root "$work/exec" --pidfile "$work/dockerd.pid" --host "$DOCKER_HOST" "$@"
	[ -z "${in_network:-}" ] || set -- unshare --net sh -c "$in_network" sh "$@"
	in_pid_namespace "$@" </dev/null >"$work/dockerd.log" 2>&1 &
	service=$!
}

does_engine_answer() {
	docker version >"$work/version.log" 2>&1
}

# start_engine NETWORK DAEMON-JSON [OPTION]...: NETWORK is without_network or with_own_network.
start_engine() {
	network=$1
	echo "$2" >"$work/daemon.json"
	shift 2
	"$network" "$@"
	if ! wait_until 'an answer of dockerd' does_engine_answer >"$work/wait.log" ||
		! make_image "$image" ||
		! docker run --rm --init=false ${network_option:+"$network_option"} "$image" true \
			>"$work/first.log" 2>&1; then
		tail -n 20 "$work/dockerd.log" "$work"/*.log
		skip_all 'dockerd does not run a container here, also without whit'
	fi
}

stop_engine() {
	[ -n "$service" ] || return 0
	engine=$service
	dockerd=$(child_of "$engine" 2>/dev/null)
	[ -z "$dockerd" ] || kill -s TERM "$dockerd"
	service=
	wait_until 'the end of dockerd' has_ended "$engine" || kill -s KILL "$engine"
	wait "$engine"
}

try_to_remove_cgroups() {
	remove_cgroups "$cgroup"
	for path in "/sys/fs/cgroup/$cgroup" /sys/fs/cgroup/*/"$cgroup"; do
		[ ! -d "$path" ] || return 1
	done
}

put_engine_away() {
	stop_engine
	wait_until 'cgroups without processes' try_to_remove_cgroups
	if [ -n "$made_directory" ]; then
		umount "$made_directory"
		rmdir "$made_directory"
	fi
}

after_all() {
	put_engine_away
}

# --- images ---

# make_image NAME: one static program is all of it, with whit as /whit.
make_image() {
	if [ ! -e "$work/root" ]; then
		mkdir -p "$work/root/bin"
		cp "$(command -v busybox)" "$work/root/bin/busybox"
		for applet in sh sleep cat kill readlink seq grep true sed tail tr; do
			ln -s busybox "$work/root/bin/$applet"
		done
		cp "$whit" "$work/root/whit"
		echo 'not a program' >"$work/root/bin/not-executable"
	fi
	tar -C "$work/root" -c . | docker import - "$1" >"$work/import.log" 2>&1
}

# build_image NAME [OPTION]... CONTEXT: by the classic builder, the one that needs no plugin.
build_image() {
	DOCKER_BUILDKIT=0 docker build -t "$@" >"$here/build.log" 2>&1
}

# --- containers ---

# run_detached [OPTION]... -- COMMAND...: sets $container.
run_detached() {
	options=
	while [ "$1" != -- ]; do
		options="$options $1"
		shift
	done
	shift
	# shellcheck disable=SC2086 # options are words
	container=$(docker run -d $network_option $options "$image" "$@")
}

# has_logged LINE
has_logged() {
	docker logs "$container" 2>&1 | tr -d '\r' | grep -Fqx -e "$1"
}

wait_for_line() {
	wait_until "the line '$1' of the container" has_logged "$1"
}

# state FIELD
state() {
	docker inspect -f "{{.State.$1}}" "$container"
}

# stop_container [OPTION]...: sets $status and $stop_ms.
stop_container() {
	before_ms=$(now_ms)
	docker stop "$@" "$container" >/dev/null
	stop_ms=$(($(now_ms) - before_ms))
	status=$(state ExitCode)
}

is_sleeping() {
	docker exec "$container" sh -c "grep -qs '^Name:.sleep' /proc/[0-9]*/status"
}

# run_sleep [OPTION]...: sets $container. Until the command runs, runc gets the signals.
run_sleep() {
	run_detached "$@" -- sleep 1000
	wait_until 'the sleep in the container' is_sleeping
}

# run_here [OPTION]... -- COMMAND...: in the foreground; sets $status, output to $here/out.log and
# err.log.
run_here() {
	options=
	while [ "$1" != -- ]; do
		options="$options $1"
		shift
	done
	shift
	status=0
	# shellcheck disable=SC2086 # options are words
	docker run --rm $network_option $options "$image" "$@" >"$here/out.log" 2>"$here/err.log" ||
		status=$?
}

expect_whit_is_pid_1() {
	docker exec "$container" cat /proc/1/exe >"$here/pid-1"
	cmp "$whit" "$here/pid-1"
}

expect_whit_is_not_there() {
	docker exec "$container" cat /proc/1/exe >"$here/pid-1"
	! cmp -s "$whit" "$here/pid-1" || expect 'PID 1' 'the command itself' whit
}

# count_orphans LINE: those with a matching line in /proc/PID/status.
count_orphans() {
	docker exec "$container" sh -c \
		"for pid in $orphans; do grep -s '^$1' /proc/\$pid/status; done; :" | wc -l
}

is_count_of_orphans() {
	[ "$(count_orphans "$1")" -eq "$2" ]
}

# Each is left to PID 1 before it ends: only then is it PID 1's to reap. Sets $orphans.
leave_and_kill_orphans() {
	# shellcheck disable=SC2016 # for the shell in the container
	orphans=$(docker exec "$container" sh -c \
		'for n in $(seq 20); do sleep 1000 >/dev/null 2>&1 & echo $!; done' | tr '\n' ' ')
	wait_until '20 orphans in the care of PID 1' is_count_of_orphans 'PPid:.1$' 20
	# shellcheck disable=SC2086 # pids are words
	docker exec "$container" kill -KILL $orphans
}

# The container must still be there for that to mean anything.
expect_orphans_reaped() {
	wait_until '0 of 20 orphans' is_count_of_orphans Pid: 0
	docker exec "$container" sh -c 'cat /proc/[0-9]*/status' >"$here/statuses"
	expect 'zombies' 0 "$(grep -c '^State:.Z' "$here/statuses")"
	expect 'sleeps that live, with the command' 1 "$(grep -c '^Name:.sleep' "$here/statuses")"
}

after_failure() {
	for file in "$here"/*.log; do
		[ -e "$file" ] || continue
		echo "$(basename "$file" .log):"
		sed 's/^/    | /' "$file"
	done
	for container in $(docker ps -aq); do
		echo "container $(docker inspect -f '{{.Args}} {{json .State}}' "$container")"
		echo 'its output:'
		docker logs "$container" 2>&1 | sed 's/^/    | /'
		echo 'alive in it:'
		docker top "$container" 2>&1 | sed 's/^/    | /'
	done
	echo 'the last of dockerd:'
	tail -n 5 "$work/dockerd.log" | sed 's/^/    | /'
}

after_test() {
	containers=$(docker ps -aq)
	# shellcheck disable=SC2086 # ids are words
	[ -z "$containers" ] || docker rm -f $containers >/dev/null || :
}

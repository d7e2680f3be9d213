# shellcheck shell=sh
# What the tests of container engines without a daemon share: a place of their own (PIDs, mounts,
# network), a root file system, and Podman's configuration. Sourced after harness.sh.
# shellcheck disable=SC2154 # variables from harness.sh

# First in a script, in the place of `begin`: in a PID namespace nothing (conmon, containers) can
# outlive the script, and in a network namespace no port is taken.
begin_apart() {
	if [ -z "${ENGINE_APART:-}" ] && unshare --net --pid --fork true 2>/dev/null; then
		export ENGINE_APART=yes
		# The outer shell is PID 1 and reaps: no whit here, whose fault would be hidden by
		# it.
		# shellcheck disable=SC2016 # for that shell
		exec unshare --net --pid --fork --kill-child sh -c '"$0" "$1"; exit $?' \
			"$script" "$whit"
	fi
	begin
	[ "${ENGINE_OWN_MOUNTS:-}" != in-chroot ] ||
		skip_all 'a chroot cannot hold a container engine'
	mount -t proc proc /proc
	ip link set lo up
}

needs_programs() {
	for needed in "$@"; do
		is_installed "$needed" || skip_all "no $needed (see the packages in .ci/run)"
	done
}

# Each controller if none is mounted, or else all of them the new way. crun 1.8 refuses
# a mixture, and systemd-nspawn wants a hierarchy of systemd's or the new way alone.
mount_cgroups() {
	umount /sys/fs/cgroup/unified 2>/dev/null || : # not a mixture
	[ ! -e /sys/fs/cgroup/cgroup.procs ] || return 0
	if [ ! -e /sys/fs/cgroup/memory ]; then
		[ -d /sys/fs/cgroup ] || mount -t sysfs sysfs /sys
		mount -t tmpfs tmpfs /sys/fs/cgroup
		awk '!/^#/ && $4 == 1 { print $1 }' /proc/cgroups | while read -r controller; do
			mkdir "/sys/fs/cgroup/$controller"
			mount -t cgroup -o "$controller" cgroup "/sys/fs/cgroup/$controller" ||
				rmdir "/sys/fs/cgroup/$controller"
		done 2>/dev/null
	fi
	if [ ! -e /sys/fs/cgroup/memory ]; then
		mount -t cgroup2 cgroup2 /sys/fs/cgroup
	elif [ ! -e /sys/fs/cgroup/systemd ] && mkdir /sys/fs/cgroup/systemd 2>/dev/null; then
		mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
	fi
}

# remove_cgroups NAME...: with all below; one that is still in use stays.
remove_cgroups() {
	for name in "$@"; do
		for path in "/sys/fs/cgroup/$name" "/sys/fs/cgroup"/*/"$name"; do
			[ ! -d "$path" ] || find "$path" -depth -type d -exec rmdir {} + 2>/dev/null
		done
	done
	return 0
}

# hide DIRECTORY...: a fresh one in its place, in our own mounts only.
hide() {
	for hidden in "$@"; do
		[ -d "$hidden" ] || mkdir -p "$hidden"
		mount -t tmpfs tmpfs "$hidden"
	done
}

# make_root DIRECTORY: one static program is the whole system, whit beside it.
make_root() {
	for name in bin dev etc proc run sys tmp usr; do
		mkdir -p "$1/$name"
	done
	cp "$(command -v busybox)" "$1/bin/busybox"
	mknod -m 666 "$1/dev/null" c 1 3
	for applet in cat echo env grep hostname kill ls readlink sed seq setsid sh sleep \
		true; do
		ln -s busybox "$1/bin/$applet"
	done
	cp "$whit" "$1/whit"
	echo 'not a program' >"$1/bin/not-executable"
	: >"$1/etc/os-release"
}

# As `make install` would put it, where recipes have it.
install_whit() {
	hide /usr/local/bin
	cp "$whit" /usr/local/bin/whit
}

# --- Podman ---

# Its own storage and no network, and limits that it may set without CAP_SYS_RESOURCE. In files
# where Podman looks without an option, so that recipes are run as they are.
start_podman() {
	mount_cgroups
	hide /run /dev/shm /etc/containers /etc/cni /var/lib/containers
	export TMPDIR="$work"
	unset CONTAINERS_CONF CONTAINERS_STORAGE_CONF CONTAINER_HOST
	hard_limit=$(awk '/^Max open files/ { print $5 }' /proc/self/limits)
	[ "$hard_limit" != unlimited ] || hard_limit=1048576
	cat >/etc/containers/storage.conf <<-CONF
		[storage]
		driver = "vfs"
		graphroot = "$work/data"
		runroot = "$work/runroot"
	CONF
	mkdir /etc/containers/containers.conf.d
	cat >/etc/containers/containers.conf.d/10-test.conf <<-CONF
		[containers]
		default_ulimits = ["nofile=$hard_limit:$hard_limit", "nproc=4096:4096"]
		netns = "none"
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		tmp_dir = "$work/tmp"
	CONF
	echo '{ "default": [{ "type": "insecureAcceptAnything" }] }' >/etc/containers/policy.json
	make_root "$work/root"
	tar -C "$work/root" -c . | podman import --change 'ENV PATH=/bin' - debian:12-slim
}

# A command that hangs must not hang the test.
podman() {
	timeout -k 5 "$bound_seconds" podman "$@"
}

# inspect CONTAINER FORMAT
inspect() {
	podman inspect --type container --format "$2" "$1"
}

show_podman() {
	for file in "$here"/*.log; do
		[ -e "$file" ] || continue
		echo "$(basename "$file" .log):"
		sed 's/^/    | /' "$file"
	done
	podman ps --all --format '{{.ID}}' | while read -r id; do
		echo "container $(inspect "$id" '{{.Path}} {{.Args}} {{json .State}}')"
		echo 'its output:'
		podman logs "$id" 2>&1 | sed 's/^/    | /'
	done
}

remove_containers() {
	podman pod rm --all --force --time 0 >/dev/null
	podman rm --all --force --time 0 >/dev/null
}

#!/usr/bin/env bash
# The container engines of Debian 13 (Docker 26, BuildKit, Compose 2, Podman 5, crun, runc, containerd,
# buildah, LXC 6, gVisor) in a bare root of it from debootstrap: the scripts here, as they are, with
# whit as that system's compiler makes it of the last commit. What is known to differ there is listed,
# with the reason; another failure is one, and so is a test that should fail and passes. As root.
# FRESH_ARCHIVES keeps the packages, as for .ci/fresh.
# usage: tests/engines/debian13.sh build/whit [SCRIPT]...     (build/whit itself is not used)
set -euo pipefail
if [ $# -lt 1 ] || [ ! -x "$1" ]; then
	echo "usage: $0 build/whit [SCRIPT]..." >&2
	exit 2
fi

scripts='oci docker docker-install docker-stack buildkit podman rootless containerd sandbox lxc gvisor
names'
packages='bsdextrautils bsdutils bubblewrap buildah busybox-static catatonit conmon containerd crun
curl docker-buildx docker-cli docker-compose docker.io dumb-init gcc iproute2 iptables libc6-dev lxc make
mandoc musl-tools netavark passt podman procps runc runsc slirp4netns systemd-container tini
uidmap'

# SCRIPT/TEST: reason
differences='
docker/a_container_under_the_default_seccomp_profile_is_as_any: the profile is called "builtin" now
podman/in_the_place_of_catatonit_whit_holds_every_pod: Podman 5 looks at /usr/libexec/podman first
'

fail() {
	echo "debian13: $*" >&2
	exit 1
}

# --- outside: mounts and a PID namespace, which end with the script ---

if [ -z "${WHIT_DEBIAN13:-}" ]; then
	for tool in debootstrap unshare; do
		command -v "$tool" >/dev/null || {
			echo "SKIPPED all of debian13.sh: no $tool"
			[ -z "${ENGINE_TALLY:-}" ] || echo '0 0 1' >>"$ENGINE_TALLY"
			[ "${CI:-}" != true ] || exit 1
			exit 0
		}
	done
	WHIT_DEBIAN13=$(mktemp -d "${TMPDIR:-/var/tmp}/whit-debian13.XXXXXX")
	export WHIT_DEBIAN13
	trap 'rm -rf --one-file-system "$WHIT_DEBIAN13"' EXIT
	status=0
	unshare --mount --pid --fork --kill-child --mount-proc "$0" "$@" || status=$?
	exit "$status"
fi
project=$(realpath "$(dirname "$0")/../..")
shift
root=$WHIT_DEBIAN13/root
archives=${FRESH_ARCHIVES:-$WHIT_DEBIAN13/archives}/debian-13

make_root() {
	mkdir -p "$archives/partial" "$root"
	debootstrap --variant=minbase --cache-dir="$archives" trixie "$root" >"$WHIT_DEBIAN13/log" 2>&1 || {
		tail -n 5 "$WHIT_DEBIAN13/log" >&2
		fail 'debootstrap failed'
	}
	cp /etc/resolv.conf "$root/etc/resolv.conf"
	mount --bind "$root" "$root"
	mkdir -p "$root/var/cache/apt/archives"
	mount --bind "$archives" "$root/var/cache/apt/archives"
	mount -t proc proc "$root/proc"
	# No service is to be started.
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
	chmod +x "$root/usr/sbin/policy-rc.d"
	# shellcheck disable=SC2086 # words
	{
		chroot "$root" apt-get update -q &&
			DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get install -qy \
				--no-install-recommends $packages
	} >"$WHIT_DEBIAN13/log" 2>&1 || {
		tail -n 5 "$WHIT_DEBIAN13/log" >&2
		fail 'apt-get install failed'
	}
}

mount_all() {
	mount -t sysfs sysfs "$root/sys"
	mount --rbind /dev "$root/dev"
	mount --make-rslave "$root/dev"
	mount -t tmpfs tmpfs "$root/run"
	mount -t tmpfs tmpfs "$root/tmp"
}

# What is not committed plays no part, but in a source tarball.
copy_project() {
	mkdir "$root/root/whit"
	cd "$project"
	if [ -e .git ]; then
		git -c safe.directory="$project" archive HEAD
	else
		tar -c --exclude=./build .
	fi | tar -x -C "$root/root/whit"
}

# run_there COMMAND [ARG]...: pivot_root(2), since no engine runs in a chroot.
run_there() {
	# shellcheck disable=SC2016 # for the inner shell
	env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb \
		LANG=C.UTF-8 PODMAN_IGNORE_CGROUPSV1_WARNING=1 RUNSC=/usr/bin/runsc \
		ENGINE_TALLY=/tmp/tally ${ENGINE_BOUND_SECONDS:+"ENGINE_BOUND_SECONDS=$ENGINE_BOUND_SECONDS"} \
		unshare --mount sh -c 'cd "$1" && pivot_root . . && umount -l . && cd /root/whit && shift &&
			exec "$@"' sh "$root" "$@" </dev/null 2>&1
}

is_excused() {
	grep -q "^$1: " <<<"$differences"
}

make_root
mount_all
copy_project
run_there make -s build/whit build/test/actor || fail 'whit cannot be built there'
# shellcheck disable=SC2016 # for the shell there
run_there sh -c 'for program in docker dockerd containerd runc crun buildah podman lxc-start runsc; do
	echo "$program: $("$program" --version 2>/dev/null | head -n 1)"; done; docker-compose version'

[ $# -gt 0 ] || mapfile -t words < <(tr ' ' '\n' <<<"$scripts")
passed=0 unexpected=0 excused=0
for script in "${@:-${words[@]}}"; do
	echo "$script:"
	run_there "tests/engines/$script.sh" build/whit >"$WHIT_DEBIAN13/log" || true
	cat "$WHIT_DEBIAN13/log"
	grep -q '^[0-9]* passed, ' "$WHIT_DEBIAN13/log" || {
		echo "debian13: $script did not come to its end"
		unexpected=$((unexpected + 1))
	}
	while read -r word name; do
		name=${name%%[ :]*}
		case $word in
		ok)
			passed=$((passed + 1))
			! is_excused "$script/$name" || {
				echo "debian13: $script/$name passed, but is listed as different"
				unexpected=$((unexpected + 1))
			}
			;;
		FAILED | SKIPPED)
			if is_excused "$script/$name"; then
				excused=$((excused + 1))
			else
				echo "debian13: unexpected: $word $script/$name"
				unexpected=$((unexpected + 1))
			fi
			;;
		esac
	done < <(grep -aE '^(ok|FAILED|SKIPPED) ' "$WHIT_DEBIAN13/log")
done
echo "Debian 13: $passed passed, $unexpected failed or skipped, $excused different as listed:"
grep . <<<"$differences"
[ -z "${ENGINE_TALLY:-}" ] || echo "$passed $unexpected 0" >>"$ENGINE_TALLY"
[ "$unexpected" -eq 0 ] && [ "$passed" -gt 0 ]

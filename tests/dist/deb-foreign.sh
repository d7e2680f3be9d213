#!/usr/bin/env bash
# The package of another architecture, from build/deb: installed by that architecture's dpkg under qemu-user,
# used and removed. The root is of Debian 13's packages, unpacked and not configured, which takes seconds.
# usage: deb-foreign.sh ARCH
set -euo pipefail
cd "$(dirname "$0")/../.."
. .dist/common.sh
debian=$(target_debian "${1:?usage: deb-foreign.sh ARCH}")
version=$(sed -n 's/^VERSION = //p' Makefile)
deb=build/deb/whit_${version}_$debian.deb
[ -e "$deb" ] || fail "there is no $deb; run make deb DEB_ARCHES=$1"

scratch=$(mktemp -d /tmp/whit-deb.XXXXXX)
trap 'rm -rf "$scratch"' EXIT
root=$scratch/root
mkdir -p "$root"/usr/{bin,sbin,lib,lib64}
ln -s usr/bin usr/sbin usr/lib usr/lib64 "$root"
fetch "$debian" trixie coreutils dash diffutils dpkg libacl1 libattr1 libbz2-1.0 libc-bin libc6 libcap2 libgcc-s1 \
	libgmp10 liblzma5 libmd0 libpcre2-8-0 libselinux1 libssl3t64 libsystemd0 libzstd1 sed tar zlib1g \
	>"$scratch/packages"
while read -r package; do
	dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$root"
done <"$scratch/packages"
[ -e "$root/usr/bin/sh" ] || ln -s dash "$root/usr/bin/sh"
mkdir -p "$root"/{proc,tmp,dev} "$root/var/lib/dpkg"
echo "$debian" >"$root/var/lib/dpkg/arch"
touch "$root/var/lib/dpkg/status" "$root/var/lib/dpkg/available"
cp "$deb" "build/deb/whit-init_${version}_all.deb" "$root/tmp"

# inside COMMAND: as PID 1's child in namespaces of its own.
inside() {
	# shellcheck disable=SC2016 # for the inner shell
	tests/dist/foreign.sh "$debian" unshare --mount --pid --fork --kill-child sh -c '
		mount --bind "$0" "$0" && mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" || exit 125
		exec chroot "$0" env PATH=/usr/sbin:/usr/bin:/sbin:/bin sh -c "$1"' "$root" "$1"
}

# expect WHAT EXPECTED OBSERVED
expect() {
	[ "$2" = "$3" ] || fail "$1: expected '$2', observed '$3'"
}

status_of() {
	local status=0
	inside "$1" >"$scratch/log" 2>&1 || status=$?
	echo "$status"
}

status=$(status_of 'dpkg -i /tmp/whit_*.deb /tmp/whit-init_*.deb')
[ "$status" -eq 0 ] || cat "$scratch/log" >&2
expect 'the status of dpkg -i' 0 "$status"
tests/dist/binary.sh "$debian" "$root/usr/bin/whit"
inside 'tini --version' | grep -qE "^whit version $version - git\.[0-9a-f]{12}$" || fail 'tini is not whit'
expect 'the status of the command' 7 "$(status_of 'whit sh -c "exit 7"')"
# shellcheck disable=SC2016 # for the shell below whit
expect 'the status of a signal' 143 "$(status_of 'whit sh -c "kill -TERM \$\$"')"
expect 'the status of dpkg --purge' 0 "$(status_of 'dpkg --purge whit-init whit')"
[ ! -e "$root/usr/bin/whit" ] || fail 'not removed'
echo "$1: installed, tried and removed, by $(file -b "$root/usr/bin/dpkg" | cut -d , -f 1-2)"

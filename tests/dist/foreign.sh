#!/usr/bin/env bash
# Runs a command where programs of another architecture run, under qemu-user: in a user namespace
# that has binfmt_misc of its own (Linux 6.7), so that nothing else on this machine sees the
# difference. All ids are mapped to themselves. Needs root and Debian's qemu-user-static.
# usage: foreign.sh DEBIAN_ARCHITECTURE COMMAND [ARG]...
set -euo pipefail

case $1 in
arm64) qemu=aarch64 ;;
armhf) qemu=arm ;;
ppc64el) qemu=ppc64le ;;
riscv64 | s390x | mips64el) qemu=$1 ;;
amd64 | i386) # this machine's own
	shift
	exec "$@"
	;;
*)
	echo "$0: no emulator for '$1' is known" >&2
	exit 125
	;;
esac
shift
export FOREIGN_RULE=/usr/lib/binfmt.d/qemu-$qemu.conf
[ -r "$FOREIGN_RULE" ] || {
	echo "$0: no $FOREIGN_RULE: apt-get install qemu-user-static" >&2
	exit 125
}

# The outer half writes the maps, which the inner one may not, after that has its namespace.
pipes=$(mktemp -d /tmp/whit-foreign.XXXXXX)
trap 'rm -rf "$pipes"' EXIT
mkfifo "$pipes/ready" "$pipes/go"
export FOREIGN_PIPES=$pipes
# shellcheck disable=SC2016 # for the inner shells
unshare --user --mount bash -c '
	echo ready >"$FOREIGN_PIPES/ready"
	read -r _ <"$FOREIGN_PIPES/go"
	# The next exec as user 0, who is mapped by now, has all capabilities.
	exec bash -c "
		mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc || exit 125
		cat \"\$FOREIGN_RULE\" >/proc/sys/fs/binfmt_misc/register || exit 125
		unset FOREIGN_RULE FOREIGN_PIPES
		exec \"\$@\"" bash "$@"' bash "$@" <&0 &
inner=$!
read -r _ <"$pipes/ready"
echo '0 0 4294967295' >"/proc/$inner/uid_map"
echo '0 0 4294967295' >"/proc/$inner/gid_map"
echo go >"$pipes/go"
status=0
wait "$inner" || status=$?
exit "$status"

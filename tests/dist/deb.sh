#!/usr/bin/env bash
# The packages of build/deb: no complaint of lintian's; installed, used and removed in new, bare systems,
# where afterwards everything is as it was; and whit-init in the place of tini.
# usage: deb.sh [debian-12|debian-13|ubuntu-24.04]...     (without, each of them)
# FRESH_ARCHIVES keeps what is fetched, as for .ci/fresh.
set -euo pipefail
cd "$(dirname "$0")/../.."
. .dist/common.sh
version=$(sed -n 's/^VERSION = //p' Makefile)
# Others than this machine's are tried by deb-foreign.sh.
debs=(build/deb/whit_"${version}_$(dpkg --print-architecture)".deb build/deb/whit-init_"${version}"_all.deb)

for tool in lintian debootstrap unshare; do
	command -v "$tool" >/dev/null || {
		echo "SKIPPED: deb, for want of $tool" >&2
		[ -z "${CI:-}" ] || exit 1
		exit 0
	}
done

fault() {
	echo "deb: $*" >&2
	exit 1
}

lintian --allow-root --fail-on error,warning,info,pedantic build/deb/*.changes
echo 'lintian has nothing to say'

scratch=$(mktemp -d /tmp/whit-deb.XXXXXX)
root=$scratch/root
# Mounts are made in namespaces that end with their command; there is nothing to unmount.
trap 'rm -rf "$scratch"' EXIT

# The arguments inside, as PID 1's child in namespaces of their own.
# shellcheck disable=SC2016 # for the inner shell
inside() {
	unshare --mount --pid --fork --kill-child sh -c '
		mount --bind "$0" "$0" && mount -t proc proc "$0/proc" || exit 125
		exec chroot "$0" env PATH=/usr/sbin:/usr/bin:/sbin:/bin \
			DEBIAN_FRONTEND=noninteractive "$@"' "$root" "$@"
}

# What an installation leaves behind and may: logs and caches of apt and dpkg.
files() {
	(cd "$root" && find . \( -path ./proc -o -path ./var/log -o -path ./var/cache \
		-o -path ./var/lib/dpkg -o -path ./var/lib/apt -o -path ./tmp \) -prune \
		-o -printf '%p %y %m %l\n' | sort)
}

quietly() {
	"$@" >"$scratch/log" 2>&1 || { tail -n 20 "$scratch/log" >&2; fault "failed: $*"; }
}

expect() {
	[ "$2" = "$3" ] || fault "$1: expected '$2', observed '$3'"
}

status_of() {
	local status=0
	"$@" >"$scratch/log" 2>&1 || status=$?
	echo "$status"
}

# The system has its packages' lists; what was there before is in $scratch/before.
make_system() {
	local archives=${FRESH_ARCHIVES:-$scratch/archives}/$system
	rm -rf "$root"
	make_bare_root "$system" "$root" "$archives" || return
	cp "${debs[@]}" "$root/tmp"
	quietly inside apt-get update
	files >"$scratch/before"
}

try_whit() {
	quietly inside apt-get install -y --no-install-recommends "/tmp/$(basename "${debs[0]}")"
	expect "the package's version" "$version" "$(dpkg-deb -f "${debs[0]}" Version)"
	expect 'the maintainer' "$DEBFULLNAME <$DEBEMAIL>" "$(dpkg-deb -f "${debs[0]}" Maintainer)"
	inside whit --version | grep -qE "^whit version $version - git\.[0-9a-f]{12}$" ||
		fault "docker info would not like $(inside whit --version)"
	expect 'the status of the command' 7 "$(status_of inside whit sh -c 'exit 7')"
	expect 'the status of a signal' 143 "$(status_of inside whit sh -c 'kill -TERM $$')"
	[ -s "$root/usr/share/man/man1/whit.1.gz" ] || fault 'no manual'
	grep -q 'Rich Felker' "$root/usr/share/doc/whit/copyright.musl" || fault 'no licence of musl'
	grep -q '^GCC RUNTIME' "$root/usr/share/doc/whit/copyright.libgcc" || fault 'no licence of libgcc'
	grep -q 'Permission is hereby granted' "$root/usr/share/doc/whit/copyright" || fault 'no licence'
	[ ! -e "$root/usr/bin/tini" ] || fault 'whit alone calls itself tini'
	echo "$system: whit: installed and used"
}

try_whit_init() {
	local name
	quietly inside apt-get install -y --no-install-recommends tini
	quietly inside apt-get install -y --no-install-recommends "/tmp/$(basename "${debs[1]}")"
	# shellcheck disable=SC2016 # dpkg-query's own
	! inside dpkg-query -W -f '${db:Status-Abbrev}' tini 2>/dev/null | grep -q '^ii' ||
		fault 'tini is still installed beside whit-init'
	for name in tini tini-static dumb-init catatonit; do
		inside "$name" --version | grep -q '^whit version' || fault "$name is not whit"
		[ -e "$root/usr/share/man/man1/$name.1.gz" ] || fault "no manual for $name"
	done
	inside /usr/libexec/podman/catatonit --version | grep -q '^whit version' || fault 'podman: not whit'
	inside /usr/libexec/whit/pause --version | grep -q '^whit version' || fault 'pause: not whit'
	# docker.io of Debian needs a tini, has whit's, and its docker-init is a link to tini-static.
	inside apt-get install -s --no-install-recommends docker.io >"$scratch/log"
	grep -q '^Inst docker.io ' "$scratch/log" || fault 'docker.io cannot be installed beside whit-init'
	! grep -qE '^(Inst tini|Remv whit)' "$scratch/log" || fault 'docker.io would bring tini back'
	echo "$system: whit-init: in the place of tini, and docker.io is content"
}

remove_both() {
	quietly inside dpkg --purge whit-init whit
	inside dpkg-query -W tini >/dev/null 2>&1 && quietly inside dpkg --purge tini
	files >"$scratch/after"
	diff "$scratch/before" "$scratch/after" || fault 'not as before: see above'
	echo "$system: removed without a trace"
}

[ $# -gt 0 ] || mapfile -t names < <(bare_system_names)
tried=0
for system in "${@:-${names[@]}}"; do
	status=0
	make_system || status=$?
	case $status in
	0) ;;
	77)
		echo "SKIPPED: $system: no mirror"
		continue
		;;
	*) exit "$status" ;;
	esac
	try_whit
	try_whit_init
	remove_both
	tried=$((tried + 1))
done
[ "$tried" -gt 0 ] || fault 'no system at all could be made'
echo "deb: installed, tried and removed in $tried systems"

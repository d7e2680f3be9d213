#!/usr/bin/env bash
# whit as packagers and users build it: each compiler with each C library, dpkg's flags, from a source
# tarball, in a path with blanks, as an ordinary user. Warnings are errors. Each binary is looked at and
# tried as an init, and its size printed. As root, in a checkout or an unpacked source tarball.
# usage: builds.sh [NAME-OF-THIS-SYSTEM]
# packages: binutils clang dpkg-dev gcc libc6-dev make musl-tools util-linux
set -euo pipefail
cd "$(dirname "$0")/../.."
. .dist/common.sh
system=${1:-$(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' /etc/os-release)}
debian=$(dpkg --print-architecture)
user=65534

for tool in clang dpkg-buildflags gcc make musl-gcc readelf setpriv unshare; do
	command -v "$tool" >/dev/null || {
		echo "SKIPPED: builds, for want of $tool" >&2
		[ -z "${CI:-}" ] || exit 1
		exit 0
	}
done

scratch=$(mktemp -d /tmp/whit-builds.XXXXXX)
chmod 755 "$scratch"
trap 'rm -rf "$scratch"' EXIT
built=0

# expect WHAT EXPECTED OBSERVED
expect() {
	[ "$2" = "$3" ] || fail "$variant: $1: expected '$2', observed '$3'"
}

# status_of COMMAND [ARG]...: with the output in $scratch/out.
status_of() {
	local status=0
	timeout -k 5 60 "$@" >"$scratch/out" 2>&1 </dev/null || status=$?
	echo "$status"
}

# try BINARY [WORD]...: as an init, where the words before it start it as PID 1. The signal for PID 1
# comes back to the command; the orphan is gone before the command ends.
try() {
	local binary=$1
	shift
	expect 'the status of the command' 7 "$(status_of "$binary" sh -c 'exit 7')"
	expect 'the status of one that is missing' 127 "$(status_of "$binary" no-such-command)"
	# shellcheck disable=SC2016 # for the shell below whit
	expect 'as PID 1, the status' 5 "$(status_of "$@" unshare --pid --fork --kill-child \
		--mount-proc "$binary" sh -c '
			orphan=$(sleep 0 >/dev/null & echo $!)
			while [ -e /proc/$orphan ]; do sleep 0.01; done
			trap "exit 5" TERM
			kill -TERM 1
			while :; do sleep 0.01; done')"
	expect 'as PID 1, its output' '' "$(cat "$scratch/out")"
	expect 'the version' "whit version $version - git.${commit:0:12}" "$("$binary" --version)"
}

# build NAME DIRECTORY [WORD]...: the words make it there, where the source is.
build() {
	local variant=$1 directory=$2
	shift 2
	(cd "$directory" && "$@") >"$scratch/log" 2>&1 || {
		tail -n 20 "$scratch/log" >&2
		fail "$variant: failed: $*"
	}
	tests/dist/binary.sh "$debian" "$directory/build/whit" >"$scratch/log"
	try "$directory/build/whit"
	built=$((built + 1))
	printf '%s: %6d bytes, %s\n' "$system" "$(stat -c %s "$directory/build/whit")" "$variant"
}

# fresh DIRECTORY: the source that is in the tarball.
fresh() {
	mkdir -p "$1"
	tar -xzf "$tarball" -C "$1" --strip-components=1
}

version_of() {
	dpkg-query -W -f '${Version}' "$1"
}

make_source
tarball=$scratch/whit-$version.tar.gz
pack "$work" "whit-$version" | gzip -9n >"$tarball"

gcc="gcc $(gcc -dumpfullversion)"
clang="clang $(clang -dumpversion)"
musl="musl $(version_of musl-dev)"
glibc="glibc $(version_of libc6-dev)"
# What `make` gives without a word, and what a packager sees who takes dpkg's flags, as they are.
mapfile -t flags < <(dpkg-buildflags --export=cmdline | xargs -n 1 printf '%s\n')
number=0
while IFS='|' read -r name words; do
	number=$((number + 1))
	fresh "$scratch/$number"
	# shellcheck disable=SC2086 # words
	build "$name" "$scratch/$number" make CI=true $words
done <<-VARIANTS
	$gcc, $musl|
	$gcc, $glibc|CC=gcc
	$clang, $glibc|CC=clang
VARIANTS
for compiler in musl-gcc gcc; do
	fresh "$scratch/dpkg-$compiler"
	build "$compiler with dpkg's flags" "$scratch/dpkg-$compiler" make CI=true CC=$compiler \
		"${flags[@]}"
done
build_here=$scratch/a\ path\ with\ blanks
fresh "$build_here"
build 'in a path with blanks' "$build_here" make CI=true
fresh "$scratch/user"
chown -R "$user:$user" "$scratch/user"
build 'by an ordinary user' "$scratch/user" setpriv --reuid="$user" --regid="$user" \
	--clear-groups env HOME=/nonexistent make CI=true
echo "$system: $built builds"

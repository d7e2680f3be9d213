#!/usr/bin/env bash
# `make dist` of the same commit in two directories, at two times, by two users with other settings:
# every byte must be the same. Then the same with a __DATE__ in the source, which must be noticed.
# usage: reproducible.sh [ARCH]...
set -euo pipefail
cd "$(dirname "$0")/../.."
top=$PWD
nobody=65534

for tool in faketime setpriv git; do
	command -v "$tool" >/dev/null || {
		echo "SKIPPED: reproducible, for want of $tool" >&2
		[ -z "${CI:-}" ] || exit 1
		exit 0
	}
done
[ "$(id -u)" = 0 ] || {
	echo 'SKIPPED: reproducible, since only root can be two users' >&2
	[ -z "${CI:-}" ] || exit 1
	exit 0
}

scratch=$(mktemp -d /tmp/whit-reproducible.XXXXXX)
trap 'rm -rf "$scratch"' EXIT
chmod 755 "$scratch"
# Downloaded once; what is compared is what is made of it.
export DIST_PACKAGES=${DIST_PACKAGES:-$top/build/dist-work/packages}
unset SOURCE_DATE_EPOCH

# A home, so that git's and apt's settings are not root's either.
as_nobody_next_year() {
	(
		cd "$1"
		shift
		umask 077
		exec setpriv --reuid="$nobody" --regid="$nobody" --clear-groups \
			env HOME="$scratch/home" TZ=Asia/Tokyo LC_ALL=C.UTF-8 USER=nobody \
			SHELL=/bin/bash CFLAGS=-O0 faketime -f '+400d' make dist ARCHES="$*"
	)
}

as_root_now() {
	(cd "$1" && shift && umask 022 && make dist ARCHES="$*")
}

# Leaves what the two made in $scratch/one/NAME/build/dist and in that of $scratch/another-...
build_twice() {
	local name=$1
	shift
	one=$scratch/$name
	two=$scratch/home/in/a/directory/with/a/longer/name/$name
	mkdir -p "$(dirname "$two")"
	git clone -q "$source" "$one"
	git clone -q "$source" "$two"
	chown -R "$nobody:$nobody" "$scratch/home"
	as_root_now "$one" "$@" >"$scratch/log" 2>&1 || { cat "$scratch/log" >&2; return 1; }
	as_nobody_next_year "$two" "$@" >"$scratch/log" 2>&1 || {
		cat "$scratch/log" >&2
		return 1
	}
}

source=$top
build_twice same "$@"
diff -r "$one/build/dist" "$two/build/dist" || {
	echo 'not reproducible: see above' >&2
	exit 1
}
echo "the same bytes, twice: $(cd "$one/build/dist" && printf '%s\n' * | wc -l) files"

# A source tarball makes itself again, without git.
mkdir "$scratch/tarball"
tar -xzf "$one"/build/dist/*.tar.gz -C "$scratch/tarball" --strip-components=1
as_root_now "$scratch/tarball" "$@" >"$scratch/log" 2>&1 || { cat "$scratch/log" >&2; exit 1; }
diff -r "$one/build/dist" "$scratch/tarball/build/dist" || {
	echo 'the source tarball makes something else than the checkout: see above' >&2
	exit 1
}
echo 'the same bytes from the source tarball, without git'

git clone -q "$top" "$scratch/dated"
sed -i 's/"whit version "/"whit version " __DATE__/' "$scratch/dated/src/main.c"
git -C "$scratch/dated" -c user.name=test -c user.email=test commit -qam 'a date'
source=$scratch/dated
build_twice different amd64
if cmp -s "$one"/build/dist/*-amd64 "$two"/build/dist/*-amd64; then
	echo 'a __DATE__ in the source was not noticed' >&2
	exit 1
fi
echo 'a __DATE__ in the source is noticed'

(cd "$one" && SOURCE_DATE_EPOCH=1000000000 make dist ARCHES=amd64) >"$scratch/log" 2>&1 ||
	{ cat "$scratch/log" >&2; exit 1; }
times=$(tar -tvzf "$one"/build/dist/*.tar.gz --utc | awk '{ print $4, $5 }' | sort -u)
[ "$times" = '2001-09-09 01:46' ] || {
	echo "SOURCE_DATE_EPOCH: expected 2001-09-09 01:46, observed $times" >&2
	exit 1
}
echo 'SOURCE_DATE_EPOCH is honoured'

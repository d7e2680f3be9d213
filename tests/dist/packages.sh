#!/usr/bin/env bash
# What `make packages` has made. The RPMs: built by rpmbuild, queried, unpacked, and their program tried.
# The APKBUILD: its functions are run as abuild runs them, by the same shell, with a stand-in for abuild
# itself. The Nix expression: parsed, evaluated with a stand-in for nixpkgs, and its flags given to make.
# abuild, apk and nix-build are not run: there is no Alpine and no nixpkgs here. As root.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=$PWD/build/packages
version=$(sed -n 's/^VERSION = //p' Makefile)

fault() {
	echo "packages: $*" >&2
	exit 1
}

# expect WHAT EXPECTED OBSERVED
expect() {
	[ "$2" = "$3" ] || fault "$1: expected '$2', observed '$3'"
}

for tool in rpm rpmbuild rpm2cpio cpio busybox nix-instantiate; do
	command -v "$tool" >/dev/null || {
		echo "SKIPPED: packages, for want of $tool" >&2
		[ -z "${CI:-}" ] || exit 1
		exit 0
	}
done
scratch=$(mktemp -d /tmp/whit-packages.XXXXXX)
trap 'rm -rf "$scratch"' EXIT

# try_tree NAME DIRECTORY: a root with an installed whit, in which nothing else is.
try_tree() {
	local status=0 program=$2/usr/bin/whit
	tests/dist/binary.sh "$(dpkg --print-architecture)" "$program" >/dev/null
	"$program" -- sh -c 'exit 7' || status=$?
	expect "$1: the status of the command" 7 "$status"
	[[ $("$program" --version) =~ ^whit\ version\ $version\ -\ git\.[0-9a-f]{12}$ ]] ||
		fault "$1: docker info would not like $("$program" --version)"
	[ "$(find "$2/usr/share/man" -name 'whit.1*' | wc -l)" -eq 1 ] || fault "$1: no manual"
	find "$2" -name LICENSE | grep -q . || fault "$1: no licence"
}

# expect_files NAME DIRECTORY: what else is there, from stdin.
expect_files() {
	(cd "$2" && find . -type l -printf '%p -> %l\n' | sort) >"$scratch/files"
	diff - "$scratch/files" || fault "$1: other links than expected: see above"
}

# --- RPM ---

main=("$out"/whit-"$version"-1*."$(uname -m)".rpm)
init=("$out"/whit-init-"$version"-1*.noarch.rpm)
for file in "${main[0]}" "${init[0]}"; do
	[ -e "$file" ] || fault "no $file"
done
mkdir "$scratch/rpm" "$scratch/rpm-init"
(cd "$scratch/rpm" && rpm2cpio "${main[0]}" | cpio -idm --quiet)
try_tree RPM "$scratch/rpm"
# What the program needs of the system: nothing. What else it names is of rpm itself.
expect 'RPM: requirements' '' "$(rpm -qp --requires "${main[0]}" | grep -v '^rpmlib(' || true)"
expect 'RPM: licence' MIT "$(rpm -qp --qf '%{LICENSE}' "${main[0]}")"
for name in tini dumb-init catatonit; do
	rpm -qp --provides "${init[0]}" | grep -q "^$name = $version" || fault "RPM: whit-init is no $name"
	rpm -qp --conflicts "${init[0]}" | grep -qx "$name" || fault "RPM: whit-init beside $name"
done
(cd "$scratch/rpm-init" && rpm2cpio "${init[0]}" | cpio -idm --quiet)
rm -rf "$scratch/rpm-init/usr/share/man"
expect_files 'RPM whit-init' "$scratch/rpm-init" <<-'LINKS'
	./usr/bin/catatonit -> whit
	./usr/bin/dumb-init -> whit
	./usr/bin/tini -> whit
	./usr/bin/tini-static -> whit
	./usr/libexec/podman/catatonit -> /usr/bin/whit
	./usr/libexec/whit/pause -> /usr/bin/whit
LINKS
# Installed and removed by rpm in a database of its own.
mkdir "$scratch/root"
rpm --root "$scratch/root" --initdb
rpm --root "$scratch/root" -i --nodeps --ignorearch "${main[0]}" "${init[0]}" 2>"$scratch/log"
"$scratch/root/usr/bin/tini" --version | grep -q '^whit version' || fault 'RPM: the installed tini is not whit'
rpm --root "$scratch/root" -e whit-init whit 2>"$scratch/log"
for file in whit tini; do
	[ ! -L "$scratch/root/usr/bin/$file" ] && [ ! -e "$scratch/root/usr/bin/$file" ] && continue
	fault "RPM: $file was not removed"
done
echo "RPM: built, installed, tried, removed ($(rpm --version))"

# --- Alpine ---

# abuild is a script of this shell, too, which reads the file and calls its functions so.
cat >"$scratch/abuild" <<'ABUILD'
set -e
startdir=$1 work=$2
. "$startdir/APKBUILD"
for variable in pkgname pkgver pkgrel pkgdesc url arch license source sha512sums; do
	eval "[ -n \"\$$variable\" ]" || { echo "no $variable"; exit 1; }
done
[ "${#pkgdesc}" -le 128 ]
case $url in https://*) ;; *) echo "no URL: $url"; exit 1 ;; esac
(cd "$startdir" && printf '%s\n' "$sha512sums" | grep . | sha512sum -c -)
srcdir=$work/src pkgdir=$work/pkg/$pkgname builddir=$work/src/$pkgname-$pkgver
mkdir -p "$srcdir" "$pkgdir"
for file in $source; do tar -xzf "$startdir/$file" -C "$srcdir"; done
export CFLAGS='-Os -fstack-clash-protection' LDFLAGS='-Wl,--as-needed' CC=musl-gcc
(cd "$builddir" && build)
(cd "$builddir" && package)
for subpackage in $subpackages; do
	name=${subpackage%%:*}
	function=${subpackage#*:}
	function=${function%%:*}
	case $subpackage in *:*) ;; *) continue ;; esac # one of abuild's own functions
	subpkgdir=$work/pkg/$name
	mkdir -p "$subpkgdir"
	(cd "$builddir" && "$function" && echo "$depends" >"$work/$name.depends")
done
ABUILD
busybox sh "$scratch/abuild" "$out" "$scratch/alpine" >"$scratch/log" 2>&1 || {
	tail -n 20 "$scratch/log" >&2
	fault 'APKBUILD: see above'
}
shellcheck -s sh -e SC2034,SC2154,SC2164 "$out/APKBUILD"
try_tree APKBUILD "$scratch/alpine/pkg/whit"
expect 'APKBUILD: what whit-init needs' "whit=$version-r0" "$(cat "$scratch/alpine/whit-init.depends")"
expect_files 'APKBUILD whit-init' "$scratch/alpine/pkg/whit-init" <<-'LINKS'
	./sbin/tini -> /usr/bin/whit
	./usr/bin/catatonit -> /usr/bin/whit
	./usr/bin/dumb-init -> /usr/bin/whit
	./usr/libexec/podman/catatonit -> /usr/bin/whit
	./usr/libexec/whit/pause -> /usr/bin/whit
LINKS
echo 'APKBUILD: its functions run and their result tried; not run: abuild and apk, for want of an Alpine'

# --- Nix ---

nix-instantiate --parse "$out/whit.nix" >"$scratch/parsed"
# The stand-in: a derivation is what it is given.
cat >"$scratch/try.nix" <<-NIX
	let
	  lib = { licenses.mit = "MIT"; platforms.linux = [ "x86_64-linux" ]; };
	  stdenv = { mkDerivation = given: given; cc.targetPrefix = "musl-g"; };
	  whit = import $out/whit.nix { inherit lib stdenv; };
	in
	"\${whit.pname} \${whit.version} \${whit.meta.license} \${builtins.concatStringsSep " " whit.makeFlags}"
NIX
evaluated=$(nix-instantiate --store dummy:// --eval --strict "$scratch/try.nix" | tr -d '"')
# Where the output will be is known only when it is built: a hash stands for it.
flags=${evaluated#"whit $version MIT "}
[ "$flags" != "$evaluated" ] || fault "whit.nix: evaluates to $evaluated"
flags=$(sed -E "s|PREFIX=[^ ]*|PREFIX=$scratch/nix/usr|" <<<"$flags")
mkdir "$scratch/nix-build"
tar -xzf "$out/whit-$version.tar.gz" -C "$scratch/nix-build" --strip-components=1
# shellcheck disable=SC2086 # words
make -s -C "$scratch/nix-build" $flags all install >"$scratch/log" 2>&1 || {
	tail -n 20 "$scratch/log" >&2
	fault 'whit.nix: make fails with its flags'
}
cp LICENSE "$scratch/nix"
try_tree whit.nix "$scratch/nix"
echo "whit.nix: parsed, evaluated, its flags tried ($(nix-instantiate --version)); not run: nix-build, for want of nixpkgs"

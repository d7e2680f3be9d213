#!/usr/bin/env bash
# What other distributions build packages of, in build/packages: the source, an RPM spec, an Alpine
# APKBUILD, a Nix expression; and the RPMs themselves, where there is an rpmbuild. Who maintains them is
# DEBFULLNAME and DEBEMAIL, as for `make deb`; URL is whit's home page.
set -euo pipefail
cd "$(dirname "$0")/.."
. .dist/common.sh
out=$PWD/build/packages

make_maintainer
[ -n "${URL:-}" ] || fail "set URL to whit's home page"
make_source
rm -rf "$out"
mkdir -p "$out"
tarball=whit-$version.tar.gz
pack "$work" "whit-$version" | gzip -9n >"$out/$tarball"

# fill TEMPLATE: its words in the place of @WORD@.
fill() {
	local text
	text=$(cat ".dist/$1" && echo .)
	text=${text//@VERSION@/$version}
	text=${text//@COMMIT@/${commit:0:12}}
	text=${text//@MAINTAINER@/$maintainer}
	text=${text//@URL@/$URL}
	text=${text//@DATE@/$(date -ud "@$SOURCE_DATE_EPOCH" '+%a %b %d %Y')}
	text=${text//@SHA512@/$(sha512sum "$out/$tarball" | cut -d ' ' -f 1)}
	printf '%s' "${text%.}"
}

fill whit.spec.in >"$out/whit.spec"
fill APKBUILD.in >"$out/APKBUILD"
fill whit.nix.in >"$out/whit.nix"
! grep -n '@[A-Z0-9]*@' "$out"/whit.spec "$out"/APKBUILD "$out"/whit.nix || fail 'see above'

# Debian's rpmbuild knows Debian's packages not by the names of the spec: what is missing is noticed by
# the build itself.
if command -v rpmbuild >/dev/null; then
	SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH rpmbuild -ba --nodeps --define "_topdir $out/rpm" \
		--define "_sourcedir $out" --define 'use_source_date_epoch_as_buildtime 1' \
		--define 'clamp_mtime_to_source_date_epoch 1' --define '_buildhost whit' \
		"$out/whit.spec" >"$out/rpm.log" 2>&1 || {
		tail -n 20 "$out/rpm.log" >&2
		fail 'rpmbuild failed'
	}
	find "$out/rpm" -name '*.rpm' -exec mv {} "$out" \;
	rm -rf "$out/rpm"
else
	echo 'LEFT OUT: the RPMs, for want of rpmbuild' >&2
	[ -z "${CI:-}" ] || exit 1
fi
(cd "$out" && stat -c '%s %n' -- *)

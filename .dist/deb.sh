#!/usr/bin/env bash
# Debian packages in build/deb, for this machine's architecture, by Debian's own tools. A debian/
# directory is made of .dist/debian, in a copy of the source as it is shipped.
#
# Who answers for them is taken from DEBFULLNAME and DEBEMAIL, as by Debian's own tools: dch(1).
set -euo pipefail
cd "$(dirname "$0")/.."
. .dist/common.sh

make_maintainer
need dpkg-buildpackage dh
make_source
export SOURCE_DATE_EPOCH

rm -rf build/deb
mkdir -p build/deb
tree=$PWD/build/deb/whit-$version
cp -R "$source_tree" "$tree"
cp -R "$tree/.dist/debian" "$tree/debian"
cd "$tree/debian"
chmod 755 rules
maintainer=$(sed 's/[&/\]/\\&/g' <<<"$maintainer")
sed "s/@MAINTAINER@/$maintainer/" control.in >control
sed "s/@VERSION@/$version/; s/@COMMIT@/${commit:0:12}/; s/@MAINTAINER@/$maintainer/
	s/@DATE@/$(date -Rud "@$SOURCE_DATE_EPOCH")/" changelog.in >changelog
{
	sed "s/@COPYRIGHT@/$(sed -n 's/^Copyright (c) //p' ../LICENSE)/" copyright.in
	# An empty line is a dot there, and a line of text begins with a space.
	sed '1,/^Copyright/d; /./,$!d; s/^$/./; s/^/ /' ../LICENSE | sed '1{/^ \.$/d}'
} >copyright
rm changelog.in control.in copyright.in
print_libgcc_licence gcc >copyright.libgcc
mkdir source
echo '3.0 (native)' >source/format
cd ..
dpkg-buildpackage -b -us -uc
ls -l ../*.deb

#!/usr/bin/env bash
# Debian packages in build/deb, by Debian's own tools: for this machine's architecture, and `whit` for each
# ARCH of .dist/targets that is named, by its cross compiler. A debian/ directory is made of .dist/debian, in
# a copy of the source as it is shipped. usage: deb.sh [ARCH]...
#
# The maintainer is taken from DEBFULLNAME and DEBEMAIL, as by Debian's own tools: dch(1).
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
maintainer_in_sed=$(sed 's/[&/\]/\\&/g' <<<"$maintainer")

# make_debian COMPILER: the source with its debian/, anew.
make_debian() {
	rm -rf "$tree"
	cp -R "$source_tree" "$tree"
	cp -R "$tree/.dist/debian" "$tree/debian"
	(
		cd "$tree/debian"
		chmod 755 rules
		sed "s/@MAINTAINER@/$maintainer_in_sed/" control.in >control
		sed "s/@VERSION@/$version/; s/@COMMIT@/${commit:0:12}/; s/@MAINTAINER@/$maintainer_in_sed/
			s/@DATE@/$(date -Rud "@$SOURCE_DATE_EPOCH")/" changelog.in >changelog
		{
			sed "s/@COPYRIGHT@/$(sed -n 's/^Copyright (c) //p' ../LICENSE)/" copyright.in
			# An empty line is a dot there, and a line of text begins with a space.
			sed '1,/^Copyright/d; /./,$!d; s/^$/./; s/^/ /' ../LICENSE | sed '1{/^ \.$/d}'
		} >copyright
		rm changelog.in control.in copyright.in
		print_libgcc_licence "$1" >copyright.libgcc
		mkdir source
		echo '3.0 (native)' >source/format
	)
}

make_debian gcc
(cd "$tree" && dpkg-buildpackage -b -us -uc)

# source_of_package FILE: as Static-Built-Using names it.
# shellcheck disable=SC2016 # for dpkg
source_of_package() {
	dpkg-deb -W --showformat='${source:Package} (= ${source:Version})' "$1"
}

# shellcheck disable=SC2016 # for dpkg-query
for architecture; do
	compiler=$(target_compiler "$architecture")-gcc
	need "$compiler"
	unpack_musl "$architecture"
	make_debian "$compiler"
	# Debian's own checks of what is installed would ask for an installed musl of that architecture.
	(
		cd "$tree"
		export WHIT_CC="$compiler -specs=$musl_root/specs"
		export WHIT_MUSL_COPYRIGHT=$musl_root/usr/share/doc/musl-dev/copyright
		WHIT_BUILT_USING="$(source_of_package "$musl_package"),$(dpkg-query -W \
			-f='${source:Package} (= ${source:Version})' "$(libgcc_package_of "$compiler")")"
		export WHIT_BUILT_USING
		dpkg-buildpackage -a "$(target_debian "$architecture")" -B -d -us -uc
	)
done
ls -l build/deb/*.deb

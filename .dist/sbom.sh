#!/usr/bin/env bash
# Writes FILE.spdx.json: SPDX 2.3, what the binary FILE is and what is linked into it. The linker's map
# tells the parts; a part that this script does not know is a failure, not an omission.
# usage: sbom.sh FILE VERSION COMMIT EPOCH DEBIAN_ARCHITECTURE COMPILER MUSL_PACKAGE MAP
set -euo pipefail
cd "$(dirname "$0")/.."
. .dist/common.sh
file=$1 version=$2 commit=$3 epoch=$4 architecture=$5 compiler=$6 musl_package=$7 map=$8

sum() { sha256sum "$1" | cut -d ' ' -f 1; }
name=$(basename "$file")
hash=$(sum "$file")
musl_debian=$(dpkg-deb -f "$musl_package" Version)
musl_version=${musl_debian%%-*}
musl_file=$(basename "$musl_package")

# What the linker took: whole objects ("LOAD FILE") that are not whit's own, and members of archives
# ("PATH/libc.a(open.lo)").
linked() {
	sed -n 's/^LOAD \(.*\.o\)$/\1/p' "$map" |
		grep -vE '^build/obj/|\.ltrans[0-9]+\.ltrans\.o$'
	sed -n '/^Archive member/,/^[A-Z].*[^)]$/s|^\([^ ]*/lib[^/]*\.a([^)]*)\).*|\1|p' "$map"
}

musl=()
libgcc=()
while read -r part; do
	case $part in
	*/musl/*/libc.a\(*) musl+=("$part") ;;
	*/musl/*/crt[in].o | */musl/*crt1.o) ;;
	*/gcc*/crtbegin*.o | */gcc*/crtend*.o | */gcc*/libgcc.a\(*) libgcc+=("${part##*/}") ;;
	*)
		echo "$0: $part is linked in, and the bill of materials does not know it" >&2
		exit 1
		;;
	esac
done < <(linked | sort -u)
if [ ${#musl[@]} -eq 0 ]; then
	echo "$0: no libc in $map: is it a map?" >&2
	exit 1
fi

# Some architectures need a part of libgcc, such as 64-bit division; others have nothing of it.
print_libgcc_package() {
	local package debian own_architecture
	package=$(libgcc_package_of "$compiler")
	debian=$(dpkg-query -W -f '${Version}' "$package")
	own_architecture=$(dpkg-query -W -f '${Architecture}' "$package")
	package=${package%:*}
	cat <<-JSON
		,
		    {
		      "SPDXID": "SPDXRef-libgcc",
		      "name": "libgcc",
		      "versionInfo": "$("$compiler" -dumpfullversion)",
		      "primaryPackagePurpose": "LIBRARY",
		      "supplier": "Organization: Debian",
		      "downloadLocation": "NOASSERTION",
		      "filesAnalyzed": false,
		      "homepage": "https://gcc.gnu.org/",
		      "sourceInfo": "Debian package $package $debian",
		      "licenseConcluded": "GPL-3.0-or-later WITH GCC-exception-3.1",
		      "licenseDeclared": "GPL-3.0-or-later WITH GCC-exception-3.1",
		      "copyrightText": "Copyright (C) Free Software Foundation, Inc.",
		      "comment": "What the compiler adds: ${libgcc[*]}",
		      "externalRefs": [
		        {
		          "referenceCategory": "PACKAGE-MANAGER",
		          "referenceType": "purl",
		          "referenceLocator": "pkg:deb/debian/$package@$debian?arch=$own_architecture"
		        }
		      ]
		    }
	JSON
}
print_libgcc_relationship() {
	cat <<-JSON
		,
		    {
		      "spdxElementId": "SPDXRef-whit",
		      "relationshipType": "STATIC_LINK",
		      "relatedSpdxElement": "SPDXRef-libgcc"
		    }
	JSON
}
libgcc_package=
libgcc_relationship=
if [ ${#libgcc[@]} -gt 0 ]; then
	libgcc_package=$(print_libgcc_package)
	libgcc_relationship=$(print_libgcc_relationship)
fi

cat >"$file.spdx.json" <<JSON
{
  "spdxVersion": "SPDX-2.3",
  "dataLicense": "CC0-1.0",
  "SPDXID": "SPDXRef-DOCUMENT",
  "name": "$name",
  "documentNamespace": "https://spdx.org/spdxdocs/$name-$hash",
  "creationInfo": {
    "created": "$(date -u -d "@$epoch" +%Y-%m-%dT%H:%M:%SZ)",
    "creators": ["Tool: whit-sbom-$version"]
  },
  "packages": [
    {
      "SPDXID": "SPDXRef-whit",
      "name": "whit",
      "versionInfo": "$version",
      "packageFileName": "$name",
      "primaryPackagePurpose": "APPLICATION",
      "supplier": "NOASSERTION",
      "downloadLocation": "NOASSERTION",
      "filesAnalyzed": false,
      "checksums": [{ "algorithm": "SHA256", "checksumValue": "$hash" }],
      "sourceInfo": "built from commit $commit",
      "licenseConcluded": "MIT",
      "licenseDeclared": "MIT",
      "copyrightText": "$(sed -n '/^Copyright/{s/["\\]/\\&/g;p;q;}' LICENSE)",
      "externalRefs": [
        {
          "referenceCategory": "PACKAGE-MANAGER",
          "referenceType": "purl",
          "referenceLocator": "pkg:generic/whit@$version"
        }
      ]
    },
    {
      "SPDXID": "SPDXRef-musl",
      "name": "musl",
      "versionInfo": "$musl_version",
      "packageFileName": "$musl_file",
      "primaryPackagePurpose": "LIBRARY",
      "supplier": "Organization: Debian",
      "downloadLocation": "https://deb.debian.org/debian/pool/main/m/musl/$musl_file",
      "filesAnalyzed": false,
      "checksums": [{ "algorithm": "SHA256", "checksumValue": "$(sum "$musl_package")" }],
      "homepage": "https://musl.libc.org/",
      "sourceInfo": "Debian package musl-dev $musl_debian",
      "licenseConcluded": "MIT",
      "licenseDeclared": "MIT",
      "copyrightText": "Copyright 2005-2020 Rich Felker, et al.",
      "externalRefs": [
        {
          "referenceCategory": "PACKAGE-MANAGER",
          "referenceType": "purl",
          "referenceLocator": "pkg:deb/debian/musl-dev@$musl_debian?arch=$architecture"
        },
        {
          "referenceCategory": "SECURITY",
          "referenceType": "cpe23Type",
          "referenceLocator": "cpe:2.3:a:musl-libc:musl:$musl_version:*:*:*:*:*:*:*"
        }
      ]
    }$libgcc_package
  ],
  "relationships": [
    {
      "spdxElementId": "SPDXRef-DOCUMENT",
      "relationshipType": "DESCRIBES",
      "relatedSpdxElement": "SPDXRef-whit"
    },
    {
      "spdxElementId": "SPDXRef-whit",
      "relationshipType": "STATIC_LINK",
      "relatedSpdxElement": "SPDXRef-musl"
    }$libgcc_relationship
  ]
}
JSON

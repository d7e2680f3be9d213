#!/usr/bin/env bash
# Writes FILE.spdx.json: SPDX 2.3, what the binary FILE is and what is linked into it, as the
# linker's map has it. An archive in the map that nobody named here is a failure, not an omission.
# usage: sbom.sh FILE VERSION COMMIT EPOCH DEBIAN_ARCHITECTURE COMPILER MUSL_PACKAGE MAP
set -euo pipefail
export LC_ALL=C TZ=UTC
file=$1 version=$2 commit=$3 epoch=$4 architecture=$5 compiler=$6 musl_package=$7 map=$8

sum() { sha256sum "$1" | cut -d ' ' -f 1; }
name=$(basename "$file")
hash=$(sum "$file")
musl_debian=$(dpkg-deb -f "$musl_package" Version)
musl_version=${musl_debian%%-*}
musl_file=$(basename "$musl_package")

# The linker's words for each object that it took from an archive: "PATH/libc.a(open.lo)".
libgcc=no
while read -r archive; do
	case $archive in
	libc.a) ;;
	libgcc.a) libgcc=yes ;;
	*)
		echo "$0: $archive is linked in, and the bill of materials does not know it" >&2
		exit 1
		;;
	esac
done < <(sed -n '/^Archive member/,/^[A-Z].*[^)]$/s|^[^ ]*/\(lib[^/]*\.a\)(.*|\1|p' "$map" |
	sort -u)
grep -q '/libc\.a(' "$map" || { echo "$0: no libc in $map" >&2; exit 1; }

support_package() {
	[ "$libgcc" = yes ] || return 0
	cat <<-JSON
		,
		    {
		      "SPDXID": "SPDXRef-libgcc",
		      "name": "libgcc",
		      "versionInfo": "$("$compiler" -dumpfullversion)",
		      "supplier": "Organization: Debian",
		      "downloadLocation": "NOASSERTION",
		      "filesAnalyzed": false,
		      "licenseConcluded": "GPL-3.0-or-later WITH GCC-exception-3.1",
		      "licenseDeclared": "GPL-3.0-or-later WITH GCC-exception-3.1",
		      "copyrightText": "Copyright (C) Free Software Foundation, Inc.",
		      "comment": "Arithmetic that the processor lacks, put in by the compiler."
		    }
	JSON
}

support_relationship() {
	[ "$libgcc" = yes ] || return 0
	cat <<-JSON
		,
		    {
		      "spdxElementId": "SPDXRef-whit",
		      "relationshipType": "STATIC_LINK",
		      "relatedSpdxElement": "SPDXRef-libgcc"
		    }
	JSON
}

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
    }$(support_package)
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
    }$(support_relationship)
  ]
}
JSON

#!/usr/bin/env bash
# The SPDX files and checksums of build/dist: what SPDX 2.3 asks of a document (its JSON schema, as
# far as whit's documents go), that each names the file it is of, musl, libgcc where a part of it is
# linked in, and nothing that is not described; and their licence texts.
set -euo pipefail
cd "$(dirname "$0")/../../build/dist"
command -v jq >/dev/null || {
	echo 'SKIPPED: bill of materials, for want of jq' >&2
	[ -z "${CI:-}" ] || exit 1
	exit 0
}

# One line for each thing that is wrong.
# shellcheck disable=SC2016 # jq's own variables
faults='
	def only($allowed): keys - $allowed | map("unknown field " + .)[];
	def id: test("^SPDXRef-[A-Za-z0-9.-]+$");
	def check(condition; $fault): if condition then empty else $fault end;

	only(["spdxVersion", "dataLicense", "SPDXID", "name", "documentNamespace", "creationInfo",
		"packages", "relationships"]),
	check(.spdxVersion == "SPDX-2.3"; "spdxVersion"),
	check(.dataLicense == "CC0-1.0"; "dataLicense"),
	check(.SPDXID == "SPDXRef-DOCUMENT"; "SPDXID of the document"),
	check(.name == $file; "name"),
	check(.documentNamespace | test("^https://[^#]+$"); "documentNamespace"),
	(.creationInfo | only(["created", "creators"])),
	check(.creationInfo.created | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z$"); "created"),
	check(.creationInfo.creators | length > 0 and all(test("^(Tool|Person|Organization): ."));
		"creators"),
	(.packages[] | only(["SPDXID", "name", "versionInfo", "packageFileName", "supplier",
		"primaryPackagePurpose", "downloadLocation", "filesAnalyzed", "checksums",
		"homepage", "sourceInfo", "licenseConcluded", "licenseDeclared",
		"copyrightText", "comment", "externalRefs"])),
	(.packages[] | check(.SPDXID | id; "SPDXID of \(.name)")),
	(.packages[] | check((.name | length > 0)
		and (.downloadLocation | test("^https?://|^NOASSERTION$"))
		and (.versionInfo | test("^[0-9]+\\.[0-9]")) and .filesAnalyzed == false
		and (.supplier | test("^NOASSERTION$|^Organization: ."))
		and (.copyrightText | length > 0); "package \(.name)")),
	(.packages[] | check(.licenseConcluded
		| IN("MIT", "GPL-3.0-or-later WITH GCC-exception-3.1"); "licence of \(.name)")),
	(.packages[].checksums[]? | check(.algorithm == "SHA256"
		and (.checksumValue | test("^[0-9a-f]{64}$")); "checksums")),
	(.packages[].externalRefs[]? | check([.referenceCategory, .referenceType]
		| IN(["PACKAGE-MANAGER", "purl"], ["SECURITY", "cpe23Type"]); "externalRefs")),
	(.packages[].externalRefs[]? | check(.referenceLocator | test("^(pkg:|cpe:2.3:)[^ ]+$");
		"referenceLocator")),
	check([.packages[].SPDXID] | length == (unique | length); "an SPDXID twice"),
	([.SPDXID, .packages[].SPDXID] as $ids | .relationships[]
		| check([.spdxElementId, .relatedSpdxElement] - $ids == [];
			"relationship to nothing")),
	check([.relationships[] | select(.relationshipType == "DESCRIBES") | .relatedSpdxElement]
		== ["SPDXRef-whit"]; "DESCRIBES"),
	check([.relationships[] | select(.relationshipType == "STATIC_LINK") | .relatedSpdxElement]
		== [.packages[1:][].SPDXID]; "STATIC_LINK"),
	check(.packages[0].checksums[0].checksumValue == $sum; "not of this file"),
	check([.packages[1:][].name] | . == ["musl"] or . == ["musl", "libgcc"];
		"neither musl nor musl and libgcc")'

failed=0
checked=0
for document in *.spdx.json; do
	file=${document%.spdx.json}
	sum=$(sha256sum "$file" | cut -d ' ' -f 1)
	said=$(jq -r --arg file "$file" --arg sum "$sum" "$faults" "$document") || said='not JSON'
	if [ -n "$said" ]; then
		printf '%s: %s\n' "$document" "$said" >&2
		failed=1
	fi
	checked=$((checked + 1))
done
[ "$checked" -gt 0 ] || { echo 'no SPDX file in build/dist' >&2; exit 1; }
sha256sum --quiet -c SHA256SUMS
for file in *.sha256sum; do
	sha256sum --quiet -c "$file"
	# Each file but the checksums themselves is in both.
done
listed=$(awk '{ print $2 }' SHA256SUMS | sort)
there=$(printf '%s\n' * | grep -vE '^SHA256SUMS$|\.sha256sum$' | sort)
[ "$listed" = "$there" ] || { echo 'SHA256SUMS names other files than there are' >&2; exit 1; }
texts=('^MIT License$' 'Rich Felker')
! grep -q SPDXRef-libgcc ./*.spdx.json || texts+=('^GCC RUNTIME LIBRARY EXCEPTION$')
for line in "${texts[@]}"; do
	grep -q "$line" ./*-licenses.txt || { echo "no '$line' among the licences" >&2; exit 1; }
done
[ "$failed" -eq 0 ]
echo "$checked SPDX documents are sound, and the checksums right"

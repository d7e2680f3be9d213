#!/usr/bin/env bash
# Everything that a release has, in build/dist: the source, a binary for each architecture of
# .dist/targets (or those that are named), what is in it, an image of it, and the checksums.
# With CI set, an architecture that cannot be built is a failure; else it is left out, aloud.
set -euo pipefail
cd "$(dirname "$0")/.."
. .dist/common.sh
out=$PWD/build/dist
left_out=
built=()

# Built from the source as it is shipped: what a checkout has beside it plays no part.
build() {
	local name=whit-$version-linux-$1 tree=$work/build/$1
	rm -rf "$tree"
	mkdir -p "$tree"
	cp -R "$source_tree/." "$tree"
	make -s -C "$tree" CI=true CC="$(target_compiler "$1")-gcc -specs=$musl_root/specs" \
		LDFLAGS="-Wl,-Map=$tree/map" build/whit
	install -m 755 "$tree/build/whit" "$out/$name"
	tests/dist/binary.sh "$(target_debian "$1")" "$out/$name"
}

make_source
# Its users are told what is new, or it is not released.
grep -qxE "## ${version//./\\.}( .*)?" "$source_tree/.dist/CHANGELOG.md" ||
	fail "no entry '## $version' in .dist/CHANGELOG.md"
rm -rf "$out" "$work/licences"
mkdir -p "$out" "$work/licences"
pack "$work" "whit-$version" | gzip -9n >"$out/whit-$version.tar.gz"

[ $# -gt 0 ] || mapfile -t names < <(target_names)
for architecture in "${@:-${names[@]}}"; do
	compiler=$(target_compiler "$architecture")-gcc
	if ! command -v "$compiler" >/dev/null; then
		left_out+=" $architecture"
		echo "LEFT OUT: $architecture, for want of $compiler" >&2
		continue
	fi
	unpack_musl "$architecture"
	build "$architecture"
	.dist/sbom.sh "$out/whit-$version-linux-$architecture" "$version" "$commit" \
		"$SOURCE_DATE_EPOCH" "$(target_debian "$architecture")" "$compiler" \
		"$musl_package" "$work/build/$architecture/map"
	cp "$musl_root/usr/share/doc/musl-dev/copyright" "$work/licences/$architecture.musl"
	if grep -q SPDXRef-libgcc "$out/whit-$version-linux-$architecture.spdx.json"; then
		print_libgcc_licence "$compiler" >"$work/licences/$architecture.libgcc"
	fi
	built+=("$architecture")
done
[ ${#built[@]} -gt 0 ] || fail 'nothing could be built'
.dist/image.sh "$out" "$version" "$commit" "$work/licences" "$SOURCE_DATE_EPOCH" "${built[@]}"

# One text for all architectures that have the same: licences_of PART
licences_of() {
	local sum names
	compgen -G "$work/licences/*.$1" >/dev/null || return 0
	(cd "$work/licences" && sha256sum ./*."$1") >"$work/licences/sums"
	cut -d ' ' -f 1 "$work/licences/sums" | sort -u | while read -r sum; do
		names=$(sed -n "s|^$sum  ./\(.*\)\.$1\$|\1|p" "$work/licences/sums" | paste -sd ' ')
		printf '\n== %s, which is linked in: %s\n' "$1" "$names"
		cat "$work/licences/${names%% *}.$1"
	done
}

# What the licences ask for, beside the binaries: whit's own, and those of what is linked in.
{
	echo "== whit $version"
	cat LICENSE
	licences_of musl
	licences_of libgcc
} >"$out/whit-$version-licenses.txt"

(
	cd "$out"
	for file in *; do
		sha256sum "$file" >"$file.sha256sum"
	done
	cat ./*.sha256sum >SHA256SUMS
)
echo "build/dist:"
(cd "$out" && stat -c '%s %n' -- * | grep -v sha256sum)
if [ -n "$left_out" ]; then
	echo "left out:$left_out" >&2
	[ -z "${CI:-}" ] || exit 1
fi

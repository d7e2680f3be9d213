#!/usr/bin/env bash
# Images of whit alone, for `COPY --from`, made without a daemon: for each architecture an archive
# that is both an OCI layout and what `docker load` of old Dockers reads, and one OCI archive of
# them all.
# usage: image.sh DIRECTORY VERSION COMMIT LICENCES EPOCH ARCH...
#        DIRECTORY has the binaries and their SPDX files; LICENCES has a file ARCH.musl for each, and
#        ARCH.libgcc where a part of libgcc is linked in
set -euo pipefail
export LC_ALL=C TZ=UTC
out=$1 version=$2 commit=$3 licences=$4
SOURCE_DATE_EPOCH=$5
shift 5
created=$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# The same for each user, always; names begin with no "./", as archives of images have them.
tar_of() {
	(cd "$1" && tar -c --format=ustar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 \
		--group=0 --numeric-owner --mode=u=rwX,go=rX -- *)
}

# Puts a file among the blobs of a layout, under its digest: blob LAYOUT FILE. Prints the digest.
blob() {
	local digest
	digest=$(sha256sum "$2" | cut -d ' ' -f 1)
	mkdir -p "$1/blobs/sha256"
	cp "$2" "$1/blobs/sha256/$digest"
	echo "$digest"
}

# A descriptor's common part: what names a blob in a layout.
descriptor() {
	printf '"mediaType": "application/vnd.oci.image.%s", "digest": "sha256:%s", "size": %d' \
		"$1" "$2" "$(stat -c %s "$3/blobs/sha256/$2")"
}

# docker's name for what Go's leaves open: Debian's armhf is ARMv7.
variant() {
	case $1 in
	arm) echo ', "variant": "v7"' ;;
	arm64) echo ', "variant": "v8"' ;;
	esac
}

finish_layout() { # LAYOUT DESCRIPTOR
	echo '{"imageLayoutVersion": "1.0.0"}' >"$1/oci-layout"
	cat >"$1/index.json" <<-JSON
		{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
		 "manifests": [{$2,
		  "annotations": {"org.opencontainers.image.ref.name": "$version"}}]}
	JSON
}

all=$scratch/all
manifests=
for architecture in "$@"; do
	one=$scratch/$architecture
	files=$scratch/files-$architecture
	platform="\"os\": \"linux\", \"architecture\": \"$architecture\"$(variant "$architecture")"
	mkdir -p "$one" "$files/usr/share/doc/whit"
	install -m 755 "$out/whit-$version-linux-$architecture" "$files/whit"
	cp LICENSE "$files/usr/share/doc/whit/LICENSE"
	cp "$licences/$architecture.musl" "$files/usr/share/doc/whit/copyright.musl"
	if [ -e "$licences/$architecture.libgcc" ]; then
		cp "$licences/$architecture.libgcc" "$files/usr/share/doc/whit/copyright.libgcc"
	fi
	cp "$out/whit-$version-linux-$architecture.spdx.json" \
		"$files/usr/share/doc/whit/whit.spdx.json"
	tar_of "$files" >"$scratch/layer"
	layer=$(blob "$one" "$scratch/layer")
	cat >"$scratch/config" <<-JSON
		{"created": "$created", $platform,
		 "config": {"Entrypoint": ["/whit", "--"], "Labels": {
		  "org.opencontainers.image.title": "whit",
		  "org.opencontainers.image.description": "minimal init for containers",
		  "org.opencontainers.image.version": "$version",
		  "org.opencontainers.image.revision": "$commit",
		  "org.opencontainers.image.licenses": "MIT"}},
		 "rootfs": {"type": "layers", "diff_ids": ["sha256:$layer"]},
		 "history": [{"created": "$created", "created_by": ".dist/image.sh"}]}
	JSON
	config=$(blob "$one" "$scratch/config")
	cat >"$scratch/manifest" <<-JSON
		{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
		 "config": {$(descriptor config.v1+json "$config" "$one")},
		 "layers": [{$(descriptor layer.v1.tar "$layer" "$one")}]}
	JSON
	manifest=$(blob "$one" "$scratch/manifest")
	described="$(descriptor manifest.v1+json "$manifest" "$one"), \"platform\": {$platform}"
	finish_layout "$one" "$described"
	manifests+="${manifests:+, }{$described}"
	mkdir -p "$all"
	cp -R "$one/blobs" "$all"
	# What docker load read before Docker 25.
	cat >"$one/manifest.json" <<-JSON
		[{"Config": "blobs/sha256/$config", "RepoTags": ["whit:$version"],
		  "Layers": ["blobs/sha256/$layer"]}]
	JSON
	tar_of "$one" >"$out/whit-$version-linux-$architecture.image.tar"
done

cat >"$scratch/index" <<-JSON
	{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
	 "manifests": [$manifests]}
JSON
index=$(blob "$all" "$scratch/index")
finish_layout "$all" "$(descriptor index.v1+json "$index" "$all")"
tar_of "$all" >"$out/whit-$version.image.tar"

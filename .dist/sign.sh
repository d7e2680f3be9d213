#!/usr/bin/env bash
# Signs what `make dist` has made: SHA256SUMS.asc, a detached signature of SHA256SUMS, in build/dist. The key
# is the one whose public part is .dist/release-key.asc, or the file that is named (for the tests); the
# keyring of GnuPG has the secret part. usage: .dist/sign.sh [PUBLIC-KEY]
set -euo pipefail
cd "$(dirname "$0")/.."
. .dist/common.sh
key=${1:-.dist/release-key.asc}
out=build/dist

need gpg
[ -s "$key" ] || fail "there is no $key; export the public key to it, and name its fingerprint in .dist/README.md"
[ -s "$out/SHA256SUMS" ] || fail "there is no $out/SHA256SUMS; run make dist"
(cd "$out" && sha256sum --quiet --check SHA256SUMS) || fail 'the checksums are not those of the files'
fingerprint=$(gpg --batch --show-keys --with-colons "$key" | awk -F : '/^fpr:/ { print $10; exit }')
[ -n "$fingerprint" ] || fail "$key is no public key"
# Users compare the fingerprint with the one that is written there.
if [ $# -eq 0 ]; then
	tr -d ' ' <.dist/README.md | grep -qF "$fingerprint" || fail ".dist/README.md does not name $fingerprint"
fi
gpg --batch --yes --local-user "$fingerprint" --armor --output "$out/SHA256SUMS.asc" --detach-sign "$out/SHA256SUMS"
echo "$out/SHA256SUMS.asc: signed with $fingerprint"

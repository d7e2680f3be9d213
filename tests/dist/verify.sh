#!/usr/bin/env bash
# The way from build/dist to a user: signed with a key made here, verified by the lines of .dist/README.md,
# word for word; what was changed on the way is noticed. And a version without an entry in the list of
# changes is refused. usage: tests/dist/verify.sh build/dist
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
dist=$(realpath "$1")
work=$(mktemp -d "${TMPDIR:-/tmp}/whit-verify.XXXXXX")
# Each keyring has an agent.
clean_up() {
	local home
	for home in "$work/maker" "$work/stranger" "$work"/keyring.*; do
		[ ! -d "$home" ] || GNUPGHOME=$home gpgconf --kill all >/dev/null 2>&1 || :
	done
	rm -rf "$work"
}
trap clean_up EXIT

for needed in gpg jq; do
	command -v "$needed" >/dev/null || {
		echo "SKIPPED: verifying, for want of $needed" >&2
		[ -z "${CI:-}" ] || exit 1
		exit 0
	}
done

fail() {
	echo "verify: $*" >&2
	exit 1
}

# --- signing ---

# make_key DIRECTORY: a keyring with a key of its own, and its public part.
make_key() {
	install -d -m 700 "$1"
	GNUPGHOME=$1 gpg --batch --quiet --passphrase '' --quick-generate-key 'test <test@example.org>' ed25519
	GNUPGHOME=$1 gpg --batch --armor --export >"$1/release-key.asc"
}
make_key "$work/maker"
make_key "$work/stranger"

mkdir -p "$work/tree/build"
cp -R "$root/.dist" "$work/tree"
cp -R "$dist" "$work/tree/build/dist"
sign() {
	GNUPGHOME=$work/maker "$work/tree/.dist/sign.sh" "$@" >"$work/sign.log" 2>&1
}
if [ ! -e "$root/.dist/release-key.asc" ]; then
	! sign || fail 'sign.sh signs without a release key'
fi
! sign "$work/stranger/release-key.asc" || fail 'sign.sh signs with a key that it has not'
sign "$work/maker/release-key.asc" || fail "sign.sh: $(cat "$work/sign.log")"

# --- a user ---

# The lines of the chapter, in their order.
mapfile -t lines < <(sed -n '/^## Verify/,/^## /s/^       \([^ ].*\)/\1/p' "$root/.dist/README.md")
[ "${#lines[@]}" -eq 5 ] || fail ".dist/README.md has ${#lines[@]} lines to verify with, not 5"

# download: what a user has, into a new directory and a keyring without keys. Each keyring has a path of
# its own: the agent of a removed one, as it ends, would remove the socket of the next at the same path.
download() {
	rm -rf "$work/user"
	keyring=$(mktemp -d "$work/keyring.XXXXXX")
	mkdir "$work/user"
	cp "$work/tree/build/dist"/{SHA256SUMS,SHA256SUMS.asc,whit-*-linux-amd64{,.spdx.json}} "$work/user"
	cp "$work/maker/release-key.asc" "$work/user"
}

# try NUMBER: the line, counted from 1.
try() {
	(cd "$work/user" && GNUPGHOME=$keyring bash -o pipefail -c "${lines[$1 - 1]}") >"$work/log" 2>&1
}

# expect_all: every line succeeds; expect_failure NUMBER: that line fails, and those before it do not.
expect_all() {
	local number
	for number in 1 2 3 4 5; do
		try "$number" || fail "line $number fails: $(cat "$work/log")"
	done
}
expect_failure() {
	local number
	for ((number = 1; number < $1; number++)); do
		try "$number" || fail "line $number fails too early: $(cat "$work/log")"
	done
	! try "$1" || fail "line $1 notices nothing: ${lines[$1 - 1]}"
}

download
expect_all
grep -q ': OK$' "$work/log" || fail "the bill of materials is not compared: $(cat "$work/log")"

download
program=("$work/user"/whit-*-linux-amd64)
printf x | dd of="${program[0]}" bs=1 seek=100 conv=notrunc status=none
expect_failure 3

download
sed -i '1s/^./x/' "$work/user/SHA256SUMS"
expect_failure 2

download
cp "$work/stranger/release-key.asc" "$work/user"
expect_failure 2

download
sed -i 's/"checksumValue": "../&00/' "$work/user"/whit-*.spdx.json
! try 5 || fail 'a bill of materials of another file is not noticed'

# --- the list of changes ---

version=$(sed -n 's/^VERSION = //p' "$root/Makefile")
rm -rf "$work/tree"
mkdir "$work/tree"
tar -C "$root" -c --exclude=./build --exclude=./.git . | tar -x -C "$work/tree"
printf '%040d 1\n' 0 >"$work/tree/.commit"
sed -i "s/^VERSION = .*/VERSION = $version.1/" "$work/tree/Makefile"
! "$work/tree/.dist/dist.sh" no-such-architecture >"$work/log" 2>&1 ||
	fail 'make dist does not refuse a version without an entry'
grep -q "no entry '## $version.1' in .dist/CHANGELOG.md" "$work/log" || fail "make dist says: $(cat "$work/log")"

echo 'a release is signed, verified as .dist/README.md says, and refused where it was changed'

#!/usr/bin/env bash
# The tests for one architecture, under qemu-user where it is not this machine's: the unit tests
# built for it, and the integration tests of this machine with the binary that is shipped for it.
# usage: arch.sh ARCH [unit|integration]
set -euo pipefail
cd "$(dirname "$0")/../.."
. .dist/common.sh
architecture=${1:?usage: arch.sh ARCH [unit|integration]}
part=${2:-all}
debian=$(target_debian "$architecture")
compiler=$(target_compiler "$architecture")-gcc
foreign=$PWD/tests/dist/foreign.sh
tree=$work/check/$architecture

make_source
unpack_musl "$architecture"
rm -rf "$tree" "$tree.foreign"
mkdir -p "$tree"
cp -R "$source_tree/." "$tree"

# libc and cmocka of that architecture. The loader is named by its path, so that no emulator has to
# look for files in another root, and a test sees the files that it asks for.
check_unit() {
	local root=$work/root/$architecture package loader lib
	rm -rf "$root"
	mkdir -p "$root"
	while read -r package; do
		dpkg-deb -x "$package" "$root"
	done < <(fetch "$debian" "$(target_suite "$architecture")" libc6 libcmocka0 libcmocka-dev)
	lib=$(dirname "$(find "$root/usr/lib" -name libcmocka.so)")
	loader=$(find "$root" -path '*/lib*/ld*.so.*' | sort | head -n 1)
	local programs=()
	mapfile -t programs < <(cd "$tree" && find tests/unit -name '*_test.c' |
		sed 's|^tests|build/test|; s|_test\.c$||' | sort)
	# A lost signal is waited for until the watchdog ends the test, and qemu has no 63 and 64.
	make -s -C "$tree" "${programs[@]}" TEST_CC="$compiler -isystem $root/usr/include \
		-L$lib -Wl,-rpath,$lib:$root/lib/$(basename "$lib") \
		-Wl,--allow-shlib-undefined -Wl,--dynamic-linker=$loader" \
		TEST_CFLAGS='-O1 -g -DWATCHDOG_SECONDS=60 -DLAST_SIGNAL=62'
	run_all unit "${programs[@]}"
}

check_integration() {
	local programs=()
	mapfile -t programs < <(cd "$tree" && find tests/integration -name '*_test.c' |
		sed 's|^tests|build/test|; s|_test\.c$||' | sort)
	make -s -C "$tree" build/test/actor build/test/actor-glibc build/test/actor-musl \
		build/test/preload.so "${programs[@]}"
	# As `make dist` builds it. In a tree of its own, or the actor would be built for there,
	# too.
	mkdir "$tree.foreign"
	cp -R "$source_tree/." "$tree.foreign"
	make -s -C "$tree.foreign" CC="$compiler -specs=$musl_root/specs" build/whit
	export WHIT=$tree.foreign/build/whit ACTOR=$tree/build/test/actor
	export GLIBC_ACTOR=$ACTOR-glibc MUSL_ACTOR=$ACTOR-musl MANUAL=$tree/man/whit.1
	export README=$tree/src/README.md PRELOAD=$tree/build/test/preload.so
	run_all integration "${programs[@]}"
}

# The tests that need not pass, as patterns. Without an emulator there is no excuse.
excuses=()
case $debian in
amd64 | i386) ;;
*) mapfile -t excuses < <(sed -n 's/^\([^#]*\/.*\): .*/\1/p' tests/dist/qemu-user) ;;
esac

is_excused() {
	local pattern
	for pattern in "${excuses[@]}"; do
		# shellcheck disable=SC2053 # patterns they are
		[[ $1 == $pattern || $architecture/$1 == $pattern ]] && return
	done
	return 1
}

# Runs each, whatever the others say.
run_all() {
	local kind=$1 program name log status ok excused started=$SECONDS ends_badly=
	local failed=() unexcused=()
	shift
	for program in "$@"; do
		name=${program#build/test/}
		log=$tree/$program.log
		status=0
		(cd "$tree" && "$foreign" "$debian" "$program") >"$log" 2>&1 || status=$?
		ok=$(grep -ac '^\[       OK ' "$log" || true)
		# But for cmocka's own line that counts them.
		mapfile -t failed < <(sed -n 's/^\[  FAILED  \] \([a-z0-9_ ]*\)$/\1/p' "$log" |
			sort -u)
		[ "$status" -eq 0 ] || [ ${#failed[@]} -gt 0 ] || failed=("status $status")
		grep -aq 'test(s) run\.$' "$log" || failed+=('it has not come to its end')
		excused=0
		unexcused=()
		for test in "${failed[@]}"; do
			if is_excused "$name/$test"; then
				excused=$((excused + 1))
			else
				unexcused+=("$test")
			fi
		done
		echo "$architecture $name: $ok ok, $excused excused, ${#unexcused[@]} failed"
		[ ${#unexcused[@]} -gt 0 ] || continue
		ends_badly+=" $name"
		printf '\t%s\n' "${unexcused[@]}" "log: $log"
	done
	echo "$architecture: $kind tests: $((SECONDS - started)) s"
	[ -z "$ends_badly" ] || fail "$kind tests failed:$ends_badly"
}

case $part in
unit) check_unit ;;
integration) check_integration ;;
all)
	check_unit
	check_integration
	;;
*) fail "unit or integration, not '$part'" ;;
esac

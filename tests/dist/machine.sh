#!/usr/bin/env bash
# All unit and integration tests on a whole emulated machine of another architecture: a kernel of
# Debian's and a root of a few of its packages, with whit as `make dist` builds it for it. Nothing
# is emulated that the kernel does: signals, namespaces, vfork and terminals are that architecture's
# own.
# usage: machine.sh ARCH [PROGRAM]...     (as unit/signals/signal_set; without, all of them)
set -euo pipefail
cd "$(dirname "$0")/../.."
. .dist/common.sh
architecture=${1:?usage: machine.sh ARCH [PROGRAM]...}
shift
debian=$(target_debian "$architecture")
suite=$(target_suite "$architecture")
compiler=$(target_compiler "$architecture")-gcc
read -r kernel qemu machine cpu console < <(awk -v name="$architecture" \
	'$1 == name { $1 = ""; print }' tests/dist/machines) ||
	fail "no machine for '$architecture'"
command -v "$qemu" >/dev/null || fail "no $qemu: see qemu-system-misc, -arm, -ppc, -mips"

make_source
unpack_musl "$architecture"
here=$work/machine/$architecture
tree=$here/tree
root=$here/root
rm -rf "$here"
mkdir -p "$tree" "$root"
cp -R "$source_tree/." "$tree"

fetch "$debian" "$suite" libc6 libgcc-s1 libcmocka0 libcmocka-dev busybox-static dash bash \
	libtinfo6 util-linux >"$here/packages"
# As on an installed Debian; the packages of 12 have a /lib and a /bin of their own, those of 13 not.
mkdir -p "$root"/usr/{bin,sbin,lib,lib64}
ln -s usr/bin usr/sbin usr/lib usr/lib64 "$root"
while read -r package; do
	dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$root" \
		--exclude=./usr/share
done <"$here/packages"
lib=$(dirname "$(find "$root/usr/lib" -name libcmocka.so)")

# The metapackage says which kernel is the present one.
image=$(apt_for "$debian" "$suite" apt-cache depends "$kernel" |
	sed -n 's/^ *Depends: \(linux-image-.*\)/\1/p' | head -n 1)
image=$(fetch "$debian" "$suite" "$image")
mkdir "$here/kernel"
dpkg-deb --fsys-tarfile "$image" | tar -x -C "$here/kernel" --wildcards './boot/vmlinu*'
vmlinuz=$(find "$here/kernel/boot" -name 'vmlinu*')

mapfile -t programs < <(cd "$tree/tests" && find unit integration -name '*_test.c' |
	sed 's|_test\.c$||' | sort)
[ $# -eq 0 ] || programs=("$@")
# Stripped: ld 2.40 dies of the symbols in riscv64's libc.a of Debian 13.
musl="$compiler -specs=$musl_root/specs -s"
loader=$(sed -n 's/^-dynamic-linker \([^ ]*\).*/\1/p' "$musl_root/specs")
make -s -C "$tree" CC="$musl" MUSL_GCC= MUSL_LOADER="-Wl,--dynamic-linker=$loader" \
	TEST_CC="$compiler -isystem $root/usr/include -L$lib -Wl,--allow-shlib-undefined" \
	TEST_CFLAGS='-O1 -g -DPATIENCE_MS=900000' \
	build/whit build/test/actor build/test/actor-glibc build/test/actor-musl \
	build/test/preload.so "${programs[@]/#/build/test/}"

mkdir -p "$root"/{proc,sys,dev,mnt,tmp,t,etc} "$root/t/man"
cp -R "$tree/build/whit" "$tree/build/test" "$root/t"
find "$root/t" -name '*.[od]' -delete
cp "$tree/man/whit.1" "$root/t/man"
cp "$tree/src/README.md" "$root/t"
rm -rf "$root/usr/include" "$root"/usr/lib/*/cmake
printf 'root:x:0:0::/:/bin/sh\nuser:x:1000:1000::/:/bin/sh\n' >"$root/etc/passwd"
printf '%s\n' "${programs[@]}" >"$root/t/programs"
cat >"$root/init" <<'INIT'
#!/bin/busybox sh
export PATH=/bin:/sbin:/usr/bin:/usr/sbin
/bin/busybox --install -s /bin
[ -e /bin/sh ] || ln -s dash /bin/sh
[ -e /usr/bin/env ] || ln -s busybox /usr/bin/env
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /tmp
mount -t tmpfs tmpfs /dev/shm
ip link set lo up
echo "machine: $(uname -srm)"
export WHIT=/t/whit ACTOR=/t/test/actor GLIBC_ACTOR=/t/test/actor-glibc MANUAL=/t/man/whit.1
export MUSL_ACTOR=/t/test/actor-musl README=/t/README.md PRELOAD=/t/test/preload.so
cd /t
while read -r program; do
	echo "== $program"
	/t/test/$program </dev/null 2>&1 || echo "== $program ended with $?"
done </t/programs
# whit as the init of the whole machine, for the length of one command.
echo 'machine: whit takes over'
exec /t/whit -v -- sh -c 'echo "machine: pid 1 is $(readlink /proc/1/exe)"
	sleep 86400 &
	trap "echo machine: signal forwarded; kill $!" USR1
	(sleep 0 &)
	kill -USR1 1
	wait $! # for the signal, whether it comes before this or after
	echo "machine: done"
	poweroff -f'
INIT
chmod 755 "$root/init"
(cd "$root" && find . | cpio --quiet -o -H newc | gzip -1) >"$here/initrd"

log=$here/console
# The time is only for a machine that hangs; nothing waits for it.
status=0
timeout 3000 "$qemu" -M "$machine" -cpu "$cpu" -m 1024 -nographic -no-reboot -kernel "$vmlinuz" \
	-initrd "$here/initrd" -append "console=$console quiet loglevel=0 panic=-1 rdinit=/init" \
	</dev/null >"$log" 2>&1 || status=$?
sed -i 's/\r$//' "$log"
for word in 'pid 1 is /t/whit' 'signal forwarded' 'done'; do
	grep -q "^machine: $word" "$log" || {
		tail -n 30 "$log"
		fail "the machine did not come to '$word' (status $status): $log"
	}
done
grep '^machine: ' "$log"
count() { grep -cE "$1" "$log" || true; }
failed=$(grep -E '^\[  FAILED  \] [a-z]' "$log" | sort -u || true)
ended=$(grep -E '^== .* ended with' "$log" || true)
echo "$architecture: $(count '^\[       OK \]') ok, $(grep -c . <<<"$failed") failed," \
	"$(($(count '^\[  SKIPPED \] [a-z]') / 2)) skipped: $log"
if [ -n "$failed$ended" ]; then
	printf '%s\n' "$failed" "$ended"
	exit 1
fi

#!/bin/sh
# whit as the init of a whole machine: a virtual one, with Debian's kernel and an initramfs that holds
# whit as /init, busybox and a script, which is the command. The script says what it sees on the serial
# line and turns the machine off; what it should have said is compared here. The machine has cgroups of
# version 2 alone, as present hosts have, whatever this machine has.
# Needs qemu-system-x86_64, cpio, gzip, busybox-static, and Debian's cloud kernel: VM_KERNEL, or the
# newest of /boot, or else it is fetched by apt-get into build/vm. VM_SECONDS is the ceiling, VM_ACCEL
# qemu's accelerator: tcg, which is slow, since a kvm inside of a virtual machine may just hang.
set -eu
cd "$(dirname "$0")/../.."
whit=$(realpath "$1")
actor=$(realpath "$2")
ceiling=${VM_SECONDS:-300}
work=$PWD/build/vm
busybox=$(command -v busybox) || busybox=/bin/busybox

skip() {
	echo "SKIPPED: $1"
	test -z "${CI:-}"
	exit
}

[ "$(uname -m)" = x86_64 ] || skip 'the virtual machine is an x86-64 one'
for tool in qemu-system-x86_64 cpio gzip; do
	command -v "$tool" >/dev/null || skip "$tool is not installed"
done
[ -x "$busybox" ] || skip 'busybox-static is not installed'

# A package is unpacked, not installed: an installed kernel would want to be booted.
fetch_kernel() {
	package=$(apt-cache depends linux-image-cloud-amd64 |
		sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p' | head -n 1)
	[ -n "$package" ] && (cd "$work" && apt-get -q -o APT::Sandbox::User=root download "$package" &&
		dpkg-deb -x "$package"_*.deb kernel && rm -f "$package"_*.deb) >"$work/apt.log" 2>&1
}

find_kernel() {
	find /boot "$work/kernel/boot" -name 'vmlinuz-*-cloud-amd64' 2>/dev/null | sort -V | tail -n 1
}

mkdir -p "$work"
kernel=${VM_KERNEL:-$(find_kernel)}
if [ -z "$kernel" ]; then
	fetch_kernel || skip "no kernel to be had: see $work/apt.log"
	kernel=$(find_kernel)
fi

rm -rf "$work/root"
mkdir -p "$work/root/bin" "$work/root/dev" "$work/root/proc" "$work/root/sys"
cp "$whit" "$work/root/init"
cp "$busybox" "$work/root/bin/busybox"
cp "$actor" "$work/root/bin/actor"
cp tests/vm/command.sh "$work/root/bin/command"
ln -s busybox "$work/root/bin/sh"
# busybox has no cgroup namespaces: unshare(1), with its libc and loader where it looks for them.
cp "$(command -v unshare)" "$work/root/bin/unshare"
ldd "$(command -v unshare)" | grep -o '/[^ ]*' | while read -r library; do
	mkdir -p "$work/root$(dirname "$library")"
	cp -L "$library" "$work/root$library"
done
# Made by cpio as root would, where /dev/console is: the kernel opens it for init before anything else.
(cd "$work/root" && mknod dev/console c 5 1 && find . | cpio -o -H newc -R 0:0 --quiet | gzip -1) \
	>"$work/initramfs" || skip 'needs root, for a device node in the initramfs'

# What follows -- on the kernel's command line is init's.
status=0
timeout "$ceiling" qemu-system-x86_64 -accel "${VM_ACCEL:-tcg}" -m 256 -no-reboot -nodefaults \
	-display none -serial stdio -monitor none -kernel "$kernel" -initrd "$work/initramfs" \
	-append "console=ttyS0 panic=-1 cgroup_no_v1=all WHIT_DRAIN=20 -- -v /bin/command" \
	</dev/null >"$work/console" 2>"$work/qemu.log" || status=$?

# In order; what else the kernel says does not matter.
failed=no
tr -d '\r' <"$work/console" >"$work/lines"
expected=$work/expected
sed -n 's/^# expect: //p' tests/vm/command.sh >"$expected"
from=1
while read -r line; do
	at=$(tail -n "+$from" "$work/lines" | grep -nE -e "$line" | head -n 1 | cut -d : -f 1)
	if [ -z "$at" ]; then
		echo "vm: missing, or too late: $line" >&2
		failed=yes
		break
	fi
	from=$((from + at))
done <"$expected"
if [ "$status" -ne 0 ]; then
	echo "vm: qemu ended with $status (124: not within $ceiling s)" >&2
	failed=yes
fi
if grep -n 'Kernel panic' "$work/lines" >&2; then
	failed=yes
fi
if [ "$failed" = yes ]; then
	tail -n 60 "$work/console" "$work/qemu.log" >&2
	exit 1
fi
echo "vm: whit was the init of $(basename "$kernel"): $(wc -l <"$expected") lines as expected"

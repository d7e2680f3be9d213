#!/usr/bin/env bash
# One shipped binary: static, for the architecture it says, without a loader, a dynamic section, an
# executable stack, a segment that is both writable and executable, or paths of who built it.
# usage: binary.sh DEBIAN_ARCHITECTURE FILE
set -euo pipefail
export LC_ALL=C
architecture=$1
file=$2

# Class, byte order and machine, as readelf calls them.
case $architecture in
amd64) expected='ELF64 little Advanced Micro Devices X86-64' ;;
arm64) expected='ELF64 little AArch64' ;;
armhf) expected='ELF32 little ARM' ;;
i386) expected='ELF32 little Intel 80386' ;;
ppc64el) expected='ELF64 little PowerPC64' ;;
riscv64) expected='ELF64 little RISC-V' ;;
s390x) expected='ELF64 big IBM S/390' ;;
mips64el) expected='ELF64 little MIPS R3000' ;;
*) expected="an architecture that $0 knows" ;;
esac

fault() {
	echo "$file: $1" >&2
	exit 1
}

header=$(readelf -hW "$file")
field() { sed -n "s/^ *$1: *//p" <<<"$header"; }
observed="$(field Class) $(field Data | sed 's/.*, \([a-z]*\) endian/\1/') $(field Machine)"
[ "$observed" = "$expected" ] || fault "expected $expected, observed $observed"
[[ $(field Type) == EXEC* ]] || fault "not linked to a fixed address: $(field Type)"

segments=$(readelf -lW "$file")
! grep -qE ' (INTERP|DYNAMIC) ' <<<"$segments" || fault 'not static'
grep -q '^ *LOAD ' <<<"$segments" || fault 'no segment to load: what did readelf print?'
# Flags are printed as 'R E', 'RW ' or 'RWE', before the alignment.
! grep -qE '^ *LOAD .* RWE 0x' <<<"$segments" || fault 'a segment is writable and executable'
stack=$(grep '^ *GNU_STACK ' <<<"$segments") || fault 'the stack may be executable: no GNU_STACK'
[[ $stack != *E\ 0x* ]] || fault 'the stack is executable'
! readelf -SW "$file" | grep -qE ' \.(symtab|debug_)' || fault 'not stripped'
! grep -qaF "$PWD" "$file" || fault "has the path $PWD in it"
echo "$file: $(stat -c %s "$file") bytes, $observed"

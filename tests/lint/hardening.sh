#!/bin/sh
# The shipped file has nothing to link, nothing to relocate, no memory that can be both written and run,
# and no trace of where and when it was built. The file is the first argument.
. "$(dirname "$0")/common.sh"

whit=${1:-build/whit}
check="hardening: $whit"

# binutils, without which nothing could have been linked.
headers=$(readelf -W -h -l "$whit") && sections=$(readelf -W -S "$whit") &&
	dynamic=$(readelf -W -d "$whit") && relocations=$(readelf -W -r "$whit") || exit 1

# The flags of each segment of that type, as [R E].
segments() {
	printf '%s\n' "$headers" | sed -n "s/^ *$1 .* \([R ][W ][E ]\) 0x[0-9a-f]*\$/[\1]/p"
}

has_section() {
	printf '%s\n' "$sections" | grep -qE "\] $1( |\$)"
}

# The patterns below would find what they look for.
segments LOAD | grep -q '^\[R.E\]$' || found 'has no segment to run: the check is broken'
has_section '\.text' || found 'has no .text: the check is broken'

printf '%s\n' "$headers" | grep -qE '^ *Type: *EXEC ' ||
	found 'is not an executable of a fixed address'
segments INTERP | grep -q . && found 'wants a loader (PT_INTERP)'
segments DYNAMIC | grep -q . && found 'wants to be linked (PT_DYNAMIC)'
printf '%s\n' "$dynamic" | grep -qE 'NEEDED|RPATH|RUNPATH' && found 'names libraries, or where they are'
# glibc's start chooses its string functions by IRELATIVE, before main; musl has no relocations.
printf '%s\n' "$relocations" | grep -E '^[0-9a-f]+ +[0-9a-f]+ +R_' | grep -vqE ' R_[^ ]*_IRELATIVE? ' &&
	found 'has relocations'
segments LOAD | grep -q 'WE\]$' && found 'has a segment that can be both written and run'
segments GNU_STACK | grep -q . || found 'does not say that its stack is not to be run (PT_GNU_STACK)'
segments GNU_STACK | grep -q 'E\]$' && found 'has a stack that can be run'

# With musl on x86_64 no variable has a value in the file, which would need a mapping: src/main.c.
! grep -q 'section-start=\.bss' build/flags ||
	printf '%s\n' "$headers" | awk '$1 == "LOAD" && $7 ~ /W/ && $5 !~ /^0x0*$/ { exit 1 }' ||
	found 'has variables with a value in the file, which need a mapping of their own'

for section in '\.debug.*' '\.symtab' '\.note\.gnu\.build-id' '\.gnu_debuglink'; do
	has_section "$section" && found "has a section $section"
done
for path in "$PWD/" "${TMPDIR:-/tmp}/" "${HOME:-/root}/"; do
	test "$path" = // && continue
	grep -aqF -e "$path" "$whit" && found "holds a path of where it was built ($path)"
done
# The forms of __DATE__, __TIME__ and date(1).
month='(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)'
grep -aqE "$month [ 0-3][0-9] ([0-9:]{8} )?20[0-9]{2}|[0-2][0-9]:[0-5][0-9]:[0-5][0-9]|20[0-9]{2}-[01][0-9]-[0-3][0-9]" \
	"$whit" && found 'holds the time when it was built'

report

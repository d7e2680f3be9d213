#!/bin/sh
# Tries tests/lint/limits.sh on a tree made for it: at its limits it is silent, and one more of anything
# is one line that says so. Each case begins with the same tree.
. "$(dirname "$0")/common.sh"

tree=$work/tree

# numbered COUNT: so many lines.
numbered() {
	seq "$1" | sed 's/.*/line &/'
}

# A function of so many lines, after its name has been printed.
body() {
	echo '{'
	seq $(($1 - 3)) | sed 's/.*/\tstep(&);/'
	echo '}'
}

make_first_tree() {
	mkdir -p "$tree/src/base" "$tree/include/base" "$tree/man" "$tree/tests" "$tree/build" \
		"$tree/bin"
	seq 29 | while read -r i; do
		numbered 50 >"$tree/src/base/part$i.c"
	done
	{
		echo 'static void step_by_step(void)'
		body 45
		echo 'int take(struct options *options, char letter)'
		echo '{'
		echo '	switch (letter) {'
		seq 80 | sed 's/.*/	case &:/'
		echo '	}'
		body 40 | sed 1d
	} >"$tree/src/main.c"
	numbered $((4000 - 29 * 50 - $(wc -l <"$tree/src/main.c"))) >"$tree/include/base/part1.h"
	{
		printf 'help:\n\t@seq 40\n'
		numbered 248 | sed 's/^/# /'
	} >"$tree/Makefile"
	numbered 200 >"$tree/README.md"
	numbered 700 >"$tree/man/whit.1"
	# shellcheck disable=SC2016 # the script's own variable
	printf '#!/bin/sh\ncase $1 in\n-dumpmachine) echo x86_64-linux-gnu ;;\n*) echo 12 ;;\nesac\n' \
		>"$tree/bin/musl-gcc"
	chmod +x "$tree/bin/musl-gcc"
	echo "$work/tree/bin/musl-gcc -std=c11 -flto -MMD -MP -Oz  -static -s -Wl,--gc-sections" \
		>"$tree/build/flags"
	head -c 32768 /dev/zero >"$tree/build/whit"
	mv "$tree" "$work/first"
}

make_tree() {
	cd "$work" || exit 1
	rm -rf "$tree"
	cp -R first tree
	cd tree || exit 1
}

# try NAME EXPECTED: what limits.sh says of the tree, without its name, is this and nothing more.
try() {
	cd "$work" || exit 1
	observed=$(LINT_TREE=$tree "$lint/limits.sh" 2>&1) && status=0 || status=$?
	observed=$(printf '%s' "$observed" | sed 's/^lint: limits: //')
	test "$observed" = "$2" || found "$1: expected '$2', observed '$observed'"
	test -n "$2" || test "$status" = 0 || found "$1: expected status 0, observed $status"
	test -z "$2" || test "$status" = 1 || found "$1: expected status 1, observed $status"
}

make_first_tree
make_tree
try 'a tree at its limits' ''

make_tree
echo >>src/main.c
try 'one line more' 'lines of src and include: 4001, and the limit is 4000'

make_tree
: >src/base/part30.c
try 'one source more' 'sources in src: 31, and the limit is 30'

make_tree
sed -i '2a\	step(0);' src/main.c
sed -i '$d' include/base/part1.h
try 'a longer function' 'src/main.c:1: lines of step_by_step: 46, and the limit is 45'

make_tree
sed -i 's/switch (letter)/switch (state)/' src/main.c
try 'a switch over something else' 'src/main.c:46: lines of take: 122, and the limit is 45'

make_tree
echo >>build/whit
try 'one byte more' 'bytes of build/whit: 32769, and the limit is 32768'

for other in 's/musl-gcc/gcc/' 's/-Oz/-O2/' 's/-Oz/-Oz -g/' 's/-flto//' 's/ -s / -fsanitize=undefined -s /'; do
	make_tree
	echo >>build/whit
	cp bin/musl-gcc bin/gcc
	sed -i "$other" build/flags
	try "a build that is not the default ($other)" ''
done
for other in s/x86_64/aarch64/ 's/echo 12/echo 14/'; do
	make_tree
	echo >>build/whit
	sed -i "$other" bin/musl-gcc
	try "a build by another compiler ($other)" ''
done

make_tree
echo '# one more' >>Makefile
try 'a longer Makefile' 'lines of Makefile: 251, and the limit is 250'

make_tree
sed -i 's/seq 40/seq 41/' Makefile
try 'a longer help' 'lines of make help: 41, and the limit is 40'

make_tree
echo >>README.md
try 'a longer README' 'lines of README.md: 201, and the limit is 200'

make_tree
echo >>man/whit.1
try 'a longer manual' 'lines of man/whit.1: 701, and the limit is 700'

# Each line as a file of its own: what it says, and what is found in it.
cat >"$work/cases" <<'CASES'
signals are passed on to it|1: "passed on
Whit passes on what it gets|1: "passes on
/* The signal is passed\n * on to the command. */|1: "passed on
.\\" a signal is passed\n.\\" on|1: "passed on
struct signal_set passed_on;|1: "passed_on
can_pass_on_signal()|1: "pass_on
it passes the signal to it|
the trespass on record|
it passes them on|1: "passes them on
TERM for the rest|1: "the rest
TERM for the\n# rest|1: "the rest
the rest of the line|
the rest\n of the line|
kill_the_rest();|1: "the_rest
kill_rest();|1: "kill_rest
restore_all();|
that is reaper.c's affair|1: "affair
the process whom it signals|1: "whom
Nobody else|1: "nobody
first\nNobody else|2: "nobody
one\n\ntwo nobodys|
somebody's group|1: "somebody
for everybody|1: "everybody
if anybody|1: "anybody
a process, be it stopped|1: "be it
maybe it ends|
as proc(5) has it|
as the kernel has it|1: "as the kernel has it
as it was. It has its own|
whit does it by itself|1: "by itself
CASES
make_tree
number=100
while IFS='|' read -r written expected; do
	number=$((number + 1))
	printf '%b\n' "$written" >"tests/$number.c"
	test -z "$expected" || echo "lint: limits: tests/$number.c:$expected"
done <"$work/cases" >"$work/expected"
cd "$work" || exit 1
LINT_TREE=$tree "$lint/limits.sh" 2>&1 | cut -d '"' -f 1,2 >"$work/observed"
diff "$work/expected" "$work/observed" >"$work/difference" ||
	found "words: expected (<), observed (>): $(paste -sd ' ' "$work/difference")"

make_tree
mkdir -p tests/dist
echo 'nobody=65534' >tests/dist/reproducible.sh
try 'an exception' ''

report

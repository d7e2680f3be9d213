#!/usr/bin/env bash
# The test suites of tini and dumb-init, from the sources that Debian ships, run unchanged: first with
# the program of Debian's package, which must pass all of it, then with whit under that name. What whit
# fails is the table in tests/README.md, test by test, with the reason; anything more or less is a failure.
# As root. usage: tests/engines/peers.sh build/whit
# shellcheck disable=SC2317 # the functions are called by name
# packages: dumb-init gcc libc6-dev python3-prctl python3-psutil python3-py python3-pytest
#           python3-pytest-timeout tini util-linux
set -euo pipefail
if [ $# -ne 1 ] || [ ! -x "$1" ]; then
	echo "usage: $0 build/whit" >&2
	exit 2
fi
whit=$(realpath "$1")
here=$(realpath "$(dirname "$0")")
cd "$here/../.."
. .dist/common.sh

passed=0
failed=0
finish() {
	echo "$passed passed, $failed failed${1:+, 1 skipped}"
	[ -z "${ENGINE_TALLY:-}" ] || echo "$passed $failed ${1:-0}" >>"$ENGINE_TALLY"
	[ "$failed" -eq 0 ] && { [ -z "${1:-}" ] || [ "${CI:-}" != true ]; }
	exit
}

skip_all() {
	echo "SKIPPED all of peers.sh: $*"
	finish 1
}

unshare --mount --pid --fork true 2>/dev/null || skip_all 'needs root, and leave to make namespaces'
for tool in dumb-init tini gcc python3; do
	command -v "$tool" >/dev/null || skip_all "no $tool"
done
# Debian's, whatever else is called so: its packages have the modules.
python=/usr/bin/python3
for module in prctl psutil py pytest pytest_timeout; do
	"$python" -c "import $module" 2>/dev/null || skip_all "no $module for $python"
done

scratch=$(mktemp -d /tmp/whit-peers.XXXXXX)
trap 'rm -rf "$scratch"' EXIT

# download_source PACKAGE SUITE: into this directory. The lists are of their own, as they are of sources.
download_source() {
	local options
	apt_for amd64 "$2" true # for its configuration
	mkdir -p "lists-$2/partial"
	sed 's/^deb /deb-src /' "$packages/$2-amd64/sources.list" >"$2.list"
	options=(-q -o "Dir::Etc::SourceList=$PWD/$2.list" -o "Dir::State::Lists=$PWD/lists-$2")
	apt_for amd64 "$2" apt-get "${options[@]}" update
	apt_for amd64 "$2" apt-get "${options[@]}" source --download-only "$1"
}

# fetch_source PACKAGE DIRECTORY: what its authors have released; what Debian adds is not needed, nor is
# it always there.
fetch_source() {
	local suite
	mkdir -p "$packages/sources" "$2"
	for suite in bookworm trixie; do
		compgen -G "$packages/sources/$1_*.orig.tar.*" >/dev/null ||
			(cd "$packages/sources" && download_source "$1" "$suite") >"$scratch/log" 2>&1 || true
	done
	compgen -G "$packages/sources/$1_*.orig.tar.*" >/dev/null || {
		tail -n 5 "$scratch/log" >&2
		fail "no source of $1"
	}
	tar -xf "$packages/sources/$1"_*.orig.tar.* -C "$2" --strip-components=1
}

# apart WORD...: a PID namespace of its own, whose PID 1 is a shell that reaps.
apart() {
	timeout -k 5 600 unshare --mount --pid --fork --kill-child --mount-proc sh -c '"$@"; exit $?' sh "$@" \
		</dev/null
}

# --- dumb-init: pytest ---

# run_dumb_init PROGRAM: "NAME passed" or "NAME failed" for each test.
run_dumb_init() {
	mkdir -p "$scratch/bin"
	ln -sf "$1" "$scratch/bin/dumb-init"
	(
		cd "$scratch/dumb-init"
		# Some wait for a stop of dumb-init without an end.
		apart env PATH="$scratch/bin:$PATH" PYTHONDONTWRITEBYTECODE=1 "$python" -m pytest -q \
			-p no:cacheprovider --timeout 10 -rA tests || true
	) >"$scratch/log" 2>&1
	sed -n 's|^PASSED tests/\([a-z_]*\.py::[a-z_0-9]*\).*|\1 passed|p
		s|^FAILED tests/\([a-z_]*\.py::[a-z_0-9]*\).*|\1 failed|p
		s|^ERROR tests/\([a-z_]*\.py::[a-z_0-9]*\).*|\1 failed|p' "$scratch/log"
}

# --- tini: a script, that ends at its first failure ---

# Here its assertions are counted instead, each by its line, and it goes on. It wants a module for
# numbers as sets of bits, which Debian has not.
prepare_tini() {
	mkdir -p "$scratch/modules"
	cat >"$scratch/modules/bitmap.py" <<-'PYTHON'
		class BitMap:
		    def __init__(self, bits):
		        self.bits = bits

		    @classmethod
		    def fromstring(cls, bits):
		        return cls(bits)

		    def nonzero(self):
		        return [n for n, bit in enumerate(reversed(self.bits)) if bit == "1"]
	PYTHON
	cat >"$scratch/modules/count.py" <<-'PYTHON'
		import ast, os, sys

		path = sys.argv[1]


		def check(line, holds, message):
		    name = "%s:%d" % (os.path.basename(path), line)
		    print("assertion", name, "passed" if holds else "failed")


		class Counted(ast.NodeTransformer):
		    def visit_Assert(self, node):
		        arguments = [ast.Constant(node.lineno), node.test, node.msg or ast.Constant("")]
		        call = ast.Call(ast.Name("check", ast.Load()), arguments, [])
		        return ast.copy_location(ast.Expr(call), node)


		tree = Counted().visit(ast.parse(open(path).read()))
		code = compile(ast.fix_missing_locations(tree), path, "exec")
		exec(code, {"__name__": "__main__", "__file__": path, "check": check})
	PYTHON
	ln -s "$python" "$scratch/modules/python"
	ln -s "$python" "$scratch/modules/python3"
	mkdir -p "$scratch/tini-build"
	gcc -o "$scratch/tini-build/sigconf-test" "$scratch/tini/test/sigconf/sigconf-test.c"
}

run_tini() {
	ln -sf "$1" "$scratch/tini-build/tini"
	apart env PATH="$scratch/modules:$PATH" PYTHONPATH="$scratch/modules" PYTHONUNBUFFERED=1 \
		SOURCE_DIR="$scratch/tini" BUILD_DIR="$scratch/tini-build" FORCE_SUBREAPER=1 \
		"$python" "$scratch/modules/count.py" "$scratch/tini/test/run_inner_tests.py" \
		>"$scratch/log" 2>&1 || echo 'run_inner_tests.py failed'
	grep -q '^All done' "$scratch/log" || echo 'run_inner_tests.py failed'
	sed -n 's/^assertion //p' "$scratch/log"
}

# --- both ---

# count RESULT FILE
count() {
	grep -c " $1\$" "$2" || true
}

# failures_of FILE: how many times each failed, as "NUMBER NAME".
failures_of() {
	sed -n 's/ failed$//p' "$1" | sort | uniq -c | awk '{ print $1, $2 }'
}

# expected_of SUITE: the same from the table.
expected_of() {
	awk -F ' *[|] *' -v suite="$1" '$2 == suite { gsub(/`/, "", $3); print $4, $3 }' \
		"$here/../README.md" | sort -k 2
}

# run_until_same SUITE PROGRAM EXPECTED: the failures to $scratch/observed. Some of these tests race with
# what they start, so that there are two tries.
run_until_same() {
	local try
	for try in 1 2; do
		"run_${1/-/_}" "$2" >"$scratch/results"
		failures_of "$scratch/results" | sort -k 2 >"$scratch/observed"
		cmp -s "$3" "$scratch/observed" && break
		echo "$1, with $2, try $try: other failures than expected"
	done
	echo "$1, with $2: $(count passed "$scratch/results") passed," \
		"$(count failed "$scratch/results") failed"
	diff "$3" "$scratch/observed" && [ -s "$scratch/results" ]
}

compare() {
	local suite=$1
	fetch_source "$suite" "$scratch/$suite"
	[ "$suite" != tini ] || prepare_tini
	: >"$scratch/none"
	if ! run_until_same "$suite" "$(command -v "$suite")" "$scratch/none"; then
		tail -n 30 "$scratch/log"
		echo "FAILED $suite: its own suite does not pass with it here"
		failed=$((failed + 1))
		return
	fi
	expected_of "$suite" >"$scratch/expected"
	if run_until_same "$suite" "$whit" "$scratch/expected"; then
		echo "ok $suite - fails what tests/README.md explains, and nothing else"
		passed=$((passed + 1))
	else
		echo "FAILED $suite: see above, '<' is the table and '>' was seen"
		failed=$((failed + 1))
	fi
}

compare tini
compare dumb-init
finish

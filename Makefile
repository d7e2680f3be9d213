# whit: make builds build/whit, one static file. `make help` lists what else there is.

VERSION = 0.1.0

# What packagers set. musl makes the smaller static binary; where there is none, the system's libc.
ifeq ($(origin CC),default)
CC := $(shell command -v musl-gcc || echo cc)
endif
LDFLAGS ?=
PREFIX ?= /usr/local
DESTDIR ?=
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
# Where `make install-links` puts the other names of whit.
LINKDIR ?=
# The tests are ordinary programs of this machine, with the compiler and libc that cmocka is for.
TEST_CC ?= cc
TEST_CFLAGS ?= -O1 -g
TEST_LDFLAGS ?=
INSTALL ?= install

LINK_NAMES = docker-init tini dumb-init catatonit pause

WARNINGS = -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wwrite-strings -Wcast-qual -Wcast-align -Wpointer-arith -Wformat=2 -Wundef -Wvla
# A warning of a compiler that we do not know must not keep anybody from building.
ifdef CI
WARNINGS += -Werror
endif

# The hash of the commit: docker info warns of an init whose version has none. git archive writes it
# into .commit (.gitattributes), so source tarballs have it; in a checkout git is asked. Where there
# is neither, packagers set it (make COMMIT=...).
COMMIT := $(shell grep -s '^[0-9a-f]' .commit | cut -c 1-12)
COMMIT := $(or $(COMMIT),$(shell test -e .git && git rev-parse HEAD 2>/dev/null | cut -c 1-12))
VERSION_FLAGS = -DWHIT_VERSION='"$(VERSION)"' $(if $(COMMIT),-DWHIT_COMMIT='"$(COMMIT)"')

# The option, where the compiler knows it.
if_known = $(shell $(CC) -Werror $(1) -S -o /dev/null -x c /dev/null 2>/dev/null && echo $(1))
# conserve-stack (of gcc) keeps a function with a buffer of a page out of the frame of one that seldom
# calls it, since each page of stack that is used is a page of memory for each container.
CONSERVE_STACK := $(call if_known,-fconserve-stack)
# lto: what is called once, or is two lines, is put where it is called, also from another file. Oz: a
# byte less goes before a cycle less, which none of the measurements show. A thousand bytes together.
# Tried by linking: a compiler may know it where its linker lacks the plugin.
LTO := $(shell program=$$(mktemp) && echo 'int main(void) { return 0; }' | \
	$(CC) -Werror -flto -x c -o $$program - 2>/dev/null && echo -flto; rm -f $$program)
CFLAGS ?= $(firstword $(call if_known,-Oz) -Os)

# -iquote: no file of ours can shadow a system header.
INCLUDES = -iquote include -iquote build
# A fixed address needs no relocation at the start, and nothing here is worth an attacker's guess.
# Sections let the linker drop what is not called; the unwind tables are for nobody.
OUR_CFLAGS = -std=c11 -D_GNU_SOURCE $(INCLUDES) $(WARNINGS) -fno-pie -ffunction-sections \
	-fdata-sections -fno-asynchronous-unwind-tables $(CONSERVE_STACK) $(LTO) -MMD -MP
# noseparate-code puts text and constants in one segment: fewer page faults, a smaller file. norelro:
# there are no relocations after which something could be made read-only, only its padding. No stack
# protector: some 2 kB (strong), for buffers that line.c and sizes known to the compiler bound.
# build-id: a number of which nobody has the debugging symbols.
OUR_LDFLAGS = -static -s -Wl,--gc-sections -Wl,-z,noseparate-code -Wl,-z,norelro \
	-Wl,-z,noexecstack -Wl,--build-id=none

SOURCES := $(sort $(shell find src/ -name '*.c'))
OBJECTS := $(SOURCES:src/%.c=build/obj/%.o)

all: build/whit

build/whit: $(OBJECTS) build/flags
	$(CC) $(LTO) $(CFLAGS) $(OUR_LDFLAGS) $(LDFLAGS) -o $@ $(OBJECTS)

build/obj/%.o: src/%.c build/flags
	@mkdir -p $(@D)
	$(CC) $(OUR_CFLAGS) $(CFLAGS) $(CPPFLAGS) -c -o $@ $<

build/obj/main.o: OUR_CFLAGS += $(VERSION_FLAGS)
build/obj/main.o: build/license.h build/version

# --license prints the file itself, so that there is one text.
build/license.h: LICENSE
	@mkdir -p $(@D)
	{ echo 'static const char license_text[] ='; \
		sed 's/["\\]/\\&/g; s/.*/"&\\n"/' LICENSE; echo ';'; } > $@

# Two files that change when what they hold does: a new compiler, new flags or a new commit rebuild.
build/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(OUR_CFLAGS) $(CFLAGS) $(CPPFLAGS) $(OUR_LDFLAGS) $(LDFLAGS)' | cmp -s - $@ || \
		echo '$(CC) $(OUR_CFLAGS) $(CFLAGS) $(CPPFLAGS) $(OUR_LDFLAGS) $(LDFLAGS)' > $@
build/version: FORCE
	@mkdir -p $(@D)
	@echo '$(VERSION) $(COMMIT)' | cmp -s - $@ || echo '$(VERSION) $(COMMIT)' > $@

install: build/whit
	$(INSTALL) -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(MANDIR)/man1
	$(INSTALL) -m 755 build/whit $(DESTDIR)$(BINDIR)/whit
	$(INSTALL) -m 644 man/whit.1 $(DESTDIR)$(MANDIR)/man1/whit.1

install-links:
	@test -n "$(LINKDIR)" || { echo 'usage: make install-links LINKDIR=DIRECTORY' >&2; exit 2; }
	$(INSTALL) -d $(DESTDIR)$(LINKDIR)
	for name in $(LINK_NAMES); do ln -sf $(BINDIR)/whit $(DESTDIR)$(LINKDIR)/$$name || exit; done

# --- tests ---

check: lint check-unit check-fuzz check-integration
	@echo 'make check: all passed'

lint: build/whit
	tests/lint/run.sh

# Each unit test with the objects that it may link, beside the one of its own path. Nothing else: a
# test that needs more than its row says has found a dependency that should not be there.
unit.base/clock =
unit.base/descriptor = base/directory base/number
unit.base/directory = base/number
unit.base/error_text =
unit.base/line = base/number
unit.base/log = base/line base/number
unit.base/number =
unit.base/pid_set =
unit.base/text_file =
unit.cli/options = base/line base/number signals/rewrite signals/signal_name supervise/exit_status signals/signal_set base/descriptor base/directory
unit.command/delivery = signals/signal_record
unit.command/exec_image =
unit.command/exec_search = command/exec_image
unit.command/socket_activation = base/number
unit.diagnosis/exec_elf =
unit.diagnosis/exec_failure = diagnosis/exec_elf command/exec_image command/exec_search base/error_text base/line base/number
unit.signals/rewrite = signals/signal_name base/number
unit.signals/signal_name = base/number
unit.signals/signal_record =
unit.signals/signal_set = base/descriptor base/directory base/number
unit.supervise/event_loop = base/clock signals/signal_set base/descriptor base/directory base/number
unit.supervise/leftovers = supervise/process base/directory base/line base/log base/number base/pid_set
unit.supervise/memory_cgroup = base/line base/number base/text_file
unit.supervise/job = base/clock command/terminal signals/signal_set signals/signal_name base/log base/line base/number base/descriptor base/directory
unit.supervise/process = base/line base/number
unit.supervise/reaper = supervise/process supervise/exit_status signals/signal_name signals/signal_set base/line base/log base/number base/descriptor base/directory
unit.supervise/roll_call = supervise/process base/directory base/line base/log base/number
unit.supervise/shutdown = base/clock
unit.supervise/exit_status = signals/signal_name signals/signal_set base/number base/descriptor base/directory

TEST_FLAGS = -std=c11 -D_GNU_SOURCE $(INCLUDES) -iquote tests $(WARNINGS) -MMD -MP
UNIT_NAMES := $(sort $(patsubst unit.%,%,$(filter unit.%,$(.VARIABLES))))

build/test/obj/%.o: src/%.c build/flags
	@mkdir -p $(@D)
	$(TEST_CC) $(TEST_FLAGS) $(TEST_CFLAGS) -c -o $@ $<

build/test/%.o: tests/%.c build/flags
	@mkdir -p $(@D)
	$(TEST_CC) $(TEST_FLAGS) $(TEST_CFLAGS) -c -o $@ $<

define unit_rule
build/test/unit/$(1): build/test/unit/$(1)_test.o $(patsubst %,build/test/obj/%.o,$(1) $(2))
	$$(TEST_CC) $$(TEST_CFLAGS) -o $$@ $$^ $$(TEST_LDFLAGS) -lcmocka
endef
$(foreach name,$(UNIT_NAMES),$(eval $(call unit_rule,$(name),$(unit.$(name)))))

check-unit: $(UNIT_NAMES:%=build/test/unit/%)
	@for test in $^; do echo "$$test"; $$test || exit; done

# Each integration test runs the shipped binary; the actor is what it runs in turn.
INTEGRATION_NAMES := $(sort $(patsubst tests/integration/%_test.c,%,$(wildcard \
	tests/integration/*_test.c)))

HARNESS = $(addprefix build/test/integration/,harness.o calls.o room.o)

build/test/integration/%: build/test/integration/%_test.o $(HARNESS)
	$(TEST_CC) $(TEST_CFLAGS) -o $@ $^ -lcmocka

# Static, so that it runs in an empty root; not where whit is, so that tests/integration/calls.c can
# tell its system calls from whit's.
ACTOR_NEEDS = tests/integration/actor.c tests/integration/kernel_signals.h build/flags
ACTOR_ADDRESS := $(if $(filter x86_64-%,$(shell $(CC) -dumpmachine)),-Xlinker -Ttext-segment=0x10000000)
build/test/actor: $(ACTOR_NEEDS) Makefile
	@mkdir -p $(@D)
	$(CC) -std=c11 -D_GNU_SOURCE $(WARNINGS) -O1 -static $(ACTOR_ADDRESS) -o $@ $<

# The same, dynamic: real programs whose loader an image may lack. Where there is no musl-gcc, the name
# of its loader makes the difference.
MUSL_GCC := $(shell command -v musl-gcc)
MUSL_LOADER = -Wl,--dynamic-linker=/lib/ld-musl-$(shell uname -m).so.1
build/test/actor-glibc: $(ACTOR_NEEDS)
	@mkdir -p $(@D)
	$(TEST_CC) -std=c11 -D_GNU_SOURCE $(WARNINGS) -O1 -o $@ $<
build/test/actor-musl: $(ACTOR_NEEDS)
	@mkdir -p $(@D)
	$(or $(MUSL_GCC),$(TEST_CC) $(MUSL_LOADER)) -std=c11 -D_GNU_SOURCE $(WARNINGS) -O1 -o $@ $<

build/test/preload.so: tests/integration/preload.c build/flags
	@mkdir -p $(@D)
	$(TEST_CC) -std=c11 -D_GNU_SOURCE $(WARNINGS) -O1 -shared -fPIC -o $@ $<

check-integration: build/whit build/test/actor build/test/actor-glibc build/test/actor-musl \
		build/test/preload.so \
		$(INTEGRATION_NAMES:%=build/test/integration/%)
	@for name in $(INTEGRATION_NAMES); do echo "build/test/integration/$$name"; \
		WHIT=$(CURDIR)/build/whit ACTOR=$(CURDIR)/build/test/actor \
		GLIBC_ACTOR=$(CURDIR)/build/test/actor-glibc \
		MUSL_ACTOR=$(CURDIR)/build/test/actor-musl MANUAL=$(CURDIR)/man/whit.1 \
		README=$(CURDIR)/README.md PRELOAD=$(CURDIR)/build/test/preload.so \
			build/test/integration/$$name || exit; done

# The integration test of that name, a hundredfold: a minute or two for each role.
check-flood: build/whit build/test/actor build/test/integration/flood
	FLOOD_SIGNALS=5000000 FLOOD_ORPHANS=200000 WHIT=$(CURDIR)/build/whit \
		ACTOR=$(CURDIR)/build/test/actor README=$(CURDIR)/README.md \
		build/test/integration/flood

# What looks into files that could not be run, fed with whatever bytes, under sanitizers. With the same
# seed the inputs are the same; FUZZ_SEED=$RANDOM tries others.
FUZZ_SEED ?= 1
FUZZ_MUTANTS ?= 7000
FUZZ_SECONDS ?= 60
FUZZ_CC ?= clang
SANITIZERS = -fsanitize=address,undefined -fno-sanitize-recover=all
FUZZ_SOURCES = tests/fuzz/diagnosis.c $(addprefix src/,diagnosis/exec_failure.c diagnosis/exec_elf.c \
	command/exec_image.c command/exec_search.c base/error_text.c base/line.c base/number.c)
FUZZ_FLAGS = $(filter-out -MMD -MP,$(TEST_FLAGS)) $(TEST_CFLAGS) $(SANITIZERS)
# An empty directory to run in, in memory if there is such a place: a disk is much slower.
IN_SCRATCH = scratch=$$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d) && \
	trap 'rm -rf "$$scratch"' EXIT && cd "$$scratch" &&
FUZZ_NEEDS = $(FUZZ_SOURCES) $(wildcard include/*/*.h tests/fuzz/*.h) build/flags

build/test/fuzz/runner: tests/fuzz/runner.c $(FUZZ_NEEDS)
	@mkdir -p $(@D)
	$(TEST_CC) $(FUZZ_FLAGS) -o $@ $(filter %.c,$^)

check-fuzz: build/test/fuzz/runner
	$(IN_SCRATCH) $(CURDIR)/$< $(FUZZ_SEED) $(FUZZ_MUTANTS) $(CURDIR)/tests/fuzz/corpus \
		$(CURDIR)/build/test/fuzz/broken-input

build/test/fuzz/diagnosis: $(FUZZ_NEEDS)
	@mkdir -p $(@D)
	$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $(filter %.c,$^)

# libFuzzer: packages clang and libclang-rt-14-dev. What it finds on its way stays in build.
fuzz: build/test/fuzz/diagnosis
	@mkdir -p build/test/fuzz/found
	$(IN_SCRATCH) $(CURDIR)/$< -max_total_time=$(FUZZ_SECONDS) -max_len=6144 -timeout=30 -print_final_stats=1 \
		-artifact_prefix=$(CURDIR)/build/test/fuzz/broken- $(CURDIR)/build/test/fuzz/found \
		$(CURDIR)/tests/fuzz/corpus

# Every system call failed, and delayed, under strace: the calls and what comes of each stand in
# tests/faults/calls. The short form is for the gate; SEED repeats schedules of delays.
FAULTS_SCHEDULES ?= 1000
FAULTS_FLAGS ?=
SEED ?=
FAULTS_COMMON = apart shelter tracer

build/test/faults/%: build/test/faults/%.o $(HARNESS) \
		$(FAULTS_COMMON:%=build/test/faults/%.o)
	$(TEST_CC) $(TEST_CFLAGS) -o $@ $^ -lcmocka

build/test/faults/faults: build/test/faults/scenarios.o build/test/faults/table.o

build/test/player: tests/faults/player.c tests/faults/player.h build/flags
	@mkdir -p $(@D)
	$(CC) -std=c11 -D_GNU_SOURCE $(WARNINGS) -O1 -static -o $@ $<

check-faults: build/whit build/test/player build/test/faults/faults build/test/faults/delays
	WHIT=$(CURDIR)/build/whit PLAYER=$(CURDIR)/build/test/player \
		build/test/faults/faults tests/faults/calls $(FAULTS_FLAGS)
	WHIT=$(CURDIR)/build/whit PLAYER=$(CURDIR)/build/test/player \
		build/test/faults/delays $(FAULTS_SCHEDULES) $(SEED)

check-faults-short:
	$(MAKE) check-faults FAULTS_FLAGS=--short FAULTS_SCHEDULES=100

# whit as the init of a virtual machine. VM_KERNEL and VM_SECONDS as tests/vm/run.sh has them.
check-vm: build/whit build/test/actor
	tests/vm/run.sh build/whit build/test/actor

# The same Makefile once more, in a tree of links, with other flags and a build directory of its own.
build/%/Makefile: Makefile
	@mkdir -p $(@D)
	@ln -sf $(addprefix $(CURDIR)/,LICENSE Makefile README.md include man src tests) $(@D)

# All tests but fuzzing, which has sanitizers anyhow. Those of gcc for addresses are dynamic libraries,
# so what only a static whit can do is left to a second one, where undefined behaviour is an illegal
# instruction, which needs no library. A report that no test looks at is a file, and a failure too. There
# is no search for leaks in whit: it allocates nothing, and the search hangs where wait4 is refused.
# tests/sanitizers/clone.c has what the sanitizer for addresses has to be told.
REPORTS = $(CURDIR)/build/sanitized/reports
SANITIZED = -O1 -g -fno-omit-frame-pointer $(SANITIZERS)
SANITIZED_MAKE = UBSAN_OPTIONS=print_stacktrace=1 $(MAKE) -C build/sanitized CC=gcc LTO= \
	CFLAGS='$(SANITIZED)' OUR_LDFLAGS= \
	LDFLAGS='-no-pie -iquote include -Wl,--wrap=clone tests/sanitizers/clone.c'
TRAPPING = -O1 -g -fsanitize=undefined -fsanitize-undefined-trap-on-error

check-sanitized: build/sanitized/Makefile build/trapping/Makefile
	rm -rf $(REPORTS) && mkdir -m 1777 $(REPORTS)
	$(SANITIZED_MAKE) TEST_CFLAGS='$(SANITIZED)' check-unit
	WHIT_IS_DYNAMIC=1 ASAN_OPTIONS=log_path=$(REPORTS)/address:disable_coredump=0:detect_leaks=0 \
		$(SANITIZED_MAKE) TEST_CFLAGS='$(TEST_CFLAGS)' check-integration
	@cat $(REPORTS)/* 2>/dev/null; rmdir $(REPORTS)
	$(MAKE) -C build/trapping LTO= CFLAGS='$(TRAPPING)' TEST_CFLAGS='$(TEST_CFLAGS)' \
		check-integration

# The unit tests that valgrind can run. It keeps signal 64 and some descriptors for itself, does exec's
# checks in its own way and takes no filter of system calls, so the others would test valgrind.
VALGRIND_NAMES = base/clock base/line base/log base/number base/pid_set base/text_file cli/options \
	diagnosis/exec_elf command/socket_activation signals/rewrite signals/signal_name \
	signals/signal_record supervise/exit_status supervise/memory_cgroup supervise/shutdown
check-valgrind: $(VALGRIND_NAMES:%=build/test/unit/%)
	@for test in $^; do echo "$$test"; valgrind -q --error-exitcode=77 $$test || exit; done

# What the tests run and what not, line by line and branch by branch, against the list of what cannot be
# or need not be run. The counts are of a static whit, for the roots where there is nothing else. Its
# execve is libc's: gcov's would write the counts from the memory that whit and the command share.
COVERED = -O0 -g --coverage -fno-builtin-execve -DCOUNTS=$(CURDIR)/build/coverage -iquote tests
COVERAGE = $(MAKE) -C build/coverage CC=gcc LTO= CFLAGS='$(COVERED)' OUR_LDFLAGS=-static \
	LDFLAGS=tests/coverage/end.c
coverage: build/coverage/Makefile
	find build/coverage/ -name '*.gcda' -delete
	umask 0 && $(COVERAGE) TEST_CFLAGS='$(COVERED)' \
		TEST_LDFLAGS='-Wl,--wrap=_exit tests/coverage/exit.c' check-unit
	umask 0 && $(COVERAGE) TEST_CFLAGS='$(TEST_CFLAGS)' check-integration
	tests/coverage/report.sh build/coverage tests/coverage/uncovered.txt

# How many small breaks of the source the tests notice; not a test, and it takes hours for all of them.
# SEED chooses others, MUTATE files.
MUTANTS ?= 100
MUTATE ?=
mutate:
	tests/mutation/run.sh $(MUTANTS) $(or $(SEED),1) $(MUTATE)

# Needs clang, clang-tidy, clang-tools and cppcheck.
analyze: build/license.h
	tests/lint/analyze.sh $(filter-out -MMD -MP,$(TEST_FLAGS)) $(VERSION_FLAGS)

# Real servers, real engines and every recipe of the README; starts what it needs, cleans up, and says
# what it had to skip.
check-engines: build/whit build/test/actor
	tests/engines/run.sh build/whit

# Figures, not a test: the README's tables, as this machine has them. tests/bench/run.sh has the options.
# The floor and the empty command are freestanding, so that only the init's own cost shows.
FREESTANDING = -std=c11 -D_GNU_SOURCE $(WARNINGS) -Os -ffreestanding -fno-pie -fno-stack-protector \
	-fno-asynchronous-unwind-tables -nostdlib -static -no-pie -s -Wl,--build-id=none \
	-Wl,-z,noseparate-code -Wl,-z,norelro -Wl,-z,noexecstack
BENCH_PROGRAMS = $(addprefix build/bench/,measure command floor empty)

build/bench/floor build/bench/empty: build/bench/%: tests/bench/%.c tests/bench/freestanding.h \
		build/flags
	@mkdir -p $(@D)
	$(TEST_CC) $(FREESTANDING) -o $@ $<

# Static, so that starting it costs little, with whichever init.
build/bench/command: tests/bench/command.c tests/bench/command.h build/flags
	@mkdir -p $(@D)
	$(CC) -std=c11 -D_GNU_SOURCE $(WARNINGS) -Os -static -s -o $@ $<

build/bench/measure: $(patsubst %,build/test/bench/%.o,measure subject trace)
	@mkdir -p $(@D)
	$(TEST_CC) $(TEST_CFLAGS) -o $@ $^

bench: build/whit $(BENCH_PROGRAMS)
	tests/bench/run.sh build/bench build/whit

# Every schedule of a model of the protocol; needs spin and gcc.
check-model:
	tests/model/run.sh

# The main job, for a newcomer, in four seconds.
demo: build/whit
	tests/demo/demo.sh build/whit

# --- what is shipped ---

# All of .dist/targets, or some of them: make dist ARCHES='amd64 s390x'. From the last commit, not
# from what lies about. Packages of other architectures are kept in DIST_PACKAGES, where that is set.
ARCHES ?=
dist:
	.dist/dist.sh $(ARCHES)

# DEBFULLNAME and DEBEMAIL are who answers for the packages.
deb:
	.dist/deb.sh

check-reproducible:
	tests/dist/reproducible.sh $(ARCHES)

# What `make dist` and `make deb` have made.
check-dist:
	tests/dist/sbom.sh
	tests/dist/image.sh build/dist/whit-$(VERSION)-linux-amd64
check-deb: export DEBFULLNAME ?= Check Deb
check-deb: export DEBEMAIL ?= check-deb@example.org
check-deb: deb
	tests/dist/deb.sh

# The tests of one architecture: as far as qemu-user can, or on a whole emulated machine.
ARCH ?= s390x
check-arch:
	tests/dist/arch.sh $(ARCH)
check-machine:
	tests/dist/machine.sh $(ARCH)

help:
	@echo 'make                   build/whit, one static file'
	@echo 'make demo              what whit does, in four seconds'
	@echo 'make check             lint, unit tests, a short fuzzing, integration tests'
	@echo 'make fuzz              libFuzzer with clang, for FUZZ_SECONDS ($(FUZZ_SECONDS))'
	@echo 'make check-engines     servers, engines and other inits, for real, and every recipe'
	@echo 'make check-flood       5 million signals and 200,000 orphans: minutes'
	@echo 'make check-vm          whit as the init of a virtual machine, with qemu'
	@echo 'make check-model       every schedule of a model of whit and the kernel, with spin'
	@echo 'make check-sanitized   unit and integration tests with address and undefined sanitizers'
	@echo 'make check-valgrind    unit tests under valgrind'
	@echo 'make analyze           gcc and clang with all warnings, clang-tidy, scan-build, cppcheck'
	@echo 'make coverage          lines and branches that the tests run, against the list of the rest'
	@echo 'make mutate            breaks the source MUTANTS ($(MUTANTS)) times: how often tests notice'
	@echo 'make bench             cost, beside the peers that are installed and a floor'
	@echo 'make check-faults      every system call failed and delayed, under strace: minutes'
	@echo 'make check-faults-short  the same with the first call of each row, and 100 schedules'
	@echo 'make dist              build/dist: source, binaries of all or of ARCHES, SPDX, images'
	@echo 'make deb               build/deb: packages for Debian, from DEBFULLNAME and DEBEMAIL'
	@echo 'make check-reproducible, check-dist, check-deb   whether those are right'
	@echo 'make check-arch        tests under qemu-user, of ARCH ($(ARCH))'
	@echo 'make check-machine     tests on an emulated machine, of ARCH'
	@echo 'make install           binary and manual below PREFIX ($(PREFIX)), in DESTDIR'
	@echo 'make install-links     $(LINK_NAMES) as links in LINKDIR'
	@echo 'make uninstall         what install put there; with LINKDIR the links too'
	@echo 'make clean'
	@echo 'Variables: CC CFLAGS CPPFLAGS LDFLAGS PREFIX BINDIR MANDIR LINKDIR DESTDIR COMMIT TEST_CC'
	@echo '           TEST_CFLAGS FUZZ_CC FUZZ_SECONDS FUZZ_SEED FUZZ_MUTANTS ARCHES'

# Removes the links only where they are still links to whit.
uninstall:
	rm -f $(DESTDIR)$(BINDIR)/whit $(DESTDIR)$(MANDIR)/man1/whit.1
	test -z "$(LINKDIR)" || for name in $(LINK_NAMES); do \
		test "$$(readlink $(DESTDIR)$(LINKDIR)/$$name)" != $(BINDIR)/whit || \
			rm -f $(DESTDIR)$(LINKDIR)/$$name || exit; done

clean:
	rm -rf build

-include $(OBJECTS:.o=.d) $(shell find build/test -name '*.d' 2>/dev/null)
FORCE:
.PHONY: dist deb check-reproducible check-dist check-deb check-arch check-machine
.PHONY: all check lint check-unit check-fuzz check-integration fuzz check-engines check-faults \
	check-faults-short check-flood check-vm check-model check-sanitized check-valgrind coverage \
	mutate analyze bench demo help install install-links uninstall clean FORCE
.DELETE_ON_ERROR:
.SECONDARY:

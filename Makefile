# whit: make builds build/whit, one static file. `make help` lists all targets.

VERSION = 0.1.0

# What packagers set. musl makes the smaller static binary; the system's libc is the fallback.
ifeq ($(origin CC),default)
CC := $(shell command -v musl-gcc || echo cc)
endif
LDFLAGS ?=
PREFIX ?= /usr/local
DESTDIR ?=
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
# `make install-links` creates the other names of whit here.
LINKDIR ?=
# The tests are ordinary programs of this machine: cmocka is built for its libc.
TEST_CC ?= cc
TEST_CFLAGS ?= -O1 -g
TEST_LDFLAGS ?=
INSTALL ?= install

LINK_NAMES = docker-init tini dumb-init catatonit pause

WARNINGS = -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wwrite-strings -Wcast-qual -Wcast-align -Wpointer-arith -Wformat=2 -Wundef -Wvla
# Only in CI: a new compiler may have a new warning, and that must not stop a build.
ifdef CI
WARNINGS += -Werror
endif

# `docker info` warns about an init whose version names no commit. A source tarball has the hash in
# .commit, where git archive writes it (.gitattributes); a checkout has git. Without both, packagers
# set it (make COMMIT=...).
COMMIT := $(shell grep -s '^[0-9a-f]' .commit | cut -c 1-12)
COMMIT := $(or $(COMMIT),$(shell test -e .git && git rev-parse HEAD 2>/dev/null | cut -c 1-12))
VERSION_FLAGS = -DWHIT_VERSION='"$(VERSION)$(if $(COMMIT), - git.$(COMMIT))"'

# One short line for each file that is made; the commands with V=1; nothing with -s.
# $(call run,LINE,COMMAND) creates the target's directory and runs the command.
SHOWN := $(filter-out 0,$(V))$(findstring s,$(firstword -$(MAKEFLAGS)))
run = $(if $(SHOWN),,@echo '$(1)';) mkdir -p $(@D) && $(2)

# $(call if_known,FLAG) is the flag if the compiler knows it, $(call if_linked,FLAGS) are the flags if
# a program can be linked with them: a compiler may know -flto while its linker lacks the plugin.
if_known = $(shell $(CC) -Werror $(1) -S -o /dev/null -x c /dev/null 2>/dev/null && echo $(1))
if_linked = $(shell program=$$(mktemp) && echo 'int main(void) { return 0; }' | \
	$(CC) -Werror $(1) -x c -o $$program - 2>/dev/null && echo '$(1)'; rm -f $$program)

# Oz: whit is small before it is fast; no figure of the bench shows the difference.
CFLAGS ?= $(firstword $(call if_known,-Oz) -Os)
CFLAGS := $(CFLAGS)
# Calls between files are inlined too, and what is not called goes: 1,000 bytes. gcc: one partition, and
# this compiler's name is not in the file (40 bytes).
LTO := $(or $(call if_linked,-flto -flto-partition=one -fno-ident),$(call if_linked,-flto))
# conserve-stack: a large buffer stays out of the frame of a caller that seldom needs it. Each page of
# stack that is touched is a page of memory for each container.
# no-partial-inlining: the head of a function is not copied into its callers (200 bytes). align-data:
# no table begins at a cache line (60 bytes; x86).
SMALL := $(call if_known,-fconserve-stack) $(call if_known,-fno-partial-inlining) \
	$(call if_known,-malign-data=abi)
# The start of a program without what gcc adds for constructors and unwinding, which whit does not have:
# 650 bytes. musl can do without it, glibc cannot.
CRT1 := $(shell $(CC) -static -\#\#\# -x c /dev/null 2>&1 | grep -o '[^ "]*crt1\.o')
START := $(and $(CRT1),$(call if_linked,-static -nostartfiles $(CRT1)),-nostartfiles $(CRT1))

# -iquote: no file of ours can shadow a system header.
INCLUDES = -iquote include -iquote build
# 64 bits for the offset in a large log, also on 32-bit machines.
LANGUAGE = -std=c11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 $(WARNINGS)
# no-pie: a fixed address needs no relocation at the start; whit holds nothing that an attacker would
# have to guess. Sections: the linker drops what is not called. No unwind tables: nothing unwinds.
# No stack protector, which some distributions switch on: 2,000 bytes, for buffers that line.c and
# sizes known to the compiler bound. No jump tables: compares are shorter than 8 bytes a case.
OUR_CFLAGS = $(LANGUAGE) $(INCLUDES) -fno-pie -ffunction-sections -fdata-sections \
	-fno-asynchronous-unwind-tables -fno-stack-protector -fno-jump-tables $(SMALL) $(LTO) -MMD -MP
# noseparate-code: text and constants share a segment, which saves page faults and bytes. norelro:
# without relocations nothing becomes read-only later. noexecstack: said aloud, as assembly files may
# forget it. build-id: it would name debugging symbols that are not kept. common-page-size: the data
# follow the constants instead of the next page of the file, up to 4,000 bytes. sort-section: memory
# that is seldom touched comes last (base/cold.h). section-start: .bss begins a page,
# which the memory that each run touches fills: one page less per container. No variable has a value in
# the file (src/main.c), so the kernel maps no page of it for them: 2 us of each start.
MEMORY_START := -Wl,--section-start=.bss=0x500000
MACHINE := $(if $(START),$(shell $(CC) -dumpmachine))
OUR_LDFLAGS = -static -s $(START) -Wl,--gc-sections -Wl,-z,noseparate-code -Wl,-z,norelro \
	-Wl,-z,noexecstack -Wl,--build-id=none -Wl,-z,common-page-size=64 -Wl,--sort-section=name \
	$(if $(filter x86_64-%,$(MACHINE)),$(MEMORY_START))

SOURCES := $(sort $(shell find src/ -name '*.c'))
OBJECTS := $(SOURCES:src/%.c=build/obj/%.o)

all: build/whit

build/whit: $(OBJECTS) build/flags
	$(call run,LD $@,$(CC) $(LTO) $(CFLAGS) $(OUR_LDFLAGS) $(LDFLAGS) -o $@ $(OBJECTS))

build/obj/%.o: src/%.c build/flags
	$(call run,CC $<,$(CC) $(OUR_CFLAGS) $(CFLAGS) $(CPPFLAGS) -c -o $@ $<)

build/obj/main.o: OUR_CFLAGS += $(VERSION_FLAGS)
build/obj/main.o: build/license.h build/version

# --license prints the file itself, so that there is one text.
QUOTE_LINES = { echo 'static const char license_text[] ='; \
	sed 's/["\\]/\\&/g; s/.*/"&\\n"/' $<; echo ';'; }
build/license.h: LICENSE
	$(call run,GEN $@,$(QUOTE_LINES) > $@)

# Both files change only with their content: a new compiler, new flags or a new commit rebuild.
build/flags: CONTENT = $(CC) $(OUR_CFLAGS) $(CFLAGS) $(CPPFLAGS) $(OUR_LDFLAGS) $(LDFLAGS)
build/version: CONTENT = $(VERSION) $(COMMIT)
build/flags build/version: FORCE
	@mkdir -p $(@D)
	@echo '$(CONTENT)' | cmp -s - $@ || echo '$(CONTENT)' > $@

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

TEST_FLAGS = $(LANGUAGE) $(INCLUDES) -iquote tests -MMD -MP

build/test/obj/%.o: src/%.c build/flags
	$(call run,TEST_CC $<,$(TEST_CC) $(TEST_FLAGS) $(TEST_CFLAGS) -c -o $@ $<)
build/test/%.o: tests/%.c build/flags
	$(call run,TEST_CC $<,$(TEST_CC) $(TEST_FLAGS) $(TEST_CFLAGS) -c -o $@ $<)

# Each kind of test has its rules beside it. A file may use what an earlier one defines.
KINDS = unit integration fuzz faults sanitizers coverage bench dist engines
include $(foreach kind,$(KINDS),tests/$(kind)/$(kind).mk)

# This Makefile once more, in a tree of links: for other flags, with a build directory of its own.
build/%/Makefile: Makefile
	@mkdir -p $(@D)
	@ln -sf $(addprefix $(CURDIR)/,LICENSE Makefile README.md include man src tests) $(@D)

# whit as the init of a virtual machine. VM_KERNEL and VM_SECONDS: see tests/vm/run.sh.
check-vm: build/whit build/test/actor
	tests/vm/run.sh build/whit build/test/actor

# Real servers, real engines and every recipe of the README. It starts what it needs, removes it
# again, and names what it skipped.
check-engines: build/whit build/test/actor
	tests/engines/run.sh build/whit

# Every schedule of a model of the protocol; needs spin and gcc.
check-model:
	tests/model/run.sh

# How many small breaks of the source the tests notice: hours for all of them. SEED chooses others,
# MUTATE files.
MUTANTS ?= 100
MUTATE ?=
mutate:
	tests/mutation/run.sh $(MUTANTS) $(or $(SEED),1) $(MUTATE)

# Needs clang, clang-tidy, clang-tools and cppcheck.
analyze: build/license.h
	tests/lint/analyze.sh $(filter-out -MMD -MP,$(TEST_FLAGS)) $(VERSION_FLAGS)

# The main features in four seconds, for a newcomer.
demo: build/whit
	tests/demo/demo.sh build/whit

define HELP
Build
  make                    build/whit, one static file
  make demo               shows what whit does, in four seconds
  make install            installs binary and manual below PREFIX ($(PREFIX)), in DESTDIR
  make install-links      links $(LINK_NAMES) to whit in LINKDIR
  make uninstall          removes what install created; with LINKDIR also the links
  make clean              removes build
Test
  make check              lint, check-unit, check-fuzz and check-integration
  make check-engines      servers, container engines, other inits, every recipe of the README
  make check-faults       every system call failed and delayed, under strace: minutes
  make check-faults-short the first call of each row, and 100 schedules
  make check-flood        5 million signals and 200,000 orphans: minutes
  make check-vm           whit as the init of a virtual machine, with qemu
  make check-all          what the gate leaves out: systems, engines, the suites of other inits
Analyze
  make check-model        every schedule of a model of whit and the kernel, with spin
  make check-sanitized    unit and integration tests with gcc's sanitizers
  make check-valgrind     unit tests under valgrind
  make analyze            all warnings of gcc and clang, clang-tidy, scan-build, cppcheck
  make fuzz               libFuzzer with clang, for FUZZ_SECONDS ($(FUZZ_SECONDS))
  make coverage           lines and branches that no test runs, against the list of known ones
  make mutate             breaks the source MUTANTS ($(MUTANTS)) times and counts what tests notice
  make check-returns      no return of whit lies behind a system call: tests/bench/returns.h
  make bench              cost, beside the other inits that are installed
  make bench-leave        what a command leaves behind, beside programs that clean up
Release
  make dist               build/dist: source, binaries (ARCHES), bills of materials, images
  make deb                build/deb: packages for Debian, by DEBFULLNAME and DEBEMAIL
  make check-dist, check-deb, check-reproducible   test those
  make check-arch         tests under qemu-user, of ARCH ($(ARCH))
  make check-machine      tests on an emulated machine, of ARCH
Variables
  V=1 shows the commands. CC CFLAGS CPPFLAGS LDFLAGS COMMIT PREFIX BINDIR MANDIR LINKDIR DESTDIR
  TEST_CC TEST_CFLAGS FUZZ_CC FUZZ_SECONDS FUZZ_SEED FUZZ_MUTANTS MUTANTS SEED ARCHES ARCH
endef
help:
	$(info $(HELP))@:

# Removes a link only if it still points to whit.
uninstall:
	rm -f $(DESTDIR)$(BINDIR)/whit $(DESTDIR)$(MANDIR)/man1/whit.1
	test -z "$(LINKDIR)" || for name in $(LINK_NAMES); do \
		test "$$(readlink $(DESTDIR)$(LINKDIR)/$$name)" != $(BINDIR)/whit || \
			rm -f $(DESTDIR)$(LINKDIR)/$$name || exit; done

clean:
	rm -rf build

-include $(OBJECTS:.o=.d) $(shell find build/test -name '*.d' 2>/dev/null)
FORCE:
.PHONY: all check lint check-vm check-engines check-model mutate analyze demo help install \
	install-links uninstall clean FORCE
.DELETE_ON_ERROR:
.SECONDARY:

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

TEST_FLAGS = -std=c11 -D_GNU_SOURCE $(INCLUDES) -iquote tests $(WARNINGS) -MMD -MP

build/test/obj/%.o: src/%.c build/flags
	@mkdir -p $(@D)
	$(TEST_CC) $(TEST_FLAGS) $(TEST_CFLAGS) -c -o $@ $<

build/test/%.o: tests/%.c build/flags
	@mkdir -p $(@D)
	$(TEST_CC) $(TEST_FLAGS) $(TEST_CFLAGS) -c -o $@ $<

# What belongs to one kind of test stands beside it; a later file may use what an earlier one defines.
include $(foreach kind,unit integration fuzz faults sanitizers coverage bench dist,tests/$(kind)/$(kind).mk)

# whit as the init of a virtual machine. VM_KERNEL and VM_SECONDS as tests/vm/run.sh has them.
check-vm: build/whit build/test/actor
	tests/vm/run.sh build/whit build/test/actor

# The same Makefile once more, in a tree of links, with other flags and a build directory of its own.
build/%/Makefile: Makefile
	@mkdir -p $(@D)
	@ln -sf $(addprefix $(CURDIR)/,LICENSE Makefile README.md include man src tests) $(@D)

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

# Every schedule of a model of the protocol; needs spin and gcc.
check-model:
	tests/model/run.sh

# The main job, for a newcomer, in four seconds.
demo: build/whit
	tests/demo/demo.sh build/whit

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
	@echo 'make bench-leave       what a command leaves behind, beside programs that clean up'
	@echo 'make check-returns     no return of whit lies behind a system call; as root'
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

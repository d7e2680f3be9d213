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
		README=$(CURDIR)/src/README.md PRELOAD=$(CURDIR)/build/test/preload.so \
			build/test/integration/$$name || exit; done

# The integration test of that name, a hundredfold: a minute or two for each role.
check-flood: build/whit build/test/actor build/test/integration/flood
	FLOOD_SIGNALS=5000000 FLOOD_ORPHANS=200000 WHIT=$(CURDIR)/build/whit \
		ACTOR=$(CURDIR)/build/test/actor README=$(CURDIR)/src/README.md \
		build/test/integration/flood

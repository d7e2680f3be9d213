# Each integration test runs the shipped binary, and whit runs the actor as its command.
INTEGRATION_NAMES := $(sort $(patsubst tests/integration/%_test.c,%,$(wildcard \
	tests/integration/*_test.c)))

HARNESS = $(addprefix build/test/integration/,harness.o calls.o room.o)

build/test/integration/%: build/test/integration/%_test.o $(HARNESS)
	$(call run,LD $@,$(TEST_CC) $(TEST_CFLAGS) -o $@ $^ -lcmocka)

# Static, so that it runs in an empty root. Its address differs from whit's, so that
# tests/integration/calls.c can tell the system calls of both apart.
ACTOR_NEEDS = tests/integration/actor.c tests/integration/kernel_signals.h build/flags
ACTOR_ADDRESS := $(if $(filter x86_64-%,$(shell $(CC) -dumpmachine)),-Xlinker -Ttext-segment=0x10000000)
build/test/actor: $(ACTOR_NEEDS) Makefile
	$(call run,CC $<,$(CC) $(LANGUAGE) -O1 -static $(ACTOR_ADDRESS) -o $@ $<)

# The same, dynamic: real programs whose loader an image may lack. Without musl-gcc the second one
# differs by the name of its loader alone.
MUSL_GCC := $(shell command -v musl-gcc)
MUSL_LOADER = -Wl,--dynamic-linker=/lib/ld-musl-$(shell uname -m).so.1
build/test/actor-glibc: $(ACTOR_NEEDS)
	$(call run,CC $@,$(TEST_CC) $(LANGUAGE) -O1 -o $@ $<)
build/test/actor-musl: $(ACTOR_NEEDS)
	$(call run,CC $@,$(or $(MUSL_GCC),$(TEST_CC) $(MUSL_LOADER)) $(LANGUAGE) -O1 -o $@ $<)

build/test/preload.so: tests/integration/preload.c build/flags
	$(call run,CC $<,$(TEST_CC) $(LANGUAGE) -O1 -shared -fPIC -o $@ $<)

check-integration: build/whit build/test/actor build/test/actor-glibc build/test/actor-musl \
		build/test/preload.so \
		$(INTEGRATION_NAMES:%=build/test/integration/%)
	@for name in $(INTEGRATION_NAMES); do echo "build/test/integration/$$name"; \
		WHIT=$(CURDIR)/build/whit ACTOR=$(CURDIR)/build/test/actor \
		GLIBC_ACTOR=$(CURDIR)/build/test/actor-glibc \
		MUSL_ACTOR=$(CURDIR)/build/test/actor-musl MANUAL=$(CURDIR)/man/whit.1 \
		README=$(CURDIR)/src/README.md PRELOAD=$(CURDIR)/build/test/preload.so \
			build/test/integration/$$name || exit; done

# The integration test of that name with a hundred times the load: a minute or two for each role.
check-flood: build/whit build/test/actor build/test/integration/flood
	FLOOD_SIGNALS=5000000 FLOOD_ORPHANS=200000 WHIT=$(CURDIR)/build/whit \
		ACTOR=$(CURDIR)/build/test/actor README=$(CURDIR)/src/README.md \
		build/test/integration/flood

.PHONY: check-integration check-flood

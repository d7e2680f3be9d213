# Every system call failed, and delayed, under strace: tests/faults/calls lists the calls and the result
# of each failure. The short form is for the gate; SEED repeats schedules of delays.
FAULTS_SCHEDULES ?= 1000
FAULTS_FLAGS ?=
SEED ?=
FAULTS_COMMON = apart shelter tracer

build/test/faults/%: build/test/faults/%.o $(HARNESS) \
		$(FAULTS_COMMON:%=build/test/faults/%.o)
	$(call run,LD $@,$(TEST_CC) $(TEST_CFLAGS) -o $@ $^ -lcmocka)

build/test/faults/faults: build/test/faults/scenarios.o build/test/faults/table.o

build/test/player: tests/faults/player.c tests/faults/player.h build/flags
	$(call run,CC $<,$(CC) $(LANGUAGE) -O1 -static -o $@ $<)

check-faults: build/whit build/test/player build/test/faults/faults build/test/faults/delays
	WHIT=$(CURDIR)/build/whit PLAYER=$(CURDIR)/build/test/player \
		build/test/faults/faults tests/faults/calls $(FAULTS_FLAGS)
	WHIT=$(CURDIR)/build/whit PLAYER=$(CURDIR)/build/test/player \
		build/test/faults/delays $(FAULTS_SCHEDULES) $(SEED)

check-faults-short:
	$(MAKE) check-faults FAULTS_FLAGS=--short FAULTS_SCHEDULES=100

.PHONY: check-faults check-faults-short

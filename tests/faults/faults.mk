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

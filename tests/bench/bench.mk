# Figures, not a test: the tables of tests/bench/README.md for this machine. The options are in
# tests/bench/run.sh; BEFORE=PATH measures another whit in the same run.
# The floor and the empty command are freestanding, so that only the init's own cost shows.
FREESTANDING = $(LANGUAGE) -Os -ffreestanding -fno-pie -fno-stack-protector \
	-fno-asynchronous-unwind-tables -nostdlib -static -no-pie -s -Wl,--build-id=none \
	-Wl,-z,noseparate-code -Wl,-z,norelro -Wl,-z,noexecstack
BENCH_PROGRAMS = $(addprefix build/bench/,measure command floor empty)

build/bench/floor build/bench/empty: build/bench/%: tests/bench/%.c tests/bench/freestanding.h \
		build/flags
	$(call run,TEST_CC $<,$(TEST_CC) $(FREESTANDING) -o $@ $<)

# Static, so that its own start costs little.
build/bench/command: tests/bench/command.c tests/bench/command.h build/flags
	$(call run,CC $<,$(CC) $(LANGUAGE) -Os -static -s -o $@ $<)

build/bench/measure: $(patsubst %,build/test/bench/%.o,measure returns subject trace)
	$(call run,LD $@,$(TEST_CC) $(TEST_CFLAGS) -o $@ $^)

build/bench/returns: $(patsubst %,build/test/bench/%.o,returns_check returns subject trace)
	$(call run,LD $@,$(TEST_CC) $(TEST_CFLAGS) -o $@ $^)

bench: build/whit $(BENCH_PROGRAMS)
	tests/bench/run.sh build/bench build/whit

# What a command leaves behind: the last table of the bench.
bench-leave: build/whit build/bench/command
	tests/bench/leave.sh build/bench build/whit

# No return for a signal or an orphan may lie behind a system call: tests/bench/returns.h. Only LTO puts
# the system calls into one function. 77: not counted on this machine, or not by this user.
check-returns: build/whit build/bench/returns build/bench/command
ifdef LTO
	build/bench/returns build/whit || test $$? = 77
else
	@echo 'check-returns: built without LTO: not counted'
endif

.PHONY: bench bench-leave check-returns

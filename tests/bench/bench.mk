# Figures, not a test: the tables of the README, measured on this machine. tests/bench/run.sh has options.
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

build/bench/measure: $(patsubst %,build/test/bench/%.o,measure subject trace)
	$(call run,LD $@,$(TEST_CC) $(TEST_CFLAGS) -o $@ $^)

bench: build/whit $(BENCH_PROGRAMS)
	tests/bench/run.sh build/bench build/whit

.PHONY: bench

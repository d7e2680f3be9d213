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

# The diagnosis of files that could not be run, with arbitrary bytes, under sanitizers. The same seed
# gives the same inputs; FUZZ_SEED=$RANDOM tries others.
FUZZ_SEED ?= 1
FUZZ_MUTANTS ?= 7000
FUZZ_SECONDS ?= 60
FUZZ_CC ?= clang
FUZZ_SOURCES = tests/fuzz/diagnosis.c $(addprefix src/,diagnosis/exec_failure.c diagnosis/exec_elf.c \
	command/exec_image.c command/exec_search.c base/error_text.c base/line.c base/number.c)
FUZZ_FLAGS = $(filter-out -MMD -MP,$(TEST_FLAGS)) $(TEST_CFLAGS) $(SANITIZERS)
# An empty directory to run in, in memory if possible: a disk is much slower.
IN_SCRATCH = scratch=$$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d) && \
	trap 'rm -rf "$$scratch"' EXIT && cd "$$scratch" &&
FUZZ_NEEDS = $(FUZZ_SOURCES) $(wildcard include/*/*.h tests/fuzz/*.h) build/flags

build/test/fuzz/runner: tests/fuzz/runner.c $(FUZZ_NEEDS)
	$(call run,TEST_CC $<,$(TEST_CC) $(FUZZ_FLAGS) -o $@ $(filter %.c,$^))

check-fuzz: build/test/fuzz/runner
	$(IN_SCRATCH) $(CURDIR)/$< $(FUZZ_SEED) $(FUZZ_MUTANTS) $(CURDIR)/tests/fuzz/corpus \
		$(CURDIR)/build/test/fuzz/broken-input

build/test/fuzz/diagnosis: $(FUZZ_NEEDS)
	$(call run,FUZZ_CC $<,$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $(filter %.c,$^))

# libFuzzer: packages clang and libclang-rt-14-dev. The inputs that it finds stay in build.
fuzz: build/test/fuzz/diagnosis
	@mkdir -p build/test/fuzz/found
	$(IN_SCRATCH) $(CURDIR)/$< -max_total_time=$(FUZZ_SECONDS) -max_len=6144 -timeout=30 -print_final_stats=1 \
		-artifact_prefix=$(CURDIR)/build/test/fuzz/broken- $(CURDIR)/build/test/fuzz/found \
		$(CURDIR)/tests/fuzz/corpus

.PHONY: check-fuzz fuzz

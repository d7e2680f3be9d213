# All tests but fuzzing, which always has sanitizers. gcc's sanitizer for addresses is a dynamic library,
# so the tests that need a static whit run with a second one, in which undefined behaviour is an illegal
# instruction. Reports go to files, since a test may not look at stderr; each file is a failure. There is
# no search for leaks: whit allocates nothing, and the search hangs where wait4 is refused.
# tests/sanitizers/clone.c tells the sanitizer for addresses about the shared stack.
SANITIZERS = -fsanitize=address,undefined -fno-sanitize-recover=all
REPORTS = $(CURDIR)/build/sanitized/reports
SANITIZED = -O1 -g -fno-omit-frame-pointer $(SANITIZERS)
SANITIZED_MAKE = UBSAN_OPTIONS=print_stacktrace=1 $(MAKE) -C build/sanitized CC=gcc LTO= \
	CFLAGS='$(SANITIZED)' OUR_LDFLAGS= \
	LDFLAGS='-no-pie -iquote include -Wl,--wrap=clone tests/sanitizers/clone.c'
TRAPPING = -O1 -g -fsanitize=undefined -fsanitize-undefined-trap-on-error

check-sanitized: build/sanitized/Makefile build/trapping/Makefile
	rm -rf $(REPORTS) && mkdir -m 1777 $(REPORTS)
	$(SANITIZED_MAKE) TEST_CFLAGS='$(SANITIZED)' check-unit
	WHIT_IS_DYNAMIC=1 ASAN_OPTIONS=log_path=$(REPORTS)/address:disable_coredump=0:detect_leaks=0 \
		$(SANITIZED_MAKE) TEST_CFLAGS='$(TEST_CFLAGS)' check-integration
	@cat $(REPORTS)/* 2>/dev/null; rmdir $(REPORTS)
	$(MAKE) -C build/trapping LTO= CFLAGS='$(TRAPPING)' TEST_CFLAGS='$(TEST_CFLAGS)' \
		check-integration

.PHONY: check-sanitized

# All tests but fuzzing, which has sanitizers anyhow. Those of gcc for addresses are dynamic libraries,
# so what only a static whit can do is left to a second one, where undefined behaviour is an illegal
# instruction, which needs no library. A report that no test looks at is a file, and a failure too. There
# is no search for leaks in whit: it allocates nothing, and the search hangs where wait4 is refused.
# tests/sanitizers/clone.c has what the sanitizer for addresses has to be told.
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

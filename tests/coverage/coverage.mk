# The lines and branches that no test runs, against the list of those that cannot or need not be run.
# whit is static here too, for the tests in empty roots. It calls libc's execve: gcov's would write the
# counts from the memory that whit and the starting command share.
COVERED = -O0 -g --coverage -fno-builtin-execve -DCOUNTS=$(CURDIR)/build/coverage -iquote tests
COVERAGE = $(MAKE) -C build/coverage CC=gcc LTO= CFLAGS='$(COVERED)' OUR_LDFLAGS=-static \
	LDFLAGS=tests/coverage/end.c
coverage: build/coverage/Makefile
	find build/coverage/ -name '*.gcda' -delete
	umask 0 && $(COVERAGE) TEST_CFLAGS='$(COVERED)' \
		TEST_LDFLAGS='-Wl,--wrap=_exit tests/coverage/exit.c' check-unit
	umask 0 && $(COVERAGE) TEST_CFLAGS='$(TEST_CFLAGS)' check-integration
	tests/coverage/report.sh build/coverage tests/coverage/uncovered.txt

.PHONY: coverage

# What the tests run and what not, line by line and branch by branch, against the list of what cannot be
# or need not be run. The counts are of a static whit, for the roots where there is nothing else. Its
# execve is libc's: gcov's would write the counts from the memory that whit and the command share.
COVERED = -O0 -g --coverage -fno-builtin-execve -DCOUNTS=$(CURDIR)/build/coverage -iquote tests
COVERAGE = $(MAKE) -C build/coverage CC=gcc LTO= CFLAGS='$(COVERED)' OUR_LDFLAGS=-static \
	LDFLAGS=tests/coverage/end.c
coverage: build/coverage/Makefile
	find build/coverage/ -name '*.gcda' -delete
	umask 0 && $(COVERAGE) TEST_CFLAGS='$(COVERED)' \
		TEST_LDFLAGS='-Wl,--wrap=_exit tests/coverage/exit.c' check-unit
	umask 0 && $(COVERAGE) TEST_CFLAGS='$(TEST_CFLAGS)' check-integration
	tests/coverage/report.sh build/coverage tests/coverage/uncovered.txt

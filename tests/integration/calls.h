/*
 * The README's table of system calls, taken at its word: a filter that kills whit for any other. It
 * is for whit alone, told from what it runs by where its code is.
 */
#ifndef WHIT_TESTS_CALLS_H
#define WHIT_TESTS_CALLS_H

#include <linux/filter.h>
#include <stdbool.h>

#define CALLS_STEPS_MAX 256

struct calls_filter {
	struct sock_filter steps[CALLS_STEPS_MAX];
	unsigned short count; /* 0: there is none */
};

/* Whether the table is about this program: it is of x86-64, with musl. */
bool calls_are_of(const char *program);

/*
 * Reads the first column of the table; fails the test if there is none, or if it has a call that
 * this file does not know.
 */
void calls_read(const char *readme, struct calls_filter *ret_filter);

/* Puts this process under the filter, for good. False with errno where the kernel refuses. */
bool calls_restrict(const struct calls_filter *filter);

#endif

/*
 * Counts the returns of an init whose call lies before its latest system call. Exact, as trace.h.
 *
 * A processor predicts where a return goes from its own stack of return addresses. After a system
 * call the kernel may have left other addresses there: on AMD with the mitigation "Safe RET"
 * (spec_rstack_overflow) such a return costs 255 to 450 ns, more than the system call. On an Intel
 * Xeon it costs nothing that can be measured. `returns --cost` tells for this machine.
 */
#ifndef WHIT_TESTS_BENCH_RETURNS_H
#define WHIT_TESTS_BENCH_RETURNS_H

#include <stdbool.h>

struct returns {
	int late;  /* whose call lies before the latest system call */
	int calls; /* system calls */
};

/* On x86-64, where whit makes its own system calls. Elsewhere nothing is counted. */
bool returns_can_be_counted(void);

/* Of each signal forwarded, from the return of one blocking call to the next blocking call. */
void returns_of_signal(const char *name, const char *const *words, struct returns *ret_returns);

/* Of each single orphan reaped, likewise. */
void returns_of_orphan(const char *name, const char *const *words, struct returns *ret_returns);

#endif

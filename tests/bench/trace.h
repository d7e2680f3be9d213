/* Counts system calls of one init. Slow, and exact: a count is the same in every run. */
#ifndef WHIT_TESTS_BENCH_TRACE_H
#define WHIT_TESTS_BENCH_TRACE_H

#include "subject.h"

/* What trace_await_zombies can wait for. */
#define TRACE_ZOMBIES_MAX 1000

struct trace_start {
	int until_exec;   /* the init's up to its fork, and the new process's up to its exec */
	int before_block; /* the init's before it blocks signals; -1: it never does */
};

/* Of the words' own start. */
void trace_start(const char *name, const char *const *words, struct trace_start *ret_calls);

/* Per signal forwarded, each sent when the last one has been dealt with. */
double trace_signals(const char *name, const char *const *words, int signals);

/* Per orphan reaped, each of which ends when the last one has been reaped. */
double trace_single_orphans(const char *name, const char *const *words, int orphans);

/* Per orphan reaped, where all are zombies before the init may look at the first. */
double trace_backlog(const char *name, const char *const *words, int orphans);

/* Stops a sleeping init where it stands, without a signal, and lets it go on. */
void trace_hold(const struct subject *subject);
void trace_release(const struct subject *subject);

/*
 * Waits until a held init has, beside the command and LIVE others, COUNT more children that are
 * zombies; they come last in the kernel's list.
 */
void trace_await_zombies(const struct subject *subject, int live, int count);

#endif

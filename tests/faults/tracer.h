/*
 * strace(1) on whit alone: it is held back just before its exec until strace has been attached from
 * outside, which is the only way to trace a PID 1, and to see its calls from the first one on.
 */
#ifndef WHIT_TESTS_TRACER_H
#define WHIT_TESTS_TRACER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

enum traced {
	TRACED_WHIT,    /* it alone */
	TRACED_STARTED, /* and the process that it starts, in a file of its own */
};

/*
 * strace counts a call's occurrences in each process apart, so the first one of the started process
 * would be whit's first one too. To fail it there alone, whit's process makes that many such calls
 * beforehand, which do nothing.
 */
struct burn {
	const char *call; /* NULL: none */
	int count;
};

/* Shared with whit's process, which waits there. */
struct gate {
	_Atomic unsigned int is_open;
	_Atomic unsigned int is_reached;
	struct burn burn;
};

struct tracer {
	struct gate *gate;
	char directory[64];
	pid_t strace;
	int messages; /* strace's own */
};

/* Whether strace can be run, and trace; says so if not. */
bool tracer_is_there(void);

/* Makes the gate and a directory; before the run starts. */
void tracer_make(struct tracer *tracer, struct burn burn);

/* In whit's process, as the last thing before its exec. */
void tracer_wait_at_gate(struct gate *gate);

/* Waits until whit's process is there. */
void tracer_wait_until_reached(struct tracer *tracer);

/* Attaches strace with these further words, up to a NULL, to the process at the gate, and opens it.
 */
void tracer_attach(struct tracer *tracer, pid_t whit, enum traced traced, const char *const *words);

/* Waits for strace's end, which comes when those that it follows have ended. */
void tracer_wait(struct tracer *tracer);

/* The trace of that process, or with STARTED of the other one; NULL where there is none. */
FILE *tracer_open(const struct tracer *tracer, pid_t whit, enum traced whose);

/* Removes what tracer_make made. */
void tracer_remove(struct tracer *tracer);

#endif

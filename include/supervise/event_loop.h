/* Where whit waits: the signalfd. Deaths arrive there too, as SIGCHLD. */
#ifndef WHIT_SUPERVISE_EVENT_LOOP_H
#define WHIT_SUPERVISE_EVENT_LOOP_H

#include "base/clock.h"
#include "signals/signal_set.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/signalfd.h>

/* Records read at once: enough that a burst costs few reads, little enough that reaping comes soon.
 */
#define EVENT_LOOP_BATCH 32

/* All but the descriptor is empty at the start. */
struct event_loop {
	int signal_fd;
	unsigned int full_batches;  /* in a row */
	struct signal_set left_out; /* of the next batch */
	bool has_left_out;
};

struct event_batch {
	struct signalfd_siginfo records[EVENT_LOOP_BATCH]; /* lowest signal first: signal(7) */
	size_t count;
};

/*
 * Waits until there is a signal or the deadline has come, whichever is first. Without a deadline
 * and a signal this never returns, and whit does not wake. The count is 0 if there is no signal;
 * also if the read failed, which signalfd(2) does not foresee. A flood of some signals does not
 * keep the others away for ever; what is left out for that is returned by a later call.
 */
void event_loop_wait(
	struct event_loop *loop, const struct deadline *deadline, struct event_batch *ret_batch);

#endif

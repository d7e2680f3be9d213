/* Where whit waits: the signalfd (deaths arrive there too, as SIGCHLD), pidfds, and the clock. */
#pragma once

#include "base/clock.h"
#include <poll.h>
#include <sys/signalfd.h>

/* Records read at once: a burst costs few reads, and reaping comes soon. */
#define EVENT_LOOP_BATCH 64

/* How many processes that joined are watched at once. The others are, when these have ended. */
#define EVENT_LOOP_JOINED 32

/* What is polled, by its place. A descriptor of -1 is none. */
enum event_loop_place {
	EVENT_LOOP_SIGNALS,
	EVENT_LOOP_PARENT,       /* a pidfd: supervise/outsiders.c */
	EVENT_LOOP_FIRST_JOINED, /* joined_count pidfds */
	EVENT_LOOP_PLACES = EVENT_LOOP_FIRST_JOINED + EVENT_LOOP_JOINED,
};

struct event_loop {
	struct pollfd fds[EVENT_LOOP_PLACES];
	size_t joined_count;
	bool is_nonblocking; /* the signalfd */
};

/* Makes a loop of the signalfd alone, which must be blocking. */
void event_loop_init(struct event_loop *loop, int signal_fd);

/* Waits for signals, for the end of a pidfd's process (its revents tell), or for the deadline.
 * Without any of them whit does not wake. Returns the count of records, lowest signal first
 * (signal(7)); 0 if there is no signal. */
size_t event_loop_wait(struct event_loop *loop, const struct deadline *deadline,
	struct signalfd_siginfo ret_records[EVENT_LOOP_BATCH]);

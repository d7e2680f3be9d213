/*
 * The way to the end, as decisions: what is to be done when the command is told to stop, when it
 * has ended, when time is over. Pure: who waits, sends and reaps is the supervisor.
 */
#ifndef WHIT_SUPERVISE_SHUTDOWN_H
#define WHIT_SUPERVISE_SHUTDOWN_H

#include "base/clock.h"

#include <stdbool.h>
#include <stdint.h>

enum shutdown_state {
	SHUTDOWN_STATE_RUNNING,  /* nobody has asked for an end */
	SHUTDOWN_STATE_STOPPING, /* the command was told to stop; -k's clock runs */
	SHUTDOWN_STATE_KILLED,   /* it has not, and was killed; its end is still to come */
	SHUTDOWN_STATE_DRAINING, /* the command has ended; -d's clock runs for the rest */
	SHUTDOWN_STATE_KILLING,  /* the rest was killed; its end is still to come */
	SHUTDOWN_STATE_OVER,
};

#define SHUTDOWN_STATE_COUNT (SHUTDOWN_STATE_OVER + 1)

enum shutdown_event {
	SHUTDOWN_EVENT_TOLD_TO_STOP,  /* a stop signal was passed on */
	SHUTDOWN_EVENT_COMMAND_ENDED, /* or, paused, whit was told to end */
	SHUTDOWN_EVENT_SOME_REAPED,   /* and somebody is left */
	SHUTDOWN_EVENT_NOBODY_LEFT,
	SHUTDOWN_EVENT_DEADLINE,
};

#define SHUTDOWN_EVENT_COUNT (SHUTDOWN_EVENT_DEADLINE + 1)

enum shutdown_action {
	SHUTDOWN_ACTION_NONE,
	SHUTDOWN_ACTION_KILL_COMMAND,
	SHUTDOWN_ACTION_STOP_REST, /* TERM and CONT to all the rest */
	SHUTDOWN_ACTION_KILL_REST,
	SHUTDOWN_ACTION_GIVE_UP, /* and end */
	SHUTDOWN_ACTION_END,
};

/* A time that was asked for with -d or -k. */
struct shutdown_limit {
	bool is_set;
	int64_t duration_ms;
};

struct shutdown {
	struct shutdown_limit drain;
	struct shutdown_limit kill_after;
	enum shutdown_state state;
	struct deadline give_up;  /* on those who were killed; valid only while killing */
	struct deadline deadline; /* when SHUTDOWN_EVENT_DEADLINE is due */
};

/*
 * How long to wait until processes that were killed are looked for again, in milliseconds: only
 * where one has escaped by forking, and only if nobody's end says so before.
 */
#define SHUTDOWN_KILL_AGAIN_MS 50

/*
 * How long nobody may end after the rest was killed, in milliseconds, until whit ends without it:
 * one who cannot be killed (another user's, or stuck in the kernel) must not keep it for ever.
 */
#define SHUTDOWN_GIVE_UP_MS 2000

/* Takes an event; changes state and deadline, and returns what is to be done now. */
enum shutdown_action shutdown_step(
	struct shutdown *shutdown, enum shutdown_event event, int64_t now_ms);

#endif

/* The way to the end, as decisions: what to do when the command is told to stop, when it has ended,
 * when time is over. Pure: the supervisor waits, sends and reaps. */
#pragma once

#include "base/clock.h"

enum shutdown_state {
	SHUTDOWN_STATE_RUNNING,  /* no stop signal so far */
	SHUTDOWN_STATE_STOPPING, /* the command was told to stop; the clock of -k runs */
	SHUTDOWN_STATE_KILLED,   /* it has not stopped, and was killed; its end is still to come */
	SHUTDOWN_STATE_DRAINING, /* the command has ended; the remaining processes may finish */
	SHUTDOWN_STATE_KILLING,  /* they were killed; their end is still to come */
	SHUTDOWN_STATE_OVER,
};

enum shutdown_event {
	SHUTDOWN_EVENT_TOLD_TO_STOP,  /* a stop signal was forwarded */
	SHUTDOWN_EVENT_COMMAND_ENDED, /* or, paused, whit was told to end */
	SHUTDOWN_EVENT_SIGNALLED,     /* the action on the remaining processes has been done */
	SHUTDOWN_EVENT_OUT_OF_REACH,  /* it could reach none of them */
	SHUTDOWN_EVENT_NONE_LEFT,
	SHUTDOWN_EVENT_DEADLINE,
};

enum shutdown_action {
	SHUTDOWN_ACTION_NONE,
	SHUTDOWN_ACTION_KILL_COMMAND,
	SHUTDOWN_ACTION_STOP_REMAINING, /* TERM and CONT to the remaining processes */
	SHUTDOWN_ACTION_KILL_REMAINING, /* both lead to SIGNALLED, or OUT_OF_REACH */
	SHUTDOWN_ACTION_GIVE_UP,        /* and end */
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
	struct deadline deadline; /* when SHUTDOWN_EVENT_DEADLINE is due */
	struct deadline give_up;  /* on killed processes; set once */
	int64_t kill_again_ms;
};

/* After the first KILL, until a search for processes that escaped it by forking; then doubled. */
#define SHUTDOWN_KILL_AGAIN_MS 50

/* How long the remaining processes have to end after the first KILL. Those that cannot be killed
 * (another user's, or stuck in the kernel) must not keep whit for ever. */
#define SHUTDOWN_GIVE_UP_MS 2000

/* Takes an event, changes state and deadline, and returns what is to be done now. */
enum shutdown_action shutdown_step(
	struct shutdown *shutdown, enum shutdown_event event, int64_t now_ms);

/* What each event leads to on the way to the end. Makes no system call. */
#include "supervise/shutdown.h"

static enum shutdown_action go_to(
	struct shutdown *shutdown, enum shutdown_state state, enum shutdown_action action)
{
	shutdown->state = state;
	shutdown->deadline.is_set = false;
	return action;
}

/* KILL again after 50, 100, 200 ms and so on, but give up in time. */
static void set_kill_clocks(struct shutdown *shutdown, int64_t now_ms)
{
	if (!shutdown->give_up.is_set) {
		shutdown->give_up = deadline_after(now_ms, SHUTDOWN_GIVE_UP_MS);
		shutdown->kill_again_ms = SHUTDOWN_KILL_AGAIN_MS;
	}
	shutdown->deadline = deadline_after(now_ms, shutdown->kill_again_ms);
	if (deadline_has_come(&shutdown->give_up, shutdown->deadline.at_ms))
		shutdown->deadline = shutdown->give_up;
	shutdown->kill_again_ms *= 2;
}

enum shutdown_action shutdown_step(
	struct shutdown *shutdown, enum shutdown_event event, int64_t now_ms)
{
	bool is_draining = shutdown->state == SHUTDOWN_STATE_DRAINING;
	bool is_killing = shutdown->state == SHUTDOWN_STATE_KILLING;

	switch (event) {
	case SHUTDOWN_EVENT_TOLD_TO_STOP: /* the clock runs since the first time */
		if (shutdown->state != SHUTDOWN_STATE_RUNNING || !shutdown->kill_after.is_set)
			break;
		shutdown->state = SHUTDOWN_STATE_STOPPING;
		shutdown->deadline = deadline_after(now_ms, shutdown->kill_after.duration_ms);
		break;
	case SHUTDOWN_EVENT_COMMAND_ENDED:
		if (shutdown->state >= SHUTDOWN_STATE_DRAINING) break;
		if (shutdown->drain.is_set)
			return go_to(
				shutdown, SHUTDOWN_STATE_DRAINING, SHUTDOWN_ACTION_STOP_REMAINING);
		return go_to(shutdown, SHUTDOWN_STATE_OVER, SHUTDOWN_ACTION_END);
	case SHUTDOWN_EVENT_SIGNALLED: /* the clocks start now: to signal many may take long */
		if (is_draining)
			shutdown->deadline = deadline_after(now_ms, shutdown->drain.duration_ms);
		else if (is_killing)
			set_kill_clocks(shutdown, now_ms);
		break;
	case SHUTDOWN_EVENT_OUT_OF_REACH:
		if (is_killing)
			return go_to(shutdown, SHUTDOWN_STATE_OVER, SHUTDOWN_ACTION_GIVE_UP);
		break;
	case SHUTDOWN_EVENT_NONE_LEFT: /* else there is the command, or the pause */
		if (is_draining || is_killing)
			return go_to(shutdown, SHUTDOWN_STATE_OVER, SHUTDOWN_ACTION_END);
		break;
	case SHUTDOWN_EVENT_DEADLINE:
		if (shutdown->state == SHUTDOWN_STATE_STOPPING)
			return go_to(shutdown, SHUTDOWN_STATE_KILLED, SHUTDOWN_ACTION_KILL_COMMAND);
		if (is_killing && deadline_has_come(&shutdown->give_up, now_ms))
			return go_to(shutdown, SHUTDOWN_STATE_OVER, SHUTDOWN_ACTION_GIVE_UP);
		if (is_draining || is_killing)
			return go_to(
				shutdown, SHUTDOWN_STATE_KILLING, SHUTDOWN_ACTION_KILL_REMAINING);
		break;
	}
	return SHUTDOWN_ACTION_NONE;
}

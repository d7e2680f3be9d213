/* States and events of the way to the end, each pair in its place. Makes no system call. */
#include "supervise/shutdown.h"

static enum shutdown_action go_to(
	struct shutdown *shutdown, enum shutdown_state state, enum shutdown_action action)
{
	shutdown->state = state;
	shutdown->deadline.is_set = false;
	return action;
}

/* The command has ended: the rest is let finish if -d says so, else the kernel ends it with whit.
 */
static enum shutdown_action drain_or_end(struct shutdown *shutdown, int64_t now_ms)
{
	if (!shutdown->drain.is_set)
		return go_to(shutdown, SHUTDOWN_STATE_OVER, SHUTDOWN_ACTION_END);
	(void)go_to(shutdown, SHUTDOWN_STATE_DRAINING, SHUTDOWN_ACTION_NONE);
	shutdown->deadline = deadline_after(now_ms, shutdown->drain.duration_ms);
	return SHUTDOWN_ACTION_STOP_REST;
}

static enum shutdown_action kill_rest(struct shutdown *shutdown, int64_t now_ms)
{
	(void)go_to(shutdown, SHUTDOWN_STATE_KILLING, SHUTDOWN_ACTION_NONE);
	shutdown->deadline = deadline_after(now_ms, SHUTDOWN_KILL_AGAIN_MS);
	return SHUTDOWN_ACTION_KILL_REST;
}

static enum shutdown_action begin_killing(struct shutdown *shutdown, int64_t now_ms)
{
	shutdown->give_up = deadline_after(now_ms, SHUTDOWN_GIVE_UP_MS);
	return kill_rest(shutdown, now_ms);
}

static enum shutdown_action step_running(
	struct shutdown *shutdown, enum shutdown_event event, int64_t now_ms)
{
	switch (event) {
	case SHUTDOWN_EVENT_TOLD_TO_STOP:
		if (shutdown->kill_after.is_set) {
			shutdown->state = SHUTDOWN_STATE_STOPPING;
			shutdown->deadline =
				deadline_after(now_ms, shutdown->kill_after.duration_ms);
		}
		return SHUTDOWN_ACTION_NONE;
	case SHUTDOWN_EVENT_COMMAND_ENDED:
		return drain_or_end(shutdown, now_ms);
	case SHUTDOWN_EVENT_SOME_REAPED:
	case SHUTDOWN_EVENT_NOBODY_LEFT: /* there is the command, or the pause */
	case SHUTDOWN_EVENT_DEADLINE:    /* there is none */
		return SHUTDOWN_ACTION_NONE;
	}
	return SHUTDOWN_ACTION_NONE;
}

static enum shutdown_action step_stopping(
	struct shutdown *shutdown, enum shutdown_event event, int64_t now_ms)
{
	switch (event) {
	case SHUTDOWN_EVENT_COMMAND_ENDED:
		return drain_or_end(shutdown, now_ms);
	case SHUTDOWN_EVENT_DEADLINE:
		return go_to(shutdown, SHUTDOWN_STATE_KILLED, SHUTDOWN_ACTION_KILL_COMMAND);
	case SHUTDOWN_EVENT_TOLD_TO_STOP: /* the clock runs since the first */
	case SHUTDOWN_EVENT_SOME_REAPED:
	case SHUTDOWN_EVENT_NOBODY_LEFT:
		return SHUTDOWN_ACTION_NONE;
	}
	return SHUTDOWN_ACTION_NONE;
}

static enum shutdown_action step_killed(
	struct shutdown *shutdown, enum shutdown_event event, int64_t now_ms)
{
	switch (event) {
	case SHUTDOWN_EVENT_COMMAND_ENDED:
		return drain_or_end(shutdown, now_ms);
	case SHUTDOWN_EVENT_TOLD_TO_STOP:
	case SHUTDOWN_EVENT_SOME_REAPED:
	case SHUTDOWN_EVENT_NOBODY_LEFT:
	case SHUTDOWN_EVENT_DEADLINE:
		return SHUTDOWN_ACTION_NONE;
	}
	return SHUTDOWN_ACTION_NONE;
}

static enum shutdown_action step_draining(
	struct shutdown *shutdown, enum shutdown_event event, int64_t now_ms)
{
	switch (event) {
	case SHUTDOWN_EVENT_NOBODY_LEFT:
		return go_to(shutdown, SHUTDOWN_STATE_OVER, SHUTDOWN_ACTION_END);
	case SHUTDOWN_EVENT_DEADLINE:
		return begin_killing(shutdown, now_ms);
	case SHUTDOWN_EVENT_TOLD_TO_STOP: /* it went to all the rest */
	case SHUTDOWN_EVENT_COMMAND_ENDED:
	case SHUTDOWN_EVENT_SOME_REAPED:
		return SHUTDOWN_ACTION_NONE;
	}
	return SHUTDOWN_ACTION_NONE;
}

static enum shutdown_action step_killing(
	struct shutdown *shutdown, enum shutdown_event event, int64_t now_ms)
{
	switch (event) {
	case SHUTDOWN_EVENT_NOBODY_LEFT:
		return go_to(shutdown, SHUTDOWN_STATE_OVER, SHUTDOWN_ACTION_END);
	case SHUTDOWN_EVENT_SOME_REAPED: /* one may have left a child that has just come to us */
		return begin_killing(shutdown, now_ms);
	case SHUTDOWN_EVENT_DEADLINE:
		if (deadline_has_come(&shutdown->give_up, now_ms))
			return go_to(shutdown, SHUTDOWN_STATE_OVER, SHUTDOWN_ACTION_GIVE_UP);
		return kill_rest(shutdown, now_ms);
	case SHUTDOWN_EVENT_TOLD_TO_STOP:
	case SHUTDOWN_EVENT_COMMAND_ENDED:
		return SHUTDOWN_ACTION_NONE;
	}
	return SHUTDOWN_ACTION_NONE;
}

enum shutdown_action shutdown_step(
	struct shutdown *shutdown, enum shutdown_event event, int64_t now_ms)
{
	switch (shutdown->state) {
	case SHUTDOWN_STATE_RUNNING:
		return step_running(shutdown, event, now_ms);
	case SHUTDOWN_STATE_STOPPING:
		return step_stopping(shutdown, event, now_ms);
	case SHUTDOWN_STATE_KILLED:
		return step_killed(shutdown, event, now_ms);
	case SHUTDOWN_STATE_DRAINING:
		return step_draining(shutdown, event, now_ms);
	case SHUTDOWN_STATE_KILLING:
		return step_killing(shutdown, event, now_ms);
	case SHUTDOWN_STATE_OVER:
		return SHUTDOWN_ACTION_NONE;
	}
	return SHUTDOWN_ACTION_NONE;
}

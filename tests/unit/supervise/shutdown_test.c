#include "supervise/shutdown.h"

#include "unit/support.h"

#include <inttypes.h>

#define SHUTDOWN_STATE_COUNT (SHUTDOWN_STATE_OVER + 1)
#define SHUTDOWN_EVENT_COUNT (SHUTDOWN_EVENT_DEADLINE + 1)

#define RUNNING  SHUTDOWN_STATE_RUNNING
#define STOPPING SHUTDOWN_STATE_STOPPING
#define KILLED   SHUTDOWN_STATE_KILLED
#define DRAINING SHUTDOWN_STATE_DRAINING
#define KILLING  SHUTDOWN_STATE_KILLING
#define OVER     SHUTDOWN_STATE_OVER

#define TOLD         SHUTDOWN_EVENT_TOLD_TO_STOP
#define ENDED        SHUTDOWN_EVENT_COMMAND_ENDED
#define SIGNALLED    SHUTDOWN_EVENT_SIGNALLED
#define OUT_OF_REACH SHUTDOWN_EVENT_OUT_OF_REACH
#define NONE_LEFT    SHUTDOWN_EVENT_NONE_LEFT
#define DUE          SHUTDOWN_EVENT_DEADLINE

#define NOTHING      SHUTDOWN_ACTION_NONE
#define KILL_COMMAND SHUTDOWN_ACTION_KILL_COMMAND
#define STOP_THEM    SHUTDOWN_ACTION_STOP_REMAINING
#define KILL_THEM    SHUTDOWN_ACTION_KILL_REMAINING
#define GIVE_UP      SHUTDOWN_ACTION_GIVE_UP
#define END          SHUTDOWN_ACTION_END

static const char *const state_names[] = {
	[RUNNING] = "running",
	[STOPPING] = "stopping",
	[KILLED] = "killed",
	[DRAINING] = "draining",
	[KILLING] = "killing",
	[OVER] = "over",
};

static const char *const event_names[] = {
	[TOLD] = "told to stop",
	[ENDED] = "command ended",
	[SIGNALLED] = "signalled",
	[OUT_OF_REACH] = "out of reach",
	[NONE_LEFT] = "none left",
	[DUE] = "deadline",
};

static const char *const action_names[] = {
	[NOTHING] = "nothing",
	[KILL_COMMAND] = "kill the command",
	[STOP_THEM] = "stop the remaining processes",
	[KILL_THEM] = "kill the remaining processes",
	[GIVE_UP] = "give up",
	[END] = "end",
};

_Static_assert(COUNT(state_names) == SHUTDOWN_STATE_COUNT, "a name for each state");
_Static_assert(COUNT(event_names) == SHUTDOWN_EVENT_COUNT, "a name for each event");

#define NOW_MS        INT64_C(1000000)
#define DRAIN_MS      INT64_C(30000)
#define KILL_AFTER_MS INT64_C(2500)

/* What becomes of the deadline. */
enum clock {
	CLOCK_KEPT, /* the one there was, if any */
	CLOCK_NONE,
	CLOCK_DRAIN,      /* -d from now on */
	CLOCK_KILL_AFTER, /* -k from now on */
	CLOCK_KILL_AGAIN, /* the first search for processes that escaped */
};

/* When: with or without -d and -k, or also when killed processes have had their time. */
enum when {
	WHEN_ALWAYS,
	WHEN_DRAIN,
	WHEN_NO_DRAIN,
	WHEN_KILL_AFTER,
	WHEN_GIVE_UP_IS_DUE,
	WHEN_GIVE_UP_IS_NOT_DUE,
};

/* What is not in this table changes nothing. */
static const struct outcome {
	enum shutdown_state state;
	enum shutdown_event event;
	enum when when;
	enum shutdown_action action;
	enum shutdown_state next_state;
	enum clock clock;
} outcomes[] = {
	{RUNNING, TOLD, WHEN_KILL_AFTER, NOTHING, STOPPING, CLOCK_KILL_AFTER},
	{RUNNING, ENDED, WHEN_NO_DRAIN, END, OVER, CLOCK_NONE},
	{RUNNING, ENDED, WHEN_DRAIN, STOP_THEM, DRAINING, CLOCK_NONE},
	{STOPPING, DUE, WHEN_ALWAYS, KILL_COMMAND, KILLED, CLOCK_NONE},
	{STOPPING, ENDED, WHEN_NO_DRAIN, END, OVER, CLOCK_NONE},
	{STOPPING, ENDED, WHEN_DRAIN, STOP_THEM, DRAINING, CLOCK_NONE},
	{KILLED, ENDED, WHEN_NO_DRAIN, END, OVER, CLOCK_NONE},
	{KILLED, ENDED, WHEN_DRAIN, STOP_THEM, DRAINING, CLOCK_NONE},
	{DRAINING, SIGNALLED, WHEN_ALWAYS, NOTHING, DRAINING, CLOCK_DRAIN},
	{DRAINING, NONE_LEFT, WHEN_ALWAYS, END, OVER, CLOCK_NONE},
	{DRAINING, DUE, WHEN_ALWAYS, KILL_THEM, KILLING, CLOCK_NONE},
	{KILLING, SIGNALLED, WHEN_GIVE_UP_IS_NOT_DUE, NOTHING, KILLING, CLOCK_KILL_AGAIN},
	{KILLING, OUT_OF_REACH, WHEN_ALWAYS, GIVE_UP, OVER, CLOCK_NONE},
	{KILLING, NONE_LEFT, WHEN_ALWAYS, END, OVER, CLOCK_NONE},
	{KILLING, DUE, WHEN_GIVE_UP_IS_NOT_DUE, KILL_THEM, KILLING, CLOCK_NONE},
	{KILLING, DUE, WHEN_GIVE_UP_IS_DUE, GIVE_UP, OVER, CLOCK_NONE},
};

static bool is_when(const struct shutdown *shutdown, enum when when)
{
	switch (when) {
	case WHEN_ALWAYS: return true;
	case WHEN_DRAIN: return shutdown->drain.is_set;
	case WHEN_NO_DRAIN: return !shutdown->drain.is_set;
	case WHEN_KILL_AFTER: return shutdown->kill_after.is_set;
	case WHEN_GIVE_UP_IS_DUE: return shutdown->give_up.is_set;
	case WHEN_GIVE_UP_IS_NOT_DUE: return !shutdown->give_up.is_set;
	}
	return false;
}

static struct outcome find_outcome(const struct shutdown *before, enum shutdown_event event)
{
	for (size_t i = 0; i < COUNT(outcomes); i++) {
		if (outcomes[i].state == before->state && outcomes[i].event == event &&
			is_when(before, outcomes[i].when))
			return outcomes[i];
	}
	return (struct outcome){.action = NOTHING, .next_state = before->state};
}

static struct deadline find_deadline(const struct shutdown *before, enum clock clock)
{
	switch (clock) {
	case CLOCK_KEPT: return before->deadline;
	case CLOCK_NONE: break;
	case CLOCK_DRAIN: return (struct deadline){true, NOW_MS + DRAIN_MS};
	case CLOCK_KILL_AFTER: return (struct deadline){true, NOW_MS + KILL_AFTER_MS};
	case CLOCK_KILL_AGAIN: return (struct deadline){true, NOW_MS + SHUTDOWN_KILL_AGAIN_MS};
	}
	return (struct deadline){.is_set = false};
}

static bool are_equal(const struct deadline *one, const struct deadline *other)
{
	return one->is_set == other->is_set && (!one->is_set || one->at_ms == other->at_ms);
}

static const char *deadline_text(const struct deadline *deadline, char buffer[32])
{
	if (!deadline->is_set) return "no deadline";
	(void)snprintf(buffer, 32, "deadline %" PRId64, deadline->at_ms);
	return buffer;
}

static void expect_step(const struct shutdown *before, enum shutdown_event event)
{
	struct shutdown after = *before;
	struct outcome expected = find_outcome(before, event);
	struct deadline deadline = find_deadline(before, expected.clock);
	enum shutdown_action action = shutdown_step(&after, event, NOW_MS);
	char expected_text[32], observed_text[32];

	/* When to give up is due already, a search may be no later than that. */
	if (before->state == KILLING && event == SIGNALLED && before->give_up.is_set)
		deadline = before->give_up;
	if (action != expected.action || after.state != expected.next_state ||
		!are_equal(&after.deadline, &deadline))
		fail_msg("%s%s%s%s, %s: expected '%s', %s, %s; observed '%s', %s, %s",
			state_names[before->state], before->drain.is_set ? " with -d" : "",
			before->kill_after.is_set ? " with -k" : "",
			before->give_up.is_set ? ", time to give up" : "", event_names[event],
			action_names[expected.action], state_names[expected.next_state],
			deadline_text(&deadline, expected_text), action_names[action],
			state_names[after.state], deadline_text(&after.deadline, observed_text));
}

static void each_event_in_each_state_does_what_the_table_says(void **state)
{
	(void)state;
	for (int settings = 0; settings < 8; settings++) {
		for (int from = 0; from < SHUTDOWN_STATE_COUNT; from++) {
			const struct shutdown before = {
				.drain = {.is_set = settings & 1, .duration_ms = DRAIN_MS},
				.kill_after = {.is_set = settings & 2,
					.duration_ms = KILL_AFTER_MS},
				.give_up = {.is_set = settings & 4, .at_ms = NOW_MS},
				.state = (enum shutdown_state)from,
				/* One that is kept is told from a new one. */
				.deadline = {.is_set = true, .at_ms = NOW_MS + 7},
			};

			for (int event = 0; event < SHUTDOWN_EVENT_COUNT; event++)
				expect_step(&before, (enum shutdown_event)event);
		}
	}
}

/* The course of things: an event, when, and what is expected of it. */
struct turn {
	enum shutdown_event event;
	int64_t now_ms;
	enum shutdown_action action;
	struct deadline deadline;
};

static void expect_turns(struct shutdown shutdown, const struct turn *turns, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct turn *turn = &turns[i];
		enum shutdown_action action = shutdown_step(&shutdown, turn->event, turn->now_ms);
		char expected_text[32], observed_text[32];

		if (action != turn->action || !are_equal(&shutdown.deadline, &turn->deadline))
			fail_msg("turn %zu, %s: expected '%s', %s; observed '%s', %s", i,
				event_names[turn->event], action_names[turn->action],
				deadline_text(&turn->deadline, expected_text), action_names[action],
				deadline_text(&shutdown.deadline, observed_text));
	}
}

/* clang-format off */
#define NO_DEADLINE {.is_set = false}
#define AT(ms) {.is_set = true, .at_ms = (ms)}
#define NO_LIMIT ((struct shutdown_limit){.is_set = false})
#define LIMIT(ms) ((struct shutdown_limit){.is_set = true, .duration_ms = (ms)})
#define TURNS(name, drain_limit, kill_after_limit, ...)                                            \
	static void name(void **state)                                                             \
	{                                                                                          \
		static const struct turn turns[] = {__VA_ARGS__};                                  \
                                                                                                   \
		(void)state;                                                                       \
		expect_turns((struct shutdown){.drain = drain_limit,                               \
				     .kill_after = kill_after_limit},                              \
			turns, COUNT(turns));                                                      \
	}

TURNS(without_limits_the_commands_end_is_the_end, NO_LIMIT, NO_LIMIT,
	{TOLD, 100, NOTHING, NO_DEADLINE},
	{ENDED, 300, END, NO_DEADLINE},
	{NONE_LEFT, 300, NOTHING, NO_DEADLINE})

/* To signal many may take long: until then there is no deadline. */
TURNS(a_drain_has_its_time_from_when_all_have_been_told, LIMIT(30000), LIMIT(5000),
	{TOLD, 1000, NOTHING, AT(6000)},
	/* The deadline of -k, which comes at that moment, does not cut the drain short. */
	{ENDED, 6000, STOP_THEM, NO_DEADLINE},
	{SIGNALLED, 8000, NOTHING, AT(38000)},
	{TOLD, 37999, NOTHING, AT(38000)},
	{NONE_LEFT, 37999, END, NO_DEADLINE})

TURNS(killed_processes_are_looked_for_again_after_twice_the_time_and_then_given_up, LIMIT(0),
	NO_LIMIT,
	{ENDED, 1000, STOP_THEM, NO_DEADLINE},
	{SIGNALLED, 1000, NOTHING, AT(1000)},
	{DUE, 1000, KILL_THEM, NO_DEADLINE},
	{SIGNALLED, 1010, NOTHING, AT(1060)},
	{DUE, 1060, KILL_THEM, NO_DEADLINE},
	{SIGNALLED, 1070, NOTHING, AT(1170)},
	{DUE, 1170, KILL_THEM, NO_DEADLINE},
	{SIGNALLED, 1170, NOTHING, AT(1370)},
	{DUE, 1370, KILL_THEM, NO_DEADLINE},
	{SIGNALLED, 1370, NOTHING, AT(1770)},
	{DUE, 1770, KILL_THEM, NO_DEADLINE},
	{SIGNALLED, 1770, NOTHING, AT(2570)},
	{DUE, 2570, KILL_THEM, NO_DEADLINE},
	/* Since the first time, so that processes that fork cannot put it off. */
	{SIGNALLED, 2570, NOTHING, AT(1010 + SHUTDOWN_GIVE_UP_MS)},
	{DUE, 1010 + SHUTDOWN_GIVE_UP_MS, GIVE_UP, NO_DEADLINE},
	{NONE_LEFT, 1011 + SHUTDOWN_GIVE_UP_MS, NOTHING, NO_DEADLINE})

TURNS(the_first_stop_signal_starts_the_clock_and_no_later_one_does_again, NO_LIMIT, LIMIT(5000),
	{TOLD, 1000, NOTHING, AT(6000)},
	{TOLD, 5999, NOTHING, AT(6000)},
	{DUE, 6000, KILL_COMMAND, NO_DEADLINE},
	{TOLD, 6001, NOTHING, NO_DEADLINE},
	{ENDED, 6003, END, NO_DEADLINE})

TURNS(no_time_at_all_is_due_at_once, LIMIT(0), LIMIT(0),
	{TOLD, 1000, NOTHING, AT(1000)},
	{DUE, 1000, KILL_COMMAND, NO_DEADLINE},
	{ENDED, 1001, STOP_THEM, NO_DEADLINE},
	{SIGNALLED, 1002, NOTHING, AT(1002)},
	{DUE, 1002, KILL_THEM, NO_DEADLINE},
	{NONE_LEFT, 1002, END, NO_DEADLINE})

#define LONGEST_MS (INT64_C(1000) * UINT32_MAX)

TURNS(the_longest_times_there_are_do_not_overflow, LIMIT(LONGEST_MS), LIMIT(LONGEST_MS),
	{TOLD, 1000, NOTHING, AT(1000 + LONGEST_MS)},
	{DUE, 1000 + LONGEST_MS, KILL_COMMAND, NO_DEADLINE},
	{ENDED, 1000 + LONGEST_MS, STOP_THEM, NO_DEADLINE},
	{SIGNALLED, 1000 + LONGEST_MS, NOTHING, AT(1000 + 2 * LONGEST_MS)})
/* clang-format on */

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_event_in_each_state_does_what_the_table_says),
		cmocka_unit_test(without_limits_the_commands_end_is_the_end),
		cmocka_unit_test(a_drain_has_its_time_from_when_all_have_been_told),
		cmocka_unit_test(
			killed_processes_are_looked_for_again_after_twice_the_time_and_then_given_up),
		cmocka_unit_test(
			the_first_stop_signal_starts_the_clock_and_no_later_one_does_again),
		cmocka_unit_test(no_time_at_all_is_due_at_once),
		cmocka_unit_test(the_longest_times_there_are_do_not_overflow),
	};

	return cmocka_run_group_tests_name("supervise/shutdown", tests, NULL, NULL);
}

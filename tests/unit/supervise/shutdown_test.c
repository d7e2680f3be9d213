#include "supervise/shutdown.h"

#include "unit/support.h"

#include "base/number.h"

#include <inttypes.h>

#define RUNNING  SHUTDOWN_STATE_RUNNING
#define STOPPING SHUTDOWN_STATE_STOPPING
#define KILLED   SHUTDOWN_STATE_KILLED
#define DRAINING SHUTDOWN_STATE_DRAINING
#define KILLING  SHUTDOWN_STATE_KILLING
#define OVER     SHUTDOWN_STATE_OVER

#define TOLD   SHUTDOWN_EVENT_TOLD_TO_STOP
#define ENDED  SHUTDOWN_EVENT_COMMAND_ENDED
#define REAPED SHUTDOWN_EVENT_SOME_REAPED
#define NOBODY SHUTDOWN_EVENT_NOBODY_LEFT
#define DUE    SHUTDOWN_EVENT_DEADLINE

#define NOTHING      SHUTDOWN_ACTION_NONE
#define KILL_COMMAND SHUTDOWN_ACTION_KILL_COMMAND
#define STOP_REST    SHUTDOWN_ACTION_STOP_REST
#define KILL_REST    SHUTDOWN_ACTION_KILL_REST
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
	[REAPED] = "some reaped",
	[NOBODY] = "nobody left",
	[DUE] = "deadline",
};

static const char *const action_names[] = {
	[NOTHING] = "nothing",
	[KILL_COMMAND] = "kill the command",
	[STOP_REST] = "stop the rest",
	[KILL_REST] = "kill the rest",
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
	CLOCK_NONE,       /* there is none */
	CLOCK_KEPT,       /* the one there was, if any */
	CLOCK_DRAIN,      /* -d from now on */
	CLOCK_KILL_AFTER, /* -k from now on */
	CLOCK_KILL_AGAIN, /* the look for those who have escaped */
};

struct outcome {
	enum shutdown_action action;
	enum shutdown_state state;
	enum clock clock;
};

#define STAYS(state)                                                                               \
	{                                                                                          \
		NOTHING, state, CLOCK_KEPT                                                         \
	}

/* Without -d and -k. */
static const struct outcome plain[SHUTDOWN_STATE_COUNT][SHUTDOWN_EVENT_COUNT] =
	{
		[RUNNING] =
			{
				[TOLD] = STAYS(RUNNING),
				[ENDED] = {END, OVER, CLOCK_NONE},
				[REAPED] = STAYS(RUNNING),
				[NOBODY] = STAYS(RUNNING),
				[DUE] = STAYS(RUNNING),
			},
		[STOPPING] =
			{
				[TOLD] = STAYS(STOPPING),
				[ENDED] = {END, OVER, CLOCK_NONE},
				[REAPED] = STAYS(STOPPING),
				[NOBODY] = STAYS(STOPPING),
				[DUE] = {KILL_COMMAND, KILLED, CLOCK_NONE},
			},
		[KILLED] =
			{
				[TOLD] = STAYS(KILLED),
				[ENDED] = {END, OVER, CLOCK_NONE},
				[REAPED] = STAYS(KILLED),
				[NOBODY] = STAYS(KILLED),
				[DUE] = STAYS(KILLED),
			},
		[DRAINING] =
			{
				[TOLD] = STAYS(DRAINING),
				[ENDED] = STAYS(DRAINING),
				[REAPED] = STAYS(DRAINING),
				[NOBODY] = {END, OVER, CLOCK_NONE},
				[DUE] = {KILL_REST, KILLING, CLOCK_KILL_AGAIN},
			},
		[KILLING] =
			{
				[TOLD] = STAYS(KILLING),
				[ENDED] = STAYS(KILLING),
				[REAPED] = {KILL_REST, KILLING, CLOCK_KILL_AGAIN},
				[NOBODY] = {END, OVER, CLOCK_NONE},
				[DUE] = {KILL_REST, KILLING, CLOCK_KILL_AGAIN},
			},
		[OVER] =
			{
				[TOLD] = STAYS(OVER),
				[ENDED] = STAYS(OVER),
				[REAPED] = STAYS(OVER),
				[NOBODY] = STAYS(OVER),
				[DUE] = STAYS(OVER),
			},
};

/* What -d changes of it. */
static const struct outcome drained = {STOP_REST, DRAINING, CLOCK_DRAIN};

/* What -k changes of it. */
static const struct outcome limited = {NOTHING, STOPPING, CLOCK_KILL_AFTER};

static struct outcome expected_outcome(
	const struct shutdown *before, enum shutdown_state state, enum shutdown_event event)
{
	if (before->drain.is_set && event == ENDED && state <= KILLED)
		return drained;
	if (before->kill_after.is_set && event == TOLD && state == RUNNING)
		return limited;
	return plain[state][event];
}

static struct deadline expected_deadline(const struct shutdown *before, enum clock clock)
{
	switch (clock) {
	case CLOCK_NONE:
		return (struct deadline){.is_set = false};
	case CLOCK_KEPT:
		return before->deadline;
	case CLOCK_DRAIN:
		return (struct deadline){true, NOW_MS + before->drain.duration_ms};
	case CLOCK_KILL_AFTER:
		return (struct deadline){true, NOW_MS + before->kill_after.duration_ms};
	case CLOCK_KILL_AGAIN:
		return (struct deadline){true, NOW_MS + SHUTDOWN_KILL_AGAIN_MS};
	}
	return (struct deadline){.is_set = false};
}

static bool deadlines_are_equal(const struct deadline *one, const struct deadline *other)
{
	return one->is_set == other->is_set && (!one->is_set || one->at_ms == other->at_ms);
}

static const char *deadline_text(const struct deadline *deadline, char buffer[32])
{
	if (!deadline->is_set)
		return "no deadline";
	(void)snprintf(buffer, 32, "deadline %" PRId64, deadline->at_ms);
	return buffer;
}

/* Which states wait for a time. */
static bool has_clock(enum shutdown_state state)
{
	switch (state) {
	case RUNNING:
	case KILLED:
	case OVER:
		return false;
	case STOPPING:
	case DRAINING:
	case KILLING:
		return true;
	}
	return false;
}

static bool limits_are_equal(const struct shutdown_limit *one, const struct shutdown_limit *other)
{
	return one->is_set == other->is_set && one->duration_ms == other->duration_ms;
}

static void expect_step(const struct shutdown *before, enum shutdown_event event)
{
	const struct outcome expected = expected_outcome(before, before->state, event);
	const struct deadline deadline = expected_deadline(before, expected.clock);
	struct shutdown after = *before;
	enum shutdown_action action = shutdown_step(&after, event, NOW_MS);
	char expected_text[32], observed_text[32];

	if (action != expected.action || after.state != expected.state ||
		!deadlines_are_equal(&after.deadline, &deadline))
		fail_msg("%s%s%s, %s: expected '%s', %s, %s; observed '%s', %s, %s",
			state_names[before->state], before->drain.is_set ? " with -d" : "",
			before->kill_after.is_set ? " with -k" : "", event_names[event],
			action_names[expected.action], state_names[expected.state],
			deadline_text(&deadline, expected_text), action_names[action],
			state_names[after.state], deadline_text(&after.deadline, observed_text));
	if (after.deadline.is_set != has_clock(after.state))
		fail_msg("%s, %s: %s, which is no state of a clock", state_names[before->state],
			event_names[event], state_names[after.state]);
	if (!limits_are_equal(&after.drain, &before->drain) ||
		!limits_are_equal(&after.kill_after, &before->kill_after))
		fail_msg("%s, %s: the limits are changed", state_names[before->state],
			event_names[event]);
}

static void each_event_in_each_state_does_what_the_table_says(void **state)
{
	(void)state;
	for (int limits = 0; limits < 4; limits++) {
		struct shutdown before = {
			.drain = {.is_set = limits & 1, .duration_ms = DRAIN_MS},
			.kill_after = {.is_set = limits & 2, .duration_ms = KILL_AFTER_MS},
		};

		for (int from = 0; from < SHUTDOWN_STATE_COUNT; from++) {
			before.state = (enum shutdown_state)from;
			/* In the future, so that one that is kept is told from a new one. */
			before.deadline.is_set = has_clock(before.state);
			before.deadline.at_ms = NOW_MS + 7;
			for (int event = 0; event < SHUTDOWN_EVENT_COUNT; event++)
				expect_step(&before, (enum shutdown_event)event);
		}
	}
}

static void an_empty_struct_is_a_command_that_runs_without_limits(void **state)
{
	static const struct shutdown empty;

	(void)state;
	assert_int_equal(empty.state, RUNNING);
	assert_false(empty.deadline.is_set);
	assert_false(empty.drain.is_set);
	assert_false(empty.kill_after.is_set);
}

/* The course of things: an event, when, and what is expected of it. */
struct turn {
	enum shutdown_event event;
	int64_t now_ms;
	enum shutdown_action action;
	struct deadline deadline;
};

/* clang-format off */
#define NO_DEADLINE {.is_set = false}
#define AT(ms) {.is_set = true, .at_ms = (ms)}
/* clang-format on */

static void expect_turns(struct shutdown shutdown, const struct turn *turns, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct turn *turn = &turns[i];
		enum shutdown_action action = shutdown_step(&shutdown, turn->event, turn->now_ms);
		char expected_text[32], observed_text[32];

		if (action != turn->action ||
			!deadlines_are_equal(&shutdown.deadline, &turn->deadline))
			fail_msg("turn %zu, %s: expected '%s', %s; observed '%s', %s", i,
				event_names[turn->event], action_names[turn->action],
				deadline_text(&turn->deadline, expected_text), action_names[action],
				deadline_text(&shutdown.deadline, observed_text));
	}
}

/* clang-format off */
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
#define NO_LIMIT ((struct shutdown_limit){.is_set = false})
#define LIMIT(ms) ((struct shutdown_limit){.is_set = true, .duration_ms = (ms)})

TURNS(without_limits_the_commands_end_is_the_end, NO_LIMIT, NO_LIMIT,
	{TOLD, 100, NOTHING, NO_DEADLINE},
	{REAPED, 200, NOTHING, NO_DEADLINE},
	{ENDED, 300, END, NO_DEADLINE},
	{NOBODY, 300, NOTHING, NO_DEADLINE})

TURNS(a_drain_ends_at_once_when_nobody_is_left, LIMIT(30000), NO_LIMIT,
	{ENDED, 1000, STOP_REST, AT(31000)},
	{REAPED, 1000, NOTHING, AT(31000)},
	{REAPED, 1200, NOTHING, AT(31000)},
	{NOBODY, 1300, END, NO_DEADLINE})

TURNS(a_drain_with_nobody_to_wait_for_ends_at_once, LIMIT(30000), NO_LIMIT,
	{ENDED, 1000, STOP_REST, AT(31000)},
	{NOBODY, 1000, END, NO_DEADLINE})

TURNS(a_drain_that_is_over_kills_the_rest_and_waits_for_it, LIMIT(30000), NO_LIMIT,
	{ENDED, 1000, STOP_REST, AT(31000)},
	{DUE, 31002, KILL_REST, AT(31002 + SHUTDOWN_KILL_AGAIN_MS)},
	{REAPED, 31003, KILL_REST, AT(31003 + SHUTDOWN_KILL_AGAIN_MS)},
	{DUE, 31100, KILL_REST, AT(31100 + SHUTDOWN_KILL_AGAIN_MS)},
	{NOBODY, 31101, END, NO_DEADLINE},
	{DUE, 31200, NOTHING, NO_DEADLINE})

TURNS(those_who_were_killed_and_do_not_end_are_given_up, LIMIT(0), NO_LIMIT,
	{ENDED, 1000, STOP_REST, AT(1000)},
	{DUE, 1000, KILL_REST, AT(1000 + SHUTDOWN_KILL_AGAIN_MS)},
	{DUE, 999 + SHUTDOWN_GIVE_UP_MS, KILL_REST,
		AT(999 + SHUTDOWN_GIVE_UP_MS + SHUTDOWN_KILL_AGAIN_MS)},
	{DUE, 1000 + SHUTDOWN_GIVE_UP_MS, GIVE_UP, NO_DEADLINE},
	{NOBODY, 1001 + SHUTDOWN_GIVE_UP_MS, NOTHING, NO_DEADLINE})

TURNS(nobody_is_given_up_while_others_still_end, LIMIT(0), NO_LIMIT,
	{ENDED, 1000, STOP_REST, AT(1000)},
	{DUE, 1000, KILL_REST, AT(1000 + SHUTDOWN_KILL_AGAIN_MS)},
	{REAPED, 2500, KILL_REST, AT(2500 + SHUTDOWN_KILL_AGAIN_MS)},
	{DUE, 2499 + SHUTDOWN_GIVE_UP_MS, KILL_REST,
		AT(2499 + SHUTDOWN_GIVE_UP_MS + SHUTDOWN_KILL_AGAIN_MS)},
	{DUE, 2500 + SHUTDOWN_GIVE_UP_MS, GIVE_UP, NO_DEADLINE})

TURNS(stop_signals_while_draining_do_not_touch_the_clock, LIMIT(30000), LIMIT(2000),
	{ENDED, 1000, STOP_REST, AT(31000)},
	{TOLD, 2000, NOTHING, AT(31000)},
	{TOLD, 30999, NOTHING, AT(31000)},
	{DUE, 31000, KILL_REST, AT(31000 + SHUTDOWN_KILL_AGAIN_MS)},
	{TOLD, 31001, NOTHING, AT(31000 + SHUTDOWN_KILL_AGAIN_MS)})

TURNS(the_first_stop_signal_starts_the_clock_and_no_later_one_does_again, NO_LIMIT, LIMIT(5000),
	{TOLD, 1000, NOTHING, AT(6000)},
	{TOLD, 2000, NOTHING, AT(6000)},
	{TOLD, 5999, NOTHING, AT(6000)},
	{DUE, 6000, KILL_COMMAND, NO_DEADLINE},
	{TOLD, 6001, NOTHING, NO_DEADLINE},
	{DUE, 6002, NOTHING, NO_DEADLINE},
	{ENDED, 6003, END, NO_DEADLINE})

TURNS(a_command_that_obeys_is_not_killed, NO_LIMIT, LIMIT(5000),
	{TOLD, 1000, NOTHING, AT(6000)},
	{REAPED, 1500, NOTHING, AT(6000)},
	{ENDED, 2000, END, NO_DEADLINE},
	{DUE, 6000, NOTHING, NO_DEADLINE})

TURNS(a_command_that_is_not_told_to_stop_is_never_killed, NO_LIMIT, LIMIT(5000),
	{REAPED, 1000, NOTHING, NO_DEADLINE},
	{REAPED, 900000, NOTHING, NO_DEADLINE},
	{ENDED, 1000000, END, NO_DEADLINE})

TURNS(the_drain_begins_when_the_killed_command_has_ended, LIMIT(30000), LIMIT(5000),
	{TOLD, 1000, NOTHING, AT(6000)},
	{DUE, 6000, KILL_COMMAND, NO_DEADLINE},
	{REAPED, 6001, NOTHING, NO_DEADLINE},
	{ENDED, 6002, STOP_REST, AT(36002)},
	{DUE, 36002, KILL_REST, AT(36002 + SHUTDOWN_KILL_AGAIN_MS)},
	{NOBODY, 36003, END, NO_DEADLINE})

TURNS(the_drain_has_its_whole_time_also_when_the_command_obeyed, LIMIT(30000), LIMIT(5000),
	{TOLD, 1000, NOTHING, AT(6000)},
	{ENDED, 5999, STOP_REST, AT(35999)},
	{NOBODY, 7000, END, NO_DEADLINE})

TURNS(no_time_at_all_is_due_at_once, LIMIT(0), LIMIT(0),
	{TOLD, 1000, NOTHING, AT(1000)},
	{DUE, 1000, KILL_COMMAND, NO_DEADLINE},
	{ENDED, 1001, STOP_REST, AT(1001)},
	{DUE, 1001, KILL_REST, AT(1001 + SHUTDOWN_KILL_AGAIN_MS)},
	{NOBODY, 1002, END, NO_DEADLINE})

#define LONGEST_MS (NUMBER_SECONDS_MAX * 1000)

TURNS(the_longest_times_there_are_do_not_overflow, LIMIT(LONGEST_MS), LIMIT(LONGEST_MS),
	{TOLD, 1000, NOTHING, AT(1000 + LONGEST_MS)},
	{DUE, 1000 + LONGEST_MS, KILL_COMMAND, NO_DEADLINE},
	{ENDED, 1000 + LONGEST_MS, STOP_REST, AT(1000 + 2 * LONGEST_MS)})

TURNS(at_the_end_of_time_deadlines_stay_there, LIMIT(LONGEST_MS), LIMIT(LONGEST_MS),
	{TOLD, INT64_MAX - 1, NOTHING, AT(INT64_MAX)},
	{DUE, INT64_MAX, KILL_COMMAND, NO_DEADLINE},
	{ENDED, INT64_MAX - 2, STOP_REST, AT(INT64_MAX)},
	{DUE, INT64_MAX - 1, KILL_REST, AT(INT64_MAX)},
	{REAPED, INT64_MAX, KILL_REST, AT(INT64_MAX)},
	{NOBODY, INT64_MAX, END, NO_DEADLINE})

TURNS(a_deadline_that_comes_with_the_commands_end_does_not_cut_the_drain_short, LIMIT(30000),
	LIMIT(5000),
	{TOLD, 1000, NOTHING, AT(6000)},
	/* Reaped first, then time is looked at: the -k deadline must be gone by then. */
	{ENDED, 6000, STOP_REST, AT(36000)})
/* clang-format on */

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_event_in_each_state_does_what_the_table_says),
		cmocka_unit_test(an_empty_struct_is_a_command_that_runs_without_limits),
		cmocka_unit_test(without_limits_the_commands_end_is_the_end),
		cmocka_unit_test(a_drain_ends_at_once_when_nobody_is_left),
		cmocka_unit_test(a_drain_with_nobody_to_wait_for_ends_at_once),
		cmocka_unit_test(a_drain_that_is_over_kills_the_rest_and_waits_for_it),
		cmocka_unit_test(those_who_were_killed_and_do_not_end_are_given_up),
		cmocka_unit_test(nobody_is_given_up_while_others_still_end),
		cmocka_unit_test(stop_signals_while_draining_do_not_touch_the_clock),
		cmocka_unit_test(
			the_first_stop_signal_starts_the_clock_and_no_later_one_does_again),
		cmocka_unit_test(a_command_that_obeys_is_not_killed),
		cmocka_unit_test(a_command_that_is_not_told_to_stop_is_never_killed),
		cmocka_unit_test(the_drain_begins_when_the_killed_command_has_ended),
		cmocka_unit_test(the_drain_has_its_whole_time_also_when_the_command_obeyed),
		cmocka_unit_test(no_time_at_all_is_due_at_once),
		cmocka_unit_test(the_longest_times_there_are_do_not_overflow),
		cmocka_unit_test(at_the_end_of_time_deadlines_stay_there),
		cmocka_unit_test(
			a_deadline_that_comes_with_the_commands_end_does_not_cut_the_drain_short),
	};

	return cmocka_run_group_tests_name("supervise/shutdown", tests, NULL, NULL);
}

#include "supervise/job.h"

#include "unit/support.h"

#include <signal.h>

/* clang-format off */
#define ALONE    JOB_REACTION_STOP_ALONE
#define AS_GROUP JOB_REACTION_STOP_AS_GROUP
#define LEAVE    JOB_REACTION_LEAVE
#define CONTINUE JOB_REACTION_CONTINUE

/* What is expected where whit is not the session leader, and where it is. */
struct row {
	int signal;
	bool was_passed_on;
	bool is_in_foreground;
	enum job_reaction under_shell;
	enum job_reaction as_leader;
};

static const struct row rows[] = {
	/* ^Z: the whole job stops, or nobody could continue it */
	{SIGTSTP, false, false, AS_GROUP, CONTINUE},
	{SIGTSTP, false, true,  AS_GROUP, CONTINUE},
	/* sent on purpose, through whit or past it */
	{SIGTSTP, true,  false, ALONE,    LEAVE},
	{SIGTSTP, true,  true,  ALONE,    LEAVE},
	{SIGSTOP, false, false, ALONE,    LEAVE},
	{SIGSTOP, false, true,  ALONE,    LEAVE},
	{SIGSTOP, true,  false, ALONE,    LEAVE},
	{SIGSTOP, true,  true,  ALONE,    LEAVE},
	/* it wants the terminal, which is whit's to give or is not */
	{SIGTTIN, false, false, AS_GROUP, LEAVE},
	{SIGTTIN, false, true,  CONTINUE, CONTINUE},
	{SIGTTIN, true,  false, ALONE,    LEAVE},
	{SIGTTIN, true,  true,  CONTINUE, CONTINUE},
	{SIGTTOU, false, false, AS_GROUP, LEAVE},
	{SIGTTOU, false, true,  CONTINUE, CONTINUE},
	{SIGTTOU, true,  false, ALONE,    LEAVE},
	{SIGTTOU, true,  true,  CONTINUE, CONTINUE},
};
/* clang-format on */

static const char *const reaction_names[] = {
	[LEAVE] = "leave",
	[CONTINUE] = "continue",
	[ALONE] = "stop alone",
	[AS_GROUP] = "stop as group",
};

static void expect_reaction(const struct row *row, bool has_terminal, bool is_session_leader,
	enum job_reaction expected)
{
	const struct job_stop stop = {
		.signal = row->signal,
		.was_passed_on = row->was_passed_on,
		.has_terminal = has_terminal,
		.is_in_foreground = row->is_in_foreground,
		.is_session_leader = is_session_leader,
	};
	enum job_reaction observed = job_react(&stop);

	if (observed != expected)
		fail_msg("signal %d, passed on %d, terminal %d, foreground %d, leader %d: "
			 "expected '%s', observed '%s'",
			row->signal, row->was_passed_on, has_terminal, row->is_in_foreground,
			is_session_leader, reaction_names[expected], reaction_names[observed]);
}

static void each_stop_has_the_reaction_of_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		expect_reaction(&rows[i], true, false, rows[i].under_shell);
		expect_reaction(&rows[i], true, true, rows[i].as_leader);
	}
}

static void without_a_terminal_a_stopped_command_is_left_stopped(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!rows[i].is_in_foreground) {
			expect_reaction(&rows[i], false, false, LEAVE);
			expect_reaction(&rows[i], false, true, LEAVE);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_stop_has_the_reaction_of_the_table),
		cmocka_unit_test(without_a_terminal_a_stopped_command_is_left_stopped),
	};

	return cmocka_run_group_tests_name("supervise/job", tests, NULL, NULL);
}

/* Contract, section 6: a command that does not obey a stop signal is killed. */
#include "harness.h"
#include "kernel_signals.h"
#include "words.h"

#include <signal.h>
#include <string.h>

/* A time that no test lives to see the end of: whit has to end before. */
#define FOREVER "1000000"

static void term_again_and_again_does_not_put_off_the_end(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-v", "-k", "0.5", actor_path(), "leave-and-ignore");
	run_expect(&run, "ready");
	run_expect_beginning(&run, &run.err, STARTED);
	/* Each is sent when the one before has been forwarded, which takes less than the 0.5 s. */
	do {
		(void)kill(run.whit, SIGTERM); /* it may have ended by now */
	} while (strstr(run_line(&run, &run.err), "forwarded SIGTERM") != NULL);
	if (strstr(run.line, "killing the command") == NULL)
		run_fail(&run, "expected: killing the command\nobserved: %s", run.line);
	run_expect_status(&run, 128 + SIGKILL);
}

static void expect_command_killed(struct run *run)
{
	run_expect_beginning(run, &run->err, KILLING_COMMAND);
}

static void k_kills_a_command_that_does_not_obey(void **state)
{
	static const int stops[] = {SIGTERM, SIGINT, SIGQUIT};

	for (size_t i = 0; i < sizeof(stops) / sizeof(stops[0]); i++) {
		struct run run;

		RUN(&run, test_role(state), "-k", "0.1", actor_path(), "leave-and-ignore");
		run_expect(&run, "ready");
		assert_int_equal(kill(run.whit, stops[i]), 0);
		expect_command_killed(&run);
		run_expect_end(&run, 128 + SIGKILL, "");
	}
}

static void k_of_no_time_kills_at_once(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-k", "0", actor_path(), "leave-and-ignore");
	run_expect(&run, "ready");
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	expect_command_killed(&run);
	run_expect_end(&run, 128 + SIGKILL, "");
}

static void k_starts_no_clock_for_other_signals(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-k", "0", actor_path(), "signals", "3");
	run_expect(&run, "ready");
	assert_int_equal(kill(run.whit, SIGHUP), 0);
	run_expect_beginning(&run, &run.out, "signal 1 ");
	assert_int_equal(kill(run.whit, SIGUSR1), 0);
	run_expect_beginning(&run, &run.out, "signal " NUMBER_OF(SIGUSR1) " ");
	assert_int_equal(kill(run.whit, SIGWINCH), 0);
	run_expect_beginning(&run, &run.out, "signal " NUMBER_OF(SIGWINCH) " ");
	run_expect_end(&run, 0, "");
}

/* What is asked of whit counts as well as what -r makes of it. */
static void k_starts_its_clock_for_a_stop_signal_before_or_after_r(void **state)
{
	static const struct {
		int sent;
		const char *rewrite;
	} rows[] = {{SIGTERM, "TERM:HUP"}, {SIGUSR1, "USR1:QUIT"}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct run run;

		RUN(&run, test_role(state), "-k", "0", "-r", rows[i].rewrite, actor_path(),
			"signals", "2");
		run_expect(&run, "ready");
		assert_int_equal(kill(run.whit, rows[i].sent), 0);
		expect_command_killed(&run);
		run_expect_status(&run, 128 + SIGKILL);
	}
}

static void k_does_no_harm_to_a_command_that_obeys(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-k", FOREVER, actor_path(), "idle");
	run_expect(&run, "ready");
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	run_expect_end(&run, 128 + SIGTERM, "");
}

/* The member of the group would say so if it got the drain's TERM. */
static void k_with_g_kills_the_whole_group(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-g", "-k", "0.1", "-d", FOREVER, "-r", "TERM:QUIT",
		actor_path(), "group-that-ignores");
	run_expect(&run, "ready member");
	run_expect(&run, "ready command");
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	expect_command_killed(&run);
	run_expect_end(&run, 128 + SIGKILL, "");
	if (run.out.taken != run.out.length) run_fail(&run, "expected: nothing more on stdout");
}

static void k_with_g_kills_a_command_that_has_left_its_group_too(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-g", "-k", "0", actor_path(), "leave-own-group");
	run_expect(&run, "ready");
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	expect_command_killed(&run);
	run_expect_status(&run, 128 + SIGKILL);
}

static void k_and_then_d(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-k", "0.1", "-d", "0.1", actor_path(), "leave-and-ignore");
	run_expect(&run, "ready");
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	expect_command_killed(&run);
	run_expect_end(&run, 128 + SIGKILL, KILLING_REMAINING "0.1 s\n");
}

static void the_variables_do_it_too(void **state)
{
	const char *const words[] = {actor_path(), "leave-and-ignore", NULL};
	char drain[] = "WHIT_DRAIN=.1", kill_after[] = "WHIT_KILL_AFTER=0.10";
	char *environment[] = {drain, kill_after, NULL};
	struct run run;

	run_start(&run,
		&(struct scene){
			.role = test_role(state), .words = words, .environment = environment});
	run_expect(&run, "ready");
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	expect_command_killed(&run);
	run_expect_end(&run, 128 + SIGKILL, KILLING_REMAINING "0.1 s\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROLE_TEST(term_again_and_again_does_not_put_off_the_end),
		ROLE_TEST(k_kills_a_command_that_does_not_obey),
		ROLE_TEST(k_of_no_time_kills_at_once),
		ROLE_TEST(k_starts_no_clock_for_other_signals),
		ROLE_TEST(k_starts_its_clock_for_a_stop_signal_before_or_after_r),
		ROLE_TEST(k_does_no_harm_to_a_command_that_obeys),
		ROLE_TEST(k_with_g_kills_the_whole_group),
		ROLE_TEST(k_with_g_kills_a_command_that_has_left_its_group_too),
		ROLE_TEST(k_and_then_d),
		ROLE_TEST(the_variables_do_it_too),
	};

	return cmocka_run_group_tests_name("shutdown", tests, harness_require_namespaces, NULL);
}

/* Contract, section 6: the rest is let finish, and what does not stop is stopped. */
#include "harness.h"
#include "kernel_signals.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A drain that no test lives to see the end of: whit has to end before. */
#define FOREVER "1000000"

#define KILLED_REST "whit: killing the rest: it has not ended within "

static void leave(struct run *run, enum role role, const char *drain, const char *kind)
{
	RUN(run, role, "-d", drain, actor_path(), "leave", kind, "1");
}

static void a_left_over_finishes_and_whit_ends_with_it_and_the_commands_status(void **state)
{
	struct run run;

	leave(&run, test_role(state), FOREVER, "slow");
	run_expect(&run, "slow wrote");
	run_expect_end(&run, 7, "");
}

static void without_d_nobody_is_waited_for(void **state)
{
	struct run run;

	RUN(&run, test_role(state), actor_path(), "leave", "stubborn", "1");
	run_expect_end(&run, 7, "");
}

static void every_kind_of_left_over_gets_term(void **state)
{
	static const char *const kinds[] = {"plain", "group", "session", "daemon", "stopped"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct run run;
		char expected[32];

		snprintf(expected, sizeof(expected), "%s got 15", kinds[i]);
		leave(&run, test_role(state), FOREVER, kinds[i]);
		run_expect(&run, expected);
		run_expect_end(&run, 7, "");
		if (run.out.taken != run.out.length)
			run_fail(&run, "expected: nothing more on stdout");
	}
}

static void whom_a_left_over_starts_to_clean_up_gets_no_term(void **state)
{
	struct run run;

	leave(&run, test_role(state), FOREVER, "starter");
	run_expect(&run, "helper cleaned up");
	run_expect_end(&run, 7, "");
}

static void two_thousand_left_overs_end_at_once(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-d", FOREVER, actor_path(), "leave", "quiet", "2000");
	run_expect_end(&run, 7, "");
}

static void nobody_misses_term_because_a_parent_of_its_ends_first(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-d", FOREVER, actor_path(), "leave", "tree", "300");
	for (int i = 0; i < 300; i++)
		run_expect(&run, "leaf got 15");
	run_expect_end(&run, 7, "");
}

static void who_ignores_term_is_killed_when_time_is_over(void **state)
{
	struct run run;

	leave(&run, test_role(state), "0.2", "stubborn");
	run_expect_end(&run, 7, KILLED_REST "0.2 s\n");
}

/* Had one got away, it would keep the run's pipes open, and run_expect_end would not end. */
static void who_forks_without_end_does_not_outlive_whit(void **state)
{
	static const char *const kinds[] = {"forker", "runner"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct run run;

		leave(&run, test_role(state), "0.3", kinds[i]);
		run_expect_status(&run, 7);
	}
}

static void a_drain_of_no_time_kills_at_once(void **state)
{
	struct run run;

	leave(&run, test_role(state), "0", "stubborn");
	run_expect_end(&run, 7, KILLED_REST "0 s\n");
}

static void a_signal_that_comes_while_draining_reaches_the_rest(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-v", "-d", FOREVER, "-r", "USR2:TERM,USR1:0", actor_path(),
		"leave", "stubborn", "1");
	run_expect_beginning(&run, &run.err, "whit: started '");
	run_expect_beginning(&run, &run.err, "whit: the command (pid ");
	run_expect_beginning(&run, &run.err, "whit: still running: pid ");
	run_expect_beginning(&run, &run.err, "whit: the rest has ");
	assert_int_equal(kill(run.whit, SIGUSR1), 0);
	run_expect_beginning(&run, &run.err, "whit: dropped SIGUSR1 from pid 0 ");
	assert_int_equal(kill(run.whit, SIGUSR2), 0);
	run_expect_beginning(&run, &run.err, "whit: passed on SIGTERM from pid 0 ");
	assert_int_equal(kill(run_command(&run), SIGKILL), 0);
	run_expect_status(&run, 7);
}

static void signals_that_come_while_draining_are_seen_by_the_rest(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-d", FOREVER, actor_path(), "leave", "listener", "1");
	run_expect(&run, "listener got 15");
	assert_int_equal(kill(run.whit, SIGUSR1), 0);
	run_expect(&run, "listener got " NUMBER_OF(SIGUSR1));
	assert_int_equal(kill(run.whit, SIGHUP), 0);
	run_expect(&run, "listener got 1");
	run_expect_end(&run, 7, "");
}

static void term_again_and_again_does_not_put_off_the_end(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-v", "-k", "0.5", actor_path(), "leave-and-ignore");
	run_expect(&run, "ready");
	run_expect_beginning(&run, &run.err, "whit: started '");
	/* Each is sent when the one before it has been passed on: the clock has no time to run out.
	 */
	do {
		(void)kill(run.whit, SIGTERM); /* it may have ended by now */
	} while (strstr(run_line(&run, &run.err), "passed on SIGTERM") != NULL);
	if (strstr(run.line, "killing the command") == NULL)
		run_fail(&run, "expected: killing the command\nobserved: %s", run.line);
	run_expect_status(&run, 128 + SIGKILL);
}

static void expect_command_killed(struct run *run)
{
	run_expect_beginning(run, &run->err, "whit: killing the command (pid ");
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
	if (run.out.taken != run.out.length)
		run_fail(&run, "expected: nothing more on stdout");
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
	run_expect_end(&run, 128 + SIGKILL, KILLED_REST "0.1 s\n");
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
	run_expect_end(&run, 128 + SIGKILL, KILLED_REST "0.1 s\n");
}

static int leave_orphan(void *argument)
{
	(void)argument;
	if (fork() == 0) {
		for (;;)
			pause();
	}
	return 0;
}

static int leave_stubborn_orphan(void *argument)
{
	signal(SIGTERM, SIG_IGN);
	return leave_orphan(argument);
}

static void a_pause_drains_too(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-P", "-d", FOREVER);
	run_wait_settled(&run);
	assert_int_equal(run_join(&run, leave_orphan, NULL), 0);
	run_wait_children(&run, 1);
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	run_expect_end(&run, 0, "");

	RUN(&run, test_role(state), "-P", "-d", "0.1");
	run_wait_settled(&run);
	assert_int_equal(run_join(&run, leave_stubborn_orphan, NULL), 0);
	run_wait_children(&run, 1);
	assert_int_equal(kill(run.whit, SIGINT), 0);
	run_expect_end(&run, 0, KILLED_REST "0.1 s\n");

	RUN(&run, test_role(state), "-P", "-d", FOREVER); /* nobody to wait for */
	run_wait_settled(&run);
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	run_expect_end(&run, 0, "");
}

static int stay_for_a_moment(void *argument)
{
	const struct timespec moment = {.tv_sec = 3600};

	(void)argument;
	nanosleep(&moment, NULL);
	return 1;
}

/* Its parent is outside, so nobody in the namespace learns of its end. */
static void who_joined_gets_term_and_is_not_waited_for(void **state)
{
	struct run run;
	pid_t joiner;
	int status;

	RUN(&run, test_role(state), "-d", FOREVER, actor_path(), "idle");
	run_expect(&run, "ready");
	joiner = fork();
	if (joiner == 0)
		_exit(run_join(&run, stay_for_a_moment, NULL));
	while (process_child(joiner) == 0 || process_child(process_child(joiner)) == 0)
		;
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	run_expect_end(&run, 128 + SIGTERM, "");
	assert_int_equal(waitpid(joiner, &status, 0), joiner);
	assert_int_equal(WEXITSTATUS(status), 93); /* it was ended by a signal */
}

static void expect_no_bystander_harmed(struct run *run)
{
	run->out.text[run->out.length] = '\0';
	if (strstr(run->out.text, "bystander") != NULL)
		run_fail(run, "expected: no signal to a bystander");
}

static void fifty_strangers_get_no_signal_in_two_hundred_runs(void **state)
{
	static const char *const kinds[] = {"plain", "daemon", "stubborn", "forker"};

	for (int i = 0; i < 200; i++) {
		const char *const words[] = {
			"-q", "-d", "0.02", actor_path(), "leave", kinds[i % 4], "3", NULL};
		struct run run;

		run_start(&run,
			&(struct scene){
				.role = test_role(state), .words = words, .bystanders = 50});
		run_expect_status(&run, 7);
		expect_no_bystander_harmed(&run);
	}
}

static void strangers_that_get_the_pids_of_left_overs_get_no_signal(void **state)
{
	const char *const words[] = {"-q", "-d", "2", actor_path(), "leave", "reuser", "2", NULL};
	struct run run;

	if (geteuid() != 0) {
		print_message("SKIPPED: needs root for ns_last_pid\n");
		skip();
	}
	run_start(&run,
		&(struct scene){.role = test_role(state),
			.words = words,
			.bystanders = 5,
			.pids_are_reused = true});
	run_wait_settled(&run);
	/* Each is one more look through all processes; in the end whit takes no more. */
	while (kill(run.whit, SIGWINCH) == 0 && process_child(run.whit) != 0)
		;
	run_expect_status(&run, 7);
	expect_no_bystander_harmed(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROLE_TEST(a_left_over_finishes_and_whit_ends_with_it_and_the_commands_status),
		ROLE_TEST(without_d_nobody_is_waited_for),
		ROLE_TEST(every_kind_of_left_over_gets_term),
		ROLE_TEST(whom_a_left_over_starts_to_clean_up_gets_no_term),
		ROLE_TEST(two_thousand_left_overs_end_at_once),
		ROLE_TEST(nobody_misses_term_because_a_parent_of_its_ends_first),
		ROLE_TEST(who_ignores_term_is_killed_when_time_is_over),
		ROLE_TEST(who_forks_without_end_does_not_outlive_whit),
		ROLE_TEST(a_drain_of_no_time_kills_at_once),
		ROLE_TEST(a_signal_that_comes_while_draining_reaches_the_rest),
		ROLE_TEST(signals_that_come_while_draining_are_seen_by_the_rest),
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
		INIT_TEST(a_pause_drains_too),
		INIT_TEST(who_joined_gets_term_and_is_not_waited_for),
		SUBREAPER_TEST(fifty_strangers_get_no_signal_in_two_hundred_runs),
		SUBREAPER_TEST(strangers_that_get_the_pids_of_left_overs_get_no_signal),
	};

	return cmocka_run_group_tests_name("shutdown", tests, harness_require_namespaces, NULL);
}

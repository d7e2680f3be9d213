/* Contract, section 9: a namespace held for others. */
#include "harness.h"
#include "kernel_signals.h"
#include "words.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void expect_end_on(struct run *run, int signal)
{
	run_wait_settled(run);
	assert_int_equal(kill(run->whit, signal), 0);
	run_expect_end(run, 0, "");
}

static void pause_ends_with_0_on_term_and_on_int(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "--pause");
	expect_end_on(&run, SIGTERM);
	RUN(&run, test_role(state), "-P");
	expect_end_on(&run, SIGINT);
}

static void ignore_int_and_term(void *argument)
{
	(void)argument;
	signal(SIGINT, SIG_IGN); /* as podman starts a pod's infra container */
	signal(SIGTERM, SIG_IGN);
}

static void pause_ends_on_signals_that_were_inherited_ignored(void **state)
{
	const char *const words[] = {"-P", NULL};
	struct run run;

	run_start(&run,
		&(struct scene){
			.role = test_role(state), .words = words, .prepare = ignore_int_and_term});
	expect_end_on(&run, SIGINT);
}

static void pause_ignores_all_other_signals(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-P");
	run_wait_settled(&run);
	for (int signal = 1; signal <= HIGHEST_SIGNAL; signal++) {
		if (signal != SIGKILL && signal != SIGSTOP && signal != SIGTERM && signal != SIGINT)
			assert_int_equal(kill(run.whit, signal), 0);
	}
	expect_end_on(&run, SIGTERM);
}

static void called_pause_without_a_command_it_pauses(void **state)
{
	const char *const words[] = {NULL};
	struct run run;

	run_start(
		&run, &(struct scene){.role = test_role(state), .words = words, .name = "/pause"});
	expect_end_on(&run, SIGTERM);
}

static void called_pause_with_a_command_it_runs_that(void **state)
{
	const char *const words[] = {actor_path(), "exit", "4", NULL};
	struct run run;

	run_start(
		&run, &(struct scene){.role = test_role(state), .words = words, .name = "/pause"});
	run_expect_end(&run, 4, "");
}

/* Double-forks and leaves at once. */
static int leave_short_orphan(void *argument)
{
	(void)argument;
	(void)!fork();
	return 0;
}

static void pause_reaps_the_orphans_of_processes_that_joined(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-P");
	run_wait_settled(&run);
	for (int i = 0; i < 100; i++)
		assert_int_equal(run_join(&run, leave_short_orphan, NULL), 0);
	run_wait_children(&run, 0);
	expect_end_on(&run, SIGTERM);
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

/* A drain of a pause with one orphan, or with none; the signal ends the pause. */
static void expect_drain(
	enum role role, const char *drain, int (*leave)(void *), int signal, const char *err)
{
	struct run run;

	RUN(&run, role, "-P", "-d", drain);
	run_wait_settled(&run);
	if (leave != NULL) {
		assert_int_equal(run_join(&run, leave, NULL), 0);
		run_wait_children(&run, 1);
	}
	assert_int_equal(kill(run.whit, signal), 0);
	run_expect_end(&run, 0, err);
}

static void pause_drains_its_orphans(void **state)
{
	expect_drain(test_role(state), "1000000", leave_orphan, SIGTERM, "");
	expect_drain(test_role(state), "0.1", leave_stubborn_orphan, SIGINT,
		KILLING_REMAINING "0.1 s\n");
	expect_drain(test_role(state), "1000000", NULL, SIGTERM, "");
}

static void pause_that_is_not_pid_1_says_so(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-P");
	run_wait_settled(&run);
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	run_expect_end(&run, 0, "whit: --pause as PID 2: only PID 1 reaps all orphans\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		INIT_TEST(pause_ends_with_0_on_term_and_on_int),
		INIT_TEST(pause_ends_on_signals_that_were_inherited_ignored),
		INIT_TEST(pause_ignores_all_other_signals),
		INIT_TEST(called_pause_without_a_command_it_pauses),
		ROLE_TEST(called_pause_with_a_command_it_runs_that),
		INIT_TEST(pause_reaps_the_orphans_of_processes_that_joined),
		INIT_TEST(pause_drains_its_orphans),
		SUBREAPER_TEST(pause_that_is_not_pid_1_says_so),
	};

	return cmocka_run_group_tests_name("pause", tests, harness_require_namespaces, NULL);
}

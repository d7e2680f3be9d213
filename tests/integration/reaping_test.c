/* Contract, section 4: no zombie stays, however many die at once, and an idle whit sleeps. */
#include "harness.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MANY_ORPHANS "20000"

static void end_by_term(struct run *run)
{
	assert_int_equal(kill(run->whit, SIGTERM), 0);
	run_expect_end(run, 128 + SIGTERM, "");
}

static void twenty_thousand_orphans_leave_no_zombie_and_no_memory(void **state)
{
	struct run run;
	long before;
	long after;

	RUN(&run, test_role(state), actor_path(), "orphans", MANY_ORPHANS);
	run_wait_settled(&run);
	before = process_number(run.whit, "RssAnon:");
	run_expect(&run, "made");
	run_wait_children(&run, 1);
	assert_int_equal(run_count_children(&run, true), 0);
	after = process_number(run.whit, "RssAnon:");
	if (after > before + 8) /* the two pages on which the first batch is read */
		run_fail(&run, "expected: %ld kB as before\nobserved: %ld kB", before, after);
	end_by_term(&run);
}

static void the_status_is_the_commands_also_when_an_orphan_ends_with_it(void **state)
{
	for (int i = 0; i < 500; i++) {
		struct run run;

		RUN(&run, test_role(state), actor_path(), "end-together", "42");
		run_expect_end(&run, 42, "");
	}
}

static void children_with_another_exit_signal_are_reaped(void **state)
{
	struct run run;

	RUN(&run, test_role(state), actor_path(), "odd-orphans");
	run_expect(&run, "made");
	run_wait_children(&run, 1);
	end_by_term(&run);
}

/* A child that has ended before whit's exec, whose SIGCHLD went to what whit was then. */
static void leave_zombie(void *argument)
{
	siginfo_t end;
	pid_t pid = fork();

	(void)argument;
	if (pid == 0)
		_exit(0);
	if (pid < 0 || waitid(P_PID, (id_t)pid, &end, WEXITED | WNOWAIT) < 0)
		_exit(94);
}

static void an_inherited_zombie_is_reaped(void **state)
{
	const char *const words[] = {actor_path(), "idle", NULL};
	struct run run;

	run_start(&run,
		&(struct scene){.role = test_role(state), .words = words, .prepare = leave_zombie});
	run_expect(&run, "ready");
	run_wait_children(&run, 1);
	end_by_term(&run);
}

static int end_at_exec(void *argument)
{
	const int *ends = argument;
	char byte;

	close(ends[1]);
	(void)!read(ends[0], &byte, 1); /* until whit's exec closes the other end */
	_exit(0);
}

/* A child of whit's from before its exec, whose end is not announced by SIGCHLD. */
static void clone_odd_child(void *argument)
{
	static char stack[65536];
	int ends[2];

	(void)argument;
	if (pipe2(ends, O_CLOEXEC) < 0 ||
		clone(end_at_exec, stack + sizeof(stack), SIGUSR1, ends) < 0)
		_exit(94);
}

static void an_inherited_child_with_another_exit_signal_is_reaped(void **state)
{
	const char *const words[] = {actor_path(), "idle", NULL};
	struct run run;

	run_start(&run,
		&(struct scene){
			.role = test_role(state), .words = words, .prepare = clone_odd_child});
	run_expect(&run, "ready");
	run_wait_children(&run, 1);
	end_by_term(&run);
}

/* Two SIGCHLD make one record; that of the process which sent the first one by hand. */
static void a_death_that_hides_behind_a_sent_sigchld_is_noticed(void **state)
{
	struct run run;
	pid_t command;

	RUN(&run, test_role(state), "-q", actor_path(), "idle");
	run_expect(&run, "ready");
	run_wait_settled(&run);
	command = run_command(&run);
	assert_int_equal(kill(run.whit, SIGSTOP), 0);
	process_wait_state(run.whit, 'T');
	assert_int_equal(kill(run.whit, SIGCHLD), 0);
	assert_int_equal(kill(command, SIGKILL), 0);
	process_wait_state(command, 'Z');
	assert_int_equal(kill(run.whit, SIGCONT), 0);
	run_expect_end(&run, 128 + SIGKILL, "");
}

/* Leaves a child behind that waits to be killed. */
static int leave_orphan(void *argument)
{
	(void)argument;
	if (fork() == 0) {
		for (;;)
			pause();
	}
	return 0;
}

static void an_orphan_of_a_process_that_joined_comes_to_whit_and_is_reaped(void **state)
{
	struct run run;
	pid_t command;
	pid_t orphan;

	RUN(&run, test_role(state), actor_path(), "idle");
	run_expect(&run, "ready");
	command = run_command(&run);
	assert_int_equal(run_join(&run, leave_orphan, NULL), 0);
	run_wait_children(&run, 2);
	assert_int_equal(
		kill(command, SIGSTOP), 0); /* it must not be in the way: whit alone reaps */
	orphan = run_other_child(&run, command);
	assert_int_equal(kill(orphan, SIGKILL), 0);
	run_wait_children(&run, 1);
	assert_int_equal(kill(command, SIGCONT), 0);
	end_by_term(&run);
}

static void whit_works_under_whit_in_nested_namespaces(void **state)
{
	struct run run;

	/* -g: unshare, in the middle, shuts itself off from TERM, but its child is of its group. */
	RUN(&run, test_role(state), "-g", "unshare", "-fp", whit_path(), actor_path(), "signals",
		"2");
	run_expect(&run, "ready");
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	run_expect(&run, "signal 15 code 0 pid 1 uid 0 value 0");
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	run_expect(&run, "signal 15 code 0 pid 1 uid 0 value 0");
	run_expect_end(&run, 0, "");
}

static void an_idle_whit_does_not_wake(void **state)
{
	/* The one test that waits for time: that nothing happens in it is what it is about. */
	const struct timespec idle = {.tv_sec = 5};
	struct run run;
	long before;
	long after;

	RUN(&run, test_role(state), actor_path(), "idle");
	run_expect(&run, "ready");
	run_wait_settled(&run);
	process_wait_state(run.whit, 'S');
	before = process_number(run.whit, "\nvoluntary_ctxt_switches:");
	nanosleep(&idle, NULL);
	after = process_number(run.whit, "\nvoluntary_ctxt_switches:");
	if (after != before)
		run_fail(&run, "expected: no wake-up\nobserved: %ld", after - before);
	end_by_term(&run);
}

static void with_w_each_orphan_is_reported(void **state)
{
	struct run run;
	const char *line;

	RUN(&run, test_role(state), "-w", actor_path(), "orphans", "1");
	run_expect(&run, "made");
	line = run_line(&run, &run.err);
	if (strstr(line, "whit: reaped orphan ") != line ||
		strstr(line, " (actor): exited 17") == NULL)
		run_fail(&run, "expected: whit: reaped orphan N (actor): exited 17\nobserved: %s",
			line);
	end_by_term(&run);
}

static void expect_killed_orphan_reported(enum role role, const char *option)
{
	struct run run;
	const char *line;

	RUN(&run, role, option, "sh", "-c", "(sh -c 'kill -KILL $$' &); exec \"$0\" idle",
		actor_path());
	run_expect(&run, "ready");
	do
		line = run_line(&run, &run.err);
	while (strncmp(line, "whit: started ", 14) == 0);
	if (strncmp(line, "whit: reaped orphan ", 20) != 0 ||
		strstr(line, " (sh): killed by SIGKILL") == NULL)
		run_fail(&run,
			"expected: whit: reaped orphan N (sh): killed by SIGKILL\nobserved: %s",
			line);
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	run_expect_status(&run, 128 + SIGTERM);
}

static void an_orphan_that_was_killed_is_reported_with_its_signal(void **state)
{
	expect_killed_orphan_reported(test_role(state), "-w");
	expect_killed_orphan_reported(test_role(state), "-vv");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROLE_TEST(twenty_thousand_orphans_leave_no_zombie_and_no_memory),
		ROLE_TEST(the_status_is_the_commands_also_when_an_orphan_ends_with_it),
		ROLE_TEST(children_with_another_exit_signal_are_reaped),
		ROLE_TEST(an_inherited_zombie_is_reaped),
		ROLE_TEST(an_inherited_child_with_another_exit_signal_is_reaped),
		ROLE_TEST(a_death_that_hides_behind_a_sent_sigchld_is_noticed),
		INIT_TEST(an_orphan_of_a_process_that_joined_comes_to_whit_and_is_reaped),
		ROLE_TEST(whit_works_under_whit_in_nested_namespaces),
		ROLE_TEST(an_idle_whit_does_not_wake),
		ROLE_TEST(with_w_each_orphan_is_reported),
		ROLE_TEST(an_orphan_that_was_killed_is_reported_with_its_signal),
	};

	return cmocka_run_group_tests_name("reaping", tests, harness_require_namespaces, NULL);
}

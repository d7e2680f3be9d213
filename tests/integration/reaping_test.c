/* Contract, section 4: no zombie stays, however many die at once, and an idle whit sleeps. */
#include "harness.h"
#include "words.h"

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

static void twenty_thousand_orphans_leave_no_zombie_and_take_no_memory(void **state)
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
	if (after > before + 8) /* the two pages of the first batch */
		run_fail(&run, "expected: %ld kB as before\nobserved: %ld kB", before, after);
	end_by_term(&run);
}

static void the_status_is_the_commands_when_an_orphan_ends_at_the_same_time(void **state)
{
	for (int i = 0; i < 200; i++) {
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

/* A child that ended before whit's exec. Its SIGCHLD was lost with the program before. */
static void leave_zombie(void *argument)
{
	siginfo_t end;
	pid_t pid = fork();

	(void)argument;
	if (pid == 0) _exit(0);
	if (pid < 0 || waitid(P_PID, (id_t)pid, &end, WEXITED | WNOWAIT) < 0) _exit(94);
}

static int end_at_exec(void *argument)
{
	const int *ends = argument;
	char byte;

	close(ends[1]);
	(void)!read(ends[0], &byte, 1); /* until whit's exec closes the other end */
	_exit(0);
}

/* A child from before whit's exec. Its end sends USR1, and no SIGCHLD. */
static void clone_odd_child(void *argument)
{
	static char stack[65536];
	int ends[2];

	(void)argument;
	if (pipe2(ends, O_CLOEXEC) < 0 ||
		clone(end_at_exec, stack + sizeof(stack), SIGUSR1, ends) < 0)
		_exit(94);
}

static void children_from_before_the_exec_are_reaped(void **state)
{
	static void (*const prepares[])(void *) = {leave_zombie, clone_odd_child};
	const char *const words[] = {actor_path(), "idle", NULL};

	for (size_t i = 0; i < 2; i++) {
		struct run run;

		run_start(&run,
			&(struct scene){
				.role = test_role(state), .words = words, .prepare = prepares[i]});
		run_expect(&run, "ready");
		run_wait_children(&run, 1);
		end_by_term(&run);
	}
}

/* Two SIGCHLD make one record: here the one that a process sent. */
static void a_death_behind_a_sigchld_that_a_process_sent_is_noticed(void **state)
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

/* Leaves a child that waits to be killed. */
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
	assert_int_equal(kill(command, SIGSTOP), 0); /* whit alone must reap */
	orphan = run_other_child(&run, command);
	assert_int_equal(kill(orphan, SIGKILL), 0);
	run_wait_children(&run, 1);
	assert_int_equal(kill(command, SIGCONT), 0);
	end_by_term(&run);
}

static void whit_works_under_whit_in_nested_namespaces(void **state)
{
	struct run run;

	/* -g: unshare ignores TERM, and its child is in the same group. */
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
	/* Only time can show that nothing happens. */
	const struct timespec idle = {.tv_sec = 3};
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
	if (after != before) run_fail(&run, "expected: no wake-up\nobserved: %ld", after - before);
	end_by_term(&run);
}

/* An orphan that exits, or is killed, and then the command. */
static void expect_orphan_reported(
	enum role role, const char *option, const char *orphan, const char *end)
{
	struct run run;
	char script[128];
	const char *line;

	snprintf(script, sizeof(script), "(sh -c '%s' &); exec \"$0\" idle", orphan);
	RUN(&run, role, option, "sh", "-c", script, actor_path());
	run_expect(&run, "ready");
	do
		line = run_line(&run, &run.err);
	while (strncmp(line, STARTED, strlen(STARTED)) == 0);
	if (strncmp(line, "whit: reaped orphan ", 20) != 0 || strstr(line, end) == NULL)
		run_fail(&run, "expected: whit: reaped orphan N%s\nobserved: %s", end, line);
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	run_expect_status(&run, 128 + SIGTERM);
}

static void w_reports_each_orphan_with_its_name_and_its_end(void **state)
{
	expect_orphan_reported(test_role(state), "-w", "exit 17", " (sh): exited 17");
	expect_orphan_reported(test_role(state), "-w", "kill -9 $$", " (sh): killed by SIGKILL");
}

static void vv_reports_orphans_too(void **state)
{
	expect_orphan_reported(test_role(state), "-vv", "exit 17", " (sh): exited 17");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROLE_TEST(twenty_thousand_orphans_leave_no_zombie_and_take_no_memory),
		ROLE_TEST(the_status_is_the_commands_when_an_orphan_ends_at_the_same_time),
		ROLE_TEST(children_with_another_exit_signal_are_reaped),
		ROLE_TEST(children_from_before_the_exec_are_reaped),
		ROLE_TEST(a_death_behind_a_sigchld_that_a_process_sent_is_noticed),
		INIT_TEST(an_orphan_of_a_process_that_joined_comes_to_whit_and_is_reaped),
		ROLE_TEST(whit_works_under_whit_in_nested_namespaces),
		ROLE_TEST(an_idle_whit_does_not_wake),
		ROLE_TEST(w_reports_each_orphan_with_its_name_and_its_end),
		ROLE_TEST(vv_reports_orphans_too),
	};

	return cmocka_run_group_tests_name("reaping", tests, harness_require_namespaces, NULL);
}

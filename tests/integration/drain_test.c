/* Contract, section 6: the remaining processes can finish, and those that do not are killed. */
#include "harness.h"
#include "kernel_signals.h"
#include "words.h"

#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* A drain whose end no test lives to see: whit has to end before. */
#define FOREVER "1000000"

/* One process of the kind remains. A macro, since a failure prints the words. */
#define LEAVE(run, role, drain, kind) RUN(run, role, "-d", drain, actor_path(), "leave", kind, "1")

static void expect_no_more_output(struct run *run)
{
	if (run->out.taken != run->out.length) run_fail(run, "expected: nothing more on stdout");
}

/* --- what finishes --- */

static void a_remaining_process_finishes_and_whit_ends_with_the_commands_status(void **state)
{
	struct run run;

	LEAVE(&run, test_role(state), FOREVER, "slow");
	run_expect(&run, "slow wrote");
	run_expect_end(&run, 7, "");
}

static void without_d_no_process_is_waited_for(void **state)
{
	struct run run;

	RUN(&run, test_role(state), actor_path(), "leave", "stubborn", "1");
	run_expect_end(&run, 7, "");
}

static void every_kind_of_remaining_process_gets_term(void **state)
{
	static const char *const kinds[] = {
		"plain", "group", "session", "daemon", "stopped", "headless"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct run run;
		char expected[32];

		snprintf(expected, sizeof(expected), "%s got 15", kinds[i]);
		LEAVE(&run, test_role(state), FOREVER, kinds[i]);
		run_expect(&run, expected);
		run_expect_end(&run, 7, "");
		expect_no_more_output(&run);
	}
}

/* However many there are: a list of them must not be of a part, signalled before the next part. */
static void a_process_that_is_started_to_clean_up_gets_no_term(void **state)
{
	static const struct {
		const char *text;
		int count;
	} rows[] = {{"1", 1}, {"1500", 1500}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct run run;

		RUN(&run, test_role(state), "-d", FOREVER, actor_path(), "leave", "starter",
			rows[i].text);
		for (int helper = 0; helper < rows[i].count; helper++)
			run_expect(&run, "helper cleaned up");
		run_expect_end(&run, 7, "");
	}
}

static void two_thousand_remaining_processes_end_at_once(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-d", FOREVER, actor_path(), "leave", "quiet", "2000");
	run_expect_end(&run, 7, "");
}

static void no_process_misses_term_because_its_parent_ends_first(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-d", FOREVER, actor_path(), "leave", "tree", "300");
	for (int i = 0; i < 300; i++)
		run_expect(&run, "leaf got 15");
	run_expect_end(&run, 7, "");
}

static void a_job_whose_session_leader_ends_gets_term_and_no_hup(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-d", FOREVER, actor_path(), "leave", "job", "50");
	for (int i = 0; i < 50; i++)
		run_expect(&run, "job got 15");
	run_expect_end(&run, 7, "");
}

static void a_parent_that_waits_with_wuntraced_sees_no_stop(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-d", FOREVER, actor_path(), "leave", "watcher", "20");
	for (int i = 0; i < 20; i++)
		run_expect(&run, "watcher saw the end");
	run_expect_end(&run, 7, "");
}

/* One that stops when its child does, as sudo does it, would miss the CONT that came before. */
static void a_parent_that_stops_as_its_child_does_can_finish(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-d", "10", actor_path(), "leave", "follower", "20");
	for (int i = 0; i < 20; i++)
		run_expect(&run, "follower ended");
	run_expect_end(&run, 7, "");
}

/* --- what does not finish --- */

static void a_process_that_ignores_term_is_killed_when_time_is_over(void **state)
{
	struct run run;

	LEAVE(&run, test_role(state), "0.2", "stubborn");
	run_expect_end(&run, 7, KILLING_REMAINING "0.2 s\n");
}

/* A process that had escaped would keep the run's pipes open, and run_expect_status would not end.
 */
static void a_process_that_forks_without_end_does_not_outlive_whit(void **state)
{
	static const char *const kinds[] = {"forker", "runner"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct run run;

		LEAVE(&run, test_role(state), "0.3", kinds[i]);
		run_expect_status(&run, 7);
	}
}

static void a_drain_of_no_time_kills_at_once(void **state)
{
	struct run run;

	LEAVE(&run, test_role(state), "0", "stubborn");
	run_expect_end(&run, 7, "");
}

static void drop_cap_kill(void *argument)
{
	(void)argument;
	if (prctl(PR_CAPBSET_DROP, (unsigned long)CAP_KILL, 0UL, 0UL, 0UL) < 0) _exit(94);
}

/* The time after which whit gives up must not begin anew with each orphan of such a process. */
static void a_process_that_may_not_be_killed_and_leaves_orphans_does_not_keep_whit(void **state)
{
	const char *const words[] = {"-d", "0.1", actor_path(), "leave", "breeder", "1", NULL};
	struct run run;

	if (geteuid() != 0) { /* in a user namespace of an ordinary user there is no other uid */
		print_message("SKIPPED: needs root\n");
		skip();
	}
	run_start(&run,
		&(struct scene){
			.role = test_role(state), .words = words, .prepare = drop_cap_kill});
	run_expect_status(&run, 7);
	expect_no_more_output(&run); /* the breeder says when it ends */
}

/* --- signals and messages --- */

static void a_signal_that_comes_while_draining_is_forwarded_to_the_remaining_processes(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-v", "-d", FOREVER, "-r", "USR2:TERM,USR1:0", actor_path(),
		"leave", "stubborn", "1");
	run_expect_beginning(&run, &run.err, STARTED);
	run_expect_beginning(&run, &run.err, "whit: the command (pid ");
	run_expect_beginning(&run, &run.err, STILL_RUNNING);
	run_expect_beginning(&run, &run.err, REMAINING_HAVE);
	assert_int_equal(kill(run.whit, SIGUSR1), 0);
	run_expect_beginning(&run, &run.err, "whit: dropped SIGUSR1 from pid 0 ");
	assert_int_equal(kill(run.whit, SIGUSR2), 0);
	run_expect_beginning(&run, &run.err, "whit: forwarded SIG");
	assert_int_equal(kill(run_command(&run), SIGKILL), 0);
	run_expect_status(&run, 7);
}

static void signals_that_come_while_draining_reach_a_remaining_process(void **state)
{
	struct run run;

	LEAVE(&run, test_role(state), FOREVER, "listener");
	run_expect(&run, "listener got 15");
	assert_int_equal(kill(run.whit, SIGUSR1), 0);
	run_expect(&run, "listener got " NUMBER_OF(SIGUSR1));
	assert_int_equal(kill(run.whit, SIGHUP), 0);
	run_expect(&run, "listener got 1");
	run_expect_end(&run, 7, "");
}

/* /proc shows it as a zombie, which is not to be named. */
static void v_names_a_process_whose_main_thread_has_ended(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-v", "-d", FOREVER, actor_path(), "leave", "headless", "1");
	run_expect_beginning(&run, &run.err, STARTED);
	run_expect_beginning(&run, &run.err, "whit: the command (pid ");
	run_expect_beginning(&run, &run.err, STILL_RUNNING);
	run_expect(&run, "headless got 15");
	run_expect_status(&run, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROLE_TEST(a_remaining_process_finishes_and_whit_ends_with_the_commands_status),
		ROLE_TEST(without_d_no_process_is_waited_for),
		ROLE_TEST(every_kind_of_remaining_process_gets_term),
		ROLE_TEST(a_process_that_is_started_to_clean_up_gets_no_term),
		ROLE_TEST(two_thousand_remaining_processes_end_at_once),
		ROLE_TEST(no_process_misses_term_because_its_parent_ends_first),
		ROLE_TEST(a_job_whose_session_leader_ends_gets_term_and_no_hup),
		ROLE_TEST(a_parent_that_waits_with_wuntraced_sees_no_stop),
		ROLE_TEST(a_parent_that_stops_as_its_child_does_can_finish),
		ROLE_TEST(a_process_that_ignores_term_is_killed_when_time_is_over),
		ROLE_TEST(a_process_that_forks_without_end_does_not_outlive_whit),
		ROLE_TEST(a_drain_of_no_time_kills_at_once),
		ROLE_TEST(a_process_that_may_not_be_killed_and_leaves_orphans_does_not_keep_whit),
		ROLE_TEST(
			a_signal_that_comes_while_draining_is_forwarded_to_the_remaining_processes),
		ROLE_TEST(signals_that_come_while_draining_reach_a_remaining_process),
		ROLE_TEST(v_names_a_process_whose_main_thread_has_ended),
	};

	return cmocka_run_group_tests_name("drain", tests, harness_require_namespaces, NULL);
}

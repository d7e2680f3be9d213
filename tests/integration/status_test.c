/* Contract, section 5: whit ends as the command ends. */
#include "harness.h"
#include "kernel_signals.h"
#include "refusal.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>

/* The command's pid in the namespace. */
static int command_inside(enum role role)
{
	return role == ROLE_INIT ? 2 : 3;
}

static void every_exit_status_is_the_commands(void **state)
{
	for (int status = 0; status <= 255; status++) {
		struct run run;
		char number[8];

		snprintf(number, sizeof(number), "%d", status);
		RUN(&run, test_role(state), actor_path(), "exit", number);
		run_expect_end(&run, status, "");
	}
}

/* Those that end a process by default: signal(7). */
static bool is_deadly(int signal)
{
	switch (signal) {
	case SIGCHLD:
	case SIGCONT:
	case SIGURG:
	case SIGWINCH:
	case SIGSTOP:
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU: return false;
	default: return true;
	}
}

static void expect_death_notice(struct run *run, const char *signal)
{
	char notice[96];

	snprintf(notice, sizeof(notice), "whit: the command (pid %d) was killed by %s",
		command_inside(run->scene.role), signal);
	run_expect_beginning(run, &run->err, notice);
}

static void death_by_each_signal_is_128_and_its_number_and_is_reported(void **state)
{
	for (int signal = 1; signal <= HIGHEST_SIGNAL; signal++) {
		struct run run;
		char number[8];

		if (!is_deadly(signal)) continue;
		snprintf(number, sizeof(number), "%d", signal);
		RUN(&run, test_role(state), actor_path(), "die", number);
		expect_death_notice(&run, "");
		/* A status is at most 255, and MIPS has a signal 128. */
		run_expect_end(&run, signal < 128 ? 128 + signal : 255, "");
	}
}

static void a_death_by_a_forwarded_signal_is_silent(void **state)
{
	struct run run;

	RUN(&run, test_role(state), actor_path(), "idle");
	run_expect(&run, "ready");
	assert_int_equal(kill(run.whit, SIGHUP), 0);
	run_expect_end(&run, 128 + SIGHUP, "");
}

static void a_death_by_another_signal_than_the_forwarded_one_is_reported(void **state)
{
	struct run run;

	RUN(&run, test_role(state), actor_path(), "signals", "2");
	run_expect(&run, "ready");
	assert_int_equal(kill(run.whit, SIGHUP), 0);
	(void)run_line(&run, &run.out);
	assert_int_equal(kill(run_command(&run), SIGKILL), 0);
	expect_death_notice(&run, "SIGKILL");
	run_expect_end(&run, 128 + SIGKILL, "");
}

static void ignore_chld(void *argument)
{
	(void)argument;
	signal(SIGCHLD, SIG_IGN);
}

static void sigchld_inherited_as_ignored_loses_no_status(void **state)
{
	const char *const words[] = {actor_path(), "exit", "41", NULL};
	struct run run;

	run_start(&run,
		&(struct scene){.role = test_role(state), .words = words, .prepare = ignore_chld});
	run_expect_end(&run, 41, "");
}

struct map_row {
	const char *map;
	const char *part; /* of the actor */
	const char *number;
	int status;
};

static const struct map_row map_rows[] = {
	{"143", "exit", "143", 0}, {"1,2:20,3:30", "exit", "2", 20},
	{"1,2:20,3:30", "exit", "4", 4}, {"KILL:7", "die", "9", 7},
	{"forwarded:6", "exit", "143", 143}, /* whit forwarded nothing */
	{"127", "exit", "127", 0},           /* from the command, a status like any other */
};

static void e_maps_what_the_command_ended_with(void **state)
{
	for (size_t i = 0; i < sizeof(map_rows) / sizeof(map_rows[0]); i++) {
		struct run run;

		RUN(&run, test_role(state), "-e", map_rows[i].map, "-q", actor_path(),
			map_rows[i].part, map_rows[i].number);
		run_expect_end(&run, map_rows[i].status, "");
	}
}

static void e_does_not_map_whits_own_statuses(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-q", "-e", "127:3", "/no/such/command");
	run_expect_status(&run, 127);
	RUN(&run, test_role(state), "-q", "-e", "126:3", "/etc/passwd");
	run_expect_status(&run, 126);
}

static void expect_status_after_term(struct run *run, int status)
{
	run_expect(run, "ready");
	assert_int_equal(kill(run->whit, SIGTERM), 0);
	run_expect_status(run, status);
}

static void e_forwarded_maps_a_death_by_a_forwarded_signal(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-e", "forwarded", actor_path(), "idle");
	expect_status_after_term(&run, 0);
	RUN(&run, test_role(state), "-e", "forwarded", "-r", "TERM:INT", actor_path(), "idle");
	expect_status_after_term(&run, 0);
}

static void e_forwarded_maps_an_exit_with_128_and_the_number_of_a_forwarded_signal(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-e", "forwarded:3", "sh", "-c",
		"trap 'exit 143' TERM; echo ready; while :; do read -r x <&2; done");
	expect_status_after_term(&run, 3);
}

static void e_forwarded_does_not_map_a_death_by_the_kill_of_k(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-e", "forwarded", "-k", "0.1", actor_path(),
		"leave-and-ignore");
	expect_status_after_term(&run, 128 + SIGKILL);
}

/* Without the command's status, whit neither waits for ever nor invents one. */
static void a_command_that_cannot_be_waited_for_is_one_line_and_125(void **state)
{
	struct refusal refusals[] = {{SYS_wait4, ECHILD}, {SYS_wait4, EPERM}};
	const char *const words[] = {actor_path(), "idle", NULL};

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct run run;
		char expected[96];

		run_start(&run,
			&(struct scene){.role = test_role(state),
				.words = words,
				.prepare = refuse_call,
				.prepare_argument = &refusals[i]});
		snprintf(expected, sizeof(expected), "whit: cannot wait for the command (pid %d): ",
			command_inside(test_role(state)));
		run_expect_beginning(&run, &run.err, expected);
		run_expect_end(&run, 125, "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROLE_TEST(every_exit_status_is_the_commands),
		ROLE_TEST(death_by_each_signal_is_128_and_its_number_and_is_reported),
		ROLE_TEST(a_death_by_a_forwarded_signal_is_silent),
		ROLE_TEST(a_death_by_another_signal_than_the_forwarded_one_is_reported),
		ROLE_TEST(sigchld_inherited_as_ignored_loses_no_status),
		ROLE_TEST(e_maps_what_the_command_ended_with),
		ROLE_TEST(e_does_not_map_whits_own_statuses),
		ROLE_TEST(e_forwarded_maps_a_death_by_a_forwarded_signal),
		ROLE_TEST(e_forwarded_maps_an_exit_with_128_and_the_number_of_a_forwarded_signal),
		ROLE_TEST(e_forwarded_does_not_map_a_death_by_the_kill_of_k),
		ROLE_TEST(a_command_that_cannot_be_waited_for_is_one_line_and_125),
	};

	return cmocka_run_group_tests_name("status", tests, harness_require_namespaces, NULL);
}

/* Contract, section 5: whit ends as the command ends. */
#include "harness.h"
#include "kernel_signals.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

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
	case SIGTTOU:
		return false;
	default:
		return true;
	}
}

static void death_by_every_signal_is_128_and_its_number_and_said_aloud(void **state)
{
	for (int signal = 1; signal <= HIGHEST_SIGNAL; signal++) {
		struct run run;
		char number[8];
		char notice[96];

		if (!is_deadly(signal))
			continue;
		snprintf(number, sizeof(number), "%d", signal);
		snprintf(notice, sizeof(notice), "whit: the command (pid %d) was killed by ",
			command_inside(test_role(state)));
		RUN(&run, test_role(state), actor_path(), "die", number);
		run_expect_beginning(&run, &run.err, notice);
		/* There is no more than 255, and so no status for MIPS' 128. */
		run_expect_end(&run, signal < 128 ? 128 + signal : 255, "");
	}
}

static void a_death_by_a_signal_that_was_passed_on_is_silent(void **state)
{
	struct run run;

	RUN(&run, test_role(state), actor_path(), "idle");
	run_expect(&run, "ready");
	assert_int_equal(kill(run.whit, SIGHUP), 0);
	run_expect_end(&run, 128 + SIGHUP, "");
}

static void a_death_by_another_signal_than_was_passed_on_is_said(void **state)
{
	struct run run;
	char notice[96];

	RUN(&run, test_role(state), actor_path(), "signals", "2");
	run_expect(&run, "ready");
	assert_int_equal(kill(run.whit, SIGHUP), 0);
	(void)run_line(&run, &run.out);
	assert_int_equal(kill(run_command(&run), SIGKILL), 0);
	snprintf(notice, sizeof(notice), "whit: the command (pid %d) was killed by SIGKILL",
		command_inside(test_role(state)));
	run_expect_beginning(&run, &run.err, notice);
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
	{"143", "exit", "143", 0}, {"143", "exit", "144", 144}, {"143:5", "exit", "143", 5},
	{"TERM:5", "exit", "143", 5}, {"sigterm", "exit", "143", 0}, {"0:9", "exit", "0", 9},
	{"1,2:20,3:30", "exit", "1", 0}, {"1,2:20,3:30", "exit", "2", 20},
	{"1,2:20,3:30", "exit", "3", 30}, {"KILL:7", "die", "9", 7}, {"137:7", "die", "9", 7},
	{"RTMIN+1:8", "die", "35", 8},
	{"forwarded:6", "exit", "143", 143}, /* nothing was passed on */
	{"127", "exit", "127", 0},           /* the command's own 127 is a status like any other */
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

static void e_forwarded_maps_a_death_by_a_signal_that_was_passed_on(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-e", "forwarded", actor_path(), "idle");
	run_expect(&run, "ready");
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	run_expect_end(&run, 0, "");
}

static void e_forwarded_means_what_the_signal_was_rewritten_to(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-e", "forwarded", "-r", "TERM:INT", actor_path(), "idle");
	run_expect(&run, "ready");
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	run_expect_end(&run, 0, "");
}

static void e_forwarded_is_not_the_kill_of_k(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-v", "-e", "forwarded", "-k", "0.1", actor_path(),
		"leave-and-ignore");
	run_expect(&run, "ready");
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	run_expect_status(&run, 128 + SIGKILL);
	if (strstr(run.err.text, "ended by SIGKILL from whit after ") == NULL)
		run_fail(&run, "expected on stderr: ended by SIGKILL from whit");
}

static void e_forwarded_maps_an_exit_with_128_and_its_number_too(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-e", "forwarded:3", "sh", "-c",
		"trap 'exit 143' TERM; echo ready; while :; do read -r x <&2; done");
	run_expect(&run, "ready");
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	run_expect_end(&run, 3, "");
}

static void e_does_not_map_whits_own_statuses(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-e", "127:3", "/no/such/command");
	run_expect_end(&run, 127,
		"whit: cannot run '/no/such/command': no such file: there is no '/no'\n");
	RUN(&run, test_role(state), "-e", "126:3", "/etc/passwd");
	run_expect_beginning(
		&run, &run.err, "whit: cannot run '/etc/passwd': no permission to execute it ");
	run_expect_end(&run, 126, "");
}

/* Makes every wait4 fail with this error: seccomp(2). */
static void refuse_waiting(void *argument)
{
	struct sock_filter steps[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_wait4, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | *(const unsigned int *)argument),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog filter = {.len = 4, .filter = steps};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) < 0 ||
		prctl(PR_SET_SECCOMP, (unsigned long)SECCOMP_MODE_FILTER, &filter, 0UL, 0UL) < 0)
		_exit(94);
}

/* Whatever takes its status away, whit neither hangs nor makes one up. */
static void a_command_that_cannot_be_waited_for_is_one_line_and_125(void **state)
{
	static const struct {
		unsigned int error;
		const char *before_pid;
		const char *after_pid;
	} rows[] = {
		{ECHILD, "whit: the command (pid ", ") is gone and left no status"},
		{EPERM, "whit: cannot wait for the command (pid ", "): "},
	};
	const char *const words[] = {actor_path(), "idle", NULL};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned int error = rows[i].error;
		struct run run;
		char expected[96];

		run_start(&run,
			&(struct scene){.role = test_role(state),
				.words = words,
				.prepare = refuse_waiting,
				.prepare_argument = &error});
		snprintf(expected, sizeof(expected), "%s%d%s", rows[i].before_pid,
			command_inside(test_role(state)), rows[i].after_pid);
		run_expect_beginning(&run, &run.err, expected);
		run_expect_end(&run, 125, "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROLE_TEST(every_exit_status_is_the_commands),
		ROLE_TEST(death_by_every_signal_is_128_and_its_number_and_said_aloud),
		ROLE_TEST(a_death_by_a_signal_that_was_passed_on_is_silent),
		ROLE_TEST(a_death_by_another_signal_than_was_passed_on_is_said),
		ROLE_TEST(sigchld_inherited_as_ignored_loses_no_status),
		ROLE_TEST(e_maps_what_the_command_ended_with),
		ROLE_TEST(e_forwarded_maps_a_death_by_a_signal_that_was_passed_on),
		ROLE_TEST(e_forwarded_means_what_the_signal_was_rewritten_to),
		ROLE_TEST(e_forwarded_is_not_the_kill_of_k),
		ROLE_TEST(e_forwarded_maps_an_exit_with_128_and_its_number_too),
		ROLE_TEST(e_does_not_map_whits_own_statuses),
		ROLE_TEST(a_command_that_cannot_be_waited_for_is_one_line_and_125),
	};

	return cmocka_run_group_tests_name("status", tests, harness_require_namespaces, NULL);
}

/* Contract, section 3: everything that is sent to whit reaches the command, once. */
#include "harness.h"
#include "kernel_signals.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define FIRST_REALTIME 34 /* as programs of glibc count */

static bool can_be_caught(int signal)
{
	return signal != SIGKILL && signal != SIGSTOP;
}

/* Whit's own pid in its namespace: the sender of all that it passes on with kill(2). */
static pid_t pid_inside(const struct run *run)
{
	return run->scene.role == ROLE_INIT ? 1 : 2;
}

static void expect_signal(struct run *run, int signal)
{
	char expected[96];

	snprintf(expected, sizeof(expected), "signal %d code 0 pid %d uid 0 value 0", signal,
		pid_inside(run));
	run_expect(run, expected);
}

static void send_from_outside(struct run *run, int signal)
{
	if (kill(run->whit, signal) < 0)
		run_fail(run, "cannot send signal %d to whit", signal);
}

struct sending {
	pid_t to;
	int signal;
	int value;
};

static int kill_part(void *argument)
{
	const struct sending *sending = argument;

	return kill(sending->to, sending->signal) == 0 ? 0 : 1;
}

/* A sigqueue(3) that libc does not get to look at. */
static int queue_signal(pid_t to, int signal, int value)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	info.si_code = SI_QUEUE;
	info.si_pid = getpid();
	info.si_uid = getuid();
	info.si_value.sival_int = value;
	return (int)syscall(SYS_rt_sigqueueinfo, to, signal, &info);
}

/* Queues value 0, 1, … value-1; returns the sender's pid. */
static int queue_part(void *argument)
{
	const struct sending *sending = argument;

	for (int value = 0; value < sending->value; value++) {
		if (queue_signal(sending->to, sending->signal, value) < 0)
			return 0;
	}
	return (int)syscall(SYS_getpid);
}

static void every_signal_from_outside_arrives_once(void **state)
{
	struct run run;
	char count[8];

	snprintf(count, sizeof(count), "%d", HIGHEST_SIGNAL - 2 + 1);
	RUN(&run, test_role(state), actor_path(), "signals", count);
	run_expect(&run, "ready");
	for (int signal = 1; signal <= HIGHEST_SIGNAL; signal++) {
		if (can_be_caught(signal)) {
			send_from_outside(&run, signal);
			expect_signal(&run, signal);
		}
	}
	send_from_outside(&run, SIGHUP); /* had one come twice, it would be here instead of this */
	expect_signal(&run, SIGHUP);
	run_expect_end(&run, 0, "");
}

static void every_signal_from_inside_arrives_once(void **state)
{
	struct run run;
	char count[8];

	snprintf(count, sizeof(count), "%d", HIGHEST_SIGNAL - 2 + 1);
	RUN(&run, test_role(state), actor_path(), "signals", count);
	run_expect(&run, "ready");
	for (int signal = 1; signal <= HIGHEST_SIGNAL; signal++) {
		if (can_be_caught(signal)) {
			struct sending sending = {.to = pid_inside(&run), .signal = signal};

			assert_int_equal(run_join(&run, kill_part, &sending), 0);
			expect_signal(&run, signal);
		}
	}
	send_from_outside(&run, SIGHUP);
	expect_signal(&run, SIGHUP);
	run_expect_end(&run, 0, "");
}

static void a_hundred_queued_signals_arrive_in_order_with_value_and_sender(void **state)
{
	const int count = 100;
	struct run run;
	struct sending sending = {.signal = FIRST_REALTIME + 1, .value = count};
	int sender;

	/* One more: else the namespace, and the sender in it, might end before the sender exits. */
	RUN(&run, test_role(state), actor_path(), "signals", "101");
	run_expect(&run, "ready");
	sending.to = pid_inside(&run);
	sender = run_join(&run, queue_part, &sending);
	for (int value = 0; value < count; value++) {
		char expected[96];

		snprintf(expected, sizeof(expected), "signal %d code %d pid %d uid %d value %d",
			FIRST_REALTIME + 1, SI_QUEUE, sender, 0, value);
		run_expect(&run, expected);
	}
	send_from_outside(&run, SIGHUP);
	expect_signal(&run, SIGHUP);
	run_expect_end(&run, 0, "");
}

/* The namespace has no pid for such a sender: it is 0. */
static void a_signal_queued_from_outside_keeps_its_value(void **state)
{
	struct run run;
	char expected[96];

	RUN(&run, test_role(state), actor_path(), "signals", "1");
	run_expect(&run, "ready");
	assert_int_equal(queue_signal(run.whit, SIGUSR1, 4711), 0);
	snprintf(expected, sizeof(expected), "signal %d code %d pid 0 uid 0 value 4711", SIGUSR1,
		SI_QUEUE);
	run_expect(&run, expected);
	run_expect_end(&run, 0, "");
}

static void a_thousand_plain_realtime_signals_keep_their_number(void **state)
{
	struct run run;

	RUN(&run, test_role(state), actor_path(), "signals", "1000");
	run_expect(&run, "ready");
	for (int i = 0; i < 1000; i++)
		send_from_outside(&run, FIRST_REALTIME + i % 2);
	for (int i = 0, seen[2] = {0, 0}; i < 1000; i++) {
		int signal = atoi(run_line(&run, &run.out) + strlen("signal "));

		if (signal != FIRST_REALTIME && signal != FIRST_REALTIME + 1)
			run_fail(&run, "observed: signal %d", signal);
		seen[signal - FIRST_REALTIME]++;
		if (i == 999 && (seen[0] != 500 || seen[1] != 500))
			run_fail(&run, "expected: 500 of each\nobserved: %d and %d", seen[0],
				seen[1]);
	}
	run_expect_end(&run, 0, "");
}

/* Starts, and sends TERM as soon as whit cannot miss it: nobody waits for the command. */
static void term_a_thousand_starts(enum role role, const char *option)
{
	for (int i = 0; i < 1000; i++) {
		struct run run;

		RUN(&run, role, option, actor_path(), "idle");
		run_wait_listening(&run);
		send_from_outside(&run, SIGTERM);
		run_expect_end(&run, 128 + SIGTERM, "");
	}
}

static void term_at_the_start_ends_the_command_a_thousand_times(void **state)
{
	term_a_thousand_starts(test_role(state), "-c");
}

static void term_at_the_start_ends_the_command_a_thousand_times_with_g(void **state)
{
	term_a_thousand_starts(test_role(state), "-g");
}

static void run_group_scene(struct run *run, enum role role, const char *option)
{
	RUN(run, role, option, actor_path(), "group");
	for (int i = 0; i < 2; i++) { /* in either order */
		if (strncmp(run_line(run, &run->out), "ready", 5) != 0)
			run_fail(run, "the actor is not ready");
	}
}

static void with_g_the_whole_group_gets_the_signal(void **state)
{
	struct run run;
	bool command = false;
	bool member = false;

	run_group_scene(&run, test_role(state), "-g");
	send_from_outside(&run, SIGUSR1);
	for (int i = 0; i < 2; i++) {
		const char *line = run_line(&run, &run.out);

		command = command || strcmp(line, "command got " NUMBER_OF(SIGUSR1)) == 0;
		member = member || strcmp(line, "member got " NUMBER_OF(SIGUSR1)) == 0;
	}
	if (!command || !member)
		run_fail(&run, "expected: both got " NUMBER_OF(SIGUSR1));
	run_expect_end(&run, 0, "");
}

static void without_g_the_command_alone_gets_the_signal(void **state)
{
	struct run run;

	run_group_scene(&run, test_role(state), "-c");
	send_from_outside(&run, SIGUSR1);
	run_expect(&run, "command got " NUMBER_OF(SIGUSR1));
	/* The command now waits for the member, which is still waiting for its first signal. */
	assert_int_equal(kill(process_child(run_command(&run)), SIGUSR2), 0);
	run_expect(&run, "member got " NUMBER_OF(SIGUSR2));
	run_expect_end(&run, 0, "");
}

static void with_g_a_command_that_left_its_group_empty_gets_the_signal(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-g", actor_path(), "leave-group", "1");
	run_expect(&run, "ready");
	send_from_outside(&run, SIGTERM);
	expect_signal(&run, SIGTERM);
	run_expect_end(&run, 0, "");
}

static void with_g_a_queued_signal_goes_to_the_command_with_its_value(void **state)
{
	struct run run;
	char expected[96];

	RUN(&run, test_role(state), "-g", actor_path(), "signals", "1");
	run_expect(&run, "ready");
	assert_int_equal(queue_signal(run.whit, FIRST_REALTIME, 5), 0);
	snprintf(expected, sizeof(expected), "signal %d code %d pid 0 uid 0 value 5",
		FIRST_REALTIME, SI_QUEUE);
	run_expect(&run, expected);
	run_expect_end(&run, 0, "");
}

struct rewrite_row {
	const char *rewrite;
	int sent;
	int received; /* 0: dropped */
};

static const struct rewrite_row rewrite_rows[] = {
	{"TERM:QUIT", SIGTERM, SIGQUIT},
	{"15:3", SIGTERM, SIGQUIT},
	{"sigterm:SigInt", SIGTERM, SIGINT},
	{"HUP:RTMIN+3", SIGHUP, FIRST_REALTIME + 3},
	{"RTMIN+3:HUP", FIRST_REALTIME + 3, SIGHUP},
	{"RTMAX:RTMAX-1", LAST_REALTIME, LAST_REALTIME - 1},
	{"WINCH:0", SIGWINCH, 0},
	{"TERM:HUP,HUP:USR2", SIGTERM, SIGHUP}, /* not twice over */
	{"HUP:USR1,USR1:HUP", SIGUSR1, SIGHUP},
	{"CHLD:USR1", SIGCHLD, SIGUSR1},
};

static void r_passes_a_signal_on_as_another_or_drops_it(void **state)
{
	for (size_t i = 0; i < sizeof(rewrite_rows) / sizeof(rewrite_rows[0]); i++) {
		const struct rewrite_row *row = &rewrite_rows[i];
		struct run run;

		RUN(&run, test_role(state), "-r", row->rewrite, actor_path(), "signals",
			row->received == 0 ? "1" : "2");
		run_expect(&run, "ready");
		send_from_outside(&run, row->sent);
		if (row->received != 0)
			expect_signal(&run, row->received);
		send_from_outside(&run, SIGALRM); /* in no row */
		expect_signal(&run, SIGALRM);
		run_expect_end(&run, 0, "");
	}
}

/* More at once than whit reads at once, and then a death. */
static void a_flood_does_not_hide_the_commands_end(void **state)
{
	struct run run;
	pid_t command;

	RUN(&run, test_role(state), "-q", actor_path(), "idle-blocked");
	run_expect(&run, "ready");
	command = run_command(&run);
	assert_int_equal(kill(run.whit, SIGSTOP), 0);
	process_wait_state(run.whit, 'T');
	for (int i = 0; i < 500; i++)
		send_from_outside(&run, FIRST_REALTIME);
	assert_int_equal(kill(command, SIGKILL), 0);
	process_wait_state(command, 'Z');
	assert_int_equal(kill(run.whit, SIGCONT), 0);
	run_expect_end(&run, 128 + SIGKILL, "");
}

static void whit_is_not_stopped_by_stop_signals(void **state)
{
	static const int stops[] = {SIGTSTP, SIGTTIN, SIGTTOU};
	struct run run;

	RUN(&run, test_role(state), actor_path(), "signals", "3");
	run_expect(&run, "ready");
	for (size_t i = 0; i < sizeof(stops) / sizeof(stops[0]); i++) {
		send_from_outside(&run, stops[i]);
		expect_signal(&run, stops[i]);
	}
	run_expect_end(&run, 0, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROLE_TEST(every_signal_from_outside_arrives_once),
		ROLE_TEST(every_signal_from_inside_arrives_once),
		ROLE_TEST(a_hundred_queued_signals_arrive_in_order_with_value_and_sender),
		ROLE_TEST(a_signal_queued_from_outside_keeps_its_value),
		ROLE_TEST(a_thousand_plain_realtime_signals_keep_their_number),
		INIT_TEST(term_at_the_start_ends_the_command_a_thousand_times),
		INIT_TEST(term_at_the_start_ends_the_command_a_thousand_times_with_g),
		ROLE_TEST(with_g_the_whole_group_gets_the_signal),
		ROLE_TEST(without_g_the_command_alone_gets_the_signal),
		ROLE_TEST(with_g_a_command_that_left_its_group_empty_gets_the_signal),
		ROLE_TEST(with_g_a_queued_signal_goes_to_the_command_with_its_value),
		ROLE_TEST(r_passes_a_signal_on_as_another_or_drops_it),
		ROLE_TEST(a_flood_does_not_hide_the_commands_end),
		ROLE_TEST(whit_is_not_stopped_by_stop_signals),
	};

	return cmocka_run_group_tests_name("signals", tests, harness_require_namespaces, NULL);
}

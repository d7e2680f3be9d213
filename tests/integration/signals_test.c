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

/* whit's pid in its namespace: the sender of what it forwards by kill(2). */
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
	if (kill(run->whit, signal) < 0) run_fail(run, "cannot send signal %d to whit", signal);
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

/* As sigqueue(3), for the signals too that libc keeps for itself. */
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

/* Queues the values below sending->value, in order. Returns the sender's pid. */
static int queue_part(void *argument)
{
	const struct sending *sending = argument;

	for (int value = 0; value < sending->value; value++) {
		if (queue_signal(sending->to, sending->signal, value) < 0) return 0;
	}
	return (int)syscall(SYS_getpid);
}

static void send_from_inside(struct run *run, int signal)
{
	struct sending sending = {.to = pid_inside(run), .signal = signal};

	assert_int_equal(run_join(run, kill_part, &sending), 0);
}

/* TSTP, TTIN and TTOU among them: whit goes on. */
static void send_every_signal(enum role role, void (*send)(struct run *, int))
{
	struct run run;
	char count[8];

	snprintf(count, sizeof(count), "%d", HIGHEST_SIGNAL - 2 + 1);
	RUN(&run, role, actor_path(), "signals", count);
	run_expect(&run, "ready");
	for (int signal = 1; signal <= HIGHEST_SIGNAL; signal++) {
		if (can_be_caught(signal)) {
			send(&run, signal);
			expect_signal(&run, signal);
		}
	}
	send(&run, SIGHUP); /* one that came twice would be before it */
	expect_signal(&run, SIGHUP);
	run_expect_end(&run, 0, "");
}

static void every_signal_from_outside_arrives_once(void **state)
{
	send_every_signal(test_role(state), send_from_outside);
}

static void every_signal_from_inside_arrives_once(void **state)
{
	send_every_signal(test_role(state), send_from_inside);
}

static void a_hundred_queued_signals_arrive_in_order_with_value_and_sender(void **state)
{
	const int count = 100;
	struct run run;
	struct sending sending = {.signal = FIRST_REALTIME + 1, .value = count};
	int sender;

	/* The last one is sent later: the sender must exit before its namespace ends. */
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

/* Sent as soon as whit blocks it, without waiting for the command. */
static void a_term_sent_at_the_start_is_never_lost(void **state)
{
	for (int i = 0; i < 2000; i++) {
		struct run run;

		RUN(&run, test_role(state), i % 2 == 0 ? "-c" : "-g", actor_path(), "idle");
		run_wait_listening(&run);
		send_from_outside(&run, SIGTERM);
		run_expect_end(&run, 128 + SIGTERM, "");
	}
}

/* The command, and a member of its group. */
static void start_group(struct run *run, enum role role, const char *option)
{
	RUN(run, role, option, actor_path(), "group");
	for (int i = 0; i < 2; i++)
		run_expect_beginning(run, &run->out, "ready ");
}

static void with_g_the_whole_group_gets_the_signal(void **state)
{
	struct run run;

	start_group(&run, test_role(state), "-g");
	send_from_outside(&run, SIGUSR1);
	for (int i = 0; i < 2; i++) {
		if (strstr(run_line(&run, &run.out), " got " NUMBER_OF(SIGUSR1)) == NULL)
			run_fail(&run, "expected: both got USR1\nobserved: %s", run.line);
	}
	run_expect_end(&run, 0, "");
}

static void without_g_the_command_alone_gets_the_signal(void **state)
{
	struct run run;

	start_group(&run, test_role(state), "-c");
	send_from_outside(&run, SIGUSR1);
	run_expect(&run, "command got " NUMBER_OF(SIGUSR1));
	/* The member prints the first signal that it gets. */
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

/* The kernel queues nothing to a group. Seen from this namespace, the sender has no pid. */
static void with_g_a_queued_signal_goes_to_the_command_with_its_value(void **state)
{
	struct run run;
	char expected[96];

	RUN(&run, test_role(state), "-g", actor_path(), "signals", "1");
	run_expect(&run, "ready");
	assert_int_equal(queue_signal(run.whit, SIGUSR1, 4711), 0);
	snprintf(expected, sizeof(expected), "signal %d code %d pid 0 uid 0 value 4711", SIGUSR1,
		SI_QUEUE);
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
	{"HUP:RTMIN+3", SIGHUP, FIRST_REALTIME + 3},
	{"RTMAX:RTMAX-1", LAST_REALTIME, LAST_REALTIME - 1},
	{"WINCH:0", SIGWINCH, 0},
	{"TERM:HUP,HUP:USR2", SIGTERM, SIGHUP}, /* rewritten once */
	{"CHLD:USR1", SIGCHLD, SIGUSR1},
};

static void r_forwards_a_signal_as_another_or_drops_it(void **state)
{
	for (size_t i = 0; i < sizeof(rewrite_rows) / sizeof(rewrite_rows[0]); i++) {
		const struct rewrite_row *row = &rewrite_rows[i];
		struct run run;

		RUN(&run, test_role(state), "-r", row->rewrite, actor_path(), "signals",
			row->received == 0 ? "1" : "2");
		run_expect(&run, "ready");
		send_from_outside(&run, row->sent);
		if (row->received != 0) expect_signal(&run, row->received);
		send_from_outside(&run, SIGALRM); /* in no row */
		expect_signal(&run, SIGALRM);
		run_expect_end(&run, 0, "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROLE_TEST(every_signal_from_outside_arrives_once),
		ROLE_TEST(every_signal_from_inside_arrives_once),
		ROLE_TEST(a_hundred_queued_signals_arrive_in_order_with_value_and_sender),
		INIT_TEST(a_term_sent_at_the_start_is_never_lost),
		ROLE_TEST(with_g_the_whole_group_gets_the_signal),
		ROLE_TEST(without_g_the_command_alone_gets_the_signal),
		ROLE_TEST(with_g_a_command_that_left_its_group_empty_gets_the_signal),
		ROLE_TEST(with_g_a_queued_signal_goes_to_the_command_with_its_value),
		ROLE_TEST(r_forwards_a_signal_as_another_or_drops_it),
	};

	return cmocka_run_group_tests_name("signals", tests, harness_require_namespaces, NULL);
}

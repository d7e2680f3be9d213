#include "command/delivery.h"

#include "unit/support.h"

#include <limits.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#define ANOTHER_UID 65534

/* No process and no group has this number: above PID_MAX_LIMIT. */
#define NOBODY INT_MAX

/* Higher than all others: what is pending besides it would be received before it. */
#ifndef LAST_SIGNAL /* tests/dist/arch.sh has a lower one */
#define LAST_SIGNAL SIGNAL_MAX
#endif

enum group {
	GROUP_OWN,
	GROUP_OF_TEST,
};

/* A process that blocks all signals and tells what it receives. */
struct receiver {
	pid_t pid;
	int received; /* the end of a pipe, from which a siginfo_t is read for each signal */
};

static const struct signalfd_siginfo by_kill = {.ssi_code = SI_USER, .ssi_pid = 99};

static void receive_for_ever(int out)
{
	const struct signal_set all = every_signal();
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	/* The first record says that the receiver is ready. */
	while (write(out, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		while (syscall(SYS_rt_sigtimedwait, &all, &info, NULL, sizeof(all)) < 0)
			;
	}
}

static siginfo_t next_received(const struct receiver *receiver)
{
	struct pollfd readable = {.fd = receiver->received, .events = POLLIN};
	siginfo_t info;

	if (poll(&readable, 1, WATCHDOG_SECONDS * 1000) == 0)
		fail_msg("expected a signal, received none until the watchdog ended the wait");
	if (read(receiver->received, &info, sizeof(info)) != (ssize_t)sizeof(info))
		fail_msg("the receiver is gone");
	return info;
}

/* group_leader 0 makes the receiver a leader of its own group. */
static struct receiver start_receiver(enum group group, pid_t group_leader)
{
	const struct signal_set all = every_signal();
	struct receiver receiver;
	struct signal_set before;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	/* The fork inherits it: no signal can come too early. */
	(void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof(all));
	receiver.pid = checked_fork();
	if (receiver.pid == 0) {
		/* Nothing else would end it after a test that failed. */
		(void)prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL, 0UL, 0UL, 0UL);
		(void)close(ends[0]);
		if (group == GROUP_OWN)
			(void)setpgid(0, group_leader);
		receive_for_ever(ends[1]);
		_exit(1);
	}
	mask_set_raw(&before);
	(void)close(ends[1]);
	receiver.received = ends[0];
	(void)next_received(&receiver);
	return receiver;
}

static void stop_receiver(const struct receiver *receiver)
{
	(void)kill(receiver->pid, SIGKILL);
	(void)wait_for(receiver->pid);
	(void)close(receiver->received);
}

static void send_to(const struct receiver *receiver, enum delivery_target target, int signal,
	const struct signalfd_siginfo *origin)
{
	char text[SIGNAL_TEXT_SIZE];

	if (delivery_send(receiver->pid, target, signal, origin) != 0)
		fail_msg("sending %s: %s", signal_text(signal, text), strerror(errno));
}

static siginfo_t expect_received(const struct receiver *receiver, int signal)
{
	siginfo_t info = next_received(receiver);
	char expected[SIGNAL_TEXT_SIZE], observed[SIGNAL_TEXT_SIZE];

	if (info.si_signo != signal)
		fail_msg("expected %s, received %s", signal_text(signal, expected),
			signal_text(info.si_signo, observed));
	return info;
}

/* Plainly sent, by this process. */
static void expect_plain(const struct receiver *receiver, int signal)
{
	siginfo_t info = expect_received(receiver, signal);

	expect_int("si_code", SI_USER, info.si_code);
	expect_int("si_pid", getpid(), info.si_pid);
	expect_int("si_uid", (int)getuid(), (int)info.si_uid);
}

/* Nothing else is there: the last signal is next. */
static void expect_nothing_more(const struct receiver *receiver)
{
	assert_int_equal(kill(receiver->pid, LAST_SIGNAL), 0);
	(void)expect_received(receiver, LAST_SIGNAL);
}

static void every_signal_that_can_be_caught_reaches_the_command_once(void **state)
{
	struct receiver command = start_receiver(GROUP_OWN, 0);

	(void)state;
	for (int signal = 1; signal <= SIGNAL_MAX; signal++) {
		if (!can_be_caught(signal))
			continue;
		send_to(&command, DELIVERY_TO_COMMAND, signal, &by_kill);
		expect_plain(&command, signal);
	}
	expect_nothing_more(&command);
	stop_receiver(&command);
}

static void every_signal_that_can_be_caught_reaches_each_of_the_group_once(void **state)
{
	struct receiver command = start_receiver(GROUP_OWN, 0);
	struct receiver member = start_receiver(GROUP_OWN, command.pid);

	(void)state;
	for (int signal = 1; signal <= SIGNAL_MAX; signal++) {
		if (!can_be_caught(signal))
			continue;
		send_to(&command, DELIVERY_TO_GROUP, signal, &by_kill);
		expect_plain(&command, signal);
		expect_plain(&member, signal);
	}
	expect_nothing_more(&command);
	expect_nothing_more(&member);
	stop_receiver(&member);
	stop_receiver(&command);
}

static void the_command_alone_means_nobody_else_of_its_group(void **state)
{
	struct receiver command = start_receiver(GROUP_OWN, 0);
	struct receiver member = start_receiver(GROUP_OWN, command.pid);

	(void)state;
	send_to(&command, DELIVERY_TO_COMMAND, SIGTERM, &by_kill);
	expect_plain(&command, SIGTERM);
	expect_nothing_more(&member);
	stop_receiver(&member);
	stop_receiver(&command);
}

static void without_a_group_of_its_number_the_command_gets_the_signal(void **state)
{
	struct receiver command = start_receiver(GROUP_OF_TEST, 0);

	(void)state;
	send_to(&command, DELIVERY_TO_GROUP, SIGTERM, &by_kill);
	expect_plain(&command, SIGTERM);
	expect_nothing_more(&command);
	stop_receiver(&command);
}

static void a_command_that_went_to_another_group_gets_the_signal(void **state)
{
	struct receiver other = start_receiver(GROUP_OWN, 0);
	struct receiver command = start_receiver(GROUP_OWN, other.pid);

	(void)state;
	send_to(&command, DELIVERY_TO_GROUP, SIGTERM, &by_kill);
	expect_plain(&command, SIGTERM);
	expect_nothing_more(&other);
	stop_receiver(&command);
	stop_receiver(&other);
}

static void kill_ends_the_command_and_its_group(void **state)
{
	struct receiver command = start_receiver(GROUP_OWN, 0);
	struct receiver member = start_receiver(GROUP_OWN, command.pid);

	(void)state;
	send_to(&command, DELIVERY_TO_GROUP, SIGKILL, &by_kill);
	expect_int("the command's end", SIGKILL, WTERMSIG(wait_for(command.pid)));
	expect_int("the member's end", SIGKILL, WTERMSIG(wait_for(member.pid)));
	(void)close(command.received);
	(void)close(member.received);
}

static struct signalfd_siginfo queued_with(int32_t code, uint64_t value)
{
	/* Which half of the pointer the number is depends on the byte order. */
	const union sigval both = {.sival_ptr = (void *)(uintptr_t)value};
	const struct signalfd_siginfo origin = {
		.ssi_code = code,
		.ssi_pid = 4242,
		.ssi_uid = 4343,
		.ssi_ptr = value,
		.ssi_int = both.sival_int,
	};

	return origin;
}

static void expect_queued(
	const struct receiver *receiver, int signal, const struct signalfd_siginfo *origin)
{
	siginfo_t info = expect_received(receiver, signal);

	expect_int("si_code", origin->ssi_code, info.si_code);
	expect_int("si_pid", (int)origin->ssi_pid, info.si_pid);
	expect_int("si_uid", (int)origin->ssi_uid, (int)info.si_uid);
	expect_int("sival_int", origin->ssi_int, info.si_value.sival_int);
	if (info.si_value.sival_ptr != (void *)(uintptr_t)origin->ssi_ptr)
		fail_msg("sival_ptr: expected %p, observed %p", (void *)(uintptr_t)origin->ssi_ptr,
			info.si_value.sival_ptr);
}

static void a_queued_signal_keeps_its_value_and_sender(void **state)
{
	static const uint64_t values[] = {0, 1, 42, 0x7fffffff, 0x80000000, 0xffffffff,
		0x1122334455667788, 0xffffffffffffffff};
	struct receiver command = start_receiver(GROUP_OWN, 0);

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		for (int signal = 1; signal <= SIGNAL_MAX; signal++) {
			struct signalfd_siginfo origin = queued_with(SI_QUEUE, values[i]);

			if (!can_be_caught(signal))
				continue;
			send_to(&command, DELIVERY_TO_COMMAND, signal, &origin);
			expect_queued(&command, signal, &origin);
		}
	}
	expect_nothing_more(&command);
	stop_receiver(&command);
}

static void a_message_queues_notice_keeps_its_value_and_code(void **state)
{
	struct signalfd_siginfo origin = queued_with(SI_MESGQ, 7);
	struct receiver command = start_receiver(GROUP_OWN, 0);

	(void)state;
	send_to(&command, DELIVERY_TO_COMMAND, SIGUSR1, &origin);
	expect_queued(&command, SIGUSR1, &origin);
	stop_receiver(&command);
}

static void queued_real_time_signals_keep_their_number_and_order(void **state)
{
	struct receiver command = start_receiver(GROUP_OWN, 0);
	enum { TIMES = 10 };

	(void)state;
	/* Stopped, it receives only when all are there. */
	assert_int_equal(kill(command.pid, SIGSTOP), 0);
	while (waitpid(command.pid, NULL, WUNTRACED) < 0)
		assert_int_equal(errno, EINTR);
	for (uint64_t i = 0; i < TIMES; i++) {
		struct signalfd_siginfo origin = queued_with(SI_QUEUE, i);

		send_to(&command, DELIVERY_TO_COMMAND, 40, &origin);
	}
	assert_int_equal(kill(command.pid, SIGCONT), 0);
	(void)expect_received(&command, SIGCONT);
	for (uint64_t i = 0; i < TIMES; i++) {
		struct signalfd_siginfo origin = queued_with(SI_QUEUE, i);

		expect_queued(&command, 40, &origin);
	}
	expect_nothing_more(&command);
	stop_receiver(&command);
}

static void a_queued_signal_goes_to_the_command_alone_also_with_g(void **state)
{
	struct signalfd_siginfo origin = queued_with(SI_QUEUE, 42);
	struct receiver command = start_receiver(GROUP_OWN, 0);
	struct receiver member = start_receiver(GROUP_OWN, command.pid);

	(void)state;
	send_to(&command, DELIVERY_TO_GROUP, SIGUSR1, &origin);
	expect_queued(&command, SIGUSR1, &origin);
	expect_nothing_more(&command);
	expect_nothing_more(&member);
	stop_receiver(&member);
	stop_receiver(&command);
}

static void what_was_not_queued_is_plainly_sent(void **state)
{
	static const int codes[] = {SI_USER, SI_KERNEL, SI_TKILL, CLD_EXITED, 1, 100};
	struct receiver command = start_receiver(GROUP_OWN, 0);

	(void)state;
	for (size_t i = 0; i < COUNT(codes); i++) {
		struct signalfd_siginfo origin = queued_with(codes[i], 42);

		send_to(&command, DELIVERY_TO_COMMAND, SIGUSR1, &origin);
		expect_plain(&command, SIGUSR1);
	}
	stop_receiver(&command);
}

/* No room for a value: the kernel takes a real-time signal from kill all the same. */
static void a_queued_signal_for_which_there_is_no_room_goes_without_its_value(void **state)
{
	const struct rlimit none = {.rlim_cur = 0, .rlim_max = 0};
	struct signalfd_siginfo origin = queued_with(SI_QUEUE, 42);
	struct receiver command = start_receiver(GROUP_OWN, 0);

	(void)state;
	if (prlimit(command.pid, RLIMIT_SIGPENDING, &none, NULL) != 0)
		fail_msg("prlimit: %s", strerror(errno));
	send_to(&command, DELIVERY_TO_COMMAND, 40, &origin);
	(void)expect_received(&command, 40);
	stop_receiver(&command);
}

static void nobody_there_is_esrch(void **state)
{
	static const enum delivery_target targets[] = {DELIVERY_TO_COMMAND, DELIVERY_TO_GROUP};
	struct signalfd_siginfo queued = queued_with(SI_QUEUE, 42);

	(void)state;
	for (size_t i = 0; i < COUNT(targets); i++) {
		errno = 0;
		expect_int(
			"a plain signal", -1, delivery_send(NOBODY, targets[i], SIGTERM, &by_kill));
		expect_errno("a plain signal", ESRCH, errno);
		errno = 0;
		expect_int(
			"a queued signal", -1, delivery_send(NOBODY, targets[i], SIGTERM, &queued));
		expect_errno("a queued signal", ESRCH, errno);
	}
}

static void complain_unless_eperm(struct complaint *complaint, const char *what, int result)
{
	if (result != -1 || errno != EPERM)
		complain(complaint, "%s: expected -1 and EPERM, observed %d and \"%s\"", what,
			result, strerror(errno));
}

/* As a process that may not signal the command. */
static void send_as_another_user(struct complaint *complaint, const void *argument)
{
	static const enum delivery_target targets[] = {DELIVERY_TO_COMMAND, DELIVERY_TO_GROUP};
	const struct receiver *command = argument;
	struct signalfd_siginfo queued = queued_with(SI_QUEUE, 42);

	if (setresuid(ANOTHER_UID, ANOTHER_UID, ANOTHER_UID) != 0)
		complain(complaint, "setresuid: %s", strerror(errno));
	for (size_t i = 0; i < COUNT(targets); i++) {
		complain_unless_eperm(complaint, "a plain signal",
			delivery_send(command->pid, targets[i], SIGTERM, &by_kill));
		complain_unless_eperm(complaint, "a queued signal",
			delivery_send(command->pid, targets[i], SIGTERM, &queued));
	}
}

static void a_command_of_another_user_is_eperm(void **state)
{
	struct receiver command;

	(void)state;
	if (geteuid() != 0) {
		print_message("skipped: only root can be another user\n");
		skip();
	}
	command = start_receiver(GROUP_OWN, 0);
	run_in_child("another user", send_as_another_user, &command);
	expect_nothing_more(&command);
	stop_receiver(&command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_signal_that_can_be_caught_reaches_the_command_once),
		cmocka_unit_test(every_signal_that_can_be_caught_reaches_each_of_the_group_once),
		cmocka_unit_test(the_command_alone_means_nobody_else_of_its_group),
		cmocka_unit_test(without_a_group_of_its_number_the_command_gets_the_signal),
		cmocka_unit_test(a_command_that_went_to_another_group_gets_the_signal),
		cmocka_unit_test(kill_ends_the_command_and_its_group),
		cmocka_unit_test(a_queued_signal_keeps_its_value_and_sender),
		cmocka_unit_test(a_message_queues_notice_keeps_its_value_and_code),
		cmocka_unit_test(queued_real_time_signals_keep_their_number_and_order),
		cmocka_unit_test(a_queued_signal_goes_to_the_command_alone_also_with_g),
		cmocka_unit_test(what_was_not_queued_is_plainly_sent),
		cmocka_unit_test(a_queued_signal_for_which_there_is_no_room_goes_without_its_value),
		cmocka_unit_test(nobody_there_is_esrch),
		cmocka_unit_test(a_command_of_another_user_is_eperm),
	};

	return cmocka_run_group_tests_name("command/delivery", tests, NULL, NULL);
}

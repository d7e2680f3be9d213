#include "command/forward.h"

#include "unit/support.h"

#include <limits.h>
#include <sys/resource.h>

/* What the integration tests of signals cannot make: codes, values and a full queue. */

/* No process and no group has this number: above PID_MAX_LIMIT. */
#define NO_PID INT_MAX

#ifndef LAST_SIGNAL /* tests/dist/arch.sh has a lower one */
#define LAST_SIGNAL SIGNAL_MAX
#endif

/* A child that blocks all signals, leads a group, and waits to be asked for what it received. */
struct receiver {
	pid_t pid;
	int asked;    /* a byte for each signal that is to be received */
	int received; /* a siginfo_t for each */
};

static void receive_for_ever(int asked, int out)
{
	const struct signal_set all = every_signal();
	siginfo_t info;
	char byte;

	while (read(asked, &byte, 1) == 1) {
		memset(&info, 0, sizeof(info));
		while (syscall(SYS_rt_sigtimedwait, &all, &info, NULL, sizeof(all)) < 0)
			;
		if (write(out, &info, sizeof(info)) != (ssize_t)sizeof(info)) break;
	}
}

static struct receiver start_receiver(void)
{
	const struct signal_set all = every_signal();
	const struct signal_set none = {{0}};
	struct receiver receiver;
	int asked[2], received[2];

	assert_int_equal(pipe(asked), 0);
	assert_int_equal(pipe(received), 0);
	mask_set_raw(&all); /* the fork inherits it: no signal can come too early */
	receiver.pid = checked_fork();
	if (receiver.pid == 0) {
		(void)close(asked[1]); /* the end of the test ends it */
		receive_for_ever(asked[0], received[1]);
		_exit(1);
	}
	mask_set_raw(&none);
	(void)setpgid(receiver.pid, receiver.pid);
	(void)close(asked[0]);
	(void)close(received[1]);
	receiver.asked = asked[1];
	receiver.received = received[0];
	return receiver;
}

static siginfo_t receive(const struct receiver *receiver)
{
	siginfo_t info = {0};

	if (write(receiver->asked, "", 1) != 1 ||
		read(receiver->received, &info, sizeof(info)) != (ssize_t)sizeof(info))
		fail_msg("the receiver is gone");
	return info;
}

static void stop_receiver(const struct receiver *receiver)
{
	(void)kill(receiver->pid, SIGKILL);
	(void)wait_for(receiver->pid);
	(void)close(receiver->asked);
	(void)close(receiver->received);
}

static struct signalfd_siginfo record_with(int code, uint64_t value)
{
	/* Which half of the pointer the number is depends on the byte order. */
	const union sigval both = {.sival_ptr = (void *)(uintptr_t)value};

	return (struct signalfd_siginfo){.ssi_code = code,
		.ssi_pid = 4242,
		.ssi_uid = 4343,
		.ssi_ptr = value,
		.ssi_int = both.sival_int};
}

static void a_queued_signal_keeps_code_sender_and_value_and_any_other_is_sent_anew(void **state)
{
	static const int codes[] = {
		SI_QUEUE, SI_MESGQ, SI_TIMER, SI_USER, SI_KERNEL, SI_TKILL, CLD_EXITED, 100};
	static const uint64_t values[] = {
		0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x1122334455667788, 0xffffffffffffffff};
	struct receiver command = start_receiver();

	(void)state;
	for (size_t i = 0; i < COUNT(codes) * COUNT(values) * 2; i++) {
		enum forward_target target = i % 2 == 0 ? FORWARD_TO_COMMAND : FORWARD_TO_GROUP;
		int code = codes[i / 2 / COUNT(values)];
		struct signalfd_siginfo record = record_with(code, values[i / 2 % COUNT(values)]);
		bool is_queued = code < 0 && code != SI_TKILL;
		int signal = 1 + (int)(i % LAST_SIGNAL);
		siginfo_t info;

		if (!can_be_caught(signal)) signal = LAST_SIGNAL;
		assert_int_equal(forward_signal(command.pid, target, signal, &record), 0);
		info = receive(&command);
		expect_int("si_signo", signal, info.si_signo);
		expect_int("si_code", is_queued ? code : SI_USER, info.si_code);
		expect_int("si_pid", is_queued ? 4242 : getpid(), info.si_pid);
		expect_int("si_uid", is_queued ? 4343 : (int)getuid(), (int)info.si_uid);
		if (is_queued) assert_ptr_equal(info.si_value.sival_ptr, (uintptr_t)record.ssi_ptr);
	}
	stop_receiver(&command);
}

/* The kernel takes a real-time signal from kill(2) all the same. */
static void a_queued_signal_for_which_there_is_no_room_goes_without_its_value(void **state)
{
	const struct rlimit none = {.rlim_cur = 0, .rlim_max = 0};
	struct signalfd_siginfo record = record_with(SI_QUEUE, 42);
	struct receiver command = start_receiver();

	(void)state;
	assert_int_equal(prlimit(command.pid, RLIMIT_SIGPENDING, &none, NULL), 0);
	assert_int_equal(forward_signal(command.pid, FORWARD_TO_COMMAND, 40, &record), 0);
	expect_int("si_signo", 40, receive(&command).si_signo);
	stop_receiver(&command);
}

static void without_a_process_or_group_of_that_number_it_is_an_error(void **state)
{
	(void)state;
	for (int target = FORWARD_TO_COMMAND; target <= FORWARD_TO_GROUP; target++) {
		for (int code = -1; code <= SI_USER; code++) {
			struct signalfd_siginfo record = record_with(code, 42);

			errno = 0;
			expect_int("the result", -1,
				forward_signal(
					NO_PID, (enum forward_target)target, SIGTERM, &record));
			expect_errno("errno", ESRCH, errno);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_queued_signal_keeps_code_sender_and_value_and_any_other_is_sent_anew),
		cmocka_unit_test(a_queued_signal_for_which_there_is_no_room_goes_without_its_value),
		cmocka_unit_test(without_a_process_or_group_of_that_number_it_is_an_error),
	};

	return cmocka_run_group_tests_name("command/forward", tests, NULL, NULL);
}

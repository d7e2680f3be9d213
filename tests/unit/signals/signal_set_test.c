#include "signals/signal_set.h"

#include "unit/support.h"

#include <fcntl.h>
#include <sys/signalfd.h>

#define WORD_BITS ((int)(8 * sizeof(unsigned long)))

/* Signal n is bit n-1 of the kernel's array. */
static struct signal_set only(int signal)
{
	struct signal_set set = {{0}};

	set.words[(signal - 1) / WORD_BITS] = 1UL << (signal - 1) % WORD_BITS;
	return set;
}

static void expect_mask(
	struct complaint *complaint, const char *what, const struct signal_set *expected)
{
	struct signal_set mask = {{0}};

	(void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, NULL, &mask, sizeof(mask));
	if (memcmp(&mask, expected, sizeof(mask)) != 0)
		complain(complaint, "%s: it is not the mask", what);
}

/* 32 and 33 among them, which libc's functions leave out. */
static void mask_in_child(struct complaint *complaint, const void *unused)
{
	const struct signal_set all = signal_set_all();
	struct signal_set blockable = {{0}};

	(void)unused;
	for (int signal = 1; signal <= SIGNAL_MAX; signal++) {
		struct signal_set set = only(signal);

		for (size_t i = 0; can_be_caught(signal) && i < COUNT(set.words); i++)
			blockable.words[i] |= set.words[i];
	}
	for (int signal = 1; signal <= SIGNAL_MAX; signal++) {
		struct signal_set set = only(signal);
		struct signal_set before = all;
		char name[SIGNAL_TEXT_SIZE];

		if (!can_be_caught(signal)) continue;
		if (signal_set_block(&set, NULL) != 0)
			complain(complaint, "signal_set_block: %s", strerror(errno));
		expect_mask(complaint, signal_text(signal, name), &set);
		if (signal_set_block(&all, &before) != 0)
			complain(complaint, "signal_set_block: %s", strerror(errno));
		expect_mask(complaint, "all", &blockable);
		if (memcmp(&before, &set, sizeof(set)) != 0)
			complain(complaint, "%s: it is not the mask before",
				signal_text(signal, name));
	}
}

static void each_signal_is_blocked_as_the_mask_says_and_the_one_before_is_told(void **state)
{
	(void)state;
	run_in_child("masks", mask_in_child, NULL);
}

/* Sent to oneself, blocked: pending, then read from the descriptor, then pending no more. */
static void read_in_child(struct complaint *complaint, const void *unused)
{
	const struct signal_set all = signal_set_all();
	int fd;

	(void)unused;
	(void)signal_set_block(&all, NULL);
	fd = signal_set_open_all();
	if (fd < 0 || fcntl(fd, F_GETFD) != FD_CLOEXEC || (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0)
		complain(complaint, "expected a descriptor that waits and is closed on exec");
	for (int signal = 1; signal <= SIGNAL_MAX && complaint->text[0] == '\0'; signal++) {
		struct signalfd_siginfo record = {.ssi_signo = 0};

		if (!can_be_caught(signal)) continue;
		(void)kill(getpid(), signal);
		for (int asked = 1; asked <= SIGNAL_MAX; asked++) {
			if (signal_set_is_pending(asked) != (asked == signal))
				complain(complaint, "signal %d was sent: expected %d %s", signal,
					asked, asked == signal ? "pending" : "not pending");
		}
		if (read(fd, &record, sizeof(record)) != (ssize_t)sizeof(record) ||
			record.ssi_signo != (uint32_t)signal)
			complain(complaint, "signal %d: read %u", signal, record.ssi_signo);
		if (signal_set_is_pending(signal))
			complain(complaint, "signal %d is still pending", signal);
	}
}

static void every_signal_that_can_be_caught_is_pending_and_then_read(void **state)
{
	(void)state;
	run_in_child("signalfd", read_in_child, NULL);
}

static void handle_in_child(struct complaint *complaint, const void *unused)
{
	void (*before)(int) = SIG_ERR;

	(void)unused;
	for (int signal = 1; signal <= SIGNAL_MAX; signal++) {
		if (!can_be_caught(signal)) continue;
		(void)signal_set_handle(signal, SIG_IGN, &before);
		if (signal_set_handle(signal, SIG_DFL, &before) != 0 || before != SIG_IGN)
			complain(complaint, "signal %d: expected it ignored before", signal);
		if (signal_set_handle(signal, SIG_IGN, &before) != 0 || before != SIG_DFL)
			complain(complaint, "signal %d: expected the default before", signal);
	}
	if (kill(getpid(), SIGTERM) != 0 || signal_set_handle(SIGKILL, SIG_IGN, &before) == 0)
		complain(complaint, "expected TERM ignored, and KILL refused");
}

static void a_disposition_is_set_and_the_one_before_told(void **state)
{
	(void)state;
	run_in_child("dispositions", handle_in_child, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			each_signal_is_blocked_as_the_mask_says_and_the_one_before_is_told),
		cmocka_unit_test(every_signal_that_can_be_caught_is_pending_and_then_read),
		cmocka_unit_test(a_disposition_is_set_and_the_one_before_told),
	};

	return cmocka_run_group_tests_name("signals/signal_set", tests, NULL, NULL);
}

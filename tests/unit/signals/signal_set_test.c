#include "signals/signal_set.h"

#include "unit/support.h"

#include <fcntl.h>
#include <sys/signalfd.h>

#define WORD_BITS ((int)(8 * sizeof(unsigned long)))

static struct signal_set only(int signal)
{
	struct signal_set set = {{0}};

	signal_set_add(&set, signal);
	return set;
}

/* The mask of this process, all bits, which libc's functions do not give. */
static struct signal_set mask(void)
{
	struct signal_set mask = {{0}};

	(void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, NULL, &mask, sizeof(mask));
	return mask;
}

static bool are_equal(const struct signal_set *one, const struct signal_set *other)
{
	return memcmp(one, other, sizeof(*one)) == 0;
}

static void signal_n_is_bit_n_less_1_of_the_kernels_array(void **state)
{
	struct signal_set all = {{0}};

	(void)state;
	for (int signal = 1; signal <= SIGNAL_MAX; signal++) {
		struct signal_set set = only(signal);

		for (int word = 0; word < SIGNAL_MAX / WORD_BITS; word++)
			assert_int_equal(set.words[word],
				(signal - 1) / WORD_BITS == word ? 1UL << (signal - 1) % WORD_BITS
								 : 0);
		for (int asked = -1; asked <= SIGNAL_MAX + 1; asked++)
			assert_int_equal(signal_set_has(&set, asked), asked == signal);
		signal_set_add(&all, signal);
		for (int asked = 1; asked <= SIGNAL_MAX; asked++)
			assert_int_equal(signal_set_has(&all, asked), asked <= signal);
	}
}

static void what_is_no_signal_is_in_no_set(void **state)
{
	static const int none[] = {0, -1, -64, SIGNAL_MAX + 1, 2 * SIGNAL_MAX, 1 << 30, -(1 << 30)};
	const struct signal_set empty = {{0}};
	const struct signal_set all = every_signal();

	(void)state;
	for (size_t i = 0; i < COUNT(none); i++) {
		struct signal_set set = only(none[i]);

		assert_true(are_equal(&set, &empty));
		assert_false(signal_set_has(&all, none[i]));
	}
}

/* With each signal blocked, 32 and 33 among them, which libc's functions leave out. */
static void mask_in_child(struct complaint *complaint, const void *unused)
{
	struct signal_set blockable = {{0}};

	(void)unused;
	for (int signal = 1; signal <= SIGNAL_MAX; signal++) {
		if (can_be_caught(signal))
			signal_set_add(&blockable, signal);
	}
	for (int signal = 0; signal <= SIGNAL_MAX; signal++) {
		struct signal_set before = only(signal);
		struct signal_set inherited = every_signal();
		struct signal_set now;

		if (signal != 0 && !can_be_caught(signal))
			continue;
		if (signal_set_apply(&before) != 0)
			complain(complaint, "signal_set_apply: %s", strerror(errno));
		now = mask();
		if (!are_equal(&now, &before))
			complain(complaint, "signal %d: it is not the mask that was applied",
				signal);
		if (signal_set_block_all(&inherited) != 0)
			complain(complaint, "signal_set_block_all: %s", strerror(errno));
		if (!are_equal(&inherited, &before))
			complain(complaint, "signal %d: it is not the mask that was inherited",
				signal);
		now = mask();
		if (!are_equal(&now, &blockable))
			complain(complaint, "not all but KILL and STOP are blocked");
	}
}

static void all_but_kill_and_stop_are_blocked_and_any_mask_is_given_back(void **state)
{
	(void)state;
	run_in_child("masks", mask_in_child, NULL);
}

/* Sent to oneself, blocked: pending, then read from the descriptor, then pending no more. */
static void read_in_child(struct complaint *complaint, const void *unused)
{
	struct signal_set inherited;
	int fd;

	(void)unused;
	(void)signal_set_block_all(&inherited);
	fd = signal_set_open_all();
	if (fd < 0 || fcntl(fd, F_GETFD) != FD_CLOEXEC || (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0)
		complain(complaint, "expected a descriptor that waits and is closed on exec");
	for (int signal = 1; signal <= SIGNAL_MAX && complaint->text[0] == '\0'; signal++) {
		struct signalfd_siginfo record = {.ssi_signo = 0};

		if (!can_be_caught(signal))
			continue;
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
		if (!can_be_caught(signal))
			continue;
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
		cmocka_unit_test(signal_n_is_bit_n_less_1_of_the_kernels_array),
		cmocka_unit_test(what_is_no_signal_is_in_no_set),
		cmocka_unit_test(all_but_kill_and_stop_are_blocked_and_any_mask_is_given_back),
		cmocka_unit_test(every_signal_that_can_be_caught_is_pending_and_then_read),
		cmocka_unit_test(a_disposition_is_set_and_the_one_before_told),
	};

	return cmocka_run_group_tests_name("signals/signal_set", tests, NULL, NULL);
}

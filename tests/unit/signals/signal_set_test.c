#include "signals/signal_set.h"

#include "unit/support.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

#define HEX_DIGITS (SIGNAL_MAX / 4)

/* A set as /proc writes it, the highest signal first: proc_pid_status(5). */
struct hex {
	char text[HEX_DIGITS + 1];
};

static struct hex hex_of(const struct signal_set *set)
{
	struct hex hex;

	for (int digit = 0; digit < HEX_DIGITS; digit++) {
		unsigned int value = 0;

		for (int bit = 3; bit >= 0; bit--)
			value = value * 2 +
				signal_set_has(set, 4 * (HEX_DIGITS - 1 - digit) + bit + 1);
		hex.text[digit] = "0123456789abcdef"[value];
	}
	hex.text[HEX_DIGITS] = '\0';
	return hex;
}

/* The kernel's own word on this process: "SigBlk" or "ShdPnd". */
static struct hex hex_of_status(const char *field)
{
	struct hex hex = {""};
	char text[4096];
	ssize_t length;
	const char *place;
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return hex;
	length = read(fd, text, sizeof(text) - 1);
	(void)close(fd);
	if (length <= 0)
		return hex;
	text[length] = '\0';
	place = strstr(text, field);
	if (place != NULL)
		(void)snprintf(
			hex.text, sizeof(hex.text), "%s", place + strlen(field) + strlen(":\t"));
	return hex;
}

static void complain_unless_status(struct complaint *complaint, const char *when, const char *field,
	const struct signal_set *expected)
{
	struct hex expected_hex = hex_of(expected);
	struct hex observed = hex_of_status(field);

	if (strcmp(expected_hex.text, observed.text) != 0)
		complain(complaint, "%s: %s in /proc: expected %s, observed %s", when, field,
			expected_hex.text, observed.text);
}

static struct signal_set only(int signal)
{
	struct signal_set set = {{0}};

	signal_set_add(&set, signal);
	return set;
}

/* As the kernel keeps it, without those that cannot be blocked. */
static struct signal_set blockable(const struct signal_set *set)
{
	struct signal_set kept = {{0}};

	for (int signal = 1; signal <= SIGNAL_MAX; signal++) {
		if (can_be_caught(signal) && signal_set_has(set, signal))
			signal_set_add(&kept, signal);
	}
	return kept;
}

static void a_set_has_what_was_added_and_nothing_else(void **state)
{
	(void)state;
	for (int added = 1; added <= SIGNAL_MAX; added++) {
		struct signal_set set = only(added);

		for (int asked = -1; asked <= SIGNAL_MAX + 1; asked++) {
			char text[2][SIGNAL_TEXT_SIZE];

			if (signal_set_has(&set, asked) != (asked == added))
				fail_msg("a set of %s: expected %s %s", signal_text(added, text[0]),
					asked == added ? "to have" : "not to have",
					signal_text(asked, text[1]));
		}
	}
}

static void signal_n_is_bit_n_less_1_of_the_kernels_array(void **state)
{
	const int word_bits = 8 * (int)sizeof(unsigned long);

	(void)state;
	for (int signal = 1; signal <= SIGNAL_MAX; signal++) {
		struct signal_set set = only(signal);

		for (int word = 0; word < SIGNAL_MAX / word_bits; word++)
			assert_int_equal(set.words[word],
				(signal - 1) / word_bits == word ? 1UL << (signal - 1) % word_bits
								 : 0);
	}
}

static void sets_add_up(void **state)
{
	struct signal_set set = {{0}};

	(void)state;
	for (int signal = 1; signal <= SIGNAL_MAX; signal++) {
		signal_set_add(&set, signal);
		signal_set_add(&set, signal);
		for (int asked = 1; asked <= SIGNAL_MAX; asked++)
			assert_int_equal(signal_set_has(&set, asked), asked <= signal);
	}
}

static void what_is_no_signal_is_in_no_set(void **state)
{
	static const int none[] = {0, -1, -64, SIGNAL_MAX + 1, 2 * SIGNAL_MAX, 1 << 30, -(1 << 30)};
	const struct signal_set empty = {{0}};
	const struct signal_set all = every_signal();

	(void)state;
	for (size_t i = 0; i < COUNT(none); i++) {
		struct signal_set set = empty;

		signal_set_add(&set, none[i]);
		assert_memory_equal(&set, &empty, sizeof(set));
		assert_false(signal_set_has(&all, none[i]));
	}
}

static void block_all_in_child(struct complaint *complaint, const void *argument)
{
	const struct signal_set none = {{0}};
	const struct signal_set all = every_signal();
	const struct signal_set expected = blockable(&all);
	struct signal_set inherited = all;

	(void)argument;
	mask_set_raw(&none);
	if (signal_set_block_all(&inherited) != 0)
		complain(complaint, "signal_set_block_all: %s", strerror(errno));
	if (strcmp(hex_of(&inherited).text, hex_of(&none).text) != 0)
		complain(complaint, "inherited: expected none, observed %s",
			hex_of(&inherited).text);
	complain_unless_status(complaint, "all blocked", "SigBlk", &expected);
}

static void block_all_blocks_all_but_kill_and_stop(void **state)
{
	(void)state;
	run_in_child("block all", block_all_in_child, NULL);
}

static void inherit_in_child(struct complaint *complaint, const void *argument)
{
	(void)argument;
	for (int signal = 1; signal <= SIGNAL_MAX; signal++) {
		const struct signal_set single = only(signal);
		const struct signal_set mask = blockable(&single);
		struct signal_set inherited;
		char text[SIGNAL_TEXT_SIZE];

		mask_set_raw(&mask);
		if (signal_set_block_all(&inherited) != 0)
			complain(complaint, "signal_set_block_all: %s", strerror(errno));
		if (memcmp(&inherited, &mask, sizeof(mask)) != 0)
			complain(complaint, "with %s blocked, inherited: expected %s, observed %s",
				signal_text(signal, text), hex_of(&mask).text,
				hex_of(&inherited).text);
		if (signal_set_apply(&inherited) != 0)
			complain(complaint, "signal_set_apply: %s", strerror(errno));
		complain_unless_status(complaint, signal_text(signal, text), "SigBlk", &inherited);
	}
}

/* 32 and 33 among them, which libc's functions leave out. */
static void each_signal_that_was_blocked_is_returned_and_given_back(void **state)
{
	(void)state;
	run_in_child("inherited masks", inherit_in_child, NULL);
}

static void apply_in_child(struct complaint *complaint, const void *argument)
{
	const struct signal_set all = every_signal();

	(void)argument;
	for (int signal = 1; signal <= SIGNAL_MAX; signal++) {
		struct signal_set but_one = all;
		struct signal_set expected;
		char text[SIGNAL_TEXT_SIZE];

		but_one.words[(signal - 1) / (8 * (int)sizeof(unsigned long))] &=
			~(1UL << (signal - 1) % (8 * (int)sizeof(unsigned long)));
		expected = blockable(&but_one);
		if (signal_set_apply(&but_one) != 0)
			complain(complaint, "signal_set_apply: %s", strerror(errno));
		complain_unless_status(complaint, signal_text(signal, text), "SigBlk", &expected);
	}
}

static void apply_replaces_the_whole_mask(void **state)
{
	(void)state;
	run_in_child("apply", apply_in_child, NULL);
}

/* Sent to oneself, blocked: pending, then read from the descriptor, then pending no more. */
static void read_each_in_child(struct complaint *complaint, const void *argument)
{
	const struct signal_set none = {{0}};
	struct signal_set inherited;
	int fd;

	(void)argument;
	if (signal_set_block_all(&inherited) != 0)
		complain(complaint, "signal_set_block_all: %s", strerror(errno));
	fd = signal_set_open_all();
	if (fd < 0)
		complain(complaint, "signal_set_open_all: %s", strerror(errno));
	for (int signal = 1; signal <= SIGNAL_MAX && complaint->text[0] == '\0'; signal++) {
		const struct signal_set pending = only(signal);
		struct signalfd_siginfo record = {.ssi_signo = 0};
		char text[SIGNAL_TEXT_SIZE];

		if (!can_be_caught(signal))
			continue;
		if (kill(getpid(), signal) != 0)
			complain(complaint, "kill: %s", strerror(errno));
		complain_unless_status(complaint, signal_text(signal, text), "ShdPnd", &pending);
		if (read(fd, &record, sizeof(record)) != (ssize_t)sizeof(record))
			complain(complaint, "read: %s", strerror(errno));
		if (record.ssi_signo != (uint32_t)signal || (pid_t)record.ssi_pid != getpid())
			complain(complaint, "%s from pid %d: read %u from pid %u",
				signal_text(signal, text), getpid(), record.ssi_signo,
				record.ssi_pid);
		complain_unless_status(complaint, signal_text(signal, text), "ShdPnd", &none);
	}
}

static void every_signal_that_can_be_caught_is_read_from_the_descriptor(void **state)
{
	(void)state;
	run_in_child("signalfd", read_each_in_child, NULL);
}

static void expect_next(struct complaint *complaint, int fd, int signal)
{
	struct signalfd_siginfo record = {.ssi_signo = 0};

	if (read(fd, &record, sizeof(record)) < 0 && errno != EAGAIN)
		complain(complaint, "read: %s", strerror(errno));
	if (record.ssi_signo != (uint32_t)signal)
		complain(complaint, "expected signal %d (0: none), observed %u", signal,
			record.ssi_signo);
}

static void left_out_in_child(struct complaint *complaint, const void *argument)
{
	const struct signal_set usr1 = only(SIGUSR1);
	const struct signal_set none = {{0}};
	struct signal_set inherited;
	int fd;

	(void)argument;
	(void)signal_set_block_all(&inherited);
	fd = signal_set_open_all();
	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	(void)kill(getpid(), SIGUSR1);
	(void)kill(getpid(), SIGTERM);
	if (signal_set_read_but(fd, &usr1) != 0)
		complain(complaint, "signal_set_read_but: %s", strerror(errno));
	expect_next(complaint, fd, SIGTERM);
	expect_next(complaint, fd, 0);
	if (signal_set_read_but(fd, &none) != 0)
		complain(complaint, "signal_set_read_but: %s", strerror(errno));
	expect_next(complaint, fd, SIGUSR1);
	expect_next(complaint, fd, 0);
}

static void what_is_left_out_stays_pending_until_it_is_not(void **state)
{
	(void)state;
	run_in_child("signalfd", left_out_in_child, NULL);
}

static void flags_in_child(struct complaint *complaint, const void *argument)
{
	int fd = signal_set_open_all();

	(void)argument;
	if (fcntl(fd, F_GETFD) != FD_CLOEXEC)
		complain(complaint, "expected close-on-exec");
	if ((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0)
		complain(complaint, "expected a descriptor that waits");
}

static void the_descriptor_is_close_on_exec_and_waits(void **state)
{
	(void)state;
	run_in_child("signalfd", flags_in_child, NULL);
}

static void closed_stdio_in_child(struct complaint *complaint, const void *argument)
{
	int fd;

	(void)argument;
	(void)close(STDIN_FILENO);
	(void)close(STDOUT_FILENO);
	(void)close(STDERR_FILENO);
	fd = signal_set_open_all();
	if (fd <= STDERR_FILENO)
		complain(complaint, "expected one above 2, observed %d", fd);
	for (int low = STDIN_FILENO; low <= STDERR_FILENO; low++) {
		if (fcntl(low, F_GETFD) != -1)
			complain(complaint, "expected %d still closed", low);
	}
}

static void the_descriptor_keeps_out_of_closed_stdio(void **state)
{
	(void)state;
	run_in_child("signalfd with 0, 1 and 2 closed", closed_stdio_in_child, NULL);
}

static void low_limit_in_child(struct complaint *complaint, const void *argument)
{
	const struct rlimit limit = {.rlim_cur = 3, .rlim_max = 3};
	int fd;

	(void)argument;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		complain(complaint, "setrlimit: %s", strerror(errno));
	(void)close(STDIN_FILENO);
	fd = signal_set_open_all();
	if (fd != STDIN_FILENO)
		complain(complaint, "with room for one at 0: expected 0, observed %d", fd);
	errno = 0;
	fd = signal_set_open_all();
	if (fd != -1 || errno != EMFILE)
		complain(complaint, "without room: expected -1 and \"%s\", observed %d and %s",
			"Too many open files", fd, strerror(errno));
}

static void the_limit_of_descriptors_is_reported_and_needs_no_more_than_one(void **state)
{
	(void)state;
	run_in_child("signalfd with RLIMIT_NOFILE", low_limit_in_child, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_set_has_what_was_added_and_nothing_else),
		cmocka_unit_test(signal_n_is_bit_n_less_1_of_the_kernels_array),
		cmocka_unit_test(sets_add_up),
		cmocka_unit_test(what_is_no_signal_is_in_no_set),
		cmocka_unit_test(block_all_blocks_all_but_kill_and_stop),
		cmocka_unit_test(each_signal_that_was_blocked_is_returned_and_given_back),
		cmocka_unit_test(apply_replaces_the_whole_mask),
		cmocka_unit_test(every_signal_that_can_be_caught_is_read_from_the_descriptor),
		cmocka_unit_test(what_is_left_out_stays_pending_until_it_is_not),
		cmocka_unit_test(the_descriptor_is_close_on_exec_and_waits),
		cmocka_unit_test(the_descriptor_keeps_out_of_closed_stdio),
		cmocka_unit_test(the_limit_of_descriptors_is_reported_and_needs_no_more_than_one),
	};

	return cmocka_run_group_tests_name("signals/signal_set", tests, NULL, NULL);
}

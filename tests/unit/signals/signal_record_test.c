#include "signals/signal_record.h"

#include "unit/support.h"

#define SELF 4711

/* All that sigaction(2) has for si_code, and the numbers beside them. */
#define LOWEST_CODE  (-70)
#define HIGHEST_CODE 200

static void expect_bool(const char *what, int signal, int code, bool expected, bool observed)
{
	char text[SIGNAL_TEXT_SIZE];

	if (expected != observed)
		fail_msg("signal %s with si_code %d: expected %s%s", signal_text(signal, text),
			code, expected ? "" : "not ", what);
}

/* Each signal with each code. */
static void for_all(void (*check)(int signal, int code, const struct signalfd_siginfo *record))
{
	for (int signal = 1; signal <= SIGNAL_MAX; signal++) {
		for (int code = LOWEST_CODE; code <= HIGHEST_CODE; code++) {
			const struct signalfd_siginfo record = {
				.ssi_signo = (uint32_t)signal,
				.ssi_code = code,
				.ssi_pid = SELF,
			};

			check(signal, code, &record);
		}
	}
}

static void check_child_news(int signal, int code, const struct signalfd_siginfo *record)
{
	expect_bool("child news", signal, code, signal == SIGCHLD && code > 0,
		signal_record_is_child_news(record));
}

static void sigchld_is_news_of_a_child_only_from_the_kernel(void **state)
{
	(void)state;
	for_all(check_child_news);
}

static void check_own_write_error(int signal, int code, const struct signalfd_siginfo *record)
{
	expect_bool("an own write error", signal, code,
		(signal == SIGPIPE || signal == SIGXFSZ) && code == SI_USER,
		signal_record_is_own_write_error(record, SELF));
	expect_bool("an own write error of another process", signal, code, false,
		signal_record_is_own_write_error(record, SELF + 1));
}

static void sigpipe_and_sigxfsz_from_oneself_are_own_write_errors(void **state)
{
	(void)state;
	for_all(check_own_write_error);
}

static void check_queued(int signal, int code, const struct signalfd_siginfo *record)
{
	expect_bool("queued", signal, code, code < 0 && code != SI_TKILL,
		signal_record_is_queued(record));
}

static void a_negative_code_is_queued_but_for_tkill(void **state)
{
	(void)state;
	for_all(check_queued);
}

static void check_from_kernel(int signal, int code, const struct signalfd_siginfo *record)
{
	expect_bool(
		"from the kernel", signal, code, code > 0, signal_record_is_from_kernel(record));
}

static void a_positive_code_is_from_the_kernel(void **state)
{
	(void)state;
	for_all(check_from_kernel);
}

struct kernel_row {
	const char *what;
	int signal;
	int code;
	uint32_t pid;
	bool child_news, own_write_error, queued, from_kernel;
};

/* clang-format off */
static const struct kernel_row kernel_rows[] = {
	{"a child that exited", SIGCHLD, CLD_EXITED, 99, true, false, false, true},
	{"a child that stopped", SIGCHLD, CLD_STOPPED, 99, true, false, false, true},
	{"SIGCHLD by kill", SIGCHLD, SI_USER, 99, false, false, false, false},
	{"SIGCHLD by sigqueue", SIGCHLD, SI_QUEUE, 99, false, false, true, false},
	{"^C of a terminal", SIGINT, SI_KERNEL, 0, false, false, false, true},
	{"SIGTERM from outside", SIGTERM, SI_USER, 0, false, false, false, false},
	{"SIGTERM by tgkill", SIGTERM, SI_TKILL, 99, false, false, false, false},
	{"a message queue's notice", SIGUSR1, SI_MESGQ, 99, false, false, true, false},
	{"a timer's", SIGALRM, SI_TIMER, 0, false, false, true, false},
	{"SIGPIPE by a broken stderr", SIGPIPE, SI_USER, SELF, false, true, false, false},
	{"SIGPIPE of another process", SIGPIPE, SI_USER, 99, false, false, false, false},
	{"SIGXFSZ by a limit of files", SIGXFSZ, SI_USER, SELF, false, true, false, false},
	{"SIGTERM to oneself", SIGTERM, SI_USER, SELF, false, false, false, false},
};
/* clang-format on */

static void each_origin_of_sigaction_2_is_told_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(kernel_rows); i++) {
		const struct kernel_row *row = &kernel_rows[i];
		const struct signalfd_siginfo record = {
			.ssi_signo = (uint32_t)row->signal,
			.ssi_code = row->code,
			.ssi_pid = row->pid,
		};

		if (signal_record_is_child_news(&record) != row->child_news ||
			signal_record_is_own_write_error(&record, SELF) != row->own_write_error ||
			signal_record_is_queued(&record) != row->queued ||
			signal_record_is_from_kernel(&record) != row->from_kernel)
			fail_msg("%s: expected child news %d, own write error %d, queued %d, "
				 "from the kernel %d, observed %d, %d, %d, %d",
				row->what, row->child_news, row->own_write_error, row->queued,
				row->from_kernel, signal_record_is_child_news(&record),
				signal_record_is_own_write_error(&record, SELF),
				signal_record_is_queued(&record),
				signal_record_is_from_kernel(&record));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sigchld_is_news_of_a_child_only_from_the_kernel),
		cmocka_unit_test(sigpipe_and_sigxfsz_from_oneself_are_own_write_errors),
		cmocka_unit_test(a_negative_code_is_queued_but_for_tkill),
		cmocka_unit_test(a_positive_code_is_from_the_kernel),
		cmocka_unit_test(each_origin_of_sigaction_2_is_told_apart),
	};

	return cmocka_run_group_tests_name("signals/signal_record", tests, NULL, NULL);
}

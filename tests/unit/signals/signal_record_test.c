#include "signals/signal_record.h"

#include "unit/support.h"

#define SELF 4711

/* All that sigaction(2) has for si_code, and the numbers beside them. */
#define LOWEST_CODE  (-70)
#define HIGHEST_CODE 200

/* What is said of a record with that code: of any signal, and of CHLD. */
static const struct {
	const char *what;
	int first_code, last_code;
	bool is_from_kernel; /* and, of CHLD, is child news */
	bool is_end;         /* of CHLD */
	bool is_own;         /* from whit */
	bool is_queued;
} rows[] = {
	{"queued, by a timer or message queue too", LOWEST_CODE, SI_TKILL - 1, false, false, false,
		true},
	{"tkill", SI_TKILL, SI_TKILL, false, false, false, false},
	{"queued", SI_TKILL + 1, SI_USER - 1, false, false, false, true},
	{"kill", SI_USER, SI_USER, false, false, true, false},
	{"the end of a child", CLD_EXITED, CLD_DUMPED, true, true, false, false},
	{"other news of a child", CLD_TRAPPED, CLD_CONTINUED, true, false, false, false},
	{"the kernel", CLD_CONTINUED + 1, HIGHEST_CODE, true, false, false, false},
};

static void expect_record(size_t row, int signal, int code)
{
	const struct signalfd_siginfo record = {
		.ssi_signo = (uint32_t)signal, .ssi_code = code, .ssi_pid = SELF};
	bool is_chld = signal == SIGCHLD;
	char text[SIGNAL_TEXT_SIZE];

	if (signal_record_is_from_kernel(&record) != rows[row].is_from_kernel ||
		signal_record_is_queued(&record) != rows[row].is_queued ||
		signal_record_is_child_news(&record) != (is_chld && rows[row].is_from_kernel) ||
		signal_record_ended_child(&record) != (is_chld && rows[row].is_end ? SELF : 0) ||
		signal_record_is_own(&record, SELF) != rows[row].is_own ||
		signal_record_is_own(&record, SELF - 1) || signal_record_is_own(&record, SELF + 1))
		fail_msg("%s with code %d: not taken for: %s", signal_text(signal, text), code,
			rows[row].what);
}

static void the_origin_of_each_signal_is_told_from_each_code(void **state)
{
	int code = LOWEST_CODE;

	(void)state;
	for (size_t row = 0; row < COUNT(rows); row++) {
		assert_int_equal(rows[row].first_code, code); /* the table has no gaps */
		for (; code <= rows[row].last_code; code++) {
			for (int signal = 1; signal <= SIGNAL_MAX; signal++)
				expect_record(row, signal, code);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_origin_of_each_signal_is_told_from_each_code),
	};

	return cmocka_run_group_tests_name("signals/signal_record", tests, NULL, NULL);
}

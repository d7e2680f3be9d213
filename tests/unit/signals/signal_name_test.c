#include "signals/signal_name.h"

#include "unit/support.h"

#include <ctype.h>

/* As glibc's programs and the engines count: signal(7). */
#define FIRST_REALTIME 34

struct name_row {
	int signal;
	const char *name;
	const char *alias; /* NULL: it has none */
};

/* signal(7), "Standard signals". */
static const struct name_row names[] = {
	{SIGHUP, "HUP", NULL},
	{SIGINT, "INT", NULL},
	{SIGQUIT, "QUIT", NULL},
	{SIGILL, "ILL", NULL},
	{SIGTRAP, "TRAP", NULL},
	{SIGABRT, "ABRT", "IOT"},
	{SIGBUS, "BUS", NULL},
	{SIGFPE, "FPE", NULL},
	{SIGKILL, "KILL", NULL},
	{SIGUSR1, "USR1", NULL},
	{SIGSEGV, "SEGV", NULL},
	{SIGUSR2, "USR2", NULL},
	{SIGPIPE, "PIPE", NULL},
	{SIGALRM, "ALRM", NULL},
	{SIGTERM, "TERM", NULL},
#ifdef SIGSTKFLT
	{SIGSTKFLT, "STKFLT", NULL},
#endif
#ifdef SIGEMT
	{SIGEMT, "EMT", NULL},
#endif
	{SIGCHLD, "CHLD", "CLD"},
	{SIGCONT, "CONT", NULL},
	{SIGSTOP, "STOP", NULL},
	{SIGTSTP, "TSTP", NULL},
	{SIGTTIN, "TTIN", NULL},
	{SIGTTOU, "TTOU", NULL},
	{SIGURG, "URG", NULL},
	{SIGXCPU, "XCPU", NULL},
	{SIGXFSZ, "XFSZ", NULL},
	{SIGVTALRM, "VTALRM", NULL},
	{SIGPROF, "PROF", NULL},
	{SIGWINCH, "WINCH", NULL},
	{SIGIO, "IO", "POLL"},
	{SIGPWR, "PWR", NULL},
	{SIGSYS, "SYS", NULL},
};

static void expect_signal(const char *text, size_t length, int expected)
{
	char expected_text[SIGNAL_TEXT_SIZE];
	char observed_text[SIGNAL_TEXT_SIZE];
	int observed = -1;

	if (!signal_name_parse(text, length, &observed))
		fail_msg("'%.*s': expected %s, observed a refusal", (int)length, text,
			signal_text(expected, expected_text));
	if (observed != expected)
		fail_msg("'%.*s': expected %s, observed %s", (int)length, text,
			signal_text(expected, expected_text), signal_text(observed, observed_text));
}

static void expect_no_signal(const char *text, size_t length)
{
	char observed_text[SIGNAL_TEXT_SIZE];
	int observed = 12345;

	if (signal_name_parse(text, length, &observed))
		fail_msg("'%.*s': expected a refusal, observed %s", (int)length, text,
			signal_text(observed, observed_text));
	expect_int("what a refusal leaves in *ret_signal", 12345, observed);
}

/* One name in each case, with and without SIG in each case. */
static void expect_name(const char *name, int expected)
{
	static const char *const prefixes[] = {"", "SIG", "sig", "Sig", "sIG"};

	for (size_t i = 0; i < COUNT(prefixes); i++) {
		char text[32];
		size_t length;
		size_t prefix_length = strlen(prefixes[i]);

		(void)snprintf(text, sizeof(text), "%s%s", prefixes[i], name);
		length = strlen(text);
		expect_signal(text, length, expected);
		for (size_t at = prefix_length; at < length; at++)
			text[at] = (char)tolower((unsigned char)text[at]);
		expect_signal(text, length, expected);
		for (size_t at = prefix_length; at < length; at += 2)
			text[at] = (char)toupper((unsigned char)text[at]);
		expect_signal(text, length, expected);
	}
}

static void the_table_of_this_test_has_each_standard_signal(void **state)
{
	(void)state;
	for (int signal = 1; signal < 32; signal++) {
		int count = 0;

		for (size_t i = 0; i < COUNT(names); i++)
			count += names[i].signal == signal;
		expect_int("rows of a standard signal", 1, count);
	}
}

static void every_name_is_known_in_either_case_with_and_without_sig(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		expect_name(names[i].name, names[i].signal);
		if (names[i].alias != NULL) expect_name(names[i].alias, names[i].signal);
	}
}

static void a_name_with_anything_around_it_is_refused(void **state)
{
	static const char *const patterns[] = {
		"%s ", " %s", "%sX", "X%s", "-%s", "SIG%s ", "SIG %s", "SIGSIG%s", "%s\n", "%s0"};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		for (size_t pattern = 0; pattern < COUNT(patterns); pattern++) {
			const char *place = strstr(patterns[pattern], "%s");
			char text[32];

			(void)snprintf(text, sizeof(text), "%.*s%s%s",
				(int)(place - patterns[pattern]), patterns[pattern], names[i].name,
				place + 2);
			expect_no_signal(text, strlen(text));
		}
	}
}

static void numbers_are_1_to_the_highest_signal(void **state)
{
	(void)state;
	for (int number = 0; number < 1000; number++) {
		char text[32];

		(void)snprintf(text, sizeof(text), "%d", number);
		if (number >= 1 && number <= SIGNAL_MAX)
			expect_signal(text, strlen(text), number);
		else
			expect_no_signal(text, strlen(text));
	}
}

static void rtmin_is_34_and_rtmax_the_last_and_both_count_within_these(void **state)
{
	(void)state;
	expect_name("RTMIN", FIRST_REALTIME);
	expect_name("RTMAX", LAST_REALTIME);
	for (int distance = 0; distance < 100; distance++) {
		bool is_signal = FIRST_REALTIME + distance <= LAST_REALTIME;
		char up[32], down[32];

		(void)snprintf(up, sizeof(up), "RTMIN+%d", distance);
		(void)snprintf(down, sizeof(down), "RTMAX-%d", distance);
		if (is_signal) {
			expect_name(up, FIRST_REALTIME + distance);
			expect_name(down, LAST_REALTIME - distance);
		} else {
			expect_no_signal(up, strlen(up));
			expect_no_signal(down, strlen(down));
		}
	}
}

static void what_is_no_signal_is_refused_and_nothing_stored(void **state)
{
	static const char *const refused[] = {
		"", " ", "SIG", "sig", "SIGSIG", "SIGSIGTERM", "TERM ", " TERM", "TERMINATE", "TER",
		"T", "EXIT", "ERR", "RT", "RTMI", "RTM", "RTMIN ", "RTMIN+", "RTMIN-", "RTMIN-1",
		"RTMIN-0", "RTMIN1", "RTMIN +1", "RTMIN+ 1", "RTMIN+-1", "RTMIN++1", "RTMIN+1x",
		"RTMIN+0x1", "RTMIN+4294967296", "RTMIN+4294967295", "RTMAX+", "RTMAX+1", "RTMAX+0",
		"RTMAX-", "RTMAX--1", "RTMAX1", "SIGRTMIN-1", "SIGRTMAX+1", "SIG RTMIN",
		"RTMINRTMIN", "-15", "+15", " 15", "15 ", "1.5", "15.", "0x0f", "1e1", "SIG15",
		"SIG0", "4294967311", "18446744073709551631", "99999999999999999999", "TERM,INT",
		"TERM:INT", "signal 32", "32+", "\xd9\xa1",
		"T\xc3\x89RM", /* ARABIC-INDIC DIGIT ONE, E ACUTE */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++)
		expect_no_signal(refused[i], strlen(refused[i]));
	expect_no_signal("TERM\0", 5);
}

static void only_the_given_length_is_read(void **state)
{
	(void)state;
	expect_signal("TERMINATE", 4, SIGTERM);
	expect_signal("INT:TERM", 3, SIGINT);
	expect_signal("15,16", 2, 15);
	expect_signal("RTMIN+30", 7, FIRST_REALTIME + 3);
	expect_signal("RTMIN+3", 5, FIRST_REALTIME);
	expect_no_signal("TERM", 0);
	expect_no_signal("TERM", 3);
	expect_no_signal("RTMIN+3", 6);
}

static void expect_format(int signal, const char *expected)
{
	char buffer[SIGNAL_NAME_SIZE];
	char what[SIGNAL_TEXT_SIZE];

	memset(buffer, '#', sizeof(buffer));
	assert_ptr_equal(signal_name_format(signal, buffer), buffer);
	expect_text(signal_text(signal, what), expected, buffer);
}

static void every_signal_is_written_with_its_one_name(void **state)
{
	char expected[32];

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		(void)snprintf(expected, sizeof(expected), "SIG%s", names[i].name);
		expect_format(names[i].signal, expected);
	}
	expect_format(32, "signal 32"); /* libc's own */
	expect_format(33, "signal 33");
	expect_format(FIRST_REALTIME, "SIGRTMIN");
	for (int signal = FIRST_REALTIME + 1; signal < LAST_REALTIME; signal++) {
		(void)snprintf(expected, sizeof(expected), "SIGRTMIN+%d", signal - FIRST_REALTIME);
		expect_format(signal, expected);
	}
	expect_format(LAST_REALTIME, "SIGRTMAX");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_of_this_test_has_each_standard_signal),
		cmocka_unit_test(every_name_is_known_in_either_case_with_and_without_sig),
		cmocka_unit_test(a_name_with_anything_around_it_is_refused),
		cmocka_unit_test(numbers_are_1_to_the_highest_signal),
		cmocka_unit_test(rtmin_is_34_and_rtmax_the_last_and_both_count_within_these),
		cmocka_unit_test(what_is_no_signal_is_refused_and_nothing_stored),
		cmocka_unit_test(only_the_given_length_is_read),
		cmocka_unit_test(every_signal_is_written_with_its_one_name),
	};

	return cmocka_run_group_tests_name("signals/signal_name", tests, NULL, NULL);
}

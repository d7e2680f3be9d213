#include "signals/rewrite.h"

#include "unit/support.h"

static struct rewrite start(void)
{
	struct rewrite rewrite;

	rewrite_init(&rewrite);
	return rewrite;
}

static void expect_to(const char *text, const struct rewrite *rewrite, int from, int expected)
{
	char from_text[SIGNAL_TEXT_SIZE];
	char expected_text[SIGNAL_TEXT_SIZE];
	char observed_text[SIGNAL_TEXT_SIZE];
	int observed = rewrite->to[from];

	if (observed != expected)
		fail_msg("with '%s' %s is forwarded: expected as %s, observed as %s", text,
			signal_text(from, from_text), signal_text(expected, expected_text),
			signal_text(observed, observed_text));
}

/* All as themselves, but the one. */
static void expect_only(const char *text, const struct rewrite *rewrite, int from, int to)
{
	for (int signal = 1; signal <= SIGNAL_MAX; signal++)
		expect_to(text, rewrite, signal, signal == from ? to : signal);
}

static void add(struct rewrite *rewrite, const char *text)
{
	const char *problem = rewrite_add(rewrite, text, strlen(text));

	if (problem != NULL) fail_msg("'%s': expected to be taken, observed \"%s\"", text, problem);
}

static void any_signal_but_kill_and_stop_becomes_any_other_or_is_dropped(void **state)
{
	(void)state;
	for (int from = 1; from <= SIGNAL_MAX; from++) {
		for (int to = 0; to <= SIGNAL_MAX; to++) {
			struct rewrite rewrite = start();
			char text[32];

			(void)snprintf(text, sizeof(text), "%d:%d", from, to);
			if (can_be_caught(from)) {
				add(&rewrite, text);
				expect_only(text, &rewrite, from, to);
			} else {
				if (rewrite_add(&rewrite, text, strlen(text)) == NULL)
					fail_msg("'%s': expected a refusal", text);
				expect_only(text, &rewrite, 0, 0);
			}
		}
	}
}

static void both_sides_are_names_as_well_as_numbers(void **state)
{
	static const struct {
		const char *text;
		int from, to;
	} rows[] = {
		{"TERM:INT", SIGTERM, SIGINT},
		{"sigterm:sigquit", SIGTERM, SIGQUIT},
		{"SIGHUP:15", SIGHUP, SIGTERM},
		{"1:TERM", SIGHUP, SIGTERM},
		{"RTMIN+3:PWR", 37, SIGPWR},
		{"TERM:RTMAX-1", SIGTERM, LAST_REALTIME - 1},
		{"TERM:TERM", SIGTERM, SIGTERM},
		{"TERM:KILL", SIGTERM, SIGKILL},
		{"TSTP:STOP", SIGTSTP, SIGSTOP},
		{"WINCH:0", SIGWINCH, REWRITE_DROP},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rewrite rewrite = start();

		add(&rewrite, rows[i].text);
		expect_only(rows[i].text, &rewrite, rows[i].from, rows[i].to);
	}
}

static void what_is_no_rewrite_is_refused_with_its_reason_and_changes_nothing(void **state)
{
	static const struct {
		const char *text;
		const char *reason; /* a part of it */
	} rows[] = {
		{"", "FROM:TO"},
		{"TERM", "FROM:TO"},
		{"15", "FROM:TO"},
		{"TERM=INT", "FROM:TO"},
		{":", "before the colon"},
		{":TERM", "before the colon"},
		{"0:TERM", "before the colon"},
		{"65535:TERM", "before the colon"},
		{"FOO:TERM", "before the colon"},
		{" TERM:INT", "before the colon"},
		{"TERM :INT", "before the colon"},
		{"KILL:TERM", "cannot be caught"},
		{"sigstop:TERM", "cannot be caught"},
		{"9:0", "cannot be caught"},
		{"TERM:", "after the colon"},
		{"TERM:FOO", "after the colon"},
		{"TERM: INT", "after the colon"},
		{"TERM:INT ", "after the colon"},
		{"TERM:00", "after the colon"},
		{"TERM:-1", "after the colon"},
		{"TERM:256", "after the colon"},
		{"TERM:INT:QUIT", "after the colon"},
		{"TERM::INT", "after the colon"},
		{"TERM:INT,HUP:INT", "after the colon"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rewrite rewrite = start();
		const char *problem = rewrite_add(&rewrite, rows[i].text, strlen(rows[i].text));

		if (problem == NULL)
			fail_msg("'%s': expected a refusal", rows[i].text);
		else if (strstr(problem, rows[i].reason) == NULL)
			fail_msg("'%s': expected a reason with \"%s\", observed \"%s\"",
				rows[i].text, rows[i].reason, problem);
		expect_only(rows[i].text, &rewrite, 0, 0);
	}
}

static void rewrites_add_up_do_not_chain_and_the_last_one_of_a_signal_counts(void **state)
{
	struct rewrite rewrite = start();

	(void)state;
	add(&rewrite, "TERM:INT");
	add(&rewrite, "HUP:0");
	add(&rewrite, "INT:TERM");
	add(&rewrite, "TERM:QUIT");
	add(&rewrite, "QUIT:HUP");
	expect_to("TERM:QUIT", &rewrite, SIGTERM, SIGQUIT);
	expect_to("INT:TERM", &rewrite, SIGINT, SIGTERM);
	expect_to("QUIT:HUP", &rewrite, SIGQUIT, SIGHUP);
	expect_to("HUP:0", &rewrite, SIGHUP, REWRITE_DROP);
	add(&rewrite, "HUP:HUP");
	expect_to("HUP:HUP", &rewrite, SIGHUP, SIGHUP);
}

static void only_the_given_length_is_read(void **state)
{
	struct rewrite rewrite = start();

	(void)state;
	assert_null(rewrite_add(&rewrite, "TERM:INT,HUP:0", 8));
	assert_non_null(strstr(rewrite_add(&rewrite, "HUP:INT", 3), "FROM:TO"));
	assert_non_null(rewrite_add(&rewrite, "HUP:INT", 4));
	assert_non_null(rewrite_add(&rewrite, "HUP:INT", 0));
	expect_only("TERM:INT", &rewrite, SIGTERM, SIGINT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_signal_but_kill_and_stop_becomes_any_other_or_is_dropped),
		cmocka_unit_test(both_sides_are_names_as_well_as_numbers),
		cmocka_unit_test(what_is_no_rewrite_is_refused_with_its_reason_and_changes_nothing),
		cmocka_unit_test(rewrites_add_up_do_not_chain_and_the_last_one_of_a_signal_counts),
		cmocka_unit_test(only_the_given_length_is_read),
	};

	return cmocka_run_group_tests_name("signals/rewrite", tests, NULL, NULL);
}

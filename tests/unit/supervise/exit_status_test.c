#include "supervise/exit_status.h"

#include "unit/support.h"

#define SIGNAL_BASE 128

/* wait(2)'s encoding, which is the kernel's interface. */
#define EXITED(status)      ((int)(status) << 8)
#define KILLED(signal)      ((int)(signal))
#define DUMPED_CORE(signal) ((int)(signal) | 0x80)

static const bool none_forwarded[SIGNAL_MAX + 1];
static bool all_forwarded[SIGNAL_MAX + 1]; /* see main */

static void add(struct exit_map *map, const char *text)
{
	const char *problem = exit_map_add(map, text, strlen(text));

	if (problem != NULL) fail_msg("'%s': expected to be taken, observed \"%s\"", text, problem);
}

static void expect_mapped(const char *text, const struct exit_map *map, int status,
	const bool *forwarded, int expected)
{
	int observed = exit_map_apply(map, status, forwarded);

	if (observed != expected)
		fail_msg("with '%s' status %d: expected %d, observed %d", text, status, expected,
			observed);
}

/* All as themselves, but the one. */
static void expect_only(const char *text, const struct exit_map *map, int from, int to)
{

	for (int status = 0; status < EXIT_STATUS_COUNT; status++) {
		int expected = status == from ? to : status;

		expect_mapped(text, map, status, none_forwarded, expected);
		expect_mapped(text, map, status, all_forwarded, expected);
	}
}

static void any_status_becomes_any_other_and_no_other_changes(void **state)
{
	(void)state;
	for (int status = 0; status < EXIT_STATUS_COUNT; status++) {
		for (int to = 0; to < EXIT_STATUS_COUNT; to++) {
			struct exit_map map = {.forwarded_to = 0};
			char text[32];

			(void)snprintf(text, sizeof(text), "%d:%d", status, to);
			add(&map, text);
			expect_mapped(text, &map, status, none_forwarded, to);
			if (to == 42) expect_only(text, &map, status, to);
			(void)snprintf(text, sizeof(text), "%d", status);
			add(&map, text);
			expect_mapped(text, &map, status, none_forwarded, 0);
		}
	}
}

static void the_name_of_a_signal_means_128_and_its_number(void **state)
{
	static const struct {
		const char *text;
		int from, to;
	} rows[] = {
		{"TERM", 143, 0},
		{"sigterm", 143, 0},
		{"SIGINT:1", 130, 1},
		{"KILL:9", 137, 9},
		{"RTMIN", 162, 0},
		{"RTMIN+3:3", 165, 3},
		{"RTMAX:255", 128 + LAST_REALTIME, 255},
		{"15", 15, 0}, /* a number is a status and not a signal */
		{"64:1", 64, 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct exit_map map = {.forwarded_to = 0};

		add(&map, rows[i].text);
		expect_only(rows[i].text, &map, rows[i].from, rows[i].to);
	}
}

static void forwarded_matches_128_and_each_signal_that_was_forwarded(void **state)
{
	struct exit_map map = {.forwarded_to = 0};

	(void)state;
	add(&map, "forwarded:42");
	for (int signal = 0; signal <= SIGNAL_MAX; signal++) {
		bool forwarded[SIGNAL_MAX + 1] = {[0] = true}; /* no signal has this number */

		forwarded[signal] = true;
		for (int status = 0; status < EXIT_STATUS_COUNT; status++)
			expect_mapped("forwarded:42", &map, status, forwarded,
				signal > 0 && status == SIGNAL_BASE + signal ? 42 : status);
	}
	add(&map, "forwarded");
	expect_mapped("forwarded", &map, 143, all_forwarded, 0);
}

static void mappings_add_up_do_not_chain_and_a_status_goes_before_forwarded(void **state)
{
	struct exit_map map = {.forwarded_to = 0};

	(void)state;
	add(&map, "1:2");
	add(&map, "2:3");
	add(&map, "INT:4");
	add(&map, "forwarded:5");
	add(&map, "forwarded:6");
	add(&map, "TERM:7");
	expect_mapped("1:2, 2:3", &map, 1, all_forwarded, 2);
	expect_mapped("1:2, 2:3", &map, 2, all_forwarded, 3);
	expect_mapped("INT:4", &map, 130, all_forwarded, 4);
	expect_mapped("TERM:7", &map, 143, all_forwarded, 7);
	expect_mapped("TERM:7", &map, 143, none_forwarded, 7);
	expect_mapped("forwarded:6", &map, 129, all_forwarded, 6);
	add(&map, "130:130");
	expect_mapped("130:130", &map, 130, all_forwarded, 130);
}

static void what_is_no_mapping_is_refused_with_its_reason_and_changes_nothing(void **state)
{
	static const char bad_status[] = "not a status";
	static const char bad_new[] = "new status";
	char above_rtmax[16];
	const struct {
		const char *text;
		const char *reason; /* a part of it */
	} rows[] = {
		{"", bad_status},
		{"256", bad_status},
		{"-1", bad_status},
		{"+1", bad_status},
		{" 1", bad_status},
		{"1 ", bad_status},
		{"0x1", bad_status},
		{"4294967296", bad_status},
		{"FOO", bad_status},
		{"SIG", bad_status},
		{"SIG15", bad_status},
		{above_rtmax, bad_status},
		{"forward", bad_status},
		{"forwardedX", bad_status},
		{"FORWARDED", bad_status},
		{"1=0", bad_status},
		{"1,2", bad_status},
		{":0", bad_status},
		{":", bad_new},
		{"1:", bad_new},
		{"1:256", bad_new},
		{"1:-1", bad_new},
		{"1: 0", bad_new},
		{"1:TERM", bad_new},
		{"1:2:3", bad_new},
		{"forwarded:", bad_new},
		{"forwarded:256", bad_new},
	};

	(void)state;
	(void)snprintf(above_rtmax, sizeof(above_rtmax), "RTMIN+%d", LAST_REALTIME + 1 - 34);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct exit_map map = {.forwarded_to = 0};
		const char *problem = exit_map_add(&map, rows[i].text, strlen(rows[i].text));

		if (problem == NULL || strstr(problem, rows[i].reason) == NULL)
			fail_msg("'%s': expected a reason with \"%s\", observed \"%s\"",
				rows[i].text, rows[i].reason, problem == NULL ? "none" : problem);
		expect_only(rows[i].text, &map, -1, 0);
	}
}

static void only_the_given_length_is_read(void **state)
{
	struct exit_map map = {.forwarded_to = 0};

	(void)state;
	assert_null(exit_map_add(&map, "143:12,7", 5));
	expect_only("143:1", &map, 143, 1);
	assert_null(exit_map_add(&map, "143:1", 3));
	assert_non_null(exit_map_add(&map, "143:1", 4));
	assert_non_null(exit_map_add(&map, "143:1", 0));
	expect_only("143", &map, 143, 0);
}

static void an_exit_gives_its_status_and_a_death_128_and_the_signal(void **state)
{
	char what[SIGNAL_TEXT_SIZE];

	(void)state;
	for (int status = 0; status < EXIT_STATUS_COUNT; status++) {
		expect_int("an exit", status, exit_status_from_wait(EXITED(status)));
		expect_int("an exit", 0, exit_status_killed_by(EXITED(status)));
	}
	for (int signal = 1; signal <= LAST_REALTIME && signal < 127; signal++) {
		const char *name = signal_text(signal, what);

		expect_int(name, SIGNAL_BASE + signal, exit_status_from_wait(KILLED(signal)));
		expect_int(name, SIGNAL_BASE + signal, exit_status_from_wait(DUMPED_CORE(signal)));
		expect_int(name, signal, exit_status_killed_by(KILLED(signal)));
		expect_int(name, signal, exit_status_killed_by(DUMPED_CORE(signal)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_status_becomes_any_other_and_no_other_changes),
		cmocka_unit_test(the_name_of_a_signal_means_128_and_its_number),
		cmocka_unit_test(forwarded_matches_128_and_each_signal_that_was_forwarded),
		cmocka_unit_test(mappings_add_up_do_not_chain_and_a_status_goes_before_forwarded),
		cmocka_unit_test(what_is_no_mapping_is_refused_with_its_reason_and_changes_nothing),
		cmocka_unit_test(only_the_given_length_is_read),
		cmocka_unit_test(an_exit_gives_its_status_and_a_death_128_and_the_signal),
	};

	memset(all_forwarded, true, sizeof(all_forwarded));
	return cmocka_run_group_tests_name("supervise/exit_status", tests, NULL, NULL);
}

#include "supervise/exit_status.h"

#include "unit/support.h"

#define SIGNAL_BASE 128

/* wait(2)'s encoding, which is the kernel's interface. */
#define EXITED(status)      ((int)(status) << 8)
#define KILLED(signal)      ((int)(signal))
#define DUMPED_CORE(signal) ((int)(signal) | 0x80)
#define STOPPED(signal)     ((int)(signal) << 8 | 0x7f)

/* MIPS has the most. The encoding is everywhere the same, so they are tried everywhere. */
#define LAST_OF_ALL 128

static const struct signal_set nothing_passed_on;

static struct exit_map start(void)
{
	struct exit_map map;

	exit_map_init(&map);
	return map;
}

static void add(struct exit_map *map, const char *text)
{
	const char *problem = exit_map_add(map, text, strlen(text));

	if (problem != NULL)
		fail_msg("'%s': expected to be taken, observed \"%s\"", text, problem);
}

static void expect_mapped(const char *text, const struct exit_map *map, int status,
	const struct signal_set *passed_on, int expected)
{
	int observed = exit_map_apply(map, status, passed_on);

	if (observed != expected)
		fail_msg("with '%s' status %d: expected %d, observed %d", text, status, expected,
			observed);
}

/* All as themselves, but the one. */
static void expect_only(const char *text, const struct exit_map *map, int from, int to)
{
	const struct signal_set passed_on = every_signal();

	for (int status = 0; status < EXIT_STATUS_COUNT; status++) {
		int expected = status == from ? to : status;

		expect_mapped(text, map, status, &nothing_passed_on, expected);
		expect_mapped(text, map, status, &passed_on, expected);
	}
}

static void every_status_is_itself_at_the_start(void **state)
{
	const struct exit_map map = start();

	(void)state;
	expect_only("", &map, -1, 0);
}

static void any_status_becomes_any_other(void **state)
{
	(void)state;
	for (int status = 0; status < EXIT_STATUS_COUNT; status++) {
		for (int to = 0; to < EXIT_STATUS_COUNT; to++) {
			struct exit_map map = start();
			char text[16];

			(void)snprintf(text, sizeof(text), "%d:%d", status, to);
			add(&map, text);
			expect_mapped(text, &map, status, &nothing_passed_on, to);
		}
	}
}

static void a_mapped_status_leaves_the_others_alone(void **state)
{
	(void)state;
	for (int status = 0; status < EXIT_STATUS_COUNT; status++) {
		struct exit_map map = start();
		char text[16];

		(void)snprintf(text, sizeof(text), "%d:42", status);
		add(&map, text);
		expect_only(text, &map, status, 42);
	}
}

static void a_status_alone_becomes_0(void **state)
{
	(void)state;
	for (int status = 0; status < EXIT_STATUS_COUNT; status++) {
		struct exit_map map = start();
		char text[16];

		(void)snprintf(text, sizeof(text), "%d", status);
		add(&map, text);
		expect_only(text, &map, status, 0);
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
		struct exit_map map = start();

		add(&map, rows[i].text);
		expect_only(rows[i].text, &map, rows[i].from, rows[i].to);
	}
}

static void forwarded_matches_128_and_each_signal_passed_on_and_nothing_else(void **state)
{
	struct exit_map map = start();

	(void)state;
	add(&map, "forwarded:42");
	for (int signal = 1; signal <= SIGNAL_MAX; signal++) {
		struct signal_set passed_on = nothing_passed_on;

		signal_set_add(&passed_on, signal);
		for (int status = 0; status < EXIT_STATUS_COUNT; status++)
			expect_mapped("forwarded:42", &map, status, &passed_on,
				status == SIGNAL_BASE + signal ? 42 : status);
	}
}

static void forwarded_alone_becomes_0_and_needs_a_signal_passed_on(void **state)
{
	const struct signal_set passed_on = every_signal();
	struct exit_map map = start();

	(void)state;
	add(&map, "forwarded");
	for (int status = 0; status < EXIT_STATUS_COUNT; status++) {
		bool is_death = status > SIGNAL_BASE && status <= SIGNAL_BASE + SIGNAL_MAX;

		expect_mapped("forwarded", &map, status, &passed_on, is_death ? 0 : status);
		expect_mapped("forwarded", &map, status, &nothing_passed_on, status);
	}
}

static void a_status_given_as_such_goes_before_forwarded(void **state)
{
	static const char *const orders[2][2] = {
		{"143:7", "forwarded:42"}, {"forwarded:42", "143:7"}};
	const struct signal_set passed_on = every_signal();

	(void)state;
	for (size_t i = 0; i < COUNT(orders); i++) {
		struct exit_map map = start();

		add(&map, orders[i][0]);
		add(&map, orders[i][1]);
		expect_mapped(orders[i][0], &map, 143, &passed_on, 7);
		expect_mapped(orders[i][0], &map, 143, &nothing_passed_on, 7);
		expect_mapped(orders[i][0], &map, 130, &passed_on, 42);
	}
}

static void mappings_add_up_do_not_chain_and_the_last_one_counts(void **state)
{
	struct exit_map map = start();

	(void)state;
	add(&map, "1:2");
	add(&map, "2:3");
	add(&map, "TERM:4");
	expect_mapped("1:2, 2:3", &map, 1, &nothing_passed_on, 2);
	expect_mapped("1:2, 2:3", &map, 2, &nothing_passed_on, 3);
	expect_mapped("TERM:4", &map, 143, &nothing_passed_on, 4);
	add(&map, "143:143");
	expect_mapped("143:143", &map, 143, &nothing_passed_on, 143);
	add(&map, "forwarded:5");
	add(&map, "forwarded:6");
	expect_mapped("forwarded:6", &map, 130, &(struct signal_set){{1UL << (SIGINT - 1)}}, 6);
}

static void what_is_no_mapping_is_refused_with_its_reason_and_changes_nothing(void **state)
{
	char above_rtmax[16];
	const struct {
		const char *text;
		const char *reason; /* a part of it */
	} rows[] = {
		{"", "a status is"},
		{"256", "a status is"},
		{"-1", "a status is"},
		{"+1", "a status is"},
		{" 1", "a status is"},
		{"1 ", "a status is"},
		{"0x1", "a status is"},
		{"4294967296", "a status is"},
		{"FOO", "a status is"},
		{"SIG", "a status is"},
		{"SIG15", "a status is"},
		{"SIGSIGTERM", "a status is"},
		{above_rtmax, "a status is"},
		{"forward", "a status is"},
		{"forwardedX", "a status is"},
		{"FORWARDED", "a status is"},
		{"1=0", "a status is"},
		{"1,2", "a status is"},
		{":", "new status"},
		{":0", "a status is"},
		{"1:", "new status"},
		{"1:256", "new status"},
		{"1:-1", "new status"},
		{"1: 0", "new status"},
		{"1:TERM", "new status"},
		{"1:forwarded", "new status"},
		{"1:2:3", "new status"},
		{"TERM:", "new status"},
		{"forwarded:", "new status"},
		{"forwarded:256", "new status"},
	};
	const struct signal_set passed_on = every_signal();

	(void)state;
	(void)snprintf(above_rtmax, sizeof(above_rtmax), "RTMIN+%d", LAST_REALTIME + 1 - 34);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct exit_map map = start();
		const char *problem = exit_map_add(&map, rows[i].text, strlen(rows[i].text));

		if (problem == NULL)
			fail_msg("'%s': expected a refusal", rows[i].text);
		else if (strstr(problem, rows[i].reason) == NULL)
			fail_msg("'%s': expected a reason with \"%s\", observed \"%s\"",
				rows[i].text, rows[i].reason, problem);
		expect_only(rows[i].text, &map, -1, 0);
		expect_mapped(rows[i].text, &map, 143, &passed_on, 143);
	}
}

static void only_the_given_length_is_read(void **state)
{
	struct exit_map map = start();

	(void)state;
	assert_null(exit_map_add(&map, "143:12,7", 5));
	expect_only("143:1", &map, 143, 1);
	map = start();
	assert_null(exit_map_add(&map, "143:1", 3));
	expect_only("143", &map, 143, 0);
	assert_non_null(exit_map_add(&map, "143:1", 4));
	assert_non_null(exit_map_add(&map, "143:1", 0));
	expect_only("143", &map, 143, 0);
}

static void a_command_that_exits_gives_its_status(void **state)
{
	(void)state;
	for (int status = 0; status < EXIT_STATUS_COUNT; status++)
		expect_int("an exit", status, exit_status_from_wait(EXITED(status)));
}

static void a_command_that_is_killed_gives_128_and_the_signal(void **state)
{
	char what[SIGNAL_TEXT_SIZE];

	(void)state;
	for (int signal = 1; signal < LAST_OF_ALL; signal++) {
		expect_int(signal_text(signal, what), SIGNAL_BASE + signal,
			exit_status_from_wait(KILLED(signal)));
		expect_int(signal_text(signal, what), SIGNAL_BASE + signal,
			exit_status_from_wait(DUMPED_CORE(signal)));
	}
	expect_int("signal 128, for which there is no status", 255,
		exit_status_from_wait(KILLED(LAST_OF_ALL)));
}

static void a_death_is_told_from_an_exit(void **state)
{
	char what[SIGNAL_TEXT_SIZE];

	(void)state;
	for (int signal = 1; signal <= LAST_OF_ALL; signal++) {
		expect_int(
			signal_text(signal, what), signal, exit_status_killed_by(KILLED(signal)));
		expect_int(signal_text(signal, what), false, exit_status_has_core(KILLED(signal)));
		expect_int(signal_text(signal, what), signal < LAST_OF_ALL,
			exit_status_has_core(DUMPED_CORE(signal)));
		expect_int(signal_text(signal, what), signal,
			exit_status_killed_by(DUMPED_CORE(signal)));
	}
	for (int status = 0; status < EXIT_STATUS_COUNT; status++)
		expect_int("an exit", 0, exit_status_killed_by(EXITED(status)));
}

/* A libc or the other takes MIPS' signal 127 for a stop. */
static void a_stop_is_told_from_an_end(void **state)
{
	(void)state;
	for (int signal = 1; signal <= LAST_OF_ALL; signal++) {
		char what[SIGNAL_TEXT_SIZE];

		expect_int(signal_text(signal, what), true, exit_status_is_stop(STOPPED(signal)));
		expect_int(signal_text(signal, what), false, exit_status_is_stop(KILLED(signal)));
		expect_int(
			signal_text(signal, what), false, exit_status_is_stop(DUMPED_CORE(signal)));
	}
	for (int status = 0; status < EXIT_STATUS_COUNT; status++)
		expect_int("an exit", false, exit_status_is_stop(EXITED(status)));
}

static void a_death_is_unexplained_unless_its_signal_was_passed_on(void **state)
{
	(void)state;
	for (int died_of = 1; died_of <= SIGNAL_MAX; died_of++) {
		for (int sent = 1; sent <= SIGNAL_MAX; sent++) {
			struct signal_set passed_on = nothing_passed_on;
			char text[2][SIGNAL_TEXT_SIZE];

			signal_set_add(&passed_on, sent);
			if (exit_status_is_unexplained(KILLED(died_of), &passed_on) !=
					(died_of != sent) ||
				exit_status_is_unexplained(DUMPED_CORE(died_of), &passed_on) !=
					(died_of != sent))
				fail_msg("death by %s with %s passed on: expected %s",
					signal_text(died_of, text[0]), signal_text(sent, text[1]),
					died_of != sent ? "unexplained" : "explained");
		}
		if (!exit_status_is_unexplained(KILLED(died_of), &nothing_passed_on))
			fail_msg("death by %d, nothing passed on: expected unexplained", died_of);
	}
}

static void an_exit_is_never_unexplained(void **state)
{
	(void)state;
	for (int status = 0; status < EXIT_STATUS_COUNT; status++) {
		if (exit_status_is_unexplained(EXITED(status), &nothing_passed_on))
			fail_msg("exit %d: expected explained", status);
	}
}

static void the_statuses_of_whit_itself_are_those_of_env_and_shells(void **state)
{
	(void)state;
	expect_int("whit failed", 125, EXIT_STATUS_WHIT_FAILED);
	expect_int("cannot run", 126, EXIT_STATUS_CANNOT_RUN);
	expect_int("not found", 127, EXIT_STATUS_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_status_is_itself_at_the_start),
		cmocka_unit_test(any_status_becomes_any_other),
		cmocka_unit_test(a_mapped_status_leaves_the_others_alone),
		cmocka_unit_test(a_status_alone_becomes_0),
		cmocka_unit_test(the_name_of_a_signal_means_128_and_its_number),
		cmocka_unit_test(forwarded_matches_128_and_each_signal_passed_on_and_nothing_else),
		cmocka_unit_test(forwarded_alone_becomes_0_and_needs_a_signal_passed_on),
		cmocka_unit_test(a_status_given_as_such_goes_before_forwarded),
		cmocka_unit_test(mappings_add_up_do_not_chain_and_the_last_one_counts),
		cmocka_unit_test(what_is_no_mapping_is_refused_with_its_reason_and_changes_nothing),
		cmocka_unit_test(only_the_given_length_is_read),
		cmocka_unit_test(a_command_that_exits_gives_its_status),
		cmocka_unit_test(a_command_that_is_killed_gives_128_and_the_signal),
		cmocka_unit_test(a_death_is_told_from_an_exit),
		cmocka_unit_test(a_stop_is_told_from_an_end),
		cmocka_unit_test(a_death_is_unexplained_unless_its_signal_was_passed_on),
		cmocka_unit_test(an_exit_is_never_unexplained),
		cmocka_unit_test(the_statuses_of_whit_itself_are_those_of_env_and_shells),
	};

	return cmocka_run_group_tests_name("supervise/exit_status", tests, NULL, NULL);
}

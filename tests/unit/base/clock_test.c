#include "base/clock.h"

#include "unit/support.h"

#include <inttypes.h>
#include <limits.h>
#include <time.h>

#define YEAR_MS (INT64_C(366) * 24 * 3600 * 1000)

struct after_row {
	int64_t now_ms;
	int64_t duration_ms;
	int64_t at_ms;
};

static const struct after_row after_rows[] = {
	{0, 0, 0},
	{0, 1, 1},
	{1000, 0, 1000},
	{1000, 2500, 3500},
	{0, INT64_MAX, INT64_MAX},
	{1, INT64_MAX - 1, INT64_MAX},
	{1, INT64_MAX, INT64_MAX},
	{INT64_MAX - 1, 0, INT64_MAX - 1},
	{INT64_MAX - 1, 1, INT64_MAX},
	{INT64_MAX - 1, 2, INT64_MAX},
	{INT64_MAX, 0, INT64_MAX},
	{INT64_MAX, 1, INT64_MAX},
	{INT64_MAX, INT64_MAX, INT64_MAX},
};

static void a_deadline_is_so_much_after_now_and_never_overflows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(after_rows); i++) {
		const struct after_row *row = &after_rows[i];
		struct deadline deadline = deadline_after(row->now_ms, row->duration_ms);

		if (!deadline.is_set)
			fail_msg("row %zu: expected a deadline", i);
		if (deadline.at_ms != row->at_ms)
			fail_msg("%" PRId64 " ms after %" PRId64 ": expected %" PRId64
				 ", observed %" PRId64,
				row->duration_ms, row->now_ms, row->at_ms, deadline.at_ms);
	}
}

struct wait_row {
	struct deadline deadline;
	int64_t now_ms;
	bool has_come;
	int timeout_ms;
};

static const struct wait_row wait_rows[] = {
	{{.is_set = false, .at_ms = 0}, 0, false, -1},
	{{.is_set = false, .at_ms = 5}, 6, false, -1},
	{{.is_set = false, .at_ms = INT64_MAX}, INT64_MAX, false, -1},
	{{.is_set = true, .at_ms = 0}, 0, true, 0},
	{{.is_set = true, .at_ms = 5}, 4, false, 1},
	{{.is_set = true, .at_ms = 5}, 5, true, 0},
	{{.is_set = true, .at_ms = 5}, 6, true, 0},
	{{.is_set = true, .at_ms = 5}, INT64_MAX, true, 0},
	{{.is_set = true, .at_ms = 2500}, 0, false, 2500},
	{{.is_set = true, .at_ms = INT_MAX - INT64_C(1)}, 0, false, INT_MAX - 1},
	{{.is_set = true, .at_ms = INT_MAX}, 0, false, INT_MAX},
	{{.is_set = true, .at_ms = INT_MAX + INT64_C(1)}, 0, false, INT_MAX},
	{{.is_set = true, .at_ms = INT_MAX + INT64_C(1)}, 1, false, INT_MAX},
	{{.is_set = true, .at_ms = INT64_C(1) << 32}, 0, false, INT_MAX},
	{{.is_set = true, .at_ms = INT64_MAX}, 0, false, INT_MAX},
	{{.is_set = true, .at_ms = INT64_MAX}, INT64_MAX - 1, false, 1},
	{{.is_set = true, .at_ms = INT64_MAX}, INT64_MAX, true, 0},
};

static void a_deadline_has_come_from_its_millisecond_on_and_without_one_never(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(wait_rows); i++) {
		const struct wait_row *row = &wait_rows[i];

		if (deadline_has_come(&row->deadline, row->now_ms) != row->has_come)
			fail_msg("at %" PRId64 ", now %" PRId64 ": expected %s",
				row->deadline.at_ms, row->now_ms,
				row->has_come ? "that it has come" : "that it has not");
	}
}

static void the_timeout_is_what_is_left_or_the_longest_that_poll_takes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(wait_rows); i++) {
		const struct wait_row *row = &wait_rows[i];
		int timeout_ms = deadline_timeout_ms(&row->deadline, row->now_ms);

		if (timeout_ms != row->timeout_ms)
			fail_msg("at %" PRId64 ", now %" PRId64 ": expected %d ms, observed %d ms",
				row->deadline.at_ms, row->now_ms, row->timeout_ms, timeout_ms);
	}
}

/* Else a wake-up at its end would find that nothing is due, and wait another 0 ms, over and over.
 */
static void a_deadline_has_come_when_its_timeout_is_over(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(wait_rows); i++) {
		const struct wait_row *row = &wait_rows[i];
		int timeout_ms = deadline_timeout_ms(&row->deadline, row->now_ms);

		if (row->deadline.is_set && timeout_ms < INT_MAX &&
			!deadline_has_come(&row->deadline, row->now_ms + timeout_ms))
			fail_msg("at %" PRId64 ", now %" PRId64 ": not after %d ms",
				row->deadline.at_ms, row->now_ms, timeout_ms);
	}
}

static int64_t kernel_ms(void)
{
	struct timespec now;

	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void now_is_the_monotonic_clock_in_whole_milliseconds(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++) {
		int64_t before_ms = kernel_ms();
		int64_t now_ms = clock_now_ms();
		int64_t after_ms = kernel_ms();

		if (now_ms < before_ms || now_ms > after_ms)
			fail_msg("expected %" PRId64 " to %" PRId64 ", observed %" PRId64,
				before_ms, after_ms, now_ms);
	}
}

static void now_never_goes_back_and_does_go_on(void **state)
{
	int64_t first_ms = clock_now_ms();
	int64_t last_ms = first_ms;

	(void)state;
	while (last_ms < first_ms + 3) { /* an event of the clock, not a wait for something else */
		int64_t now_ms = clock_now_ms();

		if (now_ms < last_ms)
			fail_msg("%" PRId64 " after %" PRId64, now_ms, last_ms);
		last_ms = now_ms;
	}
}

static void the_longest_drain_from_now_is_a_deadline_that_has_not_come(void **state)
{
	int64_t now_ms = clock_now_ms();
	struct deadline deadline = deadline_after(now_ms, INT64_MAX);

	(void)state;
	assert_false(deadline_has_come(&deadline, now_ms + 1000 * YEAR_MS));
	assert_int_equal(deadline_timeout_ms(&deadline, now_ms), INT_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_deadline_is_so_much_after_now_and_never_overflows),
		cmocka_unit_test(a_deadline_has_come_from_its_millisecond_on_and_without_one_never),
		cmocka_unit_test(the_timeout_is_what_is_left_or_the_longest_that_poll_takes),
		cmocka_unit_test(a_deadline_has_come_when_its_timeout_is_over),
		cmocka_unit_test(now_is_the_monotonic_clock_in_whole_milliseconds),
		cmocka_unit_test(now_never_goes_back_and_does_go_on),
		cmocka_unit_test(the_longest_drain_from_now_is_a_deadline_that_has_not_come),
	};

	return cmocka_run_group_tests_name("base/clock", tests, NULL, NULL);
}

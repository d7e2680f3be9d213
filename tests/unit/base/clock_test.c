#include "base/clock.h"

#include "unit/support.h"

#include <inttypes.h>
#include <limits.h>
#include <time.h>

static void a_deadline_is_that_long_after_now(void **state)
{
	static const int64_t times_ms[] = {0, 1, 2500, INT_MAX, INT64_C(4294967295999)};

	(void)state;
	for (size_t i = 0; i < COUNT(times_ms); i++) {
		for (size_t j = 0; j < COUNT(times_ms); j++) {
			struct deadline deadline = deadline_after(times_ms[i], times_ms[j]);

			assert_true(deadline.is_set);
			assert_true(deadline.at_ms == times_ms[i] + times_ms[j]);
		}
	}
}

static void a_deadline_has_come_from_its_millisecond_on_and_never_if_there_is_none(void **state)
{
	static const struct {
		struct deadline deadline;
		int64_t now_ms;
		bool has_come;
	} rows[] = {
		{{.is_set = false, .at_ms = 0}, 0, false},
		{{.is_set = false, .at_ms = 5}, 6, false},
		{{.is_set = true, .at_ms = 0}, 0, true},
		{{.is_set = true, .at_ms = 5}, 4, false},
		{{.is_set = true, .at_ms = 5}, 5, true},
		{{.is_set = true, .at_ms = 5}, 6, true},
		{{.is_set = true, .at_ms = 5}, INT64_MAX, true},
		{{.is_set = true, .at_ms = INT64_MAX}, INT64_MAX - 1, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (deadline_has_come(&rows[i].deadline, rows[i].now_ms) != rows[i].has_come)
			fail_msg("at %" PRId64 ", now %" PRId64 ": expected %s",
				rows[i].deadline.at_ms, rows[i].now_ms,
				rows[i].has_come ? "that it has come" : "that it has not");
	}
}

/* At the end of a timeout the deadline has come: else whit would wait another 0 ms, for ever. */
static void the_timeout_is_what_is_left_or_the_longest_that_poll_takes(void **state)
{
	static const int64_t times_ms[] = {INT64_MIN / 2, -1, 0, 1, 2500, INT_MAX - 1000, INT_MAX,
		INT_MAX + INT64_C(1000), INT64_C(1) << 32, INT64_MAX / 2};
	struct deadline deadline = {.is_set = false};

	(void)state;
	expect_int("no deadline", -1, deadline_timeout_ms(&deadline));
	for (size_t i = 0; i < COUNT(times_ms); i++) {
		int64_t before_ms = clock_now_ms();
		int64_t timeout_ms, after_ms;

		deadline = (struct deadline){.is_set = true, .at_ms = before_ms + times_ms[i]};
		timeout_ms = deadline_timeout_ms(&deadline);
		after_ms = clock_now_ms();
		if (timeout_ms < 0 ||
			(timeout_ms < INT_MAX && after_ms + timeout_ms < deadline.at_ms) ||
			(timeout_ms > 0 && before_ms + timeout_ms > deadline.at_ms))
			fail_msg("in %" PRId64 " ms: a timeout of %" PRId64 " ms", times_ms[i],
				timeout_ms);
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
	int64_t end_ms = kernel_ms() + 3;
	int64_t before_ms;

	(void)state;
	do {
		int64_t now_ms;

		before_ms = kernel_ms();
		now_ms = clock_now_ms();
		if (now_ms < before_ms || now_ms > kernel_ms())
			fail_msg("at %" PRId64 ", observed %" PRId64, before_ms, now_ms);
	} while (before_ms < end_ms);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_deadline_is_that_long_after_now),
		cmocka_unit_test(
			a_deadline_has_come_from_its_millisecond_on_and_never_if_there_is_none),
		cmocka_unit_test(the_timeout_is_what_is_left_or_the_longest_that_poll_takes),
		cmocka_unit_test(now_is_the_monotonic_clock_in_whole_milliseconds),
	};

	return cmocka_run_group_tests_name("base/clock", tests, NULL, NULL);
}

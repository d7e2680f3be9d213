#include "base/clock.h"

#include "unit/support.h"

#include <inttypes.h>
#include <limits.h>
#include <time.h>

static void a_deadline_is_that_long_after_now(void **state)
{
	static const int64_t times_ms[] = {0, 1, 2500, INT_MAX, INT64_C(4000000000999)};

	(void)state;
	for (size_t i = 0; i < COUNT(times_ms); i++) {
		for (size_t j = 0; j < COUNT(times_ms); j++) {
			struct deadline deadline = deadline_after(times_ms[i], times_ms[j]);

			assert_true(deadline.is_set);
			assert_true(deadline.at_ms == times_ms[i] + times_ms[j]);
		}
	}
}

static const struct {
	struct deadline deadline;
	int64_t now_ms;
	bool has_come;
	int timeout_ms;
} rows[] = {
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
	{{.is_set = true, .at_ms = INT64_C(1) << 32}, 0, false, INT_MAX},
	{{.is_set = true, .at_ms = INT64_MAX}, 0, false, INT_MAX},
};

/* At the end of a timeout the deadline has come: else whit would wait another 0 ms, for ever. */
static void a_deadline_comes_when_its_timeout_is_over_and_never_if_there_is_none(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct deadline *deadline = &rows[i].deadline;
		int64_t now_ms = rows[i].now_ms;
		int timeout_ms = deadline_timeout_ms(deadline, now_ms);

		if (deadline_has_come(deadline, now_ms) != rows[i].has_come)
			fail_msg("at %" PRId64 ", now %" PRId64 ": expected %s", deadline->at_ms,
				now_ms, rows[i].has_come ? "that it has come" : "that it has not");
		if (timeout_ms != rows[i].timeout_ms)
			fail_msg("at %" PRId64 ", now %" PRId64 ": expected %d ms, observed %d ms",
				deadline->at_ms, now_ms, rows[i].timeout_ms, timeout_ms);
		if (timeout_ms >= 0 && timeout_ms < INT_MAX)
			assert_true(deadline_has_come(deadline, now_ms + timeout_ms));
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
			a_deadline_comes_when_its_timeout_is_over_and_never_if_there_is_none),
		cmocka_unit_test(now_is_the_monotonic_clock_in_whole_milliseconds),
	};

	return cmocka_run_group_tests_name("base/clock", tests, NULL, NULL);
}

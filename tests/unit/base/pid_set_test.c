#include "base/pid_set.h"

#include "unit/support.h"

/* On both sides of what shares a byte, and at both ends. */
static const pid_t pids[] = {1, 2, 7, 8, 9, 15, 16, 1000, 32767, 32768, PID_SET_LIMIT - 1};

static struct pid_set set; /* zeros */

static int empty_set(void **state)
{
	(void)state;
	pid_set_clear(&set);
	return 0;
}

static void expect_members(const pid_t *members, size_t count)
{
	pid_t pid = 0;

	for (size_t i = 0; i < count; i++) {
		pid = pid_set_next(&set, pid);
		expect_int("the next one", members[i], pid);
	}
	expect_int("after the last one", -1, pid_set_next(&set, pid));
}

static void zeros_are_an_empty_set(void **state)
{
	(void)state;
	expect_members(NULL, 0);
	for (size_t i = 0; i < COUNT(pids); i++)
		assert_false(pid_set_has(&set, pids[i]));
	pid_set_clear(&set);
	expect_members(NULL, 0);
}

static void each_pid_is_there_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(pids); i++) {
		pid_set_clear(&set);
		pid_set_add(&set, pids[i]);
		for (size_t j = 0; j < COUNT(pids); j++)
			assert_int_equal(pid_set_has(&set, pids[j]), i == j);
		expect_members(&pids[i], 1);
		expect_int("below it", pids[i], pid_set_next(&set, pids[i] - 1));
	}
}

static void members_come_in_order_however_they_were_added(void **state)
{
	(void)state;
	for (size_t i = COUNT(pids); i > 0; i--)
		pid_set_add(&set, pids[i - 1]);
	expect_members(pids, COUNT(pids));
	pid_set_clear(&set);
	for (size_t i = 0; i < COUNT(pids); i++)
		pid_set_add(&set, pids[i]);
	pid_set_add(&set, pids[0]);
	expect_members(pids, COUNT(pids));
}

static void who_is_removed_is_there_no_more_and_the_others_are(void **state)
{
	static const pid_t rest[] = {1, 7, 9, 15};

	(void)state;
	for (size_t i = 0; i < COUNT(rest); i++)
		pid_set_add(&set, rest[i]);
	pid_set_add(&set, 8);
	pid_set_add(&set, PID_SET_LIMIT - 1);
	pid_set_remove(&set, 8);
	pid_set_remove(&set, PID_SET_LIMIT - 1);
	pid_set_remove(&set, 2);
	expect_members(rest, COUNT(rest));
}

static void who_is_removed_meanwhile_does_not_hide_the_next(void **state)
{
	pid_t pid = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(pids); i++)
		pid_set_add(&set, pids[i]);
	for (size_t i = 0; i < COUNT(pids); i++) {
		pid = pid_set_next(&set, pid);
		expect_int("the next one", pids[i], pid);
		pid_set_remove(&set, pid);
	}
	expect_members(NULL, 0);
}

static void nobody_is_left_in_a_set_that_was_cleared(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(pids); i++)
		pid_set_add(&set, pids[i]);
	pid_set_clear(&set);
	for (size_t i = 0; i < COUNT(pids); i++)
		assert_false(pid_set_has(&set, pids[i]));
	expect_members(NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zeros_are_an_empty_set),
		cmocka_unit_test_setup(each_pid_is_there_alone, empty_set),
		cmocka_unit_test_setup(members_come_in_order_however_they_were_added, empty_set),
		cmocka_unit_test_setup(
			who_is_removed_is_there_no_more_and_the_others_are, empty_set),
		cmocka_unit_test_setup(who_is_removed_meanwhile_does_not_hide_the_next, empty_set),
		cmocka_unit_test_setup(nobody_is_left_in_a_set_that_was_cleared, empty_set),
	};

	return cmocka_run_group_tests_name("base/pid_set", tests, NULL, NULL);
}

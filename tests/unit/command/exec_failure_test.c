#include "command/exec_failure.h"

#include "unit/support.h"

#define HIGHEST_ERRNO 133

/* A path that leads to nothing. */
static bool leads_to_nothing(int error)
{
	return error == ENOENT || error == ENOTDIR || error == ELOOP || error == ENAMETOOLONG;
}

static void an_exec_that_led_to_nothing_is_not_found_and_no_other_is(void **state)
{
	(void)state;
	for (int error = 1; error <= HIGHEST_ERRNO; error++) {
		const struct exec_failure failure = {EXEC_FAILURE_AT_EXEC, error};

		if (exec_failure_is_not_found(&failure) != leads_to_nothing(error))
			fail_msg("exec failed with \"%s\": expected %s", strerror(error),
				leads_to_nothing(error) ? "not found" : "cannot run");
	}
}

static void a_process_that_could_not_be_made_is_never_not_found(void **state)
{
	(void)state;
	for (int error = 1; error <= HIGHEST_ERRNO; error++) {
		const struct exec_failure failure = {EXEC_FAILURE_AT_CLONE, error};

		if (exec_failure_is_not_found(&failure))
			fail_msg("clone failed with \"%s\": expected cannot run", strerror(error));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_exec_that_led_to_nothing_is_not_found_and_no_other_is),
		cmocka_unit_test(a_process_that_could_not_be_made_is_never_not_found),
	};

	return cmocka_run_group_tests_name("command/exec_failure", tests, NULL, NULL);
}

#include "base/error_text.h"

#include "unit/support.h"

#define ERRORS_MAX 4096 /* the kernel has none above: MAX_ERRNO */

/* What main, the log, the start and the drain can meet, as their system calls' man pages say. */
static const int met[] = {EPERM, ENOENT, ESRCH, EIO, ENOEXEC, EBADF, ECHILD, EAGAIN, ENOMEM, EACCES,
	ENODEV, EINVAL, ENFILE, EMFILE, ENOSPC, EPIPE, ELOOP, ENAMETOOLONG, ENOSYS, ESTALE,
	ETIMEDOUT};

static bool is_met(int error)
{
	for (size_t i = 0; i < COUNT(met); i++) {
		if (met[i] == error) return true;
	}
	return false;
}

static void each_error_that_whit_can_meet_has_words_and_all_others_are_unknown(void **state)
{
	(void)state;
	for (int error = -1; error <= ERRORS_MAX; error++) {
		bool is_known = strcmp(error_text(error), "unknown error") != 0;

		if (is_known != is_met(error))
			fail_msg("%s: observed \"%s\"", strerror(error), error_text(error));
	}
}

/* 256 is ENOENT with a bit more: the row's number is a byte. */
static void words_are_those_of_their_own_error(void **state)
{
	(void)state;
	expect_text("EPERM", "Operation not permitted", error_text(EPERM));
	expect_text("ENOENT, the longest", "No such file or directory", error_text(ENOENT));
	expect_text("EINVAL", "Invalid argument", error_text(EINVAL));
	expect_text("ETIMEDOUT, the last", "Connection timed out", error_text(ETIMEDOUT));
	expect_text("no error", "unknown error", error_text(0));
	expect_text("ENOENT and 256", "unknown error", error_text(ENOENT + 256));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			each_error_that_whit_can_meet_has_words_and_all_others_are_unknown),
		cmocka_unit_test(words_are_those_of_their_own_error),
	};

	return cmocka_run_group_tests_name("base/error_text", tests, NULL, NULL);
}

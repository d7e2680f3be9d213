#include "base/number.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct row {
	const char *text;
	unsigned int max;
	bool is_number;
	unsigned int value;
};

static const struct row rows[] = {
	{"0", 0, true, 0}, {"0", 255, true, 0}, {"007", 255, true, 7}, {"255", 255, true, 255},
	{"256", 255, false, 0}, {"1", 0, false, 0}, {"9", 5, false, 0},
	{"4294967295", UINT_MAX, true, UINT_MAX}, {"4294967296", UINT_MAX, false, 0},
	{"99999999999999999999", UINT_MAX, false, 0}, {"", 255, false, 0}, {" 1", 255, false, 0},
	{"1 ", 255, false, 0}, {"+1", 255, false, 0}, {"-1", 255, false, 0}, {"0x1", 255, false, 0},
	{"1e2", 255, false, 0}, {"1.0", 255, false, 0},
	{"\xd9\xa1", 255, false, 0}, /* ARABIC-INDIC DIGIT ONE */
};

static void a_number_is_decimal_digits_up_to_max_and_nothing_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned int value = 12345;
		bool is_number =
			number_parse(rows[i].text, strlen(rows[i].text), rows[i].max, &value);

		if (is_number != rows[i].is_number)
			fail_msg("'%s' up to %u: %s", rows[i].text, rows[i].max,
				is_number ? "taken" : "refused");
		/* Untouched on failure. */
		assert_int_equal(value, is_number ? rows[i].value : 12345);
	}
}

static void only_the_given_length_is_read(void **state)
{
	unsigned int value = 0;

	(void)state;
	assert_true(number_parse("12:34", 2, 255, &value));
	assert_int_equal(value, 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_is_decimal_digits_up_to_max_and_nothing_else),
		cmocka_unit_test(only_the_given_length_is_read),
	};

	return cmocka_run_group_tests_name("base/number", tests, NULL, NULL);
}

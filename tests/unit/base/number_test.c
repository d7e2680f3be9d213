#include "base/number.h"

#include "unit/support.h"

#include <inttypes.h>
#include <limits.h>

static void a_number_is_decimal_digits_up_to_max_and_nothing_else(void **state)
{
	static const struct {
		const char *text;
		unsigned int max;
		bool is_number;
		unsigned int value;
	} rows[] = {
		{"0", 0, true, 0}, {"0", 255, true, 0}, {"007", 255, true, 7},
		{"255", 255, true, 255}, {"256", 255, false, 0}, {"1", 0, false, 0},
		{"9", 5, false, 0}, {"4294967295", UINT_MAX, true, UINT_MAX},
		{"4294967296", UINT_MAX, false, 0}, {"99999999999999999999", UINT_MAX, false, 0},
		{"", 255, false, 0}, {" 1", 255, false, 0}, {"1 ", 255, false, 0},
		{"+1", 255, false, 0}, {"-1", 255, false, 0}, {"0x1", 255, false, 0},
		{"1e2", 255, false, 0}, {"1.0", 255, false, 0}, {"/", 255, false, 0},
		{":", 255, false, 0}, {"\xd9\xa1", 255, false, 0}, /* ARABIC-INDIC DIGIT ONE */
	};
	unsigned int value;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		bool is_number;

		value = 12345;
		is_number = number_parse(rows[i].text, strlen(rows[i].text), rows[i].max, &value);
		if (is_number != rows[i].is_number)
			fail_msg("'%s' up to %u: %s", rows[i].text, rows[i].max,
				is_number ? "taken" : "refused");
		assert_int_equal(value, is_number ? rows[i].value : 12345);
	}
	assert_true(number_parse("12:34", 2, 255, &value));
	assert_int_equal(value, 12);
}

static void a_number_is_written_in_decimal(void **state)
{
	static const unsigned int numbers[] = {
		0, 1, 9, 10, 99, 100, 32768, INT_MAX, INT_MAX + 1U, UINT_MAX};

	(void)state;
	for (size_t i = 0; i < COUNT(numbers); i++) {
		char *buffer = test_malloc(NUMBER_SIZE); /* whose bounds test_free checks */
		char expected[32];

		(void)snprintf(expected, sizeof(expected), "%u", numbers[i]);
		assert_ptr_equal(number_format(numbers[i], buffer), buffer);
		expect_text("a number", expected, buffer);
		test_free(buffer);
	}
}

static void seconds_are_decimal_with_a_fraction_of_which_milliseconds_count(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} rows[] = {
		{"0", 0},
		{"1", 1000},
		{"10", 10000},
		{"007", 7000},
		{"2.5", 2500},
		{"2.05", 2050},
		{"2.005", 2005},
		{"2.050", 2050},
		{"2.500000000000000000000000000000", 2500},
		{".5", 500},
		{"5.", 5000},
		{"0.", 0},
		{".0", 0},
		{"0.001", 1},
		{"1.234", 1234},
		{"1.2349", 1234},
		{"0.0009", 0},
		{"86400", 86400000},
		{"00000000000000000000000000000000000000000000000000000001", 1000},
		{"4294967295.999", INT64_C(4294967295999)},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t ms = -1;

		if (!number_parse_seconds(rows[i].text, &ms))
			fail_msg("'%s': refused", rows[i].text);
		if (ms != rows[i].ms)
			fail_msg("'%s': expected %" PRId64 " ms, observed %" PRId64 " ms",
				rows[i].text, rows[i].ms, ms);
	}
}

static void what_is_no_number_of_seconds_is_refused(void **state)
{
	static const char *const texts[] = {"", ".", "..", "1..", "..1", "1.2.3", ".1.", "1e3", "e",
		"-1", "-0", "-.5", "+1", "+.5", " 1", "1 ", "1 2", " ", "\t1", "1\n", ". 5", "1. 5",
		"1,5", ",5", "inf", "nan", "0x10", "x", "1s", "1m", "5.s", "10ms", "1_0", "1'0",
		"1:0", "1/2", "\xd9\xa1" /* ARABIC-INDIC DIGIT ONE */, "1\xc2\xa0", "/", ":",
		"4294967296", "18446744073709551617",
		"99999999999999999999999999999999999999999999"};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		int64_t ms = 0;

		if (number_parse_seconds(texts[i], &ms))
			fail_msg("'%s': taken as %" PRId64 " ms", texts[i], ms);
	}
}

static void milliseconds_are_written_as_seconds_without_zeros_at_the_end(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} rows[] = {
		{0, "0"},
		{1, "0.001"},
		{10, "0.01"},
		{100, "0.1"},
		{101, "0.101"},
		{999, "0.999"},
		{1000, "1"},
		{1010, "1.01"},
		{2500, "2.5"},
		{86400000, "86400"},
		{UINT_MAX * INT64_C(1000) + 999, "4294967295.999"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *buffer = test_malloc(NUMBER_SECONDS_SIZE);

		assert_ptr_equal(number_format_seconds(rows[i].ms, buffer), buffer);
		expect_text("seconds", rows[i].text, buffer);
		test_free(buffer);
	}
	for (int64_t ms = 0; ms < 20000; ms++) {
		char buffer[NUMBER_SECONDS_SIZE];
		int64_t again_ms = -1;

		assert_true(number_parse_seconds(number_format_seconds(ms, buffer), &again_ms));
		if (again_ms != ms)
			fail_msg("%" PRId64 " ms, written '%s', is read as %" PRId64 " ms", ms,
				buffer, again_ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_is_decimal_digits_up_to_max_and_nothing_else),
		cmocka_unit_test(a_number_is_written_in_decimal),
		cmocka_unit_test(seconds_are_decimal_with_a_fraction_of_which_milliseconds_count),
		cmocka_unit_test(what_is_no_number_of_seconds_is_refused),
		cmocka_unit_test(milliseconds_are_written_as_seconds_without_zeros_at_the_end),
	};

	return cmocka_run_group_tests_name("base/number", tests, NULL, NULL);
}

#include "base/number.h"

#include "unit/support.h"

#include <inttypes.h>
#include <limits.h>

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
	for (size_t i = 0; i < COUNT(rows); i++) {
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

#define LONGEST_MS (NUMBER_SECONDS_MAX * 1000)

struct seconds_row {
	const char *text;
	int64_t ms;
};

static const struct seconds_row seconds_rows[] = {
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
	{"00.00", 0},
	{"0.001", 1},
	{"1.234", 1234},
	/* Rounded up: what is more than nothing is no 0, and what is asked for is not cut short. */
	{"0.0001", 1},
	{"0.0000", 0},
	{".000000000000000000000000000000001", 1},
	{"0.0010000000000", 1},
	{"0.0010000000001", 2},
	{"0.9999", 1000},
	{"9.9991", 10000},
	{"1.2340", 1234},
	{"1.2341", 1235},
	{"86400", 86400000},
	{"4294967296", INT64_C(4294967296000)},
	/* At the bound and beyond. */
	{"999999999999.999", LONGEST_MS - 1},
	{"999999999999.9999", LONGEST_MS},
	{"1000000000000", LONGEST_MS},
	{"1000000000001", LONGEST_MS},
	{"9999999999999", LONGEST_MS},
	{"9223372036854775807", LONGEST_MS},
	{"9223372036854775808", LONGEST_MS},
	{"18446744073709551616", LONGEST_MS},
	{"00000000000000000000000000000000000000000000000000000001", 1000},
	{"99999999999999999999999999999999999999999999999999999999999999999999999999", LONGEST_MS},
};

static void seconds_are_decimal_with_a_fraction_and_rounded_up_to_milliseconds(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(seconds_rows); i++) {
		const struct seconds_row *row = &seconds_rows[i];
		int64_t ms = -1;

		if (!number_parse_seconds(row->text, strlen(row->text), &ms))
			fail_msg("'%s': refused", row->text);
		if (ms != row->ms)
			fail_msg("'%s': expected %" PRId64 " ms, observed %" PRId64 " ms",
				row->text, row->ms, ms);
	}
}

static void seconds_above_the_maximum_are_the_maximum_also_with_a_fraction(void **state)
{
	static const char *const texts[] = {"1000000000000.0", "1000000000000.001",
		"1000000000000.0000001", "1000000000000.9999", "1000000000001.5",
		"99999999999999999999999999999999.999"};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		int64_t ms = -1;

		assert_true(number_parse_seconds(texts[i], strlen(texts[i]), &ms));
		if (ms != LONGEST_MS)
			fail_msg("'%s': expected %" PRId64 " ms, observed %" PRId64 " ms", texts[i],
				LONGEST_MS, ms);
	}
}

static const char *const no_seconds[] = {"", ".", "..", "1..", "..1", "1.2.3", ".1.", "1e3", "1E3",
	"e", "-1", "-0", "-.5", "+1", "+.5", " 1", "1 ", "1 2", " ", "\t1", "1\n", "\n", ". 5",
	"1. 5", "1,5", ",5", "inf", "INF", "infinity", "nan", "0x10", "0x", "x", "1s", "1m", "5.s",
	"10ms", "1_0", "1'0", "1:0", "1/2", "\xd9\xa1" /* ARABIC-INDIC DIGIT ONE */, "1\xc2\xa0",
	"/", ":"};

static void what_is_no_number_of_seconds_is_refused_and_nothing_is_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(no_seconds); i++) {
		int64_t ms = 12345;

		if (number_parse_seconds(no_seconds[i], strlen(no_seconds[i]), &ms))
			fail_msg("'%s': taken", no_seconds[i]);
		if (ms != 12345)
			fail_msg("'%s': refused, and %" PRId64 " ms written", no_seconds[i], ms);
	}
}

static void only_the_given_length_of_seconds_is_read(void **state)
{
	static const char text[] = {'1', '.', '5', 'x', '2'}; /* without a NUL */
	int64_t ms = -1;

	(void)state;
	assert_true(number_parse_seconds(text, 1, &ms));
	assert_int_equal(ms, 1000);
	assert_true(number_parse_seconds(text, 2, &ms));
	assert_int_equal(ms, 1000);
	assert_true(number_parse_seconds(text, 3, &ms));
	assert_int_equal(ms, 1500);
	assert_false(number_parse_seconds(text, 4, &ms));
	assert_false(number_parse_seconds(text, 0, &ms));
	assert_false(number_parse_seconds("1\0", 2, &ms));
	assert_true(number_parse_seconds(text + 4, 1, &ms)); /* and nothing after it */
	assert_int_equal(ms, 2000);
}

struct format_row {
	int64_t ms;
	const char *text;
};

static const struct format_row format_rows[] = {
	{0, "0"},
	{1, "0.001"},
	{10, "0.01"},
	{100, "0.1"},
	{101, "0.101"},
	{110, "0.11"},
	{999, "0.999"},
	{1000, "1"},
	{1001, "1.001"},
	{1010, "1.01"},
	{1050, "1.05"},
	{2500, "2.5"},
	{10000, "10"},
	{10100, "10.1"},
	{90000, "90"},
	{86400000, "86400"},
	{LONGEST_MS - 1, "999999999999.999"},
	{LONGEST_MS, "1000000000000"},
	{INT64_MAX, "9223372036854775.807"},
};

static void milliseconds_are_written_as_seconds_without_zeros_at_the_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(format_rows); i++) {
		/* test_free sees what was written before or after it. */
		char *buffer = test_malloc(NUMBER_SECONDS_SIZE);
		const char *text;

		memset(buffer, 'x', NUMBER_SECONDS_SIZE);
		text = number_format_seconds(format_rows[i].ms, buffer);
		assert_ptr_equal(text, buffer);
		assert_non_null(memchr(buffer, '\0', NUMBER_SECONDS_SIZE));
		expect_text("seconds", format_rows[i].text, text);
		test_free(buffer);
	}
}

static void what_is_written_is_read_back_as_the_same(void **state)
{
	(void)state;
	for (int64_t ms = 0; ms < 20000; ms++) {
		char buffer[NUMBER_SECONDS_SIZE];
		const char *text = number_format_seconds(ms, buffer);
		int64_t again_ms = -1;

		if (!number_parse_seconds(text, strlen(text), &again_ms) || again_ms != ms)
			fail_msg("%" PRId64 " ms: written '%s', read back %" PRId64 " ms", ms, text,
				again_ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_is_decimal_digits_up_to_max_and_nothing_else),
		cmocka_unit_test(only_the_given_length_is_read),
		cmocka_unit_test(
			seconds_are_decimal_with_a_fraction_and_rounded_up_to_milliseconds),
		cmocka_unit_test(seconds_above_the_maximum_are_the_maximum_also_with_a_fraction),
		cmocka_unit_test(what_is_no_number_of_seconds_is_refused_and_nothing_is_written),
		cmocka_unit_test(only_the_given_length_of_seconds_is_read),
		cmocka_unit_test(milliseconds_are_written_as_seconds_without_zeros_at_the_end),
		cmocka_unit_test(what_is_written_is_read_back_as_the_same),
	};

	return cmocka_run_group_tests_name("base/number", tests, NULL, NULL);
}

#include "base/line.h"

#include "unit/support.h"

/* The most that a line holds besides its ending: PIPE_BUF less "...\n". */
#define ROOM (PIPE_BUF - 4)

static struct line line;

__attribute__((format(printf, 2, 3))) static void expect_line(
	const char *expected, const char *format, ...)
{
	va_list arguments;

	line_start(&line);
	va_start(arguments, format);
	line_format_va(&line, format, arguments);
	va_end(arguments);
	expect_text(format, expected, line_string(&line));
}

static void an_empty_line_is_empty(void **state)
{
	(void)state;
	line_start(&line);
	expect_text("a new line", "", line_string(&line));
	line_format(&line, "x");
	line_start(&line);
	expect_text("a line started again", "", line_string(&line));
}

static void each_conversion_inserts_its_argument(void **state)
{
	(void)state;
	expect_line("plain text", "plain text");
	expect_line("<word>", "<%s>", "word");
	expect_line("<>", "<%s>", "");
	expect_line("<wo>", "<%.*s>", 2, "word");
	expect_line("<>", "<%.*s>", 0, "word");
	expect_line("<x>", "<%c>", 'x');
	expect_line("100%", "%d%%", 100);
	expect_line("%", "%%");
	expect_line("a-7b7c", "%s%d%c%u%s", "a", -7, 'b', 7U, "c");
}

static void numbers_are_decimal_over_their_whole_range(void **state)
{
	(void)state;
	expect_line("0 0", "%d %u", 0, 0U);
	expect_line("-1 1", "%d %d", -1, 1);
	expect_line("9 10 99 100", "%d %d %d %d", 9, 10, 99, 100);
	expect_line("2147483647", "%d", INT_MAX);
	expect_line("-2147483648", "%d", INT_MIN);
	expect_line("4294967295", "%u", UINT_MAX);
}

static void appending_goes_on_where_the_line_was(void **state)
{
	(void)state;
	line_start(&line);
	line_format(&line, "one ");
	expect_text("one", "one ", line_string(&line));
	line_format(&line, "%s", "two");
	expect_text("two", "one two", line_string(&line));
	assert_int_equal(line.length, 7);
}

static void a_length_with_s_needs_no_nul_and_does_not_stop_at_one(void **state)
{
	const char no_nul[] = {'a', 'b', 'c'};

	(void)state;
	expect_line("abc", "%.*s", 3, no_nul);
	expect_line("a\\x00b", "%.*s", 3, "a\0b");
}

static void each_byte_alone_is_itself_if_printable_else_escaped(void **state)
{
	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		const char text[] = {(char)byte};
		char expected[8];

		if (byte == '\n' || byte == '\r' || byte == '\t')
			(void)snprintf(expected, sizeof(expected), "\\%c",
				byte == '\n'           ? 'n'
					: byte == '\r' ? 'r'
						       : 't');
		else if (byte >= 0x20 && byte < 0x7f)
			(void)snprintf(expected, sizeof(expected), "%c", byte);
		else
			(void)snprintf(expected, sizeof(expected), "\\x%02x", (unsigned int)byte);
		expect_line(expected, "%.*s", 1, text);
		expect_line(expected, "%c", byte);
		expect_line(expected, "%c", (char)byte); /* as a char that may be negative */
	}
}

static void plain_text_of_the_format_is_not_escaped(void **state)
{
	(void)state;
	expect_line("a\nb\x1b[0m", "a\nb\x1b[0m");
}

struct utf8_row {
	const char *what;
	const char *text;
	const char *expected;
};

/* clang-format off */
static const struct utf8_row utf8_rows[] = {
	{"U+007F, DEL", "\x7f", "\\x7f"},
	{"U+0080, the first C1 control", "\xc2\x80", "\\xc2\\x80"},
	{"U+0085, NEL", "\xc2\x85", "\\xc2\\x85"},
	{"U+009B, CSI", "\xc2\x9b", "\\xc2\\x9b"},
	{"U+009F, the last C1 control", "\xc2\x9f", "\\xc2\\x9f"},
	{"U+00A0, the first after them", "\xc2\xa0", "\xc2\xa0"},
	{"U+00E9", "caf\xc3\xa9!", "caf\xc3\xa9!"},
	{"U+07FF, the last of two bytes", "\xdf\xbf", "\xdf\xbf"},
	{"U+0800, the first of three", "\xe0\xa0\x80", "\xe0\xa0\x80"},
	{"U+20AC", "\xe2\x82\xac", "\xe2\x82\xac"},
	{"U+D7FF, before the surrogates", "\xed\x9f\xbf", "\xed\x9f\xbf"},
	{"U+D800, the first surrogate", "\xed\xa0\x80", "\\xed\\xa0\\x80"},
	{"U+DFFF, the last surrogate", "\xed\xbf\xbf", "\\xed\\xbf\\xbf"},
	{"U+E000, after the surrogates", "\xee\x80\x80", "\xee\x80\x80"},
	{"U+FFFF, the last of three bytes", "\xef\xbf\xbf", "\xef\xbf\xbf"},
	{"U+10000, the first of four", "\xf0\x90\x80\x80", "\xf0\x90\x80\x80"},
	{"U+1F433", "\xf0\x9f\x90\xb3", "\xf0\x9f\x90\xb3"},
	{"U+10FFFF, the last", "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},
	{"U+110000, above the last", "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
	{"lead byte f5", "\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80"},
	{"five bytes", "\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80"},
	{"overlong NUL", "\xc0\x80", "\\xc0\\x80"},
	{"overlong slash of two bytes", "\xc0\xaf", "\\xc0\\xaf"},
	{"overlong U+007F", "\xc1\xbf", "\\xc1\\xbf"},
	{"overlong slash of three bytes", "\xe0\x80\xaf", "\\xe0\\x80\\xaf"},
	{"overlong U+07FF", "\xe0\x9f\xbf", "\\xe0\\x9f\\xbf"},
	{"overlong slash of four bytes", "\xf0\x80\x80\xaf", "\\xf0\\x80\\x80\\xaf"},
	{"overlong U+FFFF", "\xf0\x8f\xbf\xbf", "\\xf0\\x8f\\xbf\\xbf"},
	{"a continuation alone", "a\x80z", "a\\x80z"},
	{"continuations in plenty", "\xc3\xa9\xa9z", "\xc3\xa9\\xa9z"},
	{"two bytes cut at the end", "a\xc3", "a\\xc3"},
	{"three bytes cut at the end", "a\xe2\x82", "a\\xe2\\x82"},
	{"four bytes cut at the end", "a\xf0\x9f\x90", "a\\xf0\\x9f\\x90"},
	{"two bytes cut by a letter", "\xc3z", "\\xc3z"},
	{"three bytes cut by a letter", "\xe2\x82z", "\\xe2\\x82z"},
	{"four bytes cut by a character", "\xf0\x9f\x90\xc3\xa9", "\\xf0\\x9f\\x90\xc3\xa9"},
	{"a terminal's escape sequence", "\x1b[2J", "\\x1b[2J"},
	{"several lines", "a\r\n\tb", "a\\r\\n\\tb"},
};
/* clang-format on */

static void utf8_is_kept_if_well_formed_and_printable_else_escaped_by_the_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(utf8_rows); i++) {
		line_start(&line);
		line_format(&line, "%s", utf8_rows[i].text);
		expect_text(utf8_rows[i].what, utf8_rows[i].expected, line_string(&line));
	}
}

static void a_character_cut_by_the_given_length_is_not_read_beyond_it(void **state)
{
	(void)state;
	expect_line("\\xe2\\x82", "%.*s", 2, "\xe2\x82\xac");
	expect_line("\xe2\x82\xac", "%.*s", 3, "\xe2\x82\xac");
}

static void ending_adds_the_newline_alone(void **state)
{
	(void)state;
	line_start(&line);
	line_end(&line);
	expect_text("an empty line", "\n", line_string(&line));
	line_start(&line);
	line_format(&line, "%s", "x");
	line_end(&line);
	expect_text("a line", "x\n", line_string(&line));
}

/* A line of so many 'x' and what is appended to it: its end. */
struct cut_row {
	const char *what;
	size_t length;
	const char *more;
	size_t expected_length;
	const char *expected_end;
};

/* clang-format off */
static const struct cut_row cut_rows[] = {
	{"one byte below the limit", ROOM - 1, "", ROOM, "xx\n"},
	{"at the limit", ROOM, "", ROOM + 1, "xx\n"},
	{"one byte above", ROOM, "y", PIPE_BUF, "xx...\n"},
	{"far above", ROOM, "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", PIPE_BUF, "xx...\n"},
	{"the last of two bytes above", ROOM - 1, "yz", PIPE_BUF, "xy...\n"},
	{"two bytes that fit exactly", ROOM - 2, "\xc3\xa9", ROOM + 1, "x\xc3\xa9\n"},
	{"two bytes with room for one", ROOM - 1, "\xc3\xa9", PIPE_BUF - 1, "xx...\n"},
	{"four bytes with room for three", ROOM - 3, "\xf0\x9f\x90\xb3", PIPE_BUF - 3, "xx...\n"},
	{"an escape that fits exactly", ROOM - 4, "\x1b", ROOM + 1, "x\\x1b\n"},
	{"an escape with room for a part", ROOM - 3, "\x1b", PIPE_BUF - 3, "xx...\n"},
	{"nothing short after the first cut", ROOM - 1, "\xc3\xa9y", PIPE_BUF - 1, "xx...\n"},
};
/* clang-format on */

static void start_with_xs(size_t length)
{
	char xs[PIPE_BUF];

	memset(xs, 'x', sizeof(xs));
	line_start(&line);
	line_format(&line, "%.*s", (int)length, xs);
}

static void what_does_not_fit_is_cut_at_a_character_and_marked(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cut_rows); i++) {
		const struct cut_row *row = &cut_rows[i];
		size_t end_length = strlen(row->expected_end);

		start_with_xs(row->length);
		line_format(&line, "%s", row->more);
		line_end(&line);
		if (line.length != row->expected_length)
			fail_msg("%s: expected %zu bytes, observed %zu", row->what,
				row->expected_length, line.length);
		if (memcmp(line.text + line.length - end_length, row->expected_end, end_length) !=
			0)
			fail_msg("%s: expected the end \"%s\", observed \"%.*s\"", row->what,
				row->expected_end, (int)end_length,
				line.text + line.length - end_length);
	}
}

static void nothing_is_appended_after_a_cut_by_a_later_call(void **state)
{
	(void)state;
	start_with_xs(ROOM - 1);
	line_format(&line, "%s", "\xc3\xa9");
	line_format(&line, "y%s%d", "z", 1);
	line_end(&line);
	assert_int_equal(line.length, PIPE_BUF - 1);
	assert_memory_equal(line.text + line.length - 6, "xx...\n", 6);
}

static void a_full_line_still_reads_as_a_string(void **state)
{
	(void)state;
	start_with_xs(ROOM);
	assert_int_equal(strlen(line_string(&line)), ROOM);
}

/* A piece of plain text goes in whole or not at all, so the cut may be far before the end. */
static void a_cut_is_marked_in_the_string_too(void **state)
{
	(void)state;
	start_with_xs(ROOM - 20);
	line_format(&line, "more than twenty characters");
	expect_text("cut", "xxx...", line_string(&line) + ROOM - 20 - 3);
	start_with_xs(ROOM);
	line_format(&line, "y");
	expect_text("cut at the end", "xxx...", line_string(&line) + ROOM - 3);
	line_end(&line);
	assert_memory_equal(line.text + line.length - 6, "xx...\n", 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_line_is_empty),
		cmocka_unit_test(each_conversion_inserts_its_argument),
		cmocka_unit_test(numbers_are_decimal_over_their_whole_range),
		cmocka_unit_test(appending_goes_on_where_the_line_was),
		cmocka_unit_test(a_length_with_s_needs_no_nul_and_does_not_stop_at_one),
		cmocka_unit_test(each_byte_alone_is_itself_if_printable_else_escaped),
		cmocka_unit_test(plain_text_of_the_format_is_not_escaped),
		cmocka_unit_test(
			utf8_is_kept_if_well_formed_and_printable_else_escaped_by_the_byte),
		cmocka_unit_test(a_character_cut_by_the_given_length_is_not_read_beyond_it),
		cmocka_unit_test(ending_adds_the_newline_alone),
		cmocka_unit_test(what_does_not_fit_is_cut_at_a_character_and_marked),
		cmocka_unit_test(nothing_is_appended_after_a_cut_by_a_later_call),
		cmocka_unit_test(a_full_line_still_reads_as_a_string),
		cmocka_unit_test(a_cut_is_marked_in_the_string_too),
	};

	return cmocka_run_group_tests_name("base/line", tests, NULL, NULL);
}

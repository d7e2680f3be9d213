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

static void each_conversion_inserts_its_argument(void **state)
{
	(void)state;
	expect_line("plain text\n\x1b[0m\xff", "plain text\n\x1b[0m\xff");
	expect_line("<word>", "<%s>", "word");
	expect_line("<>", "<%s>", "");
	expect_line("100%", "%d%%", 100);
	expect_line("a-7b7c", "%s%d%s%u%s", "a", -7, "b", 7U, "c");
	expect_line("0 0 -1 9 10", "%d %u %d %d %d", 0, 0U, -1, 9, 10);
	expect_line("2147483647 -2147483648", "%d %d", INT_MAX, INT_MIN);
	expect_line("4294967295", "%u", UINT_MAX);
}

static void each_byte_from_outside_is_itself_if_printable_else_escaped(void **state)
{
	(void)state;
	for (int byte = 1; byte < 256; byte++) {
		const char text[] = {(char)byte, '\0'};
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
		expect_line(expected, "%s", text);
	}
}

static void a_line_grows_until_it_is_ended_or_started_again(void **state)
{
	(void)state;
	line_start(&line);
	expect_text("a new line", "", line_string(&line));
	line_format(&line, "one ");
	expect_text("one", "one ", line_string(&line));
	line_format(&line, "%s", "two");
	assert_int_equal(line.length, 7);
	line_end(&line);
	expect_text("ended", "one two\n", line_string(&line));
	line_start(&line);
	line_end(&line);
	expect_text("an empty line", "\n", line_string(&line));
}

/* To a line of 'x', more is appended: the end of that. */
static const struct {
	const char *what;
	size_t length;
	const char *more;
	size_t ended_length;
	const char *end;
} rows[] = {
	{"one byte below the limit", ROOM - 1, "", ROOM, "xx"},
	{"at the limit", ROOM, "", ROOM + 1, "xx"},
	{"one byte above", ROOM, "y", PIPE_BUF, "xx..."},
	{"far above", ROOM, "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", PIPE_BUF, "xx..."},
	{"the last of two bytes above", ROOM - 1, "yz", PIPE_BUF, "xy..."},
	{"an escape that fits exactly", ROOM - 4, "\x1b", ROOM + 1, "x\\x1b"},
	{"an escape with room for a part", ROOM - 3, "\x1b", PIPE_BUF - 3, "xx..."},
	{"nothing short after the first cut", ROOM - 1, "\x1by", PIPE_BUF - 1, "xx..."},
};

static void what_does_not_fit_is_cut_off_whole_and_the_cut_is_marked(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t end_length = strlen(rows[i].end);
		const char *text;

		line_start(&line);
		for (size_t x = 0; x < rows[i].length; x++)
			line_format(&line, "x");
		line_format(&line, "%s", rows[i].more);
		if (line.cut) /* and then nothing is appended any more */
			line_format(&line, "z%s%d", "z", 1);
		text = line_string(&line);
		expect_text(rows[i].what, rows[i].end, text + strlen(text) - end_length);
		line_end(&line);
		expect_int(rows[i].what, (int)rows[i].ended_length, (int)line.length);
		assert_memory_equal(
			line.text + line.length - 1 - end_length, rows[i].end, end_length);
		assert_int_equal(line.text[line.length - 1], '\n');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_conversion_inserts_its_argument),
		cmocka_unit_test(each_byte_from_outside_is_itself_if_printable_else_escaped),
		cmocka_unit_test(a_line_grows_until_it_is_ended_or_started_again),
		cmocka_unit_test(what_does_not_fit_is_cut_off_whole_and_the_cut_is_marked),
	};

	return cmocka_run_group_tests_name("base/line", tests, NULL, NULL);
}

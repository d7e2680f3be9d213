#include "base/text_file.h"

#include "unit/support.h"

#include <fcntl.h>
#include <sys/stat.h>

/* More than the buffer of a text_file. */
#define LONG 5000

static char path[] = "/tmp/whit-text-file-XXXXXX";

static void write_file(const char *text, size_t length)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, length), (ssize_t)length);
	assert_int_equal(close(fd), 0);
}

static void expect_lines(const char *what, const char *const *lines)
{
	struct text_file file;
	const char *line;

	assert_true(text_file_open(&file, path));
	for (; *lines != NULL; lines++) {
		line = text_file_next(&file);
		expect_text(what, *lines, line == NULL ? "the end" : line);
	}
	line = text_file_next(&file);
	expect_text(what, "the end", line == NULL ? "the end" : line);
	line = text_file_next(&file); /* it stays the end */
	expect_text(what, "the end", line == NULL ? "the end" : line);
	text_file_close(&file);
}

struct row {
	const char *what;
	const char *text;
	const char *lines[5];
};

static const struct row rows[] = {
	{"nothing", "", {NULL}},
	{"one line", "a b\n", {"a b", NULL}},
	{"no newline at the end", "a\nb", {"a", "b", NULL}},
	{"empty lines", "\n\na\n\n", {"", "", "a", "", NULL}},
};

static void a_file_is_cut_at_its_newlines(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		write_file(rows[i].text, strlen(rows[i].text));
		expect_lines(rows[i].what, rows[i].lines);
	}
}

/* Each length of the first line, so that the end of the buffer falls on each place of the second.
 */
static void lines_around_the_end_of_the_buffer_are_whole(void **state)
{
	struct text_file *unused = NULL;
	static char text[LONG];
	static char first[LONG];

	(void)state;
	for (size_t length = sizeof(unused->bytes) - 20; length < sizeof(unused->bytes); length++) {
		const char *const lines[] = {first, "second", "third", NULL};
		int size;

		memset(first, 'x', length);
		first[length] = '\0';
		size = snprintf(text, sizeof(text), "%s\nsecond\nthird\n", first);
		write_file(text, (size_t)size);
		expect_lines("lines around the end", lines);
	}
}

static void of_a_line_that_is_too_long_the_beginning_is_returned_and_the_rest_dropped(void **state)
{
	struct text_file *unused = NULL;
	static char text[4 * LONG];
	static char beginning[LONG];

	(void)state;
	memset(beginning, 'x', sizeof(unused->bytes) - 1);
	for (size_t length = sizeof(unused->bytes); length < LONG; length += 97) {
		const char *const lines[] = {"before", beginning, "after", beginning, NULL};
		size_t size = 0;

		memcpy(text, "before\n", 7);
		size = 7;
		memset(text + size, 'x', length);
		size += length;
		memcpy(text + size, "\nafter\n", 7);
		size += 7;
		memset(text + size, 'x', length); /* and one at the end, without a newline */
		size += length;
		write_file(text, size);
		expect_lines("a long line", lines);
	}
}

static void read_without_stdin(struct complaint *complaint, const void *argument)
{
	struct text_file file;
	const char *line;

	(void)argument;
	(void)close(STDIN_FILENO);
	if (!text_file_open(&file, path)) {
		complain(complaint, "expected the file to be opened");
		return;
	}
	line = text_file_next(&file);
	if (line == NULL || strcmp(line, "a") != 0)
		complain(complaint, "expected \"a\", observed \"%s\"", line == NULL ? "" : line);
	text_file_close(&file);
}

static void with_stdin_closed_a_file_is_read_all_the_same(void **state)
{
	(void)state;
	write_file("a\n", 2);
	run_in_child("without stdin", read_without_stdin, NULL);
}

static void a_file_that_is_not_there_is_said(void **state)
{
	struct text_file file;

	(void)state;
	errno = 0;
	assert_false(text_file_open(&file, "/no/such/file"));
	expect_errno("errno", ENOENT, errno);
}

static void what_cannot_be_read_has_no_lines(void **state)
{
	struct text_file file;

	(void)state;
	assert_true(text_file_open(&file, "/tmp"));
	assert_null(text_file_next(&file));
	text_file_close(&file);
}

/* If it were, the alarm would end the test. */
static void a_pipe_that_nobody_writes_to_is_not_waited_for(void **state)
{
	char pipe_path[sizeof(path) + sizeof(".pipe")];
	struct text_file file;

	(void)state;
	(void)snprintf(pipe_path, sizeof(pipe_path), "%s.pipe", path);
	assert_int_equal(mkfifo(pipe_path, 0600), 0);
	(void)alarm(30);
	assert_true(text_file_open(&file, pipe_path));
	assert_null(text_file_next(&file));
	(void)alarm(0);
	text_file_close(&file);
	assert_int_equal(unlink(pipe_path), 0);
}

static void the_descriptor_is_closed_and_does_not_go_to_the_command(void **state)
{
	struct text_file file;

	(void)state;
	assert_true(text_file_open(&file, path));
	assert_int_equal(fcntl(file.fd, F_GETFD), FD_CLOEXEC);
	text_file_close(&file);
	assert_int_equal(fcntl(file.fd, F_GETFD), -1);
}

static int make_file(void **state)
{
	(void)state;
	return close(mkstemp(path));
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_cut_at_its_newlines),
		cmocka_unit_test(lines_around_the_end_of_the_buffer_are_whole),
		cmocka_unit_test(
			of_a_line_that_is_too_long_the_beginning_is_returned_and_the_rest_dropped),
		cmocka_unit_test(with_stdin_closed_a_file_is_read_all_the_same),
		cmocka_unit_test(a_file_that_is_not_there_is_said),
		cmocka_unit_test(what_cannot_be_read_has_no_lines),
		cmocka_unit_test(a_pipe_that_nobody_writes_to_is_not_waited_for),
		cmocka_unit_test(the_descriptor_is_closed_and_does_not_go_to_the_command),
	};

	return cmocka_run_group_tests_name("base/text_file", tests, make_file, remove_file);
}

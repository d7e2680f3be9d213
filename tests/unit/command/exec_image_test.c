#include "command/exec_image.h"

#include "unit/support.h"

static const char *image_name(enum exec_image image)
{
	switch (image) {
	case EXEC_IMAGE_EMPTY:
		return "empty";
	case EXEC_IMAGE_SCRIPT:
		return "script";
	case EXEC_IMAGE_BYTE_ORDER_MARK:
		return "byte-order mark";
	case EXEC_IMAGE_ELF:
		return "ELF";
	case EXEC_IMAGE_MACH_O:
		return "Mach-O";
	case EXEC_IMAGE_DOS:
		return "DOS";
	case EXEC_IMAGE_BINARY:
		return "binary";
	case EXEC_IMAGE_TEXT:
		return "text";
	}
	return "no such image";
}

static void expect_image(
	const char *what, enum exec_image expected, const void *bytes, size_t length)
{
	expect_text(what, image_name(expected), image_name(exec_image_classify(bytes, length)));
}

struct row {
	const char *what;
	const char *bytes;
	size_t length;
	enum exec_image image;
};

#define BYTES(text) text, sizeof(text) - 1

/* clang-format off */
static const struct row rows[] = {
	{"nothing", BYTES(""), EXEC_IMAGE_EMPTY},
	{"a script", BYTES("#!/bin/sh\necho\n"), EXEC_IMAGE_SCRIPT},
	{"#! alone", BYTES("#!"), EXEC_IMAGE_SCRIPT},
	{"#! with a NUL later", BYTES("#!/bin/sh\0"), EXEC_IMAGE_SCRIPT},
	{"# alone", BYTES("#"), EXEC_IMAGE_TEXT},
	{"a comment", BYTES("# no interpreter\n"), EXEC_IMAGE_TEXT},
	{"a blank before #!", BYTES(" #!/bin/sh\n"), EXEC_IMAGE_TEXT},
	{"an empty line before #!", BYTES("\n#!/bin/sh\n"), EXEC_IMAGE_TEXT},
	{"commands", BYTES("echo hello\n"), EXEC_IMAGE_TEXT},
	{"an empty line", BYTES("\n"), EXEC_IMAGE_TEXT},
	{"UTF-8", BYTES("echo \xc3\xa9\n"), EXEC_IMAGE_TEXT},
	{"UTF-8 mark", BYTES("\xef\xbb\xbf#!/bin/sh\n"), EXEC_IMAGE_BYTE_ORDER_MARK},
	{"UTF-8 mark alone", BYTES("\xef\xbb\xbf"), EXEC_IMAGE_BYTE_ORDER_MARK},
	{"UTF-8 mark with a NUL later", BYTES("\xef\xbb\xbf\0"), EXEC_IMAGE_BYTE_ORDER_MARK},
	{"UTF-8 mark that is cut", BYTES("\xef\xbb"), EXEC_IMAGE_TEXT},
	{"UTF-8 mark that is not first", BYTES("x\xef\xbb\xbf"), EXEC_IMAGE_TEXT},
	{"UTF-16 mark, little end", BYTES("\xff\xfe#\0!\0"), EXEC_IMAGE_BYTE_ORDER_MARK},
	{"UTF-16 mark, big end", BYTES("\xfe\xff\0#\0!"), EXEC_IMAGE_BYTE_ORDER_MARK},
	{"UTF-16 mark alone", BYTES("\xff\xfe"), EXEC_IMAGE_BYTE_ORDER_MARK},
	{"half of a UTF-16 mark", BYTES("\xff"), EXEC_IMAGE_TEXT},
	{"a NUL", BYTES("\0"), EXEC_IMAGE_BINARY},
	{"a NUL at the end", BYTES("text\0"), EXEC_IMAGE_BINARY},
	{"ELF", BYTES("\177ELF\2\1\1\0\0\0\0\0"), EXEC_IMAGE_ELF},
	{"UTF-16 without a mark", BYTES("#\0!\0"), EXEC_IMAGE_BINARY},
};
/* clang-format on */

static void a_file_is_known_by_its_first_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		expect_image(rows[i].what, rows[i].image, rows[i].bytes, rows[i].length);
}

static void each_single_byte_but_nul_is_text(void **state)
{
	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		const unsigned char bytes[] = {(unsigned char)byte};
		char what[16];

		(void)snprintf(what, sizeof(what), "byte %02x", (unsigned int)byte);
		expect_image(what, byte == 0 ? EXEC_IMAGE_BINARY : EXEC_IMAGE_TEXT, bytes, 1);
	}
}

static void a_nul_is_found_at_each_place(void **state)
{
	(void)state;
	for (size_t at = 0; at < EXEC_IMAGE_BYTES; at++) {
		unsigned char bytes[EXEC_IMAGE_BYTES];
		char what[32];

		(void)snprintf(what, sizeof(what), "a NUL at %zu", at);
		memset(bytes, 'x', sizeof(bytes));
		bytes[at] = '\0';
		expect_image(what, EXEC_IMAGE_BINARY, bytes, sizeof(bytes));
		if (at > 0)
			expect_image(what, EXEC_IMAGE_TEXT, bytes, at);
	}
}

static void nothing_is_read_beyond_the_length(void **state)
{
	(void)state;
	expect_image("no bytes of #!", EXEC_IMAGE_EMPTY, "#!", 0);
	expect_image("one byte of #!", EXEC_IMAGE_TEXT, "#!", 1);
	expect_image("one byte of a mark", EXEC_IMAGE_TEXT, "\xff\xfe", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_known_by_its_first_bytes),
		cmocka_unit_test(each_single_byte_but_nul_is_text),
		cmocka_unit_test(a_nul_is_found_at_each_place),
		cmocka_unit_test(nothing_is_read_beyond_the_length),
	};

	return cmocka_run_group_tests_name("command/exec_image", tests, NULL, NULL);
}

#include "command/exec_image.h"

#include "unit/support.h"

#include <fcntl.h>
#include <sys/stat.h>

static const char *image_name(enum exec_image image)
{
	switch (image) {
	case EXEC_IMAGE_EMPTY: return "empty";
	case EXEC_IMAGE_SCRIPT: return "script";
	case EXEC_IMAGE_BYTE_ORDER_MARK: return "byte-order mark";
	case EXEC_IMAGE_ELF: return "ELF";
	case EXEC_IMAGE_MACH_O: return "Mach-O";
	case EXEC_IMAGE_DOS: return "DOS";
	case EXEC_IMAGE_BINARY: return "binary";
	case EXEC_IMAGE_TEXT: return "text";
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
	{"a NUL after the first newline", BYTES("text\n\0"), EXEC_IMAGE_TEXT},
	{"a NUL after an empty line", BYTES("\n\0"), EXEC_IMAGE_TEXT},
	{"a NUL before the first newline", BYTES("te\0xt\n"), EXEC_IMAGE_BINARY},
	{"a NUL after a carriage return", BYTES("text\r\0"), EXEC_IMAGE_BINARY},
	{"ELF", BYTES("\177ELF\2\1\1\0\0\0\0\0"), EXEC_IMAGE_ELF},
	{"ELF's mark alone", BYTES("\177ELF"), EXEC_IMAGE_ELF},
	{"ELF's mark in a text", BYTES("\177ELF\necho\n"), EXEC_IMAGE_ELF},
	{"ELF's mark, cut", BYTES("\177EL"), EXEC_IMAGE_TEXT},
	{"ELF's mark, not first", BYTES("x\177ELF\0"), EXEC_IMAGE_BINARY},
	{"Mach-O, 32 bits, little end", BYTES("\xce\xfa\xed\xfe\7\0\0\0"), EXEC_IMAGE_MACH_O},
	{"Mach-O, 64 bits, little end", BYTES("\xcf\xfa\xed\xfe\7\0\0\1"), EXEC_IMAGE_MACH_O},
	{"Mach-O for two machines", BYTES("\xca\xfe\xba\xbe\0\0\0\2"), EXEC_IMAGE_MACH_O},
	{"Mach-O in a text", BYTES("\xcf\xfa\xed\xfe\n"), EXEC_IMAGE_MACH_O},
	{"Mach-O for two, cut", BYTES("\xca\xfe\xba\xbe\0\0\0"), EXEC_IMAGE_BINARY},
	{"Java's first class", BYTES("\xca\xfe\xba\xbe\0\3\0\55"), EXEC_IMAGE_BINARY},
	{"Java 1.1", BYTES("\xca\xfe\xba\xbe\0\0\0\55"), EXEC_IMAGE_BINARY},
	{"Java 17", BYTES("\xca\xfe\xba\xbe\0\0\0\75"), EXEC_IMAGE_BINARY},
	{"a text that begins so", BYTES("\xca\xfe\xba\xbe text"), EXEC_IMAGE_TEXT},
	{"Windows", BYTES("MZ\x90\0\3\0\0\0"), EXEC_IMAGE_DOS},
	{"MZ and a NUL", BYTES("MZ\0"), EXEC_IMAGE_DOS},
	{"MZ with a newline after a NUL", BYTES("MZ\0\n"), EXEC_IMAGE_DOS},
	{"a text that begins with MZ", BYTES("MZ is a text\n"), EXEC_IMAGE_TEXT},
	{"a portable executable", BYTES("MZqFpD='\n\0\0\0\0"), EXEC_IMAGE_TEXT},
	{"MZ alone", BYTES("MZ"), EXEC_IMAGE_TEXT},
	{"M and a NUL", BYTES("M\0Z"), EXEC_IMAGE_BINARY},
	{"an archive", BYTES("!<arch>\n"), EXEC_IMAGE_TEXT},
	{"gzip", BYTES("\x1f\x8b\x08\0"), EXEC_IMAGE_BINARY},
	{"WebAssembly", BYTES("\0asm\1\0\0\0"), EXEC_IMAGE_BINARY},
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

static void a_nul_counts_at_each_place_before_the_first_newline(void **state)
{
	(void)state;
	for (size_t at = 1; at < EXEC_IMAGE_BYTES; at++) {
		char bytes[EXEC_IMAGE_BYTES];
		char what[32];

		(void)snprintf(what, sizeof(what), "a NUL at %zu", at);
		memset(bytes, 'x', sizeof(bytes));
		bytes[at] = '\0';
		expect_image(what, EXEC_IMAGE_BINARY, bytes, sizeof(bytes));
		expect_image(what, EXEC_IMAGE_TEXT, bytes, at);
		bytes[at - 1] = '\n';
		expect_image(what, EXEC_IMAGE_TEXT, bytes, sizeof(bytes));
	}
}

static void nothing_is_read_beyond_the_length(void **state)
{
	(void)state;
	expect_image("no bytes of #!", EXEC_IMAGE_EMPTY, "#!", 0);
	expect_image("one byte of #!", EXEC_IMAGE_TEXT, "#!", 1);
	expect_image("one byte of a mark", EXEC_IMAGE_TEXT, "\xff\xfe", 1);
}

/* --- the interpreter --- */

/* name is NULL where there is none. */
static void expect_interpreter(const char *what, const char *name, const void *bytes, size_t length)
{
	char copy[EXEC_IMAGE_BYTES + 1];
	const char *found;

	memset(copy, 'x', sizeof(copy)); /* what lies beyond the length is not looked at */
	memcpy(copy, bytes, length);
	found = exec_image_find_interpreter(copy, length);
	expect_text(what, name == NULL ? "(none)" : name, found == NULL ? "(none)" : found);
}

/* clang-format off */
static const struct {
	const char *what;
	const char *bytes;
	size_t length;
	const char *name;
} scripts[] = {
	{"plain", BYTES("#!/bin/sh\n:\n"), "/bin/sh"},
	{"no line end", BYTES("#!/bin/sh"), "/bin/sh"},
	{"blanks before", BYTES("#! \t /bin/sh\n"), "/bin/sh"},
	{"blanks after", BYTES("#!/bin/sh \t \n"), "/bin/sh"},
	{"a word after a blank", BYTES("#!/bin/sh -e\n"), "/bin/sh"},
	{"a word after a tab", BYTES("#!/bin/sh\t-e\n"), "/bin/sh"},
	{"a NUL after it", BYTES("#!/bin/sh\0/no/such\n"), "/bin/sh"},
	{"a carriage return", BYTES("#!/bin/sh\r\n"), "/bin/sh\r"},
	{"a carriage return alone", BYTES("#!\r\n"), "\r"},
	{"a form feed", BYTES("#!/bin/sh\f\n"), "/bin/sh\f"},
	{"relative", BYTES("#!sh\n"), "sh"},
	{"one byte", BYTES("#!x"), "x"},
	{"another #!", BYTES("#!#!/bin/sh\n"), "#!/bin/sh"},
	{"nothing", BYTES("#!"), NULL},
	{"an empty line", BYTES("#!\n"), NULL},
	{"on the next line", BYTES("#!\n/bin/sh\n"), NULL},
	{"blanks", BYTES("#! \t "), NULL},
	{"blanks and a line end", BYTES("#! \t \n:\n"), NULL},
	{"a NUL", BYTES("#!\0/bin/sh\n"), NULL},
	{"a blank and a NUL", BYTES("#! \0"), NULL},
};
/* clang-format on */

static void the_interpreter_ends_at_a_blank_a_nul_or_the_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(scripts); i++)
		expect_interpreter(
			scripts[i].what, scripts[i].name, scripts[i].bytes, scripts[i].length);
}

static void each_byte_but_four_is_part_of_the_name(void **state)
{
	(void)state;
	for (unsigned int byte = 0; byte < 256; byte++) {
		const unsigned char bytes[] = {'#', '!', 'a', (unsigned char)byte, 'b', '\n'};
		bool ends = byte == ' ' || byte == '\t' || byte == '\n' || byte == '\0';
		const char whole[] = {'a', (char)byte, 'b', '\0'};
		char what[16];

		(void)snprintf(what, sizeof(what), "byte %02x", byte);
		expect_interpreter(what, ends ? "a" : whole, bytes, sizeof(bytes));
	}
}

/* #!/xxx..., so many bytes, then what ends it, up to what the kernel looks at. */
static void fill_script(unsigned char bytes[EXEC_IMAGE_BYTES], size_t end, unsigned char byte_there)
{
	memset(bytes, 'x', EXEC_IMAGE_BYTES);
	memcpy(bytes, "#!/", 3);
	if (end < EXEC_IMAGE_BYTES) bytes[end] = byte_there;
}

static void a_name_ends_within_256_bytes_or_is_too_long(void **state)
{
	static const unsigned char ends[] = {' ', '\t', '\n', '\0'};

	(void)state;
	for (size_t i = 0; i < COUNT(ends); i++) {
		for (size_t end = 3; end <= EXEC_IMAGE_BYTES; end++) {
			unsigned char bytes[EXEC_IMAGE_BYTES];
			char name[EXEC_IMAGE_BYTES];
			char what[48];

			fill_script(bytes, end, ends[i]);
			memcpy(name, bytes + 2, end - 2);
			name[end - 2] = '\0';
			(void)snprintf(what, sizeof(what), "%02x at %zu", ends[i], end);
			expect_interpreter(
				what, end < EXEC_IMAGE_BYTES ? name : NULL, bytes, sizeof(bytes));
		}
	}
}

static void a_name_ends_where_a_file_does(void **state)
{
	(void)state;
	for (size_t length = 3; length < EXEC_IMAGE_BYTES; length++) {
		unsigned char bytes[EXEC_IMAGE_BYTES];
		char name[EXEC_IMAGE_BYTES];

		fill_script(bytes, EXEC_IMAGE_BYTES, 0);
		memcpy(name, bytes + 2, length - 2);
		name[length - 2] = '\0';
		expect_interpreter("the end of the file", name, bytes, length);
	}
}

/* --- the kernel's word on it --- */

struct attempt {
	const unsigned char *bytes;
	size_t length;
};

static int *exec_error;

/* In a directory where there is no file of the name: what the kernel reads of it leads nowhere. */
static void execute_in_child(struct complaint *complaint, const void *argument)
{
	const struct attempt *attempt = argument;
	char path[] = "/tmp/whit-exec-image-XXXXXX";
	char *argv[] = {path, NULL};
	int fd = mkstemp(path);

	if (fd < 0 || write(fd, attempt->bytes, attempt->length) != (ssize_t)attempt->length ||
		fchmod(fd, 0700) < 0 || close(fd) < 0)
		complain(complaint, "%s: %s", path, strerror(errno));
	(void)execve(path, argv, argv + 1);
	*exec_error = errno;
	if (unlink(path) < 0) complain(complaint, "%s: %s", path, strerror(errno));
}

static int execute(const char *what, const unsigned char *bytes, size_t length)
{
	const struct attempt attempt = {bytes, length};
	int error;

	exec_error = shared_memory(sizeof(*exec_error));
	run_in_child(what, execute_in_child, &attempt);
	error = *exec_error;
	(void)munmap(exec_error, sizeof(*exec_error));
	return error;
}

/*
 * A name that leads nowhere is ENOENT, a line that is refused ENOEXEC. Where the file ends before a
 * name, the name is empty, which is the working directory: EACCES, before Linux 5.1 ENOEXEC.
 */
static void expect_kernel_agrees(const char *what, const unsigned char *bytes, size_t length)
{
	char copy[EXEC_IMAGE_BYTES + 1];
	int error = execute(what, bytes, length);
	bool has_name;

	memcpy(copy, bytes, length);
	has_name = exec_image_find_interpreter(copy, length) != NULL;

	if (has_name ? error != ENOENT : error != ENOEXEC && error != EACCES)
		fail_msg("%s: expected %s name, but execve says \"%s\"", what,
			has_name ? "no" : "a", strerror(error));
}

static void the_kernel_finds_the_same_interpreters(void **state)
{
	static const unsigned char ends[] = {' ', '\t', '\n', '\0', 'x'};
	/* clang-format off */
	static const struct {
		const char *what;
		const char *bytes;
		size_t length;
	} lines[] = {
		{"plain", BYTES("#!/no/such\n:\n")}, {"no line end", BYTES("#!/no/such")},
		{"blanks before", BYTES("#! \t /no/such\n")}, {"a word", BYTES("#!/no/such -e\n")},
		{"a NUL after it", BYTES("#!/no/such\0/bin/sh\n")},
		{"a carriage return", BYTES("#!/bin/sh\r\n")}, {"CR alone", BYTES("#!\r\n")},
		{"nothing", BYTES("#!")}, {"an empty line", BYTES("#!\n")},
		{"on the next line", BYTES("#!\n/bin/sh\n")}, {"blanks", BYTES("#! \t ")},
		{"blanks and a line end", BYTES("#! \t \n:\n")},
		{"a NUL", BYTES("#!\0/bin/sh\n")}, {"a blank and a NUL", BYTES("#! \0")},
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++)
		expect_kernel_agrees(
			lines[i].what, (const unsigned char *)lines[i].bytes, lines[i].length);
	for (size_t i = 0; i < COUNT(ends); i++) {
		for (size_t end = EXEC_IMAGE_BYTES - 3; end <= EXEC_IMAGE_BYTES; end++) {
			unsigned char bytes[EXEC_IMAGE_BYTES];
			char what[48];

			(void)snprintf(what, sizeof(what), "%02x at %zu", ends[i], end);
			fill_script(bytes, end, ends[i]);
			expect_kernel_agrees(what, bytes, sizeof(bytes));
			(void)snprintf(what, sizeof(what), "a file of %zu bytes", end);
			expect_kernel_agrees(what, bytes, end);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_known_by_its_first_bytes),
		cmocka_unit_test(each_single_byte_but_nul_is_text),
		cmocka_unit_test(a_nul_counts_at_each_place_before_the_first_newline),
		cmocka_unit_test(nothing_is_read_beyond_the_length),
		cmocka_unit_test(the_interpreter_ends_at_a_blank_a_nul_or_the_line),
		cmocka_unit_test(each_byte_but_four_is_part_of_the_name),
		cmocka_unit_test(a_name_ends_within_256_bytes_or_is_too_long),
		cmocka_unit_test(a_name_ends_where_a_file_does),
		cmocka_unit_test(the_kernel_finds_the_same_interpreters),
	};

	return cmocka_run_group_tests_name("command/exec_image", tests, NULL, NULL);
}

/* Tells kinds of files apart by their first bytes. The caller reads them. */
#include "command/exec_image.h"
#include <stdbool.h>
#include <string.h>

/* The first bytes of a kind of file. */
static const struct {
	unsigned char image;
	unsigned char length;
	char bytes[9];
} marks[] = {
	{EXEC_IMAGE_SCRIPT, 2, "#!"},
	{EXEC_IMAGE_ELF, 4,
		"\x7f"
		"ELF"},
	{EXEC_IMAGE_BYTE_ORDER_MARK, 3, "\xef\xbb\xbf"}, /* UTF-8 */
	{EXEC_IMAGE_BYTE_ORDER_MARK, 2, "\xff\xfe"},     /* UTF-16, both byte orders */
	{EXEC_IMAGE_BYTE_ORDER_MARK, 2, "\xfe\xff"},
	{EXEC_IMAGE_MACH_O, 4, "\xce\xfa\xed\xfe"}, /* 32 and 64 bits */
	{EXEC_IMAGE_MACH_O, 4, "\xcf\xfa\xed\xfe"},
	/* For two machines. Java's classes have a version in the place of the two. */
	{EXEC_IMAGE_MACH_O, 8, "\xca\xfe\xba\xbe\0\0\0\2"},
	{EXEC_IMAGE_DOS, 2, "MZ"}, /* text may begin with these letters too */
};

enum exec_image exec_image_classify(const char *bytes, size_t length)
{
	size_t at = 0;
	bool is_text;

	if (length == 0) return EXEC_IMAGE_EMPTY;
	while (at < length && bytes[at] != '\0' && bytes[at] != '\n')
		at++;
	is_text = at == length || bytes[at] == '\n';
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		if (length >= marks[i].length &&
			memcmp(bytes, marks[i].bytes, marks[i].length) == 0 &&
			!(is_text && marks[i].image == EXEC_IMAGE_DOS))
			return marks[i].image;
	}
	return is_text ? EXEC_IMAGE_TEXT : EXEC_IMAGE_BINARY;
}

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

const char *exec_image_find_interpreter(char *bytes, size_t length)
{
	char *name = bytes + 2;
	char *end;

	bytes[length] = '\0';
	while (is_blank(*name))
		name++;
	end = name;
	while (*end != '\0' && *end != '\n' && !is_blank(*end))
		end++;
	if (end == name || end == bytes + EXEC_IMAGE_BYTES) return NULL;
	*end = '\0';
	return name;
}

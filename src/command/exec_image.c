/* Tells kinds of files apart by their first bytes. Reading them is the caller's affair. */
#include "command/exec_image.h"

#include <stdbool.h>
#include <string.h>

/* The first bytes of a kind of file. */
struct mark {
	enum exec_image image;
	size_t length;
	char bytes[5];
};

static const struct mark marks[] = {
	{EXEC_IMAGE_SCRIPT, 2, "#!"},
	{EXEC_IMAGE_BYTE_ORDER_MARK, 3, "\xef\xbb\xbf"}, /* UTF-8 */
	{EXEC_IMAGE_BYTE_ORDER_MARK, 2, "\xff\xfe"},     /* UTF-16, as Windows writes it */
	{EXEC_IMAGE_BYTE_ORDER_MARK, 2, "\xfe\xff"},
	{EXEC_IMAGE_ELF, 4,
		"\x7f"
		"ELF"},
	{EXEC_IMAGE_MACH_O, 4, "\xfe\xed\xfa\xce"}, /* both sizes, in both byte orders */
	{EXEC_IMAGE_MACH_O, 4, "\xfe\xed\xfa\xcf"},
	{EXEC_IMAGE_MACH_O, 4, "\xce\xfa\xed\xfe"},
	{EXEC_IMAGE_MACH_O, 4, "\xcf\xfa\xed\xfe"},
};

static bool begins_with(
	const unsigned char *bytes, size_t length, const char *mark, size_t mark_length)
{
	return length >= mark_length && memcmp(bytes, mark, mark_length) == 0;
}

/*
 * Several Mach-O in one file. Java's classes begin alike, but where these have the number of
 * machines, those have a version, which is 45 or more.
 */
static bool is_mach_o_for_several(const unsigned char *bytes, size_t length)
{
	return length >= 8 && begins_with(bytes, length, "\xca\xfe\xba\xbe\0\0\0", 7) &&
		bytes[7] < 45;
}

enum exec_image exec_image_classify(const unsigned char *bytes, size_t length)
{
	if (length == 0)
		return EXEC_IMAGE_EMPTY;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		if (begins_with(bytes, length, marks[i].bytes, marks[i].length))
			return marks[i].image;
	}
	if (memchr(bytes, '\0', length) == NULL)
		return EXEC_IMAGE_TEXT;
	if (is_mach_o_for_several(bytes, length))
		return EXEC_IMAGE_MACH_O;
	/* Only here: a text may begin so. */
	return begins_with(bytes, length, "MZ", 2) ? EXEC_IMAGE_DOS : EXEC_IMAGE_BINARY;
}

static bool is_blank(unsigned char byte)
{
	return byte == ' ' || byte == '\t';
}

enum exec_script exec_image_find_interpreter(const unsigned char *bytes, size_t length,
	const unsigned char **ret_name, size_t *ret_length)
{
	size_t at = 2;
	size_t start;

	while (at < length && is_blank(bytes[at]))
		at++;
	start = at;
	while (at < length && bytes[at] != '\n' && bytes[at] != '\0' && !is_blank(bytes[at]))
		at++;
	if (at == length && length == EXEC_IMAGE_BYTES)
		return EXEC_SCRIPT_TOO_LONG;
	if (at == start)
		return EXEC_SCRIPT_WITHOUT_INTERPRETER;
	*ret_name = bytes + start;
	*ret_length = at - start;
	return EXEC_SCRIPT_OK;
}

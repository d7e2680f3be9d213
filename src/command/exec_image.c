/* Tells kinds of files apart by their first bytes. Reading them is the caller's affair. */
#include "command/exec_image.h"

#include <stdbool.h>
#include <string.h>

static bool begins_with(
	const unsigned char *bytes, size_t length, const char *mark, size_t mark_length)
{
	return length >= mark_length && memcmp(bytes, mark, mark_length) == 0;
}

enum exec_image exec_image_classify(const unsigned char *bytes, size_t length)
{
	if (length == 0)
		return EXEC_IMAGE_EMPTY;
	if (begins_with(bytes, length, "#!", 2))
		return EXEC_IMAGE_SCRIPT;
	if (begins_with(bytes, length, "\xef\xbb\xbf", 3) ||
		begins_with(bytes, length, "\xff\xfe", 2) ||
		begins_with(bytes, length, "\xfe\xff", 2))
		return EXEC_IMAGE_BYTE_ORDER_MARK;
	if (memchr(bytes, '\0', length) != NULL)
		return EXEC_IMAGE_BINARY;
	return EXEC_IMAGE_TEXT;
}

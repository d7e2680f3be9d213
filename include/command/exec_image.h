/* What a file is, from its first bytes, which are not trusted. Pure. */
#pragma once

#include <stddef.h>

/* As many bytes as the kernel looks at: BINPRM_BUF_SIZE of uapi/linux/binfmts.h. */
#define EXEC_IMAGE_BYTES 256

enum exec_image {
	EXEC_IMAGE_EMPTY,
	EXEC_IMAGE_SCRIPT, /* begins with #! */
	EXEC_IMAGE_BYTE_ORDER_MARK,
	EXEC_IMAGE_ELF,
	EXEC_IMAGE_MACH_O,
	EXEC_IMAGE_DOS, /* and Windows' PE */
	EXEC_IMAGE_BINARY,
	EXEC_IMAGE_TEXT, /* what a shell takes for text: no NUL before the first newline */
};

enum exec_image exec_image_classify(const char *bytes, size_t length);

/* The interpreter after the #!, as the kernel finds it: execve(2), "Interpreter scripts". It is cut
 * out of bytes, which have room for one more. NULL if there is none, or if it is too long. */
const char *exec_image_find_interpreter(char *bytes, size_t length);

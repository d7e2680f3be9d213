/* What a file is, from its first bytes. Pure; the bytes are untrusted. */
#ifndef WHIT_COMMAND_EXEC_IMAGE_H
#define WHIT_COMMAND_EXEC_IMAGE_H

#include <stddef.h>

/* As many bytes as the kernel itself looks at: BINPRM_BUF_SIZE of uapi/linux/binfmts.h. */
#define EXEC_IMAGE_BYTES 256

enum exec_image {
	EXEC_IMAGE_EMPTY,
	EXEC_IMAGE_SCRIPT, /* begins with #! */
	EXEC_IMAGE_BYTE_ORDER_MARK,
	EXEC_IMAGE_BINARY, /* has a NUL */
	EXEC_IMAGE_TEXT,
};

enum exec_image exec_image_classify(const unsigned char *bytes, size_t length);

#endif

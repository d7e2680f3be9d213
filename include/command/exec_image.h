/* What a file is, from its first bytes. Pure; the bytes are untrusted. */
#ifndef WHIT_COMMAND_EXEC_IMAGE_H
#define WHIT_COMMAND_EXEC_IMAGE_H

#include <stddef.h>

/*
 * As many bytes as the kernel itself looks at: BINPRM_BUF_SIZE of uapi/linux/binfmts.h; 128 before
 * Linux 5.1.
 */
#define EXEC_IMAGE_BYTES 256

enum exec_image {
	EXEC_IMAGE_EMPTY,
	EXEC_IMAGE_SCRIPT, /* begins with #! */
	EXEC_IMAGE_BYTE_ORDER_MARK,
	EXEC_IMAGE_ELF,
	EXEC_IMAGE_MACH_O,
	EXEC_IMAGE_DOS,    /* and Windows' PE */
	EXEC_IMAGE_BINARY, /* has a NUL */
	EXEC_IMAGE_TEXT,
};

enum exec_image exec_image_classify(const unsigned char *bytes, size_t length);

enum exec_script {
	EXEC_SCRIPT_OK,
	EXEC_SCRIPT_WITHOUT_INTERPRETER,
	EXEC_SCRIPT_TOO_LONG, /* the interpreter's name does not end where the kernel looks */
};

/*
 * Finds the interpreter's name behind the #! of a script as the kernel does: execve(2),
 * "Interpreter scripts". length is at most EXEC_IMAGE_BYTES, and less only where the file ends
 * there. The name is returned as a part of bytes, and only with EXEC_SCRIPT_OK.
 */
enum exec_script exec_image_find_interpreter(const unsigned char *bytes, size_t length,
	const unsigned char **ret_name, size_t *ret_length);

#endif

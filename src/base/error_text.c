/* The words for errors, one row each: those of glibc's strerror(3), but for EAGAIN and ELOOP. */
#include "base/error_text.h"
#include <errno.h>
#include <stddef.h>

/* The text is in the row: a pointer to it would cost eight bytes more. */
/* clang-format off */
static const struct {
	unsigned char error; /* each of these is below 256 on every machine */
	char text[26];
} rows[] = {
	{EPERM, "Operation not permitted"}, {ENOENT, "No such file or directory"},
	{ESRCH, "No such process"}, {EIO, "Input/output error"}, {ENOEXEC, "Exec format error"},
	{EBADF, "Bad file descriptor"}, {ECHILD, "No child processes"},
	{EAGAIN, "Resource limit reached"}, {ENOMEM, "Cannot allocate memory"},
	{EACCES, "Permission denied"}, {ENODEV, "No such device"}, {EINVAL, "Invalid argument"},
	{ENFILE, "Too many open files"}, {EMFILE, "Too many open files"},
	{ENOSPC, "No space left on device"}, {EPIPE, "Broken pipe"},
	{ELOOP, "Link or script loop"}, {ENAMETOOLONG, "File name too long"},
	{ENOSYS, "Function not implemented"}, {ESTALE, "Stale file handle"},
	{ETIMEDOUT, "Connection timed out"}, {0, "unknown error"}, /* the last one */
};
/* clang-format on */

const char *error_text(int error)
{
	size_t i = 0;

	while (rows[i].error != 0 && rows[i].error != error)
		i++;
	return rows[i].text;
}

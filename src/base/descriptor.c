/* Keeps whit's own descriptors out of the command's way and closes the inherited ones. */
#include "base/descriptor.h"

#include "base/file.h"
#include "base/number.h"
#include <limits.h>
#include <string.h>

#define FIRST_ABOVE_STDIO 3U

/* What getdents64(2) writes; libc's struct dirent64 need not be the same. */
struct entry {
	uint64_t inode;
	int64_t offset;
	uint16_t size;
	uint8_t type;
	char name[];
};

int descriptor_above_stdio(int fd)
{
	int moved;

	if (fd < 0 || fd >= (int)FIRST_ABOVE_STDIO) return fd;
	moved = (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, FIRST_ABOVE_STDIO);
	if (moved < 0) return fd;
	(void)close(fd); /* nothing was written to it */
	return moved;
}

static void close_listed(unsigned int fd, int list_fd, void *context)
{
	const unsigned int *keep_fd = context;

	if (fd >= FIRST_ABOVE_STDIO && fd != *keep_fd && fd != (unsigned int)list_fd)
		(void)close((int)fd); /* an inherited copy: nothing is lost */
}

void descriptor_close_all_but(int keep_fd)
{
	unsigned int keep = (unsigned int)keep_fd;
	unsigned int above = keep < FIRST_ABOVE_STDIO ? FIRST_ABOVE_STDIO : keep + 1;

	if ((keep <= FIRST_ABOVE_STDIO ||
		    syscall(SYS_close_range, FIRST_ABOVE_STDIO, keep - 1, 0) == 0) &&
		syscall(SYS_close_range, above, ~0U, 0) == 0)
		return;
	/* The kernel lists them in order, so that closing skips none. */
	if (descriptor_each_number("/proc/self/fd", close_listed, &keep) == 0) return;
	for (unsigned int fd = FIRST_ABOVE_STDIO; fd < 65536; fd++)
		close_listed(fd, -1, &keep);
}

int descriptor_each_number(
	const char *path, void (*visit)(unsigned int number, int fd, void *context), void *context)
{
	_Alignas(struct entry) char block[2048];
	int fd = file_open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long length;

	if (fd < 0) return -1;
	while ((length = syscall(SYS_getdents64, fd, block, sizeof(block))) > 0) {
		for (long at = 0; at < length;) {
			const struct entry *entry = (const void *)(block + at);
			unsigned int number;

			at += entry->size;
			if (number_parse(entry->name, strlen(entry->name), INT_MAX, &number))
				visit(number, fd, context);
		}
	}
	(void)close(fd);
	return (int)length;
}

/* Reads directories of numbers. The caller knows what the numbers are. */
#include "base/directory.h"

#include "base/file.h"
#include "base/number.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

/* What getdents64(2) writes; libc's struct dirent64 need not be the same. */
struct entry {
	uint64_t inode;
	int64_t offset;
	uint16_t size;
	uint8_t type;
	char name[];
};

int directory_each_number(
	const char *path, void (*visit)(unsigned int number, int fd, void *context), void *context)
{
	_Alignas(struct entry) char block[2048];
	int fd = file_open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long length;

	if (fd < 0)
		return -1;
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

/* Reads directories of numbers. What the numbers are is the caller's affair. */
#include "base/directory.h"

#include "base/number.h"

#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What getdents64(2) writes; libc's struct dirent64 need not be the same. */
struct entry {
	uint64_t inode;
	int64_t offset;
	uint16_t size;
	uint8_t type;
	char name[];
};

int directory_open(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void visit_block(const char *block, size_t length,
	void (*visit)(unsigned int number, void *context), void *context)
{
	for (size_t at = 0; at < length;) {
		const struct entry *entry = (const struct entry *)(const void *)(block + at);
		unsigned int number;

		at += entry->size;
		if (number_parse(entry->name, strlen(entry->name), INT_MAX, &number))
			visit(number, context);
	}
}

int directory_each_number(
	int directory_fd, void (*visit)(unsigned int number, void *context), void *context)
{
	_Alignas(struct entry) char block[2048];
	long length;

	if (lseek(directory_fd, 0, SEEK_SET) < 0)
		return -1;
	while ((length = syscall(SYS_getdents64, directory_fd, block, sizeof(block))) > 0)
		visit_block(block, (size_t)length, visit, context);
	return (int)length;
}

/* Keeps whit's own descriptors out of the command's way and lets go of the inherited ones. */
#include "base/descriptor.h"

#include "base/number.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FIRST_ABOVE_STDIO (STDERR_FILENO + 1)

/* The kernel's default for fs.nr_open: without close_range and /proc nothing above is looked at. */
#define HIGHEST_LIMIT (1U << 20)

/* What getdents64(2) writes; libc has it under other names, and wants opendir's malloc. */
struct directory_entry {
	uint64_t inode;
	int64_t offset;
	uint16_t size;
	uint8_t type;
	char name[];
};

int descriptor_above_stdio(int fd)
{
	int moved;

	if (fd >= FIRST_ABOVE_STDIO)
		return fd;
	moved = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_ABOVE_STDIO);
	if (moved < 0)
		return fd;
	/* Nothing was written to it: there is nothing a close could fail to keep. */
	(void)close(fd);
	return moved;
}

static bool close_range_works(unsigned int first, unsigned int last)
{
	return first > last || syscall(SYS_close_range, first, last, 0) == 0;
}

/* Closes what one block of /proc/self/fd lists; returns how many that were. */
static unsigned int close_listed(const char *block, size_t length, int list_fd, int keep_fd)
{
	unsigned int closed = 0;

	for (size_t at = 0; at < length;) {
		const struct directory_entry *entry =
			(const struct directory_entry *)(const void *)(block + at);
		unsigned int fd;

		at += entry->size;
		if (!number_parse(entry->name, strlen(entry->name), INT32_MAX, &fd))
			continue; /* "." and ".." */
		if (fd < FIRST_ABOVE_STDIO || (int)fd == list_fd || (int)fd == keep_fd)
			continue;
		(void)close((int)fd); /* a read-only copy: nothing to lose */
		closed++;
	}
	return closed;
}

static bool close_all_listed_in_proc(int keep_fd)
{
	_Alignas(struct directory_entry) char block[2048];
	long length;
	unsigned int closed;
	int list_fd = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (list_fd < 0)
		return false;
	do { /* closing while reading may skip entries: read again until a whole pass closes none */
		closed = 0;
		if (lseek(list_fd, 0, SEEK_SET) < 0)
			break;
		while ((length = syscall(SYS_getdents64, list_fd, block, sizeof(block))) > 0)
			closed += close_listed(block, (size_t)length, list_fd, keep_fd);
	} while (closed > 0);
	(void)close(list_fd);
	return true;
}

static void close_one_by_one(int keep_fd)
{
	struct rlimit limit;
	unsigned int end = HIGHEST_LIMIT;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < end)
		end = (unsigned int)limit.rlim_cur;
	for (unsigned int fd = FIRST_ABOVE_STDIO; fd < end; fd++) {
		if ((int)fd != keep_fd)
			(void)close((int)fd); /* EBADF is the usual answer */
	}
}

void descriptor_close_all_but(int keep_fd)
{
	unsigned int keep = (unsigned int)keep_fd;

	if (keep < FIRST_ABOVE_STDIO) {
		if (close_range_works(FIRST_ABOVE_STDIO, UINT32_MAX))
			return;
	} else if (close_range_works(FIRST_ABOVE_STDIO, keep - 1) &&
		close_range_works(keep + 1, UINT32_MAX)) {
		return;
	}
	if (!close_all_listed_in_proc(keep_fd))
		close_one_by_one(keep_fd);
}

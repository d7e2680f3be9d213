/* Keeps whit's own descriptors out of the command's way and lets go of the inherited ones. */
#include "base/descriptor.h"

#include "base/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FIRST_ABOVE_STDIO (STDERR_FILENO + 1)

/* The kernel's default for fs.nr_open: without close_range and /proc nothing above is looked at. */
#define HIGHEST_LIMIT (1U << 20)

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

struct closing {
	int list_fd;
	int keep_fd;
	unsigned int closed;
};

static void close_listed(unsigned int number, void *context)
{
	struct closing *closing = context;
	int fd = (int)number;

	if (fd < FIRST_ABOVE_STDIO || fd == closing->list_fd || fd == closing->keep_fd)
		return;
	(void)close(fd); /* a copy of somebody else's: nothing is lost */
	closing->closed++;
}

static bool close_all_listed_in_proc(int keep_fd)
{
	struct closing closing = {.list_fd = directory_open("/proc/self/fd"), .keep_fd = keep_fd};

	if (closing.list_fd < 0)
		return false;
	do { /* closing while reading may skip entries: read until a whole pass closes none */
		closing.closed = 0;
	} while (directory_each_number(closing.list_fd, close_listed, &closing) == 0 &&
		closing.closed > 0);
	(void)close(closing.list_fd); /* read-only: nothing to lose */
	return true;
}

/* Up to the limit, unless it may have been lowered after descriptors above it were opened. */
static void close_one_by_one(int keep_fd, bool is_limit_reached)
{
	struct rlimit limit;
	unsigned int end = HIGHEST_LIMIT;

	if (!is_limit_reached && getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < end)
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
		close_one_by_one(keep_fd, errno == EMFILE);
}

/* Keeps whit's own descriptors out of the command's way and closes the inherited ones. */
#include "base/descriptor.h"

#include "base/directory.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FIRST_ABOVE_STDIO 3U

int descriptor_above_stdio(int fd)
{
	int moved;

	if (fd < 0 || fd >= (int)FIRST_ABOVE_STDIO)
		return fd;
	moved = (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, FIRST_ABOVE_STDIO);
	if (moved < 0)
		return fd;
	(void)close(fd); /* nothing was written to it */
	return moved;
}

struct closing {
	unsigned int keep_fd;
	bool has_closed;
};

static void close_listed(unsigned int fd, int list_fd, void *context)
{
	struct closing *closing = context;

	if (fd < FIRST_ABOVE_STDIO || fd == closing->keep_fd || fd == (unsigned int)list_fd)
		return;
	(void)close((int)fd); /* an inherited copy: nothing is lost */
	closing->has_closed = true;
}

void descriptor_close_all_but(int keep_fd)
{
	struct closing closing = {.keep_fd = (unsigned int)keep_fd};
	unsigned int above =
		closing.keep_fd < FIRST_ABOVE_STDIO ? FIRST_ABOVE_STDIO : closing.keep_fd + 1;
	int listed;

	if ((closing.keep_fd <= FIRST_ABOVE_STDIO ||
		    syscall(SYS_close_range, FIRST_ABOVE_STDIO, keep_fd - 1, 0) == 0) &&
		syscall(SYS_close_range, above, ~0U, 0) == 0)
		return;
	do { /* closing while reading may skip entries: until a whole pass closes none */
		closing.has_closed = false;
		listed = directory_each_number("/proc/self/fd", close_listed, &closing);
	} while (listed == 0 && closing.has_closed);
	for (unsigned int fd = FIRST_ABOVE_STDIO; listed < 0 && fd < 65536; fd++)
		close_listed(fd, -1, &closing);
}

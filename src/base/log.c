/* Writes messages to stderr without ever waiting for it. base/line.c builds the line. */
#include "base/log.h"
#include "base/cold.h"

#include "base/file.h"
#include "base/line.h"
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <sys/ioctl.h>

#ifndef RWF_NOWAIT /* uapi/linux/fs.h; not in every libc */
#define RWF_NOWAIT 0x8
#endif

int log_highest;

/* The command shares stderr, so O_NONBLOCK would change it for both. In this order: a write that
 * never waits (pwritev2(2): pipes and sockets, since Linux 6.4); a file description of our own; and
 * a look whether there is room, which a pipe has for the line, a terminal only for a byte. A
 * regular file, which has a position, is always ready. */
static void write_without_waiting(const char *text, size_t length)
{
	const struct iovec part = {(void *)(uintptr_t)text, length};
	struct pollfd room = {.fd = STDERR_FILENO, .events = POLLOUT};
	int discipline; /* only a terminal has one: ioctl_tty(2) */
	int fd = -1;

	if (syscall(SYS_pwritev2, STDERR_FILENO, &part, 1, -1L, -1L, RWF_NOWAIT) >= 0 ||
		errno == EBADF || errno == EPIPE)
		return;
	if (lseek(STDERR_FILENO, 0, SEEK_CUR) < 0)
		fd = file_open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	while (length > 0 &&
		(fd >= 0 || (poll(&room, 1, 0) > 0 && (room.revents & POLLOUT) != 0))) {
		bool is_by_byte =
			fd < 0 && syscall(SYS_ioctl, STDERR_FILENO, TIOCGETD, &discipline) == 0;
		ssize_t written = write(fd < 0 ? STDERR_FILENO : fd, text, is_by_byte ? 1 : length);

		if (written <= 0) break;
		text += written;
		length -= (size_t)written;
	}
	if (fd >= 0) (void)close(fd);
}

void log_message(enum log_level level, const char *format, ...)
{
	static struct line line COLD; /* not on the stack, which may be as small as 16 KiB */
	int saved_errno = errno;
	va_list arguments;

	if (!log_shows(level)) return;
	line_start(&line);
	line_format(&line, "whit: ");
	va_start(arguments, format);
	line_format_va(&line, format, arguments);
	va_end(arguments);
	line_end(&line);
	write_without_waiting(line.text, line.length);
	errno = saved_errno;
}

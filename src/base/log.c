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

static int shown_level = LOG_LEVEL_WARNING;

void log_set_level(int level)
{
	shown_level = level;
}

bool log_shows(enum log_level level)
{
	return (int)level <= shown_level;
}

/* The command shares stderr, so O_NONBLOCK would change it for both. In this order: a write that
 * never waits (pwritev2(2): pipes and sockets, since Linux 6.4); a file description of our own, for
 * which /dev/tty serves without /proc and for another user's terminal; and a look whether there is
 * room. A regular file, which has a position, never makes a writer wait. */
static void write_without_waiting(const struct line *line)
{
	const int flags = O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	const struct iovec part = {(void *)(uintptr_t)line->text, line->length};
	struct pollfd room = {.fd = STDERR_FILENO, .events = POLLOUT};
	pid_t group;
	int fd = -1;

	if (syscall(SYS_pwritev2, STDERR_FILENO, &part, 1, -1L, -1L, RWF_NOWAIT) >= 0 ||
		errno == EBADF || errno == EPIPE)
		return;
	if (lseek(STDERR_FILENO, 0, SEEK_CUR) < 0) {
		fd = file_open("/proc/self/fd/2", flags);
		if (fd < 0 && syscall(SYS_ioctl, STDERR_FILENO, TIOCGPGRP, &group) == 0)
			fd = file_open("/dev/tty", flags);
		if (fd < 0 && (poll(&room, 1, 0) <= 0 || (room.revents & POLLOUT) == 0)) return;
	}
	if (write(fd < 0 ? STDERR_FILENO : fd, line->text, line->length) < 0) {
		/* Dropped: there is no other place to say so. */
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
	write_without_waiting(&line);
	errno = saved_errno;
}

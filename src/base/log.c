/*
 * Writes messages to stderr without ever blocking on it. How a line is built is base/line.c's
 * affair, what is worth saying the caller's.
 */
#include "base/log.h"

#include "base/line.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* uapi/linux/fs.h; not in every libc. */
#ifndef RWF_NOWAIT
#define RWF_NOWAIT 0x8
#endif

static enum log_level shown_level = LOG_LEVEL_WARNING;

void log_set_level(enum log_level level)
{
	shown_level = level;
}

bool log_shows(enum log_level level)
{
	return level <= shown_level;
}

static bool stderr_has_room(void)
{
	struct pollfd stderr_state = {.fd = STDERR_FILENO, .events = POLLOUT};

	return poll(&stderr_state, 1, 0) > 0 && (stderr_state.revents & POLLOUT) != 0;
}

/*
 * A file is always ready, but RWF_NOWAIT may refuse where blocks are yet to be allocated. Pipes,
 * sockets and terminals have no position: lseek(2), ESPIPE.
 */
static bool stderr_is_seekable(void)
{
	return lseek(STDERR_FILENO, 0, SEEK_CUR) >= 0;
}

/*
 * A terminal is said to be writable when it has any room at all, and a write then waits for the
 * rest. A description of its own may be non-blocking, which needs /proc and a free descriptor.
 */
static bool write_to_terminal(const char *text, size_t length)
{
	int fd;

	if (!isatty(STDERR_FILENO))
		return false;
	fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (write(fd, text, length) < 0) {
		/* Dropped: there is no other place to say so. */
	}
	(void)close(fd); /* a terminal keeps nothing back */
	return true;
}

/*
 * The command shares stderr. O_NONBLOCK would change it for both, and a poll alone leaves a gap in
 * which the command may fill the pipe, so the first try is a write that never waits (pwritev2(2);
 * pipes and sockets have it since Linux 6.4). Where it is not to be had, poll and write.
 */
static void write_without_waiting(const char *text, size_t length)
{
	const struct iovec part = {.iov_base = (void *)(uintptr_t)text, .iov_len = length};
	const long current_position = -1;

	if (syscall(SYS_pwritev2, STDERR_FILENO, &part, 1, current_position, current_position,
		    RWF_NOWAIT) >= 0)
		return;
	if (errno == EBADF || errno == EPIPE || (errno == EAGAIN && !stderr_is_seekable()))
		return;
	if (write_to_terminal(text, length))
		return;
	if (stderr_has_room() && write(STDERR_FILENO, text, length) < 0)
		return; /* dropped, as above */
}

static void log_va(enum log_level level, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));

static void log_va(enum log_level level, const char *format, va_list arguments)
{
	struct line line;
	int saved_errno = errno;

	if (!log_shows(level))
		return;
	line_start(&line);
	line_format(&line, "whit: ");
	line_format_va(&line, format, arguments);
	line_end(&line);
	write_without_waiting(line.text, line.length);
	errno = saved_errno;
}

void log_error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_va(LOG_LEVEL_ERROR, format, arguments);
	va_end(arguments);
}

void log_warning(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_va(LOG_LEVEL_WARNING, format, arguments);
	va_end(arguments);
}

void log_verbose(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_va(LOG_LEVEL_VERBOSE, format, arguments);
	va_end(arguments);
}

void log_debug(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_va(LOG_LEVEL_DEBUG, format, arguments);
	va_end(arguments);
}

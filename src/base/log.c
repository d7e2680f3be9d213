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

/* Pipes, sockets and terminals have no position: lseek(2), ESPIPE. */
static bool stderr_is_seekable(void)
{
	return lseek(STDERR_FILENO, 0, SEEK_CUR) >= 0;
}

static void write_or_drop(int fd, const char *text, size_t length)
{
	if (write(fd, text, length) < 0) {
		/* Dropped: there is no other place to say so. */
	}
}

/*
 * A description of its own may be non-blocking. That takes /proc, a free descriptor and the right
 * to open what stderr is; the controlling terminal anybody may open: tty(4).
 */
static bool write_to_own(const char *text, size_t length)
{
	const int flags = O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int fd = open("/proc/self/fd/2", flags);

	if (fd < 0 && tcgetpgrp(STDERR_FILENO) >= 0)
		fd = open("/dev/tty", flags);
	if (fd < 0)
		return false;
	write_or_drop(fd, text, length);
	(void)close(fd); /* a pipe or a terminal keeps nothing back */
	return true;
}

static bool stderr_has_room(void)
{
	struct pollfd stderr_state = {.fd = STDERR_FILENO, .events = POLLOUT};

	return poll(&stderr_state, 1, 0) > 0 && (stderr_state.revents & POLLOUT) != 0;
}

/*
 * A pipe or socket is said to be writable when it has room for a line, a terminal when it has room
 * for a byte, after which a longer write would wait for the rest.
 */
static void write_while_there_is_room(const char *text, size_t length)
{
	size_t step = isatty(STDERR_FILENO) ? 1 : length;

	for (; length > 0 && stderr_has_room(); text += step, length -= step)
		write_or_drop(STDERR_FILENO, text, step);
}

/*
 * The command shares stderr. O_NONBLOCK would change it for both, and a poll alone leaves a gap in
 * which the command may fill the pipe, so the first try is a write that never waits (pwritev2(2);
 * pipes and sockets have it since Linux 6.4), the second one goes to a description of its own, and
 * only where neither is to be had, poll and write. A file is always ready, but RWF_NOWAIT may
 * refuse where blocks are yet to be allocated.
 */
static void write_without_waiting(const char *text, size_t length)
{
	const struct iovec part = {.iov_base = (void *)(uintptr_t)text, .iov_len = length};
	const long current_position = -1;
	bool is_file;
	int error;

	if (syscall(SYS_pwritev2, STDERR_FILENO, &part, 1, current_position, current_position,
		    RWF_NOWAIT) >= 0)
		return;
	error = errno;
	is_file = stderr_is_seekable();
	if (error == EBADF || error == EPIPE || (error == EAGAIN && !is_file))
		return;
	if (is_file || !write_to_own(text, length))
		write_while_there_is_room(text, length);
}

static void say(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));

static void say(const char *format, va_list arguments)
{
	struct line line;
	int saved_errno = errno;

	line_start(&line);
	line_format(&line, "whit: ");
	line_format_va(&line, format, arguments);
	line_end(&line);
	write_without_waiting(line.text, line.length);
	errno = saved_errno;
}

static void log_va(enum log_level level, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));

/* Apart from what has the line on its stack, so that to say nothing costs no page of it. */
static void log_va(enum log_level level, const char *format, va_list arguments)
{
	if (log_shows(level))
		say(format, arguments);
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

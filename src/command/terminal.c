/* Who has the terminal's foreground. When it changes hands is the start's affair. */
#include "command/terminal.h"

#include "base/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/*
 * A group that is not of this PID namespace shows as 0, the terminal's and our own alike, so 0 = 0
 * says nothing. Reading no bytes does: with SIGTTIN blocked it fails with EIO in the background and
 * succeeds in the foreground (job control, termios(3)).
 */
static bool reads_as_foreground(int fd)
{
	char nothing;

	return read(fd, &nothing, 0) == 0;
}

static bool is_foreground_of(int fd, pid_t foreground)
{
	if (foreground != getpgrp())
		return false;
	return foreground != 0 || reads_as_foreground(fd);
}

/* tcgetpgrp fails for a terminal that is not the controlling one, and for what is no terminal. */
static bool take(struct terminal *terminal, int fd, bool is_own)
{
	pid_t foreground = tcgetpgrp(fd);

	if (foreground < 0)
		return false;
	terminal->exists = true;
	terminal->foreground = foreground;
	terminal->is_in_foreground = is_foreground_of(fd, foreground);
	terminal->has_own_fd = is_own;
	terminal->fd = fd;
	return true;
}

void terminal_find(struct terminal *ret_terminal)
{
	/* One call where there is no terminal; it also finds one that 0, 1 and 2 are redirected
	 * from. */
	int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	ret_terminal->exists = false;
	if (fd < 0 && errno == ENXIO)
		return; /* no controlling terminal: tty(4) */
	if (fd >= 0) {
		fd = descriptor_above_stdio(fd);
		if (take(ret_terminal, fd, true))
			return;
		(void)close(fd); /* nothing was written */
	}
	/* No /dev in this image, another file in its place, or no descriptor left. */
	for (fd = STDIN_FILENO; fd <= STDERR_FILENO && !ret_terminal->exists; fd++)
		(void)take(ret_terminal, fd, false);
}

void terminal_release(struct terminal *terminal)
{
	if (terminal->exists && terminal->has_own_fd)
		(void)close(terminal->fd); /* nothing was written */
	terminal->exists = false;
}

void terminal_hand_to(const struct terminal *terminal, pid_t group)
{
	(void)tcsetpgrp(terminal->fd, group); /* see the header */
}

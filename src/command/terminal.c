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

static bool is_foreground_of(int fd)
{
	pid_t foreground = tcgetpgrp(fd);

	if (foreground < 0 || foreground != getpgrp())
		return false;
	return foreground != 0 || reads_as_foreground(fd);
}

void terminal_find(struct terminal *ret_terminal)
{
	/* One call where there is no terminal; it also finds one that 0, 1 and 2 are redirected
	 * from. */
	int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	ret_terminal->is_in_foreground = false;
	if (fd < 0 && errno == ENXIO)
		return; /* no controlling terminal: tty(4) */
	if (fd >= 0) {
		fd = descriptor_above_stdio(fd);
		ret_terminal->is_in_foreground = is_foreground_of(fd);
		ret_terminal->fd = fd;
		return;
	}
	/* No /dev in this image. tcgetpgrp fails for a terminal that is not the controlling one. */
	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (is_foreground_of(fd)) {
			ret_terminal->is_in_foreground = true;
			ret_terminal->fd = fd;
			return;
		}
	}
}

void terminal_hand_to_own_group(const struct terminal *terminal)
{
	if (terminal->is_in_foreground)
		(void)tcsetpgrp(terminal->fd, getpgrp()); /* see the header */
}

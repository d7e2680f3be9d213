/* Which process group has the terminal's foreground. supervise/job.c decides when that changes. */
#include "command/terminal.h"

#include "base/descriptor.h"
#include "base/file.h"
#include <errno.h>
#include <sys/ioctl.h>

/* As tcgetpgrp(3), which fails for what is no terminal, or is not the controlling one. */
static bool find_foreground(int fd, pid_t *ret_group)
{
	return syscall(SYS_ioctl, fd, TIOCGPGRP, ret_group) == 0;
}

static bool take(struct terminal *terminal, int fd, bool is_own)
{
	pid_t foreground;
	char nothing;

	terminal->is_stdin = find_foreground(STDIN_FILENO, &foreground);
	if (!find_foreground(fd, &foreground)) return false;
	terminal->exists = true;
	terminal->foreground = foreground;
	/* A group outside this PID namespace shows as 0, as our own may. To read no bytes tells:
	 * with SIGTTIN blocked that fails with EIO in the background (termios(3)). */
	terminal->is_in_foreground =
		foreground == getpgrp() && (foreground != 0 || read(fd, &nothing, 0) == 0);
	terminal->has_own_fd = is_own;
	terminal->fd = fd;
	return true;
}

void terminal_find(struct terminal *ret_terminal)
{
	/* Also if 0, 1 and 2 are redirected; and one call tells that there is none. */
	int fd = file_open("/dev/tty", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	ret_terminal->exists = false;
	/* tty(4). A process gets a controlling terminal only by its own open or ioctl. */
	ret_terminal->is_ruled_out = fd < 0 && errno == ENXIO;
	if (ret_terminal->is_ruled_out) return;
	if (fd >= 0) {
		fd = descriptor_above_stdio(fd);
		if (take(ret_terminal, fd, true)) return;
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

bool terminal_hand_to(const struct terminal *terminal, pid_t group)
{
	return syscall(SYS_ioctl, terminal->fd, TIOCSPGRP, &group) == 0; /* as tcsetpgrp(3) */
}

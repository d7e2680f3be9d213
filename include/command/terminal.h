/* The controlling terminal: whose its foreground is, and handing it over. */
#ifndef WHIT_COMMAND_TERMINAL_H
#define WHIT_COMMAND_TERMINAL_H

#include <stdbool.h>
#include <sys/types.h>

struct terminal {
	bool exists;           /* whit has a controlling terminal; the rest is valid only then */
	pid_t foreground;      /* its foreground group; 0 where that is outside our PID namespace */
	bool is_in_foreground; /* that group is whit's own */
	bool has_own_fd;       /* the descriptor is to be closed */
	int fd;
};

/*
 * Looks for the controlling terminal and who has its foreground. Every error means that there is
 * none: termios(3), tty_ioctl(4). All signals must be blocked. terminal_release ends it.
 */
void terminal_find(struct terminal *ret_terminal);

void terminal_release(struct terminal *terminal);

/*
 * Makes a process group of this session the foreground group. Failure is no error: things stay as
 * they are. SIGTTOU must be blocked.
 */
void terminal_hand_to(const struct terminal *terminal, pid_t group);

#endif

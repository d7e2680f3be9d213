/* The controlling terminal: who has its foreground, and handing it to the command. */
#ifndef WHIT_COMMAND_TERMINAL_H
#define WHIT_COMMAND_TERMINAL_H

#include <stdbool.h>

struct terminal {
	bool is_in_foreground; /* whit's process group is the terminal's foreground group */
	int fd;                /* valid only then */
};

/*
 * Looks whether whit has a controlling terminal and its foreground. Every error means that it has
 * not: termios(3), tty_ioctl(4). All signals must be blocked.
 */
void terminal_find(struct terminal *ret_terminal);

/*
 * Makes the calling process's group the foreground group, if the foreground was whit's. Failure is
 * no error: the command then runs in the background. SIGTTOU must be blocked.
 */
void terminal_hand_to_own_group(const struct terminal *terminal);

#endif

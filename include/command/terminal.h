/* The controlling terminal: which group has its foreground, and handing that over. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct terminal {
	bool is_ruled_out;     /* whit has no controlling terminal, and cannot get one */
	bool exists;           /* it has one; what follows is valid only then */
	pid_t foreground;      /* the foreground group; 0 if that is outside our PID namespace */
	bool is_in_foreground; /* that group is whit's own */
	bool is_stdin;         /* stdin is this terminal */
	bool has_own_fd;       /* fd is to be closed */
	int fd;
};

/* Looks for the controlling terminal; every error means that there is none: ioctl_tty(2). All
 * signals must be blocked. terminal_release ends it. */
void terminal_find(struct terminal *ret_terminal);
void terminal_release(struct terminal *terminal);

/* Gives a group the foreground; false if the kernel refuses. SIGTTOU must be blocked. */
bool terminal_hand_to(const struct terminal *terminal, pid_t group);

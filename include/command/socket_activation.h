/* The socket activation protocol's claim to a process: LISTEN_PID of sd_listen_fds(3). */
#ifndef WHIT_COMMAND_SOCKET_ACTIVATION_H
#define WHIT_COMMAND_SOCKET_ACTIVATION_H

#include <sys/types.h>

struct socket_activation {
	char **entry;  /* the environment's LISTEN_PID that named whit; NULL if none did */
	char text[32]; /* "LISTEN_PID=" and a pid */
};

/*
 * Looks for a LISTEN_PID that names self. If there is one, LISTEN_PIDFDID is taken out of envp: it
 * is the same claim by another number and can no longer match. Else envp is left alone.
 */
void socket_activation_find(struct socket_activation *ret_activation, char **envp, pid_t self);

/* Passes the claim on to the process pid. The environment then points into the struct. */
void socket_activation_pass_to(struct socket_activation *activation, pid_t pid);

#endif

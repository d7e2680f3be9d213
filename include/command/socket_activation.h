/* The socket activation protocol: LISTEN_PID of sd_listen_fds(3) names the process it is for. */
#pragma once

#include <sys/types.h>

struct socket_activation {
	char **entry;  /* the environment's LISTEN_PID that named whit; NULL if none did */
	char text[32]; /* "LISTEN_PID=" and a pid */
};

/* Looks for a LISTEN_PID that names self. If there is one, LISTEN_PIDFDID is taken out of envp: it
 * names the same process in another way and can no longer match. Else envp stays as it is. */
void socket_activation_find(struct socket_activation *ret_activation, char **envp, pid_t self);

/* Makes LISTEN_PID name the process pid. The environment then points into the struct. */
void socket_activation_hand_to(struct socket_activation *activation, pid_t pid);

/* Starts the command. */
#ifndef WHIT_COMMAND_SPAWN_H
#define WHIT_COMMAND_SPAWN_H

#include "command/exec_search.h"
#include "command/socket_activation.h"
#include "command/terminal.h"
#include "signals/signal_set.h"

#include <stdbool.h>
#include <sys/types.h>

/*
 * The started process's stack until the exec. exec_search keeps a PATH_MAX and EXEC_IMAGE_BYTES
 * there, and what it calls some hundred bytes, more on machines with large frames. Only the end
 * where it begins is touched, and what is next to the other one: each page that is used is a page
 * of memory for each container, so it should lie where the pages at both ends are used anyway.
 */
struct spawn_stack {
	_Alignas(64) char bytes[16 * 1024];
};

struct spawn {
	struct spawn_stack *stack;
	char **argv; /* argv[-1] may be written to */
	char **envp;
	struct signal_set inherited_mask;
	bool chld_was_ignored;
	bool gets_foreground;
	const struct terminal *terminal; /* valid only then */
	struct socket_activation activation;
};

/*
 * Starts the command in a process group of its own, in the foreground if that was whit's, with the
 * inherited mask and dispositions, and waits until it has been exec'd or has failed to be. All
 * signals must be blocked. Returns 0, or -1 with nothing left running and nothing to be reaped.
 */
int spawn_command(struct spawn *spawn, pid_t *ret_pid, struct exec_failure *ret_failure);

#endif

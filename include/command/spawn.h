/* Starts the command. */
#pragma once

#include "command/exec_search.h"
#include "command/socket_activation.h"
#include "command/terminal.h"
#include "signals/signal_set.h"

struct spawn {
	char **argv; /* argv[-1] may be written to */
	char **envp;
	struct signal_set inherited_mask;
	bool chld_was_ignored;
	bool gets_foreground;
	const struct terminal *terminal; /* valid only then */
	struct socket_activation activation;
};

/* Starts the command in a process group of its own, in the foreground if it gets that, with the
 * inherited mask and dispositions, and waits until it has been exec'd or has failed to be. All
 * signals must be blocked. Returns 0, or -1 with no process left to run or to be reaped. */
int spawn_command(struct spawn *spawn, pid_t *ret_pid, struct exec_failure *ret_failure);

/* whit's life after the start: pass signals on, reap, and notice the end. */
#ifndef WHIT_SUPERVISE_SUPERVISOR_H
#define WHIT_SUPERVISE_SUPERVISOR_H

#include "command/delivery.h"
#include "signals/rewrite.h"
#include "signals/signal_set.h"
#include "supervise/exit_status.h"
#include "supervise/reaper.h"

#include <sys/types.h>

struct supervisor {
	int signal_fd;
	pid_t self;
	pid_t command;
	enum delivery_target target;
	enum reaper_report report;
	const struct rewrite *rewrite;
	const struct exit_map *exit_map;
	struct signal_set passed_on; /* empty at the start */
};

/* Runs until the command has ended; returns the status to end with. */
int supervisor_run(struct supervisor *supervisor);

/* Reaps for a namespace without a command, until TERM or INT; returns the status to end with. */
int supervisor_pause(struct supervisor *supervisor);

#endif

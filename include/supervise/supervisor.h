/* whit's life after the start: pass signals on, reap, and bring it all to its end. */
#ifndef WHIT_SUPERVISE_SUPERVISOR_H
#define WHIT_SUPERVISE_SUPERVISOR_H

#include "command/delivery.h"
#include "signals/rewrite.h"
#include "signals/signal_set.h"
#include "supervise/event_loop.h"
#include "supervise/exit_status.h"
#include "supervise/job.h"
#include "supervise/leftovers.h"
#include "supervise/reaper.h"
#include "supervise/shutdown.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct supervisor {
	struct event_loop events;  /* with its descriptor */
	struct event_batch *batch; /* memory for what is read from it */
	pid_t self;
	bool has_command; /* it has been started and not been reaped */
	pid_t command;    /* of no process of ours any more when it has been reaped */
	enum delivery_target target;
	enum reaper_report report;
	const struct rewrite *rewrite;
	const struct exit_map *exit_map;
	struct signal_set passed_on; /* empty at the start */
	bool has_killed;             /* the command, by -k; false at the start */
	bool is_more_to_reap;        /* false at the start */
	struct shutdown shutdown;    /* with its limits, and else empty at the start */
	struct leftovers rest;
	struct job job;
	int64_t start_ms; /* with -v */
	int status;       /* 0 at the start */
};

/*
 * Runs until the command has ended and, with a drain, the rest has; without a command, until TERM
 * or INT. Returns the status to end with.
 */
int supervisor_run(struct supervisor *supervisor);

#endif

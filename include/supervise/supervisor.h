/* whit's life after the start: forward signals, reap, and bring it all to its end. */
#pragma once

#include "command/forward.h"
#include "signals/rewrite.h"
#include "signals/signal_set.h"
#include "supervise/event_loop.h"
#include "supervise/exit_status.h"
#include "supervise/job.h"
#include "supervise/reaper.h"
#include "supervise/remaining.h"
#include "supervise/shutdown.h"

struct supervisor {
	struct event_loop loop;
	pid_t self;
	pid_t parent;     /* at the start: getppid(2) */
	int parent_death; /* the signal of -p, or 0 */
	pid_t command;    /* of no process of whit's once it has been reaped */
	bool has_command; /* it has been started and not been reaped */
	enum forward_target target;
	enum log_level report; /* of each orphan */
	const struct rewrite *rewrite;
	const struct exit_map *exit_map;
	struct shutdown shutdown;
	struct remaining remaining;
	struct job job;
	bool forwarded[SIGNAL_MAX + 1]; /* to the command; this and what follows begin as zeros */
	bool has_killed;                /* -k has killed the command */
	bool is_more_to_reap;
	bool has_children;
	int64_t start_ms; /* with -v */
	int status;       /* to end with */
};

/* Runs until the command has ended and, with a drain, the remaining processes have; without a
 * command, until TERM or INT. Returns the status to end with. */
int supervisor_run(struct supervisor *whit);

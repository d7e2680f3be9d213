/* Reaps: every child that has ended, the command and adopted orphans alike. */
#pragma once

#include "base/log.h"
#include <sys/types.h>

/* How many are reaped in one turn. Where orphans come faster than they can be reaped, signals and
 * deadlines must have a turn too. */
#define REAPER_BATCH 512

struct reaper {
	pid_t command;         /* 0 if there is none */
	bool wants_stops;      /* of the command: one more cache line of each live child is read */
	enum log_level report; /* at which each orphan is reported */
};

struct reaper_result {
	bool command_has_ended;
	int command_wait_status; /* valid only then: wait(2) */
	int command_stop_signal; /* 0 if it has not stopped */
	bool is_more_to_reap;    /* perhaps: the batch was full */
	bool has_children;       /* whit has children still, or cannot know */
	int error;               /* why it cannot; else 0 */
};

/* Reaps until nothing is left to reap or the batch is full, without waiting. ended is a child that
 * is said to have ended, or 0: the kernel finds it by its pid, and any other one only by a walk
 * through all live children. */
void reaper_collect(const struct reaper *reaper, pid_t ended, struct reaper_result *ret_result);

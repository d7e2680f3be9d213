/*
 * Signals the rest: everybody in whit's care but the command, which has been reaped by then. As PID
 * 1 that is the whole namespace, in one call; else it is whit's descendants, one by one, and nobody
 * else, also when pids are used again meanwhile.
 */
#ifndef WHIT_SUPERVISE_LEFTOVERS_H
#define WHIT_SUPERVISE_LEFTOVERS_H

#include "base/pid_set.h"

#include <stdbool.h>
#include <sys/types.h>

struct leftovers {
	pid_t self;
	pid_t command;            /* its pid was its group's number; 0 where there was none */
	struct pid_set *found;    /* in this round; of leftovers_prepare, or NULL */
	bool has_found_anyone;    /* the same */
	bool has_warned_of_reach; /* that not everybody can be found */
	bool has_warned_of_permission;
};

/*
 * Gets the memory for all that follows, 512 KiB of addresses, where there is to be a drain. Without
 * it only the command's process group can be signalled, as without /proc.
 */
void leftovers_prepare(struct leftovers *leftovers);

/* TERM, then CONT, to everybody there is at one moment; to nobody who is started later. */
void leftovers_stop(struct leftovers *leftovers);

/* KILL to everybody, and to whom they fork meanwhile. */
void leftovers_kill(struct leftovers *leftovers);

/* The signal to everybody. */
void leftovers_signal(struct leftovers *leftovers, int signal);

#endif

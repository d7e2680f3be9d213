/* The remaining processes: all in whit's care but the command. For PID 1 that is every process of
 * the namespace, reached by one system call; for a subreaper its descendants, one by one, and no
 * other process, even if pids are reused meanwhile. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct remaining {
	pid_t self;
	size_t count; /* of descendants in the last list */
	bool has_warned;
};

/* Sends the signal, and then CONT if with_cont, to each process that runs now. A process that one
 * of them starts afterwards does not get it. */
void remaining_signal(struct remaining *remaining, int signal, bool with_cont);

/* Sends KILL to each process, and to those that they fork meanwhile. False if none took it and one
 * refused, or none could be looked for: more tries are of no use. */
bool remaining_kill(struct remaining *remaining);

/* With -v, names the first few of them. */
void remaining_name(struct remaining *remaining);

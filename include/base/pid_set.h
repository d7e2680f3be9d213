/* A set of pids, one bit each. */
#ifndef WHIT_BASE_PID_SET_H
#define WHIT_BASE_PID_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The kernel's highest limit of pids: PID_MAX_LIMIT, proc_sys_kernel(5) (pid_max). */
#define PID_SET_LIMIT (4 * 1024 * 1024)

/* Memory that is all zeros is an empty one. Pages that no pid falls on are not touched. */
struct pid_set {
	unsigned char bits[PID_SET_LIMIT / 8];
	size_t first_byte; /* of those that may have a bit, up to and without end_byte */
	size_t end_byte;
};

void pid_set_clear(struct pid_set *set);

/* Of pids from 0 to below PID_SET_LIMIT. */
bool pid_set_has(const struct pid_set *set, pid_t pid);
void pid_set_add(struct pid_set *set, pid_t pid);
void pid_set_remove(struct pid_set *set, pid_t pid);

/* The next pid of the set above this one; -1 if there is none. What is above may change meanwhile.
 */
pid_t pid_set_next(const struct pid_set *set, pid_t pid);

#endif

/* From what wait(2) says to the status that whit ends with. Pure. */
#ifndef WHIT_SUPERVISE_EXIT_STATUS_H
#define WHIT_SUPERVISE_EXIT_STATUS_H

#include "signals/signal_set.h"

#include <stdbool.h>
#include <stddef.h>

/* whit's own statuses; the last two as every shell and env(1) have them: exit(3p). */
enum {
	EXIT_STATUS_WHIT_FAILED = 125,
	EXIT_STATUS_CANNOT_RUN = 126,
	EXIT_STATUS_NOT_FOUND = 127,
};

#define EXIT_STATUS_COUNT 256

/* What -e asks for. */
struct exit_map {
	bool is_mapped[EXIT_STATUS_COUNT];
	unsigned char to[EXIT_STATUS_COUNT];
	bool forwarded_is_mapped;
	unsigned char forwarded_to;
};

/* Every status as itself. */
void exit_map_init(struct exit_map *map);

/*
 * Adds "STATUS[:NEW]": STATUS is 0..255, a signal's name for 128+n, or "forwarded"; NEW is 0..255,
 * or 0 where it is left out. Returns NULL, or what is wrong, with the map as it was.
 */
const char *exit_map_add(struct exit_map *map, const char *text, size_t length);

/*
 * The status for the world. Where both match, a STATUS given as such goes before "forwarded", which
 * matches 128+n for each n in passed_on.
 */
int exit_map_apply(const struct exit_map *map, int status, const struct signal_set *passed_on);

/*
 * What a wait status means: wait(2). libc's macros take MIPS' signals 127 and 128 for a stop
 * (glibc), an exit with 0 (glibc) or a death by signal 0 (musl), and one of musl 1.2.3 overflows.
 */

/* Whether the process was stopped, by WSTOPSIG; else it has ended. */
bool exit_status_is_stop(int wait_status);

/* The signal that killed a process that has ended; 0 if it exited. */
int exit_status_killed_by(int wait_status);

/* Whether that left a core file. */
bool exit_status_has_core(int wait_status);

/*
 * The status of a process that has ended: its own, or 128+n for a death by signal n; at most 255,
 * for MIPS' 128 too.
 */
int exit_status_from_wait(int wait_status);

/* Whether a process ended in a way that needs explaining: by a signal that whit had not passed on.
 */
bool exit_status_is_unexplained(int wait_status, const struct signal_set *passed_on);

#endif

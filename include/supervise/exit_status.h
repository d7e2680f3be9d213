/* From what wait(2) says to the status that whit ends with. Pure. */
#pragma once

#include "signals/signal_set.h"
#include <stddef.h>

/* whit's own statuses; the last two are those of every shell and of env(1): exit(3p). */
enum {
	EXIT_STATUS_WHIT_FAILED = 125,
	EXIT_STATUS_CANNOT_RUN = 126,
	EXIT_STATUS_NOT_FOUND = 127,
};

#define EXIT_STATUS_COUNT 256

/* What -e asks for. All zeros: every status stays. */
struct exit_map {
	bool is_mapped[EXIT_STATUS_COUNT];
	unsigned char to[EXIT_STATUS_COUNT];
	bool forwarded_is_mapped;
	unsigned char forwarded_to;
};

/* Adds "STATUS[:NEW]": STATUS is 0..255, a signal's name for 128+n, or "forwarded"; NEW is 0..255,
 * 0 if it is left out. Returns NULL, or what is wrong, with the map as it was. */
const char *exit_map_add(struct exit_map *map, const char *text, size_t length);

/* The status to end with. A STATUS that matches goes before "forwarded", which is 128+n. */
int exit_map_apply(const struct exit_map *map, int status, const bool forwarded[SIGNAL_MAX + 1]);

/* The signal that killed a process that has ended; 0 if it exited. */
int exit_status_killed_by(int wait_status);

/* The status of a process that has ended: its own, or 128+n for a death by signal n. */
int exit_status_from_wait(int wait_status);

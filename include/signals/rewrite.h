/* Which signal is forwarded as which other one, or dropped. Pure. */
#pragma once

#include "signals/signal_set.h"
#include <stddef.h>

#define REWRITE_DROP 0 /* no signal has this number */

struct rewrite {
	unsigned char to[SIGNAL_MAX + 1]; /* by signal number: a signal, or REWRITE_DROP */
};

/* Every signal as itself. */
void rewrite_init(struct rewrite *rewrite);

/* Adds "FROM:TO", both as signal_name_parse takes them, TO also 0 for REWRITE_DROP. Returns NULL,
 * or what is wrong, with the rewrite as it was. */
const char *rewrite_add(struct rewrite *rewrite, const char *text, size_t length);

/* The story of a run: with -v what became of each signal, without it an end with no reason. */
#pragma once

#include "supervise/supervisor.h"

/* The signal of the record was forwarded as the signal sent, or dropped if that is REWRITE_DROP; to
 * the command while there is one, else to the remaining processes. */
void report_forwarded(
	const struct supervisor *whit, const struct signalfd_siginfo *record, int sent);

/* A warning. error is the errno of it. */
void report_not_forwarded(const struct supervisor *whit, int signal, int error);

/* How the command has ended: a warning if no process asked for it, or memory may be the reason. */
void report_end(const struct supervisor *whit, int wait_status);

void report_none_left(const struct supervisor *whit); /* the drain is over */

/* The story of a run: for -v what became of each signal, for everybody a death without a reason. */
#ifndef WHIT_SUPERVISE_REPORT_H
#define WHIT_SUPERVISE_REPORT_H

#include "supervise/supervisor.h"

#include <sys/signalfd.h>

/* The signal of the record was passed on, as another one where sent says so. */
void report_passed_on(
	const struct supervisor *supervisor, const struct signalfd_siginfo *record, int sent);
void report_passed_on_to_rest(
	const struct supervisor *supervisor, const struct signalfd_siginfo *record, int sent);

/* -r says so. */
void report_dropped(const struct signalfd_siginfo *record);

/* A warning. error is the errno of it. */
void report_not_passed_on(const struct supervisor *supervisor, int signal, int error);

/* How the command has ended: a warning where nobody could have expected it. */
void report_end(const struct supervisor *supervisor, int wait_status);

/* The drain is over. */
void report_rest_ended(const struct supervisor *supervisor);

#endif

/* Tells signals apart by their origin: si_code of sigaction(2). What follows from it is others'
 * affair. */
#include "signals/signal_record.h"

#include <signal.h>

bool signal_record_is_child_news(const struct signalfd_siginfo *record)
{
	return record->ssi_signo == SIGCHLD && record->ssi_code > 0;
}

bool signal_record_is_own_write_error(const struct signalfd_siginfo *record, pid_t self)
{
	return (record->ssi_signo == SIGPIPE || record->ssi_signo == SIGXFSZ) &&
		record->ssi_code == SI_USER && (pid_t)record->ssi_pid == self;
}

bool signal_record_is_queued(const struct signalfd_siginfo *record)
{
	return record->ssi_code < 0 && record->ssi_code != SI_TKILL;
}

bool signal_record_is_from_kernel(const struct signalfd_siginfo *record)
{
	return record->ssi_code > 0;
}

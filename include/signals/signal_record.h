/* What a record read from the signalfd says about the signal's origin: si_code of sigaction(2). */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <sys/signalfd.h>

/* The kernel raised it (a terminal, a timer, a limit, a child's end): there is no sender. */
static inline bool signal_record_is_from_kernel(const struct signalfd_siginfo *record)
{
	return record->ssi_code > 0;
}

/* SIGCHLD from the kernel: a child ended, stopped or was continued. One that a process sent with
 * kill(2) is not, though the two may collapse into one record (signal(7)). */
static inline bool signal_record_is_child_news(const struct signalfd_siginfo *record)
{
	return record->ssi_signo == SIGCHLD && signal_record_is_from_kernel(record);
}

/* The child whose end the record tells of; 0 if it does not. Others may have ended too. */
static inline pid_t signal_record_ended_child(const struct signalfd_siginfo *record)
{
	return signal_record_is_child_news(record) && record->ssi_code <= CLD_DUMPED
		? (pid_t)record->ssi_pid
		: 0;
}

/* whit sent it: SIGPIPE or SIGXFSZ by writing a message (write(2)), CONT to its own group. */
static inline bool signal_record_is_own(const struct signalfd_siginfo *record, pid_t self)
{
	return record->ssi_code == SI_USER && (pid_t)record->ssi_pid == self;
}

/* Sent with sigqueue(3) or its like: it has a value, and can be forwarded with it. */
static inline bool signal_record_is_queued(const struct signalfd_siginfo *record)
{
	return record->ssi_code < 0 && record->ssi_code != SI_TKILL;
}

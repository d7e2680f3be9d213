/* What a record read from the signalfd says about where the signal comes from. Pure. */
#ifndef WHIT_SIGNALS_SIGNAL_RECORD_H
#define WHIT_SIGNALS_SIGNAL_RECORD_H

#include <stdbool.h>
#include <sys/signalfd.h>
#include <sys/types.h>

/*
 * SIGCHLD from the kernel: a child ended, stopped or went on. One that a process sent by hand is
 * not, though the two may collapse into one record (signal(7)).
 */
bool signal_record_is_child_news(const struct signalfd_siginfo *record);

/* SIGPIPE or SIGXFSZ that whit raised itself by writing a message: write(2). */
bool signal_record_is_own_write_error(const struct signalfd_siginfo *record, pid_t self);

/* Sent with sigqueue(3) or one of its kind: it has a value, and can be sent on as it is. */
bool signal_record_is_queued(const struct signalfd_siginfo *record);

/* Raised by the kernel (a terminal, a timer, a limit): there is no sender. */
bool signal_record_is_from_kernel(const struct signalfd_siginfo *record);

#endif

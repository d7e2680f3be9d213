/*
 * The kernel's own signal sets. libc's leave out the signals that libc keeps for itself (32 and 33,
 * musl 34 too) also where they are only passed through, so whit uses the system calls: signal(7),
 * "C library/kernel differences" of sigprocmask(2).
 */
#ifndef WHIT_SIGNALS_SIGNAL_SET_H
#define WHIT_SIGNALS_SIGNAL_SET_H

#include <stdbool.h>

/* The highest signal number the kernel has: 64, on MIPS 128. */
#ifdef __mips__
#define SIGNAL_MAX 128
#else
#define SIGNAL_MAX 64
#endif

/* An array of unsigned long, signal n at bit n-1: the kernel's sigset_t on every architecture. */
struct signal_set {
	unsigned long words[SIGNAL_MAX / 8 / sizeof(unsigned long)];
};

_Static_assert(
	sizeof(struct signal_set) * 8 == SIGNAL_MAX, "the kernel checks the size of its sets");

/* Signals outside of 1..SIGNAL_MAX are in no set. */
void signal_set_add(struct signal_set *set, int signal);
bool signal_set_has(const struct signal_set *set, int signal);

/* Blocks every signal that can be blocked. 0, or -1 with errno: rt_sigprocmask(2). */
int signal_set_block_all(struct signal_set *ret_inherited);

/* Whether the signal is blocked and waiting: rt_sigpending(2). */
bool signal_set_is_pending(int signal);

/*
 * Sends the signal to this process or, with group, to its whole process group, and lets it have its
 * default effect on this process though it is blocked. Returns when that is over: for a stop
 * signal, when somebody has continued the process, or at once where it cannot be stopped.
 */
void signal_set_suffer(int signal, bool group);

/* Makes the set the signal mask of this process. 0, or -1 with errno: rt_sigprocmask(2). */
int signal_set_apply(const struct signal_set *mask);

/*
 * A descriptor from which all signals are read, close-on-exec, blocking, never 0, 1 or 2 where
 * that can be had; the caller's to close. -1 with errno: signalfd(2).
 */
int signal_set_open_all(void);

/*
 * Has the descriptor of signal_set_open_all read all signals but these, until the next call. 0, or
 * -1 with errno: signalfd(2).
 */
int signal_set_read_but(int fd, const struct signal_set *left_out);

#endif

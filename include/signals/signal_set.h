/* The kernel's own signal sets. libc's lack the signals that libc keeps for itself (32 and 33, with
 * musl 34 too), so whit makes the system calls itself: sigprocmask(2), "C library/kernel
 * differences". */
#pragma once

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

/* Every signal; the kernel leaves out KILL and STOP. */
struct signal_set signal_set_all(void);

/* Makes the set the signal mask; ret_before may be NULL. -1 with errno: rt_sigprocmask(2). */
int signal_set_block(const struct signal_set *mask, struct signal_set *ret_before);

/* Whether the signal is blocked and pending: rt_sigpending(2). */
bool signal_set_is_pending(int signal);

/* Sets a disposition, SIG_DFL or SIG_IGN. 0, or -1 with errno: rt_sigaction(2). */
int signal_set_handle(int signal, void (*disposition)(int), void (**ret_before)(int));

/* Sends a stop signal to this process or, with group, to its process group, and lets it have its
 * default effect on this process though it is blocked and may be ignored. Returns when another
 * process has continued this one, or at once where it cannot be stopped. */
void signal_set_suffer(int signal, bool group);

/* A descriptor from which all signals are read, close-on-exec, blocking, not 0, 1 or 2 if another
 * is to be had; the caller closes it. -1 with errno: signalfd(2). */
int signal_set_open_all(void);

/*
 * Signals as the kernel counts and keeps them, for raw system calls: libc's sets leave out those
 * that libc keeps for itself. Not whit's own header, so that a test sees when that one is wrong.
 */
#ifndef WHIT_TESTS_KERNEL_SIGNALS_H
#define WHIT_TESTS_KERNEL_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/*
 * SIGRTMAX as a constant, and the last signal that the kernel's sets have a bit for: 64 and 64, on
 * MIPS 127 and 128.
 */
#define LAST_REALTIME  (_NSIG - 1)
#define HIGHEST_SIGNAL (_NSIG / 8 * 8)

/* "10" for SIGUSR1, or what it is on this machine: for words of the actor's. */
#define NUMBER_OF(signal)       NUMBER_AS_IT_IS(signal)
#define NUMBER_AS_IT_IS(number) #number

#define KERNEL_WORD_BITS ((int)(8 * sizeof(unsigned long)))

struct kernel_set {
	unsigned long words[HIGHEST_SIGNAL / 8 / sizeof(unsigned long)];
};

static inline struct kernel_set kernel_set_none(void)
{
	return (struct kernel_set){{0}};
}

static inline struct kernel_set kernel_set_all(void)
{
	struct kernel_set set;

	memset(&set, 0xff, sizeof(set));
	return set;
}

static inline void kernel_set_add(struct kernel_set *set, int signal)
{
	set->words[(signal - 1) / KERNEL_WORD_BITS] |= 1UL << ((signal - 1) % KERNEL_WORD_BITS);
}

static inline bool kernel_set_has(const struct kernel_set *set, int signal)
{
	return (set->words[(signal - 1) / KERNEL_WORD_BITS] >> ((signal - 1) % KERNEL_WORD_BITS) &
		       1) != 0;
}

static inline struct kernel_set kernel_set_only(int signal)
{
	struct kernel_set set = kernel_set_none();

	kernel_set_add(&set, signal);
	return set;
}

#define KERNEL_SET_TEXT_SIZE (HIGHEST_SIGNAL / 4 + 1)

/* As /proc writes it, the highest signal first: proc_pid_status(5). Returns the text. */
static inline const char *kernel_set_format(
	const struct kernel_set *set, char text[KERNEL_SET_TEXT_SIZE])
{
	for (int digit = 0; digit < HIGHEST_SIGNAL / 4; digit++) {
		int lowest = HIGHEST_SIGNAL - 4 * digit - 3;
		int value = 0;

		for (int bit = 0; bit < 4; bit++)
			value |= kernel_set_has(set, lowest + bit) << bit;
		text[digit] = "0123456789abcdef"[value];
	}
	text[HIGHEST_SIGNAL / 4] = '\0';
	return text;
}

/* The signal mask of this process. */
static inline void kernel_set_block(const struct kernel_set *set)
{
	(void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, set, NULL, sizeof(*set));
}

/* The next of these signals, which are blocked; -1 for what sigtimedwait(2) has errors for. */
static inline int kernel_set_wait(
	const struct kernel_set *set, siginfo_t *info, const struct timespec *timeout)
{
	return (int)syscall(SYS_rt_sigtimedwait, set, info, timeout, sizeof(*set));
}

/*
 * The kernel's struct sigaction, as far as the handler; libc's calls refuse 32 and 33. What follows
 * differs from machine to machine, but is nothing where it is all zero.
 */
struct kernel_action {
#ifdef __mips__
	unsigned int flags;
	void (*handler)(int);
#else
	void (*handler)(int);
	unsigned long flags;
#endif
	void (*restorer)(void);
	struct kernel_set mask;
};

static inline void kernel_action_reset(int signal)
{
	const struct kernel_action by_default = {.handler = SIG_DFL};

	(void)syscall(SYS_rt_sigaction, signal, &by_default, NULL, sizeof(by_default.mask));
}

static inline bool kernel_action_is_ignore(int signal)
{
	struct kernel_action action = {.handler = SIG_DFL};

	return syscall(SYS_rt_sigaction, signal, NULL, &action, sizeof(action.mask)) == 0 &&
		action.handler == SIG_IGN;
}

#endif

/* The kernel's signal sets and dispositions, through raw system calls. */
#include "signals/signal_set.h"

#include "base/descriptor.h"
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define WORD_BITS    ((int)(8 * sizeof(unsigned long)))
#define WORD(signal) (((signal)-1) / WORD_BITS)
#define BIT(signal)  (1UL << ((signal)-1) % WORD_BITS)

struct signal_set signal_set_all(void)
{
	struct signal_set all;

	memset(&all, 0xff, sizeof(all)); /* the kernel leaves out KILL and STOP */
	return all;
}

int signal_set_block(const struct signal_set *mask, struct signal_set *ret_before)
{
	return (int)syscall(SYS_rt_sigprocmask, SIG_SETMASK, mask, ret_before, sizeof(*mask));
}

bool signal_set_is_pending(int signal)
{
	struct signal_set pending;

	return syscall(SYS_rt_sigpending, &pending, sizeof(pending)) == 0 &&
		(pending.words[WORD(signal)] & BIT(signal)) != 0;
}

/* The kernel's struct sigaction is the handler and some words of flags and mask; on MIPS the flags
 * come first. All are 0 here. On SPARC the set's size is the fifth argument. libc's sigaction(2) is
 * 900 bytes of code. */
#define SET_SIZE sizeof(struct signal_set)
#ifdef __mips__
#define HANDLER 1
#else
#define HANDLER 0
#endif

int signal_set_handle(int signal, void (*disposition)(int), void (**ret_before)(int))
{
	void (*action[16])(int) = {[HANDLER] = disposition};
	void (*before[16])(int) = {[HANDLER] = SIG_DFL};
	int result = (int)syscall(SYS_rt_sigaction, signal, action, before, SET_SIZE, SET_SIZE);

	*ret_before = before[HANDLER];
	return result;
}

void signal_set_suffer(int signal, bool group)
{
	struct signal_set all_but_one = signal_set_all();
	struct signal_set before;
	void (*unused)(int);

	all_but_one.words[WORD(signal)] &= ~BIT(signal);
	(void)signal_set_handle(signal, SIG_DFL, &unused); /* cannot fail for a stop signal */
	if (signal_set_block(&all_but_one, &before) < 0) return;
	(void)kill(group ? 0 : getpid(), signal); /* to ourselves: cannot fail */
	(void)signal_set_block(&before, NULL);    /* cannot fail: the kernel gave it to us */
}

int signal_set_open_all(void)
{
	struct signal_set all = signal_set_all();

	/* SFD_CLOEXEC is O_CLOEXEC by definition: signalfd(2). */
	return descriptor_above_stdio(
		(int)syscall(SYS_signalfd4, -1, &all, sizeof(all), O_CLOEXEC));
}

/* The kernel's signal sets through raw system calls. What a signal means is the callers' affair. */
#include "signals/signal_set.h"

#include "base/descriptor.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define WORD_BITS ((int)(8 * sizeof(unsigned long)))

static struct signal_set all_signals(void)
{
	struct signal_set all;

	memset(&all, 0xff, sizeof(all)); /* the kernel leaves KILL and STOP out by itself */
	return all;
}

void signal_set_add(struct signal_set *set, int signal)
{
	if (signal >= 1 && signal <= SIGNAL_MAX)
		set->words[(signal - 1) / WORD_BITS] |= 1UL << ((signal - 1) % WORD_BITS);
}

bool signal_set_has(const struct signal_set *set, int signal)
{
	if (signal < 1 || signal > SIGNAL_MAX)
		return false;
	return (set->words[(signal - 1) / WORD_BITS] >> ((signal - 1) % WORD_BITS) & 1) != 0;
}

int signal_set_block_all(struct signal_set *ret_inherited)
{
	struct signal_set all = all_signals();

	return (int)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, ret_inherited, sizeof(all));
}

bool signal_set_is_pending(int signal)
{
	struct signal_set pending;

	return syscall(SYS_rt_sigpending, &pending, sizeof(pending)) == 0 &&
		signal_set_has(&pending, signal);
}

void signal_set_suffer(int signal, bool group)
{
	struct signal_set all_but_one = all_signals();
	struct signal_set before;

	all_but_one.words[(signal - 1) / WORD_BITS] &= ~(1UL << ((signal - 1) % WORD_BITS));
	if (syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all_but_one, &before, sizeof(before)) < 0)
		return;
	(void)kill(group ? 0 : getpid(), signal); /* to ourselves: cannot fail */
	(void)signal_set_apply(&before);          /* cannot fail: the kernel gave it to us */
}

int signal_set_apply(const struct signal_set *mask)
{
	return (int)syscall(SYS_rt_sigprocmask, SIG_SETMASK, mask, NULL, sizeof(*mask));
}

/* SFD_CLOEXEC is O_CLOEXEC by definition: signalfd(2). */
static int make_signalfd(int fd, const struct signal_set *set)
{
	return (int)syscall(SYS_signalfd4, fd, set, sizeof(*set), O_CLOEXEC);
}

int signal_set_open_all(void)
{
	struct signal_set all = all_signals();
	int fd = make_signalfd(-1, &all);

	return fd < 0 ? -1 : descriptor_above_stdio(fd);
}

int signal_set_read_but(int fd, const struct signal_set *left_out)
{
	struct signal_set set;

	for (size_t i = 0; i < sizeof(set.words) / sizeof(set.words[0]); i++)
		set.words[i] = ~left_out->words[i];
	return make_signalfd(fd, &set) < 0 ? -1 : 0;
}

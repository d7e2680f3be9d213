/*
 * The floor: the least that an init must do, in the plainest way. It blocks signals, starts the
 * command, forwards signals, reaps, and ends with the command's status. It has no options,
 * messages, process group, terminal or checks. It is no bound: an init that reaps by number is
 * faster beside many children.
 */
#include "freestanding.h"

#include <linux/sched.h>
#include <linux/wait.h>
#include <signal.h>
#include <stddef.h>

#define SET_SIZE 8 /* the kernel's sets, on both machines */

static long status_of(int wait_status)
{
	int signal = wait_status & 0x7f;

	return signal == 0 ? wait_status >> 8 & 0xff : 128 + signal;
}

/* Reaps until nothing is left to reap; ends when the command has ended. */
static void reap(long command)
{
	int status;
	long pid;

	while ((pid = system_call(SYS_wait4, -1, (long)&status, WNOHANG | __WALL, 0)) > 0) {
		if (pid == command) system_call(SYS_exit_group, status_of(status), 0, 0, 0);
	}
}

void start(long *stack)
{
	unsigned long all = ~0UL;
	unsigned long inherited;
	char **argv = (char **)(stack + 1);
	char **envp = argv + stack[0] + 1;
	long command;

	system_call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&inherited, SET_SIZE);
	command = system_call(SYS_clone, CLONE_VM | CLONE_VFORK | SIGCHLD, 0, 0, 0);
	if (command == 0) {
		system_call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&inherited, 0, SET_SIZE);
		system_call(SYS_execve, (long)argv[1], (long)(argv + 1), (long)envp, 0);
		system_call(SYS_exit_group, 127, 0, 0, 0);
	}
	for (;;) {
		long signal = system_call(SYS_rt_sigtimedwait, (long)&all, 0, 0, SET_SIZE);

		if (signal == SIGCHLD)
			reap(command);
		else if (signal > 0)
			system_call(SYS_kill, command, signal, 0, 0);
	}
}

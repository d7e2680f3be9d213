/* The way from whit to the running command: process, group, terminal, mask, exec.
 * command/exec_search.c finds what is run. */
#include "command/spawn.h"
#include <errno.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

/* The new process's stack lies below whit's own, as with vfork(2): each page that is used is a page
 * of memory for each container. whit waits meanwhile; what it has in use ends where its call of
 * clone does: at most 304 bytes further (musl on riscv64), 368 without optimisation. */
#define STACK_IN_USE 512

/* What the new process finds and leaves in the memory that it shares with whit until the exec. */
struct start {
	struct spawn *spawn;
	bool was_seen; /* the memory is really shared */
	int error;     /* of the exec; 0 as long as there is none */
};

/* Runs in the new process, in whit's memory, while whit waits. All signals are blocked until the
 * last step, and there are no handlers: no other code can run here. Once they are unblocked, a
 * signal may end this process, as it may any command. */
static int start_process(void *argument)
{
	struct start *start = argument;
	struct spawn *spawn = start->spawn;
	void (*unused)(int);

	start->was_seen = true;
	(void)setpgid(0, 0); /* cannot fail for a process that has just been made */
	if (spawn->gets_foreground) (void)terminal_hand_to(spawn->terminal, getpid());
	if (spawn->activation.entry != NULL)
		socket_activation_hand_to(&spawn->activation, getpid());
	if (spawn->chld_was_ignored)
		(void)signal_set_handle(SIGCHLD, SIG_IGN, &unused); /* cannot fail for SIGCHLD */
	(void)signal_set_block(
		&spawn->inherited_mask, NULL); /* cannot fail: the kernel gave it to us */
	exec_search_run(spawn->argv, spawn->envp);
	start->error = errno;
	_exit(errno); /* for await_exec */
}

/* Emulators (qemu-user) make a plain fork of a vfork: the memory is not shared and whit does not
 * wait. Then two other things tell how the start went. setpgid(2) refuses as soon as the process
 * has exec'd, even if it is a zombie by then; and a process that ended without an exec left its
 * errno as its status. Returns that errno, or 0. */
static int await_exec(pid_t pid)
{
	for (;;) {
		siginfo_t end = {.si_pid = 0};
		bool has_ended = waitid(P_PID, (id_t)pid, &end, WEXITED | WNOHANG | WNOWAIT) == 0 &&
			end.si_pid == pid;

		if (setpgid(pid, pid) < 0) return 0;
		if (has_ended) return end.si_code == CLD_EXITED ? end.si_status : 0;
		(void)sched_yield(); /* cannot fail */
	}
}

/* Not inlined: only a frame as small as this one ends where what is in use does. */
static __attribute__((noinline)) pid_t clone_below(struct start *start)
{
	char *frame = __builtin_frame_address(0);
#ifdef __hppa__ /* where it grows up */
	char *stack = frame + STACK_IN_USE;
#else
	char *stack = frame - STACK_IN_USE;
#endif

	return clone(start_process, stack, CLONE_VM | CLONE_VFORK | SIGCHLD, start);
}

int spawn_command(struct spawn *spawn, pid_t *ret_pid, struct exec_failure *ret_failure)
{
	struct start start = {.spawn = spawn};
	/* As vfork(2), which C code cannot call safely: whit is suspended until the command has
	 * been exec'd or is gone. So the group is there before the first signal is forwarded, a
	 * failed start is told from a short run, and no page tables are copied. */
	pid_t pid = clone_below(&start);

	ret_failure->step = EXEC_FAILURE_AT_CLONE;
	ret_failure->error = errno;
	if (pid < 0) return -1;
	if (!start.was_seen) start.error = await_exec(pid);
	if (start.error != 0) {
		while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
			;
		ret_failure->step = EXEC_FAILURE_AT_EXEC;
		ret_failure->error = start.error;
		return -1;
	}
	*ret_pid = pid;
	return 0;
}

/*
 * The way from whit to the running command: process, group, terminal, mask, exec. What is run is
 * found by command/exec_search.c; what happens to it afterwards is the supervisor's affair.
 */
#include "command/spawn.h"

#include "command/exec_search.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where it begins: clone(2). */
#ifdef __hppa__
#define STACK_START 0
#else
#define STACK_START sizeof(struct spawn_stack)
#endif

/* What the started process finds and leaves in the memory that it shares with whit until the exec.
 */
struct start {
	struct spawn *spawn;
	bool was_seen; /* the memory is shared indeed */
	int error;     /* of the exec; 0 as long as there was none */
};

/*
 * Runs in the new process, on a stack of its own but in whit's memory, while whit waits. All
 * signals are blocked until the last step, and there are no handlers: none can run code here. Once
 * they are unblocked one may end this process, as it may any command.
 */
static int start_process(void *argument)
{
	struct start *start = argument;
	struct spawn *spawn = start->spawn;

	start->was_seen = true;
	(void)setpgid(0, 0); /* cannot fail for a process that has just been made */
	if (spawn->gets_foreground)
		terminal_hand_to(spawn->terminal, getpid());
	if (spawn->activation.entry != NULL)
		socket_activation_pass_to(&spawn->activation, getpid());
	if (spawn->chld_was_ignored)
		(void)signal(SIGCHLD, SIG_IGN);         /* cannot fail for this signal */
	(void)signal_set_apply(&spawn->inherited_mask); /* cannot fail: the kernel gave it to us */
	exec_search_run(spawn->argv, spawn->envp);
	start->error = errno;
	_exit(errno); /* for await_exec */
}

/*
 * Emulators (qemu-user) make a plain fork of a vfork: the memory is not shared and whit does not
 * wait. Then two other things tell how the start went. setpgid(2) refuses as soon as the process
 * has exec'd, also when that is a zombie by now; and a process that ended without having exec'd
 * left its errno as its status. Returns that errno, or 0.
 */
static int await_exec(pid_t pid)
{
	for (;;) {
		siginfo_t end = {.si_pid = 0};
		bool has_ended = waitid(P_PID, (id_t)pid, &end, WEXITED | WNOHANG | WNOWAIT) == 0 &&
			end.si_pid == pid;

		if (setpgid(pid, pid) < 0)
			return 0;
		if (has_ended)
			return end.si_code == CLD_EXITED ? end.si_status : 0;
		(void)sched_yield(); /* cannot fail */
	}
}

static void reap(pid_t pid)
{
	while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
		;
}

int spawn_command(struct spawn *spawn, pid_t *ret_pid, struct exec_failure *ret_failure)
{
	struct start start = {.spawn = spawn};
	/*
	 * As vfork(2), which C code cannot call safely: whit is suspended until the command has
	 * been exec'd or is gone, so the group is there before the first signal is passed on, and a
	 * failed start is told from a short run. It also saves copying the page tables.
	 */
	pid_t pid = clone(start_process, spawn->stack->bytes + STACK_START,
		CLONE_VM | CLONE_VFORK | SIGCHLD, &start);

	if (pid < 0) {
		ret_failure->step = EXEC_FAILURE_AT_CLONE;
		ret_failure->error = errno;
		return -1;
	}
	if (!start.was_seen)
		start.error = await_exec(pid);
	if (start.error != 0) {
		reap(pid);
		ret_failure->step = EXEC_FAILURE_AT_EXEC;
		ret_failure->error = start.error;
		return -1;
	}
	*ret_pid = pid;
	return 0;
}

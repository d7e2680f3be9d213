/*
 * whit under ptrace(2), for tests that act at one of its system calls, count them or hold them up.
 * The tracer is PID 1 of the namespace, whit is a subreaper there, and the run ends as whit does.
 */
#ifndef WHIT_TESTS_TRACING_H
#define WHIT_TESTS_TRACING_H

#include <fcntl.h>
#include <stdbool.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum tracing_next {
	TRACING_GOES_ON,
	TRACING_IS_OVER, /* whit runs untraced from here */
};

/* How to trace whit; for the argument of a scene's `prepare`. */
struct tracing {
	/* Called in the tracer before each system call of whit's, from its exec on. */
	enum tracing_next (*before_call)(struct tracing *, const struct __ptrace_syscall_info *);
	void *context;
	bool has_parent_between; /* whit's parent is a child of the tracer */
	pid_t parent;            /* that one */
	pid_t whit;
};

/* Returns whit's wait status, or 0 where it is not known yet. */
static inline int tracing_follow(struct tracing *tracing)
{
	bool is_started = false;

	for (;;) {
		struct __ptrace_syscall_info info;
		int status = 0;

		if (ptrace(PTRACE_SYSCALL, tracing->whit, NULL, NULL) < 0 ||
			waitpid(tracing->whit, &status, __WALL) != tracing->whit)
			_exit(96);
		if (!WIFSTOPPED(status))
			return status;
		if (ptrace(PTRACE_GET_SYSCALL_INFO, tracing->whit, (void *)sizeof(info), &info) <=
				0 ||
			info.op != PTRACE_SYSCALL_INFO_ENTRY)
			continue;
		if (is_started && tracing->before_call(tracing, &info) == TRACING_IS_OVER)
			break;
		is_started = is_started || info.entry.nr == SYS_execve;
	}
	(void)ptrace(PTRACE_DETACH, tracing->whit, NULL, NULL);
	return 0;
}

/* Traces the process that says its number here, and lets it go on when it is traced. */
static inline void tracing_seize(struct tracing *tracing, int announcements, int gate)
{
	const long options = PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD;
	pid_t *whit = &tracing->whit;

	if (read(announcements, whit, sizeof(*whit)) != (ssize_t)sizeof(*whit) ||
		ptrace(PTRACE_SEIZE, *whit, NULL, (void *)options) < 0 ||
		ptrace(PTRACE_INTERRUPT, *whit, NULL, NULL) < 0 ||
		waitpid(*whit, NULL, __WALL) != *whit)
		_exit(95);
	(void)!write(gate, "", 1);
}

/* A scene's `prepare`, with a struct tracing: only whit's process returns, when it is traced. */
static inline void tracing_start(void *argument)
{
	struct tracing *tracing = argument;
	int announcements[2];
	int gate[2];
	int status;

	if (pipe2(announcements, O_CLOEXEC) < 0 || pipe2(gate, O_CLOEXEC) < 0)
		_exit(95);
	tracing->parent = fork();
	if (tracing->parent == 0 && (!tracing->has_parent_between || fork() == 0)) {
		pid_t whit = getpid();
		char byte;

		(void)!write(announcements[1], &whit, sizeof(whit));
		(void)!read(gate[0], &byte, 1);
		return;
	}
	while (tracing->parent == 0)
		pause();
	tracing_seize(tracing, announcements[0], gate[1]);
	status = tracing_follow(tracing);
	if (status == 0)
		(void)waitpid(tracing->whit, &status, 0);
	_exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

#endif

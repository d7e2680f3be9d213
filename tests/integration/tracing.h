/*
 * whit under ptrace(2), for tests that act at one of its system calls, count them or hold them up.
 * The tracer is PID 1 of the namespace, whit is a subreaper there, and the run ends as whit does.
 */
#ifndef WHIT_TESTS_TRACING_H
#define WHIT_TESTS_TRACING_H

#include "harness.h"

#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
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
	bool is_parent_outside;  /* and whit is PID 1 of a namespace below */
	pid_t parent;            /* that one */
	pid_t whit;
	bool has_started; /* it is past its exec */
};

/*
 * A moment of whit's: before a system call, counted from one that a test chooses. In shared memory,
 * as the tracer counts and the test reads.
 */
struct tracing_moment {
	int calls_left;
	bool has_begun;
	bool is_waiting; /* whit waits for signals at that call: there are no later moments */
};

/* Whether this is the moment, or the last one that there is. */
static inline bool tracing_has_come(struct tracing_moment *moment, bool begins, bool is_waiting)
{
	bool had_begun = moment->has_begun;

	moment->has_begun = had_begun || begins;
	moment->is_waiting = had_begun && is_waiting;
	return had_begun && (moment->calls_left-- <= 0 || moment->is_waiting);
}

static inline bool tracing_is_open(long call)
{
#ifdef SYS_open
	if (call == SYS_open) return true;
#endif
	return call == SYS_openat;
}

static inline bool tracing_is_poll(long call)
{
#ifdef SYS_poll
	if (call == SYS_poll) return true;
#endif
	return call == SYS_ppoll;
}

/* Memory that processes share. */
static inline void *tracing_share(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED) _exit(95);
	return memory;
}

/* Stops whit for the tracer. */
static inline void tracing_attach(const struct tracing *tracing)
{
	const long options = PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD;

	if (ptrace(PTRACE_SEIZE, tracing->whit, NULL, (void *)options) < 0 ||
		ptrace(PTRACE_INTERRUPT, tracing->whit, NULL, NULL) < 0 ||
		waitpid(tracing->whit, NULL, __WALL) != tracing->whit)
		_exit(95);
}

/* Returns whit's wait status, or 0 where it is not known yet. */
static inline int tracing_follow(struct tracing *tracing)
{
	for (;;) {
		struct __ptrace_syscall_info info;
		int status = 0;

		if (ptrace(PTRACE_SYSCALL, tracing->whit, NULL, NULL) < 0 ||
			waitpid(tracing->whit, &status, __WALL) != tracing->whit)
			_exit(96);
		if (!WIFSTOPPED(status)) return status;
		if (ptrace(PTRACE_GET_SYSCALL_INFO, tracing->whit, (void *)sizeof(info), &info) <=
				0 ||
			info.op != PTRACE_SYSCALL_INFO_ENTRY)
			continue;
		if (tracing->has_started && tracing->before_call(tracing, &info) == TRACING_IS_OVER)
			break;
		tracing->has_started = tracing->has_started || info.entry.nr == SYS_execve;
	}
	(void)ptrace(PTRACE_DETACH, tracing->whit, NULL, NULL);
	return 0;
}

/* A scene's `prepare`, with a struct tracing: only whit's process returns, when it is traced. */
static inline void tracing_start(void *argument)
{
	struct tracing *tracing = argument;
	int announcements[2];
	int gate[2];
	int status;
	char byte;

	if (pipe2(announcements, O_CLOEXEC) < 0 || pipe2(gate, O_CLOEXEC) < 0) _exit(95);
	tracing->parent = fork();
	if (tracing->parent == 0 && tracing->is_parent_outside && unshare(CLONE_NEWPID) < 0)
		_exit(95);
	if (tracing->parent == 0 && (!tracing->has_parent_between || fork() == 0)) {
		(void)!write(announcements[1], "", 1);
		(void)!read(gate[0], &byte, 1);
		return;
	}
	while (tracing->parent == 0)
		pause();
	if (read(announcements[0], &byte, 1) != 1) _exit(95);
	tracing->whit =
		tracing->has_parent_between ? process_child(tracing->parent) : tracing->parent;
	tracing_attach(tracing);
	(void)!write(gate[1], "", 1);
	status = tracing_follow(tracing);
	if (status == 0) (void)waitpid(tracing->whit, &status, 0);
	_exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

#endif

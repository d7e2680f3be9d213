/*
 * A PID namespace of a test's own, with its own /proc: whatever is started there, and whatever goes
 * wrong with it, ends with it, and no process of this machine can be meant.
 */
#ifndef WHIT_TESTS_UNIT_NAMESPACE_H
#define WHIT_TESTS_UNIT_NAMESPACE_H

#include "unit/support.h"

#include <sched.h>
#include <sys/mount.h>

/* Who in the namespace the test is. */
enum namespace_place {
	NAMESPACE_PLACE_INIT,     /* its PID 1 */
	NAMESPACE_PLACE_NOT_INIT, /* a child of PID 1, which reaps what comes to it */
};

struct namespace_task {
	enum namespace_place place;
	void (*body)(struct complaint *complaint, const void *argument);
	const void *argument;
};

static inline bool namespace_enter(void)
{
	if (unshare(CLONE_NEWPID | CLONE_NEWNS) == 0)
		return true;
	return unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS) == 0; /* not root */
}

static inline bool namespace_mount_proc(void)
{
	/* In a chroot / may be no mount, but then /proc is. */
	return (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 ||
		       mount("none", "/proc", NULL, MS_PRIVATE, NULL) == 0) &&
		mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0;
}

/* Runs the test beside PID 1, which this is, and complains of signals that were not for us. */
static inline void namespace_run_not_init(
	struct complaint *complaint, const struct namespace_task *task)
{
	sigset_t signals;
	int wait_status;
	pid_t test, ended;

	sigfillset(&signals);
	(void)sigprocmask(SIG_BLOCK, &signals, NULL);
	test = fork();
	if (test == 0) {
		sigemptyset(&signals);
		(void)sigprocmask(SIG_SETMASK, &signals, NULL);
		arm_watchdog();
		task->body(complaint, task->argument);
		_exit(0);
	}
	while ((ended = waitpid(-1, &wait_status, 0)) != test && ended > 0) {
		if (WIFSIGNALED(wait_status)) {
			complain(complaint, "a stranger (pid %d) was ended: %s", ended,
				strsignal(WTERMSIG(wait_status)));
			_exit(1);
		}
	}
	if (WIFSIGNALED(wait_status))
		complain(complaint, "%s: %s",
			WTERMSIG(wait_status) == SIGALRM ? "hung, ended by the watchdog" : "ended",
			strsignal(WTERMSIG(wait_status)));
	else if (WEXITSTATUS(wait_status) != 0)
		complain(complaint, "exited %d", WEXITSTATUS(wait_status));
	(void)sigpending(&signals);
	for (int signal = 1; signal <= SIGRTMAX; signal++) {
		if (signal != SIGCHLD && sigismember(&signals, signal) == 1)
			complain(complaint, "PID 1 was sent signal %d", signal);
	}
}

/* The body of run_in_child: makes the namespace and waits for its PID 1. */
static inline void namespace_run_task(struct complaint *complaint, const void *argument)
{
	const struct namespace_task *task = argument;
	int wait_status;
	pid_t init;

	if (!namespace_enter()) {
		complain(complaint, "unshare: %s", strerror(errno));
		return;
	}
	init = fork();
	if (init == 0) {
		/* So that the watchdog of its parent, which it cannot have, ends it too. */
		(void)prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL, 0UL, 0UL, 0UL);
		/* A process group is the one thing that may reach out of the namespace: kill(0). */
		(void)setsid();
		if (!namespace_mount_proc())
			complain(complaint, "mounting /proc: %s", strerror(errno));
		else if (task->place == NAMESPACE_PLACE_NOT_INIT)
			namespace_run_not_init(complaint, task);
		else
			task->body(complaint, task->argument);
		_exit(0);
	}
	while (waitpid(init, &wait_status, 0) < 0) {
		if (errno != EINTR) {
			complain(complaint, "waitpid: %s", strerror(errno));
			return;
		}
	}
	if (wait_status != 0)
		complain(complaint, "PID 1 ended with wait status 0x%x", (unsigned int)wait_status);
}

/* Runs body there and fails with its complaint, if it has one. */
static inline void run_in_namespace(const char *what, enum namespace_place place,
	void (*body)(struct complaint *complaint, const void *argument), const void *argument)
{
	const struct namespace_task task = {place, body, argument};

	run_in_child(what, namespace_run_task, &task);
}

static inline void do_nothing(struct complaint *complaint, const void *argument)
{
	(void)complaint;
	(void)argument;
}

/* Tried in a child, since it cannot be undone. False, said aloud, where the sandbox has none. */
static inline bool can_have_namespace(void)
{
	pid_t pid = checked_fork();

	if (pid == 0) {
		static const struct namespace_task nothing = {
			NAMESPACE_PLACE_INIT, do_nothing, NULL};
		struct complaint complaint = {.text = ""};

		arm_watchdog();
		namespace_run_task(&complaint, &nothing);
		_exit(complaint.text[0] == '\0' ? 0 : 1);
	}
	if (wait_for(pid) == 0)
		return true;
	print_message("skipped: no PID namespace can be made here\n");
	return false;
}

#endif

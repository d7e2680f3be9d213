/* Follows an init from system call to system call with ptrace(2), and counts. */
#include "trace.h"

#include "command.h"
#include "subject.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define EVENT_OF(status) ((status) >> 16)
#define IS_CALL(status)  (WSTOPSIG(status) == (SIGTRAP | 0x80)) /* PTRACE_O_TRACESYSGOOD */

#define OPTIONS                                                                                    \
	(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |  \
		PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL)

static void go_on(const char *name, pid_t pid, int signal)
{
	if (ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)signal) < 0 && errno != ESRCH)
		die("%s: cannot trace it: %s", name, strerror(errno));
}

/* Whether the process stands before a call, and which; false: behind one. */
static bool is_entering(pid_t pid, struct __ptrace_syscall_info *ret_call)
{
	return ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof(*ret_call), ret_call) > 0 &&
		ret_call->op == PTRACE_SYSCALL_INFO_ENTRY;
}

static bool blocks_term(pid_t pid, const struct __ptrace_syscall_info *call)
{
	unsigned long set = 0;
	struct iovec here = {.iov_base = &set, .iov_len = sizeof(set)};
	struct iovec there = {.iov_base = (void *)call->entry.args[1], .iov_len = sizeof(set)};

	return call->entry.nr == SYS_rt_sigprocmask && call->entry.args[0] != SIG_UNBLOCK &&
		process_vm_readv(pid, &here, 1, &there, 1, 0) == sizeof(set) &&
		(set >> (SIGTERM - 1) & 1) != 0;
}

void trace_start(const char *name, const char *const *words, struct trace_start *ret_calls)
{
	struct trace_start calls = {.until_exec = 0, .before_block = -1};
	struct __ptrace_syscall_info call;
	struct subject subject;
	pid_t command = 0;
	int status;

	subject_start(&subject, name, words, true);
	if (waitpid(subject.pid, &status, __WALL) < 0 || !WIFSTOPPED(status) ||
		ptrace(PTRACE_SETOPTIONS, subject.pid, NULL, (void *)(long)OPTIONS) < 0)
		die("%s: cannot trace it: %s", name, strerror(errno));
	go_on(name, subject.pid, 0);
	for (;;) {
		pid_t pid = waitpid(-1, &status, __WALL);
		int event = EVENT_OF(status);

		if (pid < 0 || !WIFSTOPPED(status))
			die("%s: it or its command ended before the exec", name);
		if (pid == subject.pid && event != 0 && event != PTRACE_EVENT_EXEC) {
			unsigned long started = 0;

			ptrace(PTRACE_GETEVENTMSG, pid, NULL, &started);
			command = (pid_t)started;
		} else if (pid != subject.pid && event == PTRACE_EVENT_EXEC) {
			break;
		} else if (IS_CALL(status) && is_entering(pid, &call) &&
			(command == 0 || pid != subject.pid)) {
			if (calls.before_block < 0 && command == 0 && blocks_term(pid, &call))
				calls.before_block = calls.until_exec;
			calls.until_exec++;
		}
		go_on(name, pid, 0);
	}
	*ret_calls = calls;
	/* The namespace goes only when the command has been reaped, which is traced by us as well.
	 */
	(void)kill(subject.pid, SIGKILL);
	while (waitpid(-1, NULL, __WALL) > 0)
		;
	subject_hang_up(&subject);
}

/* --- holding it still, without a signal that it would notice --- */

void trace_hold(const struct subject *subject)
{
	int status;

	if (ptrace(PTRACE_SEIZE, subject->pid, NULL,
		    (void *)(long)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)) < 0 ||
		ptrace(PTRACE_INTERRUPT, subject->pid, NULL, NULL) < 0 ||
		waitpid(subject->pid, &status, __WALL) < 0)
		die("%s: cannot trace it: %s", subject->name, strerror(errno));
}

void trace_release(const struct subject *subject)
{
	if (ptrace(PTRACE_DETACH, subject->pid, NULL, NULL) < 0)
		die("%s: cannot release it: %s", subject->name, strerror(errno));
}

static bool is_zombie(const struct subject *init, pid_t pid)
{
	char path[64];
	char state;
	FILE *stat;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	stat = fopen(path, "re");
	if (stat == NULL || fscanf(stat, "%*d (%*[^)]) %c", &state) != 1)
		die("%s: cannot read %s", init->name, path);
	fclose(stat);
	return state == 'Z';
}

/* How many children it has, and which are the last COUNT. */
static int look_at_children(const struct subject *subject, int count, pid_t *ret_last)
{
	char path[64];
	FILE *children;
	int all = 0;
	pid_t pid;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", subject->pid, subject->pid);
	children = fopen(path, "re");
	if (children == NULL) die("no %s: %s", path, strerror(errno));
	while (fscanf(children, "%d", &pid) == 1)
		ret_last[all++ % count] = pid;
	fclose(children);
	return all;
}

void trace_await_zombies(const struct subject *subject, int live, int count)
{
	pid_t last[TRACE_ZOMBIES_MAX];

	if (count > TRACE_ZOMBIES_MAX) die("more than %d orphans", TRACE_ZOMBIES_MAX);
	while (look_at_children(subject, count, last) < 1 + live + count)
		(void)poll(NULL, 0, 1);
	for (int i = 0; i < count; i++) {
		while (!is_zombie(subject, last[i]))
			(void)poll(NULL, 0, 1);
	}
}

/* --- while it runs --- */

struct trace {
	struct subject subject;
	int deaths; /* a signalfd for SIGCHLD, which tells of stops */
	int calls;
};

static void open_deaths(struct trace *trace)
{
	sigset_t chld;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	trace->deaths = signalfd(-1, &chld, SFD_CLOEXEC | SFD_NONBLOCK);
	if (trace->deaths < 0) die("no signalfd: %s", strerror(errno));
}

/* Lets it go on from where it stands, and counts the call if it stands before one. */
static void take_stop(struct trace *trace, int status)
{
	struct __ptrace_syscall_info call;
	int signal = 0;

	if (!WIFSTOPPED(status)) die("%s: it ended", trace->subject.name);
	if (IS_CALL(status))
		trace->calls += is_entering(trace->subject.pid, &call);
	else if (EVENT_OF(status) == 0)
		signal = WSTOPSIG(status);
	go_on(trace->subject.name, trace->subject.pid, signal);
}

/* Takes the stops there are. */
static void take_stops(struct trace *trace)
{
	struct signalfd_siginfo unused;
	int status;

	while (read(trace->deaths, &unused, sizeof(unused)) > 0)
		;
	while (waitpid(trace->subject.pid, &status, WNOHANG | __WALL) > 0)
		take_stop(trace, status);
}

/* Until the command has reported; everything after that which still belongs to it, too. */
static void follow_until_report(struct trace *trace)
{
	const int timeout_ms = 120 * 1000;
	struct subject_state now = {.state = '?'};
	struct pollfd either[] = {
		{.fd = trace->deaths, .events = POLLIN},
		{.fd = trace->subject.reports, .events = POLLIN},
	};

	do {
		if (poll(either, 2, timeout_ms) <= 0)
			die("%s: its command does not report", trace->subject.name);
		take_stops(trace);
	} while ((either[1].revents & POLLIN) == 0);
	(void)subject_report(&trace->subject);
	for (int sleeping = 0; sleeping < 3;) { /* else it is seen on its way to a stop */
		(void)poll(either, 1, 1);
		take_stops(trace);
		subject_look(&trace->subject, &now);
		sleeping = now.state == 'S' ? sleeping + 1 : 0;
	}
}

/* Starts it and takes hold of it when it sleeps. It then stands still until it is let go on. */
static void attach(struct trace *trace, const char *name, const char *const *words)
{
	open_deaths(trace);
	subject_start(&trace->subject, name, words, false);
	(void)subject_report(&trace->subject);
	subject_settle(&trace->subject);
	trace->calls = 0;
	trace_hold(&trace->subject);
}

static void detach(struct trace *trace)
{
	subject_drop(&trace->subject);
	close(trace->deaths);
}

/* The first event also has the calls that the interruption led to: it does not count. */
static double per_event(const char *name, const char *const *words, int events, bool is_signal)
{
	struct trace trace;
	int calls;

	attach(&trace, name, words);
	go_on(name, trace.subject.pid, 0);
	for (int i = 0; i <= events; i++) {
		if (i == 1) trace.calls = 0;
		if (is_signal)
			(void)kill(trace.subject.pid, SIGUSR1);
		else
			subject_request(&trace.subject, COMMAND_END_ONE);
		follow_until_report(&trace);
	}
	calls = trace.calls;
	detach(&trace);
	return (double)calls / events;
}

double trace_signals(const char *name, const char *const *words, int signals)
{
	return per_event(name, words, signals, true);
}

double trace_single_orphans(const char *name, const char *const *words, int orphans)
{
	return per_event(name, words, orphans, false);
}

double trace_backlog(const char *name, const char *const *words, int orphans)
{
	struct trace trace;

	attach(&trace, name, words);
	subject_request(&trace.subject, COMMAND_END_ALL);
	trace_await_zombies(&trace.subject, 0, orphans);
	go_on(name, trace.subject.pid, 0);
	follow_until_report(&trace);
	detach(&trace);
	return (double)trace.calls / orphans;
}

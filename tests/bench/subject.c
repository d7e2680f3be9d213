/* Starts and looks at one init. What is measured on it is for measure.c and trace.c. */
#include "subject.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define REPORT_TIMEOUT_MS (120 * 1000)

/* For /proc, which announces nothing. */
#define LOOK_AGAIN_NS    100000
#define LOOKS_MAX        (600 * 1000)
#define SETTLED_LOOKS    3 /* in a row in which nothing has changed */
#define START_STACK_SIZE (64 * 1024)

struct start {
	struct subject *subject;
	const char *const *words;
	int stdin_fd;
	int stdout_fd;
	bool trace_me;
};

/* The same for all, and not the caller's: its pages are memory that is measured. */
static const char *const environment[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"HOSTNAME=bench",
	"HOME=/root",
	NULL,
};

void die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("bench: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	exit(1);
}

static int64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	if (clock_gettime(clock, &now) < 0) die("no clock: %s", strerror(errno));
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

static void let_others_run(void)
{
	const struct timespec pause = {.tv_nsec = LOOK_AGAIN_NS};

	nanosleep(&pause, NULL);
}

/* In the memory of the driver, which waits for the exec: what is noted here is there at once. */
static int start_process(void *argument)
{
	struct start *start = argument;
	struct rusage usage;
	sigset_t none;

	sigemptyset(&none);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || dup2(start->stdin_fd, STDIN_FILENO) < 0 ||
		dup2(start->stdout_fd, STDOUT_FILENO) < 0 ||
		sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		_exit(99);
	if (start->trace_me && ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0) _exit(99);
	(void)getrusage(RUSAGE_SELF, &usage);
	start->subject->start_faults = usage.ru_minflt;
	start->subject->start_cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	start->subject->start_ns = now_ns();
	execve(start->words[0], (char **)(uintptr_t)start->words, (char **)(uintptr_t)environment);
	_exit(99);
}

void subject_start(
	struct subject *subject, const char *name, const char *const *words, bool trace_me)
{
	static _Alignas(64) char stack[START_STACK_SIZE];
	struct start start = {.subject = subject, .words = words, .trace_me = trace_me};
	int requests[2];
	int reports[2];

	if (pipe2(requests, O_CLOEXEC) < 0 || pipe2(reports, O_CLOEXEC) < 0)
		die("no pipe: %s", strerror(errno));
	start.stdin_fd = requests[0];
	start.stdout_fd = reports[1];
	subject->name = name;
	subject->pid = clone(start_process, stack + sizeof(stack),
		CLONE_VM | CLONE_VFORK | CLONE_NEWPID | SIGCHLD, &start);
	if (subject->pid < 0) die("cannot make a PID namespace: %s", strerror(errno));
	close(requests[0]);
	close(reports[1]);
	subject->requests = requests[1];
	subject->reports = reports[0];
}

int64_t subject_report(struct subject *subject)
{
	struct pollfd reports = {.fd = subject->reports, .events = POLLIN};
	int64_t number;

	if (poll(&reports, 1, REPORT_TIMEOUT_MS) <= 0 ||
		read(subject->reports, &number, sizeof(number)) != sizeof(number))
		die("%s: its command does not report", subject->name);
	return number;
}

void subject_request(struct subject *subject, char request)
{
	if (write(subject->requests, &request, 1) != 1)
		die("%s: its command takes no request", subject->name);
}

static void read_file(const struct subject *subject, const char *name, char *buffer, size_t size)
{
	char path[64];
	size_t length = 0;
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", subject->pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) die("%s: cannot open %s: %s", subject->name, path, strerror(errno));
	while (length < size - 1 && (got = read(fd, buffer + length, size - 1 - length)) > 0)
		length += (size_t)got;
	close(fd);
	buffer[length] = '\0';
}

/* The number after a word at the start of a line. */
static int64_t number_after(const struct subject *subject, const char *text, const char *word)
{
	const char *line = text;

	for (; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, word, strlen(word)) == 0)
			return strtoll(line + strlen(word), NULL, 10);
	}
	die("%s: /proc has no %s", subject->name, word);
}

void subject_look(const struct subject *subject, struct subject_state *ret_state)
{
	char text[4096];
	const char *after_name;

	read_file(subject, "stat", text, sizeof(text));
	after_name = strrchr(text, ')');
	if (after_name == NULL ||
		sscanf(after_name, ") %c %*d %*d %*d %*d %*d %*u %ld", &ret_state->state,
			&ret_state->faults) != 2)
		die("%s: cannot read its stat", subject->name);
	read_file(subject, "schedstat", text, sizeof(text));
	ret_state->cpu_ns = strtoll(text, NULL, 10);
	read_file(subject, "status", text, sizeof(text));
	ret_state->wakeups = number_after(subject, text, "voluntary_ctxt_switches:") +
		number_after(subject, text, "nonvoluntary_ctxt_switches:");
}

void subject_look_at_memory(const struct subject *subject, struct subject_memory *ret_memory)
{
	char text[4096];

	read_file(subject, "smaps_rollup", text, sizeof(text));
	ret_memory->rss_kb = number_after(subject, text, "Rss:");
	ret_memory->dirty_kb = number_after(subject, text, "Private_Dirty:");
}

void subject_settle(const struct subject *subject)
{
	struct subject_state before = {.state = '?'};
	struct subject_state now;
	int settled = 0;

	for (int looks = 0; looks < LOOKS_MAX; looks++) {
		subject_look(subject, &now);
		settled = now.state == 'S' && now.wakeups == before.wakeups ? settled + 1 : 0;
		if (settled == SETTLED_LOOKS) return;
		before = now;
		let_others_run();
	}
	die("%s: does not come to rest", subject->name);
}

int64_t subject_await_end(const struct subject *subject)
{
	siginfo_t end;

	if (waitid(P_PID, (id_t)subject->pid, &end, WEXITED | WNOWAIT) < 0)
		die("%s: cannot wait for it: %s", subject->name, strerror(errno));
	return now_ns();
}

void subject_hang_up(struct subject *subject)
{
	close(subject->requests);
	close(subject->reports);
	subject->requests = -1;
	subject->reports = -1;
}

void subject_drop(struct subject *subject)
{
	(void)kill(subject->pid, SIGKILL); /* or a zombie's, that is ours until the next line */
	if (waitpid(subject->pid, NULL, __WALL) < 0)
		die("%s: cannot reap it: %s", subject->name, strerror(errno));
	if (subject->requests >= 0) subject_hang_up(subject);
}

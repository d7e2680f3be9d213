/* Finds the remaining processes and signals them. supervise/shutdown.c decides when.
 * A process is whit's descendant if its parent is whit, or one that is known to be a descendant and
 * is found alive after the parent was read. It stays one: when its parent ends, it goes to whit or
 * to a subreaper below. A pid that started at the same tick (10 ms) is the same process. */
#include "supervise/remaining.h"

#include "base/cold.h"
#include "base/descriptor.h"
#include "base/error_text.h"
#include "base/log.h"
#include "supervise/process.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#ifndef SYS_pidfd_send_signal /* as on every machine but alpha; not in every libc */
#define SYS_pidfd_send_signal 424
#endif

struct descendant {
	pid_t pid;
	uint32_t start;
};

#define LIST_SIZE 32768 /* more are found when these have been killed */
#define NAMES_MAX 10    /* enough to see what they are; a thousand workers share one name */
#define LOOKS_MAX 100   /* for what is forked meanwhile, and for pids that descend */

/* Some looks through /proc. */
struct look {
	struct remaining *remaining;
	bool kills;        /* each process as soon as it is found */
	bool has_progress; /* this look has killed one more, or found one that is not newer than */
	uint32_t newest;   /* the last start that the first look has seen */
	int count;         /* of looks */
	bool has_told;     /* a process took the signal */
	bool was_refused;  /* one did not */
	int error;         /* why not all could be looked for; 0: no such thing */
};

/* Sorted by pid. Memory that is not touched costs nothing. */
static struct descendant list[LIST_SIZE] COLD;

static void warn_once(struct remaining *remaining, const char *what, const char *why)
{
	if (!remaining->has_warned)
		log_warning("cannot signal all remaining processes: %s: %s", what, why);
	remaining->has_warned = true;
}

/* The place in the list where pid is, or would be. */
static struct descendant *place_of(const struct remaining *remaining, pid_t pid)
{
	size_t low = 0;
	size_t high = remaining->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (list[middle].pid < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return list + low;
}

static bool is_listed(const struct remaining *remaining, pid_t pid, const struct process *process)
{
	const struct descendant *place = place_of(remaining, pid);

	return place < list + remaining->count && place->pid == pid &&
		place->start == process->start;
}

static void add(struct remaining *remaining, pid_t pid, const struct process *process)
{
	struct descendant *place = place_of(remaining, pid);
	struct descendant *end = list + remaining->count;

	if (place == end || place->pid != pid) { /* else the pid has been reused */
		memmove(place + 1, place, (size_t)(end - place) * sizeof(*place));
		remaining->count++;
	}
	*place = (struct descendant){.pid = pid, .start = process->start};
}

/* See the top; all are PID 1's. Reads the process again if its parent has ended meanwhile. */
static bool is_descendant(const struct remaining *remaining, pid_t pid, struct process *process)
{
	struct process parent;
	pid_t read;

	do {
		if (remaining->self == PROCESS_INIT || process->parent == remaining->self ||
			(process_read(process->parent, &parent) &&
				is_listed(remaining, process->parent, &parent)))
			return true;
		read = process->parent;
	} while (process_read(pid, process) && process->parent != read);
	return false;
}

/* Signals the process unless it has ended; returns 0, or an error. A child of whit keeps its pid
 * until whit reaps it. Another descendant's pid may be reused at any moment: it gets the signal by
 * a pidfd, opened before the proof, and without pidfds only what comes when it is whit's child. */
static int send_to(const struct remaining *remaining, const struct descendant *to, int signal)
{
	struct process process;
	int error = 0;
	int pidfd;

	if (!process_read(to->pid, &process) || process.start != to->start) return ESRCH;
	if (process.parent == remaining->self) return kill(to->pid, signal) == 0 ? 0 : errno;
	pidfd = process_open(to->pid);
	if (pidfd < 0) return errno;
	if (!process_read(to->pid, &process) || !is_descendant(remaining, to->pid, &process) ||
		process.start != to->start)
		error = ESRCH;
	else if (syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) < 0)
		error = errno;
	(void)close(pidfd);
	return error;
}

/* Returns whether the process took the signal. */
static bool tell(struct look *look, const struct descendant *to, int signal)
{
	char name[PROCESS_NAME_SIZE];
	int error = send_to(look->remaining, to, signal);

	if (error == 0) look->has_told = true;
	if (error == 0 || error == ESRCH) return error == 0;
	look->was_refused = true;
	process_name(to->pid, name);
	/* A sandbox may refuse pidfds; if kill(2) is allowed, the user is not the reason. */
	warn_once(look->remaining, name,
		error == EPERM && kill(to->pid, 0) < 0
			? "it runs as another user and whit has no CAP_KILL"
			: error_text(error));
	return false;
}

static void visit_process(unsigned int number, int unused_fd, void *context)
{
	struct look *look = context;
	struct remaining *remaining = look->remaining;
	struct process process;
	pid_t pid = (pid_t)number;

	(void)unused_fd;
	if (pid == remaining->self || remaining->count == LIST_SIZE) return;
	if (!process_read(pid, &process)) {
		if (errno == EMFILE || errno == ENFILE) look->error = errno;
		return;
	}
	if (look->count == 0 && process.start > look->newest) look->newest = process.start;
	if (!process.is_live || is_listed(remaining, pid, &process) ||
		!is_descendant(remaining, pid, &process))
		return;
	add(remaining, pid, &process);
	if (look->kills ? tell(look, place_of(remaining, pid), SIGKILL)
			: process.start <= look->newest)
		look->has_progress = true;
}

/* Lists the processes anew, and kills them if the look is for that. False if it cannot. */
static bool look_through(struct look *look)
{
	look->remaining->count = 0;
	look->error = process_proc_is_ours() ? 0 : ENOENT;
	do {
		look->has_progress = false;
		if (look->error == 0 && descriptor_each_number("/proc", visit_process, look) < 0)
			look->error = errno;
	} while (look->has_progress && ++look->count < LOOKS_MAX);
	return look->error == 0;
}

/* Reaches every process of the namespace but whit, at one moment, so no fork escapes it. From any
 * other pid it would reach the whole machine. The kernel does not tell which process refuses. */
static void signal_namespace(int signal)
{
	(void)kill(-1, signal); /* fails if there is no other process: kill(2) */
}

void remaining_signal(struct remaining *remaining, int signal, bool with_cont)
{
	struct look look = {.remaining = remaining};

	if (remaining->self == PROCESS_INIT) {
		signal_namespace(signal);
		if (with_cont) signal_namespace(SIGCONT);
		return;
	}
	if (!look_through(&look)) warn_once(remaining, "/proc", error_text(look.error));
	for (size_t i = 0; i < remaining->count; i++) {
		(void)tell(&look, &list[i], signal);
		if (with_cont) (void)tell(&look, &list[i], SIGCONT);
	}
}

bool remaining_kill(struct remaining *remaining)
{
	struct look look = {.remaining = remaining, .kills = true};

	if (remaining->self == PROCESS_INIT) {
		signal_namespace(SIGKILL);
		return true;
	}
	if (!look_through(&look)) warn_once(remaining, "/proc", error_text(look.error));
	return look.has_told || (look.error == 0 && !look.was_refused);
}

void remaining_name(struct remaining *remaining)
{
	struct look look = {.remaining = remaining};
	char name[PROCESS_NAME_SIZE];
	struct process process;

	if (!log_shows(LOG_LEVEL_VERBOSE) || !look_through(&look)) return;
	for (size_t i = 0; i < remaining->count && i < NAMES_MAX; i++) {
		process_name(list[i].pid, name);
		log_verbose("still running: pid %d (%s)%s", list[i].pid, name,
			process_read(list[i].pid, &process) && process.parent == 0
				? ", which joined from outside"
				: "");
	}
	if (remaining->count > NAMES_MAX)
		log_verbose("still running: %u more", (unsigned int)remaining->count - NAMES_MAX);
}

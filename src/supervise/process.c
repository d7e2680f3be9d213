/* Names and parents from /proc. What is done with a process is the caller's affair. */
#include "supervise/process.h"

#include "base/line.h"
#include "base/number.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

/*
 * How far up a chain of parents is followed. Whoever is further down comes closer when those above
 * have ended.
 */
#define DEPTH_LIMIT 256

/*
 * How often to read a chain that changes under our eyes, when each time somebody in it has ended;
 * and a link of it, when something is short.
 */
#define TRIES_MAX 100

/* Reads the beginning of /proc/PID/FILE as a string; false with errno where there is none. */
static bool read_proc_file(pid_t pid, const char *file, char *buffer, size_t size)
{
	struct line path;
	ssize_t length;
	int error;
	int fd;

	line_start(&path);
	line_format(&path, "/proc/%d/%s", pid, file);
	fd = open(line_string(&path), O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	errno = ESRCH; /* what an empty one means */
	length = read(fd, buffer, size - 1);
	error = errno;
	(void)close(fd); /* read-only: nothing to lose */
	errno = error;
	if (length <= 0)
		return false;
	buffer[length] = '\0';
	return true;
}

/* Of something that may be there at the next try. */
static bool is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM || error == EAGAIN ||
		error == EINTR;
}

/*
 * Reads the state's letter, and the parent's pid, 0 where there is none or none that this namespace
 * knows. False where the process is not to be seen: it has ended, or there is no /proc.
 */
static bool read_stat(pid_t pid, char *ret_state, pid_t *ret_parent)
{
	char stat[256]; /* "PID (NAME) STATE PPID ...": proc_pid_stat(5) */
	const char *field;
	unsigned int parent;

	/* A descendant taken for a stranger would have to be killed, or stay stopped. */
	for (int tries = 1; !read_proc_file(pid, "stat", stat, sizeof(stat)); tries++) {
		if (!is_shortage(errno) || tries == TRIES_MAX)
			return false;
	}
	field = strrchr(stat, ')'); /* the name may have any of these in it */
	if (field == NULL || strlen(field) < sizeof(") S 1") - 1)
		return false;
	field += sizeof(") ") - 1;
	if (!number_parse(field + 2, strcspn(field + 2, " "), INT_MAX, &parent))
		return false;
	*ret_state = *field;
	*ret_parent = (pid_t)parent;
	return true;
}

static bool read_parent(pid_t pid, pid_t *ret_parent)
{
	char state;

	return read_stat(pid, &state, ret_parent);
}

bool process_is_zombie(pid_t pid)
{
	pid_t unused;
	char state;

	return read_stat(pid, &state, &unused) && (state == 'Z' || state == 'X');
}

bool process_is_running(pid_t pid)
{
	pid_t parent;
	char state;

	return read_stat(pid, &state, &parent) && state == 'R';
}

bool process_proc_is_ours(pid_t self)
{
	char link[16];
	unsigned int number;
	ssize_t length = readlink("/proc/self", link, sizeof(link));

	return length > 0 && number_parse(link, (size_t)length, INT_MAX, &number) &&
		(pid_t)number == self;
}

void process_name(pid_t pid, char ret_name[PROCESS_NAME_SIZE])
{
	if (process_proc_is_ours(getpid()) &&
		read_proc_file(pid, "comm", ret_name, PROCESS_NAME_SIZE))
		ret_name[strlen(ret_name) - 1] = '\0'; /* the newline */
	else
		strcpy(ret_name, "?");
}

bool process_is_child(pid_t pid, pid_t parent)
{
	pid_t found;

	return read_parent(pid, &found) && found == parent;
}

enum answer {
	ANSWER_NO,
	ANSWER_YES,
	ANSWER_CHANGED, /* somebody in the chain ended while it was read */
};

/*
 * Each link is read on the way up and once more on the way back. A process gets another parent only
 * when its parent ends, so if the number is the same both times, it meant the same process all the
 * while in between, which is when the links above it were read.
 */
/* NOLINTNEXTLINE(misc-no-recursion): no deeper than DEPTH_LIMIT, with a small frame */
static enum answer leads_up_to(pid_t pid, pid_t ancestor, int depth)
{
	enum answer answer;
	pid_t parent;
	pid_t again;

	if (!read_parent(pid, &parent)) /* the first one is for the caller's pidfd to tell */
		return depth == 0 ? ANSWER_NO : ANSWER_CHANGED;
	if (parent == ancestor)
		return ANSWER_YES;
	if (parent <= 1 || depth == DEPTH_LIMIT)
		return ANSWER_NO;
	answer = leads_up_to(parent, ancestor, depth + 1);
	return read_parent(pid, &again) && again == parent ? answer : ANSWER_CHANGED;
}

bool process_is_descendant(pid_t pid, pid_t ancestor)
{
	enum answer answer = ANSWER_CHANGED;

	for (int tries = 0; answer == ANSWER_CHANGED && tries < TRIES_MAX; tries++)
		answer = leads_up_to(pid, ancestor, 0);
	return answer == ANSWER_YES;
}

/* Names and parents from /proc. What is done with a process is the caller's affair. */
#include "supervise/process.h"

#include "base/line.h"
#include "base/number.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

/*
 * How far up a chain of parents is followed. Whoever is further down comes closer when those above
 * have ended, and then to whit, so nobody is out of reach for ever.
 */
#define DEPTH_LIMIT 64

/* Reads the beginning of /proc/PID/FILE as a string; false where there is none. */
static bool read_proc_file(pid_t pid, const char *file, char *buffer, size_t size)
{
	struct line path;
	ssize_t length;
	int fd;

	line_start(&path);
	line_format(&path, "/proc/%d/%s", pid, file);
	fd = open(line_string(&path), O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	length = read(fd, buffer, size - 1);
	(void)close(fd); /* read-only: nothing to lose */
	if (length <= 0)
		return false;
	buffer[length] = '\0';
	return true;
}

void process_name(pid_t pid, char ret_name[PROCESS_NAME_SIZE])
{
	if (read_proc_file(pid, "comm", ret_name, PROCESS_NAME_SIZE))
		ret_name[strlen(ret_name) - 1] = '\0'; /* the newline */
	else
		strcpy(ret_name, "?"); /* no /proc, or hidden from us */
}

/* The parent's pid; 0 where there is none, or none that this namespace knows. */
static pid_t parent_of(pid_t pid)
{
	char stat[256]; /* "PID (NAME) STATE PPID ...": proc_pid_stat(5) */
	const char *field;
	unsigned int parent;

	if (!read_proc_file(pid, "stat", stat, sizeof(stat)))
		return 0;
	field = strrchr(stat, ')'); /* the name may have any of these in it */
	if (field == NULL || strlen(field) < sizeof(") S 1") - 1)
		return 0;
	field += sizeof(") S ") - 1;
	return number_parse(field, strcspn(field, " "), INT_MAX, &parent) ? (pid_t)parent : 0;
}

bool process_proc_is_ours(pid_t self)
{
	char link[16];
	unsigned int number;
	ssize_t length = readlink("/proc/self", link, sizeof(link));

	return length > 0 && number_parse(link, (size_t)length, INT_MAX, &number) &&
		(pid_t)number == self;
}

bool process_is_child(pid_t pid, pid_t parent)
{
	return parent_of(pid) == parent;
}

/*
 * Each link is read on the way up and once more on the way back. A process gets another parent only
 * when its parent ends, so if the number is the same both times, it meant the same process all the
 * while in between, which is when the links above it were read.
 */
static bool leads_up_to(pid_t pid, pid_t ancestor, int depth)
{
	pid_t parent = parent_of(pid);

	if (parent == ancestor)
		return true;
	if (parent <= 1 || depth == DEPTH_LIMIT)
		return false;
	return leads_up_to(parent, ancestor, depth + 1) && parent_of(pid) == parent;
}

bool process_is_descendant(pid_t pid, pid_t ancestor)
{
	return leads_up_to(pid, ancestor, 0);
}

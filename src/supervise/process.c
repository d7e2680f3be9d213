/* Reads processes from /proc, and signals none. */
#include "supervise/process.h"

#include "base/descriptor.h"
#include "base/file.h"
#include "base/number.h"
#include <errno.h>
#include <limits.h>
#include <string.h>

/* PF_KTHREAD of the kernel's sched.h, in the flags of proc_pid_stat(5). */
#define KERNEL_THREAD 0x00200000U

/* Reads the start of /proc/PID/FILE as a string; false with errno if that cannot be read. */
static bool read_file(pid_t pid, const char file[sizeof("/stat")], char *buffer, size_t size)
{
	char path[sizeof("/proc//stat") + NUMBER_SIZE] = "/proc/";
	ssize_t length;
	int fd;

	number_format((unsigned int)pid, path + strlen(path));
	memcpy(path + strlen(path), file, sizeof("/stat"));
	fd = file_open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) return false;
	length = read(fd, buffer, size - 1);
	(void)close(fd);
	errno = ESRCH; /* it has ended meanwhile */
	if (length <= 0) return false;
	buffer[length] = '\0';
	return true;
}

/* The fields of proc_pid_stat(5) that are of use, by their numbers there. */
enum { FIELD_PARENT = 4, FIELD_FLAGS = 9, FIELD_THREADS = 20, FIELD_START = 22, FIELD_END };

bool process_read(pid_t pid, struct process *ret_process)
{
	char stat[512]; /* "PID (NAME) STATE PPID ..." */
	unsigned long fields[FIELD_END] = {0};
	const char *at;
	bool is_zombie;

	if (!read_file(pid, "/stat", stat, sizeof(stat))) return false;
	at = strrchr(stat, ')'); /* the name may have any of these characters in it */
	if (at == NULL || strlen(at) < sizeof(") S") - 1) return false;
	at += sizeof(") ") - 1;
	is_zombie = *at == 'Z' || *at == 'X';
	at++;
	for (int field = FIELD_PARENT; field < FIELD_END && *at == ' '; field++) {
		at += at[1] == '-' ? 2 : 1; /* of no use are the negative ones */
		for (; *at >= '0' && *at <= '9'; at++)
			fields[field] = fields[field] * 10 + (unsigned long)(*at - '0');
	}
	ret_process->parent = (pid_t)fields[FIELD_PARENT];
	ret_process->start = (uint32_t)fields[FIELD_START];
	ret_process->is_live = !(is_zombie && fields[FIELD_THREADS] <= 1) &&
		(fields[FIELD_FLAGS] & KERNEL_THREAD) == 0;
	return true;
}

bool process_proc_is_ours(void)
{
	char link[16];
	unsigned int number;
	ssize_t length = readlink("/proc/self", link, sizeof(link));

	return length > 0 && number_parse(link, (size_t)length, INT_MAX, &number) &&
		(pid_t)number == getpid();
}

void process_name(pid_t pid, char ret_name[PROCESS_NAME_SIZE])
{
	if (process_proc_is_ours() && read_file(pid, "/comm", ret_name, PROCESS_NAME_SIZE))
		ret_name[strlen(ret_name) - 1] = '\0'; /* the newline */
	else
		strcpy(ret_name, "?");
}

int process_open(pid_t pid)
{
	return descriptor_above_stdio((int)syscall(SYS_pidfd_open, pid, 0));
}

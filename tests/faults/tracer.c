/* How strace gets at whit. The callers decide which calls fail or are delayed. */
#include "tracer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "integration/harness.h"
#include "shelter.h"

/* What the started process calls, and so can be failed there. With -1 and nothing else all of them
 * fail by themselves. */
static const struct {
	const char *name;
	long number;
} burnable[] = {
	{"setpgid", SYS_setpgid},
	{"getpid", SYS_getpid},
	{"ioctl", SYS_ioctl},
	{"rt_sigaction", SYS_rt_sigaction},
	{"rt_sigprocmask", SYS_rt_sigprocmask},
	{"execve", SYS_execve},
	{"openat", SYS_openat},
	{"read", SYS_read},
	{"close", SYS_close},
};

bool tracer_is_there(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		execlp("strace", "strace", "-o", "/dev/null", "true", NULL);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	fprintf(stderr, "FAILED: strace is not installed, or may not trace here\n");
	return false;
}

static long burnable_number(const char *call)
{
	for (size_t i = 0; i < sizeof(burnable) / sizeof(burnable[0]); i++) {
		if (strcmp(burnable[i].name, call) == 0) return burnable[i].number;
	}
	return -1;
}

void tracer_make(struct tracer *tracer, struct burn burn)
{
	tracer->gate = mmap(NULL, sizeof(*tracer->gate), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(tracer->gate != MAP_FAILED);
	if (burn.call != NULL && burnable_number(burn.call) < 0)
		fail_msg("burnable has no %s", burn.call);
	tracer->gate->burn = burn;
	snprintf(tracer->directory, sizeof(tracer->directory), "%s/trace.XXXXXX",
		shelter_directory());
	assert_non_null(mkdtemp(tracer->directory));
}

static void wait_while(_Atomic unsigned int *word, unsigned int value)
{
	while (atomic_load(word) == value)
		syscall(SYS_futex, word, FUTEX_WAIT, value, NULL, NULL, 0);
}

static void set_and_wake(_Atomic unsigned int *word)
{
	atomic_store(word, 1);
	syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

void tracer_wait_at_gate(struct gate *gate)
{
	set_and_wake(&gate->is_reached);
	/* whit never calls futex, so this hides nothing in the trace. */
	wait_while(&gate->is_open, 0);
	for (int i = 0; i < gate->burn.count; i++)
		syscall(burnable_number(gate->burn.call), -1L, 0L, 0L, 0L, 0L, 0L);
}

static void become_strace(
	const struct tracer *tracer, pid_t whit, enum traced traced, const char *const *words)
{
	char file[PATH_MAX];
	char pid[16];
	const char *all[64] = {
		"strace", "-y", "-a1", "-s32", "-esignal=none", "-o", file, "-p", pid};
	size_t count = 9;

	snprintf(file, sizeof(file), "%s/trace%s", tracer->directory,
		traced == TRACED_WHIT ? ".alone" : "");
	snprintf(pid, sizeof(pid), "%d", whit);
	if (traced == TRACED_STARTED) all[count++] = "-ff";
	for (; *words != NULL && count < 63; words++)
		all[count++] = *words;
	all[count] = NULL;
	execvp("strace", (char *const *)(uintptr_t)all);
	dprintf(STDERR_FILENO, "cannot run strace: %s\n", strerror(errno));
	_exit(1);
}

void tracer_wait_until_reached(struct tracer *tracer)
{
	wait_while(&tracer->gate->is_reached, 0);
}

void tracer_attach(struct tracer *tracer, pid_t whit, enum traced traced, const char *const *words)
{
	char said[256];
	size_t length = 0;
	int messages[2];

	assert_int_equal(pipe2(messages, O_CLOEXEC), 0);
	tracer->strace = fork();
	if (tracer->strace == 0) {
		dup2(messages[1], STDERR_FILENO);
		become_strace(tracer, whit, traced, words);
	}
	close(messages[1]);
	/* It says "Process PID attached" when it has. */
	while (length < sizeof(said) - 1 && memchr(said, '\n', length) == NULL) {
		ssize_t got = read(messages[0], said + length, sizeof(said) - 1 - length);

		if (got <= 0) break;
		length += (size_t)got;
	}
	said[length] = '\0';
	tracer->messages = messages[0]; /* closed, its next word would kill it by SIGPIPE */
	if (strstr(said, "attached") == NULL) fail_msg("strace is not attached: %s", said);
	set_and_wake(&tracer->gate->is_open);
}

void tracer_wait(struct tracer *tracer)
{
	assert_int_equal(waitpid(tracer->strace, NULL, 0), tracer->strace);
	close(tracer->messages);
}

FILE *tracer_open(const struct tracer *tracer, pid_t whit, enum traced whose)
{
	char path[PATH_MAX];
	char of_whit[32];
	DIR *directory;
	struct dirent *entry;
	FILE *file = NULL;

	snprintf(of_whit, sizeof(of_whit), "trace.%d", whit);
	if (whose == TRACED_WHIT) {
		snprintf(path, sizeof(path), "%s/trace.alone", tracer->directory);
		return fopen(path, "re");
	}
	directory = opendir(tracer->directory);
	assert_non_null(directory);
	while ((entry = readdir(directory)) != NULL) {
		if (entry->d_name[0] == '.' || strcmp(entry->d_name, of_whit) == 0) continue;
		if (file != NULL) fail_msg("more than one process was started");
		snprintf(path, sizeof(path), "%s/%s", tracer->directory, entry->d_name);
		file = fopen(path, "re");
	}
	closedir(directory);
	return file;
}

void tracer_remove(struct tracer *tracer)
{
	DIR *directory;
	struct dirent *entry;

	if (tracer->gate == NULL) /* was never made */
		return;
	directory = opendir(tracer->directory);
	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		if (entry->d_name[0] != '.') unlinkat(dirfd(directory), entry->d_name, 0);
	}
	if (directory != NULL) closedir(directory);
	rmdir(tracer->directory);
	munmap(tracer->gate, sizeof(*tracer->gate));
	tracer->gate = NULL;
}

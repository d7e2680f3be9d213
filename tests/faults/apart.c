/* One process for one run. The caller decides what is run. */
#include "apart.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEXT_SIZE 16384

/* All that a run waits for has a limit of its own; this is for what no test has thought of. */
#define PART_SECONDS_MAX 300

#define WORKERS_MAX 16

int apart_make_messages(void)
{
	return memfd_create("messages", MFD_CLOEXEC);
}

bool apart_run(void (*part)(void *), void *argument, int messages)
{
	int status;
	pid_t pid;

	if (ftruncate(messages, 0) < 0) return false;
	pid = fork();
	if (pid == 0) {
		lseek(messages, 0, SEEK_SET);
		dup2(messages, STDOUT_FILENO);
		dup2(messages, STDERR_FILENO);
		alarm(PART_SECONDS_MAX);
		part(argument);
		exit(0);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void apart_show(const char *title, int messages)
{
	char text[TEXT_SIZE];
	size_t length = (size_t)snprintf(text, sizeof(text), "FAILED %s\n", title);
	ssize_t got = pread(messages, text + length, sizeof(text) - length, 0);

	if (got > 0) length += (size_t)got;
	(void)!write(STDOUT_FILENO, text, length); /* one write: others print too */
}

bool apart_share_work(void (*work)(void *), void *argument)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	int workers = processors < WORKERS_MAX ? (int)processors : WORKERS_MAX;
	pid_t pids[WORKERS_MAX];
	bool is_right = true;

	for (int i = 0; i < workers; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			work(argument);
			_exit(0);
		}
	}
	for (int i = 0; i < workers; i++) {
		int status;

		/* By pid: a part that was killed may have left us others. */
		is_right = waitpid(pids[i], &status, 0) == pids[i] && WIFEXITED(status) &&
			WEXITSTATUS(status) == 0 && is_right;
	}
	return is_right;
}

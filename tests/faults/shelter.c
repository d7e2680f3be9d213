/* What ends the processes of a test. The callers decide what is run in the shelter. */
#include "shelter.h"

#include "integration/harness.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[] = "/tmp/whit-faults.XXXXXX";

const char *shelter_directory(void)
{
	return directory;
}

/* As PID 1 of the namespace. */
__attribute__((noreturn)) static void be_shelter(
	const int parent[2], int (*part)(int argc, char **argv), int argc, char **argv)
{
	char byte;

	prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL, 0UL, 0UL, 0UL);
	close(parent[1]);
	if (read(parent[0], &byte, 1) != 1) /* it has died before we asked */
		_exit(1);
	close(parent[0]);
	(void)setsid(); /* ^C is for the process outside, which ends all of them at once */
	if (mount("none", directory, "tmpfs", 0, "mode=755") < 0) {
		perror("cannot mount a tmpfs");
		_exit(1);
	}
	exit(part(argc, argv));
}

/* Until the shelter has ended, also if a signal has ended it. */
static int await_end(pid_t shelter, const sigset_t *awaited)
{
	int status = 0;
	int signal;

	do {
		signal = sigwaitinfo(awaited, NULL);
		if (signal > 0 && signal != SIGCHLD) kill(shelter, SIGKILL);
	} while (waitpid(shelter, &status, signal == SIGCHLD ? WNOHANG : 0) != shelter);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int shelter_run(int (*part)(int argc, char **argv), int argc, char **argv)
{
	static const int ends[] = {SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM};
	int parent[2];
	sigset_t awaited;
	sigset_t before;
	pid_t shelter;
	int status;

	harness_require_namespaces(NULL);
	if (mkdtemp(directory) == NULL || pipe(parent) < 0) {
		perror("cannot make a shelter");
		return 1;
	}
	sigemptyset(&awaited);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		sigaddset(&awaited, ends[i]);
	sigprocmask(SIG_BLOCK, &awaited, &before);
	shelter = harness_fork_into_namespaces();
	if (shelter == 0) {
		sigprocmask(SIG_SETMASK, &before, NULL);
		be_shelter(parent, part, argc, argv);
	}
	close(parent[0]);
	(void)!write(parent[1], "", 1);
	close(parent[1]);
	status = await_end(shelter, &awaited);
	rmdir(directory);
	return status;
}

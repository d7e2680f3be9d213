/*
 * Checks that an init makes no return whose call lies before its latest system call: returns.h says
 * what such a return costs.
 *
 *   returns WHIT [OPTION]...  counts for one forwarded signal and for one reaped orphan; the
 *                             options are whit's. Status 0: none, 1: some, 77: not counted here
 *   returns --cost            measures what one costs on this machine
 *
 * The program `command` is taken from the folder of this one.
 */
#include "returns.h"
#include "subject.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGUMENTS_MAX  4
#define WORDS_MAX      32
#define NOT_COUNTED    77
#define COST_ROUNDS    50
#define COST_REPEATS   5000
#define COST_DEPTH     4
#define CALLS_AT_LEAST 2

/* --- the count --- */

/* WHIT [OPTION]... -- COMMAND [ARGUMENT]... */
static const char *const *words_of(
	char *const *whit, const char *command, const char *const *arguments)
{
	static const char *words[WORDS_MAX];
	int count = 0;

	while (*whit != NULL && count < WORDS_MAX - ARGUMENTS_MAX - 3)
		words[count++] = *whit++;
	if (*whit != NULL) die("too many options");
	words[count++] = "--";
	words[count++] = command;
	while (*arguments != NULL)
		words[count++] = *arguments++;
	words[count] = NULL;
	return words;
}

/* What was counted, said aloud; whether it is as it should be. */
static bool report(const char *init, const char *event, const struct returns *returns)
{
	if (returns->calls < CALLS_AT_LEAST)
		die("%s: %s: only %d system calls were seen: the count is broken", init, event,
			returns->calls);
	printf("%s: %s: %d system calls, %d returns behind one\n", init, event, returns->calls,
		returns->late);
	return returns->late == 0;
}

static int check(const char *self, char *const *whit)
{
	static const char *const signals[ARGUMENTS_MAX + 1] = {"signals", "1"};
	static const char *const orphans[ARGUMENTS_MAX + 1] = {"orphans", "0", "0", "1"};
	char command[PATH_MAX];
	const char *slash = strrchr(self, '/');
	struct returns returns;
	bool is_right;

	if (!returns_can_be_counted() || geteuid() != 0) {
		fprintf(stderr, "returns: not counted: %s\n",
			geteuid() != 0 ? "a PID namespace needs root"
				       : "only x86-64 is known here");
		return NOT_COUNTED;
	}
	snprintf(command, sizeof(command), "%.*scommand",
		slash == NULL ? 0 : (int)(slash - self + 1), self);
	returns_of_signal(whit[0], words_of(whit, command, signals), &returns);
	is_right = report(whit[0], "one signal", &returns);
	returns_of_orphan(whit[0], words_of(whit, command, orphans), &returns);
	is_right &= report(whit[0], "one orphan", &returns);
	return is_right ? 0 : 1;
}

/* --- the cost --- */

static volatile int work; /* after each call, so that a call stays a call */

static void system_call(void)
{
	(void)syscall(SYS_wait4, -1, NULL, WNOHANG, NULL);
}

__attribute__((noinline)) static void descend(int depth, void (*bottom)(void))
{
	if (depth > 0)
		descend(depth - 1, bottom);
	else
		bottom();
	work++;
}

static void nothing(void)
{
}

/* As many calls, returns and system calls with is_around as without it, in another order. */
static int64_t time_of_round(bool is_around)
{
	int64_t start_ns = now_ns();

	for (int i = 0; i < COST_REPEATS; i++) {
		descend(COST_DEPTH, is_around ? system_call : nothing);
		descend(0, is_around ? nothing : system_call);
	}
	return now_ns() - start_ns;
}

static int measure_cost(void)
{
	int64_t best_ns[2] = {INT64_MAX, INT64_MAX};
	pid_t child = fork(); /* which wait4 looks at and does not find ended */

	if (child == 0) {
		for (;;)
			pause();
	}
	for (int i = 0; i < 2 * COST_ROUNDS; i++) {
		int64_t time_ns = time_of_round(i % 2 == 1);

		if (time_ns < best_ns[i % 2]) best_ns[i % 2] = time_ns;
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	printf("a return behind a system call costs %.1f ns more than another one here\n",
		(double)(best_ns[1] - best_ns[0]) / COST_REPEATS / COST_DEPTH);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--cost") == 0) return measure_cost();
	if (argc < 2) die("usage: returns WHIT [OPTION]..., or returns --cost");
	return check(argv[0], argv + 1);
}

/*
 * What the benchmark runs under an init. Stdin has the requests, of one byte. Stdout takes the
 * reports, of eight bytes; the first one, 0, says that all is in place.
 *
 *   command idle              sleeps
 *   command end               on a request reports the time and ends
 *   command signals COUNT     reports the time of each USR1, and each COUNT signals of a burst
 *   command orphans N LIVE WAVES
 *                             has LIVE orphans asleep. On 'a' it makes N more, which end together
 *                             when all are there, WAVES times; on 'o' it makes one, which ends.
 *                             Reports 1 when they have been reaped
 *   command leave WHAT END    leaves a process behind: WHAT is group, session or daemon. END is
 *                             the status to exit with, or "wait"
 */
#include "command.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* No event tells other processes of a reaping: how long to let them run between two looks. */
#define LOOK_AGAIN_NS 200000

static int64_t signals_per_report;
static int64_t signals_received;

static void must(int result)
{
	if (result < 0) _exit(99); /* the driver sees end-of-file */
}

static void report(int64_t number)
{
	must(write(STDOUT_FILENO, &number, sizeof(number)) == sizeof(number) ? 0 : -1);
}

static int64_t now_ns(void)
{
	struct timespec now;

	must(clock_gettime(CLOCK_MONOTONIC, &now));
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static char next_request(void)
{
	char request;
	ssize_t got = read(STDIN_FILENO, &request, 1);

	if (got == 0) _exit(0);
	must((int)got);
	return request;
}

static __attribute__((noreturn)) void sleep_for_ever(void)
{
	for (;;)
		pause();
}

static void on_usr1(int signal)
{
	int64_t now = now_ns();

	(void)signal;
	report(now);
}

static void on_realtime(int signal)
{
	(void)signal;
	if (++signals_received % signals_per_report == 0) report(signals_received);
}

static void count_signals(const char *count)
{
	struct sigaction action = {.sa_handler = on_usr1};

	signals_per_report = atoll(count);
	must(sigfillset(&action.sa_mask));
	must(sigaction(SIGUSR1, &action, NULL));
	action.sa_handler = on_realtime;
	must(sigaction(COMMAND_BURST_SIGNAL, &action, NULL));
	report(0);
	sleep_for_ever();
}

struct orphans {
	pid_t *pids; /* the process that forks them writes there */
	int count;
	int release; /* they end when it is closed */
};

static void orphans_prepare(struct orphans *orphans, int count)
{
	size_t size = (size_t)(count + 1) * sizeof(pid_t); /* none are some to mmap, too */

	orphans->count = count;
	orphans->pids = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(orphans->pids == MAP_FAILED ? -1 : 0);
}

/* Forks them from a process that ends afterwards: the nearest reaper above is then their parent. */
static void orphans_make(struct orphans *orphans)
{
	int ends[2];
	pid_t spawner;

	must(pipe(ends));
	orphans->release = ends[1];
	spawner = fork();
	must(spawner);
	if (spawner == 0) {
		close(ends[1]);
		for (int i = 0; i < orphans->count; i++) {
			pid_t pid = fork();
			char nothing;

			must(pid);
			if (pid == 0) _exit(read(ends[0], &nothing, 1) < 0);
			orphans->pids[i] = pid;
		}
		_exit(0);
	}
	close(ends[0]);
	must(waitpid(spawner, NULL, 0));
}

/* A zombie can still be sent a signal; what has been reaped cannot. */
static void await_reaped(pid_t pid)
{
	const struct timespec pause = {.tv_nsec = LOOK_AGAIN_NS};

	while (kill(pid, 0) == 0)
		nanosleep(&pause, NULL);
}

static void orphans_end(struct orphans *orphans)
{
	must(close(orphans->release));
	for (int i = 0; i < orphans->count; i++)
		await_reaped(orphans->pids[i]);
}

static void run_orphans(int count, int live, int waves)
{
	struct orphans living;
	struct orphans single;
	struct orphans many;

	orphans_prepare(&living, live);
	orphans_prepare(&single, 1);
	orphans_prepare(&many, count);
	orphans_make(&living);
	report(0);
	for (;;) {
		bool is_single = next_request() == COMMAND_END_ONE;

		for (int wave = 0; wave < (is_single ? 1 : waves); wave++) {
			orphans_make(is_single ? &single : &many);
			orphans_end(is_single ? &single : &many);
		}
		report(1);
	}
}

/* --- what stays when the command has ended --- */

/* The last process of this chain sleeps; the end of the pipe that it closes says so. */
static __attribute__((noreturn)) void become_left(const char *what, int in_place)
{
	if (strcmp(what, "group") != 0) must(setsid());
	if (strcmp(what, "daemon") == 0) {
		pid_t daemon;

		signal(SIGTERM, SIG_IGN);
		daemon = fork();
		must(daemon);
		if (daemon != 0) _exit(0);
	}
	must(prctl(PR_SET_NAME, COMMAND_LEFT_NAME, 0, 0, 0));
	close(in_place);
	sleep_for_ever();
}

static int leave(const char *what, const char *end)
{
	int in_place[2];
	char nothing;
	pid_t left;

	must(pipe(in_place));
	left = fork();
	must(left);
	if (left == 0) {
		close(in_place[0]);
		become_left(what, in_place[1]);
	}
	close(in_place[1]);
	must((int)read(in_place[0], &nothing, 1));
	if (strcmp(what, "daemon") == 0) must(waitpid(left, NULL, 0));
	report(0);
	if (strcmp(end, "wait") == 0) sleep_for_ever();
	return atoi(end);
}

int main(int argc, char **argv)
{
	if (argc < 2) return 2;
	if (strcmp(argv[1], "idle") == 0) {
		report(0);
		sleep_for_ever();
	} else if (strcmp(argv[1], "end") == 0) {
		report(0);
		(void)next_request();
		report(now_ns());
		return 0;
	} else if (strcmp(argv[1], "signals") == 0 && argc == 3) {
		count_signals(argv[2]);
	} else if (strcmp(argv[1], "orphans") == 0 && argc == 5) {
		run_orphans(atoi(argv[2]), atoi(argv[3]), atoi(argv[4]));
	} else if (strcmp(argv[1], "leave") == 0 && argc == 4) {
		return leave(argv[2], argv[3]);
	}
	return 2;
}

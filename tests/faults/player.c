/*
 * The command of the fault and delay tests: it has all signals blocked, prints a line for each that
 * comes, and does what some of them tell it to, so that the test decides what happens when. Static,
 * and with the kernel's signal sets, for the same reasons as the integration tests' actor.
 */
#include "player.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void set_mask(uint64_t mask)
{
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof(mask));
}

/* One write a line, so that lines of several processes do not mix. */
static void say(const char *what, int number)
{
	char line[64];
	int length = snprintf(line, sizeof(line), "%s %d\n", what, number);

	(void)!write(STDOUT_FILENO, line, (size_t)length);
}

static int next_signal(uint64_t set, siginfo_t *ret_info)
{
	int signal;

	do
		signal = (int)syscall(SYS_rt_sigtimedwait, &set, ret_info, NULL, sizeof(set));
	while (signal < 0);
	return signal;
}

static void pass_time_us(int us)
{
	const struct timespec duration = {
		.tv_sec = us / 1000000, .tv_nsec = (long)(us % 1000000) * 1000};

	nanosleep(&duration, NULL);
}

/* Orphans that end when their time has come, each a different one. */
static void make_orphans(int count)
{
	for (int made = 0; made < count; made++) {
		pid_t parent = fork();

		if (parent == 0) {
			if (fork() == 0) pass_time_us(made * 200);
			_exit(0);
		}
		waitpid(parent, NULL, 0);
	}
}

/* They inherit the mask, so nothing that is sent to them is lost. */
static void leave_one_that_ends_on(int last)
{
	int signal;
	siginfo_t info;

	if (fork() > 0) return;
	do {
		signal = next_signal(UINT64_MAX, &info);
		if (signal != SIGCONT) say("left", signal);
	} while (signal != last);
	_exit(0);
}

/* The parent speaks when its child is there, and after that has ended. */
static void leave_pair(bool is_stubborn)
{
	pid_t child;
	siginfo_t info;

	if (fork() > 0) return;
	child = fork();
	if (child > 0) say("leaves", is_stubborn ? 4 : 3);
	while (is_stubborn || next_signal(UINT64_MAX, &info) != SIGTERM) {
		if (is_stubborn) pause();
	}
	if (child > 0) waitpid(child, NULL, 0);
	say("left", SIGTERM);
	_exit(0);
}

static void leave_one_that_does_not(void)
{
	if (fork() > 0) return;
	for (;;)
		pause();
}

static void die_by(int signal)
{
	const struct rlimit no_core = {0, 0};

	setrlimit(RLIMIT_CORE, &no_core);
	set_mask(0);
	kill(getpid(), signal);
	for (;;)
		pause();
}

/* As ^Z does it, which a process that blocks it would not notice. */
static void stop_by(int signal)
{
	set_mask(~(UINT64_C(1) << (signal - 1)));
	kill(getpid(), signal);
	set_mask(UINT64_MAX);
}

static void say_signal(const siginfo_t *info)
{
	char line[64];
	int length = info->si_code == SI_QUEUE
		? snprintf(line, sizeof(line), "got %d with %d\n", info->si_signo,
			  info->si_value.sival_int)
		: snprintf(line, sizeof(line), "got %d\n", info->si_signo);

	(void)!write(STDOUT_FILENO, line, (size_t)length);
}

int main(void)
{
	set_mask(UINT64_MAX);
	say("ready", 0);
	for (;;) {
		siginfo_t info;
		int signal = next_signal(UINT64_MAX, &info);
		bool has_value = info.si_code == SI_QUEUE;
		int value = info.si_value.sival_int;

		switch (signal) {
		case SIGCHLD:
		case SIGCONT: break;
		case PLAYER_ORPHANS:
			make_orphans(has_value ? value : PLAYER_ORPHANS_MADE);
			say("made", has_value ? value : PLAYER_ORPHANS_MADE);
			break;
		case PLAYER_LEAVE:
			leave_one_that_ends_on(SIGTERM);
			say("leaves", 0);
			break;
		case PLAYER_LEAVE_LISTENER:
			leave_one_that_ends_on(SIGHUP);
			say("leaves", 2);
			break;
		case PLAYER_LEAVE_STUBBORN:
			leave_one_that_does_not();
			say("leaves", 1);
			break;
		case PLAYER_LEAVE_PAIR: leave_pair(false); break;
		case PLAYER_LEAVE_STUBBORN_PAIR: leave_pair(true); break;
		case PLAYER_STOP:
			stop_by(has_value ? value : SIGTSTP);
			say("continued", has_value ? value : SIGTSTP);
			break;
		case PLAYER_EXIT: _exit(has_value ? value : PLAYER_STATUS);
		case PLAYER_DIE: die_by(has_value ? value : SIGKILL); break;
		default: say_signal(&info); break;
		}
	}
}

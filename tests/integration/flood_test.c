/*
 * A flood loses nothing: signals of all kinds, as fast as they can be sent, while whit reaps
 * orphans by the thousand. FLOOD_SIGNALS and FLOOD_ORPHANS are their numbers (make check-flood).
 */
#include "harness.h"
#include "kernel_signals.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FIRST_REALTIME 32 /* as the kernel counts: those that libc keeps too */
#define REALTIME_KINDS (HIGHEST_SIGNAL - FIRST_REALTIME + 1)

/*
 * Real-time signals that have been sent and have not arrived. Above RLIMIT_SIGPENDING the kernel
 * forgets how often a plain one was sent: sigqueue(3), kill(2).
 */
#define PENDING_MAX 2048

/* One of eight signals is a standard one. The command survives all of them. */
#define STANDARD_EVERY 8
static const int standard_kinds[] = {SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGSEGV, SIGUSR2, SIGPIPE,
	SIGALRM, SIGTERM, SIGCHLD, SIGCONT, SIGTSTP, SIGURG, SIGWINCH, SIGIO, SIGSYS};
#define STANDARD_KINDS (sizeof(standard_kinds) / sizeof(standard_kinds[0]))

struct flood {
	struct run run;
	long sent[HIGHEST_SIGNAL + 1];
	long realtime_sent;
	long realtime_arrived;
	/* whit's, before the flood */
	int descriptors;
	long memory; /* kB */
};

static long number_from_environment(const char *name, long otherwise)
{
	const char *value = getenv(name);

	return value == NULL ? otherwise : atol(value);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int count_descriptors(struct run *run)
{
	char path[64];
	int count = 0;
	struct dirent *entry;
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%d/fd", run->whit);
	directory = opendir(path);
	if (directory == NULL) run_fail(run, "cannot look at %s: %s", path, strerror(errno));
	while ((entry = readdir(directory)) != NULL)
		count += entry->d_name[0] != '.';
	closedir(directory);
	return count;
}

/* Called during the flood, so that memory is seen which is given back later. */
static void expect_nothing_grown(struct flood *flood)
{
	long memory = process_number(flood->run.whit, "RssAnon:");
	int descriptors = count_descriptors(&flood->run);

	if (memory > flood->memory + 12) /* up to three pages, for the first full batch */
		run_fail(&flood->run, "expected: RssAnon %ld kB as before\nobserved: %ld kB",
			flood->memory, memory);
	if (descriptors != flood->descriptors)
		run_fail(&flood->run, "expected: %d descriptors as before\nobserved: %d",
			flood->descriptors, descriptors);
}

/* The next line of the actor, without those about orphans. */
static const char *next_line(struct flood *flood)
{
	const char *line;

	while (strncmp(line = run_line(&flood->run, &flood->run.out), "orphans ", 8) == 0)
		expect_nothing_grown(flood);
	return line;
}

/* Waits until the actor says how many signals have arrived. */
static void take_count(struct flood *flood)
{
	const char *line = next_line(flood);

	if (sscanf(line, "got %ld", &flood->realtime_arrived) != 1)
		run_fail(&flood->run, "expected: got N\nobserved: %s", line);
}

/* Every other signal is queued. Its value counts the signals of that number. */
static void send_realtime(struct flood *flood, int signal)
{
	siginfo_t info;
	long result;

	memset(&info, 0, sizeof(info));
	info.si_code = SI_QUEUE;
	info.si_value.sival_int = (int)flood->sent[signal];
	if (flood->sent[signal] % 2 == 0)
		result = kill(flood->run.whit, signal);
	else
		result = syscall(SYS_rt_sigqueueinfo, flood->run.whit, signal, &info);
	if (result < 0) run_fail(&flood->run, "cannot send %d: %s", signal, strerror(errno));
	flood->sent[signal]++;
	flood->realtime_sent++;
	while (flood->realtime_sent - flood->realtime_arrived >= PENDING_MAX)
		take_count(flood);
}

static void send_standard(struct flood *flood, int signal)
{
	if (kill(flood->run.whit, signal) < 0)
		run_fail(&flood->run, "cannot send %d: %s", signal, strerror(errno));
	flood->sent[signal]++;
}

static void send_all(struct flood *flood, long count)
{
	for (long i = 0; i < count; i++) {
		if (i % STANDARD_EVERY == STANDARD_EVERY - 1)
			send_standard(flood,
				standard_kinds[(unsigned long)i / STANDARD_EVERY % STANDARD_KINDS]);
		else
			send_realtime(flood, FIRST_REALTIME + (int)(i % REALTIME_KINDS));
	}
}

/* All real-time signals have arrived, some standard ones, and none that was not sent. */
static void expect_counts(struct flood *flood)
{
	const char *line;
	char *end;

	do
		line = next_line(flood);
	while (strncmp(line, "got ", 4) == 0);
	for (int signal = 1; signal <= HIGHEST_SIGNAL; signal++) {
		long arrived = strtol(line, &end, 10);
		long sent = flood->sent[signal];

		line = end;
		if (signal == SIGCHLD) /* the actor has a child of its own */
			continue;
		if (signal >= FIRST_REALTIME ? arrived != sent
					     : arrived > sent || (sent > 0 && arrived == 0))
			run_fail(&flood->run, "signal %d: sent %ld, arrived %ld", signal, sent,
				arrived);
	}
	if (strcmp(line, " disorder 0") != 0)
		run_fail(&flood->run, "expected: disorder 0\nobserved: %s", line);
}

static long realtime_among(long count)
{
	return count - count / STANDARD_EVERY;
}

/* Sends until whit has ended; by its pidfd, since its pid may be another process's then. */
static pid_t start_endless_sender(struct run *run)
{
	int whit = (int)syscall(SYS_pidfd_open, run->whit, 0U);
	pid_t sender;

	if (whit < 0) run_fail(run, "pidfd_open: %s", strerror(errno));
	sender = fork();
	if (sender == 0) {
		for (int i = 0; syscall(SYS_pidfd_send_signal, whit,
					i % 2 == 0 ? SIGUSR1 : HIGHEST_SIGNAL, NULL, 0U) == 0;
			i++)
			;
		_exit(0);
	}
	close(whit);
	return sender;
}

static void expect_end_at_once(struct flood *flood)
{
	pid_t command = run_command(&flood->run);
	pid_t sender = start_endless_sender(&flood->run);
	int64_t killed_at_ms;

	assert_int_equal(kill(command, SIGKILL), 0);
	killed_at_ms = now_ms();
	run_expect_end(&flood->run, 128 + SIGKILL, "");
	print_message(
		"  the end was noticed within %lld ms\n", (long long)(now_ms() - killed_at_ms));
	assert_int_equal(waitpid(sender, NULL, 0), sender); /* it ends with whit */
}

static void in_a_flood_no_signal_no_orphan_and_no_end_is_lost(void **state)
{
	static struct flood flood;
	long signals = number_from_environment("FLOOD_SIGNALS", 200000);
	long orphans = number_from_environment("FLOOD_ORPHANS", 5000);
	char realtime_text[24];
	char orphans_text[24];
	int64_t started_at_ms = now_ms();

	memset(&flood, 0, sizeof(flood));
	snprintf(realtime_text, sizeof(realtime_text), "%ld", realtime_among(signals));
	snprintf(orphans_text, sizeof(orphans_text), "%ld", orphans);
	RUN(&flood.run, test_role(state), "-q", actor_path(), "flood", realtime_text, orphans_text);
	run_expect(&flood.run, "ready");
	run_wait_settled(&flood.run);
	flood.memory = process_number(flood.run.whit, "RssAnon:");
	flood.descriptors = count_descriptors(&flood.run);
	send_all(&flood, signals);
	expect_counts(&flood);
	if (strcmp(next_line(&flood), "made") != 0) run_fail(&flood.run, "expected: made");
	run_wait_children(&flood.run, 1);
	expect_nothing_grown(&flood);
	print_message("  %ld signals and %ld orphans in %lld ms; RssAnon %ld kB, then %ld kB\n",
		signals, orphans, (long long)(now_ms() - started_at_ms), flood.memory,
		process_number(flood.run.whit, "RssAnon:"));
	expect_end_at_once(&flood);
}

/*
 * Sends one signal again and again until whit has ended. In so short a time no other process gets
 * its pid.
 */
static pid_t start_sender(struct run *run, int signal)
{
	pid_t sender = fork();

	if (sender == 0) {
		(void)prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL);
		while (kill(run->whit, signal) == 0)
			;
		_exit(0);
	}
	return sender;
}

/* Until more signals are pending than whit reads at once. */
static void wait_for_flood(struct run *run)
{
	int64_t patience_ends = now_ms() + PATIENCE_MS;

	while (process_number(run->whit, "SigQ:") < PENDING_MAX) {
		if (now_ms() > patience_ends)
			run_fail(run, "whit reads faster than the senders send");
	}
}

static void a_flood_does_not_hold_up_term(void **state)
{
	static const int flooding[] = {40, 41, SIGHUP, SIGUSR1};
	const size_t count = sizeof(flooding) / sizeof(flooding[0]);
	pid_t senders[4];
	struct run run;

	RUN(&run, test_role(state), "-q", "sh", "-c",
		"trap '' 40 41 HUP USR1; echo ready; exec sleep 1000000");
	run_expect(&run, "ready");
	for (size_t i = 0; i < count; i++)
		senders[i] = start_sender(&run, flooding[i]);
	wait_for_flood(&run);
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	run_expect_end(&run, 128 + SIGTERM, "");
	for (size_t i = 0; i < count; i++)
		assert_int_equal(waitpid(senders[i], NULL, 0), senders[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROLE_TEST(in_a_flood_no_signal_no_orphan_and_no_end_is_lost),
		ROLE_TEST(a_flood_does_not_hold_up_term),
	};

	return cmocka_run_group_tests_name("flood", tests, harness_require_namespaces, NULL);
}

/* One init that is measured: started as PID 1 of a namespace of its own, looked at, and ended. */
#ifndef WHIT_TESTS_BENCH_SUBJECT_H
#define WHIT_TESTS_BENCH_SUBJECT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct subject {
	const char *name; /* of the init, for what goes wrong */
	pid_t pid;
	int requests; /* the command's stdin */
	int reports;  /* its stdout */

	/* Of the process that is to become the init, just before its exec. */
	int64_t start_ns;
	int64_t start_cpu_ns;
	long start_faults;
};

/* What is in /proc/PID. */
struct subject_state {
	char state; /* proc_pid_stat(5) */
	long faults;
	int64_t cpu_ns;
	int64_t wakeups;
};

struct subject_memory {
	int64_t rss_kb;
	int64_t dirty_kb;
};

/* Says what went wrong, and ends the driver; the kernel then ends what it has started. */
__attribute__((noreturn, format(printf, 1, 2))) void die(const char *format, ...);

int64_t now_ns(void);

/*
 * Starts the words, of which the first is the init's path, or the command's where the command is to
 * be PID 1 itself. In the started process trace_me has it traced from the exec on.
 */
void subject_start(
	struct subject *subject, const char *name, const char *const *words, bool trace_me);

/* The next report of the command; waits at most two minutes. */
int64_t subject_report(struct subject *subject);

void subject_request(struct subject *subject, char request);

void subject_look(const struct subject *subject, struct subject_state *ret_state);
void subject_look_at_memory(const struct subject *subject, struct subject_memory *ret_memory);

/* Waits until the init sleeps and is not about to do anything. */
void subject_settle(const struct subject *subject);

/* Waits for its end without reaping it: it can still be looked at. Returns when that was seen. */
int64_t subject_await_end(const struct subject *subject);

/* Lets go of the pipes, where there is nothing more to say. */
void subject_hang_up(struct subject *subject);

/* Ends it if it has not ended, and lets go of all that was its. */
void subject_drop(struct subject *subject);

#endif

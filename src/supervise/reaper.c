/* waitpid until empty, or enough for one turn. What the command's end leads to is the supervisor's
 * affair. */
#include "supervise/reaper.h"

#include "base/log.h"
#include "signals/signal_name.h"
#include "supervise/exit_status.h"
#include "supervise/process.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

/*
 * __WALL: a child that was cloned with another exit signal than SIGCHLD is invisible to a plain
 * wait (wait(2)).
 */
#define REAP_FLAGS (WNOHANG | WUNTRACED | __WALL)

/* waitpid fails by ECHILD alone (wait(2)), or EINTR; whatever else it is may be so only once. */
#define FAILURES_MAX 16

#define ANY (-1) /* waitpid's word for it */

static void report_orphan(pid_t pid, const char *name, int wait_status, enum reaper_report report)
{
	void (*log)(const char *format, ...) __attribute__((format(printf, 1, 2))) =
		report == REAPER_REPORT_WARNING ? log_warning : log_debug;
	int signal = exit_status_killed_by(wait_status);
	char text[SIGNAL_NAME_SIZE];

	if (signal != 0)
		log("reaped orphan %d (%s): killed by %s", pid, name,
			signal_name_format(signal, text));
	else
		log("reaped orphan %d (%s): exited %d", pid, name,
			exit_status_from_wait(wait_status));
}

enum next {
	NEXT_IS_KNOWN,
	NEXT_IS_NOBODY,
	NEXT_IS_ANYBODY, /* the kernel cannot tell (before 4.7: waitid(2)) */
};

/*
 * Looks without reaping who has ended or stopped, since a process has a name only until it is
 * reaped. Who ends after this look is left for the next one: there will be news of it.
 */
static enum next name_next(pid_t *ret_pid, char ret_name[PROCESS_NAME_SIZE])
{
	const int flags = WEXITED | WSTOPPED | WNOWAIT | WNOHANG | __WALL;
	siginfo_t next = {.si_pid = 0};

	*ret_pid = ANY;
	strcpy(ret_name, "?");
	if (waitid(P_ALL, 0, &next, flags) < 0)
		return NEXT_IS_ANYBODY; /* or ECHILD, as waitpid will say */
	if (next.si_pid == 0)
		return NEXT_IS_NOBODY;
	*ret_pid = next.si_pid;
	process_name(next.si_pid, ret_name);
	return NEXT_IS_KNOWN;
}

/* An error that may be gone, or one who was seen stopped and has been continued meanwhile. */
static bool is_to_be_tried_again(pid_t reaped, pid_t asked_for)
{
	return reaped < 0 ? errno != ECHILD : reaped == 0 && asked_for != ANY;
}

/* As waitpid; with is_reported the name too, which is gone afterwards. */
static pid_t take_one(bool is_reported, int *ret_wait_status, char ret_name[PROCESS_NAME_SIZE])
{
	pid_t asked_for = ANY;
	int failures = 0;
	pid_t pid;

	do {
		if (is_reported && name_next(&asked_for, ret_name) == NEXT_IS_NOBODY)
			return 0;
		pid = waitpid(asked_for, ret_wait_status, REAP_FLAGS);
	} while (is_to_be_tried_again(pid, asked_for) && ++failures < FAILURES_MAX);
	return pid;
}

void reaper_collect(pid_t command, enum reaper_report report, struct reaper_result *ret_result)
{
	bool is_reported =
		log_shows(report == REAPER_REPORT_WARNING ? LOG_LEVEL_WARNING : LOG_LEVEL_DEBUG);
	char name[PROCESS_NAME_SIZE];
	int wait_status;

	*ret_result = (struct reaper_result){.is_anyone_left = true};
	for (int count = 0; count < REAPER_BATCH;) {
		pid_t pid = take_one(is_reported, &wait_status, name);

		if (pid <= 0) {
			ret_result->is_anyone_left = pid == 0 || errno != ECHILD;
			ret_result->error = pid < 0 && errno != ECHILD ? errno : 0;
			return;
		}
		if (exit_status_is_stop(wait_status)) {
			if (pid == command) {
				ret_result->command_has_stopped = true;
				ret_result->command_stop_signal = WSTOPSIG(wait_status);
			}
			continue;
		}
		count++;
		ret_result->is_anyone_reaped = true;
		/* The pid of a command that has been reaped may be an orphan's by now. */
		if (pid == command && !ret_result->command_has_ended) {
			ret_result->command_has_ended = true;
			ret_result->command_wait_status = wait_status;
		} else if (is_reported) {
			report_orphan(pid, name, wait_status, report);
		}
	}
	ret_result->is_more_to_reap = true;
}

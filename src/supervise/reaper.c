/* waitpid until empty, or enough for one turn. What the command's end leads to is the supervisor's
 * affair. */
#include "supervise/reaper.h"

#include "base/log.h"
#include "signals/signal_name.h"
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
	void (*log)(const char *format, ...) =
		report == REAPER_REPORT_WARNING ? log_warning : log_debug;
	char signal[SIGNAL_NAME_SIZE];

	if (WIFSIGNALED(wait_status))
		log("reaped orphan %d (%s): killed by %s", pid, name,
			signal_name_format(WTERMSIG(wait_status), signal));
	else
		log("reaped orphan %d (%s): exited %d", pid, name, WEXITSTATUS(wait_status));
}

/*
 * Looks without reaping who is next, since a process has a name only until it is reaped. Returns
 * the pid, or ANY where nobody is next or the kernel cannot tell (before 4.7: waitid(2)).
 */
static pid_t name_next(char name[PROCESS_NAME_SIZE])
{
	siginfo_t next = {.si_pid = 0};

	strcpy(name, "?");
	if (waitid(P_ALL, 0, &next, WEXITED | WNOWAIT | WNOHANG | __WALL) < 0 || next.si_pid == 0)
		return ANY;
	process_name(next.si_pid, name);
	return next.si_pid;
}

void reaper_collect(pid_t command, enum reaper_report report, struct reaper_result *ret_result)
{
	bool is_reported =
		log_shows(report == REAPER_REPORT_WARNING ? LOG_LEVEL_WARNING : LOG_LEVEL_DEBUG);
	char name[PROCESS_NAME_SIZE];
	int wait_status;
	pid_t pid = ANY;
	int failures = 0;
	int count = 0;

	ret_result->command_has_ended = false;
	ret_result->command_has_stopped = false;
	ret_result->is_anyone_reaped = false;
	ret_result->is_more_to_reap = false;
	while (count < REAPER_BATCH) {
		pid_t reaped;

		if (is_reported)
			pid = name_next(name);
		reaped = waitpid(pid, &wait_status, REAP_FLAGS);
		if (reaped < 0 && errno != ECHILD && ++failures < FAILURES_MAX)
			continue;
		if (reaped <= 0) {
			ret_result->is_anyone_left = reaped == 0 || errno != ECHILD;
			ret_result->error = ret_result->is_anyone_left && reaped < 0 ? errno : 0;
			return;
		}
		if (WIFSTOPPED(wait_status)) {
			if (reaped == command) {
				ret_result->command_has_stopped = true;
				ret_result->command_stop_signal = WSTOPSIG(wait_status);
			}
			continue;
		}
		ret_result->is_anyone_reaped = true;
		count++;
		/* The pid of a command that has been reaped may be an orphan's by now. */
		if (reaped == command && !ret_result->command_has_ended) {
			ret_result->command_has_ended = true;
			ret_result->command_wait_status = wait_status;
		} else if (is_reported) {
			report_orphan(reaped, name, wait_status, report);
		}
	}
	ret_result->is_more_to_reap = true;
	ret_result->is_anyone_left = true;
	ret_result->error = 0;
}

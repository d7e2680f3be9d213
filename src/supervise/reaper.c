/* wait4 until there is no more, or enough for one turn. The supervisor acts on what it finds. */
#include "supervise/reaper.h"

#include "base/system_call.h"
#include "signals/signal_name.h"
#include "supervise/exit_status.h"
#include "supervise/process.h"
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* wait4 fails with ECHILD alone (wait(2)), or EINTR. Any other error may occur only once. */
#define FAILURES_MAX 16

#define ANY (-1) /* in wait4(2) */

static void report_orphan(
	enum log_level level, pid_t pid, const char name[PROCESS_NAME_SIZE], int wait_status)
{
	int signal = exit_status_killed_by(wait_status);
	char text[SIGNAL_NAME_SIZE];

	log_message(level, "reaped orphan %d (%s): %s %s", pid, name,
		signal != 0 ? "killed by" : "exited",
		signal != 0
			? signal_name_format(signal, text)
			: number_format((unsigned int)exit_status_from_wait(wait_status), text));
}

/* Names the next child to be reaped, which has a name only until it is. Returns its pid, 0 if there
 * is none, or ANY if the kernel cannot tell: no children, or before Linux 4.7 (waitid(2)). */
static pid_t name_next(int flags, char ret_name[PROCESS_NAME_SIZE])
{
	siginfo_t next = {.si_pid = 0};

	strcpy(ret_name, "?");
	if (waitid(P_ALL, 0, &next, WEXITED | WNOWAIT | flags) < 0) return ANY;
	if (next.si_pid != 0) process_name(next.si_pid, ret_name);
	return next.si_pid;
}

void reaper_collect(const struct reaper *reaper, pid_t ended, struct reaper_result *ret_result)
{
	/* __WALL: children cloned with another exit signal than SIGCHLD too. wait(2) */
	const int flags = WNOHANG | __WALL | (reaper->wants_stops ? WUNTRACED : 0);
	const bool is_reported = log_shows(reaper->report);
	char name[PROCESS_NAME_SIZE];
	int failures = 0;
	int wait_status = 0;

	*ret_result = (struct reaper_result){.has_children = true};
	for (int count = 0; count < REAPER_BATCH;) {
		pid_t asked_for = is_reported ? name_next(flags, name) : ended > 0 ? ended : ANY;
		pid_t pid;

		if (asked_for == 0) return;
		ended = 0;
		pid = (pid_t)system_call(SYS_wait4, asked_for, (long)&wait_status, flags, 0);
		if (pid <= 0) {
			bool is_final = asked_for == ANY && (pid == 0 || errno == ECHILD);

			if (!is_final && ++failures < FAILURES_MAX) continue;
			ret_result->has_children = pid == 0 || errno != ECHILD;
			ret_result->error = pid < 0 && errno != ECHILD ? errno : 0;
			return;
		}
		if (WIFSTOPPED((unsigned int)wait_status)) { /* musl multiplies it */
			if (pid == reaper->command)
				ret_result->command_stop_signal = WSTOPSIG(wait_status);
			continue;
		}
		count++;
		/* The pid of a command that has been reaped may be an orphan's by now. */
		if (pid == reaper->command && !ret_result->command_has_ended) {
			ret_result->command_has_ended = true;
			ret_result->command_wait_status = wait_status;
		} else if (is_reported) {
			report_orphan(reaper->report, pid, name, wait_status);
		}
	}
	ret_result->is_more_to_reap = true;
}

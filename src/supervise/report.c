/* Makes the sentences of supervise/report.h. The supervisor decides what happens, and when. */
#include "supervise/report.h"

#include "base/cold.h"
#include "base/error_text.h"
#include "base/line.h"
#include "base/number.h"
#include "diagnosis/memory_cgroup.h"
#include "signals/signal_name.h"
#include "signals/signal_record.h"
#include "supervise/process.h"
#include <errno.h>
#include <sys/wait.h>

/* The sentence at hand; not on the stack, which may be as small as 16 KiB. */
static struct line line COLD;

/* " after 2.5 s": the time since the start; nothing without -v. */
static void append_elapsed(const struct supervisor *whit)
{
	char seconds[NUMBER_SECONDS_SIZE];

	if (log_shows(LOG_LEVEL_VERBOSE))
		line_format(&line, " after %s s",
			number_format_seconds(clock_now_ms() - whit->start_ms, seconds));
}

void report_forwarded(
	const struct supervisor *whit, const struct signalfd_siginfo *record, int sent)
{
	char name[SIGNAL_NAME_SIZE];
	char sender[PROCESS_NAME_SIZE];

	if (!log_shows(LOG_LEVEL_VERBOSE)) return;
	line_start(&line);
	line_format(&line, "%s %s from ", sent == REWRITE_DROP ? "dropped" : "forwarded",
		signal_name_format((int)record->ssi_signo, name));
	process_name((pid_t)record->ssi_pid, sender);
	if (signal_record_is_from_kernel(record))
		line_format(&line, "the kernel");
	else
		line_format(&line, "pid %u (%s)", record->ssi_pid,
			record->ssi_pid == 0 ? "outside this namespace" : sender);
	if (sent != REWRITE_DROP && sent != (int)record->ssi_signo)
		line_format(&line, " as %s", signal_name_format(sent, name));
	if (sent != REWRITE_DROP)
		line_format(
			&line, " to the %s", whit->has_command ? "command" : "remaining processes");
	append_elapsed(whit);
	log_verbose("%s", line_string(&line));
}

void report_not_forwarded(const struct supervisor *whit, int signal, int error)
{
	char name[SIGNAL_NAME_SIZE];

	log_warning("cannot forward %s to the command (pid %d): %s",
		signal_name_format(signal, name), whit->command,
		error == EPERM ? "it runs as another user and whit has no CAP_KILL"
			       : error_text(error));
}

/* Why the signal was to be expected, or NULL. */
static const char *explain_signal(const struct supervisor *whit, int signal)
{
	if (whit->forwarded[signal]) return ", which whit forwarded,";
	if (signal == SIGKILL && whit->has_killed) return " from whit (-k)";
	/* ^C: a command that has the terminal gets it from there. */
	return signal == SIGINT && whit->job.is_handed_over ? " from the terminal" : NULL;
}

void report_end(const struct supervisor *whit, int wait_status)
{
	int signal = exit_status_killed_by(wait_status);
	const char *reason = signal == 0 ? "" : explain_signal(whit, signal);
	enum log_level level = reason == NULL ? LOG_LEVEL_WARNING : LOG_LEVEL_VERBOSE;
	unsigned int kills = 0;
	char name[SIGNAL_NAME_SIZE];

	if (!log_shows(wait_status == 0 ? LOG_LEVEL_VERBOSE : LOG_LEVEL_WARNING)) return;
	line_start(&line);
	if (signal == 0)
		line_format(&line, "exited with status %d", exit_status_from_wait(wait_status));
	else
		line_format(&line, "was killed by %s%s", signal_name_format(signal, name),
			reason != NULL                   ? reason
				: WCOREDUMP(wait_status) ? ", core dumped"
							 : "");
	append_elapsed(whit);
	if (wait_status != 0 && (signal == 0 || (signal == SIGKILL && reason == NULL)) &&
		memory_cgroup_count_kills(&kills) && kills > 0) {
		line_format(&line, "; this cgroup records %u out-of-memory kill%s", kills,
			kills == 1 ? "" : "s");
		level = LOG_LEVEL_WARNING;
	}
	log_message(level, "the command (pid %d) %s", whit->command, line_string(&line));
}

void report_none_left(const struct supervisor *whit)
{
	line_start(&line);
	append_elapsed(whit);
	log_verbose("the remaining processes have ended%s", line_string(&line));
}

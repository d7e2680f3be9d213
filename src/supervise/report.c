/* Makes the sentences of supervise/report.h. The supervisor decides what happens, and when. */
#include "supervise/report.h"

#include "base/error_text.h"
#include "base/line.h"
#include "base/log.h"
#include "base/number.h"
#include "diagnosis/memory_cgroup.h"
#include "signals/signal_name.h"
#include "signals/signal_record.h"
#include "supervise/process.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#define SENDER_SIZE (sizeof("pid  ()") + NUMBER_SIZE + PROCESS_NAME_SIZE)

/* The buffer is small, since it is on the stack also when nothing is said. */
static const char *sender(const struct signalfd_siginfo *record, char buffer[SENDER_SIZE])
{
	char name[PROCESS_NAME_SIZE];

	if (signal_record_is_from_kernel(record))
		return "the kernel";
	if (record->ssi_pid == 0)
		return "pid 0 (outside this namespace)";
	strcpy(buffer, "pid ");
	number_format(record->ssi_pid, buffer + strlen(buffer));
	process_name((pid_t)record->ssi_pid, name);
	return strcat(strcat(strcat(buffer, " ("), name), ")");
}

/* The time since the start, in seconds. */
static const char *elapsed(const struct supervisor *whit, char buffer[NUMBER_SECONDS_SIZE])
{
	return number_format_seconds(clock_now_ms() - whit->start_ms, buffer);
}

void report_forwarded(
	const struct supervisor *whit, const struct signalfd_siginfo *record, int sent)
{
	int received = (int)record->ssi_signo;
	const char *to = whit->has_command ? " to the command" : " to the remaining processes";
	char received_name[SIGNAL_NAME_SIZE];
	char sent_name[SIGNAL_NAME_SIZE];
	char seconds[NUMBER_SECONDS_SIZE];
	char from[SENDER_SIZE];

	if (!log_shows(LOG_LEVEL_VERBOSE))
		return;
	signal_name_format(sent, sent_name);
	log_verbose("%s %s from %s%s%s%s after %s s",
		sent == REWRITE_DROP ? "dropped" : "forwarded",
		signal_name_format(received, received_name), sender(record, from),
		sent == REWRITE_DROP || sent == received ? "" : " as ",
		sent == REWRITE_DROP || sent == received ? "" : sent_name,
		sent == REWRITE_DROP ? "" : to, elapsed(whit, seconds));
}

void report_not_forwarded(const struct supervisor *whit, int signal, int error)
{
	char name[SIGNAL_NAME_SIZE];

	log_warning("cannot forward %s to the command (pid %d): %s",
		signal_name_format(signal, name), whit->command,
		error == EPERM ? "it runs as another user and whit has no CAP_KILL"
			       : error_text(error));
}

/* Why the signal was to be expected; NULL if it was not. */
static const char *explain_signal(const struct supervisor *whit, int signal)
{
	if (signal_set_has(&whit->forwarded, signal))
		return ", which whit forwarded,";
	if (signal == SIGKILL && whit->has_killed)
		return " from whit (-k)";
	/* ^C: a command that has the terminal gets it from there. */
	return signal == SIGINT && whit->job.is_handed_over ? " from the terminal" : NULL;
}

/* On a stack of its own, which only a bad end uses. */
static __attribute__((noinline)) void report_bad_end(const struct supervisor *whit, int wait_status)
{
	int signal = exit_status_killed_by(wait_status);
	char name[SIGNAL_NAME_SIZE];
	struct line kills;
	unsigned int count;

	line_start(&kills);
	if ((signal == 0 || signal == SIGKILL) && memory_cgroup_count_kills(&count) && count > 0)
		line_format(&kills, "; this cgroup records %u out-of-memory kill%s", count,
			count == 1 ? "" : "s");
	if (signal != 0)
		log_warning("the command (pid %d) was killed by %s%s%s", whit->command,
			signal_name_format(signal, name),
			WCOREDUMP(wait_status) ? ", core dumped" : "", line_string(&kills));
	else if (kills.length > 0)
		log_warning("the command (pid %d) exited with status %d%s", whit->command,
			exit_status_from_wait(wait_status), line_string(&kills));
}

void report_end(const struct supervisor *whit, int wait_status)
{
	int signal = exit_status_killed_by(wait_status);
	const char *reason = signal == 0 ? "" : explain_signal(whit, signal);
	char name[SIGNAL_NAME_SIZE];
	char seconds[NUMBER_SECONDS_SIZE];

	if (log_shows(LOG_LEVEL_VERBOSE) && signal == 0)
		log_verbose("the command (pid %d) exited with status %d after %s s", whit->command,
			exit_status_from_wait(wait_status), elapsed(whit, seconds));
	else if (log_shows(LOG_LEVEL_VERBOSE) && reason != NULL)
		log_verbose("the command (pid %d) was killed by %s%s after %s s", whit->command,
			signal_name_format(signal, name), reason, elapsed(whit, seconds));
	if (wait_status != 0 && (signal == 0 || reason == NULL) && log_shows(LOG_LEVEL_WARNING))
		report_bad_end(whit, wait_status);
}

void report_none_left(const struct supervisor *whit)
{
	char seconds[NUMBER_SECONDS_SIZE];

	if (log_shows(LOG_LEVEL_VERBOSE))
		log_verbose(
			"the remaining processes have ended after %s s", elapsed(whit, seconds));
}

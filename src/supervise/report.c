/* Makes the sentences of supervise/report.h. What happens, and when, is the supervisor's affair. */
#include "supervise/report.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/number.h"
#include "signals/signal_name.h"
#include "signals/signal_record.h"
#include "supervise/exit_status.h"
#include "supervise/memory_cgroup.h"
#include "supervise/process.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#define SENDER_SIZE (sizeof("pid  ()") + NUMBER_SIZE + PROCESS_NAME_SIZE)

/* Who sent it. The buffer is small, since it is on the stack also when nothing is said. */
static const char *sender(const struct signalfd_siginfo *record, char buffer[SENDER_SIZE])
{
	char *end;

	if (signal_record_is_from_kernel(record))
		return strcpy(buffer, "the kernel");
	if (record->ssi_pid == 0)
		return strcpy(buffer, "pid 0 (outside this namespace)");
	end = stpcpy(buffer, "pid ");
	end += strlen(number_format(record->ssi_pid, end));
	end = stpcpy(end, " (");
	process_name((pid_t)record->ssi_pid, end);
	strcat(end, ")");
	return buffer;
}

/* The time since the start, in seconds. */
static const char *elapsed(const struct supervisor *supervisor, char buffer[NUMBER_SECONDS_SIZE])
{
	return number_format_seconds(clock_now_ms() - supervisor->start_ms, buffer);
}

void report_passed_on(
	const struct supervisor *supervisor, const struct signalfd_siginfo *record, int sent)
{
	char received_name[SIGNAL_NAME_SIZE];
	char sent_name[SIGNAL_NAME_SIZE];
	char seconds[NUMBER_SECONDS_SIZE];
	char from[SENDER_SIZE];

	if (!log_shows(LOG_LEVEL_VERBOSE))
		return;
	signal_name_format((int)record->ssi_signo, received_name);
	signal_name_format(sent, sent_name);
	elapsed(supervisor, seconds);
	if (sent == (int)record->ssi_signo)
		log_verbose("passed on %s from %s after %s s", received_name, sender(record, from),
			seconds);
	else
		log_verbose("passed on %s from %s as %s after %s s", received_name,
			sender(record, from), sent_name, seconds);
}

void report_passed_on_to_rest(
	const struct supervisor *supervisor, const struct signalfd_siginfo *record, int sent)
{
	char name[SIGNAL_NAME_SIZE];
	char seconds[NUMBER_SECONDS_SIZE];
	char from[SENDER_SIZE];

	if (!log_shows(LOG_LEVEL_VERBOSE))
		return;
	log_verbose("passed on %s from %s to the rest after %s s", signal_name_format(sent, name),
		sender(record, from), elapsed(supervisor, seconds));
}

void report_dropped(const struct signalfd_siginfo *record)
{
	char name[SIGNAL_NAME_SIZE];
	char from[SENDER_SIZE];

	if (!log_shows(LOG_LEVEL_VERBOSE))
		return;
	log_verbose("dropped %s from %s", signal_name_format((int)record->ssi_signo, name),
		sender(record, from));
}

void report_not_passed_on(const struct supervisor *supervisor, int signal, int error)
{
	char name[SIGNAL_NAME_SIZE];

	signal_name_format(signal, name);
	if (error == EPERM)
		log_warning("cannot pass on %s: the command (pid %d) runs as another user and whit "
			    "has no CAP_KILL",
			name, supervisor->command);
	else
		log_warning("cannot pass on %s to the command (pid %d): %s", name,
			supervisor->command, strerror(error));
}

void report_rest_ended(const struct supervisor *supervisor)
{
	char seconds[NUMBER_SECONDS_SIZE];

	if (log_shows(LOG_LEVEL_VERBOSE))
		log_verbose("the rest has ended after %s s", elapsed(supervisor, seconds));
}

/* Nobody says who sent a KILL, but the kernel counts its own. */
static void log_killed(const struct supervisor *supervisor, unsigned int count)
{
	switch (count) {
	case 0:
		log_warning("the command (pid %d) was killed by SIGKILL; this cgroup records no "
			    "out-of-memory kill",
			supervisor->command);
		break;
	case 1:
		log_warning("the command (pid %d) was killed by SIGKILL; this cgroup records 1 "
			    "out-of-memory kill",
			supervisor->command);
		break;
	default:
		log_warning("the command (pid %d) was killed by SIGKILL; this cgroup records %u "
			    "out-of-memory kills",
			supervisor->command, count);
		break;
	}
}

/* A death that nobody could have expected, as a shell says it. */
static void log_unexplained_death(const struct supervisor *supervisor, int wait_status)
{
	int signal = exit_status_killed_by(wait_status);
	char name[SIGNAL_NAME_SIZE];
	unsigned int count;

	if (!log_shows(LOG_LEVEL_WARNING))
		return;
	signal_name_format(signal, name);
	if (signal == SIGKILL && memory_cgroup_count_kills(&count))
		log_killed(supervisor, count);
	else if (exit_status_has_core(wait_status))
		log_warning("the command (pid %d) was killed by %s, core dumped",
			supervisor->command, name);
	else
		log_warning("the command (pid %d) was killed by %s", supervisor->command, name);
}

/* By -k, which has said so. */
static bool is_killed_by_us(const struct supervisor *supervisor, int wait_status)
{
	return supervisor->has_killed && exit_status_killed_by(wait_status) == SIGKILL;
}

static void log_expected_end(const struct supervisor *supervisor, int wait_status)
{
	int signal = exit_status_killed_by(wait_status);
	char name[SIGNAL_NAME_SIZE];
	char seconds[NUMBER_SECONDS_SIZE];

	if (!log_shows(LOG_LEVEL_VERBOSE))
		return;
	elapsed(supervisor, seconds);
	if (signal == 0)
		log_verbose("the command (pid %d) exited with status %d after %s s",
			supervisor->command, exit_status_from_wait(wait_status), seconds);
	else if (is_killed_by_us(supervisor, wait_status))
		log_verbose("the command (pid %d) ended by SIGKILL from whit after %s s",
			supervisor->command, seconds);
	else if (signal_set_has(&supervisor->passed_on, signal))
		log_verbose("the command (pid %d) ended by %s, as asked, after %s s",
			supervisor->command, signal_name_format(signal, name), seconds);
	else
		log_verbose("the command (pid %d) ended by SIGINT, as by ^C, after %s s",
			supervisor->command, seconds);
}

void report_end(const struct supervisor *supervisor, int wait_status)
{
	/* ^C, of which a command that has the terminal has heard by itself. */
	bool is_typed =
		exit_status_killed_by(wait_status) == SIGINT && supervisor->job.is_handed_over;

	if (exit_status_is_unexplained(wait_status, &supervisor->passed_on) && !is_typed &&
		!is_killed_by_us(supervisor, wait_status))
		log_unexplained_death(supervisor, wait_status);
	else
		log_expected_end(supervisor, wait_status);
}

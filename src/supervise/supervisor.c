/*
 * One turn of whit's life: wait, pass on, reap, decide. Waiting, reaping and sending are done by
 * modules of their own; what they return is said here.
 */
#include "supervise/supervisor.h"

#include "base/line.h"
#include "base/log.h"
#include "signals/signal_name.h"
#include "signals/signal_record.h"
#include "supervise/event_loop.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

/* Who sent it; the string is the line's. */
static const char *sender(const struct signalfd_siginfo *record, struct line *text)
{
	line_start(text);
	if (signal_record_is_from_kernel(record))
		line_format(text, "the kernel");
	else if (record->ssi_pid == 0)
		line_format(text, "pid 0 (outside this namespace)");
	else
		line_format(text, "pid %u", record->ssi_pid);
	return line_string(text);
}

static void log_passed_on(const struct signalfd_siginfo *record, int sent)
{
	char received_name[SIGNAL_NAME_SIZE];
	char sent_name[SIGNAL_NAME_SIZE];
	struct line text;

	if (!log_shows(LOG_LEVEL_VERBOSE))
		return;
	signal_name_format((int)record->ssi_signo, received_name);
	signal_name_format(sent, sent_name);
	if (sent == (int)record->ssi_signo)
		log_verbose("passed on %s from %s", received_name, sender(record, &text));
	else
		log_verbose("passed on %s from %s as %s", received_name, sender(record, &text),
			sent_name);
}

static void log_not_passed_on(const struct supervisor *supervisor, int signal, int error)
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

static void pass_on(struct supervisor *supervisor, const struct signalfd_siginfo *record)
{
	int signal = rewrite_apply(supervisor->rewrite, (int)record->ssi_signo);
	char name[SIGNAL_NAME_SIZE];
	struct line text;

	if (signal == REWRITE_DROP) {
		log_verbose("dropped %s from %s", signal_name_format((int)record->ssi_signo, name),
			sender(record, &text));
		return;
	}
	if (delivery_send(supervisor->command, supervisor->target, signal, record) < 0) {
		log_not_passed_on(supervisor, signal, errno);
		return;
	}
	signal_set_add(&supervisor->passed_on, signal);
	log_passed_on(record, signal);
}

/* What is not for the command: news of children, and what whit's own messages raised. */
static bool is_for_command(
	const struct supervisor *supervisor, const struct signalfd_siginfo *record)
{
	return !signal_record_is_child_news(record) &&
		!signal_record_is_own_write_error(record, supervisor->self);
}

/*
 * SIGCHLD of either origin means that there may be something to reap, since two may collapse into
 * one record. A full batch may have left SIGCHLD behind: reaping then keeps a flood of signals from
 * holding it up for ever.
 */
static bool wants_reaping(const struct event_batch *batch)
{
	if (batch->count == 0 || batch->count == EVENT_LOOP_BATCH)
		return true;
	for (size_t i = 0; i < batch->count; i++) {
		if (batch->records[i].ssi_signo == SIGCHLD)
			return true;
	}
	return false;
}

static void log_end(const struct supervisor *supervisor, int wait_status)
{
	char name[SIGNAL_NAME_SIZE];

	if (!WIFSIGNALED(wait_status)) {
		log_verbose("the command (pid %d) exited with status %d", supervisor->command,
			WEXITSTATUS(wait_status));
		return;
	}
	signal_name_format(WTERMSIG(wait_status), name);
	if (!exit_status_is_unexplained(wait_status, &supervisor->passed_on))
		log_verbose(
			"the command (pid %d) ended by %s, as asked", supervisor->command, name);
	else if (WCOREDUMP(wait_status))
		log_warning("the command (pid %d) was killed by %s, core dumped",
			supervisor->command, name);
	else
		log_warning("the command (pid %d) was killed by %s", supervisor->command, name);
}

/* The status to end with, once the reaper has found the command ended. */
static int end(const struct supervisor *supervisor, int wait_status)
{
	int status = exit_status_from_wait(wait_status);
	int mapped = exit_map_apply(supervisor->exit_map, status, &supervisor->passed_on);

	log_end(supervisor, wait_status);
	if (mapped != status)
		log_verbose("ending with status %d instead of %d", mapped, status);
	return mapped;
}

int supervisor_run(struct supervisor *supervisor)
{
	struct event_batch batch;
	struct reaper_result result;

	for (;;) {
		event_loop_wait(supervisor->signal_fd, &batch);
		/*
		 * First pass on, then reap: until then the pid is the command's own, be it as a
		 * zombie, and no signal can reach a stranger that got the number after it.
		 */
		for (size_t i = 0; i < batch.count; i++) {
			if (is_for_command(supervisor, &batch.records[i]))
				pass_on(supervisor, &batch.records[i]);
		}
		if (!wants_reaping(&batch))
			continue;
		reaper_collect(supervisor->command, supervisor->report, &result);
		if (result.command_has_ended)
			return end(supervisor, result.command_wait_status);
		if (!result.is_anyone_left) {
			log_error("the command (pid %d) is gone and left no status",
				supervisor->command);
			return EXIT_STATUS_WHIT_FAILED;
		}
	}
}

int supervisor_pause(struct supervisor *supervisor)
{
	struct event_batch batch;
	struct reaper_result result;
	char name[SIGNAL_NAME_SIZE];

	for (;;) {
		event_loop_wait(supervisor->signal_fd, &batch);
		if (wants_reaping(&batch))
			reaper_collect(0, supervisor->report, &result);
		for (size_t i = 0; i < batch.count; i++) {
			int signal = (int)batch.records[i].ssi_signo;

			if (signal == SIGTERM || signal == SIGINT) {
				log_verbose("ending on %s", signal_name_format(signal, name));
				return 0;
			}
		}
	}
}

/* One turn of whit's life: wait, forward, reap, decide; each by a module of its own. */
#include "supervise/supervisor.h"

#include "base/cold.h"
#include "base/error_text.h"
#include "base/number.h"
#include "signals/signal_name.h"
#include "signals/signal_record.h"
#include "supervise/outsiders.h"
#include "supervise/process.h"
#include "supervise/reaper.h"
#include "supervise/report.h"
#include <errno.h>

static void kill_command(struct supervisor *whit)
{
	char seconds[NUMBER_SECONDS_SIZE];

	log_warning("killing the command (pid %d): it has not ended within %s s of a stop signal",
		whit->command,
		number_format_seconds(whit->shutdown.kill_after.duration_ms, seconds));
	/* The group may be empty, and the command have left it. */
	if (whit->target == FORWARD_TO_GROUP) (void)kill(-whit->command, SIGKILL);
	whit->has_killed = kill(whit->command, SIGKILL) == 0;
	if (!whit->has_killed) report_not_forwarded(whit, SIGKILL, errno);
}

/* Does what shutdown.c says to the remaining processes; returns what shutdown.c is to know. */
static enum shutdown_event signal_remaining(struct supervisor *whit, bool is_kill)
{
	char seconds[NUMBER_SECONDS_SIZE];

	/* A subreaper without children has no descendants. PID 1 cannot know. */
	if (!whit->has_children && whit->self != PROCESS_INIT) return SHUTDOWN_EVENT_SIGNALLED;
	number_format_seconds(whit->shutdown.drain.duration_ms, seconds);
	if (!is_kill) {
		log_verbose("the remaining processes have %s s to finish", seconds);
		remaining_signal(&whit->remaining, SIGTERM, true);
		return SHUTDOWN_EVENT_SIGNALLED;
	}
	if (!whit->shutdown.give_up.is_set) { /* the first time; with -d 0 it is no surprise */
		log_message(whit->shutdown.drain.duration_ms > 0 ? LOG_LEVEL_WARNING
								 : LOG_LEVEL_VERBOSE,
			"killing the remaining processes: they have not ended within %s s",
			seconds);
		remaining_name(&whit->remaining);
	}
	return remaining_kill(&whit->remaining) ? SHUTDOWN_EVENT_SIGNALLED
						: SHUTDOWN_EVENT_OUT_OF_REACH;
}

/* The clock is not read if nothing is timed. */
static int64_t now_ms(const struct supervisor *whit)
{
	return whit->shutdown.drain.is_set || whit->shutdown.kill_after.is_set ? clock_now_ms() : 0;
}

/* Lets shutdown.c decide what follows from the event, and does it. */
static void act(struct supervisor *whit, enum shutdown_event event)
{
	enum shutdown_state before = whit->shutdown.state;
	enum shutdown_action action = shutdown_step(&whit->shutdown, event, now_ms(whit));

	if (action == SHUTDOWN_ACTION_STOP_REMAINING || action == SHUTDOWN_ACTION_KILL_REMAINING) {
		event = signal_remaining(whit, action == SHUTDOWN_ACTION_KILL_REMAINING);
		action = shutdown_step(&whit->shutdown, event, now_ms(whit));
	}
	if (action == SHUTDOWN_ACTION_KILL_COMMAND)
		kill_command(whit);
	else if (action == SHUTDOWN_ACTION_GIVE_UP)
		log_warning("giving up on the remaining processes: they cannot be killed");
	else if (action == SHUTDOWN_ACTION_END && before >= SHUTDOWN_STATE_DRAINING)
		report_none_left(whit);
}

static bool is_stop_signal(int signal) /* that asks for an end */
{
	return signal == SIGTERM || signal == SIGINT || signal == SIGQUIT;
}

static bool is_job_stop_signal(int signal) /* as ^Z is */
{
	return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

/* signal is what the record's becomes with -r: perhaps REWRITE_DROP. */
static void forward(struct supervisor *whit, const struct signalfd_siginfo *record, int signal)
{
	bool is_typed = job_is_for_group(&whit->job, record);
	enum forward_target target = is_typed ? FORWARD_TO_GROUP : whit->target;

	if (signal != REWRITE_DROP && forward_signal(whit->command, target, signal, record) < 0) {
		report_not_forwarded(whit, signal, errno);
		return;
	}
	report_forwarded(whit, record, signal);
	if (signal == REWRITE_DROP) return;
	whit->forwarded[signal] = true;
	if (is_job_stop_signal(signal) && !is_typed) job_expect_stop(&whit->job);
	/* What is asked of whit counts as well as what -r makes of it. */
	if (is_stop_signal((int)record->ssi_signo) || is_stop_signal(signal))
		act(whit, SHUTDOWN_EVENT_TOLD_TO_STOP);
}

static void end_pause(struct supervisor *whit, int signal)
{
	char name[SIGNAL_NAME_SIZE];

	if (signal != SIGTERM && signal != SIGINT && signal != SIGKILL) return; /* KILL: of -p */
	log_verbose("ending on %s", signal_name_format(signal, name));
	remaining_name(&whit->remaining);
	act(whit, SHUTDOWN_EVENT_COMMAND_ENDED);
	whit->is_more_to_reap = true; /* or there is no other process */
}

/* Where a signal goes depends on how far the shutdown is. */
static void take_signal(struct supervisor *whit, const struct signalfd_siginfo *record)
{
	int received = (int)record->ssi_signo;
	int signal = whit->rewrite->to[received];

	if (signal_record_is_child_news(record) || signal_record_is_own(record, whit->self) ||
		whit->shutdown.state >= SHUTDOWN_STATE_KILLING) /* killed processes take none */
		return;
	if (whit->has_command) {
		if (job_give_to_own_group(&whit->job, record)) return;
		if (received == SIGCONT && job_continue(&whit->job)) return;
		forward(whit, record, signal);
	} else if (whit->shutdown.state < SHUTDOWN_STATE_DRAINING) {
		end_pause(whit, received);
	} else if (!is_job_stop_signal(received) || !signal_record_is_from_kernel(record)) {
		/* Not ^Z: no process would continue what it stops. */
		if (signal != REWRITE_DROP) remaining_signal(&whit->remaining, signal, false);
		report_forwarded(whit, record, signal);
	}
}

/* The signal of -p, as if the parent had sent it. */
static struct signalfd_siginfo parent_record(const struct supervisor *whit)
{
	log_verbose("the parent (pid %d) has ended", whit->parent);
	return (struct signalfd_siginfo){.ssi_signo = (uint32_t)whit->parent_death,
		.ssi_code = SI_USER,
		.ssi_pid = (uint32_t)whit->parent};
}

/* SIGCHLD of either origin means that there may be something to reap, since two may collapse into
 * one record. A full batch may have left SIGCHLD behind: reaping then keeps a flood of signals from
 * holding it up for ever. */
static bool wants_reaping(const struct signalfd_siginfo *records, size_t count, pid_t *ret_ended)
{
	*ret_ended = 0;
	for (size_t i = 0; i < count; i++) {
		if (records[i].ssi_signo == SIGCHLD) {
			*ret_ended = signal_record_ended_child(&records[i]);
			return true;
		}
	}
	return count == 0 || count == EVENT_LOOP_BATCH;
}

/* What follows once the command has been reaped, or has been lost: wait4 fails, or another process
 * has taken the status. */
static void end_command(struct supervisor *whit, const struct reaper_result *result)
{
	int status = exit_status_from_wait(result->command_wait_status);

	if (result->command_has_ended) {
		report_end(whit, result->command_wait_status);
		whit->status = exit_map_apply(whit->exit_map, status, whit->forwarded);
	} else {
		log_error("cannot wait for the command (pid %d): %s", whit->command,
			error_text(result->error == 0 ? ECHILD : result->error));
		whit->status = EXIT_STATUS_WHIT_FAILED;
	}
	/* Before a drain, so that whit gets ^C for all remaining processes, and ^Z stops none. */
	job_end(&whit->job);
	whit->has_command = false;
	if (result->command_has_ended && whit->status != status)
		log_verbose("ending with status %d instead of %d", whit->status, status);
	remaining_name(&whit->remaining);
	act(whit, SHUTDOWN_EVENT_COMMAND_ENDED);
}

static void reap(struct supervisor *whit, pid_t ended)
{
	const struct reaper reaper = {.command = whit->has_command ? whit->command : 0,
		.wants_stops = whit->has_command &&
			(whit->job.has_terminal || log_shows(LOG_LEVEL_VERBOSE)),
		.report = whit->report};
	struct reaper_result result;

	reaper_collect(&reaper, ended, &result);
	whit->is_more_to_reap = result.is_more_to_reap;
	whit->has_children = result.has_children;
	if (result.command_has_ended ||
		(whit->has_command && (!result.has_children || result.error != 0)))
		end_command(whit, &result);
	else if (whit->has_command && result.command_stop_signal != 0)
		job_command_stopped(&whit->job, result.command_stop_signal);
	/* PID 1 without children may still share its namespace with processes that joined. */
	if (!result.has_children &&
		!(whit->self == PROCESS_INIT && whit->shutdown.state == SHUTDOWN_STATE_DRAINING &&
			outsiders_watch_joined(&whit->loop)))
		act(whit, SHUTDOWN_EVENT_NONE_LEFT);
}

int supervisor_run(struct supervisor *whit)
{
	static struct signalfd_siginfo records[EVENT_LOOP_BATCH + 1] MOSTLY_COLD; /* one for -p */
	const struct deadline at_once = {.is_set = true};                         /* long past */
	const struct deadline *deadline = &whit->shutdown.deadline;
	/* A child from before whit's exec may have ended before its SIGCHLD was blocked. */
	bool must_reap = true;
	pid_t ended = 0;
	size_t count = 0;

	if (log_shows(LOG_LEVEL_VERBOSE)) whit->start_ms = clock_now_ms();
	if (whit->parent_death != 0 &&
		!outsiders_watch_parent(&whit->loop, whit->parent, whit->parent_death))
		records[count++] = parent_record(whit);
	/* Each step is called from here alone, so it is compiled into this: base/system_call.h. */
	for (;;) {
		/* First forward, then reap: until then the pid is the command's own, if only as a
		 * zombie's, and no signal can reach a process that got the number after it. */
		for (size_t i = 0; i < count; i++)
			take_signal(whit, &records[i]);
		if (must_reap) reap(whit, ended);
		if (deadline->is_set && deadline_has_come(deadline, clock_now_ms()))
			act(whit, SHUTDOWN_EVENT_DEADLINE);
		if (whit->shutdown.state == SHUTDOWN_STATE_OVER) return whit->status;
		count = event_loop_wait(
			&whit->loop, whit->is_more_to_reap ? &at_once : deadline, records);
		must_reap = wants_reaping(records, count, &ended) || whit->is_more_to_reap;
		must_reap = outsiders_joined_have_ended(&whit->loop) || must_reap;
		if (outsiders_parent_has_ended(&whit->loop)) records[count++] = parent_record(whit);
	}
}

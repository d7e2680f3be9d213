/*
 * One turn of whit's life: wait, pass on, reap, decide. Waiting, reaping and sending are done by
 * modules of their own; what they return is said here.
 */
#include "supervise/supervisor.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/number.h"
#include "signals/signal_name.h"
#include "signals/signal_record.h"
#include "supervise/event_loop.h"
#include "supervise/report.h"
#include "supervise/roll_call.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

/* Whether the signal asks for an end. */
static bool is_stop_signal(int signal)
{
	return signal == SIGTERM || signal == SIGINT || signal == SIGQUIT;
}

/* Whether the signal stops a process, as ^Z does. */
static bool is_job_stop_signal(int signal)
{
	return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

static void kill_command(struct supervisor *supervisor)
{
	const struct signalfd_siginfo from_whit = {.ssi_code = SI_USER};
	char seconds[NUMBER_SECONDS_SIZE];

	log_warning("killing the command (pid %d): it has not ended within %s s",
		supervisor->command,
		number_format_seconds(supervisor->shutdown.kill_after.duration_ms, seconds));
	if (supervisor->target == DELIVERY_TO_GROUP) /* whether or not somebody is in it */
		(void)delivery_send(supervisor->command, DELIVERY_TO_GROUP, SIGKILL, &from_whit);
	/* It may have left its group, with others in it. */
	if (delivery_send(supervisor->command, DELIVERY_TO_COMMAND, SIGKILL, &from_whit) < 0)
		report_not_passed_on(supervisor, SIGKILL, errno);
	else
		supervisor->has_killed = true;
}

static void stop_rest(struct supervisor *supervisor)
{
	char seconds[NUMBER_SECONDS_SIZE];

	leftovers_stop(&supervisor->rest);
	log_verbose("the rest has %s s to finish",
		number_format_seconds(supervisor->shutdown.drain.duration_ms, seconds));
}

static void kill_rest(struct supervisor *supervisor, enum shutdown_state before)
{
	char seconds[NUMBER_SECONDS_SIZE];

	if (before == SHUTDOWN_STATE_DRAINING) { /* else it is those who escaped by forking */
		log_warning("killing the rest: it has not ended within %s s",
			number_format_seconds(supervisor->shutdown.drain.duration_ms, seconds));
		roll_call(supervisor->self);
	}
	leftovers_kill(&supervisor->rest);
}

/* The first look at the clock costs page faults, so there is none where nothing is timed. */
static int64_t shutdown_now_ms(const struct shutdown *shutdown)
{
	return shutdown->drain.is_set || shutdown->kill_after.is_set ? clock_now_ms() : 0;
}

/* Lets shutdown.c decide what follows from the event, and does it. */
static void act(struct supervisor *supervisor, enum shutdown_event event)
{
	enum shutdown_state before = supervisor->shutdown.state;

	switch (shutdown_step(
		&supervisor->shutdown, event, shutdown_now_ms(&supervisor->shutdown))) {
	case SHUTDOWN_ACTION_KILL_COMMAND:
		kill_command(supervisor);
		break;
	case SHUTDOWN_ACTION_STOP_REST:
		stop_rest(supervisor);
		break;
	case SHUTDOWN_ACTION_KILL_REST:
		kill_rest(supervisor, before);
		break;
	case SHUTDOWN_ACTION_GIVE_UP:
		log_warning("giving up on the rest: KILL has not ended it");
		break;
	case SHUTDOWN_ACTION_END: /* the loop sees the state */
		if (before == SHUTDOWN_STATE_DRAINING || before == SHUTDOWN_STATE_KILLING)
			report_rest_ended(supervisor);
		break;
	case SHUTDOWN_ACTION_NONE:
		break;
	}
}

static void pass_on(struct supervisor *supervisor, const struct signalfd_siginfo *record)
{
	int signal = rewrite_apply(supervisor->rewrite, (int)record->ssi_signo);

	if (signal == REWRITE_DROP) {
		report_dropped(record);
		return;
	}
	if (delivery_send(supervisor->command, supervisor->target, signal, record) < 0) {
		report_not_passed_on(supervisor, signal, errno);
		return;
	}
	signal_set_add(&supervisor->passed_on, signal);
	report_passed_on(supervisor, record, signal);
	if (is_job_stop_signal(signal))
		job_expect_stop(&supervisor->job);
	/* What is asked of whit counts as well as what becomes of it with -r. */
	if (is_stop_signal((int)record->ssi_signo) || is_stop_signal(signal))
		act(supervisor, SHUTDOWN_EVENT_TOLD_TO_STOP);
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

/* The status to end with, once the reaper has found the command ended. */
static void note_end(struct supervisor *supervisor, int wait_status)
{
	int status = exit_status_from_wait(wait_status);

	report_end(supervisor, wait_status);
	/* Before a drain, so that ^C comes to us and goes to all the rest, and ^Z stops nobody. */
	job_end(&supervisor->job);
	supervisor->status = exit_map_apply(supervisor->exit_map, status, &supervisor->passed_on);
	if (supervisor->status != status)
		log_verbose("ending with status %d instead of %d", supervisor->status, status);
	roll_call(supervisor->self);
}

static void reap(struct supervisor *supervisor)
{
	struct reaper_result result;

	reaper_collect(
		supervisor->has_command ? supervisor->command : 0, supervisor->report, &result);
	supervisor->is_more_to_reap = result.is_more_to_reap;
	if (result.command_has_ended) {
		supervisor->has_command = false;
		note_end(supervisor, result.command_wait_status);
		act(supervisor, SHUTDOWN_EVENT_COMMAND_ENDED);
	} else if (supervisor->has_command && (!result.is_anyone_left || result.error != 0)) {
		supervisor->has_command = false;
		if (result.error != 0)
			log_error("cannot wait for the command (pid %d): %s", supervisor->command,
				strerror(result.error));
		else
			log_error("the command (pid %d) is gone and left no status",
				supervisor->command);
		supervisor->status = EXIT_STATUS_WHIT_FAILED;
		act(supervisor, SHUTDOWN_EVENT_COMMAND_ENDED);
	}
	if (result.command_has_stopped && supervisor->has_command)
		job_command_stopped(&supervisor->job, result.command_stop_signal);
	if (!result.is_anyone_left)
		act(supervisor, SHUTDOWN_EVENT_NOBODY_LEFT);
	else if (result.is_anyone_reaped)
		act(supervisor, SHUTDOWN_EVENT_SOME_REAPED);
}

static void end_pause(struct supervisor *supervisor, int signal)
{
	char name[SIGNAL_NAME_SIZE];

	if (signal != SIGTERM && signal != SIGINT)
		return; /* nobody to pass it on to */
	log_verbose("ending on %s", signal_name_format(signal, name));
	act(supervisor, SHUTDOWN_EVENT_COMMAND_ENDED);
	reap(supervisor); /* to see whether there is anybody to wait for */
}

static void pass_on_to_rest(struct supervisor *supervisor, const struct signalfd_siginfo *record)
{
	int signal = rewrite_apply(supervisor->rewrite, (int)record->ssi_signo);

	if (signal == REWRITE_DROP) {
		report_dropped(record);
		return;
	}
	/* ^Z, with nobody to continue what it stops. */
	if (is_job_stop_signal((int)record->ssi_signo) && signal_record_is_from_kernel(record))
		return;
	leftovers_signal(&supervisor->rest, signal);
	report_passed_on_to_rest(supervisor, record, signal);
}

static void take_signal_for_command(
	struct supervisor *supervisor, const struct signalfd_siginfo *record)
{
	if (record->ssi_signo == SIGCONT && job_continue(&supervisor->job))
		return;
	pass_on(supervisor, record);
}

/* Whom a signal is for depends on how far things are. */
static void take_signal(struct supervisor *supervisor, const struct signalfd_siginfo *record)
{
	if (signal_record_is_child_news(record) ||
		signal_record_is_own_write_error(record, supervisor->self))
		return;
	switch (supervisor->shutdown.state) {
	case SHUTDOWN_STATE_RUNNING:
	case SHUTDOWN_STATE_STOPPING:
	case SHUTDOWN_STATE_KILLED:
		if (supervisor->has_command)
			take_signal_for_command(supervisor, record);
		else
			end_pause(supervisor, (int)record->ssi_signo);
		break;
	case SHUTDOWN_STATE_DRAINING:
		pass_on_to_rest(supervisor, record);
		break;
	case SHUTDOWN_STATE_KILLING: /* nobody is left to do anything with it */
	case SHUTDOWN_STATE_OVER:
		break;
	}
}

int supervisor_run(struct supervisor *supervisor)
{
	const struct deadline at_once = {.is_set = true}; /* long past */
	struct event_batch *batch = supervisor->batch;

	if (log_shows(LOG_LEVEL_VERBOSE))
		supervisor->start_ms = clock_now_ms();
	/*
	 * A child from before whit's exec may have ended before signals were blocked, and then its
	 * SIGCHLD came to nobody.
	 */
	reap(supervisor);
	while (supervisor->shutdown.state != SHUTDOWN_STATE_OVER) {
		event_loop_wait(&supervisor->events,
			supervisor->is_more_to_reap ? &at_once : &supervisor->shutdown.deadline,
			batch);
		/*
		 * First pass on, then reap: until then the pid is the command's own, be it as a
		 * zombie, and no signal can reach a stranger that got the number after it.
		 */
		for (size_t i = 0; i < batch->count; i++)
			take_signal(supervisor, &batch->records[i]);
		if (supervisor->is_more_to_reap || wants_reaping(batch))
			reap(supervisor);
		if (deadline_has_come(
			    &supervisor->shutdown.deadline, shutdown_now_ms(&supervisor->shutdown)))
			act(supervisor, SHUTDOWN_EVENT_DEADLINE);
	}
	return supervisor->status;
}

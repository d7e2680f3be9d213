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
#include "supervise/memory_cgroup.h"
#include "supervise/process.h"
#include "supervise/roll_call.h"

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

static void log_passed_on(
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

static void log_passed_on_to_rest(
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

static void log_dropped(const struct signalfd_siginfo *record)
{
	char name[SIGNAL_NAME_SIZE];
	char from[SENDER_SIZE];

	if (!log_shows(LOG_LEVEL_VERBOSE))
		return;
	log_verbose("dropped %s from %s", signal_name_format((int)record->ssi_signo, name),
		sender(record, from));
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
		log_not_passed_on(supervisor, SIGKILL, errno);
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

static void log_rest_ended(const struct supervisor *supervisor, enum shutdown_state before)
{
	char seconds[NUMBER_SECONDS_SIZE];

	if (before == SHUTDOWN_STATE_DRAINING || before == SHUTDOWN_STATE_KILLING)
		log_verbose("the rest has ended after %s s", elapsed(supervisor, seconds));
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
		log_rest_ended(supervisor, before);
		break;
	case SHUTDOWN_ACTION_NONE:
		break;
	}
}

static void pass_on(struct supervisor *supervisor, const struct signalfd_siginfo *record)
{
	int signal = rewrite_apply(supervisor->rewrite, (int)record->ssi_signo);

	if (signal == REWRITE_DROP) {
		log_dropped(record);
		return;
	}
	if (delivery_send(supervisor->command, supervisor->target, signal, record) < 0) {
		log_not_passed_on(supervisor, signal, errno);
		return;
	}
	signal_set_add(&supervisor->passed_on, signal);
	log_passed_on(supervisor, record, signal);
	if (is_job_stop_signal(signal))
		supervisor->job.stop_passed_at_ms = clock_now_ms();
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

static void log_end(const struct supervisor *supervisor, int wait_status)
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

/* The status to end with, once the reaper has found the command ended. */
static void note_end(struct supervisor *supervisor, int wait_status)
{
	int status = exit_status_from_wait(wait_status);

	log_end(supervisor, wait_status);
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
		log_dropped(record);
		return;
	}
	/* ^Z, with nobody to continue what it stops. */
	if (is_job_stop_signal((int)record->ssi_signo) && signal_record_is_from_kernel(record))
		return;
	leftovers_signal(&supervisor->rest, signal);
	log_passed_on_to_rest(supervisor, record, signal);
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
	struct event_batch batch;

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
			&batch);
		/*
		 * First pass on, then reap: until then the pid is the command's own, be it as a
		 * zombie, and no signal can reach a stranger that got the number after it.
		 */
		for (size_t i = 0; i < batch.count; i++)
			take_signal(supervisor, &batch.records[i]);
		if (supervisor->is_more_to_reap || wants_reaping(&batch))
			reap(supervisor);
		if (deadline_has_come(
			    &supervisor->shutdown.deadline, shutdown_now_ms(&supervisor->shutdown)))
			act(supervisor, SHUTDOWN_EVENT_DEADLINE);
	}
	return supervisor->status;
}

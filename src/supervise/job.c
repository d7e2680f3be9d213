/* Stops, continues, and the terminal's foreground. Signals in general are the supervisor's affair.
 */
#include "supervise/job.h"

#include "base/clock.h"
#include "base/log.h"
#include "command/terminal.h"
#include "signals/signal_name.h"
#include "signals/signal_set.h"
#include "supervise/process.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

/*
 * How long a command may take from a stop signal until it stops. One that ignored the signal is not
 * stopped by it later.
 */
#define STOP_TIME_MS 2000

enum job_reaction job_react(const struct job_stop *stop)
{
	bool wants_terminal = stop->signal == SIGTTIN || stop->signal == SIGTTOU;
	bool is_on_purpose = stop->was_passed_on || stop->signal == SIGSTOP;

	if (!stop->has_terminal)
		return JOB_REACTION_LEAVE;
	/* A shell's fg gave the foreground to us, and has not told us. */
	if (wants_terminal && stop->is_in_foreground)
		return JOB_REACTION_CONTINUE;
	if (is_on_purpose)
		return stop->is_session_leader ? JOB_REACTION_LEAVE : JOB_REACTION_STOP_ALONE;
	if (!stop->is_session_leader)
		return JOB_REACTION_STOP_AS_GROUP;
	/* To continue one that wants the terminal and cannot have it would only stop it again. */
	return wants_terminal ? JOB_REACTION_LEAVE : JOB_REACTION_CONTINUE;
}

/* Gives the foreground to the command's group if it is ours to give. */
static void hand_over(struct job *job, const struct terminal *terminal)
{
	if (!terminal->exists || !terminal->is_in_foreground)
		return;
	terminal_hand_to(terminal, job->command);
	job->is_handed_over = true;
}

/*
 * Only from the command's group, or one that is no more: a shell that has taken the terminal away
 * from us meanwhile keeps it.
 */
static void take_back(struct job *job, const struct terminal *terminal)
{
	/* That of PID 1 is there as long as we are, and kill(2) takes its number for everybody. */
	bool is_commands = terminal->exists &&
		(terminal->foreground == job->command ||
			(terminal->foreground != PROCESS_INIT &&
				kill(-terminal->foreground, 0) < 0 && errno == ESRCH));

	if (job->is_handed_over && is_commands)
		terminal_hand_to(terminal, getpgrp());
	job->is_handed_over = false;
}

/* The group, since what the terminal stopped was the whole group. */
static void continue_group(struct job *job)
{
	job->is_stopped = false;
	log_verbose("continuing the command (pid %d)", job->command);
	if (kill(-job->command, SIGCONT) < 0)
		(void)kill(job->command, SIGCONT); /* has left its group, but is not reaped yet */
}

/*
 * Stops whit as the kernel would have stopped it had the command been in its group, and waits to be
 * continued. False where nobody could do that, and so it was not stopped: in an orphaned group.
 */
static bool stop_too(const struct job *job, int signal, enum job_reaction reaction)
{
	/* SIGSTOP would be obeyed also where nobody is there to continue us. */
	signal_set_suffer(
		signal == SIGSTOP ? SIGTSTP : signal, reaction == JOB_REACTION_STOP_AS_GROUP);
	/*
	 * PID 1 of a namespace within somebody else's job cannot be stopped, but the rest of the
	 * job was, and will be continued with us.
	 */
	return job->self == PROCESS_INIT || signal_set_is_pending(SIGCONT);
}

static void stop_with_shell(struct job *job, struct terminal *terminal, const struct job_stop *stop,
	enum job_reaction reaction)
{
	take_back(job, terminal);
	job->is_stopped = true; /* until job_continue */
	if (stop_too(job, stop->signal, reaction))
		return;
	job->is_stopped = false;
	if (reaction != JOB_REACTION_STOP_AS_GROUP || stop->signal != SIGTSTP)
		return;
	terminal_release(terminal);
	terminal_find(terminal);
	hand_over(job, terminal);
	continue_group(job);
}

void job_expect_stop(struct job *job)
{
	job->stop_expected = deadline_after(clock_now_ms(), STOP_TIME_MS);
}

static bool is_stop_expected(const struct job *job)
{
	return job->stop_expected.is_set && !deadline_has_come(&job->stop_expected, clock_now_ms());
}

void job_command_stopped(struct job *job, int signal)
{
	char name[SIGNAL_NAME_SIZE];
	struct terminal terminal;
	pid_t session = getsid(0);
	struct job_stop stop = {
		.signal = signal,
		.was_passed_on = is_stop_expected(job),
		/* Where a filter refuses to tell: to stop for nobody would be for ever. */
		.is_session_leader = session < 0 || session == job->self,
	};
	enum job_reaction reaction;

	log_verbose("the command (pid %d) was stopped by %s", job->command,
		signal_name_format(signal, name));
	job->stop_expected.is_set = false;
	terminal_find(&terminal);
	stop.has_terminal = terminal.exists;
	stop.is_in_foreground = terminal.exists && terminal.is_in_foreground;
	reaction = job_react(&stop);
	switch (reaction) {
	case JOB_REACTION_LEAVE:
		break;
	case JOB_REACTION_CONTINUE:
		hand_over(job, &terminal);
		continue_group(job);
		break;
	case JOB_REACTION_STOP_ALONE:
	case JOB_REACTION_STOP_AS_GROUP:
		stop_with_shell(job, &terminal, &stop, reaction);
		break;
	}
	terminal_release(&terminal);
}

bool job_continue(struct job *job)
{
	struct terminal terminal;
	bool was_stopped = job->is_stopped;

	job->stop_expected.is_set = false;
	terminal_find(&terminal);
	hand_over(job, &terminal);
	terminal_release(&terminal);
	if (was_stopped)
		continue_group(job);
	return was_stopped;
}

void job_end(struct job *job)
{
	struct terminal terminal;

	if (!job->is_handed_over)
		return;
	terminal_find(&terminal);
	take_back(job, &terminal);
	terminal_release(&terminal);
}

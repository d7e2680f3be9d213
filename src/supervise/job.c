/* Stops, continues, and the terminal's foreground. The supervisor handles signals in general. */
#include "supervise/job.h"

#include "base/log.h"
#include "signals/signal_name.h"
#include "signals/signal_record.h"
#include "signals/signal_set.h"
#include "supervise/process.h"
#include <errno.h>
#include <signal.h>

/* How long a command may take to stop. One that ignores the stop signal does not stop later. */
#define STOP_TIME_MS 2000

/* Gives the foreground to the command's group, if that wants it and it is whit's to give. False if
 * not, or if the kernel refuses. */
static bool hand_over(struct job *job, const struct terminal *terminal)
{
	if (!terminal->exists || !terminal->is_in_foreground || !job->wants_foreground)
		return false;
	job->is_handed_over = terminal_hand_to(terminal, job->command);
	return job->is_handed_over;
}

/* Only from the command's group, or one that is no more: a shell that has taken it keeps it. */
static void take_back(struct job *job, const struct terminal *terminal)
{
	/* The group of PID 1 always exists, and kill(2) takes -1 for all processes. */
	bool is_commands = terminal->exists &&
		(terminal->foreground == job->command ||
			(terminal->foreground != PROCESS_INIT &&
				kill(-terminal->foreground, 0) < 0 && errno == ESRCH));

	if (job->is_handed_over && is_commands) (void)terminal_hand_to(terminal, getpgrp());
	job->is_handed_over = false;
}

/* The group, since the terminal stopped the whole group. */
static void continue_group(struct job *job)
{
	job->is_stopped = false;
	log_verbose("continuing the command (pid %d)", job->command);
	/* If it has left its group: it is not reaped yet. */
	if (kill(-job->command, SIGCONT) < 0) (void)kill(job->command, SIGCONT);
}

/* Stops whit as the kernel would have stopped it with the command in its group: all of whit's group
 * if the terminal did it, whit alone if a process did. Returns when another process continues whit,
 * or at once in an orphaned group, which has none. */
static void stop_with_command(
	struct job *job, struct terminal *terminal, int signal, bool is_on_purpose)
{
	take_back(job, terminal);
	job->is_stopped = true; /* until job_continue */
	/* TSTP for STOP, which would be obeyed in an orphaned group too. */
	signal_set_suffer(signal == SIGSTOP ? SIGTSTP : signal, !is_on_purpose);
	/* PID 1 of a namespace within another job cannot be stopped, but that job is continued. */
	if (job->self == PROCESS_INIT || signal_set_is_pending(SIGCONT)) return;
	job->is_stopped = false;
	if (is_on_purpose || signal != SIGTSTP) return;
	terminal_release(terminal);
	terminal_find(terminal);
	(void)hand_over(job, terminal);
	continue_group(job);
}

bool job_start(struct job *job, struct terminal *ret_terminal)
{
	terminal_find(ret_terminal);
	job->has_terminal = !ret_terminal->is_ruled_out;
	job->wants_foreground = ret_terminal->exists && ret_terminal->is_stdin;
	job->is_handed_over = job->wants_foreground && ret_terminal->is_in_foreground;
	return job->is_handed_over;
}

void job_expect_stop(struct job *job)
{
	if (job->has_terminal) job->stop_expected = deadline_after(clock_now_ms(), STOP_TIME_MS);
}

void job_command_stopped(struct job *job, int signal)
{
	char name[SIGNAL_NAME_SIZE];
	struct terminal terminal;
	pid_t session = getsid(0);
	/* If a filter refuses to tell, whit must not stop, perhaps for ever. */
	bool is_session_leader = session < 0 || session == job->self;
	bool needs_terminal = signal == SIGTTIN || signal == SIGTTOU;
	bool is_on_purpose = signal == SIGSTOP ||
		(job->stop_expected.is_set &&
			!deadline_has_come(&job->stop_expected, clock_now_ms()));

	log_verbose("the command (pid %d) was stopped by %s", job->command,
		signal_name_format(signal, name));
	job->stop_expected.is_set = false;
	terminal_find(&terminal);
	/* Not given at the start, or a shell's fg gave it to whit's group, with no CONT. */
	job->wants_foreground |= needs_terminal;
	if (!terminal.exists) {
		/* No shell above watches for stops. */
	} else if (needs_terminal && hand_over(job, &terminal)) {
		/* Without the foreground it would stop again, for ever. */
		continue_group(job);
	} else if (!is_session_leader) {
		stop_with_command(job, &terminal, signal, is_on_purpose);
	} else if (!is_on_purpose && !needs_terminal) {
		/* ^Z, and no shell to continue the command. */
		(void)hand_over(job, &terminal);
		continue_group(job);
	}
	terminal_release(&terminal);
}

/* Returns whether whit's group has had the foreground, which the command gets if it wants it. */
static bool offer_foreground(struct job *job)
{
	struct terminal terminal;
	bool is_ours;

	if (!job->has_terminal) return false;
	terminal_find(&terminal);
	is_ours = terminal.exists && terminal.is_in_foreground;
	(void)hand_over(job, &terminal);
	terminal_release(&terminal);
	return is_ours;
}

bool job_is_for_group(struct job *job, const struct signalfd_siginfo *record)
{
	if (!signal_record_is_from_kernel(record)) return false;
	/* The kernel sends it to the foreground group when the terminal is gone, and so the
	 * foreground cannot be looked at; but to the session's leader for its own sake. */
	if (record->ssi_signo == SIGHUP) return job->has_terminal && getsid(0) != job->self;
	return offer_foreground(job);
}

bool job_give_to_own_group(struct job *job, const struct signalfd_siginfo *record)
{
	pid_t sender = (pid_t)record->ssi_pid;

	if (!job->is_handed_over ||
		(record->ssi_signo != SIGTTIN && record->ssi_signo != SIGTTOU) ||
		!(signal_record_is_from_kernel(record) ||
			(sender != 0 && getpgid(sender) == getpgrp())))
		return false;
	job_end(job);
	(void)kill(0, SIGCONT); /* cannot fail: whit is in that group */
	return true;
}

bool job_continue(struct job *job)
{
	bool was_stopped = job->is_stopped;

	job->stop_expected.is_set = false;
	(void)offer_foreground(job);
	if (was_stopped) continue_group(job);
	return was_stopped;
}

void job_end(struct job *job)
{
	struct terminal terminal;

	if (!job->is_handed_over) return;
	terminal_find(&terminal);
	take_back(job, &terminal);
	terminal_release(&terminal);
}

/* whit between a job-control shell and its command: which of them has the terminal, and what
 * follows when the command is stopped or continued: signal(7), termios(3), credentials(7). */
#pragma once

#include "base/clock.h"
#include "command/terminal.h"
#include <sys/signalfd.h>

struct job {
	pid_t self;
	pid_t command;         /* also the number of its group */
	bool has_terminal;     /* whit may have a controlling terminal */
	bool wants_foreground; /* its stdin is the terminal, or it stopped for want of that */
	bool is_handed_over;   /* whit gave the foreground to the command's group */
	bool is_stopped;       /* whit stopped with the command: CONT concerns its whole group */
	struct deadline stop_expected; /* until then, since a stop signal was forwarded */
};

/* Looks at the terminal before the command is started, and decides whether it gets the foreground:
 * only if whit's group has it and stdin is that terminal. In a script, `whit cmd &` is in the
 * script's own foreground group, with stdin from /dev/null. */
bool job_start(struct job *job, struct terminal *ret_terminal);

void job_expect_stop(struct job *job); /* a stop signal has been forwarded */

/* Does what follows when the signal has stopped the command; may stop whit for a while. */
void job_command_stopped(struct job *job, int signal);

/* Does what follows when whit gets CONT. False if the signal is still to be forwarded. */
bool job_continue(struct job *job);

/* Whether a terminal sent the signal to all processes of a job. If whit's group has the foreground
 * and the command wants it, it has it afterwards: a shell's fg sends no CONT to a job that runs. */
bool job_is_for_group(struct job *job, const struct signalfd_siginfo *record);

/* Whether the signal only says that another process of whit's own group needs the terminal, as a
 * pager does after whit in a pipeline. Then that group has the foreground again, and goes on. */
bool job_give_to_own_group(struct job *job, const struct signalfd_siginfo *record);

/* Takes the foreground back if it was handed over, so that whit's group has it again. */
void job_end(struct job *job);

/*
 * whit between a job-control shell and its command: who has the terminal, and what follows when the
 * command is stopped or continued. Facts: signal(7), termios(3), credentials(7).
 */
#ifndef WHIT_SUPERVISE_JOB_H
#define WHIT_SUPERVISE_JOB_H

#include "base/clock.h"

#include <stdbool.h>
#include <sys/types.h>

struct job {
	pid_t self;
	pid_t command;       /* also the number of its group */
	bool is_handed_over; /* the command's group was given the foreground, by us */
	bool is_stopped;     /* with whit, by a shell's leave: CONT concerns its whole group */
	struct deadline stop_expected; /* until then, since a stop signal was passed on */
};

/* What is known when the command has stopped. */
struct job_stop {
	int signal;         /* which stopped it */
	bool was_passed_on; /* whit itself sent it, as somebody wished */
	bool has_terminal;
	bool is_in_foreground;  /* whit's own group is the terminal's foreground group */
	bool is_session_leader; /* so there is no shell that could continue anybody */
};

enum job_reaction {
	JOB_REACTION_LEAVE,         /* stopped */
	JOB_REACTION_CONTINUE,      /* with the foreground, if it is whit's to give */
	JOB_REACTION_STOP_ALONE,    /* whit stops too, so that its shell sees it */
	JOB_REACTION_STOP_AS_GROUP, /* and so does everybody else in whit's own group */
};

/* Decides. Pure. */
enum job_reaction job_react(const struct job_stop *stop);

/* A stop signal has been passed on to the command. */
void job_expect_stop(struct job *job);

/* Does what follows when the command has been stopped by the signal; may stop whit for a while. */
void job_command_stopped(struct job *job, int signal);

/*
 * Does what follows when whit has been sent CONT. True where that was all; else the signal is still
 * to be passed on.
 */
bool job_continue(struct job *job);

/* Takes the foreground back if it was handed over, so that whoever started whit has it again. */
void job_end(struct job *job);

#endif

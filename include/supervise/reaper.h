/* Reaps: every child that has ended, the command and adopted orphans alike. */
#ifndef WHIT_SUPERVISE_REAPER_H
#define WHIT_SUPERVISE_REAPER_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * How many are reaped at once, at the most. Where orphans come faster than they can be reaped, it
 * is never done with them, and there are signals and deadlines too.
 */
#define REAPER_BATCH 512

/* Who is told about each orphan. */
enum reaper_report {
	REAPER_REPORT_DEBUG,   /* those who asked for -vv */
	REAPER_REPORT_WARNING, /* all but -q, as -w asks for */
};

struct reaper_result {
	bool command_has_ended;
	int command_wait_status; /* valid only then: wait(2) */
	bool command_has_stopped;
	int command_stop_signal; /* valid only then */
	bool is_anyone_reaped;
	bool is_more_to_reap; /* perhaps: the batch was full */
	bool is_anyone_left;  /* whit has children still, or cannot know */
	int error;            /* why it cannot; 0 else */
};

/*
 * Reaps until nothing is left to reap or the batch is full, without waiting, and reports each
 * orphan. command is the command's pid, or 0 where there is none.
 */
void reaper_collect(pid_t command, enum reaper_report report, struct reaper_result *ret_result);

#endif

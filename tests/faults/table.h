/* The file `calls`: which calls whit makes, which errnos they may fail with, what comes of it. */
#ifndef WHIT_TESTS_TABLE_H
#define WHIT_TESTS_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#define TABLE_ROWS_MAX 256

/* Whose call it is: whit's own, or that of the process that it starts, up to its exec. */
enum caller {
	CALLER_WHIT,
	CALLER_STARTED,
};

enum outcome {
	OUTCOME_GOES_ON,        /* as if nothing had failed */
	OUTCOME_WARNS,          /* the same, and one more line */
	OUTCOME_ENDS,           /* with that status and that line, and the command has not run */
	OUTCOME_SAYS_LESS,      /* a message of whit's has less in it; all else is right */
	OUTCOME_MESSAGE_LOST,   /* all is right but that whit's messages may be missing */
	OUTCOME_VALUE_LOST,     /* the signal arrives without the value that it was queued with */
	OUTCOME_SIGNAL_LOST,    /* and a line says so; sent again, it arrives */
	OUTCOME_ORPHANS_LOST,   /* to another init; -v says so, and all else is right */
	OUTCOME_MAY_WARN,       /* as if nothing had failed, but one more line may say so */
	OUTCOME_PROCESS_MISSED, /* a drain may miss a process, which is killed when its time is over
				 */
	OUTCOME_PROCESS_REFUSED, /* the same, and a line says so */
	OUTCOME_DIES,            /* before main, by that signal: libc */
	OUTCOME_NOT_TRIED,       /* the comment above the row says why */
};

struct row {
	enum caller caller;
	char call[32];
	const char *pattern; /* a glob for the call as strace prints it */
	char *errors;        /* names, each with a space before and after */
	enum outcome outcome;
	int status;
	const char *text; /* a glob for the line */
	int line;         /* in the file */
};

struct table {
	char *memory;
	size_t count;
	struct row rows[TABLE_ROWS_MAX];
};

/* Reads the file; ends the program where it is not well-formed. */
void table_read(struct table *table, const char *path);

/* Whether the row is for the call, which is a line of strace's. */
bool table_row_is_for(const struct row *row, enum caller caller, const char *line);

/* The first row for the call that has the errno; NULL: any errno. NULL where there is none. */
const struct row *table_find(
	const struct table *table, enum caller caller, const char *line, const char *error);

/* As the table prints it. */
const char *table_outcome_name(enum outcome outcome);

#endif

/* Why the command could not be started, for people and as a status. */
#ifndef WHIT_COMMAND_EXEC_FAILURE_H
#define WHIT_COMMAND_EXEC_FAILURE_H

#include "base/line.h"

#include <limits.h>
#include <stdbool.h>

enum exec_failure_step {
	EXEC_FAILURE_AT_CLONE, /* no process could be made */
	EXEC_FAILURE_AT_EXEC,
};

struct exec_failure {
	enum exec_failure_step step;
	int error; /* errno of that step */
};

/* The two blanks of "cannot run 'NAME': REASON". */
struct exec_explanation {
	const char *name;    /* the file that PATH led to, or as it was given */
	struct line reason;  /* without an end */
	char path[PATH_MAX]; /* the name may be in it */
};

/*
 * Looks at what could not be run and says what is wrong with it. What it says explains the error
 * that the kernel gave; where nothing that can be seen does, it is the system's word for the error.
 * The words are the command's. Uses some 30 KiB of stack.
 */
void exec_failure_explain(const struct exec_failure *failure, char *const *words,
	char *const *environment, struct exec_explanation *ret_explanation);

/*
 * Whether the name led to nothing, which is status 127; else there is something that cannot be run,
 * which is 126.
 */
bool exec_failure_is_not_found(const struct exec_failure *failure);

#endif

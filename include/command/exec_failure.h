/* Why the command could not be started, for people and as a status. */
#ifndef WHIT_COMMAND_EXEC_FAILURE_H
#define WHIT_COMMAND_EXEC_FAILURE_H

#include <stdbool.h>

enum exec_failure_step {
	EXEC_FAILURE_AT_CLONE, /* no process could be made */
	EXEC_FAILURE_AT_EXEC,
};

struct exec_failure {
	enum exec_failure_step step;
	int error; /* errno of that step */
};

/* The REASON of "cannot run 'NAME': REASON". A static string. */
const char *exec_failure_reason(const struct exec_failure *failure);

/*
 * Whether the name led to nothing, which is status 127; else there is something that cannot be run,
 * which is 126.
 */
bool exec_failure_is_not_found(const struct exec_failure *failure);

#endif

/* Makes a sentence of a failed start. Who prints it and ends with which status is the caller's
 * affair. */
#include "command/exec_failure.h"

#include <errno.h>
#include <string.h>

const char *exec_failure_reason(const struct exec_failure *failure)
{
	return strerror(failure->error);
}

/* As dash(1) has it: all the errors of a path that leads nowhere. */
bool exec_failure_is_not_found(const struct exec_failure *failure)
{
	return failure->step == EXEC_FAILURE_AT_EXEC &&
		(failure->error == ENOENT || failure->error == ENOTDIR || failure->error == ELOOP ||
			failure->error == ENAMETOOLONG);
}

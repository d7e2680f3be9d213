/* Why the command could not be started, in a sentence and as a kind of status. */
#pragma once

#include "base/line.h"
#include "command/exec_search.h"
#include <limits.h>
#include <stdbool.h>

/* The two blanks of "cannot run 'NAME': REASON". */
struct exec_explanation {
	const char *name;    /* the file that PATH led to, or as it was given */
	struct line reason;  /* without an end */
	char path[PATH_MAX]; /* the name may be in it */
};

/* Looks at what the kernel has refused. Where nothing that can be seen explains the error, the
 * reason is the system's words for it. Uses some 6 KiB of stack besides the explanation. */
void exec_failure_explain(const struct exec_failure *failure, char *const *argv, char *const *envp,
	struct exec_explanation *ret_explanation);

/* Whether the name led to nothing, which is status 127; else something cannot be run: 126. */
bool exec_failure_is_not_found(const struct exec_failure *failure);

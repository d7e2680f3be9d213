/* Why a file that may be executed cannot be run: what is in it. */
#ifndef WHIT_COMMAND_EXEC_CONTENT_H
#define WHIT_COMMAND_EXEC_CONTENT_H

#include "base/line.h"

#include <limits.h>

/* What looking at one file came to. */
enum exec_verdict {
	EXEC_VERDICT_UNEXPLAINED, /* what is in the line then is of no use */
	EXEC_VERDICT_EXPLAINED,   /* the reason has been appended to the line */
	EXEC_VERDICT_GO_ON,       /* so has what leads to the next file: that cannot be run */
};

/*
 * Reads the file and looks for what explains the error, execve(2)'s errno. With EXEC_VERDICT_GO_ON
 * its interpreter or loader is returned in the place of its own path, and in the place of the error
 * what execve(2) would have set for that one.
 */
enum exec_verdict exec_content_explain(struct line *reason, char path[PATH_MAX], int *error);

#endif

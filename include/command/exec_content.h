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

/* What is looked at: the command's file, and then what is to run it. */
struct exec_subject {
	char path[PATH_MAX];
	int error; /* execve(2)'s errno, or what it would be */
};

/*
 * Reads the file and looks for what explains the error. With EXEC_VERDICT_GO_ON the subject is its
 * interpreter or loader afterwards, else nothing of meaning.
 */
enum exec_verdict exec_content_explain(struct line *reason, struct exec_subject *subject);

#endif

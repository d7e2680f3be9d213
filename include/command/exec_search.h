/* execvp(3), but the same with every libc: where the command's name leads. */
#ifndef WHIT_COMMAND_EXEC_SEARCH_H
#define WHIT_COMMAND_EXEC_SEARCH_H

#include <limits.h>

/* Searched where there is no PATH. */
#define EXEC_SEARCH_DEFAULT_PATH "/usr/local/bin:/usr/bin:/bin"

/* Where a name without a slash may be, one after another. */
struct exec_search {
	const char *name;
	const char *entry; /* of PATH, the next one; NULL after the last */
	char *path;        /* PATH_MAX bytes */
};

/* name is kept, and path, which has PATH_MAX bytes. */
void exec_search_start(struct exec_search *search, const char *name, char *path);

/*
 * The next path, in the place that was given for it; NULL after the last. What is too long is
 * passed over.
 */
char *exec_search_next(struct exec_search *search);

/*
 * Replaces this process by argv[0], looked for in the PATH of whit's environment unless it has a
 * slash. Goes on to the next entry on ENOENT, ENOTDIR and EACCES. A text file without #! is run by
 * /bin/sh, for which argv[-1] is written to.
 *
 * Returns only on failure, with errno as execve(2) set it: EACCES where one entry was refused and
 * no later one did better, ENOEXEC where /bin/sh could not be run instead.
 */
void exec_search_run(char **argv, char **envp);

#endif

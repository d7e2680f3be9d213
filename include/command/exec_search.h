/* execvp(3), but the same with every libc: where the command's name leads. */
#pragma once

enum exec_failure_step {
	EXEC_FAILURE_AT_CLONE, /* no process could be made */
	EXEC_FAILURE_AT_EXEC,
};

/* A start that failed; diagnosis/exec_failure.h tells why. */
struct exec_failure {
	enum exec_failure_step step;
	int error; /* errno of that step */
};

/* Where a name without a slash may be, one after another. */
struct exec_search {
	const char *name;
	const char *entry; /* of PATH, the next one; NULL after the last */
	char *path;        /* PATH_MAX bytes */
};

/* Looks in the environment's PATH, else in a list that stands in for it. Keeps name and path. */
void exec_search_start(struct exec_search *search, const char *name, char *const *envp, char *path);

/* The next path, in the place for it; NULL after the last. What is too long is left out. */
const char *exec_search_next(struct exec_search *search);

/* Replaces this process by argv[0], looked for in PATH unless it has a slash. Goes on to the next
 * entry where one has no such file, refuses it or cannot be reached. Text without #! is run by
 * /bin/sh, and so is a script whose interpreter is such text; argv[-1] is written to then.
 * Returns only on failure, with errno of execve(2): EACCES if an entry refused its file, else the
 * error of one that could not be reached, else ENOENT. Uses some 5 KiB of stack. */
void exec_search_run(char **argv, char **envp);

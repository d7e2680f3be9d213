/*
 * Makes a sentence of a failed start. It is called only then, and whatever it finds has no bearing
 * on the status. Who prints it is the caller's affair.
 */
#include "command/exec_failure.h"

#include "command/exec_file.h"
#include "command/exec_search.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* --- what an error says by itself --- */

static size_t size_of(char *const *words)
{
	size_t size = 0;

	for (; *words != NULL; words++)
		size += strlen(*words) + 1;
	return size;
}

static bool explain_error(struct line *reason, const struct exec_failure *failure,
	char *const *words, char *const *environment)
{
	switch (failure->error) {
	case E2BIG:
		line_format(reason, "arguments and environment are too long (%u bytes)",
			(unsigned int)(size_of(words) + size_of(environment)));
		return true;
	case ETXTBSY:
		line_format(reason,
			"it, its interpreter or its loader is open for writing; whatever writes it "
			"has to close it first");
		return true;
	case ENOMEM:
		if (failure->step == EXEC_FAILURE_AT_CLONE) /* pid_namespaces(7) */
			line_format(reason,
				"out of memory, or the first process of its PID namespace has "
				"ended");
		else
			line_format(reason, "out of memory");
		return true;
	case EAGAIN:
		line_format(reason,
			"no more processes are allowed (ulimit -u, or pids.max of the cgroup)");
		return true;
	default:
		return false;
	}
}

/* --- where PATH leads --- */

static void explain_not_found(struct line *reason)
{
	const char *list = getenv("PATH");

	if (list == NULL)
		line_format(reason, "not found in %s; PATH is not set", EXEC_SEARCH_DEFAULT_PATH);
	else if (*list == '\0')
		line_format(reason, "not found in the working directory; PATH is empty");
	else
		line_format(reason, "not found in PATH (%s)", list);
}

/*
 * Looks at those entries of PATH where looking for the name comes to lookup_error, which is 0 where
 * there is something of that name. The first one that explains the error is it.
 */
static bool explain_entries(
	struct exec_explanation *explanation, const char *name, int error, int lookup_error)
{
	struct exec_search search;
	const char *path;

	exec_search_start(&search, name, explanation->path);
	while ((path = exec_search_next(&search)) != NULL) {
		struct stat status;

		line_start(&explanation->reason);
		if ((lstat(path, &status) == 0 ? 0 : errno) == lookup_error &&
			exec_file_explain(&explanation->reason, path, error)) {
			explanation->name = path;
			return true;
		}
	}
	line_start(&explanation->reason);
	return false;
}

/* It may be in a directory that cannot be looked into, or be a name that no directory has. */
static bool explain_unfinished_search(struct exec_explanation *explanation, const char *name)
{
	struct line *reason = &explanation->reason;
	const char *list = getenv("PATH");

	if (!explain_entries(explanation, name, EACCES, EACCES))
		return false;
	explanation->name = name;
	line_start(reason);
	line_format(reason, "not found in PATH as far as it can be searched: ");
	if (!exec_file_explain(reason, explanation->path, EACCES))
		return false;
	line_format(reason, "; PATH is %s", list == NULL ? EXEC_SEARCH_DEFAULT_PATH : list);
	return true;
}

/*
 * ENOENT and ENOTDIR of a file let the search go on, so what is wrong with the file may not be what
 * the search ended with. A file that cannot be run says more than a directory that cannot be looked
 * into.
 */
static bool explain_refused_search(struct exec_explanation *explanation, const char *name)
{
	return explain_entries(explanation, name, EACCES, EACCES) && /* else it is not known */
		(explain_entries(explanation, name, ENOENT, 0) ||
			explain_entries(explanation, name, ENOTDIR, 0) ||
			explain_unfinished_search(explanation, name));
}

static bool explain_search(struct exec_explanation *explanation, const char *name, int error)
{
	if (explain_entries(explanation, name, error, 0))
		return true;
	if (error == EACCES)
		return explain_refused_search(explanation, name);
	if (error != ENOENT)
		return false;
	if (!explain_entries(explanation, name, ENOTDIR, 0))
		explain_not_found(&explanation->reason);
	return true;
}

static bool explain_name(struct exec_explanation *explanation, const char *name, int error)
{
	struct line *reason = &explanation->reason;

	if (*name == '\0') {
		line_format(reason, "its name is empty");
		return true;
	}
	if (strchr(name, '/') != NULL)
		return exec_file_explain(reason, name, error);
	return explain_search(explanation, name, error);
}

/* ["ls -l"] in the place of ["ls", "-l"]. */
static void hint_at_blank(struct line *reason, const char *name)
{
	struct stat status;

	if (strchr(name, ' ') != NULL && lstat(name, &status) < 0)
		line_format(reason,
			"; its name has a blank in it, and arguments are words of their own");
}

void exec_failure_explain(const struct exec_failure *failure, char *const *words,
	char *const *environment, struct exec_explanation *ret_explanation)
{
	struct line *reason = &ret_explanation->reason;

	ret_explanation->name = words[0];
	line_start(reason);
	if (explain_error(reason, failure, words, environment))
		return;
	if (failure->step == EXEC_FAILURE_AT_EXEC &&
		explain_name(ret_explanation, words[0], failure->error)) {
		if (failure->error == ENOENT && ret_explanation->name == words[0])
			hint_at_blank(reason, words[0]);
		return;
	}
	line_start(reason);
	line_format(reason, "%s", strerror(failure->error));
}

/* As dash(1) has it: all the errors of a path that leads nowhere. */
bool exec_failure_is_not_found(const struct exec_failure *failure)
{
	return failure->step == EXEC_FAILURE_AT_EXEC &&
		(failure->error == ENOENT || failure->error == ENOTDIR || failure->error == ELOOP ||
			failure->error == ENAMETOOLONG);
}

/* The PATH loop. Runs in the started process that still shares whit's memory, so it keeps to its
 * own small stack. What a failure means is told by diagnosis/exec_failure.c. */
#include "command/exec_search.h"

#include "base/file.h"
#include "base/text.h"
#include "command/exec_image.h"
#include <errno.h>
#include <limits.h>

/* As many as the kernel follows: exec_binprm of fs/exec.c. */
#define INTERPRETERS_MAX 5

/* Whether the file is text without #!, or a script whose interpreter is one: the kernel does not
 * run either, and execvp(3), dash and bash give the first file to /bin/sh. */
static bool is_for_shell(const char *path)
{
	char bytes[EXEC_IMAGE_BYTES + 1];

	for (int depth = 0; path != NULL && depth <= INTERPRETERS_MAX; depth++) {
		int fd = file_open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		ssize_t length = read(fd, bytes, EXEC_IMAGE_BYTES);
		enum exec_image image;

		(void)close(fd);       /* read-only: nothing to lose */
		if (length < 0) break; /* what we may not read /bin/sh may not either */
		image = exec_image_classify(bytes, (size_t)length);
		if (image != EXEC_IMAGE_SCRIPT) return image == EXEC_IMAGE_TEXT;
		path = exec_image_find_interpreter(bytes, (size_t)length);
	}
	return false;
}

/* The shell needs one word more than there are; nothing needs the word before argv now. */
static void run(char *path, char **argv, char **envp)
{
	char shell[] = "/bin/sh";
	char *name = argv[0];

	(void)execve(path, argv, envp); /* returns only on failure */
	if (errno != ENOEXEC) return;
	if (is_for_shell(path)) {
		argv[-1] = shell;
		argv[0] = path;
		(void)execve(shell, argv - 1, envp); /* returns only on failure */
		argv[0] = name;                      /* whit still prints it */
	}
	errno = ENOEXEC;
}

void exec_search_start(struct exec_search *search, const char *name, char *const *envp, char *path)
{
	search->name = name;
	search->entry = "/usr/local/bin:/usr/bin:/bin";
	search->path = path;
	for (; *envp != NULL; envp++) {
		if (text_begins(*envp, "PATH=")) {
			search->entry = *envp + 5;
			return;
		}
	}
}

/* An entry that is empty is the working directory: execvp(3). */
const char *exec_search_next(struct exec_search *search)
{
	size_t size = strlen(search->name) + 1;

	while (search->entry != NULL) {
		const char *entry = search->entry;
		const char *colon = text_find(entry, ':');
		size_t length = colon != NULL ? (size_t)(colon - entry) : strlen(entry);

		search->entry = colon != NULL ? colon + 1 : NULL;
		if (length + 1 + size > PATH_MAX) continue;
		memcpy(search->path, entry, length);
		if (length > 0) search->path[length++] = '/';
		memcpy(search->path + length, search->name, size);
		return search->path;
	}
	return NULL;
}

/* The directory's server is gone, as of a network mount. */
static bool is_out_of_reach(int error)
{
	return error == ESTALE || error == ENODEV || error == ETIMEDOUT;
}

static void run_from_path(char **argv, char **envp)
{
	char path[PATH_MAX];
	struct exec_search search;
	int error = ENOENT;

	exec_search_start(&search, argv[0], envp, path);
	while (exec_search_next(&search) != NULL) {
		run(path, argv, envp);
		if (errno == EACCES || (is_out_of_reach(errno) && error != EACCES))
			error = errno;
		else if (errno != ENOENT && errno != ENOTDIR && !is_out_of_reach(errno))
			return;
	}
	errno = error;
}

void exec_search_run(char **argv, char **envp)
{
	if (*argv[0] == '\0') /* every directory would match */
		errno = ENOENT;
	else if (text_find(argv[0], '/') != NULL)
		run(argv[0], argv, envp);
	else
		run_from_path(argv, envp);
}

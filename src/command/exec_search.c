/*
 * The PATH loop. Runs in the started process that still shares whit's memory, so it keeps to its
 * own stack. What a failure means is told by command/exec_failure.c.
 */
#include "command/exec_search.h"

#include "command/exec_image.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_text_file(const char *path)
{
	unsigned char bytes[EXEC_IMAGE_BYTES];
	ssize_t length;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return false; /* what we may not read /bin/sh may not either */
	length = read(fd, bytes, sizeof(bytes));
	(void)close(fd); /* read-only: nothing to lose */
	return length >= 0 && exec_image_classify(bytes, (size_t)length) == EXEC_IMAGE_TEXT;
}

/* The shell needs one word more than there are, and argv has one before it that nobody reads now.
 */
static void run_by_shell(char *path, char **argv, char **envp)
{
	static char shell[] = "/bin/sh";
	char *name = argv[0];

	argv[-1] = shell;
	argv[0] = path;
	(void)execve(shell, argv - 1, envp); /* returns only on failure */
	argv[0] = name;                      /* whit still prints it */
}

static void run(char *path, char **argv, char **envp)
{
	(void)execve(path, argv, envp); /* returns only on failure */
	if (errno != ENOEXEC)
		return;
	if (is_text_file(path))
		run_by_shell(path, argv, envp);
	errno = ENOEXEC;
}

/* Joins an entry of PATH and a name; an empty entry is the working directory: execvp(3). */
static bool join(char *buffer, size_t size, const char *entry, size_t length, const char *name)
{
	size_t name_size = strlen(name) + 1;

	if (length + 1 + name_size > size)
		return false;
	memcpy(buffer, entry, length);
	if (length > 0)
		buffer[length++] = '/';
	memcpy(buffer + length, name, name_size);
	return true;
}

void exec_search_start(struct exec_search *search, const char *name, char *path)
{
	const char *list = getenv("PATH");

	search->name = name;
	search->entry = list == NULL ? EXEC_SEARCH_DEFAULT_PATH : list;
	search->path = path;
}

char *exec_search_next(struct exec_search *search)
{
	while (search->entry != NULL) {
		const char *entry = search->entry;
		size_t length = strcspn(entry, ":");

		search->entry = entry[length] == ':' ? entry + length + 1 : NULL;
		if (join(search->path, PATH_MAX, entry, length, search->name))
			return search->path;
	}
	return NULL;
}

static void run_from_path(char **argv, char **envp)
{
	char buffer[PATH_MAX];
	bool was_refused = false;
	struct exec_search search;
	char *path;

	exec_search_start(&search, argv[0], buffer);
	while ((path = exec_search_next(&search)) != NULL) {
		run(path, argv, envp);
		if (errno == EACCES)
			was_refused = true;
		else if (errno != ENOENT && errno != ENOTDIR)
			return;
	}
	errno = was_refused ? EACCES : ENOENT;
}

void exec_search_run(char **argv, char **envp)
{
	if (*argv[0] == '\0') /* every directory would match */
		errno = ENOENT;
	else if (strchr(argv[0], '/') != NULL)
		run(argv[0], argv, envp);
	else
		run_from_path(argv, envp);
}

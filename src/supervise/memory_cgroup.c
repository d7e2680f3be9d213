/*
 * Finds the file in which our memory cgroup counts its kills, of either version, wherever it is
 * mounted. What a number means for a death is said by supervise/supervisor.c.
 */
#include "supervise/memory_cgroup.h"

#include "base/line.h"
#include "base/number.h"
#include "base/text_file.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

/* One version of the controller. */
struct version {
	const char *file_system; /* as mountinfo has it */
	const char
		*controller; /* as /proc/PID/cgroup and the mount's options have it; "" for none */
	const char *file;
	bool counts_below; /* kills in the cgroups below it too */
};

/* A machine may have both; where the memory controller is in v1, v2 has none. */
static const struct version versions[] = {
	{"cgroup", "memory", "memory.oom_control", false},
	{"cgroup2", "", "memory.events", true},
};

static bool is_in_list(const char *list, const char *word)
{
	size_t length = strlen(word);

	if (length == 0)
		return true;
	for (; *list != '\0'; list += strcspn(list, ",") + (strchr(list, ',') != NULL)) {
		if (strcspn(list, ",") == length && memcmp(list, word, length) == 0)
			return true;
	}
	return false;
}

/* Our cgroup, of a line "ID:CONTROLLERS:PATH"; NULL if it is of another hierarchy. */
static char *find_own(char *line, const struct version *version)
{
	char *id = strsep(&line, ":");
	char *controllers = strsep(&line, ":");

	if (line == NULL)
		return NULL;
	if (*version->controller == '\0')
		return strcmp(id, "0") == 0 && *controllers == '\0' ? line : NULL;
	return is_in_list(controllers, version->controller) ? line : NULL;
}

/* The part of our cgroup's path below the root of the mount; NULL if it is not below it. */
static const char *below(const char *own, const char *root)
{
	size_t length = strcmp(root, "/") == 0 ? 0 : strlen(root);

	if (strncmp(own, root, length) != 0 || (own[length] != '/' && own[length] != '\0'))
		return NULL;
	return strcmp(own + length, "/") == 0 ? "" : own + length;
}

/* Appends the path of the file, of a line of mountinfo: proc_pid_mountinfo(5). */
static bool find_file(struct line *path, char *line, const char *own, const struct version *version)
{
	const char *fields[5]; /* id, parent, device, root, mount point */
	const char *field;
	const char *rest;

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		fields[i] = strsep(&line, " ");
	do {
		field = strsep(&line, " ");
	} while (field != NULL && strcmp(field, "-") != 0); /* the optional ones end there */
	field = strsep(&line, " ");
	if (field == NULL || strcmp(field, version->file_system) != 0)
		return false;
	(void)strsep(&line, " "); /* the source: anything */
	if (line == NULL || !is_in_list(line, version->controller))
		return false;
	rest = below(own, fields[3]);
	if (rest == NULL)
		return false;
	line_format(path, "%s%s/%s", fields[4], rest, version->file);
	return true;
}

static bool find_path(struct line *ret_path, const struct version *version)
{
	struct text_file file;
	char own[PATH_MAX];
	char *line;
	char *found = NULL;

	if (!text_file_open(&file, "/proc/self/cgroup"))
		return false;
	while (found == NULL && (line = text_file_next(&file)) != NULL)
		found = find_own(line, version);
	text_file_close(&file);
	if (found == NULL)
		return false;
	strcpy(own, found); /* a line is shorter */
	if (!text_file_open(&file, "/proc/self/mountinfo"))
		return false;
	line_start(ret_path);
	while ((line = text_file_next(&file)) != NULL && !find_file(ret_path, line, own, version))
		;
	text_file_close(&file);
	return line != NULL;
}

static bool read_count(const char *path, unsigned int *ret_count)
{
	static const char name[] = "oom_kill ";
	struct text_file file;
	bool is_found = false;
	const char *line;

	if (!text_file_open(&file, path))
		return false;
	while (!is_found && (line = text_file_next(&file)) != NULL) {
		const char *value = line + sizeof(name) - 1;

		is_found = strncmp(line, name, sizeof(name) - 1) == 0 &&
			number_parse(value, strlen(value), INT_MAX, ret_count);
	}
	text_file_close(&file);
	return is_found;
}

/* Each directory in a directory is one more link to it: the cgroups below, and "." and "..". */
static bool has_cgroups_below(struct line *path, const struct version *version)
{
	struct stat status;

	path->length -= strlen(version->file);
	return stat(line_string(path), &status) < 0 || status.st_nlink > 2;
}

bool memory_cgroup_count_kills(unsigned int *ret_count)
{
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		const struct version *version = &versions[i];
		struct line path;
		unsigned int count;

		if (!find_path(&path, version))
			continue;
		if (!read_count(line_string(&path), &count))
			return false;
		/* The command may have gone to one of those below, and been killed there. */
		if (count == 0 && !version->counts_below && has_cgroups_below(&path, version))
			return false;
		*ret_count = count;
		return true;
	}
	return false;
}

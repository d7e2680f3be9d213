/* Reads how many processes of our memory cgroup the kernel has killed. */
#include "diagnosis/memory_cgroup.h"

#include "base/cold.h"
#include "base/file.h"
#include "base/line.h"
#include "base/number.h"
#include "base/text.h"

/* The memory controller is in v1 or in v2, never in both: cgroups(7). */
static const struct {
	const char *key; /* in our cgroup's line of /proc/self/cgroup: "ID:CONTROLLERS:PATH" */
	const char *mount;
	const char *file;
} versions[] = {
	{":memory:", "/sys/fs/cgroup/memory", "memory.oom_control"},
	{"0::", "/sys/fs/cgroup", "memory.events"},
};

/* Reads the value of the key, up to the end of its line, from a file; NULL if it is not there. */
static char *read_value(const char *path, const char *key, char *text, size_t size)
{
	/* What is mounted over a file may be a pipe that no process writes to. */
	int fd = file_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	ssize_t length = read(fd, text, size - 1);
	char *end;

	(void)close(fd);
	text[length < 0 ? 0 : length] = '\0';
	while (*text != '\0' && !text_begins(text, key))
		text++;
	if (*text == '\0') return NULL;
	text += strlen(key);
	for (end = text; *end != '\n' && *end != '\0'; end++)
		;
	*end = '\0';
	return text;
}

static bool read_kills(
	const char *mount, const char *cgroup, const char *file, unsigned int *ret_count)
{
	char text[1024];
	static struct line path COLD; /* not on the stack, which may be small */
	const char *value;

	line_start(&path);
	line_format(&path, "%s%s/%s", mount, cgroup, file);
	value = read_value(line_string(&path), "\noom_kill ", text, sizeof(text));
	return value != NULL && number_parse(value, strlen(value), INT_MAX, ret_count);
}

bool memory_cgroup_count_kills(unsigned int *ret_count)
{
	static char text[4096] COLD; /* the same */

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		const char *mount = versions[i].mount;
		const char *file = versions[i].file;
		const char *cgroup =
			read_value("/proc/self/cgroup", versions[i].key, text, sizeof(text));

		/* In a container the mount may show our cgroup itself as its root. */
		if (cgroup != NULL &&
			(read_kills(mount, cgroup, file, ret_count) ||
				read_kills(mount, "", file, ret_count)))
			return true;
	}
	return false;
}

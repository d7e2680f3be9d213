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

static bool read_text(const char *path, char *text, size_t size)
{
	/* What is mounted over a file may be a pipe that no process writes to. */
	int fd = file_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, size - 1);

	if (fd >= 0) (void)close(fd);
	if (length <= 0) return false;
	text[length] = '\0';
	return true;
}

/* What follows the key up to the end of its line; NULL if it is not there. Ends that line. */
static char *find_value(char *text, const char *key)
{
	char *value = text;

	while (*value != '\0' && !text_begins(value, key))
		value++;
	if (*value == '\0') return NULL;
	value += strlen(key);
	for (text = value; *text != '\n' && *text != '\0'; text++)
		;
	*text = '\0';
	return value;
}

static bool read_kills(
	const char *mount, const char *cgroup, const char *file, unsigned int *ret_count)
{
	char text[1024];
	static struct line path COLD; /* not on the stack, which may be small */
	const char *value;

	line_start(&path);
	line_format(&path, "%s%s/%s", mount, cgroup, file);
	if (!read_text(line_string(&path), text, sizeof(text))) return false;
	value = find_value(text, "\noom_kill ");
	return value != NULL && number_parse(value, strlen(value), INT_MAX, ret_count);
}

bool memory_cgroup_count_kills(unsigned int *ret_count)
{
	static char text[4096] COLD; /* the same */

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		const char *mount = versions[i].mount;
		const char *file = versions[i].file;
		const char *cgroup = read_text("/proc/self/cgroup", text, sizeof(text))
			? find_value(text, versions[i].key)
			: NULL;

		/* In a container the mount may show our cgroup itself as its root. */
		if (cgroup != NULL &&
			(read_kills(mount, cgroup, file, ret_count) ||
				read_kills(mount, "", file, ret_count)))
			return true;
	}
	return false;
}

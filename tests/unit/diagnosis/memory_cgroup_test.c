#include "diagnosis/memory_cgroup.h"

#include "unit/support.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define MOUNT   "/sys/fs/cgroup"
#define UNKNOWN (-1)

#define V1_FILE  "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n"
#define V2_FILE  "low 0\nhigh 0\nmax 17\noom 4\noom_kill 2\noom_group_kill 0\n"
#define V1_LISTS "5:pids:/x\n4:memory:/docker/1\n1:name=systemd:/memory\n0::/other\n"

/* A machine: what /proc/self/cgroup says, and the one file that the cgroups have. */
static const struct row {
	const char *what;
	const char *cgroup;
	const char *file;
	const char *content; /* NULL: it is a pipe that no process writes to */
	int count;
} rows[] = {
	{"v2 in its own cgroup namespace", "0::/\n", "/memory.events", V2_FILE, 2},
	{"v2 in the machine's", "0::/pod/c1\n", "/pod/c1/memory.events", V2_FILE, 2},
	{"v2, our cgroup itself is mounted", "0::/pod/c1\n", "/memory.events", V2_FILE, 2},
	{"v2 beside a v1", "5:pids:/x\n0::/c1\n", "/c1/memory.events", V2_FILE, 2},
	{"v2, no kill yet", "0::/\n", "/memory.events", "oom 0\noom_kill 0\n", 0},
	{"v1 in the machine's", V1_LISTS, "/memory/docker/1/memory.oom_control", V1_FILE, 3},
	{"v1, our cgroup itself is mounted", V1_LISTS, "/memory/memory.oom_control", V1_FILE, 3},
	{"v1 with more to say than fits", V1_LISTS, "/memory/memory.oom_control",
		"oom_kill_disable 0\noom_kill 4294967296\n", UNKNOWN},
	{"v1 before it counted", V1_LISTS, "/memory/memory.oom_control",
		"oom_kill_disable 0\nunder_oom 0\n", UNKNOWN},
	{"a count that is none", "0::/\n", "/memory.events", "oom 0\noom_kill many\n", UNKNOWN},
	{"another cgroup's file", "0::/c1\n", "/c2/memory.events", V2_FILE, UNKNOWN},
	{"another hierarchy's file", V1_LISTS, "/pids/memory.oom_control", V1_FILE, UNKNOWN},
	{"no controller", "0::/\n", "/cgroup.events", "populated 1\n", UNKNOWN},
	{"no line for memory", "5:pids:/x\n", "/memory.events", V2_FILE, UNKNOWN},
	{"lists that are none", "nonsense\n::\n:\n\n", "/memory.events", V2_FILE, UNKNOWN},
	{"no lists", "", "/memory.events", V2_FILE, UNKNOWN},
	{"an empty file", "0::/\n", "/memory.events", "", UNKNOWN},
	{"a pipe", "0::/\n", "/memory.events", NULL, UNKNOWN},
};

static void put(struct complaint *complaint, const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		complain(complaint, "%s: %s", path, strerror(errno));
	(void)close(fd);
}

static void expect_count(struct complaint *complaint, int expected)
{
	unsigned int count = 99;
	bool is_known = memory_cgroup_count_kills(&count);

	if (is_known != (expected != UNKNOWN) || count != (is_known ? (unsigned int)expected : 99))
		complain(complaint, "expected %d, observed %s, %u", expected,
			is_known ? "a count" : "none", count);
}

static void make_private(struct complaint *complaint)
{
	/* In a chroot / may be no mount, but then /proc is. */
	if (unshare(CLONE_NEWNS) != 0 ||
		(mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0 &&
			mount("none", "/proc", "none", MS_PRIVATE, NULL) != 0))
		complain(complaint, "unshare: %s", strerror(errno));
}

static void count_in_child(struct complaint *complaint, const void *argument)
{
	const struct row *row = argument;
	char path[128];

	make_private(complaint);
	if (mount("none", MOUNT, "tmpfs", 0, NULL) != 0)
		complain(complaint, "a tmpfs on " MOUNT ": %s", strerror(errno));
	(void)snprintf(path, sizeof(path), MOUNT "%s", row->file);
	for (char *slash = path + strlen(MOUNT); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(path, 0700);
		*slash = '/';
	}
	if (row->content == NULL)
		(void)mkfifo(path, 0600);
	else
		put(complaint, path, row->content);
	put(complaint, MOUNT "/lists", row->cgroup);
	if (mount(MOUNT "/lists", "/proc/self/cgroup", "none", MS_BIND, NULL) != 0)
		complain(complaint, "a file on /proc/self/cgroup: %s", strerror(errno));
	expect_count(complaint, row->count);
}

static void count_without_proc(struct complaint *complaint, const void *unused)
{
	(void)unused;
	make_private(complaint);
	if (mount("none", "/proc", "tmpfs", 0, NULL) != 0)
		complain(complaint, "a tmpfs on /proc: %s", strerror(errno));
	expect_count(complaint, UNKNOWN);
}

static void kills_are_counted_where_engines_and_systemd_mount_the_cgroups(void **state)
{
	(void)state;
	if (geteuid() != 0 || access(MOUNT, F_OK) != 0) {
		print_message("skipped: needs root and " MOUNT "\n");
		skip();
	}
	for (size_t i = 0; i < COUNT(rows); i++)
		run_in_child(rows[i].what, count_in_child, &rows[i]);
	run_in_child("no /proc", count_without_proc, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kills_are_counted_where_engines_and_systemd_mount_the_cgroups),
	};

	return cmocka_run_group_tests_name("diagnosis/memory_cgroup", tests, NULL, NULL);
}

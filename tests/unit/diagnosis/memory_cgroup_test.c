#include "supervise/memory_cgroup.h"

#include "unit/namespace.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

/* Where the counting files of the rows are: the group's state. */
static char base[] = "/tmp/whit-memory-cgroup-XXXXXX";

/* A machine as /proc tells of it; BASE stands for the directory of the group. */
struct row {
	const char *what;
	const char *cgroup;    /* /proc/PID/cgroup */
	const char *mountinfo; /* of the cgroups */
	const char *file;      /* below the base */
	const char *content;
	bool is_known;
	unsigned int count;
	const char *below; /* a file in a cgroup below; NULL: there is none */
};

#define V1_FILE "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n"
#define V2_FILE "low 0\nhigh 0\nmax 17\noom 4\noom_kill 2\noom_group_kill 0\n"

#define V1_LISTS "5:pids:/x\n4:cpu,memory:/docker/1\n1:name=systemd:/memory\n0::/other\n"

#define ROOT_MOUNT "20 1 8:1 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"

/* clang-format off */
static const struct row rows[] = {
	{"v2 in its own cgroup namespace", "0::/\n",
		ROOT_MOUNT "30 20 0:25 / BASE/cg rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n",
		"cg/memory.events", V2_FILE, true, 2, NULL},
	{"v2 in the machine's cgroup namespace", "0::/kube/pod-7/c1\n",
		ROOT_MOUNT "30 20 0:25 / BASE/cg rw - cgroup2 none rw\n",
		"cg/kube/pod-7/c1/memory.events", V2_FILE, true, 2, NULL},
	{"v2, mounted from a cgroup above ours", "0::/kube/pod-7/c1\n",
		"30 20 0:25 /kube BASE/cg rw - cgroup2 none rw\n",
		"cg/pod-7/c1/memory.events", V2_FILE, true, 2, NULL},
	{"v2, ours itself is mounted", "0::/kube\n",
		"30 20 0:25 /kube BASE/cg rw - cgroup2 none rw\n",
		"cg/memory.events", V2_FILE, true, 2, NULL},
	{"v2, no kill yet", "0::/\n", "30 20 0:25 / BASE/cg rw - cgroup2 none rw\n",
		"cg/memory.events", "oom 0\noom_kill 0\n", true, 0, NULL},
	{"v1 as Docker mounts it", V1_LISTS,
		ROOT_MOUNT "30 20 0:25 /docker/1 BASE/cg ro - cgroup cgroup rw,memory\n",
		"cg/memory.oom_control", V1_FILE, true, 3, NULL},
	{"v1 with other controllers in one mount", V1_LISTS,
		"30 20 0:25 / BASE/cg rw - cgroup cgroup rw,cpu,memory\n",
		"cg/docker/1/memory.oom_control", V1_FILE, true, 3, NULL},
	{"v1 beside a v2 without the controller", V1_LISTS,
		"29 20 0:24 / BASE/unified rw - cgroup2 none rw\n"
		"30 20 0:25 /docker/1 BASE/cg rw - cgroup cgroup rw,memory\n",
		"cg/memory.oom_control", V1_FILE, true, 3, NULL},
	{"a mount of another controller first", V1_LISTS,
		"29 20 0:24 /docker/1 BASE/x rw - cgroup cgroup rw,memoryless\n"
		"30 20 0:25 /docker/1 BASE/cg rw - cgroup cgroup rw,memory\n",
		"cg/memory.oom_control", V1_FILE, true, 3, NULL},
	{"a line of mountinfo that does not fit", "0::/\n",
		"29 20 0:24 / /long rw - overlay overlay rw,lowerdir=" /* and so on: long_line */
		"30 20 0:25 / BASE/cg rw - cgroup2 none rw\n",
		"cg/memory.events", V2_FILE, true, 2, NULL},
	{"ours is not below what is mounted", "0::/kube/pod-7\n",
		"30 20 0:25 /docker BASE/cg rw - cgroup2 none rw\n",
		"cg/memory.events", V2_FILE, false, 0, NULL},
	{"ours only begins like what is mounted", "0::/kubernetes\n",
		"30 20 0:25 /kube BASE/cg rw - cgroup2 none rw\n",
		"cg/memory.events", V2_FILE, false, 0, NULL},
	{"outside of the cgroup namespace", "0::/../pod\n",
		"30 20 0:25 /../.. BASE/cg rw - cgroup2 none rw\n",
		"cg/memory.events", V2_FILE, false, 0, NULL},
	{"no cgroup is mounted", "0::/\n", ROOT_MOUNT, "cg/memory.events", V2_FILE, false, 0, NULL},
	{"no controller", "0::/\n", "30 20 0:25 / BASE/cg rw - cgroup2 none rw\n",
		"cg/cgroup.events", "populated 1\n", false, 0, NULL},
	{"v1, no kill yet", V1_LISTS,
		"30 20 0:25 /docker/1 BASE/none rw - cgroup cgroup rw,memory\n",
		"none/memory.oom_control", "oom_kill 0\n", true, 0, NULL},
	{"v1, none of our own, but there is a cgroup below", V1_LISTS,
		"30 20 0:25 /docker BASE/upper rw - cgroup cgroup rw,memory\n",
		"upper/1/memory.oom_control", "oom_kill 0\n", false, 0, "upper/1/below/tasks"},
	{"v1, one of our own, and there is a cgroup below", V1_LISTS,
		"30 20 0:25 /docker BASE/upper rw - cgroup cgroup rw,memory\n",
		"upper/1/memory.oom_control", "oom_kill 1\n", true, 1, "upper/1/below/tasks"},
	{"v2, none, which counts those below", "0::/\n",
		"30 20 0:25 / BASE/upper rw - cgroup2 none rw\n",
		"upper/memory.events", "oom_kill 0\n", true, 0, "upper/below/tasks"},
	{"a kernel that does not count", V1_LISTS,
		"30 20 0:25 /docker/1 BASE/cg rw - cgroup cgroup rw,memory\n",
		"cg/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\n", false, 0, NULL},
	{"a count that is none", "0::/\n", "30 20 0:25 / BASE/cg rw - cgroup2 none rw\n",
		"cg/memory.events", "oom_kill many\n", false, 0, NULL},
	{"no lists at all", "", "", "cg/memory.events", V2_FILE, false, 0, NULL},
	{"lists that are none", "nonsense\n::\n:\n\n", "nonsense\n - \n1 2 3 4 5 - cgroup2\n",
		"cg/memory.events", V2_FILE, false, 0, NULL},
};
/* clang-format on */

static void put(struct complaint *complaint, const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	if (file == NULL) {
		complain(complaint, "%s: %s", path, strerror(errno));
		return;
	}
	for (; *text != '\0'; text++) {
		if (strncmp(text, "BASE", 4) == 0) {
			(void)fputs(base, file);
			text += 3;
		} else {
			(void)fputc(*text, file);
		}
		if (strncmp(text, "=30 ", 4) == 0) { /* after lowerdir= */
			for (int i = 0; i < 5000; i++)
				(void)fputc('/', file);
			(void)fputc('\n', file);
		}
	}
	(void)fclose(file);
}

static void make_directories(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(path, 0700);
		*slash = '/';
	}
}

/* As PID 1 of a namespace of its own, of whose /proc two files are covered. */
static void count_there(struct complaint *complaint, const void *argument)
{
	const struct row *row = argument;
	unsigned int count = 99;
	char path[PATH_MAX];
	bool is_known;

	/* Not every file system counts a directory's directories as links to it, as cgroups do. */
	if (mount("none", base, "tmpfs", 0, NULL) < 0)
		complain(complaint, "mounting %s: %s", base, strerror(errno));
	(void)snprintf(path, sizeof(path), "%s/%s", base, row->file);
	make_directories(path);
	put(complaint, path, row->content);
	if (row->below != NULL) {
		(void)snprintf(path, sizeof(path), "%s/%s", base, row->below);
		make_directories(path);
	}
	(void)snprintf(path, sizeof(path), "%s/cgroup", base);
	put(complaint, path, row->cgroup);
	if (mount(path, "/proc/1/cgroup", NULL, MS_BIND, NULL) < 0)
		complain(complaint, "mounting /proc/1/cgroup: %s", strerror(errno));
	(void)snprintf(path, sizeof(path), "%s/mountinfo", base);
	put(complaint, path, row->mountinfo);
	if (mount(path, "/proc/1/mountinfo", NULL, MS_BIND, NULL) < 0)
		complain(complaint, "mounting /proc/1/mountinfo: %s", strerror(errno));
	is_known = memory_cgroup_count_kills(&count);
	if (is_known != row->is_known)
		complain(complaint, "expected %s", row->is_known ? "a count" : "none");
	if (count != (row->is_known ? row->count : 99))
		complain(complaint, "expected %u, observed %u", row->count, count);
	(void)snprintf(path, sizeof(path), "%s/%s", base, row->file);
	(void)unlink(path);
}

static void kills_are_counted_where_they_can_be_known(void **state)
{
	(void)state;
	if (!can_have_namespace())
		skip();
	for (size_t i = 0; i < COUNT(rows); i++)
		run_in_namespace(rows[i].what, NAMESPACE_PLACE_INIT, count_there, &rows[i]);
}

static void cover_proc(struct complaint *complaint, const void *argument)
{
	unsigned int count = 99;

	(void)argument;
	if (mount("none", "/proc", "tmpfs", 0, NULL) < 0)
		complain(complaint, "mounting /proc: %s", strerror(errno));
	if (memory_cgroup_count_kills(&count) || count != 99)
		complain(complaint, "expected no count, observed %u", count);
}

static void without_a_proc_nothing_is_known(void **state)
{
	(void)state;
	if (!can_have_namespace())
		skip();
	run_in_namespace("no /proc", NAMESPACE_PLACE_INIT, cover_proc, NULL);
}

static int make_base(void **state)
{
	(void)state;
	return mkdtemp(base) == NULL ? -1 : 0;
}

static int remove_base(void **state)
{
	char command[64];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf %s", base);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kills_are_counted_where_they_can_be_known),
		cmocka_unit_test(without_a_proc_nothing_is_known),
	};

	return cmocka_run_group_tests_name(
		"supervise/memory_cgroup", tests, make_base, remove_base);
}

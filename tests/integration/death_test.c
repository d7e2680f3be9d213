/* Contract, section 5: a death that whit has not forwarded is one line that says what is known. */
#include "harness.h"
#include "words.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where cores go, and what the machine says of its memory cgroups: the group's state. */
static char directory[] = "/tmp/whit-death-XXXXXX";

/* Versions of the memory controller: where it is, its limit, and what may stand in the way. */
struct controller {
	const char *root;
	const char *limit;
};

static const struct controller controllers[] = {
	{"/sys/fs/cgroup/memory", "memory.limit_in_bytes"},
	{"/sys/fs/cgroup", "memory.max"},
};

/* Limits in bytes: of which a command that takes memory runs out, or the kernel kills nothing. */
#define SMALL "16777216"
#define LARGE "1073741824"

static char cgroup[128]; /* "" as long as there is none */
static const char *root_of_cgroup;

static bool write_file(const char *in, const char *name, const char *text)
{
	char path[256];
	ssize_t written;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", in, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0) return false;
	written = write(fd, text, strlen(text));
	close(fd);
	return written == (ssize_t)strlen(text);
}

/* A cgroup for the test, with a limit, of the version that the machine has. */
static void make_cgroup(const char *limit)
{
	for (size_t i = 0; i < sizeof(controllers) / sizeof(controllers[0]); i++) {
		const struct controller *controller = &controllers[i];

		root_of_cgroup = controller->root;
		snprintf(cgroup, sizeof(cgroup), "%s/whit-test-%d", controller->root, getpid());
		if (mkdir(cgroup, 0700) == 0) {
			if (write_file(cgroup, controller->limit, limit)) return;
			rmdir(cgroup);
		}
	}
	cgroup[0] = '\0';
	print_message("SKIPPED: no memory cgroup to be had here: %s\n", strerror(errno));
	skip();
}

static void remove_cgroup(void)
{
	if (cgroup[0] != '\0') rmdir(cgroup);
	cgroup[0] = '\0';
}

static int clean_up(void **state)
{
	int failed = harness_clean_up(state);

	remove_cgroup();
	return failed;
}

static int make_directory(void **state)
{
	if (mkdtemp(directory) == NULL) return -1;
	return harness_require_namespaces(state);
}

static int remove_directory(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command);
}

static const char *notice(enum role role, const char *text)
{
	static char line[160];

	snprintf(line, sizeof(line), "whit: the command (pid %d) %s", role == ROLE_INIT ? 2 : 3,
		text);
	return line;
}

static void allow_core(void *argument)
{
	const rlim_t size = *(rlim_t *)argument;
	const struct rlimit limit = {size, size};

	if (chdir(directory) < 0 || setrlimit(RLIMIT_CORE, &limit) < 0) _exit(94);
}

/* Whether this machine leaves a core in these circumstances: core(5). */
static bool dumps_core(rlim_t size)
{
	pid_t pid = fork();
	int wait_status;

	if (pid == 0) {
		allow_core(&size);
		execl(actor_path(), "actor", "crash", NULL);
		_exit(95);
	}
	assert_int_equal(waitpid(pid, &wait_status, 0), pid);
	return WCOREDUMP(wait_status);
}

static void a_fault_is_said_and_its_core_only_where_there_is_one(void **state)
{
	static rlim_t sizes[] = {0, RLIM_INFINITY};
	const char *const words[] = {actor_path(), "crash", NULL};

	for (size_t i = 0; i < 2; i++) {
		/* Before the run: the second one at a time to write a core of that name fails. */
		bool has_core = dumps_core(sizes[i]);
		struct run run;

		run_start(&run,
			&(struct scene){.role = test_role(state),
				.words = words,
				.prepare = allow_core,
				.prepare_argument = &sizes[i]});
		run_expect_end(&run, 128 + SIGSEGV,
			notice(test_role(state),
				has_core ? "was killed by SIGSEGV, core dumped\n"
					 : "was killed by SIGSEGV\n"));
	}
}

static void an_abort_is_said(void **state)
{
	static rlim_t none = 0;
	const char *const words[] = {actor_path(), "die", "6", NULL};
	struct run run;

	run_start(&run,
		&(struct scene){.role = test_role(state),
			.words = words,
			.prepare = allow_core,
			.prepare_argument = &none});
	run_expect_beginning(&run, &run.err, notice(test_role(state), "was killed by SIGABRT"));
	run_expect_end(&run, 128 + SIGABRT, "");
}

static void enter_cgroup(void *argument)
{
	(void)argument;
	if (!write_file(cgroup, "cgroup.procs", "0")) _exit(94);
}

static void start_in_cgroup(struct run *run, enum role role, const char *const *words)
{
	run_start(run, &(struct scene){.role = role, .words = words, .prepare = enter_cgroup});
}

static void a_kill_by_the_kernel_for_want_of_memory_is_said(void **state)
{
	const char *const words[] = {actor_path(), "take-memory", NULL};
	struct run run;

	make_cgroup(SMALL);
	start_in_cgroup(&run, test_role(state), words);
	run_expect_end(&run, 128 + SIGKILL,
		notice(test_role(state),
			"was killed by SIGKILL; this cgroup records 1 out-of-memory kill\n"));
}

/* The command may have been in another cgroup when it was killed, so "none" is never said. */
static void a_kill_with_none_for_want_of_memory_says_nothing_of_memory(void **state)
{
	const char *const words[] = {actor_path(), "idle", NULL};
	struct run run;

	make_cgroup(LARGE);
	start_in_cgroup(&run, test_role(state), words);
	run_expect(&run, "ready");
	assert_int_equal(kill(run_command(&run), SIGKILL), 0);
	run_expect_end(&run, 128 + SIGKILL, notice(test_role(state), "was killed by SIGKILL\n"));
}

static void a_worker_killed_for_want_of_memory_is_said_when_the_command_fails(void **state)
{
	const char *const words[] = {actor_path(), "lose-worker", "3", NULL};
	struct run run;

	make_cgroup(SMALL);
	start_in_cgroup(&run, test_role(state), words);
	run_expect_end(&run, 3,
		notice(test_role(state),
			"exited with status 3; this cgroup records 1 out-of-memory kill\n"));
}

/* The count cannot be read there. */
static void enter_cgroup_and_hide_it(void *argument)
{
	enter_cgroup(argument);
	if (mount("none", root_of_cgroup, "tmpfs", 0, NULL) < 0) _exit(94);
}

/* Of a command that succeeds, with -q, where the kernel has killed nothing or cannot be asked. */
static void a_worker_killed_for_want_of_memory_is_not_said_elsewhere(void **state)
{
	static const struct {
		const char *option;
		const char *part;
		int status;
		const char *limit;
		void (*prepare)(void *);
	} rows[] = {
		{"-c", "lose-worker", 0, SMALL, enter_cgroup},
		{"-q", "lose-worker", 3, SMALL, enter_cgroup},
		{"-c", "exit", 3, LARGE, enter_cgroup},
		{"-c", "lose-worker", 3, SMALL, enter_cgroup_and_hide_it},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char status[4];
		const char *const words[] = {
			rows[i].option, actor_path(), rows[i].part, status, NULL};
		struct run run;

		snprintf(status, sizeof(status), "%d", rows[i].status);
		make_cgroup(rows[i].limit);
		run_start(&run,
			&(struct scene){.role = test_role(state),
				.words = words,
				.prepare = rows[i].prepare});
		run_expect_end(&run, rows[i].status, "");
		remove_cgroup();
	}
}

/* As in a container whose engine mounts its own cgroup over what the image's host had there. */
static void enter_cgroup_and_mount_it(void *argument)
{
	enter_cgroup(argument);
	if (mount(cgroup, root_of_cgroup, NULL, MS_BIND, NULL) < 0) _exit(94);
}

static void a_memory_cgroup_mounted_over_another_mount_is_found(void **state)
{
	const char *const words[] = {actor_path(), "take-memory", NULL};
	struct run run;

	make_cgroup(SMALL);
	run_start(&run,
		&(struct scene){.role = test_role(state),
			.words = words,
			.prepare = enter_cgroup_and_mount_it});
	run_expect_end(&run, 128 + SIGKILL,
		notice(test_role(state),
			"was killed by SIGKILL; this cgroup records 1 out-of-memory kill\n"));
}

static void a_kill_by_whit_itself_is_not_said_twice(void **state)
{
	const char *const words[] = {"-k", "0", actor_path(), "idle-blocked", NULL};
	struct run run;

	run_start(&run, &(struct scene){.role = test_role(state), .words = words});
	run_expect(&run, "ready");
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	run_expect_beginning(&run, &run.err, KILLING_COMMAND);
	run_expect_end(&run, 128 + SIGKILL, "");
}

static void q_silences_the_notice_of_a_kill(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-q", actor_path(), "idle");
	run_expect(&run, "ready");
	assert_int_equal(kill(run_command(&run), SIGKILL), 0);
	run_expect_end(&run, 128 + SIGKILL, "");
}

#define DEATH_TEST(test)                                                                           \
	cmocka_unit_test_prestate_setup_teardown(test, NULL, clean_up, &(enum role){ROLE_INIT}),   \
	{                                                                                          \
#test " as a subreaper", test, NULL, clean_up, &(enum role)                        \
		{                                                                                  \
			ROLE_SUBREAPER                                                             \
		}                                                                                  \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROLE_TEST(a_fault_is_said_and_its_core_only_where_there_is_one),
		ROLE_TEST(an_abort_is_said),
		DEATH_TEST(a_kill_by_the_kernel_for_want_of_memory_is_said),
		DEATH_TEST(a_kill_with_none_for_want_of_memory_says_nothing_of_memory),
		DEATH_TEST(a_worker_killed_for_want_of_memory_is_said_when_the_command_fails),
		DEATH_TEST(a_worker_killed_for_want_of_memory_is_not_said_elsewhere),
		DEATH_TEST(a_memory_cgroup_mounted_over_another_mount_is_found),
		ROLE_TEST(a_kill_by_whit_itself_is_not_said_twice),
		ROLE_TEST(q_silences_the_notice_of_a_kill),
	};

	return cmocka_run_group_tests_name("death", tests, make_directory, remove_directory);
}

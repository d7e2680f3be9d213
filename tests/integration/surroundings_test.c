/* Contract, section 12: whit runs where there is little: no files, no rights, no descriptors. */
#include "harness.h"
#include "kernel_signals.h"
#include "room.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ORDINARY_USER 1000

static void skip_unless_root(void)
{
	if (geteuid() != 0) { /* a user namespace of an ordinary user has no other uid */
		print_message("SKIPPED: needs root\n");
		skip();
	}
}

static void skip_if_dynamic(void)
{
	if (whit_is_dynamic()) skip();
}

/* program is NULL for whit as it was built. */
static void start(struct run *run, void **state, const char *program, const char *const *words,
	void (*prepare)(void *), void *argument)
{
	run_start(run,
		&(struct scene){.role = test_role(state),
			.program = program,
			.words = words,
			.prepare = prepare,
			.prepare_argument = argument});
}

static void expect_term_forwarded(struct run *run, int user)
{
	char expected[96];

	run_expect(run, "ready");
	assert_int_equal(kill(run->whit, SIGTERM), 0);
	snprintf(expected, sizeof(expected), "signal 15 code 0 pid %d uid %d value 0",
		run->scene.role == ROLE_INIT ? 1 : 2, user);
	run_expect(run, expected);
}

static void end_by_term(struct run *run)
{
	assert_int_equal(kill(run->whit, SIGTERM), 0);
	run_expect_end(run, 128 + SIGTERM, "");
}

/* --- files --- */

static void whit_needs_nothing_in_the_root_but_itself(void **state)
{
	const char *const words[] = {"-vv", "-w", "/actor", "signals", "1", NULL};
	struct run run;

	skip_if_dynamic();
	start(&run, state, "/whit", words, enter_room, NULL);
	expect_term_forwarded(&run, 0);
	run_expect_status(&run, 0);
}

static void without_proc_orphans_are_reaped_and_reported(void **state)
{
	const char *const words[] = {"-w", "/actor", "orphans", "1", NULL};
	struct run run;

	skip_if_dynamic();
	start(&run, state, "/whit", words, enter_room, NULL);
	run_expect(&run, "made");
	if (strstr(run_line(&run, &run.err), " (?): exited 17") == NULL)
		run_fail(&run, "expected: reaped orphan N (?): exited 17\nobserved: %s", run.line);
	end_by_term(&run);
}

/* kill(-1) needs no list. A subreaper's drain does: see descendants_test.c. */
static void a_drain_of_pid_1_needs_no_proc(void **state)
{
	const char *const words[] = {"-d", "1000000", "/actor", "leave", "plain", "1", NULL};
	struct run run;

	skip_if_dynamic();
	start(&run, state, "/whit", words, enter_room, NULL);
	run_expect(&run, "plain got 15");
	run_expect_end(&run, 7, "");
}

/* --- rights --- */

static void become_ordinary_user(void *argument)
{
	(void)argument;
	if (setgroups(0, NULL) < 0 || setgid(ORDINARY_USER) < 0 || setuid(ORDINARY_USER) < 0 ||
		prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) < 0)
		_exit(94);
}

static void an_ordinary_user_without_capabilities_can_use_whit(void **state)
{
	char whit[ROOM_PATH_SIZE];
	char actor[ROOM_PATH_SIZE];
	const char *const words[] = {in_room("actor", actor), "signals", "1", NULL};
	struct run run;

	skip_unless_root();
	start(&run, state, in_room("whit", whit), words, become_ordinary_user, NULL);
	expect_term_forwarded(&run, ORDINARY_USER);
	run_expect_end(&run, 0, "");
}

/* /proc shows only the user's own processes: hidepid in proc(5). */
static void hide_processes_of_others(void *argument)
{
	const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;

	if (mount("proc", "/proc", "proc", flags, "hidepid=2") < 0) _exit(94);
	become_ordinary_user(argument);
}

static void with_hidepid_an_ordinary_user_can_drain_and_sees_names(void **state)
{
	char whit[ROOM_PATH_SIZE];
	char actor[ROOM_PATH_SIZE];
	const char *const words[] = {
		"-w", "-d", "1000000", in_room("actor", actor), "leave", "tree", "1", NULL};
	struct run run;

	skip_unless_root();
	start(&run, state, in_room("whit", whit), words, hide_processes_of_others, NULL);
	run_expect(&run, "leaf got 15");
	for (int i = 0; i < 2; i++) {
		run_expect_beginning(&run, &run.err, "whit: reaped orphan ");
		if (strstr(run.line, " (actor): ") == NULL)
			run_fail(&run, "expected: the name\nobserved: %s", run.line);
	}
	run_expect_end(&run, 7, "");
}

/* Engines give a container's user its stdio. */
static void become_ordinary_user_with_own_stdio(void *argument)
{
	if (fchown(STDOUT_FILENO, ORDINARY_USER, ORDINARY_USER) < 0) _exit(94);
	become_ordinary_user(argument);
}

/* The kernel keeps both for root if whit is not dumpable: proc(5), prctl(2). */
static void a_command_of_whits_user_uses_proc_1_fd_1_and_proc_1_environ(void **state)
{
	char whit[ROOM_PATH_SIZE];
	char name[] = "NAME=of-whit", path[] = "PATH=/usr/bin:/bin";
	char *environment[] = {name, path, NULL};
	const char *const words[] = {"sh", "-c",
		"echo logged >/proc/$PPID/fd/1 && exec tr '\\0' '\\n' </proc/$PPID/environ", NULL};
	struct run run;

	skip_unless_root();
	run_start(&run,
		&(struct scene){.role = test_role(state),
			.words = words,
			.program = in_room("whit", whit),
			.environment = environment,
			.prepare = become_ordinary_user_with_own_stdio});
	run_expect(&run, "logged");
	run_expect(&run, name);
	run_expect(&run, path);
	run_expect_end(&run, 0, "");
}

static void drop_cap_kill(void *argument)
{
	(void)argument;
	if (prctl(PR_CAPBSET_DROP, (unsigned long)CAP_KILL, 0UL, 0UL, 0UL) < 0) _exit(94);
}

static void a_signal_for_a_command_of_another_user_is_one_warning(void **state)
{
	const char *const words[] = {actor_path(), "as-user", "1000", NULL};
	struct run run;

	skip_unless_root();
	start(&run, state, NULL, words, drop_cap_kill, NULL);
	run_expect(&run, "ready");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(kill(run.whit, SIGTERM), 0);
		run_expect_beginning(&run, &run.err, "whit: cannot forward SIGTERM ");
		if (strstr(run.line, "another user and whit has no CAP_KILL") == NULL)
			run_fail(&run, "expected: why\nobserved: %s", run.line);
	}
	assert_int_equal(kill(run_command(&run), SIGTERM), 0);
	run_expect_end(&run, 0, "");
}

/* CONT may go to any process of the same session: kill(2). This one ends at its first signal. */
static void a_remaining_process_of_another_user_is_one_warning(void **state)
{
	const char *const words[] = {"-d", "1000000", "sh", "-c",
		"\"$0\" as-user 1000 & exec \"$0\" idle", actor_path(), NULL};
	struct run run;

	skip_unless_root();
	start(&run, state, NULL, words, drop_cap_kill, NULL);
	run_expect(&run, "ready");
	run_expect(&run, "ready");
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	run_expect_beginning(&run, &run.out, "signal " NUMBER_OF(SIGCONT) " ");
	run_expect_beginning(&run, &run.err, "whit: cannot signal ");
	run_expect_end(&run, 128 + SIGTERM, "");
}

/* --- descriptors and memory --- */

static void close_stdio(void *argument)
{
	(void)argument;
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
}

/* A descriptor of whit's own there would get its messages, and what is written to /proc/1/fd/1. */
static void closed_stdio_is_no_error_and_stays_closed(void **state)
{
	const char *const words[] = {"-vv", actor_path(), "idle", NULL};
	struct run run;
	char path[64];

	start(&run, state, NULL, words, close_stdio, NULL);
	run_wait_settled(&run);
	for (int fd = 0; fd <= 2; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", run.whit, fd);
		if (access(path, F_OK) == 0 || errno != ENOENT)
			run_fail(&run, "whit's descriptor %d is open", fd);
	}
	end_by_term(&run);
}

static void limit_descriptors(void *argument)
{
	const rlim_t count = *(rlim_t *)argument;
	const struct rlimit limit = {count, count};

	setrlimit(RLIMIT_NOFILE, &limit);
}

static void close_stdin_and_limit_descriptors(void *argument)
{
	close(STDIN_FILENO);
	limit_descriptors(argument);
}

/* 0, 1, 2 and the signalfd; or the signalfd as 0. */
static void four_descriptors_are_enough_and_three_with_stdin_closed(void **state)
{
	const char *const words[] = {actor_path(), "exit", "7", NULL};
	rlim_t four = 4;
	rlim_t three = 3;
	struct run run;

	skip_if_dynamic();
	start(&run, state, NULL, words, limit_descriptors, &four);
	run_expect_end(&run, 7, "");
	start(&run, state, NULL, words, close_stdin_and_limit_descriptors, &three);
	run_expect_end(&run, 7, "");
}

static void too_few_descriptors_are_one_line_and_125(void **state)
{
	const char *const words[] = {actor_path(), "exit", "7", NULL};
	rlim_t three = 3;
	struct run run;

	skip_if_dynamic();
	start(&run, state, NULL, words, limit_descriptors, &three);
	run_expect_beginning(&run, &run.err, "whit: cannot open a signalfd: ");
	run_expect_end(&run, 125, "");
}

static void limit_stack(void *argument)
{
	const struct rlimit limit = {16384, 16384};

	(void)argument;
	setrlimit(RLIMIT_STACK, &limit);
}

/* The kernel leaves out up to 8 KiB of them at random (arch_align_stack), so each runs often. */
static void sixteen_kib_of_stack_are_enough(void **state)
{
	static const struct {
		const char *words[6];
		int status;
	} rows[] = {
		{{"-vv", "-k9", "actor", "exit", "7"}, 7}, /* looks for out-of-memory kills */
		{{"-d9", "actor", "leave", "plain", "1"}, 7},
		{{"-q", "/no/such"}, 127},
		{{"-q", "no-such"}, 127},
		{{"--help"}, 0},
	};
	char path[ROOM_PATH_SIZE + 8];
	char *environment[] = {path, NULL};

	skip_if_dynamic();
	snprintf(path, sizeof(path), "PATH=%s", room_path());
	for (size_t i = 0; i < 20 * sizeof(rows) / sizeof(rows[0]); i++) {
		struct run run;

		run_start(&run,
			&(struct scene){.role = test_role(state),
				.words = rows[i / 20].words,
				.environment = environment,
				.prepare = limit_stack});
		run_expect_status(&run, rows[i / 20].status);
	}
}

/* --- kernels that know fewer system calls, and sandboxes that allow fewer --- */

#define FILTER_MAX 32

static void refuse_calls(const long *numbers, size_t count, int error)
{
	struct sock_filter steps[FILTER_MAX];
	struct sock_fprog filter = {.filter = steps};

	steps[filter.len++] = (struct sock_filter)BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < count; i++) {
		if (filter.len + 3 > FILTER_MAX) _exit(94);
		steps[filter.len++] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)numbers[i], 0, 1);
		steps[filter.len++] = (struct sock_filter)BPF_STMT(
			BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned int)error);
	}
	steps[filter.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) < 0 ||
		prctl(PR_SET_SECCOMP, (unsigned long)SECCOMP_MODE_FILTER, &filter, 0UL, 0UL) < 0)
		_exit(94);
}

/* What Linux 3.10 does not have, or what a profile from before it refuses. */
static const long newer_calls[] = {SYS_close_range, SYS_pidfd_open, SYS_pidfd_send_signal,
	SYS_pwritev2, SYS_clone3,
#ifdef SYS_faccessat2
	SYS_faccessat2,
#endif
	SYS_statx, SYS_getrandom, SYS_openat2};

static void refuse_newer_calls(void *argument)
{
	for (int i = 0; i < 3; i++) { /* descriptors that whit must close */
		if (dup(STDIN_FILENO) < 0) _exit(94);
	}
	refuse_calls(
		newer_calls, sizeof(newer_calls) / sizeof(newer_calls[0]), *(const int *)argument);
}

static int refusals[] = {ENOSYS, EPERM};

static void without_newer_calls_whit_reaps_reports_and_closes_descriptors(void **state)
{
	const char *const words[] = {"-w", actor_path(), "orphans", "1", NULL};

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		char path[64];
		struct run run;

		start(&run, state, NULL, words, refuse_newer_calls, &refusals[i]);
		run_expect(&run, "made");
		run_expect_beginning(&run, &run.err, "whit: reaped orphan ");
		run_wait_settled(&run);
		process_wait_state(run.whit, 'S'); /* it has closed what it wrote the line to */
		for (int fd = 3, open_count = 0; fd < 256; fd++) {
			snprintf(path, sizeof(path), "/proc/%d/fd/%d", run.whit, fd);
			if (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0 &&
				++open_count > 1) /* the signalfd */
				run_fail(&run, "whit's descriptor %d is open", fd);
		}
		end_by_term(&run);
	}
}

static void without_newer_calls_a_drain_reaches_the_remaining_processes(void **state)
{
	const char *const words[] = {"-d", "1000000", actor_path(), "leave", "group", "2", NULL};

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct run run;

		start(&run, state, NULL, words, refuse_newer_calls, &refusals[i]);
		run_expect(&run, "group got 15");
		run_expect(&run, "group got 15");
		run_expect_end(&run, 7, "");
	}
}

/* The README without the row of a call that each run makes. */
static void shorten_readme(const char *path)
{
	static char line[8192];
	FILE *from = fopen(readme_path(), "re");
	FILE *to = fopen(path, "we");
	int left_out = 0;

	assert_true(from != NULL && to != NULL);
	while (fgets(line, sizeof(line), from) != NULL) {
		if (strncmp(line, "| `signalfd4` |", 15) == 0)
			left_out++;
		else
			assert_true(fputs(line, to) >= 0);
	}
	fclose(from);
	assert_int_equal(fclose(to), 0);
	assert_int_equal(left_out, 1);
}

/* All tests of this directory run whit under that filter. This one shows that it works. */
static void a_call_that_the_readme_does_not_name_ends_whit(void **state)
{
	char path[128];
	char readme[256];
	struct run run;

	snprintf(readme, sizeof(readme), "%s", readme_path());
	in_room("README.md", path);
	shorten_readme(path);
	RUN(&run, test_role(state), actor_path(), "exit", "7");
	run_expect_end(&run, 7, "");
	if (!readme_is_enforced()) {
		unlink(path);
		print_message("SKIPPED: the README's table is of a build for x86-64 with musl\n");
		skip();
	}
	assert_int_equal(setenv("README", path, 1), 0);
	RUN(&run, test_role(state), actor_path(), "exit", "7");
	assert_int_equal(setenv("README", readme, 1), 0);
	assert_int_equal(unlink(path), 0);
	run_wait_end(&run);
	if (test_role(state) == ROLE_INIT
			? !WIFSIGNALED(run.wait_status) || WTERMSIG(run.wait_status) != SIGSYS
			: !WIFEXITED(run.wait_status) ||
				WEXITSTATUS(run.wait_status) != 128 + SIGSYS)
		run_fail(&run, "expected: a death by SIGSYS\nobserved: wait status %#x",
			(unsigned int)run.wait_status);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROLE_TEST(whit_needs_nothing_in_the_root_but_itself),
		ROLE_TEST(without_proc_orphans_are_reaped_and_reported),
		INIT_TEST(a_drain_of_pid_1_needs_no_proc),
		ROLE_TEST(an_ordinary_user_without_capabilities_can_use_whit),
		ROLE_TEST(with_hidepid_an_ordinary_user_can_drain_and_sees_names),
		ROLE_TEST(a_command_of_whits_user_uses_proc_1_fd_1_and_proc_1_environ),
		ROLE_TEST(a_signal_for_a_command_of_another_user_is_one_warning),
		SUBREAPER_TEST(a_remaining_process_of_another_user_is_one_warning),
		ROLE_TEST(closed_stdio_is_no_error_and_stays_closed),
		ROLE_TEST(four_descriptors_are_enough_and_three_with_stdin_closed),
		ROLE_TEST(too_few_descriptors_are_one_line_and_125),
		ROLE_TEST(sixteen_kib_of_stack_are_enough),
		ROLE_TEST(without_newer_calls_whit_reaps_reports_and_closes_descriptors),
		ROLE_TEST(without_newer_calls_a_drain_reaches_the_remaining_processes),
		ROLE_TEST(a_call_that_the_readme_does_not_name_ends_whit),
	};

	return cmocka_run_group_tests_name("surroundings", tests, make_room, remove_room);
}

/* Contract, section 12: where there is little: no files, no rights, no descriptors. */
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

#define NOBODY 1000

static void enter_room(void *argument)
{
	(void)argument;
	if (chroot(room_path()) < 0 || chdir("/") < 0)
		_exit(94);
}

static void whit_needs_nothing_in_the_root_but_itself(void **state)
{
	const char *const words[] = {"-vv", "-w", "/actor", "signals", "1", NULL};
	struct run run;
	char expected[96];

	if (whit_is_dynamic())
		skip();
	run_start(&run,
		&(struct scene){.role = test_role(state),
			.words = words,
			.program = "/whit",
			.prepare = enter_room});
	run_expect(&run, "ready");
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	snprintf(expected, sizeof(expected), "signal 15 code 0 pid %d uid 0 value 0",
		test_role(state) == ROLE_INIT ? 1 : 2);
	run_expect(&run, expected);
	run_expect_status(&run, 0);
}

static void orphans_are_reaped_and_reported_without_a_proc(void **state)
{
	const char *const words[] = {"-w", "/actor", "orphans", "1", NULL};
	struct run run;
	const char *line;

	if (whit_is_dynamic())
		skip();
	run_start(&run,
		&(struct scene){.role = test_role(state),
			.words = words,
			.program = "/whit",
			.prepare = enter_room});
	run_expect(&run, "made");
	line = run_line(&run, &run.err);
	if (strstr(line, " (?): exited 17") == NULL)
		run_fail(&run, "expected: reaped orphan N (?): exited 17\nobserved: %s", line);
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	run_expect_end(&run, 128 + SIGTERM, "");
}

/* kill(-1) needs no list. A subreaper's drain does: see descendants_test.c. */
static void a_drain_of_pid_1_needs_no_proc(void **state)
{
	const char *const words[] = {"-d", "1000000", "/actor", "leave", "plain", "1", NULL};
	struct run run;

	if (whit_is_dynamic())
		skip();
	run_start(&run,
		&(struct scene){.role = test_role(state),
			.words = words,
			.program = "/whit",
			.prepare = enter_room});
	run_expect(&run, "plain got 15");
	run_expect_end(&run, 7, "");
}

static void become_nobody(void *argument)
{
	(void)argument;
	if (setgroups(0, NULL) < 0 || setgid(NOBODY) < 0 || setuid(NOBODY) < 0 ||
		prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) < 0)
		_exit(94);
}

static void an_ordinary_user_without_capabilities_can_use_it(void **state)
{
	char whit[128];
	char actor[128];
	const char *const words[] = {actor, "signals", "1", NULL};
	struct run run;
	char expected[96];

	if (geteuid() != 0) { /* in a user namespace of an ordinary user there is no other uid */
		print_message("SKIPPED: needs root\n");
		skip();
	}
	in_room("whit", whit);
	in_room("actor", actor);
	run_start(&run,
		&(struct scene){.role = test_role(state),
			.words = words,
			.program = whit,
			.prepare = become_nobody});
	run_expect(&run, "ready");
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	snprintf(expected, sizeof(expected), "signal 15 code 0 pid %d uid %d value 0",
		test_role(state) == ROLE_INIT ? 1 : 2, NOBODY);
	run_expect(&run, expected);
	run_expect_end(&run, 0, "");
}

static void become_nobody_with_own_stdio(void *argument)
{
	/* As engines do it for a container's user. */
	if (fchown(STDOUT_FILENO, NOBODY, NOBODY) < 0)
		_exit(94);
	become_nobody(argument);
}

/* Which a whit that is not dumpable (prctl(2)) would keep for root: proc(5). */
static void a_command_of_whits_user_logs_through_its_stdout_and_reads_its_environment(void **state)
{
	char whit[128];
	char name[] = "NAME=of-whit", path[] = "PATH=/usr/bin:/bin";
	char *environment[] = {name, path, NULL};
	const char *const words[] = {"sh", "-c",
		"echo logged >/proc/$PPID/fd/1 && exec tr '\\0' '\\n' </proc/$PPID/environ", NULL};
	struct run run;

	if (geteuid() != 0) {
		print_message("SKIPPED: needs root\n");
		skip();
	}
	in_room("whit", whit);
	run_start(&run,
		&(struct scene){.role = test_role(state),
			.words = words,
			.program = whit,
			.environment = environment,
			.prepare = become_nobody_with_own_stdio});
	run_expect(&run, "logged");
	run_expect(&run, name);
	run_expect(&run, path);
	run_expect_end(&run, 0, "");
}

static void close_stdio(void *argument)
{
	(void)argument;
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
}

static void closed_stdio_does_no_harm(void **state)
{
	const char *const words[] = {"-vv", actor_path(), "exit", "7", NULL};
	struct run run;

	run_start(&run,
		&(struct scene){.role = test_role(state), .words = words, .prepare = close_stdio});
	run_expect_end(&run, 7, "");
}

/* A descriptor of whit's at 2 would get its own messages, or the next reader of /proc/1/fd/1. */
static void closed_stdio_stays_closed(void **state)
{
	const char *const words[] = {actor_path(), "idle", NULL};
	struct run run;
	char path[64];

	run_start(&run,
		&(struct scene){.role = test_role(state), .words = words, .prepare = close_stdio});
	run_wait_settled(&run);
	for (int fd = 0; fd <= 2; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", run.whit, fd);
		if (access(path, F_OK) == 0 || errno != ENOENT)
			run_fail(&run, "whit's descriptor %d is open", fd);
	}
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	run_expect_end(&run, 128 + SIGTERM, "");
}

static void limit_descriptors(void *argument)
{
	const rlim_t count = *(rlim_t *)argument;
	const struct rlimit limit = {count, count};

	setrlimit(RLIMIT_NOFILE, &limit);
}

static void four_descriptors_are_enough(void **state)
{
	const char *const words[] = {actor_path(), "exit", "7", NULL};
	rlim_t count = 4;
	struct run run;

	if (whit_is_dynamic())
		skip();
	run_start(&run,
		&(struct scene){.role = test_role(state),
			.words = words,
			.prepare = limit_descriptors,
			.prepare_argument = &count});
	run_expect_end(&run, 7, "");
}

static void close_stdin_and_limit_descriptors(void *argument)
{
	close(STDIN_FILENO);
	limit_descriptors(argument);
}

/* The signalfd can only be 0 then. */
static void three_descriptors_are_enough_with_stdin_closed(void **state)
{
	const char *const words[] = {actor_path(), "exit", "7", NULL};
	rlim_t count = 3;
	struct run run;

	if (whit_is_dynamic())
		skip();
	run_start(&run,
		&(struct scene){.role = test_role(state),
			.words = words,
			.prepare = close_stdin_and_limit_descriptors,
			.prepare_argument = &count});
	run_expect_end(&run, 7, "");
}

static void too_few_descriptors_are_one_line_and_125(void **state)
{
	const char *const words[] = {actor_path(), "exit", "7", NULL};
	rlim_t count = 3;
	struct run run;

	if (whit_is_dynamic())
		skip();
	run_start(&run,
		&(struct scene){.role = test_role(state),
			.words = words,
			.prepare = limit_descriptors,
			.prepare_argument = &count});
	run_expect_beginning(
		&run, &run.err, "whit: cannot open a signalfd: "); /* the rest is libc's */
	run_expect_end(&run, 125, "");
}

static void limit_stack(void *argument)
{
	const struct rlimit limit = {16384, 16384};

	(void)argument;
	setrlimit(RLIMIT_STACK, &limit);
}

/* Of these the kernel leaves out up to 8 KiB, at random (arch_align_stack): so each is tried often.
 */
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

	if (whit_is_dynamic())
		skip();
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

static void drop_cap_kill(void *argument)
{
	(void)argument;
	if (prctl(PR_CAPBSET_DROP, (unsigned long)CAP_KILL, 0UL, 0UL, 0UL) < 0)
		_exit(94);
}

static void a_command_of_another_user_is_warned_about_and_survived(void **state)
{
	const char *const words[] = {actor_path(), "as-user", "1000", NULL};
	struct run run;
	char expected[160];
	bool is_init = test_role(state) == ROLE_INIT;

	if (geteuid() != 0) {
		print_message("SKIPPED: needs root\n");
		skip();
	}
	run_start(&run,
		&(struct scene){
			.role = test_role(state), .words = words, .prepare = drop_cap_kill});
	run_expect(&run, "ready");
	snprintf(expected, sizeof(expected),
		"whit: cannot pass on SIGTERM: the command (pid %d) runs as another user and whit "
		"has no CAP_KILL",
		is_init ? 2 : 3);
	for (int i = 0; i < 2; i++) {
		const char *line;

		assert_int_equal(kill(run.whit, SIGTERM), 0);
		line = run_line(&run, &run.err);
		if (strcmp(line, expected) != 0)
			run_fail(&run, "expected: %s\nobserved: %s", expected, line);
	}
	assert_int_equal(kill(run_command(&run), SIGTERM), 0);
	run_expect_end(&run, 0, "");
}

/* CONT may go to whoever is of the same session (kill(2)), and this one ends at its first signal.
 */
static void a_rest_of_another_user_is_warned_about_once(void **state)
{
	const char *const words[] = {"-d", "1000000", "sh", "-c",
		"\"$0\" as-user 1000 & exec \"$0\" idle", actor_path(), NULL};
	struct run run;

	if (geteuid() != 0) {
		print_message("SKIPPED: needs root\n");
		skip();
	}
	run_start(&run,
		&(struct scene){
			.role = test_role(state), .words = words, .prepare = drop_cap_kill});
	run_expect(&run, "ready");
	run_expect(&run, "ready");
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	run_expect_beginning(&run, &run.out, "signal " NUMBER_OF(SIGCONT) " ");
	run_expect_beginning(&run, &run.err, "whit: cannot signal pid ");
	run_expect_end(&run, 128 + SIGTERM, "");
}

/* --- kernels that know less, and sandboxes that allow less --- */

#define FILTER_MAX 32

static void refuse_calls(const long *numbers, size_t count, int error)
{
	struct sock_filter steps[FILTER_MAX];
	struct sock_fprog filter = {.filter = steps};

	steps[filter.len++] = (struct sock_filter)BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < count; i++) {
		if (filter.len + 3 > FILTER_MAX)
			_exit(94);
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

static const int refusals[] = {ENOSYS, EPERM};

static void refuse_newer_calls(void *argument)
{
	for (int i = 0; i < 3; i++) { /* something to let go of */
		if (dup(STDIN_FILENO) < 0)
			_exit(94);
	}
	refuse_calls(
		newer_calls, sizeof(newer_calls) / sizeof(newer_calls[0]), *(const int *)argument);
}

static void start_refused(
	struct run *run, void **state, const int *refusal, const char *const *words)
{
	static int error;

	error = *refusal;
	run_start(run,
		&(struct scene){.role = test_role(state),
			.words = words,
			.prepare = refuse_newer_calls,
			.prepare_argument = &error});
}

static void without_newer_calls_signals_arrive_and_descriptors_are_let_go(void **state)
{
	const char *const words[] = {"-w", actor_path(), "signals", "1", NULL};

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		char path[64];
		struct run run;

		start_refused(&run, state, &refusals[i], words);
		run_expect(&run, "ready");
		run_wait_settled(&run);
		for (int fd = 3, left = 0; fd < 256; fd++) {
			snprintf(path, sizeof(path), "/proc/%d/fd/%d", run.whit, fd);
			if (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0 &&
				++left > 1) /* the signalfd */
				run_fail(&run, "whit's descriptor %d is open", fd);
		}
		assert_int_equal(kill(run.whit, SIGTERM), 0);
		run_expect_beginning(&run, &run.out, "signal 15 ");
		run_expect_end(&run, 0, "");
	}
}

static void without_newer_calls_a_drain_reaches_the_rest(void **state)
{
	const char *const words[] = {"-d", "1000000", actor_path(), "leave", "group", "2", NULL};

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct run run;

		start_refused(&run, state, &refusals[i], words);
		run_expect(&run, "group got 15");
		run_expect(&run, "group got 15");
		run_expect_end(&run, 7, "");
	}
}

static void without_newer_calls_messages_are_written(void **state)
{
	const char *const words[] = {"-w", actor_path(), "orphans", "1", NULL};

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct run run;

		start_refused(&run, state, &refusals[i], words);
		run_expect(&run, "made");
		run_expect_beginning(&run, &run.err, "whit: reaped orphan ");
		assert_int_equal(kill(run.whit, SIGTERM), 0);
		run_expect_end(&run, 128 + SIGTERM, "");
	}
}

/* An own /proc in which nobody sees processes of others: proc(5). */
static void hide_others(void *argument)
{
	const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;

	if (mount("proc", "/proc", "proc", flags, "hidepid=2") < 0)
		_exit(94);
	become_nobody(argument);
}

static void with_hidepid_an_ordinary_user_can_use_all_of_it(void **state)
{
	char whit[128];
	char actor[128];
	const char *const words[] = {"-w", "-d", "1000000", actor, "leave", "tree", "1", NULL};
	struct run run;

	if (geteuid() != 0) {
		print_message("SKIPPED: needs root\n");
		skip();
	}
	in_room("whit", whit);
	in_room("actor", actor);
	run_start(&run,
		&(struct scene){.role = test_role(state),
			.words = words,
			.program = whit,
			.prepare = hide_others});
	run_expect(&run, "leaf got 15");
	for (int i = 0; i < 2; i++) { /* in either order, by name */
		run_expect_beginning(&run, &run.err, "whit: reaped orphan ");
		if (strstr(run.line, " (actor): ") == NULL)
			run_fail(&run, "expected: the name\nobserved: %s", run.line);
	}
	run_expect_end(&run, 7, "");
}

/* A README without the row of a call that every whit makes. */
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

/* All other tests of this directory run whit under the filter; this one shows that there is one. */
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
		ROLE_TEST(orphans_are_reaped_and_reported_without_a_proc),
		INIT_TEST(a_drain_of_pid_1_needs_no_proc),
		ROLE_TEST(an_ordinary_user_without_capabilities_can_use_it),
		ROLE_TEST(
			a_command_of_whits_user_logs_through_its_stdout_and_reads_its_environment),
		ROLE_TEST(closed_stdio_does_no_harm),
		ROLE_TEST(closed_stdio_stays_closed),
		ROLE_TEST(four_descriptors_are_enough),
		ROLE_TEST(three_descriptors_are_enough_with_stdin_closed),
		ROLE_TEST(too_few_descriptors_are_one_line_and_125),
		ROLE_TEST(sixteen_kib_of_stack_are_enough),
		ROLE_TEST(a_command_of_another_user_is_warned_about_and_survived),
		SUBREAPER_TEST(a_rest_of_another_user_is_warned_about_once),
		ROLE_TEST(without_newer_calls_signals_arrive_and_descriptors_are_let_go),
		ROLE_TEST(without_newer_calls_a_drain_reaches_the_rest),
		ROLE_TEST(without_newer_calls_messages_are_written),
		ROLE_TEST(with_hidepid_an_ordinary_user_can_use_all_of_it),
		ROLE_TEST(a_call_that_the_readme_does_not_name_ends_whit),
	};

	return cmocka_run_group_tests_name("surroundings", tests, make_room, remove_room);
}

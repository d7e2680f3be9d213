/* Contract, section 6: a subreaper drains its descendants, all of them and no other process. */
#include "harness.h"
#include "refusal.h"
#include "room.h"
#include "tracing.h"
#include "words.h"

#include <dirent.h>
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

/* A drain whose end no test lives to see: whit has to end before. */
#define FOREVER "1000000"

static void require_root(void)
{
	if (geteuid() == 0) return;
	print_message("SKIPPED: needs root\n");
	skip();
}

/* --- strangers --- */

static void expect_no_bystander_harmed(struct run *run)
{
	run->out.text[run->out.length] = '\0';
	if (strstr(run->out.text, "bystander") != NULL)
		run_fail(run, "expected: no signal to a bystander");
}

static void fifty_strangers_get_no_signal_in_two_hundred_runs(void **state)
{
	static const char *const kinds[] = {"plain", "daemon", "stubborn", "forker"};

	for (int i = 0; i < 200; i++) {
		const char *const words[] = {
			"-q", "-d", "0.02", actor_path(), "leave", kinds[i % 4], "3", NULL};
		struct run run;

		run_start(&run,
			&(struct scene){
				.role = test_role(state), .words = words, .bystanders = 50});
		run_expect_status(&run, 7);
		expect_no_bystander_harmed(&run);
	}
}

static void strangers_that_get_the_pids_of_descendants_get_no_signal(void **state)
{
	const char *const words[] = {"-q", "-d", "2", actor_path(), "leave", "reuser", "2", NULL};
	struct run run;

	require_root(); /* for ns_last_pid */
	run_start(&run,
		&(struct scene){.role = test_role(state),
			.words = words,
			.bystanders = 5,
			.pids_are_reused = true});
	run_wait_settled(&run);
	/* Each is one more look through all processes; in the end whit takes no more. */
	while (kill(run.whit, SIGWINCH) == 0 && process_child(run.whit) != 0)
		;
	run_expect_status(&run, 7);
	expect_no_bystander_harmed(&run);
}

/* --- no process is stopped --- */

/* Stopped processes of the namespace whose /proc this is. */
static int count_stopped(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int count = 0;

	while ((entry = readdir(proc)) != NULL) {
		pid_t pid = atoi(entry->d_name);

		if (pid > 0 && process_state(pid) == 'T') count++;
	}
	closedir(proc);
	return count;
}

/* whit's parent, PID 1, sees what whit leaves behind. */
static void outlive_whit(void *argument)
{
	pid_t whit = fork();

	(void)argument;
	if (whit == 0) return;
	if (waitpid(whit, NULL, 0) != whit) _exit(95);
	dprintf(STDOUT_FILENO, "%d processes are stopped\n", count_stopped());
	_exit(0);
}

static void a_kill_of_whit_in_the_middle_of_a_drain_leaves_no_process_stopped(void **state)
{
	const char *const words[] = {
		"-d", FOREVER, actor_path(), "leave", "assassin", "1", "quiet", "300", NULL};
	struct run run;

	run_start(&run,
		&(struct scene){.role = test_role(state), .words = words, .prepare = outlive_whit});
	run_expect(&run, "0 processes are stopped");
	run_expect_status(&run, 0);
}

/* --- what may not be signalled --- */

static void drop_cap_kill(void *argument)
{
	(void)argument;
	if (prctl(PR_CAPBSET_DROP, (unsigned long)CAP_KILL, 0UL, 0UL, 0UL) < 0) _exit(94);
}

static void a_process_that_forks_and_may_not_be_signalled_holds_nothing_up(void **state)
{
	const char *const words[] = {
		"-d", "0.2", actor_path(), "leave", "plain", "1", "foreign-forker", "1", NULL};
	struct run run;

	require_root();
	run_start(&run,
		&(struct scene){
			.role = test_role(state), .words = words, .prepare = drop_cap_kill});
	run_expect(&run, "plain got 15");
	run_expect_status(&run, 7);
	if (run.out.taken != run.out.length) /* the forker says when it ends */
		run_fail(&run, "expected: nothing more on stdout");
}

/* No other process can have the number of an own child, so kill(2) will do. */
static void own_children_are_signalled_where_a_sandbox_refuses_pidfds(void **state)
{
	static const struct refusal refusals[] = {
		{SYS_pidfd_open, ENOSYS},
		{SYS_pidfd_open, EPERM},
		{SYS_pidfd_send_signal, ENOSYS},
		{SYS_pidfd_send_signal, EPERM},
	};
	const char *const words[] = {"-d", FOREVER, actor_path(), "leave", "plain", "1", NULL};

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct refusal refusal = refusals[i];
		struct run run;

		run_start(&run,
			&(struct scene){.role = test_role(state),
				.words = words,
				.prepare = refuse_call,
				.prepare_argument = &refusal});
		run_expect(&run, "plain got 15");
		run_expect_end(&run, 7, "");
	}
}

/* The leaf is no child of whit's before its parent has been killed. */
static void all_generations_are_killed_where_a_sandbox_refuses_pidfds(void **state)
{
	static const struct refusal refusals[] = {
		{SYS_pidfd_open, ENOSYS},
		{SYS_pidfd_send_signal, ENOSYS},
		{SYS_pidfd_send_signal, EPERM},
	};
	const char *const words[] = {
		"-d", "0", actor_path(), "leave-below", "3", "stubborn", "1", NULL};

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct refusal refusal = refusals[i];
		struct run run;

		run_start(&run,
			&(struct scene){.role = test_role(state),
				.words = words,
				.prepare = refuse_call,
				.prepare_argument = &refusal});
		run_expect_status(&run, 7);
		run.err.text[run.err.length] = '\0';
		if (strstr(run.err.text, GIVING_UP) != NULL)
			run_fail(&run, "expected: all are killed");
	}
}

static void without_a_proc_a_drain_warns_and_whit_ends(void **state)
{
	const char *const words[] = {"-d", "0.1", "/actor", "leave", "stubborn", "1", NULL};
	struct run run;

	if (whit_is_dynamic()) skip();
	run_start(&run,
		&(struct scene){.role = test_role(state),
			.words = words,
			.program = "/whit",
			.prepare = enter_room});
	if (strstr(run_line(&run, &run.err), "/proc") == NULL)
		run_fail(&run, "expected: a warning of /proc\nobserved: %s", run.line);
	run_expect_status(&run, 7);
}

/* --- descendants whose parent ends during the drain --- */

/* Ends the middle generation at a moment that is counted from whit's first look into /proc for
 * them. */
static enum tracing_next kill_parent_at_moment(
	struct tracing *tracing, const struct __ptrace_syscall_info *info)
{
	long call = (long)info->entry.nr;
	pid_t parent = process_child(process_child(tracing->whit));
	bool is_drain = parent != 0 && process_child(parent) != 0;

	if (!tracing_has_come(
		    tracing->context, is_drain && tracing_is_open(call), tracing_is_poll(call)))
		return TRACING_GOES_ON;
	if (!is_drain) _exit(97);
	kill(parent, SIGKILL);
	while (process_state(parent) != '\0') /* until its own parent has reaped it */
		(void)sched_yield();
	return TRACING_IS_OVER;
}

/* Its new parent is whit, which may be looking for the old one. */
static void a_descendant_whose_parent_ends_at_any_moment_of_the_drain_gets_term(void **state)
{
	const char *const words[] = {"-d", FOREVER, actor_path(), "leave", "lineage", "1", NULL};
	struct tracing_moment *moment = tracing_share(sizeof(*moment));
	int moments = 0;

	do {
		struct tracing tracing = {.before_call = kill_parent_at_moment, .context = moment};
		struct run run;

		*moment = (struct tracing_moment){.calls_left = moments++};
		run_start(&run,
			&(struct scene){.role = test_role(state),
				.words = words,
				.prepare = tracing_start,
				.prepare_argument = &tracing});
		run_expect(&run, "leaf got 15");
		run_expect_end(&run, 7, "");
	} while (!moment->is_waiting);
	print_message("  %d moments\n", moments);
	munmap(moment, sizeof(*moment));
}

/* --- how much work it is --- */

static enum tracing_next count_call(
	struct tracing *tracing, const struct __ptrace_syscall_info *info)
{
	long *count = tracing->context;

	(void)info;
	(*count)++;
	return TRACING_GOES_ON;
}

/* How many system calls whit makes in that drain. */
static long count_calls(enum role role, const char *const *words)
{
	static long *count;
	struct tracing tracing = {.before_call = count_call};
	struct run run;

	if (count == NULL) count = tracing_share(sizeof(*count));
	*count = 0;
	tracing.context = count;
	run_start(&run,
		&(struct scene){.role = role,
			.words = words,
			.prepare = tracing_start,
			.prepare_argument = &tracing});
	run_expect_end(&run, 7, "");
	return *count;
}

/* A drain of some processes, and one that may take no more than so many times the calls of it. */
static void expect_calls(
	enum role role, const char *const *few_words, const char *const *many_words, long times)
{
	long few = count_calls(role, few_words);
	long many = count_calls(role, many_words);

	print_message("  %ld and %ld system calls\n", few, many);
	if (many > few * times)
		fail_msg("expected: at most %ld times %ld system calls\nobserved: %ld", times, few,
			many);
}

static void the_work_of_killing_grows_as_the_number_of_processes(void **state)
{
	const char *const few[] = {"-q", "-d", "0", actor_path(), "leave", "stubborn", "500", NULL};
	const char *const many[] = {
		"-q", "-d", "0", actor_path(), "leave", "stubborn", "3000", NULL};

	expect_calls(test_role(state), few, many, 9); /* six, and some for another look */
}

static void the_work_of_a_drain_does_not_grow_with_the_generations(void **state)
{
	const char *const shallow[] = {
		"-d", FOREVER, actor_path(), "leave-below", "1", "quiet", "350", NULL};
	const char *const deep[] = {
		"-d", FOREVER, actor_path(), "leave-below", "150", "quiet", "201", NULL};

	expect_calls(test_role(state), shallow, deep, 2);
}

static void a_descendant_of_the_three_hundredth_generation_gets_term(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-d", FOREVER, actor_path(), "leave-below", "300", "plain",
		"1");
	run_expect(&run, "plain got 15");
	run_expect_end(&run, 7, "");
}

static enum tracing_next hold_up_signals(
	struct tracing *tracing, const struct __ptrace_syscall_info *info)
{
	const struct timespec hold_up = {.tv_nsec = 20000000};

	(void)tracing;
	if (info->entry.nr == SYS_kill || info->entry.nr == SYS_pidfd_send_signal)
		nanosleep(&hold_up, NULL);
	return TRACING_GOES_ON;
}

/* TERM and CONT take 2 s here. The slow one, which is told last, needs 300 ms. */
static void the_time_of_a_drain_begins_when_all_have_been_told(void **state)
{
	const char *const words[] = {
		"-d", "1.5", actor_path(), "leave", "quiet", "50", "slow", "1", NULL};
	struct tracing tracing = {.before_call = hold_up_signals};
	struct run run;

	run_start(&run,
		&(struct scene){.role = test_role(state),
			.words = words,
			.prepare = tracing_start,
			.prepare_argument = &tracing});
	run_expect(&run, "slow wrote");
	run_expect_end(&run, 7, "");
}

int main(void)
{
	/* In the scenes with a `prepare` that forks, whit is a subreaper below PID 1. */
	const struct CMUnitTest tests[] = {
		SUBREAPER_TEST(fifty_strangers_get_no_signal_in_two_hundred_runs),
		SUBREAPER_TEST(strangers_that_get_the_pids_of_descendants_get_no_signal),
		INIT_TEST(a_kill_of_whit_in_the_middle_of_a_drain_leaves_no_process_stopped),
		SUBREAPER_TEST(a_process_that_forks_and_may_not_be_signalled_holds_nothing_up),
		SUBREAPER_TEST(own_children_are_signalled_where_a_sandbox_refuses_pidfds),
		SUBREAPER_TEST(all_generations_are_killed_where_a_sandbox_refuses_pidfds),
		SUBREAPER_TEST(without_a_proc_a_drain_warns_and_whit_ends),
		INIT_TEST(a_descendant_whose_parent_ends_at_any_moment_of_the_drain_gets_term),
		INIT_TEST(the_work_of_killing_grows_as_the_number_of_processes),
		INIT_TEST(the_work_of_a_drain_does_not_grow_with_the_generations),
		SUBREAPER_TEST(a_descendant_of_the_three_hundredth_generation_gets_term),
		INIT_TEST(the_time_of_a_drain_begins_when_all_have_been_told),
	};

	return cmocka_run_group_tests_name("descendants", tests, make_room, remove_room);
}

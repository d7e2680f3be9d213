/*
 * Contract, section 1: with -p, the end of whit's parent is as if the signal had been sent to whit.
 * It is the end of the process that counts, not that of the thread which started whit.
 */
#include "harness.h"
#include "kernel_signals.h"
#include "refusal.h"
#include "tracing.h"
#include "words.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

/* A time that no test lives to see the end of: whit has to end before. */
#define FOREVER "1000000"

/* PID 1 of the namespace, which ends as whit does: with the status of the last process but itself.
 */
static void be_init(void)
{
	int status = 0;
	int last = 0;

	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	while (wait(&status) > 0)
		last = status;
	_exit(WIFEXITED(last) ? WEXITSTATUS(last) : 97);
}

static void sleep_until_killed(void)
{
	for (;;)
		pause();
}

/* A scene's `prepare`: what is run is a child of PID 1. */
static void be_child_of_init(void *argument)
{
	(void)argument;
	if (fork() != 0) be_init();
}

/* The same, and whit is a child of that one, which can be killed. */
static void have_parent(void *argument)
{
	be_child_of_init(argument);
	if (fork() != 0) sleep_until_killed();
}

static void kill_parent(struct run *run)
{
	pid_t parent = (pid_t)process_number(run->whit, "\nPPid:");

	assert_true(parent > 1);
	assert_int_equal(kill(parent, SIGKILL), 0);
}

static pid_t await_child(pid_t parent)
{
	pid_t child;

	for (int tries = 0; (child = process_child(parent)) == 0; tries++) {
		const struct timespec moment = {.tv_nsec = 1000000};

		if (tries == PATIENCE_MS) fail_msg("%d has no child", parent);
		nanosleep(&moment, NULL);
	}
	return child;
}

/* Starts whit that many generations below PID 1. */
static void start_below(struct run *run, int generations, const struct scene *scene)
{
	run_start(run, scene);
	while (generations-- > 0)
		run->whit = await_child(run->whit);
}

/* With have_parent, where the scene has nothing else that gives whit a parent. */
static void start_with_parent(struct run *run, struct scene scene)
{
	if (scene.prepare == NULL) scene.prepare = have_parent;
	start_below(run, 2, &scene);
}

#define START_WITH_PARENT(run, ...)                                                                \
	start_with_parent(run, (struct scene){.words = (const char *const[]){__VA_ARGS__, NULL}})

static void expect_usr1_and_end(struct run *run)
{
	run_expect_beginning(run, &run->out, "signal " NUMBER_OF(SIGUSR1) " ");
	run_expect_end(run, 0, "");
}

static void the_parents_end_is_forwarded_as_the_signal(void **state)
{
	struct run run;

	(void)state;
	START_WITH_PARENT(&run, "-p", "USR1", actor_path(), "signals", "1");
	run_expect(&run, "ready");
	kill_parent(&run);
	expect_usr1_and_end(&run);
}

static void the_variable_does_it_too(void **state)
{
	char variable[] = "WHIT_PARENT_DEATH=TERM";
	char *environment[] = {variable, NULL};
	const char *const words[] = {actor_path(), "idle", NULL};
	struct run run;

	(void)state;
	start_with_parent(&run, (struct scene){.words = words, .environment = environment});
	run_expect(&run, "ready");
	kill_parent(&run);
	run_expect_end(&run, 128 + SIGTERM, "");
}

/* --- as if the signal had been sent to whit --- */

static void the_parents_end_starts_the_clock_of_k(void **state)
{
	struct run run;

	(void)state;
	START_WITH_PARENT(&run, "-p", "TERM", "-k", "0.1", actor_path(), "idle-blocked");
	run_expect(&run, "ready");
	kill_parent(&run);
	run_expect_beginning(&run, &run.err, KILLING_COMMAND);
	run_expect_end(&run, 128 + SIGKILL, "");
}

static void the_signal_of_the_parents_end_is_rewritten(void **state)
{
	struct run run;

	(void)state;
	START_WITH_PARENT(&run, "-p", "TERM", "-r", "TERM:USR1", actor_path(), "signals", "1");
	run_expect(&run, "ready");
	kill_parent(&run);
	expect_usr1_and_end(&run);
}

static void the_parents_end_during_a_drain_reaches_the_remaining_processes(void **state)
{
	struct run run;

	(void)state;
	START_WITH_PARENT(&run, "-p", "HUP", "-d", FOREVER, actor_path(), "leave", "listener", "1");
	run_expect(&run, "listener got 15");
	kill_parent(&run);
	run_expect(&run, "listener got 1");
	run_expect_end(&run, 7, "");
}

static void the_parents_end_ends_a_pause(void **state)
{
	static const char *const signals[] = {"TERM", "KILL"};

	(void)state;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct run run;

		START_WITH_PARENT(&run, "-q", "-p", signals[i], "-P");
		run_wait_settled(&run);
		kill_parent(&run);
		run_expect_end(&run, 0, "");
	}
}

/* A pidfd stays readable from then on. */
static void after_the_parents_end_whit_sleeps(void **state)
{
	/* A test that waits for time: that nothing happens in it is what it is about. */
	const struct timespec idle = {.tv_sec = 2};
	struct run run;
	long before;
	long after;

	(void)state;
	START_WITH_PARENT(&run, "-p", "USR2", actor_path(), "signals", "2");
	run_expect(&run, "ready");
	kill_parent(&run);
	run_expect_beginning(&run, &run.out, "signal " NUMBER_OF(SIGUSR2) " ");
	process_wait_state(run.whit, 'S');
	before = process_number(run.whit, "\nvoluntary_ctxt_switches:");
	nanosleep(&idle, NULL);
	after = process_number(run.whit, "\nvoluntary_ctxt_switches:");
	if (after != before || process_state(run.whit) != 'S')
		run_fail(&run, "expected: no wake-up\nobserved: %ld, and then state %c",
			after - before, process_state(run.whit));
	assert_int_equal(kill(run.whit, SIGUSR1), 0);
	expect_usr1_and_end(&run);
}

/* --- kinds of parents --- */

/* A child of any of its threads: what a thread that ends has started is another thread's then. */
static pid_t child_of_any_thread(pid_t process)
{
	char path[64];
	pid_t child = 0;
	struct dirent *entry;
	DIR *threads;

	snprintf(path, sizeof(path), "/proc/%d/task", process);
	threads = opendir(path);
	assert_non_null(threads);
	while (child == 0 && (entry = readdir(threads)) != NULL) {
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%d/task/%d/children", process,
			atoi(entry->d_name));
		file = fopen(path, "re");
		if (file != NULL) {
			(void)!fscanf(file, "%d", &child);
			fclose(file);
		}
	}
	closedir(threads);
	return child;
}

static bool has_one_thread(pid_t process)
{
	return process_number(process, "\nThreads:") == 1;
}

static bool has_no_main_thread(pid_t process)
{
	return process_state(process) == 'Z';
}

static const struct {
	const char *how; /* as the actor knows it */
	bool (*has_ended)(pid_t client);
} clients[] = {
	{"main-thread", has_no_main_thread},
	{"other-thread", has_one_thread},
};

static void wait_until(bool (*is_so)(pid_t), pid_t process)
{
	for (int tries = 0; !is_so(process); tries++) {
		const struct timespec moment = {.tv_nsec = 1000000};

		if (tries == PATIENCE_MS) fail_msg("the thread of %d does not end", process);
		nanosleep(&moment, NULL);
	}
}

/* A signal at the end of the thread would be the first one that the command sees. */
static void the_end_of_the_thread_that_started_whit_is_no_end_of_the_parent(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(clients) / sizeof(clients[0]); i++) {
		const char *const words[] = {"client", clients[i].how, whit_path(), "-p", "USR1",
			actor_path(), "signals", "2", NULL};
		struct run run;
		pid_t client;

		run_start(&run,
			&(struct scene){.program = actor_path(),
				.words = words,
				.prepare = be_child_of_init});
		run_expect(&run, "ready");
		client = process_child(run.top);
		assert_int_equal(kill(client, SIGUSR1), 0);
		wait_until(clients[i].has_ended, client);
		assert_int_equal(kill(child_of_any_thread(client), SIGUSR2), 0);
		run_expect_beginning(&run, &run.out, "signal " NUMBER_OF(SIGUSR2) " ");
		assert_int_equal(kill(client, SIGKILL), 0);
		expect_usr1_and_end(&run);
	}
}

static void become_subreaper(void)
{
	if (prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0UL, 0UL, 0UL) < 0) _exit(94);
}

static void have_parent_that_is_a_subreaper(void *argument)
{
	be_child_of_init(argument);
	become_subreaper();
	if (fork() != 0) sleep_until_killed();
}

/* whit goes to that one when its parent has ended. */
static void have_parent_below_a_subreaper(void *argument)
{
	be_child_of_init(argument);
	become_subreaper();
	if (fork() != 0) {
		close(STDOUT_FILENO);
		close(STDERR_FILENO);
		while (wait(NULL) > 0)
			;
		_exit(0);
	}
	if (fork() != 0) sleep_until_killed();
}

/* A scene's `prepare`: whit is PID 1 of a namespace of its own, in which its parent is not. */
static void have_parent_outside(void *argument)
{
	be_child_of_init(argument);
	if (unshare(CLONE_NEWPID) < 0) _exit(94);
	if (fork() != 0) sleep_until_killed();
}

static void the_end_of_a_parent_of_any_kind_is_forwarded(void **state)
{
	static const struct {
		void (*prepare)(void *);
		int generations;
	} parents[] = {
		{have_parent_that_is_a_subreaper, 2},
		{have_parent_below_a_subreaper, 3},
		{have_parent_outside, 2},
	};
	const char *const words[] = {"-p", "USR1", actor_path(), "signals", "1", NULL};

	(void)state;
	for (size_t i = 0; i < sizeof(parents) / sizeof(parents[0]); i++) {
		const struct scene scene = {.words = words, .prepare = parents[i].prepare};
		struct run run;

		start_below(&run, parents[i].generations, &scene);
		run_expect(&run, "ready");
		kill_parent(&run);
		expect_usr1_and_end(&run);
	}
}

/* Its parent is PID 1, or a process outside its namespace. */
static void while_the_parent_lives_no_signal_is_forwarded(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-p", "TERM", actor_path(), "signals", "1");
	run_expect(&run, "ready");
	run_wait_settled(&run);
	assert_int_equal(kill(run.whit, SIGUSR1), 0);
	expect_usr1_and_end(&run);
}

static const struct refusal refusals[] = {{SYS_pidfd_open, ENOSYS}, {SYS_pidfd_open, EPERM}};

static void have_parent_and_no_pidfds(void *refusal)
{
	have_parent(NULL);
	refuse_call(refusal);
}

static void without_pidfds_the_parents_end_is_forwarded(void **state)
{
	const char *const words[] = {"-p", "USR1", actor_path(), "signals", "1", NULL};

	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct refusal refusal = refusals[i];
		struct run run;

		start_with_parent(&run,
			(struct scene){.words = words,
				.prepare = have_parent_and_no_pidfds,
				.prepare_argument = &refusal});
		run_expect(&run, "ready");
		kill_parent(&run);
		expect_usr1_and_end(&run);
	}
}

/* --- a parent that ends while whit starts --- */

/* Each of these that is sent arrives, while USR1 that is pending may come but once. */
#define REALTIME        35
#define HIGHER_REALTIME 36

/* Kinds of starts, and the system call from which on whit must notice that its parent has ended. */
struct kind {
	const char *name;
	long from;
	bool is_parent_outside;
	struct refusal refusal;
};

static const struct kind kinds[] = {
	{"with pidfds", SYS_getppid, false, {0, 0}},
	{"without pidfds", SYS_getppid, false, {SYS_pidfd_open, ENOSYS}},
	/* getppid(2) tells nothing of that parent: whit has to ask the kernel before the start. */
	{"with a parent outside", SYS_clone, true, {0, 0}},
};

/* When the parent is killed. */
struct start {
	struct kind kind;
	struct tracing_moment moment;
	bool has_started; /* the command */
};

static enum tracing_next kill_parent_at_moment(
	struct tracing *tracing, const struct __ptrace_syscall_info *info)
{
	struct start *start = tracing->context;
	long call = (long)info->entry.nr;

	start->has_started = start->has_started || call == SYS_clone;
	if (!tracing_has_come(&start->moment, call == start->kind.from,
		    start->has_started && (call == SYS_read || tracing_is_poll(call))))
		return TRACING_GOES_ON;
	kill(tracing->parent, SIGKILL);
	waitpid(tracing->parent, NULL, 0);
	return TRACING_IS_OVER;
}

/* The signal is blocked from the start, so that it does not end the command before that looks for
 * it. */
static void have_parent_that_ends_at_moment(void *argument)
{
	const struct kernel_set signal = kernel_set_only(REALTIME);
	struct start *start = argument;
	struct tracing tracing = {
		.before_call = kill_parent_at_moment,
		.context = start,
		.has_parent_between = true,
		.is_parent_outside = start->kind.is_parent_outside,
	};

	kernel_set_block(&signal);
	tracing_start(&tracing);
	if (start->kind.refusal.error != 0) refuse_call(&start->kind.refusal);
}

/* A second one would be read before the higher signal that is sent afterwards. */
static void expect_signal_once(struct start *start)
{
	const char *const words[] = {"-p", NUMBER_OF(REALTIME), actor_path(), "signals", "2", NULL};
	struct run run;

	run_start(&run,
		&(struct scene){.words = words,
			.prepare = have_parent_that_ends_at_moment,
			.prepare_argument = start});
	run_expect(&run, "ready");
	run_expect_beginning(&run, &run.out, "signal " NUMBER_OF(REALTIME) " ");
	/* To whit: it is PID 1's child now. */
	assert_int_equal(kill(await_child(run.top), HIGHER_REALTIME), 0);
	run_expect_beginning(&run, &run.out, "signal " NUMBER_OF(HIGHER_REALTIME) " ");
	run_expect_end(&run, 0, "");
}

static void a_parent_that_ends_at_any_moment_of_whits_start_is_noticed_once(void **state)
{
	struct start *start = tracing_share(sizeof(*start));

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		int moments = 0;

		do {
			*start = (struct start){.kind = kinds[i], .moment.calls_left = moments++};
			expect_signal_once(start);
		} while (!start->moment.is_waiting);
		print_message("  %s: %d moments\n", kinds[i].name, moments);
	}
	munmap(start, sizeof(*start));
}

int main(void)
{
	/* In most of these scenes PID 1 is a process of the test's, and whit is a subreaper below
	 * it. */
	const struct CMUnitTest tests[] = {
		INIT_TEST(the_parents_end_is_forwarded_as_the_signal),
		INIT_TEST(the_variable_does_it_too),
		INIT_TEST(the_parents_end_starts_the_clock_of_k),
		INIT_TEST(the_signal_of_the_parents_end_is_rewritten),
		INIT_TEST(the_parents_end_during_a_drain_reaches_the_remaining_processes),
		INIT_TEST(the_parents_end_ends_a_pause),
		INIT_TEST(after_the_parents_end_whit_sleeps),
		INIT_TEST(the_end_of_the_thread_that_started_whit_is_no_end_of_the_parent),
		INIT_TEST(the_end_of_a_parent_of_any_kind_is_forwarded),
		ROLE_TEST(while_the_parent_lives_no_signal_is_forwarded),
		INIT_TEST(without_pidfds_the_parents_end_is_forwarded),
		INIT_TEST(a_parent_that_ends_at_any_moment_of_whits_start_is_noticed_once),
	};

	return cmocka_run_group_tests_name("parent", tests, harness_require_namespaces, NULL);
}

/*
 * Contract, section 6: a drain of PID 1 waits for processes that joined from outside, as those of
 * `docker exec`. Their parent is outside the namespace, so no SIGCHLD tells whit of their end.
 */
#include "harness.h"
#include "kernel_signals.h"
#include "refusal.h"
#include "room.h"
#include "tracing.h"
#include "words.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

/* A drain whose end no test lives to see: whit has to end before. */
#define FOREVER "1000000"

/* How many join at once where there are many; more than whit polls at a time. */
#ifndef MANY
#define MANY 100
#endif

/* A bound of the descriptors that whit uses for them. */
#define PIDFDS_MAX 64

/* --- what joins --- */

/* Writes to whit's own stdout, as the joined process of a container may. */
static void say(struct run *run, const char *text)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/fd/1", run->whit);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	(void)!write(fd, text, strlen(text));
	close(fd);
}

static int wait_for(int signal)
{
	const struct kernel_set only = kernel_set_only(signal);

	return kernel_set_wait(&only, NULL, NULL);
}

/* Each of these begins with all signals blocked, and says when it is ready. */
static int clean_up_on_term(struct run *run)
{
	const struct timespec some_time = {.tv_nsec = 300000000};

	say(run, "ready\n");
	(void)wait_for(SIGTERM);
	say(run, "got TERM\n");
	nanosleep(&some_time, NULL);
	say(run, "finished\n");
	return 0;
}

/* With nothing to say but that it is ready. */
static int clean_up_silently(struct run *run)
{
	const struct timespec some_time = {.tv_nsec = 300000000};

	say(run, "ready\n");
	(void)wait_for(SIGTERM);
	nanosleep(&some_time, NULL);
	return 0;
}

static int end_on_hup(struct run *run)
{
	say(run, "ready\n");
	(void)wait_for(SIGHUP);
	say(run, "got HUP\n");
	return 0;
}

static int say_term_and_end_on_hup(struct run *run)
{
	say(run, "ready\n");
	(void)wait_for(SIGTERM);
	say(run, "got TERM\n");
	(void)wait_for(SIGHUP);
	return 0;
}

/* It comes to whit as an orphan when its parent ends. */
static int have_child(struct run *run)
{
	if (fork() == 0) _exit(end_on_hup(run));
	for (;;)
		pause();
}

static void *clean_up_and_exit(void *run)
{
	_exit(clean_up_on_term(run));
}

/* Its main thread ends, so that /proc shows it as a zombie. */
static int live_on_in_a_thread(struct run *run)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, clean_up_and_exit, run) != 0) return 1;
	pthread_exit(NULL);
}

static int end_at_once(struct run *run)
{
	(void)run;
	return 0;
}

/* --- how it joins --- */

/* What joins, and how many of them. */
struct joining {
	int (*be)(struct run *);
	int count;
};

/* Returns how many of them did not exit with 0. */
static int count_failures(int count)
{
	int failures = 0;
	int status;

	for (int ended = 0; ended < count; ended++) {
		if (wait(&status) < 0 || status != 0) failures++;
	}
	return failures > 100 ? 100 : failures;
}

/* Their parent, which stays outside: setns(2) is for the children alone. */
static void start_in_namespace(struct run *run, const struct joining *joining)
{
	const struct kernel_set all = kernel_set_all();
	char path[64];
	int namespace;

	kernel_set_block(&all);
	snprintf(path, sizeof(path), "/proc/%d/ns/pid", run->top);
	namespace = open(path, O_RDONLY | O_CLOEXEC);
	if (namespace < 0 || setns(namespace, CLONE_NEWPID) < 0) _exit(101);
	for (int made = 0; made < joining->count; made++) {
		if (fork() == 0) _exit(joining->be(run));
	}
}

/* Joins the run's PID namespace; returns their parent when all are ready. */
static pid_t join_ready(struct run *run, const struct joining *joining)
{
	pid_t parent = fork();

	if (parent == 0) {
		start_in_namespace(run, joining);
		_exit(count_failures(joining->count));
	}
	for (int i = 0; i < joining->count; i++)
		run_expect(run, "ready");
	return parent;
}

static pid_t join_one(struct run *run, int (*be)(struct run *))
{
	const struct joining joining = {.be = be, .count = 1};

	return join_ready(run, &joining);
}

/* All that have joined with this parent exited with 0, or that many did not, killed for instance.
 */
static void expect_failures(struct run *run, pid_t parent, int failures)
{
	int status;

	assert_int_equal(waitpid(parent, &status, 0), parent);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != failures)
		run_fail(run, "expected: %d joined processes that were killed\nobserved: %d",
			failures, WEXITSTATUS(status));
}

/* --- how whit sees it --- */

/* The pidfds that whit has open; the kernel has had two names for them. */
static int count_pidfds(struct run *run)
{
	char path[64];
	int count = 0;
	struct dirent *entry;
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%d/fd", run->whit);
	directory = opendir(path);
	if (directory == NULL) run_fail(run, "cannot look at %s: %s", path, strerror(errno));
	while ((entry = readdir(directory)) != NULL) {
		char target[64] = "";

		(void)!readlinkat(dirfd(directory), entry->d_name, target, sizeof(target) - 1);
		count += strstr(target, "pidfd") != NULL;
	}
	closedir(directory);
	return count;
}

static void wait_for_pidfds(struct run *run)
{
	for (int tries = 0; count_pidfds(run) == 0; tries++) {
		const struct timespec moment = {.tv_nsec = 1000000};

		if (tries == PATIENCE_MS) run_fail(run, "whit opens no pidfd");
		nanosleep(&moment, NULL);
	}
}

/* --- tests --- */

/* A namespace with a command, and one that is only held, and the status that whit ends with. */
static const struct {
	const char *words[6];
	int status;
} inits[] = {
	{{"-d", FOREVER, "sleep", FOREVER, NULL}, 128 + SIGTERM},
	{{"-P", "-d", FOREVER, NULL}, 0},
};

static void start_settled(struct run *run, const char *const *words)
{
	run_start(run, &(struct scene){.role = ROLE_INIT, .words = words});
	run_wait_settled(run);
}

static void a_joined_process_finishes_and_whit_ends_then(void **state)
{
	static int (*const kinds[])(struct run *) = {clean_up_on_term, live_on_in_a_thread};

	(void)state;
	for (size_t i = 0; i < sizeof(inits) / sizeof(inits[0]); i++) {
		for (size_t kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++) {
			struct run run;
			pid_t parent;

			start_settled(&run, inits[i].words);
			parent = join_one(&run, kinds[kind]);
			assert_int_equal(kill(run.whit, SIGTERM), 0);
			run_expect(&run, "got TERM");
			run_expect(&run, "finished");
			run_expect_end(&run, inits[i].status, "");
			expect_failures(&run, parent, 0);
		}
	}
}

/* Ends the joined process when whit has seen that it has no child, and opens /proc to look for it.
 */
static enum tracing_next end_joined_at_look(
	struct tracing *tracing, const struct __ptrace_syscall_info *info)
{
	const pid_t *joined = tracing->context;

	if (!tracing_is_open((long)info->entry.nr)) return TRACING_GOES_ON;
	kill(*joined, SIGKILL);
	while (process_state(*joined) != '\0') /* until its parent outside has reaped it */
		(void)sched_yield();
	return TRACING_IS_OVER;
}

static void the_child_of_a_joined_process_that_ends_is_waited_for(void **state)
{
	const char *const words[] = {"-P", "-d", FOREVER, NULL};
	struct run run;
	pid_t parent;
	pid_t joined;
	struct tracing tracing = {
		.before_call = end_joined_at_look, .context = &joined, .has_started = true};

	(void)state;
	start_settled(&run, words);
	parent = join_one(&run, have_child);
	joined = process_child(parent);
	tracing.whit = run.whit;
	tracing_attach(&tracing);
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	assert_int_equal(tracing_follow(&tracing), 0);
	expect_failures(&run, parent, 1); /* it was killed */
	assert_int_equal(kill(run.whit, SIGHUP), 0);
	run_expect(&run, "got HUP");
	run_expect_end(&run, 0, "");
}

static void a_joined_process_that_ignores_term_is_killed_when_time_is_over(void **state)
{
	const char *const words[] = {"-P", "-d", "0.2", NULL};
	struct run run;
	pid_t parent;

	(void)state;
	start_settled(&run, words);
	parent = join_one(&run, end_on_hup);
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	run_expect_end(&run, 0, KILLING_REMAINING "0.2 s\n");
	expect_failures(&run, parent, 1);
}

static void a_signal_during_the_drain_reaches_a_joined_process(void **state)
{
	const char *const words[] = {"-P", "-d", FOREVER, NULL};
	struct run run;
	pid_t parent;

	(void)state;
	start_settled(&run, words);
	parent = join_one(&run, say_term_and_end_on_hup);
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	run_expect(&run, "got TERM");
	assert_int_equal(kill(run.whit, SIGHUP), 0);
	run_expect_end(&run, 0, "");
	expect_failures(&run, parent, 0);
}

/* The one that joins later gets no TERM. whit learns of it at the end of what it is waiting for. */
static void a_process_that_joins_during_the_drain_is_waited_for(void **state)
{
	static const char *const first_is_joined[] = {"-P", "-d", FOREVER, NULL};
	const char *const first_is_child[] = {
		"-d", FOREVER, actor_path(), "leave", "listener", "1", NULL};

	(void)state;
	for (int is_child = 0; is_child < 2; is_child++) {
		struct run run;
		pid_t first = 0;
		pid_t second;

		start_settled(&run, is_child ? first_is_child : first_is_joined);
		if (!is_child) {
			first = join_one(&run, say_term_and_end_on_hup);
			assert_int_equal(kill(run.whit, SIGTERM), 0);
		}
		run_expect(&run, is_child ? "listener got 15" : "got TERM");
		second = join_one(&run, clean_up_on_term);
		assert_int_equal(kill(run.whit, SIGHUP), 0);
		if (is_child)
			run_expect(&run, "listener got 1");
		else
			expect_failures(&run, first, 0);
		assert_int_equal(kill(run.whit, SIGTERM), 0);
		run_expect(&run, "got TERM");
		run_expect(&run, "finished");
		run_expect_end(&run, is_child ? 7 : 0, "");
		expect_failures(&run, second, 0);
	}
}

static void many_joined_processes_are_waited_for_with_few_descriptors(void **state)
{
	const struct joining joining = {.be = clean_up_silently, .count = MANY};
	const char *const words[] = {"-P", "-d", FOREVER, NULL};
	struct run run;
	pid_t parent;
	int pidfds;

	(void)state;
	start_settled(&run, words);
	parent = join_ready(&run, &joining);
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	wait_for_pidfds(&run);
	pidfds = count_pidfds(&run);
	if (pidfds > PIDFDS_MAX)
		run_fail(&run, "expected: at most %d pidfds\nobserved: %d", PIDFDS_MAX, pidfds);
	run_expect_end(&run, 0, "");
	expect_failures(&run, parent, 0);
}

static void limit_descriptors(void *argument)
{
	const struct rlimit limit = {6, 6};

	(void)argument;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void joined_processes_are_waited_for_where_descriptors_are_short(void **state)
{
	const struct joining joining = {.be = clean_up_silently, .count = 10};
	const char *const words[] = {"-P", "-d", FOREVER, NULL};
	struct run run;
	pid_t parent;

	(void)state;
	if (whit_is_dynamic()) skip();
	run_start(&run,
		&(struct scene){.role = ROLE_INIT, .words = words, .prepare = limit_descriptors});
	run_wait_settled(&run);
	parent = join_ready(&run, &joining);
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	run_expect_end(&run, 0, "");
	expect_failures(&run, parent, 0);
}

static void whit_sleeps_while_it_waits_for_a_joined_process(void **state)
{
	/* A test that waits for time: that nothing happens in it is what it is about. */
	const struct timespec idle = {.tv_sec = 2};
	const char *const words[] = {"-P", "-d", FOREVER, NULL};
	struct run run;
	pid_t parent;
	long before;
	long after;

	(void)state;
	start_settled(&run, words);
	parent = join_one(&run, say_term_and_end_on_hup);
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	run_expect(&run, "got TERM");
	wait_for_pidfds(&run);
	process_wait_state(run.whit, 'S');
	before = process_number(run.whit, "\nvoluntary_ctxt_switches:");
	nanosleep(&idle, NULL);
	after = process_number(run.whit, "\nvoluntary_ctxt_switches:");
	if (after != before || process_state(run.whit) != 'S')
		run_fail(&run, "expected: no wake-up\nobserved: %ld, and then state %c",
			after - before, process_state(run.whit));
	assert_int_equal(kill(run.whit, SIGHUP), 0);
	run_expect_end(&run, 0, "");
	expect_failures(&run, parent, 0);
}

static pid_t careless_parent; /* of that test; 0: none */

/* The kernel keeps whit until the zombie has been reaped. */
static void end_careless_parent(void)
{
	if (careless_parent > 0) {
		kill(careless_parent, SIGKILL);
		waitpid(careless_parent, NULL, 0);
	}
	careless_parent = 0;
}

static int clean_up(void **state)
{
	end_careless_parent();
	return harness_clean_up(state);
}

/* A zombie: its parent outside does not wait for it. */
static void a_joined_process_that_has_ended_is_not_waited_for(void **state)
{
	const struct joining joining = {.be = end_at_once, .count = 1};
	const char *const words[] = {"-P", "-d", FOREVER, NULL};
	siginfo_t end;
	struct run run;

	(void)state;
	start_settled(&run, words);
	careless_parent = fork();
	if (careless_parent == 0) {
		start_in_namespace(&run, &joining);
		(void)waitid(P_ALL, 0, &end, WEXITED | WNOWAIT);
		say(&run, "ended\n");
		for (;;)
			pause();
	}
	run_expect(&run, "ended");
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	while (run_read(&run)) /* whit has closed its outputs then */
		;
	end_careless_parent();
	run_expect_end(&run, 0, "");
}

static void v_names_a_joined_process(void **state)
{
	const char *const words[] = {"-v", "-P", "-d", FOREVER, NULL};
	struct run run;
	pid_t parent;

	(void)state;
	start_settled(&run, words);
	parent = join_one(&run, clean_up_on_term);
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	while (strstr(run_line(&run, &run.err), " (joined)") == NULL) /* this program's name */
		;
	run_expect_status(&run, 0);
	expect_failures(&run, parent, 0);
}

/* It gets TERM all the same, and is not waited for. */
static void expect_no_wait(const struct scene *scene)
{
	struct run run;
	pid_t parent;

	run_start(&run, scene);
	run_wait_settled(&run);
	parent = join_one(&run, say_term_and_end_on_hup);
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	run_expect_end(&run, 0, "");
	expect_failures(&run, parent, 1);
}

static void without_pidfds_or_a_proc_a_joined_process_is_not_waited_for(void **state)
{
	static const struct refusal refusals[] = {
		{SYS_pidfd_open, ENOSYS}, {SYS_pidfd_open, EPERM}};
	const char *const words[] = {"-P", "-d", FOREVER, NULL};

	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct refusal refusal = refusals[i];

		expect_no_wait(&(struct scene){.role = ROLE_INIT,
			.words = words,
			.prepare = refuse_call,
			.prepare_argument = &refusal});
	}
	if (whit_is_dynamic()) return;
	expect_no_wait(&(struct scene){
		.role = ROLE_INIT, .words = words, .program = "/whit", .prepare = enter_room});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		INIT_TEST(a_joined_process_finishes_and_whit_ends_then),
		INIT_TEST(the_child_of_a_joined_process_that_ends_is_waited_for),
		INIT_TEST(a_joined_process_that_ignores_term_is_killed_when_time_is_over),
		INIT_TEST(a_signal_during_the_drain_reaches_a_joined_process),
		INIT_TEST(a_process_that_joins_during_the_drain_is_waited_for),
		INIT_TEST(many_joined_processes_are_waited_for_with_few_descriptors),
		INIT_TEST(joined_processes_are_waited_for_where_descriptors_are_short),
		INIT_TEST(whit_sleeps_while_it_waits_for_a_joined_process),
		cmocka_unit_test_prestate_setup_teardown(
			a_joined_process_that_has_ended_is_not_waited_for, NULL, clean_up, NULL),
		INIT_TEST(v_names_a_joined_process),
		INIT_TEST(without_pidfds_or_a_proc_a_joined_process_is_not_waited_for),
	};

	return cmocka_run_group_tests_name("joined", tests, make_room, remove_room);
}

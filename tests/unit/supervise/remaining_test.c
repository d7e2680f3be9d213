#include "supervise/remaining.h"

#include "unit/support.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <time.h>

/*
 * whit as a subreaper, in a PID namespace of the test's own, beside processes that are not its
 * descendants. All block all signals, so that what a process was sent stays pending. Kinds of
 * processes, refusals and reused pids are in tests/integration.
 */

#define ASCENDING  40 /* generations, each with a higher pid than the one before */
#define DESCENDING 12 /* generations, each with a lower pid, as after the last pid was reached */
#define STRANGERS  5

#define TERM_AND_CONT (1ULL << (SIGTERM - 1) | 1ULL << (SIGCONT - 1))

static struct family {
	pid_t ascending[ASCENDING];
	pid_t descending[DESCENDING];
	pid_t strangers[STRANGERS];
} * family; /* shared by all processes */

static int ready[2]; /* a pipe: each process says when it is there */

_Noreturn static void live(pid_t *place)
{
	*place = getpid();
	(void)!write(ready[1], "", 1);
	for (;;)
		(void)pause();
}

/* The next process gets that pid. */
static void choose_pid(struct complaint *complaint, pid_t pid)
{
	int fd = open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC);

	if (dprintf(fd, "%d", pid - 1) < 0) complain(complaint, "ns_last_pid: %s", strerror(errno));
	(void)close(fd);
}

/* Until a process that is started now has another start than one that was there before. */
static void wait_for_next_tick(void)
{
	const long tick_ns = 1000000000 / sysconf(_SC_CLK_TCK);
	struct timespec before, now;

	(void)clock_gettime(CLOCK_BOOTTIME, &before);
	do
		(void)clock_gettime(CLOCK_BOOTTIME, &now);
	while (now.tv_sec == before.tv_sec && now.tv_nsec / tick_ns == before.tv_nsec / tick_ns);
}

/* A child, its child, and so on. From first_pid down, if that is not 0. */
static void start_chain(struct complaint *complaint, pid_t *places, int count, pid_t first_pid)
{
	for (int i = 0; i < count; i++) {
		if (first_pid != 0) {
			choose_pid(complaint, first_pid - i);
			wait_for_next_tick();
		}
		if (fork() != 0) {
			if (i == 0) break; /* this is whit */
			live(&places[i - 1]);
		}
		if (i == count - 1) live(&places[i]);
	}
}

/* PID 1 adopts them. */
static void start_strangers(struct complaint *complaint)
{
	pid_t starter = fork();

	if (starter == 0) {
		start_chain(complaint, family->strangers, STRANGERS, 0);
		_exit(0);
	}
	(void)waitpid(starter, NULL, 0);
}

static void wait_for_chain(int count)
{
	char byte;

	for (int i = 0; i < count; i++)
		(void)!read(ready[0], &byte, 1);
}

/* One chain after another, since each chooses its pids. */
static struct remaining start_family(struct complaint *complaint)
{
	start_strangers(complaint);
	wait_for_chain(STRANGERS);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0UL, 0UL, 0UL) != 0)
		complain(complaint, "PR_SET_CHILD_SUBREAPER: %s", strerror(errno));
	start_chain(complaint, family->ascending, ASCENDING, 0);
	wait_for_chain(ASCENDING);
	start_chain(complaint, family->descending, DESCENDING, 20000);
	wait_for_chain(DESCENDING);
	return (struct remaining){.self = getpid()};
}

/* The signals that are pending for the process: proc_pid_status(5). */
static unsigned long long pending(pid_t pid)
{
	static const char field[] = "\nShdPnd:\t";
	char path[32], text[4096];
	const char *place;
	ssize_t length;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	length = read(fd, text, sizeof(text) - 1);
	(void)close(fd);
	text[length < 0 ? 0 : length] = '\0';
	place = strstr(text, field);
	return place == NULL ? ~0ULL : strtoull(place + strlen(field), NULL, 16);
}

static void expect_pending(struct complaint *complaint, const char *what, const pid_t *pids,
	int count, unsigned long long expected)
{
	for (int i = 0; i < count; i++) {
		if (pending(pids[i]) != expected)
			complain(complaint,
				"%s, generation %d (pid %d): expected signals %llx, "
				"observed %llx",
				what, i + 1, pids[i], expected, pending(pids[i]));
	}
}

static void expect_others_untouched(struct complaint *complaint)
{
	const pid_t self = getpid();
	const unsigned long long chld = 1ULL << (SIGCHLD - 1);

	expect_pending(complaint, "strangers", family->strangers, STRANGERS, 0);
	if ((pending(self) & ~chld) != 0 || (pending(1) & ~chld) != 0)
		complain(complaint, "whit or its parent was sent a signal");
}

static void stop_family(struct complaint *complaint)
{
	struct remaining remaining = start_family(complaint);

	remaining_signal(&remaining, SIGTERM, true);
	expect_pending(complaint, "ascending", family->ascending, ASCENDING, TERM_AND_CONT);
	expect_pending(complaint, "descending", family->descending, DESCENDING, TERM_AND_CONT);
	expect_others_untouched(complaint);
	/* Once more, and without CONT. */
	remaining_signal(&remaining, SIGHUP, false);
	expect_pending(complaint, "ascending", family->ascending, ASCENDING, TERM_AND_CONT | 1);
	expect_pending(complaint, "descending", family->descending, DESCENDING, TERM_AND_CONT | 1);
	expect_others_untouched(complaint);
}

static void kill_family(struct complaint *complaint)
{
	struct remaining remaining = start_family(complaint);

	do {
		if (!remaining_kill(&remaining))
			complain(complaint, "expected the killing to be of use");
		while (waitpid(-1, NULL, WNOHANG) > 0)
			continue;
	} while (waitpid(-1, NULL, 0) > 0);
	expect_others_untouched(complaint);
	if (!remaining_kill(&remaining)) /* none refuses */
		complain(complaint, "without descendants: expected no refusal");
}

static void kill_without_proc(struct complaint *complaint)
{
	struct remaining remaining = start_family(complaint);

	if (umount2("/proc", MNT_DETACH) != 0 || mount("none", "/proc", "tmpfs", 0, NULL) != 0)
		complain(complaint, "a tmpfs on /proc: %s", strerror(errno));
	if (remaining_kill(&remaining))
		complain(complaint, "without /proc: expected the killing to be of no use");
}

static void kill_as_another_user(struct complaint *complaint)
{
	struct remaining remaining = start_family(complaint);

	if (setresuid(65534, 65534, 65534) != 0)
		complain(complaint, "setresuid: %s", strerror(errno));
	if (remaining_kill(&remaining))
		complain(complaint, "as another user: expected the killing to be of no use");
	expect_pending(complaint, "ascending", family->ascending, ASCENDING, 0);
}

/* --- the namespace --- */

/* As PID 1 of the namespace: whit is its child, and what is started and not whit's comes to it. */
static void run_namespace(
	struct complaint *complaint, void (*body)(struct complaint *complaint), int null)
{
	pid_t whit;
	int wait_status;

	if (mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0 ||
		mount("proc", "/proc", "proc", 0, NULL) != 0)
		complain(complaint, "/proc: %s", strerror(errno));
	(void)dup2(null, STDERR_FILENO); /* warnings */
	whit = fork();
	if (whit == 0) {
		body(complaint);
		_exit(0);
	}
	while (waitpid(-1, &wait_status, 0) != whit)
		continue;
	if (wait_status != 0)
		complain(complaint, "ended with wait status 0x%x", (unsigned int)wait_status);
}

static void enter_namespace(struct complaint *complaint, const void *argument)
{
	void (*const *body)(struct complaint * complaint) = argument;
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	const struct signal_set all = every_signal();
	struct signal_set before;
	pid_t init;

	family = shared_memory(sizeof(*family));
	if (pipe(ready) != 0 || unshare(CLONE_NEWPID | CLONE_NEWNS) != 0)
		complain(complaint, "unshare: %s", strerror(errno));
	(void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof(all));
	init = fork();
	if (init == 0) {
		/* So that the watchdog of its parent, which it cannot have, ends it too. */
		(void)prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL, 0UL, 0UL, 0UL);
		run_namespace(complaint, *body, null);
		_exit(0);
	}
	mask_set_raw(&before);
	(void)wait_for(init);
}

static void run_in_namespace(void (*body)(struct complaint *complaint))
{
	if (geteuid() != 0) {
		print_message("skipped: needs root\n");
		skip();
	}
	run_in_child("in a PID namespace", enter_namespace, &body);
}

/* --- tests --- */

static void a_signal_reaches_each_descendant_once_and_no_other_process(void **state)
{
	(void)state;
	run_in_namespace(stop_family);
}

static void kill_ends_each_descendant_and_no_other_process(void **state)
{
	(void)state;
	run_in_namespace(kill_family);
}

static void killing_is_of_no_use_where_it_is_refused_or_no_process_can_be_found(void **state)
{
	(void)state;
	run_in_namespace(kill_without_proc);
	run_in_namespace(kill_as_another_user);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signal_reaches_each_descendant_once_and_no_other_process),
		cmocka_unit_test(kill_ends_each_descendant_and_no_other_process),
		cmocka_unit_test(
			killing_is_of_no_use_where_it_is_refused_or_no_process_can_be_found),
	};

	return cmocka_run_group_tests_name("supervise/remaining", tests, NULL, NULL);
}

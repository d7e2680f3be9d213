#include "supervise/leftovers.h"

#include "unit/failing_call.h"
#include "unit/namespace.h"
#include "unit/support.h"

#include <fcntl.h>
#include <sys/resource.h>

/*
 * Everybody in these tests but whit, which the test itself is, blocks all signals and says in a
 * pipe which of them come in. The last of all is a marker: when it has come in, so has all else.
 */
#define MARKER 64

#define READY 0 /* said where signals are: that somebody is there */

enum who {
	WHO_CHILD, /* of whit; leader of a group, as the command is */
	WHO_GRANDCHILD,
	WHO_SESSION,     /* a grandchild in a session of its own */
	WHO_DAEMON,      /* came to whit when its parent ended; in a session of its own */
	WHO_OTHER_GROUP, /* a child that leads another group */
	WHO_STOPPED,     /* a child that was stopped before */
	WHO_STRANGER,    /* a child of PID 1, as whit is */
	WHO_STRANGERS_CHILD,
	WHO_STRANGER_IN_GROUP, /* of whit */
	WHO_FIRST_OF_MANY,
};

#define TREE_COUNT (WHO_STOPPED + 1) /* whit's descendants */
#define WHO_COUNT  (WHO_STRANGER_IN_GROUP + 1)
#define MANY       100
#define SEATS      (WHO_FIRST_OF_MANY + 2 * MANY)

static const char *const who_names[WHO_COUNT] = {
	[WHO_CHILD] = "the child",
	[WHO_GRANDCHILD] = "the grandchild",
	[WHO_SESSION] = "the grandchild in its own session",
	[WHO_DAEMON] = "the daemon",
	[WHO_OTHER_GROUP] = "the child in another group",
	[WHO_STOPPED] = "the stopped child",
	[WHO_STRANGER] = "the stranger",
	[WHO_STRANGERS_CHILD] = "the stranger's child",
	[WHO_STRANGER_IN_GROUP] = "the stranger in whit's group",
};

static const char *name_of(int who)
{
	return who < WHO_COUNT ? who_names[who] : "one of many";
}

struct report {
	int who;
	int signal;
};

struct scene {
	struct complaint *complaint;
	pid_t *pids; /* shared */
	int reports[2];
	int messages[2]; /* what is written to stderr */
	int seen[SEATS][MARKER + 1];
	struct leftovers leftovers;
};

/* --- the others --- */

static void block_signals(void)
{
	struct signal_set all = every_signal();
	sigset_t alarm_only;

	mask_set_raw(&all);
	sigemptyset(&alarm_only); /* the watchdog's */
	sigaddset(&alarm_only, SIGALRM);
	(void)sigprocmask(SIG_UNBLOCK, &alarm_only, NULL);
}

static void say(const struct scene *scene, int who, int signal)
{
	const struct report report = {who, signal};

	if (write(scene->reports[1], &report, sizeof(report)) != sizeof(report))
		_exit(1);
}

/* What somebody does besides. */
enum habit {
	HABIT_NONE,
	HABIT_IS_STOPPED,
	HABIT_STARTS_HELPER, /* when TERM comes in */
};

_Noreturn static void live(const struct scene *scene, int who, enum habit habit);

static void start_one(const struct scene *scene, int who, enum habit habit)
{
	pid_t pid = fork();

	if (pid < 0)
		complain(scene->complaint, "fork: %s", strerror(errno));
	if (pid == 0)
		live(scene, who, habit);
}

_Noreturn static void live(const struct scene *scene, int who, enum habit habit)
{
	sigset_t signals;

	block_signals();
	scene->pids[who] = getpid();
	say(scene, who, READY);
	if (habit == HABIT_IS_STOPPED)
		(void)raise(SIGSTOP);
	sigfillset(&signals);
	sigdelset(&signals, SIGCHLD); /* news of its children, from the kernel */
	for (;;) {
		int signal = sigwaitinfo(&signals, NULL);

		if (signal < 0)
			continue; /* stopped and continued: signal(7) */
		say(scene, who, signal);
		if (signal == SIGTERM && habit == HABIT_STARTS_HELPER)
			start_one(scene, who + MANY, HABIT_NONE);
	}
}

/* --- what they say --- */

static void take_report(struct scene *scene)
{
	struct report report;

	if (read(scene->reports[0], &report, sizeof(report)) == sizeof(report))
		scene->seen[report.who][report.signal]++;
	else
		complain(scene->complaint, "read: %s", strerror(errno));
}

static void wait_for_ready(struct scene *scene, int first, int count)
{
	for (int who = first; who < first + count; who++) {
		while (scene->seen[who][READY] == 0 && scene->complaint->text[0] == '\0')
			take_report(scene);
	}
}

/* By kill or, where a test has that refused, by descriptor. */
static bool send_marker(pid_t pid)
{
	int pidfd;
	bool is_sent;

	if (kill(pid, MARKER) == 0)
		return true;
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	is_sent = pidfd >= 0 && syscall(SYS_pidfd_send_signal, pidfd, MARKER, NULL, 0) == 0;
	if (pidfd >= 0)
		(void)close(pidfd);
	return is_sent;
}

/* Until all that has been sent to it by now has been said. */
static void settle(struct scene *scene, int who)
{
	int before = scene->seen[who][MARKER];

	if (!send_marker(scene->pids[who])) {
		complain(scene->complaint, "%s is gone", name_of(who));
		return;
	}
	while (scene->seen[who][MARKER] == before && scene->complaint->text[0] == '\0')
		take_report(scene);
}

static void expect_seen(struct scene *scene, int who, int signal, int times)
{
	char text[SIGNAL_TEXT_SIZE];

	if (scene->seen[who][signal] != times)
		complain(scene->complaint, "%s: expected signal %s %d times, observed %d times",
			name_of(who), signal_text(signal, text), times, scene->seen[who][signal]);
}

/* Everything that has come in since the last time: each of the signals once, and nothing else. */
static void expect_only(struct scene *scene, int who, const int *signals)
{
	settle(scene, who);
	for (int signal = 1; signal < MARKER; signal++) {
		int times = 0;

		for (const int *expected = signals; *expected != 0; expected++)
			times += *expected == signal;
		expect_seen(scene, who, signal, times);
		scene->seen[who][signal] = 0;
	}
}

static const int nothing[] = {0};
static const int term_and_cont[] = {SIGTERM, SIGCONT, 0};

static void expect_strangers_have_nothing(struct scene *scene)
{
	for (int who = WHO_STRANGER; who < WHO_COUNT; who++)
		expect_only(scene, who, nothing);
}

/* To whit itself; as to PID 1, which looks for itself. */
static void expect_whit_has_nothing(struct scene *scene)
{
	char text[SIGNAL_TEXT_SIZE];
	sigset_t pending;

	(void)sigpending(&pending);
	for (int signal = 1; signal <= MARKER; signal++) {
		if (signal != SIGCHLD && sigismember(&pending, signal) == 1)
			complain(scene->complaint, "whit was sent signal %s",
				signal_text(signal, text));
	}
}

/* What has been written to stderr since the last time. */
static void expect_said(struct scene *scene, const char *expected)
{
	char said[4096];
	ssize_t length = read(scene->messages[0], said, sizeof(said) - 1);

	said[length < 0 ? 0 : length] = '\0';
	if (strcmp(said, expected) != 0)
		complain(scene->complaint, "expected \"%s\" to be said, observed \"%s\"", expected,
			said);
}

/* --- the scene --- */

static struct scene *start_scene(struct complaint *complaint)
{
	static struct pid_set found;
	static struct scene scene;

	scene.complaint = complaint;
	scene.pids = shared_memory(SEATS * sizeof(pid_t));
	scene.leftovers.self = getpid();
	scene.leftovers.found = &found;
	if (pipe(scene.reports) != 0 || pipe(scene.messages) != 0 ||
		fcntl(scene.messages[0], F_SETFL, O_NONBLOCK) != 0 ||
		dup2(scene.messages[1], STDERR_FILENO) != STDERR_FILENO)
		complain(complaint, "pipe: %s", strerror(errno));
	block_signals();
	return &scene;
}

static void become_subreaper(struct scene *scene)
{
	if (prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0UL, 0UL, 0UL) != 0)
		complain(scene->complaint, "PR_SET_CHILD_SUBREAPER: %s", strerror(errno));
}

/* Whoever is started so has its starter's reaper for a parent, when this returns. */
static void start_orphan(struct scene *scene, int who)
{
	pid_t starter = fork();

	if (starter == 0) {
		if (fork() == 0) {
			if (who != WHO_STRANGER_IN_GROUP)
				(void)setsid();
			if (who == WHO_STRANGER)
				start_one(scene, WHO_STRANGERS_CHILD, HABIT_NONE);
			live(scene, who, HABIT_NONE);
		}
		_exit(0);
	}
	(void)waitpid(starter, NULL, 0);
}

static void start_strangers(struct scene *scene)
{
	start_orphan(scene, WHO_STRANGER);
	start_orphan(scene, WHO_STRANGER_IN_GROUP);
	wait_for_ready(scene, WHO_STRANGER, WHO_COUNT - WHO_STRANGER);
}

static void start_tree(struct scene *scene)
{
	siginfo_t unused;
	pid_t zombie;

	if (fork() == 0) {
		(void)setpgid(0, 0);
		start_one(scene, WHO_GRANDCHILD, HABIT_NONE);
		if (fork() == 0) {
			(void)setsid();
			live(scene, WHO_SESSION, HABIT_NONE);
		}
		live(scene, WHO_CHILD, HABIT_NONE);
	}
	start_orphan(scene, WHO_DAEMON);
	if (fork() == 0) {
		(void)setpgid(0, 0);
		live(scene, WHO_OTHER_GROUP, HABIT_NONE);
	}
	start_one(scene, WHO_STOPPED, HABIT_IS_STOPPED);
	zombie = fork();
	if (zombie == 0)
		_exit(0);
	(void)waitid(P_PID, (id_t)zombie, &unused, WEXITED | WNOWAIT); /* it stays one */
	wait_for_ready(scene, 0, TREE_COUNT);
	(void)waitid(P_PID, (id_t)scene->pids[WHO_STOPPED], &unused, WSTOPPED);
	scene->leftovers.command = scene->pids[WHO_CHILD];
}

/* Strangers, and then whit as a subreaper with its descendants. */
static struct scene *start_all(struct complaint *complaint)
{
	struct scene *scene = start_scene(complaint);

	start_strangers(scene);
	become_subreaper(scene);
	start_tree(scene);
	return scene;
}

static void hide_proc(struct scene *scene)
{
	if (mount("none", "/proc", "tmpfs", 0, NULL) != 0)
		complain(scene->complaint, "a tmpfs on /proc: %s", strerror(errno));
}

static void reap_everybody(void)
{
	while (waitpid(-1, NULL, __WALL) > 0)
		continue;
}

/* --- tests --- */

static void expect_beside_init(const char *what,
	void (*body)(struct complaint *complaint, const void *argument), const void *argument)
{
	if (!can_have_namespace())
		skip();
	run_in_namespace(what, NAMESPACE_PLACE_NOT_INIT, body, argument);
}

/* A test without rows. */
#define TEST(name, body)                                                                           \
	static void name(void **state)                                                             \
	{                                                                                          \
		(void)state;                                                                       \
		expect_beside_init("beside PID 1", body, NULL);                                    \
	}

static void stop_all(struct complaint *complaint, const void *argument)
{
	struct scene *scene = start_all(complaint);

	(void)argument;
	leftovers_stop(&scene->leftovers);
	for (int who = 0; who < TREE_COUNT; who++)
		expect_only(scene, who, term_and_cont);
	expect_strangers_have_nothing(scene);
	expect_whit_has_nothing(scene);
	expect_said(scene, "");
}

TEST(term_and_cont_reach_each_descendant_and_nobody_else, stop_all)

static void stop_three_times(struct complaint *complaint, const void *argument)
{
	struct scene *scene = start_all(complaint);

	(void)argument;
	for (int time = 0; time < 3; time++) {
		leftovers_stop(&scene->leftovers);
		for (int who = 0; who < TREE_COUNT; who++)
			expect_only(scene, who, term_and_cont);
		expect_strangers_have_nothing(scene);
	}
	expect_said(scene, "");
}

TEST(who_was_found_in_an_earlier_round_is_found_again, stop_three_times)

static void stop_starters(struct complaint *complaint, const void *argument)
{
	struct scene *scene = start_scene(complaint);
	int helper = WHO_FIRST_OF_MANY + MANY;

	(void)argument;
	start_strangers(scene);
	become_subreaper(scene);
	for (int i = 0; i < MANY; i++)
		start_one(scene, WHO_FIRST_OF_MANY + i, HABIT_STARTS_HELPER);
	wait_for_ready(scene, WHO_FIRST_OF_MANY, MANY);
	leftovers_stop(&scene->leftovers);
	wait_for_ready(scene, helper, MANY);
	for (int i = 0; i < MANY; i++) {
		expect_only(scene, WHO_FIRST_OF_MANY + i, term_and_cont);
		expect_only(scene, helper + i, nothing);
	}
	expect_strangers_have_nothing(scene);
	expect_said(scene, "");
}

TEST(who_is_started_to_clean_up_gets_no_term, stop_starters)

static bool take_pid_next(pid_t pid)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%d", pid - 1);
	int fd = open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC);
	bool is_set = fd >= 0 && write(fd, text, (size_t)length) == length;

	if (fd >= 0)
		(void)close(fd);
	return is_set;
}

/* Starts as many as it can until it is told to stop; returns how many were started before that. */
static int start_until_term(const struct scene *scene)
{
	sigset_t pending;

	for (int i = 0; i < 2 * MANY; i++) {
		start_one(scene, WHO_FIRST_OF_MANY + i, HABIT_NONE);
		(void)sigpending(&pending);
		if (sigismember(&pending, SIGTERM) == 1)
			return i; /* this last one may have been started after it */
	}
	return 2 * MANY;
}

/*
 * Those who are started have lower pids than their parent, where pids can be chosen, and others are
 * in between: the look through /proc has gone past them when it comes to their parent.
 */
static void stop_busy_starter(struct complaint *complaint, const void *argument)
{
	struct scene *scene = start_scene(complaint);
	int *started = shared_memory(sizeof(*started));
	sigset_t start;

	(void)argument;
	start_strangers(scene);
	become_subreaper(scene);
	(void)take_pid_next(1000);
	for (int i = 0; i < 3 * MANY; i++) {
		if (fork() == 0) {
			for (;;)
				(void)pause();
		}
	}
	(void)take_pid_next(5000);
	sigemptyset(&start);
	sigaddset(&start, SIGUSR1);
	if (fork() == 0) {
		scene->pids[WHO_CHILD] = getpid();
		say(scene, WHO_CHILD, READY);
		(void)sigwaitinfo(&start, NULL);
		*started = start_until_term(scene);
		say(scene, WHO_CHILD, SIGUSR2);
		live(scene, WHO_CHILD, HABIT_NONE);
	}
	wait_for_ready(scene, WHO_CHILD, 1);
	(void)take_pid_next(100);
	(void)kill(scene->pids[WHO_CHILD], SIGUSR1);
	leftovers_stop(&scene->leftovers);
	while (scene->seen[WHO_CHILD][SIGUSR2] == 0 && complaint->text[0] == '\0')
		take_report(scene);
	wait_for_ready(scene, WHO_FIRST_OF_MANY, *started);
	for (int i = 0; i < *started; i++)
		expect_only(scene, WHO_FIRST_OF_MANY + i, term_and_cont);
	expect_strangers_have_nothing(scene);
	expect_said(scene, "");
}

TEST(who_is_started_while_the_others_are_looked_for_is_found_too, stop_busy_starter)

static void kill_all(struct complaint *complaint, const void *argument)
{
	struct scene *scene = start_all(complaint);

	(void)argument;
	leftovers_kill(&scene->leftovers);
	reap_everybody(); /* which would hang if anybody was left */
	expect_strangers_have_nothing(scene);
	expect_whit_has_nothing(scene);
	expect_said(scene, "");
}

TEST(kill_ends_each_descendant_and_nobody_else, kill_all)

struct signal_row {
	const char *name;
	int signal;
};

static const struct signal_row signal_rows[] = {
	{"HUP", SIGHUP},
	{"USR1", SIGUSR1},
	{"TERM", SIGTERM},
	{"WINCH", SIGWINCH},
	{"CONT", SIGCONT},
	{"real-time", 40},
};

static void signal_all(struct complaint *complaint, const void *argument)
{
	const struct signal_row *row = argument;
	const int expected[] = {row->signal, 0};
	struct scene *scene = start_all(complaint);

	leftovers_signal(&scene->leftovers, row->signal);
	/* A stopped one is not continued by just any signal. */
	for (int who = 0; who < TREE_COUNT - (row->signal == SIGCONT ? 0 : 1); who++)
		expect_only(scene, who, expected);
	expect_strangers_have_nothing(scene);
	expect_whit_has_nothing(scene);
	expect_said(scene, "");
}

static void a_signal_reaches_each_descendant_once_and_nobody_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(signal_rows); i++)
		expect_beside_init(signal_rows[i].name, signal_all, &signal_rows[i]);
}

/* Ways to outrun who looks for them. */
enum run {
	RUN_AWAY,   /* fork and exit, over and over: another pid each time */
	RUN_SHORT,  /* the parent stays, its children end at once */
	RUN_CROWD,  /* the parent stays, its children stay too, up to a number */
	RUN_SPREAD, /* each new one goes to whit, and starts one in turn */
};

struct run_row {
	const char *name;
	enum run run;
};

static const struct run_row run_rows[] = {
	{"one that forks and exits", RUN_AWAY},
	{"one whose children exit", RUN_SHORT},
	{"one whose children stay", RUN_CROWD},
	{"one whose grandchildren fork and exit", RUN_SPREAD},
};

#define CROWD 200

_Noreturn static void run(const struct scene *scene, enum run how)
{
	int started = 0;

	say(scene, WHO_CHILD, READY);
	for (;;) {
		pid_t pid;

		if (how == RUN_CROWD && started == CROWD) {
			(void)waitpid(-1, NULL, 0);
			started--;
		}
		pid = fork();
		if (pid < 0)
			continue;
		started++;
		switch (how) {
		case RUN_AWAY:
			if (pid > 0)
				_exit(0);
			break;
		case RUN_SHORT:
			if (pid == 0)
				_exit(0);
			(void)waitpid(-1, NULL, 0);
			break;
		case RUN_CROWD:
			while (pid == 0)
				(void)pause();
			break;
		case RUN_SPREAD:
			if (pid == 0 && fork() != 0)
				_exit(0);
			if (pid > 0)
				(void)waitpid(pid, NULL, 0);
			if (pid == 0)
				how = RUN_AWAY;
			else
				(void)pause();
			break;
		}
	}
}

static void kill_runner(struct complaint *complaint, const void *argument)
{
	const struct run_row *row = argument;
	struct scene *scene = start_scene(complaint);

	start_strangers(scene);
	become_subreaper(scene);
	if (fork() == 0)
		run(scene, row->run);
	wait_for_ready(scene, WHO_CHILD, 1);
	do { /* as the supervisor does when somebody's end is news */
		leftovers_kill(&scene->leftovers);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			continue;
	} while (waitpid(-1, NULL, WNOHANG) == 0);
	expect_strangers_have_nothing(scene);
	expect_said(scene, "");
}

static void who_forks_as_fast_as_it_can_is_killed_in_the_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(run_rows); i++)
		expect_beside_init(run_rows[i].name, kill_runner, &run_rows[i]);
}

static void stop_runner(struct complaint *complaint, const void *argument)
{
	const struct run_row *row = argument;
	struct scene *scene = start_scene(complaint);

	start_strangers(scene);
	become_subreaper(scene);
	if (fork() == 0)
		run(scene, row->run);
	wait_for_ready(scene, WHO_CHILD, 1);
	leftovers_stop(&scene->leftovers); /* and this returns */
	leftovers_signal(&scene->leftovers, SIGUSR1);
	expect_strangers_have_nothing(scene);
	expect_said(scene, "");
}

static void who_forks_as_fast_as_it_can_does_not_keep_whit(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(run_rows); i++)
		expect_beside_init(run_rows[i].name, stop_runner, &run_rows[i]);
}

/* --- an older kernel --- */

static bool is_child(int who)
{
	return who != WHO_GRANDCHILD && who != WHO_SESSION;
}

struct refusal {
	const char *name;
	int error;
};

static const struct refusal refusals[] = {
	{"a kernel without pidfd_open", ENOSYS},
	{"a sandbox that refuses pidfd_open", EPERM},
};

static void refuse_pidfds(struct scene *scene, int error)
{
	static const long numbers[] = {SYS_pidfd_open, SYS_pidfd_send_signal};

	if (!refuse_system_calls(numbers, COUNT(numbers), error))
		complain(scene->complaint, "seccomp: %s", strerror(errno));
}

static void stop_without_pidfds(struct complaint *complaint, const void *argument)
{
	const struct refusal *refusal = argument;
	const int usr1[] = {SIGUSR1, 0};
	struct scene *scene = start_all(complaint);

	refuse_pidfds(scene, refusal->error);
	leftovers_stop(&scene->leftovers);
	for (int who = 0; who < TREE_COUNT; who++)
		expect_only(scene, who, is_child(who) ? term_and_cont : nothing);
	leftovers_signal(&scene->leftovers, SIGUSR1);
	for (int who = 0; who < TREE_COUNT; who++)
		expect_only(scene, who, is_child(who) ? usr1 : nothing);
	expect_strangers_have_nothing(scene);
	expect_whit_has_nothing(scene);
	expect_said(scene, "");
}

static void kill_without_pidfds(struct complaint *complaint, const void *argument)
{
	const struct refusal *refusal = argument;
	struct scene *scene = start_all(complaint);

	refuse_pidfds(scene, refusal->error);
	do
		leftovers_kill(&scene->leftovers);
	while (waitpid(-1, NULL, 0) > 0);
	expect_strangers_have_nothing(scene);
	expect_whit_has_nothing(scene);
	expect_said(scene, "");
}

static void expect_on_each_older_kernel(
	void (*body)(struct complaint *complaint, const void *argument))
{
	if (!can_refuse_system_calls()) {
		print_message("skipped: this sandbox has no seccomp filters\n");
		skip();
	}
	for (size_t i = 0; i < COUNT(refusals); i++)
		expect_beside_init(refusals[i].name, body, &refusals[i]);
}

static void without_pidfds_signals_reach_the_children_and_nobody_else(void **state)
{
	(void)state;
	expect_on_each_older_kernel(stop_without_pidfds);
}

static void without_pidfds_kill_ends_the_children_and_then_those_who_come_to_us(void **state)
{
	(void)state;
	expect_on_each_older_kernel(kill_without_pidfds);
}

/* --- descriptors of processes, and the want of them --- */

/*
 * With stdin closed the descriptor that stands for a process may be 0. Numbers are for those
 * kernels where there is none.
 */
static void signal_without_kill_or_stdin(struct complaint *complaint, const void *argument)
{
	static const long numbers[] = {SYS_kill};
	const int usr1[] = {SIGUSR1, 0};
	struct scene *scene = start_all(complaint);

	(void)argument;
	(void)close(STDIN_FILENO);
	if (!refuse_system_calls(numbers, COUNT(numbers), ESRCH))
		complain(complaint, "seccomp: %s", strerror(errno));
	leftovers_stop(&scene->leftovers);
	for (int who = 0; who < TREE_COUNT; who++)
		expect_only(scene, who, term_and_cont);
	leftovers_signal(&scene->leftovers, SIGUSR1);
	for (int who = 0; who < TREE_COUNT; who++)
		expect_only(scene, who, usr1);
	leftovers_kill(&scene->leftovers);
	reap_everybody();
	expect_strangers_have_nothing(scene);
	expect_said(scene, "");
	if (fcntl(STDIN_FILENO, F_GETFD) >= 0)
		complain(complaint, "a descriptor that was 0 has been left open");
}

static void who_can_be_had_by_descriptor_be_it_0_is_not_signalled_by_number(void **state)
{
	(void)state;
	if (!can_refuse_system_calls()) {
		print_message("skipped: this sandbox has no seccomp filters\n");
		skip();
	}
	expect_beside_init("without kill or stdin", signal_without_kill_or_stdin, NULL);
}

/* No descriptor for one of them, who is neither the first nor the last, after so many have been
 * had. */
#define WHO_IS_HARD_TO_HAVE WHO_OTHER_GROUP

struct shortage_row {
	const char *name;
	int passes;
	int failures;
};

/* It has been looked for, and sent TERM. */
#define CONT_COMES_AFTER 2

static const struct shortage_row shortage_rows[] = {
	{"when looked for", 0, 1},
	{"when looked for, for ever", 0, FOR_EVER},
	{"when sent TERM", 1, 1},
	{"when sent TERM, three times", 1, 3},
	{"when sent TERM, for ever", 1, FOR_EVER},
	{"when continued", CONT_COMES_AFTER, 1},
	{"when continued, three times", CONT_COMES_AFTER, 3},
	{"when continued, for ever", CONT_COMES_AFTER, FOR_EVER},
};

/* Else a second CONT might come while the first was pending, and be the same. */
static void wait_for_cont_of_earlier_ones(void *context)
{
	struct scene *scene = context;

	for (int who = 0; who < TREE_COUNT; who++) {
		while (scene->pids[who] < scene->pids[WHO_IS_HARD_TO_HAVE] &&
			scene->seen[who][SIGCONT] == 0 && scene->complaint->text[0] == '\0')
			take_report(scene);
	}
}

static void begin_shortage(struct scene *scene, const struct shortage_row *row)
{
	static struct failing_call open = {.number = SYS_pidfd_open, .error = EMFILE};

	open.first_argument = scene->pids[WHO_IS_HARD_TO_HAVE];
	open.passes = row->passes;
	open.failures = row->failures;
	if (row->passes == CONT_COMES_AFTER) {
		open.before_failure = wait_for_cont_of_earlier_ones;
		open.context = scene;
	}
	if (!failing_call_start(&open))
		complain(scene->complaint, "seccomp: %s", strerror(errno));
}

static void stop_in_shortage(struct complaint *complaint, const void *argument)
{
	const struct shortage_row *row = argument;
	struct scene *scene = start_all(complaint);

	begin_shortage(scene, row);
	leftovers_stop(&scene->leftovers); /* and this returns */
	for (int who = 0; who < TREE_COUNT; who++) {
		if (who != WHO_IS_HARD_TO_HAVE || row->failures != FOR_EVER)
			expect_only(scene, who, term_and_cont);
	}
	expect_strangers_have_nothing(scene);
	expect_whit_has_nothing(scene);
	expect_said(scene, "");
}

static void signal_in_shortage(struct complaint *complaint, const void *argument)
{
	const int usr1[] = {SIGUSR1, 0};
	struct scene *scene = start_all(complaint);

	begin_shortage(scene, argument);
	leftovers_signal(&scene->leftovers, SIGUSR1);
	for (int who = 0; who < WHO_STOPPED; who++)
		expect_only(scene, who, usr1);
	expect_strangers_have_nothing(scene);
	expect_said(scene, "");
}

static void want_of_a_descriptor_for_one_is_outlasted_or_else_does_not_keep_the_others(void **state)
{
	(void)state;
	if (!can_have_failing_call())
		skip();
	for (size_t i = 0; i < COUNT(shortage_rows); i++)
		expect_beside_init(shortage_rows[i].name, stop_in_shortage, &shortage_rows[i]);
	expect_beside_init("a signal", signal_in_shortage, &shortage_rows[0]);
}

/* As if each of them had been reaped, and somebody else was found in its place, over and over. */
static void signal_those_who_are_always_gone(struct complaint *complaint, const void *argument)
{
	static const long numbers[] = {SYS_pidfd_send_signal};
	struct scene *scene = start_all(complaint);

	(void)argument;
	if (!refuse_system_calls(numbers, COUNT(numbers), ESRCH))
		complain(complaint, "seccomp: %s", strerror(errno));
	leftovers_stop(&scene->leftovers); /* and these return */
	leftovers_kill(&scene->leftovers);
	for (int who = 0; who < WHO_STOPPED; who++)
		expect_only(scene, who, nothing);
	expect_strangers_have_nothing(scene);
	expect_said(scene, "");
}

static void who_is_always_gone_when_signalled_does_not_keep_whit(void **state)
{
	(void)state;
	if (!can_refuse_system_calls()) {
		print_message("skipped: this sandbox has no seccomp filters\n");
		skip();
	}
	expect_beside_init("always gone", signal_those_who_are_always_gone, NULL);
}

/* --- waiting for those who are to stop --- */

#ifdef SYS_poll
#define POLL SYS_poll
#else
#define POLL SYS_ppoll
#endif

/* Whit says nothing here, so poll is called for no other purpose than to wait. */
static void count_waits(struct scene *scene, struct failing_call *poll)
{
	*poll = (struct failing_call){
		.number = POLL, .first_argument = ANY_ARGUMENT, .passes = FOR_EVER};
	if (!failing_call_start(poll))
		complain(scene->complaint, "seccomp: %s", strerror(errno));
}

static void stop_stopped(struct complaint *complaint, const void *argument)
{
	static struct failing_call poll;
	struct scene *scene = start_scene(complaint);
	siginfo_t unused;

	(void)argument;
	become_subreaper(scene);
	start_one(scene, WHO_STOPPED, HABIT_IS_STOPPED);
	wait_for_ready(scene, WHO_STOPPED, 1);
	(void)waitid(P_PID, (id_t)scene->pids[WHO_STOPPED], &unused, WSTOPPED);
	count_waits(scene, &poll);
	leftovers_stop(&scene->leftovers);
	expect_only(scene, WHO_STOPPED, term_and_cont);
	if (poll.passes != FOR_EVER)
		complain(complaint, "expected no wait, observed %d", FOR_EVER - poll.passes);
}

static void who_has_stopped_is_not_waited_for(void **state)
{
	(void)state;
	if (!can_have_failing_call())
		skip();
	expect_beside_init("a stopped one alone", stop_stopped, NULL);
}

/* From now on /proc says that it is running, as of one that is in the middle of a long fork. */
static void pretend_to_run(struct scene *scene, int who)
{
	char path[] = "/tmp/whit-stat-XXXXXX";
	int fd = mkstemp(path);
	char target[32];

	(void)snprintf(target, sizeof(target), "/proc/%d/stat", scene->pids[who]);
	if (fd < 0 || dprintf(fd, "%d (x) R %d 0\n", scene->pids[who], getpid()) < 0 ||
		mount(path, target, NULL, MS_BIND, NULL) != 0)
		complain(scene->complaint, "a file on %s: %s", target, strerror(errno));
	(void)close(fd);
	(void)unlink(path);
}

/* The pid is one that can be on the edge of what is looked at together. */
static void wait_for_one(struct complaint *complaint, const void *argument)
{
	static struct failing_call poll;
	const int *remainder = argument;
	struct scene *scene = start_scene(complaint);
	int who = WHO_FIRST_OF_MANY;

	become_subreaper(scene);
	do {
		start_one(scene, ++who, HABIT_NONE);
		wait_for_ready(scene, who, 1);
	} while (scene->pids[who] < 64 || scene->pids[who] % 8 != *remainder);
	pretend_to_run(scene, who);
	count_waits(scene, &poll);
	leftovers_stop(&scene->leftovers);
	if (poll.passes == FOR_EVER)
		complain(complaint, "pid %d has not been waited for", scene->pids[who]);
}

static void who_has_not_stopped_is_waited_for(void **state)
{
	static const int remainders[] = {0, 7};

	(void)state;
	if (!can_have_failing_call())
		skip();
	for (size_t i = 0; i < COUNT(remainders); i++)
		expect_beside_init("a running one", wait_for_one, &remainders[i]);
}

static void stop_one_that_does_not_stop(struct complaint *complaint, const void *argument)
{
	struct scene *scene = start_all(complaint);

	(void)argument;
	pretend_to_run(scene, WHO_CHILD);
	leftovers_stop(&scene->leftovers); /* and this returns */
	for (int who = 0; who < TREE_COUNT; who++)
		expect_only(scene, who, term_and_cont);
	expect_strangers_have_nothing(scene);
	expect_said(scene, "");
}

TEST(who_does_not_stop_does_not_keep_whit_from_the_others, stop_one_that_does_not_stop)

/* --- no /proc --- */

static const char no_proc[] =
	"whit: cannot look for the rest in /proc (No such file or directory): only the command's "
	"process group is signalled\n";

static void use_group(struct complaint *complaint, const void *argument)
{
	const int usr1[] = {SIGUSR1, 0};
	struct scene *scene = start_all(complaint);

	(void)argument;
	hide_proc(scene);
	leftovers_stop(&scene->leftovers);
	expect_said(scene, no_proc);
	expect_only(scene, WHO_CHILD, term_and_cont);
	expect_only(scene, WHO_GRANDCHILD, term_and_cont);
	leftovers_signal(&scene->leftovers, SIGUSR1);
	expect_only(scene, WHO_CHILD, usr1);
	expect_only(scene, WHO_GRANDCHILD, usr1);
	leftovers_kill(&scene->leftovers);
	(void)waitpid(scene->pids[WHO_CHILD], NULL, 0);
	(void)waitpid(scene->pids[WHO_GRANDCHILD], NULL, 0); /* it has come to us */
	expect_only(scene, WHO_SESSION, nothing);
	expect_only(scene, WHO_DAEMON, nothing);
	expect_only(scene, WHO_OTHER_GROUP, nothing);
	expect_strangers_have_nothing(scene);
	expect_whit_has_nothing(scene);
	expect_said(scene, "");
}

TEST(without_proc_the_commands_group_is_signalled_and_one_warning_says_so, use_group)

static void show_other_proc(struct scene *scene)
{
	if (umount2("/proc", MNT_DETACH) != 0)
		complain(scene->complaint, "umount: %s", strerror(errno));
}

static void use_group_beside_other_proc(struct complaint *complaint, const void *argument)
{
	struct scene *scene = start_all(complaint);

	(void)argument;
	show_other_proc(scene);
	leftovers_stop(&scene->leftovers);
	expect_said(scene, no_proc);
	expect_only(scene, WHO_CHILD, term_and_cont);
	expect_only(scene, WHO_GRANDCHILD, term_and_cont);
	expect_only(scene, WHO_SESSION, nothing);
	expect_only(scene, WHO_OTHER_GROUP, nothing);
	expect_strangers_have_nothing(scene);
	expect_whit_has_nothing(scene);
}

TEST(the_proc_of_another_namespace_is_not_looked_at, use_group_beside_other_proc)

static void use_no_group(struct complaint *complaint, const void *argument)
{
	struct scene *scene = start_all(complaint);

	(void)argument;
	hide_proc(scene);
	scene->leftovers.command = 0; /* paused: there was none. kill(0) would be whit's group */
	leftovers_stop(&scene->leftovers);
	leftovers_signal(&scene->leftovers, SIGUSR1);
	leftovers_kill(&scene->leftovers);
	for (int who = 0; who < TREE_COUNT; who++) {
		if (who != WHO_STOPPED)
			expect_only(scene, who, nothing);
	}
	expect_strangers_have_nothing(scene);
	expect_whit_has_nothing(scene);
	expect_said(scene, no_proc);
}

TEST(without_proc_and_without_a_command_nobody_is_signalled, use_no_group)

/* The pid of the command is free when it has been reaped, and so may its group's number be. */
static void use_strangers_group(struct complaint *complaint, const void *argument)
{
	struct scene *scene = start_all(complaint);

	(void)argument;
	hide_proc(scene);
	scene->leftovers.command = scene->pids[WHO_STRANGER];
	leftovers_stop(&scene->leftovers);
	leftovers_signal(&scene->leftovers, SIGUSR1);
	leftovers_kill(&scene->leftovers);
	for (int who = 0; who < TREE_COUNT; who++) {
		if (who != WHO_STOPPED)
			expect_only(scene, who, nothing);
	}
	expect_strangers_have_nothing(scene);
	expect_whit_has_nothing(scene);
}

TEST(without_proc_a_group_that_no_child_of_ours_is_in_is_left_alone, use_strangers_group)

static void use_group_of_zombie(struct complaint *complaint, const void *argument)
{
	struct scene *scene = start_all(complaint);
	siginfo_t unused;

	(void)argument;
	hide_proc(scene);
	(void)kill(scene->pids[WHO_CHILD], SIGKILL);
	(void)waitid(P_PID, (id_t)scene->pids[WHO_CHILD], &unused, WEXITED | WNOWAIT);
	leftovers_stop(&scene->leftovers);
	expect_only(scene, WHO_GRANDCHILD, term_and_cont);
	expect_strangers_have_nothing(scene);
	expect_whit_has_nothing(scene);
}

TEST(without_proc_the_group_outlives_its_leader, use_group_of_zombie)

/* --- nobody to signal --- */

static void signal_nobody(struct complaint *complaint, const void *argument)
{
	struct scene *scene = start_scene(complaint);

	(void)argument;
	start_strangers(scene);
	become_subreaper(scene);
	scene->leftovers.command = scene->pids[WHO_STRANGER]; /* reaped, and used again */
	for (int with_proc = 1; with_proc >= 0; with_proc--) {
		leftovers_stop(&scene->leftovers);
		leftovers_signal(&scene->leftovers, SIGUSR1);
		leftovers_kill(&scene->leftovers);
		expect_strangers_have_nothing(scene);
		expect_whit_has_nothing(scene);
		expect_said(scene, "");
		hide_proc(scene);
	}
}

TEST(without_children_nobody_is_signalled_and_nothing_is_said, signal_nobody)

/* --- as PID 1 --- */

static void use_namespace(struct complaint *complaint, const void *argument)
{
	const int usr1[] = {SIGUSR1, 0};
	struct scene *scene = start_scene(complaint);

	(void)argument;
	start_strangers(scene);
	start_tree(scene);
	hide_proc(scene); /* not needed */
	leftovers_stop(&scene->leftovers);
	for (int who = 0; who < WHO_COUNT; who++)
		expect_only(scene, who, term_and_cont);
	leftovers_signal(&scene->leftovers, SIGUSR1);
	for (int who = 0; who < WHO_COUNT; who++)
		expect_only(scene, who, usr1);
	leftovers_kill(&scene->leftovers);
	reap_everybody();
	expect_whit_has_nothing(scene);
	leftovers_stop(&scene->leftovers); /* nobody is left */
	leftovers_kill(&scene->leftovers);
	expect_said(scene, "");
}

static void as_pid_1_signals_reach_the_whole_namespace_and_nobody_outside(void **state)
{
	(void)state;
	if (!can_have_namespace())
		skip();
	run_in_namespace("as PID 1", NAMESPACE_PLACE_INIT, use_namespace, NULL);
}

/* --- odd surroundings --- */

/*
 * A child that was there before whit was executed may have been cloned with any signal for its end,
 * or none: a plain wait does not see it (clone(2), "The child termination signal").
 */
static void signal_silent_child(struct complaint *complaint, const void *argument)
{
	struct scene *scene = start_scene(complaint);

	(void)argument;
	become_subreaper(scene);
	if (syscall(SYS_clone, 0UL, NULL, NULL, NULL, NULL) == 0)
		live(scene, WHO_CHILD, HABIT_NONE);
	wait_for_ready(scene, WHO_CHILD, 1);
	leftovers_stop(&scene->leftovers);
	expect_only(scene, WHO_CHILD, term_and_cont);
	if (complaint->text[0] != '\0')
		return;
	leftovers_kill(&scene->leftovers);
	reap_everybody();
}

TEST(a_child_whose_end_raises_no_sigchld_is_no_less_ours, signal_silent_child)

/* As with RLIMIT_NOFILE; free is the number of descriptors that may still be opened. */
static void leave_descriptors(struct scene *scene, int free)
{
	const struct rlimit limit = {64, 64};
	int last = 0;

	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		complain(scene->complaint, "setrlimit: %s", strerror(errno));
	for (int fd; (fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;)
		last = fd;
	for (; free > 0; free--)
		(void)close(last--);
}

static void stop_with_few_descriptors(struct complaint *complaint, const void *argument)
{
	const int *free = argument;
	struct scene *scene = start_all(complaint);

	leave_descriptors(scene, *free);
	leftovers_stop(&scene->leftovers);
	for (int who = 0; who < TREE_COUNT; who++) {
		if (who != WHO_STOPPED || *free >= 3)
			settle(scene, who);
	}
	/* Whoever it is that can be found: the command's group is the least. */
	expect_seen(scene, WHO_CHILD, SIGTERM, 1);
	expect_strangers_have_nothing(scene);
	expect_whit_has_nothing(scene);
}

static void kill_with_few_descriptors(struct complaint *complaint, const void *argument)
{
	const int *free = argument;
	struct scene *scene = start_scene(complaint);

	start_strangers(scene);
	become_subreaper(scene);
	if (fork() == 0) {
		(void)setpgid(0, 0);
		live(scene, WHO_CHILD, HABIT_NONE);
	}
	wait_for_ready(scene, WHO_CHILD, 1);
	scene->leftovers.command = scene->pids[WHO_CHILD];
	leave_descriptors(scene, *free);
	leftovers_kill(&scene->leftovers);
	/* Whoever was killed says nothing any more; whoever was not, says the marker. */
	(void)kill(scene->pids[WHO_CHILD], MARKER);
	settle(scene, WHO_STRANGER);
	expect_strangers_have_nothing(scene);
	reap_everybody();
}

static void three_free_descriptors_are_enough(void **state)
{
	(void)state;
	expect_beside_init("stop, 3 free", stop_with_few_descriptors, &(const int){3});
	expect_beside_init("kill, 3 free", kill_with_few_descriptors, &(const int){3});
}

/* 0, 1, 2 and the signalfd may be all that there are: contract, section 12. */
static void with_fewer_free_descriptors_the_commands_group_is_reached_all_the_same(void **state)
{
	static const int frees[] = {2, 1, 0};

	(void)state;
	for (size_t i = 0; i < COUNT(frees); i++) {
		char what[32];

		(void)snprintf(what, sizeof(what), "stop, %d free", frees[i]);
		expect_beside_init(what, stop_with_few_descriptors, &frees[i]);
	}
}

/* A set-uid program, and whit as somebody else without CAP_KILL. */
static void stop_another_user(struct complaint *complaint, const void *argument)
{
	struct scene *scene = start_scene(complaint);
	char expected[256];

	(void)argument;
	become_subreaper(scene);
	if (fork() == 0) {
		(void)setsid(); /* else CONT would be allowed: kill(2) */
		live(scene, WHO_CHILD, HABIT_NONE);
	}
	wait_for_ready(scene, WHO_CHILD, 1);
	if (setresuid(65534, 65534, 65534) != 0)
		complain(complaint, "setresuid: %s", strerror(errno));
	leftovers_stop(&scene->leftovers);
	(void)snprintf(expected, sizeof(expected),
		"whit: cannot signal pid %d of the rest: it runs as another user and whit has no "
		"CAP_KILL\n",
		scene->pids[WHO_CHILD]);
	expect_said(scene, expected);
}

static void who_may_not_be_signalled_is_one_warning(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("skipped: becoming another user needs root\n");
		skip();
	}
	expect_beside_init("another user", stop_another_user, NULL);
}

/* --- pids that are used again --- */

/* Found as ours in one round, and a stranger with the same pid in the next. */
static void reuse_pid(struct complaint *complaint, const void *argument)
{
	const int usr1[] = {SIGUSR1, 0};
	struct scene *scene = start_all(complaint);
	pid_t pid = scene->pids[WHO_OTHER_GROUP];
	pid_t starter;

	(void)argument;
	leftovers_stop(&scene->leftovers);
	for (int who = 0; who < TREE_COUNT; who++)
		expect_only(scene, who, term_and_cont);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	/* For as long as we are no subreaper, orphans go to PID 1. */
	(void)prctl(PR_SET_CHILD_SUBREAPER, 0UL, 0UL, 0UL, 0UL);
	starter = fork();
	if (starter == 0) {
		if (!take_pid_next(pid))
			_exit(1);
		start_one(scene, WHO_OTHER_GROUP, HABIT_NONE);
		_exit(0);
	}
	(void)waitpid(starter, NULL, 0);
	become_subreaper(scene);
	scene->seen[WHO_OTHER_GROUP][READY] = 0;
	wait_for_ready(scene, WHO_OTHER_GROUP, 1);
	if (scene->pids[WHO_OTHER_GROUP] != pid)
		complain(complaint, "pid %d was not used again, but %d", pid,
			scene->pids[WHO_OTHER_GROUP]);
	leftovers_stop(&scene->leftovers);
	expect_only(scene, WHO_OTHER_GROUP, nothing);
	expect_only(scene, WHO_CHILD, term_and_cont);
	leftovers_signal(&scene->leftovers, SIGUSR1);
	expect_only(scene, WHO_OTHER_GROUP, nothing);
	expect_only(scene, WHO_CHILD, usr1);
	leftovers_kill(&scene->leftovers);
	reap_everybody();
	expect_only(scene, WHO_OTHER_GROUP, nothing);
	expect_strangers_have_nothing(scene);
}

static void a_stranger_with_the_pid_of_one_who_was_ours_gets_nothing(void **state)
{
	(void)state;
	if (geteuid() != 0 || access("/proc/sys/kernel/ns_last_pid", W_OK) != 0) {
		print_message("skipped: pids cannot be chosen here (ns_last_pid)\n");
		skip();
	}
	expect_beside_init("a pid used again", reuse_pid, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(term_and_cont_reach_each_descendant_and_nobody_else),
		cmocka_unit_test(who_was_found_in_an_earlier_round_is_found_again),
		cmocka_unit_test(who_is_started_to_clean_up_gets_no_term),
		cmocka_unit_test(who_is_started_while_the_others_are_looked_for_is_found_too),
		cmocka_unit_test(kill_ends_each_descendant_and_nobody_else),
		cmocka_unit_test(a_signal_reaches_each_descendant_once_and_nobody_else),
		cmocka_unit_test(who_forks_as_fast_as_it_can_is_killed_in_the_end),
		cmocka_unit_test(who_forks_as_fast_as_it_can_does_not_keep_whit),
		cmocka_unit_test(without_pidfds_signals_reach_the_children_and_nobody_else),
		cmocka_unit_test(
			without_pidfds_kill_ends_the_children_and_then_those_who_come_to_us),
		cmocka_unit_test(who_can_be_had_by_descriptor_be_it_0_is_not_signalled_by_number),
		cmocka_unit_test(
			want_of_a_descriptor_for_one_is_outlasted_or_else_does_not_keep_the_others),
		cmocka_unit_test(who_is_always_gone_when_signalled_does_not_keep_whit),
		cmocka_unit_test(who_has_stopped_is_not_waited_for),
		cmocka_unit_test(who_has_not_stopped_is_waited_for),
		cmocka_unit_test(who_does_not_stop_does_not_keep_whit_from_the_others),
		cmocka_unit_test(
			without_proc_the_commands_group_is_signalled_and_one_warning_says_so),
		cmocka_unit_test(the_proc_of_another_namespace_is_not_looked_at),
		cmocka_unit_test(without_proc_and_without_a_command_nobody_is_signalled),
		cmocka_unit_test(without_proc_a_group_that_no_child_of_ours_is_in_is_left_alone),
		cmocka_unit_test(without_proc_the_group_outlives_its_leader),
		cmocka_unit_test(without_children_nobody_is_signalled_and_nothing_is_said),
		cmocka_unit_test(as_pid_1_signals_reach_the_whole_namespace_and_nobody_outside),
		cmocka_unit_test(a_stranger_with_the_pid_of_one_who_was_ours_gets_nothing),
		cmocka_unit_test(a_child_whose_end_raises_no_sigchld_is_no_less_ours),
		cmocka_unit_test(three_free_descriptors_are_enough),
		cmocka_unit_test(
			with_fewer_free_descriptors_the_commands_group_is_reached_all_the_same),
		cmocka_unit_test(who_may_not_be_signalled_is_one_warning),
	};

	return cmocka_run_group_tests_name("supervise/leftovers", tests, NULL, NULL);
}

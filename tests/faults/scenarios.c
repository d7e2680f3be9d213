/* What is done to whit in each scenario. What becomes of a failure is judged by faults.c. */
#include "scenarios.h"

#include "player.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define QUEUED_VALUE 5

/* --- what whit finds --- */

static void have_few_descriptors(void)
{
	const struct rlimit few = {64, 64}; /* for when every one of them is closed */

	setrlimit(RLIMIT_NOFILE, &few);
}

static void hide_proc(void)
{
	have_few_descriptors();
	if (mount("none", "/proc", "tmpfs", 0, NULL) < 0)
		_exit(93);
}

static void close_stdin(void)
{
	close(STDIN_FILENO);
}

static void ignore_chld(void)
{
	signal(SIGCHLD, SIG_IGN);
}

static void name_self_as_listener(void)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", getpid());
	setenv("LISTEN_PID", pid, 1);
}

static void search_two_directories(void)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "/no-such-directory:%s", getenv("PLAYER"));
	*strrchr(path, '/') = '\0';
	setenv("PATH", path, 1);
}

/* For a pause: what is sent before whit listens is kept, and there are two to reap. */
static void have_children(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	for (int i = 0; i < 2; i++) {
		if (fork() == 0)
			_exit(0);
	}
}

static void write_messages_to_file(void)
{
	int file = memfd_create("stderr", MFD_CLOEXEC);

	if (file < 0 || dup2(file, STDERR_FILENO) < 0)
		_exit(93);
}

/* Of the scenario that goes on; its master's end is the test's, which never reads. */
static char terminal_path[64];

static void lead_session(void)
{
	int fd;

	if (setsid() < 0 && getpid() != 1)
		_exit(94);
	fd = open(terminal_path, O_RDWR); /* becomes the controlling terminal: open(2) */
	if (fd < 0 || dup2(fd, STDIN_FILENO) < 0)
		_exit(95);
	close(fd);
}

static void write_messages_to_terminal(void)
{
	lead_session();
	dup2(STDIN_FILENO, STDERR_FILENO);
}

static void give_foreground_to(pid_t group)
{
	sigset_t output;
	sigset_t before;

	sigemptyset(&output);
	sigaddset(&output, SIGTTOU);
	sigprocmask(SIG_BLOCK, &output, &before);
	tcsetpgrp(STDIN_FILENO, group);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

/* The least shell with job control: whoever stops is continued in the foreground. */
static void be_job_of_shell(void)
{
	int status;
	pid_t job;

	lead_session();
	job = fork();
	if (job == 0) {
		setpgid(0, 0);
		give_foreground_to(getpid());
		return;
	}
	setpgid(job, job);
	while (waitpid(job, &status, WUNTRACED) == job && WIFSTOPPED(status)) {
		give_foreground_to(getpid());
		give_foreground_to(job);
		kill(-job, SIGCONT);
	}
	_exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

/* --- what is done to it --- */

#define SIGNAL(number, line)                                                                       \
	{                                                                                          \
		.action = ACTION_SIGNAL, .signal = (number), .says = (line)                        \
	}
#define QUEUE(number, line)                                                                        \
	{                                                                                          \
		.action = ACTION_QUEUE, .signal = (number), .says = (line)                         \
	}
#define ORPHANS                                                                                    \
	{                                                                                          \
		.action = ACTION_SIGNAL, .signal = PLAYER_ORPHANS, .says = "made 3",               \
		.makes_orphans = true                                                              \
	}
#define READY                                                                                      \
	{                                                                                          \
		.action = ACTION_AWAIT, .says = "ready 0"                                          \
	}
#define LEAVE          SIGNAL(PLAYER_LEAVE, "leaves 0")
#define LEAVE_LISTENER SIGNAL(PLAYER_LEAVE_LISTENER, "leaves 2")
#define LEAVE_STUBBORN SIGNAL(PLAYER_LEAVE_STUBBORN, "leaves 1")
#define EXIT           SIGNAL(PLAYER_EXIT, NULL)
#define STOP           SIGNAL(PLAYER_STOP, "continued 20")

#define ALL_SORTS READY, SIGNAL(SIGUSR1, "got 10"), QUEUE(36, "got 36 with 5"), ORPHANS, EXIT

#define AS_INIT      .role = ROLE_INIT
#define AS_SUBREAPER .role = ROLE_SUBREAPER, .bystanders = 2
#define BOTH(...)                                                                                  \
	{AS_INIT, __VA_ARGS__},                                                                    \
	{                                                                                          \
		AS_SUBREAPER, __VA_ARGS__                                                          \
	}

#define KILLING_REST "whit: killing the rest: it has not ended within * s\n"
#define NOT_IN_PROC                                                                                \
	"whit: cannot look for the rest in /proc (*): only the command's process group is "        \
	"signalled\n"

const struct scenario scenarios[] = {
	BOTH(.name = "plain", .words = {"PLAYER"}, .steps = {ALL_SORTS}, .status = 7, .err = ""),
	BOTH(.name = "start", .words = {"PLAYER"}, .steps = {READY, EXIT}, .status = 7, .err = "",
		.fails_start = true),
	{AS_INIT, .name = "search", .words = {"player"}, .set_up = search_two_directories,
		.steps = {READY, EXIT}, .status = 7, .err = "", .fails_start = true},
	{AS_INIT, .name = "not found", .words = {"/nowhere/player"}, .status = 127,
		.err = "whit: cannot run '/nowhere/player': *\n", .fails_start = true},
	{AS_INIT, .name = "script", .words = {"SCRIPT"}, .steps = {READY, EXIT}, .status = 7,
		.err = "", .fails_start = true},
	{AS_INIT, .name = "socket activation", .words = {"PLAYER"}, .set_up = name_self_as_listener,
		.steps = {READY, EXIT}, .status = 7, .err = "", .fails_start = true},
	{AS_INIT, .name = "CHLD ignored", .words = {"PLAYER"}, .set_up = ignore_chld,
		.steps = {READY, EXIT}, .status = 7, .err = "", .fails_start = true},
	{AS_INIT, .name = "stdin closed", .words = {"PLAYER"}, .set_up = close_stdin,
		.steps = {READY, EXIT}, .status = 7, .err = ""},
	{AS_INIT, .name = "no close_range", .words = {"PLAYER"}, .set_up = have_few_descriptors,
		.standing = {"inject=close_range:error=ENOSYS"}, .steps = {READY, EXIT},
		.status = 7, .err = ""},
	{AS_INIT, .name = "no close_range, no /proc", .words = {"PLAYER"}, .set_up = hide_proc,
		.standing = {"inject=close_range:error=ENOSYS"}, .steps = {READY, EXIT},
		.status = 7, .err = ""},
	{AS_INIT, .name = "no close_range, no prlimit64", .words = {"PLAYER"}, .set_up = hide_proc,
		.only = "getrlimit",
		.standing = {"inject=close_range:error=ENOSYS", "inject=prlimit64:error=ENOSYS"},
		.steps = {READY, EXIT}, .status = 7, .err = ""},
	BOTH(.name = "group", .words = {"-g", "PLAYER"}, .steps = {ALL_SORTS}, .status = 7,
		.err = ""),
	BOTH(.name = "parent death", .words = {"-p", "HUP", "PLAYER"}, .steps = {READY, EXIT},
		.status = 7, .err = ""),
	BOTH(.name = "verbose", .words = {"-vv", "PLAYER"}, .steps = {ALL_SORTS}, .status = 7,
		.err = "whit: *started*passed on SIGUSR1*reaped orphan*exited with status 7\n"),
	{AS_INIT, .name = "no pwritev2", .words = {"-v", "PLAYER"},
		.standing = {"inject=pwritev2:error=EOPNOTSUPP"}, .steps = {READY, EXIT},
		.status = 7, .err = "whit: started*passed on*exited with status 7\n"},
	{AS_INIT, .name = "no pwritev2, messages to a terminal", .words = {"-v", "PLAYER"},
		.set_up = write_messages_to_terminal, .has_terminal = true,
		.only = "@(ioctl|open|fcntl|write|close|poll)",
		.standing = {"inject=pwritev2:error=EOPNOTSUPP"}, .steps = {READY, EXIT},
		.status = 7, .err = ""},
	{AS_INIT, .name = "pwritev2 says later, messages to a file", .words = {"-v", "PLAYER"},
		.set_up = write_messages_to_file, .only = "@(fstat|ioctl|poll|write)",
		.standing = {"inject=pwritev2:error=EAGAIN"}, .steps = {READY, EXIT}, .status = 7,
		.err = ""},
	BOTH(.name = "drain", .words = {"-d", "4", "PLAYER"},
		.steps = {READY, SIGNAL(SIGHUP, "got 1"), LEAVE, EXIT}, .last_words = "left 15",
		.status = 7, .err = ""),
	BOTH(.name = "drain with a signal", .words = {"-d", "4", "PLAYER"},
		.steps = {READY, LEAVE_LISTENER, SIGNAL(PLAYER_EXIT, "left 15"),
			SIGNAL(SIGHUP, NULL)},
		.last_words = "left 1", .status = 7, .err = ""),
	BOTH(.name = "drain to the end", .words = {"-d", "0.05", "PLAYER"},
		.steps = {READY, LEAVE_STUBBORN, EXIT}, .status = 7, .err = KILLING_REST),
	{AS_SUBREAPER, .name = "drain without pidfds", .words = {"-d", "4", "PLAYER"},
		.standing = {"inject=pidfd_open:error=ENOSYS"}, .steps = {READY, LEAVE, EXIT},
		.last_words = "left 15", .status = 7, .err = ""},
	{AS_SUBREAPER, .name = "drain without /proc", .words = {"-d", "4", "PLAYER"},
		.set_up = hide_proc, .steps = {READY, LEAVE, EXIT}, .last_words = "left 15",
		.status = 7, .err = NOT_IN_PROC},
	BOTH(.name = "kill after", .words = {"-k", "0.05", "PLAYER"},
		.steps = {READY, SIGNAL(SIGTERM, "got 15")}, .status = 137,
		.err = "whit: killing the command (pid *): it has not ended within 0.05 s\n"),
	BOTH(.name = "kill after, group", .words = {"-g", "-k", "0.05", "PLAYER"},
		.steps = {READY, SIGNAL(SIGTERM, "got 15")}, .status = 137,
		.err = "whit: killing the command (pid *): it has not ended within 0.05 s\n"),
	{AS_INIT, .name = "pause", .words = {"-P", "-d", "2"}, .set_up = have_children,
		.steps = {SIGNAL(SIGTERM, NULL)}, .status = 0, .err = ""},
	{AS_SUBREAPER, .name = "pause", .words = {"-P"}, .set_up = have_children,
		.steps = {SIGNAL(SIGTERM, NULL)}, .status = 0,
		.err = "whit: --pause, but not as PID 1: *\n"},
	BOTH(.name = "terminal", .words = {"PLAYER"}, .set_up = lead_session, .has_terminal = true,
		.steps = {READY, STOP, EXIT}, .status = 7, .err = "", .fails_start = true),
	{AS_INIT, .name = "terminal and shell", .words = {"PLAYER"}, .set_up = be_job_of_shell,
		.has_terminal = true, .has_shell = true, .steps = {READY, STOP, EXIT}, .status = 7,
		.err = ""},
	{AS_INIT, .name = "version", .words = {"--version"}, .last_words = "whit version *",
		.status = 0, .err = ""},
	{AS_INIT, .name = "usage", .words = {"--nonsense"}, .status = 125,
		.err = "whit: unknown option '--nonsense'; *\n"},
};

const size_t scenario_count = sizeof(scenarios) / sizeof(scenarios[0]);

/* --- playing it --- */

struct player_setting {
	const struct scenario *scenario;
	struct gate *gate;
};

static void prepare(void *argument)
{
	const struct player_setting *setting = argument;

	if (setting->scenario->set_up != NULL)
		setting->scenario->set_up();
	tracer_wait_at_gate(setting->gate);
}

static void take_step(const struct step *step, struct run *run)
{
	switch (step->action) {
	case ACTION_SIGNAL:
		(void)kill(run->whit, step->signal); /* it may have ended already */
		break;
	case ACTION_QUEUE:
		(void)sigqueue(run->whit, step->signal, (union sigval){.sival_int = QUEUED_VALUE});
		break;
	case ACTION_AWAIT:
	case ACTION_NONE:
		break;
	}
}

static size_t signals_given_up(struct run *run)
{
	const char *text = run->err.text;
	size_t count = 0;

	run->err.text[run->err.length] = '\0';
	while ((text = strstr(text, "cannot pass on")) != NULL) {
		count++;
		text++;
	}
	return count;
}

/*
 * Reads more. A signal that whit says it could not pass on is sent once more, as whoever reads that
 * would do. False at the end of both outputs.
 */
static bool read_on(struct run *run, const struct step *step)
{
	size_t before = signals_given_up(run);

	if (!run_read(run))
		return false;
	if (signals_given_up(run) == before)
		return true;
	if (strstr(run->err.text, "cannot pass on SIGKILL") != NULL)
		(void)kill(process_child(run->whit), SIGKILL);
	else
		take_step(step, run);
	return true;
}

/* Waits for the next line; what it should have been is seen in the end. False when whit ends. */
static bool await_line(struct run *run, const struct step *step, size_t *at)
{
	char *end;

	while ((end = memchr(run->out.text + *at, '\n', run->out.length - *at)) == NULL) {
		if (!read_on(run, step))
			return false;
	}
	*at = (size_t)(end - run->out.text) + 1;
	return true;
}

/* Until whit has but one child, the command. */
static void await_reaping(struct run *run)
{
	const struct timespec pause = {.tv_nsec = 200000};

	for (int looks = 0; run_count_children(run, false) > 1; looks++) {
		if (looks > PATIENCE_MS)
			run_fail(run, "an orphan is left");
		nanosleep(&pause, NULL);
	}
}

static void take_steps(struct run *run, const struct scenario *scenario)
{
	const struct step *step = scenario->steps;
	size_t at = 0;

	for (; step->action != ACTION_NONE; step++) {
		take_step(step, run);
		if (step->says != NULL && !await_line(run, step, &at))
			return;
		if (step->makes_orphans)
			await_reaping(run);
	}
	while (step > scenario->steps ? read_on(run, step - 1) : run_read(run))
		;
}

void scenario_expected_out(const struct scenario *scenario, char *buffer, size_t size)
{
	size_t length = 0;

	*buffer = '\0';
	for (const struct step *step = scenario->steps; step->action != ACTION_NONE; step++) {
		if (step->says != NULL)
			length += (size_t)snprintf(
				buffer + length, size - length, "%s\n", step->says);
	}
	if (scenario->last_words != NULL)
		snprintf(buffer + length, size - length, "%s\n", scenario->last_words);
}

static const char *player_path(void)
{
	const char *path = getenv("PLAYER");

	if (path == NULL)
		fail_msg("PLAYER is not set; run this by `make check-faults`");
	return path;
}

static const char *real_word(const char *word)
{
	if (strcmp(word, "PLAYER") == 0)
		return player_path();
	return strcmp(word, "SCRIPT") == 0 ? getenv("SCRIPT") : word;
}

static int open_terminal(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	assert_true(master >= 0);
	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	assert_int_equal(ptsname_r(master, terminal_path, sizeof(terminal_path)), 0);
	return master;
}

void scenario_play(const struct scenario *scenario, struct run *run, struct tracer *tracer,
	enum traced traced, const char *inject, pid_t *ret_pid)
{
	struct player_setting setting = {.scenario = scenario, .gate = tracer->gate};
	static const char *words[SCENARIO_WORDS + 1]; /* shown when the run fails, after this */
	const char *options[2 * SCENARIO_STANDING + 3] = {NULL};
	int master = scenario->has_terminal ? open_terminal() : -1;
	size_t count = 0;

	for (size_t i = 0; i < SCENARIO_WORDS && scenario->words[i] != NULL; i++)
		words[i] = real_word(scenario->words[i]);
	for (size_t i = 0; i < SCENARIO_STANDING && scenario->standing[i] != NULL; i++) {
		options[count++] = "-e";
		options[count++] = scenario->standing[i];
	}
	if (inject != NULL) {
		options[count++] = "-e";
		options[count++] = inject;
	}
	run_start(run,
		&(struct scene){
			.role = scenario->role,
			.words = words,
			.bystanders = scenario->bystanders,
			.prepare = prepare,
			.prepare_argument = &setting,
		});
	tracer_wait_until_reached(tracer);
	if (scenario->has_shell)
		run->whit = process_child(run->whit);
	tracer_attach(tracer, run->whit, traced, options);
	*ret_pid = run->whit;
	take_steps(run, scenario);
	run_wait_end(run);
	tracer_wait(tracer);
	if (master >= 0)
		close(master);
}

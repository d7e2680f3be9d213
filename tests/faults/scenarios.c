/* What is done to whit in each scenario. What becomes of a failure is judged by faults.c. */
#include "scenarios.h"

#include "player.h"
#include "shelter.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
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
	if (mount("none", "/proc", "tmpfs", 0, NULL) < 0) _exit(93);
}

/* Room for the list of processes, and none for a look at a process. */
static void have_too_few_descriptors(void)
{
	const struct rlimit few = {5, 5};

	setrlimit(RLIMIT_NOFILE, &few);
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

static void search_nowhere(void)
{
	setenv("PATH", "/no-such-directory:/nor-this", 1);
}

static void forbid_exec(void)
{
	const char *directory = shelter_directory();

	if (mount(directory, directory, NULL, MS_BIND, NULL) < 0 ||
		mount(NULL, directory, NULL, MS_REMOUNT | MS_BIND | MS_NOEXEC, NULL) < 0)
		_exit(93);
}

static void forbid_shell(void)
{
	if (mount("/dev/null", "/bin/sh", NULL, MS_BIND, NULL) < 0) _exit(93);
}

/* The one that the file has. */
static void forbid_capability(void)
{
	if (prctl(PR_CAPBSET_DROP, (unsigned long)CAP_SYS_TIME, 0UL, 0UL, 0UL) < 0) _exit(93);
}

/* For a pause: what is sent before whit listens is kept, and there are two to reap. */
static void have_children(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	for (int i = 0; i < 2; i++) {
		if (fork() == 0) _exit(0);
	}
}

static void write_messages_to_file(void)
{
	int file = memfd_create("stderr", MFD_CLOEXEC);

	if (file < 0 || dup2(file, STDERR_FILENO) < 0) _exit(93);
}

/* Of the scenario that goes on; its master's end is the test's, which never reads. */
static char terminal_path[64];

static void lead_session(void)
{
	int fd;

	if (setsid() < 0 && getpid() != 1) _exit(94);
	fd = open(terminal_path, O_RDWR); /* becomes the controlling terminal: open(2) */
	if (fd < 0 || dup2(fd, STDIN_FILENO) < 0) _exit(95);
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

/* The least shell with job control: what stops is continued in the foreground. */
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
		.action = ACTION_SIGNAL, .signal = PLAYER_ORPHANS, .says = "made 1",               \
		.makes_orphans = true                                                              \
	}
#define READY                                                                                      \
	{                                                                                          \
		.action = ACTION_AWAIT, .says = "ready 0"                                          \
	}
#define LEAVE               SIGNAL(PLAYER_LEAVE, "leaves 0")
#define LEAVE_LISTENER      SIGNAL(PLAYER_LEAVE_LISTENER, "leaves 2")
#define LEAVE_STUBBORN      SIGNAL(PLAYER_LEAVE_STUBBORN, "leaves 1")
#define LEAVE_PAIR          SIGNAL(PLAYER_LEAVE_PAIR, "leaves 3")
#define LEAVE_STUBBORN_PAIR SIGNAL(PLAYER_LEAVE_STUBBORN_PAIR, "leaves 4")
#define JOIN                                                                                       \
	{                                                                                          \
		.action = ACTION_JOIN, .says = "joined 0"                                          \
	}
#define EXIT SIGNAL(PLAYER_EXIT, NULL)
#define STOP SIGNAL(PLAYER_STOP, "continued 20")

#define ALL_SORTS READY, SIGNAL(SIGUSR1, "got 10"), QUEUE(36, "got 36 with 5"), ORPHANS, EXIT

#define AS_INIT      .role = ROLE_INIT
#define AS_SUBREAPER .role = ROLE_SUBREAPER, .bystanders = 2
/* The command is pid 6, and what it leaves 7 and 8, which no other scenario has: `calls` tells by
 * that. */
#define AS_DRAINING_SUBREAPER .role = ROLE_SUBREAPER, .bystanders = 3
#define BOTH(...)                                                                                  \
	{AS_INIT, __VA_ARGS__},                                                                    \
	{                                                                                          \
		AS_SUBREAPER, __VA_ARGS__                                                          \
	}

#define BOTH_DRAINING(...)                                                                         \
	{AS_INIT, __VA_ARGS__},                                                                    \
	{                                                                                          \
		AS_DRAINING_SUBREAPER, __VA_ARGS__                                                 \
	}

/* What whit says with -v. */
#define STARTED         "whit: started '*' (pid *)\n"
#define EXITED          "whit: the command (pid *) exited with status 7 after * s\n"
#define DRAINS          "whit: the remaining processes have * s to finish\n" REMAINING_ENDED
#define REMAINING_ENDED "whit: the remaining processes have ended after * s\n"

#define CANNOT_RUN(its_name, file, its_status, reason, ...)                                        \
	{                                                                                          \
		AS_INIT, .name = (its_name), .words = {file}, .status = (its_status),              \
			 .err = "whit: cannot run '*': " reason "\n",                              \
			 .least_err = "whit: cannot run '*': *\n", __VA_ARGS__                     \
	}

#define KILLED "whit: the command (pid *) was killed by SIGKILL*\n"
#define KILLING_COMMAND                                                                            \
	"whit: killing the command (pid *): it has not ended within 0.05 s of a stop signal\n"
#define KILLING_REMAINING "whit: killing the remaining processes: they have not ended within * s\n"
#define CANNOT_KILL       "whit: giving up on the remaining processes: they cannot be killed\n"
#define GIVING_UP         "whit: giving up on the remaining processes: SIGKILL has not ended them\n"
#define NOT_ALL(why)      "whit: cannot signal all remaining processes: " why ": *\n"

const struct scenario scenarios[] = {
	BOTH(.name = "plain", .words = {"PLAYER"}, .steps = {ALL_SORTS}, .status = 7, .err = ""),
	BOTH(.name = "start", .words = {"PLAYER"}, .steps = {READY, EXIT}, .status = 7, .err = "",
		.fails_start = true),
	{AS_INIT, .name = "search", .words = {"player"}, .set_up = search_two_directories,
		.steps = {READY, EXIT}, .status = 7, .err = "", .fails_start = true},
	CANNOT_RUN("not found", "/nowhere/player", 127, "no such file: there is no '/nowhere'",
		.fails_start = true),
	CANNOT_RUN("not found from here", "./nowhere", 127,
		"no such file: there is no './nowhere'; the working directory is '/proc'"),
	CANNOT_RUN("not found in PATH", "player", 127,
		"not found in PATH (/no-such-directory:/nor-this)", .set_up = search_nowhere),
	CANNOT_RUN("dangling link", "FILES/link", 127,
		"'*/link' is a link to '/nowhere/target': no such file: there is no '/nowhere'"),
	CANNOT_RUN("no interpreter", "FILES/interpreter", 127,
		"its interpreter '/nowhere/interpreter' does not exist; *"),
	CANNOT_RUN("empty", "FILES/empty", 126, "it is an empty file"),
	CANNOT_RUN("no shell", "FILES/script", 126,
		"it is text without a '#!' line and needs a /bin/sh that works; *",
		.set_up = forbid_shell),
	CANNOT_RUN("no permission", "FILES/refused", 126, "no permission to execute '*' (*"),
	CANNOT_RUN("mounted noexec", "FILES/script", 126, "its file system is mounted noexec; *",
		.set_up = forbid_exec),
	CANNOT_RUN("capabilities", "FILES/capable", 126,
		"its file capabilities are not allowed here; *", .set_up = forbid_capability),
	{AS_INIT, .name = "script", .words = {"FILES/script"}, .steps = {READY, EXIT}, .status = 7,
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
	BOTH(.name = "group", .words = {"-g", "PLAYER"}, .steps = {ALL_SORTS}, .status = 7,
		.err = ""),
	BOTH(.name = "parent death", .words = {"-p", "HUP", "PLAYER"}, .steps = {READY, EXIT},
		.status = 7, .err = ""),
	{AS_SUBREAPER, .name = "parent death without pidfds", .words = {"-p", "HUP", "PLAYER"},
		.standing = {"inject=pidfd_open:error=ENOSYS"}, .steps = {READY, EXIT}, .status = 7,
		.err = ""},
	BOTH(.name = "verbose", .words = {"-vv", "PLAYER"}, .steps = {ALL_SORTS}, .status = 7,
		.err = STARTED
		"**forwarded SIGUSR1 from pid 0 (outside this namespace) to the command after * s\n"
		"**reaped orphan * (player): exited 0\n**" EXITED,
		.least_err = STARTED "**reaped orphan * (*): exited 0\n**" EXITED),
	{AS_INIT, .name = "no pwritev2", .words = {"-v", "PLAYER"},
		.standing = {"inject=pwritev2:error=EOPNOTSUPP"}, .steps = {READY, EXIT},
		.status = 7, .err = STARTED "whit: forwarded SIGRTMIN+23 from *\n" EXITED},
	{AS_INIT, .name = "no pwritev2, messages to a terminal", .words = {"-v", "PLAYER"},
		.set_up = write_messages_to_terminal, .has_terminal = true,
		.only = "@(ioctl|openat|write|close|poll)",
		.standing = {"inject=pwritev2:error=EOPNOTSUPP"}, .steps = {READY, EXIT},
		.status = 7, .err = ""},
	{AS_INIT, .name = "pwritev2 says later, messages to a file", .words = {"-v", "PLAYER"},
		.set_up = write_messages_to_file, .only = "@(lseek|ioctl|poll|write)",
		.standing = {"inject=pwritev2:error=EAGAIN"}, .steps = {READY, EXIT}, .status = 7,
		.err = ""},
	/* The signalfd fails once. Before the drains, which need not wait like this each time. */
	{AS_INIT, .name = "no signals", .words = {"PLAYER"}, .only = "poll",
		.standing = {"inject=read:error=EIO:when=1"}, .steps = {READY, EXIT}, .status = 7,
		.err = ""},
	BOTH_DRAINING(.name = "drain", .words = {"-d", "DRAIN", "PLAYER"},
		.steps = {READY, SIGNAL(SIGHUP, "got 1"), LEAVE, EXIT}, .last_words = "left 15\n",
		.status = 7, .err = ""),
	BOTH_DRAINING(.name = "drain with a signal", .words = {"-d", "DRAIN", "PLAYER"},
		.steps = {READY, LEAVE_LISTENER, SIGNAL(PLAYER_EXIT, "left 15"),
			SIGNAL(SIGHUP, NULL)},
		.last_words = "left 1\n", .status = 7, .err = ""),
	BOTH_DRAINING(.name = "drain to the end", .words = {"-d", "0.05", "PLAYER"},
		.steps = {READY, LEAVE_STUBBORN, EXIT}, .status = 7, .err = KILLING_REMAINING),
	{AS_DRAINING_SUBREAPER, .name = "drain of a pair", .words = {"-d", "DRAIN", "PLAYER"},
		.steps = {READY, LEAVE_PAIR, EXIT}, .last_words = "left 15\nleft 15\n", .status = 7,
		.err = ""},
	{AS_DRAINING_SUBREAPER, .name = "drain of a stubborn pair",
		.words = {"-d", "0.05", "PLAYER"}, .steps = {READY, LEAVE_STUBBORN_PAIR, EXIT},
		.status = 7, .err = KILLING_REMAINING},
	{AS_INIT, .name = "drain with one that joined", .words = {"-d", "0.05", "PLAYER"},
		.steps = {READY, JOIN, EXIT}, .status = 7, .err = KILLING_REMAINING},
	{AS_DRAINING_SUBREAPER, .name = "drain without pidfds", .words = {"-d", "0.05", "PLAYER"},
		.standing = {"inject=pidfd_open:error=ENOSYS"}, .steps = {READY, LEAVE_PAIR, EXIT},
		.status = 7, .err = NOT_ALL("player") KILLING_REMAINING,
		.least_err = NOT_ALL("*") KILLING_REMAINING},
	{AS_DRAINING_SUBREAPER, .name = "drain without /proc", .words = {"-d", "0.05", "PLAYER"},
		.set_up = hide_proc,
		.only = "!(close_range)", /* else 65,536 calls of close, which count as a loop */
		.steps = {READY, LEAVE, EXIT}, .status = 7,
		.err = NOT_ALL("/proc") KILLING_REMAINING CANNOT_KILL},
	{AS_DRAINING_SUBREAPER, .name = "drain with too few descriptors",
		.words = {"-d", "0.05", "PLAYER"}, .set_up = have_too_few_descriptors,
		.steps = {READY, LEAVE, EXIT}, .status = 7,
		.err = NOT_ALL("/proc") KILLING_REMAINING CANNOT_KILL},
	BOTH_DRAINING(.name = "verbose drain", .words = {"-v", "-d", "DRAIN", "PLAYER"},
		.steps = {READY, LEAVE, EXIT}, .last_words = "left 15\n", .status = 7,
		.err = STARTED "**" EXITED "whit: still running: pid * (player)\n" DRAINS,
		.least_err = STARTED "**" EXITED "**" DRAINS),
	BOTH_DRAINING(.name = "verbose drain to the end", .words = {"-v", "-d", "0.05", "PLAYER"},
		.steps = {READY, LEAVE_STUBBORN, EXIT}, .status = 7,
		.err = STARTED "**" EXITED "**" KILLING_REMAINING
			       "whit: still running: pid * (player)\n" REMAINING_ENDED,
		/* They have ended; or, after a refusal, whit gives up on them. */
		.least_err = STARTED "**" EXITED "**" KILLING_REMAINING
				     "**whit: *the remaining processes*\n"),
	BOTH(.name = "killed", .words = {"PLAYER"}, .steps = {READY, SIGNAL(PLAYER_DIE, NULL)},
		.status = 137, .err = "whit: the command (pid *) was killed by SIGKILL*\n"),
	BOTH(.name = "kill after", .words = {"-k", "0.05", "PLAYER"},
		.steps = {READY, SIGNAL(SIGTERM, NULL)}, .last_words = "?(got 15\n)", .status = 137,
		.err = KILLING_COMMAND, .least_err = KILLING_COMMAND KILLED),
	BOTH(.name = "kill after, group", .words = {"-g", "-k", "0.05", "PLAYER"},
		.steps = {READY, SIGNAL(SIGTERM, NULL)}, .last_words = "?(got 15\n)", .status = 137,
		.err = KILLING_COMMAND, .least_err = KILLING_COMMAND KILLED),
	{AS_INIT, .name = "pause", .words = {"-P", "-d", "2"}, .set_up = have_children,
		.steps = {SIGNAL(SIGTERM, NULL)}, .status = 0, .err = ""},
	{AS_SUBREAPER, .name = "pause", .words = {"-P"}, .set_up = have_children,
		.steps = {SIGNAL(SIGTERM, NULL)}, .status = 0,
		.err = "whit: --pause as PID *: only PID 1 reaps all orphans\n"},
	BOTH(.name = "terminal", .words = {"PLAYER"}, .set_up = lead_session, .has_terminal = true,
		.steps = {READY, STOP, EXIT}, .status = 7, .err = "", .fails_start = true),
	{AS_INIT, .name = "terminal and shell", .words = {"PLAYER"}, .set_up = be_job_of_shell,
		.has_terminal = true, .has_shell = true, .steps = {READY, STOP, EXIT}, .status = 7,
		.err = ""},
	{AS_INIT, .name = "version", .words = {"--version"}, .last_words = "whit version *\n",
		.status = 0, .err = ""},
	{AS_INIT, .name = "usage", .words = {"--nonsense"}, .status = 125,
		.err = "whit: unknown option '--nonsense'; *\n"},
};

const size_t scenario_count = sizeof(scenarios) / sizeof(scenarios[0]);

/* --- the files --- */

static const char *player_path(void)
{
	const char *path = getenv("PLAYER");

	if (path == NULL) fail_msg("PLAYER is not set; run this by `make check-faults`");
	return path;
}

static void make_file(const char *name, mode_t mode, const void *bytes, size_t size)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", shelter_directory(), name);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size || fchmod(fd, mode) < 0)
		fail_msg("cannot make %s", path);
	close(fd);
}

/* What may not be executed where a capability is forbidden: capabilities(7). Any program will do.
 */
static void make_capable_file(void)
{
	const struct vfs_cap_data capabilities = {
		.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE,
		.data = {{.permitted = 1U << CAP_SYS_TIME}},
	};
	static char program[1 << 21];
	int fd = open(player_path(), O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, program, sizeof(program));
	char path[PATH_MAX];

	if (size <= 0) fail_msg("cannot read the player");
	close(fd);
	make_file("capable", 0755, program, (size_t)size);
	snprintf(path, sizeof(path), "%s/capable", shelter_directory());
	if (setxattr(path, "security.capability", &capabilities, sizeof(capabilities), 0) < 0)
		fail_msg("cannot give a file capabilities");
}

void scenario_make_files(void)
{
	static const char script[] = "exec \"$PLAYER\"\n"; /* which the kernel takes for nothing */
	static const char interpreter[] = "#!/nowhere/interpreter\n";
	char path[PATH_MAX];

	make_file("script", 0755, script, strlen(script));
	make_file("refused", 0644, script, strlen(script));
	make_file("interpreter", 0755, interpreter, strlen(interpreter));
	make_file("empty", 0755, "", 0);
	make_capable_file();
	snprintf(path, sizeof(path), "%s/link", shelter_directory());
	assert_int_equal(symlink("/nowhere/target", path), 0);
}

/* --- playing it --- */

struct player_setting {
	const struct scenario *scenario;
	struct gate *gate;
};

static void prepare(void *argument)
{
	const struct player_setting *setting = argument;

	if (setting->scenario->set_up != NULL) setting->scenario->set_up();
	tracer_wait_at_gate(setting->gate);
}

/* Ends by KILL alone. */
static int be_joined(void *argument)
{
	const struct run *run = argument;
	char path[64];
	sigset_t all;
	int out;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	snprintf(path, sizeof(path), "/proc/%d/fd/1", run->whit);
	out = open(path, O_WRONLY | O_CLOEXEC);
	if (out < 0 || dprintf(out, "joined 0\n") < 0) return 1;
	close(out);
	for (;;)
		pause();
}

/* In a process apart, which the namespace's end ends. */
static void join(struct run *run)
{
	pid_t waiter = fork();

	assert_true(waiter >= 0);
	if (waiter == 0) {
		(void)run_join(run, be_joined, run);
		_exit(0);
	}
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
	case ACTION_JOIN: join(run); break;
	case ACTION_AWAIT:
	case ACTION_NONE: break;
	}
}

static size_t signals_given_up(struct run *run)
{
	const char *text = run->err.text;
	size_t count = 0;

	run->err.text[run->err.length] = '\0';
	while ((text = strstr(text, "cannot forward")) != NULL) {
		count++;
		text++;
	}
	return count;
}

/*
 * Reads more. A signal that whit says it could not forward is sent once more, as a reader of that
 * would do. False at the end of both outputs.
 */
static bool read_on(struct run *run, const struct step *step)
{
	size_t before = signals_given_up(run);
	pid_t command;

	if (!run_read(run)) return false;
	if (signals_given_up(run) == before) return true;
	command = process_child(run->whit);
	if (strstr(run->err.text, "cannot forward SIGKILL") == NULL)
		take_step(step, run);
	else if (command > 0) /* 0 would be our own group */
		(void)kill(command, SIGKILL);
	return true;
}

/* Waits for the next line; what it should have been is seen in the end. False when whit ends. */
static bool await_line(struct run *run, const struct step *step, size_t *at)
{
	char *end;

	while ((end = memchr(run->out.text + *at, '\n', run->out.length - *at)) == NULL) {
		if (!read_on(run, step)) return false;
	}
	*at = (size_t)(end - run->out.text) + 1;
	return true;
}

static void look_again_later(void)
{
	const struct timespec pause = {.tv_nsec = 200000};

	nanosleep(&pause, NULL);
}

/*
 * Until whit sleeps, is stopped or has ended, so that the calls of the next step are its own, and
 * the same each time. As long as strace holds it the state is `t`.
 */
static void await_sleep(struct run *run)
{
	for (int looks = 0; strchr("STZ", process_state(run->whit)) == NULL; looks++) {
		if (looks > PATIENCE_MS) run_fail(run, "whit does not go to sleep");
		look_again_later();
	}
}

/* Until whit has but one child, the command. */
static void await_reaping(struct run *run)
{
	for (int looks = 0; run_count_children(run, false) > 1; looks++) {
		if (looks > PATIENCE_MS) run_fail(run, "an orphan is left");
		look_again_later();
	}
}

static void take_steps(struct run *run, const struct scenario *scenario)
{
	const struct step *step = scenario->steps;
	size_t at = 0;

	for (; step->action != ACTION_NONE; step++) {
		await_sleep(run);
		take_step(step, run);
		if (step->says != NULL && !await_line(run, step, &at)) return;
		if (step->makes_orphans) await_reaping(run);
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
		snprintf(buffer + length, size - length, "%s", scenario->last_words);
}

/* The buffer is for those that are put together. */
static const char *real_word(const char *word, enum drain drain, char buffer[PATH_MAX])
{
	static const char files[] = "FILES/";

	if (strcmp(word, "PLAYER") == 0) return player_path();
	if (strcmp(word, "DRAIN") == 0) return drain == DRAIN_LONG ? "30" : "0.5";
	if (strncmp(word, files, strlen(files)) != 0) return word;
	snprintf(buffer, PATH_MAX, "%s/%s", shelter_directory(), word + strlen(files));
	return buffer;
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
	const struct treatment *treatment, pid_t *ret_pid)
{
	struct player_setting setting = {.scenario = scenario, .gate = tracer->gate};
	static const char *words[SCENARIO_WORDS + 1]; /* shown when the run fails, after this */
	static char paths[SCENARIO_WORDS][PATH_MAX];
	const char *options[2 * SCENARIO_STANDING + 3] = {NULL};
	int master = scenario->has_terminal ? open_terminal() : -1;
	size_t count = 0;

	for (size_t i = 0; i < SCENARIO_WORDS && scenario->words[i] != NULL; i++)
		words[i] = real_word(scenario->words[i], treatment->drain, paths[i]);
	for (size_t i = 0; i < SCENARIO_STANDING && scenario->standing[i] != NULL; i++) {
		options[count++] = "-e";
		options[count++] = scenario->standing[i];
	}
	if (treatment->inject != NULL) {
		options[count++] = "-e";
		options[count++] = treatment->inject;
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
	if (scenario->has_shell) run->whit = process_child(run->whit);
	tracer_attach(tracer, run->whit, treatment->traced, options);
	*ret_pid = run->whit;
	take_steps(run, scenario);
	run_wait_end(run);
	tracer_wait(tracer);
	if (master >= 0) close(master);
}

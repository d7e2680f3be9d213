/*
 * Contract, section 7: which process group has the terminal's foreground, and what ^C, ^Z, fg and a
 * hang-up do. The test holds the master of a pseudo terminal, and types there as a person would.
 */
#include "harness.h"
#include "kernel_signals.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* The words of whit's messages that these tests wait for. */
#define STARTED    "started '"
#define STOPPED_BY "stopped by "

/* The terminal of the test that is running. */
static char terminal_path[64];
static int master;

/* What the terminal has shown and no test has looked at yet. */
static char screen[1 << 16];
static size_t screen_length;

static void open_terminal(void)
{
	screen_length = 0;
	screen[0] = '\0';
	master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (master < 0 && getenv("CI") == NULL) {
		print_message("SKIPPED: no pseudo terminals here: /dev/pts is not mounted\n");
		skip();
	}
	assert_true(master >= 0);
	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	assert_int_equal(ptsname_r(master, terminal_path, sizeof(terminal_path)), 0);
}

static void start(struct run *run, void **state, const char *const *words, void (*prepare)(void *))
{
	open_terminal();
	run_start(
		run, &(struct scene){.role = test_role(state), .words = words, .prepare = prepare});
}

static void type(const char *text)
{
	assert_int_equal(write(master, text, strlen(text)), (ssize_t)strlen(text));
}

static void press(char key)
{
	assert_int_equal(write(master, &key, 1), 1);
}

/* Reads more of what the terminal shows. */
static void look(struct run *run, const char *expected)
{
	struct pollfd shown = {.fd = master, .events = POLLIN};
	ssize_t length = 0;

	if (poll(&shown, 1, PATIENCE_MS) > 0)
		length = read(master, screen + screen_length, sizeof(screen) - 1 - screen_length);
	if (length <= 0)
		run_fail(run, "expected on the terminal: %s\nobserved: %s", expected, screen);
	screen_length += (size_t)length;
	screen[screen_length] = '\0';
}

static void forget_until(const char *end)
{
	screen_length -= (size_t)(end - screen);
	memmove(screen, end, screen_length + 1);
}

/* Waits until the terminal shows this; what stands before it is forgotten. */
static void see(struct run *run, const char *text)
{
	char *found;

	while ((found = strstr(screen, text)) == NULL)
		look(run, text);
	forget_until(found + strlen(text));
}

/* The same, if it is the next that the terminal shows. */
static void see_next(struct run *run, const char *text)
{
	while (screen_length < strlen(text))
		look(run, text);
	if (strncmp(screen, text, strlen(text)) != 0)
		run_fail(run, "expected next on the terminal: %s\nobserved: %s", text, screen);
	forget_until(screen + strlen(text));
}

/*
 * Waits until the leader of the foreground group runs this program, and returns its pid. The master
 * tells that group too: ioctl_tty(2). What is typed after this cannot come too early.
 */
static pid_t see_foreground(struct run *run, const char *program)
{
	char name[32] = "";

	for (int ms = 0; ms < PATIENCE_MS; ms++) {
		pid_t group = tcgetpgrp(master);
		char path[64];
		int comm;
		ssize_t length;

		snprintf(path, sizeof(path), "/proc/%d/comm", group);
		comm = open(path, O_RDONLY | O_CLOEXEC);
		length = comm < 0 ? 0 : read(comm, name, sizeof(name) - 1);
		close(comm);
		name[length > 0 ? length - 1 : 0] = '\0'; /* it ends in a newline */
		if (strcmp(name, program) == 0) return group;
		(void)poll(NULL, 0, 1);
	}
	run_fail(run, "expected in the foreground: %s\nobserved: %s", program, name);
}

/* --- prepare: how whit gets, or does not get, its controlling terminal --- */

/* As under `docker run -it`: whit is the session leader, with the terminal as stdin. */
static void lead_session(void *argument)
{
	int fd;

	(void)argument;
	if (setsid() < 0 && getpid() != 1) _exit(94);
	fd = open(terminal_path, O_RDWR); /* becomes the controlling terminal: open(2) */
	if (fd < 0 || dup2(fd, STDIN_FILENO) < 0) _exit(95);
	close(fd);
}

static void lead_session_on_all_three(void *argument)
{
	lead_session(argument);
	dup2(STDIN_FILENO, STDOUT_FILENO);
	dup2(STDIN_FILENO, STDERR_FILENO);
}

static void read_from_null(void)
{
	int null = open("/dev/null", O_RDONLY);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0) _exit(95);
	close(null);
}

/* The terminal can be reached by /dev/tty alone. */
static void lead_session_without_stdin(void *argument)
{
	lead_session(argument);
	read_from_null();
}

static void lead_session_on_stdout_and_stderr(void *argument)
{
	lead_session_on_all_three(argument);
	read_from_null();
}

static void lead_session_with_another_terminal_as_stdin(void *argument)
{
	char path[64];
	int other = posix_openpt(O_RDWR | O_NOCTTY);

	lead_session(argument);
	if (other < 0 || grantpt(other) < 0 || unlockpt(other) < 0 ||
		ptsname_r(other, path, sizeof(path)) != 0 ||
		dup2(open(path, O_RDWR | O_NOCTTY), STDIN_FILENO) < 0)
		_exit(95);
}

/* As in an image without /dev. This mount namespace is whit's own. */
static void lead_session_without_dev(void *argument)
{
	lead_session(argument);
	if (mount("none", "/dev", "tmpfs", 0, NULL) < 0) _exit(94);
}

static void lead_session_without_dev_on_stderr_alone(void *argument)
{
	int null = open("/dev/null", O_RDONLY);

	lead_session_without_dev(argument);
	if (dup2(STDIN_FILENO, STDERR_FILENO) < 0 || dup2(null, STDIN_FILENO) < 0) _exit(95);
	close(null);
}

static void take_terminal_of_no_session(void *argument)
{
	int fd;

	(void)argument;
	(void)setsid();
	fd = open(terminal_path, O_RDWR | O_NOCTTY);
	if (fd < 0 || dup2(fd, STDIN_FILENO) < 0) _exit(95);
}

/* tcsetpgrp(3) fails, as under some security modules. */
static void lead_session_that_cannot_hand_over(void *argument)
{
	struct sock_filter steps[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TIOCSPGRP, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog filter = {.len = 6, .filter = steps};

	lead_session(argument);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) < 0 ||
		prctl(PR_SET_SECCOMP, (unsigned long)SECCOMP_MODE_FILTER, &filter, 0UL, 0UL) < 0)
		_exit(95);
}

/* This process waits for its child, and ends as it ended. */
static void wait_as_parent_of(pid_t child)
{
	int status;

	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	while (waitpid(child, &status, 0) != child)
		;
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 96);
}

/* As with `whit … &` under job control: the session leader keeps the foreground. */
static void go_to_background(void *argument)
{
	pid_t whit;

	lead_session(argument);
	whit = fork();
	if (whit != 0) wait_as_parent_of(whit);
	setpgid(0, 0);
}

static void go_to_background_with_tostop(void *argument)
{
	struct termios settings;

	go_to_background(argument);
	dup2(STDIN_FILENO, STDERR_FILENO);
	signal(SIGTTOU, SIG_IGN); /* or tcsetattr would stop this process */
	if (tcgetattr(STDIN_FILENO, &settings) < 0) _exit(97);
	settings.c_lflag |= TOSTOP;
	if (tcsetattr(STDIN_FILENO, TCSANOW, &settings) < 0) _exit(97);
	signal(SIGTTOU, SIG_DFL);
}

/* As with `unshare -fp whit`: whit's group, and the foreground group, are outside its namespace. */
static void enter_new_namespace(bool is_in_background)
{
	pid_t child;

	lead_session(NULL);
	child = fork();
	if (child != 0) wait_as_parent_of(child);
	if (is_in_background) setpgid(0, 0);
	if (unshare(CLONE_NEWPID) < 0) _exit(94);
	child = fork();
	if (child != 0) wait_as_parent_of(child);
}

static void enter_new_namespace_in_foreground(void *argument)
{
	(void)argument;
	enter_new_namespace(false);
}

static void enter_new_namespace_in_background(void *argument)
{
	(void)argument;
	enter_new_namespace(true);
}

/*
 * A shell that takes the terminal back while the command runs, and then ends the command. Its
 * status says whether it still has the terminal when whit has ended.
 */
static void take_terminal_from_command(void *argument)
{
	sigset_t stop;
	pid_t whit;
	pid_t command;

	lead_session(argument);
	sigemptyset(&stop);
	sigaddset(&stop, SIGTTOU);
	sigprocmask(SIG_BLOCK, &stop, NULL);
	whit = fork();
	if (whit == 0) {
		setpgid(0, 0);
		tcsetpgrp(STDIN_FILENO, getpid());
		return;
	}
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	do
		command = tcgetpgrp(STDIN_FILENO);
	while (command == getpgrp() || command == whit);
	tcsetpgrp(STDIN_FILENO, getpgrp());
	kill(-command, SIGTERM);
	while (waitpid(-1, NULL, 0) != whit)
		;
	_exit(tcgetpgrp(STDIN_FILENO) == getpgrp() ? 40 : 41);
}

/*
 * The session's leader ends when the terminal hangs up; whit and the command outlive it, as
 * children of this process.
 */
static void adopt_what_the_session_leaves(void *argument)
{
	if (fork() == 0) {
		lead_session(argument);
		return;
	}
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	while (wait(NULL) > 0)
		;
	_exit(0);
}

/* --- the start --- */

/* Whether the command's group has the foreground as the command starts. */
static void expect_at_start(
	void **state, void (*prepare)(void *), const char *redirection, const char *expected)
{
	char script[256];
	const char *const words[] = {"sh", "-c", script, actor_path(), NULL};
	struct run run;

	snprintf(script, sizeof(script), "exec \"$0\" foreground 3 3<%s", redirection);
	start(&run, state, words, prepare);
	run_expect(&run, expected);
	run_expect_end(&run, 0, "");
	close(master);
}

/* The command starts in the background, and gets the foreground when it reads. */
static void expect_when_it_reads(void **state, void (*prepare)(void *), const char *redirection)
{
	char script[256];
	const char *const words[] = {"sh", "-c", script, actor_path(), NULL};
	struct run run;

	snprintf(script, sizeof(script),
		"exec 3<%s; \"$0\" foreground 3; read x <&3; \"$0\" foreground 3; echo got=$x",
		redirection);
	start(&run, state, words, prepare);
	run_expect(&run, "background");
	type("abc\n");
	run_expect(&run, "foreground");
	run_expect(&run, "got=abc");
	run_expect_end(&run, 0, "");
	close(master);
}

static void the_command_of_a_session_leader_gets_the_foreground(void **state)
{
	expect_at_start(state, lead_session, "/dev/tty", "foreground");
}

static void the_command_of_a_whit_in_the_background_stays_in_the_background(void **state)
{
	expect_at_start(state, go_to_background, "/dev/tty", "background");
}

static void with_another_terminal_as_stdin_the_command_starts_in_the_background(void **state)
{
	expect_at_start(
		state, lead_session_with_another_terminal_as_stdin, "/dev/tty", "background");
}

static void with_stdin_from_a_file_the_command_gets_the_foreground_when_it_reads(void **state)
{
	expect_when_it_reads(state, lead_session_without_stdin, "/dev/tty");
}

static void without_dev_whit_finds_the_terminal_on_stdin_and_stderr(void **state)
{
	expect_at_start(state, lead_session_without_dev, "&0", "foreground");
	expect_when_it_reads(state, lead_session_without_dev_on_stderr_alone, "&2");
}

static void whit_knows_the_foreground_although_its_group_is_outside_the_namespace(void **state)
{
	expect_at_start(state, enter_new_namespace_in_foreground, "/dev/tty", "foreground");
	expect_at_start(state, enter_new_namespace_in_background, "/dev/tty", "background");
}

static void a_terminal_that_is_not_of_whits_session_is_no_error(void **state)
{
	const char *const words[] = {actor_path(), "exit", "5", NULL};
	struct run run;

	start(&run, state, words, take_terminal_of_no_session);
	run_expect_end(&run, 5, "");
	close(master);
}

/* A command that is continued without the foreground stops again when it reads, for ever. */
static void a_command_that_cannot_get_the_foreground_stays_stopped(void **state)
{
	const char *const words[] = {"-v", "cat", NULL};
	struct run run;

	start(&run, state, words, lead_session_that_cannot_hand_over);
	run_expect_beginning(&run, &run.err, "whit: " STARTED);
	if (strstr(run_line(&run, &run.err), STOPPED_BY "SIGTTIN") == NULL)
		run_fail(&run, "expected on stderr: " STOPPED_BY "SIGTTIN");
	assert_int_equal(kill(run.whit, SIGUSR1), 0);
	if (strstr(run_line(&run, &run.err), "SIGUSR1") == NULL)
		run_fail(&run, "expected on stderr: SIGUSR1\nobserved: %s", run.line);
	assert_int_equal(kill(run_command(&run), SIGKILL), 0);
	run_expect_status(&run, 128 + SIGKILL);
	close(master);
}

static void a_shell_keeps_the_terminal_that_it_took_while_the_command_ran(void **state)
{
	const char *const words[] = {actor_path(), "idle", NULL};
	struct run run;

	start(&run, state, words, take_terminal_from_command);
	run_expect_status(&run, 40);
	close(master);
}

/* --- at a shell --- */

static char prompt[] = "PS1=$ ", path_of_shell[] = "PATH=/usr/bin:/bin", term[] = "TERM=dumb";
static char *shell_environment[] = {prompt, path_of_shell, term, NULL};

/* A program that leads the session and has the terminal as stdin, stdout and stderr. */
static void start_leader(
	struct run *run, enum role role, const char *program, const char *const *words)
{
	open_terminal();
	run_start(run,
		&(struct scene){.role = role,
			.program = program,
			.name = program,
			.words = words,
			.environment = shell_environment,
			.prepare = lead_session_on_all_three});
}

struct shell {
	const char *program;
	const char *name;
	const char *words[3];
};

static const struct shell bash = {"/bin/bash", "bash", {"--norc", "-i"}};
static const struct shell dash = {"/bin/dash", "dash", {"-i"}};
static const struct shell *const both_shells[] = {&bash, &dash};

/* The shell leads the session, or it is the command of a whit that does, as PID 1. */
static void start_shell(struct run *run, enum role role, const struct shell *shell)
{
	const char *words[] = {shell->program, shell->words[0], shell->words[1], NULL};

	if (role == ROLE_INIT)
		start_leader(run, role, whit_path(), words);
	else
		start_leader(run, role, shell->program, words + 1);
	run->scene.words = shell->words; /* ours end with this function */
	see(run, "$ ");
}

static void type_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void type_line(const char *format, ...)
{
	char line[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	type(line);
	type("\n");
}

/* The shell computes its answer, so that it differs from what was typed. */
static void see_prompt(struct run *run)
{
	type_line("echo answer$((40 + 2))");
	see(run, "answer42");
	see(run, "$ ");
}

/* ^C discards what is typed before the shell's prompt. */
static void interrupt(struct run *run)
{
	press(CTRL('C'));
	see(run, "^C");
	see(run, "$ ");
}

static void see_status(struct run *run, int status)
{
	char answer[32];

	type_line("echo status=$?.");
	snprintf(answer, sizeof(answer), "status=%d.", status);
	see(run, answer);
}

static void leave_shell(struct run *run)
{
	type_line("exit 9");
	run_expect_status(run, 9);
	close(master);
}

/* The terminal echoes the text, and then cat prints it. */
static void see_cat_at_work(struct run *run, const char *text)
{
	char both[64];

	type_line("%s", text);
	snprintf(both, sizeof(both), "%s\r\n%s\r\n", text, text);
	see(run, both);
}

static void stop_and_resume(const struct shell *shell, const char *before_whit, const char *command)
{
	struct run run;

	start_shell(&run, ROLE_SUBREAPER, shell);
	type_line("%s %s %s", before_whit, whit_path(), command);
	for (int i = 0; i < 2; i++) {
		see_foreground(&run, "cat");
		see_cat_at_work(&run, "abc");
		press(CTRL('Z'));
		see(&run, "Stopped");
		see_prompt(&run);
		type_line("fg");
	}
	see_foreground(&run, "cat");
	see_cat_at_work(&run, "def");
	interrupt(&run);
	see_status(&run, 130);
	leave_shell(&run);
}

static void under_a_shell_ctrl_z_stops_the_job_and_fg_resumes_it(void **state)
{
	(void)state;
	stop_and_resume(&bash, "", "cat");
	stop_and_resume(&dash, "", "cat");
}

static void under_a_shell_whit_under_whit_stops_and_resumes(void **state)
{
	char command[512];

	(void)state;
	snprintf(command, sizeof(command), "%s cat", whit_path());
	stop_and_resume(&bash, "", command);
	stop_and_resume(&dash, "", command);
}

/* unshare's group is outside of whit's namespace; only the job's CONT tells whit of fg. */
static void under_a_shell_whit_as_pid_1_of_a_namespace_stops_and_resumes(void **state)
{
	(void)state;
	stop_and_resume(&bash, "unshare -fp", "cat");
}

static void stop_by_sigstop(enum role role, const struct shell *shell, const char *first_line)
{
	struct run run;

	start_shell(&run, role, shell);
	type_line("%s", first_line);
	see(&run, "$ ");
	type_line("%s cat", whit_path());
	assert_int_equal(kill(see_foreground(&run, "cat"), SIGSTOP), 0);
	see(&run, "Stopped");
	see_prompt(&run);
	type_line("fg");
	see_foreground(&run, "cat");
	see_cat_at_work(&run, "abc");
	press(CTRL('D'));
	see_status(&run, 0);
	leave_shell(&run);
}

static void under_a_shell_whit_stops_with_a_command_that_gets_sigstop(void **state)
{
	stop_by_sigstop(test_role(state), &bash, "");
}

/* whit and the command inherit that, and a signal that whit ignores cannot stop it. */
static void a_shell_that_ignores_tstp_has_its_prompt_when_the_command_stops(void **state)
{
	stop_by_sigstop(test_role(state), &bash, "trap '' TSTP");
	stop_by_sigstop(test_role(state), &dash, "trap '' TSTP");
}

static void bg_lets_the_command_run_while_the_shell_has_the_terminal(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct run run;

		start_shell(&run, ROLE_SUBREAPER, both_shells[i]);
		type_line("%s sleep 1000000", whit_path());
		see_foreground(&run, "sleep");
		press(CTRL('Z'));
		see(&run, "Stopped");
		type_line("bg");
		see_prompt(&run);
		type_line("jobs");
		see(&run, "Running");
		type_line("kill %%1; wait %%1");
		see_status(&run, 143);
		leave_shell(&run);
	}
}

static void a_background_command_that_reads_stops_the_job_and_fg_gives_it_the_terminal(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct run run;

		start_shell(&run, ROLE_SUBREAPER, both_shells[i]);
		type_line("%s cat &", whit_path());
		see(&run, "$ ");
		while (process_child(run.whit) == 0)
			(void)sched_yield();
		process_wait_state(process_child(run.whit), 'T');
		type_line("fg");
		see_foreground(&run, "cat");
		see_cat_at_work(&run, "abc");
		press(CTRL('D'));
		see_status(&run, 0);
		leave_shell(&run);
	}
}

/* bash sends no CONT to a job that runs, so nothing tells whit of fg. dash sends it. */
static void ctrl_c_and_ctrl_z_reach_the_whole_group_of_a_running_job_after_fg(void **state)
{
	for (int is_stopped_first = 0; is_stopped_first < 2; is_stopped_first++) {
		struct run run;
		pid_t child;

		start_shell(&run, test_role(state), &bash);
		type_line("%s sh -c '%s idle; true' &", whit_path(), actor_path());
		see(&run, "ready");
		see_prompt(&run);
		type_line("fg");
		child = process_child(process_child(see_foreground(&run, "whit")));
		if (is_stopped_first) {
			press(CTRL('Z'));
			see(&run, "Stopped");
			process_wait_state(child, 'T');
			type_line("fg");
			see_foreground(&run, "sh");
			process_wait_state(child, 'S');
		}
		interrupt(&run);
		see_status(&run, 130);
		assert_int_equal(process_state(child), 0);
		leave_shell(&run);
	}
}

static void the_first_ctrl_c_after_fg_hands_the_foreground_to_the_command(void **state)
{
	struct run run;

	start_shell(&run, test_role(state), &bash);
	type_line("%s %s signals 2 &", whit_path(), actor_path());
	see(&run, "ready");
	see_prompt(&run);
	type_line("fg");
	see_foreground(&run, "whit");
	press(CTRL('C'));
	see(&run, "signal 2 code 0 "); /* from whit */
	see_foreground(&run, "actor");
	press(CTRL('C'));
	see(&run, "signal 2 code 128 "); /* from the terminal */
	see_status(&run, 0);
	leave_shell(&run);
}

static void ctrl_z_and_ctrl_c_reach_a_whole_pipeline_that_ends_in_whit(void **state)
{
	for (size_t i = 0; i < 2; i++) {
		struct run run;
		pid_t first;

		start_shell(&run, test_role(state), both_shells[i]);
		type_line(
			"%s idle >/dev/tty | %s %s idle", actor_path(), whit_path(), actor_path());
		see(&run, "ready");
		see(&run, "ready");
		first = see_foreground(&run, "actor");
		press(CTRL('Z'));
		see(&run, "Stopped");
		type_line("fg");
		process_wait_state(first, 'S');
		interrupt(&run);
		see_prompt(&run);
		leave_shell(&run);
	}
}

/*
 * whit's command has the foreground when its first line arrives. The process at the end needs it
 * then, and ends the pipeline: the command gets PIPE.
 */
static void read_at_the_end_of_a_pipeline(enum role role, const char *before_reader)
{
	for (size_t i = 0; i < 2; i++) {
		struct run run;

		start_shell(&run, role, both_shells[i]);
		type_line("%s -q yes | %s sh -c 'read y; read x </dev/tty; echo got=$x.'",
			whit_path(), before_reader);
		type("abc\n");
		see(&run, "got=abc.");
		see_prompt(&run);
		/* The reader's whit stops for a moment. dash does not see that it goes on, and may
		 * ask once more because of a stopped job. */
		type_line(both_shells[i] == &dash ? "exit 9\nexit 9" : "exit 9");
		run_expect_status(&run, 9);
		close(master);
	}
}

static void a_pager_after_whit_in_a_pipeline_reads_the_terminal(void **state)
{
	read_at_the_end_of_a_pipeline(test_role(state), "");
}

static void a_pager_under_whit_after_whit_in_a_pipeline_reads_the_terminal(void **state)
{
	read_at_the_end_of_a_pipeline(test_role(state), whit_path());
}

/* --- in a script --- */

/* The script's second read comes after the command's start, which is before the first line. */
static void a_command_in_the_background_of_a_script_leaves_the_terminal_to_the_script(void **state)
{
	for (size_t i = 0; i < 2; i++) {
		struct run run;

		start_shell(&run, test_role(state), both_shells[i]);
		type_line("sh -c '%s %s idle & read a; read b; echo got=$a$b.; kill $!; wait'",
			whit_path(), actor_path());
		see(&run, "ready");
		type("1\n2\n");
		see(&run, "got=12.");
		see_prompt(&run);
		leave_shell(&run);
	}
}

static void a_script_has_the_terminal_again_after_each_whit(void **state)
{
	struct run run;
	char script[2048];
	const char *const words[] = {"-c", script, NULL};
	const char *whit = whit_path();

	(void)state;
	snprintf(script, sizeof(script),
		"%s true; read a; %s sh -c 'exit 3'; read b; %s -q sh -c 'kill -9 $$'; read c;"
		"%s -q /no/such; read d; %s sh -c 'read x; echo $x'; read e; echo got=$a$b$c$d$e.",
		whit, whit, whit, whit, whit);
	start_leader(&run, ROLE_SUBREAPER, "/bin/sh", words);
	type("1\n2\n3\n4\nto-x\n5\n");
	see(&run, "got=12345.");
	run_expect_status(&run, 0);
	close(master);
}

/* The script's group is orphaned: the kernel does not stop it, but it does stop the command's. */
static void ctrl_z_in_a_script_without_a_shell_above_is_undone(void **state)
{
	char script[512];
	const char *const words[] = {"-c", script, NULL};
	struct run run;

	(void)state;
	snprintf(script, sizeof(script), "%s cat; echo after", whit_path());
	start_leader(&run, ROLE_SUBREAPER, "/bin/sh", words);
	see_foreground(&run, "cat");
	press(CTRL('Z'));
	see(&run, "^Z");
	see_cat_at_work(&run, "abc");
	press(CTRL('D'));
	see(&run, "after");
	run_expect_status(&run, 0);
	close(master);
}

static void ctrl_z_in_a_pipeline_without_a_shell_above_is_undone(void **state)
{
	char script[512];
	const char *const words[] = {"-c", script, NULL};
	struct run run;

	(void)state;
	snprintf(script, sizeof(script),
		"trap : INT; %s idle | %s sh -c 'trap \"echo continued\" CONT; "
		"while read x; do echo $x; done'; exit 7",
		actor_path(), whit_path());
	start_leader(&run, ROLE_SUBREAPER, "/bin/sh", words);
	see(&run, "ready");
	press(CTRL('Z'));
	see(&run, "continued");
	press(CTRL('C'));
	run_expect_status(&run, 7);
	close(master);
}

static void the_terminals_settings_are_as_they_are_without_whit(void **state)
{
	char script[1024];
	const char *const words[] = {"-c", script, NULL};
	const char *whit = whit_path();
	struct run run;

	(void)state;
	snprintf(script, sizeof(script),
		"stty rows 33 cols 44 -ixon; a=$(stty -a); b=$(%s stty -a); c=$(%s stty -a </dev/tty);"
		"%s head -n 1 </etc/passwd >/dev/tty; d=$(stty -a);"
		"test \"$a\" = \"$b\" -a \"$a\" = \"$c\" -a \"$a\" = \"$d\" && echo all alike",
		whit, whit, whit);
	start_leader(&run, ROLE_SUBREAPER, "/bin/sh", words);
	see(&run, "root:");
	see(&run, "all alike");
	run_expect_status(&run, 0);
	close(master);
}

/* --- whit leads the session: there is no shell that could continue a stopped command --- */

static void ctrl_z_without_a_shell_is_undone(void **state)
{
	const char *const words[] = {"cat", NULL};
	const char *const words_twice[] = {whit_path(), "cat", NULL};
	const char *const *const cases[] = {words, words_twice};

	for (size_t i = 0; i < 2; i++) {
		struct run run;

		start_leader(&run, test_role(state), whit_path(), cases[i]);
		see_foreground(&run, "cat");
		press(CTRL('Z'));
		see(&run, "^Z");
		see_cat_at_work(&run, "abc");
		press(CTRL('D'));
		run_expect_status(&run, 0);
		close(master);
	}
}

/* whit gets the TSTP and forwards it: that is no stop on purpose. */
static void ctrl_z_is_undone_for_a_command_with_stdin_from_a_file(void **state)
{
	const char *const words[] = {"sh", "-c",
		"trap 'echo continued' CONT; sleep 1000000 & echo ready; wait; wait; wait", NULL};
	struct run run;

	start(&run, state, words, lead_session_on_stdout_and_stderr);
	see(&run, "ready");
	press(CTRL('Z'));
	see(&run, "continued");
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	run_expect_status(&run, 128 + SIGTERM);
	close(master);
}

static void ctrl_z_is_undone_for_a_command_that_has_left_its_group(void **state)
{
	const char *const words[] = {actor_path(), "stop-in-other-group", NULL};
	struct run run;

	start_leader(&run, test_role(state), whit_path(), words);
	see(&run, "continued");
	run_expect_status(&run, 0);
	close(master);
}

/* whit gets TSTP before WINCH: records come in the order of their numbers. */
static void ctrl_z_during_a_drain_stops_no_process(void **state)
{
	const char *const words[] = {"-d", "1000000", actor_path(), "leave", "listener", "1", NULL};
	const struct winsize size = {.ws_row = 33, .ws_col = 44};
	struct run run;

	start_leader(&run, test_role(state), whit_path(), words);
	see(&run, "listener got 15\r\n");
	press(CTRL('Z'));
	see(&run, "^Z"); /* it discards what is printed before its echo: termios(3), NOFLSH */
	assert_int_equal(ioctl(master, TIOCSWINSZ, &size), 0);
	see(&run, "listener got ");
	see_next(&run, NUMBER_OF(SIGWINCH) "\r\n");
	press(CTRL('C'));
	see(&run, "listener got 2\r\n");
	assert_int_equal(kill(run.whit, SIGHUP), 0);
	run_expect_status(&run, 7);
	close(master);
}

static void a_stop_that_was_sent_through_whit_stays_until_cont(void **state)
{
	const char *const words[] = {"-v", "cat", NULL};
	struct run run;
	pid_t command;

	start_leader(&run, test_role(state), whit_path(), words);
	command = see_foreground(&run, "cat");
	assert_int_equal(kill(run.whit, SIGTSTP), 0);
	see(&run, STOPPED_BY "SIGTSTP");
	process_wait_state(run.whit, 'S');
	process_wait_state(command, 'T');
	assert_int_equal(kill(run.whit, SIGCONT), 0);
	process_wait_state(command, 'S');
	press(CTRL('D'));
	run_expect_status(&run, 0);
	close(master);
}

static void ctrl_c_and_a_resize_reach_the_command_once(void **state)
{
	const char *const words[] = {actor_path(), "signals", "3", NULL};
	const struct winsize size = {.ws_row = 33, .ws_col = 44};
	struct run run;

	start_leader(&run, test_role(state), whit_path(), words);
	see(&run, "ready");
	press(CTRL('C'));
	see(&run, "signal 2 code 128 ");
	assert_int_equal(ioctl(master, TIOCSWINSZ, &size), 0);
	see(&run, "signal " NUMBER_OF(SIGWINCH) " code 128 ");
	press(CTRL('\\'));
	see(&run, "signal 3 code 128 "); /* the third; one that came twice would be before it */
	run_expect_status(&run, 0);
	close(master);
}

static void ctrl_c_reaches_the_whole_group_of_a_command_with_stdin_from_a_file(void **state)
{
	const char *const words[] = {actor_path(), "group", NULL};
	struct run run;

	start(&run, state, words, lead_session_on_stdout_and_stderr);
	see(&run, "ready");
	see(&run, "ready");
	press(CTRL('C'));
	see(&run, " got 2\r\n"); /* the member and the command, in either order */
	see(&run, " got 2\r\n");
	run_expect_status(&run, 0);
	close(master);
}

static void a_hung_up_terminal_ends_the_command_and_whit(void **state)
{
	const char *const words[] = {actor_path(), "idle", NULL};
	struct run run;

	start_leader(&run, test_role(state), whit_path(), words);
	see(&run, "ready");
	close(master);
	run_expect_status(&run, 128 + SIGHUP);
}

/* The kernel sends it when the terminal is gone, so whit cannot look for the foreground group. */
static void a_hang_up_reaches_the_whole_group_of_a_command_without_the_foreground(void **state)
{
	char script[512];
	const char *const words[] = {"-c", script, NULL};
	struct run run;

	snprintf(script, sizeof(script), "%s idle | %s %s group", actor_path(), whit_path(),
		actor_path());
	open_terminal();
	run_start(&run,
		&(struct scene){.role = test_role(state),
			.program = "/bin/sh",
			.words = words,
			.prepare = adopt_what_the_session_leaves});
	for (int i = 0; i < 2; i++)
		run_expect_beginning(&run, &run.out, "ready ");
	close(master);
	for (int i = 0; i < 2; i++) {
		if (strstr(run_line(&run, &run.out), " got 1") == NULL)
			run_fail(&run, "expected: HUP, twice\nobserved: %s", run.line);
	}
	run_expect_status(&run, 0);
}

static void an_interactive_shell_as_the_command_has_job_control(void **state)
{
	struct run run;

	start_shell(&run, test_role(state), &bash);
	type_line("cat");
	see_foreground(&run, "cat");
	press(CTRL('Z'));
	see(&run, "Stopped");
	see_prompt(&run);
	type_line("fg");
	see_foreground(&run, "cat");
	see_cat_at_work(&run, "abc");
	interrupt(&run);
	see_status(&run, 130);
	leave_shell(&run);
}

static void tostop_does_not_stop_a_message(void **state)
{
	const char *const words[] = {"-v", "true", NULL};
	struct run run;

	start(&run, state, words, go_to_background_with_tostop);
	see(&run, "whit: " STARTED "true'");
	see(&run, "exited with status 0");
	run_expect_status(&run, 0);
	close(master);
}

/* A root made by debootstrap has no pseudo terminals until the test mounts them. */
static bool has_mounted_terminals;

static int set_up_terminals(void **state)
{
	int probe = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (probe >= 0)
		close(probe);
	else
		has_mounted_terminals =
			mount("devpts", "/dev/pts", "devpts", 0, "newinstance,ptmxmode=0666") == 0;
	return harness_require_namespaces(state);
}

static int tear_down_terminals(void **state)
{
	(void)state;
	return has_mounted_terminals ? umount2("/dev/pts", MNT_DETACH) : 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROLE_TEST(the_command_of_a_session_leader_gets_the_foreground),
		ROLE_TEST(the_command_of_a_whit_in_the_background_stays_in_the_background),
		ROLE_TEST(with_another_terminal_as_stdin_the_command_starts_in_the_background),
		ROLE_TEST(with_stdin_from_a_file_the_command_gets_the_foreground_when_it_reads),
		ROLE_TEST(without_dev_whit_finds_the_terminal_on_stdin_and_stderr),
		INIT_TEST(whit_knows_the_foreground_although_its_group_is_outside_the_namespace),
		ROLE_TEST(a_terminal_that_is_not_of_whits_session_is_no_error),
		ROLE_TEST(a_command_that_cannot_get_the_foreground_stays_stopped),
		ROLE_TEST(a_shell_keeps_the_terminal_that_it_took_while_the_command_ran),
		SUBREAPER_TEST(under_a_shell_ctrl_z_stops_the_job_and_fg_resumes_it),
		SUBREAPER_TEST(under_a_shell_whit_under_whit_stops_and_resumes),
		SUBREAPER_TEST(under_a_shell_whit_as_pid_1_of_a_namespace_stops_and_resumes),
		ROLE_TEST(under_a_shell_whit_stops_with_a_command_that_gets_sigstop),
		ROLE_TEST(a_shell_that_ignores_tstp_has_its_prompt_when_the_command_stops),
		SUBREAPER_TEST(bg_lets_the_command_run_while_the_shell_has_the_terminal),
		SUBREAPER_TEST(
			a_background_command_that_reads_stops_the_job_and_fg_gives_it_the_terminal),
		ROLE_TEST(ctrl_c_and_ctrl_z_reach_the_whole_group_of_a_running_job_after_fg),
		ROLE_TEST(the_first_ctrl_c_after_fg_hands_the_foreground_to_the_command),
		ROLE_TEST(ctrl_z_and_ctrl_c_reach_a_whole_pipeline_that_ends_in_whit),
		ROLE_TEST(a_pager_after_whit_in_a_pipeline_reads_the_terminal),
		ROLE_TEST(a_pager_under_whit_after_whit_in_a_pipeline_reads_the_terminal),
		ROLE_TEST(
			a_command_in_the_background_of_a_script_leaves_the_terminal_to_the_script),
		SUBREAPER_TEST(a_script_has_the_terminal_again_after_each_whit),
		SUBREAPER_TEST(ctrl_z_in_a_script_without_a_shell_above_is_undone),
		SUBREAPER_TEST(ctrl_z_in_a_pipeline_without_a_shell_above_is_undone),
		SUBREAPER_TEST(the_terminals_settings_are_as_they_are_without_whit),
		ROLE_TEST(ctrl_z_without_a_shell_is_undone),
		ROLE_TEST(ctrl_z_is_undone_for_a_command_with_stdin_from_a_file),
		ROLE_TEST(ctrl_z_is_undone_for_a_command_that_has_left_its_group),
		ROLE_TEST(ctrl_z_during_a_drain_stops_no_process),
		ROLE_TEST(a_stop_that_was_sent_through_whit_stays_until_cont),
		ROLE_TEST(ctrl_c_and_a_resize_reach_the_command_once),
		ROLE_TEST(ctrl_c_reaches_the_whole_group_of_a_command_with_stdin_from_a_file),
		ROLE_TEST(a_hung_up_terminal_ends_the_command_and_whit),
		INIT_TEST(a_hang_up_reaches_the_whole_group_of_a_command_without_the_foreground),
		INIT_TEST(an_interactive_shell_as_the_command_has_job_control),
		ROLE_TEST(tostop_does_not_stop_a_message),
	};

	return cmocka_run_group_tests_name(
		"terminal", tests, set_up_terminals, tear_down_terminals);
}

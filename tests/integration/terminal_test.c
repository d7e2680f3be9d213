/* Contract, section 2.4: the command gets the terminal's foreground if, and only if, whit has it.
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

/* The terminal of the test that is going on; its master's end is the test's. */
static char terminal_path[64];
static int master;

static void open_terminal(void)
{
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

/* The shape of `docker run -it`: session leader, with the terminal on stdin at least. */
static void lead_session(void *argument)
{
	int fd;

	(void)argument;
	if (setsid() < 0 && getpid() != 1)
		_exit(94);
	fd = open(terminal_path, O_RDWR); /* becomes the controlling terminal: open(2) */
	if (fd < 0 || dup2(fd, STDIN_FILENO) < 0)
		_exit(95);
	close(fd);
}

/* The shape of `whit … &`: the session leader is somebody else, who stays in the foreground. */
static void go_to_background_after(void (*set_up)(void))
{
	pid_t whit;
	int status;

	lead_session(NULL);
	set_up();
	whit = fork();
	if (whit == 0) {
		setpgid(0, 0);
		return;
	}
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	while (waitpid(whit, &status, 0) != whit)
		;
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 96);
}

static void set_up_nothing(void)
{
}

static void go_to_background(void *argument)
{
	(void)argument;
	go_to_background_after(set_up_nothing);
}

/* The same with stdin from elsewhere: the terminal is reached by /dev/tty alone. */
static void lead_session_without_stdin(void *argument)
{
	lead_session(argument);
	if (dup2(open("/dev/null", O_RDONLY), STDIN_FILENO) < 0)
		_exit(95);
}

/* The command's group on the terminal that the test holds the other end of. */
static void expect_foreground(
	void **state, void (*prepare)(void *), const char *shell_redirection, const char *expected)
{
	char script[256];
	const char *const words[] = {"sh", "-c", script, actor_path(), NULL};
	struct run run;

	snprintf(script, sizeof(script), "exec \"$0\" foreground 3 3<%s", shell_redirection);
	open_terminal();
	run_start(&run,
		&(struct scene){.role = test_role(state), .words = words, .prepare = prepare});
	run_expect(&run, expected);
	run_expect_end(&run, 0, "");
	close(master);
}

static void the_command_of_a_session_leader_is_in_the_foreground(void **state)
{
	expect_foreground(state, lead_session, "/dev/tty", "foreground");
}

static void the_command_of_a_whit_in_the_background_stays_there(void **state)
{
	expect_foreground(state, go_to_background, "/dev/tty", "background");
}

static void the_command_is_in_the_background_when_stdin_is_another_file(void **state)
{
	expect_foreground(state, lead_session_without_stdin, "/dev/tty", "background");
}

/* As in an image with nothing in /dev; this mount namespace is whit's own. */
static void lead_session_without_dev(void *argument)
{
	lead_session(argument);
	if (mount("none", "/dev", "tmpfs", 0, NULL) < 0)
		_exit(94);
}

static void lead_session_without_dev_on_stderr_alone(void *argument)
{
	int null = open("/dev/null", O_RDONLY);

	lead_session_without_dev(argument);
	if (dup2(STDIN_FILENO, STDERR_FILENO) < 0 || dup2(null, STDIN_FILENO) < 0)
		_exit(95);
	close(null);
}

static void type(const char *text)
{
	assert_int_equal(write(master, text, strlen(text)), (ssize_t)strlen(text));
}

/* Stdin is not the terminal, so the command is given it when it is stopped for want of it. */
static void expect_foreground_after_read(
	void **state, void (*prepare)(void *), const char *shell_redirection)
{
	char script[256];
	const char *const words[] = {"sh", "-c", script, actor_path(), NULL};
	struct run run;

	snprintf(script, sizeof(script),
		"exec 3<%s; \"$0\" foreground 3; read x <&3; \"$0\" foreground 3; echo got=$x",
		shell_redirection);
	open_terminal();
	run_start(&run,
		&(struct scene){.role = test_role(state), .words = words, .prepare = prepare});
	run_expect(&run, "background");
	type("abc\n");
	run_expect(&run, "foreground");
	run_expect(&run, "got=abc");
	run_expect_end(&run, 0, "");
	close(master);
}

static void a_command_that_reads_the_terminal_later_gets_the_foreground_then(void **state)
{
	expect_foreground_after_read(state, lead_session_without_stdin, "/dev/tty");
}

static void without_dev_the_terminal_is_found_on_stdin_or_stderr(void **state)
{
	expect_foreground(state, lead_session_without_dev, "&0", "foreground");
	expect_foreground_after_read(state, lead_session_without_dev_on_stderr_alone, "&2");
}

/*
 * A shell that takes the terminal away from a command that goes on, and then ends it. Says by its
 * status whether it still has the terminal when whit has ended.
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

static void a_terminal_that_a_shell_has_taken_meanwhile_is_left_to_it(void **state)
{
	const char *const words[] = {actor_path(), "idle", NULL};
	struct run run;

	open_terminal();
	run_start(&run,
		&(struct scene){.role = test_role(state),
			.words = words,
			.prepare = take_terminal_from_command});
	run_expect_status(&run, 40);
	close(master);
}

/* Another session's terminal on stdin is none of whit's business. */
static void take_foreign_terminal(void *argument)
{
	int fd;

	(void)argument;
	(void)setsid();
	fd = open(terminal_path, O_RDWR | O_NOCTTY);
	if (fd < 0 || dup2(fd, STDIN_FILENO) < 0)
		_exit(95);
}

static void a_terminal_of_another_session_is_no_error(void **state)
{
	const char *const words[] = {actor_path(), "exit", "5", NULL};
	struct run run;

	open_terminal();
	run_start(&run,
		&(struct scene){.role = test_role(state),
			.words = words,
			.prepare = take_foreign_terminal});
	run_expect_end(&run, 5, "");
	close(master);
}

/*
 * `unshare -fp whit` from a shell: whit's group is outside its namespace, and so is the foreground
 * group, be it the same or another: both read as 0.
 */
static void enter_new_namespace_in(bool background)
{
	pid_t holder;
	int status;

	lead_session(NULL);
	holder = fork();
	if (holder == 0) {
		pid_t whit;

		if (background)
			setpgid(0, 0);
		if (unshare(CLONE_NEWPID) < 0)
			_exit(94);
		whit = fork();
		if (whit == 0)
			return;
		close(STDOUT_FILENO);
		close(STDERR_FILENO);
		waitpid(whit, &status, 0);
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 96);
	}
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	while (waitpid(holder, &status, 0) != holder)
		;
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 96);
}

static void enter_new_namespace(void *argument)
{
	(void)argument;
	enter_new_namespace_in(false);
}

static void enter_new_namespace_in_background(void *argument)
{
	(void)argument;
	enter_new_namespace_in(true);
}

static void the_foreground_is_told_when_its_group_is_outside_the_namespace(void **state)
{
	expect_foreground(state, enter_new_namespace, "/dev/tty", "foreground");
	expect_foreground(state, enter_new_namespace_in_background, "/dev/tty", "background");
}

/* --- a person at the terminal --- */

#define KEY_CTRL(letter) ((letter)-0x40)

/* What the terminal has shown and nobody has looked at yet. */
static char screen[1 << 16];
static size_t screen_length;

/* Reads what is shown until this is among it; what stands before it is forgotten. */
static void see(struct run *run, const char *text)
{
	for (;;) {
		struct pollfd shown = {.fd = master, .events = POLLIN};
		ssize_t length;
		char *found;

		screen[screen_length] = '\0';
		found = strstr(screen, text);
		if (found != NULL) {
			found += strlen(text);
			screen_length -= (size_t)(found - screen);
			memmove(screen, found, screen_length);
			return;
		}
		if (poll(&shown, 1, PATIENCE_MS) <= 0 ||
			(length = read(master, screen + screen_length,
				 sizeof(screen) - 1 - screen_length)) <= 0)
			run_fail(run, "expected on the terminal: %s\nobserved: %s", text, screen);
		screen_length += (size_t)length;
	}
}

/* Whether this is shown within a while: for what has to be asked for more than once. */
static bool terminal_shows(const char *text)
{
	struct pollfd shown = {.fd = master, .events = POLLIN};

	while (poll(&shown, 1, 200) > 0) {
		ssize_t length =
			read(master, screen + screen_length, sizeof(screen) - 1 - screen_length);

		if (length <= 0)
			return false;
		screen_length += (size_t)length;
		screen[screen_length] = '\0';
		if (strstr(screen, text) != NULL) {
			screen_length = 0;
			return true;
		}
	}
	return false;
}

static void press(char key)
{
	assert_int_equal(write(master, &key, 1), 1);
}

static void lead_session_on_all_three(void *argument)
{
	lead_session(argument);
	dup2(STDIN_FILENO, STDOUT_FILENO);
	dup2(STDIN_FILENO, STDERR_FILENO);
}

static char prompt[] = "PS1=$ ", path[] = "PATH=/usr/bin:/bin", term[] = "TERM=dumb";
static char *shell_environment[] = {prompt, path, term, NULL};

/* A program with the terminal for itself. */
static void sit_down(struct run *run, enum role role, const char *program, const char *const *words)
{
	open_terminal();
	screen_length = 0;
	run_start(run,
		&(struct scene){
			.role = role,
			.program = program,
			.name = program,
			.words = words,
			.environment = shell_environment,
			.prepare = lead_session_on_all_three,
		});
}

/* A message to its end, or what is typed next may be echoed in the middle of it. */
static void see_message(struct run *run, const char *text)
{
	see(run, text);
	see(run, "\r\n");
}

struct shell {
	const char *program;
	const char *words[3];
};

static const struct shell shells[] = {
	{"/bin/bash", {"--norc", "-i"}},
	{"/bin/dash", {"-i"}},
};

#define SHELL_COUNT (sizeof(shells) / sizeof(shells[0]))

static void sit_down_at_shell(struct run *run, const struct shell *shell)
{
	sit_down(run, ROLE_SUBREAPER, shell->program, shell->words);
	see(run, "$ ");
}

/* The same where the shell is the command of a whit that is PID 1 and leads the session. */
static void sit_down_at_shell_in(struct run *run, enum role role, const struct shell *shell)
{
	static const char *words[4];

	if (role == ROLE_SUBREAPER) {
		sit_down_at_shell(run, shell);
		return;
	}
	words[0] = shell->program;
	memcpy(words + 1, shell->words, sizeof(shell->words));
	sit_down(run, role, whit_path(), words);
	see(run, "$ ");
}

/* The first child of a process, as soon as it has one. */
static pid_t await_child(struct run *run, pid_t parent)
{
	pid_t child;

	for (int ms = 0; (child = process_child(parent)) == 0; ms++) {
		if (ms >= PATIENCE_MS)
			run_fail(run, "process %d starts no child", parent);
		(void)poll(NULL, 0, 1);
	}
	return child;
}

static pid_t shell_of(struct run *run)
{
	return run->scene.role == ROLE_INIT ? await_child(run, run->whit) : run->whit;
}

/* The terminal's master tells its foreground group too: tty_ioctl(4). */
static void await_foreground(struct run *run, pid_t group)
{
	for (int ms = 0; tcgetpgrp(master) != group; ms++) {
		if (ms >= PATIENCE_MS)
			run_fail(run, "expected in the foreground: %d\nobserved: %d", group,
				tcgetpgrp(master));
		(void)poll(NULL, 0, 1);
	}
}

static void type_command(const char *after)
{
	type(whit_path());
	type(" ");
	type(after);
	type("\n");
}

/* The text is echoed by the terminal, and then once more by cat. */
static void see_cat_at_work(struct run *run, const char *text)
{
	char both[64];

	snprintf(both, sizeof(both), "%s\r\n%s\r\n", text, text);
	type(text);
	type("\n");
	see(run, both);
}

/* The shell counts, so that its answer is not what was typed. */
static void see_shell_answer(struct run *run)
{
	type("echo answer$((40 + 2))\n");
	see(run, "answer42");
}

static void see_status(struct run *run, const char *expected)
{
	type("echo status=$?.\n");
	see(run, "status=$?."); /* what was typed */
	see(run, expected);
}

static void leave_shell(struct run *run)
{
	type("exit 9\n");
	run_expect_status(run, 9);
	close(master);
}

static void stop_and_resume(const struct shell *shell, const char *command)
{
	struct run run;

	sit_down_at_shell(&run, shell);
	type_command(command);
	see_message(&run, "started 'cat'"); /* what is typed before may be the shell's */
	see_cat_at_work(&run, "abc");
	press(KEY_CTRL('Z'));
	see(&run, "Stopped");
	see_shell_answer(&run);
	type("fg\n");
	see_message(&run, "continuing the command");
	see_cat_at_work(&run, "def");
	press(KEY_CTRL('Z'));
	see(&run, "Stopped");
	type("fg\n");
	see_message(&run, "continuing the command");
	see_cat_at_work(&run, "ghi");
	press(KEY_CTRL('C'));
	see(&run, "ended by SIGINT, as by ^C");
	see_status(&run, "status=130.");
	leave_shell(&run);
}

static void under_a_shell_ctrl_z_stops_and_fg_resumes(void **state)
{
	(void)state;
	for (size_t i = 0; i < SHELL_COUNT; i++)
		stop_and_resume(&shells[i], "-v cat");
}

static void under_a_shell_whit_under_whit_stops_and_resumes(void **state)
{
	char command[512];

	(void)state;
	snprintf(command, sizeof(command), "%s -v cat", whit_path());
	for (size_t i = 0; i < SHELL_COUNT; i++)
		stop_and_resume(&shells[i], command);
}

static void under_a_shell_whit_as_pid_1_of_a_namespace_stops_and_resumes(void **state)
{
	char command[512];

	(void)state;
	/* Outside of it the job is unshare's: whit is told by the job's CONT alone. */
	snprintf(command, sizeof(command), "true; unshare -fp %s -v cat", whit_path());
	stop_and_resume(&shells[0], command);
}

static void under_a_shell_whit_stops_with_a_command_that_was_sent_sigstop(void **state)
{
	struct run run;
	pid_t whit;

	(void)state;
	sit_down_at_shell(&run, &shells[0]);
	type_command("-v cat");
	see_message(&run, "started 'cat'");
	see_cat_at_work(&run, "abc");
	whit = process_child(run.whit); /* which is the shell */
	assert_int_equal(kill(process_child(whit), SIGSTOP), 0);
	see(&run, "Stopped");
	see_shell_answer(&run);
	type("fg\n");
	see_message(&run, "continuing the command");
	see_cat_at_work(&run, "def");
	press(KEY_CTRL('D'));
	see_status(&run, "status=0.");
	leave_shell(&run);
}

static void a_job_in_the_background_runs_and_does_not_take_the_terminal(void **state)
{
	(void)state;
	for (size_t i = 0; i < SHELL_COUNT; i++) {
		struct run run;

		sit_down_at_shell(&run, &shells[i]);
		type_command("-v sleep 1000");
		see_message(&run, "started 'sleep'");
		press(KEY_CTRL('Z'));
		see(&run, "Stopped");
		type("bg\n");
		see_shell_answer(&run);
		type("jobs\n");
		see(&run, "Running");
		type("kill %1; wait %1\n");
		see_status(&run, "status=143.");
		leave_shell(&run);
	}
}

static void a_background_job_that_reads_is_stopped_and_fg_gives_it_the_terminal(void **state)
{
	(void)state;
	for (size_t i = 0; i < SHELL_COUNT; i++) {
		struct run run;

		sit_down_at_shell(&run, &shells[i]);
		type_command("-v cat &");
		see_shell_answer(&run);
		do
			type("jobs\n");
		while (!terminal_shows("Stopped"));
		type("fg\n");
		see_message(&run, "continuing the command");
		see_cat_at_work(&run, "abc");
		press(KEY_CTRL('D'));
		see_status(&run, "status=0.");
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
	sit_down(&run, ROLE_SUBREAPER, "/bin/sh", words);
	type("1\n2\n3\n4\nto-x\n5\n");
	see(&run, "got=12345.");
	run_expect_status(&run, 0);
	close(master);
}

/* --- the shape of docker run -it: nobody above whit --- */

static void ctrl_z_without_a_shell_is_undone(void **state)
{
	const char *const words[] = {"-v", "cat", NULL};
	struct run run;

	sit_down(&run, test_role(state), whit_path(), words);
	see_message(&run, "started 'cat'");
	see_cat_at_work(&run, "abc");
	press(KEY_CTRL('Z'));
	see_message(&run, "was stopped by SIGTSTP");
	see_message(&run, "continuing the command");
	see_cat_at_work(&run, "def");
	press(KEY_CTRL('D'));
	run_expect_status(&run, 0);
	close(master);
}

/* Its group is orphaned, though it does not lead the session: the script does. */
static void ctrl_z_in_a_script_without_a_shell_above_is_undone(void **state)
{
	char script[512];
	const char *const words[] = {"-c", script, NULL};
	struct run run;

	(void)state;
	snprintf(script, sizeof(script), "%s -v cat; echo after", whit_path());
	sit_down(&run, ROLE_SUBREAPER, "/bin/sh", words);
	see_message(&run, "started 'cat'");
	see_cat_at_work(&run, "abc");
	press(KEY_CTRL('Z'));
	see_message(&run, "continuing the command");
	see_cat_at_work(&run, "def");
	press(KEY_CTRL('D'));
	see(&run, "after");
	run_expect_status(&run, 0);
	close(master);
}

/* What is stopped then would be continued by nobody. */
static void ctrl_z_during_a_drain_stops_nobody(void **state)
{
	const char *const words[] = {
		"-v", "-d", "1000000", actor_path(), "leave", "listener", "1", NULL};
	struct run run;

	sit_down(&run, test_role(state), whit_path(), words);
	see(&run, "listener got 15");
	press(KEY_CTRL('Z'));
	press(KEY_CTRL('C'));
	see(&run, "listener got 2\r\n");
	assert_int_equal(kill(run.whit, SIGHUP), 0);
	run_expect_status(&run, 7);
	close(master);
}

static void under_whit_too_ctrl_z_without_a_shell_is_undone(void **state)
{
	const char *const words[] = {whit_path(), "-v", "cat", NULL};
	struct run run;

	sit_down(&run, test_role(state), whit_path(), words);
	see_message(&run, "started 'cat'");
	see_cat_at_work(&run, "abc");
	press(KEY_CTRL('Z'));
	see_message(&run, "continuing the command");
	see_cat_at_work(&run, "def");
	press(KEY_CTRL('D'));
	run_expect_status(&run, 0);
	close(master);
}

/* Settings and size are the terminal's; stdin is a file in between. */
static void the_terminal_is_as_it_is_without_whit(void **state)
{
	char script[1024];
	const char *const words[] = {"-c", script, NULL};
	struct run run;

	(void)state;
	snprintf(script, sizeof(script),
		"stty rows 33 cols 44 -ixon; a=$(stty -a); b=$(%s stty -a); c=$(%s stty -a </dev/tty);"
		"%s head -n 1 </etc/passwd >/dev/tty; d=$(stty -a);"
		"test \"$a\" = \"$b\" -a \"$a\" = \"$c\" -a \"$a\" = \"$d\" && echo all alike",
		whit_path(), whit_path(), whit_path());
	sit_down(&run, ROLE_SUBREAPER, "/bin/sh", words);
	see(&run, "root:");
	see(&run, "all alike");
	run_expect_status(&run, 0);
	close(master);
}

/* Not in the group that whit made for it, which is empty by now. */
static void ctrl_z_is_undone_for_a_command_that_has_left_its_group(void **state)
{
	const char *const words[] = {actor_path(), "stop-in-other-group", NULL};
	struct run run;

	sit_down(&run, test_role(state), whit_path(), words);
	see(&run, "continued");
	run_expect_status(&run, 0);
	close(master);
}

static void a_stop_that_was_sent_through_whit_stays_until_cont(void **state)
{
	const char *const words[] = {"-v", "cat", NULL};
	struct run run;

	sit_down(&run, test_role(state), whit_path(), words);
	see_message(&run, "started 'cat'");
	see_cat_at_work(&run, "abc");
	assert_int_equal(kill(run.whit, SIGTSTP), 0);
	see_message(&run, "was stopped by SIGTSTP");
	process_wait_state(run.whit, 'S');
	process_wait_state(run_command(&run), 'T');
	assert_int_equal(kill(run.whit, SIGCONT), 0);
	see_message(&run, "passed on SIGCONT");
	see_cat_at_work(&run, "def");
	press(KEY_CTRL('D'));
	run_expect_status(&run, 0);
	close(master);
}

static void ctrl_c_and_a_resize_reach_the_command_once(void **state)
{
	const char *const words[] = {actor_path(), "signals", "3", NULL};
	const struct winsize size = {.ws_row = 33, .ws_col = 44};
	struct run run;

	sit_down(&run, test_role(state), whit_path(), words);
	see(&run, "ready");
	press(KEY_CTRL('C'));
	see(&run, "signal 2 code 128 ");
	assert_int_equal(ioctl(master, TIOCSWINSZ, &size), 0);
	see(&run, "signal " NUMBER_OF(SIGWINCH) " code 128 ");
	press(KEY_CTRL('\\'));
	see(&run, "signal 3 code 128 "); /* had one come twice, it would have been the third */
	run_expect_status(&run, 0);
	close(master);
}

static void a_hung_up_terminal_ends_the_command_and_whit(void **state)
{
	const char *const words[] = {actor_path(), "idle", NULL};
	struct run run;

	sit_down(&run, test_role(state), whit_path(), words);
	see(&run, "ready");
	close(master);
	run_expect_status(&run, 128 + SIGHUP);
}

static void an_interactive_shell_as_the_command_has_job_control(void **state)
{
	const char *const words[] = {"bash", "--norc", "-i", NULL};
	struct run run;

	sit_down(&run, test_role(state), whit_path(), words);
	see(&run, "$ ");
	type("sh -c 'echo on; exec cat'\n");
	see(&run, "cat'\r\n"); /* what was typed */
	see(&run, "on\r\n");
	see_cat_at_work(&run, "abc");
	press(KEY_CTRL('Z'));
	see(&run, "Stopped");
	see_shell_answer(&run);
	type("fg\n");
	see(&run, "cat'\r\n");
	see_cat_at_work(&run, "def");
	press(KEY_CTRL('C'));
	see(&run, "^C\r\n$ "); /* what is typed before may go with what ^C discards */
	see_status(&run, "status=130.");
	leave_shell(&run);
}

/* --- issue 14: what the terminal's foreground is for --- */

/* The script's next read comes when the command runs, since the first line is typed after that. */
static void a_command_in_the_background_of_a_script_leaves_it_the_terminal(void **state)
{
	char script[512];
	const char *const words[] = {"sh", "-c", script, NULL};
	struct run run;

	snprintf(script, sizeof(script),
		"%s %s idle & read a; read b; echo got=$a$b.; kill $!; wait", whit_path(),
		actor_path());
	if (test_role(state) == ROLE_INIT) {
		sit_down(&run, ROLE_INIT, whit_path(), words);
		see(&run, "ready");
		type("1\n2\n");
		see(&run, "got=12.");
		run_expect_status(&run, 0);
		close(master);
		return;
	}
	for (size_t i = 0; i < SHELL_COUNT; i++) {
		sit_down_at_shell(&run, &shells[i]);
		type("sh -c '");
		type(script);
		type("'\n");
		see(&run, "ready");
		type("1\n2\n");
		see(&run, "got=12.");
		see_shell_answer(&run);
		leave_shell(&run);
	}
}

static void ctrl_c_ends_a_pipeline_that_ends_in_whit(void **state)
{
	char script[512];
	const char *const words[] = {"sh", "-c", script, NULL};
	struct run run;

	snprintf(script, sizeof(script), "%s idle >/dev/tty | %s %s idle", actor_path(),
		whit_path(), actor_path());
	if (test_role(state) == ROLE_INIT) {
		sit_down(&run, ROLE_INIT, whit_path(), words);
		see(&run, "ready");
		see(&run, "ready");
		press(KEY_CTRL('C'));
		run_expect_status(&run, 128 + SIGINT);
		close(master);
		return;
	}
	for (size_t i = 0; i < SHELL_COUNT; i++) {
		sit_down_at_shell(&run, &shells[i]);
		type(script);
		type("\n");
		see(&run, "ready");
		see(&run, "ready");
		press(KEY_CTRL('Z'));
		see(&run, "Stopped");
		type("fg\n");
		await_foreground(&run, process_child(run.whit)); /* the pipeline's group */
		process_wait_state(process_child(run.whit), 'S');
		press(KEY_CTRL('C'));
		see(&run, "^C"); /* what is typed before its prompt may go with what ^C discards */
		see(&run, "$ ");
		see_shell_answer(&run);
		leave_shell(&run);
	}
}

/* bash sends no CONT to a job that runs, so whit is not told of its fg; dash does. */
static void ctrl_c_and_ctrl_z_reach_the_whole_group_of_a_job_that_fg_brings_up(void **state)
{
	for (int is_stopped_first = 0; is_stopped_first < 2; is_stopped_first++) {
		char words[256];
		struct run run;
		pid_t whit;
		pid_t command;
		pid_t child;

		sit_down_at_shell_in(&run, test_role(state), &shells[0]);
		snprintf(words, sizeof(words), "sh -c '%s idle; true' &", actor_path());
		type_command(words);
		see(&run, "ready");
		whit = process_child(shell_of(&run));
		command = process_child(whit);
		child = process_child(command);
		see_shell_answer(&run);
		type("fg\n");
		await_foreground(&run, whit);
		if (is_stopped_first) {
			press(KEY_CTRL('Z'));
			see(&run, "Stopped");
			process_wait_state(child, 'T');
			type("fg\n");
			await_foreground(&run, command);
			process_wait_state(child, 'S');
		}
		press(KEY_CTRL('C'));
		see(&run, "^C");
		see(&run, "$ ");
		see_status(&run, "status=130.");
		assert_int_equal(process_state(child), 0);
		leave_shell(&run);
	}
}

static void the_first_ctrl_c_after_fg_makes_the_next_ones_reach_the_command_directly(void **state)
{
	char words[256];
	struct run run;
	pid_t whit;

	sit_down_at_shell_in(&run, test_role(state), &shells[0]);
	snprintf(words, sizeof(words), "%s signals 2 &", actor_path());
	type_command(words);
	see(&run, "ready");
	whit = process_child(shell_of(&run));
	see_shell_answer(&run);
	type("fg\n");
	await_foreground(&run, whit);
	press(KEY_CTRL('C'));
	see(&run, "signal 2 code 0 ");
	await_foreground(&run, process_child(whit));
	press(KEY_CTRL('C'));
	see(&run, "signal 2 code 128 ");
	see_status(&run, "status=0.");
	leave_shell(&run);
}

/* Which whit and the command inherit: whit cannot be stopped by a signal that it ignores. */
static void a_shell_that_ignores_tstp_has_its_prompt_when_the_command_is_stopped(void **state)
{
	for (size_t i = 0; i < SHELL_COUNT; i++) {
		struct run run;
		pid_t command;

		sit_down_at_shell_in(&run, test_role(state), &shells[i]);
		type("trap '' TSTP\n");
		see(&run, "$ ");
		type_command("cat");
		command = await_child(&run, await_child(&run, shell_of(&run)));
		await_foreground(&run, command);
		see_cat_at_work(&run, "abc");
		assert_int_equal(kill(command, SIGSTOP), 0);
		see(&run, "Stopped");
		see_shell_answer(&run);
		type("fg\n");
		await_foreground(&run, command);
		see_cat_at_work(&run, "def");
		press(KEY_CTRL('Z')); /* which the command ignores */
		see(&run, "^Z");
		see_cat_at_work(&run, "ghi");
		press(KEY_CTRL('D'));
		see_status(&run, "status=0.");
		leave_shell(&run);
	}
}

static void lead_session_on_stdout_and_stderr(void *argument)
{
	lead_session_on_all_three(argument);
	if (dup2(open("/dev/null", O_RDONLY), STDIN_FILENO) < 0)
		_exit(95);
}

static void sit_down_beside_stdin(struct run *run, enum role role, const char *const *words)
{
	open_terminal();
	screen_length = 0;
	run_start(run,
		&(struct scene){.role = role,
			.words = words,
			.environment = shell_environment,
			.prepare = lead_session_on_stdout_and_stderr});
}

static void with_stdin_from_a_file_ctrl_c_reaches_the_whole_group_once(void **state)
{
	const char *const words[] = {actor_path(), "group", NULL};
	struct run run;

	sit_down_beside_stdin(&run, test_role(state), words);
	see(&run, "ready");
	see(&run, "ready");
	press(KEY_CTRL('C'));
	see(&run, " got 2\r\n"); /* the member's and the command's, in either order */
	see(&run, " got 2\r\n");
	run_expect_status(&run, 0);
	close(master);
}

/* The one who is stopped could be continued by nobody, whichever way ^Z took. */
static void with_stdin_from_a_file_ctrl_z_is_undone(void **state)
{
	const char *const words[] = {"sh", "-c",
		"trap 'echo conti''nued' CONT; sleep 1000000 & echo ready; wait; wait; wait", NULL};
	struct run run;

	sit_down_beside_stdin(&run, test_role(state), words);
	see(&run, "ready");
	press(KEY_CTRL('Z'));
	see(&run, "continued");
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	run_expect_status(&run, 128 + SIGTERM);
	close(master);
}

/* Its group is orphaned, so the kernel stops none of it; but the command has a group of its own. */
static void ctrl_z_is_undone_for_a_pipeline_of_a_script_without_a_shell_above(void **state)
{
	char script[512];
	const char *const words[] = {"-c", script, NULL};
	struct run run;

	(void)state;
	snprintf(script, sizeof(script),
		"sleep 1000000 | %s sh -c 'trap \"echo conti\"\"nued\" CONT; sleep 1000000 & "
		"echo ready; wait; wait; wait'",
		whit_path());
	sit_down(&run, ROLE_SUBREAPER, "/bin/sh", words);
	see(&run, "ready");
	press(KEY_CTRL('Z'));
	see(&run, "continued");
	press(KEY_CTRL('C'));
	run_expect_status(&run, 128 + SIGINT);
	close(master);
}

static void lead_session_with_another_terminal_on_stdin(void *argument)
{
	char other_path[64];
	int other = posix_openpt(O_RDWR | O_NOCTTY);

	lead_session(argument);
	if (other < 0 || grantpt(other) < 0 || unlockpt(other) < 0 ||
		ptsname_r(other, other_path, sizeof(other_path)) != 0 ||
		dup2(open(other_path, O_RDWR | O_NOCTTY), STDIN_FILENO) < 0)
		_exit(95);
}

static void with_another_terminal_on_stdin_the_command_is_in_the_background(void **state)
{
	expect_foreground(
		state, lead_session_with_another_terminal_on_stdin, "/dev/tty", "background");
}

/* The second process of the pipeline reads the terminal; the first one, whit's command, does not.
 */
static void read_in_pipeline_after(enum role role, const char *before_reader)
{
	for (size_t i = 0; i < SHELL_COUNT; i++) {
		char words[512];
		struct run run;

		sit_down_at_shell_in(&run, role, &shells[i]);
		snprintf(words, sizeof(words),
			"%s idle >/dev/tty | %s sh -c 'read x </dev/tty; echo got=$x.'",
			actor_path(), before_reader);
		type_command(words);
		see(&run, "ready");
		type("abc\n");
		see(&run, "got=abc.");
		await_foreground(&run, process_child(shell_of(&run))); /* the job's group */
		press(KEY_CTRL('C'));
		see(&run, "^C");
		see(&run, "$ ");
		see_shell_answer(&run);
		leave_shell(&run);
	}
}

static void a_pager_after_whit_in_a_pipeline_can_read_the_terminal(void **state)
{
	read_in_pipeline_after(test_role(state), "");
}

static void a_pager_under_whit_after_whit_in_a_pipeline_can_read_the_terminal(void **state)
{
	read_in_pipeline_after(test_role(state), whit_path());
}

/*
 * The script that leads the session ends when the terminal hangs up; whit and the command outlive
 * it, as children of PID 1. The kernel sends the foreground group its HUP then.
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
		const char *line = run_line(&run, &run.out);

		if (strstr(line, " got 1") == NULL)
			run_fail(&run, "expected: command got 1, member got 1\nobserved: %s", line);
	}
	run_expect_status(&run, 0);
}

/* As some security modules do (ioctl_tty(2), traps of other systems that run Linux programs). */
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

/* To continue a command that wants what it cannot have would stop it again, for ever. */
static void a_command_that_cannot_be_given_the_foreground_stays_stopped(void **state)
{
	const char *const words[] = {"-v", "cat", NULL};
	struct run run;

	open_terminal();
	run_start(&run,
		&(struct scene){.role = test_role(state),
			.words = words,
			.prepare = lead_session_that_cannot_hand_over});
	run_expect_beginning(&run, &run.err, "whit: started 'cat'");
	(void)run_line(&run, &run.err); /* was stopped by SIGTTIN */
	assert_int_equal(kill(run.whit, SIGUSR1), 0);
	(void)run_line(&run, &run.err);
	if (strstr(run.line, "SIGUSR1") == NULL)
		run_fail(&run, "expected on stderr: ... SIGUSR1 ...\nobserved: %s", run.line);
	assert_int_equal(kill(run_command(&run), SIGKILL), 0);
	run_expect_status(&run, 128 + SIGKILL);
	close(master);
}

/* --- messages --- */

static void forbid_background_output(void)
{
	struct termios settings;

	if (tcgetattr(STDIN_FILENO, &settings) < 0)
		_exit(97);
	settings.c_lflag |= TOSTOP;
	if (tcsetattr(STDIN_FILENO, TCSANOW, &settings) < 0)
		_exit(97);
}

static void go_to_background_with_tostop(void *argument)
{
	(void)argument;
	go_to_background_after(forbid_background_output);
	dup2(STDIN_FILENO, STDERR_FILENO);
}

static void tostop_does_not_stop_a_message(void **state)
{
	const char *const words[] = {"-v", "true", NULL};
	struct run run;

	open_terminal();
	screen_length = 0;
	run_start(&run,
		&(struct scene){.role = test_role(state),
			.words = words,
			.prepare = go_to_background_with_tostop});
	see(&run, "whit: started 'true'");
	see(&run, "exited with status 0");
	run_expect_status(&run, 0);
	close(master);
}

/* A chroot made by debootstrap has no pseudo terminals yet; then there are some while we run. */
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
		ROLE_TEST(the_command_of_a_session_leader_is_in_the_foreground),
		ROLE_TEST(the_command_of_a_whit_in_the_background_stays_there),
		ROLE_TEST(the_command_is_in_the_background_when_stdin_is_another_file),
		ROLE_TEST(a_command_that_reads_the_terminal_later_gets_the_foreground_then),
		ROLE_TEST(without_dev_the_terminal_is_found_on_stdin_or_stderr),
		ROLE_TEST(a_terminal_that_a_shell_has_taken_meanwhile_is_left_to_it),
		ROLE_TEST(a_terminal_of_another_session_is_no_error),
		SUBREAPER_TEST(under_a_shell_ctrl_z_stops_and_fg_resumes),
		SUBREAPER_TEST(under_a_shell_whit_under_whit_stops_and_resumes),
		SUBREAPER_TEST(under_a_shell_whit_as_pid_1_of_a_namespace_stops_and_resumes),
		SUBREAPER_TEST(under_a_shell_whit_stops_with_a_command_that_was_sent_sigstop),
		SUBREAPER_TEST(a_job_in_the_background_runs_and_does_not_take_the_terminal),
		SUBREAPER_TEST(a_background_job_that_reads_is_stopped_and_fg_gives_it_the_terminal),
		SUBREAPER_TEST(a_script_has_the_terminal_again_after_each_whit),
		ROLE_TEST(ctrl_z_without_a_shell_is_undone),
		SUBREAPER_TEST(ctrl_z_in_a_script_without_a_shell_above_is_undone),
		ROLE_TEST(ctrl_z_during_a_drain_stops_nobody),
		ROLE_TEST(under_whit_too_ctrl_z_without_a_shell_is_undone),
		SUBREAPER_TEST(the_terminal_is_as_it_is_without_whit),
		ROLE_TEST(ctrl_z_is_undone_for_a_command_that_has_left_its_group),
		ROLE_TEST(a_stop_that_was_sent_through_whit_stays_until_cont),
		ROLE_TEST(ctrl_c_and_a_resize_reach_the_command_once),
		ROLE_TEST(a_hung_up_terminal_ends_the_command_and_whit),
		ROLE_TEST(an_interactive_shell_as_the_command_has_job_control),
		ROLE_TEST(tostop_does_not_stop_a_message),
		ROLE_TEST(a_command_in_the_background_of_a_script_leaves_it_the_terminal),
		ROLE_TEST(ctrl_c_ends_a_pipeline_that_ends_in_whit),
		ROLE_TEST(ctrl_c_and_ctrl_z_reach_the_whole_group_of_a_job_that_fg_brings_up),
		ROLE_TEST(the_first_ctrl_c_after_fg_makes_the_next_ones_reach_the_command_directly),
		ROLE_TEST(a_shell_that_ignores_tstp_has_its_prompt_when_the_command_is_stopped),
		ROLE_TEST(with_stdin_from_a_file_ctrl_c_reaches_the_whole_group_once),
		ROLE_TEST(with_stdin_from_a_file_ctrl_z_is_undone),
		SUBREAPER_TEST(ctrl_z_is_undone_for_a_pipeline_of_a_script_without_a_shell_above),
		ROLE_TEST(with_another_terminal_on_stdin_the_command_is_in_the_background),
		ROLE_TEST(a_pager_after_whit_in_a_pipeline_can_read_the_terminal),
		ROLE_TEST(a_pager_under_whit_after_whit_in_a_pipeline_can_read_the_terminal),
		INIT_TEST(a_hang_up_reaches_the_whole_group_of_a_command_without_the_foreground),
		ROLE_TEST(a_command_that_cannot_be_given_the_foreground_stays_stopped),
		INIT_TEST(the_foreground_is_told_when_its_group_is_outside_the_namespace),
	};

	return cmocka_run_group_tests_name(
		"terminal", tests, set_up_terminals, tear_down_terminals);
}

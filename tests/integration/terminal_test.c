/* Contract, section 2.4: the command gets the terminal's foreground if, and only if, whit has it.
 */
#include "harness.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* The terminal of the test that is going on; its master's end is the test's. */
static char terminal_path[64];
static int master;

static void open_terminal(void)
{
	master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
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
static void go_to_background(void *argument)
{
	pid_t whit;
	int status;

	lead_session(argument);
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

static void the_terminal_is_found_when_stdin_is_another_file(void **state)
{
	expect_foreground(state, lead_session_without_stdin, "/dev/tty", "foreground");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROLE_TEST(the_command_of_a_session_leader_is_in_the_foreground),
		ROLE_TEST(the_command_of_a_whit_in_the_background_stays_there),
		ROLE_TEST(the_terminal_is_found_when_stdin_is_another_file),
		ROLE_TEST(a_terminal_of_another_session_is_no_error),
		INIT_TEST(the_foreground_is_told_when_its_group_is_outside_the_namespace),
	};

	return cmocka_run_group_tests_name("terminal", tests, harness_require_namespaces, NULL);
}

/*
 * Contract, section 10: what whit says, and that saying it never blocks, kills or spins. This test
 * pins the sentences of -v; others wait for a word or two of them at most.
 */
#include "harness.h"
#include "kernel_signals.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define OUTSIDE "pid 0 (outside this namespace)"

/* Takes the next line of stderr. Expected may have # for any number, @ for the command's pid. */
static void expect_message(struct run *run, const char *expected)
{
	const char *line = run_line(run, &run->err);
	const char *at = line;
	char command = run->scene.role == ROLE_INIT ? '2' : '3';

	for (const char *wanted = expected; *wanted != '\0' && at != NULL; wanted++) {
		size_t digits = strspn(at, "0123456789.");

		if (*wanted == '#')
			at = digits > 0 ? at + digits : NULL;
		else
			at = *at == (*wanted == '@' ? command : *wanted) ? at + 1 : NULL;
	}
	if (at == NULL || *at != '\0')
		run_fail(run, "expected on stderr: %s\nobserved: %s", expected, line);
}

static void v_tells_the_start_each_signal_and_the_end(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-v", "-r", "USR1:HUP,USR2:0", "-e", "0:3", "sh", "-c",
		"exec \"$0\" signals 2", actor_path());
	run_expect(&run, "ready");
	expect_message(&run, "whit: started 'sh' (pid @)");
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	expect_message(&run, "whit: forwarded SIGTERM from " OUTSIDE " to the command after # s");
	assert_int_equal(kill(run.whit, SIGUSR2), 0);
	expect_message(&run, "whit: dropped SIGUSR2 from " OUTSIDE " after # s");
	assert_int_equal(kill(run.whit, SIGUSR1), 0);
	expect_message(&run,
		"whit: forwarded SIGUSR1 from " OUTSIDE " as SIGHUP to the command after # s");
	expect_message(&run, "whit: the command (pid @) exited with status 0 after # s");
	expect_message(&run, "whit: ending with status 3 instead of 0");
	run_expect_end(&run, 3, "");
}

static void v_tells_which_process_sent_a_signal_and_which_remain(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-v", "-d", "1000000", "sh", "-c",
		"\"$0\" leave quiet 1; kill -HUP $PPID; while :; do :; done", actor_path());
	expect_message(&run, "whit: started 'sh' (pid @)");
	expect_message(&run, "whit: forwarded SIGHUP from pid @ (sh) to the command after # s");
	expect_message(&run,
		"whit: the command (pid @) was killed by SIGHUP, which whit forwarded, after # s");
	expect_message(&run, "whit: still running: pid # (actor)");
	expect_message(&run, "whit: the remaining processes have 1000000 s to finish");
	expect_message(&run, "whit: the remaining processes have ended after # s");
	run_expect_end(&run, 128 + SIGHUP, "");
}

/* A sleep remains that does not reap its child. The child ends once its parent is that sleep. */
static void v_does_not_say_that_a_zombie_is_running(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-v", "sh", "-c",
		"zombie=$(sh -c 'until grep -q sleep /proc/$$/comm; do :; done >/dev/null & "
		"echo $!; exec sleep 1000000 >/dev/null' &) && "
		"until grep -q '^State:.Z' /proc/$zombie/status; do :; done");
	expect_message(&run, "whit: started 'sh' (pid @)");
	expect_message(&run, "whit: the command (pid @) exited with status 0 after # s");
	expect_message(&run, "whit: still running: pid # (sleep)");
	run_expect_end(&run, 0, "");
}

static void v_names_ten_remaining_processes_and_counts_the_others(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-v", actor_path(), "leave", "plain", "13");
	run_expect_beginning(&run, &run.err, "whit: started '");
	expect_message(&run, "whit: the command (pid @) exited with status 7 after # s");
	for (int i = 0; i < 10; i++)
		expect_message(&run, "whit: still running: pid # (actor)");
	expect_message(&run, "whit: still running: 3 more");
	run_expect_end(&run, 7, "");
}

/* A timer outlives the exec. The command has its signal blocked until it waits for it. */
static void set_alarm(void *argument)
{
	const struct itimerval soon = {.it_value = {.tv_usec = 50000}};
	sigset_t alarm;

	(void)argument;
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	sigprocmask(SIG_BLOCK, &alarm, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
}

static void v_says_that_a_signal_came_from_the_kernel(void **state)
{
	const char *const words[] = {"-v", actor_path(), "signals", "1", NULL};
	struct run run;

	run_start(&run,
		&(struct scene){.role = test_role(state), .words = words, .prepare = set_alarm});
	run_expect_beginning(&run, &run.err, "whit: started '");
	expect_message(&run, "whit: forwarded SIGALRM from the kernel to the command after # s");
	run_expect_status(&run, 0);
}

static void tini_verbosity_is_understood(void **state)
{
	static const char *const first_lines[] = {
		NULL, "whit: the command (pid ", "whit: started '", "whit: started '"};
	const char *const words[] = {actor_path(), "die", "11", NULL};

	for (size_t i = 0; i < 4; i++) {
		char variable[] = "TINI_VERBOSITY=0";
		char *environment[] = {variable, NULL};
		struct run run;

		variable[sizeof(variable) - 2] = (char)('0' + i);
		run_start(&run,
			&(struct scene){.role = test_role(state),
				.words = words,
				.environment = environment});
		if (first_lines[i] != NULL) run_expect_beginning(&run, &run.err, first_lines[i]);
		run_expect_status(&run, 128 + SIGSEGV);
		if (i == 0 && run.err.length > 0) run_fail(&run, "expected on stderr: nothing");
	}
}

static void bytes_from_outside_are_escaped(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "/\x1b[31m\nsuch\xff");
	run_expect_beginning(
		&run, &run.err, "whit: cannot run '/\\x1b[31m\\nsuch\\xff': no such file");
	run_expect_end(&run, 127, "");
}

/* stderr is a pipe that is full to the last byte. The command has its other end. */
static void fill_stderr(void *argument)
{
	int ends[2];
	char block[4096] = "";

	(void)argument;
	if (pipe(ends) < 0) _exit(94);
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	while (write(ends[1], block, sizeof(block)) > 0)
		;
	fcntl(ends[1], F_SETFL, 0);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
}

static void break_stderr(void *argument)
{
	int ends[2];

	(void)argument;
	if (pipe(ends) < 0) _exit(94);
	close(ends[0]);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
}

/* The command gets nothing but the signals sent here: no SIGPIPE that a message raised. */
static void forward_fifty_signals(void **state, void (*prepare)(void *))
{
	const char *const words[] = {"-vv", actor_path(), "signals", "50", NULL};
	struct run run;

	run_start(&run,
		&(struct scene){.role = test_role(state), .words = words, .prepare = prepare});
	run_expect(&run, "ready");
	for (int i = 0; i < 50; i++) {
		assert_int_equal(kill(run.whit, SIGUSR1), 0);
		run_expect_beginning(&run, &run.out, "signal " NUMBER_OF(SIGUSR1) " ");
	}
	run_expect_end(&run, 0, "");
}

static void a_full_stderr_does_not_block(void **state)
{
	forward_fifty_signals(state, fill_stderr);
}

static void a_broken_stderr_sends_no_sigpipe_to_the_command(void **state)
{
	forward_fifty_signals(state, break_stderr);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROLE_TEST(v_tells_the_start_each_signal_and_the_end),
		ROLE_TEST(v_tells_which_process_sent_a_signal_and_which_remain),
		ROLE_TEST(v_does_not_say_that_a_zombie_is_running),
		ROLE_TEST(v_names_ten_remaining_processes_and_counts_the_others),
		ROLE_TEST(v_says_that_a_signal_came_from_the_kernel),
		ROLE_TEST(tini_verbosity_is_understood),
		ROLE_TEST(bytes_from_outside_are_escaped),
		ROLE_TEST(a_full_stderr_does_not_block),
		ROLE_TEST(a_broken_stderr_sends_no_sigpipe_to_the_command),
	};

	return cmocka_run_group_tests_name("messages", tests, harness_require_namespaces, NULL);
}

/* Contract, section 10: what whit says, and that saying it never blocks, kills or spins. */
#include "harness.h"
#include "kernel_signals.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static void expect_message(struct run *run, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void expect_message(struct run *run, const char *format, ...)
{
	char expected[160];
	const char *line = run_line(run, &run->err);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(expected, sizeof(expected), format, arguments);
	va_end(arguments);
	if (strcmp(line, expected) != 0)
		run_fail(run, "expected on stderr: %s\nobserved: %s", expected, line);
}

/* The same, and then when it was. */
static void expect_message_after(struct run *run, const char *beginning)
{
	const char *line = run_line(run, &run->err);
	size_t length = strlen(beginning);
	const char *rest = line + length;

	if (strncmp(line, beginning, length) == 0 && strncmp(rest, " after ", 7) == 0) {
		rest += 7 + strspn(rest + 7, "0123456789.");
		if (strcmp(rest, " s") == 0)
			return;
	}
	run_fail(run, "expected on stderr: %s after SECONDS s\nobserved: %s", beginning, line);
}

static int command_inside(void **state)
{
	return test_role(state) == ROLE_INIT ? 2 : 3;
}

static void v_tells_start_signals_and_end(void **state)
{
	int pid = command_inside(state);
	struct run run;
	char end[80];

	RUN(&run, test_role(state), "-v", "-r", "USR1:HUP,USR2:0", "-e", "0:3", "sh", "-c",
		"exec \"$0\" signals 2", actor_path());
	run_expect(&run, "ready");
	expect_message(&run, "whit: started 'sh' (pid %d)", pid);
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	expect_message_after(&run, "whit: passed on SIGTERM from pid 0 (outside this namespace)");
	assert_int_equal(kill(run.whit, SIGUSR2), 0);
	expect_message(&run, "whit: dropped SIGUSR2 from pid 0 (outside this namespace)");
	assert_int_equal(kill(run.whit, SIGUSR1), 0);
	expect_message_after(
		&run, "whit: passed on SIGUSR1 from pid 0 (outside this namespace) as SIGHUP");
	snprintf(end, sizeof(end), "whit: the command (pid %d) exited with status 0", pid);
	expect_message_after(&run, end);
	run_expect_end(&run, 3, "whit: ending with status 3 instead of 0\n");
}

static void v_tells_who_sent_a_signal_and_who_was_left(void **state)
{
	int pid = command_inside(state);
	struct run run;
	char line[80];

	RUN(&run, test_role(state), "-v", "-d", "1000000", "sh", "-c",
		"sleep 1000000 & kill -HUP $PPID; wait");
	run_expect_beginning(&run, &run.err, "whit: started '");
	snprintf(line, sizeof(line), "whit: passed on SIGHUP from pid %d (sh)", pid);
	expect_message_after(&run, line);
	snprintf(line, sizeof(line), "whit: the command (pid %d) ended by SIGHUP, as asked,", pid);
	run_expect_beginning(&run, &run.err, line);
	/* Whether it is sleep already or still sh is a matter of time. */
	snprintf(line, sizeof(line), "whit: still running: pid %d (s", pid + 1);
	run_expect_beginning(&run, &run.err, line);
	expect_message(&run, "whit: the rest has 1000000 s to finish");
	expect_message_after(&run, "whit: the rest has ended");
	run_expect_end(&run, 128 + SIGHUP, "");
}

static void v_does_not_say_that_a_zombie_is_running(void **state)
{
	struct run run;

	/* A sleep is left that does not reap a child; that ends once it is a sleep. */
	RUN(&run, test_role(state), "-v", "sh", "-c",
		"zombie=$(sh -c 'until grep -q sleep /proc/$$/comm; do :; done >/dev/null & "
		"echo $!; exec sleep 1000000 >/dev/null' &) && "
		"until grep -q '^State:.Z' /proc/$zombie/status; do :; done");
	run_expect_beginning(&run, &run.err, "whit: started '");
	run_expect_beginning(&run, &run.err, "whit: the command (pid ");
	run_expect_beginning(&run, &run.err, "whit: still running: pid ");
	if (strstr(run.line, " (sleep)") == NULL)
		run_fail(&run, "expected: sleep\nobserved: %s", run.line);
	run_expect_end(&run, 0, "");
}

static void v_names_the_first_ten_who_were_left_and_counts_the_others(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-v", actor_path(), "leave", "plain", "13");
	run_expect_beginning(&run, &run.err, "whit: started '");
	run_expect_beginning(&run, &run.err, "whit: the command (pid ");
	for (int i = 0; i < 10; i++) {
		run_expect_beginning(&run, &run.err, "whit: still running: pid ");
		if (strstr(run.line, " (actor)") == NULL)
			run_fail(&run, "expected: the name\nobserved: %s", run.line);
	}
	expect_message(&run, "whit: still running: 3 more");
	run_expect_end(&run, 7, "");
}

/* A timer outlives the exec; its signal is blocked for the command until it waits for it. */
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

static void v_says_where_there_is_no_sender(void **state)
{
	const char *const words[] = {"-v", actor_path(), "signals", "1", NULL};
	struct run run;

	run_start(&run,
		&(struct scene){.role = test_role(state), .words = words, .prepare = set_alarm});
	run_expect_beginning(&run, &run.err, "whit: started '");
	expect_message_after(&run, "whit: passed on SIGALRM from the kernel");
	run_expect_status(&run, 0);
}

static void without_options_a_good_run_is_silent(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "sh", "-c", "(true &); exit 3");
	run_expect_end(&run, 3, "");
}

static void q_keeps_warnings_and_notices_back(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "-q", actor_path(), "die", "11");
	run_expect_end(&run, 128 + SIGSEGV, "");
}

static void tini_verbosity_is_understood(void **state)
{
	static const char *const values[] = {"0", "1", "2", "3"};
	static const char *const first_lines[] = {
		NULL, "whit: the command (pid ", "whit: started '", "whit: started '"};
	const char *const words[] = {actor_path(), "die", "11", NULL};

	for (size_t i = 0; i < 4; i++) {
		char variable[32];
		char *environment[] = {variable, NULL};
		struct run run;

		snprintf(variable, sizeof(variable), "TINI_VERBOSITY=%s", values[i]);
		run_start(&run,
			&(struct scene){.role = test_role(state),
				.words = words,
				.environment = environment});
		if (first_lines[i] != NULL)
			run_expect_beginning(&run, &run.err, first_lines[i]);
		run_expect_status(&run, 128 + SIGSEGV);
		if (i == 0 && run.err.length > 0)
			run_fail(&run, "expected: nothing");
	}
}

static void bytes_from_outside_are_escaped(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "/\x1b[31m\nsuch\xff");
	run_expect_end(&run, 127, "whit: cannot run '/\\x1b[31m\\nsuch\\xff': no such file\n");
}

/* A stderr that is full to the last byte and that nobody reads. The reader lives in the command. */
static void fill_stderr(void *argument)
{
	int ends[2];
	char block[4096] = "";

	(void)argument;
	if (pipe(ends) < 0)
		_exit(94);
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	while (write(ends[1], block, sizeof(block)) > 0)
		;
	fcntl(ends[1], F_SETFL, 0);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
}

static void a_full_stderr_does_not_block(void **state)
{
	const char *const words[] = {"-vv", actor_path(), "signals", "200", NULL};
	struct run run;

	run_start(&run,
		&(struct scene){.role = test_role(state), .words = words, .prepare = fill_stderr});
	run_expect(&run, "ready");
	for (int i = 0; i < 200; i++) {
		assert_int_equal(kill(run.whit, SIGUSR1), 0);
		(void)run_line(&run, &run.out);
	}
	run_expect_end(&run, 0, "");
}

static void break_stderr(void *argument)
{
	int ends[2];

	(void)argument;
	if (pipe(ends) < 0)
		_exit(94);
	close(ends[0]);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
}

/* Were whit's own SIGPIPE passed on, it would be among these; and its message would raise another.
 */
static void a_broken_stderr_sends_no_sigpipe_to_the_command(void **state)
{
	const char *const words[] = {"-vv", actor_path(), "signals", "50", NULL};
	struct run run;

	run_start(&run,
		&(struct scene){.role = test_role(state), .words = words, .prepare = break_stderr});
	run_expect(&run, "ready");
	for (int i = 0; i < 50; i++) {
		assert_int_equal(kill(run.whit, SIGUSR1), 0);
		run_expect_beginning(&run, &run.out, "signal " NUMBER_OF(SIGUSR1) " ");
	}
	run_expect_end(&run, 0, "");
}

static void a_sigpipe_of_somebody_elses_is_passed_on(void **state)
{
	struct run run;

	RUN(&run, test_role(state), actor_path(), "signals", "1");
	run_expect(&run, "ready");
	assert_int_equal(kill(run.whit, SIGPIPE), 0);
	run_expect_beginning(&run, &run.out, "signal 13 ");
	run_expect_end(&run, 0, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROLE_TEST(v_tells_start_signals_and_end),
		ROLE_TEST(v_tells_who_sent_a_signal_and_who_was_left),
		ROLE_TEST(v_does_not_say_that_a_zombie_is_running),
		ROLE_TEST(v_names_the_first_ten_who_were_left_and_counts_the_others),
		ROLE_TEST(v_says_where_there_is_no_sender),
		ROLE_TEST(without_options_a_good_run_is_silent),
		ROLE_TEST(q_keeps_warnings_and_notices_back),
		ROLE_TEST(tini_verbosity_is_understood),
		ROLE_TEST(bytes_from_outside_are_escaped),
		ROLE_TEST(a_full_stderr_does_not_block),
		ROLE_TEST(a_broken_stderr_sends_no_sigpipe_to_the_command),
		ROLE_TEST(a_sigpipe_of_somebody_elses_is_passed_on),
	};

	return cmocka_run_group_tests_name("messages", tests, harness_require_namespaces, NULL);
}

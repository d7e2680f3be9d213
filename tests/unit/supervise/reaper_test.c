#include "supervise/reaper.h"

#include "base/log.h"

#include "unit/failing_call.h"
#include "unit/support.h"

#include <fcntl.h>

/* Every test runs in a child, whose children are its own alone. */

/* Whether names are asked for, which needs a look before each reaping. */
static const struct level_row {
	const char *name;
	enum log_level level;
} levels[] = {
	{"nobody is told", LOG_LEVEL_ERROR},
	{"each is reported", LOG_LEVEL_WARNING},
};

/* The argument of the bodies is the row. What is said goes to a pipe. */
static void expect_on_each_level(void (*body)(struct complaint *complaint, const void *argument))
{
	for (size_t i = 0; i < COUNT(levels); i++)
		run_in_child(levels[i].name, body, &levels[i]);
}

/* The end of the pipe to read from. */
static int begin(struct complaint *complaint, const struct level_row *row)
{
	int ends[2];

	if (pipe(ends) != 0 || dup2(ends[1], STDERR_FILENO) < 0 ||
		fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0)
		complain(complaint, "pipe: %s", strerror(errno));
	log_set_level(row->level);
	return ends[0];
}

static void expect_same(struct complaint *complaint, const char *what, bool expected, bool observed)
{
	if (expected != observed)
		complain(complaint, "expected %s to be %d, observed %d", what, expected, observed);
}

static void expect_result(struct complaint *complaint, const struct reaper_result *expected,
	const struct reaper_result *observed)
{
	expect_same(complaint, "command_has_ended", expected->command_has_ended,
		observed->command_has_ended);
	expect_same(complaint, "command_has_stopped", expected->command_has_stopped,
		observed->command_has_stopped);
	expect_same(complaint, "is_anyone_reaped", expected->is_anyone_reaped,
		observed->is_anyone_reaped);
	expect_same(
		complaint, "is_more_to_reap", expected->is_more_to_reap, observed->is_more_to_reap);
	expect_same(
		complaint, "is_anyone_left", expected->is_anyone_left, observed->is_anyone_left);
	if (observed->error != expected->error)
		complain(complaint, "expected error \"%s\", observed %d", strerror(expected->error),
			observed->error);
	if (expected->command_has_ended &&
		observed->command_wait_status != expected->command_wait_status)
		complain(complaint, "expected wait status 0x%x, observed 0x%x",
			(unsigned int)expected->command_wait_status,
			(unsigned int)observed->command_wait_status);
	if (expected->command_has_stopped &&
		observed->command_stop_signal != expected->command_stop_signal)
		complain(complaint, "expected a stop by signal %d, observed %d",
			expected->command_stop_signal, observed->command_stop_signal);
}

/* Before, the result says the opposite of all that is expected: what is not found is said too. */
static void expect_collected(
	struct complaint *complaint, pid_t command, struct reaper_result expected)
{
	struct reaper_result observed = {
		.command_has_ended = !expected.command_has_ended,
		.command_has_stopped = !expected.command_has_stopped,
		.is_anyone_reaped = !expected.is_anyone_reaped,
		.is_more_to_reap = !expected.is_more_to_reap,
		.is_anyone_left = !expected.is_anyone_left,
		.error = expected.error + 1,
	};

	reaper_collect(command, REAPER_REPORT_WARNING, &observed);
	expect_result(complaint, &expected, &observed);
}

/* --- children --- */

static pid_t start_runner(struct complaint *complaint)
{
	pid_t pid = fork();

	if (pid < 0)
		complain(complaint, "fork: %s", strerror(errno));
	while (pid == 0)
		(void)pause();
	return pid;
}

static void wait_unreaped(struct complaint *complaint, pid_t pid, int event)
{
	siginfo_t unused;

	if (waitid(P_PID, (id_t)pid, &unused, event | WNOWAIT) != 0)
		complain(complaint, "waitid: %s", strerror(errno));
}

static pid_t start_zombie(struct complaint *complaint, int status)
{
	pid_t pid = fork();

	if (pid < 0)
		complain(complaint, "fork: %s", strerror(errno));
	if (pid == 0)
		_exit(status);
	wait_unreaped(complaint, pid, WEXITED);
	return pid;
}

static pid_t start_killed(struct complaint *complaint, int signal)
{
	pid_t pid = start_runner(complaint);

	(void)kill(pid, signal);
	wait_unreaped(complaint, pid, WEXITED);
	return pid;
}

static pid_t start_stopped(struct complaint *complaint)
{
	pid_t pid = start_runner(complaint);

	(void)kill(pid, SIGSTOP);
	wait_unreaped(complaint, pid, WSTOPPED);
	return pid;
}

static void end_runner(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

/* --- what is found --- */

static void find_nobody(struct complaint *complaint, const void *argument)
{
	pid_t runner;

	(void)begin(complaint, argument);
	expect_collected(complaint, 0, (struct reaper_result){.is_anyone_left = false});
	runner = start_runner(complaint);
	expect_collected(complaint, runner, (struct reaper_result){.is_anyone_left = true});
	end_runner(runner);
}

static void what_was_found_before_is_forgotten(void **state)
{
	(void)state;
	expect_on_each_level(find_nobody);
}

static void find_command(struct complaint *complaint, const void *argument)
{
	pid_t runner;
	pid_t command;

	(void)begin(complaint, argument);
	command = start_zombie(complaint, 7);
	expect_collected(complaint, command,
		(struct reaper_result){.command_has_ended = true,
			.command_wait_status = 7 << 8,
			.is_anyone_reaped = true});
	runner = start_runner(complaint);
	(void)start_zombie(complaint, 1);
	command = start_killed(complaint, SIGUSR1);
	(void)start_zombie(complaint, 1);
	expect_collected(complaint, command,
		(struct reaper_result){.command_has_ended = true,
			.command_wait_status = SIGUSR1,
			.is_anyone_reaped = true,
			.is_anyone_left = true});
	(void)start_zombie(complaint, 1);
	expect_collected(complaint, command,
		(struct reaper_result){.is_anyone_reaped = true, .is_anyone_left = true});
	end_runner(runner);
}

static void the_commands_end_is_told_from_the_others(void **state)
{
	(void)state;
	expect_on_each_level(find_command);
}

static void find_stopped(struct complaint *complaint, const void *argument)
{
	pid_t command;
	pid_t other;

	(void)begin(complaint, argument);
	other = start_stopped(complaint);
	expect_collected(complaint, 0, (struct reaper_result){.is_anyone_left = true});
	command = start_stopped(complaint);
	(void)start_zombie(complaint, 1);
	expect_collected(complaint, command,
		(struct reaper_result){.command_has_stopped = true,
			.command_stop_signal = SIGSTOP,
			.is_anyone_reaped = true,
			.is_anyone_left = true});
	expect_collected(complaint, command, (struct reaper_result){.is_anyone_left = true});
	end_runner(command);
	end_runner(other);
}

static void the_commands_stop_is_told_once_and_not_that_of_others(void **state)
{
	(void)state;
	expect_on_each_level(find_stopped);
}

/* A child whose end raises no signal, which a plain wait does not see: clone(2). */
static void find_silent(struct complaint *complaint, const void *argument)
{
	pid_t pid;

	(void)begin(complaint, argument);
	pid = (pid_t)syscall(SYS_clone, 0UL, NULL, NULL, NULL, NULL);
	if (pid == 0)
		_exit(7);
	wait_unreaped(complaint, pid, WEXITED | __WALL);
	expect_collected(complaint, pid,
		(struct reaper_result){.command_has_ended = true,
			.command_wait_status = 7 << 8,
			.is_anyone_reaped = true});
}

static void who_ends_in_silence_is_reaped_too(void **state)
{
	(void)state;
	expect_on_each_level(find_silent);
}

/* --- how many at once --- */

static const struct batch_row {
	int zombies;
	bool is_more_to_reap; /* perhaps */
	bool is_anyone_left;  /* the same */
	int zombies_left;
} batch_rows[] = {
	{1, false, false, 0},
	{REAPER_BATCH - 1, false, false, 0},
	{REAPER_BATCH, true, true, 0},
	{REAPER_BATCH + 1, true, true, 1},
	{REAPER_BATCH + 3, true, true, 3},
};

static void reap_batch(struct complaint *complaint, const void *argument)
{
	for (size_t i = 0; i < COUNT(batch_rows); i++) {
		const struct batch_row *row = &batch_rows[i];
		int left = 0;

		(void)begin(complaint, argument);
		for (int zombie = 0; zombie < row->zombies; zombie++)
			(void)start_zombie(complaint, 0);
		expect_collected(complaint, 0,
			(struct reaper_result){.is_anyone_reaped = true,
				.is_more_to_reap = row->is_more_to_reap,
				.is_anyone_left = row->is_anyone_left});
		while (waitpid(-1, NULL, WNOHANG) > 0)
			left++;
		if (left != row->zombies_left)
			complain(complaint, "of %d zombies: expected %d to be left, observed %d",
				row->zombies, row->zombies_left, left);
	}
}

static void a_full_batch_is_reaped_and_no_more_than_that(void **state)
{
	(void)state;
	expect_on_each_level(reap_batch);
}

static void reap_after_batch(struct complaint *complaint, const void *argument)
{
	(void)begin(complaint, argument);
	for (int zombie = 0; zombie < REAPER_BATCH; zombie++)
		(void)start_zombie(complaint, 0);
	expect_collected(complaint, 0,
		(struct reaper_result){
			.is_anyone_reaped = true, .is_more_to_reap = true, .is_anyone_left = true});
	expect_collected(complaint, 0, (struct reaper_result){.is_anyone_left = false});
}

static void that_nobody_came_after_a_full_batch_is_seen_the_next_time(void **state)
{
	(void)state;
	expect_on_each_level(reap_after_batch);
}

/* --- errors --- */

static void refuse(struct complaint *complaint, long number, int error)
{
	if (!refuse_system_calls(&number, 1, error))
		complain(complaint, "seccomp: %s", strerror(errno));
}

/* As an error that does not go away, EINTR is no better than another. */
static void reap_without_wait(struct complaint *complaint, const void *argument)
{
	const int *error = argument;

	(void)begin(complaint, &levels[0]);
	(void)start_zombie(complaint, 0);
	refuse(complaint, SYS_wait4, *error);
	expect_collected(
		complaint, 0, (struct reaper_result){.is_anyone_left = true, .error = *error});
}

static void who_cannot_be_waited_for_counts_as_left_and_does_not_keep_whit(void **state)
{
	static const int errors[] = {EPERM, EINTR};

	(void)state;
	if (!can_refuse_system_calls()) {
		print_message("skipped: this sandbox has no seccomp filters\n");
		skip();
	}
	for (size_t i = 0; i < COUNT(errors); i++)
		run_in_child(strerror(errors[i]), reap_without_wait, &errors[i]);
}

static void reap_after_errors(struct complaint *complaint, const void *argument)
{
	static struct failing_call wait = {
		.number = SYS_wait4, .first_argument = ANY_ARGUMENT, .failures = 2};
	const int *error = argument;

	(void)begin(complaint, &levels[0]);
	(void)start_zombie(complaint, 0);
	wait.error = *error;
	if (!failing_call_start(&wait))
		complain(complaint, "seccomp: %s", strerror(errno));
	expect_collected(complaint, 0, (struct reaper_result){.is_anyone_reaped = true});
}

static void an_error_that_goes_away_is_none(void **state)
{
	static const int errors[] = {EINTR, ENOMEM};

	(void)state;
	if (!can_have_failing_call())
		skip();
	for (size_t i = 0; i < COUNT(errors); i++)
		run_in_child(strerror(errors[i]), reap_after_errors, &errors[i]);
}

/* How an orphan is reported, by its name if that can be known. */
static const struct report_row {
	const char *what;
	bool is_old_kernel; /* before Linux 4.7, where waitid knows no __WALL */
	int signal;         /* 0: it exits with 3 */
	const char *name;
	const char *end;
} report_rows[] = {
	{"an exit", false, 0, "somebody", "exited 3"},
	{"a death", false, SIGTERM, "somebody", "killed by SIGTERM"},
	{"an exit on an older kernel", true, 0, "?", "exited 3"},
	{"a death on an older kernel", true, SIGTERM, "?", "killed by SIGTERM"},
};

static void report_orphan(struct complaint *complaint, const void *argument)
{
	const struct report_row *row = argument;
	int messages = begin(complaint, &levels[1]);
	char expected[128];
	char said[128];
	ssize_t length;
	pid_t orphan;

	(void)prctl(PR_SET_NAME, "somebody"); /* which it inherits */
	orphan = row->signal == 0 ? start_zombie(complaint, 3)
				  : start_killed(complaint, row->signal);
	if (row->is_old_kernel)
		refuse(complaint, SYS_waitid, EINVAL);
	expect_collected(complaint, 0, (struct reaper_result){.is_anyone_reaped = true});
	length = read(messages, said, sizeof(said) - 1);
	said[length < 0 ? 0 : length] = '\0';
	(void)snprintf(expected, sizeof(expected), "whit: reaped orphan %d (%s): %s\n", orphan,
		row->name, row->end);
	if (strcmp(said, expected) != 0)
		complain(complaint, "expected \"%s\", observed \"%s\"", expected, said);
}

static void an_orphan_is_reported_with_its_name_but_on_an_older_kernel(void **state)
{
	bool can_refuse = can_refuse_system_calls();

	(void)state;
	for (size_t i = 0; i < COUNT(report_rows); i++) {
		if (can_refuse || !report_rows[i].is_old_kernel)
			run_in_child(report_rows[i].what, report_orphan, &report_rows[i]);
	}
	if (!can_refuse)
		print_message("skipped in part: this sandbox has no seccomp filters\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_found_before_is_forgotten),
		cmocka_unit_test(the_commands_end_is_told_from_the_others),
		cmocka_unit_test(the_commands_stop_is_told_once_and_not_that_of_others),
		cmocka_unit_test(who_ends_in_silence_is_reaped_too),
		cmocka_unit_test(a_full_batch_is_reaped_and_no_more_than_that),
		cmocka_unit_test(that_nobody_came_after_a_full_batch_is_seen_the_next_time),
		cmocka_unit_test(who_cannot_be_waited_for_counts_as_left_and_does_not_keep_whit),
		cmocka_unit_test(an_error_that_goes_away_is_none),
		cmocka_unit_test(an_orphan_is_reported_with_its_name_but_on_an_older_kernel),
	};

	return cmocka_run_group_tests_name("supervise/reaper", tests, NULL, NULL);
}

#include "supervise/reaper.h"

#include "unit/support.h"

#include <fcntl.h>

/* Every test runs in a child, whose children are its own alone, on each level. */
static const struct level {
	const char *name;
	enum log_level shown;
} levels[] = {
	{"orphans are not reported", LOG_LEVEL_ERROR},
	/* Each is named, which needs a look before each reaping. */
	{"orphans are reported", LOG_LEVEL_WARNING},
};

static void run_on_each_level(void (*body)(struct complaint *complaint, const void *argument))
{
	for (size_t i = 0; i < COUNT(levels); i++)
		run_in_child(levels[i].name, body, &levels[i]);
}

/* What is said goes to a pipe. Returns the end to read from. */
static int begin(const struct level *level)
{
	int ends[2] = {-1, -1};

	(void)pipe2(ends, O_NONBLOCK);
	(void)dup2(ends[1], STDERR_FILENO);
	log_highest = (int)level->shown;
	return ends[0];
}

static const char *text_of(const struct reaper_result *result, char buffer[160])
{
	(void)snprintf(buffer, 160, "command %sended (0x%x), stop %d, %smore, %schildren, error %d",
		result->command_has_ended ? "" : "not ",
		result->command_has_ended ? (unsigned int)result->command_wait_status : 0,
		result->command_stop_signal, result->is_more_to_reap ? "" : "no ",
		result->has_children ? "" : "no ", result->error);
	return buffer;
}

static void expect_collected(struct complaint *complaint, const struct reaper *reaper, pid_t ended,
	struct reaper_result expected)
{
	struct reaper_result observed;
	char expected_text[160], observed_text[160];

	memset(&observed, 0xff, sizeof(observed)); /* what was found before is forgotten */
	reaper_collect(reaper, ended, &observed);
	if (strcmp(text_of(&expected, expected_text), text_of(&observed, observed_text)) != 0)
		complain(complaint, "expected: %s; observed: %s", expected_text, observed_text);
}

/* --- children --- */

static pid_t start(void (*live)(void))
{
	pid_t pid = fork();

	if (pid == 0) {
		live();
		_exit(7);
	}
	return pid;
}

static void end_at_once(void)
{
}

static void run_on(void)
{
	for (;;)
		(void)pause();
}

/* Ended or stopped, and not reaped. */
static pid_t start_and_wait(void (*live)(void), int signal, int event)
{
	pid_t pid = start(live);
	siginfo_t unused;

	if (signal != 0) (void)kill(pid, signal);
	(void)waitid(P_PID, (id_t)pid, &unused, event | WNOWAIT);
	return pid;
}

static pid_t start_zombie(void)
{
	return start_and_wait(end_at_once, 0, WEXITED);
}

/* --- tests --- */

static void find_command_in_child(struct complaint *complaint, const void *level)
{
	struct reaper reaper = {.report = LOG_LEVEL_WARNING};
	pid_t zombies[3], runner;

	(void)begin(level);
	expect_collected(complaint, &reaper, 0, (struct reaper_result){.has_children = false});
	/* Each of three, whichever of them is said to have ended. */
	for (size_t command = 0; command < COUNT(zombies); command++) {
		for (size_t ended = 0; ended <= COUNT(zombies); ended++) {
			for (size_t i = 0; i < COUNT(zombies); i++)
				zombies[i] = start_zombie();
			reaper.command = zombies[command];
			expect_collected(complaint, &reaper,
				ended == COUNT(zombies) ? 0 : zombies[ended],
				(struct reaper_result){
					.command_has_ended = true, .command_wait_status = 7 << 8});
		}
	}
	runner = start(run_on);
	reaper.command = start_and_wait(run_on, SIGUSR1, WEXITED);
	expect_collected(complaint, &reaper, 0,
		(struct reaper_result){.command_has_ended = true,
			.command_wait_status = SIGUSR1,
			.has_children = true});
	(void)start_zombie();
	/* One that has been reaped already, and one that is no child of whit's. */
	expect_collected(
		complaint, &reaper, reaper.command, (struct reaper_result){.has_children = true});
	expect_collected(complaint, &reaper, 1, (struct reaper_result){.has_children = true});
	(void)kill(runner, SIGKILL);
}

static void the_commands_end_is_told_from_those_of_others(void **state)
{
	(void)state;
	run_on_each_level(find_command_in_child);
}

static void find_stop_in_child(struct complaint *complaint, const void *level)
{
	struct reaper reaper = {.report = LOG_LEVEL_WARNING, .wants_stops = true};
	pid_t other;

	(void)begin(level);
	other = start_and_wait(run_on, SIGSTOP, WSTOPPED);
	expect_collected(complaint, &reaper, 0, (struct reaper_result){.has_children = true});
	reaper.command = start_and_wait(run_on, SIGSTOP, WSTOPPED);
	(void)start_zombie();
	expect_collected(complaint, &reaper, reaper.command,
		(struct reaper_result){.command_stop_signal = SIGSTOP, .has_children = true});
	expect_collected(complaint, &reaper, 0, (struct reaper_result){.has_children = true});
	(void)kill(reaper.command, SIGKILL);
	(void)waitpid(reaper.command, NULL, 0);
	reaper.command = start_and_wait(run_on, SIGSTOP, WSTOPPED);
	reaper.wants_stops = false;
	expect_collected(
		complaint, &reaper, reaper.command, (struct reaper_result){.has_children = true});
	(void)kill(reaper.command, SIGKILL);
	(void)kill(other, SIGKILL);
}

static void the_commands_stop_is_told_once_and_only_where_it_is_wanted(void **state)
{
	(void)state;
	run_on_each_level(find_stop_in_child);
}

static void reap_batches_in_child(struct complaint *complaint, const void *level)
{
	static const int counts[] = {1, REAPER_BATCH - 1, REAPER_BATCH, REAPER_BATCH + 3};
	const struct reaper reaper = {.report = LOG_LEVEL_WARNING};

	for (size_t i = 0; i < COUNT(counts); i++) {
		bool is_full = counts[i] >= REAPER_BATCH;
		pid_t last = 0;
		int left = 0;

		(void)begin(level);
		for (int zombie = 0; zombie < counts[i]; zombie++)
			last = start_zombie();
		/* Whether there are more than a full batch is not known. */
		expect_collected(complaint, &reaper, last,
			(struct reaper_result){
				.is_more_to_reap = is_full, .has_children = is_full});
		while (waitpid(-1, NULL, WNOHANG) > 0)
			left++;
		if (left != (is_full ? counts[i] - REAPER_BATCH : 0))
			complain(complaint, "of %d zombies: %d are left", counts[i], left);
		expect_collected(
			complaint, &reaper, 0, (struct reaper_result){.has_children = false});
	}
}

static void all_are_reaped_up_to_a_full_batch(void **state)
{
	(void)state;
	run_on_each_level(reap_batches_in_child);
}

/* As an error that does not go away, EINTR is no better than another. */
static void fail_to_reap_in_child(struct complaint *complaint, const void *error)
{
	static const long number[] = {SYS_wait4};
	const struct reaper reaper = {.report = LOG_LEVEL_WARNING};

	(void)begin(&levels[0]);
	(void)start_zombie();
	if (!refuse_system_calls(number, 1, *(const int *)error))
		complain(complaint, "seccomp: %s", strerror(errno));
	expect_collected(complaint, &reaper, 0,
		(struct reaper_result){.has_children = true, .error = *(const int *)error});
}

static void children_that_cannot_be_waited_for_are_an_error_and_do_not_keep_whit(void **state)
{
	static const int errors[] = {EPERM, EINTR};

	(void)state;
	if (!can_refuse_system_calls()) {
		print_message("skipped: this sandbox has no seccomp filters\n");
		skip();
	}
	for (size_t i = 0; i < COUNT(errors); i++)
		run_in_child(strerror(errors[i]), fail_to_reap_in_child, &errors[i]);
}

/* Before Linux 4.7 waitid knows no __WALL, so that no child can be named. */
static void report_in_child(struct complaint *complaint, const void *argument)
{
	static const long number[] = {SYS_waitid};
	const bool *is_old_kernel = argument;
	const struct reaper reaper = {.report = LOG_LEVEL_WARNING};
	const char *name = *is_old_kernel ? "?" : "an orphan";
	int messages = begin(&levels[1]);
	char expected[160], said[160] = "";
	pid_t exited, killed;

	(void)prctl(PR_SET_NAME, "an orphan"); /* which they inherit */
	exited = start_zombie();
	killed = start_and_wait(run_on, SIGTERM, WEXITED);
	if (*is_old_kernel && !refuse_system_calls(number, 1, EINVAL))
		complain(complaint, "seccomp: %s", strerror(errno));
	expect_collected(complaint, &reaper, 0, (struct reaper_result){.has_children = false});
	(void)snprintf(expected, sizeof(expected),
		"whit: reaped orphan %d (%s): exited 7\n"
		"whit: reaped orphan %d (%s): killed by SIGTERM\n",
		exited, name, killed, name);
	(void)read(messages, said, sizeof(said) - 1);
	if (strcmp(said, expected) != 0)
		complain(complaint, "expected \"%s\", observed \"%s\"", expected, said);
}

static void an_orphan_is_reported_with_its_name_except_on_an_old_kernel(void **state)
{
	static const bool is_old_kernel[] = {false, true};

	(void)state;
	run_in_child("this kernel", report_in_child, &is_old_kernel[0]);
	if (can_refuse_system_calls())
		run_in_child("an old kernel", report_in_child, &is_old_kernel[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_commands_end_is_told_from_those_of_others),
		cmocka_unit_test(the_commands_stop_is_told_once_and_only_where_it_is_wanted),
		cmocka_unit_test(all_are_reaped_up_to_a_full_batch),
		cmocka_unit_test(
			children_that_cannot_be_waited_for_are_an_error_and_do_not_keep_whit),
		cmocka_unit_test(an_orphan_is_reported_with_its_name_except_on_an_old_kernel),
	};

	return cmocka_run_group_tests_name("supervise/reaper", tests, NULL, NULL);
}

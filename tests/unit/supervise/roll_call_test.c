#include "supervise/roll_call.h"

#include "base/log.h"

#include "unit/namespace.h"
#include "unit/support.h"

#include <fcntl.h>
#include <sys/resource.h>

/* How many are named at the most; the rest is counted. */
#define NAMED 10

/* The test is whit, in a namespace of its own, with a pipe for stderr. Returns its end to read. */
static int begin(struct complaint *complaint, enum log_level level)
{
	int ends[2];

	if (pipe(ends) != 0 || dup2(ends[1], STDERR_FILENO) < 0 ||
		fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0 ||
		prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0UL, 0UL, 0UL) != 0)
		complain(complaint, "pipe: %s", strerror(errno));
	log_set_level(level);
	return ends[0];
}

static void expect_said(struct complaint *complaint, int messages, const char *expected)
{
	char said[4096];
	ssize_t length = read(messages, said, sizeof(said) - 1);

	said[length < 0 ? 0 : length] = '\0';
	if (strcmp(said, expected) != 0)
		complain(complaint, "expected \"%s\", observed \"%s\"", expected, said);
}

/* Its name is there when this returns: it is the name of who starts it. */
static pid_t start(struct complaint *complaint, const char *name)
{
	char before[16];
	pid_t pid;

	(void)prctl(PR_GET_NAME, before);
	(void)prctl(PR_SET_NAME, name);
	pid = fork();
	if (pid < 0)
		complain(complaint, "fork: %s", strerror(errno));
	while (pid == 0)
		(void)pause();
	(void)prctl(PR_SET_NAME, before);
	return pid;
}

/* A child of PID 1's. */
static void start_stranger(struct complaint *complaint)
{
	pid_t starter;

	(void)prctl(PR_SET_CHILD_SUBREAPER, 0UL, 0UL, 0UL, 0UL);
	starter = fork();
	if (starter == 0) {
		(void)start(complaint, "stranger");
		_exit(0);
	}
	(void)waitpid(starter, NULL, 0);
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0UL, 0UL, 0UL);
}

static pid_t start_zombie(void)
{
	siginfo_t unused;
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	(void)waitid(P_PID, (id_t)pid, &unused, WEXITED | WNOWAIT);
	return pid;
}

/* --- who is named --- */

static void name_rest(struct complaint *complaint, const void *argument)
{
	const enum namespace_place *place = argument;
	int messages = begin(complaint, LOG_LEVEL_VERBOSE);
	char expected[256];
	pid_t first;
	pid_t second;

	if (*place == NAMESPACE_PLACE_NOT_INIT)
		start_stranger(complaint);
	(void)start_zombie();
	first = start(complaint, "first");
	second = start(complaint, "second one");
	(void)start_zombie();
	(void)snprintf(expected, sizeof(expected),
		"whit: still running: pid %d (first)\n"
		"whit: still running: pid %d (second one)\n",
		first, second);
	roll_call(getpid());
	expect_said(complaint, messages, expected);
	/* The descriptor for the list may be 0, and is not kept. */
	(void)close(STDIN_FILENO);
	for (int again = 0; again < 2; again++) {
		roll_call(getpid());
		expect_said(complaint, messages, expected);
		if (fcntl(STDIN_FILENO, F_GETFD) >= 0)
			complain(complaint, "a descriptor has been left open");
	}
}

static void those_who_are_left_are_named_but_for_whit_zombies_and_strangers(void **state)
{
	static const struct place_row {
		const char *name;
		enum namespace_place place;
	} rows[] = {
		{"as PID 1", NAMESPACE_PLACE_INIT},
		{"beside PID 1", NAMESPACE_PLACE_NOT_INIT},
	};

	(void)state;
	if (!can_have_namespace())
		skip();
	for (size_t i = 0; i < COUNT(rows); i++)
		run_in_namespace(rows[i].name, rows[i].place, name_rest, &rows[i].place);
}

static void name_many(struct complaint *complaint, const void *argument)
{
	const int *count = argument;
	int messages = begin(complaint, LOG_LEVEL_VERBOSE);
	char expected[4096] = "";
	char *end = expected;

	for (int i = 0; i < *count; i++) {
		pid_t pid = start(complaint, "worker");

		if (i < NAMED)
			end += sprintf(end, "whit: still running: pid %d (worker)\n", pid);
	}
	if (*count > NAMED)
		(void)sprintf(end, "whit: still running: %d more\n", *count - NAMED);
	roll_call(getpid());
	expect_said(complaint, messages, expected);
}

static void ten_are_named_and_the_others_counted(void **state)
{
	static const int counts[] = {0, 1, NAMED - 1, NAMED, NAMED + 1, NAMED + 15};

	(void)state;
	if (!can_have_namespace())
		skip();
	for (size_t i = 0; i < COUNT(counts); i++)
		run_in_namespace("many", NAMESPACE_PLACE_INIT, name_many, &counts[i]);
}

/* --- when nothing is said --- */

static void do_not_ask(struct complaint *complaint)
{
	log_set_level(LOG_LEVEL_WARNING);
	(void)complaint;
}

static void hide_proc(struct complaint *complaint)
{
	if (mount("none", "/proc", "tmpfs", 0, NULL) != 0)
		complain(complaint, "a tmpfs on /proc: %s", strerror(errno));
}

/* What was there before the namespace's own, with the names of strangers for our pids. */
static void show_proc_of_others(struct complaint *complaint)
{
	if (umount2("/proc", MNT_DETACH) != 0)
		complain(complaint, "umount: %s", strerror(errno));
}

static void use_up_descriptors(struct complaint *complaint)
{
	const struct rlimit limit = {1, 1}; /* with 0 a message would be lost too: poll(2) */

	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		complain(complaint, "setrlimit: %s", strerror(errno));
}

static const struct silence_row {
	const char *name;
	void (*prepare)(struct complaint *complaint);
} silence_rows[] = {
	{"without -v", do_not_ask},
	{"without /proc", hide_proc},
	{"with the /proc of another namespace", show_proc_of_others},
	{"without a free descriptor", use_up_descriptors},
};

static void name_nobody(struct complaint *complaint, const void *argument)
{
	const struct silence_row *row = argument;
	int messages = begin(complaint, LOG_LEVEL_VERBOSE);

	(void)start(complaint, "worker");
	row->prepare(complaint);
	roll_call(getpid());
	expect_said(complaint, messages, "");
}

static void where_names_are_not_asked_for_or_not_to_be_had_nothing_is_said(void **state)
{
	(void)state;
	if (!can_have_namespace())
		skip();
	for (size_t i = 0; i < COUNT(silence_rows); i++) {
		run_in_namespace(
			silence_rows[i].name, NAMESPACE_PLACE_INIT, name_nobody, &silence_rows[i]);
		run_in_namespace(silence_rows[i].name, NAMESPACE_PLACE_NOT_INIT, name_nobody,
			&silence_rows[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(those_who_are_left_are_named_but_for_whit_zombies_and_strangers),
		cmocka_unit_test(ten_are_named_and_the_others_counted),
		cmocka_unit_test(where_names_are_not_asked_for_or_not_to_be_had_nothing_is_said),
	};

	return cmocka_run_group_tests_name("supervise/roll_call", tests, NULL, NULL);
}

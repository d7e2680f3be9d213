/* .github/SECURITY.md: what a hostile command, caller or environment can and cannot do to whit. */
#include "harness.h"
#include "kernel_signals.h"
#include "room.h"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* A user whom nobody else on the machine is, since RLIMIT_NPROC counts all of a user's processes.
 */
#define STRANGER 54321

/* What the kernel takes as one word of argv or envp at most, its NUL included: execve(2). */
#define LONGEST_WORD 131072

static pid_t pid_inside(void **state)
{
	return test_role(state) == ROLE_INIT ? 1 : 2;
}

static void expect_line(struct run *run, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void expect_line(struct run *run, const char *format, ...)
{
	char expected[160];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(expected, sizeof(expected), format, arguments);
	va_end(arguments);
	run_expect(run, expected);
}

static void skip_unless_root(void)
{
	if (geteuid() != 0) { /* in a user namespace of an ordinary user there is no other uid */
		print_message("SKIPPED: needs root\n");
		skip();
	}
}

static void no_process_can_send_what_seems_to_be_the_kernels_or_whits_own(void **state)
{
	struct run run;
	pid_t whit = pid_inside(state);

	RUN(&run, test_role(state), actor_path(), "forge");
	run_expect(&run, "forged 0");
	/* Each of the others is passed on; none is taken for a death, or for whit's own SIGPIPE. */
	run_expect(&run, "ready");
	expect_line(&run, "signal " NUMBER_OF(SIGCHLD) " code -1 pid %d uid 0 value 1", whit);
	run_expect(&run, "ready");
	expect_line(&run, "signal 13 code -1 pid %d uid 0 value 2", whit);
	for (int i = 0; i < 2; i++) { /* fcntl(2) F_SETSIG, tkill(2) */
		run_expect(&run, "ready");
		expect_line(&run, "signal 13 code 0 pid %d uid 0 value 0", whit);
	}
	run_expect_end(&run, 0, "");
}

static void stop_and_kill_from_inside_do_nothing_to_pid_1(void **state)
{
	struct run run;

	RUN(&run, test_role(state), actor_path(), "stop-parent");
	run_expect(&run, "ready");
	run_expect(&run, "signal " NUMBER_OF(SIGUSR1) " code 0 pid 1 uid 0 value 0");
	run_expect_end(&run, 0, "");
}

static void a_whit_that_is_stopped_goes_on_after_cont(void **state)
{
	const char *const usr1 = "signal " NUMBER_OF(SIGUSR1) " ";
	const char *const cont = "signal " NUMBER_OF(SIGCONT) " ";
	struct run run;
	const char *line;

	RUN(&run, test_role(state), actor_path(), "stop-parent");
	run_expect(&run, "ready");
	process_wait_state(run.whit, 'T');
	assert_int_equal(kill(run.whit, SIGCONT), 0);
	line = run_line(&run, &run.out);
	if (strncmp(line, usr1, strlen(usr1)) != 0 && strncmp(line, cont, strlen(cont)) != 0)
		run_fail(&run, "expected: %sor %s\nobserved: %s", usr1, cont, line);
	run_expect_status(&run, 0);
}

static void being_traced_loses_nothing(void **state)
{
	struct run run;

	skip_unless_root(); /* the kernel may restrict others to their own children: Yama */
	RUN(&run, test_role(state), actor_path(), "trace-parent", "200");
	run_expect(&run, "ready");
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	expect_line(&run, "signal 15 code 0 pid %d uid 0 value 0", pid_inside(state));
	run_expect_end(&run, 0, "");
}

static void a_command_of_another_user_can_neither_signal_nor_trace_whit(void **state)
{
	struct run run;

	skip_unless_root();
	RUN(&run, test_role(state), actor_path(), "attack-as-user", "1000");
	run_expect(&run, "kill: Operation not permitted");
	run_expect(&run, "ptrace: Operation not permitted");
	run_expect_end(&run, 0, "");
}

static void limit_resources(void *argument)
{
	const struct rlimit processes = {20, 20};
	const struct rlimit descriptors = {20, 20};

	(void)argument;
	if (setrlimit(RLIMIT_NPROC, &processes) < 0 || setrlimit(RLIMIT_NOFILE, &descriptors) < 0 ||
		setgroups(0, NULL) < 0 || setgid(STRANGER) < 0 || setuid(STRANGER) < 0)
		_exit(94);
}

static void a_command_that_takes_all_processes_and_descriptors_is_served_and_ended(void **state)
{
	char whit[ROOM_PATH_SIZE];
	char actor[ROOM_PATH_SIZE];
	const char *const words[] = {"-d", "1000000", in_room("actor", actor), "exhaust", NULL};
	struct run run;

	skip_unless_root();
	run_start(&run,
		&(struct scene){.role = test_role(state),
			.words = words,
			.program = in_room("whit", whit),
			.prepare = limit_resources});
	run_expect(&run, "exhausted all");
	run_expect(&run, "ready");
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	expect_line(&run, "signal 15 code 0 pid %d uid %d value 0", pid_inside(state), STRANGER);
	run_expect_end(&run, 7, "");
}

static unsigned long checksum(const char *text)
{
	unsigned long sum = 0;

	for (; *text != '\0'; text++)
		sum = sum * 31 + (unsigned char)*text;
	return sum % 1000000007;
}

/* NAME=, and then bytes of every kind. */
static const char *longest_word(const char *beginning, char word[LONGEST_WORD])
{
	size_t length = strlen(beginning);

	memcpy(word, beginning, length);
	for (size_t at = length; at < LONGEST_WORD - 1; at++)
		word[at] = (char)(at % 255 + 1);
	word[LONGEST_WORD - 1] = '\0';
	return word;
}

static void words_and_values_of_the_greatest_length_are_inherited(void **state)
{
	static char word[LONGEST_WORD];
	static char value[LONGEST_WORD];
	static char path[LONGEST_WORD];
	const char *const words[] = {actor_path(), "sizes", longest_word("", word), NULL};
	char *environment[] = {value, path, NULL};
	struct run run;

	longest_word("LONG=", value);
	longest_word("PATH=", path);
	run_start(&run,
		&(struct scene){
			.role = test_role(state), .words = words, .environment = environment});
	expect_line(&run, "size %zu sum %lu", strlen(word), checksum(word));
	expect_line(&run, "size %zu sum %lu", strlen(value) - 5, checksum(value + 5));
	run_expect_end(&run, 0, "");
}

/* whit's own variables, with bytes that a terminal would obey. */
static void hostile_variables_are_a_line_each_of_harmless_bytes(void **state)
{
	static const char *const names[] = {"WHIT_DRAIN=", "WHIT_REWRITE=", "WHIT_EXIT_MAP=",
		"WHIT_PARENT_DEATH=", "LISTEN_PID=", "TINI_VERBOSITY="};
	static char values[6][LONGEST_WORD];
	char *environment[] = {
		values[0], values[1], values[2], values[3], values[4], values[5], NULL};
	const char *const words[] = {actor_path(), "exit", "7", NULL};
	struct run run;
	int lines = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		longest_word(names[i], values[i]);
	run_start(&run,
		&(struct scene){
			.role = test_role(state), .words = words, .environment = environment});
	run_expect_status(&run, 7);
	for (size_t i = 0; i < run.err.length; i++) {
		unsigned char byte = (unsigned char)run.err.text[i];

		if (byte == '\n')
			lines++;
		else if (byte < ' ' || byte == 0x7f)
			run_fail(&run, "a control character on stderr: %d", byte);
	}
	if (lines != 5) /* LISTEN_PID is not whit's to judge */
		run_fail(&run, "expected: 5 lines on stderr\nobserved: %d", lines);
}

/* The command has no loader either; a program that has one shows that the library is good. */
static void no_library_is_loaded_into_whit(void **state)
{
	const char *const words[] = {actor_path(), "exit", "7", NULL};
	char preload[256];
	char *environment[] = {preload, NULL};
	struct scene scene = {.role = test_role(state), .words = words, .environment = environment};
	struct run run;

	if (whit_is_dynamic())
		skip();
	snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", preload_path());
	run_start(&run, &scene);
	run_expect_end(&run, 7, "");
	if (run.out.length > 0)
		run_fail(&run, "expected on stdout: nothing");
	scene.program = glibc_actor_path();
	scene.words = words + 1;
	run_start(&run, &scene);
	run_expect(&run, "preloaded");
	run_expect_end(&run, 7, "");
}

static void become_stranger(void *argument)
{
	(void)argument;
	if (setgroups(0, NULL) < 0 || setgid(STRANGER) < 0 || setuid(STRANGER) < 0)
		_exit(94);
}

/* As env(1) and nice(1) would: what it must never be is a surprise. */
static void set_user_id_root_by_mistake_it_runs_commands_as_root(void **state)
{
	char whit[ROOM_PATH_SIZE];
	char actor[ROOM_PATH_SIZE];
	const char *const words[] = {in_room("actor", actor), "ids", NULL};
	struct statvfs file_system;
	struct run run;

	skip_unless_root();
	in_room("whit", whit);
	assert_int_equal(statvfs(room_path(), &file_system), 0);
	if ((file_system.f_flag & ST_NOSUID) != 0) {
		print_message("SKIPPED: %s is mounted nosuid\n", room_path());
		skip();
	}
	assert_int_equal(chmod(whit, 04755), 0);
	run_start(&run,
		&(struct scene){.role = test_role(state),
			.words = words,
			.program = whit,
			.prepare = become_stranger});
	expect_line(&run, "uid %d euid 0", STRANGER);
	run_expect_end(&run, 0, "");
	assert_int_equal(chmod(whit, 0755), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROLE_TEST(no_process_can_send_what_seems_to_be_the_kernels_or_whits_own),
		INIT_TEST(stop_and_kill_from_inside_do_nothing_to_pid_1),
		SUBREAPER_TEST(a_whit_that_is_stopped_goes_on_after_cont),
		ROLE_TEST(being_traced_loses_nothing),
		ROLE_TEST(a_command_of_another_user_can_neither_signal_nor_trace_whit),
		ROLE_TEST(a_command_that_takes_all_processes_and_descriptors_is_served_and_ended),
		ROLE_TEST(words_and_values_of_the_greatest_length_are_inherited),
		ROLE_TEST(hostile_variables_are_a_line_each_of_harmless_bytes),
		ROLE_TEST(no_library_is_loaded_into_whit),
		ROLE_TEST(set_user_id_root_by_mistake_it_runs_commands_as_root),
	};

	return cmocka_run_group_tests_name("hostility", tests, make_room, remove_room);
}

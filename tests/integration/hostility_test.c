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

/* A user without other processes on this machine: RLIMIT_NPROC counts all processes of a user. */
#define STRANGER 54321

/* The kernel's limit for one word of argv or envp, its NUL included: execve(2). */
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

static void no_process_can_forge_a_signal_of_the_kernel_or_of_whit(void **state)
{
	struct run run;
	pid_t whit = pid_inside(state);

	RUN(&run, test_role(state), actor_path(), "forge");
	run_expect(&run, "forged 0");
	/* whit forwards each of the others. It takes none for a death, or for its own SIGPIPE. */
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

static void a_stopped_whit_goes_on_after_cont(void **state)
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

static void a_traced_whit_loses_no_signal(void **state)
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

static void a_command_that_takes_all_processes_and_descriptors_gets_signals_and_ends(void **state)
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

static void the_command_inherits_the_longest_words_and_variables(void **state)
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

/* Bytes that a terminal obeys, in variables that whit reads. */
static void hostile_variables_give_one_line_each_without_control_characters(void **state)
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
	if (lines != 5) /* none about LISTEN_PID */
		run_fail(&run, "expected: 5 lines on stderr\nobserved: %d", lines);
}

/* The command has no loader either. A dynamic program shows that the library works. */
static void no_library_is_loaded_into_whit(void **state)
{
	const char *const words[] = {actor_path(), "exit", "7", NULL};
	char preload[256];
	char *environment[] = {preload, NULL};
	struct scene scene = {.role = test_role(state), .words = words, .environment = environment};
	struct run run;

	if (whit_is_dynamic()) skip();
	snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", preload_path());
	run_start(&run, &scene);
	run_expect_end(&run, 7, "");
	if (run.out.length > 0) run_fail(&run, "expected on stdout: nothing");
	scene.program = glibc_actor_path();
	scene.words = words + 1;
	run_start(&run, &scene);
	run_expect(&run, "preloaded");
	run_expect_end(&run, 7, "");
}

static void become_stranger(void *argument)
{
	(void)argument;
	if (setgroups(0, NULL) < 0 || setgid(STRANGER) < 0 || setuid(STRANGER) < 0) _exit(94);
}

/* As env(1) and nice(1). .github/SECURITY.md says so. */
static void a_whit_that_is_set_user_id_root_runs_commands_as_root(void **state)
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
		ROLE_TEST(no_process_can_forge_a_signal_of_the_kernel_or_of_whit),
		INIT_TEST(stop_and_kill_from_inside_do_nothing_to_pid_1),
		SUBREAPER_TEST(a_stopped_whit_goes_on_after_cont),
		ROLE_TEST(a_traced_whit_loses_no_signal),
		ROLE_TEST(a_command_of_another_user_can_neither_signal_nor_trace_whit),
		ROLE_TEST(a_command_that_takes_all_processes_and_descriptors_gets_signals_and_ends),
		ROLE_TEST(the_command_inherits_the_longest_words_and_variables),
		ROLE_TEST(hostile_variables_give_one_line_each_without_control_characters),
		ROLE_TEST(no_library_is_loaded_into_whit),
		ROLE_TEST(a_whit_that_is_set_user_id_root_runs_commands_as_root),
	};

	return cmocka_run_group_tests_name("hostility", tests, make_room, remove_room);
}

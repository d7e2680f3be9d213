/*
 * Contract, section 2.4 to 2.7: the command finds everything as it would without whit. The same
 * actor runs without whit, and the two outputs are compared.
 */
#include "harness.h"
#include "kernel_signals.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static void expect_same_view(
	void **state, const char *const *words, char **environment, void (*prepare)(void *))
{
	static struct run with;
	static struct run without;
	const struct scene scene = {
		.role = test_role(state),
		.words = words,
		.environment = environment,
		.prepare = prepare,
	};
	struct scene direct = scene;

	direct.program = actor_path();
	direct.name = words[0];
	direct.words = words + 1;
	run_start(&with, &scene);
	run_expect_status(&with, 0);
	run_start(&without, &direct);
	run_expect_status(&without, 0);
	with.out.text[with.out.length] = '\0';
	without.out.text[without.out.length] = '\0';
	/* The one difference: under whit the command leads a group of its own. */
	*strstr(with.out.text, "\ngroup ") = '\0';
	*strstr(without.out.text, "\ngroup ") = '\0';
	if (strlen(with.out.text) < 100 || strcmp(with.out.text, without.out.text) != 0)
		run_fail(&with, "expected, as without whit: %s\nobserved: %s", without.out.text,
			with.out.text);
}

static void block_and_ignore_some(void *argument)
{
	static const int ignored[] = {SIGHUP, SIGPIPE, SIGCHLD, SIGTTOU};
	static const int blocked[] = {SIGUSR1, 32, 33, 34, LAST_REALTIME, HIGHEST_SIGNAL};
	struct kernel_set mask = kernel_set_none();

	(void)argument;
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	for (size_t i = 0; i < sizeof(blocked) / sizeof(blocked[0]); i++)
		kernel_set_add(&mask, blocked[i]);
	kernel_set_block(&mask);
}

static void block_all(void *argument)
{
	const struct kernel_set all = kernel_set_all();

	(void)argument;
	kernel_set_block(&all);
}

static void the_command_inherits_mask_and_dispositions(void **state)
{
	const char *const words[] = {actor_path(), "view", NULL};

	expect_same_view(state, words, NULL, block_and_ignore_some);
	expect_same_view(state, words, NULL, block_all);
	expect_same_view(state, words, NULL, NULL);
}

static void the_command_inherits_its_arguments(void **state)
{
	static const char *const odd_words[] = {
		"", "two\nlines", "-v", "--", "--help", "\xff\x01", " ", ""};
	static char numbered[2000][8];
	const char *words[2011] = {actor_path(), "view"};

	for (size_t i = 0; i < 8; i++)
		words[2 + i] = odd_words[i];
	for (int i = 0; i < 2000; i++) {
		snprintf(numbered[i], sizeof(numbered[i]), "w%d", i);
		words[10 + i] = numbered[i];
	}
	words[2010] = NULL;
	expect_same_view(state, words, NULL, NULL);
}

static void the_command_inherits_the_environment(void **state)
{
	const char *const words[] = {actor_path(), "view", NULL};
	char one[] = "A=1", same[] = "A=2", no_value[] = "NO_EQUALS", empty[] = "",
	     lines[] = "B=\n\n";
	char foreign_claim[] = "LISTEN_PID=77777", fds[] = "LISTEN_FDS=2",
	     id[] = "LISTEN_PIDFDID=5";
	char *environment[] = {
		one, same, no_value, empty, lines, foreign_claim, fds, id, one, NULL};

	expect_same_view(state, words, environment, NULL);
	environment[0] = NULL;
	expect_same_view(state, words, environment, NULL);
}

static void open_files_of_all_kinds(void *argument)
{
	int fd = open("/dev/null", O_RDWR | O_APPEND);

	(void)argument;
	dup2(fd, 10);
	dup2(open("/etc/passwd", O_RDONLY), 77);
	dup2(fd, 255);
	(void)!chdir("/usr");
	(void)umask(0137);
}

static void open_files_and_lower_limits(void *argument)
{
	const struct rlimit files = {256, 512};
	const struct rlimit core = {0, 4096};
	const struct rlimit pending = {1000, 1000};

	open_files_of_all_kinds(argument);
	setrlimit(RLIMIT_NOFILE, &files);
	setrlimit(RLIMIT_CORE, &core);
	setrlimit(RLIMIT_SIGPENDING, &pending);
}

static void the_command_inherits_descriptors_directory_umask_and_limits(void **state)
{
	const char *const words[] = {actor_path(), "view", NULL};

	expect_same_view(state, words, NULL, open_files_and_lower_limits);
}

static void the_command_leads_a_group_of_its_own(void **state)
{
	struct run run;

	RUN(&run, test_role(state), actor_path(), "view");
	run_expect_status(&run, 0);
	run.out.text[run.out.length] = '\0';
	if (strstr(run.out.text, "\ngroup own\n") == NULL) run_fail(&run, "expected: group own");
}

static void listen_pid_names_the_command_where_it_named_whit(void **state)
{
	const bool is_init = test_role(state) == ROLE_INIT;
	char claim_of_init[] = "LISTEN_PID=1", claim_of_subreaper[] = "LISTEN_PID=2";
	char fds[] = "LISTEN_FDS=2", id[] = "LISTEN_PIDFDID=5", other[] = "A=1";
	char *environment[] = {fds, id, is_init ? claim_of_init : claim_of_subreaper, other, NULL};
	const char *const words[] = {"/usr/bin/env", NULL};
	struct run run;

	run_start(&run,
		&(struct scene){
			.role = test_role(state), .words = words, .environment = environment});
	run_expect(&run, "LISTEN_FDS=2");
	run_expect(&run, is_init ? "LISTEN_PID=2" : "LISTEN_PID=3");
	run_expect(&run, "A=1");
	run_expect_end(&run, 0, "");
}

static void whit_keeps_no_directory_and_no_descriptor_above_2(void **state)
{
	const char *const words[] = {actor_path(), "idle", NULL};
	struct run run;
	char path[64];
	char target[256];
	ssize_t length;

	run_start(&run,
		&(struct scene){.role = test_role(state),
			.words = words,
			.prepare = open_files_of_all_kinds});
	run_expect(&run, "ready");
	run_wait_settled(&run);
	for (int fd = 0; fd < 256; fd++) {
		bool should_be_open = fd <= 2;

		snprintf(path, sizeof(path), "/proc/%d/fd/%d", run.whit, fd);
		length = readlink(path, target, sizeof(target) - 1);
		if (length > 0 && strncmp(target, "anon_inode:[signalfd]", (size_t)length) == 0)
			continue;
		if ((length > 0) != should_be_open)
			run_fail(&run, "whit's descriptor %d is %s", fd,
				length > 0 ? "open" : "closed");
	}
	assert_int_equal(kill(run.whit, SIGTERM), 0);
	run_expect_end(&run, 128 + SIGTERM, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROLE_TEST(the_command_inherits_mask_and_dispositions),
		ROLE_TEST(the_command_inherits_its_arguments),
		ROLE_TEST(the_command_inherits_the_environment),
		ROLE_TEST(the_command_inherits_descriptors_directory_umask_and_limits),
		ROLE_TEST(the_command_leads_a_group_of_its_own),
		ROLE_TEST(listen_pid_names_the_command_where_it_named_whit),
		ROLE_TEST(whit_keeps_no_directory_and_no_descriptor_above_2),
	};

	return cmocka_run_group_tests_name("inheritance", tests, harness_require_namespaces, NULL);
}

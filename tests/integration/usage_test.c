/* Contract, section 1: what is wrong with a command line or a variable is said in one line. */
#include "harness.h"
#include "kernel_signals.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct bad_row {
	const char *words[4];
	const char *err;
};

static const struct bad_row bad_rows[] = {
	{{NULL}, "no command to run"},
	{{"--"}, "no command to run"},
	{{"-v"}, "no command to run"},
	{{"-x", "true"}, "unknown option '-x'"},
	{{"-gx", "true"}, "unknown option '-x'"},
	{{"-\n", "true"}, "unknown option '-\\n'"},
	{{"--foo", "true"}, "unknown option '--foo'"},
	{{"--group=1", "true"}, "option '--group' takes no value, not '1'"},
	{{"-r"}, "option '--rewrite' needs a value"},
	{{"--exit-map"}, "option '--exit-map' needs a value"},
	{{"-r", "TERM", "true"},
		"bad value 'TERM' for option '--rewrite': it has the form FROM:TO"},
	{{"-r", "TERM:INT,FOO:INT", "true"},
		"bad value 'FOO:INT' for option '--rewrite': no such signal before the colon"},
	{{HIGHEST_SIGNAL == 64 ? "-rTERM:65" : "-rTERM:129", "true"},
		HIGHEST_SIGNAL == 64
			? "bad value 'TERM:65' for option '--rewrite': no such signal after the colon"
			: "bad value 'TERM:129' for option '--rewrite': no such signal after the "
			  "colon"},
	{{"-r", "KILL:TERM", "true"},
		"bad value 'KILL:TERM' for option '--rewrite': KILL and STOP cannot be caught"},
	{{"-p", "FOO", "true"}, "bad value 'FOO' for option '--parent-death': no such signal"},
	{{"-e", "256", "true"},
		"bad value '256' for option '--exit-map': a status is 0 to 255, a "
		"signal's name, or 'forwarded'"},
	{{"-e", "1:256", "true"},
		"bad value '1:256' for option '--exit-map': the new status is a "
		"number from 0 to 255"},
	{{"-P", "true"}, "option '--pause' takes no command, not 'true'"},
};

static void a_bad_command_line_is_one_line_that_names_the_word_and_125(void **state)
{
	for (size_t i = 0; i < sizeof(bad_rows) / sizeof(bad_rows[0]); i++) {
		struct run run;
		char err[256];

		snprintf(err, sizeof(err), "whit: %s; see 'whit --help'\n", bad_rows[i].err);
		run_start(&run,
			&(struct scene){.role = test_role(state), .words = bad_rows[i].words});
		run_expect_end(&run, 125, err);
	}
}

static const char *const bad_variables[] = {
	"WHIT_REWRITE=TERM",
	"WHIT_REWRITE=TERM:INT,FOO:INT",
	"WHIT_PARENT_DEATH=0",
	"WHIT_EXIT_MAP=x",
	"WHIT_VERBOSE=yes",
	"WHIT_VERBOSE=-1",
	"TINI_VERBOSITY=loud",
};

static void a_long_bad_value_leaves_room_for_what_is_wrong_with_it(void **state)
{
	static char value[16384];
	struct run run;

	memset(value, 'x', sizeof(value) - 1);
	RUN(&run, test_role(state), "-d", value, actor_path(), "exit", "7");
	run_expect_status(&run, 125);
	if (strstr(run.err.text, "': it is a number of seconds, ") == NULL)
		run_fail(&run, "expected: what is wrong with the value");
}

static void a_bad_variable_is_one_warning_and_the_command_runs(void **state)
{
	const char *const words[] = {actor_path(), "exit", "7", NULL};

	for (size_t i = 0; i < sizeof(bad_variables) / sizeof(bad_variables[0]); i++) {
		struct run run;
		char variable[64];
		char *environment[] = {variable, NULL};
		char beginning[128];

		snprintf(variable, sizeof(variable), "%s", bad_variables[i]);
		snprintf(beginning, sizeof(beginning),
			"whit: ignoring %.*s='%s': ", (int)strcspn(variable, "="), variable,
			strchr(variable, '=') + 1);
		run_start(&run,
			&(struct scene){.role = test_role(state),
				.words = words,
				.environment = environment});
		run_expect_beginning(&run, &run.err, beginning);
		run_expect_end(&run, 7, "");
	}
}

/* What engines set, and what may be lying about in an image. */
static void variables_do_what_the_options_do(void **state)
{
	const char *const words[] = {actor_path(), "exit", "7", NULL};
	char map[] = "WHIT_EXIT_MAP=7:8,9", quiet[] = "WHIT_QUIET=1", foreign[] = "CATATONIT_LOG=x";
	char *environment[] = {map, quiet, foreign, NULL};
	struct run run;

	run_start(&run,
		&(struct scene){
			.role = test_role(state), .words = words, .environment = environment});
	run_expect_end(&run, 8, "");
}

static void argc_0_is_an_error_and_no_crash(void **state)
{
	struct run run;
	const char *const words[] = {NULL};

	run_start(&run, &(struct scene){.role = test_role(state), .words = words, .no_name = true});
	run_expect_end(&run, 125, "whit: no command to run; see 'whit --help'\n");
}

static void expect_text(void **state, const char *option, const char *beginning)
{
	struct run run;

	RUN(&run, test_role(state), option);
	run_expect_end(&run, 0, "");
	if (strncmp(run.out.text, beginning, strlen(beginning)) != 0)
		run_fail(&run, "expected on stdout: %s…", beginning);
}

static void help_version_and_licence_go_to_stdout(void **state)
{
	expect_text(state, "--help", "usage: whit [OPTION]... [--] COMMAND [ARG]...\n");
	expect_text(state, "-h", "usage: whit ");
	expect_text(state, "--version", "whit version ");
	expect_text(state, "-V", "whit version ");
	expect_text(state, "--license", "MIT License\n");
	expect_text(state, "-l", "MIT License\n");
	expect_text(state, "-L", "MIT License\n");
}

static void close_stdout(void *argument)
{
	(void)argument;
	close(STDOUT_FILENO);
}

static void a_version_that_cannot_be_written_is_an_error(void **state)
{
	const char *const words[] = {"--version", NULL};
	struct run run;

	run_start(&run,
		&(struct scene){.role = test_role(state), .words = words, .prepare = close_stdout});
	run_expect_end(&run, 125, "whit: cannot write to stdout: Bad file descriptor\n");
}

static void options_end_at_the_command(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "sh", "-c", "exit 5", "-x", "--nope");
	run_expect_end(&run, 5, "");
	RUN(&run, test_role(state), "-g", "--", "sh", "-c", "exit 6");
	run_expect_end(&run, 6, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROLE_TEST(a_bad_command_line_is_one_line_that_names_the_word_and_125),
		ROLE_TEST(a_long_bad_value_leaves_room_for_what_is_wrong_with_it),
		ROLE_TEST(a_bad_variable_is_one_warning_and_the_command_runs),
		ROLE_TEST(variables_do_what_the_options_do),
		ROLE_TEST(argc_0_is_an_error_and_no_crash),
		ROLE_TEST(help_version_and_licence_go_to_stdout),
		ROLE_TEST(a_version_that_cannot_be_written_is_an_error),
		ROLE_TEST(options_end_at_the_command),
	};

	return cmocka_run_group_tests_name("usage", tests, harness_require_namespaces, NULL);
}

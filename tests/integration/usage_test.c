/* Contract, section 1: one line says what is wrong with a command line or a variable. */
#include "harness.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What the line names: the word at fault, or the option that lacks something. */
struct bad_row {
	const char *words[4];
	const char *named;
};

static const struct bad_row bad_rows[] = {
	{{NULL}, "no command"},
	{{"-v"}, "no command"},
	{{"--"}, "no command"},
	{{"-x", "true"}, "'-x'"},
	{{"-gx", "true"}, "x'"},
	{{"-\n", "true"}, "'-\\n'"},
	{{"--foo", "true"}, "'--foo'"},
	{{"--group=1", "true"}, "--group"},
	{{"-r"}, "rewrite"},
	{{"--exit-map"}, "exit-map"},
	{{"-r", "TERM", "true"}, "'TERM'"},
	{{"-r", "TERM:INT,FOO:INT", "true"}, "FOO:INT'"},
	{{"-rTERM:129", "true"}, "'TERM:129'"},
	{{"-r", "KILL:TERM", "true"}, "'KILL:TERM'"},
	{{"-p", "FOO", "true"}, "'FOO'"},
	{{"-e", "256", "true"}, "'256'"},
	{{"-e", "1:256", "true"}, "'1:256'"},
	{{"-d", "1e3", "true"}, "'1e3'"},
	{{"-P", "true"}, "'true'"},
};

static void expect_one_line(struct run *run, const char *beginning, const char *named)
{
	run_expect_beginning(run, &run->err, beginning);
	if (strstr(run->line, named) == NULL)
		run_fail(run, "expected on stderr: %s\nobserved: %s", named, run->line);
	if (run->err.taken != run->err.length) run_fail(run, "expected on stderr: one line");
}

static void expect_usage_error(struct run *run, const char *named)
{
	static const char help[] = "; see 'whit --help'";

	run_expect_status(run, 125);
	expect_one_line(run, "whit: ", named);
	if (strcmp(run->line + strlen(run->line) - strlen(help), help) != 0)
		run_fail(run, "expected at the end of the line: %s", help);
}

static void a_bad_command_line_is_125_and_one_line_that_names_the_word(void **state)
{
	for (size_t i = 0; i < sizeof(bad_rows) / sizeof(bad_rows[0]); i++) {
		struct run run;

		run_start(&run,
			&(struct scene){.role = test_role(state), .words = bad_rows[i].words});
		expect_usage_error(&run, bad_rows[i].named);
	}
}

static void argc_0_is_a_bad_command_line_too(void **state)
{
	const char *const words[] = {NULL};
	struct run run;

	run_start(&run, &(struct scene){.role = test_role(state), .words = words, .no_name = true});
	expect_usage_error(&run, "no command");
}

/* The line ends where its buffer does. */
static void a_value_longer_than_a_line_does_not_hide_what_is_wrong_with_it(void **state)
{
	static char value[16384];
	struct run run;

	memset(value, 'x', sizeof(value) - 1);
	RUN(&run, test_role(state), "-d", value, actor_path(), "exit", "7");
	run_expect_status(&run, 125);
	expect_one_line(&run, "whit: ", "a number of seconds");
}

static const char *const bad_variables[] = {
	"WHIT_REWRITE=TERM",
	"WHIT_REWRITE=TERM:INT,FOO:INT",
	"WHIT_PARENT_DEATH=0",
	"WHIT_EXIT_MAP=x",
	"WHIT_DRAIN=-1",
	"WHIT_VERBOSE=yes",
	"TINI_VERBOSITY=loud",
};

static void a_bad_variable_is_one_warning_and_the_command_runs(void **state)
{
	const char *const words[] = {actor_path(), "exit", "7", NULL};

	for (size_t i = 0; i < sizeof(bad_variables) / sizeof(bad_variables[0]); i++) {
		struct run run;
		char variable[64];
		char *environment[] = {variable, NULL};
		char beginning[128];

		snprintf(variable, sizeof(variable), "%s", bad_variables[i]);
		snprintf(beginning, sizeof(beginning), "whit: ignoring %.*s",
			(int)strcspn(variable, "="), variable);
		run_start(&run,
			&(struct scene){.role = test_role(state),
				.words = words,
				.environment = environment});
		run_expect_status(&run, 7);
		expect_one_line(&run, beginning, strchr(variable, '=') + 1);
	}
}

/* Engines pass no options, and an image may have the variables of another init. */
static void variables_do_what_the_options_do(void **state)
{
	const char *const words[] = {actor_path(), "die", "11", NULL};
	char map[] = "WHIT_EXIT_MAP=SEGV:8,9", quiet[] = "WHIT_QUIET=1",
	     other[] = "CATATONIT_LOG=x";
	char *environment[] = {map, quiet, other, NULL};
	struct run run;

	run_start(&run,
		&(struct scene){
			.role = test_role(state), .words = words, .environment = environment});
	run_expect_end(&run, 8, "");
}

static void help_version_and_licence_go_to_stdout(void **state)
{
	static const struct {
		const char *option;
		const char *beginning;
	} rows[] = {
		{"--help", "usage: whit [OPTION]... [--] COMMAND [ARG]...\n"},
		{"-h", "usage: whit "},
		{"--version", "whit version "},
		{"-V", "whit version "},
		{"--license", "MIT License\n"},
		{"-l", "MIT License\n"},
		{"-L", "MIT License\n"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct run run;

		RUN(&run, test_role(state), rows[i].option);
		run_expect_end(&run, 0, "");
		if (strncmp(run.out.text, rows[i].beginning, strlen(rows[i].beginning)) != 0)
			run_fail(&run, "expected on stdout: %s...", rows[i].beginning);
	}
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
	run_expect_status(&run, 125);
	expect_one_line(&run, "whit: cannot write to stdout: ", "");
}

static void options_end_at_the_command(void **state)
{
	struct run run;

	RUN(&run, test_role(state), "sh", "-c", "exit 5", "-x", "--nope");
	run_expect_end(&run, 5, "");
	RUN(&run, test_role(state), "--", "sh", "-c", "exit 6");
	run_expect_end(&run, 6, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROLE_TEST(a_bad_command_line_is_125_and_one_line_that_names_the_word),
		ROLE_TEST(argc_0_is_a_bad_command_line_too),
		ROLE_TEST(a_value_longer_than_a_line_does_not_hide_what_is_wrong_with_it),
		ROLE_TEST(a_bad_variable_is_one_warning_and_the_command_runs),
		ROLE_TEST(variables_do_what_the_options_do),
		ROLE_TEST(help_version_and_licence_go_to_stdout),
		ROLE_TEST(a_version_that_cannot_be_written_is_an_error),
		ROLE_TEST(options_end_at_the_command),
	};

	return cmocka_run_group_tests_name("usage", tests, harness_require_namespaces, NULL);
}

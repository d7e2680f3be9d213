#include "cli/options.h"

#include "signals/signal_name.h"
#include "unit/support.h"

#include <inttypes.h>

#define WORDS_MAX 10

/* What a command line and an environment come to, as describe() writes it. */
struct row {
	const char *argv[WORDS_MAX];
	const char *environment[WORDS_MAX];
	const char *expected;
};

struct text {
	char bytes[2048];
	size_t length;
};

__attribute__((format(printf, 2, 3))) static void append(struct text *text, const char *format, ...)
{
	size_t room = sizeof(text->bytes) - text->length;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text->bytes + text->length, room, format, arguments);
	va_end(arguments);
	if (length < 0 || (size_t)length >= room) fail_msg("no room for \"%s\"", format);
	text->length += (size_t)length;
}

static void describe_rewrite(struct text *text, const struct rewrite *rewrite)
{
	for (int signal = 1; signal <= SIGNAL_MAX; signal++) {
		char from[SIGNAL_NAME_SIZE], to[SIGNAL_NAME_SIZE];

		if (rewrite->to[signal] == REWRITE_DROP)
			append(text, ", drop %s", signal_name_format(signal, from));
		else if (rewrite->to[signal] != signal)
			append(text, ", %s>%s", signal_name_format(signal, from),
				signal_name_format(rewrite->to[signal], to));
	}
}

static void describe_exit_map(struct text *text, const struct exit_map *map)
{
	for (int status = 0; status < EXIT_STATUS_COUNT; status++) {
		if (map->is_mapped[status]) append(text, ", %d=%d", status, map->to[status]);
	}
	if (map->forwarded_is_mapped) append(text, ", forwarded=%d", map->forwarded_to);
}

static void describe_limit(struct text *text, const char *name, const struct shutdown_limit *limit)
{
	if (limit->is_set) append(text, ", %s %" PRId64 " ms", name, limit->duration_ms);
}

static const char *level_text(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_ERROR: return ", quiet";
	case LOG_LEVEL_WARNING: return "";
	case LOG_LEVEL_VERBOSE: return ", verbose";
	case LOG_LEVEL_DEBUG: return ", debug";
	}
	return ", no such level";
}

static void describe_fault(struct text *text, const struct options_fault *fault)
{
	int length = (int)fault->word_length;

	switch (fault->error) {
	case OPTIONS_ERROR_NONE: append(text, "no error"); return;
	case OPTIONS_ERROR_UNKNOWN_LETTER:
		append(text, "unknown letter '%c'", fault->letter);
		return;
	case OPTIONS_ERROR_UNKNOWN_WORD:
		append(text, "unknown word '%.*s'", length, fault->word);
		return;
	case OPTIONS_ERROR_NO_VALUE: append(text, "%s: no value", fault->option); return;
	case OPTIONS_ERROR_NEEDLESS_VALUE:
		append(text, "%s: needless '%.*s'", fault->option, length, fault->word);
		return;
	case OPTIONS_ERROR_BAD_VALUE:
		append(text, "%s: bad '%.*s'", fault->option, length, fault->word);
		if (fault->problem == NULL || fault->problem[0] == '\0')
			append(text, " without a problem");
		return;
	case OPTIONS_ERROR_NO_COMMAND: append(text, "no command"); return;
	case OPTIONS_ERROR_PAUSE_AND_COMMAND:
		append(text, "pause and command '%.*s'", length, fault->word);
		return;
	}
	append(text, "no such error");
}

/* The action and its command, then what is not as without options, then the faulty variables. */
static void describe_options(struct text *text, const struct options *options)
{
	static const char *const actions[] = {
		[OPTIONS_ACTION_RUN] = "run",
		[OPTIONS_ACTION_PAUSE] = "pause",
		[OPTIONS_ACTION_HELP] = "help",
		[OPTIONS_ACTION_VERSION] = "version",
		[OPTIONS_ACTION_LICENSE] = "license",
	};
	char name[SIGNAL_NAME_SIZE];

	append(text, "%s", actions[options->action]);
	for (char **word = options->command; word != NULL && *word != NULL; word++)
		append(text, " [%s]", *word);
	if (options->action != OPTIONS_ACTION_RUN && options->action != OPTIONS_ACTION_PAUSE)
		return;
	append(text, "%s", options->to_group ? ", group" : "");
	append(text, "%s", options->warn_reaped ? ", warn reaped" : "");
	append(text, "%s", level_text(options->log_level));
	if (options->parent_death != 0)
		append(text, ", parent death %s", signal_name_format(options->parent_death, name));
	describe_rewrite(text, &options->rewrite);
	describe_exit_map(text, &options->exit_map);
	describe_limit(text, "drain", &options->drain);
	describe_limit(text, "kill after", &options->kill_after);
	for (size_t i = 0; i < options->variable_fault_count; i++) {
		append(text, "; ");
		describe_fault(text, &options->variable_faults[i]);
	}
}

static void set_environment(const char *const environment[WORDS_MAX])
{
	assert_int_equal(clearenv(), 0);
	for (size_t i = 0; environment[i] != NULL; i++) {
		const char *sign = strchr(environment[i], '=');
		char name[64];

		assert_non_null(sign);
		(void)snprintf(
			name, sizeof(name), "%.*s", (int)(sign - environment[i]), environment[i]);
		assert_int_equal(setenv(name, sign + 1, 1), 0);
	}
}

/* "WHIT_QUIET=1 whit -v sh", to say which row has failed. */
static const char *command_line(const struct row *row, struct text *text)
{
	text->bytes[0] = '\0';
	text->length = 0;
	for (size_t i = 0; row->environment[i] != NULL; i++)
		append(text, "%s ", row->environment[i]);
	for (size_t i = 0; row->argv[i] != NULL; i++)
		append(text, "%s%s", i == 0 ? "" : " ", row->argv[i]);
	return text->bytes;
}

static void expect_row(const struct row *row)
{
	struct text observed = {.length = 0};
	struct text what;
	struct options options;
	char words[WORDS_MAX][64];
	char *argv[WORDS_MAX + 1] = {NULL};
	int argc = 0;

	for (; row->argv[argc] != NULL; argc++) {
		assert_true(strlen(row->argv[argc]) < sizeof(words[argc]));
		argv[argc] = strcpy(words[argc], row->argv[argc]);
	}
	set_environment(row->environment);
	memset(&options, 0xa5, sizeof(options));
	if (options_parse(&options, argc, argv)) {
		describe_options(&observed, &options);
	} else {
		append(&observed, "error: ");
		describe_fault(&observed, &options.fault);
	}
	expect_text(command_line(row, &what), row->expected, observed.bytes);
}

static void expect_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		expect_row(&rows[i]);
}

#define TEST(name, ...)                                                                            \
	static void name(void **state)                                                             \
	{                                                                                          \
		static const struct row rows[] = {__VA_ARGS__};                                    \
                                                                                                   \
		(void)state;                                                                       \
		expect_rows(rows, COUNT(rows));                                                    \
	}

#define NO_VARIABLES                                                                               \
	{                                                                                          \
		NULL                                                                               \
	}

/* clang-format off */
TEST(options_end_at_the_first_word_that_is_none,
	{{"whit", "sh"}, NO_VARIABLES, "run [sh]"},
	{{"whit", "sh", "-c", "x"}, NO_VARIABLES, "run [sh] [-c] [x]"},
	{{"whit", "ls", "-l"}, NO_VARIABLES, "run [ls] [-l]"},
	{{"whit", "sh", "--help"}, NO_VARIABLES, "run [sh] [--help]"},
	{{"whit", "sh", "--"}, NO_VARIABLES, "run [sh] [--]"},
	{{"whit", "-g", "sh", "-v"}, NO_VARIABLES, "run [sh] [-v], group"},
	{{"whit", "sh", "-Z"}, NO_VARIABLES, "run [sh] [-Z]"},
	{{"whit", "-", "-v"}, NO_VARIABLES, "run [-] [-v]"},
	{{"whit", ""}, NO_VARIABLES, "run []"},
	{{"whit", "a=b"}, NO_VARIABLES, "run [a=b]"})

TEST(two_dashes_end_the_options,
	{{"whit", "--", "sh"}, NO_VARIABLES, "run [sh]"},
	{{"whit", "--", "-g"}, NO_VARIABLES, "run [-g]"},
	{{"whit", "--", "--help"}, NO_VARIABLES, "run [--help]"},
	{{"whit", "--", "--", "sh"}, NO_VARIABLES, "run [--] [sh]"},
	{{"whit", "-g", "--", "sh", "--", "x"}, NO_VARIABLES, "run [sh] [--] [x], group"},
	{{"docker-init", "--", "sh", "-c", "x"}, NO_VARIABLES, "run [sh] [-c] [x]"})

TEST(each_switch_has_a_letter_and_a_name,
	{{"whit", "-g", "x"}, NO_VARIABLES, "run [x], group"},
	{{"whit", "--group", "x"}, NO_VARIABLES, "run [x], group"},
	{{"whit", "-c", "x"}, NO_VARIABLES, "run [x]"},
	{{"whit", "--single-child", "x"}, NO_VARIABLES, "run [x]"},
	{{"whit", "-s", "x"}, NO_VARIABLES, "run [x]"},
	{{"whit", "--subreaper", "x"}, NO_VARIABLES, "run [x]"},
	{{"whit", "-w", "x"}, NO_VARIABLES, "run [x], warn reaped"},
	{{"whit", "--warn-reaped", "x"}, NO_VARIABLES, "run [x], warn reaped"},
	{{"whit", "-P"}, NO_VARIABLES, "pause"},
	{{"whit", "--pause"}, NO_VARIABLES, "pause"},
	{{"whit", "-v", "x"}, NO_VARIABLES, "run [x], verbose"},
	{{"whit", "--verbose", "x"}, NO_VARIABLES, "run [x], verbose"},
	{{"whit", "-q", "x"}, NO_VARIABLES, "run [x], quiet"},
	{{"whit", "--quiet", "x"}, NO_VARIABLES, "run [x], quiet"},
	{{"whit", "-l"}, NO_VARIABLES, "license"},
	{{"whit", "-L"}, NO_VARIABLES, "license"},
	{{"whit", "--license"}, NO_VARIABLES, "license"},
	{{"whit", "-V"}, NO_VARIABLES, "version"},
	{{"whit", "--version"}, NO_VARIABLES, "version"},
	{{"whit", "-h"}, NO_VARIABLES, "help"},
	{{"whit", "--help"}, NO_VARIABLES, "help"})

TEST(each_value_is_attached_or_the_next_word,
	{{"whit", "-rTERM:INT", "x"}, NO_VARIABLES, "run [x], SIGTERM>SIGINT"},
	{{"whit", "-r", "TERM:INT", "x"}, NO_VARIABLES, "run [x], SIGTERM>SIGINT"},
	{{"whit", "--rewrite=TERM:INT", "x"}, NO_VARIABLES, "run [x], SIGTERM>SIGINT"},
	{{"whit", "--rewrite", "TERM:INT", "x"}, NO_VARIABLES, "run [x], SIGTERM>SIGINT"},
	{{"whit", "-pTERM", "x"}, NO_VARIABLES, "run [x], parent death SIGTERM"},
	{{"whit", "-p", "TERM", "x"}, NO_VARIABLES, "run [x], parent death SIGTERM"},
	{{"whit", "--parent-death=TERM", "x"}, NO_VARIABLES, "run [x], parent death SIGTERM"},
	{{"whit", "--parent-death", "TERM", "x"}, NO_VARIABLES, "run [x], parent death SIGTERM"},
	{{"whit", "-e143", "x"}, NO_VARIABLES, "run [x], 143=0"},
	{{"whit", "-e", "143:7", "x"}, NO_VARIABLES, "run [x], 143=7"},
	{{"whit", "--exit-map=TERM", "x"}, NO_VARIABLES, "run [x], 143=0"},
	{{"whit", "--exit-map", "forwarded", "x"}, NO_VARIABLES, "run [x], forwarded=0"})

TEST(letters_go_together_in_one_word,
	{{"whit", "-gw", "x"}, NO_VARIABLES, "run [x], group, warn reaped"},
	{{"whit", "-vvg", "x"}, NO_VARIABLES, "run [x], group, debug"},
	{{"whit", "-gsv", "x"}, NO_VARIABLES, "run [x], group, verbose"},
	{{"whit", "-grTERM:INT", "x"}, NO_VARIABLES, "run [x], group, SIGTERM>SIGINT"},
	{{"whit", "-gr", "TERM:INT", "x"}, NO_VARIABLES, "run [x], group, SIGTERM>SIGINT"},
	{{"whit", "-ge1", "x"}, NO_VARIABLES, "run [x], group, 1=0"},
	{{"whit", "-pHUP", "-vP"}, NO_VARIABLES, "pause, verbose, parent death SIGHUP"},
	{{"whit", "-gh"}, NO_VARIABLES, "help"},
	{{"whit", "-Lg"}, NO_VARIABLES, "license"})

TEST(a_value_that_looks_like_an_option_is_the_value_all_the_same,
	{{"whit", "-r", "-g", "x"}, NO_VARIABLES, "error: rewrite: bad '-g'"},
	{{"whit", "-e", "--", "x"}, NO_VARIABLES, "error: exit-map: bad '--'"},
	{{"whit", "--parent-death", "--group", "x"}, NO_VARIABLES,
		"error: parent-death: bad '--group'"},
	{{"whit", "-p=TERM", "x"}, NO_VARIABLES, "error: parent-death: bad '=TERM'"})

TEST(rewrites_repeat_and_are_comma_lists,
	{{"whit", "-rTERM:INT", "-rHUP:0", "x"}, NO_VARIABLES, "run [x], drop SIGHUP, SIGTERM>SIGINT"},
	{{"whit", "-rTERM:INT,HUP:0", "x"}, NO_VARIABLES, "run [x], drop SIGHUP, SIGTERM>SIGINT"},
	{{"whit", "-rTERM:INT,HUP:0", "--rewrite=rtmin+3:37,15:3", "x"}, NO_VARIABLES,
		"run [x], drop SIGHUP, SIGTERM>SIGQUIT"})

TEST(exit_maps_repeat_and_are_comma_lists,
	{{"whit", "-e1", "-e2:3", "x"}, NO_VARIABLES, "run [x], 1=0, 2=3"},
	{{"whit", "-e1,2:3,TERM,forwarded:9", "x"}, NO_VARIABLES,
		"run [x], 1=0, 2=3, 143=0, forwarded=9"},
	{{"whit", "-e1:2", "-e1:3", "x"}, NO_VARIABLES, "run [x], 1=3"})

TEST(the_last_parent_death_counts,
	{{"whit", "-pTERM", "-pRTMAX", "x"}, NO_VARIABLES, "run [x], parent death SIGRTMAX"},
	{{"whit", "-p", "9", "x"}, NO_VARIABLES, "run [x], parent death SIGKILL"})

TEST(the_last_of_group_and_single_child_counts,
	{{"whit", "-g", "-c", "x"}, NO_VARIABLES, "run [x]"},
	{{"whit", "-c", "-g", "x"}, NO_VARIABLES, "run [x], group"},
	{{"whit", "-gcg", "x"}, NO_VARIABLES, "run [x], group"})

TEST(verbose_repeats_and_the_last_of_verbose_and_quiet_counts,
	{{"whit", "-v", "-v", "x"}, NO_VARIABLES, "run [x], debug"},
	{{"whit", "-vvvvvvvv", "x"}, NO_VARIABLES, "run [x], debug"},
	{{"whit", "--verbose", "--verbose", "x"}, NO_VARIABLES, "run [x], debug"},
	{{"whit", "-vq", "x"}, NO_VARIABLES, "run [x], quiet"},
	{{"whit", "-vvqq", "x"}, NO_VARIABLES, "run [x], quiet"},
	{{"whit", "-qv", "x"}, NO_VARIABLES, "run [x], verbose"},
	{{"whit", "-qvv", "x"}, NO_VARIABLES, "run [x], debug"})

TEST(help_version_and_license_end_the_reading,
	{{"whit", "--help", "--no-such-option"}, NO_VARIABLES, "help"},
	{{"whit", "-hZ"}, NO_VARIABLES, "help"},
	{{"whit", "--version", "-r"}, NO_VARIABLES, "version"},
	{{"whit", "--version", "--help"}, NO_VARIABLES, "version"},
	{{"whit", "-V", "sh"}, NO_VARIABLES, "version"},
	{{"whit", "-P", "--version", "sh"}, NO_VARIABLES, "version"},
	{{"whit", "-l", "-V"}, NO_VARIABLES, "license"},
	{{"whit", "-Z", "--help"}, NO_VARIABLES, "error: unknown letter 'Z'"})

TEST(an_unknown_letter_is_an_error_that_names_it,
	{{"whit", "-Z", "x"}, NO_VARIABLES, "error: unknown letter 'Z'"},
	{{"whit", "-gZv", "x"}, NO_VARIABLES, "error: unknown letter 'Z'"},
	{{"whit", "-g-", "x"}, NO_VARIABLES, "error: unknown letter '-'"},
	{{"whit", "-G", "x"}, NO_VARIABLES, "error: unknown letter 'G'"},
	{{"whit", "-1", "x"}, NO_VARIABLES, "error: unknown letter '1'"},
	{{"whit", "-rTERM:INT", "-Z", "x"}, NO_VARIABLES, "error: unknown letter 'Z'"})

TEST(an_unknown_word_is_an_error_that_names_it,
	{{"whit", "--no-such", "x"}, NO_VARIABLES, "error: unknown word '--no-such'"},
	{{"whit", "--no-such=1", "x"}, NO_VARIABLES, "error: unknown word '--no-such=1'"},
	{{"whit", "--grou", "x"}, NO_VARIABLES, "error: unknown word '--grou'"},
	{{"whit", "--groups", "x"}, NO_VARIABLES, "error: unknown word '--groups'"},
	{{"whit", "--Group", "x"}, NO_VARIABLES, "error: unknown word '--Group'"},
	{{"whit", "--g", "x"}, NO_VARIABLES, "error: unknown word '--g'"},
	{{"whit", "--=x", "x"}, NO_VARIABLES, "error: unknown word '--=x'"},
	{{"whit", "---", "x"}, NO_VARIABLES, "error: unknown word '---'"})

TEST(an_option_without_its_value_is_an_error_that_names_it,
	{{"whit", "-r"}, NO_VARIABLES, "error: rewrite: no value"},
	{{"whit", "-gr"}, NO_VARIABLES, "error: rewrite: no value"},
	{{"whit", "--rewrite"}, NO_VARIABLES, "error: rewrite: no value"},
	{{"whit", "-p"}, NO_VARIABLES, "error: parent-death: no value"},
	{{"whit", "--parent-death"}, NO_VARIABLES, "error: parent-death: no value"},
	{{"whit", "-e"}, NO_VARIABLES, "error: exit-map: no value"},
	{{"whit", "--exit-map"}, NO_VARIABLES, "error: exit-map: no value"})

TEST(a_switch_with_a_value_is_an_error_that_names_both,
	{{"whit", "--group=1", "x"}, NO_VARIABLES, "error: group: needless '1'"},
	{{"whit", "--group=", "x"}, NO_VARIABLES, "error: group: needless ''"},
	{{"whit", "--single-child=1", "x"}, NO_VARIABLES, "error: single-child: needless '1'"},
	{{"whit", "--subreaper=1", "x"}, NO_VARIABLES, "error: subreaper: needless '1'"},
	{{"whit", "--warn-reaped=1", "x"}, NO_VARIABLES, "error: warn-reaped: needless '1'"},
	{{"whit", "--pause=1"}, NO_VARIABLES, "error: pause: needless '1'"},
	{{"whit", "--verbose=2", "x"}, NO_VARIABLES, "error: verbose: needless '2'"},
	{{"whit", "--quiet=a=b", "x"}, NO_VARIABLES, "error: quiet: needless 'a=b'"},
	{{"whit", "--license=1"}, NO_VARIABLES, "error: license: needless '1'"},
	{{"whit", "--version=1"}, NO_VARIABLES, "error: version: needless '1'"},
	{{"whit", "--help=1"}, NO_VARIABLES, "error: help: needless '1'"})

TEST(a_bad_value_is_an_error_that_names_the_element_at_fault,
	{{"whit", "-r", "TERM", "x"}, NO_VARIABLES, "error: rewrite: bad 'TERM'"},
	{{"whit", "-rFOO:INT", "x"}, NO_VARIABLES, "error: rewrite: bad 'FOO:INT'"},
	{{"whit", "-rTERM:INT,HUP:FOO,INT:0", "x"}, NO_VARIABLES, "error: rewrite: bad 'HUP:FOO'"},
	{{"whit", "-rTERM:INT,", "x"}, NO_VARIABLES, "error: rewrite: bad ''"},
	{{"whit", "-r,TERM:INT", "x"}, NO_VARIABLES, "error: rewrite: bad ''"},
	{{"whit", "-rTERM:INT,,HUP:0", "x"}, NO_VARIABLES, "error: rewrite: bad ''"},
	{{"whit", "-rKILL:TERM", "x"}, NO_VARIABLES, "error: rewrite: bad 'KILL:TERM'"},
	{{"whit", "-r", "", "x"}, NO_VARIABLES, "error: rewrite: bad ''"},
	{{"whit", "--rewrite=", "x"}, NO_VARIABLES, "error: rewrite: bad ''"},
	{{"whit", "-e256", "x"}, NO_VARIABLES, "error: exit-map: bad '256'"},
	{{"whit", "-e1,2:999,3", "x"}, NO_VARIABLES, "error: exit-map: bad '2:999'"},
	{{"whit", "--exit-map=", "x"}, NO_VARIABLES, "error: exit-map: bad ''"},
	{{"whit", "-pFOO", "x"}, NO_VARIABLES, "error: parent-death: bad 'FOO'"},
	{{"whit", "-p0", "x"}, NO_VARIABLES, "error: parent-death: bad '0'"},
	{{"whit", "-p", "TERM,INT", "x"}, NO_VARIABLES, "error: parent-death: bad 'TERM,INT'"},
	{{"whit", "--parent-death=", "x"}, NO_VARIABLES, "error: parent-death: bad ''"})

static void a_signal_above_the_last_is_an_error(void **state)
{
	char word[32];
	char expected[48];
	const struct row row = {{"whit", word, "x"}, NO_VARIABLES, expected};

	(void)state;
	(void)snprintf(word, sizeof(word), "--parent-death=%d", SIGNAL_MAX + 1);
	(void)snprintf(expected, sizeof(expected), "error: parent-death: bad '%d'", SIGNAL_MAX + 1);
	expect_row(&row);
}

TEST(no_command_is_an_error,
	{{"whit"}, NO_VARIABLES, "error: no command"},
	{{"whit", "--"}, NO_VARIABLES, "error: no command"},
	{{"whit", "-g"}, NO_VARIABLES, "error: no command"},
	{{"whit", "-g", "--"}, NO_VARIABLES, "error: no command"},
	{{"whit", "-r", "TERM:INT"}, NO_VARIABLES, "error: no command"},
	{{"tini"}, NO_VARIABLES, "error: no command"},
	{{"dumb-init"}, NO_VARIABLES, "error: no command"})

TEST(no_words_at_all_are_no_command,
	{{NULL}, NO_VARIABLES, "error: no command"},
	{{NULL}, {"WHIT_GROUP=1"}, "error: no command"})

TEST(pause_with_a_command_is_an_error_that_names_it,
	{{"whit", "-P", "sh"}, NO_VARIABLES, "error: pause and command 'sh'"},
	{{"whit", "--pause", "--", "sh", "x"}, NO_VARIABLES, "error: pause and command 'sh'"},
	{{"whit", "-P", "--", "-g"}, NO_VARIABLES, "error: pause and command '-g'"},
	{{"pause", "-P", "sh"}, NO_VARIABLES, "error: pause and command 'sh'"})

TEST(called_as_pause_without_a_command_it_pauses,
	{{"pause"}, NO_VARIABLES, "pause"},
	{{"/pause"}, NO_VARIABLES, "pause"},
	{{"/a/b/pause"}, NO_VARIABLES, "pause"},
	{{"./pause", "-v"}, NO_VARIABLES, "pause, verbose"},
	{{"pause", "--"}, NO_VARIABLES, "pause"},
	{{"pause", "-P"}, NO_VARIABLES, "pause"},
	{{"pause", "sleep", "1"}, NO_VARIABLES, "run [sleep] [1]"},
	{{"pause", "-h"}, NO_VARIABLES, "help"},
	{{"pauses"}, NO_VARIABLES, "error: no command"},
	{{"pause/"}, NO_VARIABLES, "error: no command"},
	{{"pause/whit"}, NO_VARIABLES, "error: no command"})

TEST(called_by_the_engines_names_it_is_plainly_whit,
	{{"tini", "x"}, NO_VARIABLES, "run [x]"},
	{{"/sbin/docker-init", "--", "x"}, NO_VARIABLES, "run [x]"},
	{{"catatonit", "-P"}, NO_VARIABLES, "pause"},
	{{"podman-init", "x"}, NO_VARIABLES, "run [x]"},
	{{"tini", "-g", "-v", "-v", "-w", "-s", "-p", "SIGTERM", "x"}, NO_VARIABLES,
		"run [x], group, warn reaped, debug, parent death SIGTERM"},
	{{"", "x"}, NO_VARIABLES, "run [x]"},
	{{"tini", "x"}, {"DUMB_INIT_SETSID=1", "DUMB_INIT_DEBUG=1"}, "run [x]"},
	{{"whit", "x"}, {"DUMB_INIT_SETSID=1", "DUMB_INIT_DEBUG=1"}, "run [x]"})

TEST(called_as_dumb_init_the_group_is_the_default,
	{{"dumb-init", "x"}, NO_VARIABLES, "run [x], group"},
	{{"/usr/bin/dumb-init", "x"}, NO_VARIABLES, "run [x], group"},
	{{"dumb-init", "-c", "x"}, NO_VARIABLES, "run [x]"},
	{{"dumb-init", "--single-child", "x"}, NO_VARIABLES, "run [x]"},
	{{"dumb-init", "x"}, {"DUMB_INIT_SETSID=0"}, "run [x]"},
	{{"dumb-init", "x"}, {"DUMB_INIT_SETSID=1"}, "run [x], group"},
	{{"dumb-init", "x"}, {"DUMB_INIT_SETSID="}, "run [x], group"},
	{{"dumb-init", "-g", "x"}, {"DUMB_INIT_SETSID=0"}, "run [x], group"},
	{{"dumb-init", "-c", "x"}, {"DUMB_INIT_SETSID=1"}, "run [x]"},
	{{"dumb-init", "x"}, {"WHIT_GROUP=0"}, "run [x]"},
	{{"dumb-init", "x"}, {"WHIT_GROUP=1", "DUMB_INIT_SETSID=0"}, "run [x], group"},
	{{"dumb-init-2", "x"}, NO_VARIABLES, "run [x]"},
	{{"dumb-init", "--rewrite", "15:3", "x"}, NO_VARIABLES, "run [x], group, SIGTERM>SIGQUIT"})

TEST(called_as_dumb_init_its_debug_variable_means_verbose,
	{{"dumb-init", "x"}, {"DUMB_INIT_DEBUG=1"}, "run [x], group, verbose"},
	{{"dumb-init", "x"}, {"DUMB_INIT_DEBUG=0"}, "run [x], group"},
	{{"dumb-init", "x"}, {"DUMB_INIT_DEBUG="}, "run [x], group"},
	{{"dumb-init", "-q", "x"}, {"DUMB_INIT_DEBUG=1"}, "run [x], group, quiet"},
	{{"dumb-init", "x"}, {"DUMB_INIT_DEBUG=1", "WHIT_QUIET=1"}, "run [x], group, quiet"},
	{{"dumb-init", "x"}, {"DUMB_INIT_DEBUG=1", "WHIT_VERBOSE=2"}, "run [x], group, debug"})

TEST(whit_group_is_on_unless_empty_or_0_and_the_command_line_wins,
	{{"whit", "x"}, {"WHIT_GROUP=1"}, "run [x], group"},
	{{"whit", "x"}, {"WHIT_GROUP=yes"}, "run [x], group"},
	{{"whit", "x"}, {"WHIT_GROUP=00"}, "run [x], group"},
	{{"whit", "x"}, {"WHIT_GROUP=0"}, "run [x]"},
	{{"whit", "x"}, {"WHIT_GROUP="}, "run [x]"},
	{{"whit", "-c", "x"}, {"WHIT_GROUP=1"}, "run [x]"},
	{{"whit", "-g", "x"}, {"WHIT_GROUP=0"}, "run [x], group"})

TEST(tini_kill_process_group_counts_when_it_is_set_at_all,
	{{"whit", "x"}, {"TINI_KILL_PROCESS_GROUP=1"}, "run [x], group"},
	{{"whit", "x"}, {"TINI_KILL_PROCESS_GROUP=0"}, "run [x], group"},
	{{"whit", "x"}, {"TINI_KILL_PROCESS_GROUP="}, "run [x], group"},
	{{"whit", "-c", "x"}, {"TINI_KILL_PROCESS_GROUP=1"}, "run [x]"},
	{{"whit", "x"}, {"TINI_KILL_PROCESS_GROUP=1", "WHIT_GROUP=0"}, "run [x]"},
	{{"dumb-init", "x"}, {"TINI_KILL_PROCESS_GROUP=1", "DUMB_INIT_SETSID=0"}, "run [x], group"})

TEST(tini_subreaper_is_accepted_and_changes_nothing,
	{{"whit", "x"}, {"TINI_SUBREAPER=1"}, "run [x]"},
	{{"whit", "x"}, {"TINI_SUBREAPER="}, "run [x]"})

TEST(whit_warn_reaped_is_on_unless_empty_or_0,
	{{"whit", "x"}, {"WHIT_WARN_REAPED=1"}, "run [x], warn reaped"},
	{{"whit", "x"}, {"WHIT_WARN_REAPED=0"}, "run [x]"},
	{{"whit", "x"}, {"WHIT_WARN_REAPED="}, "run [x]"},
	{{"whit", "-w", "x"}, {"WHIT_WARN_REAPED=0"}, "run [x], warn reaped"})

TEST(whit_quiet_is_on_unless_empty_or_0_and_the_command_line_wins,
	{{"whit", "x"}, {"WHIT_QUIET=1"}, "run [x], quiet"},
	{{"whit", "x"}, {"WHIT_QUIET=0"}, "run [x]"},
	{{"whit", "x"}, {"WHIT_QUIET="}, "run [x]"},
	{{"whit", "-v", "x"}, {"WHIT_QUIET=1"}, "run [x], verbose"},
	{{"whit", "-q", "x"}, {"WHIT_QUIET=0"}, "run [x], quiet"},
	{{"whit", "x"}, {"WHIT_QUIET=1", "WHIT_VERBOSE=2"}, "run [x], quiet"},
	{{"whit", "x"}, {"WHIT_QUIET=0", "WHIT_VERBOSE=2"}, "run [x], debug"})

TEST(whit_verbose_is_a_number_of_v_and_the_command_line_wins,
	{{"whit", "x"}, {"WHIT_VERBOSE="}, "run [x]"},
	{{"whit", "x"}, {"WHIT_VERBOSE=0"}, "run [x]"},
	{{"whit", "x"}, {"WHIT_VERBOSE=1"}, "run [x], verbose"},
	{{"whit", "x"}, {"WHIT_VERBOSE=2"}, "run [x], debug"},
	{{"whit", "x"}, {"WHIT_VERBOSE=3"}, "run [x], debug"},
	{{"whit", "-q", "x"}, {"WHIT_VERBOSE=2"}, "run [x], quiet"},
	{{"whit", "-v", "x"}, {"WHIT_VERBOSE=2"}, "run [x], verbose"},
	{{"whit", "-v", "x"}, {"WHIT_VERBOSE=junk"}, "run [x], verbose"})

TEST(tini_verbosity_has_tinis_scale_and_whits_own_variable_goes_first,
	{{"whit", "x"}, {"TINI_VERBOSITY="}, "run [x]"},
	{{"whit", "x"}, {"TINI_VERBOSITY=0"}, "run [x], quiet"},
	{{"whit", "x"}, {"TINI_VERBOSITY=1"}, "run [x]"},
	{{"whit", "x"}, {"TINI_VERBOSITY=2"}, "run [x], verbose"},
	{{"whit", "x"}, {"TINI_VERBOSITY=3"}, "run [x], debug"},
	{{"whit", "x"}, {"TINI_VERBOSITY=4"}, "run [x], debug"},
	{{"whit", "-v", "x"}, {"TINI_VERBOSITY=0"}, "run [x], verbose"},
	{{"whit", "x"}, {"TINI_VERBOSITY=3", "WHIT_VERBOSE=0"}, "run [x]"},
	{{"whit", "x"}, {"TINI_VERBOSITY=0", "WHIT_VERBOSE=1"}, "run [x], verbose"},
	{{"whit", "x"}, {"TINI_VERBOSITY=3", "WHIT_QUIET=1"}, "run [x], quiet"})

TEST(a_bad_verbosity_is_a_warning_that_names_the_variable_and_is_ignored,
	{{"whit", "x"}, {"WHIT_VERBOSE=junk"}, "run [x]; WHIT_VERBOSE: bad 'junk'"},
	{{"whit", "x"}, {"WHIT_VERBOSE=-1"}, "run [x]; WHIT_VERBOSE: bad '-1'"},
	{{"whit", "x"}, {"WHIT_VERBOSE=99999999999"}, "run [x]; WHIT_VERBOSE: bad '99999999999'"},
	{{"whit", "x"}, {"TINI_VERBOSITY=junk"}, "run [x]; TINI_VERBOSITY: bad 'junk'"},
	{{"whit", "x"}, {"WHIT_VERBOSE=junk", "TINI_VERBOSITY=2"},
		"run [x], verbose; WHIT_VERBOSE: bad 'junk'"})

TEST(whit_rewrite_is_a_comma_list_and_the_command_line_wins,
	{{"whit", "x"}, {"WHIT_REWRITE=TERM:INT"}, "run [x], SIGTERM>SIGINT"},
	{{"whit", "x"}, {"WHIT_REWRITE=TERM:INT,HUP:0"}, "run [x], drop SIGHUP, SIGTERM>SIGINT"},
	{{"whit", "x"}, {"WHIT_REWRITE="}, "run [x]"},
	{{"whit", "-rTERM:QUIT", "x"}, {"WHIT_REWRITE=TERM:INT,HUP:0"}, "run [x], SIGTERM>SIGQUIT"},
	{{"whit", "-rTERM:QUIT", "x"}, {"WHIT_REWRITE=junk"}, "run [x], SIGTERM>SIGQUIT"},
	{{"whit", "-P"}, {"WHIT_REWRITE=TERM:INT"}, "pause, SIGTERM>SIGINT"})

TEST(whit_exit_map_is_a_comma_list_and_the_command_line_wins,
	{{"whit", "x"}, {"WHIT_EXIT_MAP=143"}, "run [x], 143=0"},
	{{"whit", "x"}, {"WHIT_EXIT_MAP=1:2,forwarded"}, "run [x], 1=2, forwarded=0"},
	{{"whit", "x"}, {"WHIT_EXIT_MAP="}, "run [x]"},
	{{"whit", "-e1", "x"}, {"WHIT_EXIT_MAP=2"}, "run [x], 1=0"})

TEST(whit_parent_death_is_a_signal_and_the_command_line_wins,
	{{"whit", "x"}, {"WHIT_PARENT_DEATH=TERM"}, "run [x], parent death SIGTERM"},
	{{"whit", "x"}, {"WHIT_PARENT_DEATH="}, "run [x]"},
	{{"whit", "-pINT", "x"}, {"WHIT_PARENT_DEATH=TERM"}, "run [x], parent death SIGINT"})

TEST(a_bad_variable_is_a_warning_that_names_it_and_nothing_of_it_is_taken,
	{{"whit", "x"}, {"WHIT_REWRITE=junk"}, "run [x]; WHIT_REWRITE: bad 'junk'"},
	{{"whit", "x"}, {"WHIT_REWRITE=TERM:INT,junk"}, "run [x]; WHIT_REWRITE: bad 'TERM:INT,junk'"},
	{{"whit", "x"}, {"WHIT_REWRITE=TERM:INT,"}, "run [x]; WHIT_REWRITE: bad 'TERM:INT,'"},
	{{"whit", "x"}, {"WHIT_EXIT_MAP=1,999"}, "run [x]; WHIT_EXIT_MAP: bad '1,999'"},
	{{"whit", "x"}, {"WHIT_PARENT_DEATH=0"}, "run [x]; WHIT_PARENT_DEATH: bad '0'"},
	{{"whit", "-P"}, {"WHIT_PARENT_DEATH=junk"}, "pause; WHIT_PARENT_DEATH: bad 'junk'"})

TEST(every_bad_variable_is_listed_and_the_good_ones_are_taken,
	{{"whit", "x"},
		{"WHIT_REWRITE=a", "WHIT_PARENT_DEATH=b", "WHIT_EXIT_MAP=c", "WHIT_GROUP=1"},
		"run [x], group; WHIT_REWRITE: bad 'a'; WHIT_PARENT_DEATH: bad 'b'; "
		"WHIT_EXIT_MAP: bad 'c'"})

TEST(a_bad_command_line_is_an_error_whatever_the_environment_says,
	{{"whit", "-Z", "x"}, {"WHIT_REWRITE=junk"}, "error: unknown letter 'Z'"},
	{{"whit"}, {"WHIT_QUIET=1"}, "error: no command"})

TEST(a_name_that_only_begins_like_a_variable_is_not_one,
	{{"whit", "x"}, {"WHIT_GROUPS=1", "WHIT_QUIETER=1", "XWHIT_GROUP=1", "WHIT_=1"}, "run [x]"})
TEST(drain_and_kill_after_are_seconds_in_every_spelling,
	{{"whit", "-d", "10", "x"}, NO_VARIABLES, "run [x], drain 10000 ms"},
	{{"whit", "-d10", "x"}, NO_VARIABLES, "run [x], drain 10000 ms"},
	{{"whit", "--drain", "10", "x"}, NO_VARIABLES, "run [x], drain 10000 ms"},
	{{"whit", "--drain=10", "x"}, NO_VARIABLES, "run [x], drain 10000 ms"},
	{{"whit", "x"}, {"WHIT_DRAIN=10"}, "run [x], drain 10000 ms"},
	{{"whit", "-k", "10", "x"}, NO_VARIABLES, "run [x], kill after 10000 ms"},
	{{"whit", "-k10", "x"}, NO_VARIABLES, "run [x], kill after 10000 ms"},
	{{"whit", "--kill-after", "10", "x"}, NO_VARIABLES, "run [x], kill after 10000 ms"},
	{{"whit", "--kill-after=10", "x"}, NO_VARIABLES, "run [x], kill after 10000 ms"},
	{{"whit", "x"}, {"WHIT_KILL_AFTER=10"}, "run [x], kill after 10000 ms"},
	{{"whit", "-gvd1", "-k2", "x"}, NO_VARIABLES,
		"run [x], group, verbose, drain 1000 ms, kill after 2000 ms"},
	{{"whit", "-gd", "1", "x"}, NO_VARIABLES, "run [x], group, drain 1000 ms"},
	{{"whit", "-d", "1", "--", "-k", "2"}, NO_VARIABLES, "run [-k] [2], drain 1000 ms"},
	{{"whit", "-d1", "x", "-k2"}, NO_VARIABLES, "run [x] [-k2], drain 1000 ms"},
	{{"whit", "x"}, {"WHIT_DRAIN=1", "WHIT_KILL_AFTER=2"},
		"run [x], drain 1000 ms, kill after 2000 ms"},
	{{"whit", "-d", "5", "-P"}, NO_VARIABLES, "pause, drain 5000 ms"},
	{{"whit", "-P"}, {"WHIT_DRAIN=5"}, "pause, drain 5000 ms"},
	{{"pause"}, {"WHIT_DRAIN=5"}, "pause, drain 5000 ms"},
	{{"docker-init", "--", "x"}, {"WHIT_DRAIN=5"}, "run [x], drain 5000 ms"},
	{{"dumb-init", "x"}, {"WHIT_DRAIN=5"}, "run [x], group, drain 5000 ms"},
	{{"whit", "-d", "5", "--version"}, NO_VARIABLES, "version"})

TEST(seconds_may_be_fractions_0_or_huge,
	{{"whit", "-d", "2.5", "-k", ".5", "x"}, NO_VARIABLES,
		"run [x], drain 2500 ms, kill after 500 ms"},
	{{"whit", "-d0.0001", "-k0.9999", "x"}, NO_VARIABLES,
		"run [x], drain 1 ms, kill after 1000 ms"},
	{{"whit", "-d0", "-k0", "x"}, NO_VARIABLES, "run [x], drain 0 ms, kill after 0 ms"},
	{{"whit", "x"}, {"WHIT_DRAIN=0", "WHIT_KILL_AFTER=0.0"},
		"run [x], drain 0 ms, kill after 0 ms"},
	{{"whit", "x"}, {"WHIT_DRAIN=2.5", "WHIT_KILL_AFTER=.5"},
		"run [x], drain 2500 ms, kill after 500 ms"},
	{{"whit", "-d", "99999999999999999999999999", "x"}, NO_VARIABLES,
		"run [x], drain 1000000000000000 ms"},
	{{"whit", "-k9223372036854775808", "x"}, NO_VARIABLES,
		"run [x], kill after 1000000000000000 ms"},
	{{"whit", "x"}, {"WHIT_DRAIN=18446744073709551616", "WHIT_KILL_AFTER=99999999999999999999"},
		"run [x], drain 1000000000000000 ms, kill after 1000000000000000 ms"})

TEST(the_last_drain_and_the_last_kill_after_count,
	{{"whit", "-d1", "-k2", "-d3", "--kill-after=4", "x"}, NO_VARIABLES,
		"run [x], drain 3000 ms, kill after 4000 ms"},
	{{"whit", "-d5", "-d0", "x"}, NO_VARIABLES, "run [x], drain 0 ms"})

TEST(bad_seconds_are_an_error_that_names_them,
	{{"whit", "-d", "x"}, NO_VARIABLES, "error: drain: bad 'x'"},
	{{"whit", "-d", "", "x"}, NO_VARIABLES, "error: drain: bad ''"},
	{{"whit", "--drain=", "x"}, NO_VARIABLES, "error: drain: bad ''"},
	{{"whit", "-d=5", "x"}, NO_VARIABLES, "error: drain: bad '=5'"},
	{{"whit", "-d-1", "x"}, NO_VARIABLES, "error: drain: bad '-1'"},
	{{"whit", "-d", "-k", "2"}, NO_VARIABLES, "error: drain: bad '-k'"},
	{{"whit", "-d5s", "x"}, NO_VARIABLES, "error: drain: bad '5s'"},
	{{"whit", "-d", "1,5", "x"}, NO_VARIABLES, "error: drain: bad '1,5'"},
	{{"whit", "-d", "1e3", "x"}, NO_VARIABLES, "error: drain: bad '1e3'"},
	{{"whit", "-d", " 1", "x"}, NO_VARIABLES, "error: drain: bad ' 1'"},
	{{"whit", "-d", ".", "x"}, NO_VARIABLES, "error: drain: bad '.'"},
	{{"whit", "-d5g", "x"}, NO_VARIABLES, "error: drain: bad '5g'"},
	{{"whit", "-d5", "-dbad", "x"}, NO_VARIABLES, "error: drain: bad 'bad'"},
	{{"whit", "-k", "inf", "x"}, NO_VARIABLES, "error: kill-after: bad 'inf'"},
	{{"whit", "-k+1", "x"}, NO_VARIABLES, "error: kill-after: bad '+1'"},
	{{"whit", "--kill-after=0x10", "x"}, NO_VARIABLES, "error: kill-after: bad '0x10'"},
	{{"whit", "--kill-after", "1 ", "x"}, NO_VARIABLES, "error: kill-after: bad '1 '"},
	{{"whit", "-d"}, NO_VARIABLES, "error: drain: no value"},
	{{"whit", "--drain"}, NO_VARIABLES, "error: drain: no value"},
	{{"whit", "-gk"}, NO_VARIABLES, "error: kill-after: no value"},
	{{"whit", "--kill-after"}, NO_VARIABLES, "error: kill-after: no value"},
	{{"whit", "--kill", "1", "x"}, NO_VARIABLES, "error: unknown word '--kill'"},
	{{"whit", "-d", "bad", "x"}, {"WHIT_DRAIN=5"}, "error: drain: bad 'bad'"},
	{{"whit", "-d", "5"}, NO_VARIABLES, "error: no command"})

TEST(seconds_of_the_command_line_win_over_their_variable_and_no_other,
	{{"whit", "-d1", "x"}, {"WHIT_DRAIN=5"}, "run [x], drain 1000 ms"},
	{{"whit", "-d0", "x"}, {"WHIT_DRAIN=5"}, "run [x], drain 0 ms"},
	{{"whit", "-d1", "x"}, {"WHIT_DRAIN=junk"}, "run [x], drain 1000 ms"},
	{{"whit", "-k1", "x"}, {"WHIT_KILL_AFTER=5"}, "run [x], kill after 1000 ms"},
	{{"whit", "-k1", "x"}, {"WHIT_KILL_AFTER=junk"}, "run [x], kill after 1000 ms"},
	{{"whit", "-k1", "x"}, {"WHIT_DRAIN=5", "WHIT_KILL_AFTER=9"},
		"run [x], drain 5000 ms, kill after 1000 ms"},
	{{"whit", "-d1", "x"}, {"WHIT_DRAIN=5", "WHIT_KILL_AFTER=9"},
		"run [x], drain 1000 ms, kill after 9000 ms"})

TEST(a_variable_with_bad_seconds_is_a_warning_and_no_limit,
	{{"whit", "x"}, {"WHIT_DRAIN="}, "run [x]"},
	{{"whit", "x"}, {"WHIT_KILL_AFTER="}, "run [x]"},
	{{"whit", "x"}, {"WHIT_DRAIN=junk"}, "run [x]; WHIT_DRAIN: bad 'junk'"},
	{{"whit", "x"}, {"WHIT_DRAIN=5 "}, "run [x]; WHIT_DRAIN: bad '5 '"},
	{{"whit", "x"}, {"WHIT_DRAIN=-5"}, "run [x]; WHIT_DRAIN: bad '-5'"},
	{{"whit", "x"}, {"WHIT_DRAIN=5,6"}, "run [x]; WHIT_DRAIN: bad '5,6'"},
	{{"whit", "x"}, {"WHIT_KILL_AFTER=10s"}, "run [x]; WHIT_KILL_AFTER: bad '10s'"},
	{{"whit", "x"}, {"WHIT_DRAIN=true", "WHIT_KILL_AFTER=3"},
		"run [x], kill after 3000 ms; WHIT_DRAIN: bad 'true'"},
	{{"whit", "-P"}, {"WHIT_DRAIN=no"}, "pause; WHIT_DRAIN: bad 'no'"})

TEST(all_variables_that_can_be_bad_have_room_in_the_list,
	{{"whit", "x"},
		{"WHIT_REWRITE=a", "WHIT_PARENT_DEATH=b", "WHIT_EXIT_MAP=c", "WHIT_DRAIN=d",
			"WHIT_KILL_AFTER=e", "WHIT_VERBOSE=f", "TINI_VERBOSITY=g"},
		"run [x]; WHIT_REWRITE: bad 'a'; WHIT_PARENT_DEATH: bad 'b'; WHIT_EXIT_MAP: bad 'c'; "
		"WHIT_DRAIN: bad 'd'; WHIT_KILL_AFTER: bad 'e'; WHIT_VERBOSE: bad 'f'; "
		"TINI_VERBOSITY: bad 'g'"})
/* clang-format on */

/* What the user reads after "bad value 'x' for option '--drain': ". */
static void bad_seconds_are_explained_by_what_good_ones_look_like(void **state)
{
	static const char problem[] = "it is a number of seconds, such as 10 or 2.5";
	char whit[] = "whit", drain[] = "-d", kill_after[] = "-k", bad[] = "10s", command[] = "x";
	char *drained[] = {whit, drain, bad, command, NULL};
	char *limited[] = {whit, kill_after, bad, command, NULL};
	char *plain[] = {whit, command, NULL};
	struct options options;

	(void)state;
	assert_int_equal(clearenv(), 0);
	assert_false(options_parse(&options, 4, drained));
	expect_text("-d", problem, options.fault.problem);
	assert_false(options_parse(&options, 4, limited));
	expect_text("-k", problem, options.fault.problem);
	assert_int_equal(setenv("WHIT_DRAIN", "10s", 1), 0);
	assert_true(options_parse(&options, 2, plain));
	assert_int_equal(options.variable_fault_count, 1);
	expect_text("WHIT_DRAIN", problem, options.variable_faults[0].problem);
	assert_int_equal(clearenv(), 0);
}

static void the_command_points_into_argv_with_a_word_of_whits_before_it(void **state)
{
	char whit[] = "whit", dashes[] = "--", shell[] = "sh", flag[] = "-c";
	char *plain[] = {whit, shell, flag, NULL};
	char *dashed[] = {whit, dashes, shell, flag, NULL};
	struct options options;

	(void)state;
	assert_int_equal(clearenv(), 0);
	assert_true(options_parse(&options, 3, plain));
	assert_ptr_equal(options.command, plain + 1);
	assert_true(options_parse(&options, 4, dashed));
	assert_ptr_equal(options.command, dashed + 2);
}

static void the_help_names_each_option_once_and_is_not_cut(void **state)
{
	static const char *const expected[] = {"-g, --group ", "-c, --single-child ",
		"-r, --rewrite FROM:TO ", "-p, --parent-death SIGNAL ",
		"-e, --exit-map STATUS[:NEW] ", "-d, --drain SECONDS ", "-k, --kill-after SECONDS ",
		"-s, --subreaper ", "-w, --warn-reaped ", "-P, --pause ", "-v, --verbose ",
		"-q, --quiet ", "-l, --license ", "-V, --version ", "-h, --help "};
	struct line help;

	(void)state;
	line_start(&help);
	options_help(&help);
	assert_false(help.cut);
	for (size_t i = 0; i < COUNT(expected); i++) {
		const char *place = strstr(line_string(&help), expected[i]);

		if (place == NULL)
			fail_msg("\"%s\" is not in the help", expected[i]);
		else if (strstr(place + 1, expected[i]) != NULL)
			fail_msg("\"%s\" is in the help twice", expected[i]);
	}
}

static void no_line_of_the_help_is_wider_than_a_terminal(void **state)
{
	struct line help;
	const char *text;

	(void)state;
	line_start(&help);
	options_help(&help);
	for (text = line_string(&help); *text != '\0';) {
		size_t length = strcspn(text, "\n");

		if (length > 80) fail_msg("%zu columns: \"%.*s\"", length, (int)length, text);
		if (text[length] != '\n') fail_msg("no newline after \"%s\"", text);
		text += length + 1;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_end_at_the_first_word_that_is_none),
		cmocka_unit_test(two_dashes_end_the_options),
		cmocka_unit_test(each_switch_has_a_letter_and_a_name),
		cmocka_unit_test(each_value_is_attached_or_the_next_word),
		cmocka_unit_test(letters_go_together_in_one_word),
		cmocka_unit_test(a_value_that_looks_like_an_option_is_the_value_all_the_same),
		cmocka_unit_test(rewrites_repeat_and_are_comma_lists),
		cmocka_unit_test(exit_maps_repeat_and_are_comma_lists),
		cmocka_unit_test(the_last_parent_death_counts),
		cmocka_unit_test(the_last_of_group_and_single_child_counts),
		cmocka_unit_test(verbose_repeats_and_the_last_of_verbose_and_quiet_counts),
		cmocka_unit_test(help_version_and_license_end_the_reading),
		cmocka_unit_test(an_unknown_letter_is_an_error_that_names_it),
		cmocka_unit_test(an_unknown_word_is_an_error_that_names_it),
		cmocka_unit_test(an_option_without_its_value_is_an_error_that_names_it),
		cmocka_unit_test(a_switch_with_a_value_is_an_error_that_names_both),
		cmocka_unit_test(a_bad_value_is_an_error_that_names_the_element_at_fault),
		cmocka_unit_test(a_signal_above_the_last_is_an_error),
		cmocka_unit_test(no_command_is_an_error),
		cmocka_unit_test(no_words_at_all_are_no_command),
		cmocka_unit_test(pause_with_a_command_is_an_error_that_names_it),
		cmocka_unit_test(called_as_pause_without_a_command_it_pauses),
		cmocka_unit_test(called_by_the_engines_names_it_is_plainly_whit),
		cmocka_unit_test(called_as_dumb_init_the_group_is_the_default),
		cmocka_unit_test(called_as_dumb_init_its_debug_variable_means_verbose),
		cmocka_unit_test(whit_group_is_on_unless_empty_or_0_and_the_command_line_wins),
		cmocka_unit_test(tini_kill_process_group_counts_when_it_is_set_at_all),
		cmocka_unit_test(tini_subreaper_is_accepted_and_changes_nothing),
		cmocka_unit_test(whit_warn_reaped_is_on_unless_empty_or_0),
		cmocka_unit_test(whit_quiet_is_on_unless_empty_or_0_and_the_command_line_wins),
		cmocka_unit_test(whit_verbose_is_a_number_of_v_and_the_command_line_wins),
		cmocka_unit_test(tini_verbosity_has_tinis_scale_and_whits_own_variable_goes_first),
		cmocka_unit_test(
			a_bad_verbosity_is_a_warning_that_names_the_variable_and_is_ignored),
		cmocka_unit_test(whit_rewrite_is_a_comma_list_and_the_command_line_wins),
		cmocka_unit_test(whit_exit_map_is_a_comma_list_and_the_command_line_wins),
		cmocka_unit_test(whit_parent_death_is_a_signal_and_the_command_line_wins),
		cmocka_unit_test(
			a_bad_variable_is_a_warning_that_names_it_and_nothing_of_it_is_taken),
		cmocka_unit_test(every_bad_variable_is_listed_and_the_good_ones_are_taken),
		cmocka_unit_test(a_bad_command_line_is_an_error_whatever_the_environment_says),
		cmocka_unit_test(a_name_that_only_begins_like_a_variable_is_not_one),
		cmocka_unit_test(drain_and_kill_after_are_seconds_in_every_spelling),
		cmocka_unit_test(seconds_may_be_fractions_0_or_huge),
		cmocka_unit_test(the_last_drain_and_the_last_kill_after_count),
		cmocka_unit_test(bad_seconds_are_an_error_that_names_them),
		cmocka_unit_test(seconds_of_the_command_line_win_over_their_variable_and_no_other),
		cmocka_unit_test(a_variable_with_bad_seconds_is_a_warning_and_no_limit),
		cmocka_unit_test(all_variables_that_can_be_bad_have_room_in_the_list),
		cmocka_unit_test(bad_seconds_are_explained_by_what_good_ones_look_like),
		cmocka_unit_test(the_command_points_into_argv_with_a_word_of_whits_before_it),
		cmocka_unit_test(the_help_names_each_option_once_and_is_not_cut),
		cmocka_unit_test(no_line_of_the_help_is_wider_than_a_terminal),
	};

	return cmocka_run_group_tests_name("cli/options", tests, NULL, NULL);
}

#include "cli/options.h"

#include "base/log.h"
#include "signals/signal_name.h"
#include "unit/support.h"

#include <inttypes.h>

#define WORDS_MAX 10

/* What a command line and an environment come to, as describe_options writes it, and what is said.
 */
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

/* The action and its command, then what is not as without options. */
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
	append(text, "%s",
		!log_shows(LOG_LEVEL_WARNING)          ? ", quiet"
			: log_shows(LOG_LEVEL_DEBUG)   ? ", debug"
			: log_shows(LOG_LEVEL_VERBOSE) ? ", verbose"
						       : "");
	if (options->parent_death != 0)
		append(text, ", parent death %s", signal_name_format(options->parent_death, name));
	describe_rewrite(text, &options->rewrite);
	describe_exit_map(text, &options->exit_map);
	describe_limit(text, "drain", &options->drain);
	describe_limit(text, "kill after", &options->kill_after);
}

/* The words in quotes, in which messages name what is at fault: the last, with both the first too.
 */
static void describe_quoted(struct text *text, const char *line, bool both)
{
	const char *first = strchr(line, '\'');
	const char *end = strrchr(line, '\'');
	const char *last = end;

	if (first == NULL) return;
	do
		last--;
	while (*last != '\'');
	if (both && last != first)
		append(text, " %.*s", (int)(strchr(first + 1, '\'') + 1 - first), first);
	append(text, " %.*s", (int)(end + 1 - last), last);
}

/* What was said: an error, which points to the help, or variables that are ignored. */
static void describe_messages(struct text *text, char *left)
{
	static const char warning[] = "whit: ignoring ";
	char *line;

	while ((line = strsep(&left, "\n")) != NULL && *line != '\0') {
		char *help = strstr(line, "; see 'whit --help'");

		if (strncmp(line, warning, strlen(warning)) == 0) {
			line += strlen(warning);
			append(text, "; %.*s", (int)strcspn(line, ":"), line);
			describe_quoted(text, line, false);
		} else if (strncmp(line, "whit: ", 6) == 0 && help != NULL) {
			append(text, "error");
			*help = '\0';
			describe_quoted(text, line, true);
		} else {
			append(text, "; observed '%s'", line);
		}
	}
}

static void set_environment(const char *const environment[WORDS_MAX])
{
	static char texts[WORDS_MAX][64];
	static char *entries[WORDS_MAX + 1];
	size_t count = 0;

	for (; environment[count] != NULL; count++)
		entries[count] = strcpy(texts[count], environment[count]);
	entries[count] = NULL;
	environ = entries;
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

/* The same, and what it wrote to stderr meanwhile. */
static bool parse(struct options *options, int argc, char **argv, char messages[2048])
{
	int before = dup(STDERR_FILENO);
	ssize_t length;
	bool is_parsed;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	(void)dup2(ends[1], STDERR_FILENO);
	(void)close(ends[1]);
	is_parsed = options_parse(options, argc, argv);
	(void)dup2(before, STDERR_FILENO); /* cmocka needs it */
	(void)close(before);
	length = read(ends[0], messages, 2047);
	messages[length < 0 ? 0 : length] = '\0';
	(void)close(ends[0]);
	return is_parsed;
}

static void expect_row(const struct row *row)
{
	struct text observed = {.length = 0};
	struct text what;
	struct options options = {.action = OPTIONS_ACTION_RUN};
	char words[WORDS_MAX][64];
	char messages[2048];
	char *argv[WORDS_MAX + 1] = {NULL};
	int argc = 0;

	for (; row->argv[argc] != NULL; argc++)
		argv[argc] = strcpy(words[argc], row->argv[argc]);
	set_environment(row->environment);
	log_highest = LOG_LEVEL_WARNING;
	append(&observed, "%s", "");
	if (parse(&options, argc, argv, messages)) describe_options(&observed, &options);
	describe_messages(&observed, messages);
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
TEST(options_end_at_two_dashes_or_the_first_word_that_is_none,
	{{"whit", "sh", "-c", "x"}, NO_VARIABLES, "run [sh] [-c] [x]"},
	{{"whit", "sh", "--help"}, NO_VARIABLES, "run [sh] [--help]"},
	{{"whit", "-g", "sh", "-v", "--"}, NO_VARIABLES, "run [sh] [-v] [--], group"},
	{{"whit", "sh", "-Z"}, NO_VARIABLES, "run [sh] [-Z]"},
	{{"whit", "-", "-v"}, NO_VARIABLES, "run [-] [-v]"},
	{{"whit", ""}, NO_VARIABLES, "run []"},
	{{"whit", "a=b"}, NO_VARIABLES, "run [a=b]"},
	{{"whit", "--", "-g"}, NO_VARIABLES, "run [-g]"},
	{{"whit", "--", "--", "sh"}, NO_VARIABLES, "run [--] [sh]"},
	{{"whit", "-g", "--", "sh", "--", "x"}, NO_VARIABLES, "run [sh] [--] [x], group"})

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

TEST(each_value_is_attached_or_the_next_word_or_in_a_variable,
	{{"whit", "-rTERM:INT", "x"}, NO_VARIABLES, "run [x], SIGTERM>SIGINT"},
	{{"whit", "-r", "TERM:INT", "x"}, NO_VARIABLES, "run [x], SIGTERM>SIGINT"},
	{{"whit", "--rewrite=TERM:INT", "x"}, NO_VARIABLES, "run [x], SIGTERM>SIGINT"},
	{{"whit", "--rewrite", "TERM:INT", "x"}, NO_VARIABLES, "run [x], SIGTERM>SIGINT"},
	{{"whit", "x"}, {"WHIT_REWRITE=TERM:INT"}, "run [x], SIGTERM>SIGINT"},
	{{"whit", "-pTERM", "x"}, NO_VARIABLES, "run [x], parent death SIGTERM"},
	{{"whit", "-p", "TERM", "x"}, NO_VARIABLES, "run [x], parent death SIGTERM"},
	{{"whit", "--parent-death=TERM", "x"}, NO_VARIABLES, "run [x], parent death SIGTERM"},
	{{"whit", "--parent-death", "TERM", "x"}, NO_VARIABLES, "run [x], parent death SIGTERM"},
	{{"whit", "x"}, {"WHIT_PARENT_DEATH=TERM"}, "run [x], parent death SIGTERM"},
	{{"whit", "-e143", "x"}, NO_VARIABLES, "run [x], 143=0"},
	{{"whit", "-e", "143:7", "x"}, NO_VARIABLES, "run [x], 143=7"},
	{{"whit", "--exit-map=TERM", "x"}, NO_VARIABLES, "run [x], 143=0"},
	{{"whit", "--exit-map", "forwarded", "x"}, NO_VARIABLES, "run [x], forwarded=0"},
	{{"whit", "x"}, {"WHIT_EXIT_MAP=143"}, "run [x], 143=0"},
	{{"whit", "-d10", "x"}, NO_VARIABLES, "run [x], drain 10000 ms"},
	{{"whit", "-d", "2.5", "x"}, NO_VARIABLES, "run [x], drain 2500 ms"},
	{{"whit", "--drain=0", "x"}, NO_VARIABLES, "run [x], drain 0 ms"},
	{{"whit", "--drain", "10", "x"}, NO_VARIABLES, "run [x], drain 10000 ms"},
	{{"whit", "x"}, {"WHIT_DRAIN=10"}, "run [x], drain 10000 ms"},
	{{"whit", "-k10", "x"}, NO_VARIABLES, "run [x], kill after 10000 ms"},
	{{"whit", "-k", ".5", "x"}, NO_VARIABLES, "run [x], kill after 500 ms"},
	{{"whit", "--kill-after=0", "x"}, NO_VARIABLES, "run [x], kill after 0 ms"},
	{{"whit", "--kill-after", "10", "x"}, NO_VARIABLES, "run [x], kill after 10000 ms"},
	{{"whit", "x"}, {"WHIT_KILL_AFTER=10"}, "run [x], kill after 10000 ms"},
	{{"whit", "-d1", "-k2", "x", "-d3"}, NO_VARIABLES,
		"run [x] [-d3], drain 1000 ms, kill after 2000 ms"})

TEST(letters_go_together_in_one_word,
	{{"whit", "-gw", "x"}, NO_VARIABLES, "run [x], group, warn reaped"},
	{{"whit", "-vvg", "x"}, NO_VARIABLES, "run [x], group, debug"},
	{{"whit", "-grTERM:INT", "x"}, NO_VARIABLES, "run [x], group, SIGTERM>SIGINT"},
	{{"whit", "-gr", "TERM:INT", "x"}, NO_VARIABLES, "run [x], group, SIGTERM>SIGINT"},
	{{"whit", "-gvd1", "-k2", "x"}, NO_VARIABLES,
		"run [x], group, verbose, drain 1000 ms, kill after 2000 ms"},
	{{"whit", "-pHUP", "-vP"}, NO_VARIABLES, "pause, verbose, parent death SIGHUP"},
	{{"whit", "-gh"}, NO_VARIABLES, "help"},
	{{"whit", "-Lg"}, NO_VARIABLES, "license"})

TEST(a_value_that_looks_like_an_option_is_the_value,
	{{"whit", "-r", "-g", "x"}, NO_VARIABLES, "error '--rewrite' '-g'"},
	{{"whit", "-e", "--", "x"}, NO_VARIABLES, "error '--exit-map' '--'"},
	{{"whit", "--parent-death", "--group", "x"}, NO_VARIABLES,
		"error '--parent-death' '--group'"},
	{{"whit", "-p=TERM", "x"}, NO_VARIABLES, "error '--parent-death' '=TERM'"})

TEST(maps_repeat_and_are_comma_lists_and_of_all_others_the_last_counts,
	{{"whit", "-rTERM:INT,HUP:0", "--rewrite=rtmin+3:37,15:3", "x"}, NO_VARIABLES,
		"run [x], drop SIGHUP, SIGTERM>SIGQUIT"},
	{{"whit", "x"}, {"WHIT_REWRITE=TERM:INT,HUP:0"}, "run [x], drop SIGHUP, SIGTERM>SIGINT"},
	{{"whit", "-e1,2:3,TERM,forwarded:9", "-e1:4", "x"}, NO_VARIABLES,
		"run [x], 1=4, 2=3, 143=0, forwarded=9"},
	{{"whit", "x"}, {"WHIT_EXIT_MAP=1:2,forwarded"}, "run [x], 1=2, forwarded=0"},
	{{"whit", "-pTERM", "-pRTMAX", "x"}, NO_VARIABLES, "run [x], parent death SIGRTMAX"},
	{{"whit", "-d5", "-k2", "-d0", "--kill-after=4", "x"}, NO_VARIABLES,
		"run [x], drain 0 ms, kill after 4000 ms"},
	{{"whit", "-c", "-g", "x"}, NO_VARIABLES, "run [x], group"},
	{{"whit", "-gc", "x"}, NO_VARIABLES, "run [x]"},
	{{"whit", "-v", "-v", "x"}, NO_VARIABLES, "run [x], debug"},
	{{"whit", "-vvvvvvvv", "x"}, NO_VARIABLES, "run [x], debug"},
	{{"whit", "-vq", "x"}, NO_VARIABLES, "run [x], quiet"},
	{{"whit", "-qv", "x"}, NO_VARIABLES, "run [x], verbose"},
	{{"whit", "-qvv", "x"}, NO_VARIABLES, "run [x], debug"})

TEST(help_version_and_license_end_the_reading,
	{{"whit", "--help", "--no-such-option"}, {"WHIT_DRAIN=junk"}, "help"},
	{{"whit", "-hZ"}, NO_VARIABLES, "help"},
	{{"whit", "--version", "-r"}, NO_VARIABLES, "version"},
	{{"whit", "-V", "sh"}, NO_VARIABLES, "version"},
	{{"whit", "-P", "--version", "sh"}, NO_VARIABLES, "version"},
	{{"whit", "-l", "-V"}, NO_VARIABLES, "license"},
	{{"whit", "-Z", "--help"}, NO_VARIABLES, "error '-Z'"})

TEST(an_unknown_option_is_an_error_that_names_it,
	{{"whit", "-Z", "x"}, NO_VARIABLES, "error '-Z'"},
	{{"whit", "-gZv", "x"}, NO_VARIABLES, "error '-gZv'"},
	{{"whit", "-g-", "x"}, NO_VARIABLES, "error '-g-'"},
	{{"whit", "-1", "x"}, NO_VARIABLES, "error '-1'"},
	{{"whit", "-\xff", "x"}, NO_VARIABLES, "error '-\\xff'"},
	{{"whit", "--no-such=1", "x"}, NO_VARIABLES, "error '--no-such=1'"},
	{{"whit", "--grou", "x"}, NO_VARIABLES, "error '--grou'"},
	{{"whit", "--groups", "x"}, NO_VARIABLES, "error '--groups'"},
	{{"whit", "--Group", "x"}, NO_VARIABLES, "error '--Group'"},
	{{"whit", "--g", "x"}, NO_VARIABLES, "error '--g'"},
	{{"whit", "--=x", "x"}, NO_VARIABLES, "error '--=x'"},
	{{"whit", "---", "x"}, NO_VARIABLES, "error '---'"})

TEST(a_value_that_is_missing_needless_or_bad_is_an_error_that_names_it,
	{{"whit", "-r"}, NO_VARIABLES, "error 'rewrite'"},
	{{"whit", "-gp"}, NO_VARIABLES, "error 'parent-death'"},
	{{"whit", "--exit-map"}, NO_VARIABLES, "error 'exit-map'"},
	{{"whit", "-d"}, NO_VARIABLES, "error 'drain'"},
	{{"whit", "--kill-after"}, NO_VARIABLES, "error 'kill-after'"},
	{{"whit", "--group=1", "x"}, NO_VARIABLES, "error '--group=1'"},
	{{"whit", "--pause="}, NO_VARIABLES, "error '--pause='"},
	{{"whit", "--help=1"}, NO_VARIABLES, "error '--help=1'"},
	{{"whit", "-r", "TERM", "x"}, NO_VARIABLES, "error '--rewrite' 'TERM'"},
	{{"whit", "-rTERM:INT,HUP:FOO", "x"}, NO_VARIABLES,
		"error '--rewrite' 'TERM:INT,HUP:FOO'"},
	{{"whit", "-rTERM:INT,", "x"}, NO_VARIABLES, "error '--rewrite' 'TERM:INT,'"},
	{{"whit", "-r,TERM:INT", "x"}, NO_VARIABLES, "error '--rewrite' ',TERM:INT'"},
	{{"whit", "--rewrite=", "x"}, NO_VARIABLES, "error '--rewrite' ''"},
	{{"whit", "-e1,2:999,3", "x"}, NO_VARIABLES, "error '--exit-map' '1,2:999,3'"},
	{{"whit", "-e", "", "x"}, NO_VARIABLES, "error '--exit-map' ''"},
	{{"whit", "-p0", "x"}, NO_VARIABLES, "error '--parent-death' '0'"},
	{{"whit", "-p", "TERM,INT", "x"}, NO_VARIABLES, "error '--parent-death' 'TERM,INT'"},
	{{"whit", "-p129", "x"}, NO_VARIABLES, "error '--parent-death' '129'"},
	{{"whit", "-d", "-k", "2"}, NO_VARIABLES, "error '--drain' '-k'"},
	{{"whit", "-d5", "-dbad", "x"}, NO_VARIABLES, "error '--drain' 'bad'"},
	{{"whit", "--kill-after=1 ", "x"}, {"WHIT_KILL_AFTER=5"}, "error '--kill-after' '1 '"})

TEST(without_a_command_and_with_two_things_to_do_it_is_an_error,
	{{NULL}, {"WHIT_GROUP=1"}, "error"},
	{{"whit"}, {"WHIT_QUIET=1"}, "error"},
	{{"whit", "-g", "--"}, NO_VARIABLES, "error"},
	{{"whit", "-r", "TERM:INT"}, NO_VARIABLES, "error"},
	{{"dumb-init"}, NO_VARIABLES, "error"},
	{{"whit", "-P", "sh"}, NO_VARIABLES, "error '--pause' 'sh'"},
	{{"whit", "--pause", "--", "-g", "x"}, NO_VARIABLES, "error '--pause' '-g'"},
	{{"pause", "-P", "sh"}, NO_VARIABLES, "error '--pause' 'sh'"})

TEST(called_as_pause_without_a_command_it_pauses,
	{{"pause"}, {"WHIT_DRAIN=5"}, "pause, drain 5000 ms"},
	{{"/a/b/pause"}, NO_VARIABLES, "pause"},
	{{"./pause", "-v", "--"}, NO_VARIABLES, "pause, verbose"},
	{{"pause", "sleep", "1"}, NO_VARIABLES, "run [sleep] [1]"},
	{{"pause", "-h"}, NO_VARIABLES, "help"},
	{{"pauses"}, NO_VARIABLES, "error"},
	{{"pause/whit"}, NO_VARIABLES, "error"})

TEST(called_by_the_engines_names_it_is_plainly_whit,
	{{"/sbin/docker-init", "--", "sh", "-c", "x"}, NO_VARIABLES, "run [sh] [-c] [x]"},
	{{"catatonit", "-P"}, NO_VARIABLES, "pause"},
	{{"podman-init", "x"}, NO_VARIABLES, "run [x]"},
	{{"tini", "-g", "-v", "-v", "-w", "-s", "-p", "SIGTERM", "x"}, NO_VARIABLES,
		"run [x], group, warn reaped, debug, parent death SIGTERM"},
	{{"", "x"}, NO_VARIABLES, "run [x]"},
	{{"tini", "x"}, {"DUMB_INIT_SETSID=1", "DUMB_INIT_DEBUG=1"}, "run [x]"})

TEST(called_as_dumb_init_the_group_is_the_default_and_its_variables_count,
	{{"dumb-init", "x"}, NO_VARIABLES, "run [x], group"},
	{{"/usr/bin/dumb-init", "--rewrite", "15:3", "x"}, NO_VARIABLES,
		"run [x], group, SIGTERM>SIGQUIT"},
	{{"dumb-init", "-c", "x"}, {"DUMB_INIT_SETSID=1"}, "run [x]"},
	{{"dumb-init", "-g", "x"}, {"DUMB_INIT_SETSID=0"}, "run [x], group"},
	{{"dumb-init", "x"}, {"DUMB_INIT_SETSID=0"}, "run [x]"},
	{{"dumb-init", "x"}, {"DUMB_INIT_SETSID=1"}, "run [x], group"},
	{{"dumb-init", "x"}, {"DUMB_INIT_SETSID="}, "run [x], group"},
	{{"dumb-init", "x"}, {"WHIT_GROUP=0"}, "run [x]"},
	{{"dumb-init", "x"}, {"WHIT_GROUP=1", "DUMB_INIT_SETSID=0"}, "run [x], group"},
	{{"dumb-init", "x"}, {"TINI_KILL_PROCESS_GROUP=1", "DUMB_INIT_SETSID=0"}, "run [x], group"},
	{{"dumb-init", "x"}, {"DUMB_INIT_DEBUG=1"}, "run [x], group, verbose"},
	{{"dumb-init", "x"}, {"DUMB_INIT_DEBUG=0"}, "run [x], group"},
	{{"dumb-init", "-q", "x"}, {"DUMB_INIT_DEBUG=1"}, "run [x], group, quiet"},
	{{"dumb-init", "x"}, {"DUMB_INIT_DEBUG=1", "WHIT_QUIET=1"}, "run [x], group, quiet"},
	{{"dumb-init", "x"}, {"DUMB_INIT_DEBUG=1", "WHIT_VERBOSE=2"}, "run [x], group, debug"},
	{{"dumb-init-2", "x"}, NO_VARIABLES, "run [x]"})

TEST(a_switch_in_the_environment_is_on_unless_empty_or_0,
	{{"whit", "x"}, {"WHIT_GROUP=yes"}, "run [x], group"},
	{{"whit", "x"}, {"WHIT_GROUP=00"}, "run [x], group"},
	{{"whit", "x"}, {"WHIT_GROUP=0"}, "run [x]"},
	{{"whit", "x"}, {"WHIT_GROUP="}, "run [x]"},
	{{"whit", "x"}, {"WHIT_WARN_REAPED=1"}, "run [x], warn reaped"},
	{{"whit", "x"}, {"WHIT_WARN_REAPED=0"}, "run [x]"},
	{{"whit", "x"}, {"WHIT_WARN_REAPED=", "WHIT_QUIET="}, "run [x]"},
	{{"whit", "x"}, {"WHIT_QUIET=1", "WHIT_VERBOSE=2"}, "run [x], quiet"},
	{{"whit", "x"}, {"WHIT_QUIET=0", "WHIT_VERBOSE=2"}, "run [x], debug"},
	/* Those of tini, if they are set at all. */
	{{"whit", "x"}, {"TINI_KILL_PROCESS_GROUP=0"}, "run [x], group"},
	{{"whit", "x"}, {"TINI_KILL_PROCESS_GROUP="}, "run [x], group"},
	{{"whit", "x"}, {"TINI_KILL_PROCESS_GROUP=1", "WHIT_GROUP=0"}, "run [x]"},
	{{"whit", "x"}, {"TINI_KILL_PROCESS_GROUP=1", "WHIT_GROUP="}, "run [x], group"},
	{{"whit", "x"}, {"TINI_SUBREAPER="}, "run [x]"},
	{{"whit", "x"}, {"WHIT_GROUPS=1", "WHIT_QUIETER=1", "XWHIT_GROUP=1", "WHIT_=1"}, "run [x]"})

TEST(verbosity_in_the_environment_is_a_number_on_whits_scale_or_tinis,
	{{"whit", "x"}, {"WHIT_VERBOSE="}, "run [x]"},
	{{"whit", "x"}, {"WHIT_VERBOSE=0"}, "run [x]"},
	{{"whit", "x"}, {"WHIT_VERBOSE=1"}, "run [x], verbose"},
	{{"whit", "x"}, {"WHIT_VERBOSE=3"}, "run [x], debug"},
	{{"whit", "x"}, {"TINI_VERBOSITY="}, "run [x]"},
	{{"whit", "x"}, {"TINI_VERBOSITY=0"}, "run [x], quiet"},
	{{"whit", "x"}, {"TINI_VERBOSITY=1"}, "run [x]"},
	{{"whit", "x"}, {"TINI_VERBOSITY=2"}, "run [x], verbose"},
	{{"whit", "x"}, {"TINI_VERBOSITY=3"}, "run [x], debug"},
	{{"whit", "x"}, {"TINI_VERBOSITY=1000"}, "run [x], debug"},
	{{"whit", "x"}, {"TINI_VERBOSITY=3", "WHIT_VERBOSE=0"}, "run [x]"},
	{{"whit", "x"}, {"TINI_VERBOSITY=3", "WHIT_QUIET=1"}, "run [x], quiet"})

TEST(the_command_line_wins_over_the_variable_of_that_option_alone,
	{{"whit", "-c", "x"}, {"WHIT_GROUP=1"}, "run [x]"},
	{{"whit", "-g", "x"}, {"WHIT_GROUP=0"}, "run [x], group"},
	{{"whit", "-c", "x"}, {"TINI_KILL_PROCESS_GROUP=1"}, "run [x]"},
	{{"whit", "-w", "x"}, {"WHIT_WARN_REAPED=0"}, "run [x], warn reaped"},
	{{"whit", "-v", "x"}, {"WHIT_QUIET=1", "TINI_VERBOSITY=0"}, "run [x], verbose"},
	{{"whit", "-q", "x"}, {"WHIT_VERBOSE=2"}, "run [x], quiet"},
	{{"whit", "-v", "x"}, {"WHIT_VERBOSE=junk"}, "run [x], verbose"},
	{{"whit", "-rTERM:QUIT", "x"}, {"WHIT_REWRITE=TERM:INT,HUP:0"}, "run [x], SIGTERM>SIGQUIT"},
	{{"whit", "-rTERM:QUIT", "x"}, {"WHIT_REWRITE=junk"}, "run [x], SIGTERM>SIGQUIT"},
	{{"whit", "-e1", "x"}, {"WHIT_EXIT_MAP=2"}, "run [x], 1=0"},
	{{"whit", "-pINT", "x"}, {"WHIT_PARENT_DEATH=TERM"}, "run [x], parent death SIGINT"},
	{{"whit", "-k1", "x"}, {"WHIT_DRAIN=5", "WHIT_KILL_AFTER=9"},
		"run [x], drain 5000 ms, kill after 1000 ms"},
	{{"whit", "-d0", "x"}, {"WHIT_DRAIN=junk", "WHIT_KILL_AFTER=9"},
		"run [x], drain 0 ms, kill after 9000 ms"})

TEST(a_bad_variable_is_a_warning_that_names_it_and_nothing_of_it_is_taken,
	{{"whit", "x"}, {"WHIT_REWRITE=TERM:INT,junk"}, "run [x]; WHIT_REWRITE 'TERM:INT,junk'"},
	{{"whit", "x"}, {"WHIT_EXIT_MAP=1,999"}, "run [x]; WHIT_EXIT_MAP '1,999'"},
	{{"whit", "-P"}, {"WHIT_PARENT_DEATH=junk"}, "pause; WHIT_PARENT_DEATH 'junk'"},
	{{"whit", "x"}, {"WHIT_DRAIN=5 "}, "run [x]; WHIT_DRAIN '5 '"},
	{{"whit", "x"}, {"WHIT_REWRITE=", "WHIT_EXIT_MAP=", "WHIT_PARENT_DEATH=", "WHIT_DRAIN=",
		"WHIT_KILL_AFTER="}, "run [x]"},
	{{"whit", "x"}, {"WHIT_VERBOSE=-1", "TINI_VERBOSITY=2"},
		"run [x], verbose; WHIT_VERBOSE '-1'"},
	{{"whit", "x"}, {"WHIT_VERBOSE=junk", "TINI_VERBOSITY=9999999999"},
		"run [x]; WHIT_VERBOSE 'junk'; TINI_VERBOSITY '9999999999'"},
	{{"whit", "x"},
		{"WHIT_REWRITE=a", "WHIT_PARENT_DEATH=b", "WHIT_EXIT_MAP=c", "WHIT_DRAIN=d",
			"WHIT_KILL_AFTER=e", "WHIT_GROUP=1"},
		"run [x], group; WHIT_REWRITE 'a'; WHIT_PARENT_DEATH 'b'; WHIT_EXIT_MAP 'c'; "
		"WHIT_DRAIN 'd'; WHIT_KILL_AFTER 'e'"},
	{{"whit", "-q", "x"}, {"WHIT_DRAIN=d"}, "run [x], quiet"},
	{{"whit", "-Z", "x"}, {"WHIT_DRAIN=d"}, "error '-Z'"})
/* clang-format on */

static void the_command_points_into_argv(void **state)
{
	char whit[] = "whit", dashes[] = "--", shell[] = "sh", flag[] = "-c";
	char *argv[] = {whit, dashes, shell, flag, NULL};
	struct options options = {.action = OPTIONS_ACTION_RUN};

	(void)state;
	set_environment((const char *const[WORDS_MAX]){NULL});
	assert_true(options_parse(&options, 4, argv));
	assert_ptr_equal(options.command, argv + 2);
}

static void the_help_names_each_option_once_in_lines_for_a_terminal(void **state)
{
	static const char *const expected[] = {"-g, --group ", "-c, --single-child ",
		"-r, --rewrite FROM:TO ", "-p, --parent-death SIGNAL ",
		"-e, --exit-map STATUS[:NEW] ", "-d, --drain SECONDS ", "-k, --kill-after SECONDS ",
		"-s, --subreaper ", "-w, --warn-reaped ", "-P, --pause ", "-v, --verbose ",
		"-q, --quiet ", "-l, --license ", "-V, --version ", "-h, --help "};
	struct line help;
	const char *text;

	(void)state;
	line_start(&help);
	options_help(&help);
	assert_false(help.cut);
	text = line_string(&help);
	for (size_t i = 0; i < COUNT(expected); i++) {
		const char *place = strstr(text, expected[i]);

		if (place == NULL || strstr(place + 1, expected[i]) != NULL)
			fail_msg("\"%s\" is not in the help, or twice", expected[i]);
	}
	while (*text != '\0') {
		size_t length = strcspn(text, "\n");

		if (length > 80 || text[length] != '\n')
			fail_msg("%zu columns: \"%.*s\"", length, (int)length, text);
		text += length + 1;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_end_at_two_dashes_or_the_first_word_that_is_none),
		cmocka_unit_test(each_switch_has_a_letter_and_a_name),
		cmocka_unit_test(each_value_is_attached_or_the_next_word_or_in_a_variable),
		cmocka_unit_test(letters_go_together_in_one_word),
		cmocka_unit_test(a_value_that_looks_like_an_option_is_the_value),
		cmocka_unit_test(maps_repeat_and_are_comma_lists_and_of_all_others_the_last_counts),
		cmocka_unit_test(help_version_and_license_end_the_reading),
		cmocka_unit_test(an_unknown_option_is_an_error_that_names_it),
		cmocka_unit_test(a_value_that_is_missing_needless_or_bad_is_an_error_that_names_it),
		cmocka_unit_test(without_a_command_and_with_two_things_to_do_it_is_an_error),
		cmocka_unit_test(called_as_pause_without_a_command_it_pauses),
		cmocka_unit_test(called_by_the_engines_names_it_is_plainly_whit),
		cmocka_unit_test(
			called_as_dumb_init_the_group_is_the_default_and_its_variables_count),
		cmocka_unit_test(a_switch_in_the_environment_is_on_unless_empty_or_0),
		cmocka_unit_test(verbosity_in_the_environment_is_a_number_on_whits_scale_or_tinis),
		cmocka_unit_test(the_command_line_wins_over_the_variable_of_that_option_alone),
		cmocka_unit_test(
			a_bad_variable_is_a_warning_that_names_it_and_nothing_of_it_is_taken),
		cmocka_unit_test(the_command_points_into_argv),
		cmocka_unit_test(the_help_names_each_option_once_in_lines_for_a_terminal),
	};

	return cmocka_run_group_tests_name("cli/options", tests, NULL, NULL);
}

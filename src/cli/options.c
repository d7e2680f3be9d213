/*
 * Options, from one table that also makes --help and that tests/lint compares with the manual and
 * the README. What the values mean is left to the modules that own them.
 */
#include "cli/options.h"

#include "base/number.h"
#include "signals/signal_name.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OPTION_COUNT 15

/* Where the parser is. */
struct scan {
	struct options *options;
	char **next;   /* the first word not looked at */
	int verbosity; /* of -v and -q, on a scale where the default is 0 */
	/* What the command line has said, so that its variables do not count. */
	bool has_target;
	bool has_verbosity;
	bool has_value[OPTION_COUNT]; /* of the table's rows */
	bool has_variables;           /* any at all: one look instead of one for each of them */
};

/* What an option is given. Where something is wrong with it, the part that is wrong. */
struct value {
	const char *text;
	size_t length;
};

/* --- one option --- */

/*
 * What an option does. NULL or what is wrong with its value, of which nothing is taken then. The
 * value is of no meaning where it takes none.
 */
typedef const char *take_function(struct scan *scan, struct value *value);

static const char *take_group(struct scan *scan, struct value *unused)
{
	(void)unused;
	scan->options->to_group = true;
	scan->has_target = true;
	return NULL;
}

static const char *take_single_child(struct scan *scan, struct value *unused)
{
	(void)unused;
	scan->options->to_group = false;
	scan->has_target = true;
	return NULL;
}

/* Adds one element of a list; NULL or what is wrong with it. */
typedef const char *add_function(void *target, const char *text, size_t length);

/* Adds each element of a comma list. */
static const char *add_list(add_function *add, void *target, struct value *value)
{
	for (;;) {
		const char *problem;

		value->length = strcspn(value->text, ",");
		problem = add(target, value->text, value->length);
		if (problem != NULL || value->text[value->length] == '\0')
			return problem;
		value->text += value->length + 1;
	}
}

static const char *add_rewrite(void *target, const char *text, size_t length)
{
	return rewrite_add(target, text, length);
}

static const char *take_rewrite(struct scan *scan, struct value *value)
{
	struct rewrite rewrite = scan->options->rewrite;
	const char *problem = add_list(add_rewrite, &rewrite, value);

	if (problem == NULL)
		scan->options->rewrite = rewrite;
	return problem;
}

static const char *add_exit_map(void *target, const char *text, size_t length)
{
	return exit_map_add(target, text, length);
}

static const char *take_exit_map(struct scan *scan, struct value *value)
{
	struct exit_map exit_map = scan->options->exit_map;
	const char *problem = add_list(add_exit_map, &exit_map, value);

	if (problem == NULL)
		scan->options->exit_map = exit_map;
	return problem;
}

static const char *take_parent_death(struct scan *scan, struct value *value)
{
	int *signal = &scan->options->parent_death;

	return signal_name_parse(value->text, value->length, signal) ? NULL : "no such signal";
}

static const char *take_limit(struct shutdown_limit *limit, const struct value *value)
{
	if (!number_parse_seconds(value->text, value->length, &limit->duration_ms))
		return "it is a number of seconds, such as 10 or 2.5";
	limit->is_set = true;
	return NULL;
}

static const char *take_drain(struct scan *scan, struct value *value)
{
	return take_limit(&scan->options->drain, value);
}

static const char *take_kill_after(struct scan *scan, struct value *value)
{
	return take_limit(&scan->options->kill_after, value);
}

/* Done anyway. */
static const char *take_subreaper(struct scan *unused_scan, struct value *unused)
{
	(void)unused_scan;
	(void)unused;
	return NULL;
}

static const char *take_warn_reaped(struct scan *scan, struct value *unused)
{
	(void)unused;
	scan->options->warn_reaped = true;
	return NULL;
}

static const char *take_pause(struct scan *scan, struct value *unused)
{
	(void)unused;
	scan->options->action = OPTIONS_ACTION_PAUSE;
	return NULL;
}

static const char *take_verbose(struct scan *scan, struct value *unused)
{
	(void)unused;
	scan->verbosity = scan->verbosity < 0 ? 1 : scan->verbosity + 1;
	scan->has_verbosity = true;
	return NULL;
}

static const char *take_quiet(struct scan *scan, struct value *unused)
{
	(void)unused;
	scan->verbosity = -1;
	scan->has_verbosity = true;
	return NULL;
}

static const char *take_license(struct scan *scan, struct value *unused)
{
	(void)unused;
	scan->options->action = OPTIONS_ACTION_LICENSE;
	return NULL;
}

static const char *take_version(struct scan *scan, struct value *unused)
{
	(void)unused;
	scan->options->action = OPTIONS_ACTION_VERSION;
	return NULL;
}

static const char *take_help(struct scan *scan, struct value *unused)
{
	(void)unused;
	scan->options->action = OPTIONS_ACTION_HELP;
	return NULL;
}

/* --- the table --- */

struct option_row {
	take_function *take;
	const char *letters; /* the first is the one that --help shows */
	const char *name;
	const char *value;    /* NULL: it takes none */
	const char *variable; /* NULL: it has none */
	const char *help;
};

/* clang-format off */
static const struct option_row option_rows[] = {
	{take_group, "g", "group", NULL, "WHIT_GROUP",
		"pass signals to the command's whole process group"},
	{take_single_child, "c", "single-child", NULL, NULL,
		"pass signals to the command alone (default)"},
	{take_rewrite, "r", "rewrite", "FROM:TO", "WHIT_REWRITE",
		"pass signal FROM on as TO, or drop it (TO 0)"},
	{take_parent_death, "p", "parent-death", "SIGNAL", "WHIT_PARENT_DEATH",
		"be sent SIGNAL when whit's own parent dies"},
	{take_exit_map, "e", "exit-map", "STATUS[:NEW]", "WHIT_EXIT_MAP",
		"end with NEW (0) instead of STATUS"},
	{take_drain, "d", "drain", "SECONDS", "WHIT_DRAIN",
		"let the rest finish when the command has ended"},
	{take_kill_after, "k", "kill-after", "SECONDS", "WHIT_KILL_AFTER",
		"kill a command that does not obey a stop signal"},
	{take_subreaper, "s", "subreaper", NULL, NULL,
		"accepted; whit does it by itself"},
	{take_warn_reaped, "w", "warn-reaped", NULL, "WHIT_WARN_REAPED",
		"report each orphan reaped"},
	{take_pause, "P", "pause", NULL, NULL,
		"no command: hold the namespace and reap"},
	{take_verbose, "v", "verbose", NULL, "WHIT_VERBOSE",
		"say more; twice: each reaping too"},
	{take_quiet, "q", "quiet", NULL, "WHIT_QUIET",
		"errors only"},
	{take_license, "lL", "license", NULL, NULL,
		"print the licence"},
	{take_version, "V", "version", NULL, NULL,
		"print the version"},
	{take_help, "h", "help", NULL, NULL,
		"print this help"},
};
/* clang-format on */

_Static_assert(
	sizeof(option_rows) / sizeof(option_rows[0]) == OPTION_COUNT, "a row for each option");

/* Whether the action is one that ends the reading: what follows --version is not looked at. */
static bool action_is_final(enum options_action action)
{
	return action != OPTIONS_ACTION_RUN && action != OPTIONS_ACTION_PAUSE;
}

static bool fail(
	struct scan *scan, enum options_error error, const struct option_row *row, const char *word)
{
	struct options_fault *fault = &scan->options->fault;

	fault->error = error;
	fault->option = row == NULL ? NULL : row->name;
	fault->word = word;
	fault->word_length = word == NULL ? 0 : strlen(word);
	return false;
}

/* False, with the fault, where something is wrong with the value. */
static bool take_value(struct scan *scan, const struct option_row *row, const char *text,
	struct options_fault *ret_fault)
{
	struct value value = {.text = text, .length = strlen(text)};
	const char *problem = row->take(scan, &value);

	if (problem == NULL)
		return true;
	ret_fault->error = OPTIONS_ERROR_BAD_VALUE;
	ret_fault->word = value.text;
	ret_fault->word_length = value.length;
	ret_fault->problem = problem;
	return false;
}

/* Takes one option; attached is what stands in the same word after it, NULL if nothing can. */
static bool take_option(struct scan *scan, const struct option_row *row, const char *attached)
{
	if (row->value == NULL)
		return row->take(scan, NULL) == NULL;
	if (attached == NULL) {
		if (*scan->next == NULL)
			return fail(scan, OPTIONS_ERROR_NO_VALUE, row, NULL);
		attached = *scan->next++;
	}
	scan->has_value[row - option_rows] = true;
	scan->options->fault.option = row->name;
	return take_value(scan, row, attached, &scan->options->fault);
}

static const struct option_row *row_of_letter(char letter)
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		if (strchr(option_rows[i].letters, letter) != NULL)
			return &option_rows[i];
	}
	return NULL;
}

static const struct option_row *row_of_name(const char *name, size_t length)
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		if (strlen(option_rows[i].name) == length &&
			memcmp(option_rows[i].name, name, length) == 0)
			return &option_rows[i];
	}
	return NULL;
}

/* "-vvg", "-rTERM:INT", "-r" "TERM:INT" */
static bool take_letters(struct scan *scan, const char *letters)
{
	for (; *letters != '\0' && !action_is_final(scan->options->action); letters++) {
		const struct option_row *row = row_of_letter(*letters);

		if (row == NULL) {
			scan->options->fault.letter = *letters;
			return fail(scan, OPTIONS_ERROR_UNKNOWN_LETTER, NULL, NULL);
		}
		if (row->value != NULL)
			return take_option(scan, row, letters[1] == '\0' ? NULL : letters + 1);
		if (!take_option(scan, row, NULL))
			return false;
	}
	return true;
}

/* "--group", "--rewrite=TERM:INT", "--rewrite" "TERM:INT" */
static bool take_word(struct scan *scan, const char *word)
{
	const char *name = word + 2;
	size_t length = strcspn(name, "=");
	const char *value = name[length] == '=' ? name + length + 1 : NULL;
	const struct option_row *row = row_of_name(name, length);

	if (row == NULL)
		return fail(scan, OPTIONS_ERROR_UNKNOWN_WORD, NULL, word);
	if (row->value == NULL && value != NULL)
		return fail(scan, OPTIONS_ERROR_NEEDLESS_VALUE, row, value);
	return take_option(scan, row, value);
}

/* Options end at "--", or at the first word that is none: the rest is the command's own. */
static bool take_options(struct scan *scan)
{
	while (*scan->next != NULL && !action_is_final(scan->options->action)) {
		const char *word = *scan->next;

		if (word[0] != '-' || word[1] == '\0')
			return true;
		scan->next++;
		if (strcmp(word, "--") == 0)
			return true;
		if (word[1] == '-' ? !take_word(scan, word) : !take_letters(scan, word + 1))
			return false;
	}
	return true;
}

/* Most containers have none, and some have hundreds of others, as Kubernetes gives them. */
static bool has_variables(void)
{
	static const char *const beginnings[] = {"WHIT_", "TINI_", "DUMB_INIT_"};

	for (char *const *entry = environ; entry != NULL && *entry != NULL; entry++) {
		for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
			if (**entry == *beginnings[i] &&
				strncmp(*entry, beginnings[i], strlen(beginnings[i])) == 0)
				return true;
		}
	}
	return false;
}

/* NULL also where the variable is empty: an empty one counts as one that is not set. */
static const char *variable(const struct scan *scan, const char *name)
{
	const char *value = scan->has_variables ? getenv(name) : NULL;

	return value == NULL || *value == '\0' ? NULL : value;
}

static bool is_on(const char *value)
{
	return value != NULL && strcmp(value, "0") != 0;
}

static void note_variable_fault(
	struct options *options, const char *name, const char *value, struct options_fault fault)
{
	/* There are fewer variables that can be wrong than there is room. */
	if (options->variable_fault_count == OPTIONS_VARIABLE_FAULTS_MAX)
		return;
	fault.option = name;
	fault.word = value;
	fault.word_length = strlen(value);
	options->variable_faults[options->variable_fault_count++] = fault;
}

static void read_value_variables(struct scan *scan)
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option_row *row = &option_rows[i];
		struct options_fault fault = {.error = OPTIONS_ERROR_NONE};
		const char *value;

		if (row->value == NULL || row->variable == NULL || scan->has_value[i])
			continue;
		value = variable(scan, row->variable);
		if (value != NULL && !take_value(scan, row, value, &fault))
			note_variable_fault(scan->options, row->variable, value, fault);
	}
}

/* The first variable that is set decides: whit's own, tini's, dumb-init's if called so. */
static void read_group_variables(struct scan *scan, bool is_dumb_init)
{
	const char *own = variable(scan, "WHIT_GROUP");
	const char *dumb_init_setsid = variable(scan, "DUMB_INIT_SETSID");

	if (scan->has_target)
		return;
	if (own != NULL)
		scan->options->to_group = is_on(own);
	else if (scan->has_variables && getenv("TINI_KILL_PROCESS_GROUP") != NULL) /* or empty */
		scan->options->to_group = true;
	else if (is_dumb_init)
		scan->options->to_group = dumb_init_setsid == NULL || is_on(dumb_init_setsid);
}

/* A number of -v from a variable; base is the variable's number for whit's default. */
static bool read_verbosity(struct scan *scan, const char *name, int base)
{
	const unsigned int highest = 1000; /* more than anybody means, and no overflow below */
	struct options_fault fault = {
		.error = OPTIONS_ERROR_BAD_VALUE,
		.problem = "it is a number of at most 1000",
	};
	const char *value = variable(scan, name);
	unsigned int number;

	if (value == NULL)
		return false;
	if (!number_parse(value, strlen(value), highest, &number)) {
		note_variable_fault(scan->options, name, value, fault);
		return false;
	}
	scan->verbosity = (int)number - base;
	return true;
}

static void read_verbosity_variables(struct scan *scan, bool is_dumb_init)
{
	const char *dumb_init_debug = variable(scan, "DUMB_INIT_DEBUG");

	if (scan->has_verbosity)
		return;
	if (is_on(variable(scan, "WHIT_QUIET")))
		scan->verbosity = -1;
	else if (read_verbosity(scan, "WHIT_VERBOSE", 0) ||
		read_verbosity(scan, "TINI_VERBOSITY", 1))
		return;
	else if (is_dumb_init && dumb_init_debug != NULL && strcmp(dumb_init_debug, "1") == 0)
		scan->verbosity = 1;
}

static void read_variables(struct scan *scan, bool is_dumb_init)
{
	scan->has_variables = has_variables();
	read_value_variables(scan);
	read_group_variables(scan, is_dumb_init);
	read_verbosity_variables(scan, is_dumb_init);
	if (is_on(variable(scan, "WHIT_WARN_REAPED")))
		scan->options->warn_reaped = true;
}

static enum log_level level_of_verbosity(int verbosity)
{
	if (verbosity < 0)
		return LOG_LEVEL_ERROR;
	if (verbosity == 0)
		return LOG_LEVEL_WARNING;
	return verbosity == 1 ? LOG_LEVEL_VERBOSE : LOG_LEVEL_DEBUG;
}

/* Which of the two things that need a decision is meant; a pause has no command, a run has one. */
static bool settle_command(struct scan *scan, const char *called_as)
{
	struct options *options = scan->options;

	if (*scan->next == NULL && strcmp(called_as, "pause") == 0)
		options->action = OPTIONS_ACTION_PAUSE;
	if (options->action == OPTIONS_ACTION_PAUSE) {
		if (*scan->next != NULL)
			return fail(scan, OPTIONS_ERROR_PAUSE_AND_COMMAND, NULL, *scan->next);
		return true;
	}
	if (*scan->next == NULL)
		return fail(scan, OPTIONS_ERROR_NO_COMMAND, NULL, NULL);
	options->command = scan->next;
	return true;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

bool options_parse(struct options *options, int argc, char **argv)
{
	/* argc may be 0, and then argv[0] is NULL: execve(2). */
	const char *called_as = argc > 0 ? base_name(argv[0]) : "whit";
	bool is_dumb_init = strcmp(called_as, "dumb-init") == 0;
	struct scan scan = {.options = options, .next = argc > 0 ? argv + 1 : argv};

	memset(options, 0, sizeof(*options));
	rewrite_init(&options->rewrite);
	exit_map_init(&options->exit_map);
	options->action = OPTIONS_ACTION_RUN;
	if (!take_options(&scan))
		return false;
	if (action_is_final(options->action))
		return true;
	if (!settle_command(&scan, called_as))
		return false;
	read_variables(&scan, is_dumb_init);
	options->log_level = level_of_verbosity(scan.verbosity);
	return true;
}

void options_help(struct line *help)
{
	static const size_t help_column = 30;

	line_format(help,
		"usage: whit [OPTION]... [--] COMMAND [ARG]...\n"
		"       whit [OPTION]... --pause\n"
		"\n");
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option_row *row = &option_rows[i];
		size_t start = help->length;

		line_format(help, "  -%c, --%s", row->letters[0], row->name);
		if (row->value != NULL)
			line_format(help, " %s", row->value);
		while (help->length - start < help_column && !help->cut)
			line_format(help, " ");
		line_format(help, "%s\n", row->help);
	}
	line_format(help,
		"\n"
		"Most options have a variable too, such as WHIT_DRAIN=5; see whit(1).\n");
}

/* Reads the options. One table makes the parser, --help and the check of the manual. */
#include "cli/options.h"

#include "base/log.h"
#include "base/number.h"
#include "base/text.h"
#include "signals/signal_name.h"

struct option {
	const char *letters; /* --help shows the first */
	const char *name;
	const char *value;    /* NULL: it takes none */
	const char *variable; /* NULL: it has none */
	const char *help;
};

/* clang-format off */
static const struct option options_table[] = {
	{"g", "group", NULL, "WHIT_GROUP", "forward signals to the command's process group"},
	{"c", "single-child", NULL, NULL, "forward signals to the command alone (default)"},
	{"r", "rewrite", "FROM:TO", "WHIT_REWRITE", "forward signal FROM as TO, or drop it (TO 0)"},
	{"p", "parent-death", "SIGNAL", "WHIT_PARENT_DEATH", "be sent SIGNAL when the parent ends"},
	{"e", "exit-map", "STATUS[:NEW]", "WHIT_EXIT_MAP", "end with NEW (0) instead of STATUS"},
	{"d", "drain", "SECONDS", "WHIT_DRAIN", "let the remaining processes finish"},
	{"k", "kill-after", "SECONDS", "WHIT_KILL_AFTER", "kill a command that ignores stop signals"},
	{"s", "subreaper", NULL, NULL, "no effect"},
	{"w", "warn-reaped", NULL, "WHIT_WARN_REAPED", "report each orphan reaped"},
	{"P", "pause", NULL, NULL, "no command: hold the namespace and reap"},
	{"v", "verbose", NULL, "WHIT_VERBOSE", "say more; twice: each reaping too"},
	{"q", "quiet", NULL, "WHIT_QUIET", "errors only"},
	{"lL", "license", NULL, NULL, "print the licence"},
	{"V", "version", NULL, NULL, "print the version"},
	{"h", "help", NULL, NULL, "print this help"},
};
/* clang-format on */

#define OPTION_COUNT (sizeof(options_table) / sizeof(options_table[0]))

/* Where the parser is. */
struct scan {
	struct options *options;
	char **words;        /* the first one not read */
	bool has_given[128]; /* by first letter: these options' variables do not count */
	bool is_dumb_init;
	bool has_variables; /* any at all */
};

/* Adds each element of a comma list to the map of -r or -e; NULL, or what is wrong with one. */
static const char *add_list(struct options *options, char letter, const char *list)
{
	const char *problem;
	const char *comma;

	do {
		size_t length;

		comma = text_find(list, ',');
		length = comma == NULL ? strlen(list) : (size_t)(comma - list);
		problem = letter == 'r' ? rewrite_add(&options->rewrite, list, length)
					: exit_map_add(&options->exit_map, list, length);
		list += length + 1;
	} while (problem == NULL && comma != NULL);
	return problem;
}

/* Applies one option; NULL, or what is wrong with its value, of which nothing is taken then. */
static const char *take(struct options *options, char letter, const char *value)
{
	struct options before = *options;
	struct shutdown_limit *limit = letter == 'd' ? &options->drain : &options->kill_after;
	const char *problem = NULL;

	switch (letter) {
	case 'g':
	case 'c': options->to_group = letter == 'g'; break;
	case 'r':
	case 'e': problem = add_list(options, letter, value); break;
	case 'p':
		if (!signal_name_parse(value, strlen(value), &options->parent_death))
			problem = "no such signal";
		break;
	case 'd':
	case 'k':
		limit->is_set = number_parse_seconds(value, &limit->duration_ms);
		if (!limit->is_set) problem = "not a number of seconds, such as 10 or 2.5";
		break;
	case 's': /* whit is a subreaper without it */ break;
	case 'w': options->warn_reaped = true; break;
	case 'P': options->action = OPTIONS_ACTION_PAUSE; break;
	case 'v': options->verbosity = options->verbosity < 0 ? 1 : options->verbosity + 1; break;
	case 'q': options->verbosity = -1; break;
	case 'l': options->action = OPTIONS_ACTION_LICENSE; break;
	case 'V': options->action = OPTIONS_ACTION_VERSION; break;
	case 'h': options->action = OPTIONS_ACTION_HELP; break;
	}
	if (problem != NULL) *options = before;
	return problem;
}

/* By letter, or by name if that is longer than nothing. */
static const struct option *find(char letter, const char *name, size_t length)
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option *option = &options_table[i];

		if (length == 0 ? text_find(option->letters, letter) != NULL
				: strlen(option->name) == length && text_begins(name, option->name))
			return option;
	}
	return NULL;
}

static bool fail(const char *what, const char *word)
{
	log_error("%s '%s'; see 'whit --help'", what, word);
	return false;
}

/* --help and its like: what follows them is not read. */
static bool is_final(enum options_action action)
{
	return action != OPTIONS_ACTION_RUN && action != OPTIONS_ACTION_PAUSE;
}

/* attached is the value in the same word; without one, the next word is the value. */
static bool take_option(struct scan *scan, const struct option *option, const char *attached)
{
	const char *problem;

	scan->has_given[(unsigned char)option->letters[0]] = true;
	if (attached == NULL) attached = option->value == NULL ? "" : *scan->words++;
	if (attached == NULL) return fail("a value is missing after option", option->name);
	problem = take(scan->options, option->letters[0], attached);
	if (problem != NULL)
		log_error("option '--%s': %s: '%s'; see 'whit --help'", option->name, problem,
			attached);
	return problem == NULL;
}

/* "-vvg", "-rTERM:INT", "-r TERM:INT" */
static bool take_letters(struct scan *scan, const char *word)
{
	for (const char *letter = word + 1; *letter != '\0'; letter++) {
		const struct option *option = find(*letter, "", 0);

		if (is_final(scan->options->action)) return true;
		if (option == NULL) return fail("unknown option", word);
		if (option->value != NULL)
			return take_option(scan, option, letter[1] == '\0' ? NULL : letter + 1);
		(void)take_option(scan, option, NULL); /* without a value, nothing can be wrong */
	}
	return true;
}

/* "--group", "--rewrite=TERM:INT", "--rewrite TERM:INT" */
static bool take_name(struct scan *scan, const char *word)
{
	const char *equals = text_find(word, '=');
	size_t length = equals == NULL ? strlen(word + 2) : (size_t)(equals - word) - 2;
	const struct option *option = find('\0', word + 2, length);

	if (option == NULL) return fail("unknown option", word);
	if (option->value == NULL && equals != NULL)
		return fail("this option takes no value:", word);
	return take_option(scan, option, equals == NULL ? NULL : equals + 1);
}

/* Options end at "--", or at the first word that is not one. */
static bool take_options(struct scan *scan)
{
	while (!is_final(scan->options->action)) {
		const char *word = *scan->words;

		if (word == NULL || word[0] != '-' || word[1] == '\0') return true;
		scan->words++;
		if (strcmp(word, "--") == 0) return true;
		if (word[1] == '-' ? !take_name(scan, word) : !take_letters(scan, word))
			return false;
	}
	return true;
}

/* Most containers have none of whit's variables, and some have hundreds of others (Kubernetes). */
static bool has_variables(void)
{
	for (char *const *entry = environ; entry != NULL && *entry != NULL; entry++) {
		if (text_begins(*entry, "WHIT_") || text_begins(*entry, "TINI_") ||
			text_begins(*entry, "DUMB_INIT_"))
			return true;
	}
	return false;
}

/* The variable's value; NULL if it is not set. */
static const char *variable(const struct scan *scan, const char *name)
{
	for (char *const *entry = environ; scan->has_variables && *entry != NULL; entry++) {
		if (text_begins(*entry, name) && (*entry)[strlen(name)] == '=')
			return *entry + strlen(name) + 1;
	}
	return NULL;
}

/* Whether a switch is set: to neither nothing nor 0. */
static bool is_on(const char *value)
{
	return value != NULL && *value != '\0' && strcmp(value, "0") != 0;
}

/* The first variable that is set decides: whit's own, tini's, dumb-init's if called so. */
static bool read_group(const struct scan *scan)
{
	const char *own = variable(scan, "WHIT_GROUP");
	const char *setsid = variable(scan, "DUMB_INIT_SETSID");

	if (own != NULL && *own != '\0') return is_on(own);
	return variable(scan, "TINI_KILL_PROCESS_GROUP") != NULL || /* even if empty, as in tini */
		(scan->is_dumb_init && (setsid == NULL || *setsid == '\0' || is_on(setsid)));
}

/* The number of -v in a variable; usual is what it is for whit's default. */
static bool read_number(const struct scan *scan, const char *name, int usual, int *ret_verbosity)
{
	const char *value = variable(scan, name);
	unsigned int number;

	if (value == NULL || *value == '\0') return false;
	if (!number_parse(value, strlen(value), 1000, &number)) {
		log_warning("ignoring %s: not a number up to 1000: '%s'", name, value);
		return false;
	}
	*ret_verbosity = (int)number - usual;
	return true;
}

static void read_verbosity(const struct scan *scan, int *ret_verbosity)
{
	if (is_on(variable(scan, "WHIT_QUIET")))
		*ret_verbosity = -1;
	else if (!read_number(scan, "WHIT_VERBOSE", 0, ret_verbosity) &&
		!read_number(scan, "TINI_VERBOSITY", 1, ret_verbosity) && scan->is_dumb_init &&
		is_on(variable(scan, "DUMB_INIT_DEBUG")))
		*ret_verbosity = 1;
}

static void read_environment(struct scan *scan)
{
	struct options *options = scan->options;

	scan->has_variables = has_variables();
	if (!scan->has_given['v'] && !scan->has_given['q'])
		read_verbosity(scan, &options->verbosity);
	log_highest = options->verbosity;
	if (!scan->has_given['g'] && !scan->has_given['c']) options->to_group = read_group(scan);
	if (is_on(variable(scan, "WHIT_WARN_REAPED"))) options->warn_reaped = true;
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option *option = &options_table[i];
		const char *value;
		const char *problem;

		if (option->value == NULL || scan->has_given[(unsigned char)option->letters[0]])
			continue;
		value = variable(scan, option->variable);
		if (value == NULL || *value == '\0') continue;
		problem = take(options, option->letters[0], value);
		if (problem != NULL)
			log_warning("ignoring %s: %s: '%s'", option->variable, problem, value);
	}
}

bool options_parse(struct options *options, int argc, char **argv)
{
	/* argc may be 0, and then argv[0] is NULL: execve(2). */
	const char *called_as = argc > 0 ? argv[0] : "whit";
	const char *slash = strrchr(called_as, '/');
	const char *name = slash == NULL ? called_as : slash + 1;
	struct scan scan = {.options = options,
		.words = argc > 0 ? argv + 1 : argv,
		.is_dumb_init = strcmp(name, "dumb-init") == 0};

	rewrite_init(&options->rewrite);
	if (!take_options(&scan)) return false;
	if (is_final(options->action)) return true;
	if (*scan.words == NULL && strcmp(name, "pause") == 0)
		options->action = OPTIONS_ACTION_PAUSE;
	if (options->action == OPTIONS_ACTION_PAUSE && *scan.words != NULL)
		return fail("option '--pause' takes no command, not", *scan.words);
	if (options->action == OPTIONS_ACTION_RUN && *scan.words == NULL) {
		log_error("no command to run; see 'whit --help'");
		return false;
	}
	options->command = scan.words;
	read_environment(&scan);
	return true;
}

void options_help(struct line *help)
{
	static const size_t help_column = 30;

	line_format(help,
		"usage: whit [OPTION]... [--] COMMAND [ARG]...\n"
		"       whit [OPTION]... --pause\n\n");
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option *option = &options_table[i];
		const char letter[] = {option->letters[0], '\0'};
		size_t start = help->length;

		line_format(help, "  -%s, --%s %s", letter, option->name,
			option->value == NULL ? "" : option->value);
		while (help->length - start < help_column && !help->cut)
			line_format(help, " ");
		line_format(help, "%s\n", option->help);
	}
	line_format(
		help, "\nMost options have a variable too, such as WHIT_DRAIN=5; see whit(1).\n");
}

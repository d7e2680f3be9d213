/* whit's command line and environment, as one struct. Pure: says what is wrong, writes nothing. */
#ifndef WHIT_CLI_OPTIONS_H
#define WHIT_CLI_OPTIONS_H

#include "base/line.h"
#include "base/log.h"
#include "signals/rewrite.h"
#include "supervise/exit_status.h"
#include "supervise/shutdown.h"

#include <stdbool.h>
#include <stddef.h>

enum options_action {
	OPTIONS_ACTION_RUN,
	OPTIONS_ACTION_PAUSE,
	OPTIONS_ACTION_HELP,
	OPTIONS_ACTION_VERSION,
	OPTIONS_ACTION_LICENSE,
};

enum options_error {
	OPTIONS_ERROR_NONE,
	OPTIONS_ERROR_UNKNOWN_LETTER, /* letter */
	OPTIONS_ERROR_UNKNOWN_WORD,   /* word */
	OPTIONS_ERROR_NO_VALUE,       /* option */
	OPTIONS_ERROR_NEEDLESS_VALUE, /* option, word */
	OPTIONS_ERROR_BAD_VALUE,      /* option, word, problem */
	OPTIONS_ERROR_NO_COMMAND,
	OPTIONS_ERROR_PAUSE_AND_COMMAND, /* word */
};

/* What is wrong with the command line, or with one variable. The strings are not the struct's own.
 */
struct options_fault {
	enum options_error error;
	char letter;
	const char *option; /* its long name, or the variable's name */
	const char *word;   /* the bytes at fault, word_length of them */
	size_t word_length;
	const char *problem;
};

#define OPTIONS_VARIABLE_FAULTS_MAX 8

struct options {
	enum options_action action;
	bool to_group;
	bool warn_reaped;
	int parent_death; /* a signal, or 0 for none */
	enum log_level log_level;
	struct rewrite rewrite;
	struct exit_map exit_map;
	struct shutdown_limit drain;
	struct shutdown_limit kill_after;
	char **command; /* into argv, with one word of whit's own before it; NULL without RUN */

	struct options_fault fault;
	struct options_fault variable_faults[OPTIONS_VARIABLE_FAULTS_MAX];
	size_t variable_fault_count;
};

/*
 * Reads argv and the environment. False where the command line is wrong: then only the fault is
 * valid. Wrong variables are ignored and listed.
 */
bool options_parse(struct options *options, int argc, char **argv);

/* Appends the text of --help, all its lines. */
void options_help(struct line *help);

#endif

/* whit's command line and environment, read into one struct. */
#pragma once

#include "base/line.h"
#include "signals/rewrite.h"
#include "supervise/exit_status.h"
#include "supervise/shutdown.h"

enum options_action {
	OPTIONS_ACTION_RUN,
	OPTIONS_ACTION_PAUSE,
	OPTIONS_ACTION_HELP,
	OPTIONS_ACTION_VERSION,
	OPTIONS_ACTION_LICENSE,
};

struct options {
	enum options_action action;
	bool to_group;
	bool warn_reaped;
	int parent_death; /* a signal, or 0 for none */
	int verbosity;    /* -1: errors only, 0: warnings too, 1 and 2: what -v and -vv add */
	struct rewrite rewrite;
	struct exit_map exit_map;
	struct shutdown_limit drain;
	struct shutdown_limit kill_after;
	char **command; /* the words that follow; NULL unless the action is to run them */
};

/* Reads argv and the environment, and sets the log level. A bad command line is one error message
 * and false. A bad variable is one warning and is ignored: it must never keep a container from
 * starting. options must be all zeros. */
bool options_parse(struct options *options, int argc, char **argv);

/* Appends the text of --help. */
void options_help(struct line *help);

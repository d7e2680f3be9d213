/* The runs in which calls are failed: together they make all the calls that whit has. */
#ifndef WHIT_TESTS_SCENARIOS_H
#define WHIT_TESTS_SCENARIOS_H

#include "integration/harness.h"
#include "tracer.h"

#define SCENARIO_WORDS    12
#define SCENARIO_STEPS    10
#define SCENARIO_STANDING 4

enum action {
	ACTION_NONE,   /* there is no further step */
	ACTION_SIGNAL, /* to whit */
	ACTION_QUEUE,  /* to whit, with the value 5 */
	ACTION_JOIN,   /* a process joins whit's namespace from outside */
	ACTION_AWAIT,  /* only wait */
};

struct step {
	enum action action;
	int signal;
	const char *says;   /* the line on stdout that tells that it is done; NULL: nothing */
	bool makes_orphans; /* which must all be reaped before the next step */
};

struct scenario {
	const char *name;
	enum role role;
	int bystanders;
	/* "PLAYER": the player's path; "DRAIN": the time of a drain; "FILES/": see below. */
	const char *words[SCENARIO_WORDS];
	void (*set_up)(void); /* in whit's process, before its exec */
	/* What fails always, as strace's inject= takes it: the way to the fallbacks. */
	const char *standing[SCENARIO_STANDING];
	struct step steps[SCENARIO_STEPS];
	const char *last_words; /* a glob for stdout after all the steps; NULL: nothing */
	int status;
	/*
	 * A glob for stderr, with as many lines, unless it has ** in it; and the same for where
	 * whit cannot know all that it says there. NULL: it says nothing that it could fail to
	 * know.
	 */
	const char *err;
	const char *least_err;
	const char *only;  /* a glob for the calls that are failed; NULL: all of them */
	bool fails_start;  /* the calls of the process that it starts are failed too */
	bool has_shell;    /* set_up has made one, and whit is its child */
	bool has_terminal; /* set_up finds one */
};

extern const struct scenario scenarios[];
extern const size_t scenario_count;

/* How long a drain lasts: longer than any process needs, or until it misses one. */
enum drain {
	DRAIN_LONG,
	DRAIN_SHORT,
};

/* What is done to whit's calls. */
struct treatment {
	enum traced traced;
	const char *inject; /* for strace; NULL: nothing */
	enum drain drain;
};

/* Makes the files that cannot be run, in the shelter. */
void scenario_make_files(void);

/* Plays it to its end under strace. The pid is of whit, as strace prints it. */
void scenario_play(const struct scenario *scenario, struct run *run, struct tracer *tracer,
	const struct treatment *treatment, pid_t *ret_pid);

/* What stdout then is, if all is right: a glob. */
void scenario_expected_out(const struct scenario *scenario, char *buffer, size_t size);

#endif

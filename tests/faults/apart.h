/*
 * Many runs in processes of their own, so that a failed assertion ends one and not all of them; and
 * as many of them at a time as there are processors.
 */
#ifndef WHIT_TESTS_APART_H
#define WHIT_TESTS_APART_H

#include <stdbool.h>

/* A file for what a part says; -1 where there is none to be had. */
int apart_make_messages(void);

/*
 * Runs part in a process of its own. Returns whether it went well; what it said is in the file. One
 * that does not end at all is killed after minutes.
 */
bool apart_run(void (*part)(void *), void *argument, int messages);

/* Prints that it failed, and what it said. */
void apart_show(const char *title, int messages);

/* Runs work in as many processes as there are processors. Returns whether all of them went well. */
bool apart_share_work(void (*work)(void *), void *argument);

#endif

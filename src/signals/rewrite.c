/* Parses "FROM:TO" into a map. supervise/supervisor.c applies it. */
#include "signals/rewrite.h"

#include "signals/signal_name.h"
#include <signal.h>
#include <string.h>

void rewrite_init(struct rewrite *rewrite)
{
	for (int signal = 0; signal <= SIGNAL_MAX; signal++)
		rewrite->to[signal] = (unsigned char)signal;
}

const char *rewrite_add(struct rewrite *rewrite, const char *text, size_t length)
{
	const char *colon = memchr(text, ':', length);
	const char *end = text + length;
	int to = REWRITE_DROP;
	int from;

	if (colon == NULL) return "not of the form FROM:TO";
	if (!signal_name_parse(text, (size_t)(colon - text), &from))
		return "no such signal before the colon";
	if (from == SIGKILL || from == SIGSTOP) return "KILL and STOP cannot be caught";
	if (!(end - colon == 2 && colon[1] == '0') &&
		!signal_name_parse(colon + 1, (size_t)(end - colon) - 1, &to))
		return "no such signal after the colon";
	rewrite->to[from] = (unsigned char)to;
	return NULL;
}

/* "FROM:TO" and the map it makes. Who sends what to whom is the supervisor's affair. */
#include "signals/rewrite.h"

#include "signals/signal_name.h"

#include <signal.h>
#include <stdbool.h>
#include <string.h>

void rewrite_init(struct rewrite *rewrite)
{
	for (int signal = 0; signal <= SIGNAL_MAX; signal++)
		rewrite->to[signal] = (unsigned char)signal;
}

const char *rewrite_add(struct rewrite *rewrite, const char *text, size_t length)
{
	const char *colon = memchr(text, ':', length);
	const char *to_text;
	size_t to_length;
	int from;
	int to = REWRITE_DROP;

	if (colon == NULL)
		return "it has the form FROM:TO";
	to_text = colon + 1;
	to_length = length - (size_t)(to_text - text);
	if (!signal_name_parse(text, (size_t)(colon - text), &from))
		return "no such signal before the colon";
	if (from == SIGKILL || from == SIGSTOP)
		return "KILL and STOP cannot be caught";
	if (!(to_length == 1 && *to_text == '0') && !signal_name_parse(to_text, to_length, &to))
		return "no such signal after the colon";
	rewrite->to[from] = (unsigned char)to;
	return NULL;
}

int rewrite_apply(const struct rewrite *rewrite, int signal)
{
	return rewrite->to[signal];
}

/* Decides which status whit ends with. supervise/reaper.c collects wait statuses. */
#include "supervise/exit_status.h"

#include "base/number.h"
#include "signals/signal_name.h"
#include <string.h>
#include <sys/wait.h>

#define HIGHEST_STATUS (EXIT_STATUS_COUNT - 1)

/* A shell's status for a death by signal n: 128 + n. */
#define SIGNAL_BASE 128

const char *exit_map_add(struct exit_map *map, const char *text, size_t length)
{
	const char *colon = memchr(text, ':', length);
	size_t status_length = colon == NULL ? length : (size_t)(colon - text);
	unsigned int status;
	unsigned int to = 0;
	int signal;

	if (colon != NULL &&
		!number_parse(colon + 1, length - status_length - 1, HIGHEST_STATUS, &to))
		return "the new status is not a number from 0 to 255";
	if (status_length == strlen("forwarded") && memcmp(text, "forwarded", status_length) == 0) {
		map->forwarded_is_mapped = true;
		map->forwarded_to = (unsigned char)to;
		return NULL;
	}
	if (!number_parse(text, status_length, HIGHEST_STATUS, &status)) {
		if (!signal_name_parse(text, status_length, &signal))
			return "not a status (0 to 255), a signal or 'forwarded'";
		status = SIGNAL_BASE + (unsigned int)signal;
	}
	map->is_mapped[status] = true;
	map->to[status] = (unsigned char)to;
	return NULL;
}

int exit_map_apply(const struct exit_map *map, int status, const bool forwarded[SIGNAL_MAX + 1])
{
	if (map->is_mapped[status]) return map->to[status];
	if (map->forwarded_is_mapped && status > SIGNAL_BASE &&
		status <= SIGNAL_BASE + SIGNAL_MAX && forwarded[status - SIGNAL_BASE])
		return map->forwarded_to;
	return status;
}

int exit_status_killed_by(int wait_status)
{
	return WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0;
}

int exit_status_from_wait(int wait_status)
{
	int signal = exit_status_killed_by(wait_status);

	return signal == 0 ? WEXITSTATUS(wait_status) : SIGNAL_BASE + signal;
}

/* Decides what whit ends with; who collects the wait status and who ends is others' affair. */
#include "supervise/exit_status.h"

#include "base/number.h"
#include "signals/signal_name.h"

#include <string.h>

#define HIGHEST_STATUS (EXIT_STATUS_COUNT - 1)

/* A shell's status for a death by signal n: 128 + n. */
#define SIGNAL_BASE 128

static const char forwarded_word[] = "forwarded";

/*
 * A wait status: the signal in seven bits, the bit for a core file, and what follows. MIPS, with
 * its 128 signals, gives 0x7f, which else begins a stop, a meaning, and 0x80 too.
 */
#define SIGNAL_BITS            0x7f
#define CORE_BIT               0x80
#define FOLLOWING(wait_status) ((int)((unsigned int)(wait_status) >> 8 & 0xff))

_Static_assert(SIGNAL_BASE + SIGNAL_BITS == HIGHEST_STATUS, "only signal 128 has no status");

void exit_map_init(struct exit_map *map)
{
	memset(map, 0, sizeof(*map));
}

static bool parse_status(const char *text, size_t length, unsigned int *ret_status)
{
	int signal;

	if (number_parse(text, length, HIGHEST_STATUS, ret_status))
		return true;
	/* No number comes here that is a signal's: those parsed above. */
	if (!signal_name_parse(text, length, &signal))
		return false;
	*ret_status = SIGNAL_BASE + (unsigned int)signal;
	return true;
}

const char *exit_map_add(struct exit_map *map, const char *text, size_t length)
{
	const char *colon = memchr(text, ':', length);
	size_t status_length = colon == NULL ? length : (size_t)(colon - text);
	unsigned int status;
	unsigned int to = 0;

	if (colon != NULL &&
		!number_parse(colon + 1, length - status_length - 1, HIGHEST_STATUS, &to))
		return "the new status is a number from 0 to 255";
	if (status_length == strlen(forwarded_word) &&
		memcmp(text, forwarded_word, status_length) == 0) {
		map->forwarded_is_mapped = true;
		map->forwarded_to = (unsigned char)to;
		return NULL;
	}
	if (!parse_status(text, status_length, &status))
		return "a status is 0 to 255, a signal's name, or 'forwarded'";
	map->is_mapped[status] = true;
	map->to[status] = (unsigned char)to;
	return NULL;
}

int exit_map_apply(const struct exit_map *map, int status, const struct signal_set *passed_on)
{
	if (map->is_mapped[status])
		return map->to[status];
	if (map->forwarded_is_mapped && signal_set_has(passed_on, status - SIGNAL_BASE))
		return map->forwarded_to;
	return status;
}

bool exit_status_is_stop(int wait_status)
{
	return (wait_status & (SIGNAL_BITS | CORE_BIT)) == SIGNAL_BITS &&
		FOLLOWING(wait_status) != 0;
}

int exit_status_killed_by(int wait_status)
{
	int signal = wait_status & SIGNAL_BITS;

	return signal == 0 ? wait_status & CORE_BIT : signal;
}

bool exit_status_has_core(int wait_status)
{
	return (wait_status & CORE_BIT) != 0 && (wait_status & SIGNAL_BITS) != 0;
}

int exit_status_from_wait(int wait_status)
{
	int signal = exit_status_killed_by(wait_status);

	if (signal == 0)
		return FOLLOWING(wait_status);
	return signal <= SIGNAL_BITS ? SIGNAL_BASE + signal : HIGHEST_STATUS;
}

bool exit_status_is_unexplained(int wait_status, const struct signal_set *passed_on)
{
	int signal = exit_status_killed_by(wait_status);

	return signal != 0 && !signal_set_has(passed_on, signal);
}

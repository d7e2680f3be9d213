/* Bits, and the range of bytes that has any, so that little of the memory is touched. */
#include "base/pid_set.h"

#include <string.h>

static size_t byte_of(pid_t pid)
{
	return (size_t)pid / 8;
}

static unsigned int bit_of(pid_t pid)
{
	return 1U << (pid % 8);
}

void pid_set_clear(struct pid_set *set)
{
	memset(set->bits + set->first_byte, 0, set->end_byte - set->first_byte);
	set->first_byte = 0;
	set->end_byte = 0;
}

bool pid_set_has(const struct pid_set *set, pid_t pid)
{
	return (set->bits[byte_of(pid)] & bit_of(pid)) != 0;
}

void pid_set_add(struct pid_set *set, pid_t pid)
{
	size_t byte = byte_of(pid);

	set->bits[byte] = (unsigned char)(set->bits[byte] | bit_of(pid));
	if (set->end_byte == 0 || byte < set->first_byte)
		set->first_byte = byte;
	if (byte >= set->end_byte)
		set->end_byte = byte + 1;
}

void pid_set_remove(struct pid_set *set, pid_t pid)
{
	set->bits[byte_of(pid)] = (unsigned char)(set->bits[byte_of(pid)] & ~bit_of(pid));
}

pid_t pid_set_next(const struct pid_set *set, pid_t pid)
{
	pid_t end = (pid_t)set->end_byte * 8;

	if (byte_of(pid + 1) < set->first_byte)
		pid = (pid_t)set->first_byte * 8 - 1;
	while (++pid < end) {
		if (pid_set_has(set, pid))
			return pid;
	}
	return -1;
}

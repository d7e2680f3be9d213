/* The patterns of the tables of paths. */
#ifndef WHIT_TESTS_UNIT_COMMAND_EXPAND_H
#define WHIT_TESTS_UNIT_COMMAND_EXPAND_H

#include "unit/support.h"

/* Puts base in the place of each @. */
static inline void expand(char *text, size_t size, const char *pattern, const char *base)
{
	size_t length = 0;

	for (; *pattern != '\0'; pattern++) {
		int added = *pattern == '@'
			? snprintf(text + length, size - length, "%s", base)
			: snprintf(text + length, size - length, "%c", *pattern);

		length += (size_t)added;
		assert_true(length < size);
	}
	text[length] = '\0';
}

#endif

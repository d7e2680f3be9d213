/* Whole-string numbers: no sign, no blanks, no other base, nothing left over. Pure. */
#ifndef WHIT_BASE_NUMBER_H
#define WHIT_BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

/* Parses length bytes as a decimal number of at most max. False, and *ret_value as it was, if not.
 */
bool number_parse(const char *text, size_t length, unsigned int max, unsigned int *ret_value);

#endif

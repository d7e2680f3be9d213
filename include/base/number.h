/* Whole-string numbers: no sign, no blanks, no other base, nothing left over. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NUMBER_SIZE         12 /* any number and its NUL */
#define NUMBER_SECONDS_SIZE 16 /* any number of seconds and its NUL */

/* Parses length bytes as a decimal number of at most max. If they are not, false. */
bool number_parse(const char *text, size_t length, unsigned int max, unsigned int *ret_value);

/* Writes the number in decimal; returns the buffer. */
const char *number_format(unsigned int number, char buffer[NUMBER_SIZE]);

/* Parses "10", "2.5" or ".5" seconds, at most UINT_MAX, to milliseconds; more digits are dropped.
 * If it is nothing like that, false. */
bool number_parse_seconds(const char *text, int64_t *ret_ms);

/* Writes milliseconds, not negative, as seconds: "10", "2.5"; returns the buffer. */
const char *number_format_seconds(int64_t ms, char buffer[NUMBER_SECONDS_SIZE]);

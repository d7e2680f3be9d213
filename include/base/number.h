/* Whole-string numbers: no sign, no blanks, no other base, nothing left over. Pure. */
#ifndef WHIT_BASE_NUMBER_H
#define WHIT_BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest text of number_format and its NUL. */
#define NUMBER_SIZE 12

/* Writes the number in decimal; returns the buffer. */
const char *number_format(unsigned int number, char buffer[NUMBER_SIZE]);

/* What is longer than this is taken as this: some thirty thousand years, and no overflow. */
#define NUMBER_SECONDS_MAX INT64_C(1000000000000)

/* The longest text of number_format_seconds and its NUL. */
#define NUMBER_SECONDS_SIZE 24

/* Parses length bytes as a decimal number of at most max. False, and *ret_value as it was, if not.
 */
bool number_parse(const char *text, size_t length, unsigned int max, unsigned int *ret_value);

/*
 * Parses "10", "2.5" or ".5" seconds to milliseconds, rounded up. False, and *ret_ms as it was, if
 * it is not of that form.
 */
bool number_parse_seconds(const char *text, size_t length, int64_t *ret_ms);

/* Writes milliseconds, not negative, as seconds: "10", "2.5"; returns the buffer. */
const char *number_format_seconds(int64_t ms, char buffer[NUMBER_SECONDS_SIZE]);

#endif

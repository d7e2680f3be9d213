/* Whole-string numbers, strictly. What they mean is the caller's affair. */
#include "base/number.h"

#include <string.h>

bool number_parse(const char *text, size_t length, unsigned int max, unsigned int *ret_value)
{
	unsigned int value = 0;

	if (length == 0)
		return false;
	for (size_t i = 0; i < length; i++) {
		unsigned int digit = (unsigned int)(unsigned char)text[i] - '0';

		if (digit > 9 || digit > max || value > (max - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*ret_value = value;
	return true;
}

const char *number_format(unsigned int number, char buffer[NUMBER_SIZE])
{
	size_t start = NUMBER_SIZE;

	buffer[--start] = '\0';
	do {
		buffer[--start] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	return memmove(buffer, buffer + start, NUMBER_SIZE - start);
}

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

bool number_parse_seconds(const char *text, size_t length, int64_t *ret_ms)
{
	int64_t seconds = 0;
	int64_t ms = 0;
	bool is_rounded_up = false;
	size_t digits = 0;
	size_t at = 0;

	for (; at < length && is_digit(text[at]); at++, digits++) {
		if (seconds < NUMBER_SECONDS_MAX)
			seconds = seconds * 10 + (text[at] - '0');
	}
	if (at < length && text[at] == '.') {
		at++;
		for (int64_t worth_ms = 100; at < length && is_digit(text[at]); at++, digits++) {
			ms += (text[at] - '0') * worth_ms;
			is_rounded_up = is_rounded_up || (worth_ms == 0 && text[at] != '0');
			worth_ms /= 10;
		}
	}
	if (digits == 0 || at < length)
		return false;
	*ret_ms = NUMBER_SECONDS_MAX * 1000;
	if (seconds < NUMBER_SECONDS_MAX)
		*ret_ms = seconds * 1000 + ms + (is_rounded_up ? 1 : 0);
	return true;
}

const char *number_format_seconds(int64_t ms, char buffer[NUMBER_SECONDS_SIZE])
{
	int64_t seconds = ms / 1000;
	int64_t rest = ms % 1000;
	size_t start = NUMBER_SECONDS_SIZE;

	buffer[--start] = '\0';
	if (rest > 0) {
		for (int digits = 3; digits > 0; digits--, rest /= 10) {
			/* No zeros at the end: the buffer is filled from there. */
			if (rest % 10 != 0 || buffer[start] != '\0')
				buffer[--start] = (char)('0' + rest % 10);
		}
		buffer[--start] = '.';
	}
	do {
		buffer[--start] = (char)('0' + seconds % 10);
		seconds /= 10;
	} while (seconds > 0);
	return memmove(buffer, buffer + start, NUMBER_SECONDS_SIZE - start);
}

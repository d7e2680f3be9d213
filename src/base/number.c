/* Numbers to text and back, strictly. The caller knows what they mean. */
#include "base/number.h"
#include <string.h>

bool number_parse(const char *text, size_t length, unsigned int max, unsigned int *ret_value)
{
	unsigned int value = 0;

	if (length == 0) return false;
	for (size_t i = 0; i < length; i++) {
		unsigned int digit = (unsigned int)(unsigned char)text[i] - '0';

		if (digit > 9 || digit > max || value > (max - digit) / 10) return false;
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

bool number_parse_seconds(const char *text, int64_t *ret_ms)
{
	int64_t seconds = 0;
	int64_t ms = 0;
	int64_t worth_ms = 0; /* of the next digit after the point */
	bool has_point = false;
	bool has_digit = false;

	for (; *text != '\0'; text++) {
		int digit = *text - '0';

		if (*text == '.' && !has_point) {
			has_point = true;
			worth_ms = 100;
			continue;
		}
		if (digit < 0 || digit > 9) return false;
		has_digit = true;
		if (!has_point && seconds < NUMBER_SECONDS_MAX) seconds = seconds * 10 + digit;
		ms += digit * worth_ms;
		worth_ms /= 10;
	}
	if (seconds >= NUMBER_SECONDS_MAX) seconds = NUMBER_SECONDS_MAX;
	*ret_ms = seconds * 1000 + ms;
	return has_digit;
}

const char *number_format_seconds(int64_t ms, char buffer[NUMBER_SECONDS_SIZE])
{
	unsigned int fraction = (unsigned int)(ms % 1000);
	char *end = buffer + strlen(number_format((unsigned int)(ms / 1000), buffer));

	if (fraction > 0) *end++ = '.';
	for (unsigned int worth = 100; fraction > 0; worth /= 10) {
		*end++ = (char)('0' + fraction / worth);
		fraction %= worth;
	}
	*end = '\0';
	return buffer;
}

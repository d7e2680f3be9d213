/* Numbers to text and back, strictly. The caller knows what they mean. */
#include "base/number.h"

#include "base/text.h"
#include <limits.h>

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
	const char *point = text_find(text, '.');
	size_t length = point == NULL ? strlen(text) : (size_t)(point - text);
	unsigned int seconds = 0;
	int worth_ms = 100; /* of the next digit after the point */

	if (length > 0 && !number_parse(text, length, UINT_MAX, &seconds)) return false;
	*ret_ms = INT64_C(1000) * seconds;
	if (point == NULL) return length > 0;
	for (text = point + 1; *text >= '0' && *text <= '9'; text++, worth_ms /= 10)
		*ret_ms += (int64_t)(*text - '0') * worth_ms;
	return *text == '\0' && (length > 0 || text > point + 1);
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

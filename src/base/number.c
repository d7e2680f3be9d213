/* Whole-string numbers, strictly. What they mean is the caller's affair. */
#include "base/number.h"

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

/* Builds one line of text in a fixed buffer: bounded and escaped. base/log.c writes it. */
#include "base/line.h"

#include "base/number.h"
#include <string.h>

/* Room that stays free for what line_end appends. */
static const char cut_mark[] = "...\n";
#define LINE_ROOM (LINE_SIZE - (sizeof(cut_mark) - 1))

/* All of the bytes or none, so that no escape is cut in two; nothing after the first cut. */
static void append(struct line *line, const char *bytes, size_t count)
{
	if (line->cut || count > LINE_ROOM - line->length) {
		line->cut = true;
		return;
	}
	memcpy(line->text + line->length, bytes, count);
	line->length += count;
}

static void append_outside_byte(struct line *line, char byte)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned int value = (unsigned char)byte;
	char escape[] = {'\\', 'x', digits[value >> 4], digits[value & 0xf]};
	size_t length = sizeof(escape);

	if (value >= 0x20 && value < 0x7f) {
		append(line, &byte, 1);
		return;
	}
	if (byte == '\n' || byte == '\r' || byte == '\t') {
		escape[1] = (char)(byte == '\n' ? 'n' : byte == '\r' ? 'r' : 't');
		length = 2;
	}
	append(line, escape, length);
}

static void append_number(struct line *line, unsigned int number)
{
	char digits[NUMBER_SIZE];

	number_format(number, digits);
	append(line, digits, strlen(digits));
}

void line_start(struct line *line)
{
	line->length = 0;
	line->cut = false;
}

void line_format_va(struct line *line, const char *format, va_list arguments)
{
	for (; *format != '\0'; format++) {
		const char *text;
		int number;

		if (*format != '%') {
			append(line, format, 1);
			continue;
		}
		switch (*++format) {
		case 's':
			for (text = va_arg(arguments, const char *); *text != '\0'; text++)
				append_outside_byte(line, *text);
			break;
		case 'd':
			number = va_arg(arguments, int);
			if (number < 0) append(line, "-", 1);
			append_number(line,
				number < 0 ? 0U - (unsigned int)number : (unsigned int)number);
			break;
		case 'u': append_number(line, va_arg(arguments, unsigned int)); break;
		default: /* "%%" */ append(line, format, 1); break;
		}
	}
}

void line_format(struct line *line, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	line_format_va(line, format, arguments);
	va_end(arguments);
}

void line_end(struct line *line)
{
	const char *ending = line->cut ? cut_mark : "\n";
	size_t count = strlen(ending);

	memcpy(line->text + line->length, ending, count);
	line->length += count;
}

const char *line_string(struct line *line)
{
	/* The mark without its newline, since line_end appends its own. */
	size_t count = line->cut ? sizeof(cut_mark) - sizeof("\n") : 0;

	memcpy(line->text + line->length, cut_mark, count);
	line->text[line->length + count] = '\0';
	return line->text;
}

/*
 * Builds one line of text in a fixed buffer: bounded, escaped, no stdio. Who writes it where is
 * base/log.c's affair.
 */
#include "base/line.h"

#include "base/number.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Room that stays free for what line_end appends. */
static const char cut_mark[] = "...\n";
#define LINE_ROOM (LINE_SIZE - (sizeof(cut_mark) - 1))

/* All of the bytes or none, so that no character is cut in two; nothing after the first cut. */
static void append(struct line *line, const char *bytes, size_t count)
{
	if (line->cut || count > LINE_ROOM - line->length) {
		line->cut = true;
		return;
	}
	memcpy(line->text + line->length, bytes, count);
	line->length += count;
}

/*
 * How many bytes of the text are one printable UTF-8 character: 0 where they are none. The C1
 * controls (U+0080 to U+009F) are well-formed and not printable; overlong forms, surrogates and
 * what lies above U+10FFFF are not well-formed: utf-8(7).
 */
static size_t printable_length(const unsigned char *text, size_t length)
{
	uint32_t point;
	size_t wanted;

	if (text[0] < 0x80)
		return text[0] >= 0x20 && text[0] != 0x7f;
	if (text[0] >= 0xc2 && text[0] < 0xe0) {
		wanted = 2;
		point = text[0] & 0x1fU;
	} else if (text[0] >= 0xe0 && text[0] < 0xf0) {
		wanted = 3;
		point = text[0] & 0x0fU;
	} else if (text[0] >= 0xf0 && text[0] < 0xf5) {
		wanted = 4;
		point = text[0] & 0x07U;
	} else {
		return 0;
	}
	if (length < wanted)
		return 0;
	for (size_t i = 1; i < wanted; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (text[i] & 0x3fU);
	}
	if (point < 0xa0 || (wanted == 3 && point < 0x800) || (wanted == 4 && point < 0x10000))
		return 0;
	if ((point >= 0xd800 && point < 0xe000) || point > 0x10ffff)
		return 0;
	return wanted;
}

static void append_escaped_byte(struct line *line, unsigned char byte)
{
	static const char digits[] = "0123456789abcdef";
	char hex[] = {'\\', 'x', digits[byte >> 4], digits[byte & 0xf]};

	switch (byte) {
	case '\n':
		append(line, "\\n", 2);
		return;
	case '\r':
		append(line, "\\r", 2);
		return;
	case '\t':
		append(line, "\\t", 2);
		return;
	default:
		append(line, hex, sizeof(hex));
	}
}

static void append_outside_text(struct line *line, const char *text, size_t length)
{
	while (length > 0) {
		size_t count = printable_length((const unsigned char *)text, length);

		if (count > 0) {
			append(line, text, count);
		} else {
			append_escaped_byte(line, (unsigned char)*text);
			count = 1;
		}
		text += count;
		length -= count;
	}
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
	while (*format != '\0') {
		size_t plain = strcspn(format, "%");
		const char *text;
		int number;
		char byte;

		append(line, format, plain);
		format += plain;
		if (*format == '\0')
			return;
		switch (*++format) {
		case 's':
			text = va_arg(arguments, const char *);
			append_outside_text(line, text, strlen(text));
			break;
		case '.': /* "%.*s" */
			format += 2;
			number = va_arg(arguments, int);
			text = va_arg(arguments, const char *);
			append_outside_text(line, text, (size_t)number);
			break;
		case 'd':
			number = va_arg(arguments, int);
			if (number < 0)
				append(line, "-", 1);
			append_number(line,
				number < 0 ? 0U - (unsigned int)number : (unsigned int)number);
			break;
		case 'u':
			append_number(line, va_arg(arguments, unsigned int));
			break;
		case 'c':
			byte = (char)va_arg(arguments, int);
			append_outside_text(line, &byte, 1);
			break;
		default: /* "%%" */
			append(line, format, 1);
			break;
		}
		format++;
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
	/* The mark without its newline, where line_end has its own. */
	size_t count = line->cut ? sizeof(cut_mark) - sizeof("\n") : 0;

	memcpy(line->text + line->length, cut_mark, count);
	line->text[line->length + count] = '\0';
	return line->text;
}

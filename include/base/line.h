/* One line of text, built in a fixed buffer without stdio or malloc. */
#ifndef WHIT_BASE_LINE_H
#define WHIT_BASE_LINE_H

#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* The most bytes that one write(2) puts into a pipe in one piece: pipe(7). */
#define LINE_SIZE PIPE_BUF

struct line {
	char text[LINE_SIZE + 1]; /* and the NUL of line_string */
	size_t length;
	bool cut;
};

/* Starts an empty line. */
void line_start(struct line *line);

/*
 * Appends. The conversions are %s, %.*s (an int length, then the bytes), %d, %u, %c and %%.
 *
 * What %s and %c insert may come from outside, so it is made harmless: control characters and bytes
 * that are not valid UTF-8 become \n, \t, \r or \xHH. What does not fit is cut off, and line_end
 * marks the cut.
 */
void line_format(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));
void line_format_va(struct line *line, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));

/* Appends the newline, after "..." where the line was cut. */
void line_end(struct line *line);

/* The text so far as a string, with "..." after a cut, which the next call on the line changes. */
const char *line_string(struct line *line);

#endif

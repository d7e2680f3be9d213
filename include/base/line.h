/* One line of text, built in a fixed buffer without stdio or malloc. */
#pragma once

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

/* Appends. The conversions are %s, %d, %u and %%. What %s
 * inserts may come from outside: bytes that are not printable ASCII become \n, \t, \r or \xHH.
 * What does not fit is cut off, and line_end marks the cut. */
void line_format(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));
void line_format_va(struct line *line, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));

/* Appends the newline, after "..." if the line was cut. */
void line_end(struct line *line);

/* The text so far as a string, with "..." after a cut. The next call on the line changes it. */
const char *line_string(struct line *line);

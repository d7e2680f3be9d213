/* Reads a text file line by line, without stdio or malloc. */
#ifndef WHIT_BASE_TEXT_FILE_H
#define WHIT_BASE_TEXT_FILE_H

#include <stdbool.h>
#include <stddef.h>

struct text_file {
	int fd;
	size_t taken;
	size_t length;
	bool is_in_cut_line;
	char bytes[2048];
};

/* False with errno: open(2). text_file_close ends it. */
bool text_file_open(struct text_file *ret_file, const char *path);

/*
 * The next line without its newline, which the caller may change and the next call does; NULL after
 * the last one, or where reading fails. Of one that is longer than the buffer only the beginning is
 * returned.
 */
char *text_file_next(struct text_file *file);

void text_file_close(struct text_file *file);

#endif

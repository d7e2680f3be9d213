/* Cuts what read(2) returns into lines. What they mean is the caller's affair. */
#include "base/text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

bool text_file_open(struct text_file *ret_file, const char *path)
{
	/* What is mounted over a file may be a pipe that nobody writes to. */
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return false;
	ret_file->fd = fd;
	ret_file->taken = 0;
	ret_file->length = 0;
	ret_file->is_in_cut_line = false;
	return true;
}

void text_file_close(struct text_file *file)
{
	(void)close(file->fd); /* read-only: nothing to lose */
}

/* Makes room and fills it; false at the end, or on an error. */
static bool fill(struct text_file *file)
{
	ssize_t length;

	memmove(file->bytes, file->bytes + file->taken, file->length - file->taken);
	file->length -= file->taken;
	file->taken = 0;
	do {
		length = read(file->fd, file->bytes + file->length,
			sizeof(file->bytes) - 1 - file->length);
	} while (length < 0 && errno == EINTR);
	if (length <= 0)
		return false;
	file->length += (size_t)length;
	return true;
}

/* Takes all there is, be it a whole line or the beginning of one. */
static char *take_all(struct text_file *file)
{
	char *line = file->bytes + file->taken;

	file->bytes[file->length] = '\0';
	file->taken = file->length;
	return line;
}

/* The next line, or a piece of one that does not fit. */
static char *next_piece(struct text_file *file, bool *ret_is_whole)
{
	char *newline;
	char *line;

	*ret_is_whole = true;
	while ((newline = memchr(file->bytes + file->taken, '\n', file->length - file->taken)) ==
		NULL) {
		if (file->length - file->taken == sizeof(file->bytes) - 1) {
			*ret_is_whole = false;
			return take_all(file);
		}
		if (!fill(file))
			return file->taken < file->length ? take_all(file) : NULL;
	}
	*newline = '\0';
	line = file->bytes + file->taken;
	file->taken = (size_t)(newline - file->bytes) + 1;
	return line;
}

char *text_file_next(struct text_file *file)
{
	bool is_beginning;
	char *piece;

	do {
		bool is_whole;

		is_beginning = !file->is_in_cut_line;
		piece = next_piece(file, &is_whole);
		file->is_in_cut_line = !is_whole;
	} while (piece != NULL && !is_beginning);
	return piece;
}

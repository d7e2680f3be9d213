/* Directories whose entries are numbers (/proc, /proc/self/fd), read without opendir(3)'s malloc.
 */
#ifndef WHIT_BASE_DIRECTORY_H
#define WHIT_BASE_DIRECTORY_H

/* Opens for directory_each_number, close-on-exec; the caller's to close. -1 with errno: open(2). */
int directory_open(const char *path);

/*
 * Calls visit for each entry that is a number, from the first on. Entries that come or go meanwhile
 * may be missed. 0, or -1 with errno: getdents64(2).
 */
int directory_each_number(
	int directory_fd, void (*visit)(unsigned int number, void *context), void *context);

#endif

/* Directories whose entries are numbers (/proc, /proc/self/fd), read without opendir(3)'s malloc.
 */
#ifndef WHIT_BASE_DIRECTORY_H
#define WHIT_BASE_DIRECTORY_H

/*
 * Calls visit for each entry that is a number, in the kernel's order, with the descriptor of the
 * directory. An entry that comes or goes meanwhile may be missed. 0, or -1 with errno.
 */
int directory_each_number(
	const char *path, void (*visit)(unsigned int number, int fd, void *context), void *context);

#endif

/* File descriptors that are whit's own, those that are not, and directories of numbers. */
#pragma once

/* Moves a close-on-exec descriptor away from 0, 1 and 2, which are the command's even if they were
 * closed. Returns the new one, or the old one if RLIMIT_NOFILE allows no other; -1 for -1. */
int descriptor_above_stdio(int fd);

/* Closes every descriptor from 3 up but keep_fd: with close_range(2), else what /proc/self/fd
 * lists, else one by one up to 65,536. Cannot fail. */
void descriptor_close_all_but(int keep_fd);

/* Calls visit for each entry of a directory that is a number (/proc, /proc/self/fd), in the
 * kernel's order; fd is the directory's descriptor. An entry that comes or goes meanwhile may be
 * missed. Returns 0, or -1 with errno. opendir(3) would need malloc. */
int descriptor_each_number(
	const char *path, void (*visit)(unsigned int number, int fd, void *context), void *context);

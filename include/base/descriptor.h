/* File descriptors that are whit's own, and those that are not. */
#ifndef WHIT_BASE_DESCRIPTOR_H
#define WHIT_BASE_DESCRIPTOR_H

/*
 * Moves a close-on-exec descriptor of whit's away from 0, 1 and 2, which are the command's even if
 * they were closed at the start. Returns the new descriptor, or the old one if RLIMIT_NOFILE allows
 * no other; -1 for -1.
 */
int descriptor_above_stdio(int fd);

/*
 * Closes every descriptor from 3 up but keep_fd: with close_range(2), else what /proc/self/fd
 * lists, else one by one up to 65,536. Cannot fail.
 */
void descriptor_close_all_but(int keep_fd);

#endif

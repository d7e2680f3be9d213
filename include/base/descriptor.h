/* File descriptors that are whit's own, and those that are not. */
#ifndef WHIT_BASE_DESCRIPTOR_H
#define WHIT_BASE_DESCRIPTOR_H

/*
 * Moves a close-on-exec descriptor of ours away from 0, 1 and 2, which are the command's also when
 * they were closed at the start. Returns the new descriptor, or the old one where the limit of
 * descriptors (RLIMIT_NOFILE) leaves no other.
 */
int descriptor_above_stdio(int fd);

/*
 * Closes every descriptor from 3 up but keep_fd. With close_range(2), else with what /proc/self/fd
 * lists, else one by one up to the soft limit of descriptors. Cannot fail; allocates nothing.
 */
void descriptor_close_all_but(int keep_fd);

#endif

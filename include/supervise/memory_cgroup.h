/* What our memory cgroup knows of kills: cgroups(7), and the kernel's cgroup-v2.rst. */
#ifndef WHIT_SUPERVISE_MEMORY_CGROUP_H
#define WHIT_SUPERVISE_MEMORY_CGROUP_H

#include <stdbool.h>

/*
 * How many processes of our cgroup the kernel has killed for want of memory, of the cgroup's or of
 * the machine's. False, and *ret_count as it was, where that is not to be known: no /proc, no
 * memory controller, its file not mounted here, a kernel that does not count (v1 before 4.13), or
 * none of v1's while there are cgroups below ours, whose kills ours does not count.
 */
bool memory_cgroup_count_kills(unsigned int *ret_count);

#endif

/* What our memory cgroup knows of kills: cgroups(7), and the kernel's cgroup-v2.rst. */
#pragma once

#include <stdbool.h>

/* How many processes of our cgroup the kernel has killed for want of memory. False if that cannot
 * be known: no /proc, no files where engines and systemd mount them, or v1 before Linux 4.13. */
bool memory_cgroup_count_kills(unsigned int *ret_count);

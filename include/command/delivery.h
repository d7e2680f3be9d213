/* Sends a signal that whit received on to the command. */
#ifndef WHIT_COMMAND_DELIVERY_H
#define WHIT_COMMAND_DELIVERY_H

#include <sys/signalfd.h>
#include <sys/types.h>

enum delivery_target {
	DELIVERY_TO_COMMAND,
	DELIVERY_TO_GROUP,
};

/*
 * Sends signal to the command, or to the process group that has its number, if there is one now.
 * One that was queued (sigqueue(3)) goes with its value and sender to the command alone: the kernel
 * queues nothing to groups (rt_sigqueueinfo(2)). The command must not have been reaped yet.
 *
 * Returns 0, or -1 with errno: kill(2).
 */
int delivery_send(pid_t command, enum delivery_target target, int signal,
	const struct signalfd_siginfo *origin);

#endif

/* Sends the command a signal that whit has received. */
#pragma once

#include <sys/signalfd.h>
#include <sys/types.h>

enum forward_target {
	FORWARD_TO_COMMAND,
	FORWARD_TO_GROUP,
};

/* Sends the signal to the command, or to the process group that has its number, if there is one.
 * A queued signal (sigqueue(3)) keeps its value and its sender, and goes to the command alone: the
 * kernel queues nothing to groups (rt_sigqueueinfo(2)). The command must not have been reaped.
 * Returns 0, or -1 with errno: kill(2). */
int forward_signal(pid_t command, enum forward_target target, int signal,
	const struct signalfd_siginfo *record);

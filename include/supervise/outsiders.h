/* Processes that are not whit's children, each watched by a pidfd in the event loop: the parent
 * (-p), and in a drain as PID 1 those that joined the namespace by setns(2) (docker exec, nsenter,
 * the containers of a pod), whose parent is outside it. */
#pragma once

#include "supervise/event_loop.h"

/* Watches parent, which getppid(2) gave at the start. If there is no pidfd (before Linux 5.3, or a
 * parent in another PID namespace, which shows as 0), the kernel sends the signal when the thread
 * ends that started whit: prctl(2). False if the parent has ended and no signal will come. */
bool outsiders_watch_parent(struct event_loop *loop, pid_t parent, int signal);

bool outsiders_parent_has_ended(struct event_loop *loop); /* it is said once */

/* Watches processes that joined, unless some are watched; as many as the loop has room for. Returns
 * whether any are, or have left children. Without /proc or pidfds none are found. */
bool outsiders_watch_joined(struct event_loop *loop);

/* Forgets those that joined and have ended. Returns whether the last one watched has. */
bool outsiders_joined_have_ended(struct event_loop *loop);

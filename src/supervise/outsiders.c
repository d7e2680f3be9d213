/* Finds processes outside whit's care and keeps their pidfds. The supervisor acts on their end. */
#include "supervise/outsiders.h"

#include "base/descriptor.h"
#include "base/error_text.h"
#include "base/log.h"
#include "signals/signal_set.h"
#include "supervise/process.h"
#include <errno.h>
#include <sys/prctl.h>
#include <sys/wait.h>

bool outsiders_watch_parent(struct event_loop *loop, pid_t parent, int signal)
{
	struct pollfd *place = &loop->fds[EVENT_LOOP_PARENT];

	/* A pidfd is of the process, PDEATHSIG of the thread that started whit. */
	place->fd = parent == 0 ? -1 : process_open(parent);
	if (place->fd < 0 && syscall(SYS_prctl, PR_SET_PDEATHSIG, (long)signal, 0L, 0L, 0L) < 0)
		log_warning("cannot watch the parent (pid %d): %s", parent, error_text(errno));
	if (getppid() == parent) return true; /* and so the pidfd is the parent's */
	if (place->fd >= 0) (void)close(place->fd);
	place->fd = -1;
	return signal_set_is_pending(signal); /* the kernel has sent it */
}

bool outsiders_parent_has_ended(struct event_loop *loop)
{
	struct pollfd *place = &loop->fds[EVENT_LOOP_PARENT];

	if (place->fd < 0 || place->revents == 0) return false;
	(void)close(place->fd);
	place->fd = -1;
	return true;
}

static void watch_if_joined(unsigned int pid, int unused_fd, void *context)
{
	struct event_loop *loop = context;
	struct pollfd *place = &loop->fds[EVENT_LOOP_FIRST_JOINED + loop->joined_count];
	struct process process;

	(void)unused_fd;
	if (loop->joined_count == EVENT_LOOP_JOINED || pid == PROCESS_INIT ||
		!process_read((pid_t)pid, &process) || process.parent != 0 || !process.is_live)
		return;
	*place = (struct pollfd){.fd = process_open((pid_t)pid), .events = POLLIN};
	if (place->fd >= 0) loop->joined_count++;
}

bool outsiders_watch_joined(struct event_loop *loop)
{
	siginfo_t unused;

	if (loop->joined_count == 0 && process_proc_is_ours()) /* what is not seen is not watched */
		(void)descriptor_each_number("/proc", watch_if_joined, loop);
	/* One that has ended during the look may have left children, which are whit's now. */
	return loop->joined_count > 0 ||
		waitid(P_ALL, 0, &unused, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0;
}

bool outsiders_joined_have_ended(struct event_loop *loop)
{
	struct pollfd *joined = &loop->fds[EVENT_LOOP_FIRST_JOINED];
	size_t before = loop->joined_count;

	loop->joined_count = 0;
	for (size_t i = 0; i < before; i++) {
		if (joined[i].revents == 0)
			joined[loop->joined_count++] = joined[i];
		else
			(void)close(joined[i].fd);
	}
	return before > 0 && loop->joined_count == 0;
}

/* Waits for signals, processes and time. The supervisor acts on them. */
#include "supervise/event_loop.h"

#include "base/file.h"
#include "base/system_call.h"
#include <errno.h>
#include <fcntl.h>

#define ERROR_PAUSE_MS 100

void event_loop_init(struct event_loop *loop, int signal_fd)
{
	loop->fds[EVENT_LOOP_SIGNALS] = (struct pollfd){.fd = signal_fd, .events = POLLIN};
	loop->fds[EVENT_LOOP_PARENT] = (struct pollfd){.fd = -1, .events = POLLIN};
	loop->joined_count = 0;
	loop->is_nonblocking = false;
}

/* Returns whether there is a signal to read. */
static bool poll_all(struct event_loop *loop, const struct deadline *deadline)
{
	int timeout_ms = deadline_timeout_ms(deadline);
	size_t count = EVENT_LOOP_FIRST_JOINED + loop->joined_count;

	for (size_t i = 0; i < count; i++)
		loop->fds[i].revents = 0; /* poll leaves them so if it fails */
	if (poll(loop->fds, count, timeout_ms) < 0 && errno != EINTR)
		(void)poll(NULL, 0, ERROR_PAUSE_MS); /* a lowered RLIMIT_NOFILE: do not spin */
	return loop->fds[EVENT_LOOP_SIGNALS].revents != 0;
}

size_t event_loop_wait(struct event_loop *loop, const struct deadline *deadline,
	struct signalfd_siginfo ret_records[EVENT_LOOP_BATCH])
{
	const int signal_fd = loop->fds[EVENT_LOOP_SIGNALS].fd;
	const long size = EVENT_LOOP_BATCH * sizeof(*ret_records);
	bool polls =
		deadline->is_set || loop->joined_count > 0 || loop->fds[EVENT_LOOP_PARENT].fd >= 0;
	long length;

	/* What poll has seen may be gone by the read, which must not wait then: a stop signal
	 * discards a pending CONT, and a STOP sent to PID 1 from inside does only that
	 * (prepare_signal in kernel/signal.c). */
	if (loop->is_nonblocking != polls &&
		syscall(SYS_fcntl, signal_fd, F_SETFL, polls ? O_NONBLOCK : 0) == 0)
		loop->is_nonblocking = polls;
	do {
		if ((polls || loop->is_nonblocking) && !poll_all(loop, deadline)) return 0;
		length = system_call(SYS_read, signal_fd, (long)ret_records, size, 0);
	} while (length < 0 && errno == EINTR); /* after a stop, or from a tracer: signal(7) */
	if (length < 0 && errno != EAGAIN) /* then the command's end must be noticed all the same */
		(void)poll(NULL, 0, ERROR_PAUSE_MS);
	return length < 0 ? 0 : (size_t)length / sizeof(*ret_records);
}

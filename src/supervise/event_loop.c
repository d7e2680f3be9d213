/* Waits for signals and for time. What is done about them is the supervisor's affair. */
#include "supervise/event_loop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <unistd.h>

#define ERROR_PAUSE_MS 100

/* False when the deadline comes first, or may have. */
static bool wait_until(int signal_fd, const struct deadline *deadline)
{
	struct pollfd signals = {.fd = signal_fd, .events = POLLIN};

	return poll(&signals, 1, deadline_timeout_ms(deadline, clock_now_ms())) > 0;
}

/*
 * The signalfd cannot be read any more, for which no reason is known. The end of the command is
 * still to be noticed, and the machine not to be heated by looking for it.
 */
static void pause_after_error(void)
{
	(void)poll(NULL, 0, ERROR_PAUSE_MS);
}

void event_loop_wait(int signal_fd, const struct deadline *deadline, struct event_batch *ret_batch)
{
	ssize_t length;

	ret_batch->count = 0;
	if (deadline->is_set) {
		/*
		 * What poll has seen may be gone by the read: a stop signal discards a CONT that is
		 * pending, and STOP sent to PID 1 from inside does that alone (prepare_signal in
		 * kernel/signal.c). A read that waited would miss the deadline.
		 */
		(void)fcntl(signal_fd, F_SETFL, O_NONBLOCK); /* cannot fail for a signalfd */
		if (!wait_until(signal_fd, deadline))
			return;
	}
	while ((length = read(signal_fd, ret_batch->records, sizeof(ret_batch->records))) < 0) {
		if (errno == EAGAIN && deadline->is_set)
			return;
		if (errno == EAGAIN) /* there has been a deadline before */
			(void)wait_until(signal_fd, deadline);
		else if (errno != EINTR) /* which comes after a stop or from a tracer: signal(7) */
			break;
	}
	if (length > 0)
		ret_batch->count = (size_t)length / sizeof(ret_batch->records[0]);
	else
		pause_after_error();
}

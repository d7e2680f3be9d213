/* Waits for signals and for time. What is done about them is the supervisor's affair. */
#include "supervise/event_loop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define ERROR_PAUSE_MS 100

/* So many full batches in a row are a flood, where a burst is not one yet. */
#define FLOOD_BATCHES 8

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

/* The count of what was read. 0 when the deadline comes first, and after an error. */
static size_t read_batch(int signal_fd, const struct deadline *deadline, struct event_batch *batch)
{
	ssize_t length;

	if (deadline->is_set) {
		/*
		 * What poll has seen may be gone by the read: a stop signal discards a CONT that is
		 * pending, and STOP sent to PID 1 from inside does that alone (prepare_signal in
		 * kernel/signal.c). A read that waited would miss the deadline.
		 */
		(void)fcntl(signal_fd, F_SETFL, O_NONBLOCK); /* cannot fail for a signalfd */
		if (!wait_until(signal_fd, deadline))
			return 0;
	}
	while ((length = read(signal_fd, batch->records, sizeof(batch->records))) < 0) {
		if (errno == EAGAIN && deadline->is_set)
			return 0;
		if (errno == EAGAIN) /* there has been a deadline before */
			(void)wait_until(signal_fd, deadline);
		else if (errno != EINTR) /* which comes after a stop or from a tracer: signal(7) */
			break;
	}
	if (length > 0)
		return (size_t)length / sizeof(batch->records[0]);
	pause_after_error();
	return 0;
}

static void leave_out(struct event_loop *loop, const struct event_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		signal_set_add(&loop->left_out, (int)batch->records[i].ssi_signo);
	if (signal_set_read_but(loop->signal_fd, &loop->left_out) == 0)
		loop->has_left_out = true; /* else it is as it was, and others may be left out */
}

static void leave_nothing_out(struct event_loop *loop)
{
	memset(&loop->left_out, 0, sizeof(loop->left_out));
	loop->has_left_out = signal_set_read_but(loop->signal_fd, &loop->left_out) < 0;
}

/*
 * What is sent to a thread (tgkill(2)) the kernel hands out before what is sent to the process, and
 * of either the lowest number first (next_signal and dequeue_signal in kernel/signal.c). A flood of
 * one signal would hold up another for ever, so one is left out that fills batch after batch, until
 * the others have been read.
 */
static void watch_for_flood(struct event_loop *loop, const struct event_batch *batch)
{
	loop->full_batches = batch->count == EVENT_LOOP_BATCH ? loop->full_batches + 1 : 0;
	if (loop->full_batches >= FLOOD_BATCHES)
		leave_out(loop, batch);
	else if (loop->has_left_out)
		leave_nothing_out(loop);
}

void event_loop_wait(
	struct event_loop *loop, const struct deadline *deadline, struct event_batch *ret_batch)
{
	const struct deadline at_once = {.is_set = true}; /* long past */

	/* What was left out is there to be read. */
	ret_batch->count =
		read_batch(loop->signal_fd, loop->has_left_out ? &at_once : deadline, ret_batch);
	watch_for_flood(loop, ret_batch);
}

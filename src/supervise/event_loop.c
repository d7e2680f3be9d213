/* Waits for signals. What is done about them is the supervisor's affair. */
#include "supervise/event_loop.h"

#include <errno.h>
#include <unistd.h>

void event_loop_wait(int signal_fd, struct event_batch *ret_batch)
{
	ssize_t length;

	do { /* EINTR comes after a stop or from a tracer: signal(7) */
		length = read(signal_fd, ret_batch->records, sizeof(ret_batch->records));
	} while (length < 0 && errno == EINTR);
	ret_batch->count = length < 0 ? 0 : (size_t)length / sizeof(ret_batch->records[0]);
}

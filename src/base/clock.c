/* Time. What there is to do at which time is supervise/shutdown.c's affair. */
#include "base/clock.h"

#include <limits.h>
#include <time.h>

int64_t clock_now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail: every kernel has this clock */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct deadline deadline_after(int64_t now_ms, int64_t duration_ms)
{
	const int64_t room_ms = INT64_MAX - now_ms;

	return (struct deadline){
		.is_set = true,
		.at_ms = now_ms + (duration_ms < room_ms ? duration_ms : room_ms),
	};
}

bool deadline_has_come(const struct deadline *deadline, int64_t now_ms)
{
	return deadline->is_set && now_ms >= deadline->at_ms;
}

int deadline_timeout_ms(const struct deadline *deadline, int64_t now_ms)
{
	if (!deadline->is_set)
		return -1;
	if (now_ms >= deadline->at_ms)
		return 0;
	return deadline->at_ms - now_ms < INT_MAX ? (int)(deadline->at_ms - now_ms) : INT_MAX;
}

/* Reads the clock and calculates with it. supervise/shutdown.c decides what is due when. */
#include "base/clock.h"

#include <limits.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int64_t clock_now_ms(void)
{
	struct timespec now;

	/* Neither can fail. The raw call saves the kilobyte of libc that parses the vDSO. */
#ifdef __LP64__
	(void)syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
#else
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
#endif
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct deadline deadline_after(int64_t now_ms, int64_t duration_ms)
{
	/* No overflow: a duration is at most NUMBER_SECONDS_MAX. */
	return (struct deadline){.is_set = true, .at_ms = now_ms + duration_ms};
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

/* The one clock of whit, and points in its time. */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* A point in time at which whit wakes up. */
struct deadline {
	bool is_set;
	int64_t at_ms; /* of clock_now_ms; valid only if is_set */
};

#ifndef SYS_clock_gettime32 /* musl's name for what 32-bit machines have always had */
#define SYS_clock_gettime32 SYS_clock_gettime
#endif

/* Milliseconds of CLOCK_MONOTONIC, which no change of the date moves: clock_gettime(2). */
static inline int64_t clock_now_ms(void)
{
	/* Seconds since the boot, nanoseconds, and room for x32, where each has 64 bits. Not by
	 * libc: a kilobyte to parse the vDSO, and on 32 bits a call that old sandboxes refuse. */
	__typeof__(((struct timespec *)NULL)->tv_nsec) now[4] = {0};

	(void)syscall(SYS_clock_gettime32, CLOCK_MONOTONIC, now); /* cannot fail */
	return (int64_t)now[0] * 1000 + now[1] / 1000000;
}

/* The deadline duration_ms after now_ms; neither is negative, and the sum fits. */
static inline struct deadline deadline_after(int64_t now_ms, int64_t duration_ms)
{
	return (struct deadline){.is_set = true, .at_ms = now_ms + duration_ms};
}

static inline bool deadline_has_come(const struct deadline *deadline, int64_t now_ms)
{
	return deadline->is_set && now_ms >= deadline->at_ms;
}

/* The timeout for poll(2): -1 without a deadline. INT_MAX at most, so poll may end too early. */
static inline int deadline_timeout_ms(const struct deadline *deadline)
{
	int64_t left_ms = deadline->is_set ? deadline->at_ms - clock_now_ms() : -1;

	if (!deadline->is_set) return -1;
	return left_ms < 0 ? 0 : left_ms < INT_MAX ? (int)left_ms : INT_MAX;
}

/* The one clock of whit, and points in its time. */
#ifndef WHIT_BASE_CLOCK_H
#define WHIT_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* A point in time at which whit wakes up. */
struct deadline {
	bool is_set;
	int64_t at_ms; /* of clock_now_ms; valid only if is_set */
};

/* Milliseconds of CLOCK_MONOTONIC, which no change of the date moves: clock_gettime(2). */
int64_t clock_now_ms(void);

/* The deadline duration_ms after now_ms; neither is negative. Pure, as the next two. */
struct deadline deadline_after(int64_t now_ms, int64_t duration_ms);

bool deadline_has_come(const struct deadline *deadline, int64_t now_ms);

/* The timeout for poll(2): -1 without a deadline. INT_MAX at most, so poll may end too early. */
int deadline_timeout_ms(const struct deadline *deadline, int64_t now_ms);

#endif

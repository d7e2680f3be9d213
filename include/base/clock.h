/* The one clock of whit, and points in its time. */
#ifndef WHIT_BASE_CLOCK_H
#define WHIT_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* A time that is not to be exceeded; without one there is nothing to wake up for. */
struct deadline {
	bool is_set;
	int64_t at_ms; /* of clock_now_ms; valid only then */
};

/* Milliseconds of CLOCK_MONOTONIC, which no change of the date moves: clock_gettime(2). */
int64_t clock_now_ms(void);

/* The deadline that is so many milliseconds, not negative, after now. Pure. */
struct deadline deadline_after(int64_t now_ms, int64_t duration_ms);

/* Whether there is a deadline and it has come. Pure. */
bool deadline_has_come(const struct deadline *deadline, int64_t now_ms);

/* The timeout for poll(2): -1 without a deadline; at most INT_MAX, so that it may end early. Pure.
 */
int deadline_timeout_ms(const struct deadline *deadline, int64_t now_ms);

#endif

/* whit's messages: one line, one write(2), to stderr. The level is the one global of whit's own. */
#pragma once

#include <stdbool.h>

enum log_level {
	LOG_LEVEL_ERROR = -1, /* -q */
	LOG_LEVEL_WARNING,    /* 0, without options; notices too */
	LOG_LEVEL_VERBOSE,    /* -v */
	LOG_LEVEL_DEBUG,      /* -vv, and higher */
};

extern int log_highest; /* that is shown */

/* Whether messages of this level are shown: for messages that cost something to make. */
static inline bool log_shows(enum log_level level)
{
	return (int)level <= log_highest;
}

/* Writes "whit: " and the message, formatted as line_format does, if the level is shown. Never
 * blocks, fails or changes errno, and leaves the flags of stderr alone: where stderr has no room or
 * is broken, the line is dropped. A broken pipe still raises SIGPIPE, which must be blocked. */
void log_message(enum log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#define log_error(...)   log_message(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_message(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_verbose(...) log_message(LOG_LEVEL_VERBOSE, __VA_ARGS__)

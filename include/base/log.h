/*
 * whit's messages: one line, one write(2), to stderr; byte by byte to a terminal that cannot be
 * opened anew. The one global of whit is the level here.
 */
#ifndef WHIT_BASE_LOG_H
#define WHIT_BASE_LOG_H

enum log_level {
	LOG_LEVEL_ERROR,   /* -q */
	LOG_LEVEL_WARNING, /* without options; notices too */
	LOG_LEVEL_VERBOSE, /* -v */
	LOG_LEVEL_DEBUG,   /* -vv */
};

void log_set_level(enum log_level level);

/* Whether messages of this level are shown: for messages that cost something to make. */
_Bool log_shows(enum log_level level);

/*
 * Writes "whit: " and the message, formatted as line_format does, if the level is shown.
 *
 * Never blocks, fails or changes errno, and leaves the flags of stderr alone, which the command
 * shares: where stderr has no room or is broken, the line is dropped. A write to a broken pipe
 * still raises SIGPIPE at whit (write(2)), which the caller must have blocked.
 */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_verbose(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

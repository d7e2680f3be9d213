/* Signal names and numbers, both ways, from one table. Pure. */
#pragma once

#include "base/number.h"

/* Room for "SIGRTMIN+" and any number of number_format. */
#define SIGNAL_NAME_SIZE (9 + NUMBER_SIZE)

/* Parses "TERM" and "SIGTERM" in either case, "RTMIN", "RTMIN+n", "RTMAX", "RTMAX-n" and
 * 1..SIGNAL_MAX. RTMIN is 34, as glibc counts it, with any libc. False, and *ret_signal as it was,
 * if it is no signal. */
bool signal_name_parse(const char *text, size_t length, int *ret_signal);

/* Writes the name, "SIGTERM", "SIGRTMIN+3", or "signal 32" if it has none; returns the buffer. */
const char *signal_name_format(int signal, char buffer[SIGNAL_NAME_SIZE]);

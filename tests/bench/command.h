/* What the drivers and the command that they start have agreed on. */
#ifndef WHIT_TESTS_BENCH_COMMAND_H
#define WHIT_TESTS_BENCH_COMMAND_H

/* A burst consists of this one: it is real-time, and no libc keeps it for its own use. */
#define COMMAND_BURST_SIGNAL 40

/* Requests of one byte; COMMAND_END_ALL also stands for any where there is but one. */
#define COMMAND_END_ALL 'a'
#define COMMAND_END_ONE 'o'

/* The name, in /proc/PID/comm, of a process that `command leave` leaves behind. */
#define COMMAND_LEFT_NAME "left"

#endif

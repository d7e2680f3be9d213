/* What the drivers and the command that they start have agreed on. */
#ifndef WHIT_TESTS_BENCH_COMMAND_H
#define WHIT_TESTS_BENCH_COMMAND_H

/* Which a burst is made of: real-time, and no libc keeps it for itself. */
#define COMMAND_BURST_SIGNAL 40

/* Requests of one byte. */
#define COMMAND_END_ALL 'a'
#define COMMAND_END_ONE 'o'

#endif

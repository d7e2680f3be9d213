/* Names those who are left when the command has ended. */
#ifndef WHIT_SUPERVISE_ROLL_CALL_H
#define WHIT_SUPERVISE_ROLL_CALL_H

#include <sys/types.h>

/* With -v, and if /proc is ours, says of the first few of the rest who they are. self is our pid.
 */
void roll_call(pid_t self);

#endif

/* The empty command: exits at once, so that what a run costs is the init's own cost. */
#include "freestanding.h"

void start(long *stack)
{
	(void)stack;
	for (;;)
		system_call(SYS_exit_group, 0, 0, 0, 0);
}

/*
 * Linked to whit in a build with the address sanitizer, with --wrap=clone. What is started runs on
 * an array of whit's stack until its exec, which leaves marks there for the bounds of its
 * variables, as no function of it returns. They would be taken for those of whatever whit has in
 * that place later.
 */
#include "command/spawn.h"

#include <sanitizer/asan_interface.h>
#include <sched.h>

int __real_clone(int (*start)(void *), void *stack, int flags, void *argument);
int __wrap_clone(int (*start)(void *), void *stack, int flags, void *argument);

int __wrap_clone(int (*start)(void *), void *stack, int flags, void *argument)
{
	char *array = (char *)stack - sizeof(struct spawn_stack); /* it begins at the upper end */
	int pid = __real_clone(start, stack, flags, argument);

	__asan_unpoison_memory_region(array, sizeof(struct spawn_stack));
	return pid;
}

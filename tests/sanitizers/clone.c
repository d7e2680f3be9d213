/*
 * Linked to whit in a build with the address sanitizer, with --wrap=clone. What is started runs on
 * whit's stack, below what whit has in use, until its exec, which leaves marks there for the bounds
 * of its variables, as no function of it returns. They would be taken for those of what whit has
 * there later.
 */
#include <sanitizer/asan_interface.h>
#include <sched.h>

#define MARKED (256 * 1024) /* far more than the start uses, with the sanitizer's own frames */

int __real_clone(int (*start)(void *), void *stack, int flags, void *argument);
int __wrap_clone(int (*start)(void *), void *stack, int flags, void *argument);

int __wrap_clone(int (*start)(void *), void *stack, int flags, void *argument)
{
	int pid = __real_clone(start, stack, flags, argument);

	__asan_unpoison_memory_region((char *)stack - MARKED, MARKED);
	return pid;
}

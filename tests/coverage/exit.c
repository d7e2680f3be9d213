/*
 * Linked to the unit tests in a build for coverage, with --wrap=_exit: children of tests end by
 * that, and it would leave what they ran uncounted.
 */
#include "coverage/counts.h"

void __gcov_dump(void); /* in gcov.h, which clang has not */
_Noreturn void __real__exit(int status);
_Noreturn void __wrap__exit(int status);

_Noreturn void __wrap__exit(int status)
{
	if (counts_are_in_reach()) __gcov_dump();
	__real__exit(status);
}

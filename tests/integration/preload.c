/* A library for LD_PRELOAD: it says so wherever it is loaded. */
#include <unistd.h>

static void __attribute__((constructor)) say_so(void)
{
	(void)!write(STDOUT_FILENO, "preloaded\n", 10);
}

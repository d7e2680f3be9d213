/*
 * Linked to whit in a build for coverage, whose libgcov writes the counts when main has returned.
 * It says on stderr what it cannot do, which would be taken for a message of whit's.
 */
#include "coverage/counts.h"

#include <stdlib.h>

static void prepare_for_libgcov(int status, void *unused)
{
	int directory;

	(void)unused;
	if (!counts_are_in_reach()) _exit(status);
	directory = open("/", O_RDONLY | O_DIRECTORY); /* nothing can be written to it */
	if (directory < 0 || dup2(directory, STDERR_FILENO) < 0)
		(void)close(STDERR_FILENO); /* then libgcov cannot open anything either */
}

__attribute__((constructor)) static void be_called_at_the_end(void)
{
	(void)on_exit(prepare_for_libgcov, NULL);
}

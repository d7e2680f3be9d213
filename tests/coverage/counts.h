/* In a build for coverage: the way to where libgcov keeps its counts. */
#ifndef WHIT_TESTS_COVERAGE_COUNTS_H
#define WHIT_TESTS_COVERAGE_COUNTS_H

#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

/* The Makefile's COUNTS is a path without quotes, which would not outlive two makes and a shell. */
#define TEXT_OF(word) #word
#define TEXT(word)    TEXT_OF(word)

/*
 * Whether the counts can be reached; libgcov would make the directories where they are not. Out of
 * an empty root it is the old way: a root below the working directory does not hold it: chroot(2).
 */
static inline bool counts_are_in_reach(void)
{
	static const char ladder[] = "/coverage-ladder";
	int root;

	if (access(TEXT(COUNTS), F_OK) == 0) return true;
	root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 || chdir("/") < 0 || mkdir(ladder, 0700) < 0) return false;
	if (chroot(ladder) == 0) {
		for (int level = 0; level < 64; level++)
			(void)!chdir("..");
		(void)!chroot(".");
	}
	(void)unlinkat(root, ladder + 1, AT_REMOVEDIR);
	(void)close(root);
	return access(TEXT(COUNTS), F_OK) == 0;
}

#endif

/*
 * A PID namespace around a whole test, and a directory in memory. Whatever ends the test, also ^C,
 * timeout(1) or KILL, the kernel then ends all that it has started.
 */
#ifndef WHIT_TESTS_SHELTER_H
#define WHIT_TESTS_SHELTER_H

/*
 * Runs part there, and returns the status that it returned. Ends the program, said aloud, where
 * there are no namespaces to be had; with CI set that fails.
 */
int shelter_run(int (*part)(int argc, char **argv), int argc, char **argv);

/* The directory, for processes in the shelter. */
const char *shelter_directory(void);

#endif

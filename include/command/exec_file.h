/* Why one file cannot be run. */
#ifndef WHIT_COMMAND_EXEC_FILE_H
#define WHIT_COMMAND_EXEC_FILE_H

#include "base/line.h"

#include <stdbool.h>

/*
 * Appends what explains that execve(2) of the path failed with the error. False, and the line is of
 * no use, where nothing that can be seen does.
 */
bool exec_file_explain(struct line *reason, const char *path, int error);

#endif

/* Where on its way a path goes wrong: path_resolution(7). */
#ifndef WHIT_COMMAND_EXEC_PATH_H
#define WHIT_COMMAND_EXEC_PATH_H

#include <limits.h>

enum exec_path_fault {
	EXEC_PATH_FAULT_NONE,
	EXEC_PATH_FAULT_MISSING,
	EXEC_PATH_FAULT_DANGLING_LINK, /* the link's target, or a directory on the way to it */
	EXEC_PATH_FAULT_NO_DIRECTORY,
	EXEC_PATH_FAULT_NOT_SEARCHABLE,
	EXEC_PATH_FAULT_LOOP,
	EXEC_PATH_FAULT_OTHER, /* too long, or what an error of the file system keeps from us */
};

struct exec_path {
	enum exec_path_fault fault;
	/*
	 * What is at fault, with the links on the way to it resolved: the first part that is
	 * missing, the target of the link, what is no directory, the directory that may not be
	 * searched.
	 */
	char part[PATH_MAX];
	char link[PATH_MAX]; /* the last link on the way; valid where one dangles or loops */
};

/* Follows the path, link by link, as the kernel does. */
void exec_path_follow(const char *path, struct exec_path *ret_path);

#endif

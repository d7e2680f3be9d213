/* Looks at processes through /proc. */
#ifndef WHIT_SUPERVISE_PROCESS_H
#define WHIT_SUPERVISE_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

/* The pid of a PID namespace's first process: pid_namespaces(7). */
#define PROCESS_INIT 1

/* TASK_COMM_LEN, which has the NUL, and the newline: proc_pid_comm(5). */
#define PROCESS_NAME_SIZE (16 + 1)

/* The process's name, "?" where it cannot be read: no /proc, or that of another PID namespace. */
void process_name(pid_t pid, char ret_name[PROCESS_NAME_SIZE]);

/* Whether /proc is there and is that of our PID namespace. self is our pid. */
bool process_proc_is_ours(pid_t self);

/*
 * Whether the process that has this pid runs, or is about to, as who sleeps is as soon as it has
 * been sent a signal; false for who is stopped, stuck in the kernel or dead.
 */
bool process_is_running(pid_t pid);

/* Whether the process that has this pid has ended and its parent has not reaped it. */
bool process_is_zombie(pid_t pid);

/* Whether the process that has this pid is a child of parent. */
bool process_is_child(pid_t pid, pid_t parent);

/*
 * Whether the process that has this pid is a descendant of ancestor, whose pid is in use as long as
 * this runs. The answer is proven, not a guess from a picture that has changed meanwhile. It is
 * false for who is more than 256 generations down, and never true for anybody else.
 *
 * It is about the process that had the pid at the start of the call, if that has not been reaped by
 * the end of it: a pidfd from before it tells (pidfd_open(2)).
 */
bool process_is_descendant(pid_t pid, pid_t ancestor);

#endif

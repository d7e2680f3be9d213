/* Processes other than the command: what /proc tells of them, and pidfds. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define PROCESS_INIT      1 /* the pid of a PID namespace's first process: pid_namespaces(7) */
#define PROCESS_NAME_SIZE (16 + 1) /* TASK_COMM_LEN, and a newline: proc_pid_comm(5) */

struct process {
	pid_t parent;   /* 0 if the parent is outside our PID namespace, or there is none */
	uint32_t start; /* in ticks since boot: with the pid, the identity of a process */
	bool is_live;   /* false for a zombie with no live thread, and for a kernel thread */
};

/* False with errno if there is no such process, or it cannot be seen. */
bool process_read(pid_t pid, struct process *ret_process);

/* The process's name, "?" if it cannot be read: no /proc, or that of another PID namespace. */
void process_name(pid_t pid, char ret_name[PROCESS_NAME_SIZE]);

/* Whether /proc is there and is that of our PID namespace. */
bool process_proc_is_ours(void);

/* As pidfd_open(2), but not 0, 1 or 2. */
int process_open(pid_t pid);

/* Looks at the rest without touching it. What is done with it is supervise/leftovers.c's affair. */
#include "supervise/roll_call.h"

#include "base/directory.h"
#include "base/log.h"
#include "supervise/process.h"

#include <unistd.h>

/* Enough to tell what it is about; a thousand workers have one name. */
#define NAMES_MAX 10

struct roll {
	pid_t self;
	unsigned int count;
};

static void visit_process(unsigned int number, void *context)
{
	struct roll *roll = context;
	pid_t pid = (pid_t)number;
	char name[PROCESS_NAME_SIZE];

	if (pid == roll->self ||
		(roll->self != PROCESS_INIT && !process_is_descendant(pid, roll->self)) ||
		process_is_zombie(pid) || ++roll->count > NAMES_MAX)
		return;
	process_name(pid, name);
	log_verbose("still running: pid %d (%s)", pid, name);
}

void roll_call(pid_t self)
{
	struct roll roll = {.self = self};
	int proc;

	if (!log_shows(LOG_LEVEL_VERBOSE) || !process_proc_is_ours(self))
		return;
	proc = directory_open("/proc");
	if (proc < 0)
		return;
	/* What cannot be read is not named. */
	(void)directory_each_number(proc, visit_process, &roll);
	(void)close(proc); /* read-only: nothing to lose */
	if (roll.count > NAMES_MAX)
		log_verbose("still running: %u more", roll.count - NAMES_MAX);
}

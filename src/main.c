/* The table of contents: block signals, read the options, start the command, supervise it, end with
 * its status. A module does each step; what goes wrong in one is said here. */
#include "base/cold.h"
#include "base/descriptor.h"
#include "base/error_text.h"
#include "base/line.h"
#include "base/log.h"
#include "cli/options.h"
#include "command/spawn.h"
#include "diagnosis/exec_failure.h"
#include "license.h"
#include "supervise/process.h"
#include "supervise/supervisor.h"
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>

/* docker info splits it at " - git.": moby, parseInitVersion. */
static const char version_text[] = "whit version " WHIT_VERSION "\n";
/* musl's only variable with a value on x86-64, here without: see the Makefile. NOLINTNEXTLINE */
extern unsigned int __default_stacksize;
unsigned int __default_stacksize; /* NOLINT(bugprone-reserved-identifier) */

/* Says what whit cannot do without; returns the status to end with. */
static int fail(const char *what)
{
	log_error("cannot %s: %s", what, error_text(errno));
	return EXIT_STATUS_WHIT_FAILED;
}

static int print(const char *text, size_t length)
{
	return write(STDOUT_FILENO, text, length) < 0 ? fail("write to stdout") : 0;
}

static int print_help(void)
{
	struct line help;

	line_start(&help);
	options_help(&help);
	return print(help.text, help.length);
}

/* Returns the status to end with. */
static int report_failed_start(const struct exec_failure *failure, char *const *command)
{
	static struct exec_explanation explanation COLD; /* 8 KiB, and the stack may be small */

	exec_failure_explain(failure, command, environ, &explanation);
	log_error("cannot run '%s': %s", explanation.name, line_string(&explanation.reason));
	return exec_failure_is_not_found(failure) ? EXIT_STATUS_NOT_FOUND : EXIT_STATUS_CANNOT_RUN;
}

/* Returns 0, or the status to end with. */
static int start_command(const struct options *options, struct supervisor *supervisor,
	const struct signal_set *inherited_mask, bool chld_was_ignored)
{
	const char *name = options->command[0]; /* the start may leave another word there */
	struct exec_failure failure;
	struct terminal terminal;
	struct spawn spawn = {.argv = options->command,
		.envp = environ,
		.inherited_mask = *inherited_mask,
		.chld_was_ignored = chld_was_ignored,
		.terminal = &terminal};
	int spawned;

	/* Of a parent outside getppid(2) cannot tell the end, so the kernel must not miss it. */
	if (options->parent_death != 0 && supervisor->parent == 0)
		(void)syscall(SYS_prctl, PR_SET_PDEATHSIG, (long)options->parent_death, 0L, 0L, 0L);
	spawn.gets_foreground = job_start(&supervisor->job, &terminal);
	socket_activation_find(&spawn.activation, environ, supervisor->self);
	spawned = spawn_command(&spawn, &supervisor->command, &failure);
	terminal_release(&terminal);
	if (spawned < 0) {
		job_end(&supervisor->job);
		return report_failed_start(&failure, options->command);
	}
	supervisor->has_command = true;
	supervisor->job.command = supervisor->command;
	log_verbose("started '%s' (pid %d)", name, supervisor->command);
	return 0;
}

static int become_init(const struct options *options, const struct signal_set *inherited_mask)
{
	static struct supervisor supervisor; /* on the page that libc has written to */
	pid_t self = getpid();
	void (*chld_disposition)(int);
	int signal_fd;

	supervisor = (struct supervisor){.self = self,
		.parent = options->parent_death == 0 ? 0 : getppid(),
		.parent_death = options->parent_death,
		.target = options->to_group ? FORWARD_TO_GROUP : FORWARD_TO_COMMAND,
		.report = options->warn_reaped ? LOG_LEVEL_WARNING : LOG_LEVEL_DEBUG,
		.rewrite = &options->rewrite,
		.exit_map = &options->exit_map,
		.shutdown = {.drain = options->drain, .kill_after = options->kill_after},
		.remaining = {.self = self},
		.job = {.self = self}};
	/* Inherited as ignored, it would make the kernel drop the command's status: wait(2). */
	if (signal_set_handle(SIGCHLD, SIG_DFL, &chld_disposition) < 0)
		return fail("reset SIGCHLD");
	/* The kernel looks at all five arguments. If a sandbox refuses, the command still runs. */
	if (self != PROCESS_INIT && syscall(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L) < 0)
		log_verbose("cannot become a subreaper: %s", error_text(errno));
	/* Before the start, since afterwards there is no way to fail. */
	signal_fd = signal_set_open_all();
	if (signal_fd < 0) return fail("open a signalfd");
	event_loop_init(&supervisor.loop, signal_fd);
	if (options->action == OPTIONS_ACTION_PAUSE) {
		log_verbose("holding the namespace");
		if (self != PROCESS_INIT)
			log_warning("--pause as PID %d: only PID 1 reaps all orphans", self);
	} else {
		int status = start_command(
			options, &supervisor, inherited_mask, chld_disposition == SIG_IGN);

		if (status != 0) return status;
	}
	/* From here on whit ends for one reason only: the command has ended. No malloc, no stdio.
	 * Nothing is held that the command may want to unmount, or to see end-of-file on. */
	descriptor_close_all_but(signal_fd);
	(void)!chdir("/"); /* or whit stays where it is; (void) alone does not silence gcc */
	return supervisor_run(&supervisor);
}

int main(int argc, char **argv)
{
	static struct options options; /* on the page that libc has written to */
	struct signal_set all = signal_set_all();
	struct signal_set inherited_mask;

	/* First of all: a PID 1 loses what comes before this (signal(7), kill(2)). */
	if (signal_set_block(&all, &inherited_mask) < 0) return fail("block signals");
	if (!options_parse(&options, argc, argv)) return EXIT_STATUS_WHIT_FAILED;
	switch (options.action) {
	case OPTIONS_ACTION_HELP: return print_help();
	case OPTIONS_ACTION_VERSION: return print(version_text, sizeof(version_text) - 1);
	case OPTIONS_ACTION_LICENSE: return print(license_text, sizeof(license_text) - 1);
	case OPTIONS_ACTION_RUN:
	case OPTIONS_ACTION_PAUSE: break;
	}
	return become_init(&options, &inherited_mask);
}

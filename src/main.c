/*
 * The table of contents: block signals, read the options, start the command, supervise it, end with
 * its status. Each of the steps is a module's affair; what goes wrong in one is said here.
 */
#include "base/descriptor.h"
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
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define WORD_SHOWN_MAX 200

/* docker info splits it at " - git.": moby, parseInitVersion. */
#ifdef WHIT_COMMIT
static const char version_text[] = "whit version " WHIT_VERSION " - git." WHIT_COMMIT "\n";
#else
static const char version_text[] = "whit version " WHIT_VERSION "\n";
#endif

static int print(const char *text, size_t length)
{
	while (length > 0) {
		ssize_t written = write(STDOUT_FILENO, text, length);

		if (written < 0) {
			if (errno == EINTR)
				continue;
			log_error("cannot write to stdout: %s", strerror(errno));
			return EXIT_STATUS_WHIT_FAILED;
		}
		text += written;
		length -= (size_t)written;
	}
	return 0;
}

static int print_help(void)
{
	struct line help;

	line_start(&help);
	options_help(&help);
	return print(help.text, help.length);
}

/* A word may be longer than a line has room for, and what is wrong with it comes after it. */
static int shown_length(const struct options_fault *fault)
{
	return (int)(fault->word_length < WORD_SHOWN_MAX ? fault->word_length : WORD_SHOWN_MAX);
}

/* One line that names the word at fault. */
static int report_usage(const struct options_fault *fault)
{
	int length = shown_length(fault);

	switch (fault->error) {
	case OPTIONS_ERROR_NONE:
		break;
	case OPTIONS_ERROR_UNKNOWN_LETTER:
		log_error("unknown option '-%c'; see 'whit --help'", fault->letter);
		break;
	case OPTIONS_ERROR_UNKNOWN_WORD:
		log_error("unknown option '%.*s'; see 'whit --help'", length, fault->word);
		break;
	case OPTIONS_ERROR_NO_VALUE:
		log_error("option '--%s' needs a value; see 'whit --help'", fault->option);
		break;
	case OPTIONS_ERROR_NEEDLESS_VALUE:
		log_error("option '--%s' takes no value, not '%.*s'; see 'whit --help'",
			fault->option, length, fault->word);
		break;
	case OPTIONS_ERROR_BAD_VALUE:
		log_error("bad value '%.*s' for option '--%s': %s; see 'whit --help'", length,
			fault->word, fault->option, fault->problem);
		break;
	case OPTIONS_ERROR_NO_COMMAND:
		log_error("no command to run; see 'whit --help'");
		break;
	case OPTIONS_ERROR_PAUSE_AND_COMMAND:
		log_error("option '--pause' takes no command, not '%.*s'; see 'whit --help'",
			length, fault->word);
		break;
	}
	return EXIT_STATUS_WHIT_FAILED;
}

/* A wrong variable must never keep a container from starting. */
static void warn_of_variables(const struct options *options)
{
	for (size_t i = 0; i < options->variable_fault_count; i++) {
		const struct options_fault *fault = &options->variable_faults[i];

		log_warning("ignoring %s='%.*s': %s", fault->option, shown_length(fault),
			fault->word, fault->problem);
	}
}

/*
 * Makes orphans come to whit where they would go past it to another init. Refusal is no error: some
 * sandboxes do not have it, and the command runs all the same.
 */
static void become_subreaper(void)
{
	/* The kernel looks at all five arguments: prctl(2). */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0UL, 0UL, 0UL) < 0)
		log_verbose("cannot become a subreaper: %s", strerror(errno));
}

/*
 * Asks to be sent the signal when the parent dies. If it has died while we asked, nothing more will
 * come, so whit sends the signal itself.
 */
static void follow_parent(int signal, pid_t self)
{
	pid_t parent = getppid();

	if (prctl(PR_SET_PDEATHSIG, (unsigned long)signal, 0UL, 0UL, 0UL) < 0) {
		log_warning("cannot ask for a signal at the parent's death: %s", strerror(errno));
		return;
	}
	/* Queued, so that it is not taken for what a message of ours raised. */
	if (getppid() != parent && sigqueue(self, signal, (union sigval){.sival_int = 0}) < 0)
		log_warning("cannot ask for a signal at the parent's death: %s", strerror(errno));
}

/* The command runs: what it may want to unmount or see end-of-file on must not be held by whit. */
static void let_go(int signal_fd)
{
	descriptor_close_all_but(signal_fd);
	(void)chdir("/"); /* where that is refused, whit stays where it is */
}

/* Returns the status to end with. */
static int report_failed_start(const struct exec_failure *failure, char *const *command)
{
	struct exec_explanation explanation;

	exec_failure_explain(failure, command, environ, &explanation);
	log_error("cannot run '%s': %s", explanation.name, line_string(&explanation.reason));
	return exec_failure_is_not_found(failure) ? EXIT_STATUS_NOT_FOUND : EXIT_STATUS_CANNOT_RUN;
}

static int start_and_supervise(const struct options *options, struct supervisor *supervisor,
	struct spawn_stack *stack, const struct signal_set *inherited_mask, bool chld_was_ignored)
{
	const char *name = options->command[0]; /* the start may leave another word there */
	struct exec_failure failure;
	struct terminal terminal;
	struct spawn spawn = {
		.stack = stack,
		.argv = options->command,
		.envp = environ,
		.inherited_mask = *inherited_mask,
		.chld_was_ignored = chld_was_ignored,
		.terminal = &terminal,
	};
	int spawned;

	terminal_find(&terminal);
	spawn.gets_foreground = terminal.exists && terminal.is_in_foreground;
	socket_activation_find(&spawn.activation, environ, supervisor->self);
	spawned = spawn_command(&spawn, &supervisor->command, &failure);
	terminal_release(&terminal);
	supervisor->job.is_handed_over = spawn.gets_foreground;
	if (spawned < 0) {
		job_end(&supervisor->job);
		return report_failed_start(&failure, options->command);
	}
	/* From here on whit ends for one reason only: the command has ended. No malloc, no stdio.
	 */
	supervisor->has_command = true;
	supervisor->rest.command = supervisor->command;
	supervisor->job.command = supervisor->command;
	let_go(supervisor->events.signal_fd);
	log_verbose("started '%s' (pid %d)", name, supervisor->command);
	return supervisor_run(supervisor);
}

static int pause_and_reap(struct supervisor *supervisor)
{
	if (supervisor->self != PROCESS_INIT)
		log_warning(
			"--pause, but not as PID 1: only orphans of whit's own descendants are reaped");
	let_go(supervisor->events.signal_fd);
	log_verbose("holding the namespace");
	return supervisor_run(supervisor);
}

/* Memory of which little is used, all in one place. */
struct room {
	struct event_batch batch;
	struct spawn_stack stack;
};

static int become_init(
	const struct options *options, const struct signal_set *inherited_mask, struct room *room)
{
	const struct sigaction by_default = {.sa_handler = SIG_DFL};
	struct sigaction inherited = by_default;
	pid_t self = getpid();
	struct supervisor supervisor = {
		.self = self,
		.batch = &room->batch,
		.target = options->to_group ? DELIVERY_TO_GROUP : DELIVERY_TO_COMMAND,
		.report = options->warn_reaped ? REAPER_REPORT_WARNING : REAPER_REPORT_DEBUG,
		.rewrite = &options->rewrite,
		.exit_map = &options->exit_map,
		.shutdown = {.drain = options->drain, .kill_after = options->kill_after},
		.rest = {.self = self},
		.job = {.self = self},
	};

	/* Inherited as ignored, it would make the kernel reap the command and drop its status:
	 * wait(2). */
	if (sigaction(SIGCHLD, &by_default, &inherited) < 0) {
		log_error("cannot reset SIGCHLD: %s", strerror(errno));
		return EXIT_STATUS_WHIT_FAILED;
	}
	if (self != PROCESS_INIT)
		become_subreaper();
	if (options->drain.is_set)
		leftovers_prepare(&supervisor.rest);
	if (options->parent_death != 0)
		follow_parent(options->parent_death, self);
	/* Before the start, since afterwards there is no way to fail. */
	supervisor.events.signal_fd = signal_set_open_all();
	if (supervisor.events.signal_fd < 0) {
		log_error("cannot open a signalfd: %s", strerror(errno));
		return EXIT_STATUS_WHIT_FAILED;
	}
	if (options->action == OPTIONS_ACTION_PAUSE)
		return pause_and_reap(&supervisor);
	return start_and_supervise(options, &supervisor, &room->stack, inherited_mask,
		inherited.sa_handler == SIG_IGN);
}

int main(int argc, char **argv)
{
	/*
	 * Between main's caller and all that main calls: the pages at its ends are used by those
	 * anyway, and options are on the page of data that libc has written to.
	 */
	struct room room;
	static struct options options;
	struct signal_set inherited_mask;

	/* First of all: a PID 1 loses what comes before this (signal(7), kill(2)). */
	if (signal_set_block_all(&inherited_mask) < 0) {
		log_error("cannot block signals: %s", strerror(errno));
		return EXIT_STATUS_WHIT_FAILED;
	}
	if (!options_parse(&options, argc, argv))
		return report_usage(&options.fault);
	switch (options.action) {
	case OPTIONS_ACTION_HELP:
		return print_help();
	case OPTIONS_ACTION_VERSION:
		return print(version_text, sizeof(version_text) - 1);
	case OPTIONS_ACTION_LICENSE:
		return print(license_text, sizeof(license_text) - 1);
	case OPTIONS_ACTION_RUN:
	case OPTIONS_ACTION_PAUSE:
		break;
	}
	log_set_level(options.log_level);
	warn_of_variables(&options);
	return become_init(&options, &inherited_mask, &room);
}

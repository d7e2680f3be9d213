/*
 * Finds the rest and signals it. When, and with what, is decided by supervise/shutdown.c; what is
 * proven about a process by supervise/process.c.
 */
#include "supervise/leftovers.h"

#include "base/directory.h"
#include "base/log.h"
#include "supervise/process.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define INIT_PID 1

/*
 * How often to look again for those who were forked while we looked. Two or three looks do, as
 * those who are stopped or killed fork no more; the limit is for a machine that is full of
 * strangers' processes, where a look takes long.
 */
#define LOOKS_MAX 100

/* What a look through the processes is for. */
enum purpose {
	PURPOSE_FREEZE, /* stop whoever is not found yet */
	PURPOSE_STOP,   /* TERM and CONT to whoever was found */
	PURPOSE_KILL,   /* kill whoever is not found yet */
	PURPOSE_SIGNAL, /* the signal to whoever there is */
};

struct look {
	struct leftovers *leftovers;
	enum purpose purpose;
	int signal; /* valid only for PURPOSE_SIGNAL */
	bool has_found_more;
};

/* --- who has been found --- */

static void forget_found(struct leftovers_found *found)
{
	if (found->lowest_byte <= found->highest_byte)
		memset(found->bits + found->lowest_byte, 0,
			found->highest_byte - found->lowest_byte + 1);
	found->lowest_byte = sizeof(found->bits);
	found->highest_byte = 0;
}

static bool is_found(const struct leftovers_found *found, pid_t pid)
{
	return (found->bits[pid / 8] >> (pid % 8) & 1) != 0;
}

static void set_found(struct leftovers_found *found, pid_t pid)
{
	size_t byte = (size_t)pid / 8;

	found->bits[byte] = (unsigned char)(found->bits[byte] | 1 << (pid % 8));
	if (byte < found->lowest_byte)
		found->lowest_byte = byte;
	if (byte > found->highest_byte)
		found->highest_byte = byte;
}

/* --- one process --- */

/*
 * A child of ours keeps its pid until we reap it, so kill cannot miss it. Any other descendant may
 * be reaped by its parent at any moment and the pid go to a stranger: for those only a pidfd will
 * do.
 */
static void send_signal(pid_t pid, int pidfd, int signal)
{
	int sent = pidfd < 0 ? kill(pid, signal)
			     : (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);

	/* ESRCH: it has ended meanwhile. */
	if (sent < 0 && errno == EPERM)
		log_warning(
			"cannot signal pid %d of the rest: it runs as another user and whit has "
			"no CAP_KILL",
			pid);
}

static void signal_one(struct look *look, pid_t pid, int pidfd)
{
	switch (look->purpose) {
	case PURPOSE_FREEZE:
		send_signal(pid, pidfd, SIGSTOP);
		break;
	case PURPOSE_STOP:
		send_signal(pid, pidfd, SIGTERM);
		send_signal(pid, pidfd, SIGCONT);
		return;
	case PURPOSE_KILL:
		send_signal(pid, pidfd, SIGKILL);
		break;
	case PURPOSE_SIGNAL:
		send_signal(pid, pidfd, look->signal);
		return;
	}
	set_found(look->leftovers->found, pid);
	look->has_found_more = true;
}

static bool is_wanted(const struct look *look, pid_t pid)
{
	switch (look->purpose) {
	case PURPOSE_FREEZE:
	case PURPOSE_KILL:
		return !is_found(look->leftovers->found, pid);
	case PURPOSE_STOP:
		return is_found(look->leftovers->found, pid);
	case PURPOSE_SIGNAL:
		return true;
	}
	return false;
}

static bool pidfds_are_missing(int error)
{
	return error == ENOSYS ||
		error == EPERM; /* before Linux 5.3; a sandbox that knows no better */
}

static void visit_process(unsigned int number, void *context)
{
	struct look *look = context;
	pid_t self = look->leftovers->self;
	pid_t pid = (pid_t)number;
	bool is_ours;
	int pidfd;

	if (number >= LEFTOVERS_PID_LIMIT || pid == self || !is_wanted(look, pid))
		return;
	/* Before the proof, so that it is about the process that the descriptor stands for. */
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd >= 0)
		is_ours = process_is_descendant(pid, self);
	else /* those who are no children will be, when those between them and us have ended */
		is_ours = pidfds_are_missing(errno) && process_is_child(pid, self);
	if (is_ours)
		signal_one(look, pid, pidfd);
	if (pidfd >= 0)
		(void)close(pidfd); /* nothing to lose */
}

/* --- all of them --- */

static void look_through(struct look *look)
{
	int proc = directory_open("/proc");

	look->has_found_more = false;
	if (proc < 0 || directory_each_number(proc, visit_process, look) < 0)
		log_warning("cannot read /proc: %s", strerror(errno));
	if (proc >= 0)
		(void)close(proc); /* read-only: nothing to lose */
}

static void look_until_nobody_is_new(struct leftovers *leftovers, enum purpose purpose)
{
	struct look look = {.leftovers = leftovers, .purpose = purpose};
	int looks = 0;

	forget_found(leftovers->found);
	do {
		look_through(&look);
	} while (look.has_found_more && ++looks < LOOKS_MAX);
}

static bool has_children(void)
{
	siginfo_t unused;

	return waitid(P_ALL, 0, &unused, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

/*
 * Without /proc there is no list. The command's group is ours to signal as long as a child of ours
 * is in it: that keeps the group's number from going to strangers.
 */
static void signal_group(struct leftovers *leftovers, int signal)
{
	siginfo_t unused;

	if (!leftovers->has_warned)
		log_warning("no /proc: of the rest, only the command's process group is signalled");
	leftovers->has_warned = true;
	if (leftovers->command != 0 &&
		waitid(P_PGID, (id_t)leftovers->command, &unused, WEXITED | WNOHANG | WNOWAIT) == 0)
		(void)kill(
			-leftovers->command, signal); /* who is left of it may be another user's */
}

/* Everybody but whit, at one moment, so that no fork goes past it: kill(2). */
static void signal_namespace(int signal)
{
	(void)kill(-1, signal); /* ESRCH: nobody is left */
}

/* How the rest can be reached. kill(-1) would reach the whole machine from any other pid than 1. */
enum reach {
	REACH_NOBODY,
	REACH_NAMESPACE,
	REACH_DESCENDANTS,
	REACH_GROUP,
};

static enum reach find_reach(const struct leftovers *leftovers)
{
	if (leftovers->self == INIT_PID)
		return REACH_NAMESPACE;
	if (!has_children())
		return REACH_NOBODY; /* and so no other descendants */
	return process_proc_is_ours(leftovers->self) ? REACH_DESCENDANTS : REACH_GROUP;
}

void leftovers_stop(struct leftovers *leftovers)
{
	struct look look = {.leftovers = leftovers, .purpose = PURPOSE_STOP};

	switch (find_reach(leftovers)) {
	case REACH_NOBODY:
		break;
	case REACH_NAMESPACE:
		signal_namespace(SIGTERM);
		signal_namespace(SIGCONT);
		break;
	case REACH_DESCENDANTS:
		/*
		 * One by one, some would have begun to clean up before others have been found, and
		 * those whom they start for it must not get TERM. So all are stopped first.
		 */
		look_until_nobody_is_new(leftovers, PURPOSE_FREEZE);
		look_through(&look);
		break;
	case REACH_GROUP:
		signal_group(leftovers, SIGTERM);
		signal_group(leftovers, SIGCONT);
		break;
	}
}

void leftovers_kill(struct leftovers *leftovers)
{
	switch (find_reach(leftovers)) {
	case REACH_NOBODY:
		break;
	case REACH_NAMESPACE:
		signal_namespace(SIGKILL);
		break;
	case REACH_DESCENDANTS:
		look_until_nobody_is_new(leftovers, PURPOSE_KILL);
		break;
	case REACH_GROUP:
		signal_group(leftovers, SIGKILL);
		break;
	}
}

void leftovers_signal(struct leftovers *leftovers, int signal)
{
	struct look look = {
		.leftovers = leftovers,
		.purpose = PURPOSE_SIGNAL,
		.signal = signal,
	};

	switch (find_reach(leftovers)) {
	case REACH_NOBODY:
		break;
	case REACH_NAMESPACE:
		signal_namespace(signal);
		break;
	case REACH_DESCENDANTS:
		look_through(&look);
		break;
	case REACH_GROUP:
		signal_group(leftovers, signal);
		break;
	}
}

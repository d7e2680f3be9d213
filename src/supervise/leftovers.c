/*
 * Finds the rest and signals it. When, and with what, is decided by supervise/shutdown.c; what is
 * proven about a process by supervise/process.c.
 */
#include "supervise/leftovers.h"

#include "base/directory.h"
#include "base/log.h"
#include "supervise/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * How often to look again for those who were forked while we looked. Two or three looks do, as
 * those who are stopped or killed fork no more; the limit is for a machine that is full of
 * strangers' processes, where a look takes long.
 */
#define LOOKS_MAX 100

/*
 * How long to wait, again and again, for those who have been sent STOP to stop. One that is stuck
 * in the kernel must not hold the others up.
 */
#define WAIT_MS   1
#define WAITS_MAX 500

/* What is done to a process that is one of the rest. */
enum purpose {
	PURPOSE_FREEZE,   /* stop it, if it is not found yet */
	PURPOSE_STOP,     /* TERM, which it gets when it is continued */
	PURPOSE_CONTINUE, /* CONT, and it is no longer found */
	PURPOSE_KILL,     /* kill it, if it is not found yet */
	PURPOSE_SIGNAL,   /* the signal, if it has not had it yet */
};

struct look {
	struct leftovers *leftovers;
	enum purpose purpose;
	int signal; /* valid only for PURPOSE_SIGNAL */
	bool has_found_more;
	int error; /* what kept us from looking at everybody; 0: nothing */
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

static void unset_found(struct leftovers_found *found, pid_t pid)
{
	found->bits[pid / 8] = (unsigned char)(found->bits[pid / 8] & ~(1 << (pid % 8)));
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
 * do. False if the process is no more.
 */
static bool send_signal(struct leftovers *leftovers, pid_t pid, int pidfd, int signal)
{
	int sent = pidfd < 0 ? kill(pid, signal)
			     : (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);

	if (sent == 0)
		return true;
	if (errno == ESRCH)
		return false; /* it has been reaped meanwhile */
	if (errno != EPERM || leftovers->has_warned_of_permission)
		return true;
	leftovers->has_warned_of_permission = true;
	log_warning("cannot signal pid %d of the rest: it runs as another user and whit has "
		    "no CAP_KILL",
		pid);
	return true;
}

static void signal_one(struct look *look, pid_t pid, int pidfd)
{
	struct leftovers *leftovers = look->leftovers;
	bool is_there = false;

	switch (look->purpose) {
	case PURPOSE_FREEZE:
		is_there = send_signal(leftovers, pid, pidfd, SIGSTOP);
		break;
	case PURPOSE_STOP:
		(void)send_signal(leftovers, pid, pidfd, SIGTERM);
		return;
	case PURPOSE_CONTINUE:
		(void)send_signal(leftovers, pid, pidfd, SIGCONT);
		return;
	case PURPOSE_KILL:
		is_there = send_signal(leftovers, pid, pidfd, SIGKILL);
		break;
	case PURPOSE_SIGNAL:
		if (send_signal(leftovers, pid, pidfd, look->signal))
			set_found(leftovers->found, pid);
		return; /* whom they start meanwhile it is not for */
	}
	/* If it has been reaped, another one may have its pid by now: look again. */
	if (is_there)
		set_found(leftovers->found, pid);
	look->has_found_more = true;
}

/* Whether the process is of interest at all, found or not. */
static bool is_wanted(const struct look *look, pid_t pid)
{
	switch (look->purpose) {
	case PURPOSE_FREEZE:
	case PURPOSE_KILL:
	case PURPOSE_SIGNAL:
		return !is_found(look->leftovers->found, pid);
	case PURPOSE_STOP:
	case PURPOSE_CONTINUE:
		return true;
	}
	return false;
}

static bool pidfds_are_missing(int error)
{
	return error == ENOSYS ||
		error == EPERM; /* before Linux 5.3; a sandbox that knows no better */
}

/* False, with the error noted, where it cannot be known whether the process is one of the rest. */
static bool signal_if_ours(struct look *look, pid_t pid)
{
	pid_t self = look->leftovers->self;
	/* Before the proof, so that it is about the process that the descriptor stands for. */
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	bool is_ours;

	if (pidfd >= 0) {
		is_ours = process_is_descendant(pid, self);
	} else if (pidfds_are_missing(errno)) {
		/* Who is no child will be one when those between it and us have ended. */
		is_ours = process_is_child(pid, self);
	} else if (errno == ESRCH || errno == EINVAL) { /* has ended; is no process but a thread */
		return true;
	} else {
		look->error = errno;
		return false;
	}
	if (is_ours)
		signal_one(look, pid, pidfd);
	if (pidfd >= 0)
		(void)close(pidfd); /* nothing to lose */
	return true;
}

static void visit_process(unsigned int number, void *context)
{
	struct look *look = context;
	pid_t pid = (pid_t)number;

	if (number < LEFTOVERS_PID_LIMIT && pid != look->leftovers->self && is_wanted(look, pid))
		(void)signal_if_ours(look, pid); /* the error is in the look */
}

/* Those who were found, which needs no list of all processes. Whether to look at some once more. */
static bool look_at_found(struct leftovers *leftovers, enum purpose purpose)
{
	struct look look = {.leftovers = leftovers, .purpose = purpose};
	const struct leftovers_found *found = leftovers->found;

	for (size_t byte = found->lowest_byte; byte <= found->highest_byte; byte++) {
		for (pid_t pid = (pid_t)byte * 8; pid < (pid_t)(byte + 1) * 8; pid++) {
			if (is_found(found, pid) && signal_if_ours(&look, pid) &&
				purpose == PURPOSE_CONTINUE)
				unset_found(leftovers->found, pid);
		}
	}
	return look.error != 0;
}

/* --- all of them --- */

/*
 * A look needs a descriptor for the process and one for its file. Without them everybody would seem
 * to be a stranger.
 */
static bool two_more_can_be_had(int fd)
{
	int first = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	int second = first < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
	int error = errno;

	if (first >= 0)
		(void)close(first); /* read-only: nothing to lose */
	if (second >= 0)
		(void)close(second); /* the same */
	errno = error;
	return second >= 0;
}

static void look_through(struct look *look)
{
	int proc = directory_open("/proc");

	look->has_found_more = false;
	look->error = 0;
	if (proc < 0 || !two_more_can_be_had(proc) ||
		directory_each_number(proc, visit_process, look) < 0)
		look->error = errno;
	if (proc >= 0)
		(void)close(proc); /* read-only: nothing to lose */
}

/*
 * An error may be so only once. In a second look those who have been found are left out, so that
 * nobody has a signal twice.
 */
static void look_through_or_retry(struct look *look)
{
	look_through(look);
	if (look->error != 0)
		look_through(look);
}

/*
 * Looks for a child of ours among them, as far as the kernel can tell of all: __WALL (Linux 4.7).
 * Returns 0, or -1 with errno: ECHILD means that there is none.
 */
static int find_child(idtype_t type, pid_t id)
{
	const int flags = WEXITED | WNOHANG | WNOWAIT;
	siginfo_t unused;
	int found = waitid(type, (id_t)id, &unused, flags | __WALL);

	return found < 0 && errno == EINVAL ? waitid(type, (id_t)id, &unused, flags) : found;
}

/*
 * Where nobody can be looked for. The command's group is ours to signal as long as a child of ours
 * is in it: that keeps the group's number from going to strangers.
 */
static void signal_group(struct leftovers *leftovers, int signal, int error)
{
	if (!leftovers->has_warned_of_reach)
		log_warning(
			"cannot look for the rest in /proc (%s): only the command's process group "
			"is signalled",
			strerror(error));
	leftovers->has_warned_of_reach = true;
	/* kill may be refused: who is left of the group may be another user's. */
	if (leftovers->command != 0 && find_child(P_PGID, leftovers->command) == 0)
		(void)kill(-leftovers->command, signal);
}

static bool is_anyone_running(const struct leftovers_found *found)
{
	for (size_t byte = found->lowest_byte; byte <= found->highest_byte; byte++) {
		for (pid_t pid = (pid_t)byte * 8; pid < (pid_t)(byte + 1) * 8; pid++) {
			if (is_found(found, pid) && process_is_running(pid))
				return true;
		}
	}
	return false;
}

/*
 * Who is in the middle of a fork goes on with it until that is done, and with much memory that
 * takes long: only who has stopped has no more children (copy_process in kernel/fork.c, since
 * Linux 4.19).
 */
static void wait_until_stopped(const struct leftovers_found *found)
{
	for (int waits = 0; waits < WAITS_MAX && is_anyone_running(found); waits++)
		(void)poll(NULL, 0, WAIT_MS); /* if it fails, we look sooner */
}

/* Returns 0, or what kept us from looking at everybody. */
static int look_until_nobody_is_new(struct leftovers *leftovers, enum purpose purpose)
{
	struct look look = {.leftovers = leftovers, .purpose = purpose};
	int looks = 0;

	do {
		look_through_or_retry(&look);
		if (purpose == PURPOSE_FREEZE)
			wait_until_stopped(leftovers->found);
	} while (look.error == 0 && look.has_found_more && ++looks < LOOKS_MAX);
	return look.error;
}

/* As look_at_found, and tries again, be it for want of a descriptor, what could not be done. */
static void signal_found(struct leftovers *leftovers, enum purpose purpose)
{
	for (int looks = 0; looks < LOOKS_MAX && look_at_found(leftovers, purpose); looks++)
		;
}

/*
 * One by one, some would have begun to clean up before others have been found, and those whom they
 * start for it must not get TERM. So all are stopped first, and continued when all have it. Nobody
 * must stay stopped. TERM sent twice comes once, since until then it is pending.
 */
static int stop_descendants(struct leftovers *leftovers)
{
	int error = look_until_nobody_is_new(leftovers, PURPOSE_FREEZE);

	/* Who misses it all the same is killed in the end. */
	signal_found(leftovers, PURPOSE_STOP);
	signal_found(leftovers, PURPOSE_CONTINUE);
	return error;
}

/*
 * Everybody but whit, at one moment, so that no fork goes past it: kill(2). The kernel does not
 * tell whether it has refused some of them.
 */
static void signal_namespace(int signal)
{
	if (kill(-1, signal) < 0 && errno != ESRCH) /* which means that nobody is left */
		log_warning("cannot signal the rest: %s", strerror(errno));
}

static bool is_anyone_found(const struct leftovers_found *found)
{
	return found->lowest_byte <= found->highest_byte;
}

/*
 * Whether the command's group is all that can be signalled. Who has been found has had the signal,
 * and twice it may mean something else; but there is no harm in killing twice.
 */
static bool needs_group(const struct leftovers *leftovers, enum purpose purpose, int error)
{
	return error != 0 &&
		(purpose == PURPOSE_KILL || leftovers->found == NULL ||
			!is_anyone_found(leftovers->found));
}

/* Returns 0, or what kept us from looking at everybody. */
static int signal_descendants(struct leftovers *leftovers, enum purpose purpose, int signal)
{
	struct look look = {.leftovers = leftovers, .purpose = purpose, .signal = signal};

	if (leftovers->found == NULL)
		return ENOMEM; /* of leftovers_prepare */
	forget_found(leftovers->found);
	if (!process_proc_is_ours(leftovers->self))
		return ENOENT;
	if (purpose == PURPOSE_STOP)
		return stop_descendants(leftovers);
	if (purpose == PURPOSE_KILL)
		return look_until_nobody_is_new(leftovers, PURPOSE_KILL);
	look_through_or_retry(&look);
	return look.error;
}

/* Sends one signal, and then another if that is not 0, in the way that the purpose asks for. */
static void signal_rest(struct leftovers *leftovers, enum purpose purpose, int signal, int then)
{
	int error;

	/* kill(-1) would reach the whole machine from any other pid. */
	if (leftovers->self == PROCESS_INIT) {
		signal_namespace(signal);
		if (then != 0)
			signal_namespace(then);
		return;
	}
	if (find_child(P_ALL, 0) < 0 && errno == ECHILD)
		return; /* and so no other descendants */
	error = signal_descendants(leftovers, purpose, signal);
	if (!needs_group(leftovers, purpose, error))
		return;
	signal_group(leftovers, signal, error);
	if (then != 0)
		signal_group(leftovers, then, error);
}

void leftovers_prepare(struct leftovers *leftovers)
{
	void *memory;

	if (leftovers->self == PROCESS_INIT)
		return; /* kill(-1) needs no list */
	memory = mmap(NULL, sizeof(*leftovers->found), PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	leftovers->found = memory == MAP_FAILED ? NULL : memory;
}

void leftovers_stop(struct leftovers *leftovers)
{
	signal_rest(leftovers, PURPOSE_STOP, SIGTERM, SIGCONT);
}

void leftovers_kill(struct leftovers *leftovers)
{
	signal_rest(leftovers, PURPOSE_KILL, SIGKILL, 0);
}

void leftovers_signal(struct leftovers *leftovers, int signal)
{
	signal_rest(leftovers, PURPOSE_SIGNAL, signal, 0);
}

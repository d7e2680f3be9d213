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

/* One look through /proc for descendants that are not in `found` yet: they are sent the signal. */
struct look {
	struct leftovers *leftovers;
	int signal;
	bool has_found_more;
	int error; /* what kept us from looking at everybody; 0: nothing */
};

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
	if (is_ours) {
		look->has_found_more = true;
		/* If it has been reaped, another one may have its pid by now: to be looked for. */
		if (send_signal(look->leftovers, pid, pidfd, look->signal)) {
			pid_set_add(look->leftovers->found, pid);
			look->leftovers->has_found_anyone = true;
		}
	}
	if (pidfd >= 0)
		(void)close(pidfd); /* nothing to lose */
	return true;
}

static void visit_process(unsigned int number, void *context)
{
	struct look *look = context;
	pid_t pid = (pid_t)number;

	if (number < PID_SET_LIMIT && pid != look->leftovers->self &&
		!pid_set_has(look->leftovers->found, pid))
		(void)signal_if_ours(look, pid); /* the error is in the look */
}

/* Sends it to those who were found, and forgets whom it continues. Whether to try once more. */
static bool signal_each_found(struct leftovers *leftovers, int signal)
{
	struct look look = {.leftovers = leftovers, .signal = signal};
	struct pid_set *found = leftovers->found;

	for (pid_t pid = pid_set_next(found, 0); pid > 0; pid = pid_set_next(found, pid)) {
		if (signal_if_ours(&look, pid) && signal == SIGCONT)
			pid_set_remove(found, pid);
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

static bool is_anyone_running(const struct pid_set *found)
{
	for (pid_t pid = pid_set_next(found, 0); pid > 0; pid = pid_set_next(found, pid)) {
		if (process_is_running(pid))
			return true;
	}
	return false;
}

/*
 * Who is in the middle of a fork goes on with it until that is done, and with much memory that
 * takes long: only who has stopped has no more children (copy_process in kernel/fork.c, since
 * Linux 4.19).
 */
static void wait_until_stopped(const struct pid_set *found)
{
	for (int waits = 0; waits < WAITS_MAX && is_anyone_running(found); waits++)
		(void)poll(NULL, 0, WAIT_MS); /* if it fails, we look sooner */
}

/* Returns 0, or what kept us from looking at everybody; as do the next three. */
static int look_until_nobody_is_new(struct leftovers *leftovers, int signal)
{
	struct look look = {.leftovers = leftovers, .signal = signal};
	int looks = 0;

	do {
		look_through_or_retry(&look);
		if (signal == SIGSTOP)
			wait_until_stopped(leftovers->found);
	} while (look.error == 0 && look.has_found_more && ++looks < LOOKS_MAX);
	return look.error;
}

/*
 * One by one, some would have begun to clean up before others have been found, and those whom they
 * start for it must not get the signal. So all are stopped first, and continued when all have it.
 * Nobody must stay stopped. TERM sent twice comes once, since until then it is pending.
 */
static int stop_descendants(struct leftovers *leftovers, int signal)
{
	int error = look_until_nobody_is_new(leftovers, SIGSTOP);

	/* For want of a descriptor it is tried again; who misses it all the same is killed. */
	for (int looks = 0; looks < LOOKS_MAX && signal_each_found(leftovers, signal); looks++)
		;
	for (int looks = 0; looks < LOOKS_MAX && signal_each_found(leftovers, SIGCONT); looks++)
		;
	return error;
}

static int kill_descendants(struct leftovers *leftovers, int signal)
{
	return look_until_nobody_is_new(leftovers, signal);
}

/* Once, as whom they start meanwhile it is not for. */
static int signal_descendants(struct leftovers *leftovers, int signal)
{
	struct look look = {.leftovers = leftovers, .signal = signal};

	look_through_or_retry(&look);
	return look.error;
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

/* How descendants are signalled, each of them. */
typedef int signal_function(struct leftovers *leftovers, int signal);

static int try_to_signal(struct leftovers *leftovers, signal_function *each, int signal)
{
	leftovers->has_found_anyone = false;
	if (leftovers->found == NULL)
		return ENOMEM; /* of leftovers_prepare */
	pid_set_clear(leftovers->found);
	if (!process_proc_is_ours(leftovers->self))
		return ENOENT;
	return each(leftovers, signal);
}

/* Sends one signal and, where all is sent at once, then another if that is not 0. */
static void signal_rest(struct leftovers *leftovers, signal_function *each, int signal, int then)
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
	error = try_to_signal(leftovers, each, signal);
	/* Who has been found has had it, and twice it may mean something else, unless it is KILL.
	 */
	if (error == 0 || (leftovers->has_found_anyone && signal != SIGKILL))
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
	signal_rest(leftovers, stop_descendants, SIGTERM, SIGCONT);
}

void leftovers_kill(struct leftovers *leftovers)
{
	signal_rest(leftovers, kill_descendants, SIGKILL, 0);
}

void leftovers_signal(struct leftovers *leftovers, int signal)
{
	signal_rest(leftovers, signal_descendants, signal, 0);
}

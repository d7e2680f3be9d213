/*
 * The command that the integration tests make whit run: it prints `ready`, does one thing and says
 * what it sees, a line each. Static, so that it runs in an empty root. Uses the kernel's signal
 * sets for the same reason as whit does.
 */
#include "kernel_signals.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OTHER_USER 1000

static int usage(void)
{
	fprintf(stderr, "actor: unknown part\n");
	return 99;
}

static void say(const char *what)
{
	puts(what);
	fflush(stdout);
}

static void block_all(void)
{
	const struct kernel_set all = kernel_set_all();

	kernel_set_block(&all);
}

static void block_none(void)
{
	const struct kernel_set none = kernel_set_none();

	kernel_set_block(&none);
}

/* Blocks everything, then prints every signal that comes, in order, count of them. */
static int print_signals(int count)
{
	const struct kernel_set all = kernel_set_all();

	block_all();
	say("ready");
	while (count > 0) {
		siginfo_t info;
		int signal = kernel_set_wait(&all, &info, NULL);

		if (signal < 0) continue;
		printf("signal %d code %d pid %d uid %d value %d\n", signal, info.si_code,
			info.si_pid, (int)info.si_uid,
			info.si_code == SI_QUEUE ? info.si_value.sival_int : 0);
		fflush(stdout);
		count--;
	}
	return 0;
}

/* The raw mask and dispositions: what /proc/self/status shows, also where there is no /proc. */
static void print_signal_state(void)
{
	struct kernel_set mask = kernel_set_none();
	struct kernel_set ignored = kernel_set_none();
	char text[KERNEL_SET_TEXT_SIZE];

	syscall(SYS_rt_sigprocmask, SIG_SETMASK, NULL, &mask, sizeof(mask));
	for (int signal = 1; signal <= HIGHEST_SIGNAL; signal++) {
		if (kernel_action_is_ignore(signal)) kernel_set_add(&ignored, signal);
	}
	printf("blocked %s\n", kernel_set_format(&mask, text));
	printf("ignored %s\n", kernel_set_format(&ignored, text));
}

static void print_bytes(const char *label, const char *bytes)
{
	printf("%s", label);
	for (; *bytes != '\0'; bytes++)
		printf("%02x", (unsigned char)*bytes);
	printf("\n");
}

/* Everything that a process inherits. */
static int print_view(int argc, char **argv)
{
	char directory[4096];

	print_signal_state();
	printf("argc %d\n", argc);
	for (int i = 0; i < argc; i++)
		print_bytes("arg ", argv[i]);
	for (char **entry = environ; *entry != NULL; entry++)
		print_bytes("env ", *entry);
	for (int fd = 0; fd < 256; fd++) {
		if (fcntl(fd, F_GETFD) >= 0) printf("fd %d flags %d\n", fd, fcntl(fd, F_GETFL));
	}
	printf("cwd %s\n", getcwd(directory, sizeof(directory)));
	for (int which = 0; which < 16; which++) {
		uint64_t limit[2];

		if (syscall(SYS_prlimit64, 0, which, NULL, limit) == 0)
			printf("limit %d %llx %llx\n", which, (unsigned long long)limit[0],
				(unsigned long long)limit[1]);
	}
	printf("umask %o\n", umask(0));
	printf("group %s\n", getpgrp() == getpid() ? "own" : "other");
	return 0;
}

static void die_by(int signal)
{
	const struct rlimit no_core = {0, 0};

	setrlimit(RLIMIT_CORE, &no_core);
	/* glibc's posix_spawn, and so make, hands 32 and 33 down as ignored. */
	kernel_action_reset(signal);
	block_none();
	kill(getpid(), signal);
	for (;;)
		pause(); /* a stop signal's CONT, or a signal that does nothing by default */
}

/* Orphans that end at once: each is handed over to init when its parent ends. */
static int make_orphans(int count)
{
	for (int i = 0; i < count; i++) {
		pid_t parent = fork();

		if (parent == 0)
			_exit(fork() == 0 ? 17 : 0); /* the one with 17 becomes an orphan */
		if (parent < 0) return 98;
		waitpid(parent, NULL, 0);
	}
	say("made");
	for (;;)
		pause();
}

/* Ends with the status at the same moment as an orphan of its does. */
static int end_together(int status)
{
	int gate[2];
	char byte;

	if (pipe(gate) < 0) return 98;
	if (fork() == 0) {
		if (fork() == 0) {
			close(gate[1]);
			(void)!read(gate[0], &byte, 1); /* until the command's end closes it */
			_exit(17);
		}
		_exit(0);
	}
	wait(NULL);
	_exit(status);
}

static int clone_entry(void *argument)
{
	(void)argument;
	_exit(0);
}

/* An orphan whose parent made it with SIGUSR1 as its exit signal, and one with none. */
static int make_odd_orphans(void)
{
	static char stack[2][65536];

	if (fork() == 0) {
		(void)clone(clone_entry, stack[0] + sizeof(stack[0]), SIGUSR1, NULL);
		(void)clone(clone_entry, stack[1] + sizeof(stack[1]), 0, NULL);
		_exit(0);
	}
	wait(NULL);
	/* A sibling, whose parent is whit from the start. */
	(void)clone(clone_entry, stack[0] + sizeof(stack[0]), CLONE_PARENT | SIGUSR1, NULL);
	say("made");
	for (;;)
		pause();
}

/* A member of the group besides the command, and both print what reaches them. */
static int print_signals_in_group(void)
{
	const struct kernel_set all = kernel_set_all();

	block_all();
	for (int i = 0; i < 2; i++) {
		if (i == 1 || fork() == 0) {
			siginfo_t info;
			int signal;

			printf("ready %s\n", i == 0 ? "member" : "command");
			fflush(stdout);
			do
				signal = kernel_set_wait(&all, &info, NULL);
			while (signal < 0 || (signal == SIGCHLD && info.si_code > 0));
			printf("%s got %d\n", i == 0 ? "member" : "command", signal);
			fflush(stdout);
			if (i == 0) _exit(0);
		}
	}
	wait(NULL);
	return 0;
}

/* Moves to another group, so that the one with the command's number is empty. */
static int leave_group(int count)
{
	pid_t other = fork();

	if (other == 0) {
		for (;;)
			pause();
	}
	if (setpgid(other, other) < 0 || setpgid(0, other) < 0) return 98;
	return print_signals(count);
}

/* Moves to another group and stops there as by ^Z; says so when it has been continued. */
static int stop_in_other_group(void)
{
	pid_t other = fork();

	if (other == 0) {
		for (;;)
			pause();
	}
	if (setpgid(other, other) < 0 || setpgid(0, other) < 0 || raise(SIGTSTP) != 0) return 98;
	printf("continued\n");
	fflush(stdout);
	return kill(other, SIGKILL) == 0 ? 0 : 98;
}

static int ready_fd; /* where a remaining process says that it is ready for whit */

static void say_ready(void)
{
	(void)!write(ready_fd, "", 1);
	close(ready_fd);
}

static int next_signal(const struct kernel_set *set)
{
	int signal;

	do
		signal = kernel_set_wait(set, NULL, NULL);
	while (signal < 0 || signal == SIGCHLD || signal == SIGCONT);
	return signal;
}

static int wait_for_term(void)
{
	const struct kernel_set term = kernel_set_only(SIGTERM);

	return next_signal(&term);
}

static void say_got(const char *name, int signal)
{
	printf("%s got %d\n", name, signal);
	fflush(stdout);
}

static void pass_time(long ms)
{
	const struct timespec duration = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	nanosleep(&duration, NULL);
}

/* Says that it has got TERM, and ends. */
static void end_on_term(const char *name)
{
	say_ready();
	say_got(name, wait_for_term());
}

/* With all signals blocked: ends on KILL alone. */
static void wait_for_kill(void)
{
	for (;;)
		pause();
}

/* Ends on any signal that ends a process by default. */
static void wait_for_end(void)
{
	block_none();
	wait_for_kill();
}

/* What a remaining process is and does; each begins with all signals blocked. */
static void remaining_plain(void)
{
	end_on_term("plain");
}

static void remaining_group(void)
{
	setpgid(0, 0);
	end_on_term("group");
}

static void remaining_session(void)
{
	setsid();
	end_on_term("session");
}

static void remaining_daemon(void)
{
	if (fork() == 0) {
		setsid();
		if (fork() == 0) end_on_term("daemon");
	}
}

static void remaining_stopped(void)
{
	pid_t self = getpid();

	if (fork() == 0) { /* says what a stopped process cannot */
		kill(self, SIGSTOP);
		say_ready();
		_exit(0);
	}
	wait(NULL); /* it stops here, at the latest, and goes on with CONT */
	end_on_term("stopped");
}

static void *end_thread_on_term(void *name)
{
	end_on_term(name);
	_exit(0);
}

/* Its main thread has ended; /proc shows it as a zombie. */
static void remaining_headless(void)
{
	static char name[] = "headless";
	pthread_t thread;

	if (pthread_create(&thread, NULL, end_thread_on_term, name) != 0) _exit(98);
	pthread_exit(NULL);
}

/* Ends on TERM at once, while its own child needs its TERM too. */
static void remaining_tree(void)
{
	if (fork() == 0) {
		end_on_term("leaf");
		_exit(0);
	}
	wait_for_end();
}

/* Three generations: the middle one ends on KILL, and is reaped at once; the last one says TERM. */
static void remaining_lineage(void)
{
	if (fork() == 0) {
		if (fork() == 0) {
			end_on_term("leaf");
			_exit(0);
		}
		wait_for_kill();
	}
	wait(NULL);
}

/*
 * A session whose leader ends on TERM, and a job of it, as a shell and what timeout(1) runs. The
 * kernel sends HUP to a stopped job whose leader ends, and HUP is read before TERM.
 */
static void remaining_job(void)
{
	const struct kernel_set all = kernel_set_all();

	setsid();
	if (fork() == 0) {
		setpgid(0, 0);
		say_ready();
		say_got("job", next_signal(&all));
		_exit(0);
	}
	wait_for_end();
}

/* A child that ends on TERM; its status is a change, as waitpid reports it with WUNTRACED. */
static bool next_change_is_stop(pid_t child)
{
	int status;

	return waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status);
}

static pid_t start_watched_child(void)
{
	pid_t child = fork();

	if (child == 0) {
		say_ready();
		(void)wait_for_term();
		_exit(0);
	}
	return child;
}

/* Says what a shell would see of its job. */
static void remaining_watcher(void)
{
	pid_t child = start_watched_child();

	while (next_change_is_stop(child))
		say("watcher saw a stop");
	say("watcher saw the end");
}

/* Stops as its child does, as sudo and nsenter do. */
static void remaining_follower(void)
{
	pid_t child = start_watched_child();

	while (next_change_is_stop(child)) {
		kill(getpid(), SIGSTOP);
		kill(child, SIGCONT);
	}
	say("follower ended");
}

/* Says which signals it gets, and ends on HUP. */
static void remaining_listener(void)
{
	const struct kernel_set all = kernel_set_all();
	int signal;

	say_ready();
	do {
		signal = next_signal(&all);
		say_got("listener", signal);
	} while (signal != SIGHUP);
}

/* Needs 300 ms to clean up. */
static void remaining_slow(void)
{
	say_ready();
	(void)wait_for_term();
	pass_time(300);
	say("slow wrote");
}

static void remaining_stubborn(void)
{
	say_ready();
	wait_for_kill();
}

/* Says nothing, so that there can be thousands. */
static void remaining_quiet(void)
{
	say_ready();
	wait_for_end();
}

/* Starts a process to clean up, which must not get the TERM that was its parent's. */
static void remaining_starter(void)
{
	const struct kernel_set term = kernel_set_only(SIGTERM);
	const struct timespec some_time = {.tv_nsec = 200000000};

	say_ready();
	(void)wait_for_term();
	if (fork() == 0) {
		int signal = kernel_set_wait(&term, NULL, &some_time);

		say(signal == SIGTERM ? "helper got TERM" : "helper cleaned up");
		_exit(0);
	}
	wait(NULL);
}

/* Ends whit while whit is sending TERM to the others. */
static void remaining_assassin(void)
{
	say_ready();
	(void)wait_for_term();
	kill(getppid(), SIGKILL);
}

/* Is never the same process for long. */
static void remaining_runner(void)
{
	say_ready();
	for (;;) {
		if (fork() > 0) _exit(0);
	}
}

/* Has ever more short-lived children. */
static void remaining_forker(void)
{
	signal(SIGCHLD, SIG_IGN);
	say_ready();
	for (;;) {
		if (fork() == 0) {
			pass_time(10);
			_exit(0);
		}
	}
}

/*
 * A forker that a root without CAP_KILL may not signal. It counts its forks, so that a test can
 * tell what comes before the end of it from what comes after.
 */
static void remaining_foreign_forker(void)
{
	signal(SIGCHLD, SIG_IGN);
	if (setuid(OTHER_USER) < 0) _exit(98);
	say_ready();
	for (int i = 0; i < 20000; i++) {
		if (fork() == 0) {
			pass_time(10);
			_exit(0);
		}
	}
	say("foreign forker ended");
}

/*
 * A root without CAP_KILL may not signal it, but may signal the orphan that it leaves every 100 ms.
 * Its effective uid is root's, or it could not make that orphan.
 */
static void remaining_breeder(void)
{
	if (setresuid(OTHER_USER, 0, OTHER_USER) < 0) _exit(98);
	say_ready();
	for (int i = 0; i < 100; i++) {
		if (fork() == 0) {
			if (fork() != 0 || setresuid(0, 0, 0) < 0) _exit(0);
			wait_for_kill();
		}
		wait(NULL);
		pass_time(100);
	}
	say("breeder ended");
}

/* Uses one pid over and over, as a bystander of the harness does. */
static void remaining_reuser(void)
{
	say_ready();
	for (;;) {
		int last_pid = open("/proc/sys/kernel/ns_last_pid", O_WRONLY);
		pid_t child;

		(void)!write(last_pid, "500", 3);
		close(last_pid);
		child = fork();
		if (child == 0) _exit(0);
		waitpid(child, NULL, 0);
	}
}

struct kind {
	const char *name;
	void (*be)(void);
};

static const struct kind kinds[] = {
	{"plain", remaining_plain},
	{"group", remaining_group},
	{"session", remaining_session},
	{"daemon", remaining_daemon},
	{"stopped", remaining_stopped},
	{"headless", remaining_headless},
	{"tree", remaining_tree},
	{"lineage", remaining_lineage},
	{"job", remaining_job},
	{"watcher", remaining_watcher},
	{"follower", remaining_follower},
	{"listener", remaining_listener},
	{"slow", remaining_slow},
	{"stubborn", remaining_stubborn},
	{"quiet", remaining_quiet},
	{"starter", remaining_starter},
	{"assassin", remaining_assassin},
	{"runner", remaining_runner},
	{"forker", remaining_forker},
	{"foreign-forker", remaining_foreign_forker},
	{"breeder", remaining_breeder},
	{"reuser", remaining_reuser},
};

static void be_remaining(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].name, name) == 0) kinds[i].be();
	}
	_exit(0);
}

static void start_remaining(const char *name, int count)
{
	for (int made = 0; made < count; made++) {
		if (fork() == 0) be_remaining(name);
	}
}

/* A chain of that many processes, each the parent of the next; returns in the last one. */
static void go_down(int generations)
{
	while (generations-- > 0) {
		if (fork() != 0) wait_for_end();
	}
}

/*
 * Leaves processes behind, of each kind as many as the word after it says, below that many
 * generations of others. Returns 7 when they are all ready.
 */
static int leave(int generations, char **words)
{
	int ready[2];
	int expected = 0;
	char byte;

	if (pipe(ready) < 0) return 98;
	block_all();
	ready_fd = ready[1];
	if (generations == 0 || fork() == 0) {
		go_down(generations - 1);
		for (char **word = words; word[0] != NULL && word[1] != NULL; word += 2)
			start_remaining(word[0], atoi(word[1]));
		if (generations > 0) wait_for_end();
	}
	close(ready[1]);
	for (char **word = words; word[0] != NULL && word[1] != NULL; word += 2)
		expected += atoi(word[1]);
	for (int seen = 0; seen < expected; seen++) {
		if (read(ready[0], &byte, 1) != 1) return 98;
	}
	return 7;
}

/* Leaves a process behind that ends on nothing but KILL, and is such a process too. */
static int leave_and_ignore(void)
{
	char kind[] = "stubborn", count[] = "1";
	char *words[] = {kind, count, NULL};
	int status = leave(0, words);

	if (status != 7) return status;
	say("ready");
	for (;;)
		pause();
}

/* A command and a member of its group that do nothing on any signal but to say that TERM came. */
static int ignore_signals_in_group(void)
{
	int ready[2];
	char byte;

	if (pipe(ready) < 0) return 98;
	block_all();
	if (fork() == 0) {
		say("ready member");
		(void)!write(ready[1], "", 1);
		say_got("member", wait_for_term());
		return 0;
	}
	(void)!read(ready[0], &byte, 1);
	say("ready command");
	for (;;)
		pause();
}

/* Ignores all signals, and has moved to a child's group, with another child left in its own. */
static int leave_own_group(void)
{
	int ready[2];
	char byte;
	pid_t child;

	if (pipe(ready) < 0) return 98;
	block_all();
	child = fork();
	if (child == 0) {
		setpgid(0, 0);
		(void)!write(ready[1], "", 1);
	} else if (fork() != 0) {
		(void)!read(ready[0], &byte, 1);
		setpgid(0, child);
		say("ready");
	}
	for (;;)
		pause();
}

/* A real fault, which no process sent. */
static int crash(void)
{
	volatile int *volatile nowhere = NULL;

	return *nowhere;
}

/* Takes memory until the kernel kills it. */
static int take_memory(void)
{
	const size_t size = 1 << 20;

	for (;;) {
		char *block = malloc(size);

		if (block == NULL) return 98;
		for (size_t at = 0; at < size; at += 1024)
			*(volatile char *)(block + at) = 1;
	}
}

/* Has a child that the kernel kills for want of memory, and gives up with that status. */
static int lose_worker(int status)
{
	pid_t worker = fork();

	if (worker == 0) _exit(take_memory());
	if (waitpid(worker, NULL, 0) != worker) return 98;
	return status;
}

/* Tries to have whit take a signal of ours for the kernel's, or its own; the kernel decides. */
static int count_forged(pid_t whit)
{
	static const struct {
		int signal;
		int code;
	} forgeries[] = {
		{SIGCHLD, CLD_EXITED},
		{SIGCHLD, CLD_STOPPED},
		{SIGCHLD, SI_KERNEL},
		{SIGPIPE, SI_USER},
		{SIGXFSZ, SI_USER},
		{SIGTERM, SI_KERNEL},
		{SIGTERM, SI_TKILL},
		{SIGTSTP, SI_KERNEL},
	};
	int forged = 0;

	for (size_t i = 0; i < sizeof(forgeries) / sizeof(forgeries[0]); i++) {
		siginfo_t info;

		memset(&info, 0, sizeof(info));
		info.si_code = forgeries[i].code;
		info.si_pid = whit;
		if (syscall(SYS_rt_sigqueueinfo, whit, forgeries[i].signal, &info) == 0) forged++;
		if (syscall(SYS_rt_tgsigqueueinfo, whit, whit, forgeries[i].signal, &info) == 0)
			forged++;
	}
	return forged;
}

/* What may be claimed: any sender of a queued signal. */
static void queue_as_whit(pid_t whit, int signal, int value)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	info.si_code = SI_QUEUE;
	info.si_pid = whit;
	info.si_value.sival_int = value;
	syscall(SYS_rt_sigqueueinfo, whit, signal, &info);
}

/* Has the kernel itself send a signal, as fcntl(2) has it: F_SETSIG. */
static void have_kernel_send(pid_t whit, int signal)
{
	int ends[2];

	if (pipe(ends) < 0 || fcntl(ends[0], F_SETOWN, whit) < 0 ||
		fcntl(ends[0], F_SETSIG, signal) < 0 || fcntl(ends[0], F_SETFL, O_ASYNC) < 0)
		say("the kernel refuses");
	(void)!write(ends[1], "", 1);
}

static int forge_signals(void)
{
	pid_t whit = getppid();

	block_all();
	printf("forged %d\n", count_forged(whit));
	fflush(stdout);
	queue_as_whit(whit, SIGCHLD, 1);
	print_signals(1);
	queue_as_whit(whit, SIGPIPE, 2);
	print_signals(1);
	have_kernel_send(whit, SIGPIPE);
	print_signals(1);
	syscall(SYS_tkill, whit, SIGPIPE);
	return print_signals(1);
}

/* Stops its parent, and then asks it for a signal. */
static int stop_parent(void)
{
	pid_t parent = getppid();

	block_all();
	kill(parent, SIGSTOP);
	if (parent == 1) /* else that would be the end */
		kill(parent, SIGKILL);
	kill(parent, SIGUSR1);
	return print_signals(1);
}

/* Interrupts its parent at whatever it does, over and over. */
static int trace_parent(int count)
{
	pid_t parent = getppid();

	for (int i = 0; i < count; i++) {
		if (ptrace(PTRACE_SEIZE, parent, NULL, NULL) < 0 ||
			ptrace(PTRACE_INTERRUPT, parent, NULL, NULL) < 0 ||
			waitpid(parent, NULL, __WALL) != parent ||
			ptrace(PTRACE_DETACH, parent, NULL, NULL) < 0)
			return 98;
	}
	return print_signals(1);
}

/* What another user may do to its parent. */
static int attack_as_user(int user)
{
	pid_t parent = getppid();

	if (setgid((gid_t)user) < 0 || setuid((uid_t)user) < 0) return 98;
	printf("kill: %s\n", kill(parent, SIGTERM) == 0 ? "done" : strerror(errno));
	printf("ptrace: %s\n",
		ptrace(PTRACE_SEIZE, parent, NULL, NULL) == 0 ? "done" : strerror(errno));
	return 0;
}

/* Takes all processes and descriptors that its limits allow, and keeps them. */
static int exhaust_limits(void)
{
	int processes = 0;
	pid_t pid;

	while ((pid = fork()) > 0)
		processes++;
	while (pid == 0)
		pause();
	while (dup(STDIN_FILENO) >= 0)
		;
	printf("exhausted %s\n", processes > 0 && errno == EMFILE ? "all" : "nothing");
	fflush(stdout);
	print_signals(1);
	return 7;
}

/* How many real-time signals there are between two words of how many have come. */
#define FLOOD_STEP 256

/* The same of orphans. */
#define ORPHANS_STEP 500

struct flood {
	long count[HIGHEST_SIGNAL + 1];
	long realtime;
	long disorder; /* values out of turn, which count a signal's number */
};

static void note_flood_signal(struct flood *flood, int signal, const siginfo_t *info)
{
	if (signal >= 32) {
		if (info->si_code == SI_QUEUE && info->si_value.sival_int != flood->count[signal])
			flood->disorder++;
		flood->realtime++;
		if (flood->realtime % FLOOD_STEP == 0) {
			printf("got %ld\n", flood->realtime);
			fflush(stdout);
		}
	}
	flood->count[signal]++;
}

/* Until it has got so many real-time signals, and its child has made so many orphans. */
static int take_flood(long realtime, int orphans)
{
	static struct flood flood;
	const struct kernel_set all = kernel_set_all();
	int status = 0;
	pid_t maker;

	block_all();
	say("ready"); /* before any other word */
	maker = fork();
	if (maker == 0) {
		for (int i = 0; i < orphans; i++) {
			pid_t parent = fork();

			if (parent == 0) _exit(fork() == 0 ? 17 : 0);
			if (parent < 0 || waitpid(parent, NULL, 0) != parent) _exit(98);
			if (i % ORPHANS_STEP == 0) {
				printf("orphans %d\n", i);
				fflush(stdout);
			}
		}
		_exit(0);
	}
	while (flood.realtime < realtime) {
		siginfo_t info;
		int signal = kernel_set_wait(&all, &info, NULL);

		if (signal > 0) note_flood_signal(&flood, signal, &info);
	}
	for (int signal = 1; signal <= HIGHEST_SIGNAL; signal++)
		printf("%ld ", flood.count[signal]);
	printf("disorder %ld\n", flood.disorder);
	fflush(stdout);
	if (waitpid(maker, &status, 0) != maker || status != 0) return 98;
	say("made");
	for (;;)
		pause();
}

/* In a thread that ends on USR1. */
static void *start_program(void *argument)
{
	const struct kernel_set usr1 = kernel_set_only(SIGUSR1);
	char *const *words = argument;

	if (fork() == 0) {
		execv(words[0], words);
		_exit(98);
	}
	(void)next_signal(&usr1);
	return NULL;
}

static void *sleep_for_ever(void *unused)
{
	for (;;)
		pause();
	return unused;
}

/* A process that starts a program, and lives on when the thread that did so has ended. */
static int start_and_live_on(const char *starter, char **words)
{
	pthread_t thread;

	block_all();
	if (strcmp(starter, "other-thread") == 0) {
		if (pthread_create(&thread, NULL, start_program, words) != 0) return 98;
		sleep_for_ever(NULL);
	}
	if (strcmp(starter, "main-thread") == 0) {
		if (pthread_create(&thread, NULL, sleep_for_ever, NULL) != 0) return 98;
		start_program(words);
		pthread_exit(NULL);
	}
	return usage();
}

static unsigned long checksum(const char *text)
{
	unsigned long sum = 0;

	for (; *text != '\0'; text++)
		sum = sum * 31 + (unsigned char)*text;
	return sum % 1000000007;
}

/* The length and a checksum of what is too long to be printed. */
static void print_size(const char *text)
{
	if (text == NULL) text = "";
	printf("size %zu sum %lu\n", strlen(text), checksum(text));
}

static int print_ids(void)
{
	printf("uid %d euid %d\n", (int)getuid(), (int)geteuid());
	return 0;
}

int main(int argc, char **argv)
{
	const char *part = argc > 1 ? argv[1] : "";
	int number = argc > 2 ? atoi(argv[2]) : 0;

	if (strcmp(part, "signals") == 0) return print_signals(number);
	if (strcmp(part, "group") == 0) return print_signals_in_group();
	if (strcmp(part, "view") == 0) return print_view(argc, argv);
	if (strcmp(part, "exit") == 0) return number;
	if (strcmp(part, "die") == 0) die_by(number);
	if (strcmp(part, "forge") == 0) return forge_signals();
	if (strcmp(part, "stop-parent") == 0) return stop_parent();
	if (strcmp(part, "trace-parent") == 0) return trace_parent(number);
	if (strcmp(part, "attack-as-user") == 0) return attack_as_user(number);
	if (strcmp(part, "exhaust") == 0) return exhaust_limits();
	if (strcmp(part, "ids") == 0) return print_ids();
	if (strcmp(part, "flood") == 0 && argc > 3) return take_flood(atol(argv[2]), atoi(argv[3]));
	if (strcmp(part, "sizes") == 0 && argc > 2) {
		print_size(argv[2]);
		print_size(getenv("LONG"));
		return 0;
	}
	if (strcmp(part, "leave-own-group") == 0) return leave_own_group();
	if (strcmp(part, "crash") == 0) return crash();
	if (strcmp(part, "take-memory") == 0) return take_memory();
	if (strcmp(part, "lose-worker") == 0) return lose_worker(number);
	if (strcmp(part, "client") == 0 && argc > 3) return start_and_live_on(argv[2], argv + 3);
	if (strcmp(part, "orphans") == 0) return make_orphans(number);
	if (strcmp(part, "odd-orphans") == 0) return make_odd_orphans();
	if (strcmp(part, "end-together") == 0) return end_together(number);
	if (strcmp(part, "idle-blocked") == 0) block_all();
	if (strncmp(part, "idle", 4) == 0) {
		say("ready");
		for (;;)
			pause();
	}
	if (strcmp(part, "leave") == 0 && argc > 3) return leave(0, argv + 2);
	if (strcmp(part, "leave-below") == 0 && argc > 4) return leave(number, argv + 3);
	if (strcmp(part, "leave-and-ignore") == 0) return leave_and_ignore();
	if (strcmp(part, "group-that-ignores") == 0) return ignore_signals_in_group();
	if (strcmp(part, "leave-group") == 0) return leave_group(number);
	if (strcmp(part, "stop-in-other-group") == 0) return stop_in_other_group();
	if (strcmp(part, "as-user") == 0) {
		if (setgid((gid_t)number) < 0 || setuid((uid_t)number) < 0) return 98;
		return print_signals(1);
	}
	if (strcmp(part, "foreground") == 0) {
		puts(tcgetpgrp(number) == getpgrp() ? "foreground" : "background");
		return 0;
	}
	return usage();
}

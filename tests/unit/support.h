/*
 * What several unit tests need: cmocka with its headers, tables, readable names of signals, and
 * forked children that complain to the test instead of asserting.
 */
#ifndef WHIT_TESTS_UNIT_SUPPORT_H
#define WHIT_TESTS_UNIT_SUPPORT_H

#include "signals/signal_set.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* SIGRTMAX as a constant: on MIPS one less than the kernel has. */
#define LAST_REALTIME (_NSIG - 1)

#define SIGNAL_TEXT_SIZE 48

/* "SIGTERM (15)", from libc and not from the code under test. */
static inline const char *signal_text(int number, char buffer[SIGNAL_TEXT_SIZE])
{
	const char *name = number > 0 && number < 32 ? strsignal(number) : "no name";

	(void)snprintf(buffer, SIGNAL_TEXT_SIZE, "%d (%.20s)", number, name);
	return buffer;
}

static inline void expect_int(const char *what, int expected, int observed)
{
	if (expected != observed)
		fail_msg("%s: expected %d, observed %d", what, expected, observed);
}

static inline void expect_text(const char *what, const char *expected, const char *observed)
{
	if (strcmp(expected, observed) != 0)
		fail_msg("%s: expected \"%s\", observed \"%s\"", what, expected, observed);
}

/* errno by its text, which says more than its number. */
static inline void expect_errno(const char *what, int expected, int observed)
{
	if (expected != observed) {
		char text[128];

		(void)snprintf(text, sizeof(text), "%s", strerror(expected));
		fail_msg("%s: expected \"%s\", observed \"%s\"", what, text, strerror(observed));
	}
}

/* What a child has to say; "" means that all is well. */
struct complaint {
	char text[1024];
};

/* The first complaint is the one that counts. */
__attribute__((format(printf, 2, 3))) static inline void complain(
	struct complaint *complaint, const char *format, ...)
{
	va_list arguments;

	if (complaint->text[0] != '\0') return;
	va_start(arguments, format);
	(void)vsnprintf(complaint->text, sizeof(complaint->text), format, arguments);
	va_end(arguments);
}

/* Memory that a forked child shares with the test: it needs no descriptor and no system call. */
static inline void *shared_memory(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED) fail_msg("mmap: %s", strerror(errno));
	return memory;
}

/* Far above what the slowest machine needs: it only makes a test fail that would hang for ever. */
#ifndef WATCHDOG_SECONDS /* tests/mutation has less */
#define WATCHDOG_SECONDS 300
#endif

/* What each child of a test begins with. */
static inline void arm_watchdog(void)
{
	sigset_t alarm_only;

	sigemptyset(&alarm_only);
	sigaddset(&alarm_only, SIGALRM);
	(void)sigprocmask(SIG_UNBLOCK, &alarm_only, NULL);
	(void)signal(SIGALRM, SIG_DFL);
	(void)alarm(WATCHDOG_SECONDS);
}

static inline pid_t checked_fork(void)
{
	pid_t pid;

	(void)fflush(NULL);
	pid = fork();
	if (pid < 0) fail_msg("fork: %s", strerror(errno));
	return pid;
}

static inline int wait_for(pid_t pid)
{
	int wait_status;

	while (waitpid(pid, &wait_status, 0) < 0) {
		if (errno != EINTR) fail_msg("waitpid: %s", strerror(errno));
	}
	return wait_status;
}

/* Says what a wait status means and fails, unless it is "exited with the status". */
static inline void expect_exited(const char *what, int status, int wait_status)
{
	char signal[SIGNAL_TEXT_SIZE];

	if (WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGALRM)
		fail_msg("%s: hung, ended by the watchdog", what);
	if (WIFSIGNALED(wait_status))
		fail_msg("%s: expected exit %d, observed death by signal %s", what, status,
			signal_text(WTERMSIG(wait_status), signal));
	if (WEXITSTATUS(wait_status) != status)
		fail_msg("%s: expected exit %d, observed exit %d", what, status,
			WEXITSTATUS(wait_status));
}

/*
 * Runs body in a forked child and fails with its complaint, if it has one. The child never comes
 * back into cmocka, which would go on with the group there.
 */
static inline void run_in_child(const char *what,
	void (*body)(struct complaint *complaint, const void *argument), const void *argument)
{
	struct complaint *complaint = shared_memory(sizeof(*complaint));
	struct complaint said;
	pid_t pid = checked_fork();
	int wait_status;

	if (pid == 0) {
		arm_watchdog();
		body(complaint, argument);
		_exit(0);
	}
	wait_status = wait_for(pid);
	said = *complaint;
	(void)munmap(complaint, sizeof(*complaint));
	if (said.text[0] != '\0') fail_msg("%s: %s", what, said.text);
	expect_exited(what, 0, wait_status);
}

#define REFUSALS_MAX 8

/*
 * Makes the system calls of those numbers fail with error in this process from now on, as they do
 * on an older kernel or in a smaller image. False where the sandbox does not let us: seccomp(2).
 */
static inline bool refuse_system_calls(const long *numbers, size_t count, int error)
{
	struct sock_filter filter[2 * REFUSALS_MAX + 2];
	struct sock_fprog program = {.filter = filter};

	filter[program.len++] = (struct sock_filter)BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < count && i < REFUSALS_MAX; i++) {
		filter[program.len++] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)numbers[i], 0, 1);
		filter[program.len++] = (struct sock_filter)BPF_STMT(
			BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)error);
	}
	filter[program.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	return prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) == 0 &&
		prctl(PR_SET_SECCOMP, (unsigned long)SECCOMP_MODE_FILTER, &program, 0UL, 0UL) == 0;
}

/* Tried in a child, since it cannot be undone. */
static inline bool can_refuse_system_calls(void)
{
	pid_t pid = checked_fork();

	if (pid == 0) _exit(refuse_system_calls(NULL, 0, ENOSYS) ? 0 : 1);
	return wait_for(pid) == 0;
}

/* The mask of this process, all bits, which libc's functions do not give. */
static inline void mask_set_raw(const struct signal_set *mask)
{
	(void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, mask, NULL, sizeof(*mask));
}

static inline struct signal_set every_signal(void)
{
	struct signal_set set;

	memset(&set, 0xff, sizeof(set));
	return set;
}

static inline bool can_be_caught(int signal)
{
	return signal != SIGKILL && signal != SIGSTOP;
}

#endif

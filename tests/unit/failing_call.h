/*
 * A system call that fails for a while, as for want of descriptors, and then works again: what
 * refuse_system_calls cannot, since a filter has no memory. A thread of the test's answers for the
 * kernel (seccomp_unotify(2), Linux 5.5).
 */
#ifndef WHIT_TESTS_UNIT_FAILING_CALL_H
#define WHIT_TESTS_UNIT_FAILING_CALL_H

#include "unit/support.h"

#include <limits.h>
#include <pthread.h>
#include <sys/ioctl.h>

#define ANY_ARGUMENT (-1)
#define FOR_EVER     INT_MAX

/* Only calls with that first argument, if it is not ANY_ARGUMENT, are counted and may fail. */
struct failing_call {
	long number;
	int first_argument;
	int passes;   /* so many work, */
	int failures; /* then so many fail, and all later ones work */
	int error;
	void (*before_failure)(void *context); /* may be NULL; in another thread */
	void *context;
	int listener;
};

static inline bool failing_call_fails(struct failing_call *call, const struct seccomp_data *data)
{
	if (call->first_argument != ANY_ARGUMENT && (int)data->args[0] != call->first_argument)
		return false;
	if (call->passes > 0) {
		call->passes--;
		return false;
	}
	if (call->failures == 0)
		return false;
	if (call->failures != FOR_EVER)
		call->failures--;
	return true;
}

static inline void *failing_call_answer(void *argument)
{
	struct failing_call *call = argument;

	for (;;) {
		struct seccomp_notif question = {.id = 0};
		struct seccomp_notif_resp answer = {.id = 0};

		if (ioctl(call->listener, SECCOMP_IOCTL_NOTIF_RECV, &question) != 0)
			continue; /* whoever asked has been killed */
		answer.id = question.id;
		if (!failing_call_fails(call, &question.data)) {
			answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		} else {
			answer.error = -call->error;
			if (call->before_failure != NULL)
				call->before_failure(call->context);
		}
		(void)ioctl(call->listener, SECCOMP_IOCTL_NOTIF_SEND, &answer); /* the same */
	}
	return NULL;
}

/* From now on, in this process; call must last as long. False where the sandbox does not let us. */
static inline bool failing_call_start(struct failing_call *call)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call->number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {.len = COUNT(filter), .filter = filter};
	pthread_t thread;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) != 0)
		return false;
	call->listener = (int)syscall(
		SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	return call->listener >= 0 && pthread_create(&thread, NULL, failing_call_answer, call) == 0;
}

/* Tried in a child, since it cannot be undone. False, said aloud, where there is no such thing. */
static inline bool can_have_failing_call(void)
{
	pid_t pid = checked_fork();

	if (pid == 0) {
		static struct failing_call call = {
			.number = SYS_sched_yield, .first_argument = ANY_ARGUMENT};

		arm_watchdog();
		_exit(failing_call_start(&call) && syscall(SYS_sched_yield) == 0 ? 0 : 1);
	}
	if (wait_for(pid) == 0)
		return true;
	print_message("skipped: no system call can be answered here (seccomp_unotify)\n");
	return false;
}

#endif

/* System calls that fail, as on a kernel that does not know them or in a sandbox: seccomp(2). */
#ifndef WHIT_TESTS_REFUSAL_H
#define WHIT_TESTS_REFUSAL_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <unistd.h>

/* What is refused, and with which error; for the argument of a scene's `prepare`. */
struct refusal {
	long call;
	int error;
};

/* A scene's `prepare`: whit, and all that it starts, cannot make the call. */
static inline void refuse_call(void *argument)
{
	const struct refusal *refusal = argument;
	struct sock_filter steps[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)refusal->call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned int)refusal->error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog filter = {.len = 4, .filter = steps};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) < 0 ||
		prctl(PR_SET_SECCOMP, (unsigned long)SECCOMP_MODE_FILTER, &filter, 0UL, 0UL) < 0)
		_exit(94);
}

#endif

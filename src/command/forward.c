/* One signal, one system call where the kernel lets us. The supervisor chooses the signal. */
#include "command/forward.h"

#include "base/system_call.h"
#include "signals/signal_record.h"
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>

static int queue_to_command(pid_t command, int signal, const struct signalfd_siginfo *record)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	info.si_signo = signal;
	info.si_code = record->ssi_code;
	info.si_pid = (pid_t)record->ssi_pid;
	info.si_uid = (uid_t)record->ssi_uid;
	/* The whole union: a 64-bit kernel puts no 32-bit value where its pointer would be. */
	if (sizeof(info.si_value) == sizeof(record->ssi_int))
		info.si_value.sival_int = record->ssi_int;
	else
		info.si_value.sival_ptr = (void *)(uintptr_t)record->ssi_ptr;
	return (int)system_call(SYS_rt_sigqueueinfo, command, signal, (long)&info, 0);
}

int forward_signal(pid_t command, enum forward_target target, int signal,
	const struct signalfd_siginfo *record)
{
	/* Without its value (EAGAIN: the queue is full) is better than not at all. */
	if (signal_record_is_queued(record) && queue_to_command(command, signal, record) == 0)
		return 0;
	if (target == FORWARD_TO_GROUP) {
		if (system_call(SYS_kill, -command, signal, 0, 0) == 0) return 0;
		if (errno != ESRCH) /* ESRCH: the command has moved to another group */
			return -1;
	}
	return (int)system_call(SYS_kill, command, signal, 0, 0);
}

/* One signal, one system call where the kernel lets us. Which signal is the supervisor's affair. */
#include "command/delivery.h"

#include "signals/signal_record.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int queue_to_command(pid_t command, int signal, const struct signalfd_siginfo *origin)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	info.si_signo = signal;
	info.si_code = origin->ssi_code;
	info.si_pid = (pid_t)origin->ssi_pid;
	info.si_uid = (uid_t)origin->ssi_uid;
	/* The whole union; a 64-bit kernel does not put a 32-bit one where its pointer would be. */
	if (sizeof(info.si_value) == sizeof(origin->ssi_int))
		info.si_value.sival_int = origin->ssi_int;
	else
		info.si_value.sival_ptr = (void *)(uintptr_t)origin->ssi_ptr;
	return (int)syscall(SYS_rt_sigqueueinfo, command, signal, &info);
}

int delivery_send(pid_t command, enum delivery_target target, int signal,
	const struct signalfd_siginfo *origin)
{
	/* Without its value (EAGAIN: the queue is full) is better than not at all. */
	if (signal_record_is_queued(origin) && queue_to_command(command, signal, origin) == 0)
		return 0;
	if (target == DELIVERY_TO_GROUP) {
		if (kill(-command, signal) == 0)
			return 0;
		if (errno != ESRCH) /* ESRCH: the command has moved to another group */
			return -1;
	}
	return kill(command, signal);
}

/* Runs an init instruction by instruction with ptrace(2), from one event to the next. */
#include "returns.h"

#include "command.h"
#include "subject.h"
#include "trace.h"

#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#define EVENTS        4 /* the first may run code that runs once, others meet a timer of the init */
#define ASLEEP_LOOKS  3
#define LOOK_AGAIN_MS 1
#define CODE_BYTES    16

enum instruction {
	INSTRUCTION_OTHER,
	INSTRUCTION_CALL,
	INSTRUCTION_RETURN,
	INSTRUCTION_SYSTEM_CALL,
};

#if defined(__x86_64__)
static bool is_prefix(uint8_t byte)
{
	return (byte & 0xf0) == 0x40 || byte == 0x66 || byte == 0xf2 || byte == 0xf3 ||
		byte == 0x3e;
}

static enum instruction decode(const uint8_t *code)
{
	while (is_prefix(*code))
		code++;
	if (*code == 0xe8 || (*code == 0xff && (code[1] >> 3 & 7) == 2)) return INSTRUCTION_CALL;
	if (*code == 0xc3 || *code == 0xc2) return INSTRUCTION_RETURN;
	return *code == 0x0f && code[1] == 0x05 ? INSTRUCTION_SYSTEM_CALL : INSTRUCTION_OTHER;
}
bool returns_can_be_counted(void)
{
	return true;
}

static enum instruction next_instruction(const struct subject *subject)
{
	struct user_regs_struct registers;
	uint8_t code[CODE_BYTES + 1] = {0}; /* the last one ends a row of prefixes */
	struct iovec set = {.iov_base = &registers, .iov_len = sizeof(registers)};
	struct iovec here = {.iov_base = code, .iov_len = CODE_BYTES};
	struct iovec there = {.iov_len = CODE_BYTES};

	if (ptrace(PTRACE_GETREGSET, subject->pid, (void *)NT_PRSTATUS, &set) < 0)
		die("%s: cannot read its registers: %s", subject->name, strerror(errno));
	there.iov_base = (void *)registers.rip; // NOLINT: it is one
	if (process_vm_readv(subject->pid, &here, 1, &there, 1, 0) <= 0)
		die("%s: cannot read its code: %s", subject->name, strerror(errno));
	return decode(code);
}

/* --- step by step --- */

struct steps {
	struct subject subject;
	int depth; /* calls since the latest system call that have not returned */
	struct returns counted;
};

/* Also false while it runs: it may be seen on its way into the system call. */
static bool is_asleep(const struct subject *subject)
{
	struct subject_state before = {.state = '?'};
	struct subject_state now;
	int asleep = 0;

	do {
		subject_look(subject, &now);
		if (now.state != 'S' || (asleep > 0 && now.wakeups != before.wakeups)) return false;
		before = now;
		(void)poll(NULL, 0, LOOK_AGAIN_MS);
	} while (++asleep < ASLEEP_LOOKS);
	return true;
}

/* Waits until it stands behind the instruction; false: the instruction makes it sleep. */
static bool await_stop(const struct subject *subject, enum instruction instruction, int *ret_status)
{
	int options = instruction == INSTRUCTION_SYSTEM_CALL ? WNOHANG | __WALL : __WALL;
	pid_t stopped;

	while ((stopped = waitpid(subject->pid, ret_status, options)) == 0) {
		if (is_asleep(subject)) return false;
	}
	if (stopped < 0 || !WIFSTOPPED(*ret_status)) die("%s: it ended", subject->name);
	return true;
}

static void count(struct steps *steps, enum instruction instruction)
{
	switch (instruction) {
	case INSTRUCTION_CALL: steps->depth++; break;
	case INSTRUCTION_RETURN:
		if (steps->depth == 0)
			steps->counted.late++;
		else
			steps->depth--;
		break;
	case INSTRUCTION_SYSTEM_CALL:
		steps->depth = 0;
		steps->counted.calls++;
		break;
	case INSTRUCTION_OTHER: break;
	}
}

/* From where it stands to the system call in which it sleeps, and that one is counted as well. */
static void step_until_asleep(struct steps *steps)
{
	const struct subject *subject = &steps->subject;
	int signal = 0;
	int status;

	for (;;) {
		enum instruction instruction = next_instruction(subject);

		count(steps, instruction);
		if (ptrace(PTRACE_SINGLESTEP, subject->pid, NULL, (void *)(long)signal) < 0)
			die("%s: cannot step: %s", subject->name, strerror(errno));
		if (!await_stop(subject, instruction, &status)) return;
		signal = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
	}
}

/* Some calls are made once more after the interruption, others return. */
static void return_to_sleep(struct steps *steps)
{
	int status;

	trace_hold(&steps->subject);
	if (ptrace(PTRACE_SINGLESTEP, steps->subject.pid, NULL, NULL) < 0)
		die("%s: cannot step: %s", steps->subject.name, strerror(errno));
	if (await_stop(&steps->subject, INSTRUCTION_SYSTEM_CALL, &status)) step_until_asleep(steps);
}

static void count_events(
	const char *name, const char *const *words, bool is_signal, struct returns *ret_returns)
{
	struct steps steps = {.depth = 0};
	int status;

	*ret_returns = (struct returns){.calls = INT_MAX};
	subject_start(&steps.subject, name, words, false);
	(void)subject_report(&steps.subject);
	subject_settle(&steps.subject);
	return_to_sleep(&steps);
	for (int i = 0; i < EVENTS; i++) {
		steps.depth = 0;
		steps.counted = (struct returns){.late = 0};
		if (is_signal)
			(void)kill(steps.subject.pid, SIGUSR1);
		else
			subject_request(&steps.subject, COMMAND_END_ONE);
		(void)await_stop(&steps.subject, INSTRUCTION_OTHER, &status);
		step_until_asleep(&steps);
		(void)subject_report(&steps.subject);
		if (i > 0 && steps.counted.calls < ret_returns->calls) *ret_returns = steps.counted;
	}
	subject_drop(&steps.subject);
}
#else
bool returns_can_be_counted(void)
{
	return false;
}

static void count_events(
	const char *name, const char *const *words, bool is_signal, struct returns *ret_returns)
{
	(void)name;
	(void)words;
	(void)is_signal;
	*ret_returns = (struct returns){.calls = 0};
}
#endif

void returns_of_signal(const char *name, const char *const *words, struct returns *ret_returns)
{
	count_events(name, words, true, ret_returns);
}

void returns_of_orphan(const char *name, const char *const *words, struct returns *ret_returns)
{
	count_events(name, words, false, ret_returns);
}

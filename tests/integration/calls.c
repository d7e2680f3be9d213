/* From the table of src/README.md to a filter. The harness chooses the runs that it is for. */
#include "calls.h"

#include "harness.h"

#include <elf.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* whit is linked to 0x400000, the actor to 0x10000000 (Makefile), all else is far above. */
#define WHIT_ENDS_BELOW 0x10000000U

#if defined(__x86_64__)

struct call {
	const char *name;
	long number;
};

#define CALL(name)                                                                                 \
	{                                                                                          \
#name, SYS_##name                                                                  \
	}

/* Those that the README may name. */
static const struct call known_calls[] = {CALL(access), CALL(arch_prctl), CALL(chdir),
	CALL(clock_gettime), CALL(clone), CALL(close), CALL(close_range), CALL(execve),
	CALL(exit_group), CALL(fcntl), CALL(getcwd), CALL(getdents64), CALL(getegid), CALL(geteuid),
	CALL(getpgid), CALL(getpid), CALL(getppid), CALL(getsid), CALL(getxattr), CALL(ioctl),
	CALL(kill), CALL(lseek), CALL(mmap), CALL(newfstatat), CALL(openat), CALL(pidfd_open),
	CALL(pidfd_send_signal), CALL(poll), CALL(prctl), CALL(pread64), CALL(pwritev2), CALL(read),
	CALL(readlink), CALL(rt_sigaction), CALL(rt_sigpending), CALL(rt_sigprocmask),
	CALL(rt_sigqueueinfo), CALL(sched_yield), CALL(set_tid_address), CALL(setpgid),
	CALL(signalfd4), CALL(statfs), CALL(wait4), CALL(waitid), CALL(write)};

#define KNOWN_COUNT (sizeof(known_calls) / sizeof(known_calls[0]))

bool calls_are_of(const char *program)
{
	static char bytes[1 << 22];
	const Elf64_Ehdr *header = (const void *)bytes;
	int fd = open(program, O_RDONLY | O_CLOEXEC);
	ssize_t length = read(fd, bytes, sizeof(bytes));

	close(fd);
	assert_true(length > (ssize_t)sizeof(*header));
	/* glibc's start makes calls of its own. */
	return header->e_machine == EM_X86_64 && header->e_type == ET_EXEC &&
		memmem(bytes, (size_t)length, "GLIBC_", 6) == NULL;
}

static void add(struct calls_filter *filter, struct sock_filter step)
{
	assert_true(filter->count < CALLS_STEPS_MAX);
	filter->steps[filter->count++] = step;
}

static void add_load(struct calls_filter *filter, size_t offset)
{
	add(filter, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static void add_return(struct calls_filter *filter, uint32_t action)
{
	add(filter, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

/* Allows the call where what was loaded last compares so, or where it does not. */
static void allow_where(
	struct calls_filter *filter, uint16_t comparison, uint32_t value, bool holds)
{
	add(filter,
		(struct sock_filter)BPF_JUMP(
			BPF_JMP | comparison | BPF_K, value, holds ? 0 : 1, holds ? 1 : 0));
	add_return(filter, SECCOMP_RET_ALLOW);
}

static void allow_others(struct calls_filter *filter)
{
	const size_t address = offsetof(struct seccomp_data, instruction_pointer);

	add_load(filter, address + 4); /* the upper half: little endian */
	allow_where(filter, BPF_JEQ, 0, false);
	add_load(filter, address);
	allow_where(filter, BPF_JGE, WHIT_ENDS_BELOW, true);
	add_load(filter, offsetof(struct seccomp_data, nr));
}

/* What stands between backquotes, as in `open("/proc")`; what is no call's name is passed over. */
static void name_word(bool is_named[KNOWN_COUNT], const char *word, size_t length)
{
	size_t name_length = strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_");

	if (name_length == 0 || (name_length < length && word[name_length] != '(')) return;
	for (size_t i = 0; i < KNOWN_COUNT; i++) {
		const char *name = known_calls[i].name;

		if (strlen(name) == name_length && memcmp(name, word, name_length) == 0) {
			is_named[i] = true;
			return;
		}
	}
	fail_msg("calls.c does not know the README's call %.*s", (int)name_length, word);
}

/* The first column of a row; "\|" is no end of it. */
static void name_row(bool is_named[KNOWN_COUNT], const char *row)
{
	const char *at = row + 1; /* the first "|" */

	for (; *at != '\0' && (*at != '|' || at[-1] == '\\'); at++) {
		const char *end;

		if (*at != '`') continue;
		end = strchr(at + 1, '`');
		assert_non_null(end);
		name_word(is_named, at + 1, (size_t)(end - at - 1));
		at = end;
	}
}

void calls_read(const char *readme, struct calls_filter *ret_filter)
{
	static char line[8192];
	FILE *file = fopen(readme, "re");
	bool is_named[KNOWN_COUNT] = {false};
	bool is_in_table = false;
	int rows = 0;

	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		if (strncmp(line, "These are all the system calls", 30) == 0)
			is_in_table = true;
		else if (is_in_table && line[0] == '|' && ++rows > 2) /* two of them are the head */
			name_row(is_named, line);
		else if (is_in_table && rows > 2)
			break;
	}
	fclose(file);
	if (rows <= 2) fail_msg("%s has no table of system calls", readme);
	ret_filter->count = 0;
	allow_others(ret_filter);
	for (size_t i = 0; i < KNOWN_COUNT; i++) {
		if (is_named[i])
			allow_where(ret_filter, BPF_JEQ, (uint32_t)known_calls[i].number, true);
	}
	add_return(ret_filter, SECCOMP_RET_KILL_PROCESS);
}

#else

bool calls_are_of(const char *program)
{
	(void)program;
	return false;
}

void calls_read(const char *readme, struct calls_filter *ret_filter)
{
	(void)readme;
	ret_filter->count = 0;
}

#endif

bool calls_restrict(const struct calls_filter *filter)
{
	const struct sock_fprog program = {
		.len = filter->count, .filter = (struct sock_filter *)(uintptr_t)filter->steps};

	/* Where this is refused (seccomp(2), EACCES), new privileges have to be given up first. */
	return prctl(PR_SET_SECCOMP, (unsigned long)SECCOMP_MODE_FILTER, &program, 0UL, 0UL) == 0;
}

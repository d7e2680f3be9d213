/* System calls that are made in the function where they are written. A processor that protects the
 * kernel's returns (AMD, "Safe RET": Documentation/admin-guide/hw-vuln/srso.rst) mispredicts each
 * return whose call came before a system call, which costs 255 to 450 ns (tests/bench/README.md).
 * So the calls for each signal and each orphan are made here; tests/bench counts such returns. */
#pragma once

#include <unistd.h>

/* As syscall(2): the result, or -1 with errno. */
#if defined(__x86_64__) && defined(__LP64__) && !defined(__SANITIZE_ADDRESS__)
#include <errno.h>

static inline __attribute__((always_inline)) long system_call(
	long number, long first, long second, long third, long fourth)
{
	register long in_r10 __asm__("r10") = fourth;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(first), "S"(second), "d"(third), "r"(in_r10)
			 : "rcx", "r11", "memory");
	if (__builtin_expect(result < 0, 0)) {
		errno = (int)-result;
		return -1;
	}
	return result;
}
#else
#define system_call(number, first, second, third, fourth)                                          \
	syscall((number), (first), (second), (third), (fourth))
#endif

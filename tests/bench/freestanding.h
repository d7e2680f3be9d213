/*
 * A program without libc: its entry and its system calls, so that nothing is in it but what it
 * does. What machine it can be built for ends here.
 */
#ifndef WHIT_TESTS_BENCH_FREESTANDING_H
#define WHIT_TESTS_BENCH_FREESTANDING_H

#include <sys/syscall.h>

/* The stack as execve(2) leaves it: argc, argv, NULL, envp, NULL. */
__attribute__((noreturn, used)) void start(long *stack);

/* Inlined, since a vfork's child must not return from the function that made it. */
#define SYSTEM_CALL static inline __attribute__((always_inline)) long system_call

#if defined(__x86_64__)
__asm__(".globl _start\n"
	"_start:\n"
	"	mov %rsp, %rdi\n"
	"	and $-16, %rsp\n"
	"	call start\n");

SYSTEM_CALL(long number, long a, long b, long c, long d)
{
	register long fourth __asm__("r10") = d;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth)
			 : "rcx", "r11", "memory");
	return result;
}
#elif defined(__aarch64__)
__asm__(".globl _start\n"
	"_start:\n"
	"	mov x0, sp\n"
	"	bl start\n");

SYSTEM_CALL(long number, long a, long b, long c, long d)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
	return x0;
}
#else
#error "the floor of the benchmark is written for x86-64 and aarch64 alone"
#endif

#endif

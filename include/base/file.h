/* Looks at files by their path: raw system calls where libc's functions cost more than they do. */
#pragma once

#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_fcntl /* 32-bit machines of the generic table */
#define SYS_fcntl SYS_fcntl64
#endif

/* Where struct stat and struct statfs of glibc and of musl are the kernel's own. */
#if defined(__LP64__) && (defined(__x86_64__) || defined(__aarch64__))
#define FILE_IS_RAW
#endif

/* As open(2), for a file that exists. */
static inline int file_open(const char *path, int flags)
{
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_LARGEFILE);
}

/* As fstatat(2) with AT_FDCWD. On failure *ret_status stays as it was. */
static inline int file_status(const char *path, struct stat *ret_status, int flags)
{
#ifdef FILE_IS_RAW
	return (int)syscall(SYS_newfstatat, AT_FDCWD, path, ret_status, flags);
#else
	return fstatat(AT_FDCWD, path, ret_status, flags);
#endif
}

/* Whether its file system is mounted noexec: mount(8). False if that cannot be told. */
static inline bool file_is_noexec(const char *path)
{
#ifdef FILE_IS_RAW
	struct statfs status;

	return syscall(SYS_statfs, path, &status) == 0 && (status.f_flags & ST_NOEXEC) != 0;
#else
	struct statvfs status;

	return statvfs(path, &status) == 0 && (status.f_flag & ST_NOEXEC) != 0;
#endif
}

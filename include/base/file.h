/*
 * Files by their path, by system calls where libc's functions are larger than what they do. No
 * source: each is one call.
 */
#ifndef WHIT_BASE_FILE_H
#define WHIT_BASE_FILE_H

#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Where libc's struct stat and struct statfs are the kernel's own, with glibc and with musl. */
#if defined(__LP64__) && (defined(__x86_64__) || defined(__aarch64__))
#define FILE_STATUS_IS_RAW 1
#else
#define FILE_STATUS_IS_RAW 0
#endif

/* As open(2), for a file that is there. */
static inline int file_open(const char *path, int flags)
{
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_LARGEFILE);
}

/*
 * As fstatat(2) from the working directory, which is also meant by "" with AT_EMPTY_PATH. On
 * failure *ret_status stays as it was.
 */
static inline int file_status(const char *path, struct stat *ret_status, int flags)
{
#if FILE_STATUS_IS_RAW
	return (int)syscall(SYS_newfstatat, AT_FDCWD, path, ret_status, flags);
#else
	return fstatat(AT_FDCWD, path, ret_status, flags);
#endif
}

/* Whether the file system is mounted noexec: mount(8). False if it cannot be told. */
static inline bool file_is_noexec(const char *path)
{
#if FILE_STATUS_IS_RAW
	struct statfs status;

	return syscall(SYS_statfs, path, &status) == 0 &&
		((unsigned long)status.f_flags & ST_NOEXEC) != 0;
#else
	struct statvfs status;

	return statvfs(path, &status) == 0 && (status.f_flag & ST_NOEXEC) != 0;
#endif
}

#endif

/*
 * Says why one file cannot be run: the way to it, its kind, its permissions, and then, one after
 * another, what it needs to run. What is in a file is told by command/exec_content.c.
 */
#include "command/exec_file.h"

#include "command/exec_content.h"
#include "command/exec_path.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

/* How many interpreters of interpreters the kernel follows: exec_binprm of fs/exec.c. */
#define INTERPRETERS_MAX 5

/* --- who may do what --- */

#define MODE_SIZE sizeof("0644")

/* As chmod(1) takes it. */
static const char *format_mode(mode_t mode, char buffer[MODE_SIZE])
{
	for (int digit = 3; digit >= 0; digit--, mode >>= 3)
		buffer[digit] = (char)('0' + (mode & 7));
	buffer[MODE_SIZE - 1] = '\0';
	return buffer;
}

/* getcwd(3) of some libcs brings all of malloc along. */
static bool read_working_directory(char *buffer, size_t size)
{
	return syscall(SYS_getcwd, buffer, size) > 0;
}

static void explain_search_permission(struct line *reason, const char *directory)
{
	char working_directory[PATH_MAX];
	struct stat status;
	char mode[MODE_SIZE];

	/* Its name tells more than a dot, and its mode can be looked at only from above. */
	if (strcmp(directory, ".") == 0 &&
		read_working_directory(working_directory, sizeof(working_directory)))
		directory = working_directory;
	if (stat(directory, &status) < 0) {
		line_format(reason, "no permission to search '%s'", directory);
		return;
	}
	line_format(reason, "no permission to search '%s' (mode %s, owner %u:%u, running as %u:%u)",
		directory, format_mode(status.st_mode, mode), status.st_uid, status.st_gid,
		geteuid(), getegid());
}

/* False if nothing is to be seen that would keep us from executing the file. */
static bool explain_refusal(struct line *reason, const char *path, const struct stat *status)
{
	struct statvfs file_system;
	char mode[MODE_SIZE];

	/* A file that nobody may execute could not be run from another file system either. */
	if ((status->st_mode & 0111) != 0 && statvfs(path, &file_system) == 0 &&
		(file_system.f_flag & ST_NOEXEC) != 0) {
		line_format(reason, "its file system is mounted noexec; move it to another");
		return true;
	}
	if (access(path, X_OK) == 0)
		return false;
	line_format(reason,
		"no permission to execute it (mode %s, owner %u:%u, running as %u:%u); chmod "
		"a+x it",
		format_mode(status->st_mode, mode), status->st_uid, status->st_gid, geteuid(),
		getegid());
	return true;
}

/* vfs_cap_data of linux/capability.h: flags, and the lower and the upper halves of two sets. */
#define CAPABILITY_DATA_SIZE 20
#define CAPABILITY_EFFECTIVE 1
#define CAPABILITIES         64

static bool is_permitted(const unsigned char data[CAPABILITY_DATA_SIZE], unsigned int capability)
{
	size_t set = capability < 32 ? 4 : 12;

	return (data[set + capability % 32 / 8] >> capability % 8 & 1) != 0;
}

/*
 * Whether the file is to have a capability that the bounding set lacks, for which exec fails:
 * capabilities(7), "Safety checking for capability-dumb binaries".
 */
static bool has_forbidden_capability(const char *path)
{
	unsigned char data[CAPABILITY_DATA_SIZE + 4]; /* and a user namespace's owner */
	ssize_t size = getxattr(path, "security.capability", data, sizeof(data));

	if (size < CAPABILITY_DATA_SIZE || (data[0] & CAPABILITY_EFFECTIVE) == 0)
		return false;
	for (unsigned int capability = 0; capability < CAPABILITIES; capability++) {
		if (is_permitted(data, capability) &&
			prctl(PR_CAPBSET_READ, (unsigned long)capability, 0UL, 0UL, 0UL) == 0)
			return true;
	}
	return false;
}

static bool explain_capabilities(struct line *reason, const char *path)
{
	if (!has_forbidden_capability(path))
		return false;
	line_format(reason,
		"it has file capabilities that are not allowed here; allow them (--cap-add) or "
		"remove them (setcap -r)");
	return true;
}

/* --- a path that leads nowhere --- */

static void explain_missing(struct line *reason, const char *path, const char *part)
{
	char directory[PATH_MAX];

	/* A relative path may have led to an absolute part, by a link. */
	if (strcmp(path, part) == 0 && part[0] == '/')
		line_format(reason, "no such file");
	else if (part[0] == '/' || !read_working_directory(directory, sizeof(directory)))
		line_format(reason, "no such file: there is no '%s'", part);
	else
		line_format(reason, "no such file: there is no '%s' in the working directory '%s'",
			part, directory);
}

/* False where the fault is none that explains the error. */
static bool explain_way(struct line *reason, const char *path, int error)
{
	struct exec_path way;

	exec_path_follow(path, &way);
	switch (way.fault) {
	case EXEC_PATH_FAULT_MISSING:
		explain_missing(reason, path, way.part);
		return error == ENOENT;
	case EXEC_PATH_FAULT_DANGLING_LINK:
		line_format(
			reason, "'%s' is a link to '%s', which does not exist", way.link, way.part);
		return error == ENOENT;
	case EXEC_PATH_FAULT_NO_DIRECTORY:
		line_format(reason, "'%s' is not a directory", way.part);
		return error == ENOTDIR;
	case EXEC_PATH_FAULT_NOT_SEARCHABLE:
		explain_search_permission(reason, way.part);
		return error == EACCES;
	case EXEC_PATH_FAULT_LOOP:
		line_format(reason, "'%s' is one of a loop of links", way.link);
		return error == ELOOP;
	case EXEC_PATH_FAULT_NONE:
	case EXEC_PATH_FAULT_OTHER:
		return false;
	}
	return false;
}

/* --- one file, and what it needs --- */

static void explain_kind(struct line *reason, mode_t mode)
{
	if (S_ISDIR(mode))
		line_format(reason, "it is a directory");
	else
		line_format(reason, "it is a device, a pipe or a socket");
}

/* What can be said without looking into the file; false where that is nothing. */
static bool explain_outside(
	struct line *reason, const char *path, const struct stat *status, int error)
{
	switch (error) {
	case EACCES:
		if (S_ISREG(status->st_mode))
			return explain_refusal(reason, path, status);
		explain_kind(reason, status->st_mode);
		return true;
	case EPERM:
		return explain_capabilities(reason, path);
	default:
		return false;
	}
}

/* As exec_content_explain, but from the way to the file on. */
static enum exec_verdict explain_one(struct line *reason, struct exec_subject *subject)
{
	struct stat status;

	if (stat(subject->path, &status) < 0)
		return explain_way(reason, subject->path, subject->error)
			? EXEC_VERDICT_EXPLAINED
			: EXEC_VERDICT_UNEXPLAINED;
	if (explain_outside(reason, subject->path, &status, subject->error))
		return EXEC_VERDICT_EXPLAINED;
	if (!S_ISREG(status.st_mode))
		return EXEC_VERDICT_UNEXPLAINED;
	return exec_content_explain(reason, subject);
}

bool exec_file_explain(struct line *reason, const char *path, int error)
{
	struct exec_subject subject = {.error = error};
	size_t length = reason->length;
	bool was_cut = reason->cut;

	if (strlen(path) >= sizeof(subject.path))
		return false;
	strcpy(subject.path, path);
	for (int depth = 0; depth <= INTERPRETERS_MAX; depth++) {
		switch (explain_one(reason, &subject)) {
		case EXEC_VERDICT_UNEXPLAINED:
			return false;
		case EXEC_VERDICT_EXPLAINED:
			return true;
		case EXEC_VERDICT_GO_ON:
			break;
		}
	}
	reason->length = length; /* the same names over and over say no more */
	reason->cut = was_cut;
	line_format(reason, "too many scripts are each other's interpreters");
	return subject.error == ELOOP;
}

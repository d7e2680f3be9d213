/* Makes a sentence of the errno of a failed start. One errno can mean many things (ENOENT: the
 * file, its interpreter or its loader is missing), so this looks at the file, and then at what that
 * needs to run. An explain_ function appends what it has to insert and returns the sentence's end,
 * or NULL if it sees nothing that explains the error; what it has appended is of no use then. */
#include "diagnosis/exec_failure.h"

#include "base/error_text.h"
#include "base/file.h"
#include "base/text.h"
#include "command/exec_image.h"
#include "diagnosis/exec_elf.h"
#include <errno.h>
#include <sys/xattr.h>

#define INTERPRETERS_MAX 5 /* as many as the kernel follows: exec_binprm of fs/exec.c */
#define TEXT_SIZE        1024

/* What is looked at: the command's file, and after it what is to run that. */
struct subject {
	int error; /* execve(2)'s, or what it would be for this file */
	char path[PATH_MAX];
};

/* The end of a sentence that has been appended as a whole, or that goes on with the next file. */
static const char complete[] = "";
static const char next_file[] = "";

static bool exists(const char *path)
{
	struct stat status;

	/* A link that leads nowhere does, and there is more to say of it. */
	return file_status(path, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

static const char *explain_refusal(
	struct line *reason, const char *verb, const char *path, const struct stat *status)
{
	const unsigned int mode = status->st_mode;

	line_format(reason,
		"no permission to %s '%s' (mode 0%u%u%u, owner %u:%u, running as %u:%u)", verb,
		path, mode >> 6 & 7, mode >> 3 & 7, mode & 7, status->st_uid, status->st_gid,
		geteuid(), getegid());
	if ((mode & 0111) == 0111) return "; an ACL or a security module may deny it";
	return "; allow it with chmod +x";
}

/* Cuts the path off after the first part that cannot be looked up, with errno. Returns where its
 * name begins, and the status of its directory; NULL if there is no such part. */
static char *cut_at_fault(char *path, struct stat *ret_directory)
{
	char *start = path;

	for (char *end = path;; end++) {
		const char next = *end;

		if (end > path && end[-1] != '/' && next != '\0') continue;
		*end = '\0';
		if (file_status(path, ret_directory, AT_EMPTY_PATH) < 0) {
			if (end > start + 1 && end[-1] == '/') end[-1] = '\0';
			return start;
		}
		*end = next;
		if (next == '\0') return NULL;
		start = end;
	}
}

/* If the part at fault is a link, the fault is in where that leads. */
static const char *explain_path(struct line *reason, char *path)
{
	char text[TEXT_SIZE];
	struct stat directory;
	const char *end = complete;
	char *start;
	int error;

	for (;;) {
		ssize_t length = -1;

		start = cut_at_fault(path, &directory);
		if (start == NULL) return NULL;
		error = errno;
		if (error == ENOENT || error == EACCES)
			length = readlink(path, text, sizeof(text) - 1);
		if (length < 0 || start + length >= path + PATH_MAX) break;
		text[length] = '\0';
		line_format(reason, "'%s' is a link to '%s': ", path, text);
		memcpy(text[0] == '/' ? path : start, text, (size_t)length + 1);
	}
	if (error == ENOENT) {
		line_format(reason, "no such file: there is no '%s'", path);
	} else if (error == ENOTDIR) {
		line_format(reason, "'%s' is not a directory", path);
	} else if (error == EACCES) {
		start[start > path + 1 ? -1 : 0] = '\0';
		end = explain_refusal(reason, "search", start == path ? "." : path, &directory);
	} else {
		line_format(reason, "cannot look up '%s': %s", path, error_text(error));
	}
	if (*path != '/' && syscall(SYS_getcwd, text, sizeof(text)) > 0)
		line_format(reason, "; the working directory is '%s'", text);
	return end;
}

/* Of a file that the kernel answers with ENOEXEC. */
static const char *problem_of(enum exec_image image)
{
	switch (image) {
	case EXEC_IMAGE_EMPTY: return "it is an empty file";
	case EXEC_IMAGE_BYTE_ORDER_MARK:
		return "it begins with a byte-order mark; save it as UTF-8 without one";
	case EXEC_IMAGE_MACH_O: return "it was built for macOS; build it for Linux";
	case EXEC_IMAGE_DOS: return "it was built for Windows; build it for Linux";
	case EXEC_IMAGE_TEXT:
		return "it is text without a '#!' line and needs a /bin/sh that works; begin it with "
		       "'#!' and its interpreter";
	case EXEC_IMAGE_SCRIPT: /* without an interpreter */
		return "its '#!' line names no interpreter, or has more than 255 bytes";
	case EXEC_IMAGE_BINARY:
	case EXEC_IMAGE_ELF: break;
	}
	return "it is neither a program nor a script";
}

static const char *explain_missing_loader(struct line *reason, const char *path)
{
	const char *name = strrchr(path, '/');
	const char *image = "one that has it";

	if (name != NULL && text_begins(name, "/ld-musl-"))
		image = "one with musl, such as Alpine";
	else if (name != NULL && text_begins(name, "/ld"))
		image = "one with glibc, such as Debian";
	line_format(reason, "its loader '%s' is not in this image; use %s, or link it statically",
		path, image);
	return complete;
}

static const char *explain_elf(struct line *reason, const char *bytes, size_t length, int error)
{
	const struct exec_elf_machine *here = exec_elf_own_machine();
	const struct exec_elf_machine *there =
		length < sizeof(Elf32_Ehdr) ? here : exec_elf_machine(bytes);

	/* The kernel itself may run a family's other machine; then ENOENT is not of binfmt_misc. */
	if (there != here && (error == ENOEXEC || there->family != here->family)) {
		line_format(reason, "it was built for %s (%s), but this machine is %s (%s)",
			there->name, there->platform, here->name, here->platform);
		line_format(reason, "%s; build or pull it for linux/%s",
			error == ENOENT
				? "; the interpreter that binfmt_misc names for it is missing"
				: "",
			here->platform);
		return complete;
	}
	if (error == ENOEXEC)
		return "it is a damaged or incomplete program; copy or build it again";
	return NULL;
}

/* Of the file that a script or a program needs to run. */
static const char *explain_needed(
	struct line *reason, struct subject *subject, bool is_loader, const char *path)
{
	if (!exists(path) && is_loader) return explain_missing_loader(reason, path);
	if (!exists(path)) {
		if (path[strlen(path) - 1] == '\r')
			return "its '#!' line ends in a carriage return; save it with Unix line endings";
		line_format(reason,
			"its interpreter '%s' does not exist; install it or correct the '#!' line",
			path);
		return complete;
	}
	/* What the kernel says of a loader that is none: load_elf_binary of fs/binfmt_elf.c. */
	if (is_loader && (subject->error == ELIBBAD || subject->error == EIO))
		subject->error = ENOEXEC;
	line_format(
		reason, "its %s '%s' cannot be run: ", is_loader ? "loader" : "interpreter", path);
	memcpy(subject->path, path, strlen(path) + 1);
	return next_file;
}

static const char *explain_content(struct line *reason, struct subject *subject)
{
	char bytes[EXEC_IMAGE_BYTES + 1];
	int fd = file_open(subject->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ssize_t length = pread(fd, bytes, EXEC_IMAGE_BYTES, 0);
	const char *needed = NULL;
	const char *end = NULL;
	enum exec_image image;

	if (length < 0) {
		line_format(reason,
			"%s, perhaps for what is in the file; make it readable to see more",
			error_text(subject->error));
		return complete;
	}
	image = exec_image_classify(bytes, (size_t)length);
	if (image == EXEC_IMAGE_SCRIPT) {
		end = problem_of(image);
		needed = exec_image_find_interpreter(bytes, (size_t)length);
	} else if (image == EXEC_IMAGE_ELF) {
		end = explain_elf(reason, bytes, (size_t)length, subject->error);
		if (end == NULL && exec_elf_read_loader(fd, bytes, sizeof(bytes))) needed = bytes;
	} else if (subject->error == ENOEXEC) {
		end = problem_of(image);
	}
	(void)close(fd); /* read-only: nothing to lose */
	if (needed != NULL) end = explain_needed(reason, subject, image == EXEC_IMAGE_ELF, needed);
	return end;
}

static const char *explain_file(struct line *reason, struct subject *subject)
{
	const char *path = subject->path;
	const int error = subject->error;
	const char *end = NULL;
	struct stat status;

	if (file_status(path, &status, 0) < 0) return explain_path(reason, subject->path);
	if (error == EACCES && S_ISDIR(status.st_mode)) return "it is a directory";
	if (error == EACCES && !S_ISREG(status.st_mode))
		return "it is a device, a pipe or a socket";
	/* A file without any x could not be run from another file system either. */
	if (error == EACCES && (status.st_mode & 0111) != 0 && file_is_noexec(path))
		return "its file system is mounted noexec; move it to another";
	if (error == EPERM && getxattr(path, "security.capability", NULL, 0) > 0)
		return "its file capabilities are not allowed here; allow them with --cap-add or "
		       "remove them with setcap -r";
	if (error != EACCES || access(path, X_OK) == 0) end = explain_content(reason, subject);
	if (error == EACCES && end == NULL) end = explain_refusal(reason, "execute", path, &status);
	return end;
}

/* What an error means for any file; NULL if that depends on the file. */
static const char *meaning_of(const struct exec_failure *failure, const char *name)
{
	if (*name == '\0') return "its name is empty";
	switch (failure->error) {
	case E2BIG:
		return "arguments and environment are too long; shorten them or raise 'ulimit -s'";
	case ETXTBSY:
		return "it, its interpreter or its loader is open for writing; close it first";
	case ENOMEM:
		if (failure->step == EXEC_FAILURE_AT_EXEC) return "out of memory";
		/* pid_namespaces(7) */
		return "out of memory, or the first process of its PID namespace has ended";
	case EAGAIN:
		return "no more processes are allowed; raise 'ulimit -u' or the cgroup's pids.max";
	default: return NULL;
	}
}

/* Finds the first file in PATH that the error may be of, or else a directory that could not be
 * looked into. False if there is neither. */
static bool find_in_path(
	struct exec_explanation *explanation, const char *name, char *const *envp, int error)
{
	struct line *reason = &explanation->reason;
	const char *path = explanation->path;
	const char *hidden = NULL;
	struct exec_search search;
	const char *list;
	const char *entry;

	exec_search_start(&search, name, envp, explanation->path);
	for (list = entry = search.entry; exec_search_next(&search) != NULL; entry = search.entry) {
		/* Else execve(2) has failed for another reason, and the search went on. */
		if (access(path, X_OK) == 0 || (errno == error && exists(path))) {
			explanation->name = path;
			return true;
		}
		if (errno == error && error != ENOENT && hidden == NULL) hidden = entry;
	}
	line_format(reason, "not found in PATH (%s)", list);
	search.entry = hidden;
	if (exec_search_next(&search) == NULL) return false;
	line_format(reason, "; part of PATH cannot be searched: ");
	return true;
}

static const char *explain_name(
	struct exec_explanation *explanation, const char *name, char *const *envp, int error)
{
	struct subject subject;
	const char *end = next_file;
	size_t size;

	if (text_find(name, '/') == NULL) {
		if (!find_in_path(explanation, name, envp, error))
			return error == ENOENT ? complete : NULL;
		name = explanation->path;
	}
	size = strlen(name) + 1;
	if (size > sizeof(subject.path)) return NULL;
	memcpy(subject.path, name, size);
	subject.error = error;
	for (int depth = 0; end == next_file && depth <= INTERPRETERS_MAX; depth++)
		end = explain_file(&explanation->reason, &subject);
	return end == next_file ? NULL : end;
}

void exec_failure_explain(const struct exec_failure *failure, char *const *argv, char *const *envp,
	struct exec_explanation *ret_explanation)
{
	struct line *reason = &ret_explanation->reason;
	const char *name = argv[0];
	const char *end;

	line_start(reason);
	ret_explanation->name = name;
	end = meaning_of(failure, name);
	if (end == NULL && failure->step == EXEC_FAILURE_AT_EXEC)
		end = explain_name(ret_explanation, name, envp, failure->error);
	if (end == NULL) {
		line_start(reason);
		end = error_text(failure->error);
	}
	line_format(reason, "%s", end);
	if (failure->error == ENOENT && text_find(name, ' ') != NULL && !exists(name))
		line_format(
			reason, "; its name has a space in it; write arguments as separate words");
}

/* Status 127 and not 126, as with dash(1): the path leads nowhere. */
bool exec_failure_is_not_found(const struct exec_failure *failure)
{
	return failure->step == EXEC_FAILURE_AT_EXEC &&
		(failure->error == ENOENT || failure->error == ENOTDIR || failure->error == ELOOP ||
			failure->error == ENAMETOOLONG);
}

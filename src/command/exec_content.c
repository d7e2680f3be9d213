/*
 * Says what is wrong inside of a file, or what else it needs that may be at fault. The file itself
 * may be executed: command/exec_file.c has seen to that.
 */
#include "command/exec_content.h"

#include "command/exec_elf.h"
#include "command/exec_image.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Program headers of more bytes than this are read so far; the loader's is one of the first. */
#define HEADERS_SIZE 4096

/* A link that leads nowhere does, and there is more to say of it. */
static bool exists(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0 || errno != ENOENT;
}

static enum exec_verdict explain_bad_line(struct line *reason, enum exec_script problem, int error)
{
	/* Where the file ends first, the kernel takes an empty name: the working directory. */
	if (problem == EXEC_SCRIPT_WITHOUT_INTERPRETER && (error == ENOEXEC || error == EACCES))
		line_format(reason, "its '#!' line names no interpreter");
	else if (problem == EXEC_SCRIPT_TOO_LONG && error == ENOEXEC)
		line_format(reason, "its '#!' line is too long for the kernel");
	else
		return EXEC_VERDICT_UNEXPLAINED;
	return EXEC_VERDICT_EXPLAINED;
}

static enum exec_verdict look_at_script(struct line *reason, const unsigned char *bytes,
	size_t length, struct exec_subject *subject)
{
	const unsigned char *name = NULL;
	size_t name_length = 0;
	enum exec_script script = exec_image_find_interpreter(bytes, length, &name, &name_length);

	if (script != EXEC_SCRIPT_OK)
		return explain_bad_line(reason, script, subject->error);
	memcpy(subject->path, name, name_length); /* at most EXEC_IMAGE_BYTES */
	subject->path[name_length] = '\0';
	if (subject->error != ENOENT || exists(subject->path)) {
		line_format(reason, "its interpreter '%s' cannot be run: ", subject->path);
		return EXEC_VERDICT_GO_ON;
	}
	if (subject->path[name_length - 1] == '\r')
		line_format(reason,
			"its '#!' line ends in a carriage return; save it with Unix line ends");
	else if (*subject->path != '/')
		line_format(reason,
			"its interpreter '%s' is not in the working directory; put its whole path "
			"in the '#!' line",
			subject->path);
	else
		line_format(reason,
			"its interpreter '%s' does not exist; install it or correct the '#!' line",
			subject->path);
	return EXEC_VERDICT_EXPLAINED;
}

/* Whose loader it is, by its name. */
static void explain_missing_loader(struct line *reason, const char *loader)
{
	const char *slash = strrchr(loader, '/');
	const char *name = slash == NULL ? loader : slash + 1;

	if (strncmp(name, "ld-musl-", 8) == 0)
		line_format(reason,
			"its loader '%s' is not in this image; it was built for musl, as on "
			"Alpine: use such an image or link it statically",
			loader);
	else if (strncmp(name, "ld-linux", 8) == 0 || strncmp(name, "ld64.so.", 8) == 0 ||
		strcmp(name, "ld.so.1") == 0)
		line_format(reason,
			"its loader '%s' is not in this image; it was built for glibc, as on "
			"Debian: use such an image or link it statically",
			loader);
	else
		line_format(reason,
			"its loader '%s' is not in this image; install it or link the program "
			"statically",
			loader);
}

/* The path in PT_INTERP; false where there is none, or none that the kernel would take. */
static bool read_loader(int fd, const struct exec_elf *elf, char ret_path[PATH_MAX])
{
	unsigned char headers[HEADERS_SIZE];
	size_t size = elf->headers_size < sizeof(headers) ? elf->headers_size : sizeof(headers);
	ssize_t length = pread(fd, headers, size, (off_t)elf->headers_offset);
	uint64_t offset;
	uint64_t path_size;

	if (length < 0 ||
		!exec_elf_find_loader(elf, headers, (size_t)length, &offset, &path_size) ||
		path_size < 2 || path_size > PATH_MAX)
		return false;
	length = pread(fd, ret_path, (size_t)path_size, (off_t)offset);
	return length == (ssize_t)path_size && ret_path[0] != '\0' && ret_path[length - 1] == '\0';
}

static void explain_machine(
	struct line *reason, const struct exec_elf *elf, const struct exec_elf *own)
{
	const char *here = exec_elf_machine_name(own);
	const char *name = exec_elf_machine_name(elf);

	if (here == NULL)
		here = "another";
	if (name != NULL)
		line_format(reason,
			"it is a program for %s, and this machine runs %s; build or pull it for this "
			"one",
			name, here);
	else
		line_format(reason,
			"it is a program for machine number %u, and this machine runs %s",
			elf->machine, here);
}

/* What the kernel does not take for a program. */
static void explain_bad_elf(struct line *reason, const struct exec_elf *elf)
{
	/* Where the linker puts the first bytes of this very program: ld(1). */
	/* NOLINTNEXTLINE(bugprone-reserved-identifier): the linker's name for it */
	extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));
	struct exec_elf own = {.machine = EM_NONE};

	/* Cannot fail: this program runs. */
	(void)exec_elf_read((const unsigned char *)&__ehdr_start, sizeof(__ehdr_start), &own);
	if (exec_elf_same_machine(elf, &own))
		line_format(reason, "it is for this machine, but damaged or not a whole program");
	else
		explain_machine(reason, elf, &own);
}

/*
 * Of a loader that is no program for this machine the kernel says ELIBBAD, and EIO of one that has
 * no room for an ELF header: load_elf_binary of fs/binfmt_elf.c.
 */
static int error_of_loader(int error, const char *path)
{
	struct stat status;

	if (error == ELIBBAD ||
		(error == EIO && stat(path, &status) == 0 &&
			status.st_size < (off_t)sizeof(ElfW(Ehdr))))
		return ENOEXEC;
	return error;
}

static enum exec_verdict look_at_loader(
	struct line *reason, int fd, const struct exec_elf *elf, struct exec_subject *subject)
{
	if (!read_loader(fd, elf, subject->path))
		return EXEC_VERDICT_UNEXPLAINED;
	if (subject->error == ENOENT && !exists(subject->path)) {
		explain_missing_loader(reason, subject->path);
		return EXEC_VERDICT_EXPLAINED;
	}
	subject->error = error_of_loader(subject->error, subject->path);
	line_format(reason, "its loader '%s' cannot be run: ", subject->path);
	return EXEC_VERDICT_GO_ON;
}

static enum exec_verdict look_at_elf(struct line *reason, int fd, const unsigned char *bytes,
	size_t length, struct exec_subject *subject)
{
	struct exec_elf elf;
	bool is_whole = exec_elf_read(bytes, length, &elf);

	if (subject->error != ENOEXEC)
		return is_whole ? look_at_loader(reason, fd, &elf, subject)
				: EXEC_VERDICT_UNEXPLAINED;
	if (is_whole)
		explain_bad_elf(reason, &elf);
	else
		line_format(reason, "it is a damaged program");
	return EXEC_VERDICT_EXPLAINED;
}

/* A kind of file that is no program, which the kernel answers with ENOEXEC. */
static void explain_kind(struct line *reason, enum exec_image image)
{
	switch (image) {
	case EXEC_IMAGE_EMPTY:
		line_format(reason, "it is an empty file");
		break;
	case EXEC_IMAGE_BYTE_ORDER_MARK:
		line_format(
			reason, "it begins with a byte-order mark; save it as UTF-8 without one");
		break;
	case EXEC_IMAGE_MACH_O:
		line_format(reason, "it is a program for macOS; build it for Linux");
		break;
	case EXEC_IMAGE_DOS:
		line_format(reason, "it is a program for Windows; build it for Linux");
		break;
	case EXEC_IMAGE_TEXT:
		if (access("/bin/sh", F_OK) < 0)
			line_format(reason,
				"it is text without a '#!' line, and there is no "
				"/bin/sh to run it; begin it with '#!' and its interpreter");
		else
			line_format(reason,
				"it is text without a '#!' line, and /bin/sh cannot be run; begin "
				"it with '#!' and its interpreter");
		break;
	case EXEC_IMAGE_BINARY:
	case EXEC_IMAGE_SCRIPT:
	case EXEC_IMAGE_ELF:
		line_format(reason, "it is nothing that this kernel can run");
		break;
	}
}

static enum exec_verdict look_at_bytes(struct line *reason, int fd, struct exec_subject *subject)
{
	unsigned char bytes[EXEC_IMAGE_BYTES];
	ssize_t length = pread(fd, bytes, sizeof(bytes), 0);
	enum exec_image image;

	if (length < 0)
		return EXEC_VERDICT_UNEXPLAINED;
	image = exec_image_classify(bytes, (size_t)length);
	if (image == EXEC_IMAGE_SCRIPT)
		return look_at_script(reason, bytes, (size_t)length, subject);
	if (image == EXEC_IMAGE_ELF)
		return look_at_elf(reason, fd, bytes, (size_t)length, subject);
	if (subject->error != ENOEXEC)
		return EXEC_VERDICT_UNEXPLAINED;
	explain_kind(reason, image);
	return EXEC_VERDICT_EXPLAINED;
}

/* What can be said of a file that we may execute but not read. */
static enum exec_verdict explain_unreadable(struct line *reason, int error)
{
	if (error == ENOENT)
		line_format(reason,
			"its interpreter or loader does not exist; it cannot be read "
			"to say which");
	else if (error == ENOEXEC || error == ELIBBAD)
		line_format(reason,
			"it is nothing that this kernel can run; it cannot be read to "
			"say more");
	else
		return EXEC_VERDICT_UNEXPLAINED;
	return EXEC_VERDICT_EXPLAINED;
}

enum exec_verdict exec_content_explain(struct line *reason, struct exec_subject *subject)
{
	int fd = open(subject->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	enum exec_verdict verdict;

	if (fd < 0)
		return explain_unreadable(reason, subject->error);
	verdict = look_at_bytes(reason, fd, subject);
	(void)close(fd); /* read-only: nothing to lose */
	return verdict;
}

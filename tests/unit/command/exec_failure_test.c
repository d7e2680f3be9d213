#include "command/exec_failure.h"

#include "command/exec_search.h"
#include "unit/support.h"

#include <elf.h>
#include <endian.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <link.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define HIGHEST_ERRNO 133
#define ANOTHER_ID    65534

/* --- the status --- */

/* A path that leads to nothing. */
static bool leads_to_nothing(int error)
{
	return error == ENOENT || error == ENOTDIR || error == ELOOP || error == ENAMETOOLONG;
}

static void an_exec_that_led_to_nothing_is_not_found_and_no_other_is(void **state)
{
	(void)state;
	for (int error = 1; error <= HIGHEST_ERRNO; error++) {
		const struct exec_failure failure = {EXEC_FAILURE_AT_EXEC, error};

		if (exec_failure_is_not_found(&failure) != leads_to_nothing(error))
			fail_msg("exec failed with \"%s\": expected %s", strerror(error),
				leads_to_nothing(error) ? "not found" : "cannot run");
	}
}

static void a_process_that_could_not_be_made_is_never_not_found(void **state)
{
	(void)state;
	for (int error = 1; error <= HIGHEST_ERRNO; error++) {
		const struct exec_failure failure = {EXEC_FAILURE_AT_CLONE, error};

		if (exec_failure_is_not_found(&failure))
			fail_msg("clone failed with \"%s\": expected cannot run", strerror(error));
	}
}

/* --- a zoo of what cannot be run --- */

/* In paths, contents, targets and reasons @ stands for the test's directory, % for its UID:GID. */
struct file {
	const char *path; /* with a slash at the end a directory */
	const char *bytes;
	size_t length;
	mode_t mode;
};

#define BYTES(text) text, sizeof(text) - 1

/* clang-format off */
static const struct file files[] = {
	{"dir/", NULL, 0, 0755},
	{"second/", NULL, 0, 0755},
	{"mount/", NULL, 0, 0755},
	{"closed/", NULL, 0, 0700},
	{"closed/script", BYTES("#!/bin/sh\n"), 0755},
	{"refused", BYTES("#!/bin/sh\n"), 0644},
	{"refused-to-others", BYTES("#!/bin/sh\n"), 0744},
	{"second/refused", BYTES("#!/bin/sh\n"), 0600},
	{"empty", BYTES(""), 0755},
	{"second/empty", BYTES(""), 0755},
	{"utf8-mark", BYTES("\xef\xbb\xbf#!/bin/sh\n"), 0755},
	{"utf16-mark", BYTES("\xff\xfe#\0!\0"), 0755},
	{"carriage-return", BYTES("#!/bin/sh\r\n"), 0755},
	{"no-name", BYTES("#!\n"), 0755},
	{"no-name-blanks", BYTES("#! \t \n:\n"), 0755},
	{"no-name-no-line-end", BYTES("#!"), 0755},
	{"no-interpreter", BYTES("#!@/nothing -e\n"), 0755},
	{"second/no-interpreter", BYTES("#!@/nothing\n"), 0755},
	{"no-interpreter-unreadable", BYTES("#!@/nothing\n"), 0711},
	{"no-directory-of-interpreter", BYTES("#!@/refused/sh\n"), 0755},
	{"interpreter-refused", BYTES("#!@/refused\n"), 0755},
	{"interpreter-is-directory", BYTES("#!@/dir\n"), 0755},
	{"interpreter-dangles", BYTES("#!@/dangling\n"), 0755},
	{"interpreter-loops", BYTES("#!@/loop\n"), 0755},
	{"interpreter-is-empty", BYTES("#!@/empty\n"), 0755},
	{"interpreter-is-script-without-one", BYTES("#!@/no-interpreter\n"), 0755},
	{"interpreter-in-closed-directory", BYTES("#!@/closed/script\n"), 0755},
	{"interpreter-is-itself", BYTES("#!@/interpreter-is-itself\n"), 0755},
	{"interpreter-is-relative", BYTES("#!nothing\n"), 0755},
	{"mach-o", BYTES("\xcf\xfa\xed\xfe\7\0\0\1\3\0\0\0"), 0755},
	{"windows", BYTES("MZ\x90\0\3\0\0\0"), 0755},
	{"binary", BYTES("\1\2\0\3"), 0755},
	{"binary-unreadable", BYTES("\1\2\0\3"), 0711},
	{"text", BYTES("exit 0\n"), 0755},
	{"elf-mark", BYTES("\177ELF"), 0755},
	{"busy", BYTES("#!/bin/sh\n"), 0755},
	{"good", BYTES("#!/bin/sh\n"), 0755},
};

static const struct {
	const char *path;
	const char *target;
} links[] = {
	{"dangling", "nothing"}, {"dangling-absolute", "@/nothing"}, {"loop", "loop"},
	{"to-dir", "@/dir"}, {"second/dangling", "nothing"},
};
/* clang-format on */

enum program_fault {
	PROGRAM_IS_OBJECT,
	PROGRAM_IS_FOR_ANOTHER_MACHINE,
	PROGRAM_IS_FOR_UNKNOWN_MACHINE,
	PROGRAM_HAS_NO_LOADER,
};

/* ELF, as for this machine but for the fault; the loader that it names. */
static const struct {
	const char *path;
	enum program_fault fault;
	const char *loader;
} programs[] = {
	{"object", PROGRAM_IS_OBJECT, ""},
	{"another-machine", PROGRAM_IS_FOR_ANOTHER_MACHINE, ""},
	{"unknown-machine", PROGRAM_IS_FOR_UNKNOWN_MACHINE, ""},
	{"glibc", PROGRAM_HAS_NO_LOADER, "@/ld-linux-none.so.2"},
	{"glibc-ppc64", PROGRAM_HAS_NO_LOADER, "@/ld64.so.2"},
	{"glibc-mips", PROGRAM_HAS_NO_LOADER, "@/no-such/ld.so.1"},
	{"musl", PROGRAM_HAS_NO_LOADER, "@/ld-musl-none.so.1"},
	{"other-loader", PROGRAM_HAS_NO_LOADER, "@/loader"},
	{"loader-refused", PROGRAM_HAS_NO_LOADER, "@/refused"},
	{"loader-dangles", PROGRAM_HAS_NO_LOADER, "@/dangling"},
	{"loader-is-empty", PROGRAM_HAS_NO_LOADER, "@/empty"},
	{"loader-is-for-another-machine", PROGRAM_HAS_NO_LOADER, "@/another-machine"},
};

/* The machine of this test, and one that it is not, as users and the registry call them. */
#if defined(__x86_64__) && defined(__LP64__)
#define THIS_MACHINE "x86_64 (amd64)"
#elif defined(__aarch64__)
#define THIS_MACHINE "aarch64 (arm64)"
#endif
#define OTHER_NUMBER   EM_S390
#define OTHER_MACHINE  "s390x"
#define UNKNOWN_NUMBER 0xbeef

static char base[64];

static void expand(char *text, size_t size, const char *pattern, size_t count, size_t *ret_length)
{
	size_t length = 0;
	char ids[32];

	(void)snprintf(ids, sizeof(ids), "%u:%u", geteuid(), getegid());
	for (size_t i = 0; i < count; i++) {
		bool is_mark = pattern[i] == '@' || pattern[i] == '%';
		const char *piece = !is_mark ? pattern + i : pattern[i] == '@' ? base : ids;
		size_t added = is_mark ? strlen(piece) : 1;

		assert_true(length + added < size);
		memcpy(text + length, piece, added);
		length += added;
	}
	text[length] = '\0';
	*ret_length = length;
}

static const char *expanded(char *text, size_t size, const char *pattern)
{
	size_t length;

	expand(text, size, pattern, strlen(pattern), &length);
	return text;
}

static void path_in_base(char path[PATH_MAX], const char *name)
{
	(void)snprintf(path, PATH_MAX, "%s/%s", base, name);
}

static void write_file(const char *name, const void *bytes, size_t length, mode_t mode)
{
	char path[PATH_MAX];
	int fd;

	path_in_base(path, name);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, length), (ssize_t)length);
	assert_int_equal(fchmod(fd, mode), 0);
	assert_int_equal(close(fd), 0);
}

static void make_file(const struct file *file)
{
	char text[PATH_MAX];
	char path[PATH_MAX];
	size_t length;

	path_in_base(path, file->path);
	if (file->bytes == NULL) {
		assert_int_equal(mkdir(path, 0700), 0);
		assert_int_equal(chmod(path, file->mode), 0);
		return;
	}
	expand(text, sizeof(text), file->bytes, file->length, &length);
	write_file(file->path, text, length, file->mode);
}

static void make_program(const char *name, enum program_fault fault, const char *loader)
{
	/* Where the linker puts the header of this very program. */
	extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));
	struct {
		ElfW(Ehdr) header;
		ElfW(Phdr) loader;
		char path[PATH_MAX];
	} program = {.header = __ehdr_start};

	program.header.e_phoff = offsetof(__typeof__(program), loader);
	program.header.e_phnum = 1;
	program.loader.p_type = PT_INTERP;
	program.loader.p_offset = offsetof(__typeof__(program), path);
	program.loader.p_filesz =
		(ElfW(Word))strlen(expanded(program.path, sizeof(program.path), loader)) + 1;
	switch (fault) {
	case PROGRAM_IS_OBJECT:
		program.header.e_type = ET_REL;
		break;
	case PROGRAM_IS_FOR_ANOTHER_MACHINE:
		program.header.e_ident[EI_CLASS] = ELFCLASS64;
		program.header.e_ident[EI_DATA] = ELFDATA2MSB;
		program.header.e_machine = __builtin_bswap16(OTHER_NUMBER);
		break;
	case PROGRAM_IS_FOR_UNKNOWN_MACHINE:
		program.header.e_machine = UNKNOWN_NUMBER;
		break;
	case PROGRAM_HAS_NO_LOADER:
		break;
	}
	write_file(name, &program, sizeof(program), 0755);
}

static void make_pipe_and_long_line(void)
{
	char path[PATH_MAX];
	char line[300];

	path_in_base(path, "pipe");
	assert_int_equal(mkfifo(path, 0755), 0);
	memset(line, 'x', sizeof(line));
	memcpy(line, "#!/", 3);
	write_file("too-long", line, sizeof(line), 0755);
}

/* Capabilities are those of a program: a script's own do not count. */
static void make_copy(const char *program, const char *name)
{
	static char bytes[1 << 22]; /* the program may be a whole busybox */
	int fd = open(program, O_RDONLY | O_CLOEXEC);
	ssize_t length = read(fd, bytes, sizeof(bytes));

	assert_true(length > 0 && length < (ssize_t)sizeof(bytes));
	assert_int_equal(close(fd), 0);
	write_file(name, bytes, (size_t)length, 0755);
}

static int make_files(void **state)
{
	char target[PATH_MAX];
	char path[PATH_MAX];

	(void)state;
	/* Not under TMPDIR, whose directories another user may not be allowed to search. */
	(void)strcpy(base, "/tmp/whit-exec-failure-XXXXXX");
	assert_non_null(mkdtemp(base));
	assert_int_equal(chmod(base, 0755), 0);
	for (size_t i = 0; i < COUNT(files); i++)
		make_file(&files[i]);
	for (size_t i = 0; i < COUNT(links); i++) {
		path_in_base(path, links[i].path);
		assert_int_equal(
			symlink(expanded(target, sizeof(target), links[i].target), path), 0);
	}
	for (size_t i = 0; i < COUNT(programs); i++)
		make_program(programs[i].path, programs[i].fault, programs[i].loader);
	make_pipe_and_long_line();
	make_copy("/bin/true", "with-capabilities");
	return 0;
}

static void remove_file(const char *name)
{
	char path[PATH_MAX];

	path_in_base(path, name);
	assert_int_equal(remove(path), 0);
}

static int remove_files(void **state)
{
	(void)state;
	remove_file("pipe");
	remove_file("too-long");
	remove_file("with-capabilities");
	for (size_t i = 0; i < COUNT(programs); i++)
		remove_file(programs[i].path);
	for (size_t i = 0; i < COUNT(links); i++)
		remove_file(links[i].path);
	for (size_t i = COUNT(files); i-- > 0;)
		remove_file(files[i].path);
	assert_int_equal(rmdir(base), 0);
	return 0;
}

/* --- what is said of what really happened --- */

enum circumstance {
	PLAINLY,
	AS_ANOTHER_USER,
	WITHOUT_A_SHELL,    /* in an image that has none */
	WITHOUT_STDIN,      /* so that the file may be descriptor 0 */
	WITH_THE_FILE_OPEN, /* for writing */
	ON_A_NOEXEC_MOUNT,
	WITHOUT_A_CAPABILITY,      /* that the file has */
	WITHOUT_A_HIGH_CAPABILITY, /* of those that came later, in the other half of the set */
};

struct row {
	const char *name;
	int error;          /* what execve is to say */
	const char *reason; /* with @ */
	const char *path;   /* PATH; NULL: none */
	const char *found;  /* the name in the message; NULL: as it was given */
};

/* What the child has seen. */
struct outcome {
	bool has_returned;
	bool cannot_be_made; /* the circumstance, in this sandbox */
	int error;
	char name[PATH_MAX];
	char reason[LINE_SIZE + 1];
};

struct attempt {
	char name[PATH_MAX];
	char path[PATH_MAX];
	bool has_path;
	enum circumstance circumstance;
	struct outcome *outcome;
};

static bool become_another_user(void)
{
	return setgroups(0, NULL) == 0 && setresgid(ANOTHER_ID, ANOTHER_ID, ANOTHER_ID) == 0 &&
		setresuid(ANOTHER_ID, ANOTHER_ID, ANOTHER_ID) == 0;
}

static bool mount_noexec(void)
{
	return unshare(CLONE_NEWNS) == 0 &&
		/* In a chroot / may be no mount. */
		(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 || errno == EINVAL) &&
		mount("second", "mount", NULL, MS_BIND, NULL) == 0 &&
		mount("none", "mount", NULL, MS_REMOUNT | MS_BIND | MS_NOEXEC, NULL) == 0;
}

/* Permitted, in the form of capabilities(7), which is little-endian everywhere. */
static bool give_capability(const char *path, unsigned int capability, unsigned int flags)
{
	struct vfs_cap_data data = {.magic_etc = htole32(VFS_CAP_REVISION_2 | flags)};

	data.data[CAP_TO_INDEX(capability)].permitted = htole32(CAP_TO_MASK(capability));
	return setxattr(path, "security.capability", &data, sizeof(data), 0) == 0;
}

static bool give_and_take_capability(const char *path, unsigned int capability)
{
	return give_capability(path, capability, VFS_CAP_FLAGS_EFFECTIVE) &&
		prctl(PR_CAPBSET_DROP, (unsigned long)capability, 0UL, 0UL, 0UL) == 0;
}

static bool bring_about(enum circumstance circumstance, const char *path)
{
	switch (circumstance) {
	case PLAINLY:
		return true;
	case AS_ANOTHER_USER:
		return become_another_user();
	case WITHOUT_A_SHELL:
		return chroot(base) == 0;
	case WITHOUT_STDIN:
		return close(STDIN_FILENO) == 0;
	case WITH_THE_FILE_OPEN:
		return open(path, O_WRONLY | O_CLOEXEC) >= 0;
	case ON_A_NOEXEC_MOUNT:
		return mount_noexec();
	case WITHOUT_A_CAPABILITY:
		return give_and_take_capability(path, CAP_NET_RAW);
	case WITHOUT_A_HIGH_CAPABILITY:
		return give_and_take_capability(path, CAP_BLOCK_SUSPEND);
	}
	return false;
}

static void explain_in_child(struct complaint *complaint, const void *argument)
{
	const struct attempt *attempt = argument;
	struct outcome *outcome = attempt->outcome;
	struct exec_failure failure = {.step = EXEC_FAILURE_AT_EXEC};
	struct exec_explanation explanation;
	char before[] = "the word before";
	char name[PATH_MAX];
	char *words[] = {before, name, NULL};
	char *environment[] = {NULL};

	(void)strcpy(name, attempt->name);
	if (chdir(base) != 0 ||
		(attempt->has_path ? setenv("PATH", attempt->path, 1) : unsetenv("PATH")) != 0)
		complain(complaint, "chdir or PATH: %s", strerror(errno));
	if (!bring_about(attempt->circumstance, name)) {
		outcome->cannot_be_made = true;
		return;
	}
	exec_search_run(words + 1, environment);
	failure.error = errno;
	memset(&explanation, 0x55, sizeof(explanation));
	exec_failure_explain(&failure, words + 1, environment, &explanation);
	outcome->has_returned = true;
	outcome->error = failure.error;
	(void)snprintf(outcome->name, sizeof(outcome->name), "%s", explanation.name);
	(void)strcpy(outcome->reason, line_string(&explanation.reason));
}

static void expect_reason(const struct row *row, enum circumstance circumstance)
{
	struct attempt attempt = {.circumstance = circumstance, .has_path = row->path != NULL};
	struct outcome outcome;
	char expected[2 * PATH_MAX];

	(void)expanded(attempt.name, sizeof(attempt.name), row->name);
	if (attempt.has_path)
		(void)expanded(attempt.path, sizeof(attempt.path), row->path);
	attempt.outcome = shared_memory(sizeof(outcome));
	run_in_child(row->name, explain_in_child, &attempt);
	outcome = *attempt.outcome;
	(void)munmap(attempt.outcome, sizeof(*attempt.outcome));
	if (outcome.cannot_be_made) {
		print_message("skipped: the circumstances of this test cannot be had here\n");
		skip();
	}
	if (!outcome.has_returned)
		fail_msg("%s: expected \"%s\", but it runs", row->name, strerror(row->error));
	expect_errno(row->name, row->error, outcome.error);
	expect_text(row->name, expanded(expected, sizeof(expected), row->reason), outcome.reason);
	expect_text(row->name,
		expanded(expected, sizeof(expected), row->found == NULL ? row->name : row->found),
		outcome.name);
}

#define TEST(test_name, circumstance, ...)                                                         \
	static void test_name(void **state)                                                        \
	{                                                                                          \
		static const struct row rows[] = {__VA_ARGS__};                                    \
                                                                                                   \
		(void)state;                                                                       \
		for (size_t i = 0; i < COUNT(rows); i++)                                           \
			expect_reason(&rows[i], circumstance);                                     \
	}

/* clang-format off */
TEST(a_name_that_path_does_not_have_is_told_with_path, PLAINLY,
	{"nothing", ENOENT, "not found in PATH (@/dir:@/second)", "@/dir:@/second", NULL},
	{"nothing", ENOENT, "not found in the working directory; PATH is empty", "", NULL},
	{"whit-no-such", ENOENT, "not found in " EXEC_SEARCH_DEFAULT_PATH "; PATH is not set",
		NULL, NULL},
	{"", ENOENT, "its name is empty", "@", NULL})

TEST(what_path_leads_to_is_told_with_its_path, PLAINLY,
	{"refused", EACCES, "no permission to execute it (mode 0600, owner %, running as %); "
		"chmod a+x it", "@/dir:@/second", "@/second/refused"},
	{"no-interpreter", ENOENT, "its interpreter '@/nothing' does not exist; install it or "
		"correct the '#!' line", "@/nothing:@/second", "@/second/no-interpreter"},
	{"empty", ENOEXEC, "it is an empty file", "@/dir:@/second:@", "@/second/empty"},
	{"dangling", ENOENT, "'@/second/dangling' is a link to '@/second/nothing', which does not "
		"exist", "@/dir:@/second", "@/second/dangling"},
	{"dir", EACCES, "it is a directory", "@/second:@", "@/dir"},
	{"no-directory-of-interpreter", ENOENT, "its interpreter '@/refused/sh' cannot be run: "
		"'@/refused' is not a directory", "@:@/second", "@/no-directory-of-interpreter"})

TEST(a_directory_of_path_that_may_not_be_searched_is_told, AS_ANOTHER_USER,
	{"script", EACCES, "not found in PATH as far as it can be searched: "
		"no permission to search '@/closed' (mode 0700, owner %, running as "
		"65534:65534); PATH is @/dir:@/closed", "@/dir:@/closed", NULL},
	{"refused", EACCES, "no permission to execute it (mode 0644, owner %, running as "
		"65534:65534); chmod a+x it", "@/closed:@", "@/refused"},
	{"carriage-return", EACCES, "its '#!' line ends in a carriage return; save it with Unix "
		"line ends", "@/closed:@", "@/carriage-return"},
	{"no-interpreter", EACCES, "its interpreter '@/nothing' does not exist; install it or "
		"correct the '#!' line", "@/second:@/closed", "@/second/no-interpreter"})

TEST(a_path_that_leads_nowhere_is_told_with_what_is_missing, PLAINLY,
	{"@/nothing/at/all", ENOENT, "no such file: there is no '@/nothing'", NULL, NULL},
	{"/whit-no-such", ENOENT, "no such file", NULL, NULL},
	{"./nothing", ENOENT, "no such file: there is no './nothing' in the working directory '@'",
		NULL, NULL},
	{"dir/nothing/x", ENOENT, "no such file: there is no 'dir/nothing' in the working "
		"directory '@'", NULL, NULL},
	{"./to-dir/nothing", ENOENT, "no such file: there is no '@/dir/nothing'", NULL, NULL},
	{"@/dangling", ENOENT, "'@/dangling' is a link to '@/nothing', which does not exist",
		NULL, NULL},
	{"./dangling-absolute", ENOENT, "'./dangling-absolute' is a link to '@/nothing', which "
		"does not exist", NULL, NULL},
	{"@/refused/x", ENOTDIR, "'@/refused' is not a directory", NULL, NULL},
	{"@/good/", ENOTDIR, "'@/good' is not a directory", NULL, NULL},
	{"@/loop", ELOOP, "'@/loop' is one of a loop of links", NULL, NULL})

TEST(what_may_not_be_executed_is_told_with_its_mode_and_owner, PLAINLY,
	{"@/refused", EACCES, "no permission to execute it (mode 0644, owner %, running as %); "
		"chmod a+x it", NULL, NULL},
	{"@/dir", EACCES, "it is a directory", NULL, NULL},
	{"@/pipe", EACCES, "it is a device, a pipe or a socket", NULL, NULL})

TEST(another_user_is_told_who_he_is, AS_ANOTHER_USER,
	{"@/refused-to-others", EACCES, "no permission to execute it (mode 0744, owner %, "
		"running as 65534:65534); chmod a+x it", NULL, NULL},
	{"@/closed/script", EACCES, "no permission to search '@/closed' (mode 0700, owner %, "
		"running as 65534:65534)", NULL, NULL},
	{"@/interpreter-in-closed-directory", EACCES, "its interpreter '@/closed/script' cannot be "
		"run: no permission to search '@/closed' (mode 0700, owner %, running as "
		"65534:65534)", NULL, NULL})

TEST(of_a_file_that_cannot_be_read_it_is_told_what_is_known, AS_ANOTHER_USER,
	{"@/no-interpreter-unreadable", ENOENT, "its interpreter or loader does not exist; it "
		"cannot be read to say which", NULL, NULL},
	{"@/binary-unreadable", ENOEXEC, "it is nothing that this kernel can run; it cannot be "
		"read to say more", NULL, NULL})

TEST(what_is_wrong_with_a_script_is_told, PLAINLY,
	{"@/carriage-return", ENOENT, "its '#!' line ends in a carriage return; save it with Unix "
		"line ends", NULL, NULL},
	{"@/no-name", ENOEXEC, "its '#!' line names no interpreter", NULL, NULL},
	{"@/no-name-blanks", ENOEXEC, "its '#!' line names no interpreter", NULL, NULL},
	{"@/no-name-no-line-end", EACCES, "its '#!' line names no interpreter", NULL, NULL},
	{"@/too-long", ENOEXEC, "its '#!' line is too long for the kernel", NULL, NULL},
	{"@/utf8-mark", ENOEXEC, "it begins with a byte-order mark; save it as UTF-8 without one",
		NULL, NULL},
	{"@/utf16-mark", ENOEXEC, "it begins with a byte-order mark; save it as UTF-8 without one",
		NULL, NULL})

TEST(what_is_wrong_with_an_interpreter_is_told, PLAINLY,
	{"@/no-interpreter", ENOENT, "its interpreter '@/nothing' does not exist; install it or "
		"correct the '#!' line", NULL, NULL},
	{"@/no-directory-of-interpreter", ENOTDIR, "its interpreter '@/refused/sh' cannot be run: "
		"'@/refused' is not a directory", NULL, NULL},
	{"@/interpreter-refused", EACCES, "its interpreter '@/refused' cannot be run: no permission "
		"to execute it (mode 0644, owner %, running as %); chmod a+x it", NULL, NULL},
	{"@/interpreter-is-directory", EACCES, "its interpreter '@/dir' cannot be run: it is a "
		"directory", NULL, NULL},
	{"@/interpreter-dangles", ENOENT, "its interpreter '@/dangling' cannot be run: "
		"'@/dangling' is a link to '@/nothing', which does not exist", NULL, NULL},
	{"@/interpreter-loops", ELOOP, "its interpreter '@/loop' cannot be run: '@/loop' is one of "
		"a loop of links", NULL, NULL},
	{"@/interpreter-is-itself", ELOOP, "too many scripts are each other's interpreters", NULL,
		NULL},
	{"@/interpreter-is-relative", ENOENT, "its interpreter 'nothing' is not in the working "
		"directory; put its whole path in the '#!' line", NULL, NULL},
	{"@/interpreter-is-empty", ENOEXEC, "its interpreter '@/empty' cannot be run: it is an "
		"empty file", NULL, NULL},
	{"@/interpreter-is-script-without-one", ENOENT, "its interpreter '@/no-interpreter' cannot "
		"be run: its interpreter '@/nothing' does not exist; install it or correct the "
		"'#!' line", NULL, NULL})

TEST(what_is_in_a_file_is_told_with_stdin_closed_too, WITHOUT_STDIN,
	{"@/no-name", ENOEXEC, "its '#!' line names no interpreter", NULL, NULL},
	{"@/no-interpreter", ENOENT, "its interpreter '@/nothing' does not exist; install it or "
		"correct the '#!' line", NULL, NULL})

TEST(what_is_no_program_is_told, PLAINLY,
	{"@/empty", ENOEXEC, "it is an empty file", NULL, NULL},
	{"@/mach-o", ENOEXEC, "it is a program for macOS; build it for Linux", NULL, NULL},
	{"@/windows", ENOEXEC, "it is a program for Windows; build it for Linux", NULL, NULL},
	{"@/binary", ENOEXEC, "it is nothing that this kernel can run", NULL, NULL},
	{"@/elf-mark", ENOEXEC, "it is a damaged program", NULL, NULL},
	{"@/object", ENOEXEC, "it is for this machine, but damaged or not a whole program", NULL,
		NULL})

#ifdef THIS_MACHINE
TEST(a_program_for_another_machine_is_told_with_both, PLAINLY,
	{"@/another-machine", ENOEXEC, "it is a program for " OTHER_MACHINE ", and this machine runs "
		THIS_MACHINE "; build or pull it for this one", NULL, NULL},
	{"@/loader-is-for-another-machine", ELIBBAD, "its loader '@/another-machine' cannot be run: "
		"it is a program for " OTHER_MACHINE ", and this machine runs " THIS_MACHINE
		"; build or pull it for this one", NULL, NULL},
	{"@/unknown-machine", ENOEXEC, "it is a program for machine number 48879, and this machine "
		"runs " THIS_MACHINE, NULL, NULL})
#endif

TEST(a_missing_loader_is_told_with_whose_it_is, PLAINLY,
	{"@/glibc", ENOENT, "its loader '@/ld-linux-none.so.2' is not in this image; it was built "
		"for glibc, as on Debian: use such an image or link it "
		"statically", NULL, NULL},
	{"@/glibc-ppc64", ENOENT, "its loader '@/ld64.so.2' is not in this image; it was built for glibc, as on Debian: use such an image or link it "
		"statically", NULL, NULL},
	{"@/glibc-mips", ENOENT, "its loader '@/no-such/ld.so.1' is not in this image; it was built "
		"for glibc, as on Debian: use such an image or link it "
		"statically", NULL, NULL},
	{"@/musl", ENOENT, "its loader '@/ld-musl-none.so.1' is not in this image; it was built for musl, as on Alpine: use such an image or link it "
		"statically", NULL, NULL},
	{"@/other-loader", ENOENT, "its loader '@/loader' is not in this image; install it or "
		"link the program statically", NULL, NULL},
	{"@/loader-refused", EACCES, "its loader '@/refused' cannot be run: no permission to "
		"execute it (mode 0644, owner %, running as %); chmod a+x it", NULL, NULL},
	{"@/loader-is-empty", EIO, "its loader '@/empty' cannot be run: it is an empty file", NULL,
		NULL},
	{"@/loader-dangles", ENOENT, "its loader '@/dangling' cannot be run: '@/dangling' is a "
		"link to '@/nothing', which does not exist", NULL, NULL})

TEST(text_that_no_shell_can_run_is_told, WITHOUT_A_SHELL,
	{"/text", ENOEXEC, "it is text without a '#!' line, and there is no /bin/sh to run it; "
		"begin it with '#!' and its interpreter", NULL,
		NULL})

TEST(a_file_that_is_open_for_writing_is_told, WITH_THE_FILE_OPEN,
	{"@/busy", ETXTBSY, "it, its interpreter or its loader is open for writing; whatever writes it has to close it "
		"first", NULL, NULL})

TEST(a_noexec_mount_is_told_where_it_is_what_keeps_from_it, ON_A_NOEXEC_MOUNT,
	{"@/mount/no-interpreter", EACCES, "its file system is mounted noexec; move it to another", NULL,
		NULL},
	{"@/mount/refused", EACCES, "no permission to execute it (mode 0600, owner %, running as %); chmod a+x it", NULL, NULL})

TEST(capabilities_that_are_not_allowed_are_told, WITHOUT_A_CAPABILITY,
	{"@/with-capabilities", EPERM, "it has file capabilities that are not allowed here; allow "
		"them (--cap-add) or remove them (setcap -r)", NULL, NULL})
/* clang-format on */

TEST(high_capabilities_that_are_not_allowed_are_told, WITHOUT_A_HIGH_CAPABILITY,
	{"@/with-capabilities", EPERM,
		"it has file capabilities that are not allowed here; allow "
		"them (--cap-add) or remove them (setcap -r)",
		NULL, NULL})
/* clang-format on */

static void explain(int error, enum exec_failure_step step, char *name,
	struct exec_explanation *ret_explanation)
{
	const struct exec_failure failure = {step, error};
	char *words[] = {name, NULL};
	char *environment[] = {NULL};

	memset(ret_explanation, 0x55, sizeof(*ret_explanation));
	exec_failure_explain(&failure, words, environment, ret_explanation);
}

static void too_many_words_are_told_with_their_size(void **state)
{
	struct exec_explanation explanation;
	const struct exec_failure failure = {EXEC_FAILURE_AT_EXEC, E2BIG};
	char name[] = "/bin/true", word[] = "12345", variable[] = "A=1";
	char *words[] = {name, word, NULL};
	char *environment[] = {variable, variable, NULL};

	(void)state;
	exec_failure_explain(&failure, words, environment, &explanation);
	expect_text("E2BIG", "arguments and environment are too long (24 bytes)",
		line_string(&explanation.reason));
}

/* --- nothing is guessed --- */

/* A sentence, by words that no other has, and the errors that it explains. */
static const struct {
	const char *words;
	int errors[3]; /* of a loader ELIBBAD and EIO say what ENOEXEC says of the program */
} sentences[] = {
	{"not found in PATH (", {ENOENT}},
	{"no such file", {ENOENT}},
	{", which does not exist", {ENOENT}},
	{"' does not exist; install it", {ENOENT}},
	{"' is not in the working directory; put", {ENOENT}},
	{"as far as it can be searched: ", {EACCES}},
	{"line ends in a carriage return", {ENOENT}},
	{"is not in this image", {ENOENT}},
	{"its interpreter or loader does not exist", {ENOENT}},
	{"is not a directory", {ENOTDIR, ENOENT}}, /* the latter of a search in PATH */
	{"is one of a loop of links", {ELOOP}},
	{"too many scripts are each other's interpreters", {ELOOP}},
	{"no permission to search '", {EACCES}},
	{"no permission to execute it (", {EACCES}},
	{"its file system is mounted noexec", {EACCES}},
	{"it is a directory", {EACCES}},
	{"it is a device, a pipe or a socket", {EACCES}},
	{"line names no interpreter", {ENOEXEC, EACCES}},
	{"line is too long for the kernel", {ENOEXEC}},
	{"it is an empty file", {ENOEXEC, ELIBBAD, EIO}},
	{"it begins with a byte-order mark", {ENOEXEC, ELIBBAD, EIO}},
	{"it is text without a '#!' line", {ENOEXEC, ELIBBAD, EIO}},
	{"it is a program for ", {ENOEXEC, ELIBBAD, EIO}},
	{"it is a damaged program", {ENOEXEC, ELIBBAD, EIO}},
	{"it is for this machine, but damaged", {ENOEXEC, ELIBBAD, EIO}},
	{"it is nothing that this kernel can run", {ENOEXEC, ELIBBAD, EIO}},
	{"it has file capabilities", {EPERM}},
	{"arguments and environment are too long", {E2BIG}},
	{"it, its interpreter or its loader is open for writing", {ETXTBSY}},
	{"out of memory", {ENOMEM}},
	{"no more processes are allowed", {EAGAIN}},
};

/* What follows the last "cannot be run: ". */
static const char *end_of(const char *reason)
{
	static const char link[] = "' cannot be run: ";
	const char *next;

	while ((next = strstr(reason, link)) != NULL)
		reason = next + sizeof(link) - 1;
	return reason;
}

static void expect_no_guess(const char *name, int error, const char *reason)
{
	char word[128];

	(void)snprintf(word, sizeof(word), "%s", strerror(error));
	if (strcmp(reason, word) == 0)
		return;
	for (size_t i = 0; i < COUNT(sentences); i++) {
		if (strstr(end_of(reason), sentences[i].words) == NULL)
			continue;
		for (size_t j = 0; j < COUNT(sentences[i].errors); j++) {
			if (sentences[i].errors[j] == error)
				return;
		}
		fail_msg("%s: \"%s\" is said to be \"%s\"", name, word, reason);
	}
	fail_msg("%s, \"%s\": \"%s\" is in no row of the sentences", name, word, reason);
}

/* Whatever happened to whatever file: by its path and, where it is in the directory, by PATH. */
static void expect_no_guesses(const char *name)
{
	struct exec_explanation explanation;
	char path[PATH_MAX];
	char *last = path;

	path_in_base(path, name);
	while (strchr(last, '/') != NULL)
		last = strchr(last, '/') + 1;
	for (int error = 1; error <= HIGHEST_ERRNO; error++) {
		explain(error, EXEC_FAILURE_AT_EXEC, path, &explanation);
		expect_no_guess(name, error, line_string(&explanation.reason));
		if (*last != '\0')
			explain(error, EXEC_FAILURE_AT_EXEC, last, &explanation);
		expect_no_guess(name, error, line_string(&explanation.reason));
		explain(error, EXEC_FAILURE_AT_CLONE, path, &explanation);
		expect_no_guess(name, error, line_string(&explanation.reason));
		expect_text(name, path, explanation.name);
	}
}

static void whatever_the_error_nothing_is_said_that_does_not_explain_it(void **state)
{
	static const char *const paths[] = {"pipe", "too-long", "with-capabilities", "nothing",
		"nothing/x", "good/x", "loop/x", "dangling/x", "to-dir/x"};

	(void)state;
	assert_int_equal(setenv("PATH", base, 1), 0);
	for (size_t i = 0; i < COUNT(files); i++)
		expect_no_guesses(files[i].path);
	for (size_t i = 0; i < COUNT(links); i++)
		expect_no_guesses(links[i].path);
	for (size_t i = 0; i < COUNT(programs); i++)
		expect_no_guesses(programs[i].path);
	for (size_t i = 0; i < COUNT(paths); i++)
		expect_no_guesses(paths[i]);
}

/* A file of which nothing is wrong, as where a security module has refused it. */
static void of_a_good_file_the_system_s_word_is_told(void **state)
{
	static const int own[] = {E2BIG, ETXTBSY, ENOMEM, EAGAIN, ENOEXEC, ELIBBAD};
	struct exec_explanation explanation;
	char path[PATH_MAX];

	(void)state;
	path_in_base(path, "good");
	for (int error = 1; error <= HIGHEST_ERRNO; error++) {
		bool speaks_for_itself = false; /* or of what runs the script */

		for (size_t i = 0; i < COUNT(own); i++)
			speaks_for_itself = speaks_for_itself || error == own[i];
		explain(error, EXEC_FAILURE_AT_EXEC, path, &explanation);
		if (!speaks_for_itself)
			expect_text(path, strerror(error), line_string(&explanation.reason));
	}
}

/* Tried in a child, since it cannot be undone. False, said aloud, where we may not. */
static bool can_give_and_take_capabilities(void)
{
	char path[PATH_MAX];
	pid_t pid;

	path_in_base(path, "with-capabilities");
	pid = checked_fork();
	if (pid == 0)
		_exit(give_and_take_capability(path, CAP_NET_RAW) ? 0 : 1);
	if (wait_for(pid) == 0)
		return true;
	print_message("skipped: capabilities cannot be given and taken here\n");
	return false;
}

/* EPERM may be a security module's or a filter's. */
static void expect_capability_is_not_blamed(struct complaint *complaint, const void *argument)
{
	const unsigned int *flags = argument;
	struct exec_explanation explanation;
	char path[PATH_MAX];

	path_in_base(path, "with-capabilities");
	if (*flags == 0 && prctl(PR_CAPBSET_DROP, (unsigned long)CAP_NET_RAW, 0UL, 0UL, 0UL) < 0)
		complain(complaint, "dropping a capability: %s", strerror(errno));
	if (!give_capability(path, CAP_NET_RAW, *flags))
		complain(complaint, "setxattr: %s", strerror(errno));
	explain(EPERM, EXEC_FAILURE_AT_EXEC, path, &explanation);
	if (strcmp(strerror(EPERM), line_string(&explanation.reason)) != 0)
		complain(complaint, "%s", line_string(&explanation.reason));
}

static void capabilities_that_are_allowed_or_not_effective_are_not_blamed(void **state)
{
	static const unsigned int flags[] = {VFS_CAP_FLAGS_EFFECTIVE, 0};

	(void)state;
	if (!can_give_and_take_capabilities())
		skip();
	if (prctl(PR_CAPBSET_READ, (unsigned long)CAP_NET_RAW, 0UL, 0UL, 0UL) != 1) {
		print_message("skipped: this sandbox allows no CAP_NET_RAW\n");
		skip();
	}
	for (size_t i = 0; i < COUNT(flags); i++)
		run_in_child("EPERM", expect_capability_is_not_blamed, &flags[i]);
}

/* All but one of those that are allowed are taken away, or that one alone. */
struct taking {
	unsigned int capability;
	bool is_taken;
};

static void take_capabilities(struct complaint *complaint, const struct taking *taking)
{
	for (unsigned int other = 0; other <= CAP_LAST_CAP; other++) {
		if ((other == taking->capability) == taking->is_taken &&
			prctl(PR_CAPBSET_READ, (unsigned long)other, 0UL, 0UL, 0UL) == 1 &&
			prctl(PR_CAPBSET_DROP, (unsigned long)other, 0UL, 0UL, 0UL) < 0)
			complain(complaint, "dropping capability %u: %s", other, strerror(errno));
	}
}

static void expect_blame_if_taken(struct complaint *complaint, const void *argument)
{
	const struct taking *taking = argument;
	struct exec_explanation explanation;
	char path[PATH_MAX];
	bool is_blamed;

	path_in_base(path, "with-capabilities");
	take_capabilities(complaint, taking);
	if (!give_capability(path, taking->capability, VFS_CAP_FLAGS_EFFECTIVE))
		complain(complaint, "setxattr: %s", strerror(errno));
	explain(EPERM, EXEC_FAILURE_AT_EXEC, path, &explanation);
	is_blamed = strcmp(strerror(EPERM), line_string(&explanation.reason)) != 0;
	if (is_blamed != taking->is_taken)
		complain(complaint, "capability %u, %s: %s", taking->capability,
			taking->is_taken ? "taken" : "with all others taken",
			line_string(&explanation.reason));
}

static void each_capability_is_told_from_all_others(void **state)
{
	(void)state;
	if (!can_give_and_take_capabilities())
		skip();
	for (unsigned int capability = 0; capability <= CAP_LAST_CAP; capability++) {
		const struct taking taken = {capability, true};
		const struct taking left = {capability, false};

		if (prctl(PR_CAPBSET_READ, (unsigned long)capability, 0UL, 0UL, 0UL) != 1)
			continue; /* here it cannot be told from one that was taken */
		run_in_child("EPERM", expect_blame_if_taken, &taken);
		run_in_child("EPERM", expect_blame_if_taken, &left);
	}
}

static void a_process_that_could_not_be_made_says_nothing_of_the_file(void **state)
{
	struct exec_explanation explanation;
	char path[PATH_MAX];

	(void)state;
	path_in_base(path, "nothing");
	explain(ENOENT, EXEC_FAILURE_AT_CLONE, path, &explanation);
	expect_text("clone", strerror(ENOENT), line_string(&explanation.reason));
	explain(EAGAIN, EXEC_FAILURE_AT_CLONE, path, &explanation);
	expect_text("clone", "no more processes are allowed (ulimit -u, or pids.max of the cgroup)",
		line_string(&explanation.reason));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_exec_that_led_to_nothing_is_not_found_and_no_other_is),
		cmocka_unit_test(a_process_that_could_not_be_made_is_never_not_found),
		cmocka_unit_test(a_name_that_path_does_not_have_is_told_with_path),
		cmocka_unit_test(what_path_leads_to_is_told_with_its_path),
		cmocka_unit_test(a_directory_of_path_that_may_not_be_searched_is_told),
		cmocka_unit_test(a_path_that_leads_nowhere_is_told_with_what_is_missing),
		cmocka_unit_test(what_may_not_be_executed_is_told_with_its_mode_and_owner),
		cmocka_unit_test(another_user_is_told_who_he_is),
		cmocka_unit_test(of_a_file_that_cannot_be_read_it_is_told_what_is_known),
		cmocka_unit_test(what_is_wrong_with_a_script_is_told),
		cmocka_unit_test(what_is_wrong_with_an_interpreter_is_told),
		cmocka_unit_test(what_is_in_a_file_is_told_with_stdin_closed_too),
		cmocka_unit_test(what_is_no_program_is_told),
#ifdef THIS_MACHINE
		cmocka_unit_test(a_program_for_another_machine_is_told_with_both),
#endif
		cmocka_unit_test(a_missing_loader_is_told_with_whose_it_is),
		cmocka_unit_test(text_that_no_shell_can_run_is_told),
		cmocka_unit_test(a_file_that_is_open_for_writing_is_told),
		cmocka_unit_test(a_noexec_mount_is_told_where_it_is_what_keeps_from_it),
		cmocka_unit_test(capabilities_that_are_not_allowed_are_told),
		cmocka_unit_test(high_capabilities_that_are_not_allowed_are_told),
		cmocka_unit_test(capabilities_that_are_allowed_or_not_effective_are_not_blamed),
		cmocka_unit_test(each_capability_is_told_from_all_others),
		cmocka_unit_test(too_many_words_are_told_with_their_size),
		cmocka_unit_test(whatever_the_error_nothing_is_said_that_does_not_explain_it),
		cmocka_unit_test(of_a_good_file_the_system_s_word_is_told),
		cmocka_unit_test(a_process_that_could_not_be_made_says_nothing_of_the_file),
	};

	return cmocka_run_group_tests_name("command/exec_failure", tests, make_files, remove_files);
}

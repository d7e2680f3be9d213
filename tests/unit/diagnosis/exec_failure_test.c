/*
 * What is decided from an error and from what is in a file. How the kernel comes to those errors is
 * seen in tests/integration/diagnosis_test.c.
 */
#include "diagnosis/exec_failure.h"

#include "diagnosis/exec_elf.h"
#include "unit/support.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/stat.h>

static char path[] = "/tmp/whit-exec-failure-XXXXXX";

static void put(const void *bytes, size_t length)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, length), (ssize_t)length);
	assert_int_equal(close(fd), 0);
}

static int make_file(void **state)
{
	int fd;

	(void)state;
	strcpy(path + strlen(path) - 6, "XXXXXX");
	fd = mkstemp(path);
	return fd < 0 || fchmod(fd, 0755) < 0 || close(fd) < 0 ? -1 : 0;
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

static void expect_reason(
	enum exec_failure_step step, int error, const char *name, const char *expected)
{
	static struct exec_explanation explanation;
	const struct exec_failure failure = {step, error};
	char word[PATH_MAX + 1];
	char *argv[] = {word, NULL};
	char list[] = "PATH=/nowhere";
	char *envp[] = {list, NULL};
	char what[128];

	(void)snprintf(word, sizeof(word), "%s", name);
	(void)snprintf(what, sizeof(what), "%.40s: %s", name, strerror(error));
	memset(&explanation, 'x', sizeof(explanation)); /* nothing of what was there may show */
	exec_failure_explain(&failure, argv, envp, &explanation);
	expect_text(what, expected, line_string(&explanation.reason));
	expect_text(what, name, explanation.name);
}

/* Of the file. */
static void expect_of_file(int error, const char *expected)
{
	expect_reason(EXEC_FAILURE_AT_EXEC, error, path, expected);
}

/* --- the status --- */

static void what_leads_to_nothing_is_not_found_and_all_else_cannot_be_run(void **state)
{
	(void)state;
	for (int error = 0; error < 4096; error++) {
		const struct exec_failure at_clone = {EXEC_FAILURE_AT_CLONE, error};
		const struct exec_failure at_exec = {EXEC_FAILURE_AT_EXEC, error};
		bool leads_nowhere = error == ENOENT || error == ENOTDIR || error == ELOOP ||
			error == ENAMETOOLONG;

		if (exec_failure_is_not_found(&at_exec) != leads_nowhere)
			fail_msg("at exec: %s", strerror(error));
		if (exec_failure_is_not_found(&at_clone)) fail_msg("at clone: %s", strerror(error));
	}
}

/* --- errors that are not of the file --- */

static void where_no_process_could_be_made_the_file_is_not_looked_at(void **state)
{
	(void)state;
	expect_reason(EXEC_FAILURE_AT_CLONE, ENOMEM, path,
		"out of memory, or the first process of its PID namespace has ended");
	expect_reason(EXEC_FAILURE_AT_CLONE, EAGAIN, path,
		"no more processes are allowed; raise 'ulimit -u' or the cgroup's pids.max");
	expect_reason(EXEC_FAILURE_AT_CLONE, ENOSYS, "/no/such", "Function not implemented");
	expect_reason(EXEC_FAILURE_AT_CLONE, EPERM, path, "Operation not permitted");
	expect_reason(EXEC_FAILURE_AT_EXEC, ENOMEM, path, "out of memory");
}

/* An empty file explains ENOEXEC alone; what has been seen of it is not told with other errors. */
static void what_does_not_explain_the_error_is_not_told(void **state)
{
	static const int others[] = {ENOENT, EPERM, EIO, EINVAL, ELIBBAD, ENODEV, ENOSYS, ESTALE};

	(void)state;
	expect_of_file(ENOEXEC, "it is an empty file");
	for (size_t i = 0; i < COUNT(others); i++) {
		char text[64];

		(void)snprintf(text, sizeof(text), "%s",
			others[i] == ENOENT           ? "No such file or directory"
				: others[i] == EPERM  ? "Operation not permitted"
				: others[i] == EIO    ? "Input/output error"
				: others[i] == EINVAL ? "Invalid argument"
				: others[i] == ENODEV ? "No such device"
				: others[i] == ENOSYS ? "Function not implemented"
				: others[i] == ESTALE ? "Stale file handle"
						      : "unknown error");
		expect_of_file(others[i], text);
	}
	expect_reason(EXEC_FAILURE_AT_EXEC, EPERM, "not-found", "Operation not permitted");
}

static void a_path_longer_than_the_kernel_takes_is_told_as_the_kernel_does(void **state)
{
	char name[PATH_MAX + 1];

	(void)state;
	memset(name, '/', PATH_MAX);
	name[PATH_MAX] = '\0';
	expect_reason(EXEC_FAILURE_AT_EXEC, ENAMETOOLONG, name, "File name too long");
}

/* --- links --- */

#define DIRECTORY_NAME_LENGTH 250
#define DIRECTORIES           15

/* The target would not fit into a path that is as long as the kernel takes one. */
static void a_link_deep_down_whose_target_is_long_is_not_followed(void **state)
{
	static struct exec_explanation explanation;
	const struct exec_failure failure = {EXEC_FAILURE_AT_EXEC, ENOENT};
	char name[PATH_MAX];
	char target[900];
	char *argv[] = {name, NULL};
	size_t length = (size_t)snprintf(name, sizeof(name), "%s.d", path);

	(void)state;
	assert_int_equal(mkdir(name, 0700), 0);
	for (int i = 0; i < DIRECTORIES; i++) {
		name[length] = '/';
		memset(name + length + 1, 'd', DIRECTORY_NAME_LENGTH);
		length += 1 + DIRECTORY_NAME_LENGTH;
		name[length] = '\0';
		assert_int_equal(mkdir(name, 0700), 0);
	}
	for (size_t i = 0; i < sizeof(target); i++)
		target[i] = i % 2 == 0 ? 'x' : '/';
	target[sizeof(target) - 1] = '\0';
	strcpy(name + length, "/link");
	assert_int_equal(symlink(target, name), 0);
	exec_failure_explain(&failure, argv, argv + 1, &explanation);
	assert_int_equal(unlink(name), 0);
	for (int i = 0; i <= DIRECTORIES; i++) {
		*strrchr(name, '/') = '\0';
		assert_int_equal(rmdir(name), 0);
	}
	assert_memory_equal(explanation.reason.text, "no such file: there is no '", 27);
}

/* --- scripts --- */

static void a_chain_of_scripts_without_an_end_is_followed_no_further_than_by_the_kernel(
	void **state)
{
	static const struct {
		int error;
		const char *text;
	} rows[] = {{ELOOP, "Link or script loop"}, {ENOENT, "No such file or directory"},
		{ENOEXEC, "Exec format error"}, {EIO, "Input/output error"}};
	char line[64];

	(void)state;
	(void)snprintf(line, sizeof(line), "#!%s\n", path);
	put(line, strlen(line));
	for (size_t i = 0; i < COUNT(rows); i++)
		expect_of_file(rows[i].error, rows[i].text);
}

/* --- programs --- */

/* A program that needs a loader; of_family: not for this machine, but for the other one like it. */
static void put_program(unsigned int machine, int class, const char *loader)
{
	char bytes[512] = "";

	if (class == ELFCLASS64) {
		const Elf64_Ehdr header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64},
			.e_machine = (Elf64_Half)machine,
			.e_phoff = sizeof(header),
			.e_phnum = 1};
		const Elf64_Phdr entry = {
			.p_type = PT_INTERP, .p_offset = 256, .p_filesz = strlen(loader) + 1};

		memcpy(bytes, &header, sizeof(header));
		memcpy(bytes + sizeof(header), &entry, sizeof(entry));
	} else {
		const Elf32_Ehdr header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS32},
			.e_machine = (Elf32_Half)machine,
			.e_phoff = sizeof(header),
			.e_phnum = 1};
		const Elf32_Phdr entry = {.p_type = PT_INTERP,
			.p_offset = 256,
			.p_filesz = (Elf32_Word)strlen(loader) + 1};

		memcpy(bytes, &header, sizeof(header));
		memcpy(bytes + sizeof(header), &entry, sizeof(entry));
	}
	bytes[EI_DATA] = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
	strcpy(bytes + 256, loader);
	put(bytes, sizeof(bytes));
}

/* This machine, the other one of its family, and a stranger of the same size. */
#if defined(__x86_64__) && defined(__LP64__)
#define HERE         EM_X86_64
#define RELATED      EM_386
#define RELATED_NAME "i386 (386)"
#define FOREIGN      EM_AARCH64
#define FOREIGN_NAME "aarch64 (arm64)"
#define HERE_NAME    "x86_64 (amd64)"
#define PLATFORM     "amd64"
#elif defined(__aarch64__)
#define HERE         EM_AARCH64
#define RELATED      EM_ARM
#define RELATED_NAME "arm (arm)"
#define FOREIGN      EM_X86_64
#define FOREIGN_NAME "x86_64 (amd64)"
#define HERE_NAME    "aarch64 (arm64)"
#define PLATFORM     "arm64"
#endif

#define BUILT_FOR(name) "it was built for " name ", but this machine is " HERE_NAME
#define BUILD_IT        "; build or pull it for linux/" PLATFORM
#define NO_LOADER                                                                                  \
	"its loader '/lib/ld-linux-whit.so.2' is not in this image; use one with glibc, such as "  \
	"Debian, or link it statically"

/* The error is the loader's where the kernel itself runs the machine, else it is binfmt_misc's. */
static void the_machine_is_looked_at_before_the_loader(void **state)
{
	(void)state;
#ifdef HERE
	put_program(FOREIGN, ELFCLASS64, "/lib/ld-linux-whit.so.2");
	expect_of_file(ENOEXEC, BUILT_FOR(FOREIGN_NAME) BUILD_IT);
	expect_of_file(ENOENT,
		BUILT_FOR(
			FOREIGN_NAME) "; the interpreter that binfmt_misc names for it is missing" BUILD_IT);
	expect_of_file(EACCES, BUILT_FOR(FOREIGN_NAME) BUILD_IT);
	put_program(RELATED, ELFCLASS32, "/lib/ld-linux-whit.so.2");
	expect_of_file(ENOEXEC, BUILT_FOR(RELATED_NAME) BUILD_IT);
	expect_of_file(ENOENT, NO_LOADER);
	put_program(HERE, ELFCLASS64, "/lib/ld-linux-whit.so.2");
	expect_of_file(ENOENT, NO_LOADER);
	expect_of_file(ENOEXEC, "it is a damaged or incomplete program; copy or build it again");
#else
	print_message("skipped: the test does not know this machine\n");
	skip();
#endif
}

static void a_loader_tells_its_libc_by_its_name(void **state)
{
	static const struct {
		const char *loader;
		const char *image;
	} rows[] = {
		{"/no/such/ld-linux-x86-64.so.2", "one with glibc, such as Debian"},
		{"/no/such/ld64.so.2", "one with glibc, such as Debian"},
		{"/no/such/ld.so.1", "one with glibc, such as Debian"},
		{"/no/such/ld-musl-x86_64.so.1", "one with musl, such as Alpine"},
		{"/no/such/linker64", "one that has it"},
		{"/no/such/ld-linux.so.2/other", "one that has it"},
		{"ld-linux.so.2", "one that has it"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char expected[256];
		ElfW(Ehdr) own;
		int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

		assert_int_equal(read(fd, &own, sizeof(own)), sizeof(own));
		(void)close(fd);
		put_program(own.e_machine, own.e_ident[EI_CLASS], rows[i].loader);
		(void)snprintf(expected, sizeof(expected),
			"its loader '%s' is not in this image; use %s, or link it statically",
			rows[i].loader, rows[i].image);
		expect_of_file(ENOENT, expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_leads_to_nothing_is_not_found_and_all_else_cannot_be_run),
#define FILE_TEST(test) cmocka_unit_test_setup_teardown(test, make_file, remove_file)
		FILE_TEST(where_no_process_could_be_made_the_file_is_not_looked_at),
		FILE_TEST(what_does_not_explain_the_error_is_not_told),
		FILE_TEST(a_path_longer_than_the_kernel_takes_is_told_as_the_kernel_does),
		FILE_TEST(
			a_chain_of_scripts_without_an_end_is_followed_no_further_than_by_the_kernel),
		FILE_TEST(the_machine_is_looked_at_before_the_loader),
		FILE_TEST(a_link_deep_down_whose_target_is_long_is_not_followed),
		FILE_TEST(a_loader_tells_its_libc_by_its_name),
	};

	return cmocka_run_group_tests_name("diagnosis/exec_failure", tests, NULL, NULL);
}

/*
 * Contract, section 8: what whit says of a command that cannot be run. Each cause is made for real,
 * in an otherwise empty root, and the kernel's own refusal is what whit explains. What it prints is
 * compared with the manual's DIAGNOSTICS, both ways.
 */
#include "harness.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <limits.h>
#include <link.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define USER       1000
#define OTHER_USER 65534

/* Bytes that no terminal should get to see, and how they are printed. */
#define EVIL         "\x1b[31m\n\xff"
#define EVIL_ESCAPED "\\x1b[31m\\n\\xff"

/* Some case could not be made here, so not every reason can have been seen. */
static bool some_are_missing;

/* --- the manual: which reasons there are --- */

struct entry {
	char text[256];
	bool was_seen;
};

static struct entry entries[96];
static size_t entry_count;

/* What stands for whatever the system says; it would match any text. */
static const char any_error[] = "ERROR";

static void replace(char *text, const char *from, const char *to)
{
	while ((text = strstr(text, from)) != NULL) {
		memmove(text + strlen(to), text + strlen(from), strlen(text + strlen(from)) + 1);
		memcpy(text, to, strlen(to));
		text += strlen(to);
	}
}

/* Reads the list that begins after this line of the manual: mdoc(7), roff(7). */
static void read_reasons(void)
{
	FILE *manual = fopen(manual_path(), "re");
	char line[512];
	bool is_inside = false;

	assert_non_null(manual);
	while (fgets(line, sizeof(line), manual) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (strcmp(line, "The REASON of a command that cannot be run.") == 0)
			is_inside = true;
		if (is_inside && strcmp(line, ".El") == 0)
			break;
		if (!is_inside || strncmp(line, ".It ", 4) != 0)
			continue;
		assert_true(entry_count < sizeof(entries) / sizeof(entries[0]));
		assert_true(strlen(line) < sizeof(entries[0].text));
		replace(line, "\\(aq", "'");
		replace(line, "\\-", "-");
		replace(line, "\\&", "");
		strcpy(entries[entry_count++].text, line + 4);
	}
	fclose(manual);
	assert_true(entry_count > 0);
}

static bool is_reason(const char *text);

/* Words in capitals stand for any text but none, REASON at the end for another reason. */
static bool matches(const char *entry, const char *text)
{
	size_t blank = strspn(entry, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");

	if (strcmp(entry, "REASON") == 0)
		return is_reason(text);
	if (blank > 1) {
		while (*text != '\0') {
			if (matches(entry + blank, ++text))
				return true;
		}
		return false;
	}
	if (*entry != *text)
		return false;
	return *entry == '\0' || matches(entry + 1, text + 1);
}

/* Notes what the text has been made of: of several that match the one that leaves least open. */
static bool is_reason(const char *text)
{
	struct entry *longest = NULL;

	for (size_t i = 0; i < entry_count; i++) {
		if (strcmp(entries[i].text, any_error) != 0 && matches(entries[i].text, text) &&
			(longest == NULL || strlen(entries[i].text) > strlen(longest->text)))
			longest = &entries[i];
	}
	if (longest != NULL)
		longest->was_seen = true;
	return longest != NULL;
}

/* --- the room: a root with nothing in it but whit and what the test puts there --- */

static char room[] = "/tmp/whit-diagnosis-XXXXXX";

/* Where a path of the room is as seen from here. */
static const char *outside(const char *path)
{
	static char joined[PATH_MAX];

	snprintf(joined, sizeof(joined), "%s%s", room, path);
	return joined;
}

static void put_bytes(const char *path, mode_t mode, const void *bytes, size_t length)
{
	int fd = open(outside(path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, length), (ssize_t)length);
	assert_int_equal(fchmod(fd, mode), 0); /* whatever the umask is */
	close(fd);
}

static void put(const char *path, mode_t mode, const char *text)
{
	put_bytes(path, mode, text, strlen(text));
}

static void put_directory(const char *path, mode_t mode)
{
	assert_int_equal(mkdir(outside(path), mode), 0);
	assert_int_equal(chmod(outside(path), mode), 0);
}

static void put_link(const char *path, const char *target)
{
	assert_int_equal(symlink(target, outside(path)), 0);
}

/* A whole file from outside the room, to be freed. */
static unsigned char *read_whole(const char *path, size_t *ret_length)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	unsigned char *bytes;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &status), 0);
	*ret_length = (size_t)status.st_size;
	bytes = malloc(*ret_length);
	assert_non_null(bytes);
	assert_int_equal(read(fd, bytes, *ret_length), status.st_size);
	close(fd);
	return bytes;
}

static void put_copy(const char *path, mode_t mode, const char *original)
{
	size_t length;
	unsigned char *bytes = read_whole(original, &length);

	put_bytes(path, mode, bytes, length);
	free(bytes);
}

/* The actor, changed in its ELF header; it stays for this machine with EM_NONE. */
static void put_patched(const char *path, mode_t mode, ElfW(Half) type, ElfW(Half) machine)
{
	size_t length;
	unsigned char *bytes = read_whole(actor_path(), &length);
	ElfW(Ehdr) header;

	memcpy(&header, bytes, sizeof(header));
	header.e_type = type;
	if (machine != EM_NONE)
		header.e_machine = machine;
	memcpy(bytes, &header, sizeof(header));
	put_bytes(path, mode, bytes, length);
	free(bytes);
}

/* As much of a program as the kernel reads before it opens the loader. */
static void put_program_with_loader(const char *path, mode_t mode, const char *loader)
{
	size_t length;
	unsigned char *bytes = read_whole(actor_path(), &length);
	struct {
		ElfW(Ehdr) file;
		ElfW(Phdr) loader;
		char path[256];
	} program = {.loader = {.p_type = PT_INTERP, .p_filesz = strlen(loader) + 1}};

	memcpy(&program.file, bytes, sizeof(program.file));
	free(bytes);
	program.file.e_phoff = sizeof(program.file);
	program.file.e_phnum = 1;
	program.loader.p_offset = (size_t)((char *)program.path - (char *)&program);
	snprintf(program.path, sizeof(program.path), "%s", loader);
	put_bytes(path, mode, &program, sizeof(program));
}

/* The loader that a real program names. */
static void find_loader(const char *path, char *ret_loader, size_t size)
{
	size_t length;
	unsigned char *bytes = read_whole(path, &length);
	ElfW(Ehdr) file;

	memcpy(&file, bytes, sizeof(file));
	*ret_loader = '\0';
	for (size_t i = 0; i < file.e_phnum; i++) {
		ElfW(Phdr) part;

		memcpy(&part, bytes + file.e_phoff + i * sizeof(part), sizeof(part));
		if (part.p_type == PT_INTERP)
			snprintf(ret_loader, size, "%s", (char *)bytes + part.p_offset);
	}
	free(bytes);
	assert_true(*ret_loader != '\0');
}

static int make_room(void **state)
{
	(void)state;
	strcpy(room + strlen(room) - 6, "XXXXXX");
	if (mkdtemp(room) == NULL || chmod(room, 0755) < 0)
		return -1;
	put_copy("/whit", 0755, whit_path());
	return 0;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
	(void)status;
	(void)type;
	(void)place;
	return remove(path);
}

static int remove_room(void **state)
{
	(void)harness_clean_up(state); /* cannot fail */
	return nftw(room, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* --- attempts to run something there --- */

/* What a test may set; all else is as usual: root, in /, without a PATH. */
struct attempt {
	const char *name;             /* of the command */
	const char *const *arguments; /* up to a NULL; NULL: none */
	const char *path;             /* PATH=... */
	const char *directory;        /* to work in */
	uid_t user;
	/* Called in whit's process, in the room, before and after it becomes the user. */
	void (*before)(void);
	void (*after)(void);
};

#define TRY(...) (&(struct attempt){__VA_ARGS__})

/* In whit's process; must not assert. */
static void enter_room(void *argument)
{
	const struct attempt *attempt = argument;

	if (chroot(room) < 0 || chdir("/") < 0)
		_exit(94);
	if (attempt->before != NULL)
		attempt->before();
	if (attempt->directory != NULL && chdir(attempt->directory) < 0)
		_exit(94);
	if (attempt->user != 0 &&
		(setgroups(0, NULL) < 0 || setgid(attempt->user) < 0 || setuid(attempt->user) < 0))
		_exit(94);
	if (attempt->after != NULL)
		attempt->after();
}

static void skip_aloud(const char *why)
{
	some_are_missing = true;
	print_message("SKIPPED: %s\n", why);
	skip();
}

/* What it gets has to live as long as the run. */
#define WORDS_MAX 8

static void attempt_start(
	void **state, const struct attempt *attempt, struct run *run, const char *words[WORDS_MAX])
{
	char *environment[] = {(char *)(uintptr_t)attempt->path, NULL};

	if (attempt->user != 0 && geteuid() != 0)
		skip_aloud("needs root"); /* an ordinary user's namespace has no other uid */
	words[0] = attempt->name;
	for (size_t i = 0; attempt->arguments != NULL && attempt->arguments[i] != NULL; i++)
		words[i + 1] = attempt->arguments[i];
	run_start(run,
		&(struct scene){.role = test_role(state),
			.words = words,
			.program = "/whit",
			.environment = environment,
			.prepare = enter_room,
			.prepare_argument = (void *)(uintptr_t)attempt});
}

static void expect_of(void **state, const struct attempt *attempt, const char *subject, int status,
	const char *format, ...) __attribute__((format(printf, 5, 6)));

/*
 * Attempts, and fails the test unless whit prints this reason for the subject, and nothing else,
 * and the manual has it.
 */
static void expect_of(void **state, const struct attempt *attempt, const char *subject, int status,
	const char *format, ...)
{
	char reason[2048];
	char line[8192];
	const char *words[WORDS_MAX] = {NULL};
	struct run run;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reason, sizeof(reason), format, arguments);
	va_end(arguments);
	snprintf(line, sizeof(line), "whit: cannot run '%s': %s\n", subject, reason);
	attempt_start(state, attempt, &run, words);
	run_expect_end(&run, status, line);
	if (run.out.length > 0)
		run_fail(&run, "expected on stdout: nothing");
	if (!is_reason(reason))
		run_fail(&run, "not in DIAGNOSTICS: %s", reason);
}

/* The same where whit calls it by the name that it was given. */
#define EXPECT(state, attempt, ...) expect_of(state, attempt, (attempt)->name, __VA_ARGS__)

/* --- names that lead nowhere --- */

static void a_file_that_is_not_there(void **state)
{
	EXPECT(state, TRY(.name = "/app"), 127, "no such file");
}

static void a_relative_name_that_is_not_there_is_told_with_the_working_directory(void **state)
{
	put_directory("/srv", 0755);
	put("/app", 0755, "");
	EXPECT(state, TRY(.name = "./app", .directory = "/srv"), 127,
		"no such file: there is no './app' in the working directory '/srv'");
	EXPECT(state, TRY(.name = "bin/app", .directory = "/srv"), 127,
		"no such file: there is no 'bin' in the working directory '/srv'");
}

static void a_missing_directory_on_the_way_is_named(void **state)
{
	put_directory("/opt", 0755);
	EXPECT(state, TRY(.name = "/opt/app/bin/run"), 127, "no such file: there is no '/opt/app'");
}

static void a_dangling_link_is_told_with_its_target(void **state)
{
	put_link("/java", "/usr/lib/jvm/java");
	EXPECT(state, TRY(.name = "/java"), 127,
		"'/java' is a link to '/usr/lib/jvm/java', which does not exist");
}

static void of_a_chain_of_links_the_one_that_dangles_is_told(void **state)
{
	put_directory("/bin", 0755);
	put_directory("/etc", 0755);
	put_link("/bin/java", "../etc/java");
	put_link("/etc/java", "/jvm/java");
	EXPECT(state, TRY(.name = "/bin/java"), 127,
		"'/bin/../etc/java' is a link to '/jvm/java', which does not exist");
	expect_of(state, TRY(.name = "java", .path = "PATH=/sbin:/bin"), "/bin/java", 127,
		"'/bin/../etc/java' is a link to '/jvm/java', which does not exist");
}

static void a_directory_on_the_way_that_is_a_dangling_link(void **state)
{
	put_link("/current", "releases/7");
	EXPECT(state, TRY(.name = "/current/bin/app"), 127,
		"'/current' is a link to '/releases/7', which does not exist");
}

static void a_loop_of_links(void **state)
{
	put_link("/one", "two");
	put_link("/two", "one");
	EXPECT(state, TRY(.name = "/one"), 127, "'/one' is one of a loop of links");
}

static void a_file_on_the_way_that_is_no_directory(void **state)
{
	put("/app", 0755, "");
	EXPECT(state, TRY(.name = "/app/run"), 127, "'/app' is not a directory");
	EXPECT(state, TRY(.name = "/app/"), 127, "'/app' is not a directory");
}

static void an_empty_name(void **state)
{
	EXPECT(state, TRY(.name = ""), 127, "its name is empty");
}

static void a_name_that_no_directory_of_path_has(void **state)
{
	put("/app", 0755, "");
	EXPECT(state, TRY(.name = "app", .path = "PATH=/usr/bin:/bin"), 127,
		"not found in PATH (/usr/bin:/bin)");
}

/* ENTRYPOINT ["app -v"]. */
static void a_name_that_has_its_arguments_in_it(void **state)
{
	put("/app", 0755, "");
	EXPECT(state, TRY(.name = "app -v", .path = "PATH=/usr/bin:/bin"), 127,
		"not found in PATH (/usr/bin:/bin); its name has a blank in it, and arguments are "
		"words of their own");
	EXPECT(state, TRY(.name = "/app -v"), 127,
		"no such file; its name has a blank in it, and arguments are words of their own");
}

static void a_name_without_a_path_to_look_in(void **state)
{
	EXPECT(state, TRY(.name = "app"), 127,
		"not found in /usr/local/bin:/usr/bin:/bin; PATH is not set");
}

/* The directory may have it; nothing is said as if it had. */
static void a_name_with_a_directory_of_path_that_may_not_be_searched(void **state)
{
	put_directory("/root", 0700);
	EXPECT(state, TRY(.name = "app", .path = "PATH=/root/bin:/bin", .user = USER), 126,
		"not found in PATH as far as it can be searched: no permission to search '/root' "
		"(mode 0700, owner 0:0, running as 1000:1000); PATH is /root/bin:/bin");
	put("/app", 0700, "");
	expect_of(state, TRY(.name = "app", .path = "PATH=/root/bin:/", .user = USER), "//app", 126,
		"no permission to execute it (mode 0700, owner 0:0, running as 1000:1000); chmod "
		"a+x it");
}

static void a_name_with_an_empty_path(void **state)
{
	EXPECT(state, TRY(.name = "app", .path = "PATH="), 127,
		"not found in the working directory; PATH is empty");
}

/* --- what may not be executed --- */

static void a_directory(void **state)
{
	put_directory("/app", 0755);
	EXPECT(state, TRY(.name = "/app"), 126, "it is a directory");
}

static void a_pipe_a_socket_and_a_device(void **state)
{
	const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int home = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0 && home >= 0);
	assert_int_equal(chdir(room), 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(fchdir(home), 0);
	close(home);
	close(fd);
	assert_int_equal(mkfifo(outside("/pipe"), 0755), 0);
	EXPECT(state, TRY(.name = "/pipe"), 126, "it is a device, a pipe or a socket");
	EXPECT(state, TRY(.name = "/socket"), 126, "it is a device, a pipe or a socket");
	if (mknod(outside("/null"), S_IFCHR | 0777, 0x103) < 0)
		skip_aloud("no devices can be made here");
	EXPECT(state, TRY(.name = "/null"), 126, "it is a device, a pipe or a socket");
}

static void a_file_without_x_as_root(void **state)
{
	put("/app", 0644, "#!/bin/sh\n");
	EXPECT(state, TRY(.name = "/app"), 126,
		"no permission to execute it (mode 0644, owner 0:0, running as 0:0); chmod a+x it");
	expect_of(state, TRY(.name = "app", .path = "PATH=/bin:/"), "//app", 126,
		"no permission to execute it (mode 0644, owner 0:0, running as 0:0); chmod a+x it");
}

static void a_file_that_only_its_owner_may_execute(void **state)
{
	put("/app", 0700, "#!/bin/sh\n");
	EXPECT(state, TRY(.name = "/app", .user = USER), 126,
		"no permission to execute it (mode 0700, owner 0:0, running as 1000:1000); chmod "
		"a+x it");
}

static void a_directory_that_may_not_be_searched(void **state)
{
	put_directory("/root", 0700);
	put("/root/app", 0755, "");
	EXPECT(state, TRY(.name = "/root/app", .user = USER), 126,
		"no permission to search '/root' (mode 0700, owner 0:0, running as 1000:1000)");
	EXPECT(state, TRY(.name = "/root/bin/app", .user = USER), 126,
		"no permission to search '/root' (mode 0700, owner 0:0, running as 1000:1000)");
}

static void a_relative_directory_that_may_not_be_searched(void **state)
{
	put_directory("/srv", 0755);
	put_directory("/srv/data", 0700);
	put("/srv/data/app", 0755, "");
	EXPECT(state, TRY(.name = "data/app", .directory = "/srv", .user = OTHER_USER), 126,
		"no permission to search 'data' (mode 0700, owner 0:0, running as 65534:65534)");
}

static void close_the_way(void)
{
	if (chdir("/srv/data") < 0 || chmod("/srv", 0700) < 0)
		_exit(94);
}

static void a_working_directory_that_may_not_be_searched(void **state)
{
	put_directory("/srv", 0755);
	put_directory("/srv/data", 0700);
	EXPECT(state, TRY(.name = "./app", .directory = "/srv/data", .user = USER), 126,
		"no permission to search '/srv/data' (mode 0700, owner 0:0, running as 1000:1000)");
	EXPECT(state, TRY(.name = "bin/app", .before = close_the_way, .user = USER), 126,
		"no permission to search '/srv/data'");
}

static void a_directory_above_that_may_not_be_searched(void **state)
{
	put_directory("/srv", 0755);
	put_directory("/srv/data", 0755);
	EXPECT(state, TRY(.name = "../app", .before = close_the_way, .user = USER), 126,
		"no permission to search '..' (mode 0700, owner 0:0, running as 1000:1000)");
}

static void make_in_volume(const char *path, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 || fchmod(fd, mode) < 0)
		_exit(94);
	close(fd);
}

/* In the namespace of the run alone, and gone with it. */
static void mount_noexec(void)
{
	if (mount("none", "/volume", "tmpfs", MS_NOEXEC, "mode=0755") < 0)
		_exit(94);
	make_in_volume("/volume/app", 0755);
	make_in_volume("/volume/data", 0644);
}

static void a_file_on_a_file_system_that_is_mounted_noexec(void **state)
{
	put_directory("/volume", 0755);
	EXPECT(state, TRY(.name = "/volume/app", .before = mount_noexec), 126,
		"its file system is mounted noexec; move it to another");
	EXPECT(state, TRY(.name = "/volume/app", .before = mount_noexec, .user = USER), 126,
		"its file system is mounted noexec; move it to another");
}

/* It could not be run from another file system either. */
static void a_file_without_x_on_such_a_file_system(void **state)
{
	put_directory("/volume", 0755);
	EXPECT(state, TRY(.name = "/volume/data", .before = mount_noexec), 126,
		"no permission to execute it (mode 0644, owner 0:0, running as 0:0); chmod a+x it");
}

static void an_interpreter_on_a_file_system_that_is_mounted_noexec(void **state)
{
	put_directory("/volume", 0755);
	put("/app", 0755, "#!/volume/app\n");
	EXPECT(state, TRY(.name = "/app", .before = mount_noexec), 126,
		"its interpreter '/volume/app' cannot be run: its file system is mounted noexec; "
		"move it to another");
}

static void drop_net_raw(void)
{
	if (prctl(PR_CAPBSET_DROP, (unsigned long)CAP_NET_RAW, 0UL, 0UL, 0UL) < 0)
		_exit(94);
}

static void file_capabilities_that_the_bounding_set_lacks(void **state)
{
	const struct vfs_cap_data capabilities = {
		.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE,
		.data = {{.permitted = 1U << CAP_NET_RAW}},
	};

	put_copy("/ping", 0755, actor_path());
	put("/app", 0755, "#!/ping\n");
	if (setxattr(outside("/ping"), "security.capability", &capabilities, sizeof(capabilities),
		    0) < 0)
		skip_aloud("file capabilities cannot be set here");
	EXPECT(state, TRY(.name = "/ping", .before = drop_net_raw), 126,
		"it has file capabilities that are not allowed here; allow them (--cap-add) or "
		"remove them (setcap -r)");
	EXPECT(state, TRY(.name = "/ping", .before = drop_net_raw, .user = USER), 126,
		"it has file capabilities that are not allowed here; allow them (--cap-add) or "
		"remove them (setcap -r)");
	EXPECT(state, TRY(.name = "/app", .before = drop_net_raw), 126,
		"its interpreter '/ping' cannot be run: it has file capabilities that are not "
		"allowed here; allow them (--cap-add) or remove them (setcap -r)");
}

/* --- scripts --- */

static void an_interpreter_that_is_not_there(void **state)
{
	put("/app", 0755, "#! /bin/bash -e\n");
	EXPECT(state, TRY(.name = "/app"), 127,
		"its interpreter '/bin/bash' does not exist; install it or correct the '#!' line");
	expect_of(state, TRY(.name = "app", .path = "PATH=/bin:"), "app", 127,
		"its interpreter '/bin/bash' does not exist; install it or correct the '#!' line");
}

/* The kernel does not look into PATH for it. */
static void an_interpreter_without_a_whole_path(void **state)
{
	put("/app", 0755, "#!python3\n");
	put("/windows", 0755, "#!python3\r\n");
	EXPECT(state, TRY(.name = "/app"), 127,
		"its interpreter 'python3' is not in the working directory; put its whole path in "
		"the '#!' line");
	EXPECT(state, TRY(.name = "/windows"), 127,
		"its '#!' line ends in a carriage return; save it with Unix line ends");
}

static void env_that_is_not_there(void **state)
{
	put("/app", 0755, "#!/usr/bin/env bash\n");
	EXPECT(state, TRY(.name = "/app"), 127,
		"its interpreter '/usr/bin/env' does not exist; install it or correct the '#!' "
		"line");
}

static void an_interpreter_that_may_not_be_executed(void **state)
{
	put("/sh", 0644, "");
	put("/app", 0755, "#!/sh\n");
	EXPECT(state, TRY(.name = "/app"), 126,
		"its interpreter '/sh' cannot be run: no permission to execute it (mode 0644, "
		"owner 0:0, running as 0:0); chmod a+x it");
}

static void an_interpreter_that_is_a_directory_or_a_dangling_link(void **state)
{
	put_directory("/sh", 0755);
	put("/app", 0755, "#!/sh\n");
	put_link("/python", "/usr/bin/python3");
	put("/tool", 0755, "#!/python\n");
	EXPECT(state, TRY(.name = "/app"), 126,
		"its interpreter '/sh' cannot be run: it is a directory");
	EXPECT(state, TRY(.name = "/tool"), 127,
		"its interpreter '/python' cannot be run: '/python' is a link to "
		"'/usr/bin/python3', which does not exist");
}

/* The kernel refuses it as if the script itself were for it. */
static void an_interpreter_that_cannot_run_in_turn(void **state)
{
	put("/sh", 0755, "");
	put("/app", 0755, "#!/sh\n");
	put_program_with_loader("/python", 0755, "/lib/ld-musl-other.so.1");
	put("/tool", 0755, "#!/python\n");
	EXPECT(state, TRY(.name = "/app"), 126,
		"its interpreter '/sh' cannot be run: it is an empty file");
	EXPECT(state, TRY(.name = "/tool"), 127,
		"its interpreter '/python' cannot be run: its loader '/lib/ld-musl-other.so.1' is "
		"not in this image; it was built for musl, as on Alpine: use such an image or link "
		"it statically");
}

static void scripts_that_are_each_others_interpreters(void **state)
{
	put("/app", 0755, "#!/app\n");
	EXPECT(state, TRY(.name = "/app"), 127, "too many scripts are each other's interpreters");
}

static void a_carriage_return_after_the_interpreter(void **state)
{
	put_directory("/bin", 0755);
	put_copy("/bin/sh", 0755, actor_path());
	put("/app", 0755, "#!/bin/sh\r\necho hello\r\n");
	EXPECT(state, TRY(.name = "/app"), 127,
		"its '#!' line ends in a carriage return; save it with Unix line ends");
}

static void a_byte_order_mark(void **state)
{
	put("/app", 0755, "\xef\xbb\xbf#!/bin/sh\necho hello\n");
	put("/both", 0755, "\xef\xbb\xbf#!/bin/sh\r\necho hello\r\n");
	put_bytes("/wide", 0755, "\xff\xfe#\0!\0/\0b\0", 10);
	EXPECT(state, TRY(.name = "/app"), 126,
		"it begins with a byte-order mark; save it as UTF-8 without one");
	EXPECT(state, TRY(.name = "/both"), 126,
		"it begins with a byte-order mark; save it as UTF-8 without one");
	EXPECT(state, TRY(.name = "/wide"), 126,
		"it begins with a byte-order mark; save it as UTF-8 without one");
}

static void a_script_that_names_no_interpreter_or_one_too_long(void **state)
{
	char line[512] = "#!/";

	put("/app", 0755, "#!  \necho hello\n");
	memset(line + 3, 'x', sizeof(line) - 4);
	put("/long", 0755, line);
	EXPECT(state, TRY(.name = "/app"), 126, "its '#!' line names no interpreter");
	EXPECT(state, TRY(.name = "/long"), 126, "its '#!' line is too long for the kernel");
}

static void text_without_an_interpreter(void **state)
{
	put("/app", 0755, "echo hello\n");
	EXPECT(state, TRY(.name = "/app"), 126,
		"it is text without a '#!' line, and there is no /bin/sh to run it; begin it with "
		"'#!' and its interpreter");
	put_directory("/bin", 0755);
	put("/bin/sh", 0755, "");
	EXPECT(state, TRY(.name = "/app"), 126,
		"it is text without a '#!' line, and /bin/sh cannot be run; begin it with '#!' and "
		"its interpreter");
}

/* --- programs --- */

/* This machine, as whit calls it, and one that it is not, of the same size and byte order. */
#if defined(__x86_64__) && defined(__LP64__)
#define HERE         "x86_64 (amd64)"
#define FOREIGN      EM_AARCH64
#define FOREIGN_NAME "aarch64 (arm64)"
#elif defined(__aarch64__) && !defined(__AARCH64EB__)
#define HERE         "aarch64 (arm64)"
#define FOREIGN      EM_X86_64
#define FOREIGN_NAME "x86_64 (amd64)"
#elif defined(__i386__)
#define HERE         "i386 (386)"
#define FOREIGN      EM_ARM
#define FOREIGN_NAME "arm"
#elif defined(__arm__) && !defined(__ARMEB__)
#define HERE         "arm"
#define FOREIGN      EM_386
#define FOREIGN_NAME "i386 (386)"
#endif

static void an_empty_file(void **state)
{
	put("/app", 0755, "");
	EXPECT(state, TRY(.name = "/app"), 126, "it is an empty file");
}

static void a_glibc_program_without_its_loader(void **state)
{
	char loader[PATH_MAX];

	put_copy("/app", 0755, glibc_actor_path());
	find_loader(glibc_actor_path(), loader, sizeof(loader));
	EXPECT(state, TRY(.name = "/app"), 127,
		"its loader '%s' is not in this image; it was built for glibc, as on Debian: use "
		"such an image or link it statically",
		loader);
}

static void a_musl_program_without_its_loader(void **state)
{
	char loader[PATH_MAX];

	put_copy("/app", 0755, musl_actor_path());
	find_loader(musl_actor_path(), loader, sizeof(loader));
	EXPECT(state, TRY(.name = "/app"), 127,
		"its loader '%s' is not in this image; it was built for musl, as on Alpine: use "
		"such an image or link it statically",
		loader);
}

static void a_program_without_a_loader_that_whit_has_never_heard_of(void **state)
{
	put_program_with_loader("/app", 0755, "/system/bin/linker64");
	EXPECT(state, TRY(.name = "/app"), 127,
		"its loader '/system/bin/linker64' is not in this image; install it or link the "
		"program statically");
}

static void a_loader_that_cannot_be_run(void **state)
{
	put_directory("/lib", 0755);
	put("/lib/plain", 0644, "");
	put_link("/lib/link", "gone");
	put_program_with_loader("/app", 0755, "/lib/plain");
	put_program_with_loader("/tool", 0755, "/lib/link");
	EXPECT(state, TRY(.name = "/app"), 126,
		"its loader '/lib/plain' cannot be run: no permission to execute it (mode 0644, "
		"owner 0:0, running as 0:0); chmod a+x it");
	EXPECT(state, TRY(.name = "/tool"), 127,
		"its loader '/lib/link' cannot be run: '/lib/link' is a link to '/lib/gone', which "
		"does not exist");
}

/* Not ENOEXEC, which is what the kernel says of the program itself. */
static void a_loader_that_is_no_program_for_this_machine(void **state)
{
	put("/empty", 0755, "");
	put_bytes("/junk", 0755,
		"\0junk that is longer than the header of an ELF program is. It goes on.", 70);
	put_program_with_loader("/app", 0755, "/empty");
	put_program_with_loader("/tool", 0755, "/junk");
	put_program_with_loader("/hidden", 0711, "/junk");
	put("/script", 0755, "#!/tool\n");
	EXPECT(state, TRY(.name = "/app"), 126,
		"its loader '/empty' cannot be run: it is an empty file");
	EXPECT(state, TRY(.name = "/tool"), 126,
		"its loader '/junk' cannot be run: it is nothing that this kernel can run");
	EXPECT(state, TRY(.name = "/script"), 126,
		"its interpreter '/tool' cannot be run: its loader '/junk' cannot be run: it is "
		"nothing that this kernel can run");
	EXPECT(state, TRY(.name = "/hidden", .user = USER), 126,
		"it is nothing that this kernel can run; it cannot be read to say more");
#ifdef HERE
	put_patched("/foreign", 0755, ET_EXEC, FOREIGN);
	put_program_with_loader("/other", 0755, "/foreign");
	EXPECT(state, TRY(.name = "/other"), 126,
		"its loader '/foreign' cannot be run: it is a program for " FOREIGN_NAME
		", and this machine runs " HERE "; build or pull it for this one");
#endif
}

static void a_program_for_another_machine(void **state)
{
#ifdef HERE
	put_patched("/app", 0755, ET_EXEC, FOREIGN);
	EXPECT(state, TRY(.name = "/app"), 126,
		"it is a program for " FOREIGN_NAME ", and this machine runs " HERE
		"; build or pull it for this one");
	put_patched("/strange", 0755, ET_EXEC, 0xfeed);
	EXPECT(state, TRY(.name = "/strange"), 126,
		"it is a program for machine number 65261, and this machine runs " HERE);
	put("/script", 0755, "#!/app\n");
	EXPECT(state, TRY(.name = "/script"), 126,
		"its interpreter '/app' cannot be run: it is a program for " FOREIGN_NAME
		", and this machine runs " HERE "; build or pull it for this one");
#else
	(void)state;
	skip_aloud("the test does not know this machine's name");
#endif
}

static void a_damaged_program(void **state)
{
	size_t length;
	unsigned char *bytes = read_whole(actor_path(), &length);

	put_bytes("/head", 0755, bytes, 20);
	put_bytes("/half", 0755, bytes, sizeof(ElfW(Ehdr)));
	free(bytes);
	put_patched("/object", 0755, ET_REL, EM_NONE);
	EXPECT(state, TRY(.name = "/head"), 126, "it is a damaged program");
	EXPECT(state, TRY(.name = "/half"), 126,
		"it is for this machine, but damaged or not a whole program");
	EXPECT(state, TRY(.name = "/object"), 126,
		"it is for this machine, but damaged or not a whole program");
}

static void programs_for_other_systems(void **state)
{
	put_bytes("/mac", 0755, "\xcf\xfa\xed\xfe\x07\0\0\x01", 8);
	put_bytes("/macs", 0755, "\xca\xfe\xba\xbe\0\0\0\x02", 8);
	put_bytes("/windows", 0755, "MZ\x90\0\x03\0\0\0", 8);
	put_bytes("/junk", 0755, "\0\1\2\3", 4);
	put_bytes("/class", 0755, "\xca\xfe\xba\xbe\0\0\0\x3d", 8);
	EXPECT(state, TRY(.name = "/mac"), 126, "it is a program for macOS; build it for Linux");
	EXPECT(state, TRY(.name = "/macs"), 126, "it is a program for macOS; build it for Linux");
	EXPECT(state, TRY(.name = "/windows"), 126,
		"it is a program for Windows; build it for Linux");
	EXPECT(state, TRY(.name = "/junk"), 126, "it is nothing that this kernel can run");
	EXPECT(state, TRY(.name = "/class"), 126, "it is nothing that this kernel can run");
}

/* --- what is no fault of the file --- */

static void a_program_that_is_open_for_writing(void **state)
{
	int fd;

	put_copy("/app", 0755, actor_path());
	put("/script", 0755, "#!/app\n");
	fd = open(outside("/app"), O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	EXPECT(state, TRY(.name = "/app"), 126,
		"it, its interpreter or its loader is open for writing; whatever writes it has to close it first");
	EXPECT(state, TRY(.name = "/script"), 126,
		"it, its interpreter or its loader is open for writing; whatever writes it has to close it first");
	close(fd);
}

static void allow_no_more_processes(void)
{
	const struct rlimit limit = {1, 1};

	if (setrlimit(RLIMIT_NPROC, &limit) < 0)
		_exit(94);
}

static void a_limit_of_processes(void **state)
{
	put_copy("/app", 0755, actor_path());
	EXPECT(state, TRY(.name = "/app", .user = USER, .after = allow_no_more_processes), 126,
		"no more processes are allowed (ulimit -u, or pids.max of the cgroup)");
}

/* A namespace whose first process has ended takes no more: pid_namespaces(7). */
static void lose_the_namespace(void)
{
	pid_t first;

	if (unshare(CLONE_NEWPID) < 0)
		_exit(94);
	first = fork();
	if (first == 0)
		_exit(0);
	if (waitpid(first, NULL, 0) != first)
		_exit(94);
}

static void a_pid_namespace_that_has_ended(void **state)
{
	put_copy("/app", 0755, actor_path());
	EXPECT(state, TRY(.name = "/app", .before = lose_the_namespace), 126,
		"out of memory, or the first process of its PID namespace has ended");
}

/* What the kernel takes of arguments, environment and the program's path, in all. */
#define ROOM_FOR_WORDS (256 * 1024)

static void limit_words(void)
{
	const struct rlimit limit = {4 * ROOM_FOR_WORDS, 4 * ROOM_FOR_WORDS};

	if (setrlimit(RLIMIT_STACK, &limit) < 0)
		_exit(94);
}

/*
 * Whit's own words are as many as the command's. But the program's path counts as well, and the
 * command's is some 4,000 bytes longer than whit's: with 2,000 bytes left whit can be run and the
 * command cannot.
 */
static void arguments_that_are_too_long(void **state)
{
	static const char path[] = "PATH=/";
	static char name[4000];
	static char filler[ROOM_FOR_WORDS / 4];
	const char *const arguments[] = {
		filler, filler, filler, filler + 2000 + sizeof(name), NULL};

	memset(name, '/', sizeof(name) - 1);
	memcpy(name + sizeof(name) - 4, "app", 3);
	memset(filler, 'x', sizeof(filler) - 1);
	put_copy("/app", 0755, actor_path());
	EXPECT(state,
		TRY(.name = name, .arguments = arguments, .path = path, .before = limit_words), 126,
		"arguments and environment are too long (%zu bytes)",
		4 * sizeof(filler) - 2000 + sizeof(path));
}

/*
 * Refuses every exec but whit's own, which is known by where the harness keeps its environment. The
 * kernel does it (seccomp(2)), in the place of a security module or of memory that has run out.
 */
static void refuse_exec(unsigned int error)
{
	const bool is_little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
	const unsigned int low = offsetof(struct seccomp_data, args[2]) + (is_little ? 0 : 4);
	struct sock_filter steps[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_execve, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, low),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(uintptr_t)environ, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog filter = {.len = 6, .filter = steps};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) < 0 ||
		prctl(PR_SET_SECCOMP, (unsigned long)SECCOMP_MODE_FILTER, &filter, 0UL, 0UL) < 0)
		_exit(94);
}

static void refuse_exec_for_want_of_memory(void)
{
	refuse_exec(ENOMEM);
}

static void refuse_exec_without_a_reason(void)
{
	refuse_exec(EPERM);
}

static void a_program_for_which_there_is_no_memory(void **state)
{
	put_copy("/app", 0755, actor_path());
	EXPECT(state, TRY(.name = "/app", .before = refuse_exec_for_want_of_memory), 126,
		"out of memory");
}

static void what_nothing_explains_is_the_systems_own_word(void **state)
{
	const char *words[WORDS_MAX] = {NULL};
	struct run run;

	put_copy("/app", 0755, actor_path());
	attempt_start(
		state, TRY(.name = "/app", .before = refuse_exec_without_a_reason), &run, words);
	run_expect_end(&run, 126, "whit: cannot run '/app': Operation not permitted\n");
}

/* --- nothing is guessed: files that may be executed and not read --- */

static void of_what_cannot_be_read_no_more_is_said_than_the_kernel_does(void **state)
{
	put("/script", 0711, "#!/bin/bash\n");
	put("/windows", 0711, "#!/bin/bash\r\n");
	put_program_with_loader("/program", 0711, "/lib/ld-musl-other.so.1");
	EXPECT(state, TRY(.name = "/script", .user = USER), 127,
		"its interpreter or loader does not exist; it cannot be read to say which");
	EXPECT(state, TRY(.name = "/windows", .user = USER), 127,
		"its interpreter or loader does not exist; it cannot be read to say which");
	EXPECT(state, TRY(.name = "/program", .user = OTHER_USER), 127,
		"its interpreter or loader does not exist; it cannot be read to say which");
	put_patched("/object", 0711, ET_REL, EM_NONE);
	put("/text", 0711, "echo hello\n");
	put("/empty", 0711, "");
	EXPECT(state, TRY(.name = "/object", .user = USER), 126,
		"it is nothing that this kernel can run; it cannot be read to say more");
	EXPECT(state, TRY(.name = "/text", .user = USER), 126,
		"it is nothing that this kernel can run; it cannot be read to say more");
	EXPECT(state, TRY(.name = "/empty", .user = USER), 126,
		"it is nothing that this kernel can run; it cannot be read to say more");
}

/* The script can be read, its interpreter cannot: what is known of the one is said. */
static void an_interpreter_that_cannot_be_read(void **state)
{
	put_program_with_loader("/python", 0711, "/lib/ld-musl-other.so.1");
	put("/app", 0755, "#!/python\n");
	EXPECT(state, TRY(.name = "/app", .user = USER), 127,
		"its interpreter '/python' cannot be run: its interpreter or loader does not "
		"exist; it cannot be read to say which");
}

/* --- what comes from outside, in every place where it is printed --- */

static void harmful_names_of_the_command(void **state)
{
	put_directory("/d" EVIL, 0755);
	expect_of(state, TRY(.name = "/" EVIL), "/" EVIL_ESCAPED, 127, "no such file");
	expect_of(state, TRY(.name = EVIL, .path = "PATH=/" EVIL ":/bin"), EVIL_ESCAPED, 127,
		"not found in PATH (/" EVIL_ESCAPED ":/bin)");
	expect_of(state, TRY(.name = "app" EVIL, .path = "PATH=/d" EVIL ":/bin"),
		"app" EVIL_ESCAPED, 127, "not found in PATH (/d" EVIL_ESCAPED ":/bin)");
	put("/d" EVIL "/app", 0644, "");
	expect_of(state, TRY(.name = "app", .path = "PATH=/d" EVIL), "/d" EVIL_ESCAPED "/app", 126,
		"no permission to execute it (mode 0644, owner 0:0, running as 0:0); chmod a+x it");
}

static void harmful_names_of_directories(void **state)
{
	put_directory("/d" EVIL, 0700);
	put("/f" EVIL, 0755, "");
	expect_of(state, TRY(.name = "./app", .directory = "/d" EVIL), "./app", 127,
		"no such file: there is no './app' in the working directory '/d" EVIL_ESCAPED "'");
	expect_of(state, TRY(.name = "/" EVIL "/app"), "/" EVIL_ESCAPED "/app", 127,
		"no such file: there is no '/" EVIL_ESCAPED "'");
	expect_of(state, TRY(.name = "/f" EVIL "/app"), "/f" EVIL_ESCAPED "/app", 127,
		"'/f" EVIL_ESCAPED "' is not a directory");
	expect_of(state, TRY(.name = "/d" EVIL "/app", .user = USER), "/d" EVIL_ESCAPED "/app", 126,
		"no permission to search '/d" EVIL_ESCAPED
		"' (mode 0700, owner 0:0, running as 1000:1000)");
}

static void harmful_names_of_links(void **state)
{
	put_link("/l" EVIL, "/t" EVIL);
	put_link("/o" EVIL, "/o" EVIL);
	expect_of(state, TRY(.name = "/l" EVIL), "/l" EVIL_ESCAPED, 127,
		"'/l" EVIL_ESCAPED "' is a link to '/t" EVIL_ESCAPED "', which does not exist");
	expect_of(state, TRY(.name = "/o" EVIL), "/o" EVIL_ESCAPED, 127,
		"'/o" EVIL_ESCAPED "' is one of a loop of links");
}

/* A newline would end the interpreter's name. */
static void harmful_names_of_interpreters_and_loaders(void **state)
{
	put("/app", 0755, "#!/\x1b]0;x\x07\xff\n");
	put_program_with_loader("/musl", 0755, "/lib/ld-musl-" EVIL);
	put_program_with_loader("/glibc", 0755, "/lib/ld-linux-" EVIL);
	put_program_with_loader("/other", 0755, "/" EVIL);
	EXPECT(state, TRY(.name = "/app"), 127,
		"its interpreter '/\\x1b]0;x\\x07\\xff' does not exist; install it or correct the "
		"'#!' line");
	EXPECT(state, TRY(.name = "/musl"), 127,
		"its loader '/lib/ld-musl-" EVIL_ESCAPED
		"' is not in this image; it was built for musl, as on Alpine: use such an image or "
		"link it statically");
	EXPECT(state, TRY(.name = "/glibc"), 127,
		"its loader '/lib/ld-linux-" EVIL_ESCAPED
		"' is not in this image; it was built for glibc, as on Debian: use such an image "
		"or link it statically");
	EXPECT(state, TRY(.name = "/other"), 127,
		"its loader '/" EVIL_ESCAPED
		"' is not in this image; install it or link the program statically");
	put_directory("/" EVIL, 0755);
	EXPECT(state, TRY(.name = "/other"), 126,
		"its loader '/" EVIL_ESCAPED "' cannot be run: it is a directory");
}

/* --- the manual has nothing else --- */

static void every_reason_of_the_manual_has_been_provoked(void **state)
{
	bool all_were_seen = true;

	(void)state;
	if (some_are_missing)
		skip_aloud("some cases could not be made here");
	for (size_t i = 0; i < entry_count; i++) {
		if (entries[i].was_seen || strcmp(entries[i].text, any_error) == 0)
			continue;
		print_error("in DIAGNOSTICS, but never provoked: %s\n", entries[i].text);
		all_were_seen = false;
	}
	assert_true(all_were_seen);
}

static int prepare_group(void **state)
{
	read_reasons();
	if (whit_is_dynamic()) /* each test has a root with nothing in it */
		exit(0);
	return harness_require_namespaces(state);
}

#define ROOM_TEST(test)                                                                            \
	cmocka_unit_test_prestate_setup_teardown(                                                  \
		test, make_room, remove_room, &(enum role){ROLE_INIT}),                            \
	{                                                                                          \
#test " as a subreaper", test, make_room, remove_room, &(enum role)                \
		{                                                                                  \
			ROLE_SUBREAPER                                                             \
		}                                                                                  \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROOM_TEST(a_file_that_is_not_there),
		ROOM_TEST(a_relative_name_that_is_not_there_is_told_with_the_working_directory),
		ROOM_TEST(a_missing_directory_on_the_way_is_named),
		ROOM_TEST(a_dangling_link_is_told_with_its_target),
		ROOM_TEST(of_a_chain_of_links_the_one_that_dangles_is_told),
		ROOM_TEST(a_directory_on_the_way_that_is_a_dangling_link),
		ROOM_TEST(a_loop_of_links),
		ROOM_TEST(a_file_on_the_way_that_is_no_directory),
		ROOM_TEST(an_empty_name),
		ROOM_TEST(a_name_that_no_directory_of_path_has),
		ROOM_TEST(a_name_that_has_its_arguments_in_it),
		ROOM_TEST(a_name_without_a_path_to_look_in),
		ROOM_TEST(a_name_with_a_directory_of_path_that_may_not_be_searched),
		ROOM_TEST(a_name_with_an_empty_path),
		ROOM_TEST(a_directory),
		ROOM_TEST(a_pipe_a_socket_and_a_device),
		ROOM_TEST(a_file_without_x_as_root),
		ROOM_TEST(a_file_that_only_its_owner_may_execute),
		ROOM_TEST(a_directory_that_may_not_be_searched),
		ROOM_TEST(a_relative_directory_that_may_not_be_searched),
		ROOM_TEST(a_working_directory_that_may_not_be_searched),
		ROOM_TEST(a_directory_above_that_may_not_be_searched),
		ROOM_TEST(a_file_on_a_file_system_that_is_mounted_noexec),
		ROOM_TEST(a_file_without_x_on_such_a_file_system),
		ROOM_TEST(an_interpreter_on_a_file_system_that_is_mounted_noexec),
		ROOM_TEST(file_capabilities_that_the_bounding_set_lacks),
		ROOM_TEST(an_interpreter_that_is_not_there),
		ROOM_TEST(an_interpreter_without_a_whole_path),
		ROOM_TEST(env_that_is_not_there),
		ROOM_TEST(an_interpreter_that_may_not_be_executed),
		ROOM_TEST(an_interpreter_that_is_a_directory_or_a_dangling_link),
		ROOM_TEST(an_interpreter_that_cannot_run_in_turn),
		ROOM_TEST(scripts_that_are_each_others_interpreters),
		ROOM_TEST(a_carriage_return_after_the_interpreter),
		ROOM_TEST(a_byte_order_mark),
		ROOM_TEST(a_script_that_names_no_interpreter_or_one_too_long),
		ROOM_TEST(text_without_an_interpreter),
		ROOM_TEST(an_empty_file),
		ROOM_TEST(a_glibc_program_without_its_loader),
		ROOM_TEST(a_musl_program_without_its_loader),
		ROOM_TEST(a_program_without_a_loader_that_whit_has_never_heard_of),
		ROOM_TEST(a_loader_that_cannot_be_run),
		ROOM_TEST(a_loader_that_is_no_program_for_this_machine),
		ROOM_TEST(a_program_for_another_machine),
		ROOM_TEST(a_damaged_program),
		ROOM_TEST(programs_for_other_systems),
		ROOM_TEST(a_program_that_is_open_for_writing),
		ROOM_TEST(a_limit_of_processes),
		ROOM_TEST(a_pid_namespace_that_has_ended),
		ROOM_TEST(arguments_that_are_too_long),
		ROOM_TEST(a_program_for_which_there_is_no_memory),
		ROOM_TEST(what_nothing_explains_is_the_systems_own_word),
		ROOM_TEST(of_what_cannot_be_read_no_more_is_said_than_the_kernel_does),
		ROOM_TEST(an_interpreter_that_cannot_be_read),
		ROOM_TEST(harmful_names_of_the_command),
		ROOM_TEST(harmful_names_of_directories),
		ROOM_TEST(harmful_names_of_links),
		ROOM_TEST(harmful_names_of_interpreters_and_loaders),
		cmocka_unit_test(every_reason_of_the_manual_has_been_provoked),
	};

	return cmocka_run_group_tests_name("diagnosis", tests, prepare_group, NULL);
}

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
#include <linux/fuse.h>
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

/* The longer an entry is, the less it leaves open. */
static int by_length(const void *one, const void *other)
{
	return (int)strlen(((const struct entry *)other)->text) -
		(int)strlen(((const struct entry *)one)->text);
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
		if (is_inside && strcmp(line, ".El") == 0) break;
		if (!is_inside || strncmp(line, ".It ", 4) != 0) continue;
		assert_true(entry_count < sizeof(entries) / sizeof(entries[0]));
		assert_true(strlen(line) < sizeof(entries[0].text));
		replace(line, "\\(aq", "'");
		replace(line, "\\-", "-");
		replace(line, "\\&", "");
		strcpy(entries[entry_count++].text, line + 4);
	}
	fclose(manual);
	assert_true(entry_count > 0);
	qsort(entries, entry_count, sizeof(entries[0]), by_length);
}

static bool matches(const char *entry, const char *text);

/* A reason may consist of several entries: notes each of them, if together they are the text. */
static bool is_reason(const char *text)
{
	for (size_t i = 0; i < entry_count; i++) {
		if (strcmp(entries[i].text, any_error) != 0 && matches(entries[i].text, text)) {
			entries[i].was_seen = true;
			return true;
		}
	}
	return false;
}

/* Whether the text up to end is a reason. */
static bool is_reason_up_to(const char *text, const char *end)
{
	char part[4096];

	snprintf(part, sizeof(part), "%.*s", (int)(end - text), text);
	return is_reason(part);
}

/* Words in capitals stand for any text but none, and REASON for another reason. */
static bool matches(const char *entry, const char *text)
{
	size_t blank = strspn(entry, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
	bool is_part = strncmp(entry, "REASON", blank) == 0;

	if (blank > 1 && strcmp(entry, "REASON") == 0) return is_reason(text);
	if (blank > 1) {
		for (const char *end = text + 1; *text != '\0' && end <= strchr(text, '\0');
			end++) {
			if (matches(entry + blank, end) && (!is_part || is_reason_up_to(text, end)))
				return true;
		}
		return false;
	}
	if (*entry != *text) return false;
	return *entry == '\0' || matches(entry + 1, text + 1);
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
	if (machine != EM_NONE) header.e_machine = machine;
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
	if (mkdtemp(room) == NULL || chmod(room, 0755) < 0) return -1;
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
	(void)umount2(
		outside("/net"), MNT_DETACH); /* of a test that failed; else it is not there */
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

	if (chroot(room) < 0 || chdir("/") < 0) _exit(94);
	if (attempt->before != NULL) attempt->before();
	if (attempt->directory != NULL && chdir(attempt->directory) < 0) _exit(94);
	if (attempt->user != 0 &&
		(setgroups(0, NULL) < 0 || setgid(attempt->user) < 0 || setuid(attempt->user) < 0))
		_exit(94);
	if (attempt->after != NULL) attempt->after();
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
	if (run.out.length > 0) run_fail(&run, "expected on stdout: nothing");
	if (!is_reason(reason)) run_fail(&run, "not in DIAGNOSTICS: %s", reason);
}

/* The same where whit calls it by the name that it was given. */
#define EXPECT(state, attempt, ...) expect_of(state, attempt, (attempt)->name, __VA_ARGS__)

/* The same for what the manual calls ERROR. */
static void expect_error_text(
	void **state, const struct attempt *attempt, int status, const char *text)
{
	const char *words[WORDS_MAX] = {NULL};
	char line[256];
	struct run run;

	snprintf(line, sizeof(line), "whit: cannot run '%s': %s\n", attempt->name, text);
	attempt_start(state, attempt, &run, words);
	run_expect_end(&run, status, line);
}

/* --- what is run, though the kernel refuses it --- */

/* Not in the room, which has no shell. */
static void expect_run(void **state, const char *path, const char *out)
{
	struct run run;

	RUN(&run, test_role(state), outside(path), "a", "b c");
	run_expect_end(&run, 0, "");
	if (strcmp(run.out.text, out) != 0) run_fail(&run, "expected on stdout: %s", out);
}

/* As the portable executables of cosmopolitan and installers that unpack themselves begin. */
static void text_up_to_its_first_newline_and_binary_after_it_is_run_by_the_shell(void **state)
{
	static const char portable[] =
		"MZqFpD='\n\0\0\0\1\2\3'\necho portable \"$#\"; exit\n\0\1\2";
	static const char installer[] = "echo installer \"$#\"; exit\n\0\1\2\3";

	put_bytes("/portable", 0755, portable, sizeof(portable));
	put_bytes("/installer", 0755, installer, sizeof(installer));
	expect_run(state, "/portable", "portable 2\n");
	expect_run(state, "/installer", "installer 2\n");
}

static void a_script_whose_interpreter_is_text_is_run_by_the_shell_itself(void **state)
{
	char line[PATH_MAX];

	put("/interpreter", 0755, "echo interpreter\n");
	snprintf(line, sizeof(line), "#!%s\necho script \"$#\"\n", outside("/interpreter"));
	put("/script", 0755, line);
	snprintf(line, sizeof(line), "#!%s\necho outer \"$#\"\n", outside("/script"));
	put("/outer", 0755, line);
	expect_run(state, "/script", "script 2\n");
	expect_run(state, "/outer", "outer 2\n");
}

#define NO_BASH "its interpreter '/bin/bash' does not exist; install it or correct the '#!' line"

/* --- names that lead nowhere --- */

static void a_path_that_leads_nowhere_is_told_with_its_first_missing_part(void **state)
{
	put_directory("/opt", 0755);
	EXPECT(state, TRY(.name = "/app"), 127, "no such file: there is no '/app'");
	EXPECT(state, TRY(.name = "/opt/app/bin/run"), 127, "no such file: there is no '/opt/app'");
}

static void a_relative_path_that_leads_nowhere_is_told_with_the_working_directory(void **state)
{
	put_directory("/srv", 0755);
	put("/app", 0755, "");
	EXPECT(state, TRY(.name = "./app", .directory = "/srv"), 127,
		"no such file: there is no './app'; the working directory is '/srv'");
	EXPECT(state, TRY(.name = "bin/app", .directory = "/srv"), 127,
		"no such file: there is no 'bin'; the working directory is '/srv'");
}

static void a_dangling_link_is_told_with_where_it_leads_link_by_link(void **state)
{
	put_directory("/bin", 0755);
	put_directory("/etc", 0755);
	put_link("/bin/java", "../etc/java");
	put_link("/etc/java", "/jvm/java");
	put_link("/current", "releases/7");
	EXPECT(state, TRY(.name = "/etc/java"), 127,
		"'/etc/java' is a link to '/jvm/java': no such file: there is no '/jvm'");
	EXPECT(state, TRY(.name = "/current/bin/app"), 127,
		"'/current' is a link to 'releases/7': no such file: there is no '/releases'");
	expect_of(state, TRY(.name = "java", .path = "PATH=/sbin:/bin"), "/bin/java", 127,
		"'/bin/java' is a link to '../etc/java': '/bin/../etc/java' is a link to "
		"'/jvm/java': no such file: there is no '/jvm'");
}

static void a_part_of_the_path_that_is_no_directory(void **state)
{
	put("/app", 0755, "");
	put_link("/link", "app");
	EXPECT(state, TRY(.name = "/app/run"), 127, "'/app' is not a directory");
	EXPECT(state, TRY(.name = "/app/"), 127, "'/app' is not a directory");
	EXPECT(state, TRY(.name = "/link/run"), 127, "'/link' is not a directory");
}

static void a_loop_of_links_and_a_name_that_is_too_long(void **state)
{
	char name[NAME_MAX + 3];

	put_link("/one", "two");
	put_link("/two", "one");
	memset(name, 'x', sizeof(name) - 1);
	name[0] = '/';
	name[sizeof(name) - 1] = '\0';
	EXPECT(state, TRY(.name = "/one"), 127, "cannot look up '/one': Link or script loop");
	EXPECT(state, TRY(.name = name), 127, "cannot look up '%s': File name too long", name);
}

static void an_empty_name(void **state)
{
	EXPECT(state, TRY(.name = ""), 127, "its name is empty");
}

/* --- PATH --- */

static void a_name_that_no_directory_of_path_has_is_told_with_the_list(void **state)
{
	put("/app", 0755, "");
	EXPECT(state, TRY(.name = "app", .path = "PATH=/usr/bin:/bin"), 127,
		"not found in PATH (/usr/bin:/bin)");
	EXPECT(state, TRY(.name = "app"), 127, "not found in PATH (/usr/local/bin:/usr/bin:/bin)");
}

/* ENTRYPOINT ["app -v"]. A file may have such a name, and cannot be run for another reason. */
static void a_name_that_has_its_arguments_in_it(void **state)
{
	put("/app", 0755, "");
	EXPECT(state, TRY(.name = "app -v", .path = "PATH=/bin"), 127,
		"not found in PATH (/bin); its name has a space in it; write arguments as "
		"separate words");
	EXPECT(state, TRY(.name = "/app -v"), 127,
		"no such file: there is no '/app -v'; its name has a space in it; write arguments "
		"as separate words");
	put("/my app", 0755, "#!/bin/bash\n");
	EXPECT(state, TRY(.name = "/my app"), 127, NO_BASH);
}

#define NOT_ALLOWED_ROOT                                                                           \
	"no permission to search '/root' (mode 0700, owner 0:0, running as 1000:1000); allow it "  \
	"with chmod +x"

static void a_directory_of_path_that_may_not_be_searched_is_named_if_nothing_is_found(void **state)
{
	put_directory("/root", 0700);
	put_directory("/srv", 0700);
	EXPECT(state, TRY(.name = "app", .path = "PATH=/root/bin:/srv/bin", .user = USER), 126,
		"not found in PATH (/root/bin:/srv/bin); part of PATH cannot be "
		"searched: " NOT_ALLOWED_ROOT);
	put("/app", 0700, "");
	expect_of(state, TRY(.name = "app", .path = "PATH=/root/bin:/", .user = USER), "//app", 126,
		"no permission to execute '//app' (mode 0700, owner 0:0, running as 1000:1000); "
		"allow it with chmod +x");
	put("/tool", 0755, "#!/bin/bash\n");
	expect_of(state, TRY(.name = "tool", .path = "PATH=/root/bin:/", .user = USER), "//tool",
		126, NO_BASH);
}

/* The file whose error ended the search, and not one of the same name before it. */
static void the_file_in_path_that_the_error_is_of_is_told(void **state)
{
	put_directory("/one", 0755);
	put_directory("/two", 0755);
	put("/one/app", 0644, "#!/bin/sh\n");
	put("/two/app", 0755, "");
	expect_of(state, TRY(.name = "app", .path = "PATH=/one:/two"), "/two/app", 126,
		"it is an empty file");
	put("/two/tool", 0755, "#!/bin/bash\n");
	expect_of(state, TRY(.name = "tool", .path = "PATH=/one:/two"), "/two/tool", 127,
		"its interpreter '/bin/bash' does not exist; install it or correct the '#!' line");
}

/* --- a file system that does not answer: fuse(4), <linux/fuse.h> --- */

static const struct {
	const char *name; /* of the directory that fails so */
	int error;
	const char *text;
} dead_directories[] = {
	{"stale", ESTALE, "Stale file handle"},
	{"gone", ENODEV, "No such device"},
	{"slow", ETIMEDOUT, "Connection timed out"},
};

static int error_of_directory(const char *name)
{
	for (size_t i = 0; i < sizeof(dead_directories) / sizeof(dead_directories[0]); i++) {
		if (strcmp(name, dead_directories[i].name) == 0) return dead_directories[i].error;
	}
	return ENOENT;
}

static void answer(int fd, uint64_t unique, int error, const void *body, size_t size)
{
	struct {
		struct fuse_out_header header;
		char body[256];
	} reply = {{(uint32_t)(sizeof(reply.header) + size), -error, unique}, ""};

	memcpy(reply.body, body, size);
	(void)!write(fd, &reply, reply.header.len); /* a request may have been given up meanwhile */
}

/* Ends when the file system is no longer mounted anywhere. */
static _Noreturn void serve_dead_directories(int fd)
{
	static union {
		struct fuse_in_header header;
		char bytes[FUSE_MIN_READ_BUFFER * 2];
	} request;
	const struct fuse_init_out init = {.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_write = 4096};
	const struct fuse_attr_out root = {
		.attr = {.ino = FUSE_ROOT_ID, .mode = S_IFDIR | 0755, .nlink = 2}};

	while (read(fd, &request, sizeof(request)) > 0 || errno == EINTR || errno == ENOENT) {
		const uint64_t unique = request.header.unique;

		switch (request.header.opcode) {
		case FUSE_INIT: answer(fd, unique, 0, &init, sizeof(init)); break;
		case FUSE_GETATTR: answer(fd, unique, 0, &root, sizeof(root)); break;
		case FUSE_LOOKUP:
			answer(fd, unique,
				error_of_directory(request.bytes + sizeof(request.header)), "", 0);
			break;
		case FUSE_FORGET:
		case FUSE_BATCH_FORGET:
		case FUSE_INTERRUPT: break; /* these want no answer */
		default: answer(fd, unique, ENOSYS, "", 0);
		}
	}
	_exit(0);
}

/* Seen in the mount namespace of this test and of its runs alone. */
static pid_t mount_dead_directories(void)
{
	char options[128];
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	pid_t server;

	put_directory("/net", 0755);
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
	if (fd < 0 || mount("whit-test", outside("/net"), "fuse", 0, options) < 0)
		skip_aloud("no file system can be served here (/dev/fuse)");
	server = fork();
	assert_true(server >= 0);
	if (server == 0) serve_dead_directories(fd);
	close(fd);
	return server;
}

static void an_entry_of_path_that_cannot_be_reached_does_not_end_the_search(void **state)
{
	pid_t server = mount_dead_directories();
	char path[64];
	struct run run;
	const char *words[WORDS_MAX] = {NULL};
	const char *const exit_7[] = {"exit", "7", NULL};

	put_copy("/app", 0755, actor_path());
	attempt_start(state,
		TRY(.name = "app", .path = "PATH=/net/stale:/net/gone:/net/slow:/",
			.arguments = exit_7),
		&run, words);
	run_expect_end(&run, 7, "");
	for (size_t i = 0; i < sizeof(dead_directories) / sizeof(dead_directories[0]); i++) {
		const char *name = dead_directories[i].name;

		snprintf(path, sizeof(path), "PATH=/net/%s:/bin", name);
		EXPECT(state, TRY(.name = "app", .path = path), 126,
			"not found in PATH (/net/%s:/bin); part of PATH cannot be searched: "
			"cannot look up '/net/%s': %s",
			name, name, dead_directories[i].text);
	}
	put("/refused", 0644, "");
	expect_of(state, TRY(.name = "refused", .path = "PATH=/:/net/stale"), "//refused", 126,
		"no permission to execute '//refused' (mode 0644, owner 0:0, running as 0:0); "
		"allow it with chmod +x");
	assert_int_equal(umount2(outside("/net"), MNT_DETACH), 0);
	assert_int_equal(waitpid(server, NULL, 0), server);
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

static void a_file_whose_mode_does_not_allow_it_is_told_with_mode_and_owner(void **state)
{
	put("/app", 0644, "#!/bin/sh\n");
	put("/mine", 0700, "#!/bin/sh\n");
	EXPECT(state, TRY(.name = "/app"), 126,
		"no permission to execute '/app' (mode 0644, owner 0:0, running as 0:0); allow it "
		"with chmod +x");
	expect_of(state, TRY(.name = "app", .path = "PATH=/bin:/"), "//app", 126,
		"no permission to execute '//app' (mode 0644, owner 0:0, running as 0:0); allow it "
		"with chmod +x");
	EXPECT(state, TRY(.name = "/mine", .user = USER), 126,
		"no permission to execute '/mine' (mode 0700, owner 0:0, running as 1000:1000); "
		"allow it with chmod +x");
}

/* acl(5), as linux/posix_acl_xattr.h has it, in the byte order of little machines. */
static bool deny_by_acl(const char *path, uint16_t user)
{
	const uint16_t no_id = 0xffff;
	const uint16_t rows[][4] = {
		/* tag, permissions, the two halves of the id */
		{0x01, 7, no_id, no_id},                     /* the owner */
		{0x02, 0, user, 0}, {0x04, 5, no_id, no_id}, /* the group */
		{0x10, 5, no_id, no_id},                     /* the mask */
		{0x20, 5, no_id, no_id},                     /* all others */
	};
	unsigned char bytes[4 + sizeof(rows)] = {2};

	for (size_t i = 0; i < sizeof(rows) / 2; i++) {
		bytes[4 + 2 * i] = (unsigned char)(rows[i / 4][i % 4] & 0xff);
		bytes[5 + 2 * i] = (unsigned char)(rows[i / 4][i % 4] >> 8);
	}
	return setxattr(outside(path), "system.posix_acl_access", bytes, sizeof(bytes), 0) == 0;
}

static void a_file_that_an_acl_denies_is_not_told_to_need_chmod(void **state)
{
	put("/app", 0755, "#!/bin/sh\n");
	if (!deny_by_acl("/app", USER)) skip_aloud("no ACL can be set here");
	EXPECT(state, TRY(.name = "/app", .user = USER), 126,
		"no permission to execute '/app' (mode 0755, owner 0:0, running as 1000:1000); an "
		"ACL or a security module may deny it");
}

static void a_directory_on_the_way_that_may_not_be_searched(void **state)
{
	put_directory("/root", 0700);
	put("/root/app", 0755, "");
	put_link("/app", "root/app");
	EXPECT(state, TRY(.name = "/root/app", .user = USER), 126, NOT_ALLOWED_ROOT);
	EXPECT(state, TRY(.name = "/root/bin/app", .user = USER), 126, NOT_ALLOWED_ROOT);
	EXPECT(state, TRY(.name = "/app", .user = USER), 126,
		"'/app' is a link to 'root/app': " NOT_ALLOWED_ROOT);
}

static void close_the_way(void)
{
	if (chdir("/srv/data") < 0 || chmod("/srv", 0700) < 0) _exit(94);
}

static void a_relative_directory_that_may_not_be_searched(void **state)
{
	put_directory("/srv", 0755);
	put_directory("/srv/data", 0700);
	EXPECT(state, TRY(.name = "data/app", .directory = "/srv", .user = OTHER_USER), 126,
		"no permission to search 'data' (mode 0700, owner 0:0, running as 65534:65534); the "
		"working directory is '/srv'; allow it with chmod +x");
	EXPECT(state, TRY(.name = "./app", .directory = "/srv/data", .user = USER), 126,
		"no permission to search '.' (mode 0700, owner 0:0, running as 1000:1000); the "
		"working directory is '/srv/data'; allow it with chmod +x");
	EXPECT(state, TRY(.name = "../app", .before = close_the_way, .user = USER), 126,
		"no permission to search '.' (mode 0700, owner 0:0, running as 1000:1000); the "
		"working directory is '/srv/data'; allow it with chmod +x");
}

static void make_in_volume(const char *path, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 || fchmod(fd, mode) < 0) _exit(94);
	close(fd);
}

/* In the namespace of the run alone, and gone with it. */
static void mount_noexec(void)
{
	if (mount("none", "/volume", "tmpfs", MS_NOEXEC, "mode=0755") < 0) _exit(94);
	make_in_volume("/volume/app", 0755);
	make_in_volume("/volume/data", 0644);
}

/* A file without any x could not be run from another file system either. */
static void a_file_on_a_file_system_that_is_mounted_noexec(void **state)
{
	put_directory("/volume", 0755);
	put("/app", 0755, "#!/volume/app\n");
	EXPECT(state, TRY(.name = "/volume/app", .before = mount_noexec), 126,
		"its file system is mounted noexec; move it to another");
	EXPECT(state, TRY(.name = "/volume/data", .before = mount_noexec), 126,
		"no permission to execute '/volume/data' (mode 0644, owner 0:0, running as 0:0); "
		"allow it with chmod +x");
	EXPECT(state, TRY(.name = "/app", .before = mount_noexec), 126,
		"its interpreter '/volume/app' cannot be run: its file system is mounted noexec; "
		"move it to another");
}

static void drop_net_raw(void)
{
	if (prctl(PR_CAPBSET_DROP, (unsigned long)CAP_NET_RAW, 0UL, 0UL, 0UL) < 0) _exit(94);
}

static void file_capabilities_that_the_bounding_set_lacks(void **state)
{
	const struct vfs_cap_data capabilities = {
		.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE,
		.data = {{.permitted = 1U << CAP_NET_RAW}},
	};

	put_copy("/ping", 0755, actor_path());
	put("/plain", 0644, "");
	if (setxattr(outside("/ping"), "security.capability", &capabilities, sizeof(capabilities),
		    0) < 0 ||
		setxattr(outside("/plain"), "security.capability", &capabilities,
			sizeof(capabilities), 0) < 0)
		skip_aloud("file capabilities cannot be set here");
	EXPECT(state, TRY(.name = "/plain", .before = drop_net_raw), 126,
		"no permission to execute '/plain' (mode 0644, owner 0:0, running as 0:0); allow it "
		"with chmod +x");
	EXPECT(state, TRY(.name = "/ping", .before = drop_net_raw), 126,
		"its file capabilities are not allowed here; allow them with --cap-add or remove "
		"them with setcap -r");
}

/* --- scripts --- */

static void an_interpreter_that_does_not_exist(void **state)
{
	put("/app", 0755, "#! /bin/bash -e\n");
	put("/python", 0755, "#!python3\n");
	EXPECT(state, TRY(.name = "/app"), 127, NO_BASH);
	expect_of(state, TRY(.name = "app", .path = "PATH=/bin:"), "app", 127, NO_BASH);
	EXPECT(state, TRY(.name = "/python"), 127,
		"its interpreter 'python3' does not exist; install it or correct the '#!' line");
}

/* The kernel refuses it as if the script itself were for it. */
static void an_interpreter_that_cannot_be_run_is_told_with_its_own_reason(void **state)
{
	put("/plain", 0644, "");
	put("/empty", 0755, "");
	put_directory("/directory", 0755);
	put_link("/link", "/usr/bin/python3");
	put("/to-plain", 0755, "#!/plain\n");
	put("/to-empty", 0755, "#!/empty\n");
	put("/to-directory", 0755, "#!/directory\n");
	put("/to-link", 0755, "#!/link\n");
	put("/to-script", 0755, "#!/to-script-2\n");
	put("/to-script-2", 0755, "#!/to-script-3\n");
	put("/to-script-3", 0755, "#!/to-empty\n");
	EXPECT(state, TRY(.name = "/to-plain"), 126,
		"its interpreter '/plain' cannot be run: no permission to execute '/plain' (mode "
		"0644, owner 0:0, running as 0:0); allow it with chmod +x");
	EXPECT(state, TRY(.name = "/to-empty"), 126,
		"its interpreter '/empty' cannot be run: it is an empty file");
	EXPECT(state, TRY(.name = "/to-directory"), 126,
		"its interpreter '/directory' cannot be run: it is a directory");
	EXPECT(state, TRY(.name = "/to-link"), 127,
		"its interpreter '/link' cannot be run: '/link' is a link to '/usr/bin/python3': "
		"no such file: there is no '/usr'");
	EXPECT(state, TRY(.name = "/to-script"), 126,
		"its interpreter '/to-script-2' cannot be run: its interpreter '/to-script-3' "
		"cannot be run: its interpreter '/to-empty' cannot be run: its interpreter '/empty' "
		"cannot be run: it is an empty file");
}

static void a_script_that_is_its_own_interpreter(void **state)
{
	put("/app", 0755, "#!/app\n");
	expect_error_text(state, TRY(.name = "/app"), 127, "Link or script loop");
}

static void a_carriage_return_after_the_interpreter(void **state)
{
	put_directory("/bin", 0755);
	put_copy("/bin/sh", 0755, actor_path());
	put("/app", 0755, "#!/bin/sh\r\necho hello\r\n");
	EXPECT(state, TRY(.name = "/app"), 127,
		"its '#!' line ends in a carriage return; save it with Unix line endings");
}

static void a_byte_order_mark(void **state)
{
	static const char reason[] =
		"it begins with a byte-order mark; save it as UTF-8 without one";

	put("/app", 0755, "\xef\xbb\xbf#!/bin/sh\necho hello\n");
	put_bytes("/wide", 0755, "\xff\xfe#\0!\0/\0b\0", 10);
	EXPECT(state, TRY(.name = "/app"), 126, "%s", reason);
	EXPECT(state, TRY(.name = "/wide"), 126, "%s", reason);
}

static void a_script_that_names_no_interpreter_or_one_too_long(void **state)
{
	static const char reason[] =
		"its '#!' line names no interpreter, or has more than 255 bytes";
	char line[512] = "#!/";

	put("/blank", 0755, "#!  \necho hello\n");
	put("/short", 0755, "#!");
	memset(line + 3, 'x', sizeof(line) - 4);
	put("/long", 0755, line);
	EXPECT(state, TRY(.name = "/blank"), 126, "%s", reason);
	EXPECT(state, TRY(.name = "/short"), 126, "%s", reason);
	EXPECT(state, TRY(.name = "/long"), 126, "%s", reason);
}

static void text_without_an_interpreter_where_there_is_no_shell(void **state)
{
	static const char reason[] = "it is text without a '#!' line and needs a /bin/sh that "
				     "works; begin it with '#!' and its interpreter";

	put("/app", 0755, "echo hello\n");
	put("/script", 0755, "#!/app\n");
	EXPECT(state, TRY(.name = "/app"), 126, "%s", reason);
	EXPECT(state, TRY(.name = "/script"), 126, "its interpreter '/app' cannot be run: %s",
		reason);
	put_directory("/bin", 0755);
	put("/bin/sh", 0755, "");
	EXPECT(state, TRY(.name = "/app"), 126, "%s", reason);
}

/* --- programs --- */

/* This machine, as whit calls it, and one that it is not, of the same size and byte order. */
#define FOREIGN      EM_X86_64
#define FOREIGN_NAME "x86_64 (amd64)"
#if defined(__x86_64__) && defined(__LP64__)
#undef FOREIGN
#undef FOREIGN_NAME
#define HERE         "x86_64 (amd64)"
#define PLATFORM     "linux/amd64"
#define FOREIGN      EM_AARCH64
#define FOREIGN_NAME "aarch64 (arm64)"
#elif defined(__aarch64__) && !defined(__AARCH64EB__)
#define HERE     "aarch64 (arm64)"
#define PLATFORM "linux/arm64"
#elif defined(__riscv) && __riscv_xlen == 64
#define HERE     "riscv64 (riscv64)"
#define PLATFORM "linux/riscv64"
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define HERE     "ppc64le (ppc64le)"
#define PLATFORM "linux/ppc64le"
#endif

static void a_program_without_its_loader_is_told_with_the_libc_that_it_is_for(void **state)
{
	char loader[PATH_MAX];

	put_copy("/glibc", 0755, glibc_actor_path());
	find_loader(glibc_actor_path(), loader, sizeof(loader));
	EXPECT(state, TRY(.name = "/glibc"), 127,
		"its loader '%s' is not in this image; use one with glibc, such as Debian, or link "
		"it statically",
		loader);
	put_copy("/musl", 0755, musl_actor_path());
	find_loader(musl_actor_path(), loader, sizeof(loader));
	EXPECT(state, TRY(.name = "/musl"), 127,
		"its loader '%s' is not in this image; use one with musl, such as Alpine, or link "
		"it statically",
		loader);
	put_program_with_loader("/other", 0755, "/system/bin/linker64");
	EXPECT(state, TRY(.name = "/other"), 127,
		"its loader '/system/bin/linker64' is not in this image; use one that has it, or "
		"link it statically");
}

/* Of a loader that is no program the kernel says another error than of the program itself. */
static void a_loader_that_cannot_be_run_is_told_with_its_own_reason(void **state)
{
	put("/plain", 0644, "");
	put("/empty", 0755, "");
	put_bytes("/junk", 0755,
		"\0junk that is longer than the header of an ELF program is. It goes on.", 70);
	put_link("/link", "gone");
	put_program_with_loader("/to-plain", 0755, "/plain");
	put_program_with_loader("/to-empty", 0755, "/empty");
	put_program_with_loader("/to-junk", 0755, "/junk");
	put_program_with_loader("/to-link", 0755, "/link");
	put("/script", 0755, "#!/to-junk\n");
	EXPECT(state, TRY(.name = "/to-plain"), 126,
		"its loader '/plain' cannot be run: no permission to execute '/plain' (mode 0644, "
		"owner 0:0, running as 0:0); allow it with chmod +x");
	EXPECT(state, TRY(.name = "/to-empty"), 126,
		"its loader '/empty' cannot be run: it is an empty file");
	EXPECT(state, TRY(.name = "/to-junk"), 126,
		"its loader '/junk' cannot be run: it is neither a program nor a script");
	EXPECT(state, TRY(.name = "/to-link"), 127,
		"its loader '/link' cannot be run: '/link' is a link to 'gone': no such file: there "
		"is no '/gone'");
	EXPECT(state, TRY(.name = "/script"), 126,
		"its interpreter '/to-junk' cannot be run: its loader '/junk' cannot be run: it is "
		"neither a program nor a script");
}

#ifdef HERE
#define FOR_ANOTHER "it was built for " FOREIGN_NAME ", but this machine is " HERE
#define BUILD_IT    "; build or pull it for " PLATFORM
#endif

static void a_program_for_another_machine(void **state)
{
#ifdef HERE
	put_patched("/app", 0755, ET_EXEC, FOREIGN);
	put_patched("/strange", 0755, ET_EXEC, 0xfeed);
	put("/script", 0755, "#!/app\n");
	put_program_with_loader("/other", 0755, "/app");
	EXPECT(state, TRY(.name = "/app"), 126, FOR_ANOTHER BUILD_IT);
	EXPECT(state, TRY(.name = "/strange"), 126,
		"it was built for unknown (unknown), but this machine is " HERE BUILD_IT);
	EXPECT(state, TRY(.name = "/script"), 126,
		"its interpreter '/app' cannot be run: " FOR_ANOTHER BUILD_IT);
	EXPECT(state, TRY(.name = "/other"), 126,
		"its loader '/app' cannot be run: " FOR_ANOTHER BUILD_IT);
#else
	(void)state;
	skip_aloud("the test does not know this machine's name");
#endif
}

#ifdef HERE
/* The first bytes of no program but this test's: in the padding of the identification. */
static void put_made_up_program(const char *path, char magic[20])
{
	ElfW(Ehdr) header = {.e_ident = ELFMAG, .e_type = ET_EXEC, .e_machine = FOREIGN};

	header.e_ident[EI_CLASS] = sizeof(header) == sizeof(Elf64_Ehdr) ? ELFCLASS64 : ELFCLASS32;
	header.e_ident[EI_DATA] = ELFDATA2LSB;
	memcpy(header.e_ident + EI_PAD, "whit", 4);
	memcpy(magic, &header, 20);
	put_bytes(path, 0755, &header, sizeof(header));
}

static const char handler[] = "whit-test-diagnosis";

static bool write_to_binfmt_misc(const char *file, const char *text)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", outside("/binfmt"), file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0) return false;
	if (write(fd, text, strlen(text)) < 0) {
		close(fd);
		return false;
	}
	close(fd);
	return true;
}

static bool register_missing_interpreter(const char magic[20])
{
	char line[256];
	int length = snprintf(line, sizeof(line), ":%s:M::", handler);

	put_directory("/binfmt", 0755);
	if (mount("binfmt_misc", outside("/binfmt"), "binfmt_misc", 0, NULL) < 0) return false;
	for (int i = 0; i < 20; i++)
		length += snprintf(line + length, sizeof(line) - (size_t)length, "\\x%02x",
			(unsigned int)(unsigned char)magic[i]);
	snprintf(line + length, sizeof(line) - (size_t)length, "::/no/such/emulator:");
	(void)write_to_binfmt_misc(handler, "-1"); /* of a test that was killed */
	return write_to_binfmt_misc("register", line);
}
#endif

/* As with qemu-user on many Docker hosts: the kernel says that there is no such file. */
static void a_program_for_another_machine_whose_emulator_is_missing(void **state)
{
#ifdef HERE
	const char *words[WORDS_MAX] = {NULL};
	struct run run;
	char magic[20];

	put_made_up_program("/app", magic);
	if (!register_missing_interpreter(magic)) skip_aloud("binfmt_misc cannot be mounted here");
	attempt_start(state, TRY(.name = "/app"), &run, words);
	run_wait_end(&run);
	assert_true(write_to_binfmt_misc(handler, "-1"));
	assert_int_equal(umount2(outside("/binfmt"), MNT_DETACH), 0);
	run_expect_end(&run, 127,
		"whit: cannot run '/app': " FOR_ANOTHER
		"; the interpreter that binfmt_misc names for it is missing" BUILD_IT "\n");
	assert_true(is_reason(
		FOR_ANOTHER "; the interpreter that binfmt_misc names for it is missing" BUILD_IT));
#else
	(void)state;
	skip_aloud("the test does not know this machine's name");
#endif
}

static void a_damaged_program(void **state)
{
	static const char reason[] =
		"it is a damaged or incomplete program; copy or build it again";
	size_t length;
	unsigned char *bytes = read_whole(actor_path(), &length);

	put_bytes("/head", 0755, bytes, 10);
	put_bytes("/half", 0755, bytes, sizeof(ElfW(Ehdr)));
	free(bytes);
	put_patched("/object", 0755, ET_REL, EM_NONE);
	EXPECT(state, TRY(.name = "/head"), 126, "%s", reason);
	EXPECT(state, TRY(.name = "/half"), 126, "%s", reason);
	EXPECT(state, TRY(.name = "/object"), 126, "%s", reason);
}

static void files_that_are_no_programs_for_linux(void **state)
{
	put("/empty", 0755, "");
	put_bytes("/mac", 0755, "\xcf\xfa\xed\xfe\x07\0\0\x01", 8);
	put_bytes("/macs", 0755, "\xca\xfe\xba\xbe\0\0\0\x02", 8);
	put_bytes("/windows", 0755, "MZ\x90\0\x03\0\0\0", 8);
	put_bytes("/junk", 0755, "\0\1\2\3", 4);
	put_bytes("/class", 0755, "\xca\xfe\xba\xbe\0\0\0\x3d", 8);
	EXPECT(state, TRY(.name = "/empty"), 126, "it is an empty file");
	EXPECT(state, TRY(.name = "/mac"), 126, "it was built for macOS; build it for Linux");
	EXPECT(state, TRY(.name = "/macs"), 126, "it was built for macOS; build it for Linux");
	EXPECT(state, TRY(.name = "/windows"), 126, "it was built for Windows; build it for Linux");
	EXPECT(state, TRY(.name = "/junk"), 126, "it is neither a program nor a script");
	EXPECT(state, TRY(.name = "/class"), 126, "it is neither a program nor a script");
}

static void of_a_file_that_cannot_be_read_the_kernels_error_is_told(void **state)
{
	static const char reason[] =
		"perhaps for what is in the file; make it readable to see more";

	put("/script", 0711, "#!/bin/bash\n");
	put("/text", 0711, "echo hello\n");
	EXPECT(state, TRY(.name = "/script", .user = USER), 127, "No such file or directory, %s",
		reason);
	EXPECT(state, TRY(.name = "/text", .user = USER), 126, "Exec format error, %s", reason);
}

/* --- what is no fault of the file --- */

static void a_program_that_is_open_for_writing(void **state)
{
	static const char reason[] =
		"it, its interpreter or its loader is open for writing; close it first";
	int fd;

	put_copy("/app", 0755, actor_path());
	put("/script", 0755, "#!/app\n");
	fd = open(outside("/app"), O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	EXPECT(state, TRY(.name = "/app"), 126, "%s", reason);
	EXPECT(state, TRY(.name = "/script"), 126, "%s", reason);
	close(fd);
}

static void allow_no_more_processes(void)
{
	const struct rlimit limit = {1, 1};

	if (setrlimit(RLIMIT_NPROC, &limit) < 0) _exit(94);
}

static void a_limit_of_processes(void **state)
{
	put_copy("/app", 0755, actor_path());
	EXPECT(state, TRY(.name = "/app", .user = USER, .after = allow_no_more_processes), 126,
		"no more processes are allowed; raise 'ulimit -u' or the cgroup's pids.max");
}

/* A namespace whose first process has ended takes no more: pid_namespaces(7). */
static void lose_the_namespace(void)
{
	pid_t first;

	if (unshare(CLONE_NEWPID) < 0) _exit(94);
	first = fork();
	if (first == 0) _exit(0);
	if (waitpid(first, NULL, 0) != first) _exit(94);
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

	if (setrlimit(RLIMIT_STACK, &limit) < 0) _exit(94);
}

/*
 * Whit's own words are as many as the command's. But the program's path counts as well, and the
 * command's is some 3,900 bytes longer than whit's: with 2,000 bytes left whit can be run and the
 * command cannot.
 */
static void arguments_that_are_too_long(void **state)
{
	static char name[3900];
	static char filler[ROOM_FOR_WORDS / 4];
	const char *const arguments[] = {
		filler, filler, filler, filler + 2000 + sizeof(name), NULL};

	memset(name, '/', sizeof(name) - 1);
	memcpy(name + sizeof(name) - 4, "app", 3);
	memset(filler, 'x', sizeof(filler) - 1);
	put_copy("/app", 0755, actor_path());
	EXPECT(state,
		TRY(.name = name, .arguments = arguments, .path = "PATH=/", .before = limit_words),
		126, "arguments and environment are too long; shorten them or raise 'ulimit -s'");
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

static void refuse_exec_as_a_security_module_does(void)
{
	refuse_exec(EACCES);
}

static void what_the_file_does_not_explain_is_told_as_the_kernel_does(void **state)
{
	put_copy("/app", 0755, actor_path());
	EXPECT(state, TRY(.name = "/app", .before = refuse_exec_for_want_of_memory), 126,
		"out of memory");
	EXPECT(state, TRY(.name = "/app", .before = refuse_exec_as_a_security_module_does), 126,
		"no permission to execute '/app' (mode 0755, owner 0:0, running as 0:0); an ACL or "
		"a security module may deny it");
	expect_error_text(state, TRY(.name = "/app", .before = refuse_exec_without_a_reason), 126,
		"Operation not permitted");
}

/* --- what comes from outside, in every place where it is printed --- */

static void names_that_would_harm_a_terminal_are_escaped(void **state)
{
	put_directory("/d" EVIL, 0755);
	put("/f" EVIL, 0755, "");
	put_link("/l" EVIL, "/t" EVIL);
	put("/script", 0755, "#!/\x1b]0;x\x07\xff\n"); /* a newline would end the name */
	put_program_with_loader("/program", 0755, "/lib/ld-musl-" EVIL);
	expect_of(state, TRY(.name = EVIL, .path = "PATH=/" EVIL ":/bin"), EVIL_ESCAPED, 127,
		"not found in PATH (/" EVIL_ESCAPED ":/bin)");
	expect_of(state, TRY(.name = "./app", .directory = "/d" EVIL), "./app", 127,
		"no such file: there is no './app'; the working directory is '/d" EVIL_ESCAPED "'");
	expect_of(state, TRY(.name = "/f" EVIL "/app"), "/f" EVIL_ESCAPED "/app", 127,
		"'/f" EVIL_ESCAPED "' is not a directory");
	expect_of(state, TRY(.name = "/l" EVIL), "/l" EVIL_ESCAPED, 127,
		"'/l" EVIL_ESCAPED "' is a link to '/t" EVIL_ESCAPED
		"': no such file: there is no '/t" EVIL_ESCAPED "'");
	EXPECT(state, TRY(.name = "/script"), 127,
		"its interpreter '/\\x1b]0;x\\x07\\xff' does not exist; install it or correct the "
		"'#!' line");
	EXPECT(state, TRY(.name = "/program"), 127,
		"its loader '/lib/ld-musl-" EVIL_ESCAPED
		"' is not in this image; use one with musl, "
		"such as Alpine, or link it statically");
}

/* --- the manual has nothing else --- */

static void every_reason_of_the_manual_has_been_provoked(void **state)
{
	bool all_were_seen = true;

	(void)state;
	if (some_are_missing) skip_aloud("some cases could not be made here");
	for (size_t i = 0; i < entry_count; i++) {
		if (entries[i].was_seen || strcmp(entries[i].text, any_error) == 0) continue;
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
	/* What a test mounts is not seen elsewhere; an ordinary user cannot mount anything here. */
	if (unshare(CLONE_NEWNS) == 0) (void)mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
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
		ROOM_TEST(text_up_to_its_first_newline_and_binary_after_it_is_run_by_the_shell),
		ROOM_TEST(a_script_whose_interpreter_is_text_is_run_by_the_shell_itself),
		ROOM_TEST(a_path_that_leads_nowhere_is_told_with_its_first_missing_part),
		ROOM_TEST(a_relative_path_that_leads_nowhere_is_told_with_the_working_directory),
		ROOM_TEST(a_dangling_link_is_told_with_where_it_leads_link_by_link),
		ROOM_TEST(a_part_of_the_path_that_is_no_directory),
		ROOM_TEST(a_loop_of_links_and_a_name_that_is_too_long),
		ROOM_TEST(an_empty_name),
		ROOM_TEST(a_name_that_no_directory_of_path_has_is_told_with_the_list),
		ROOM_TEST(a_name_that_has_its_arguments_in_it),
		ROOM_TEST(
			a_directory_of_path_that_may_not_be_searched_is_named_if_nothing_is_found),
		ROOM_TEST(the_file_in_path_that_the_error_is_of_is_told),
		ROOM_TEST(an_entry_of_path_that_cannot_be_reached_does_not_end_the_search),
		ROOM_TEST(a_directory),
		ROOM_TEST(a_pipe_a_socket_and_a_device),
		ROOM_TEST(a_file_whose_mode_does_not_allow_it_is_told_with_mode_and_owner),
		ROOM_TEST(a_file_that_an_acl_denies_is_not_told_to_need_chmod),
		ROOM_TEST(a_directory_on_the_way_that_may_not_be_searched),
		ROOM_TEST(a_relative_directory_that_may_not_be_searched),
		ROOM_TEST(a_file_on_a_file_system_that_is_mounted_noexec),
		ROOM_TEST(file_capabilities_that_the_bounding_set_lacks),
		ROOM_TEST(an_interpreter_that_does_not_exist),
		ROOM_TEST(an_interpreter_that_cannot_be_run_is_told_with_its_own_reason),
		ROOM_TEST(a_script_that_is_its_own_interpreter),
		ROOM_TEST(a_carriage_return_after_the_interpreter),
		ROOM_TEST(a_byte_order_mark),
		ROOM_TEST(a_script_that_names_no_interpreter_or_one_too_long),
		ROOM_TEST(text_without_an_interpreter_where_there_is_no_shell),
		ROOM_TEST(a_program_without_its_loader_is_told_with_the_libc_that_it_is_for),
		ROOM_TEST(a_loader_that_cannot_be_run_is_told_with_its_own_reason),
		ROOM_TEST(a_program_for_another_machine),
		ROOM_TEST(a_program_for_another_machine_whose_emulator_is_missing),
		ROOM_TEST(a_damaged_program),
		ROOM_TEST(files_that_are_no_programs_for_linux),
		ROOM_TEST(of_a_file_that_cannot_be_read_the_kernels_error_is_told),
		ROOM_TEST(a_program_that_is_open_for_writing),
		ROOM_TEST(a_limit_of_processes),
		ROOM_TEST(a_pid_namespace_that_has_ended),
		ROOM_TEST(arguments_that_are_too_long),
		ROOM_TEST(what_the_file_does_not_explain_is_told_as_the_kernel_does),
		ROOM_TEST(names_that_would_harm_a_terminal_are_escaped),
		cmocka_unit_test(every_reason_of_the_manual_has_been_provoked),
	};

	return cmocka_run_group_tests_name("diagnosis", tests, prepare_group, NULL);
}

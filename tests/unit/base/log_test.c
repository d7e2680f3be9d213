#include "base/log.h"

#include "unit/support.h"

#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>

/* More than any pipe, socket or terminal takes that nobody reads. */
#define FLOOD 20000

/* Marks errno: no call that log makes sets this one. */
#define MARK EXDEV

#define ANOTHER_ID 65534

/* Whether the kernel writes without waiting by itself: pwritev2(2), Linux 6.4 for pipes. */
enum kernel {
	KERNEL_NEW,
	KERNEL_WITHOUT_PWRITEV2,
	KERNEL_WITHOUT_NOWAIT,
};

#define KERNEL_COUNT (KERNEL_WITHOUT_NOWAIT + 1)

static const char *const kernel_names[KERNEL_COUNT] = {
	[KERNEL_NEW] = "this kernel",
	[KERNEL_WITHOUT_PWRITEV2] = "a kernel without pwritev2",
	[KERNEL_WITHOUT_NOWAIT] = "a kernel without RWF_NOWAIT",
};

static void become_kernel(struct complaint *complaint, enum kernel kernel)
{
	static const long numbers[] = {SYS_pwritev2};

	if (kernel != KERNEL_NEW &&
		!refuse_system_calls(numbers, COUNT(numbers),
			kernel == KERNEL_WITHOUT_PWRITEV2 ? ENOSYS : EOPNOTSUPP))
		complain(complaint, "seccomp: %s", strerror(errno));
}

/* Runs body, in a child that may spoil its stderr, as on each kernel. */
static void run_on_each_kernel(void (*body)(struct complaint *complaint, const void *argument))
{
	for (int kernel = 0; kernel < KERNEL_COUNT; kernel++) {
		if (kernel != KERNEL_NEW && !can_refuse_system_calls()) {
			print_message("skipped in part: this sandbox has no seccomp filters\n");
			return;
		}
		run_in_child(kernel_names[kernel], body, &(const enum kernel){(enum kernel)kernel});
	}
}

/* All that whit has blocked when it writes. */
static void block_signals_of_writing(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	sigaddset(&set, SIGXFSZ);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
}

static void begin(struct complaint *complaint, const void *kernel, int stderr_fd)
{
	if (stderr_fd < 0 || dup2(stderr_fd, STDERR_FILENO) < 0)
		complain(complaint, "cannot replace stderr: %s", strerror(errno));
	block_signals_of_writing();
	become_kernel(complaint, *(const enum kernel *)kernel);
	errno = MARK;
}

static void complain_unless_marked(struct complaint *complaint)
{
	if (errno != MARK)
		complain(complaint, "expected errno unchanged, observed %s", strerror(errno));
}

static void complain_unless_read(struct complaint *complaint, int fd, const char *expected)
{
	char text[2 * PIPE_BUF];
	ssize_t length = read(fd, text, sizeof(text) - 1);

	if (length < 0)
		complain(complaint, "read: %s", strerror(errno));
	text[length < 0 ? 0 : length] = '\0';
	if (strcmp(text, expected) != 0)
		complain(complaint, "expected \"%s\", observed \"%s\"", expected, text);
}

/* Where the line may come in pieces. */
static void complain_unless_all_read(struct complaint *complaint, int fd, const char *expected)
{
	char text[64];
	size_t length = 0;

	while (length < strlen(expected)) {
		ssize_t part = read(fd, text + length, sizeof(text) - 1 - length);

		if (part <= 0)
			break;
		length += (size_t)part;
	}
	text[length] = '\0';
	if (strcmp(text, expected) != 0)
		complain(complaint, "expected \"%s\", observed \"%s\"", expected, text);
}

/* A read returns what one write wrote: unix(7). */
static void one_write_in_child(struct complaint *complaint, const void *kernel)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) != 0)
		complain(complaint, "socketpair: %s", strerror(errno));
	begin(complaint, kernel, ends[1]);
	log_error("one");
	log_warning("two %d %s", 2, "\x1b\n");
	log_error("three\n");
	complain_unless_marked(complaint);
	complain_unless_read(complaint, ends[0], "whit: one\n");
	complain_unless_read(complaint, ends[0], "whit: two 2 \\x1b\\n\n");
	complain_unless_read(complaint, ends[0], "whit: three\n\n");
}

static void a_message_is_one_write_of_one_line_after_the_name(void **state)
{
	(void)state;
	run_on_each_kernel(one_write_in_child);
}

static void long_line_in_child(struct complaint *complaint, const void *kernel)
{
	char word[2 * PIPE_BUF];
	char text[2 * PIPE_BUF];
	ssize_t length;
	int ends[2];

	memset(word, 'x', sizeof(word));
	word[sizeof(word) - 1] = '\0';
	if (pipe2(ends, O_DIRECT) != 0)
		complain(complaint, "pipe2: %s", strerror(errno));
	begin(complaint, kernel, ends[1]);
	log_error("%s", word);
	complain_unless_marked(complaint);
	length = read(ends[0], text, sizeof(text));
	if (length != PIPE_BUF || memcmp(text + length - 6, "xx...\n", 6) != 0)
		complain(complaint, "expected %d bytes that end in \"...\", observed %zd", PIPE_BUF,
			length);
}

static void a_message_longer_than_pipe_buf_is_cut_and_is_still_one_write(void **state)
{
	(void)state;
	run_on_each_kernel(long_line_in_child);
}

static void say_one_of_each(void)
{
	log_error("error");
	log_warning("warning");
	log_verbose("verbose");
	log_debug("debug");
}

static void levels_in_child(struct complaint *complaint, const void *kernel)
{
	static const char *const shown[] = {
		[LOG_LEVEL_ERROR] = "whit: error\n",
		[LOG_LEVEL_WARNING] = "whit: error\nwhit: warning\n",
		[LOG_LEVEL_VERBOSE] = "whit: error\nwhit: warning\nwhit: verbose\n",
		[LOG_LEVEL_DEBUG] = "whit: error\nwhit: warning\nwhit: verbose\nwhit: debug\n",
	};
	int ends[2];

	if (pipe(ends) != 0)
		complain(complaint, "pipe: %s", strerror(errno));
	begin(complaint, kernel, ends[1]);
	say_one_of_each();
	complain_unless_read(complaint, ends[0], shown[LOG_LEVEL_WARNING]);
	for (size_t level = 0; level < COUNT(shown); level++) {
		log_set_level((enum log_level)level);
		errno = MARK;
		say_one_of_each();
		complain_unless_marked(complaint);
		complain_unless_read(complaint, ends[0], shown[level]);
		for (size_t asked = 0; asked < COUNT(shown); asked++) {
			if (log_shows((enum log_level)asked) != (asked <= level))
				complain(complaint, "at level %zu: expected level %zu %s", level,
					asked, asked <= level ? "shown" : "hidden");
		}
	}
}

static void a_message_is_shown_up_to_the_level_which_is_warnings_at_the_start(void **state)
{
	(void)state;
	run_on_each_kernel(levels_in_child);
}

/* Fills it to the last byte, and leaves it waiting as before. */
static void fill(struct complaint *complaint, int fd)
{
	char bytes[PIPE_BUF];
	int flags = fcntl(fd, F_GETFL);
	size_t size = sizeof(bytes);

	memset(bytes, 'f', sizeof(bytes));
	if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
		complain(complaint, "fcntl: %s", strerror(errno));
	while (size > 0) {
		if (write(fd, bytes, size) < 0)
			size /= 2;
	}
	if (fcntl(fd, F_SETFL, flags) != 0)
		complain(complaint, "fcntl: %s", strerror(errno));
}

/* Reads until there is nothing; complains of anything but what fill wrote. */
static void drain_filling(struct complaint *complaint, int fd)
{
	struct pollfd readable = {.fd = fd, .events = POLLIN};

	while (poll(&readable, 1, 0) > 0) {
		char bytes[PIPE_BUF];
		ssize_t length = read(fd, bytes, sizeof(bytes));

		if (length <= 0)
			complain(complaint, "read: %s", strerror(errno));
		for (ssize_t i = 0; i < length; i++) {
			if (bytes[i] != 'f')
				complain(complaint,
					"expected the line dropped, observed a byte "
					"of it: '%c'",
					bytes[i]);
		}
	}
}

static void full_pipe_in_child(struct complaint *complaint, const void *kernel)
{
	static const int all_flags[] = {0, O_NONBLOCK};

	for (size_t i = 0; i < COUNT(all_flags); i++) {
		char one_byte;
		int ends[2];
		int flags;

		if (pipe2(ends, all_flags[i]) != 0)
			complain(complaint, "pipe2: %s", strerror(errno));
		if (i == 0)
			begin(complaint, kernel, ends[1]);
		else
			(void)dup2(ends[1], STDERR_FILENO);
		flags = fcntl(STDERR_FILENO, F_GETFL);
		fill(complaint, ends[1]);
		errno = MARK;
		log_error("full");
		complain_unless_marked(complaint);
		/* Room for a byte is no room for a line. */
		if (read(ends[0], &one_byte, 1) != 1)
			complain(complaint, "read: %s", strerror(errno));
		errno = MARK;
		log_error("full but for one byte");
		complain_unless_marked(complaint);
		if (fcntl(STDERR_FILENO, F_GETFL) != flags)
			complain(complaint, "expected flags %o, observed %o", (unsigned int)flags,
				(unsigned int)fcntl(STDERR_FILENO, F_GETFL));
		drain_filling(complaint, ends[0]);
		log_error("room again");
		complain_unless_read(complaint, ends[0], "whit: room again\n");
	}
}

static void a_full_pipe_that_nobody_reads_drops_the_line_and_keeps_its_flags(void **state)
{
	(void)state;
	run_on_each_kernel(full_pipe_in_child);
}

static void flood(struct complaint *complaint)
{
	for (int i = 0; i < FLOOD; i++)
		log_error("line %d of a flood that nobody reads", i);
	complain_unless_marked(complaint);
}

static void flood_pipe_in_child(struct complaint *complaint, const void *kernel)
{
	int ends[2];

	if (pipe(ends) != 0)
		complain(complaint, "pipe: %s", strerror(errno));
	begin(complaint, kernel, ends[1]);
	flood(complaint);
}

static void a_flood_into_a_pipe_that_nobody_reads_does_not_block(void **state)
{
	(void)state;
	run_on_each_kernel(flood_pipe_in_child);
}

static void flood_sockets_in_child(struct complaint *complaint, const void *kernel)
{
	static const int types[] = {SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM};

	for (size_t i = 0; i < COUNT(types); i++) {
		int ends[2];

		if (socketpair(AF_UNIX, types[i], 0, ends) != 0)
			complain(complaint, "socketpair: %s", strerror(errno));
		if (i == 0)
			begin(complaint, kernel, ends[1]);
		else
			(void)dup2(ends[1], STDERR_FILENO);
		errno = MARK;
		flood(complaint);
	}
}

static void a_flood_into_a_socket_that_nobody_reads_does_not_block(void **state)
{
	(void)state;
	run_on_each_kernel(flood_sockets_in_child);
}

/* A terminal of our own that is nobody's controlling one: its other end. */
static int open_terminal(struct complaint *complaint, int *ret_terminal)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	*ret_terminal = -1;
	if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0)
		complain(complaint, "a terminal: %s", strerror(errno));
	else
		*ret_terminal = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	return master;
}

static bool has_terminals(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (master >= 0)
		(void)close(master);
	else
		print_message("skipped: no terminal to be had: %s\n", strerror(errno));
	return master >= 0;
}

static void terminal_in_child(struct complaint *complaint, const void *kernel)
{
	int terminal;
	int master = open_terminal(complaint, &terminal);

	begin(complaint, kernel, terminal);
	log_error("hello");
	complain_unless_marked(complaint);
	complain_unless_all_read(complaint, master, "whit: hello\r\n");
}

static void a_terminal_shows_the_message(void **state)
{
	(void)state;
	if (!has_terminals())
		skip();
	run_on_each_kernel(terminal_in_child);
}

/* The descriptor that is opened for it may be 0 then. */
static void terminal_without_stdin_in_child(struct complaint *complaint, const void *kernel)
{
	terminal_in_child(complaint, kernel);
	(void)close(STDIN_FILENO);
	log_error("two");
	if (fcntl(STDIN_FILENO, F_GETFD) >= 0)
		complain(complaint, "a descriptor that was 0 has been left open");
}

static void a_terminal_is_let_go_of_with_stdin_closed_too(void **state)
{
	(void)state;
	if (!has_terminals())
		skip();
	run_on_each_kernel(terminal_without_stdin_in_child);
}

static void flood_terminal_in_child(struct complaint *complaint, const void *kernel)
{
	int terminal;

	(void)open_terminal(complaint, &terminal);
	begin(complaint, kernel, terminal);
	flood(complaint);
}

static void a_flood_into_a_terminal_that_nobody_reads_does_not_block(void **state)
{
	(void)state;
	if (!has_terminals())
		skip();
	run_on_each_kernel(flood_terminal_in_child);
}

/* As in an image that has neither /proc nor /dev. */
static void enter_empty_root(struct complaint *complaint)
{
	if (unshare(CLONE_NEWNS) != 0 ||
		(mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0 && errno != EINVAL) ||
		mount("none", "/mnt", "tmpfs", 0, NULL) != 0 || chroot("/mnt") != 0)
		complain(complaint, "an empty root: %s", strerror(errno));
	errno = MARK;
}

static void terminal_without_proc_in_child(struct complaint *complaint, const void *kernel)
{
	int terminal;
	int master = open_terminal(complaint, &terminal);

	begin(complaint, kernel, terminal);
	enter_empty_root(complaint);
	log_error("hello");
	complain_unless_marked(complaint);
	complain_unless_all_read(complaint, master, "whit: hello\r\n");
	flood(complaint);
}

static void a_terminal_without_proc_shows_the_message_and_blocks_nobody(void **state)
{
	(void)state;
	if (!has_terminals())
		skip();
	run_on_each_kernel(terminal_without_proc_in_child);
}

/* Where a root's terminal is another user's after su(1). */
static void terminal_of_another_user_in_child(struct complaint *complaint, const void *kernel)
{
	int terminal;
	int master = open_terminal(complaint, &terminal);

	if (setsid() < 0 || ioctl(terminal, TIOCSCTTY, 0) != 0 || fchown(terminal, 0, 0) != 0 ||
		fchmod(terminal, 0620) != 0 || setgroups(0, NULL) != 0 || setgid(ANOTHER_ID) != 0 ||
		setuid(ANOTHER_ID) != 0)
		complain(complaint, "the terminal: %s", strerror(errno));
	begin(complaint, kernel, terminal);
	log_error("hello");
	complain_unless_marked(complaint);
	complain_unless_all_read(complaint, master, "whit: hello\r\n");
	flood(complaint);
}

static void a_terminal_of_another_user_shows_the_message_and_blocks_nobody(void **state)
{
	(void)state;
	if (!has_terminals())
		skip();
	run_on_each_kernel(terminal_of_another_user_in_child);
}

static void stopped_terminal_in_child(struct complaint *complaint, const void *kernel)
{
	int terminal;

	(void)open_terminal(complaint, &terminal);
	begin(complaint, kernel, terminal);
	if (tcflow(terminal, TCOOFF) != 0)
		complain(complaint, "tcflow: %s", strerror(errno));
	errno = MARK;
	log_error("stopped");
	complain_unless_marked(complaint);
}

static void a_terminal_that_is_stopped_by_ctrl_s_does_not_block(void **state)
{
	(void)state;
	if (!has_terminals())
		skip();
	run_on_each_kernel(stopped_terminal_in_child);
}

static void hung_up_terminal_in_child(struct complaint *complaint, const void *kernel)
{
	int terminal;
	int master = open_terminal(complaint, &terminal);

	begin(complaint, kernel, terminal);
	(void)close(master);
	errno = MARK;
	log_error("hung up");
	complain_unless_marked(complaint);
}

static void a_terminal_that_was_hung_up_drops_the_line(void **state)
{
	(void)state;
	if (!has_terminals())
		skip();
	run_on_each_kernel(hung_up_terminal_in_child);
}

static void closed_in_child(struct complaint *complaint, const void *kernel)
{
	int null = open("/dev/null", O_RDONLY);

	begin(complaint, kernel, null);
	log_error("read-only");
	complain_unless_marked(complaint);
	(void)close(STDERR_FILENO);
	errno = MARK;
	log_error("closed");
	complain_unless_marked(complaint);
	if (fcntl(STDERR_FILENO, F_GETFD) != -1)
		complain(complaint, "expected stderr still closed");
}

static void a_closed_or_read_only_stderr_drops_the_line(void **state)
{
	(void)state;
	run_on_each_kernel(closed_in_child);
}

static void broken_in_child(struct complaint *complaint, const void *kernel)
{
	int ends[2];

	if (pipe(ends) != 0)
		complain(complaint, "pipe: %s", strerror(errno));
	begin(complaint, kernel, ends[1]);
	(void)close(ends[0]);
	errno = MARK;
	log_error("a broken pipe");
	complain_unless_marked(complaint);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
		complain(complaint, "socketpair: %s", strerror(errno));
	(void)dup2(ends[1], STDERR_FILENO);
	(void)close(ends[0]);
	errno = MARK;
	log_error("a broken socket");
	complain_unless_marked(complaint);
}

static void a_broken_pipe_or_socket_drops_the_line_where_sigpipe_is_blocked(void **state)
{
	(void)state;
	run_on_each_kernel(broken_in_child);
}

static int open_unnamed_file(struct complaint *complaint, int flags)
{
	int fd = memfd_create("stderr", 0);

	if (fd < 0 || fcntl(fd, F_SETFL, flags) != 0)
		complain(complaint, "memfd_create: %s", strerror(errno));
	return fd;
}

static void complain_unless_file_has(struct complaint *complaint, int fd, const char *expected)
{
	char text[1024];
	ssize_t length = pread(fd, text, sizeof(text) - 1, 0);

	text[length < 0 ? 0 : length] = '\0';
	if (strcmp(text, expected) != 0)
		complain(complaint, "expected \"%s\", observed \"%s\"", expected, text);
}

static void regular_file_in_child(struct complaint *complaint, const void *kernel)
{
	static const int all_flags[] = {0, O_APPEND};

	for (size_t i = 0; i < COUNT(all_flags); i++) {
		int fd = open_unnamed_file(complaint, all_flags[i]);

		if (i == 0)
			begin(complaint, kernel, fd);
		else
			(void)dup2(fd, STDERR_FILENO);
		errno = MARK;
		log_error("one");
		complain_unless_marked(complaint);
		/* The command's own, between: one position, which both move. */
		if (write(fd, "two\n", 4) != 4)
			complain(complaint, "write: %s", strerror(errno));
		log_error("three");
		complain_unless_file_has(complaint, fd, "whit: one\ntwo\nwhit: three\n");
	}
}

static void a_regular_file_grows_by_each_line_at_the_position_shared_with_the_command(void **state)
{
	(void)state;
	run_on_each_kernel(regular_file_in_child);
}

static void limited_file_in_child(struct complaint *complaint, const void *kernel)
{
	const struct rlimit limit = {.rlim_cur = 16, .rlim_max = 16};
	int fd = open_unnamed_file(complaint, 0);

	begin(complaint, kernel, fd);
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		complain(complaint, "setrlimit: %s", strerror(errno));
	errno = MARK;
	for (int i = 0; i < 10; i++)
		log_error("%d", i);
	complain_unless_marked(complaint);
	complain_unless_file_has(complaint, fd, "whit: 0\nwhit: 1\n");
}

static void a_file_at_its_size_limit_drops_the_line_where_sigxfsz_is_blocked(void **state)
{
	(void)state;
	run_on_each_kernel(limited_file_in_child);
}

static void devices_in_child(struct complaint *complaint, const void *kernel)
{
	static const char *const devices[] = {"/dev/full", "/dev/null"};

	for (size_t i = 0; i < COUNT(devices); i++) {
		int fd = open(devices[i], O_WRONLY);

		if (i == 0)
			begin(complaint, kernel, fd);
		else if (fd < 0 || dup2(fd, STDERR_FILENO) < 0)
			complain(complaint, "%s: %s", devices[i], strerror(errno));
		errno = MARK;
		log_error("to %s", devices[i]);
		complain_unless_marked(complaint);
	}
}

static void a_full_or_a_null_device_drops_the_line(void **state)
{
	(void)state;
	run_on_each_kernel(devices_in_child);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_one_write_of_one_line_after_the_name),
		cmocka_unit_test(a_message_longer_than_pipe_buf_is_cut_and_is_still_one_write),
		cmocka_unit_test(a_message_is_shown_up_to_the_level_which_is_warnings_at_the_start),
		cmocka_unit_test(a_full_pipe_that_nobody_reads_drops_the_line_and_keeps_its_flags),
		cmocka_unit_test(a_flood_into_a_pipe_that_nobody_reads_does_not_block),
		cmocka_unit_test(a_flood_into_a_socket_that_nobody_reads_does_not_block),
		cmocka_unit_test(a_terminal_shows_the_message),
		cmocka_unit_test(a_terminal_is_let_go_of_with_stdin_closed_too),
		cmocka_unit_test(a_flood_into_a_terminal_that_nobody_reads_does_not_block),
		cmocka_unit_test(a_terminal_without_proc_shows_the_message_and_blocks_nobody),
		cmocka_unit_test(a_terminal_of_another_user_shows_the_message_and_blocks_nobody),
		cmocka_unit_test(a_terminal_that_is_stopped_by_ctrl_s_does_not_block),
		cmocka_unit_test(a_terminal_that_was_hung_up_drops_the_line),
		cmocka_unit_test(a_closed_or_read_only_stderr_drops_the_line),
		cmocka_unit_test(a_broken_pipe_or_socket_drops_the_line_where_sigpipe_is_blocked),
		cmocka_unit_test(
			a_regular_file_grows_by_each_line_at_the_position_shared_with_the_command),
		cmocka_unit_test(a_file_at_its_size_limit_drops_the_line_where_sigxfsz_is_blocked),
		cmocka_unit_test(a_full_or_a_null_device_drops_the_line),
	};

	return cmocka_run_group_tests_name("base/log", tests, NULL, NULL);
}

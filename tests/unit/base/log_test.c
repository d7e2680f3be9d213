#include "base/log.h"

#include "unit/support.h"

#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>

/* More lines than any pipe, socket or terminal takes while no process reads. */
#define FLOOD 3000

/* Far more than all of that takes: only a write that waits is ended by it. */
#define WRITING_SECONDS 20

/* Marks errno: no call that log makes sets this one. */
#define MARK EXDEV

#define ANOTHER_ID 65534

/* --- stderr of each kind; its other end, if it has one, is *ret_reader --- */

static int open_pipe_with(int flags, int *ret_reader)
{
	int ends[2];

	if (pipe2(ends, flags) != 0) return -1;
	*ret_reader = ends[0];
	return ends[1];
}

static int open_pipe(int *ret_reader)
{
	return open_pipe_with(0, ret_reader);
}

static int open_nonblocking_pipe(int *ret_reader)
{
	return open_pipe_with(O_NONBLOCK, ret_reader);
}

static int open_broken_pipe(int *ret_reader)
{
	int fd = open_pipe(ret_reader);

	(void)close(*ret_reader);
	return fd;
}

static int open_socket_of(int type, int *ret_reader)
{
	int ends[2];

	if (socketpair(AF_UNIX, type, 0, ends) != 0) return -1;
	*ret_reader = ends[0];
	return ends[1];
}

static int open_stream_socket(int *ret_reader)
{
	return open_socket_of(SOCK_STREAM, ret_reader);
}

static int open_packet_socket(int *ret_reader)
{
	return open_socket_of(SOCK_SEQPACKET, ret_reader);
}

static int open_datagram_socket(int *ret_reader)
{
	return open_socket_of(SOCK_DGRAM, ret_reader);
}

static int open_broken_socket(int *ret_reader)
{
	int fd = open_stream_socket(ret_reader);

	(void)close(*ret_reader);
	return fd;
}

/* No process's controlling terminal. */
static int open_terminal(int *ret_reader)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) return -1;
	*ret_reader = master;
	return open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
}

/* The controlling terminal, where it is root's and whit runs as another user, after su(1). */
static int open_terminal_of_root(int *ret_reader)
{
	int fd = open_terminal(ret_reader);

	if (setsid() < 0 || ioctl(fd, TIOCSCTTY, 0) != 0 || fchown(fd, 0, 0) != 0 ||
		fchmod(fd, 0620) != 0)
		return -1;
	return fd;
}

/* By ^S. */
static int open_stopped_terminal(int *ret_reader)
{
	int fd = open_terminal(ret_reader);

	return tcflow(fd, TCOOFF) != 0 ? -1 : fd;
}

static int open_hung_up_terminal(int *ret_reader)
{
	int fd = open_terminal(ret_reader);

	(void)close(*ret_reader);
	return fd;
}

static int open_file(int *ret_reader)
{
	char path[] = "/tmp/whit-log-XXXXXX";
	int fd = mkstemp(path);

	*ret_reader = open(path, O_RDONLY | O_CLOEXEC); /* with a position of its own */
	(void)unlink(path);
	return fd;
}

static int open_file_at_its_limit(int *ret_reader)
{
	const struct rlimit limit = {.rlim_cur = 0, .rlim_max = 0};

	return setrlimit(RLIMIT_FSIZE, &limit) != 0 ? -1 : open_file(ret_reader);
}

static int open_full_device(int *ret_reader)
{
	*ret_reader = -1;
	return open("/dev/full", O_WRONLY | O_CLOEXEC);
}

static int open_null_device(int *ret_reader)
{
	*ret_reader = -1;
	return open("/dev/null", O_WRONLY | O_CLOEXEC);
}

static int open_for_reading(int *ret_reader)
{
	*ret_reader = -1;
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static const struct kind {
	const char *name;
	int (*open)(int *ret_reader);
	const char *shown; /* of the message "hello"; NULL: it is dropped */
	bool is_whole;     /* what is shown of a flood has no part of a line */
	bool is_of_root;   /* and whit runs as another user */
} kinds[] = {
	{"a pipe", open_pipe, "whit: hello\n", true, false},
	{"a non-blocking pipe", open_nonblocking_pipe, "whit: hello\n", true, false},
	{"a broken pipe", open_broken_pipe, NULL, false, false},
	{"a stream socket", open_stream_socket, "whit: hello\n", true, false},
	{"a packet socket", open_packet_socket, "whit: hello\n", true, false},
	{"a datagram socket", open_datagram_socket, "whit: hello\n", true, false},
	{"a broken socket", open_broken_socket, NULL, false, false},
	{"a terminal", open_terminal, "whit: hello\r\n", false, false},
	{"a terminal of root", open_terminal_of_root, "whit: hello\r\n", false, true},
	{"a terminal stopped by ^S", open_stopped_terminal, NULL, false, false},
	{"a terminal that was hung up", open_hung_up_terminal, NULL, false, false},
	{"a file", open_file, "whit: hello\n", true, false},
	{"a file at its limit", open_file_at_its_limit, NULL, false, false},
	{"a full device", open_full_device, NULL, false, false},
	{"a null device", open_null_device, NULL, false, false},
	{"a descriptor for reading", open_for_reading, NULL, false, false},
};

/* --- the surroundings --- */

/* How the kernel writes without waiting. */
enum kernel {
	KERNEL_NEW,              /* as this one does */
	KERNEL_WITHOUT_PWRITEV2, /* before Linux 4.6 */
	KERNEL_WITHOUT_NOWAIT,   /* before 6.4, for pipes */
};

enum image {
	IMAGE_WHOLE,
	IMAGE_WITHOUT_STDIN, /* what is opened may be descriptor 0 */
	IMAGE_EMPTY,         /* neither /proc nor /dev */
};

struct scene {
	const struct kind *kind;
	enum kernel kernel;
	enum image image;
};

static bool enter(const struct scene *scene)
{
	static const long pwritev2_number[] = {SYS_pwritev2};
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGPIPE);
	sigaddset(&signals, SIGXFSZ);
	(void)sigprocmask(SIG_BLOCK, &signals, NULL);
	if (scene->image == IMAGE_WITHOUT_STDIN) (void)close(STDIN_FILENO);
	if (scene->image == IMAGE_EMPTY && chroot("/mnt") != 0) return false;
	if (scene->kind->is_of_root &&
		(setgroups(0, NULL) != 0 || setgid(ANOTHER_ID) != 0 || setuid(ANOTHER_ID) != 0))
		return false;
	return scene->kernel == KERNEL_NEW ||
		refuse_system_calls(pwritev2_number, 1,
			scene->kernel == KERNEL_WITHOUT_PWRITEV2 ? ENOSYS : EOPNOTSUPP);
}

/* --- tests --- */

static void say(struct complaint *complaint, const char *text)
{
	errno = MARK;
	log_error("%s", text);
	if (errno != MARK)
		complain(complaint, "expected errno unchanged, observed %s", strerror(errno));
}

/* Expects it of one read; of a terminal, where it may come later and in pieces, of several. */
static void expect_read(struct complaint *complaint, int fd, const char *expected)
{
	char text[4 * PIPE_BUF];
	ssize_t length = 0;
	ssize_t piece;

	if (!isatty(fd)) (void)fcntl(fd, F_SETFL, O_NONBLOCK);
	do {
		piece = read(fd, text + length, sizeof(text) - 1 - (size_t)length);
		length += piece < 0 ? 0 : piece;
	} while (piece > 0 && length < (ssize_t)strlen(expected) && isatty(fd));
	text[length] = '\0';
	if (strcmp(text, expected) != 0)
		complain(complaint, "expected \"%s\", observed \"%s\"", expected, text);
}

/* Each line that was shown is a whole one. */
static void expect_whole_lines(struct complaint *complaint, int fd)
{
	static const char line[] = "whit: a line of a flood that no process reads\n";
	char text[PIPE_BUF];
	ssize_t length;
	size_t at = 0;

	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	while ((length = read(fd, text, sizeof(text))) > 0) {
		for (ssize_t i = 0; i < length; i++) {
			if (text[i] != line[at]) complain(complaint, "a part of a line is shown");
			at = (at + 1) % strlen(line);
		}
	}
	if (at != 0) complain(complaint, "a part of a line is shown at the end");
}

static void write_in_child(struct complaint *complaint, const void *argument)
{
	const struct scene *scene = argument;
	const struct kind *kind = scene->kind;
	int reader = -1;
	int fd, flags, next;

	if (scene->image == IMAGE_EMPTY &&
		(unshare(CLONE_NEWNS) != 0 ||
			(mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0 &&
				errno != EINVAL) ||
			mount("none", "/mnt", "tmpfs", 0, NULL) != 0))
		complain(complaint, "an empty root: %s", strerror(errno));
	fd = kind->open(&reader);
	if (fd < 0 || dup2(fd, STDERR_FILENO) < 0 || close(fd) != 0 || !enter(scene))
		complain(complaint, "cannot be made: %s", strerror(errno));
	flags = fcntl(STDERR_FILENO, F_GETFL);
	next = dup(STDERR_FILENO);
	(void)close(next);
	(void)alarm(WRITING_SECONDS);
	say(complaint, "hello");
	if (kind->shown != NULL) expect_read(complaint, reader, kind->shown);
	for (int i = 0; i < FLOOD; i++)
		say(complaint, "a line of a flood that no process reads");
	if (fcntl(STDERR_FILENO, F_GETFL) != flags)
		complain(complaint, "expected the flags of stderr unchanged");
	if (dup(STDERR_FILENO) != next) complain(complaint, "a descriptor is left open");
	if (kind->is_whole) expect_whole_lines(complaint, reader);
}

static void a_message_is_shown_or_dropped_and_never_waits_whatever_stderr_is(void **state)
{
	bool is_root = geteuid() == 0;
	int kernels = can_refuse_system_calls() ? KERNEL_WITHOUT_NOWAIT : KERNEL_NEW;
	int images = is_root && access("/mnt", F_OK) == 0 ? IMAGE_EMPTY : IMAGE_WITHOUT_STDIN;

	(void)state;
	if (kernels != KERNEL_WITHOUT_NOWAIT || images != IMAGE_EMPTY)
		print_message("skipped in part: no seccomp filters, or no root to be had\n");
	for (size_t i = 0; i < COUNT(kinds); i++) {
		for (int kernel = 0; kernel <= kernels; kernel++) {
			for (int image = 0; image <= images; image++) {
				const struct scene scene = {
					&kinds[i], (enum kernel)kernel, (enum image)image};
				char what[80];

				(void)snprintf(what, sizeof(what), "%s, kernel %d, image %d",
					kinds[i].name, kernel, image);
				if (is_root || !kinds[i].is_of_root)
					run_in_child(what, write_in_child, &scene);
			}
		}
	}
}

static void closed_in_child(struct complaint *complaint, const void *unused)
{
	(void)unused;
	(void)close(STDERR_FILENO);
	say(complaint, "closed");
	if (fcntl(STDERR_FILENO, F_GETFD) >= 0) complain(complaint, "expected stderr still closed");
}

static void a_closed_stderr_stays_closed(void **state)
{
	(void)state;
	run_in_child("closed", closed_in_child, NULL);
}

/* The command has the same position, and both move it. */
static void share_file_in_child(struct complaint *complaint, const void *unused)
{
	int reader;

	(void)unused;
	(void)dup2(open_file(&reader), STDERR_FILENO);
	say(complaint, "one");
	if (write(STDERR_FILENO, "two\n", 4) != 4)
		complain(complaint, "write: %s", strerror(errno));
	say(complaint, "three");
	expect_read(complaint, reader, "whit: one\ntwo\nwhit: three\n");
}

static void a_file_grows_by_whits_lines_and_by_the_commands(void **state)
{
	(void)state;
	run_in_child("a file", share_file_in_child, NULL);
}

/* A read from such a socket returns what one write wrote: unix(7). */
static void one_write_in_child(struct complaint *complaint, const void *unused)
{
	char text[2 * PIPE_BUF];
	ssize_t length;
	int reader;

	(void)unused;
	(void)dup2(open_packet_socket(&reader), STDERR_FILENO);
	log_error("one");
	log_warning("two %d %s", 2, "\x1b\n");
	expect_read(complaint, reader, "whit: one\n");
	expect_read(complaint, reader, "whit: two 2 \\x1b\\n\n");
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	log_error("%s", text);
	length = read(reader, text, sizeof(text));
	if (length != PIPE_BUF || memcmp(text + length - 6, "xx...\n", 6) != 0)
		complain(complaint, "expected %d bytes that end in \"...\", observed %zd", PIPE_BUF,
			length);
}

static void a_message_is_one_write_of_one_line_of_at_most_pipe_buf(void **state)
{
	(void)state;
	run_in_child("one write", one_write_in_child, NULL);
}

static void levels_in_child(struct complaint *complaint, const void *unused)
{
	static const enum log_level levels[] = {
		LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_VERBOSE, LOG_LEVEL_DEBUG};
	static const char *const shown[] = {"whit: error\n", "whit: error\nwhit: warning\n",
		"whit: error\nwhit: warning\nwhit: verbose\n",
		"whit: error\nwhit: warning\nwhit: verbose\nwhit: debug\n"};
	int reader;

	(void)unused;
	(void)dup2(open_pipe(&reader), STDERR_FILENO);
	if (log_highest != LOG_LEVEL_WARNING)
		complain(complaint, "expected: warnings at the start\nobserved: %d", log_highest);
	for (size_t set = 0; set < COUNT(levels); set++) {
		log_highest = (int)levels[set];
		log_error("error");
		log_warning("warning");
		log_verbose("verbose");
		log_message(LOG_LEVEL_DEBUG, "debug");
		expect_read(complaint, reader, shown[set]);
		for (size_t asked = 0; asked < COUNT(levels); asked++) {
			if (log_shows(levels[asked]) != (asked <= set))
				complain(complaint, "at level %zu: expected level %zu %s", set,
					asked, asked <= set ? "shown" : "hidden");
		}
	}
}

static void a_message_is_shown_up_to_the_level_which_is_warnings_at_the_start(void **state)
{
	(void)state;
	run_in_child("levels", levels_in_child, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_shown_or_dropped_and_never_waits_whatever_stderr_is),
		cmocka_unit_test(a_closed_stderr_stays_closed),
		cmocka_unit_test(a_file_grows_by_whits_lines_and_by_the_commands),
		cmocka_unit_test(a_message_is_one_write_of_one_line_of_at_most_pipe_buf),
		cmocka_unit_test(a_message_is_shown_up_to_the_level_which_is_warnings_at_the_start),
	};

	return cmocka_run_group_tests_name("base/log", tests, NULL, NULL);
}

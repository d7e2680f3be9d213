#include "base/descriptor.h"

#include "unit/support.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* Which of its ways descriptor_close_all_but is left with. */
enum way {
	WAY_CLOSE_RANGE,
	WAY_PROC,
	WAY_ONE_BY_ONE,
};

#define WAY_COUNT (WAY_ONE_BY_ONE + 1)

static const char *const way_names[WAY_COUNT] = {
	[WAY_CLOSE_RANGE] = "close_range(2)",
	[WAY_PROC] = "/proc/self/fd",
	[WAY_ONE_BY_ONE] = "one by one",
};

/* The numbers looked at; every test's limit of descriptors is this or less. */
#define HIGHEST 1000

struct setting {
	enum way way;
	int keep;
	int soft_limit;    /* set when all are open */
	const int *opened; /* ends with 0 */
	const int *left;   /* ends with 0: besides 0, 1, 2 and keep */
	bool has_no_stdin; /* so that the list may be descriptor 0 */
};

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static bool leave_only(enum way way)
{
	static const long no_close_range[] = {SYS_close_range};
	static const long no_open[] = {
		SYS_openat,
#ifdef SYS_open
		SYS_open,
#endif
#ifdef SYS_openat2
		SYS_openat2,
#endif
	};

	if (way == WAY_CLOSE_RANGE)
		return true;
	if (!refuse_system_calls(no_close_range, COUNT(no_close_range), ENOSYS))
		return false;
	return way == WAY_PROC || refuse_system_calls(no_open, COUNT(no_open), ENOENT);
}

static void set_soft_limit(struct complaint *complaint, int soft_limit)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		complain(complaint, "getrlimit: %s", strerror(errno));
	limit.rlim_cur = (rlim_t)soft_limit;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		complain(complaint, "a limit of %d: %s", soft_limit, strerror(errno));
}

/* Exactly 0, 1, 2 and the given ones. */
static void open_only(struct complaint *complaint, const int *opened)
{
	int null;

	for (int fd = STDERR_FILENO + 1; fd < HIGHEST; fd++)
		(void)close(fd);
	null = open("/dev/null", O_RDWR);
	if (null < 0)
		complain(complaint, "/dev/null: %s", strerror(errno));
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (null > fd && !is_open(fd))
			(void)dup2(null, fd);
	}
	for (; *opened != 0; opened++) {
		if (dup2(null, *opened) < 0)
			complain(complaint, "dup2 to %d: %s", *opened, strerror(errno));
		if (*opened == null)
			null = dup(null);
	}
	(void)close(null);
}

static bool is_listed(const int *list, int fd)
{
	for (; *list != 0; list++) {
		if (*list == fd)
			return true;
	}
	return false;
}

static void close_in_child(struct complaint *complaint, const void *argument)
{
	const struct setting *setting = argument;

	set_soft_limit(complaint, HIGHEST);
	open_only(complaint, setting->opened);
	set_soft_limit(complaint, setting->soft_limit);
	if (setting->has_no_stdin)
		(void)close(STDIN_FILENO);
	if (!leave_only(setting->way))
		complain(complaint, "seccomp: %s", strerror(errno));
	if (complaint->text[0] != '\0')
		return;
	descriptor_close_all_but(setting->keep);
	for (int fd = setting->has_no_stdin ? 1 : 0; fd < HIGHEST; fd++) {
		bool was_open = fd <= STDERR_FILENO || is_listed(setting->opened, fd);
		bool expected = was_open &&
			(fd <= STDERR_FILENO || fd == setting->keep ||
				is_listed(setting->left, fd));

		if (is_open(fd) != expected)
			complain(complaint, "keeping %d, expected %d %s", setting->keep, fd,
				expected ? "open" : "closed");
	}
	if (setting->has_no_stdin && is_open(STDIN_FILENO))
		complain(complaint, "the list has been left open as 0");
}

static const int none[] = {0};
static const int sparse[] = {3, 4, 5, 7, 10, 63, 64, 65, 100, 255, 256, 257, 500, 998, 999, 0};

/* Ways, each with each descriptor to keep. */
static void expect_closed(const int *opened, const int *keeps, size_t keep_count)
{
	for (int way = 0; way < WAY_COUNT; way++) {
		for (size_t i = 0; i < keep_count; i++) {
			const struct setting setting = {
				.way = (enum way)way,
				.keep = keeps[i],
				.soft_limit = HIGHEST,
				.opened = opened,
				.left = none,
			};

			run_in_child(way_names[way], close_in_child, &setting);
		}
	}
}

/* True, said aloud, where the fallbacks cannot be reached or the numbers not be had. */
static bool cannot_be_tried(void)
{
	struct rlimit limit;

	if (!can_refuse_system_calls()) {
		print_message("skipped: this sandbox has no seccomp filters\n");
		return true;
	}
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max < HIGHEST) {
		print_message("skipped: the hard limit of descriptors is below %d\n", HIGHEST);
		return true;
	}
	return false;
}

static void sparse_descriptors_are_closed_but_the_one_that_is_kept(void **state)
{
	static const int keeps[] = {3, 4, 5, 7, 64, 100, 256, 998, 999};

	(void)state;
	if (cannot_be_tried())
		skip();
	expect_closed(sparse, keeps, COUNT(keeps));
}

static void a_kept_descriptor_among_0_1_and_2_or_not_open_keeps_no_other(void **state)
{
	static const int keeps[] = {0, 1, 2, 6, 50, 5000};

	(void)state;
	if (cannot_be_tried())
		skip();
	expect_closed(sparse, keeps, COUNT(keeps));
}

static void nothing_to_close_is_nothing_closed(void **state)
{
	static const int keeps[] = {2, 3};

	(void)state;
	if (cannot_be_tried())
		skip();
	expect_closed(none, keeps, COUNT(keeps));
}

/* More than one block of /proc/self/fd, and no number free below the limit for its list. */
static void all_descriptors_that_the_limit_allows_are_closed(void **state)
{
	static const int keeps[] = {2, 3, 500, HIGHEST - 1};
	int opened[HIGHEST];
	size_t count = 0;

	(void)state;
	if (cannot_be_tried())
		skip();
	for (int fd = STDERR_FILENO + 1; fd < HIGHEST; fd++) {
		if (fd != 5)
			opened[count++] = fd;
	}
	opened[count] = 0;
	expect_closed(opened, keeps, COUNT(keeps)); /* one number is free */
	opened[count++] = 5;
	opened[count] = 0;
	/* None is free, and so none for the list of /proc: the last way has to do. */
	for (int way = 0; way < WAY_COUNT; way++) {
		const struct setting setting = {
			.way = (enum way)way,
			.keep = 500,
			.soft_limit = HIGHEST - 1,
			.opened = opened,
			.left = way == WAY_ONE_BY_ONE ? (const int[]){HIGHEST - 1, 0} : none,
		};

		run_in_child(way_names[way], close_in_child, &setting);
	}
}

/* A limit that was lowered later: only the last way knows nothing better than the limit. */
static void descriptors_above_the_limit_are_closed_where_the_kernel_lists_them(void **state)
{
	static const int above[] = {500, 998, 999, 0};

	(void)state;
	if (cannot_be_tried())
		skip();
	for (int way = 0; way < WAY_COUNT; way++) {
		struct setting setting = {
			.way = (enum way)way,
			.keep = 4,
			.soft_limit = 500,
			.opened = sparse,
			.left = way == WAY_ONE_BY_ONE ? above : none,
		};

		run_in_child(way_names[way], close_in_child, &setting);
		setting.has_no_stdin = true;
		run_in_child(way_names[way], close_in_child, &setting);
	}
}

static void high_is_left_in_child(struct complaint *complaint, const void *argument)
{
	int fd = open("/dev/null", O_RDONLY);

	(void)argument;
	if (fd <= STDERR_FILENO)
		fd = fcntl(fd, F_DUPFD, STDERR_FILENO + 1);
	for (; fd < 100; fd = dup(fd)) {
		if (descriptor_above_stdio(fd) != fd || !is_open(fd))
			complain(complaint, "expected %d as it was", fd);
		if (fcntl(fd, F_GETFD) != 0)
			complain(complaint, "expected the flags of %d as they were", fd);
	}
}

static void a_descriptor_above_2_stays_where_it_is(void **state)
{
	(void)state;
	run_in_child("above 2", high_is_left_in_child, NULL);
}

static void low_is_moved_in_child(struct complaint *complaint, const void *argument)
{
	int pipe_ends[2];
	struct stat before, after;

	(void)argument;
	if (pipe(pipe_ends) != 0)
		complain(complaint, "pipe: %s", strerror(errno));
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		int moved;

		if (dup2(pipe_ends[0], fd) != fd || fstat(fd, &before) != 0)
			complain(complaint, "dup2: %s", strerror(errno));
		moved = descriptor_above_stdio(fd);
		if (moved <= STDERR_FILENO)
			complain(
				complaint, "from %d: expected one above 2, observed %d", fd, moved);
		if (is_open(fd))
			complain(complaint, "expected %d closed", fd);
		if (fcntl(moved, F_GETFD) != FD_CLOEXEC)
			complain(complaint, "from %d: expected close-on-exec", fd);
		if (fstat(moved, &after) != 0 || after.st_ino != before.st_ino)
			complain(complaint, "from %d: expected the same file", fd);
	}
}

static void a_descriptor_among_0_1_and_2_moves_above_and_is_close_on_exec(void **state)
{
	(void)state;
	run_in_child("0, 1 and 2", low_is_moved_in_child, NULL);
}

static void no_room_in_child(struct complaint *complaint, const void *argument)
{
	int ends[2];

	(void)argument;
	if (pipe(ends) != 0)
		complain(complaint, "pipe: %s", strerror(errno));
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (dup2(ends[0], fd) != fd)
			complain(complaint, "dup2: %s", strerror(errno));
	}
	set_soft_limit(complaint, STDERR_FILENO + 1);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (descriptor_above_stdio(fd) != fd || !is_open(fd))
			complain(complaint, "expected %d as it was", fd);
	}
}

static void a_descriptor_stays_where_the_limit_leaves_no_other(void **state)
{
	(void)state;
	run_in_child("a limit of 3", no_room_in_child, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sparse_descriptors_are_closed_but_the_one_that_is_kept),
		cmocka_unit_test(a_kept_descriptor_among_0_1_and_2_or_not_open_keeps_no_other),
		cmocka_unit_test(nothing_to_close_is_nothing_closed),
		cmocka_unit_test(all_descriptors_that_the_limit_allows_are_closed),
		cmocka_unit_test(
			descriptors_above_the_limit_are_closed_where_the_kernel_lists_them),
		cmocka_unit_test(a_descriptor_above_2_stays_where_it_is),
		cmocka_unit_test(a_descriptor_among_0_1_and_2_moves_above_and_is_close_on_exec),
		cmocka_unit_test(a_descriptor_stays_where_the_limit_leaves_no_other),
	};

	return cmocka_run_group_tests_name("base/descriptor", tests, NULL, NULL);
}

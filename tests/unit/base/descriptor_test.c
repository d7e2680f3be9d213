#include "base/descriptor.h"

#include "unit/support.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* The limit of descriptors in these tests. */
#define LIMIT 1000

/* What is left to descriptor_close_all_but. */
static const struct way {
	const char *name;
	long refused[3];
	size_t refused_count;
} ways[] = {
	{"close_range(2)", {0}, 0},
	{"/proc/self/fd", {SYS_close_range}, 1},
	/* Where there is no /proc. */
	{"one by one", {SYS_close_range, SYS_openat}, 2},
};

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void set_limit(struct complaint *complaint, rlim_t value)
{
	struct rlimit limit = {.rlim_cur = value, .rlim_max = value};

	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		complain(complaint, "a limit of %d: %s", (int)value, strerror(errno));
}

struct setting {
	const struct way *way;
	int keep;
	int step;          /* each so many-th descriptor is open */
	bool has_no_stdin; /* so that the list of /proc may be descriptor 0 */
};

static void close_in_child(struct complaint *complaint, const void *argument)
{
	const struct setting *setting = argument;

	set_limit(complaint, LIMIT);
	for (int fd = STDERR_FILENO + 1; fd < LIMIT; fd++) {
		if (fd % setting->step == 0 || fd == setting->keep)
			(void)dup2(STDOUT_FILENO, fd);
		else
			(void)close(fd);
	}
	if (setting->has_no_stdin)
		(void)close(STDIN_FILENO);
	if (!refuse_system_calls(setting->way->refused, setting->way->refused_count, ENOSYS))
		complain(complaint, "seccomp: %s", strerror(errno));
	descriptor_close_all_but(setting->keep);
	for (int fd = STDIN_FILENO; fd < LIMIT; fd++) {
		bool expected = fd == STDIN_FILENO ? !setting->has_no_stdin
						   : fd <= STDERR_FILENO || fd == setting->keep;

		if (is_open(fd) != expected)
			complain(complaint, "keeping %d of each %dth: expected %d %s",
				setting->keep, setting->step, fd, expected ? "open" : "closed");
	}
}

static void all_descriptors_from_3_up_are_closed_but_the_one_that_is_kept(void **state)
{
	/* With each open, no number is free for a descriptor of the list. */
	static const int steps[] = {1, 2, 7, LIMIT};
	static const int keeps[] = {2, 3, 4, 5, 500, LIMIT - 1};

	(void)state;
	if (!can_refuse_system_calls()) {
		print_message("skipped: this sandbox has no seccomp filters\n");
		skip();
	}
	for (size_t way = 0; way < COUNT(ways); way++) {
		for (size_t i = 0; i < COUNT(steps) * COUNT(keeps); i++) {
			struct setting setting = {.way = &ways[way],
				.keep = keeps[i / COUNT(steps)],
				.step = steps[i % COUNT(steps)],
				.has_no_stdin = i % 2 == 1};

			run_in_child(ways[way].name, close_in_child, &setting);
		}
	}
}

static void move_in_child(struct complaint *complaint, const void *argument)
{
	(void)argument;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		struct stat before, after;
		int ends[2];
		int moved;

		if (pipe(ends) != 0 || dup2(ends[0], fd) != fd || fstat(fd, &before) != 0)
			complain(complaint, "pipe: %s", strerror(errno));
		moved = descriptor_above_stdio(fd);
		if (moved <= STDERR_FILENO || is_open(fd))
			complain(complaint, "expected %d to be moved above 2, observed %d", fd,
				moved);
		if (fcntl(moved, F_GETFD) != FD_CLOEXEC)
			complain(complaint, "from %d: expected close-on-exec", fd);
		if (fstat(moved, &after) != 0 || after.st_ino != before.st_ino)
			complain(complaint, "from %d: expected the same file", fd);
		if (descriptor_above_stdio(moved) != moved || !is_open(moved))
			complain(complaint, "expected %d to stay where it is", moved);
	}
	if (descriptor_above_stdio(-1) != -1)
		complain(complaint, "expected -1 for no descriptor");
	(void)dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
	set_limit(complaint, STDERR_FILENO + 1);
	if (descriptor_above_stdio(STDIN_FILENO) != STDIN_FILENO || !is_open(STDIN_FILENO))
		complain(complaint, "with a limit of 3: expected 0 to stay where it is");
}

static void a_descriptor_among_0_1_and_2_moves_above_them_where_the_limit_allows_it(void **state)
{
	(void)state;
	run_in_child("0, 1 and 2", move_in_child, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_descriptors_from_3_up_are_closed_but_the_one_that_is_kept),
		cmocka_unit_test(
			a_descriptor_among_0_1_and_2_moves_above_them_where_the_limit_allows_it),
	};

	return cmocka_run_group_tests_name("base/descriptor", tests, NULL, NULL);
}

#include "base/descriptor.h"

#include "unit/support.h"

#include <fcntl.h>
#include <limits.h>
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
	if (setting->has_no_stdin) (void)close(STDIN_FILENO);
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
	if (descriptor_above_stdio(-1) != -1) complain(complaint, "expected -1 for no descriptor");
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

/* --- directories of numbers --- */

#define MANY 2000 /* more than one call of getdents64(2) lists */

/* In which the tests make their files. */
static char place[] = "/tmp/whit-descriptor-XXXXXX";
static int place_fd;

/* How often each number was visited. */
struct visits {
	size_t count;
	unsigned char times[MANY + 1];
	unsigned int highest;
	bool removes; /* each entry, when it is visited */
};

static void note_visit(unsigned int number, int fd, void *context)
{
	struct visits *visits = context;
	char name[16];

	visits->count++;
	if (number <= MANY) visits->times[number]++;
	if (number > visits->highest) visits->highest = number;
	(void)snprintf(name, sizeof(name), "%u", number);
	if (visits->removes && unlinkat(fd, name, 0) != 0)
		fail_msg("'%s' in the descriptor that was given: %s", name, strerror(errno));
}

static struct visits visit_all(void)
{
	struct visits visits = {.count = 0};

	if (descriptor_each_number(place, note_visit, &visits) != 0)
		fail_msg("%s: %s", place, strerror(errno));
	return visits;
}

static void make_file(const char *name)
{
	int fd = openat(place_fd, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);

	if (fd < 0) fail_msg("'%s': %s", name, strerror(errno));
	(void)close(fd);
}

static void each_entry_that_is_a_number_is_visited_and_no_other(void **state)
{
	static const char *const names[] = {"0", "1", "7", "0042", "2147483647", "a", "self", "1a",
		"a1", "-1", "+2", " 3", "3 ", "1.5", "0x10", ".5", "2147483648", "4294967296",
		"99999999999999999999", "\n", "..."};
	static const unsigned int expected[] = {0, 1, 5, 7, 42};
	char longest_name[NAME_MAX + 1]; /* that there is, and a number: 5 */
	struct visits visits;

	(void)state;
	memset(longest_name, '0', NAME_MAX - 1);
	memcpy(longest_name + NAME_MAX - 1, "5", 2);
	assert_int_equal(mkdirat(place_fd, longest_name, 0700), 0);
	for (size_t i = 0; i < COUNT(names); i++)
		make_file(names[i]);
	visits = visit_all();
	for (size_t i = 0; i < COUNT(expected); i++)
		expect_int("visits of a number", 1, visits.times[expected[i]]);
	expect_int("the highest number", INT_MAX, (int)visits.highest);
	expect_int("visits", (int)COUNT(expected) + 1, (int)visits.count);
	for (size_t i = 0; i < COUNT(names); i++)
		(void)unlinkat(place_fd, names[i], 0);
	(void)unlinkat(place_fd, longest_name, AT_REMOVEDIR);
}

static void each_of_many_entries_is_visited_once_also_if_it_goes_then(void **state)
{
	struct visits visits;

	(void)state;
	for (unsigned int number = 1; number <= MANY; number++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "%u", number);
		make_file(name);
	}
	visits = visit_all();
	expect_int("visits", MANY, (int)visits.count);
	for (unsigned int number = 1; number <= MANY; number++)
		expect_int("visits of a number", 1, visits.times[number]);
	do { /* some may be missed: descriptor.h */
		visits = (struct visits){.removes = true};
		assert_int_equal(descriptor_each_number(place, note_visit, &visits), 0);
	} while (visits.count > 0);
	expect_int("visits of an empty directory", 0, (int)visit_all().count);
}

static void note_if_it_is_closed_on_exec(unsigned int number, int fd, void *context)
{
	if (number == (unsigned int)fd) *(bool *)context = fcntl(fd, F_GETFD) == FD_CLOEXEC;
}

static void its_own_descriptor_is_closed_on_exec_and_at_the_end(void **state)
{
	bool is_closed_on_exec = false;
	int before = dup(STDIN_FILENO);
	int after;

	(void)state;
	(void)close(before);
	assert_int_equal(descriptor_each_number(
				 "/proc/self/fd", note_if_it_is_closed_on_exec, &is_closed_on_exec),
		0);
	assert_true(is_closed_on_exec);
	after = dup(STDIN_FILENO);
	(void)close(after);
	expect_int("the next descriptor", before, after);
}

static void what_cannot_be_read_is_an_error_and_no_visit(void **state)
{
	char removed[32]; /* it can be opened, by its descriptor, and not be read */
	const struct {
		const char *path;
		int error;
	} rows[] = {{"/no/such/directory", ENOENT}, {"/dev/null", ENOTDIR}, {"", ENOENT},
		{removed, ENOENT}};
	struct visits visits = {.count = 0};
	int fd;

	(void)state;
	assert_int_equal(mkdirat(place_fd, "1", 0700), 0);
	fd = openat(place_fd, "1", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(unlinkat(place_fd, "1", AT_REMOVEDIR), 0);
	(void)snprintf(removed, sizeof(removed), "/proc/self/fd/%d", fd);
	for (size_t i = 0; i < COUNT(rows); i++) {
		errno = 0;
		expect_int(rows[i].path, -1,
			descriptor_each_number(rows[i].path, note_visit, &visits));
		expect_errno(rows[i].path, rows[i].error, errno);
	}
	expect_int("visits", 0, (int)visits.count);
	(void)close(fd);
}

static int make_place(void **state)
{
	(void)state;
	if (mkdtemp(place) == NULL) return -1;
	place_fd = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return place_fd < 0 ? -1 : 0;
}

static int remove_place(void **state)
{
	(void)state;
	(void)close(place_fd);
	return rmdir(place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_descriptors_from_3_up_are_closed_but_the_one_that_is_kept),
		cmocka_unit_test(
			a_descriptor_among_0_1_and_2_moves_above_them_where_the_limit_allows_it),
		cmocka_unit_test(each_entry_that_is_a_number_is_visited_and_no_other),
		cmocka_unit_test(each_of_many_entries_is_visited_once_also_if_it_goes_then),
		cmocka_unit_test(its_own_descriptor_is_closed_on_exec_and_at_the_end),
		cmocka_unit_test(what_cannot_be_read_is_an_error_and_no_visit),
	};

	return cmocka_run_group_tests_name("base/descriptor", tests, make_place, remove_place);
}

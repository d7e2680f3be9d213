#include "base/directory.h"

#include "unit/support.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#define VISITS_MAX 4096

struct visits {
	unsigned int numbers[VISITS_MAX];
	size_t count;
};

static void note_visit(unsigned int number, void *context)
{
	struct visits *visits = context;

	if (visits->count < VISITS_MAX)
		visits->numbers[visits->count] = number;
	visits->count++;
}

static size_t times_visited(const struct visits *visits, unsigned int number)
{
	size_t times = 0;

	for (size_t i = 0; i < visits->count && i < VISITS_MAX; i++)
		times += visits->numbers[i] == number;
	return times;
}

/* A directory of this test's own, with its descriptor. */
struct place {
	char path[64];
	int fd;
};

static int make_place(void **state)
{
	struct place *place = malloc(sizeof(*place));

	if (place == NULL)
		return -1;
	(void)strcpy(place->path, "/tmp/whit-directory-XXXXXX");
	if (mkdtemp(place->path) == NULL)
		return -1;
	place->fd = directory_open(place->path);
	*state = place;
	return place->fd < 0 ? -1 : 0;
}

static void remove_files(const struct place *place, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		(void)unlinkat(place->fd, names[i], 0);
}

static void remove_numbers(const struct place *place, unsigned int first, unsigned int last)
{
	for (unsigned int number = first; number <= last; number++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "%u", number);
		(void)unlinkat(place->fd, name, 0);
	}
}

static const char *const numbers[] = {"0", "1", "7", "10", "1234567", "2147483647", "0042"};
static const char *const no_numbers[] = {"a", "self", "1a", "a1", "-1", "+2", " 3", "3 ", "1.5",
	"0x10", ".5", "2147483648", "4294967296", "99999999999999999999", "\n", "..."};

static char longest_name[NAME_MAX + 1]; /* the longest entry there is, and a number: 5 */

static int remove_place(void **state)
{
	struct place *place = *state;

	remove_files(place, numbers, COUNT(numbers));
	remove_files(place, no_numbers, COUNT(no_numbers));
	remove_numbers(place, 1, 2000);
	(void)unlinkat(place->fd, longest_name, 0);
	(void)unlinkat(place->fd, "5", AT_REMOVEDIR);
	(void)close(place->fd);
	(void)rmdir(place->path);
	free(place);
	return 0;
}

static void make_file(const struct place *place, const char *name)
{
	int fd = openat(place->fd, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);

	if (fd < 0)
		fail_msg("'%s': %s", name, strerror(errno));
	(void)close(fd);
}

static void make_numbers(const struct place *place, unsigned int first, unsigned int last)
{
	for (unsigned int number = first; number <= last; number++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "%u", number);
		make_file(place, name);
	}
}

static void visit_all(const struct place *place, struct visits *ret_visits)
{
	ret_visits->count = 0;
	if (directory_each_number(place->fd, note_visit, ret_visits) != 0)
		fail_msg("%s: %s", place->path, strerror(errno));
}

static void expect_visited_once(const struct visits *visits, unsigned int number)
{
	size_t times = times_visited(visits, number);

	if (times != 1)
		fail_msg("%u: expected one visit, observed %zu", number, times);
}

static void each_entry_that_is_a_number_is_visited_and_no_other(void **state)
{
	static const unsigned int expected[] = {0, 1, 7, 10, 1234567, INT_MAX, 42};
	struct visits visits;

	for (size_t i = 0; i < COUNT(numbers); i++)
		make_file(*state, numbers[i]);
	for (size_t i = 0; i < COUNT(no_numbers); i++)
		make_file(*state, no_numbers[i]);
	visit_all(*state, &visits);
	for (size_t i = 0; i < COUNT(expected); i++)
		expect_visited_once(&visits, expected[i]);
	expect_int("visits", (int)COUNT(expected), (int)visits.count);
}

static void an_empty_directory_is_no_error_and_no_visit(void **state)
{
	struct visits visits;

	visit_all(*state, &visits);
	expect_int("visits", 0, (int)visits.count);
}

static void a_directory_that_is_a_number_is_visited_too(void **state)
{
	const struct place *place = *state;
	struct visits visits;

	assert_int_equal(mkdirat(place->fd, "5", 0700), 0);
	visit_all(place, &visits);
	expect_visited_once(&visits, 5);
}

/* So many that the kernel hands them over in many blocks. */
static void each_of_very_many_entries_is_visited_once(void **state)
{
	static struct visits visits;

	make_numbers(*state, 1, 2000);
	visit_all(*state, &visits);
	expect_int("visits", 2000, (int)visits.count);
	for (unsigned int number = 1; number <= 2000; number++)
		expect_visited_once(&visits, number);
}

static void the_longest_name_there_is_has_room(void **state)
{
	struct visits visits;

	make_file(*state, longest_name);
	visit_all(*state, &visits);
	expect_int("visits", 1, (int)visits.count);
	expect_visited_once(&visits, 5);
}

static void each_reading_begins_with_the_first_and_sees_what_is_there_now(void **state)
{
	struct visits visits;

	make_numbers(*state, 1, 300);
	visit_all(*state, &visits);
	expect_int("the first time", 300, (int)visits.count);
	visit_all(*state, &visits);
	expect_int("the second time", 300, (int)visits.count);
	remove_numbers(*state, 1, 299);
	make_numbers(*state, 1000, 1000);
	visit_all(*state, &visits);
	expect_int("the third time", 2, (int)visits.count);
	expect_visited_once(&visits, 300);
	expect_visited_once(&visits, 1000);
}

/* As the signalling of processes does, which end while /proc is read. */
static void remove_visited(unsigned int number, void *context)
{
	remove_numbers(context, number, number);
}

static void entries_may_go_while_they_are_visited(void **state)
{
	struct place *place = *state;
	struct visits visits;

	make_numbers(place, 1, 500);
	do { /* some may be missed: directory.h */
		assert_int_equal(directory_each_number(place->fd, remove_visited, place), 0);
		visit_all(place, &visits);
	} while (visits.count > 0);
}

/* A machine may have more processes than anybody keeps room for. */
struct search {
	unsigned int number;
	size_t times;
};

static void note_if_it(unsigned int number, void *context)
{
	struct search *search = context;

	search->times += number == search->number;
}

static void expect_listed_once(int fd, unsigned int number)
{
	struct search search = {.number = number};

	assert_int_equal(directory_each_number(fd, note_if_it, &search), 0);
	if (search.times != 1)
		fail_msg("%u: expected one visit, observed %zu", number, search.times);
}

static void the_kernels_own_directories_are_read(void **state)
{
	int fd = directory_open("/proc");

	(void)state;
	if (fd < 0 || access("/proc/self", F_OK) != 0) {
		print_message("skipped: there is no /proc\n");
		skip();
	}
	expect_listed_once(fd, (unsigned int)getpid());
	(void)close(fd);
	fd = directory_open("/proc/self/fd");
	expect_listed_once(fd, (unsigned int)fd);
	(void)close(fd);
}

static void what_is_opened_is_closed_on_exec(void **state)
{
	const struct place *place = *state;

	assert_int_equal(fcntl(place->fd, F_GETFD), FD_CLOEXEC);
}

struct open_row {
	const char *path;
	int error;
};

static void what_is_no_directory_is_not_opened(void **state)
{
	static const struct open_row rows[] = {
		{"/no/such/directory", ENOENT},
		{"/dev/null", ENOTDIR},
		{"", ENOENT},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		errno = 0;
		expect_int(rows[i].path, -1, directory_open(rows[i].path));
		expect_errno(rows[i].path, rows[i].error, errno);
	}
}

static void what_cannot_be_read_is_an_error_and_no_visit(void **state)
{
	struct visits visits = {.count = 0};
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	errno = 0;
	expect_int("/dev/null", -1, directory_each_number(null, note_visit, &visits));
	expect_errno("/dev/null", ENOTDIR, errno);
	errno = 0;
	expect_int("a pipe", -1, directory_each_number(ends[0], note_visit, &visits));
	expect_errno("a pipe", ESPIPE, errno);
	(void)close(null);
	errno = 0;
	expect_int("closed", -1, directory_each_number(null, note_visit, &visits));
	expect_errno("closed", EBADF, errno);
	(void)close(ends[0]);
	(void)close(ends[1]);
	expect_int("visits", 0, (int)visits.count);
}

#define WITH_PLACE(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_PLACE(each_entry_that_is_a_number_is_visited_and_no_other),
		WITH_PLACE(an_empty_directory_is_no_error_and_no_visit),
		WITH_PLACE(a_directory_that_is_a_number_is_visited_too),
		WITH_PLACE(each_of_very_many_entries_is_visited_once),
		WITH_PLACE(the_longest_name_there_is_has_room),
		WITH_PLACE(each_reading_begins_with_the_first_and_sees_what_is_there_now),
		WITH_PLACE(entries_may_go_while_they_are_visited),
		cmocka_unit_test(the_kernels_own_directories_are_read),
		WITH_PLACE(what_is_opened_is_closed_on_exec),
		cmocka_unit_test(what_is_no_directory_is_not_opened),
		cmocka_unit_test(what_cannot_be_read_is_an_error_and_no_visit),
	};

	memset(longest_name, '0', NAME_MAX - 1);
	longest_name[NAME_MAX - 1] = '5';
	return cmocka_run_group_tests_name("base/directory", tests, NULL, NULL);
}

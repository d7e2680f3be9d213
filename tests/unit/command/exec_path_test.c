#include "command/exec_path.h"

#include "unit/command/expand.h"
#include "unit/support.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>

#define ANOTHER_ID 65534

/* As the kernel: path_resolution(7). */
#define LINKS_MAX 40

/* In paths and targets @ stands for the test's directory. */
struct file {
	const char *path;
	const char *target; /* of a link; NULL for a directory, "" for a file */
	mode_t mode;
};

/* clang-format off */
static const struct file files[] = {
	{"dir", NULL, 0755},
	{"dir/file", "", 0644},
	{"dir/sub", NULL, 0755},
	{"dir/to-nothing", "../nothing", 0},
	{"dir/to-sub", "../dir/sub", 0},
	{"closed", NULL, 0700},
	{"closed/file", "", 0644},
	{"closed/sub", NULL, 0755},
	{"to-file", "dir/file", 0},
	{"to-dir", "dir", 0},
	{"to-dir-absolute", "@/dir", 0},
	{"to-dir-slash", "dir//", 0},
	{"to-root", "/", 0},
	{"to-closed", "closed", 0},
	{"to-closed-file", "@/closed/file", 0},
	{"dangling", "nothing", 0},
	{"dangling-absolute", "@/nothing", 0},
	{"dangling-slash", "nothing/", 0},
	{"dangling-deep", "nothing/at/all", 0},
	{"dangling-in-dir", "dir/nothing", 0},
	{"chain-1", "chain-2", 0},
	{"chain-2", "@/chain-3", 0},
	{"chain-3", "nothing", 0},
	{"good-chain", "to-file", 0},
	{"dangling-by-a-good-link", "to-dir/nothing", 0},
	{"dangling-by-an-absolute-good-link", "@/to-dir-absolute/sub/nothing", 0},
	{"dangling-by-two-good-links", "to-dir/to-sub/nothing/", 0},
	{"dangling-by-a-dangling-link", "dangling/file", 0},
	{"to-file-by-a-link", "to-dir/file", 0},
	{"to-dir-by-a-link", "to-dir/sub", 0},
	{"through-file", "dir/file/nothing", 0},
	{"loop", "loop", 0},
	{"loop-1", "loop-2", 0},
	{"loop-2", "@/loop-1", 0},
	{"to-loop", "dir/../loop", 0},
};
/* clang-format on */

/* The test's directory; links are counted from it. */
static char base[64];

static void make_link(const char *pattern, const char *name)
{
	char target[PATH_MAX];
	char path[PATH_MAX];

	expand(target, sizeof(target), pattern, base);
	(void)snprintf(path, sizeof(path), "%s/%s", base, name);
	assert_int_equal(symlink(target, path), 0);
}

static void make_file(const struct file *file)
{
	char path[PATH_MAX];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", base, file->path);
	if (file->target == NULL) {
		assert_int_equal(mkdir(path, 0700), 0);
		assert_int_equal(chmod(path, file->mode), 0);
	} else if (*file->target == '\0') {
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, file->mode);
		assert_true(fd >= 0);
		assert_int_equal(close(fd), 0);
	} else {
		make_link(file->target, file->path);
	}
}

static void name_of_link(int number, char name[32])
{
	(void)snprintf(name, 32, "link-%d", number);
}

static void make_links(void)
{
	char target[32];
	char name[32];

	make_link("dir/file", "link-1");
	for (int number = 2; number <= LINKS_MAX + 1; number++) {
		name_of_link(number - 1, target);
		name_of_link(number, name);
		make_link(target, name);
	}
}

static int make_files(void **state)
{
	(void)state;
	/* Not under TMPDIR, whose directories another user may not be allowed to search. */
	(void)strcpy(base, "/tmp/whit-exec-path-XXXXXX");
	assert_non_null(mkdtemp(base));
	assert_int_equal(chmod(base, 0755), 0);
	for (size_t i = 0; i < COUNT(files); i++)
		make_file(&files[i]);
	make_links();
	return 0;
}

static int remove_files(void **state)
{
	char path[PATH_MAX];
	char name[32];

	(void)state;
	for (int number = 1; number <= LINKS_MAX + 1; number++) {
		name_of_link(number, name);
		(void)snprintf(path, sizeof(path), "%s/%s", base, name);
		assert_int_equal(unlink(path), 0);
	}
	for (size_t i = COUNT(files); i-- > 0;) {
		(void)snprintf(path, sizeof(path), "%s/%s", base, files[i].path);
		assert_int_equal(remove(path), 0);
	}
	assert_int_equal(rmdir(base), 0);
	return 0;
}

static const char *fault_name(enum exec_path_fault fault)
{
	switch (fault) {
	case EXEC_PATH_FAULT_NONE:
		return "none";
	case EXEC_PATH_FAULT_MISSING:
		return "missing";
	case EXEC_PATH_FAULT_DANGLING_LINK:
		return "dangling link";
	case EXEC_PATH_FAULT_NO_DIRECTORY:
		return "no directory";
	case EXEC_PATH_FAULT_NOT_SEARCHABLE:
		return "not searchable";
	case EXEC_PATH_FAULT_LOOP:
		return "loop";
	case EXEC_PATH_FAULT_OTHER:
		return "other";
	}
	return "no such fault";
}

/* The error that the kernel has for it; 0 where it has none. */
static int error_of(enum exec_path_fault fault)
{
	switch (fault) {
	case EXEC_PATH_FAULT_MISSING:
	case EXEC_PATH_FAULT_DANGLING_LINK:
		return ENOENT;
	case EXEC_PATH_FAULT_NO_DIRECTORY:
		return ENOTDIR;
	case EXEC_PATH_FAULT_NOT_SEARCHABLE:
		return EACCES;
	case EXEC_PATH_FAULT_LOOP:
		return ELOOP;
	case EXEC_PATH_FAULT_OTHER:
		return ENAMETOOLONG;
	case EXEC_PATH_FAULT_NONE:
		return 0;
	}
	return 0;
}

struct row {
	const char *path;
	enum exec_path_fault fault;
	const char *part; /* NULL: of no account */
	const char *link; /* the same */
};

enum place {
	IN_THE_BASE,
	IN_THE_BASE_AS_ANOTHER_USER,
	IN_A_CLOSED_DIRECTORY_AS_ANOTHER_USER,
};

struct walk {
	const char *path;
	enum place place;
	struct exec_path *followed; /* shared with the child */
	int *error;                 /* what stat(2) says of it */
};

static void follow_in_child(struct complaint *complaint, const void *argument)
{
	const struct walk *walk = argument;
	struct stat status;

	if (chdir(base) != 0 ||
		(walk->place == IN_A_CLOSED_DIRECTORY_AS_ANOTHER_USER && chdir("closed") != 0))
		complain(complaint, "chdir: %s", strerror(errno));
	if (walk->place != IN_THE_BASE &&
		(setgroups(0, NULL) != 0 || setresgid(ANOTHER_ID, ANOTHER_ID, ANOTHER_ID) != 0 ||
			setresuid(ANOTHER_ID, ANOTHER_ID, ANOTHER_ID) != 0))
		complain(complaint, "another user: %s", strerror(errno));
	memset(walk->followed, 0x55, sizeof(*walk->followed));
	exec_path_follow(walk->path, walk->followed);
	*walk->error = stat(walk->path, &status) == 0 ? 0 : errno;
}

static void expect_text_of(const char *what, const char *pattern, const char *observed)
{
	char expected[PATH_MAX];

	if (pattern == NULL)
		return;
	expand(expected, sizeof(expected), pattern, base);
	expect_text(what, expected, observed);
}

/* kernel_error is what stat(2) is to say of the same path. */
static void expect_walk(const struct row *row, enum place place, int kernel_error)
{
	char path[2 * PATH_MAX];
	struct walk walk = {.path = path, .place = place};
	struct exec_path followed;
	int error;

	expand(path, sizeof(path), row->path, base);
	walk.followed = shared_memory(sizeof(*walk.followed));
	walk.error = shared_memory(sizeof(*walk.error));
	run_in_child(row->path, follow_in_child, &walk);
	followed = *walk.followed;
	error = *walk.error;
	(void)munmap(walk.followed, sizeof(*walk.followed));
	(void)munmap(walk.error, sizeof(*walk.error));
	expect_text(row->path, fault_name(row->fault), fault_name(followed.fault));
	expect_text_of(row->path, row->part, followed.part);
	expect_text_of(row->path, row->link, followed.link);
	expect_errno(row->path, kernel_error, error);
}

static void expect_walks(const struct row *rows, size_t count, enum place place)
{
	if (place != IN_THE_BASE && geteuid() != 0) {
		print_message("skipped: only root can be another user\n");
		skip();
	}
	for (size_t i = 0; i < count; i++)
		expect_walk(&rows[i], place, error_of(rows[i].fault));
}

#define TEST(name, place, ...)                                                                     \
	static void name(void **state)                                                             \
	{                                                                                          \
		static const struct row rows[] = {__VA_ARGS__};                                    \
                                                                                                   \
		(void)state;                                                                       \
		expect_walks(rows, COUNT(rows), place);                                            \
	}

/* clang-format off */
TEST(a_path_that_leads_somewhere_has_no_fault, IN_THE_BASE,
	{"/", EXEC_PATH_FAULT_NONE, NULL, NULL},
	{"//", EXEC_PATH_FAULT_NONE, NULL, NULL},
	{".", EXEC_PATH_FAULT_NONE, NULL, NULL},
	{"..", EXEC_PATH_FAULT_NONE, NULL, NULL},
	{"dir", EXEC_PATH_FAULT_NONE, NULL, NULL},
	{"dir/", EXEC_PATH_FAULT_NONE, NULL, NULL},
	{"dir/file", EXEC_PATH_FAULT_NONE, NULL, NULL},
	{"./dir/../dir//file", EXEC_PATH_FAULT_NONE, NULL, NULL},
	{"@/dir/file", EXEC_PATH_FAULT_NONE, NULL, NULL},
	{"/@///dir///file", EXEC_PATH_FAULT_NONE, NULL, NULL},
	{"to-file", EXEC_PATH_FAULT_NONE, NULL, NULL},
	{"to-dir", EXEC_PATH_FAULT_NONE, NULL, NULL},
	{"to-dir/", EXEC_PATH_FAULT_NONE, NULL, NULL},
	{"to-dir/file", EXEC_PATH_FAULT_NONE, NULL, NULL},
	{"to-dir-absolute/file", EXEC_PATH_FAULT_NONE, NULL, NULL},
	{"to-dir-slash", EXEC_PATH_FAULT_NONE, NULL, NULL},
	{"to-dir-slash/file", EXEC_PATH_FAULT_NONE, NULL, NULL},
	{"to-dir/../to-dir/../dir/file", EXEC_PATH_FAULT_NONE, NULL, NULL},
	{"dir/to-sub/..", EXEC_PATH_FAULT_NONE, NULL, NULL},
	{"to-root/@/dir/file", EXEC_PATH_FAULT_NONE, NULL, NULL},
	{"good-chain", EXEC_PATH_FAULT_NONE, NULL, NULL},
	{"to-file-by-a-link", EXEC_PATH_FAULT_NONE, NULL, NULL},
	{"to-dir-by-a-link/../file", EXEC_PATH_FAULT_NONE, NULL, NULL})

TEST(of_a_missing_path_the_first_part_that_is_missing_is_told, IN_THE_BASE,
	{"nothing", EXEC_PATH_FAULT_MISSING, "nothing", NULL},
	{"./nothing", EXEC_PATH_FAULT_MISSING, "./nothing", NULL},
	{"nothing/", EXEC_PATH_FAULT_MISSING, "nothing", NULL},
	{"nothing/at/all", EXEC_PATH_FAULT_MISSING, "nothing", NULL},
	{"dir/nothing/at", EXEC_PATH_FAULT_MISSING, "dir/nothing", NULL},
	{"@/nothing", EXEC_PATH_FAULT_MISSING, "@/nothing", NULL},
	{"@/dir/nothing/at/all", EXEC_PATH_FAULT_MISSING, "@/dir/nothing", NULL},
	{"@//dir///nothing//at", EXEC_PATH_FAULT_MISSING, "@//dir///nothing", NULL},
	{"/no-such-directory/at/all", EXEC_PATH_FAULT_MISSING, "/no-such-directory", NULL},
	{"dir/nothing/..", EXEC_PATH_FAULT_MISSING, "dir/nothing", NULL})

TEST(what_is_missing_behind_a_good_link_is_told_with_the_link_resolved, IN_THE_BASE,
	{"to-dir/nothing", EXEC_PATH_FAULT_MISSING, "dir/nothing", NULL},
	{"to-dir-absolute/nothing/at", EXEC_PATH_FAULT_MISSING, "@/dir/nothing", NULL},
	{"to-dir-slash/nothing", EXEC_PATH_FAULT_MISSING, "dir///nothing", NULL},
	{"@/to-dir-by-a-link/nothing", EXEC_PATH_FAULT_MISSING, "@/dir/sub/nothing", NULL},
	{"to-root/no-such", EXEC_PATH_FAULT_MISSING, "//no-such", NULL},
	{"dir/to-sub/nothing", EXEC_PATH_FAULT_MISSING, "dir/../dir/sub/nothing", NULL})

TEST(a_dangling_link_is_told_with_its_target, IN_THE_BASE,
	{"dangling", EXEC_PATH_FAULT_DANGLING_LINK, "nothing", "dangling"},
	{"@/dangling", EXEC_PATH_FAULT_DANGLING_LINK, "@/nothing", "@/dangling"},
	{"dangling-absolute", EXEC_PATH_FAULT_DANGLING_LINK, "@/nothing", "dangling-absolute"},
	{"dangling-deep", EXEC_PATH_FAULT_DANGLING_LINK, "nothing/at/all", "dangling-deep"},
	{"dangling-in-dir", EXEC_PATH_FAULT_DANGLING_LINK, "dir/nothing", "dangling-in-dir"},
	{"dangling-slash", EXEC_PATH_FAULT_DANGLING_LINK, "nothing/", "dangling-slash"},
	{"dangling/", EXEC_PATH_FAULT_DANGLING_LINK, "nothing", "dangling"},
	{"dangling/file", EXEC_PATH_FAULT_DANGLING_LINK, "nothing", "dangling"},
	{"dir/to-nothing", EXEC_PATH_FAULT_DANGLING_LINK, "dir/../nothing", "dir/to-nothing"},
	{"to-dir/to-nothing/x", EXEC_PATH_FAULT_DANGLING_LINK, "dir/../nothing", "dir/to-nothing"})

TEST(of_a_chain_of_links_it_is_the_last_one_that_dangles, IN_THE_BASE,
	{"chain-1", EXEC_PATH_FAULT_DANGLING_LINK, "@/nothing", "@/chain-3"},
	{"@/chain-1/file", EXEC_PATH_FAULT_DANGLING_LINK, "@/nothing", "@/chain-3"},
	{"chain-3", EXEC_PATH_FAULT_DANGLING_LINK, "nothing", "chain-3"},
	{"dangling-by-a-dangling-link", EXEC_PATH_FAULT_DANGLING_LINK, "nothing", "dangling"})

/* As /usr/bin/x -> /bin/x, where /bin -> usr/bin. */
TEST(a_link_dangles_also_where_its_target_goes_by_good_links, IN_THE_BASE,
	{"dangling-by-a-good-link", EXEC_PATH_FAULT_DANGLING_LINK, "dir/nothing",
		"dangling-by-a-good-link"},
	{"dangling-by-a-good-link/file", EXEC_PATH_FAULT_DANGLING_LINK, "dir/nothing",
		"dangling-by-a-good-link"},
	{"@/dangling-by-an-absolute-good-link", EXEC_PATH_FAULT_DANGLING_LINK,
		"@/dir/sub/nothing", "@/dangling-by-an-absolute-good-link"},
	{"dangling-by-two-good-links", EXEC_PATH_FAULT_DANGLING_LINK,
		"dir/../dir/sub/nothing/", "dangling-by-two-good-links"})

TEST(what_should_be_a_directory_and_is_a_file_is_told, IN_THE_BASE,
	{"dir/file/", EXEC_PATH_FAULT_NO_DIRECTORY, "dir/file", NULL},
	{"dir/file/x", EXEC_PATH_FAULT_NO_DIRECTORY, "dir/file", NULL},
	{"dir/file/x/y", EXEC_PATH_FAULT_NO_DIRECTORY, "dir/file", NULL},
	{"dir/file/.", EXEC_PATH_FAULT_NO_DIRECTORY, "dir/file", NULL},
	{"dir/file/../file", EXEC_PATH_FAULT_NO_DIRECTORY, "dir/file", NULL},
	{"@/dir//file//x", EXEC_PATH_FAULT_NO_DIRECTORY, "@/dir//file", NULL},
	{"to-file/", EXEC_PATH_FAULT_NO_DIRECTORY, "dir/file", NULL},
	{"to-file/x", EXEC_PATH_FAULT_NO_DIRECTORY, "dir/file", NULL},
	{"good-chain/x", EXEC_PATH_FAULT_NO_DIRECTORY, "dir/file", NULL},
	{"through-file", EXEC_PATH_FAULT_NO_DIRECTORY, "dir/file", NULL})

TEST(a_loop_of_links_is_told_with_one_of_them, IN_THE_BASE,
	{"loop", EXEC_PATH_FAULT_LOOP, NULL, "loop"},
	{"@/loop", EXEC_PATH_FAULT_LOOP, NULL, "@/loop"},
	{"loop/file", EXEC_PATH_FAULT_LOOP, NULL, "loop"},
	{"loop-1", EXEC_PATH_FAULT_LOOP, NULL, "@/loop-1"},
	{"@/loop-1/x", EXEC_PATH_FAULT_LOOP, NULL, "@/loop-1"},
	{"to-loop", EXEC_PATH_FAULT_LOOP, NULL, "dir/../loop"})

TEST(forty_links_are_followed_and_no_more_as_in_the_kernel, IN_THE_BASE,
	{"link-39", EXEC_PATH_FAULT_NONE, NULL, NULL},
	{"link-40", EXEC_PATH_FAULT_NONE, NULL, NULL},
	{"link-41", EXEC_PATH_FAULT_LOOP, NULL, "link-1"})

TEST(a_directory_that_may_not_be_searched_is_told, IN_THE_BASE_AS_ANOTHER_USER,
	{"closed", EXEC_PATH_FAULT_NONE, NULL, NULL},
	{"closed/", EXEC_PATH_FAULT_NONE, NULL, NULL},
	{"closed/file", EXEC_PATH_FAULT_NOT_SEARCHABLE, "closed", NULL},
	{"closed/.", EXEC_PATH_FAULT_NOT_SEARCHABLE, "closed", NULL},
	{"closed/nothing", EXEC_PATH_FAULT_NOT_SEARCHABLE, "closed", NULL},
	{"closed/sub/x", EXEC_PATH_FAULT_NOT_SEARCHABLE, "closed", NULL},
	{"@/closed/file", EXEC_PATH_FAULT_NOT_SEARCHABLE, "@/closed", NULL},
	{"./dir/../closed/file", EXEC_PATH_FAULT_NOT_SEARCHABLE, "./dir/../closed", NULL},
	{"to-closed/file", EXEC_PATH_FAULT_NOT_SEARCHABLE, "closed", NULL},
	{"to-closed-file", EXEC_PATH_FAULT_NOT_SEARCHABLE, "@/closed", NULL},
	{"to-closed-file/x", EXEC_PATH_FAULT_NOT_SEARCHABLE, "@/closed", NULL})

TEST(so_is_the_working_directory, IN_A_CLOSED_DIRECTORY_AS_ANOTHER_USER,
	{"file", EXEC_PATH_FAULT_NOT_SEARCHABLE, ".", NULL},
	{"nothing/at/all", EXEC_PATH_FAULT_NOT_SEARCHABLE, ".", NULL},
	{"..", EXEC_PATH_FAULT_NOT_SEARCHABLE, ".", NULL},
	{"@/dir/file", EXEC_PATH_FAULT_NONE, NULL, NULL})
/* clang-format on */

/* The pattern, then "./" repeated up to so many bytes, then the end. */
static void make_long(char *path, size_t length, const char *beginning, const char *end)
{
	size_t at;

	expand(path, length, beginning, base);
	at = strlen(path);
	while (at + 2 + strlen(end) <= length) {
		memcpy(path + at, "./", 3);
		at += 2;
	}
	/* A slash more makes no difference. */
	if (at + strlen(end) < length)
		path[at++] = '/';
	(void)strcpy(path + at, end);
	expect_int("length", (int)length, (int)strlen(path));
}

static void a_path_of_the_greatest_length_is_followed_and_a_longer_one_is_not(void **state)
{
	char path[2 * PATH_MAX];
	const struct row found = {path, EXEC_PATH_FAULT_NONE, NULL, NULL};
	const struct row missing = {path, EXEC_PATH_FAULT_MISSING, NULL, NULL};
	const struct row other = {path, EXEC_PATH_FAULT_OTHER, "", ""};

	(void)state;
	for (size_t length = PATH_MAX - 3; length < PATH_MAX; length++) {
		make_long(path, length, "@/", "dir/file");
		expect_walk(&found, IN_THE_BASE, 0);
		make_long(path, length, "", "nothing");
		expect_walk(&missing, IN_THE_BASE, ENOENT);
	}
	for (size_t length = PATH_MAX; length < PATH_MAX + 3; length++) {
		make_long(path, length, "@/", "dir/file");
		expect_walk(&other, IN_THE_BASE, ENAMETOOLONG);
	}
}

static void a_part_longer_than_a_name_can_be_is_another_fault(void **state)
{
	char path[NAME_MAX + 2];
	const struct row other = {path, EXEC_PATH_FAULT_OTHER, NULL, NULL};
	const struct row missing = {path, EXEC_PATH_FAULT_MISSING, path, NULL};

	(void)state;
	memset(path, 'x', sizeof(path));
	path[NAME_MAX + 1] = '\0';
	expect_walk(&other, IN_THE_BASE, ENAMETOOLONG);
	path[NAME_MAX] = '\0';
	expect_walk(&missing, IN_THE_BASE, ENOENT);
}

/* The kernel never has the two in one piece; here nothing is said of it. */
static void a_link_that_makes_the_path_too_long_is_another_fault(void **state)
{
	char target[PATH_MAX];
	char path[PATH_MAX];
	char link[PATH_MAX];
	const struct row other = {path, EXEC_PATH_FAULT_OTHER, NULL, "long"};
	const struct row missing = {path, EXEC_PATH_FAULT_MISSING, NULL, NULL};

	(void)state;
	make_long(target, PATH_MAX / 2, "", "dir");
	(void)snprintf(link, sizeof(link), "%s/long", base);
	assert_int_equal(symlink(target, link), 0);
	for (size_t length = PATH_MAX / 2 + 3; length <= PATH_MAX / 2 + 5; length++) {
		/* In the place of "long" comes the target; the NUL has to fit as well. */
		bool fits = length - strlen("long") + PATH_MAX / 2 < PATH_MAX;

		make_long(path, length, "long/", "nothing");
		expect_walk(fits ? &missing : &other, IN_THE_BASE, ENOENT);
	}
	assert_int_equal(unlink(link), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_that_leads_somewhere_has_no_fault),
		cmocka_unit_test(of_a_missing_path_the_first_part_that_is_missing_is_told),
		cmocka_unit_test(what_is_missing_behind_a_good_link_is_told_with_the_link_resolved),
		cmocka_unit_test(a_dangling_link_is_told_with_its_target),
		cmocka_unit_test(of_a_chain_of_links_it_is_the_last_one_that_dangles),
		cmocka_unit_test(a_link_dangles_also_where_its_target_goes_by_good_links),
		cmocka_unit_test(what_should_be_a_directory_and_is_a_file_is_told),
		cmocka_unit_test(a_loop_of_links_is_told_with_one_of_them),
		cmocka_unit_test(forty_links_are_followed_and_no_more_as_in_the_kernel),
		cmocka_unit_test(a_directory_that_may_not_be_searched_is_told),
		cmocka_unit_test(so_is_the_working_directory),
		cmocka_unit_test(a_path_of_the_greatest_length_is_followed_and_a_longer_one_is_not),
		cmocka_unit_test(a_part_longer_than_a_name_can_be_is_another_fault),
		cmocka_unit_test(a_link_that_makes_the_path_too_long_is_another_fault),
	};

	return cmocka_run_group_tests_name("command/exec_path", tests, make_files, remove_files);
}

#include "command/exec_search.h"

#include "unit/support.h"

#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <sys/stat.h>

#define ANOTHER_ID 65534

/* Puts base in the place of each @. */
static void expand(char *text, size_t size, const char *pattern, const char *base)
{
	size_t length = 0;

	for (; *pattern != '\0'; pattern++) {
		length += (size_t)snprintf(text + length, size - length,
			*pattern == '@' ? "%s" : "%.1s", *pattern == '@' ? base : pattern);
		assert_true(length < size);
	}
	text[length] = '\0';
}

#define WORDS_MAX 6

/* What an executed file says: how it was called, and with which words. */
#define SAY "printf '%s|' \"$0\" \"$@\"; printf '%s' \"$MARK\""

struct file {
	const char *path; /* below the test's directory; with a slash at the end a directory */
	const char *bytes;
	size_t length;
	mode_t mode;
};

#define BYTES(text) text, sizeof(text) - 1

/* clang-format off */
static const struct file files[] = {
	{"first/", NULL, 0, 0755},
	{"second/", NULL, 0, 0755},
	{"here/", NULL, 0, 0755},
	{"file", BYTES("not a directory"), 0644},
	{"first/script", BYTES("#!/bin/sh\necho first; " SAY), 0755},
	{"second/script", BYTES("#!/bin/sh\necho second; " SAY), 0755},
	{"here/script", BYTES("#!/bin/sh\necho here; " SAY), 0755},
	{"second/only-second", BYTES("#!/bin/sh\n" SAY), 0755},
	{"here/only-here", BYTES("#!/bin/sh\n" SAY), 0755},
	{"first/refused-first", BYTES("#!/bin/sh\n"), 0644},
	{"second/refused-first", BYTES("#!/bin/sh\n" SAY), 0755},
	{"first/refused", BYTES("#!/bin/sh\n"), 0644},
	{"first/text", BYTES(SAY), 0755},
	{"first/text-then-binary", BYTES(SAY "; exit\n\0\1\2"), 0755},
	{"first/empty", BYTES(""), 0755},
	{"second/empty", BYTES("#!/bin/sh\n" SAY), 0755},
	{"first/binary", BYTES("\1\2\0\3 binary"), 0755},
	{"first/utf8-mark", BYTES("\xef\xbb\xbf#!/bin/sh\n" SAY), 0755},
	{"first/utf16-mark", BYTES("\xff\xfe#!/bin/sh\n" SAY), 0755},
	{"first/no-interpreter", BYTES("#!/no/such/interpreter\n"), 0755},
	{"second/no-interpreter", BYTES("#!/bin/sh\n" SAY), 0755},
	{"first/unreadable", BYTES(SAY), 0711},
	{"first/directory/", NULL, 0, 0755},
	{"first/directory-first/", NULL, 0, 0755},
	{"second/directory-first", BYTES("#!/bin/sh\n" SAY), 0755},
	{"closed/", NULL, 0, 0700},
	{"closed/script", BYTES("#!/bin/sh\n" SAY), 0755},
};
/* clang-format on */

/* A temporary directory with the files: the group's state. */
static char base[64];

static void make_file(const struct file *file)
{
	char path[PATH_MAX];
	size_t length = (size_t)snprintf(path, sizeof(path), "%s/%s", base, file->path);
	int fd;

	if (path[length - 1] == '/') {
		assert_int_equal(mkdir(path, 0700), 0);
	} else {
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		assert_true(fd >= 0);
		assert_int_equal(write(fd, file->bytes, file->length), (ssize_t)file->length);
		assert_int_equal(close(fd), 0);
	}
	assert_int_equal(chmod(path, file->mode), 0);
}

static int make_files(void **state)
{
	char path[PATH_MAX];

	(void)state;
	/* Not under TMPDIR, whose directories another user may not be allowed to search. */
	(void)strcpy(base, "/tmp/whit-exec-search-XXXXXX");
	assert_non_null(mkdtemp(base));
	assert_int_equal(chmod(base, 0755), 0);
	for (size_t i = 0; i < COUNT(files); i++)
		make_file(&files[i]);
	(void)snprintf(path, sizeof(path), "%s/first/loop", base);
	assert_int_equal(symlink("loop", path), 0);
	return 0;
}

static int remove_files(void **state)
{
	char path[PATH_MAX];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/first/loop", base);
	assert_int_equal(unlink(path), 0);
	for (size_t i = COUNT(files); i-- > 0;) {
		(void)snprintf(path, sizeof(path), "%s/%s", base, files[i].path);
		assert_int_equal(remove(path), 0);
	}
	assert_int_equal(rmdir(base), 0);
	return 0;
}

/* In the words of a row @ stands for the directory of the files. */
struct row {
	const char *what;
	const char *path; /* NULL: there is no PATH */
	const char *argv[WORDS_MAX];
	int error;          /* 0: it runs */
	const char *output; /* then */
};

enum circumstance {
	PLAINLY,
	AS_ANOTHER_USER,
	WITHOUT_A_SHELL, /* in an image that has none */
	WITHOUT_STDIN,   /* so that the file may be descriptor 0 */
};

struct attempt {
	const char *path;
	char **argv; /* with the word before it */
	enum circumstance circumstance;
	int output;
};

/* What a failed search leaves: shared with the child. */
struct failure {
	bool has_returned;
	bool left_argv_intact;
	int error;
};

static void become_another_user(struct complaint *complaint)
{
	if (setgroups(0, NULL) != 0 || setresgid(ANOTHER_ID, ANOTHER_ID, ANOTHER_ID) != 0 ||
		setresuid(ANOTHER_ID, ANOTHER_ID, ANOTHER_ID) != 0)
		complain(complaint, "another user: %s", strerror(errno));
}

static struct failure *failure;

static void search_in_child(struct complaint *complaint, const void *argument)
{
	const struct attempt *attempt = argument;
	char mark[] = "MARK=marked";
	char variable[sizeof("PATH=") + 2 * PATH_MAX];
	char *envp[] = {mark, attempt->path == NULL ? NULL : variable, NULL};
	char *words[WORDS_MAX];
	char here[PATH_MAX];

	(void)snprintf(here, sizeof(here), "%s/here", base);
	if (chdir(here) != 0) complain(complaint, "chdir: %s", strerror(errno));
	if (attempt->circumstance == AS_ANOTHER_USER) become_another_user(complaint);
	if (attempt->circumstance == WITHOUT_A_SHELL && chroot(base) != 0)
		complain(complaint, "chroot: %s", strerror(errno));
	if (attempt->circumstance == WITHOUT_STDIN) (void)close(STDIN_FILENO);
	if (dup2(attempt->output, STDOUT_FILENO) < 0)
		complain(complaint, "dup2: %s", strerror(errno));
	if (attempt->path != NULL)
		(void)snprintf(variable, sizeof(variable), "PATH=%s", attempt->path);
	memcpy(words, attempt->argv, sizeof(words));
	exec_search_run(attempt->argv, envp);
	failure->error = errno;
	failure->has_returned = true;
	failure->left_argv_intact = memcmp(words, attempt->argv, sizeof(words)) == 0;
}

static void expect_output(const char *what, const char *expected, int fd)
{
	char text[2 * PATH_MAX];
	size_t length = 0;
	ssize_t count;

	while ((count = read(fd, text + length, sizeof(text) - 1 - length)) > 0)
		length += (size_t)count;
	text[length] = '\0';
	expect_text(what, expected, text);
}

static void expect_attempt(const struct row *row, enum circumstance circumstance)
{
	char path[2 * PATH_MAX];
	char output[2 * PATH_MAX];
	char words[WORDS_MAX][PATH_MAX];
	char before[] = "the word before";
	char *argv[WORDS_MAX + 2] = {before};
	struct attempt attempt = {.path = NULL, .argv = argv + 1};
	int ends[2];

	if (row->path != NULL) {
		expand(path, sizeof(path), row->path, base);
		attempt.path = path;
	}
	for (size_t i = 0; row->argv[i] != NULL; i++) {
		expand(words[i], sizeof(words[i]), row->argv[i], base);
		argv[i + 1] = words[i];
	}
	expand(output, sizeof(output), row->output == NULL ? "" : row->output, base);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	attempt.output = ends[1];
	attempt.circumstance = circumstance;
	failure = shared_memory(sizeof(*failure));
	run_in_child(row->what, search_in_child, &attempt);
	(void)close(ends[1]);
	if (!failure->has_returned)
		expect_errno(row->what, row->error, 0);
	else
		expect_errno(row->what, row->error, failure->error);
	if (failure->has_returned && !failure->left_argv_intact)
		fail_msg("%s: expected argv intact", row->what);
	expect_output(row->what, output, ends[0]);
	(void)close(ends[0]);
	(void)munmap(failure, sizeof(*failure));
}

static void expect_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		expect_attempt(&rows[i], PLAINLY);
}

#define TEST(name, ...)                                                                            \
	static void name(void **state)                                                             \
	{                                                                                          \
		static const struct row rows[] = {__VA_ARGS__};                                    \
                                                                                                   \
		(void)state;                                                                       \
		expect_rows(rows, COUNT(rows));                                                    \
	}

/* clang-format off */
TEST(the_first_entry_of_path_that_has_it_is_run,
	{"in both", "@/first:@/second", {"script", "a", "b c"}, 0,
		"first\n@/first/script|a|b c|marked"},
	{"in both, the other way round", "@/second:@/first", {"script"}, 0,
		"second\n@/second/script|marked"},
	{"not in the first", "@/first:@/second", {"only-second"}, 0, "@/second/only-second|marked"},
	{"in one alone", "@/second", {"only-second"}, 0, "@/second/only-second|marked"},
	{"an entry that ends with a slash", "@/second/", {"only-second"}, 0,
		"@/second//only-second|marked"})

TEST(an_entry_that_is_missing_or_no_directory_is_passed_over,
	{"a missing one", "/no/such:@/second", {"only-second"}, 0, "@/second/only-second|marked"},
	{"a file", "@/file:@/second", {"only-second"}, 0, "@/second/only-second|marked"},
	{"only a file", "@/file", {"only-second"}, ENOENT, NULL})

TEST(a_refused_file_is_passed_over_for_a_later_one_and_else_is_eacces,
	{"one found later", "@/first:@/second", {"refused-first"}, 0,
		"@/second/refused-first|marked"},
	{"none found later", "@/first:@/second", {"refused"}, EACCES, NULL},
	{"refused last", "@/second:@/first", {"refused"}, EACCES, NULL},
	{"refused, then no directory", "@/first:@/file:/no/such", {"refused"}, EACCES, NULL})

TEST(a_directory_is_refused_like_a_file_that_may_not_be_run,
	{"found later", "@/first:@/second", {"directory-first"}, 0,
		"@/second/directory-first|marked"},
	{"alone", "@/first", {"directory"}, EACCES, NULL},
	{"with a slash", "@/first", {"@/first/directory"}, EACCES, NULL},
	{"the root", "@/first", {"/"}, EACCES, NULL},
	{"this directory", "@/first", {"."}, EACCES, NULL})

TEST(a_script_without_its_interpreter_is_passed_over,
	{"found later", "@/first:@/second", {"no-interpreter"}, 0, "@/second/no-interpreter|marked"},
	{"alone", "@/first", {"no-interpreter"}, ENOENT, NULL})

TEST(what_is_in_no_entry_is_enoent,
	{"several", "@/first:@/second", {"nothing"}, ENOENT, NULL},
	{"no such entry", "/no/such", {"nothing"}, ENOENT, NULL},
	{"no PATH", NULL, {"whit-test-no-such-command"}, ENOENT, NULL},
	{"an empty name", "@/first", {""}, ENOENT, NULL},
	{"an empty name without a PATH", NULL, {""}, ENOENT, NULL})

TEST(any_other_error_ends_the_search,
	{"a loop of links", "@/first:@/second", {"loop"}, ELOOP, NULL},
	{"no program, and a good one later", "@/first:@/second", {"empty"}, ENOEXEC, NULL})

TEST(an_empty_entry_is_the_working_directory,
	{"first", ":@/first", {"script"}, 0, "here\nscript|marked"},
	{"between", "@/second::@/first", {"only-here"}, 0, "only-here|marked"},
	{"last", "@/second:", {"only-here"}, 0, "only-here|marked"},
	{"all", "", {"only-here"}, 0, "only-here|marked"},
	{"only a colon", ":", {"only-here"}, 0, "only-here|marked"},
	{"none", "@/first:@/second", {"only-here"}, ENOENT, NULL})

TEST(without_a_path_the_default_one_is_searched_and_not_the_working_directory,
	{"the shell", NULL, {"sh", "-c", "echo ran $1", "name", "a"}, 0, "ran a\n"},
	{"what is only here", NULL, {"only-here"}, ENOENT, NULL})

TEST(a_name_with_a_slash_is_not_searched_for,
	{"absolute", "@/first", {"@/second/script", "x"}, 0, "second\n@/second/script|x|marked"},
	{"relative", "@/first", {"./script"}, 0, "here\n./script|marked"},
	{"relative, up", "@/first", {"../second/script"}, 0, "second\n../second/script|marked"},
	{"without a PATH", NULL, {"./script"}, 0, "here\n./script|marked"},
	{"missing, though in PATH", "@/second", {"./only-second"}, ENOENT, NULL},
	{"refused", "@/second", {"@/first/refused"}, EACCES, NULL},
	{"through a file", "@/second", {"@/file/script"}, ENOTDIR, NULL})

TEST(a_text_file_without_an_interpreter_is_run_by_the_shell_with_its_path_and_words,
	{"in PATH", "@/first", {"text", "a", "b c"}, 0, "@/first/text|a|b c|marked"},
	{"with a slash", "", {"@/first/text", "", "x"}, 0, "@/first/text||x|marked"},
	{"without words", "@/first", {"text"}, 0, "@/first/text|marked"},
	{"binary after its first line", "@/first", {"text-then-binary", "a"}, 0,
		"@/first/text-then-binary|a|marked"})

TEST(what_is_no_text_is_not_given_to_the_shell,
	{"empty", "@/first", {"empty", "x"}, ENOEXEC, NULL},
	{"empty, with a slash", "", {"@/first/empty"}, ENOEXEC, NULL},
	{"binary", "@/first", {"binary", "x"}, ENOEXEC, NULL},
	{"with a UTF-8 mark", "@/first", {"utf8-mark"}, ENOEXEC, NULL},
	{"with a UTF-16 mark", "@/first", {"utf16-mark"}, ENOEXEC, NULL})
/* clang-format on */

static void with_stdin_closed_a_text_file_is_run_by_the_shell_all_the_same(void **state)
{
	const struct row row = {
		"without stdin", "@/first", {"text", "a"}, 0, "@/first/text|a|marked"};

	(void)state;
	expect_attempt(&row, WITHOUT_STDIN);
}

/* As dash(1), bash(1) and execvp(3) do; its lines are the shell's then. */
static void a_script_whose_interpreter_is_text_is_run_by_the_shell_and_not_its_interpreter(
	void **state)
{
	static const struct row rows[] = {
		{"one", "@/first", {"to-text", "a"}, 0, "@/first/to-text|a|marked"},
		{"two", "@/first", {"to-script", "a"}, 0, "@/first/to-script|a|marked"},
		{"to an empty file", "@/first", {"to-empty"}, ENOEXEC, NULL},
		{"to itself", "@/first", {"to-itself"}, ELOOP, NULL},
	};
	static const char *const pairs[][2] = {{"to-text", "text"}, {"to-script", "to-text"},
		{"to-empty", "empty"}, {"to-itself", "to-itself"}};
	char path[PATH_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++) {
		char bytes[PATH_MAX + sizeof(SAY)];
		struct file file = {path, bytes, 0, 0755};

		(void)snprintf(path, sizeof(path), "first/%s", pairs[i][0]);
		file.length = (size_t)snprintf(
			bytes, sizeof(bytes), "#!%s/first/%s\n%s", base, pairs[i][1], SAY);
		make_file(&file);
	}
	expect_rows(rows, COUNT(rows));
	for (size_t i = 0; i < COUNT(pairs); i++) {
		(void)snprintf(path, sizeof(path), "%s/first/%s", base, pairs[i][0]);
		assert_int_equal(unlink(path), 0);
	}
}

static char long_path[PATH_MAX + 32];

/* PATH entries and names longer than a path can be. */
static void a_path_entry_that_is_too_long_is_passed_over_and_a_name_is_not(void **state)
{
	const struct row in_long_entry = {
		"a long entry", long_path, {"only-second"}, 0, "@/second/only-second|marked"};
	const struct row long_name = {"a long name", "@/first", {long_path}, ENAMETOOLONG, NULL};

	(void)state;
	memset(long_path, 'x', PATH_MAX);
	(void)strcpy(long_path + PATH_MAX, ":@/second");
	expect_attempt(&in_long_entry, PLAINLY);
	long_path[NAME_MAX + 1] = '\0';
	expect_attempt(&long_name, PLAINLY);
}

/* True, said aloud, where a test can neither be another user nor be in another image. */
static bool is_not_root(void)
{
	if (geteuid() == 0) return false;
	print_message("skipped: only root can be another user or change the root directory\n");
	return true;
}

static void a_text_file_that_may_not_be_read_is_not_given_to_the_shell(void **state)
{
	const struct row row = {"unreadable", "@/first", {"unreadable"}, ENOEXEC, NULL};

	(void)state;
	if (is_not_root()) skip();
	expect_attempt(&row, AS_ANOTHER_USER);
}

static void a_directory_of_path_that_may_not_be_searched_is_a_refusal(void **state)
{
	const struct row found_later = {"found later", "@/closed:@/second", {"script"}, 0,
		"second\n@/second/script|marked"};
	const struct row alone = {"alone", "@/closed:@/second", {"nothing"}, EACCES, NULL};

	(void)state;
	if (is_not_root()) skip();
	expect_attempt(&found_later, AS_ANOTHER_USER);
	expect_attempt(&alone, AS_ANOTHER_USER);
}

static void a_text_file_in_an_image_without_a_shell_is_enoexec_and_leaves_argv_intact(void **state)
{
	const struct row row = {"no shell", "../first", {"text", "a"}, ENOEXEC, NULL};

	(void)state;
	if (is_not_root()) skip();
	expect_attempt(&row, WITHOUT_A_SHELL);
}

static void an_entry_of_path_that_is_too_long_is_passed_over(void **state)
{
	static const char name[] = "name";
	struct exec_search search;
	char list[PATH_MAX + 64] = "PATH=";
	char *envp[] = {list, NULL};
	char buffer[PATH_MAX];
	/* With a slash, the name and the byte at its end it fills a path to the last byte. */
	size_t longest = PATH_MAX - 1 - sizeof(name);

	(void)state;
	for (size_t length = longest; length <= longest + 1; length++) {
		const char *path;

		memset(list + 5, 'x', length);
		strcpy(list + 5 + length, ":/last");
		exec_search_start(&search, name, envp, buffer);
		path = exec_search_next(&search);
		if (length == longest) {
			assert_non_null(path);
			expect_int("length of the longest", PATH_MAX - 1, (int)strlen(path));
			path = exec_search_next(&search);
		}
		assert_non_null(path);
		expect_text("the last", "/last/name", path);
		assert_null(exec_search_next(&search));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_entry_of_path_that_has_it_is_run),
		cmocka_unit_test(an_entry_that_is_missing_or_no_directory_is_passed_over),
		cmocka_unit_test(a_refused_file_is_passed_over_for_a_later_one_and_else_is_eacces),
		cmocka_unit_test(a_directory_is_refused_like_a_file_that_may_not_be_run),
		cmocka_unit_test(a_script_without_its_interpreter_is_passed_over),
		cmocka_unit_test(what_is_in_no_entry_is_enoent),
		cmocka_unit_test(an_entry_of_path_that_is_too_long_is_passed_over),
		cmocka_unit_test(any_other_error_ends_the_search),
		cmocka_unit_test(an_empty_entry_is_the_working_directory),
		cmocka_unit_test(
			without_a_path_the_default_one_is_searched_and_not_the_working_directory),
		cmocka_unit_test(a_name_with_a_slash_is_not_searched_for),
		cmocka_unit_test(
			a_text_file_without_an_interpreter_is_run_by_the_shell_with_its_path_and_words),
		cmocka_unit_test(
			a_script_whose_interpreter_is_text_is_run_by_the_shell_and_not_its_interpreter),
		cmocka_unit_test(with_stdin_closed_a_text_file_is_run_by_the_shell_all_the_same),
		cmocka_unit_test(what_is_no_text_is_not_given_to_the_shell),
		cmocka_unit_test(a_path_entry_that_is_too_long_is_passed_over_and_a_name_is_not),
		cmocka_unit_test(a_text_file_that_may_not_be_read_is_not_given_to_the_shell),
		cmocka_unit_test(a_directory_of_path_that_may_not_be_searched_is_a_refusal),
		cmocka_unit_test(
			a_text_file_in_an_image_without_a_shell_is_enoexec_and_leaves_argv_intact),
	};

	return cmocka_run_group_tests_name("command/exec_search", tests, make_files, remove_files);
}

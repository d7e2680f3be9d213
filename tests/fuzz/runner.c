/*
 * Feeds the fuzz target without libFuzzer: a corpus as it is, each file cut at each length, and
 * then so many mutants of it. The same seed gives the same inputs. What breaks is left in a file.
 *
 *     runner SEED MUTANTS CORPUS BROKEN-INPUT
 */
#include "fuzz/diagnosis.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILES_MAX 256
/* More than what is read at once of the program headers, or of a path. */
#define INPUT_MAX 6144
/* Longer files are cut at each length only so far: what is looked at is in their headers. */
#define CUTS_MAX 130

/* For sanitizers: nothing that is tested allocates, and to look for leaks takes ptrace(2). */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0:handle_abort=1";
}

void __sanitizer_set_death_callback(void (*callback)(void));

struct input {
	unsigned char bytes[INPUT_MAX];
	size_t length;
};

struct corpus {
	struct input files[FILES_MAX];
	size_t count;
};

static struct input current;
static char broken_input[PATH_MAX];

static _Noreturn void fail(const char *what)
{
	(void)fprintf(stderr, "fuzz: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Called when a sanitizer, or abort(3), has seen something: leaves the input for a debugger. */
static void leave_input(void)
{
	int fd = open(broken_input, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, current.bytes, current.length) < 0)
		(void)fprintf(stderr, "fuzz: %s: %s\n", broken_input, strerror(errno));
	else
		(void)fprintf(stderr, "fuzz: the input that broke it is in %s\n", broken_input);
}

static void run(void)
{
	(void)LLVMFuzzerTestOneInput(current.bytes, current.length);
}

/* --- the corpus --- */

static int is_file_name(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void read_file(const char *directory, const char *name, struct input *ret_input)
{
	char path[PATH_MAX];
	ssize_t length;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || (length = read(fd, ret_input->bytes, sizeof(ret_input->bytes))) < 0)
		fail(path);
	ret_input->length = (size_t)length;
	(void)close(fd);
}

/* By name, so that the order is the same everywhere. */
static void read_corpus(const char *directory, struct corpus *ret_corpus)
{
	struct dirent **entries;
	int count = scandir(directory, &entries, is_file_name, alphasort);

	if (count <= 0 || count > FILES_MAX) fail(directory);
	for (int i = 0; i < count; i++) {
		read_file(directory, entries[i]->d_name, &ret_corpus->files[i]);
		free(entries[i]);
	}
	free(entries);
	ret_corpus->count = (size_t)count;
}

/* --- mutants --- */

static uint64_t random_state;

/* xorshift64*: small, and the same on every machine. */
static size_t random_below(size_t limit)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (size_t)((random_state * UINT64_C(2685821657736338717)) >> 33) % limit;
}

/* Numbers around the ends of what a field can hold, and of what is looked at. */
static const uint64_t numbers[] = {0, 1, 2, 3, 52, 64, 255, 256, 4095, 4096, 4097, 0x7fff, 0xffff,
	0x7fffffff, 0xffffffff, INT64_MAX, UINT64_MAX, UINT64_MAX - 56};
/* What means something where it stands. */
static const char marks[] = "\0\n\r\t #!/f";

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void put_number(struct input *input)
{
	uint64_t number = numbers[random_below(COUNT(numbers))];
	size_t size = (size_t)1 << random_below(4);
	bool is_big_endian = random_below(2) == 1;
	size_t at = random_below(input->length);

	for (size_t i = 0; i < size && at + i < input->length; i++)
		input->bytes[at + i] =
			(unsigned char)(number >> 8 * (is_big_endian ? size - 1 - i : i));
}

/* Repeats a piece, or takes it out. */
static void change_length(struct input *input, bool is_longer)
{
	size_t at = random_below(input->length);
	size_t count = 1 + random_below(random_below(8) == 0 ? 1024 : 16);
	size_t rest = input->length - at;

	if (is_longer && input->length + count <= INPUT_MAX) {
		memmove(input->bytes + at + count, input->bytes + at, rest);
		input->length += count;
	} else if (count < rest) {
		memmove(input->bytes + at, input->bytes + at + count, rest - count);
		input->length -= count;
	} else {
		input->length = at;
	}
}

/* The beginning of one and the end of another. */
static void graft(struct input *input, const struct input *other)
{
	size_t at = random_below(input->length);

	if (at >= other->length) return;
	memcpy(input->bytes + at, other->bytes + at, other->length - at);
	input->length = other->length;
}

static void mutate(struct input *input, const struct corpus *corpus)
{
	if (input->length == 0) {
		*input = corpus->files[random_below(corpus->count)];
		return;
	}
	switch (random_below(6)) {
	case 0:
		input->bytes[random_below(input->length)] ^= (unsigned char)(1 << random_below(8));
		return;
	case 1:
		input->bytes[random_below(input->length)] =
			(unsigned char)marks[random_below(COUNT(marks) - 1)];
		return;
	case 2: put_number(input); return;
	case 3: change_length(input, true); return;
	case 4: change_length(input, false); return;
	case 5: graft(input, &corpus->files[random_below(corpus->count)]); return;
	}
}

/* --- the run --- */

static unsigned long run_cuts(const struct input *file)
{
	size_t length = file->length;
	unsigned long count = 0;

	current = *file;
	run();
	for (size_t cut = 0; cut < length && cut < CUTS_MAX; cut++, count++) {
		current.length = cut;
		run();
	}
	return count + 1;
}

static void run_mutant(const struct corpus *corpus)
{
	current = corpus->files[random_below(corpus->count)];
	for (size_t changes = 1 + random_below(6); changes > 0; changes--)
		mutate(&current, corpus);
	run();
}

static unsigned long to_number(const char *text)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (end == text || *end != '\0') {
		errno = EINVAL;
		fail(text);
	}
	return number;
}

int main(int argc, char **argv)
{
	static struct corpus corpus;
	unsigned long cuts = 0;

	if (argc != 5) {
		(void)fprintf(stderr, "usage: runner SEED MUTANTS CORPUS BROKEN-INPUT\n");
		return 2;
	}
	random_state = to_number(argv[1]) | UINT64_C(1) << 63; /* 0 would stay 0 */
	read_corpus(argv[3], &corpus);
	if (strlen(argv[4]) >= sizeof(broken_input)) {
		errno = ENAMETOOLONG;
		fail(argv[4]);
	}
	(void)strcpy(broken_input, argv[4]);
	__sanitizer_set_death_callback(leave_input);
	for (size_t i = 0; i < corpus.count; i++)
		cuts += run_cuts(&corpus.files[i]);
	for (unsigned long count = to_number(argv[2]); count > 0; count--)
		run_mutant(&corpus);
	(void)printf(
		"fuzz: seed %s: %zu files, %lu inputs as they are or cut, %s mutants: passed\n",
		argv[1], corpus.count, cuts, argv[2]);
	return 0;
}

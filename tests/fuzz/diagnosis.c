/*
 * The fuzz target: what looks into files that could not be run, fed with any bytes. The pure
 * functions get them in memory that ends where they do, so that a sanitizer sees a read too far;
 * the others get them as a file. Called by libFuzzer, or by runner.c.
 */
#include "fuzz/diagnosis.h"

#include "command/exec_image.h"
#include "diagnosis/exec_elf.h"
#include "diagnosis/exec_failure.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The errors that say something of a file, and one for all the others. */
static const int errors[] = {ENOENT, ENOEXEC, EACCES, ELOOP, EPERM, ELIBBAD, EIO};

/* In the working directory, where nothing else is: inputs may name it. */
#define FILE_NAME "./f"

/* What line_end needs stays free. */
#define REASON_MAX (LINE_SIZE - sizeof("...\n") + 1)

static void require(bool holds, const char *what)
{
	if (holds) return;
	(void)fprintf(stderr, "fuzz: broken: %s\n", what);
	abort();
}

static void require_call(bool has_worked, const char *call)
{
	if (has_worked) return;
	perror(call);
	abort();
}

/* A copy that ends where its memory ends, room bytes behind those given; the caller frees it. */
static char *exact_copy(const void *bytes, size_t length, size_t room)
{
	char *copy = malloc(length + room); /* no byte of none may be read either */

	require_call(copy != NULL, "malloc");
	if (length > 0) memcpy(copy, bytes, length);
	return copy;
}

/* --- exec_image.c --- */

static bool ends_a_name(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\0';
}

static void check_interpreter(const char *bytes, size_t length)
{
	char *copy = exact_copy(bytes, length, 1);
	const char *name = exec_image_find_interpreter(copy, length);

	if (name != NULL) {
		size_t start = (size_t)(name - copy);
		size_t end = start + strlen(name);

		require(start >= 2 && end > start && end <= length && end < EXEC_IMAGE_BYTES,
			"the interpreter's name lies within the bytes");
		require(memcmp(name, bytes + start, end - start) == 0, "the name is in the file");
		for (size_t i = start; i < end; i++)
			require(!ends_a_name(bytes[i]), "nothing in the name ends it");
		require(end == length || ends_a_name(bytes[end]), "the name is whole");
	}
	free(copy);
}

static void check_image(const unsigned char *bytes, size_t length)
{
	size_t count = length < EXEC_IMAGE_BYTES ? length : EXEC_IMAGE_BYTES;
	char *first = exact_copy(bytes, count, 0);
	enum exec_image image = exec_image_classify(first, count);
	const char *newline = memchr(first, '\n', count);

	require(image >= EXEC_IMAGE_EMPTY && image <= EXEC_IMAGE_TEXT, "a kind of file");
	require((image == EXEC_IMAGE_EMPTY) == (length == 0), "empty is what has no bytes");
	if (image == EXEC_IMAGE_TEXT)
		require(memchr(first, '\0', newline != NULL ? (size_t)(newline - first) : count) ==
				NULL,
			"no NUL before the first newline of a text");
	if (image == EXEC_IMAGE_SCRIPT) check_interpreter(first, count);
	free(first);
}

/* --- exec_elf.c --- */

static void check_machine(const unsigned char *bytes, size_t length)
{
	const struct exec_elf_machine *machine;
	char *header;

	if (length < sizeof(Elf32_Ehdr)) return;
	header = exact_copy(bytes, sizeof(Elf32_Ehdr), 0);
	machine = exec_elf_machine(header);
	require(memchr(machine->name, '\0', sizeof(machine->name)) != NULL &&
			memchr(machine->platform, '\0', sizeof(machine->platform)) != NULL,
		"two names of a machine");
	free(header);
}

static void check_loader(int fd, size_t size)
{
	char *loader = exact_copy(NULL, 0, size);

	if (exec_elf_read_loader(fd, loader, size))
		require(memchr(loader, '\0', size) != NULL, "a path with its end");
	free(loader);
}

/* --- exec_failure.c --- */

/* Its memory ends where it does; the caller frees it. */
static struct exec_explanation *explain(int error, const char *name, int garbage)
{
	struct exec_explanation *explanation = malloc(sizeof(*explanation));
	const struct exec_failure failure = {EXEC_FAILURE_AT_EXEC, error};
	char word[16];
	char *argv[] = {word, NULL};
	char list[] = "PATH=.";
	char *envp[] = {list, NULL};

	require_call(explanation != NULL, "malloc");
	memset(explanation, garbage, sizeof(*explanation));
	(void)strcpy(word, name);
	exec_failure_explain(&failure, argv, envp, explanation);
	require(strcmp(explanation->name, FILE_NAME) == 0 || explanation->name == word,
		"the name of the file, or as it was given");
	return explanation;
}

static void check_reason(struct line *line)
{
	const char *text = line_string(line);

	require(line->length > 0 && line->length <= REASON_MAX,
		"a reason leaves room for the end of its line");
	require(strlen(text) == line->length + (line->cut ? strlen("...") : 0),
		"no NUL in a reason");
	for (size_t i = 0; i < line->length; i++)
		require((unsigned char)text[i] >= ' ' && text[i] != 0x7f, "no control characters");
}

/* Twice, with different garbage where the results go: they must not depend on it. */
static void check_explanation(int error, const char *name)
{
	struct exec_explanation *one = explain(error, name, 0xaa);
	struct exec_explanation *other = explain(error, name, 0x55);

	check_reason(&one->reason);
	check_reason(&other->reason);
	require(strcmp(one->reason.text, other->reason.text) == 0, "the same words twice");
	free(one);
	free(other);
}

/* Made once; it is rewritten for each input, and removed with its directory. */
static int write_file(const unsigned char *bytes, size_t length)
{
	static int fd = -1;

	if (fd < 0) fd = open(FILE_NAME, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
	require_call(fd >= 0, "open");
	require_call(pwrite(fd, bytes, length, 0) == (ssize_t)length, "pwrite");
	require_call(ftruncate(fd, (off_t)length) == 0, "ftruncate");
	return fd;
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length)
{
	int fd = write_file(bytes, length);

	check_image(bytes, length);
	check_machine(bytes, length);
	check_loader(fd, EXEC_IMAGE_BYTES);
	check_loader(fd, 1);
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		check_explanation(errors[i], FILE_NAME);
		check_explanation(errors[i], "f");
	}
	return 0;
}

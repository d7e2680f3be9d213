/*
 * The fuzz target: what looks into files that could not be run, fed with whatever bytes. The pure
 * functions get them in memory that ends where they do, so that a sanitizer sees a read too far;
 * the rest gets them as a file. Called by libFuzzer, or by runner.c.
 */
#include "fuzz/diagnosis.h"

#include "command/exec_content.h"
#include "command/exec_elf.h"
#include "command/exec_file.h"
#include "command/exec_image.h"

#include <elf.h>
#include <endian.h>
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
#define FILE_NAME "f"

/* What line_end needs stays free. */
#define REASON_MAX (LINE_SIZE - sizeof("...\n") + 1)

static void require(bool holds, const char *what)
{
	if (holds)
		return;
	(void)fprintf(stderr, "fuzz: broken: %s\n", what);
	abort();
}

static void require_call(bool has_worked, const char *call)
{
	if (has_worked)
		return;
	perror(call);
	abort();
}

/* A copy that ends where its memory ends; the caller frees it. */
static unsigned char *exact_copy(const void *bytes, size_t length)
{
	unsigned char *copy = malloc(length); /* no byte of none may be read either */

	require_call(copy != NULL, "malloc");
	if (length > 0)
		memcpy(copy, bytes, length);
	return copy;
}

static size_t least(size_t one, size_t other)
{
	return one < other ? one : other;
}

/* --- exec_image.c --- */

static bool ends_a_name(unsigned char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\0';
}

static void check_interpreter(const unsigned char *bytes, size_t length)
{
	const unsigned char *name = NULL;
	size_t name_length = 0;

	switch (exec_image_find_interpreter(bytes, length, &name, &name_length)) {
	case EXEC_SCRIPT_OK:
		require(name >= bytes + 2 && name_length > 0 &&
				name_length <= length - (size_t)(name - bytes),
			"the interpreter's name lies within the bytes");
		for (size_t i = 0; i < name_length; i++)
			require(!ends_a_name(name[i]), "nothing in the name ends it");
		require(name + name_length == bytes + length || ends_a_name(name[name_length]),
			"the name is whole");
		return;
	case EXEC_SCRIPT_TOO_LONG:
		require(length == EXEC_IMAGE_BYTES, "a line in a short file is not too long");
		break;
	case EXEC_SCRIPT_WITHOUT_INTERPRETER:
		break;
	}
	require(name == NULL && name_length == 0, "without a name nothing is returned");
}

static void check_image(const unsigned char *bytes, size_t length)
{
	enum exec_image image = exec_image_classify(bytes, length);

	require(image >= EXEC_IMAGE_EMPTY && image <= EXEC_IMAGE_TEXT, "a kind of file");
	require((image == EXEC_IMAGE_EMPTY) == (length == 0), "empty is what has no bytes");
	if (image == EXEC_IMAGE_TEXT)
		require(memchr(bytes, '\0', length) == NULL, "no NUL in a text");
	if (image == EXEC_IMAGE_SCRIPT)
		check_interpreter(bytes, length);
}

/* --- exec_elf.c, against elf.h's own structs --- */

#define IN_ORDER(big, bits, number) ((big) ? be##bits##toh(number) : le##bits##toh(number))

static void check_header(const unsigned char *bytes, const struct exec_elf *elf)
{
	bool big = elf->is_big_endian;
	Elf64_Ehdr wide;
	Elf32_Ehdr narrow;

	if (elf->is_64_bit) {
		memcpy(&wide, bytes, sizeof(wide));
		require(elf->machine == IN_ORDER(big, 16, wide.e_machine) &&
				elf->headers_offset == IN_ORDER(big, 64, wide.e_phoff) &&
				elf->headers_size ==
					IN_ORDER(big, 16, wide.e_phnum) * sizeof(Elf64_Phdr),
			"a 64-bit header as elf.h has it");
	} else {
		memcpy(&narrow, bytes, sizeof(narrow));
		require(elf->machine == IN_ORDER(big, 16, narrow.e_machine) &&
				elf->headers_offset == IN_ORDER(big, 32, narrow.e_phoff) &&
				elf->headers_size ==
					IN_ORDER(big, 16, narrow.e_phnum) * sizeof(Elf32_Phdr),
			"a 32-bit header as elf.h has it");
	}
}

/* The same as exec_elf_find_loader. */
static bool find_loader(const struct exec_elf *elf, const unsigned char *headers, size_t length,
	uint64_t *ret_offset, uint64_t *ret_size)
{
	bool big = elf->is_big_endian;
	size_t size = elf->is_64_bit ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);

	for (size_t at = 0; at + size <= length; at += size) {
		Elf64_Phdr wide;
		Elf32_Phdr narrow;

		memcpy(&wide, headers + at, elf->is_64_bit ? size : sizeof(wide.p_type));
		memcpy(&narrow, headers + at, sizeof(narrow));
		if (IN_ORDER(big, 32, wide.p_type) != PT_INTERP)
			continue;
		*ret_offset = elf->is_64_bit ? IN_ORDER(big, 64, wide.p_offset)
					     : IN_ORDER(big, 32, narrow.p_offset);
		*ret_size = elf->is_64_bit ? IN_ORDER(big, 64, wide.p_filesz)
					   : IN_ORDER(big, 32, narrow.p_filesz);
		return true;
	}
	return false;
}

static void check_loader(const struct exec_elf *elf, const unsigned char *bytes, size_t length)
{
	uint64_t offset = 0;
	uint64_t size = 0;
	uint64_t expected_offset = 0;
	uint64_t expected_size = 0;
	unsigned char *headers;
	bool is_found;

	require(exec_elf_same_machine(elf, elf), "a machine is the same as itself");
	if (elf->headers_offset > length)
		return;
	length = least(length - (size_t)elf->headers_offset, elf->headers_size);
	headers = exact_copy(bytes + elf->headers_offset, length);
	is_found = find_loader(elf, headers, length, &expected_offset, &expected_size);
	require(exec_elf_find_loader(elf, headers, length, &offset, &size) == is_found &&
			offset == expected_offset && size == expected_size,
		"the loader as elf.h's structs have it");
	free(headers);
}

static void check_elf(const unsigned char *bytes, size_t length)
{
	struct exec_elf elf;

	if (!exec_elf_read(bytes, length, &elf))
		return;
	require(length >= (elf.is_64_bit ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr)),
		"a whole ELF header");
	check_header(bytes, &elf);
	check_loader(&elf, bytes, length);
}

/* --- exec_content.c and exec_file.c --- */

/* Made once; it is rewritten for each input. Who runs this removes it with its directory. */
static int file_descriptor(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open(FILE_NAME, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
	require_call(fd >= 0, "open");
	return fd;
}

static void check_reason(struct line *line)
{
	const char *text = line_string(line);

	require(line->length <= REASON_MAX, "a reason leaves room for the end of its line");
	require(strlen(text) == line->length + (line->cut ? strlen("...") : 0),
		"no NUL in a reason");
	for (size_t i = 0; i < line->length; i++)
		require((unsigned char)text[i] >= ' ' && text[i] != 0x7f, "no control characters");
}

/* Its memory ends where the line does; the caller frees it. */
static struct line *new_line(int garbage)
{
	struct line *line = malloc(sizeof(*line));

	require_call(line != NULL, "malloc");
	memset(line, garbage, sizeof(*line));
	line_start(line);
	return line;
}

static enum exec_verdict look_inside(struct line *line, int garbage, int error)
{
	struct exec_subject *subject = malloc(sizeof(*subject));
	enum exec_verdict verdict;

	require_call(subject != NULL, "malloc");
	memset(subject, garbage, sizeof(*subject));
	(void)strcpy(subject->path, FILE_NAME);
	subject->error = error;
	verdict = exec_content_explain(line, subject);
	if (verdict == EXEC_VERDICT_GO_ON)
		require(subject->error != 0 && memchr(subject->path, '\0', PATH_MAX) != NULL &&
				subject->path[0] != '\0',
			"a path and an error to go on with");
	free(subject);
	return verdict;
}

/* What can be wrong inside of a file makes execve fail with one of these: see execve(2). */
static void check_verdict(enum exec_verdict verdict, int error, const struct line *line)
{
	switch (verdict) {
	case EXEC_VERDICT_UNEXPLAINED:
		return;
	case EXEC_VERDICT_EXPLAINED:
		require(error == ENOENT || error == ENOEXEC || error == EACCES || error == ELIBBAD,
			"an error that the content can explain");
		require(line->length > 0, "an explanation");
		return;
	case EXEC_VERDICT_GO_ON:
		require(line->cut || memcmp(line->text + line->length - 2, ": ", 2) == 0,
			"what leads to the next file");
		return;
	}
	require(false, "a verdict");
}

/* Twice, with different garbage where the results go: they must not depend on it. */
static void check_content(int error)
{
	struct line *one = new_line(0xaa);
	struct line *other = new_line(0x55);
	enum exec_verdict verdict = look_inside(one, 0xaa, error);

	require(look_inside(other, 0x55, error) == verdict, "the same verdict twice");
	check_reason(one);
	check_reason(other);
	require(strcmp(one->text, other->text) == 0, "the same words twice");
	check_verdict(verdict, error, one);
	free(one);
	free(other);
}

static void check_file(int error)
{
	struct line *line = new_line(0xaa);

	if (exec_file_explain(line, FILE_NAME, error))
		require(line->length > 0, "an explanation");
	check_reason(line);
	free(line);
}

static void write_file(const unsigned char *bytes, size_t length)
{
	int fd = file_descriptor();

	require_call(pwrite(fd, bytes, length, 0) == (ssize_t)length, "pwrite");
	require_call(ftruncate(fd, (off_t)length) == 0, "ftruncate");
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length)
{
	unsigned char *first = exact_copy(bytes, least(length, EXEC_IMAGE_BYTES));
	unsigned char *all = exact_copy(bytes, length);

	check_image(first, least(length, EXEC_IMAGE_BYTES));
	check_elf(all, length);
	write_file(bytes, length);
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		check_content(errors[i]);
		check_file(errors[i]);
	}
	free(first);
	free(all);
	return 0;
}

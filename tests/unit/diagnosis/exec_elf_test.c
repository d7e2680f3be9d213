#include "diagnosis/exec_elf.h"

#include "unit/support.h"

#include <elf.h>

/* --- machines --- */

static void fill_header(char header[sizeof(Elf32_Ehdr)], int class, int order, unsigned int number)
{
	bool is_big = order == ELFDATA2MSB;

	memset(header, 0, sizeof(Elf32_Ehdr));
	memcpy(header, ELFMAG, SELFMAG);
	header[EI_CLASS] = (char)class;
	header[EI_DATA] = (char)order;
	header[18] = (char)(is_big ? number >> 8 : number);
	header[19] = (char)(is_big ? number : number >> 8);
}

static const struct exec_elf_machine *machine_of(int class, int order, unsigned int number)
{
	char header[sizeof(Elf32_Ehdr)];

	fill_header(header, class, order, number);
	return exec_elf_machine(header);
}

/* clang-format off */
static const struct {
	int class;
	int order;
	unsigned int number;
	const char *name;
	const char *platform;
} machines[] = {
	{ELFCLASS64, ELFDATA2LSB, EM_X86_64, "x86_64", "amd64"},
	{ELFCLASS32, ELFDATA2LSB, EM_386, "i386", "386"},
	{ELFCLASS64, ELFDATA2LSB, EM_AARCH64, "aarch64", "arm64"},
	{ELFCLASS32, ELFDATA2LSB, EM_ARM, "arm", "arm"},
	{ELFCLASS64, ELFDATA2LSB, EM_RISCV, "riscv64", "riscv64"},
	{ELFCLASS64, ELFDATA2LSB, EM_PPC64, "ppc64le", "ppc64le"},
	{ELFCLASS64, ELFDATA2MSB, EM_S390, "s390x", "s390x"},
	{ELFCLASS64, ELFDATA2LSB, EM_MIPS, "mips64el", "mips64le"},
};
/* clang-format on */

static void a_machine_is_known_by_its_number_size_and_byte_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(machines); i++) {
		int class = machines[i].class;
		int order = machines[i].order;
		unsigned int number = machines[i].number;
		const struct exec_elf_machine *machine = machine_of(class, order, number);

		expect_text("name", machines[i].name, machine->name);
		expect_text("platform", machines[i].platform, machine->platform);
		expect_text("with the other size", "unknown",
			machine_of(ELFCLASS32 + ELFCLASS64 - class, order, number)->name);
		expect_text("with the other byte order", "unknown",
			machine_of(class, ELFDATA2LSB + ELFDATA2MSB - order, number)->name);
	}
}

static void every_other_number_is_unknown(void **state)
{
	(void)state;
	for (unsigned int number = 0; number <= 0xffff; number++) {
		bool is_known = false;

		for (size_t i = 0; i < COUNT(machines); i++)
			is_known = is_known ||
				(machines[i].number == number && machines[i].class == ELFCLASS64 &&
					machines[i].order == ELFDATA2LSB);
		if ((machine_of(ELFCLASS64, ELFDATA2LSB, number)->family != 'u') != is_known)
			fail_msg("machine number %u", number);
	}
}

static void a_family_is_what_one_kernel_may_run(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(machines); i++) {
		for (size_t j = 0; j < i; j++) {
			const char *one = machines[i].name;
			const char *other = machines[j].name;
			bool is_pair = (strcmp(one, "i386") == 0 && strcmp(other, "x86_64") == 0) ||
				(strcmp(one, "arm") == 0 && strcmp(other, "aarch64") == 0);
			bool is_family =
				machine_of(machines[i].class, machines[i].order, machines[i].number)
					->family ==
				machine_of(machines[j].class, machines[j].order, machines[j].number)
					->family;

			if (is_family != is_pair) fail_msg("%s and %s", one, other);
		}
	}
}

static void the_own_machine_is_what_the_compiler_says(void **state)
{
#if defined(__x86_64__) && defined(__LP64__)
	static const char expected[] = "x86_64";
#elif defined(__i386__)
	static const char expected[] = "i386";
#elif defined(__aarch64__)
	static const char expected[] = "aarch64";
#elif defined(__arm__)
	static const char expected[] = "arm";
#elif defined(__riscv)
	static const char expected[] = "riscv64";
#elif defined(__powerpc64__)
	static const char expected[] = "ppc64le";
#elif defined(__s390x__)
	static const char expected[] = "s390x";
#else
	static const char expected[] = "mips64el";
#endif

	(void)state;
	expect_text("own machine", expected, exec_elf_own_machine()->name);
}

/* --- the loader --- */

#define LOADER "/lib/ld-test.so.1"

/* A program of three headers, the last one of the loader, with its path at the end. */
struct program {
	bool is_wide;
	uint64_t size;  /* of the path; 0: as it is */
	uint64_t start; /* of the path; 0: where it is */
	size_t count;   /* of headers; 0: three */
	size_t cut;     /* how many bytes are missing at the end */
};

static size_t put_wide(char *bytes, const struct program *program)
{
	size_t path = sizeof(Elf64_Ehdr) + 3 * sizeof(Elf64_Phdr);
	const Elf64_Phdr entry = {.p_type = PT_INTERP,
		.p_offset = program->start != 0 ? program->start : path,
		.p_filesz = program->size != 0 ? program->size : sizeof(LOADER)};
	const Elf64_Ehdr header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64},
		.e_phoff = sizeof(header),
		.e_phnum = (Elf64_Half)(program->count != 0 ? program->count : 3)};

	memcpy(bytes, &header, sizeof(header));
	memcpy(bytes + path - sizeof(entry), &entry, sizeof(entry));
	return path;
}

static size_t put_narrow(char *bytes, const struct program *program)
{
	size_t path = sizeof(Elf32_Ehdr) + 3 * sizeof(Elf32_Phdr);
	const Elf32_Phdr entry = {.p_type = PT_INTERP,
		.p_offset = (Elf32_Off)(program->start != 0 ? program->start : path),
		.p_filesz = (Elf32_Word)(program->size != 0 ? program->size : sizeof(LOADER))};
	const Elf32_Ehdr header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS32},
		.e_phoff = sizeof(header),
		.e_phnum = (Elf32_Half)(program->count != 0 ? program->count : 3)};

	memcpy(bytes, &header, sizeof(header));
	memcpy(bytes + path - sizeof(entry), &entry, sizeof(entry));
	return path;
}

/* NULL where there is none. */
static void expect_loader(
	const char *what, const char *expected, const struct program *program, size_t size)
{
	static char found[64];
	char bytes[1024] = "";
	size_t path = program->is_wide ? put_wide(bytes, program) : put_narrow(bytes, program);
	char name[] = "/tmp/whit-exec-elf-XXXXXX";
	int fd = mkstemp(name);
	bool is_found;

	assert_true(fd >= 0 && unlink(name) == 0);
	memcpy(bytes + path, LOADER, sizeof(LOADER));
	path += sizeof(LOADER) - program->cut;
	assert_int_equal(write(fd, bytes, path), (ssize_t)path);
	is_found = exec_elf_read_loader(fd, found, size);
	(void)close(fd);
	expect_text(what, expected == NULL ? "(none)" : expected, is_found ? found : "(none)");
}

static void the_loader_is_found_in_programs_of_both_sizes(void **state)
{
	(void)state;
	for (int wide = 0; wide < 2; wide++) {
		const bool is_wide = wide == 1;

		expect_loader("the last header", LOADER, &(struct program){.is_wide = is_wide}, 64);
		expect_loader("a path that just fits", LOADER,
			&(struct program){.is_wide = is_wide}, sizeof(LOADER));
		expect_loader("a path that does not fit", NULL,
			&(struct program){.is_wide = is_wide}, sizeof(LOADER) - 1);
		expect_loader("no such header", NULL,
			&(struct program){.is_wide = is_wide, .count = 2}, 64);
		expect_loader("without its NUL", NULL,
			&(struct program){.is_wide = is_wide, .size = sizeof(LOADER) - 1}, 64);
		expect_loader("of one byte", "",
			&(struct program){.is_wide = is_wide,
				.size = 1,
				.start =
					16 /* of the identification, the padding before it is 0 */},
			64);
		expect_loader(
			"cut short", NULL, &(struct program){.is_wide = is_wide, .cut = 1}, 64);
		expect_loader("beyond the end", NULL,
			&(struct program){.is_wide = is_wide, .start = 1 << 20}, 64);
		expect_loader("of a huge size", NULL,
			&(struct program){.is_wide = is_wide, .size = UINT32_MAX}, 64);
	}
}

static void of_a_file_that_ends_before_its_headers_do_there_is_none(void **state)
{
	(void)state;
	for (size_t cut = sizeof(LOADER) + 1; cut < sizeof(LOADER) + 3 * sizeof(Elf64_Phdr); cut++)
		expect_loader("64 bits", NULL, &(struct program){.is_wide = true, .cut = cut}, 64);
	for (size_t cut = sizeof(LOADER) + 1; cut < sizeof(LOADER) + 3 * sizeof(Elf32_Phdr); cut++)
		expect_loader("32 bits", NULL, &(struct program){.is_wide = false, .cut = cut}, 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_machine_is_known_by_its_number_size_and_byte_order),
		cmocka_unit_test(every_other_number_is_unknown),
		cmocka_unit_test(a_family_is_what_one_kernel_may_run),
		cmocka_unit_test(the_own_machine_is_what_the_compiler_says),
		cmocka_unit_test(the_loader_is_found_in_programs_of_both_sizes),
		cmocka_unit_test(of_a_file_that_ends_before_its_headers_do_there_is_none),
	};

	return cmocka_run_group_tests_name("diagnosis/exec_elf", tests, NULL, NULL);
}

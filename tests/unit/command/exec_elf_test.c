#include "command/exec_elf.h"

#include "unit/support.h"

#include <elf.h>
#include <link.h>

/* An ELF file's beginning, written byte by byte and not by elf.h's structs. */
struct shape {
	const char *name;
	bool is_64_bit;
	bool is_big_endian;
};

static const struct shape shapes[] = {
	{"64 bits, little-endian", true, false},
	{"64 bits, big-endian", true, true},
	{"32 bits, little-endian", false, false},
	{"32 bits, big-endian", false, true},
};

#define HEADER_SIZE_64   64
#define HEADER_SIZE_32   52
#define PROGRAM_SIZE_64  56
#define PROGRAM_SIZE_32  32
#define PROGRAMS_MAX     8
#define UNTOUCHED        0x5a5a5a5a
#define UNKNOWN_MACHINE  0xbeef
#define LOADER_OFFSET_64 0x123456789abcdef0
#define LOADER_OFFSET_32 0x9abcdef0

static size_t header_size(const struct shape *shape)
{
	return shape->is_64_bit ? HEADER_SIZE_64 : HEADER_SIZE_32;
}

static size_t program_size(const struct shape *shape)
{
	return shape->is_64_bit ? PROGRAM_SIZE_64 : PROGRAM_SIZE_32;
}

static void put(const struct shape *shape, unsigned char *at, size_t size, uint64_t number)
{
	for (size_t i = 0; i < size; i++)
		at[shape->is_big_endian ? size - 1 - i : i] = (unsigned char)(number >> 8 * i);
}

static void make_header(const struct shape *shape, unsigned int machine, uint64_t offset,
	unsigned int count, unsigned char bytes[HEADER_SIZE_64])
{
	memset(bytes, 0, HEADER_SIZE_64);
	memcpy(bytes, "\177ELF", 4);
	bytes[4] = shape->is_64_bit ? 2 : 1;
	bytes[5] = shape->is_big_endian ? 2 : 1;
	bytes[6] = 1;
	put(shape, bytes + 16, 2, 2); /* an executable */
	put(shape, bytes + 18, 2, machine);
	put(shape, bytes + (shape->is_64_bit ? 32 : 28), shape->is_64_bit ? 8 : 4, offset);
	put(shape, bytes + (shape->is_64_bit ? 56 : 44), 2, count);
}

static void make_program(const struct shape *shape, uint32_t type, uint64_t offset, uint64_t size,
	unsigned char *bytes)
{
	memset(bytes, 0xee, program_size(shape));
	put(shape, bytes, 4, type);
	put(shape, bytes + (shape->is_64_bit ? 8 : 4), shape->is_64_bit ? 8 : 4, offset);
	put(shape, bytes + (shape->is_64_bit ? 32 : 16), shape->is_64_bit ? 8 : 4, size);
}

static struct exec_elf elf_of(const struct shape *shape, unsigned int machine)
{
	return (struct exec_elf){.machine = machine,
		.is_64_bit = shape->is_64_bit,
		.is_big_endian = shape->is_big_endian};
}

static void expect_number(const char *what, uint64_t expected, uint64_t observed)
{
	if (expected != observed)
		fail_msg("%s: expected %llu, observed %llu", what, (unsigned long long)expected,
			(unsigned long long)observed);
}

/* --- headers --- */

static void expect_header(
	const struct shape *shape, unsigned int machine, uint64_t offset, unsigned int count)
{
	unsigned char bytes[HEADER_SIZE_64];
	struct exec_elf elf;

	make_header(shape, machine, offset, count, bytes);
	if (!exec_elf_read(bytes, header_size(shape), &elf))
		fail_msg("%s: expected a header", shape->name);
	expect_number(shape->name, machine, elf.machine);
	expect_int(shape->name, shape->is_64_bit, elf.is_64_bit);
	expect_int(shape->name, shape->is_big_endian, elf.is_big_endian);
	expect_number(shape->name, offset, elf.headers_offset);
	expect_number(shape->name, count * program_size(shape), elf.headers_size);
}

static void a_header_is_read_in_each_size_and_byte_order(void **state)
{
	static const unsigned int counts[] = {0, 1, 2, 0xff, 0x100, 0xfffe, 0xffff};
	static const uint64_t offsets[] = {0, 1, 52, 64, 0x12345678, 0xffffffff};

	(void)state;
	for (size_t i = 0; i < COUNT(shapes); i++) {
		for (size_t j = 0; j < COUNT(counts); j++) {
			for (size_t k = 0; k < COUNT(offsets); k++)
				expect_header(&shapes[i], EM_X86_64, offsets[k], counts[j]);
		}
	}
	expect_header(&shapes[0], EM_X86_64, UINT64_MAX, 1);
	expect_header(&shapes[1], EM_S390, 0x0123456789abcdef, 1);
}

static void each_number_of_a_machine_is_read(void **state)
{
	(void)state;
	for (unsigned int machine = 0; machine <= 0xffff; machine++)
		expect_header(&shapes[machine % COUNT(shapes)], machine, 64, 1);
}

static void a_header_that_is_cut_anywhere_is_none_and_nothing_is_returned(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(shapes); i++) {
		unsigned char bytes[HEADER_SIZE_64];

		make_header(&shapes[i], EM_X86_64, 64, 1, bytes);
		for (size_t length = 0; length < header_size(&shapes[i]); length++) {
			struct exec_elf elf = {.machine = UNTOUCHED};

			if (exec_elf_read(bytes, length, &elf))
				fail_msg("%s, cut at %zu: expected no header", shapes[i].name,
					length);
			expect_number(shapes[i].name, UNTOUCHED, elf.machine);
		}
	}
}

static void what_has_another_mark_is_no_header(void **state)
{
	(void)state;
	for (size_t at = 0; at < 4; at++) {
		for (unsigned int bit = 0; bit < 8; bit++) {
			unsigned char bytes[HEADER_SIZE_64];
			struct exec_elf elf;

			make_header(&shapes[0], EM_X86_64, 64, 1, bytes);
			bytes[at] ^= (unsigned char)(1U << bit);
			if (exec_elf_read(bytes, sizeof(bytes), &elf))
				fail_msg("byte %zu, bit %u changed: expected no header", at, bit);
		}
	}
}

/* The linker's own header: what it has been told to build for is what is read. */
static void the_header_of_this_very_program_is_read(void **state)
{
	extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));
	struct exec_elf elf;

	(void)state;
	assert_true(
		exec_elf_read((const unsigned char *)&__ehdr_start, sizeof(__ehdr_start), &elf));
	expect_number("machine", __ehdr_start.e_machine, elf.machine);
	expect_int("64 bits", sizeof(void *) == 8, elf.is_64_bit);
	expect_int("big-endian", __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__, elf.is_big_endian);
	expect_number("offset", __ehdr_start.e_phoff, elf.headers_offset);
	expect_number("size", (uint64_t)__ehdr_start.e_phnum * __ehdr_start.e_phentsize,
		elf.headers_size);
}

/* --- the loader --- */

/* Each length up to all of the headers: the loader is there as soon as its header is whole. */
static void expect_loader_at(const struct shape *shape, size_t place)
{
	uint64_t expected = shape->is_64_bit ? LOADER_OFFSET_64 : LOADER_OFFSET_32;
	struct exec_elf elf = elf_of(shape, EM_X86_64);
	unsigned char bytes[PROGRAMS_MAX * PROGRAM_SIZE_64];
	size_t size = program_size(shape);

	for (size_t i = 0; i < PROGRAMS_MAX; i++)
		make_program(
			shape, i == place ? PT_INTERP : PT_LOAD, expected, 28, bytes + i * size);
	for (size_t length = 0; length <= PROGRAMS_MAX * size; length++) {
		uint64_t offset = UNTOUCHED;
		uint64_t path_size = UNTOUCHED;
		bool is_whole = length >= (place + 1) * size;

		if (exec_elf_find_loader(&elf, bytes, length, &offset, &path_size) != is_whole)
			fail_msg("%s, loader at %zu, %zu bytes: expected %s", shape->name, place,
				length, is_whole ? "a loader" : "none");
		expect_number("offset", is_whole ? expected : UNTOUCHED, offset);
		expect_number("size", is_whole ? 28 : UNTOUCHED, path_size);
	}
}

static void the_loader_is_found_at_each_place_and_not_beyond_the_length(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(shapes); i++) {
		for (size_t place = 0; place < PROGRAMS_MAX; place++)
			expect_loader_at(&shapes[i], place);
	}
}

static void of_two_loaders_it_is_the_first_as_for_the_kernel(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(shapes); i++) {
		struct exec_elf elf = elf_of(&shapes[i], EM_X86_64);
		unsigned char bytes[2 * PROGRAM_SIZE_64];
		uint64_t offset, size;

		make_program(&shapes[i], PT_INTERP, 1, 2, bytes);
		make_program(&shapes[i], PT_INTERP, 3, 4, bytes + program_size(&shapes[i]));
		assert_true(exec_elf_find_loader(
			&elf, bytes, 2 * program_size(&shapes[i]), &offset, &size));
		expect_number(shapes[i].name, 1, offset);
		expect_number(shapes[i].name, 2, size);
	}
}

static void headers_of_other_types_have_no_loader(void **state)
{
	static const uint32_t types[] = {PT_NULL, PT_LOAD, PT_DYNAMIC, PT_NOTE, PT_SHLIB, PT_PHDR,
		PT_TLS, PT_GNU_STACK, PT_INTERP << 8, PT_INTERP << 16, 0x03000000, 0xffffffff};

	(void)state;
	for (size_t i = 0; i < COUNT(shapes); i++) {
		for (size_t j = 0; j < COUNT(types); j++) {
			struct exec_elf elf = elf_of(&shapes[i], EM_X86_64);
			unsigned char bytes[PROGRAM_SIZE_64];
			uint64_t offset, size;

			make_program(&shapes[i], types[j], 1, 2, bytes);
			if (exec_elf_find_loader(
				    &elf, bytes, program_size(&shapes[i]), &offset, &size))
				fail_msg("%s, type %08x: expected no loader", shapes[i].name,
					types[j]);
		}
	}
}

static void any_number_is_returned_as_it_is(void **state)
{
	static const uint64_t numbers[] = {0, 1, 2, 4096, 4097, INT32_MAX, UINT32_MAX, INT64_MAX,
		(uint64_t)INT64_MAX + 1, UINT64_MAX};

	(void)state;
	for (size_t i = 0; i < COUNT(shapes); i++) {
		for (size_t j = 0; j < COUNT(numbers); j++) {
			uint64_t expected = shapes[i].is_64_bit ? numbers[j] : (uint32_t)numbers[j];
			struct exec_elf elf = elf_of(&shapes[i], EM_X86_64);
			unsigned char bytes[PROGRAM_SIZE_64];
			uint64_t offset, size;

			make_program(&shapes[i], PT_INTERP, numbers[j], numbers[j], bytes);
			assert_true(exec_elf_find_loader(
				&elf, bytes, program_size(&shapes[i]), &offset, &size));
			expect_number(shapes[i].name, expected, offset);
			expect_number(shapes[i].name, expected, size);
		}
	}
}

/* --- machines --- */

/* The numbers as the System V ABI's registry has them, not elf.h. */
static const struct {
	unsigned int number;
	const char *names[COUNT(shapes)]; /* in the order of the shapes */
} machines[] = {
	{62, {"x86_64 (amd64)", NULL, "x32", NULL}},
	{183, {"aarch64 (arm64)", "aarch64_be", NULL, NULL}},
	{3, {NULL, NULL, "i386 (386)", NULL}},
	{40, {NULL, NULL, "arm", "armeb"}},
	{243, {"riscv64", NULL, "riscv32", NULL}},
	{21, {"ppc64le", "ppc64", NULL, NULL}},
	{20, {NULL, NULL, NULL, "ppc"}},
	{22, {NULL, "s390x", NULL, NULL}},
	{258, {"loongarch64 (loong64)", NULL, NULL, NULL}},
	{8, {"mips64el (mips64le)", "mips64", "mipsel (mipsle)", "mips"}},
	{43, {NULL, "sparc64", NULL, NULL}},
	{15, {NULL, NULL, NULL, "parisc"}},
	{0x9026, {"alpha", NULL, NULL, NULL}},
	{4, {NULL, NULL, NULL, "m68k"}},
};

static const char *expected_name(unsigned int number, size_t shape)
{
	for (size_t i = 0; i < COUNT(machines); i++) {
		if (machines[i].number == number)
			return machines[i].names[shape];
	}
	return NULL;
}

static void each_machine_has_its_name_and_no_other_number_has_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(shapes); i++) {
		for (unsigned int number = 0; number <= 0xffff; number++) {
			struct exec_elf elf = elf_of(&shapes[i], number);
			const char *expected = expected_name(number, i);
			const char *observed = exec_elf_machine_name(&elf);

			if ((expected == NULL) != (observed == NULL))
				fail_msg("machine %u, %s: expected %s, observed %s", number,
					shapes[i].name, expected == NULL ? "none" : expected,
					observed == NULL ? "none" : observed);
			if (expected != NULL)
				expect_text(shapes[i].name, expected, observed);
		}
	}
}

static void machines_are_the_same_in_number_size_and_byte_order_together(void **state)
{
	static const unsigned int numbers[] = {EM_X86_64, EM_MIPS, UNKNOWN_MACHINE};

	(void)state;
	for (size_t i = 0; i < COUNT(shapes) * COUNT(numbers); i++) {
		for (size_t j = 0; j < COUNT(shapes) * COUNT(numbers); j++) {
			struct exec_elf one =
				elf_of(&shapes[i % COUNT(shapes)], numbers[i / COUNT(shapes)]);
			struct exec_elf other =
				elf_of(&shapes[j % COUNT(shapes)], numbers[j / COUNT(shapes)]);

			other.headers_offset = 1; /* of no account */
			expect_int("same machine", i == j, exec_elf_same_machine(&one, &other));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_is_read_in_each_size_and_byte_order),
		cmocka_unit_test(each_number_of_a_machine_is_read),
		cmocka_unit_test(a_header_that_is_cut_anywhere_is_none_and_nothing_is_returned),
		cmocka_unit_test(what_has_another_mark_is_no_header),
		cmocka_unit_test(the_header_of_this_very_program_is_read),
		cmocka_unit_test(the_loader_is_found_at_each_place_and_not_beyond_the_length),
		cmocka_unit_test(of_two_loaders_it_is_the_first_as_for_the_kernel),
		cmocka_unit_test(headers_of_other_types_have_no_loader),
		cmocka_unit_test(any_number_is_returned_as_it_is),
		cmocka_unit_test(each_machine_has_its_name_and_no_other_number_has_one),
		cmocka_unit_test(machines_are_the_same_in_number_size_and_byte_order_together),
	};

	return cmocka_run_group_tests_name("command/exec_elf", tests, NULL, NULL);
}

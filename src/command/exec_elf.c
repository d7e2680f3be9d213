/* Reads ELF headers, of both sizes and byte orders. Getting the bytes is the caller's affair. */
#include "command/exec_elf.h"

#include <elf.h>
#include <string.h>

/* One machine; the same number may stand for several. */
struct machine {
	const char *name;
	unsigned int number;
	bool is_64_bit;
	bool is_big_endian;
};

/* Not in every libc. */
#ifndef EM_LOONGARCH
#define EM_LOONGARCH 258
#endif

static const struct machine machines[] = {
	{"x86_64 (amd64)", EM_X86_64, true, false},
	{"aarch64 (arm64)", EM_AARCH64, true, false},
	{"i386 (386)", EM_386, false, false},
	{"arm", EM_ARM, false, false},
	{"riscv64", EM_RISCV, true, false},
	{"ppc64le", EM_PPC64, true, false},
	{"s390x", EM_S390, true, true},
	{"loongarch64 (loong64)", EM_LOONGARCH, true, false},
	{"mips64el (mips64le)", EM_MIPS, true, false},
	{"mipsel (mipsle)", EM_MIPS, false, false},
	{"mips64", EM_MIPS, true, true},
	{"mips", EM_MIPS, false, true},
	{"ppc64", EM_PPC64, true, true},
	{"ppc", EM_PPC, false, true},
	{"riscv32", EM_RISCV, false, false},
	{"x32", EM_X86_64, false, false},
	{"armeb", EM_ARM, false, true},
	{"aarch64_be", EM_AARCH64, true, true},
	{"sparc64", EM_SPARCV9, true, true},
	{"parisc", EM_PARISC, false, true},
	{"alpha", EM_ALPHA, true, false},
	{"m68k", EM_68K, false, true},
};

/* size bytes at an offset, in the file's byte order. The caller has seen that they are there. */
static uint64_t number_at(
	const struct exec_elf *elf, const unsigned char *bytes, size_t offset, size_t size)
{
	uint64_t number = 0;

	for (size_t i = 0; i < size; i++)
		number = number << 8 | bytes[offset + (elf->is_big_endian ? i : size - 1 - i)];
	return number;
}

/* A member of one of the two structs that elf.h has for the same thing. */
#define MEMBER(elf, bytes, structure, member)                                                      \
	((elf)->is_64_bit ? number_at(elf, bytes, offsetof(Elf64_##structure, member),             \
				    sizeof(((Elf64_##structure *)0)->member))                      \
			  : number_at(elf, bytes, offsetof(Elf32_##structure, member),             \
				    sizeof(((Elf32_##structure *)0)->member)))

static size_t header_size(const struct exec_elf *elf)
{
	return elf->is_64_bit ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
}

bool exec_elf_read(const unsigned char *bytes, size_t length, struct exec_elf *ret_elf)
{
	struct exec_elf elf;

	if (length < EI_NIDENT || memcmp(bytes, ELFMAG, SELFMAG) != 0)
		return false;
	elf.is_64_bit = bytes[EI_CLASS] == ELFCLASS64;
	elf.is_big_endian = bytes[EI_DATA] == ELFDATA2MSB;
	if (length < (elf.is_64_bit ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr)))
		return false;
	elf.machine = (unsigned int)MEMBER(&elf, bytes, Ehdr, e_machine);
	elf.headers_offset = MEMBER(&elf, bytes, Ehdr, e_phoff);
	/* The kernel takes no other size of a header either. */
	elf.headers_size = (size_t)MEMBER(&elf, bytes, Ehdr, e_phnum) * header_size(&elf);
	*ret_elf = elf;
	return true;
}

bool exec_elf_find_loader(const struct exec_elf *elf, const unsigned char *headers, size_t length,
	uint64_t *ret_offset, uint64_t *ret_size)
{
	size_t size = header_size(elf);

	for (; length >= size; headers += size, length -= size) {
		if (MEMBER(elf, headers, Phdr, p_type) != PT_INTERP)
			continue;
		*ret_offset = MEMBER(elf, headers, Phdr, p_offset);
		*ret_size = MEMBER(elf, headers, Phdr, p_filesz);
		return true;
	}
	return false;
}

bool exec_elf_same_machine(const struct exec_elf *one, const struct exec_elf *other)
{
	return one->machine == other->machine && one->is_64_bit == other->is_64_bit &&
		one->is_big_endian == other->is_big_endian;
}

const char *exec_elf_machine_name(const struct exec_elf *elf)
{
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		const struct machine *machine = &machines[i];

		if (machine->number == elf->machine && machine->is_64_bit == elf->is_64_bit &&
			machine->is_big_endian == elf->is_big_endian)
			return machine->name;
	}
	return NULL;
}

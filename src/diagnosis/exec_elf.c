/* Reads ELF headers of both sizes. */
#include "diagnosis/exec_elf.h"
#include <link.h>
#include <string.h>
#include <unistd.h>

/* What tells machines apart, in the order of the file: class, byte order, number. */
/* clang-format off */
#define LITTLE(class, number) {class, ELFDATA2LSB, (number) & 0xff, (number) >> 8}
#define BIG(class, number)    {class, ELFDATA2MSB, (number) >> 8, (number) & 0xff}
/* clang-format on */

static const struct exec_elf_machine machines[] = {
	{"x86_64", "amd64", 'x', LITTLE(ELFCLASS64, EM_X86_64)},
	{"i386", "386", 'x', LITTLE(ELFCLASS32, EM_386)},
	{"aarch64", "arm64", 'a', LITTLE(ELFCLASS64, EM_AARCH64)},
	{"arm", "arm", 'a', LITTLE(ELFCLASS32, EM_ARM)},
	{"riscv64", "riscv64", 'r', LITTLE(ELFCLASS64, EM_RISCV)},
	{"ppc64le", "ppc64le", 'p', LITTLE(ELFCLASS64, EM_PPC64)},
	{"s390x", "s390x", 's', BIG(ELFCLASS64, EM_S390)},
	{"mips64el", "mips64le", 'm', LITTLE(ELFCLASS64, EM_MIPS)},
	{"unknown", "unknown", 'u', {0}}, /* the last one */
};

const struct exec_elf_machine *exec_elf_machine(const char *header)
{
	const char key[4] = {header[EI_CLASS], header[EI_DATA],
		header[offsetof(Elf32_Ehdr, e_machine)], /* in both classes */
		header[offsetof(Elf32_Ehdr, e_machine) + 1]};
	const struct exec_elf_machine *row = machines;

	while (row->family != 'u' && memcmp(row->key, key, sizeof(key)) != 0)
		row++;
	return row;
}

const struct exec_elf_machine *exec_elf_own_machine(void)
{
	/* The linker's name for the first bytes of this very program: ld(1). */
	/* NOLINTNEXTLINE(bugprone-reserved-identifier) */
	extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

	return exec_elf_machine((const char *)&__ehdr_start);
}

bool exec_elf_read_loader(int fd, char *ret_path, size_t size)
{
	union {
		Elf32_Ehdr narrow;
		Elf64_Ehdr wide;
	} header;
	union {
		Elf32_Phdr narrow;
		Elf64_Phdr wide;
	} entry;
	bool is_wide;
	size_t entry_size;
	uint64_t at;
	unsigned int count;

	if (pread(fd, &header, sizeof(header), 0) < (ssize_t)sizeof(header.narrow)) return false;
	is_wide = header.wide.e_ident[EI_CLASS] == ELFCLASS64;
	entry_size = is_wide ? sizeof(entry.wide) : sizeof(entry.narrow);
	at = is_wide ? header.wide.e_phoff : header.narrow.e_phoff;
	count = is_wide ? header.wide.e_phnum : header.narrow.e_phnum;
	for (; count > 0; count--, at += entry_size) {
		uint64_t length;

		if (pread(fd, &entry, entry_size, (off_t)at) != (ssize_t)entry_size) return false;
		if (entry.wide.p_type != PT_INTERP) /* in the same place in both */
			continue;
		length = is_wide ? entry.wide.p_filesz : entry.narrow.p_filesz;
		at = is_wide ? entry.wide.p_offset : entry.narrow.p_offset;
		return length > 0 && length <= size &&
			pread(fd, ret_path, (size_t)length, (off_t)at) == (ssize_t)length &&
			ret_path[length - 1] == '\0';
	}
	return false;
}

/* What an ELF program is for and what it needs: elf(5). Pure; the bytes are untrusted. */
#ifndef WHIT_COMMAND_EXEC_ELF_H
#define WHIT_COMMAND_EXEC_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct exec_elf {
	unsigned int machine; /* EM_... */
	bool is_64_bit;
	bool is_big_endian;
	/* Where in the file its program headers are, and how many bytes. */
	uint64_t headers_offset;
	size_t headers_size;
};

/* From a file's first bytes. False, and *ret_elf as it was, where they are no whole ELF header. */
bool exec_elf_read(const unsigned char *bytes, size_t length, struct exec_elf *ret_elf);

/*
 * Finds where in the file the path of its dynamic loader is and how many bytes it has, its NUL
 * included. headers are the first length bytes of the program headers. False, and nothing returned,
 * if there is none, as in a static program.
 */
bool exec_elf_find_loader(const struct exec_elf *elf, const unsigned char *headers, size_t length,
	uint64_t *ret_offset, uint64_t *ret_size);

/* Whether both are for the same machine. */
bool exec_elf_same_machine(const struct exec_elf *one, const struct exec_elf *other);

/* "x86_64 (amd64)": as uname(1) has it, and as images' platforms do where that differs; NULL for
 * one that is not known here. */
const char *exec_elf_machine_name(const struct exec_elf *elf);

#endif

/* What an ELF program was built for and what it needs: elf(5). Its bytes are not trusted. */
#ifndef WHIT_DIAGNOSIS_EXEC_ELF_H
#define WHIT_DIAGNOSIS_EXEC_ELF_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>

/* As much of a file as exec_elf_machine looks at. */
#define EXEC_ELF_HEADER_SIZE sizeof(Elf32_Ehdr)

struct exec_elf_machine {
	char name[8];     /* as uname(1) has it; "unknown" for one that has no row */
	char platform[9]; /* as images' platforms have it: linux/PLATFORM */
	char family;      /* a kernel may run programs of a machine of the same family */
	unsigned char key[4];
};

/* One machine has one row. */
const struct exec_elf_machine *exec_elf_machine(const char *header);

/* The machine that this program was built for. */
const struct exec_elf_machine *exec_elf_own_machine(void);

/*
 * The path of the loader, from a program of this machine's family. False if it has none, as a
 * static program, or none that fits into size.
 */
bool exec_elf_read_loader(int fd, char *ret_path, size_t size);

#endif

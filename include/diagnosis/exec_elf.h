/* What an ELF program was built for and which loader it needs: elf(5). No byte is trusted. */
#pragma once

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>

struct exec_elf_machine {
	char name[9];     /* as uname(1) prints it; "unknown" without a row */
	char platform[9]; /* as in an image's linux/PLATFORM */
	char family;      /* kernels may run programs of the other machine of a family */
	unsigned char key[4];
};

/* From as many bytes as an Elf32_Ehdr has. Each machine has one row and so one pointer. */
const struct exec_elf_machine *exec_elf_machine(const char *header);

/* The machine that whit was built for. */
const struct exec_elf_machine *exec_elf_own_machine(void);

/* The loader's path. False if there is none, as in a static program, or none of that size. */
bool exec_elf_read_loader(int fd, char *ret_path, size_t size);

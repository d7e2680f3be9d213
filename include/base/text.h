/* strchr(3) and strncmp(3) in a tenth of libc's bytes: whit's texts are short. Pure. */
#pragma once

#include <stdbool.h>
#include <string.h>

/* Whether the text begins with this. */
static inline bool text_begins(const char *text, const char *beginning)
{
	while (*beginning != '\0' && *text == *beginning) {
		text++;
		beginning++;
	}
	return *beginning == '\0';
}

/* The first such byte, or NULL if there is none before the end. */
static inline const char *text_find(const char *text, char byte)
{
	return memchr(text, byte, strlen(text));
}

/* Reads and searches the table. The caller does what a row says. */
#include "table.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS 5

/* What may come of any call: interrupted, short of something, or a filter in front of it. */
#define ANY_ERRORS "EINTR EAGAIN ENOMEM EPERM ENOSYS"

static const struct {
	const char *name;
	enum outcome outcome;
	bool has_status;
	bool has_text;
} outcomes[] = {
	{"goes on", OUTCOME_GOES_ON, false, false},
	{"warns", OUTCOME_WARNS, false, true},
	{"ends", OUTCOME_ENDS, true, true},
	{"says less", OUTCOME_SAYS_LESS, false, false},
	{"message lost", OUTCOME_MESSAGE_LOST, false, false},
	{"value lost", OUTCOME_VALUE_LOST, false, false},
	{"signal lost", OUTCOME_SIGNAL_LOST, false, true},
	{"orphans lost", OUTCOME_ORPHANS_LOST, false, false},
	{"may warn", OUTCOME_MAY_WARN, false, true},
	{"process missed", OUTCOME_PROCESS_MISSED, false, false},
	{"process refused", OUTCOME_PROCESS_REFUSED, false, true},
	{"dies", OUTCOME_DIES, true, false},
	{"not tried", OUTCOME_NOT_TRIED, false, false},
};

#define OUTCOMES (sizeof(outcomes) / sizeof(outcomes[0]))

const char *table_outcome_name(enum outcome outcome)
{
	for (size_t i = 0; i < OUTCOMES; i++) {
		if (outcomes[i].outcome == outcome) return outcomes[i].name;
	}
	return "?";
}

__attribute__((noreturn)) static void refuse(const char *path, int line, const char *problem)
{
	fprintf(stderr, "%s:%d: %s\n", path, line, problem);
	exit(2);
}

static char *read_whole(const char *path)
{
	FILE *file = fopen(path, "re");
	size_t size = 0;
	char *text = NULL;

	if (file == NULL || getdelim(&text, &size, '\0', file) < 0) {
		perror(path);
		exit(2);
	}
	fclose(file);
	return text;
}

/* "ends 125: whit: cannot ..." */
static bool parse_outcome(struct row *row, char *text)
{
	for (size_t i = 0; i < OUTCOMES; i++) {
		size_t length = strlen(outcomes[i].name);

		if (strncmp(text, outcomes[i].name, length) != 0) continue;
		row->outcome = outcomes[i].outcome;
		text += length;
		if (outcomes[i].has_status) row->status = (int)strtol(text, &text, 10);
		if (!outcomes[i].has_text) return *text == '\0';
		row->text = text + 2;
		return strncmp(text, ": ", 2) == 0;
	}
	return false;
}

static char *padded_errors(const char *errors)
{
	char all[1024];

	snprintf(all, sizeof(all), " %s ", errors);
	if (strcmp(errors, "-") == 0) return strdup("");
	if (strstr(all, " any ") != NULL) snprintf(all, sizeof(all), " %s " ANY_ERRORS " ", errors);
	return strdup(all);
}

static void parse_row(struct row *row, char *text, const char *path, int line)
{
	char *columns[COLUMNS];
	size_t name_length;

	for (int i = 0; i < COLUMNS; i++) {
		columns[i] = strtok_r(text, "\t", &text);
		if (columns[i] == NULL) refuse(path, line, "it has fewer than five columns");
	}
	if (strcmp(columns[0], "whit") != 0 && strcmp(columns[0], "started") != 0)
		refuse(path, line, "the first column is `whit` or `started`");
	row->caller = strcmp(columns[0], "whit") == 0 ? CALLER_WHIT : CALLER_STARTED;
	row->pattern = columns[1];
	name_length = strcspn(row->pattern, "(");
	if (row->pattern[name_length] == '\0' || name_length >= sizeof(row->call))
		refuse(path, line, "the second column is a call");
	memcpy(row->call, row->pattern, name_length);
	row->errors = padded_errors(columns[2]);
	row->line = line;
	if (!parse_outcome(row, columns[4])) refuse(path, line, "no such outcome");
	if ((*row->errors == '\0') != (row->outcome == OUTCOME_NOT_TRIED))
		refuse(path, line, "no errnos and `not tried` go together");
}

void table_read(struct table *table, const char *path)
{
	int line = 0;
	char *text;

	memset(table, 0, sizeof(*table));
	table->memory = read_whole(path);
	for (text = table->memory; text != NULL;) {
		char *row = strsep(&text, "\n");

		line++;
		if (*row == '\0' || *row == '#') continue;
		if (table->count == TABLE_ROWS_MAX)
			refuse(path, line, "more rows than TABLE_ROWS_MAX");
		parse_row(&table->rows[table->count++], row, path, line);
	}
}

bool table_row_is_for(const struct row *row, enum caller caller, const char *line)
{
	return row->caller == caller && fnmatch(row->pattern, line, FNM_EXTMATCH) == 0;
}

const struct row *table_find(
	const struct table *table, enum caller caller, const char *line, const char *error)
{
	char padded[64];

	if (error != NULL) snprintf(padded, sizeof(padded), " %s ", error);
	for (size_t i = 0; i < table->count; i++) {
		const struct row *row = &table->rows[i];

		if (table_row_is_for(row, caller, line) &&
			(error == NULL || strstr(row->errors, padded) != NULL))
			return row;
	}
	return NULL;
}

#include "command/socket_activation.h"

#include "unit/support.h"

#include <limits.h>

#define SELF    7
#define COMMAND 8

#define ENTRIES_MAX 8

struct row {
	const char *what;
	const char *before[ENTRIES_MAX];
	const char *after[ENTRIES_MAX]; /* with the claim handed to COMMAND */
};

/* clang-format off */
static const struct row rows[] = {
	{"an empty environment", {NULL}, {NULL}},
	{"no socket activation", {"A=1", "B=2"}, {"A=1", "B=2"}},
	{"a claim that names whit", {"A=1", "LISTEN_PID=7", "LISTEN_FDS=2"},
		{"A=1", "LISTEN_PID=8", "LISTEN_FDS=2"}},
	{"the pidfd claim goes", {"LISTEN_PID=7", "LISTEN_PIDFDID=99", "LISTEN_FDS=2"},
		{"LISTEN_PID=8", "LISTEN_FDS=2"}},
	{"the pidfd claim comes first", {"LISTEN_PIDFDID=99", "A=1", "LISTEN_PID=7", "B=2"},
		{"A=1", "LISTEN_PID=8", "B=2"}},
	{"two pidfd claims", {"LISTEN_PIDFDID=9", "LISTEN_PID=7", "LISTEN_PIDFDID=99"},
		{"LISTEN_PID=8"}},
	{"a claim that names another", {"LISTEN_PID=1", "LISTEN_PIDFDID=99"},
		{"LISTEN_PID=1", "LISTEN_PIDFDID=99"}},
	{"a longer number", {"LISTEN_PID=77"}, {"LISTEN_PID=77"}},
	{"no number", {"LISTEN_PID=", "LISTEN_PIDFDID=99"}, {"LISTEN_PID=", "LISTEN_PIDFDID=99"}},
	{"a sign", {"LISTEN_PID=+7"}, {"LISTEN_PID=+7"}},
	{"a blank", {"LISTEN_PID=7 "}, {"LISTEN_PID=7 "}},
	{"a number that wraps round to whit's", {"LISTEN_PID=4294967303"},
		{"LISTEN_PID=4294967303"}},
	{"a pidfd claim alone", {"LISTEN_PIDFDID=99"}, {"LISTEN_PIDFDID=99"}},
	{"a name that only begins so", {"LISTEN_PID_X=7", "LISTEN_PIDS=7", "LISTEN_PID"},
		{"LISTEN_PID_X=7", "LISTEN_PIDS=7", "LISTEN_PID"}},
	{"a name that only ends so", {"XLISTEN_PID=7"}, {"XLISTEN_PID=7"}},
};
/* clang-format on */

/* A copy that the module may write to. */
struct environment {
	char texts[ENTRIES_MAX][64];
	char *envp[ENTRIES_MAX + 1];
};

static void copy_entries(struct environment *copy, const char *const entries[ENTRIES_MAX])
{
	size_t count = 0;

	for (; entries[count] != NULL; count++) {
		assert_true(strlen(entries[count]) < sizeof(copy->texts[count]));
		copy->envp[count] = strcpy(copy->texts[count], entries[count]);
	}
	copy->envp[count] = NULL;
}

static void expect_entries(const char *what, const char *const *expected, char **observed)
{
	size_t i;

	for (i = 0; expected[i] != NULL && observed[i] != NULL; i++)
		expect_text(what, expected[i], observed[i]);
	expect_text(what, expected[i] == NULL ? "the end" : expected[i],
		observed[i] == NULL ? "the end" : observed[i]);
}

static void a_claim_to_whit_becomes_one_to_the_command_and_no_other_changes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct environment copy;
		struct socket_activation activation;

		copy_entries(&copy, rows[i].before);
		socket_activation_find(&activation, copy.envp, SELF);
		if (activation.entry != NULL) socket_activation_hand_to(&activation, COMMAND);
		expect_entries(rows[i].what, rows[i].after, copy.envp);
	}
}

/* Nothing is rewritten before it is handed over. */
static void pids_of_each_length_can_claim_and_be_handed_the_claim(void **state)
{
	static const pid_t pids[] = {1, 9, 10, 32768, 4194304, INT_MAX};

	(void)state;
	for (size_t i = 0; i < COUNT(pids); i++) {
		struct socket_activation activation;
		char claim[64], before[64];
		char *envp[] = {claim, NULL};

		(void)snprintf(claim, sizeof(claim), "LISTEN_PID=%d", pids[i]);
		(void)strcpy(before, claim);
		socket_activation_find(&activation, envp, pids[i]);
		assert_ptr_equal(activation.entry, envp);
		expect_text("before", before, envp[0]);
		socket_activation_hand_to(&activation, SELF);
		expect_text("handed to 7", "LISTEN_PID=7", envp[0]);
		socket_activation_hand_to(&activation, pids[i]);
		expect_text("handed back", before, envp[0]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_claim_to_whit_becomes_one_to_the_command_and_no_other_changes),
		cmocka_unit_test(pids_of_each_length_can_claim_and_be_handed_the_claim),
	};

	return cmocka_run_group_tests_name("command/socket_activation", tests, NULL, NULL);
}

/*
 * Fails every system call that whit makes, one at a time, with each errno of its row in the table
 * `calls`, and looks at what comes of it. Each scenario is run once as it is, which tells the
 * calls, and then once for every call and errno. A call without a row fails the test, and so does a
 * row that no scenario comes to.
 *
 * usage: faults TABLE [--short] [SCENARIO]...
 * The short form fails only the first call that a row is for, not each in each scenario.
 *
 * Of the calls that a row is for, the first and the last one in a scenario fail with each errno of
 * the row; those in between are turns of the same loops, and fail with one errno, each with
 * another. With all of them it would take an hour.
 */
#include "apart.h"
#include "scenarios.h"
#include "shelter.h"
#include "table.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FAULTS_MAX 60000
#define NAME_SIZE  32
#define TEXT_SIZE  8192

/* How often to try to come to a call: the runs of one scenario are not all alike. */
#define TRIES_MAX 10

/* A run that makes so many calls more than it needs spins. */
#define SLACK_CALLS 400

/* See hold_namespace of the harness. */
#define STATUS_OF_HOLDER 98

enum verdict {
	VERDICT_NONE,
	VERDICT_RIGHT,
	VERDICT_WRONG,
	VERDICT_NOT_REACHED,
};

/* One call in one scenario, and the errno that it fails with. */
struct fault {
	size_t scenario;
	enum traced whose;
	char call[NAME_SIZE];
	int occurrence; /* among the process's calls of that name, from 1 on */
	char error[NAME_SIZE];
	size_t row;         /* the planned one, then the one that was come to */
	bool is_seen_again; /* in a second run without faults */
	enum verdict verdict;
};

/* Shared by the processes of the test. */
struct book {
	atomic_size_t next; /* the first fault that no worker has taken */
	size_t count;
	bool row_is_seen[TABLE_ROWS_MAX];
	bool row_is_planned[TABLE_ROWS_MAX];
	/* For each role and row, the scenario in which its calls before the start are failed. */
	size_t start_scenario[2][TABLE_ROWS_MAX]; /* its number from 1 on; 0: none yet */
	size_t calls[64];                         /* of a scenario when nothing fails */
	struct fault faults[FAULTS_MAX];
};

static struct book *book;
static struct table table;
static bool is_short;
static struct tracer tracer; /* of the run that goes on; there is one in each process */

static enum caller caller_of(enum traced whose)
{
	return whose == TRACED_WHIT ? CALLER_WHIT : CALLER_STARTED;
}

/* --- what strace saw --- */

/* Whether the line is of a call; then its name. What is between dashes or pluses is none. */
static bool call_name(const char *line, char name[NAME_SIZE])
{
	size_t length = strcspn(line, "( ");

	if (line[length] != '(' || length == 0 || length >= NAME_SIZE) return false;
	if (*line == '?') /* killed before strace could ask which it is */
		return false;
	memcpy(name, line, length);
	name[length] = '\0';
	return true;
}

static bool is_exec(const char *line)
{
	return strncmp(line, "execve(", 7) == 0 && strstr(line, " = 0\n") != NULL;
}

/* Whether something about the line is the test's own doing all the time, not the fault. */
static bool is_standing(const struct scenario *scenario, const char *call)
{
	for (size_t i = 0; i < SCENARIO_STANDING && scenario->standing[i] != NULL; i++) {
		const char *name = strchr(scenario->standing[i], '=') + 1;
		size_t length = strlen(call);

		if (strncmp(name, call, length) == 0 && name[length] == ':') return true;
	}
	return false;
}

/* Calls visit for each call of whit's code, with the count of calls of its name until then. */
static void each_call(FILE *trace, enum traced whose,
	void (*visit)(const char *line, const char *call, int occurrence, void *context),
	void *context)
{
	struct {
		char name[NAME_SIZE];
		int count;
	} counts[128];
	size_t names = 0;
	bool is_whits = whose == TRACED_STARTED; /* the other one begins with the test's own */
	char line[TEXT_SIZE];
	char call[NAME_SIZE];

	while (fgets(line, sizeof(line), trace) != NULL) {
		size_t i = 0;

		if (!call_name(line, call)) continue;
		while (i < names && strcmp(counts[i].name, call) != 0)
			i++;
		if (i == names) {
			assert_true(names < sizeof(counts) / sizeof(counts[0]));
			strcpy(counts[names].name, call);
			counts[names++].count = 0;
		}
		counts[i].count++;
		if (is_whits) visit(line, call, counts[i].count, context);
		if (is_exec(line)) {
			if (is_whits) /* the command's code from here on */
				return;
			is_whits = true;
		}
	}
}

/* --- the plan --- */

struct plan {
	size_t scenario;
	enum traced whose;
	bool has_started; /* there is a command */
};

static void add_fault(const struct plan *plan, const char *call, int occurrence, const char *error,
	const struct row *row)
{
	struct fault *fault = &book->faults[book->count];

	if (book->count == FAULTS_MAX) fail_msg("more faults than FAULTS_MAX");
	fault->scenario = plan->scenario;
	fault->whose = plan->whose;
	strcpy(fault->call, call);
	fault->occurrence = occurrence;
	snprintf(fault->error, sizeof(fault->error), "%s", error);
	fault->row = (size_t)(row - table.rows);
	book->row_is_planned[row - table.rows] = true;
	book->count++;
}

/* Once each: several rows may stand for one call, each with its own errnos. */
static void add_faults_of_row(
	const struct plan *plan, const char *line, const char *call, int occurrence, size_t row)
{
	char errors[1024];
	char *remaining = errors;
	char *error;

	snprintf(errors, sizeof(errors), "%s", table.rows[row].errors);
	while ((error = strtok_r(remaining, " ", &remaining)) != NULL) {
		if (strcmp(error, "any") != 0 &&
			table_find(&table, caller_of(plan->whose), line, error) == &table.rows[row])
			add_fault(plan, call, occurrence, error, &table.rows[row]);
	}
}

/*
 * Whether the call is failed in this scenario. Until the command has been started all of them do
 * the same, so what comes before that is failed in one for each role.
 */
static bool is_planned(struct plan *plan, size_t row, const char *call)
{
	const struct scenario *scenario = &scenarios[plan->scenario];
	size_t *start_scenario = &book->start_scenario[scenario->role][row];

	if (is_standing(scenario, call)) return false;
	if (scenario->only != NULL && fnmatch(scenario->only, call, FNM_EXTMATCH) != 0)
		return false;
	/* A traced PID 1 does not die of its own fault but has it again, for ever. */
	if (table.rows[row].outcome == OUTCOME_DIES && scenario->role == ROLE_INIT) return false;
	if (plan->whose == TRACED_STARTED || plan->has_started) return true;
	if (*start_scenario == 0) *start_scenario = plan->scenario + 1;
	return *start_scenario == plan->scenario + 1;
}

static void plan_call(const char *line, const char *call, int occurrence, void *context)
{
	struct plan *plan = context;
	enum caller caller = caller_of(plan->whose);
	const struct row *row = table_find(&table, caller, line, NULL);

	if (plan->whose == TRACED_WHIT) book->calls[plan->scenario]++;
	if (row == NULL) fail_msg("this call has no row: %s", line);
	for (size_t i = 0; i < table.count; i++) {
		if (!table_row_is_for(&table.rows[i], caller, line)) continue;
		book->row_is_seen[i] = true;
		if (!(is_short && book->row_is_planned[i]) && is_planned(plan, i, call))
			add_faults_of_row(plan, line, call, occurrence, i);
	}
	plan->has_started = plan->has_started || strcmp(call, "clone") == 0;
}

struct second_look {
	enum traced whose;
	size_t first; /* of the scenario's faults */
};

static void see_again(const char *line, const char *call, int occurrence, void *context)
{
	const struct second_look *look = context;
	enum caller caller = caller_of(look->whose);

	for (size_t i = look->first; i < book->count; i++) {
		struct fault *fault = &book->faults[i];

		if (fault->occurrence == occurrence && strcmp(fault->call, call) == 0 &&
			table_find(&table, caller, line, fault->error) == &table.rows[fault->row])
			fault->is_seen_again = true;
	}
}

/* Whether the fault is one of those that are tried. See the top of the file. */
static bool is_tried(size_t number, size_t first, size_t end)
{
	const struct fault *fault = &book->faults[number];
	int first_occurrence = fault->occurrence;
	int last_occurrence = fault->occurrence;
	int errors = 0; /* of this occurrence */
	int place = 0;  /* among them */

	for (size_t i = first; i < end; i++) {
		const struct fault *other = &book->faults[i];

		if (other->row != fault->row || !other->is_seen_again) continue;
		if (other->occurrence < first_occurrence) first_occurrence = other->occurrence;
		if (other->occurrence > last_occurrence) last_occurrence = other->occurrence;
		if (other->occurrence == fault->occurrence) {
			errors++;
			place += i < number;
		}
	}
	return fault->is_seen_again &&
		(fault->occurrence == first_occurrence || fault->occurrence == last_occurrence ||
			place == fault->occurrence % errors);
}

/* Of the scenario's faults, from first on. */
static void choose_faults(size_t first)
{
	static bool tried[FAULTS_MAX];
	size_t end = book->count;

	for (size_t i = first; i < end; i++)
		tried[i] = is_tried(i, first, end);
	book->count = first;
	for (size_t i = first; i < end; i++) {
		if (tried[i]) book->faults[book->count++] = book->faults[i];
	}
}

/* --- one run, and what is right about it --- */

__attribute__((format(printf, 2, 3), noreturn)) static void fault_fail(
	struct run *run, const char *format, ...)
{
	va_list arguments;
	char message[TEXT_SIZE];

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	run_fail(run, "%s", message);
}

static int status_of(const struct run *run)
{
	return WIFSIGNALED(run->wait_status) ? 128 + WTERMSIG(run->wait_status)
					     : WEXITSTATUS(run->wait_status);
}

static void expect_status(struct run *run, int status)
{
	if (status_of(run) != status)
		fault_fail(run, "expected: status %d\nobserved: status %d", status, status_of(run));
}

static void expect_out(struct run *run, const char *expected)
{
	if (fnmatch(expected, run->out.text, FNM_EXTMATCH) != 0)
		fault_fail(run, "expected on stdout: \"%s\"", expected);
}

static size_t count_lines(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		count += *text == '\n';
	return count;
}

/* A * may stand for anything but a line, ** for lines too. */
static bool is_like(const char *text, const char *pattern)
{
	return fnmatch(pattern, text, 0) == 0 &&
		(strstr(pattern, "**") != NULL || count_lines(text) == count_lines(pattern));
}

static void expect_err(struct run *run, const char *text, const char *pattern)
{
	if (!is_like(text, pattern)) fault_fail(run, "expected on stderr: \"%s\"", pattern);
}

static const char *least_err(const struct scenario *scenario)
{
	return scenario->least_err == NULL ? scenario->err : scenario->least_err;
}

/* Takes the one line out that is like the pattern. */
static void take_line(struct run *run, const char *pattern, char *others)
{
	const char *line = run->err.text;
	bool is_taken = false;

	*others = '\0';
	while (*line != '\0') {
		size_t length = strcspn(line, "\n");
		char copy[TEXT_SIZE];

		snprintf(copy, sizeof(copy), "%.*s", (int)length, line);
		if (!is_taken && fnmatch(pattern, copy, 0) == 0)
			is_taken = true;
		else
			strcat(strcat(others, copy), "\n");
		line += length + (line[length] == '\n');
	}
	if (!is_taken) fault_fail(run, "expected on stderr, besides others: \"%s\"", pattern);
}

/* What whit says of a drain that does not go as it should. */
static const char *const troubles[] = {
	"whit: cannot signal all remaining processes",
	"whit: killing the remaining processes",
	"whit: giving up on the remaining processes",
	"whit: still running",
};

/* The line is whit's or, with asterisks before it, of a pattern for them. */
static bool is_trouble(const char *line)
{
	line += strspn(line, "*");
	for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++) {
		if (strncmp(line, troubles[i], strlen(troubles[i])) == 0) return true;
	}
	return false;
}

static void leave_out_troubles(const char *text, char *others)
{
	*others = '\0';
	while (*text != '\0') {
		size_t length = strcspn(text, "\n");

		length += text[length] == '\n';
		if (!is_trouble(text)) strncat(others, text, length);
		text += length;
	}
}

/* The last words may be missing, but not without a line that the remaining processes were killed.
 */
static void expect_out_without_remaining(
	struct run *run, const struct scenario *scenario, const char *expected)
{
	size_t length = run->out.length;

	if (strcmp(run->out.text, expected) == 0) return;
	if (scenario->last_words == NULL || strncmp(run->out.text, expected, length) != 0)
		expect_out(run, expected);
	expect_err(run, run->err.text,
		"**whit: killing the remaining processes: they have not ended within * s\n**");
}

static void expect_out_without_value(struct run *run, char *expected)
{
	char *value = strstr(expected, " with 5");

	if (value != NULL) memmove(value, value + 7, strlen(value + 7) + 1);
	expect_out(run, expected);
}

static void judge_missed(
	struct run *run, const struct scenario *scenario, const char *expected, const char *err)
{
	char others[sizeof(run->err.text)];
	char pattern[TEXT_SIZE];

	expect_status(run, scenario->status);
	expect_out_without_remaining(run, scenario, expected);
	leave_out_troubles(err, others);
	leave_out_troubles(least_err(scenario), pattern);
	expect_err(run, others, pattern);
}

/* Without a row: nothing was failed. */
static void judge(struct run *run, const struct scenario *scenario, const struct row *row)
{
	enum outcome outcome = row == NULL ? OUTCOME_GOES_ON : row->outcome;
	char expected[TEXT_SIZE];
	char others[sizeof(run->err.text)];

	run->out.text[run->out.length] = '\0';
	run->err.text[run->err.length] = '\0';
	scenario_expected_out(scenario, expected, sizeof(expected));
	switch (outcome) {
	case OUTCOME_GOES_ON:
		expect_status(run, scenario->status);
		expect_out(run, expected);
		expect_err(run, run->err.text, scenario->err);
		break;
	case OUTCOME_SAYS_LESS:
		expect_status(run, scenario->status);
		expect_out(run, expected);
		expect_err(run, run->err.text, least_err(scenario));
		break;
	case OUTCOME_MAY_WARN:
		if (run->err.length == 0) {
			expect_status(run, scenario->status);
			expect_out(run, expected);
			expect_err(run, run->err.text, scenario->err);
			break;
		}
		/* fall through */
	case OUTCOME_WARNS:
	case OUTCOME_SIGNAL_LOST:
		expect_status(run, scenario->status);
		expect_out(run, expected);
		take_line(run, row->text, others);
		if (!is_like(others, scenario->err)) expect_err(run, others, least_err(scenario));
		break;
	case OUTCOME_VALUE_LOST:
		expect_status(run, scenario->status);
		expect_out_without_value(run, expected);
		expect_err(run, run->err.text, scenario->err);
		break;
	case OUTCOME_MESSAGE_LOST:
		expect_status(run, scenario->status);
		expect_out(run, expected);
		break;
	case OUTCOME_ORPHANS_LOST:
		/* The harness's own PID 1, to which they come, ends with 98 at the first. */
		if (status_of(run) != STATUS_OF_HOLDER) expect_status(run, scenario->status);
		if (strncmp(expected, run->out.text, run->out.length) != 0)
			expect_out(run, expected);
		break;
	case OUTCOME_PROCESS_MISSED: judge_missed(run, scenario, expected, run->err.text); break;
	case OUTCOME_PROCESS_REFUSED:
		take_line(run, row->text, others);
		judge_missed(run, scenario, expected, others);
		break;
	case OUTCOME_ENDS:
		expect_status(run, row->status);
		expect_out(run, "");
		take_line(run, row->text, others);
		expect_err(run, others, "");
		break;
	case OUTCOME_DIES:
		expect_status(run, row->status);
		expect_out(run, "");
		expect_err(run, run->err.text, "");
		break;
	case OUTCOME_NOT_TRIED: break;
	}
}

struct search {
	struct fault *fault;
	size_t calls;
	bool is_reached;
	char line[TEXT_SIZE];
};

static void look_for_fault(const char *line, const char *call, int occurrence, void *context)
{
	struct search *search = context;

	search->calls++;
	if (table_find(&table, caller_of(search->fault->whose), line, NULL) == NULL)
		fail_msg("this call has no row: %s", line);
	if (occurrence == search->fault->occurrence && strcmp(call, search->fault->call) == 0 &&
		strstr(line, "(INJECTED)") != NULL) {
		search->is_reached = true;
		snprintf(search->line, sizeof(search->line), "%s", line);
	}
}

/*
 * The row for what has been failed indeed, which need not be what the plan had there. NULL where it
 * was nothing, or another call, of which this errno is not to be expected.
 */
static const struct row *find_row(const struct search *search)
{
	if (!search->is_reached) return NULL;
	return table_find(
		&table, caller_of(search->fault->whose), search->line, search->fault->error);
}

static void run_fault(struct fault *fault)
{
	const struct scenario *scenario = &scenarios[fault->scenario];
	struct search search = {.fault = fault};
	struct burn burn = {NULL, 0};
	char inject[128];
	struct treatment treatment = {.traced = fault->whose, .inject = inject};
	struct run run;
	const struct row *row;
	FILE *trace;
	pid_t pid;

	if (table.rows[fault->row].outcome == OUTCOME_PROCESS_MISSED ||
		table.rows[fault->row].outcome == OUTCOME_PROCESS_REFUSED)
		treatment.drain = DRAIN_SHORT;
	if (fault->whose == TRACED_STARTED) burn = (struct burn){fault->call, fault->occurrence};
	snprintf(inject, sizeof(inject), "inject=%s:error=%s:when=%d", fault->call, fault->error,
		fault->occurrence);
	tracer_make(&tracer, burn);
	scenario_play(scenario, &run, &tracer, &treatment, &pid);
	trace = tracer_open(&tracer, pid, fault->whose);
	assert_non_null(trace);
	each_call(trace, fault->whose, look_for_fault, &search);
	fclose(trace);
	row = find_row(&search);
	if (row == NULL) {
		fault->verdict = VERDICT_NOT_REACHED; /* and nothing to judge */
		return;
	}
	fault->row = (size_t)(row - table.rows);
	judge(&run, scenario, row);
	if (search.calls > book->calls[fault->scenario] + SLACK_CALLS)
		fault_fail(&run, "%zu calls, where %zu do when nothing fails", search.calls,
			book->calls[fault->scenario]);
	fault->verdict = VERDICT_RIGHT;
}

struct baseline {
	size_t scenario;
	enum traced whose;
	void (*visit)(const char *line, const char *call, int occurrence, void *context);
	void *context;
};

static void run_as_it_is(const struct baseline *baseline)
{
	const struct scenario *scenario = &scenarios[baseline->scenario];
	const struct treatment none = {.traced = baseline->whose};
	struct run run;
	FILE *trace;
	pid_t pid;

	tracer_make(&tracer, (struct burn){NULL, 0});
	scenario_play(scenario, &run, &tracer, &none, &pid);
	judge(&run, scenario, NULL);
	trace = tracer_open(&tracer, pid, baseline->whose);
	assert_non_null(trace);
	each_call(trace, baseline->whose, baseline->visit, baseline->context);
	fclose(trace);
}

/* --- all of them --- */

/* At the exit, which a failed assertion is too. */
static void clean_up(void)
{
	(void)harness_clean_up(NULL);
	tracer_remove(&tracer);
}

static void run_fault_part(void *argument)
{
	atexit(clean_up);
	run_fault(argument);
}

static void describe(const struct fault *fault, char *buffer, size_t size)
{
	snprintf(buffer, size, "%s as %s: %s %d of %s: %s", scenarios[fault->scenario].name,
		scenarios[fault->scenario].role == ROLE_INIT ? "PID 1" : "a subreaper", fault->call,
		fault->occurrence, fault->whose == TRACED_WHIT ? "whit" : "the started process",
		fault->error);
}

static void work(void *unused)
{
	int messages = apart_make_messages();
	char title[256];
	size_t mine;

	(void)unused;
	while ((mine = atomic_fetch_add(&book->next, 1)) < book->count) {
		struct fault *fault = &book->faults[mine];

		for (int tries = 0; tries < TRIES_MAX; tries++) {
			if (!apart_run(run_fault_part, fault, messages)) {
				fault->verdict = VERDICT_WRONG;
				describe(fault, title, sizeof(title));
				apart_show(title, messages);
				break;
			}
			if (fault->verdict == VERDICT_RIGHT) break;
		}
		if (fault->verdict == VERDICT_NOT_REACHED) {
			describe(fault, title, sizeof(title));
			printf("FAILED %s: never came to it in %d runs\n", title, TRIES_MAX);
			fflush(stdout);
		}
	}
}

static void run_baseline_part(void *argument)
{
	atexit(clean_up);
	run_as_it_is(argument);
}

static bool run_baseline(const struct baseline *baseline, int messages)
{
	if (apart_run(run_baseline_part, (void *)(uintptr_t)baseline, messages)) return true;
	apart_show(scenarios[baseline->scenario].name, messages);
	return false;
}

/* Runs it without faults, and plans the faults by what was called there. */
static bool plan_scenario(size_t scenario, enum traced whose, int messages)
{
	size_t first = book->count;
	struct plan plan = {.scenario = scenario, .whose = whose};
	struct second_look look = {.whose = whose, .first = first};
	struct baseline baseline = {scenario, whose, plan_call, &plan};
	struct baseline again = {scenario, whose, see_again, &look};

	if (!run_baseline(&baseline, messages)) return false;
	if (is_short) return true;
	if (!run_baseline(&again, messages)) return false;
	choose_faults(first);
	return true;
}

static bool is_chosen(const char *name, char **names)
{
	if (*names == NULL) return true;
	for (; *names != NULL; names++) {
		if (strcmp(*names, name) == 0) return true;
	}
	return false;
}

struct count {
	size_t right;
	size_t wrong;
	size_t not_reached;
};

static void count_fault(struct count *count, enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_RIGHT: count->right++; break;
	case VERDICT_NONE: /* the test itself has failed there */
	case VERDICT_WRONG: count->wrong++; break;
	case VERDICT_NOT_REACHED: count->not_reached++; break;
	}
}

/* What is wrong with the row itself; NULL: nothing. */
static const char *row_problem(size_t number, const struct count *count)
{
	if (table.rows[number].outcome == OUTCOME_NOT_TRIED) return NULL;
	if (!book->row_is_seen[number]) return "no scenario comes to";
	return count->right + count->wrong == 0 ? "never failed:" : NULL;
}

/* A line for each row: how often it was failed, and what came of it. */
static bool print_table(bool is_whole)
{
	struct count all = {0, 0, 0};
	bool is_right = true;

	for (size_t i = 0; i < table.count; i++) {
		const struct row *row = &table.rows[i];
		struct count count = {0, 0, 0};
		const char *problem;

		for (size_t j = 0; j < book->count; j++) {
			if (book->faults[j].row == i) {
				count_fault(&count, book->faults[j].verdict);
				count_fault(&all, book->faults[j].verdict);
			}
		}
		problem = is_whole ? row_problem(i, &count) : NULL;
		if (problem != NULL) {
			printf("FAILED row %d: %s %s\n", row->line, problem, row->pattern);
			is_right = false;
		}
		if (book->row_is_seen[i])
			printf("%-7s %-50s %4zu right %4zu wrong %4zu not reached  %s%s%s\n",
				row->caller == CALLER_WHIT ? "whit" : "started", row->pattern,
				count.right, count.wrong, count.not_reached,
				table_outcome_name(row->outcome), row->text == NULL ? "" : ": ",
				row->text == NULL ? "" : row->text);
	}
	printf("%zu faults: %zu right, %zu wrong, %zu not reached\n", book->count, all.right,
		all.wrong, all.not_reached);
	return is_right && all.wrong == 0 && all.not_reached == 0;
}

static bool plan_all(char **names, int messages)
{
	bool is_right = true;

	for (size_t i = 0; i < scenario_count; i++) {
		if (!is_chosen(scenarios[i].name, names)) continue;
		is_right = plan_scenario(i, TRACED_WHIT, messages) && is_right;
		if (scenarios[i].fails_start)
			is_right = plan_scenario(i, TRACED_STARTED, messages) && is_right;
	}
	printf("faults: %zu\n", book->count);
	return is_right;
}

static int test(int argc, char **argv)
{
	int messages = apart_make_messages();
	char **names = argv + 2;
	bool is_right;

	(void)argc;
	if (*names != NULL && strcmp(*names, "--short") == 0) {
		is_short = true;
		names++;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	table_read(&table, argv[1]);
	book = mmap(NULL, sizeof(*book), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (book == MAP_FAILED) return 2;
	scenario_make_files();
	is_right = plan_all(names, messages);
	is_right = apart_share_work(work, NULL) && is_right;
	is_right = print_table(*names == NULL) && is_right;
	return is_right ? 0 : 1;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: %s TABLE [--short] [SCENARIO]...\n", argv[0]);
		return 2;
	}
	return tracer_is_there() ? shelter_run(test, argc, argv) : 1;
}

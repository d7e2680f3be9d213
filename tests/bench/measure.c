/*
 * Measures inits and prints the samples, one a line: WHAT NAME NUMBER.
 *
 *   measure run ROUNDS COMMAND EMPTY NAME=INIT...
 *
 * and so on: see the table at the end. COMMAND and EMPTY are the programs of command.c and empty.c.
 * Each round takes each init once, in another order: what the machine does meanwhile, and what the
 * one before has left in the caches, falls on all of them. The orders are the same in every run.
 */
#include "command.h"
#include "returns.h"
#include "subject.h"
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define INITS_MAX      16
#define WORDS_MAX      8
#define NUMBERS_MAX    64
#define WARM_UP        2 /* the first events of a process touch new pages */
#define LATENCY_TURNS  40
#define BURST_TURNS    20
#define SINGLE_ORPHANS 200
#define BACKLOG        1000
#define SMALL_BURST    100
#define LARGE_BURST    1000
#define TRACED_EVENTS  50
#define TRACED_ORPHANS 100

#define NAME_OF(number)    NAME_OF_WORD(number)
#define NAME_OF_WORD(word) #word

struct init {
	const char *name;
	const char *path; /* empty: there is none, and the command is PID 1 itself */
};

struct bench {
	int rounds;
	const char *command;
	const char *empty;
	struct init inits[INITS_MAX];
	int count;
};

/* Of one init in one round. Their median is the sample: another process may delay some of them. */
struct numbers {
	double list[NUMBERS_MAX];
	size_t count;
};

static void sample(const char *what, const char *detail, const struct init *init, double number)
{
	printf("%s%s %s %.3f\n", what, detail, init->name, number);
}

static void add(struct numbers *numbers, double number)
{
	if (numbers->count == NUMBERS_MAX) die("more than %d numbers in one round", NUMBERS_MAX);
	numbers->list[numbers->count++] = number;
}

static int compare(const void *one, const void *other)
{
	double difference = *(const double *)one - *(const double *)other;

	return (difference > 0) - (difference < 0);
}

static void sample_median(const char *what, const struct init *init, struct numbers *numbers)
{
	qsort(numbers->list, numbers->count, sizeof(numbers->list[0]), compare);
	sample(what, "", init,
		(numbers->list[numbers->count / 2] + numbers->list[(numbers->count - 1) / 2]) / 2);
}

/* Each order is as likely as any other. */
static void shuffle(int *order, int count)
{
	for (int i = 0; i < count; i++) {
		int other = rand() % (i + 1); // NOLINT: unpredictable it need not be

		order[i] = order[other];
		order[other] = i;
	}
}

/* INIT PROGRAM [ARGUMENT]... */
static const char *const *words_of(
	const struct init *init, const char *program, const char *const *arguments)
{
	static const char *words[WORDS_MAX];
	int count = 0;

	if (*init->path != '\0') words[count++] = init->path;
	words[count++] = program;
	while (*arguments != NULL && count < WORDS_MAX - 1)
		words[count++] = *arguments++;
	words[count] = NULL;
	return words;
}

/* Of command.c: what it does, and with which numbers. */
#define ARGUMENTS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void start(struct subject *subject, const struct bench *bench, const struct init *init,
	const char *const *arguments)
{
	subject_start(subject, init->name, words_of(init, bench->command, arguments), false);
	(void)subject_report(subject);
	subject_settle(subject);
}

static int64_t cpu_ns(const struct subject *subject)
{
	struct subject_state state;

	subject_look(subject, &state);
	return state.cpu_ns;
}

/*
 * The driver and all that it starts share one CPU. To wake another CPU takes longer than what is
 * measured here, and how long depends on what the machine did before.
 */
static void stay_on_one_cpu(void)
{
	cpu_set_t allowed;
	cpu_set_t one;
	size_t cpu = CPU_SETSIZE - 1;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) < 0)
		die("cannot tell the CPUs: %s", strerror(errno));
	while (!CPU_ISSET(cpu, &allowed)) /* the last, since interrupts like the first */
		cpu--;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one) < 0)
		die("cannot stay on one CPU: %s", strerror(errno));
	/* All that is started inherits it: other work of the machine comes second. */
	if (setpriority(PRIO_PROCESS, 0, -20) < 0)
		die("cannot go before other processes: %s", strerror(errno));
}

/* --- what is measured --- */

/* Start and end of the empty command: time and the init's own CPU, from its exec on. */
static void measure_run(const struct bench *bench, const struct init *init)
{
	struct subject subject;
	int64_t end_ns;

	subject_start(&subject, init->name, words_of(init, bench->empty, ARGUMENTS(NULL)), false);
	end_ns = subject_await_end(&subject);
	sample("run_us", "", init, (double)(end_ns - subject.start_ns) / 1e3);
	sample("run_cpu_us", "", init, (double)(cpu_ns(&subject) - subject.start_cpu_ns) / 1e3);
	subject_drop(&subject);
}

/* From the command's end, when the init has long been asleep. */
static void measure_end(const struct bench *bench, const struct init *init)
{
	struct subject subject;
	int64_t end_ns;

	start(&subject, bench, init, ARGUMENTS("end"));
	subject_request(&subject, COMMAND_END_ALL);
	end_ns = subject_await_end(&subject);
	sample("end_us", "", init, (double)(end_ns - subject_report(&subject)) / 1e3);
	subject_drop(&subject);
}

static void measure_idle(const struct bench *bench, const struct init *init)
{
	struct subject subject;
	struct subject_state state;
	struct subject_memory memory;

	start(&subject, bench, init, ARGUMENTS("idle"));
	subject_look(&subject, &state);
	subject_look_at_memory(&subject, &memory);
	sample("rss_kb", "", init, (double)memory.rss_kb);
	sample("dirty_kb", "", init, (double)memory.dirty_kb);
	sample("faults", "", init, (double)(state.faults - subject.start_faults));
	subject_drop(&subject);
}

/* --- signals --- */

/* From kill(2) to the first line of the command's handler, in microseconds. */
static double latency(struct subject *subject)
{
	int64_t sent_ns = now_ns();
	int64_t handled_ns;

	(void)kill(subject->pid, SIGUSR1);
	handled_ns = subject_report(subject);
	subject_settle(subject);
	return (double)(handled_ns - sent_ns) / 1e3;
}

/* The init's CPU for each signal of a burst. */
static double cpu_of_burst(struct subject *subject, int signals)
{
	int64_t before_ns = cpu_ns(subject);

	for (int i = 0; i < signals; i++) {
		if (kill(subject->pid, COMMAND_BURST_SIGNAL) < 0)
			die("%s: cannot signal it: %s", subject->name, strerror(errno));
	}
	(void)subject_report(subject);
	subject_settle(subject);
	return (double)(cpu_ns(subject) - before_ns) / signals;
}

static double cpu_of_small_burst(struct subject *subject)
{
	return cpu_of_burst(subject, SMALL_BURST);
}

static double cpu_of_large_burst(struct subject *subject)
{
	return cpu_of_burst(subject, LARGE_BURST);
}

/*
 * Starts all inits and lets them take turns: what a signal costs depends on what the caches hold,
 * which changes from one millisecond to the next. The command reports each COUNT signals.
 */
static void take_turns(const struct bench *bench, const char *what, const char *count, int turns,
	double (*take)(struct subject *subject))
{
	static struct numbers numbers[INITS_MAX];
	struct subject subjects[INITS_MAX];
	int order[INITS_MAX];

	for (int i = 0; i < bench->count; i++)
		start(&subjects[i], bench, &bench->inits[i], ARGUMENTS("signals", count));
	for (int turn = 0; turn < WARM_UP + turns; turn++) {
		shuffle(order, bench->count);
		for (int i = 0; i < bench->count; i++) {
			double number = take(&subjects[order[i]]);

			if (turn >= WARM_UP) add(&numbers[order[i]], number);
		}
	}
	for (int i = 0; i < bench->count; i++) {
		subject_drop(&subjects[i]);
		sample_median(what, &bench->inits[i], &numbers[i]);
		numbers[i].count = 0;
	}
}

static void measure_latency(const struct bench *bench)
{
	take_turns(bench, "latency_us", "1", LATENCY_TURNS, latency);
}

static void measure_burst(const struct bench *bench)
{
	take_turns(bench, "burst_ns", NAME_OF(SMALL_BURST), BURST_TURNS, cpu_of_small_burst);
}

static void measure_flood(const struct bench *bench)
{
	take_turns(bench, "flood_ns", NAME_OF(LARGE_BURST), BURST_TURNS, cpu_of_large_burst);
}

/* --- reaping: the init's CPU for each orphan --- */

/* They end together, and the init runs when the scheduler lets it: WAVES times ORPHANS. */
static void storm(const struct bench *bench, const struct init *init, const char *detail,
	const char *orphans, const char *waves)
{
	struct subject subject;
	int64_t before_ns;

	start(&subject, bench, init, ARGUMENTS("orphans", orphans, "0", waves));
	before_ns = cpu_ns(&subject);
	subject_request(&subject, COMMAND_END_ALL);
	(void)subject_report(&subject);
	subject_settle(&subject);
	sample("storm_ns", detail, init,
		(double)(cpu_ns(&subject) - before_ns) / atoi(orphans) / atoi(waves));
	subject_drop(&subject);
}

static void measure_storm(const struct bench *bench, const struct init *init)
{
	storm(bench, init, "_1000", "1000", "4");
}

static void measure_storm_10k(const struct bench *bench, const struct init *init)
{
	storm(bench, init, "_10000", "10000", "1");
}

static void measure_storm_100k(const struct bench *bench, const struct init *init)
{
	storm(bench, init, "_100000", "10000", "10");
}

/* Each is made and ends when the last one has been reaped. */
static void reap_one_by_one(
	struct subject *subject, const char *detail, const struct init *init, int orphans)
{
	int64_t before_ns = cpu_ns(subject);

	for (int i = 0; i < orphans; i++) {
		subject_request(subject, COMMAND_END_ONE);
		(void)subject_report(subject);
	}
	subject_settle(subject);
	sample("single_ns", detail, init, (double)(cpu_ns(subject) - before_ns) / orphans);
}

/* All are zombies before the init runs. */
static void reap_backlog(
	struct subject *subject, const char *detail, const struct init *init, int live, int orphans)
{
	int64_t before_ns;

	trace_hold(subject);
	subject_request(subject, COMMAND_END_ALL);
	trace_await_zombies(subject, live, orphans);
	before_ns = cpu_ns(subject);
	trace_release(subject);
	(void)subject_report(subject);
	subject_settle(subject);
	sample("backlog_ns", detail, init, (double)(cpu_ns(subject) - before_ns) / orphans);
}

/*
 * Neither depends on the scheduler. The live children come first in the kernel's list: wait4(2)
 * looks at all of them before it finds an orphan.
 */
static void reap_beside(const struct bench *bench, const struct init *init, const char *live)
{
	struct subject subject;
	char detail[16];

	snprintf(detail, sizeof(detail), "_%s", live);
	start(&subject, bench, init, ARGUMENTS("orphans", NAME_OF(BACKLOG), live, "1"));
	reap_one_by_one(&subject, detail, init, SINGLE_ORPHANS);
	reap_backlog(&subject, detail, init, atoi(live), BACKLOG);
	subject_drop(&subject);
}

static void measure_reap(const struct bench *bench, const struct init *init)
{
	reap_beside(bench, init, "0");
}

static void measure_reap_2k(const struct bench *bench, const struct init *init)
{
	reap_beside(bench, init, "2000");
}

static void measure_reap_10k(const struct bench *bench, const struct init *init)
{
	reap_beside(bench, init, "10000");
}

/* --- what is counted --- */

static void measure_calls(const struct bench *bench, const struct init *init)
{
	struct trace_start calls;

	trace_start(init->name, words_of(init, bench->command, ARGUMENTS("idle")), &calls);
	sample("calls_start", "", init, calls.until_exec);
	sample("calls_deaf", "", init, calls.before_block);
	sample("calls_signal", "", init,
		trace_signals(init->name, words_of(init, bench->command, ARGUMENTS("signals", "1")),
			TRACED_EVENTS));
	sample("calls_single", "", init,
		trace_single_orphans(init->name,
			words_of(init, bench->command, ARGUMENTS("orphans", "0", "0", "1")),
			TRACED_EVENTS));
	sample("calls_backlog", "", init,
		trace_backlog(init->name,
			words_of(init, bench->command, ARGUMENTS("orphans", "100", "0", "1")),
			TRACED_ORPHANS));
}

/* Returns behind a system call: returns.h. */
static void measure_returns(const struct bench *bench, const struct init *init)
{
	struct returns returns;

	if (!returns_can_be_counted()) return;
	returns_of_signal(
		init->name, words_of(init, bench->command, ARGUMENTS("signals", "1")), &returns);
	sample("returns_signal", "", init, returns.late);
	returns_of_orphan(init->name,
		words_of(init, bench->command, ARGUMENTS("orphans", "0", "0", "1")), &returns);
	sample("returns_single", "", init, returns.late);
}

/* --- many idle ones --- */

static int64_t number_in(const char *folder, const char *name)
{
	char path[512];
	int64_t number = -1;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "re");
	if (file != NULL) {
		if (fscanf(file, "%" SCNd64, &number) != 1) number = -1;
		fclose(file);
	}
	return number;
}

static bool write_to(const char *folder, const char *name, const char *text)
{
	char path[512];
	bool is_written;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0) return false;
	is_written = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return is_written;
}

/* Of all that runs in the cgroup, the kernel's share included: version 2, or 1. */
static int64_t bytes_in_use(const char *cgroup)
{
	/* Gives back what each CPU has been charged in advance; only version 1 has it. */
	(void)write_to(cgroup, "memory.force_empty", "0");
	return number_in(cgroup, "memory.current") >= 0
		? number_in(cgroup, "memory.current")
		: number_in(cgroup, "memory.usage_in_bytes");
}

/* In a process of its own, which is in the cgroup and ends with all that it has started. */
static void hold_many(
	const struct bench *bench, const struct init *init, int count, const char *cgroup)
{
	struct subject *subjects = calloc((size_t)count + 1, sizeof(*subjects));
	char detail[32];
	int64_t before;

	if (subjects == NULL || !write_to(cgroup, "cgroup.procs", "0"))
		die("cannot use the cgroup %s", cgroup);
	memset(subjects, 1, ((size_t)count + 1) * sizeof(*subjects)); /* now, not while measuring */
	start(&subjects[count], bench, init, ARGUMENTS("idle"));      /* what the first one costs */
	before = bytes_in_use(cgroup);
	for (int i = 0; i < count; i++) {
		start(&subjects[i], bench, init, ARGUMENTS("idle"));
		subject_hang_up(&subjects[i]);
	}
	snprintf(detail, sizeof(detail), "_%d", count);
	sample("memory_kb", detail, init, (double)(bytes_in_use(cgroup) - before) / 1024 / count);
	for (int i = 0; i <= count; i++)
		subject_drop(&subjects[i]);
}

static void measure_many(const struct bench *bench, const struct init *init)
{
	const char *cgroup = getenv("BENCH_CGROUP");
	const char *count = getenv("BENCH_MANY");
	int status;
	pid_t holder;

	if (cgroup == NULL || count == NULL) die("many: BENCH_CGROUP and BENCH_MANY must be set");
	fflush(stdout);
	holder = fork();
	if (holder == 0) {
		hold_many(bench, init, atoi(count), cgroup);
		exit(0);
	}
	if (holder < 0 || waitpid(holder, &status, 0) < 0 || status != 0)
		die("%s: many: failed", init->name);
}

/* What each does while there is nothing to do; all are watched at the same time. */
static void measure_asleep(const struct bench *bench)
{
	const char *seconds = getenv("BENCH_IDLE_SECONDS");
	struct subject subjects[INITS_MAX];
	struct subject_state before[INITS_MAX];
	struct subject_state after;

	if (seconds == NULL) die("asleep: BENCH_IDLE_SECONDS must be set");
	for (int i = 0; i < bench->count; i++) {
		start(&subjects[i], bench, &bench->inits[i], ARGUMENTS("idle"));
		subject_look(&subjects[i], &before[i]);
	}
	sleep((unsigned int)atoi(seconds)); /* time is what is measured here */
	for (int i = 0; i < bench->count; i++) {
		subject_look(&subjects[i], &after);
		sample("wakeups", "", &bench->inits[i],
			(double)(after.wakeups - before[i].wakeups));
		sample("idle_cpu_us", "", &bench->inits[i],
			(double)(after.cpu_ns - before[i].cpu_ns) / 1e3);
		subject_drop(&subjects[i]);
	}
}

/* --- the table --- */

struct measure {
	const char *name;
	void (*take)(const struct bench *bench, const struct init *init);
	void (*take_all)(const struct bench *bench); /* where take is none */
};

static const struct measure measures[] = {
	{"run", measure_run, NULL},
	{"end", measure_end, NULL},
	{"idle", measure_idle, NULL},
	{"latency", NULL, measure_latency},
	{"burst", NULL, measure_burst},
	{"flood", NULL, measure_flood},
	{"storm", measure_storm, NULL},
	{"storm_10k", measure_storm_10k, NULL},
	{"storm_100k", measure_storm_100k, NULL},
	{"reap", measure_reap, NULL},
	{"reap_2k", measure_reap_2k, NULL},
	{"reap_10k", measure_reap_10k, NULL},
	{"calls", measure_calls, NULL},
	{"returns", measure_returns, NULL},
	{"many", measure_many, NULL},
	{"asleep", NULL, measure_asleep},
};

static const struct measure *find_measure(const char *name)
{
	for (size_t i = 0; i < sizeof(measures) / sizeof(measures[0]); i++) {
		if (strcmp(measures[i].name, name) == 0) return &measures[i];
	}
	die("no measure is called '%s'", name);
}

static struct init parse_init(char *word)
{
	char *path = strchr(word, '=');

	if (path == NULL) die("NAME=PATH is wanted, not '%s'", word);
	*path = '\0';
	return (struct init){.name = word, .path = path + 1};
}

static void take_round(const struct bench *bench, const struct measure *measure)
{
	int order[INITS_MAX];

	if (measure->take_all != NULL) {
		measure->take_all(bench);
		return;
	}
	shuffle(order, bench->count);
	for (int i = 0; i < bench->count; i++)
		measure->take(bench, &bench->inits[order[i]]);
}

int main(int argc, char **argv)
{
	struct bench bench = {.count = 0};
	const struct measure *measure;

	if (argc < 6 || argc > 5 + INITS_MAX)
		die("usage: measure WHAT ROUNDS COMMAND EMPTY NAME=INIT...");
	measure = find_measure(argv[1]);
	bench.rounds = atoi(argv[2]);
	bench.command = argv[3];
	bench.empty = argv[4];
	for (char **word = argv + 5; *word != NULL; word++)
		bench.inits[bench.count++] = parse_init(*word);
	stay_on_one_cpu();
	for (int round = 0; round < bench.rounds; round++)
		take_round(&bench, measure);
	return 0;
}

/*
 * Measures inits and prints the samples, one a line: WHAT NAME NUMBER. Each round takes each init
 * once, and each round begins with another one, so that what the machine does meanwhile falls on
 * all.
 *
 *   measure start ROUNDS COMMAND EMPTY NAME=INIT...
 *
 * and so on: see the table at the end. COMMAND and EMPTY are the programs of command.c and empty.c.
 */
#include "command.h"
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
#include <sys/wait.h>
#include <unistd.h>

#define INITS_MAX       16
#define WORDS_MAX       8
#define LATENCY_SIGNALS 20
#define FLOOD_BURSTS    20
#define TRACED_EVENTS   50
#define TRACED_ORPHANS  100

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

static void sample(const char *what, const char *detail, const struct init *init, double number)
{
	printf("%s%s %s %.3f\n", what, detail, init->name, number);
}

/* INIT COMMAND ACTION [ARG [ARG]] */
static const char *const *words_of(const struct init *init, const char *program, const char *action,
	const char *first, const char *second)
{
	static const char *words[WORDS_MAX];
	int count = 0;

	if (*init->path != '\0')
		words[count++] = init->path;
	words[count++] = program;
	words[count++] = action;
	words[count++] = first;
	words[count++] = second;
	words[count] = NULL;
	return words;
}

static void start(struct subject *subject, const struct bench *bench, const struct init *init,
	const char *action, const char *first, const char *second)
{
	subject_start(
		subject, init->name, words_of(init, bench->command, action, first, second), false);
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
 * The driver and all that it starts share one CPU: to wake another one out of its sleep takes
 * longer than all that is measured here, and how long depends on what the machine did before.
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
}

/* --- what is measured --- */

/* Start and end of the empty command: time and the init's own CPU, from its exec on. */
static void measure_run(const struct bench *bench, const struct init *init)
{
	struct subject subject;
	int64_t end_ns;

	subject_start(&subject, init->name, words_of(init, bench->empty, NULL, NULL, NULL), false);
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

	start(&subject, bench, init, "end", NULL, NULL);
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

	start(&subject, bench, init, "idle", NULL, NULL);
	subject_look(&subject, &state);
	subject_look_at_memory(&subject, &memory);
	sample("rss_kb", "", init, (double)memory.rss_kb);
	sample("dirty_kb", "", init, (double)memory.dirty_kb);
	sample("faults", "", init, (double)(state.faults - subject.start_faults));
	subject_drop(&subject);
}

/* From kill(2) to the first line of the command's handler. */
static void measure_latency(const struct bench *bench, const struct init *init)
{
	struct subject subject;

	start(&subject, bench, init, "signals", "1", NULL);
	for (int i = 0; i < LATENCY_SIGNALS; i++) {
		int64_t sent_ns = now_ns();

		(void)kill(subject.pid, SIGUSR1);
		sample("latency_us", "", init, (double)(subject_report(&subject) - sent_ns) / 1e3);
		subject_settle(&subject);
	}
	subject_drop(&subject);
}

/* The init's CPU for each signal of bursts that are sent one after the other. */
static double cpu_of_bursts(
	const struct bench *bench, const struct init *init, const char *size, int bursts)
{
	struct subject subject;
	int64_t before_ns;
	int64_t used_ns;
	int signals = atoi(size);

	start(&subject, bench, init, "signals", size, NULL);
	before_ns = cpu_ns(&subject);
	for (int burst = 0; burst < bursts; burst++) {
		for (int i = 0; i < signals; i++) {
			if (kill(subject.pid, COMMAND_BURST_SIGNAL) < 0)
				die("%s: cannot signal it: %s", init->name, strerror(errno));
		}
		(void)subject_report(&subject);
	}
	subject_settle(&subject);
	used_ns = cpu_ns(&subject) - before_ns;
	subject_drop(&subject);
	return (double)used_ns / (signals * bursts);
}

static void measure_burst(const struct bench *bench, const struct init *init)
{
	sample("burst_ns", "", init, cpu_of_bursts(bench, init, "100", 1));
}

static void measure_flood(const struct bench *bench, const struct init *init)
{
	sample("flood_ns", "", init, cpu_of_bursts(bench, init, "1000", FLOOD_BURSTS));
}

/* The init's CPU for each orphan where they end together. */
static void storm(const struct bench *bench, const struct init *init, const char *detail,
	const char *action, const char *orphans, const char *more)
{
	int waves = strcmp(action, "again") == 0 ? atoi(more) : 1;
	struct subject subject;
	int64_t before_ns;

	start(&subject, bench, init, action, orphans, more);
	before_ns = cpu_ns(&subject);
	subject_request(&subject, COMMAND_END_ALL);
	(void)subject_report(&subject);
	subject_settle(&subject);
	sample("reap_ns", detail, init,
		(double)(cpu_ns(&subject) - before_ns) / atoi(orphans) / waves);
	subject_drop(&subject);
}

static void measure_reap(const struct bench *bench, const struct init *init)
{
	storm(bench, init, "", "orphans", "1000", NULL);
}

static void measure_reap_10k(const struct bench *bench, const struct init *init)
{
	storm(bench, init, "_10k", "orphans", "10000", NULL);
}

static void measure_reap_100k(const struct bench *bench, const struct init *init)
{
	storm(bench, init, "_100k", "again", "10000", "10");
}

static void measure_reap_beside(const struct bench *bench, const struct init *init)
{
	storm(bench, init, "_beside", "orphans", "1000", "2000");
}

static void measure_calls(const struct bench *bench, const struct init *init)
{
	struct trace_start calls;

	trace_start(init->name, words_of(init, bench->command, "idle", NULL, NULL), &calls);
	sample("calls_start", "", init, calls.until_exec);
	sample("calls_deaf", "", init, calls.before_block);
	sample("calls_signal", "", init,
		trace_signals(init->name, words_of(init, bench->command, "signals", "1", NULL),
			TRACED_EVENTS));
	sample("calls_reap", "", init,
		trace_single_orphans(init->name,
			words_of(init, bench->command, "orphans", "100", NULL), TRACED_EVENTS));
	sample("calls_backlog", "", init,
		trace_backlog(init->name, words_of(init, bench->command, "orphans", "100", NULL),
			TRACED_ORPHANS));
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
		if (fscanf(file, "%" SCNd64, &number) != 1)
			number = -1;
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
	if (fd < 0)
		return false;
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

static void add_up(const struct subject *subjects, int count, struct subject_state *ret_sum)
{
	*ret_sum = (struct subject_state){.state = '?'};
	for (int i = 0; i < count; i++) {
		struct subject_state state;

		subject_look(&subjects[i], &state);
		ret_sum->wakeups += state.wakeups;
		ret_sum->cpu_ns += state.cpu_ns;
	}
}

/* What they do when there is nothing to do. */
static void watch_idle(const struct subject *subjects, int count, unsigned int seconds,
	const char *detail, const struct init *init)
{
	struct subject_state before;
	struct subject_state after;

	add_up(subjects, count, &before);
	sleep(seconds); /* time is what is measured here */
	add_up(subjects, count, &after);
	sample("wakeups", detail, init, (double)(after.wakeups - before.wakeups));
	sample("idle_cpu_us", detail, init, (double)(after.cpu_ns - before.cpu_ns) / 1e3 / count);
}

/* In a process of its own, which is in the cgroup and ends with all that it has started. */
static void hold_many(const struct bench *bench, const struct init *init, int count,
	unsigned int seconds, const char *cgroup)
{
	struct subject *subjects = calloc((size_t)count + 1, sizeof(*subjects));
	char detail[32];
	int64_t before;

	if (subjects == NULL || (*cgroup != '\0' && !write_to(cgroup, "cgroup.procs", "0")))
		die("cannot use the cgroup %s", cgroup);
	memset(subjects, 1, ((size_t)count + 1) * sizeof(*subjects)); /* now, not while measuring */
	start(&subjects[count], bench, init, "idle", NULL, NULL);     /* what the first one costs */
	before = bytes_in_use(cgroup);
	for (int i = 0; i < count; i++) {
		start(&subjects[i], bench, init, "idle", NULL, NULL);
		subject_hang_up(&subjects[i]);
	}
	snprintf(detail, sizeof(detail), "_%d", count);
	if (*cgroup != '\0')
		sample("memory_kb", detail, init,
			(double)(bytes_in_use(cgroup) - before) / 1024 / count);
	if (*init->path != '\0' && seconds > 0)
		watch_idle(subjects, count, seconds, detail, init);
	for (int i = 0; i <= count; i++)
		subject_drop(&subjects[i]);
}

static void measure_many(const struct bench *bench, const struct init *init)
{
	const char *cgroup = getenv("BENCH_CGROUP");
	const char *seconds = getenv("BENCH_IDLE_SECONDS");
	const char *count = getenv("BENCH_MANY");
	int status;
	pid_t nursery;

	if (cgroup == NULL || seconds == NULL || count == NULL)
		die("many: BENCH_CGROUP, BENCH_IDLE_SECONDS and BENCH_MANY must be set");
	fflush(stdout);
	nursery = fork();
	if (nursery == 0) {
		hold_many(bench, init, atoi(count), (unsigned int)atoi(seconds), cgroup);
		exit(0);
	}
	if (nursery < 0 || waitpid(nursery, &status, 0) < 0 || status != 0)
		die("%s: many: failed", init->name);
}

/* --- the table --- */

struct measure {
	const char *name;
	void (*take)(const struct bench *bench, const struct init *init);
};

static const struct measure measures[] = {
	{"run", measure_run},
	{"end", measure_end},
	{"idle", measure_idle},
	{"latency", measure_latency},
	{"burst", measure_burst},
	{"flood", measure_flood},
	{"reap", measure_reap},
	{"reap_10k", measure_reap_10k},
	{"reap_100k", measure_reap_100k},
	{"reap_beside", measure_reap_beside},
	{"calls", measure_calls},
	{"many", measure_many},
};

static const struct measure *find_measure(const char *name)
{
	for (size_t i = 0; i < sizeof(measures) / sizeof(measures[0]); i++) {
		if (strcmp(measures[i].name, name) == 0)
			return &measures[i];
	}
	die("no measure is called '%s'", name);
}

static struct init parse_init(char *word)
{
	char *path = strchr(word, '=');

	if (path == NULL)
		die("NAME=PATH is wanted, not '%s'", word);
	*path = '\0';
	return (struct init){.name = word, .path = path + 1};
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
	for (int round = 0; round < bench.rounds; round++) {
		for (int i = 0; i < bench.count; i++)
			measure->take(&bench, &bench.inits[(round + i) % bench.count]);
	}
	return 0;
}

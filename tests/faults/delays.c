/*
 * Random schedules: each takes a mode of whit's, delays some of its calls, and meanwhile sends
 * signals, makes orphans and ends the command. Whatever falls into which gap, every real-time
 * signal must arrive, in order, and the status be right, no process be left unreaped, and whit must
 * end.
 *
 * usage: delays COUNT [SEED]
 * Each schedule has a seed of its own, which is printed when it fails: `delays 1 SEED` repeats it.
 */
#include "apart.h"
#include "player.h"
#include "shelter.h"
#include "tracer.h"

#include "integration/harness.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HIGHEST_SIGNAL 64
#define EVENTS_MAX     60
#define DELAYS_MAX     3
#define DELAY_US_MAX   3000
#define PAUSE_US_MAX   1000
#define WORDS_MAX      12

/* --- chance: splitmix64 --- */

static uint64_t random_next(uint64_t *state)
{
	uint64_t mixed = *state += UINT64_C(0x9e3779b97f4a7c15);

	mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
	return mixed ^ mixed >> 31;
}

static int random_below(uint64_t *state, int limit)
{
	return (int)(random_next(state) % (uint64_t)limit);
}

static bool random_one_in(uint64_t *state, int n)
{
	return random_below(state, n) == 0;
}

/* --- a schedule --- */

enum ending {
	ENDING_EXIT,   /* as it is told, with any status */
	ENDING_SIGNAL, /* of its own */
	ENDING_KILLED, /* by -k, since it does not obey */
};

enum leaving {
	LEAVING_NONE,
	LEAVING_ONE,      /* which ends on the drain's TERM, and says so */
	LEAVING_STUBBORN, /* which does not end before the drain's KILL */
};

struct event {
	int pause_us; /* before it */
	int signal;
	bool is_queued;
	int value;
};

struct schedule {
	uint64_t seed;
	enum role role;
	bool to_group;
	bool is_verbose;
	enum ending ending;
	enum leaving leaving;
	bool drains;
	bool waits_before_end; /* until all that was sent has come, and all orphans are reaped */
	enum traced traced;
	int status; /* of the exit, or the signal */
	struct event events[EVENTS_MAX];
	int event_count;
	char delays[DELAYS_MAX][64];
	int delay_count;
};

/* All that whit calls in these modes; a delay of one that does not come is none. */
static const char *const calls[] = {
	"rt_sigprocmask",
	"rt_sigaction",
	"prctl",
	"signalfd4",
	"openat",
	"clone",
	"setpgid",
	"execve",
	"close_range",
	"chdir",
	"read",
	"poll",
	"wait4",
	"kill",
	"rt_sigqueueinfo",
	"waitid",
	"readlink",
	"clock_gettime",
	"getdents64",
	"fcntl",
	"pidfd_open",
	"pidfd_send_signal",
	"close",
	"pwritev2",
	"exit_group",
};

/* The ways of the command's life that are most likely to go wrong. */
static const char *const busy_calls[] = {
	"read", "wait4", "kill", "rt_sigqueueinfo", "clone", "poll"};

static const int standard_signals[] = {
	SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH, SIGURG, SIGTSTP, SIGABRT};

static const int deadly_signals[] = {SIGKILL, SIGSEGV, SIGTERM, SIGUSR1, 40};

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static void make_delay(struct schedule *schedule, uint64_t *state)
{
	const char *call = random_one_in(state, 2)
		? busy_calls[random_below(state, COUNT(busy_calls))]
		: calls[random_below(state, COUNT(calls))];
	char when[32] = "";

	for (int i = 0; i < schedule->delay_count; i++) { /* strace keeps one a call */
		size_t length = strlen(call);

		if (strncmp(schedule->delays[i] + strlen("inject="), call, length) == 0 &&
			schedule->delays[i][strlen("inject=") + length] == ':')
			return;
	}
	if (random_one_in(state, 2))
		snprintf(when, sizeof(when), ":when=%d%s", 1 + random_below(state, 6),
			random_one_in(state, 2) ? "+" : "");
	snprintf(schedule->delays[schedule->delay_count++], sizeof(schedule->delays[0]),
		"inject=%s:delay_%s=%d%s", call, random_one_in(state, 2) ? "enter" : "exit",
		50 + random_below(state, DELAY_US_MAX), when);
}

static void make_event(struct event *event, uint64_t *state, int number)
{
	event->pause_us = random_one_in(state, 2) ? random_below(state, PAUSE_US_MAX) : 0;
	event->is_queued = false;
	event->value = number;
	if (random_one_in(state, 4)) {
		event->signal = standard_signals[random_below(state, COUNT(standard_signals))];
	} else if (random_one_in(state, 5)) {
		event->signal = PLAYER_ORPHANS;
		event->is_queued = true;
		event->value = 1 + random_below(state, 8);
	} else {
		event->signal = PLAYER_FIRST_PRINTED +
			random_below(state, PLAYER_LAST_PRINTED - PLAYER_FIRST_PRINTED + 1);
		event->is_queued = random_one_in(state, 2);
	}
}

static void make_schedule(struct schedule *schedule, uint64_t seed)
{
	uint64_t state = seed;

	memset(schedule, 0, sizeof(*schedule));
	schedule->seed = seed;
	schedule->role = random_one_in(&state, 2) ? ROLE_INIT : ROLE_SUBREAPER;
	schedule->to_group = random_one_in(&state, 3);
	schedule->is_verbose = random_one_in(&state, 4);
	schedule->ending = (enum ending)random_below(&state, 3);
	schedule->leaving = (enum leaving)random_below(&state, 3);
	/* Without a drain what is left of a subreaper's is another init's, and may be there first.
	 */
	schedule->drains = schedule->leaving != LEAVING_NONE || random_one_in(&state, 2);
	schedule->waits_before_end = schedule->ending == ENDING_KILLED ||
		(schedule->role == ROLE_SUBREAPER && !schedule->drains) || random_one_in(&state, 2);
	schedule->traced = random_one_in(&state, 4) ? TRACED_STARTED : TRACED_WHIT;
	schedule->status = schedule->ending == ENDING_SIGNAL
		? deadly_signals[random_below(&state, COUNT(deadly_signals))]
		: random_below(&state, 256);
	schedule->event_count = 1 + random_below(&state, EVENTS_MAX);
	for (int i = 0; i < schedule->event_count; i++)
		make_event(&schedule->events[i], &state, i);
	for (int i = 1 + random_below(&state, DELAYS_MAX); i > 0; i--)
		make_delay(schedule, &state);
}

/* --- playing it --- */

/* So that what is sent before whit has begun is kept. */
static void wait_with_all_blocked(void *gate)
{
	const uint64_t all = UINT64_MAX;

	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof(all));
	tracer_wait_at_gate(gate);
}

static void pass_time_us(int us)
{
	const struct timespec duration = {.tv_nsec = (long)us * 1000};

	nanosleep(&duration, NULL);
}

static void send(struct run *run, int signal, bool is_queued, int value)
{
	int sent = is_queued ? sigqueue(run->whit, signal, (union sigval){.sival_int = value})
			     : kill(run->whit, signal);

	if (sent < 0) run_fail(run, "whit has ended before its time");
}

/* How many lines stdout has that begin so. */
static int count_lines(struct run *run, const char *beginning)
{
	const char *line = run->out.text;
	int count = 0;

	run->out.text[run->out.length] = '\0';
	while (*line != '\0') {
		count += strncmp(line, beginning, strlen(beginning)) == 0;
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return count;
}

/* How many of a signal were sent: queued, or not. */
static int count_sent(const struct schedule *schedule, int signal, bool is_queued)
{
	int count = 0;

	for (int i = 0; i < schedule->event_count; i++)
		count += schedule->events[i].signal == signal &&
			schedule->events[i].is_queued == is_queued;
	return count;
}

static bool is_counted(int signal)
{
	return signal >= PLAYER_FIRST_PRINTED;
}

enum measure {
	EACH,
	AT_LEAST_ONE, /* of those that the kernel keeps one of at a time */
	PERHAPS,
};

static void check_count(struct run *run, const char *line, int sent, enum measure measure)
{
	int got = count_lines(run, line);
	int least = sent;

	if (measure == AT_LEAST_ONE)
		least = sent > 0;
	else if (measure == PERHAPS)
		least = 0;
	if (got > sent || got < least) run_fail(run, "%d sent, %d came: %s", sent, got, line);
}

/* Then what is left is killed with the command. */
static bool group_is_killed(const struct schedule *schedule)
{
	return schedule->to_group && schedule->ending == ENDING_KILLED;
}

static bool has_all_lines(struct run *run, const struct schedule *schedule)
{
	for (int signal = 1; signal <= HIGHEST_SIGNAL; signal++) {
		int plain = count_sent(schedule, signal, false);
		int queued = count_sent(schedule, signal, true);
		char line[32];

		if (signal == PLAYER_ORPHANS) {
			if (count_lines(run, "made ") < queued) return false;
			continue;
		}
		snprintf(line, sizeof(line), "got %d", signal);
		if (count_lines(run, line) < (is_counted(signal) ? plain + queued : plain > 0))
			return false;
	}
	return true;
}

/* Every queued value, in the order in which it was sent. */
static void check_values(struct run *run, const struct schedule *schedule, int signal)
{
	const char *text = run->out.text;

	for (int i = 0; i < schedule->event_count; i++) {
		const struct event *event = &schedule->events[i];
		char line[48];
		const char *found;

		if (event->signal != signal || !event->is_queued) continue;
		if (signal == PLAYER_ORPHANS)
			snprintf(line, sizeof(line), "made %d\n", event->value);
		else
			snprintf(line, sizeof(line), "got %d with %d\n", signal, event->value);
		found = strstr(text, line);
		if (found == NULL) run_fail(run, "not there, or not in order: %s", line);
		text = found + 1;
	}
}

static void check_signals(struct run *run, const struct schedule *schedule)
{
	for (int signal = 1; signal <= HIGHEST_SIGNAL; signal++) {
		char line[32];

		snprintf(line, sizeof(line), "got %d\n", signal);
		if (signal != PLAYER_ORPHANS && signal != SIGTERM)
			check_count(run, line, count_sent(schedule, signal, false),
				is_counted(signal) ? EACH : AT_LEAST_ONE);
		check_values(run, schedule, signal);
	}
	/* The KILL of -k may come before the command has had the time to say so. */
	check_count(run, "got 15\n", schedule->ending == ENDING_KILLED, PERHAPS);
	check_count(run, "left 15\n", schedule->leaving == LEAVING_ONE,
		group_is_killed(schedule) ? PERHAPS : EACH);
	if (count_lines(run, "bystander") > 0) run_fail(run, "a stranger was signalled");
}

static void check_status(struct run *run, const struct schedule *schedule)
{
	int expected = 128 + SIGKILL;
	int status;

	if (schedule->ending == ENDING_EXIT)
		expected = schedule->status;
	else if (schedule->ending == ENDING_SIGNAL)
		expected = 128 + schedule->status;
	status = WIFSIGNALED(run->wait_status) ? -1 : WEXITSTATUS(run->wait_status);
	if (status != expected)
		run_fail(run, "expected: status %d\nobserved: %d", expected, status);
}

static void check_messages(struct run *run, const struct schedule *schedule)
{
	static const char *const signs_of_trouble[] = {"cannot", "giving up"};

	run->err.text[run->err.length] = '\0';
	for (int i = 0; i < COUNT(signs_of_trouble); i++) {
		if (strstr(run->err.text, signs_of_trouble[i]) != NULL)
			run_fail(run, "an unexpected message");
	}
	if (!group_is_killed(schedule) &&
		(schedule->leaving == LEAVING_STUBBORN) !=
			(strstr(run->err.text, "killing the remaining") != NULL))
		run_fail(run, "what remains: stubborn or not, and killed or not, do not agree");
	if ((schedule->ending == ENDING_KILLED) !=
		(strstr(run->err.text, "killing the command") != NULL))
		run_fail(run, "the command: obeys or not, and killed or not, do not agree");
}

static void end_command(struct run *run, const struct schedule *schedule)
{
	if (schedule->leaving == LEAVING_ONE) send(run, PLAYER_LEAVE, false, 0);
	if (schedule->leaving == LEAVING_STUBBORN) send(run, PLAYER_LEAVE_STUBBORN, false, 0);
	switch (schedule->ending) {
	case ENDING_EXIT: send(run, PLAYER_EXIT, true, schedule->status); break;
	case ENDING_SIGNAL: send(run, PLAYER_DIE, true, schedule->status); break;
	case ENDING_KILLED:
		/* Only when those that are to be left are there. */
		while (schedule->leaving != LEAVING_NONE && count_lines(run, "leaves ") == 0)
			if (!run_read(run)) run_fail(run, "whit has ended before its time");
		send(run, SIGTERM, false, 0);
		break;
	}
}

static void make_words(const struct schedule *schedule, const char **words)
{
	if (schedule->to_group) *words++ = "-g";
	if (schedule->is_verbose) *words++ = "-vv";
	if (schedule->drains) {
		*words++ = "-d";
		*words++ = schedule->leaving == LEAVING_STUBBORN ? "0.02" : "600";
	}
	*words++ = "-k";
	*words++ = schedule->ending == ENDING_KILLED ? "0.02" : "600";
	*words++ = getenv("PLAYER");
	*words = NULL;
}

static struct tracer tracer; /* of the run that goes on; there is one in each process */

static void clean_up(void)
{
	(void)harness_clean_up(NULL);
	tracer_remove(&tracer);
}

static void play(const struct schedule *schedule)
{
	static struct run run;
	static const char *words[WORDS_MAX];
	const char *options[2 * DELAYS_MAX + 1] = {NULL};

	make_words(schedule, words);
	for (int i = 0; i < schedule->delay_count; i++) {
		options[2 * i] = "-e";
		options[2 * i + 1] = schedule->delays[i];
	}
	tracer_make(&tracer, (struct burn){NULL, 0});
	run_start(&run,
		&(struct scene){.role = schedule->role,
			.words = words,
			.bystanders = schedule->role == ROLE_SUBREAPER ? 2 : 0,
			.prepare = wait_with_all_blocked,
			.prepare_argument = tracer.gate});
	tracer_wait_until_reached(&tracer);
	tracer_attach(&tracer, run.whit, schedule->traced, options);
	for (int i = 0; i < schedule->event_count; i++) {
		const struct event *event = &schedule->events[i];

		pass_time_us(event->pause_us);
		send(&run, event->signal, event->is_queued, event->value);
	}
	if (schedule->waits_before_end) {
		while (!has_all_lines(&run, schedule)) {
			if (!run_read(&run)) run_fail(&run, "whit has ended before its time");
		}
		run_wait_children(&run, 1);
	}
	end_command(&run, schedule);
	run_wait_end(&run);
	tracer_wait(&tracer);
	check_signals(&run, schedule);
	check_status(&run, schedule);
	check_messages(&run, schedule);
}

static void print_schedule(const struct schedule *schedule)
{
	for (int i = 0; i < schedule->delay_count; i++)
		printf("%s%s\n", schedule->delays[i],
			schedule->traced == TRACED_STARTED ? ", and of the started process" : "");
	for (int i = 0; i < schedule->event_count; i++) {
		const struct event *event = &schedule->events[i];

		printf("%s%d", i == 0 ? "sent: " : " ", event->signal);
		if (event->is_queued) printf("(%d)", event->value);
	}
	printf("\n");
}

static void play_part(void *argument)
{
	struct schedule schedule;

	make_schedule(&schedule, *(const uint64_t *)argument);
	print_schedule(&schedule); /* seen only when it fails */
	fflush(stdout);
	atexit(clean_up);
	play(&schedule);
}

/* --- all of them --- */

/* Shared by the processes of the test. */
struct book {
	int count;
	uint64_t first_seed;
	atomic_int next;
	atomic_int right;
};

static void work(void *argument)
{
	struct book *book = argument;
	int messages = apart_make_messages();
	int mine;

	while ((mine = atomic_fetch_add(&book->next, 1)) < book->count) {
		uint64_t seed = book->first_seed + (uint64_t)mine;
		char title[64];

		if (apart_run(play_part, &seed, messages)) {
			atomic_fetch_add(&book->right, 1);
			continue;
		}
		snprintf(title, sizeof(title), "seed %llu", (unsigned long long)seed);
		apart_show(title, messages);
	}
}

static int test(int argc, char **argv)
{
	int count = atoi(argv[1]);
	struct book *book;
	int right;

	book = mmap(NULL, sizeof(*book), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (book == MAP_FAILED) return 2;
	book->count = count;
	book->first_seed = argc > 2 ? strtoull(argv[2], NULL, 10) : (uint64_t)time(NULL) * 1000000;
	printf("%d schedules from seed %llu on\n", count, (unsigned long long)book->first_seed);
	fflush(stdout);
	(void)apart_share_work(work, book); /* what was not done is missing in the count */
	right = atomic_load(&book->right);
	printf("%d right, %d wrong\n", right, count - right);
	return right == count ? 0 : 1;
}

int main(int argc, char **argv)
{
	if (argc < 2 || atoi(argv[1]) <= 0) {
		fprintf(stderr, "usage: %s COUNT [SEED]\n", argv[0]);
		return 2;
	}
	return tracer_is_there() ? shelter_run(test, argc, argv) : 1;
}

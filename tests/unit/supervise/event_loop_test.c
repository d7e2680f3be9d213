#include "supervise/event_loop.h"

#include "unit/support.h"

#include <fcntl.h>

/* As event_loop.c has it. */
#define ERROR_PAUSE_MS 100

#define REALTIME 40

static const struct deadline none = {.is_set = false};
static const struct deadline past = {.is_set = true};
static const struct deadline far = {.is_set = true, .at_ms = INT64_MAX};

static struct signalfd_siginfo records[EVENT_LOOP_BATCH];

/* Every test runs in a child. All is blocked there but what the watchdog ends it with. */
static struct event_loop begin(struct complaint *complaint)
{
	struct signal_set mask = every_signal();
	struct event_loop loop;
	int fd = signal_set_open_all();

	mask.words[0] &= ~(1UL << (SIGALRM - 1));
	mask_set_raw(&mask);
	if (fd < 0) complain(complaint, "signalfd: %s", strerror(errno));
	event_loop_init(&loop, fd);
	return loop;
}

/* A descriptor that reads as a pidfd does: when end_process has been called. */
static int start_process(int *ret_process)
{
	int ends[2] = {-1, -1};

	(void)pipe(ends);
	*ret_process = ends[1];
	return ends[0];
}

static void end_process(int process)
{
	(void)close(process);
}

static void expect_count(struct complaint *complaint, const char *what, struct event_loop *loop,
	const struct deadline *deadline, size_t expected)
{
	size_t count = event_loop_wait(loop, deadline, records);

	if (count != expected)
		complain(
			complaint, "%s: expected %zu records, observed %zu", what, expected, count);
}

static void read_in_child(struct complaint *complaint, const void *deadline)
{
	struct event_loop loop = begin(complaint);

	(void)kill(getpid(), SIGTERM);
	(void)kill(getpid(), SIGHUP);
	expect_count(complaint, "HUP and TERM", &loop, deadline, 2);
	if (records[0].ssi_signo != SIGHUP || records[1].ssi_signo != SIGTERM)
		complain(complaint, "observed %u and %u", records[0].ssi_signo,
			records[1].ssi_signo);
	for (int i = 0; i < EVENT_LOOP_BATCH + 1; i++)
		(void)kill(getpid(), REALTIME);
	expect_count(complaint, "a batch", &loop, deadline, EVENT_LOOP_BATCH);
	expect_count(complaint, "what did not fit", &loop, deadline, 1);
	if (records[0].ssi_signo != REALTIME)
		complain(complaint, "observed %u", records[0].ssi_signo);
}

static void signals_are_read_lowest_first_up_to_a_batch_whatever_the_deadline(void **state)
{
	(void)state;
	run_in_child("no deadline", read_in_child, &none);
	run_in_child("a deadline long past", read_in_child, &past);
	run_in_child("a deadline that does not come", read_in_child, &far);
}

static void reach_deadline_in_child(struct complaint *complaint, const void *unused)
{
	struct event_loop loop = begin(complaint);
	struct deadline soon = deadline_after(clock_now_ms(), 10);

	(void)unused;
	expect_count(complaint, "a deadline", &loop, &soon, 0);
	if (!deadline_has_come(&soon, clock_now_ms()))
		complain(complaint, "the wait was over before the deadline had come");
	expect_count(complaint, "a deadline long past", &loop, &past, 0);
}

static void the_wait_ends_with_the_deadline(void **state)
{
	(void)state;
	run_in_child("no signal", reach_deadline_in_child, NULL);
}

static const struct watch {
	const char *name;
	const struct deadline *deadline;
	bool has_parent;
} watches[] = {
	{"no deadline and a parent", &none, true},
	{"no deadline and no parent", &none, false},
	{"a deadline", &far, true},
};

static void watch_in_child(struct complaint *complaint, const void *argument)
{
	const struct watch *watch = argument;
	struct event_loop loop = begin(complaint);
	struct pollfd *watched[1 + EVENT_LOOP_JOINED];
	int processes[COUNT(watched)];

	watched[0] = &loop.fds[EVENT_LOOP_PARENT];
	for (size_t i = 1; i < COUNT(watched); i++)
		watched[i] = &loop.fds[EVENT_LOOP_FIRST_JOINED + i - 1];
	for (size_t i = 0; i < COUNT(watched); i++)
		*watched[i] = (struct pollfd){.fd = start_process(&processes[i]), .events = POLLIN};
	loop.joined_count = EVENT_LOOP_JOINED;
	if (!watch->has_parent) watched[0]->fd = -1;
	for (size_t ended = watch->has_parent ? 0 : 1; ended < COUNT(watched); ended++) {
		end_process(processes[ended]);
		expect_count(complaint, "the end of a process", &loop, watch->deadline, 0);
		for (size_t i = 0; i < COUNT(watched); i++) {
			if (watched[i]->fd >= 0 && (watched[i]->revents != 0) != (i <= ended))
				complain(complaint, "%zu have ended: expected process %zu %s",
					ended + 1, i, i <= ended ? "ended" : "not ended");
		}
	}
	(void)kill(getpid(), SIGTERM);
	expect_count(complaint, "a signal beside the ends", &loop, watch->deadline, 1);
}

static void the_wait_ends_with_each_process_that_is_watched(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(watches); i++)
		run_in_child(watches[i].name, watch_in_child, &watches[i]);
}

static bool waits_in_read(const struct event_loop *loop)
{
	return (fcntl(loop->fds[EVENT_LOOP_SIGNALS].fd, F_GETFL) & O_NONBLOCK) == 0;
}

/* What poll has seen may be gone by the read. */
static void choose_in_child(struct complaint *complaint, const void *unused)
{
	struct event_loop loop = begin(complaint);
	int process;

	(void)unused;
	for (int round = 0; round < 2; round++) {
		(void)kill(getpid(), SIGTERM);
		expect_count(complaint, "no deadline", &loop, &none, 1);
		if (!waits_in_read(&loop))
			complain(complaint, "no deadline: expected a read that waits");
		expect_count(complaint, "a deadline", &loop, &past, 0);
		if (waits_in_read(&loop))
			complain(complaint, "a deadline: expected a read that does not wait");
		loop.fds[EVENT_LOOP_PARENT].fd = start_process(&process);
		end_process(process);
		expect_count(complaint, "a parent", &loop, &none, 0);
		if (waits_in_read(&loop))
			complain(complaint, "a parent: expected a read that does not wait");
		loop.fds[EVENT_LOOP_PARENT].fd = -1;
	}
}

static void the_read_waits_only_where_nothing_is_polled(void **state)
{
	(void)state;
	run_in_child("both, by turns", choose_in_child, NULL);
}

/* Some machines have only the newer of the two. */
static const long poll_numbers[] = {
	SYS_ppoll,
#ifdef SYS_poll
	SYS_poll,
#endif
};

static void read_without_poll_in_child(struct complaint *complaint, const void *unused)
{
	struct event_loop loop = begin(complaint);
	int process;

	(void)unused;
	loop.fds[EVENT_LOOP_PARENT].fd = start_process(&process);
	end_process(process);
	expect_count(complaint, "a parent", &loop, &none, 0);
	(void)kill(getpid(), SIGTERM);
	if (!refuse_system_calls(poll_numbers, COUNT(poll_numbers), EPERM))
		complain(complaint, "seccomp: %s", strerror(errno));
	expect_count(complaint, "a call that is refused", &loop, &far, 0);
	if (loop.fds[EVENT_LOOP_PARENT].revents != 0)
		complain(complaint, "a call that is refused tells of an end");
	loop.fds[EVENT_LOOP_PARENT].fd = -1;
	expect_count(complaint, "no call", &loop, &none, 1);
}

static void without_a_deadline_or_process_there_is_one_call_a_batch(void **state)
{
	(void)state;
	if (!can_refuse_system_calls()) {
		print_message("skipped: this sandbox has no seccomp filters\n");
		skip();
	}
	run_in_child("poll is refused", read_without_poll_in_child, NULL);
}

static void fail_in_child(struct complaint *complaint, const void *unused)
{
	struct event_loop loop = begin(complaint);
	int64_t before_ms = clock_now_ms();

	(void)unused;
	(void)close(loop.fds[EVENT_LOOP_SIGNALS].fd);
	expect_count(complaint, "a closed descriptor", &loop, &none, 0);
	/* Of the two points in time the parts of a millisecond are missing. */
	if (clock_now_ms() - before_ms < ERROR_PAUSE_MS - 1)
		complain(complaint, "no pause after a failure");
}

static void after_a_failed_read_there_is_a_pause(void **state)
{
	(void)state;
	run_in_child("EBADF", fail_in_child, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signals_are_read_lowest_first_up_to_a_batch_whatever_the_deadline),
		cmocka_unit_test(the_wait_ends_with_the_deadline),
		cmocka_unit_test(the_wait_ends_with_each_process_that_is_watched),
		cmocka_unit_test(the_read_waits_only_where_nothing_is_polled),
		cmocka_unit_test(without_a_deadline_or_process_there_is_one_call_a_batch),
		cmocka_unit_test(after_a_failed_read_there_is_a_pause),
	};

	return cmocka_run_group_tests_name("supervise/event_loop", tests, NULL, NULL);
}

#include "supervise/event_loop.h"

#include "unit/failing_call.h"
#include "unit/support.h"

#include <fcntl.h>

/* Some machines have only the newer of the two. */
#ifdef SYS_poll
#define POLL_NUMBER SYS_poll
#else
#define POLL_NUMBER SYS_ppoll
#endif

/* As event_loop.c has them. */
#define FLOOD_BATCHES  8
#define ERROR_PAUSE_MS 100

/* Of two floods, the one that is read first. */
#define FLOOD       40
#define OTHER_FLOOD 41

/* More than fills the batches that make a flood, and not in whole batches. */
#define FLOOD_COUNT (FLOOD_BATCHES * EVENT_LOOP_BATCH + 2 * EVENT_LOOP_BATCH + 5)

static const struct deadline none = {.is_set = false};
static const struct deadline past = {.is_set = true};
static const struct deadline far = {.is_set = true, .at_ms = INT64_MAX};

/* Every test runs in a child. All is blocked there but what the watchdog ends it with. */
static struct event_loop begin(struct complaint *complaint)
{
	struct event_loop loop = {.signal_fd = signal_set_open_all()};
	struct signal_set mask = {{0}};

	for (int signal = 1; signal <= SIGNAL_MAX; signal++) {
		if (signal != SIGALRM)
			signal_set_add(&mask, signal);
	}
	mask_set_raw(&mask);
	if (loop.signal_fd < 0)
		complain(complaint, "signalfd: %s", strerror(errno));
	return loop;
}

static void send_to_process(struct complaint *complaint, int signal)
{
	if (kill(getpid(), signal) != 0)
		complain(complaint, "kill: %s", strerror(errno));
}

/* To the thread that reads: it gets that before all that is sent to the process. */
static void flood_thread(struct complaint *complaint, int signal, int count)
{
	for (int sent = 0; sent < count; sent++) {
		if (syscall(SYS_tgkill, getpid(), getpid(), signal) != 0)
			complain(complaint, "tgkill: %s", strerror(errno));
	}
}

static void expect_batch(struct complaint *complaint, const char *what, struct event_loop *loop,
	const struct deadline *deadline, int signal, size_t count)
{
	struct event_batch batch = {.count = EVENT_LOOP_BATCH + 1};

	if (complaint->text[0] != '\0') /* this might wait for what does not come then */
		return;
	event_loop_wait(loop, deadline, &batch);
	if (batch.count != count) {
		complain(complaint, "%s: expected %zu records, observed %zu", what, count,
			batch.count);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if ((int)batch.records[i].ssi_signo != signal)
			complain(complaint, "%s: expected signal %d, observed %d", what, signal,
				(int)batch.records[i].ssi_signo);
	}
}

/* Else each wait would be over at once, for ever. */
static void expect_nothing_left_out(struct complaint *complaint, const struct event_loop *loop)
{
	if (loop->has_left_out)
		complain(complaint, "something is left out though all has been read");
}

/* One in a process. What it answers by has to last as long as that. */
static struct failing_call *start_failing(struct complaint *complaint, struct failing_call call)
{
	static struct failing_call started;

	started = call;
	if (!failing_call_start(&started))
		complain(complaint, "seccomp: %s", strerror(errno));
	return &started;
}

/* Who polls dies of SIGSYS from now on: a wait that no clock has to tell from none. */
static void forbid_poll(struct complaint *complaint)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)POLL_NUMBER, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {.len = COUNT(filter), .filter = filter};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) != 0 ||
		prctl(PR_SET_SECCOMP, (unsigned long)SECCOMP_MODE_FILTER, &program, 0UL, 0UL) != 0)
		complain(complaint, "seccomp: %s", strerror(errno));
}

/* --- signals and time --- */

static void read_what_is_there(struct complaint *complaint, const void *argument)
{
	struct event_loop loop = begin(complaint);

	(void)argument;
	send_to_process(complaint, SIGTERM);
	expect_batch(complaint, "without a deadline", &loop, &none, SIGTERM, 1);
	send_to_process(complaint, SIGHUP);
	expect_batch(complaint, "before the deadline", &loop, &far, SIGHUP, 1);
	send_to_process(complaint, SIGINT);
	expect_batch(complaint, "after the deadline", &loop, &past, SIGINT, 1);
}

static void what_is_there_is_read_whatever_the_deadline(void **state)
{
	(void)state;
	run_in_child("one signal", read_what_is_there, NULL);
}

static void read_without_deadline(struct complaint *complaint, const void *argument)
{
	struct event_loop loop = begin(complaint);

	(void)argument;
	forbid_poll(complaint);
	send_to_process(complaint, SIGTERM);
	expect_batch(complaint, "the signal", &loop, &none, SIGTERM, 1);
}

static void without_a_deadline_there_is_one_call_a_batch(void **state)
{
	(void)state;
	if (!can_refuse_system_calls()) {
		print_message("skipped: this sandbox has no seccomp filters\n");
		skip();
	}
	run_in_child("poll ends the process", read_without_deadline, NULL);
}

static void fill_batches(struct complaint *complaint, const void *argument)
{
	struct event_loop loop = begin(complaint);

	(void)argument;
	flood_thread(complaint, FLOOD, EVENT_LOOP_BATCH + 1);
	expect_batch(complaint, "the first", &loop, &none, FLOOD, EVENT_LOOP_BATCH);
	expect_batch(complaint, "the second", &loop, &none, FLOOD, 1);
}

static void a_batch_takes_so_many_and_the_next_the_rest(void **state)
{
	(void)state;
	run_in_child("one more than fills it", fill_batches, NULL);
}

static void wait_for_deadline(struct complaint *complaint, const void *argument)
{
	struct event_loop loop = begin(complaint);
	struct deadline soon = deadline_after(clock_now_ms(), 10);

	(void)argument;
	expect_batch(complaint, "a deadline", &loop, &soon, 0, 0);
	if (!deadline_has_come(&soon, clock_now_ms()))
		complain(complaint, "the wait was over before the deadline had come");
	expect_batch(complaint, "a deadline long past", &loop, &past, 0, 0);
	expect_nothing_left_out(complaint, &loop);
}

static void the_wait_ends_with_the_deadline(void **state)
{
	(void)state;
	run_in_child("no signal", wait_for_deadline, NULL);
}

/* In the other thread, which is as good a reader of what was sent to the process. */
static void take_term_away(void *unused)
{
	sigset_t term;

	(void)unused;
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	(void)sigwaitinfo(&term, NULL);
}

static void lose_what_poll_has_seen(struct complaint *complaint, const void *argument)
{
	struct event_loop loop = begin(complaint);

	(void)argument;
	start_failing(complaint,
		(struct failing_call){.number = SYS_read,
			.first_argument = loop.signal_fd,
			.failures = 1,
			.error = EINTR,
			.before_failure = take_term_away});
	send_to_process(complaint, SIGTERM);
	expect_batch(complaint, "a signal that goes", &loop, &far, 0, 0);
}

static void what_poll_has_seen_may_be_gone_by_the_read(void **state)
{
	(void)state;
	if (can_have_failing_call())
		run_in_child("taken away in between", lose_what_poll_has_seen, NULL);
}

static void send_usr1(void *unused)
{
	(void)unused;
	(void)kill(getpid(), SIGUSR1);
}

/* The descriptor does not block from the first deadline on. The signal is sent when whit polls. */
static void wait_after_deadline(struct complaint *complaint, const void *argument)
{
	struct event_loop loop = begin(complaint);

	(void)argument;
	start_failing(complaint,
		(struct failing_call){.number = POLL_NUMBER,
			.first_argument = ANY_ARGUMENT,
			.passes = 1,
			.failures = 1,
			.error = EINTR,
			.before_failure = send_usr1});
	expect_batch(complaint, "with a deadline", &loop, &past, 0, 0);
	expect_batch(complaint, "without one", &loop, &none, SIGUSR1, 1);
}

static void without_a_deadline_it_waits_also_when_there_has_been_one(void **state)
{
	(void)state;
	if (can_have_failing_call())
		run_in_child("nothing is there at first", wait_after_deadline, NULL);
}

/* --- a read that fails --- */

static void interrupt_read(struct complaint *complaint, const void *argument)
{
	struct event_loop loop = begin(complaint);

	(void)argument;
	forbid_poll(complaint);
	start_failing(complaint,
		(struct failing_call){.number = SYS_read,
			.first_argument = loop.signal_fd,
			.failures = 1,
			.error = EINTR});
	send_to_process(complaint, SIGTERM);
	expect_batch(complaint, "the signal", &loop, &none, SIGTERM, 1);
}

static void an_interrupted_read_is_done_again_at_once(void **state)
{
	(void)state;
	if (can_have_failing_call())
		run_in_child("EINTR once", interrupt_read, NULL);
}

static void fail_to_read(struct complaint *complaint, const void *argument)
{
	struct event_loop loop = begin(complaint);
	const struct failing_call *reading;
	int64_t before_ms = clock_now_ms();

	(void)argument;
	reading = start_failing(complaint,
		(struct failing_call){.number = SYS_read,
			.first_argument = loop.signal_fd,
			.failures = 2,
			.error = EIO});
	send_to_process(complaint, SIGTERM);
	expect_batch(complaint, "the first failure", &loop, &none, 0, 0);
	if (reading->failures != 1)
		complain(complaint, "expected one read before it gives up, observed %d",
			2 - reading->failures);
	expect_batch(complaint, "the second failure", &loop, &far, 0, 0);
	/* poll waits no less; of the two points in time the parts of a millisecond are missing. */
	if (clock_now_ms() - before_ms < 2 * ERROR_PAUSE_MS - 1)
		complain(complaint, "no pause after a failure");
	expect_batch(complaint, "when it works again", &loop, &none, SIGTERM, 1);
}

static void after_a_failed_read_there_is_a_pause_and_nothing_is_lost(void **state)
{
	(void)state;
	if (can_have_failing_call())
		run_in_child("EIO twice", fail_to_read, NULL);
}

/* --- floods --- */

static void read_full_batches(
	struct complaint *complaint, struct event_loop *loop, int signal, int batches)
{
	for (int batch = 1; batch <= batches; batch++) {
		char what[32];

		(void)snprintf(what, sizeof(what), "full batch %d", batch);
		expect_batch(complaint, what, loop, &none, signal, EVENT_LOOP_BATCH);
	}
}

/* What a flood leaves for after the batches that make it one. */
static void read_rest(struct complaint *complaint, struct event_loop *loop, int signal)
{
	int rest = FLOOD_COUNT - FLOOD_BATCHES * EVENT_LOOP_BATCH;

	read_full_batches(complaint, loop, signal, rest / EVENT_LOOP_BATCH);
	expect_batch(complaint, "the last of the flood", loop, &none, signal,
		(size_t)(rest % EVENT_LOOP_BATCH));
	expect_batch(complaint, "after the flood", loop, &past, 0, 0);
	expect_nothing_left_out(complaint, loop);
}

static void flood_beside_another(struct complaint *complaint, const void *argument)
{
	struct event_loop loop = begin(complaint);

	(void)argument;
	flood_thread(complaint, FLOOD, FLOOD_COUNT);
	send_to_process(complaint, SIGUSR1);
	read_full_batches(complaint, &loop, FLOOD, FLOOD_BATCHES);
	expect_batch(complaint, "after the eighth", &loop, &none, SIGUSR1, 1);
	expect_nothing_left_out(complaint, &loop);
	read_rest(complaint, &loop, FLOOD);
}

static void another_signal_is_read_after_eight_batches_of_a_flood(void **state)
{
	(void)state;
	run_in_child("USR1 behind a flood", flood_beside_another, NULL);
}

static void flood_alone(struct complaint *complaint, const void *argument)
{
	struct event_loop loop = begin(complaint);

	(void)argument;
	flood_thread(complaint, FLOOD, FLOOD_COUNT);
	read_full_batches(complaint, &loop, FLOOD, FLOOD_BATCHES);
	expect_batch(complaint, "a look for others", &loop, &none, 0, 0);
	expect_nothing_left_out(complaint, &loop);
	read_rest(complaint, &loop, FLOOD);
}

static void a_flood_that_holds_up_nobody_goes_on(void **state)
{
	(void)state;
	run_in_child("no other signal", flood_alone, NULL);
}

/* The second is left out with its first batch, since the flood has not been interrupted. */
static void two_floods(struct complaint *complaint, const void *argument)
{
	struct event_loop loop = begin(complaint);

	(void)argument;
	flood_thread(complaint, FLOOD, FLOOD_BATCHES * EVENT_LOOP_BATCH);
	flood_thread(complaint, OTHER_FLOOD, EVENT_LOOP_BATCH + 1);
	send_to_process(complaint, SIGUSR1);
	read_full_batches(complaint, &loop, FLOOD, FLOOD_BATCHES);
	read_full_batches(complaint, &loop, OTHER_FLOOD, 1);
	expect_batch(complaint, "after both", &loop, &none, SIGUSR1, 1);
	expect_batch(complaint, "the last of the other flood", &loop, &none, OTHER_FLOOD, 1);
	expect_nothing_left_out(complaint, &loop);
}

static void of_two_floods_neither_holds_up_another_signal(void **state)
{
	(void)state;
	run_in_child("USR1 behind two floods", two_floods, NULL);
}

static void two_bursts(struct complaint *complaint, const void *argument)
{
	struct event_loop loop = begin(complaint);

	(void)argument;
	flood_thread(complaint, FLOOD, (FLOOD_BATCHES - 1) * EVENT_LOOP_BATCH + 1);
	read_full_batches(complaint, &loop, FLOOD, FLOOD_BATCHES - 1);
	expect_batch(complaint, "the end of the first burst", &loop, &none, FLOOD, 1);
	flood_thread(complaint, FLOOD, FLOOD_COUNT);
	send_to_process(complaint, SIGUSR1);
	read_full_batches(complaint, &loop, FLOOD, FLOOD_BATCHES);
	expect_batch(complaint, "after the eighth", &loop, &none, SIGUSR1, 1);
	read_rest(complaint, &loop, FLOOD);
}

static void batches_of_two_bursts_do_not_add_up(void **state)
{
	(void)state;
	run_in_child("one batch less than a flood, then a flood", two_bursts, NULL);
}

static void fail_to_leave_out(struct complaint *complaint, const void *argument)
{
	struct event_loop loop = begin(complaint);

	(void)argument;
	start_failing(complaint,
		(struct failing_call){.number = SYS_signalfd4,
			.first_argument = loop.signal_fd,
			.failures = 1,
			.error = ENOMEM});
	flood_thread(complaint, FLOOD, FLOOD_COUNT + EVENT_LOOP_BATCH);
	send_to_process(complaint, SIGUSR1);
	read_full_batches(complaint, &loop, FLOOD, FLOOD_BATCHES);
	expect_nothing_left_out(complaint, &loop);
	read_full_batches(complaint, &loop, FLOOD, 1);
	expect_batch(complaint, "after the ninth", &loop, &none, SIGUSR1, 1);
	read_rest(complaint, &loop, FLOOD);
}

/* What was left out before is not forgotten. */
static void fail_to_leave_out_more(struct complaint *complaint, const void *argument)
{
	struct event_loop loop = begin(complaint);

	(void)argument;
	start_failing(complaint,
		(struct failing_call){.number = SYS_signalfd4,
			.first_argument = loop.signal_fd,
			.passes = 1,
			.failures = 1,
			.error = ENOMEM});
	flood_thread(complaint, FLOOD, FLOOD_COUNT);
	flood_thread(complaint, OTHER_FLOOD, EVENT_LOOP_BATCH);
	read_full_batches(complaint, &loop, FLOOD, FLOOD_BATCHES);
	read_full_batches(complaint, &loop, OTHER_FLOOD, 1);
	expect_batch(complaint, "without the first flood still", &loop, &none, 0, 0);
	read_rest(complaint, &loop, FLOOD);
}

static void fail_to_read_all_again(struct complaint *complaint, const void *argument)
{
	struct event_loop loop = begin(complaint);

	(void)argument;
	start_failing(complaint,
		(struct failing_call){.number = SYS_signalfd4,
			.first_argument = loop.signal_fd,
			.passes = 1,
			.failures = 1,
			.error = ENOMEM});
	flood_thread(complaint, FLOOD, FLOOD_COUNT);
	send_to_process(complaint, SIGUSR1);
	read_full_batches(complaint, &loop, FLOOD, FLOOD_BATCHES);
	expect_batch(complaint, "after the eighth", &loop, &none, SIGUSR1, 1);
	expect_batch(complaint, "without the flood still", &loop, &none, 0, 0);
	read_rest(complaint, &loop, FLOOD);
}

static void what_fails_in_a_flood_is_tried_again(void **state)
{
	(void)state;
	if (!can_have_failing_call())
		return;
	run_in_child("leaving the flood out", fail_to_leave_out, NULL);
	run_in_child("leaving another out too", fail_to_leave_out_more, NULL);
	run_in_child("reading all again", fail_to_read_all_again, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_there_is_read_whatever_the_deadline),
		cmocka_unit_test(without_a_deadline_there_is_one_call_a_batch),
		cmocka_unit_test(a_batch_takes_so_many_and_the_next_the_rest),
		cmocka_unit_test(the_wait_ends_with_the_deadline),
		cmocka_unit_test(what_poll_has_seen_may_be_gone_by_the_read),
		cmocka_unit_test(without_a_deadline_it_waits_also_when_there_has_been_one),
		cmocka_unit_test(an_interrupted_read_is_done_again_at_once),
		cmocka_unit_test(after_a_failed_read_there_is_a_pause_and_nothing_is_lost),
		cmocka_unit_test(another_signal_is_read_after_eight_batches_of_a_flood),
		cmocka_unit_test(a_flood_that_holds_up_nobody_goes_on),
		cmocka_unit_test(of_two_floods_neither_holds_up_another_signal),
		cmocka_unit_test(batches_of_two_bursts_do_not_add_up),
		cmocka_unit_test(what_fails_in_a_flood_is_tried_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

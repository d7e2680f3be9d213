#include "supervise/process.h"

#include "unit/namespace.h"
#include "unit/support.h"

#include <fcntl.h>

/* The depth at which a descendant is found, whose child is not: a child of the ancestor is at 1. */
#define DEEPEST 257

/* Room for the longest chain. */
#define SEATS (DEEPEST + 10)

/* Every test runs as a subreaper, as whit does, beside the PID 1 of a namespace of its own. */
static void expect_beside_init(
	void (*body)(struct complaint *complaint, const void *argument), const void *argument)
{
	if (!can_have_namespace())
		skip();
	run_in_namespace("beside PID 1", NAMESPACE_PLACE_NOT_INIT, body, argument);
}

static void become_subreaper(struct complaint *complaint)
{
	if (prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0UL, 0UL, 0UL) != 0)
		complain(complaint, "PR_SET_CHILD_SUBREAPER: %s", strerror(errno));
}

/* Processes that say their pids in shared memory, and in a pipe that they are there. */
struct family {
	pid_t *pids;
	int ends[2];
};

static struct family start_family(struct complaint *complaint)
{
	struct family family = {.pids = shared_memory(SEATS * sizeof(pid_t))};

	if (pipe(family.ends) != 0)
		complain(complaint, "pipe: %s", strerror(errno));
	return family;
}

_Noreturn static void be_there(const struct family *family, size_t who)
{
	family->pids[who] = getpid();
	if (write(family->ends[1], "x", 1) != 1)
		_exit(1);
	for (;;)
		(void)pause();
}

static void wait_for_family(struct complaint *complaint, const struct family *family, size_t count)
{
	char byte;

	for (size_t i = 0; i < count; i++) {
		if (read(family->ends[0], &byte, 1) != 1)
			complain(complaint, "read: %s", strerror(errno));
	}
}

static pid_t start_process(struct complaint *complaint, const struct family *family, size_t who)
{
	pid_t pid = fork();

	if (pid < 0)
		complain(complaint, "fork: %s", strerror(errno));
	if (pid == 0)
		be_there(family, who);
	return pid;
}

static void kill_and_reap(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

/* Until it is one, and still there to be looked at. */
static void wait_for_zombie(struct complaint *complaint, pid_t pid)
{
	siginfo_t unused;

	if (waitid(P_PID, (id_t)pid, &unused, WEXITED | WNOWAIT) != 0)
		complain(complaint, "waitid: %s", strerror(errno));
}

static void hide_proc(struct complaint *complaint)
{
	if (mount("none", "/proc", "tmpfs", 0, NULL) != 0)
		complain(complaint, "a tmpfs on /proc: %s", strerror(errno));
}

/* After hide_proc, what was there before the namespace's own. */
static void show_proc_of_others(struct complaint *complaint)
{
	if (umount2("/proc", MNT_DETACH) != 0 || umount2("/proc", MNT_DETACH) != 0)
		complain(complaint, "umount: %s", strerror(errno));
}

/* --- names --- */

/* The kernel keeps fifteen bytes of a name, of any kind but NUL. */
static const char *const names[] = {"plain", "", " ", "(", ")", "(a) b)", ") S 1 (", "a) R 1 1 1",
	"two words", "\t", "\x01\x7f\xff", "fifteen bytes x", "a\nb", "\n", "\na", "a\n",
	"\n\n)\n"};

static void name_in_namespace(struct complaint *complaint, const void *argument)
{
	const char *expected = argument;
	struct family family = start_family(complaint);
	char observed[PROCESS_NAME_SIZE];
	pid_t pid;

	become_subreaper(complaint);
	pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_NAME, expected);
		be_there(&family, 0);
	}
	wait_for_family(complaint, &family, 1);
	process_name(pid, observed);
	if (strcmp(expected, observed) != 0)
		complain(complaint, "expected \"%s\", observed \"%s\"", expected, observed);
	if (!process_is_child(pid, getpid()) || !process_is_descendant(pid, getpid()))
		complain(complaint, "'%s' is not taken for a child", expected);
	if (process_is_child(pid, 1) || process_is_descendant(pid, pid))
		complain(complaint, "'%s' is taken for somebody else's child", expected);
	(void)kill(pid, SIGKILL);
	wait_for_zombie(complaint, pid);
	memset(observed, 'x', sizeof(observed));
	process_name(pid, observed);
	if (strcmp(expected, observed) != 0)
		complain(complaint, "as a zombie: expected \"%s\", observed \"%s\"", expected,
			observed);
}

static void a_name_without_newlines_is_the_whole_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		if (strchr(names[i], '\n') == NULL)
			expect_beside_init(name_in_namespace, names[i]);
	}
}

static void a_name_with_newlines_is_the_whole_name_too(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		if (strchr(names[i], '\n') != NULL)
			expect_beside_init(name_in_namespace, names[i]);
	}
}

static void expect_no_name(struct complaint *complaint, const char *what, pid_t pid)
{
	char name[PROCESS_NAME_SIZE] = "untouched";

	process_name(pid, name);
	if (strcmp(name, "?") != 0)
		complain(complaint, "%s: expected \"?\", observed \"%s\"", what, name);
}

static void no_name_in_namespace(struct complaint *complaint, const void *argument)
{
	struct family family = start_family(complaint);
	pid_t pid = start_process(complaint, &family, 0);

	(void)argument;
	wait_for_family(complaint, &family, 1);
	kill_and_reap(pid);
	expect_no_name(complaint, "one who was reaped", pid);
	hide_proc(complaint);
	expect_no_name(complaint, "without /proc", getpid());
	show_proc_of_others(complaint);
	expect_no_name(complaint, "with the /proc of another namespace", getpid());
}

static void who_was_reaped_and_who_cannot_be_seen_is_a_question_mark(void **state)
{
	(void)state;
	expect_beside_init(no_name_in_namespace, NULL);
}

/* Its file may be descriptor 0 then. */
static void name_without_stdin(struct complaint *complaint, const void *argument)
{
	char name[PROCESS_NAME_SIZE];

	(void)argument;
	(void)prctl(PR_SET_NAME, "whit");
	(void)close(STDIN_FILENO);
	process_name(getpid(), name);
	if (strcmp(name, "whit") != 0)
		complain(complaint, "expected \"whit\", observed \"%s\"", name);
	if (!process_is_child(getpid(), getppid()))
		complain(complaint, "expected to be the child of our parent");
	if (fcntl(STDIN_FILENO, F_GETFD) >= 0)
		complain(complaint, "a descriptor that was 0 has been left open");
}

static void with_stdin_closed_a_process_is_known_all_the_same(void **state)
{
	(void)state;
	expect_beside_init(name_without_stdin, NULL);
}

/* --- kinship --- */

enum who {
	WHO_CHILD,
	WHO_GRANDCHILD,
	WHO_SESSION, /* a grandchild in a session of its own */
	WHO_OTHER_CHILD,
	WHO_ORPHAN, /* came to us when its parent, our child, ended */
	WHO_ZOMBIE,
	WHO_ZOMBIE_GRANDCHILD,
	WHO_STRANGER, /* a child of PID 1, as we are */
	WHO_STRANGERS_CHILD,
	WHO_STRANGER_IN_OUR_GROUP,
};

#define WHO_COUNT (WHO_STRANGER_IN_OUR_GROUP + 1)

struct kin {
	const char *name;
	pid_t parent; /* filled in by the test: 0 is ourselves */
	bool is_child;
	bool is_descendant;
};

static const struct kin kin[WHO_COUNT] = {
	[WHO_CHILD] = {"a child", 0, true, true},
	[WHO_GRANDCHILD] = {"a grandchild", 0, false, true},
	[WHO_SESSION] = {"a grandchild in its own session", 0, false, true},
	[WHO_OTHER_CHILD] = {"another child", 0, true, true},
	[WHO_ORPHAN] = {"an orphan", 0, true, true},
	[WHO_ZOMBIE] = {"a zombie", 0, true, true},
	[WHO_ZOMBIE_GRANDCHILD] = {"a grandchild that is a zombie", 0, false, true},
	[WHO_STRANGER] = {"a stranger", 0, false, false},
	[WHO_STRANGERS_CHILD] = {"a stranger's child", 0, false, false},
	[WHO_STRANGER_IN_OUR_GROUP] = {"a stranger in our group", 0, false, false},
};

_Noreturn static void be_child(struct complaint *complaint, const struct family *family)
{
	pid_t zombie;

	(void)start_process(complaint, family, WHO_GRANDCHILD);
	if (fork() == 0) {
		(void)setsid();
		be_there(family, WHO_SESSION);
	}
	zombie = fork();
	if (zombie == 0)
		_exit(0);
	wait_for_zombie(complaint, zombie);
	family->pids[WHO_ZOMBIE_GRANDCHILD] = zombie;
	be_there(family, WHO_CHILD);
}

/* Whoever is started so has its starter's reaper for a parent. */
static void start_orphan(
	struct complaint *complaint, const struct family *family, size_t who, bool with_child)
{
	pid_t starter = fork();

	if (starter == 0) {
		if (fork() == 0) {
			if (with_child)
				(void)start_process(complaint, family, who + 1);
			be_there(family, who);
		}
		_exit(0);
	}
	(void)waitpid(starter, NULL, 0);
}

static void start_everybody(struct complaint *complaint, const struct family *family)
{
	pid_t pid;

	start_orphan(complaint, family, WHO_STRANGER, true);
	start_orphan(complaint, family, WHO_STRANGER_IN_OUR_GROUP, false);
	become_subreaper(complaint);
	start_orphan(complaint, family, WHO_ORPHAN, false);
	pid = fork();
	if (pid == 0)
		be_child(complaint, family);
	(void)start_process(complaint, family, WHO_OTHER_CHILD);
	pid = fork();
	if (pid == 0)
		_exit(0);
	wait_for_zombie(complaint, pid);
	family->pids[WHO_ZOMBIE] = pid;
	wait_for_family(complaint, family, WHO_COUNT - 2); /* zombies say nothing */
}

static void kinship_in_namespace(struct complaint *complaint, const void *argument)
{
	struct family family = start_family(complaint);
	pid_t self = getpid();

	(void)argument;
	start_everybody(complaint, &family);
	for (int who = 0; who < WHO_COUNT; who++) {
		pid_t pid = family.pids[who];

		if (pid <= 0)
			complain(complaint, "%s was not started", kin[who].name);
		if (process_is_child(pid, self) != kin[who].is_child)
			complain(complaint, "%s: expected %s", kin[who].name,
				kin[who].is_child ? "a child" : "no child");
		if (process_is_descendant(pid, self) != kin[who].is_descendant)
			complain(complaint, "%s: expected %s", kin[who].name,
				kin[who].is_descendant ? "a descendant" : "no descendant");
		if (!process_is_descendant(pid, 1))
			complain(complaint, "%s: expected a descendant of PID 1", kin[who].name);
	}
}

static void children_grandchildren_orphans_and_zombies_are_ours_and_strangers_are_not(void **state)
{
	(void)state;
	expect_beside_init(kinship_in_namespace, NULL);
}

struct relation {
	const char *what;
	pid_t pid;
	pid_t ancestor;
	bool is_child;
	bool is_descendant;
};

static void relations_in_namespace(struct complaint *complaint, const void *argument)
{
	struct family family = start_family(complaint);
	const pid_t *pids = family.pids;
	pid_t self = getpid();

	(void)argument;
	start_everybody(complaint, &family);
	const struct relation relations[] = {
		{"we of ourselves", self, self, false, false},
		{"we of PID 1", self, 1, true, true},
		{"PID 1 of us", 1, self, false, false},
		{"PID 1 of itself", 1, 1, false, false},
		{"nobody of us", 0, self, false, false},
		{"a number beyond all of us", 0x7fffffff, self, false, false},
		{"the child of the grandchild", pids[WHO_CHILD], pids[WHO_GRANDCHILD], false,
			false},
		{"the grandchild of the child", pids[WHO_GRANDCHILD], pids[WHO_CHILD], true, true},
		{"one child of another", pids[WHO_OTHER_CHILD], pids[WHO_CHILD], false, false},
		{"a grandchild of its uncle", pids[WHO_GRANDCHILD], pids[WHO_OTHER_CHILD], false,
			false},
		{"one grandchild of another", pids[WHO_SESSION], pids[WHO_GRANDCHILD], false,
			false},
		{"the stranger's child of it", pids[WHO_STRANGERS_CHILD], pids[WHO_STRANGER], true,
			true},
		{"our child of the stranger", pids[WHO_CHILD], pids[WHO_STRANGER], false, false},
	};
	for (size_t i = 0; i < COUNT(relations); i++) {
		const struct relation *relation = &relations[i];

		if (process_is_child(relation->pid, relation->ancestor) != relation->is_child)
			complain(complaint, "%s: expected %s", relation->what,
				relation->is_child ? "a child" : "no child");
		if (process_is_descendant(relation->pid, relation->ancestor) !=
			relation->is_descendant)
			complain(complaint, "%s: expected %s", relation->what,
				relation->is_descendant ? "a descendant" : "no descendant");
	}
}

static void parents_are_no_descendants_nor_are_siblings_nor_oneself(void **state)
{
	(void)state;
	expect_beside_init(relations_in_namespace, NULL);
}

static void gone_in_namespace(struct complaint *complaint, const void *argument)
{
	struct family family = start_family(complaint);
	pid_t self = getpid();
	pid_t pid;

	(void)argument;
	become_subreaper(complaint);
	pid = start_process(complaint, &family, 0);
	wait_for_family(complaint, &family, 1);
	if (!process_is_descendant(pid, self))
		complain(complaint, "expected a descendant");
	(void)kill(pid, SIGKILL);
	wait_for_zombie(complaint, pid);
	if (!process_is_child(pid, self) || !process_is_descendant(pid, self))
		complain(complaint, "expected a descendant until it is reaped");
	kill_and_reap(pid);
	if (process_is_child(pid, self) || process_is_descendant(pid, self))
		complain(complaint, "expected no descendant after it was reaped");
}

static void who_was_reaped_is_nobodys_descendant(void **state)
{
	(void)state;
	expect_beside_init(gone_in_namespace, NULL);
}

/* One below the other, the last one at that depth. */
static void start_chain(struct complaint *complaint, const struct family *family, int depth)
{
	for (int level = 1; level <= depth; level++) {
		pid_t pid = fork();

		if (pid < 0)
			complain(complaint, "fork: %s", strerror(errno));
		if (pid != 0 && level == 1)
			break; /* that is us */
		if (pid != 0)
			be_there(family, (size_t)level - 1);
		if (level == depth)
			be_there(family, (size_t)level);
	}
	wait_for_family(complaint, family, (size_t)depth);
}

static void expect_depths(
	struct complaint *complaint, const struct family *family, int first, int last)
{
	for (int level = first; level <= last; level++) {
		int depth = level - first + 1;
		bool is_found = process_is_descendant(family->pids[level], getpid());

		if (is_found != (depth <= DEEPEST))
			complain(complaint, "at depth %d: expected %s", depth,
				is_found ? "not to be found" : "a descendant");
	}
}

static void depth_in_namespace(struct complaint *complaint, const void *argument)
{
	const int last = DEEPEST + 3;
	struct family family = start_family(complaint);

	(void)argument;
	become_subreaper(complaint);
	start_chain(complaint, &family, last);
	if (complaint->text[0] != '\0')
		return;
	for (int first = 1; first <= 5; first++) {
		expect_depths(complaint, &family, first, last);
		kill_and_reap(family.pids[first]); /* and the next one comes to us */
	}
}

static void who_is_very_far_down_is_found_when_those_above_have_ended(void **state)
{
	(void)state;
	expect_beside_init(depth_in_namespace, NULL);
}

/* A stranger's chain is longer than any of ours: it must not lead to us however deep it is. */
static void strange_depth_in_namespace(struct complaint *complaint, const void *argument)
{
	const int depth = DEEPEST + 5;
	struct family family = start_family(complaint);
	pid_t starter;

	(void)argument;
	starter = fork();
	if (starter == 0) {
		if (fork() == 0)
			start_chain(complaint, &family, depth);
		else
			_exit(0);
		for (;;)
			(void)pause();
	}
	(void)waitpid(starter, NULL, 0);
	become_subreaper(complaint);
	while (family.pids[depth] == 0)
		(void)sched_yield();
	for (int level = 1; level <= depth; level++) {
		if (process_is_descendant(family.pids[level], getpid()))
			complain(complaint, "a stranger at depth %d is taken for ours", level);
	}
}

static void a_stranger_is_no_descendant_at_any_depth(void **state)
{
	(void)state;
	expect_beside_init(strange_depth_in_namespace, NULL);
}

/* Whose pid and parent change all the while. */
_Noreturn static void fork_over_and_over(void)
{
	for (;;) {
		pid_t pid = fork();

		if (pid > 0)
			_exit(0);
	}
}

/* So that pids are used again at once; where that is refused they go round more slowly. */
static void start_pids_again(void)
{
	int fd = open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		ssize_t unused = write(fd, "20", 2);

		(void)unused;
		(void)close(fd);
	}
}

static void churn_in_namespace(struct complaint *complaint, const void *argument)
{
	struct family family = start_family(complaint);
	pid_t self = getpid();
	int looked_at = 0;

	(void)argument;
	start_orphan(complaint, &family, WHO_STRANGER, true);
	become_subreaper(complaint);
	wait_for_family(complaint, &family, 2);
	if (fork() == 0)
		fork_over_and_over();
	while (looked_at < 20000) {
		/* Each orphan is reaped at once, and its number free for the next. */
		while (waitpid(-1, NULL, WNOHANG) > 0)
			continue;
		if (++looked_at % 100 == 0)
			start_pids_again();
		if (process_is_descendant(family.pids[WHO_STRANGER], self) ||
			process_is_descendant(family.pids[WHO_STRANGERS_CHILD], self) ||
			process_is_descendant(1, self))
			complain(complaint, "a stranger was taken for a descendant");
	}
}

static void strangers_stay_strangers_while_others_come_and_go(void **state)
{
	(void)state;
	expect_beside_init(churn_in_namespace, NULL);
}

static void blind_in_namespace(struct complaint *complaint, const void *argument)
{
	struct family family = start_family(complaint);
	pid_t self = getpid();
	pid_t pid = start_process(complaint, &family, 0);

	(void)argument;
	wait_for_family(complaint, &family, 1);
	hide_proc(complaint);
	if (process_is_child(pid, self) || process_is_descendant(pid, self))
		complain(complaint, "without /proc there is no proof, yet it is taken for ours");
}

static void without_proc_nobody_is_proven_to_be_ours(void **state)
{
	(void)state;
	expect_beside_init(blind_in_namespace, NULL);
}

/* --- states --- */

static void who_runs_is_told_from_who_is_stopped_or_gone(void **state)
{
	pid_t child;
	int status;

	(void)state;
	assert_true(process_is_running(getpid())); /* or who is looking? */
	child = checked_fork();
	if (child == 0) {
		(void)raise(SIGSTOP);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, WUNTRACED), child);
	assert_true(WIFSTOPPED(status));
	assert_false(process_is_running(child));
	assert_int_equal(kill(child, SIGKILL), 0);
	(void)wait_for(child);
	assert_false(process_is_running(child));
}

/* --- /proc itself --- */

static void proc_in_namespace(struct complaint *complaint, const void *argument)
{
	pid_t self = getpid();

	(void)argument;
	if (!process_proc_is_ours(self))
		complain(complaint, "expected our own /proc to be ours");
	if (process_proc_is_ours(self + 1) || process_proc_is_ours(1) || process_proc_is_ours(0))
		complain(complaint, "expected /proc not to be somebody else's");
	hide_proc(complaint);
	if (process_proc_is_ours(self))
		complain(complaint, "expected an empty directory not to be ours");
	show_proc_of_others(complaint);
	if (access("/proc/self", F_OK) == 0 && process_proc_is_ours(self))
		complain(complaint, "expected the /proc of another namespace not to be ours");
}

static void proc_is_ours_if_it_shows_us_under_our_pid(void **state)
{
	(void)state;
	expect_beside_init(proc_in_namespace, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_without_newlines_is_the_whole_name),
		cmocka_unit_test(a_name_with_newlines_is_the_whole_name_too),
		cmocka_unit_test(with_stdin_closed_a_process_is_known_all_the_same),
		cmocka_unit_test(who_was_reaped_and_who_cannot_be_seen_is_a_question_mark),
		cmocka_unit_test(
			children_grandchildren_orphans_and_zombies_are_ours_and_strangers_are_not),
		cmocka_unit_test(parents_are_no_descendants_nor_are_siblings_nor_oneself),
		cmocka_unit_test(who_was_reaped_is_nobodys_descendant),
		cmocka_unit_test(who_is_very_far_down_is_found_when_those_above_have_ended),
		cmocka_unit_test(a_stranger_is_no_descendant_at_any_depth),
		cmocka_unit_test(strangers_stay_strangers_while_others_come_and_go),
		cmocka_unit_test(without_proc_nobody_is_proven_to_be_ours),
		cmocka_unit_test(who_runs_is_told_from_who_is_stopped_or_gone),
		cmocka_unit_test(proc_is_ours_if_it_shows_us_under_our_pid),
	};

	return cmocka_run_group_tests_name("supervise/process", tests, NULL, NULL);
}

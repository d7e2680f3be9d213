#include "supervise/process.h"

#include "unit/support.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>

/* Until it has ended, and not been reaped. */
static void wait_for_zombie(pid_t pid)
{
	siginfo_t unused;

	(void)waitid(P_PID, (id_t)pid, &unused, WEXITED | WNOWAIT);
}

static pid_t start_runner(void)
{
	pid_t pid = checked_fork();

	while (pid == 0)
		(void)pause();
	return pid;
}

static void end_runner(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	(void)wait_for(pid);
}

static void expect_process(const char *what, pid_t pid, pid_t parent, bool is_live)
{
	struct process process;

	if (!process_read(pid, &process)) fail_msg("%s: %s", what, strerror(errno));
	expect_int(what, parent, process.parent);
	expect_int(what, is_live, process.is_live);
}

/* The kernel keeps fifteen bytes of a name, of any kind but NUL. */
static const char *const names[] = {"plain", "", " ", "(", ")", "(a) b)", ") S 1 (", "a) R 1 1 1",
	") Z 1", "two words", "\t", "\x01\x7f\xff", "fifteen bytes x", "a\nb", "\n", "\na", "a\n",
	"\n\n)\n"};

static void a_process_is_read_whatever_its_name_alive_stopped_and_as_a_zombie(void **state)
{
	char before[PROCESS_NAME_SIZE];

	(void)state;
	(void)prctl(PR_GET_NAME, before);
	for (size_t i = 0; i < COUNT(names); i++) {
		char name[PROCESS_NAME_SIZE];
		pid_t pid;

		(void)prctl(PR_SET_NAME, names[i]); /* which it inherits */
		pid = start_runner();
		(void)prctl(PR_SET_NAME, before);
		expect_process("alive", pid, getpid(), true);
		process_name(pid, name);
		expect_text("a name", names[i], name);
		(void)kill(pid, SIGSTOP);
		(void)waitpid(pid, NULL, WUNTRACED);
		expect_process("stopped", pid, getpid(), true);
		(void)kill(pid, SIGKILL);
		wait_for_zombie(pid);
		expect_process("a zombie", pid, getpid(), false);
		process_name(pid, name);
		expect_text("a zombie's name", names[i], name);
		end_runner(pid);
	}
}

static void *run_on(void *unused)
{
	for (;;)
		(void)pause();
	return unused;
}

static void a_process_whose_main_thread_has_ended_is_live_if_another_is(void **state)
{
	struct process process;
	pid_t pid = checked_fork();
	char path[32], stat[64];

	(void)state;
	if (pid == 0) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, run_on, NULL) == 0) pthread_exit(NULL);
		_exit(1);
	}
	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	do { /* "PID (NAME) Z": its main thread has ended */
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t length = read(fd, stat, sizeof(stat) - 1);

		(void)close(fd);
		stat[length < 0 ? 0 : length] = '\0';
	} while (strstr(stat, ") Z") == NULL);
	assert_true(process_read(pid, &process));
	assert_true(process.is_live);
	end_runner(pid);
}

/* The start tells a process from a later one with its pid, and is what all readers see. */
static void the_start_of_a_process_stays_and_that_of_a_later_one_is_later(void **state)
{
	struct process self, again, other;
	pid_t pid;

	(void)state;
	assert_true(process_read(getpid(), &self));
	do { /* a tick is 10 ms */
		pid = start_runner();
		assert_true(process_read(pid, &other));
		end_runner(pid);
	} while (other.start == self.start);
	assert_true(other.start > self.start);
	assert_true(process_read(getpid(), &again));
	assert_int_equal(again.start, self.start);
	errno = 0;
	assert_false(process_read(pid, &other));
	expect_errno("one that was reaped", ENOENT, errno);
	expect_process("PID 1", PROCESS_INIT, 0, true);
	if (process_read(2, &other) && other.parent == 0) /* where it is the kernel's */
		assert_false(other.is_live);
}

/* A new PID namespace with the /proc of the old one. */
static void look_from_another_namespace(struct complaint *complaint, const void *unused)
{
	char name[PROCESS_NAME_SIZE];

	(void)unused;
	if (!process_proc_is_ours()) complain(complaint, "expected /proc to be ours");
	if (unshare(CLONE_NEWPID) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0)
		return; /* skipped: not here */
	if (fork() == 0) {
		process_name(getpid(), name);
		_exit(process_proc_is_ours() || strcmp(name, "?") != 0);
	}
	if (wait_for(-1) != 0)
		complain(complaint, "expected the /proc of another namespace not to be ours");
}

static void a_proc_of_another_namespace_is_not_ours_and_names_no_process(void **state)
{
	(void)state;
	run_in_child("another namespace", look_from_another_namespace, NULL);
}

static void look_without_stdin(struct complaint *complaint, const void *unused)
{
	struct process process;
	char name[PROCESS_NAME_SIZE];
	int fd;

	(void)unused;
	(void)prctl(PR_SET_NAME, "whit");
	(void)close(STDIN_FILENO);
	process_name(getpid(), name);
	if (strcmp(name, "whit") != 0 || !process_read(getpid(), &process) ||
		process.parent != getppid())
		complain(complaint, "expected to be read");
	if (fcntl(STDIN_FILENO, F_GETFD) >= 0)
		complain(complaint, "a descriptor that was 0 has been left open");
	fd = process_open(getpid());
	if (fd >= 0 ? fd <= STDERR_FILENO || fcntl(fd, F_GETFD) != FD_CLOEXEC : errno != ENOSYS)
		complain(complaint, "expected a pidfd above 2, observed %d", fd);
}

static void with_stdin_closed_no_descriptor_takes_its_place(void **state)
{
	(void)state;
	run_in_child("no stdin", look_without_stdin, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_is_read_whatever_its_name_alive_stopped_and_as_a_zombie),
		cmocka_unit_test(a_process_whose_main_thread_has_ended_is_live_if_another_is),
		cmocka_unit_test(the_start_of_a_process_stays_and_that_of_a_later_one_is_later),
		cmocka_unit_test(a_proc_of_another_namespace_is_not_ours_and_names_no_process),
		cmocka_unit_test(with_stdin_closed_no_descriptor_takes_its_place),
	};

	return cmocka_run_group_tests_name("supervise/process", tests, NULL, NULL);
}

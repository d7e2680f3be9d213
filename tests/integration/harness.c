/* Namespaces, pipes and bounded waits for the integration tests. What is asserted is theirs. */
#include "harness.h"
#include "kernel_signals.h"

#include "calls.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* In a poll of /proc, which announces nothing: how long to let others run between two looks. */
#define LOOK_AGAIN_NS 200000

#define RUNS_MAX 8

static struct run *runs[RUNS_MAX]; /* of the test that is going on */

/* What every run of whit is under, wherever the README's table is about this whit. */
static struct calls_filter readme_filter;

static const char *from_environment(const char *name)
{
	const char *value = getenv(name);

	if (value == NULL) fail_msg("%s is not set; run this by `make check-integration`", name);
	return value;
}

const char *whit_path(void)
{
	return from_environment("WHIT");
}

bool whit_is_dynamic(void)
{
	if (getenv("WHIT_IS_DYNAMIC") == NULL) return false;
	print_message("SKIPPED: needs a static whit\n");
	return true;
}

const char *actor_path(void)
{
	return from_environment("ACTOR");
}

const char *glibc_actor_path(void)
{
	return from_environment("GLIBC_ACTOR");
}

const char *musl_actor_path(void)
{
	return from_environment("MUSL_ACTOR");
}

const char *manual_path(void)
{
	return from_environment("MANUAL");
}

const char *readme_path(void)
{
	return from_environment("README");
}

const char *preload_path(void)
{
	return from_environment("PRELOAD");
}

enum role test_role(void **state)
{
	return *(enum role *)*state;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- what a run looks like to the one who has to find out why it failed --- */

static bool read_file(const char *path, char *buffer, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t got;

	if (fd < 0) return false;
	while (length < size - 1 && (got = read(fd, buffer + length, size - 1 - length)) > 0)
		length += (size_t)got;
	close(fd);
	buffer[length] = '\0';
	return true;
}

/* Parent and state of a process from /proc/PID/stat, after the name, which may hold anything. */
static bool read_parent_and_state(pid_t pid, pid_t *ret_parent, char *ret_state)
{
	char path[64];
	char stat[512];
	const char *after_name;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (!read_file(path, stat, sizeof(stat))) return false;
	after_name = strrchr(stat, ')');
	return after_name != NULL && sscanf(after_name, ") %c %d", ret_state, ret_parent) == 2;
}

static bool is_in_namespace_of(const struct run *run, pid_t pid)
{
	char path[64];
	char own[64];
	char of_run[64];
	ssize_t own_length;
	ssize_t run_length;

	snprintf(path, sizeof(path), "/proc/%d/ns/pid", pid);
	own_length = readlink(path, own, sizeof(own));
	snprintf(path, sizeof(path), "/proc/%d/ns/pid", run->top);
	run_length = readlink(path, of_run, sizeof(of_run));
	return own_length > 0 && own_length == run_length &&
		memcmp(own, of_run, (size_t)own_length) == 0;
}

/* Calls visit for each process of the machine. */
static void each_process(void (*visit)(struct run *, pid_t, void *), struct run *run, void *context)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	assert_non_null(proc);
	while ((entry = readdir(proc)) != NULL) {
		int pid = atoi(entry->d_name);

		if (pid > 0) visit(run, pid, context);
	}
	closedir(proc);
}

static void print_if_of_run(struct run *run, pid_t pid, void *context)
{
	char path[64];
	char words[512] = "";
	char state;
	pid_t parent;

	(void)context;
	if (!is_in_namespace_of(run, pid) || !read_parent_and_state(pid, &parent, &state)) return;
	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	(void)read_file(path, words, sizeof(words)); /* the first word is enough */
	print_error("  pid %d, parent %d, state %c: %s\n", pid, parent, state, words);
}

void run_fail(struct run *run, const char *format, ...)
{
	va_list arguments;
	char message[4096];

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	print_error("%s\ncommand line: %s", message,
		run->scene.name == NULL ? "whit" : run->scene.name);
	for (const char *const *word = run->scene.words; *word != NULL; word++)
		print_error(" '%s'", *word);
	print_error(" (%s)\n", run->scene.role == ROLE_INIT ? "PID 1" : "subreaper");
	print_error("stdout: \"%.*s\"\n", (int)run->out.length, run->out.text);
	print_error("stderr: \"%.*s\"\n", (int)run->err.length, run->err.text);
	print_error("processes alive:\n");
	each_process(print_if_of_run, run, NULL);
	fail();
	abort(); /* not reached */
}

/* --- starting --- */

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		(void)!write(fd, text, strlen(text));
		close(fd);
	}
}

/* Root of a new user namespace, as the user who we are outside: user_namespaces(7). */
static void map_own_user(uid_t uid, gid_t gid)
{
	char map[64];

	write_file("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1", (unsigned int)uid);
	write_file("/proc/self/uid_map", map);
	snprintf(map, sizeof(map), "0 %u 1", (unsigned int)gid);
	write_file("/proc/self/gid_map", map);
}

static void become_whit(const struct scene *scene)
{
	const char *words[4096];
	size_t count = 0;

	if (!scene->no_name) words[count++] = scene->name == NULL ? "whit" : scene->name;
	for (const char *const *word = scene->words; *word != NULL && count < 4095; word++)
		words[count++] = *word;
	words[count] = NULL;
	if (scene->environment != NULL) environ = scene->environment;
	/* Before what the scene does, which may be to give up the right to do this. */
	if (readme_filter.count > 0 && !calls_restrict(&readme_filter)) _exit(89);
	if (scene->prepare != NULL) scene->prepare(scene->prepare_argument);
	execv(scene->program, (char *const *)(uintptr_t)words);
	_exit(90);
}

static void block_all_signals(void)
{
	const struct kernel_set all = kernel_set_all();

	kernel_set_block(&all);
}

/* A process outside whit's care: every signal is one too many, and is printed. */
static void be_bystander(void)
{
	const struct kernel_set all = kernel_set_all();

	for (;;) {
		int signal = kernel_set_wait(&all, NULL, NULL);

		if (signal > 0) dprintf(STDOUT_FILENO, "bystander got %d\n", signal);
	}
}

/* Lives for a moment under a pid that a descendant of whit's may have had just before. */
static void be_short_bystander(void)
{
	const struct kernel_set all = kernel_set_all();
	const struct timespec moment = {.tv_nsec = 20000};
	int signal = kernel_set_wait(&all, NULL, &moment);

	if (signal > 0) dprintf(STDOUT_FILENO, "bystander got %d\n", signal);
	_exit(0);
}

static void reuse_pid(void)
{
	for (;;) {
		int status = 0;
		pid_t child;

		write_file("/proc/sys/kernel/ns_last_pid", LAST_PID_BEFORE_REUSED);
		child = fork();
		if (child == 0) be_short_bystander();
		if (waitpid(child, &status, WUNTRACED) == child && status != 0)
			dprintf(STDOUT_FILENO, "bystander was killed or stopped: %d\n", status);
	}
}

/* Their signals are blocked from the start, so that none can be missed. */
static void start_bystanders(const struct scene *scene)
{
	block_all_signals();
	for (int i = 0; i < scene->bystanders; i++) {
		if (fork() == 0) be_bystander();
	}
	if (scene->pids_are_reused && fork() == 0) reuse_pid();
}

/* PID 1 of a subreaper's namespace: ends as the subreaper ends, and everything else with it. */
static void hold_namespace(const struct scene *scene)
{
	int gate[2];
	char byte;
	int status;
	pid_t whit;

	if (pipe(gate) < 0) _exit(97);
	whit = fork(); /* the first child: the test knows it by that */
	if (whit == 0) {
		(void)!read(gate[0], &byte, 1); /* until all bystanders are there */
		close(gate[0]);
		close(gate[1]);
		become_whit(scene);
	}
	start_bystanders(scene);
	(void)!write(gate[1], "", 1);
	/* The pipes are whit's: our copies would keep their ends open. */
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	close(gate[1]);
	if (wait(&status) != whit) _exit(98); /* a bystander was killed */
	/* By signal we cannot end as PID 1; whit under test never does but by KILL. */
	_exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

static pid_t clone_into_namespaces(void)
{
	unsigned long flags = CLONE_NEWPID | CLONE_NEWNS | SIGCHLD;

	if (geteuid() != 0) flags |= CLONE_NEWUSER;
#ifdef __s390x__
	/* The other way round: clone(2), "C library/kernel differences". */
	return (pid_t)syscall(SYS_clone, NULL, flags, NULL, NULL, NULL);
#else
	return (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
#endif
}

pid_t harness_fork_into_namespaces(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	pid_t pid = clone_into_namespaces();

	if (pid != 0) return pid;
	if (uid != 0) map_own_user(uid, gid);
	/* In a chroot / may be no mount, but then /proc is. */
	if ((mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 &&
		    mount("none", "/proc", NULL, MS_PRIVATE, NULL) < 0) ||
		mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		_exit(91);
	return 0;
}

/* What the tests were started with (nohup, make) must make no difference. */
static void reset_signals(void)
{
	const struct kernel_set none = kernel_set_none();

	for (int signal = 1; signal <= HIGHEST_SIGNAL; signal++)
		kernel_action_reset(signal);
	kernel_set_block(&none);
}

static void become_top(const struct scene *scene, int out, int err)
{
	int null = open("/dev/null", O_RDWR);

	reset_signals();
	if (chdir("/proc") < 0) /* anywhere but /, where whit goes when it has settled */
		_exit(91);
	dup2(null, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	/* Nothing of the test's is to be inherited, so that tests see what whit itself does. */
	syscall(SYS_close_range, 3U, ~0U, 0U);
	if (scene->role == ROLE_INIT) become_whit(scene);
	hold_namespace(scene);
}

pid_t process_child(pid_t pid)
{
	char path[64];
	char children[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	return read_file(path, children, sizeof(children)) ? atoi(children) : 0;
}

static void look_again_later(void)
{
	const struct timespec pause = {.tv_nsec = LOOK_AGAIN_NS};

	nanosleep(&pause, NULL);
}

static void remember(struct run *run)
{
	for (size_t i = 0; i < RUNS_MAX; i++) {
		if (runs[i] == NULL) {
			runs[i] = run;
			return;
		}
	}
	fail_msg("more runs than RUNS_MAX in one test");
}

static void forget(struct run *run)
{
	for (size_t i = 0; i < RUNS_MAX; i++) {
		if (runs[i] == run) runs[i] = NULL;
	}
}

/* The only child of the namespace's PID 1; 0 where it has ended before we could look. */
static pid_t await_subreaper(struct run *run)
{
	int64_t patience_ends = now_ms() + PATIENCE_MS;
	pid_t whit;
	pid_t parent;
	char state;

	while ((whit = process_child(run->top)) == 0) {
		if (!read_parent_and_state(run->top, &parent, &state) || state == 'Z') return 0;
		if (now_ms() > patience_ends)
			run_fail(run, "the namespace's PID 1 has started nothing");
		look_again_later();
	}
	return whit;
}

bool readme_is_enforced(void)
{
	return readme_filter.count > 0;
}

static void read_readme(void)
{
	const char *path = getenv("README");

	readme_filter.count = 0;
	if (path != NULL && calls_are_of(whit_path())) calls_read(path, &readme_filter);
}

void run_start(struct run *run, const struct scene *scene)
{
	int out[2];
	int err[2];

	memset(run, 0, sizeof(*run));
	run->scene = *scene;
	if (scene->program == NULL) run->scene.program = whit_path();
	read_readme();
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(pipe2(err, O_CLOEXEC), 0);
	run->top = harness_fork_into_namespaces();
	if (run->top == 0) become_top(&run->scene, out[1], err[1]);
	close(out[1]);
	close(err[1]);
	run->out.fd = out[0];
	run->err.fd = err[0];
	if (run->top < 0) fail_msg("cannot make namespaces: %s", strerror(errno));
	remember(run);
	run->whit = run->top;
	if (scene->role == ROLE_SUBREAPER) run->whit = await_subreaper(run);
}

/* --- reading --- */

bool run_read(struct run *run)
{
	struct output *outputs[] = {&run->out, &run->err};
	struct pollfd polled[2];

	for (int i = 0; i < 2; i++) {
		polled[i].fd = outputs[i]->fd;
		polled[i].events = POLLIN;
	}
	if (polled[0].fd < 0 && polled[1].fd < 0) return false;
	if (poll(polled, 2, PATIENCE_MS) <= 0)
		run_fail(run, "no output and no end for %d ms", PATIENCE_MS);
	for (int i = 0; i < 2; i++) {
		struct output *output = outputs[i];
		ssize_t length;

		if (polled[i].fd < 0 || polled[i].revents == 0) continue;
		if (output->taken > sizeof(output->text) / 2) { /* what was taken is not needed */
			memmove(output->text, output->text + output->taken,
				output->length - output->taken);
			output->length -= output->taken;
			output->taken = 0;
		}
		if (output->length == sizeof(output->text) - 1)
			run_fail(run, "more output than the test has room for");
		length = read(output->fd, output->text + output->length,
			sizeof(output->text) - 1 - output->length);
		if (length > 0) {
			output->length += (size_t)length;
			continue;
		}
		close(output->fd);
		output->fd = -1;
	}
	return true;
}

const char *run_line(struct run *run, struct output *output)
{
	for (;;) {
		char *start = output->text + output->taken;
		char *end = memchr(start, '\n', output->length - output->taken);

		if (end != NULL) {
			size_t length = (size_t)(end - start);

			if (length >= sizeof(run->line))
				run_fail(run, "a line that is longer than the test has room for");
			memcpy(run->line, start, length);
			run->line[length] = '\0';
			output->taken += length + 1;
			return run->line;
		}
		if (output->fd < 0 || !run_read(run))
			run_fail(run, "end-of-file where a line of %s should be",
				output == &run->out ? "stdout" : "stderr");
	}
}

void run_expect(struct run *run, const char *line)
{
	const char *found = run_line(run, &run->out);

	if (strcmp(found, line) != 0)
		run_fail(run, "expected on stdout: %s\nobserved: %s", line, found);
}

void run_expect_beginning(struct run *run, struct output *output, const char *beginning)
{
	const char *found = run_line(run, output);

	if (strncmp(found, beginning, strlen(beginning)) != 0)
		run_fail(run, "expected: %s...\nobserved: %s", beginning, found);
}

void run_wait_end(struct run *run)
{
	int64_t patience_ends = now_ms() + PATIENCE_MS;

	while (run_read(run))
		;
	while (waitpid(run->top, &run->wait_status, WNOHANG) == 0) {
		if (now_ms() > patience_ends)
			run_fail(run, "the outputs are closed, but whit has not ended");
		look_again_later();
	}
	forget(run);
}

/* What a filter does to whit is SIGSYS, and to a subreaper's namespace a status that says so. */
static const char *hint_at_filter(bool is_likely)
{
	return is_likely && readme_is_enforced()
		? " (a system call that the README's table has not? strace -f tells)"
		: "";
}

void run_expect_status(struct run *run, int status)
{
	run_wait_end(run);
	if (WIFSIGNALED(run->wait_status))
		run_fail(run, "expected: status %d\nobserved: whit was killed by signal %d%s",
			status, WTERMSIG(run->wait_status),
			hint_at_filter(WTERMSIG(run->wait_status) == SIGSYS));
	if (WEXITSTATUS(run->wait_status) != status)
		run_fail(run, "expected: status %d\nobserved: status %d%s", status,
			WEXITSTATUS(run->wait_status),
			hint_at_filter(WEXITSTATUS(run->wait_status) == 128 + SIGSYS));
}

void run_expect_end(struct run *run, int status, const char *err)
{
	run_expect_status(run, status);
	run->err.text[run->err.length] = '\0';
	if (strcmp(run->err.text + run->err.taken, err) != 0)
		run_fail(run, "expected on stderr: \"%s\"", err);
}

/* --- looking --- */

static const char *status_value(pid_t pid, const char *label, char *status, size_t size)
{
	char path[64];
	const char *line;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if (!read_file(path, status, size)) return NULL;
	line = strstr(status, label);
	return line == NULL ? NULL : line + strlen(label);
}

long process_number(pid_t pid, const char *label)
{
	char status[4096];
	const char *value = status_value(pid, label, status, sizeof(status));

	if (value == NULL) fail_msg("/proc/%d/status has no %s", pid, label);
	return atol(value);
}

char process_state(pid_t pid)
{
	pid_t parent;
	char state;

	return read_parent_and_state(pid, &parent, &state) ? state : '\0';
}

void process_wait_state(pid_t pid, char wanted)
{
	int64_t patience_ends = now_ms() + PATIENCE_MS;

	while (process_state(pid) != wanted) {
		if (now_ms() > patience_ends)
			fail_msg("process %d does not come to state %c", pid, wanted);
		look_again_later();
	}
}

/* KILL and STOP cannot be blocked. */
static bool blocks_all(pid_t pid)
{
	char status[4096];
	char all_but_two[KERNEL_SET_TEXT_SIZE];
	struct kernel_set expected = kernel_set_none();
	const char *mask = status_value(pid, "SigBlk:\t", status, sizeof(status));

	for (int signal = 1; signal <= HIGHEST_SIGNAL; signal++) {
		if (signal != SIGKILL && signal != SIGSTOP) kernel_set_add(&expected, signal);
	}
	kernel_set_format(&expected, all_but_two);
	return mask != NULL && strncmp(mask, all_but_two, KERNEL_SET_TEXT_SIZE - 1) == 0;
}

void run_wait_listening(struct run *run)
{
	int64_t patience_ends = now_ms() + PATIENCE_MS;

	while (!blocks_all(run->whit)) {
		if (now_ms() > patience_ends) run_fail(run, "whit does not block all signals");
		(void)sched_yield();
	}
}

void run_wait_settled(struct run *run)
{
	int64_t patience_ends = now_ms() + PATIENCE_MS;
	char path[64];
	struct stat directory;
	struct stat root;

	for (;;) {
		snprintf(path, sizeof(path), "/proc/%d/cwd/.", run->whit);
		if (stat(path, &directory) < 0)
			run_fail(run, "cannot look at %s: %s", path, strerror(errno));
		snprintf(path, sizeof(path), "/proc/%d/root/.", run->whit);
		if (stat(path, &root) == 0 && directory.st_dev == root.st_dev &&
			directory.st_ino == root.st_ino)
			return;
		if (now_ms() > patience_ends) run_fail(run, "whit has not moved to /");
		look_again_later();
	}
}

struct children {
	bool zombies_only;
	pid_t except; /* 0: none */
	int count;
	pid_t last;
};

static void count_if_child(struct run *run, pid_t pid, void *context)
{
	struct children *children = context;
	pid_t parent;
	char state;

	if (!read_parent_and_state(pid, &parent, &state) || parent != run->whit) return;
	if ((children->zombies_only && state != 'Z') || pid == children->except) return;
	children->count++;
	children->last = pid;
}

int run_count_children(struct run *run, bool zombies_only)
{
	struct children children = {.zombies_only = zombies_only};

	each_process(count_if_child, run, &children);
	return children.count;
}

void run_wait_children(struct run *run, int count)
{
	int64_t patience_ends = now_ms() + PATIENCE_MS;
	int seen;

	while ((seen = run_count_children(run, false)) != count) {
		if (now_ms() > patience_ends)
			run_fail(run, "expected: %d children of whit\nobserved: %d", count, seen);
		look_again_later();
	}
}

pid_t run_other_child(struct run *run, pid_t not_this)
{
	struct children children = {.except = not_this};

	each_process(count_if_child, run, &children);
	if (children.count != 1)
		run_fail(run, "expected: one such child of whit\nobserved: %d", children.count);
	return children.last;
}

pid_t run_command(struct run *run)
{
	return run_other_child(run, 0);
}

int run_join(struct run *run, int (*part)(void *), void *argument)
{
	char path[64];
	int namespace;
	int status;
	pid_t joiner = fork();

	if (joiner == 0) {
		pid_t member;

		snprintf(path, sizeof(path), "/proc/%d/ns/pid", run->top);
		namespace = open(path, O_RDONLY | O_CLOEXEC);
		if (namespace < 0 || setns(namespace, CLONE_NEWPID) < 0) _exit(92);
		member = fork(); /* setns concerns the children alone: setns(2) */
		if (member == 0) _exit(part(argument));
		waitpid(member, &status, 0);
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 93);
	}
	assert_int_equal(waitpid(joiner, &status, 0), joiner);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 92) run_fail(run, "cannot join the namespace");
	return WEXITSTATUS(status);
}

/* --- before and after --- */

int harness_clean_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < RUNS_MAX; i++) {
		struct run *run = runs[i];

		if (run == NULL) continue;
		kill(run->top, SIGKILL); /* the kernel kills the namespace with it */
		waitpid(run->top, NULL, 0);
		if (run->out.fd >= 0) close(run->out.fd);
		if (run->err.fd >= 0) close(run->err.fd);
		runs[i] = NULL;
	}
	return 0;
}

int harness_require_namespaces(void **state)
{
	pid_t probe = clone_into_namespaces();

	(void)state;
	if (probe == 0) _exit(0);
	if (probe > 0) {
		waitpid(probe, NULL, 0);
		return 0;
	}
	print_error("SKIPPED: no PID and mount namespaces here: %s\n", strerror(errno));
	exit(getenv("CI") == NULL ? 0 : 1);
}

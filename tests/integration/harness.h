/*
 * Runs the shipped binary as a user would: as the real PID 1 of a new PID namespace, or as a
 * subreaper, which then lives in a PID namespace of its own too, so that nothing it leaves behind
 * outlives the test. All waits are for events, and bounded: a hang is a failure that says so.
 */
#ifndef WHIT_TESTS_HARNESS_H
#define WHIT_TESTS_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cmocka.h>

/*
 * How long an event may be away before a test gives up on it: far more than any machine needs, but
 * for emulated ones, whose tests set it, as those of tests/mutation do.
 */
#ifndef PATIENCE_MS
#define PATIENCE_MS 60000
#endif

enum role {
	ROLE_INIT,
	ROLE_SUBREAPER,
};

/* What a test may set; all else is as usual: stdin is /dev/null, stdout and stderr are captured. */
struct scene {
	enum role role;
	const char *const *words; /* of the command line after whit's own name, up to a NULL */
	const char *program;      /* NULL: whit */
	const char *name;         /* argv[0]; NULL: "whit" */
	bool no_name;             /* argc 0 */
	char **environment;       /* NULL: that of the test */
	int bystanders;           /* a subreaper's neighbours, who say which signals they get */
	bool pids_are_reused;     /* and one who uses one pid over and over */
	/* Called in whit's process just before the exec; must not assert. */
	void (*prepare)(void *);
	void *prepare_argument;
};

/* Written to ns_last_pid it makes the next pid the one that is used over and over. */
#define LAST_PID_BEFORE_REUSED "500"

struct output {
	int fd;
	size_t length;
	size_t taken; /* by run_line */
	char text[1 << 16];
};

struct run {
	struct scene scene;
	pid_t top;       /* the namespace's PID 1: whit, or what holds the subreaper's namespace */
	pid_t whit;      /* as seen from here */
	int wait_status; /* whit's, once it has ended */
	struct output out;
	struct output err;
	char line[8192]; /* what run_line returned last */
};

/* The binaries under test, from the environment that the Makefile sets. */
const char *whit_path(void);
const char *actor_path(void);

/*
 * Whether this whit is one of `make check-sanitized` that needs libraries, and so cannot run in an
 * empty root or with hardly a descriptor. If so that is said aloud, and the test is to be skipped.
 */
bool whit_is_dynamic(void);

/* The actor as a dynamic program, with either libc's loader; the manual's source; the README. */
const char *glibc_actor_path(void);
const char *musl_actor_path(void);
const char *manual_path(void);
const char *readme_path(void);

/* A library for LD_PRELOAD that prints "preloaded". */
const char *preload_path(void);

/*
 * Whether the last whit was run under a filter that kills it for any system call but those of the
 * README's table. So is every whit of these tests, where that table is about it: calls.h.
 */
bool readme_is_enforced(void);

/* Starts; fails the test if that cannot be done. */
void run_start(struct run *run, const struct scene *scene);

/* As run_start, for words given here: RUN(&run, ROLE_INIT, "-g", actor_path(), "idle"). */
#define RUN(run, its_role, ...)                                                                    \
	run_start(run,                                                                             \
		&(struct scene){                                                                   \
			.role = (its_role), .words = (const char *const[]){__VA_ARGS__, NULL}})

/* Waits for more of either output and reads it; false at the end of both. */
bool run_read(struct run *run);

/* Reads all output and waits for the end; wait_status has how. */
void run_wait_end(struct run *run);

/* The next line of stdout or stderr, without its newline; fails the test at end-of-file. */
const char *run_line(struct run *run, struct output *output);

/* Takes the next line of stdout and fails the test if it is not this one. */
void run_expect(struct run *run, const char *line);

/* Takes the next line of that output and fails the test unless it begins so. */
void run_expect_beginning(struct run *run, struct output *output, const char *beginning);

/* Waits for the end with all output read, and fails the test unless the status is this one. */
void run_expect_status(struct run *run, int status);

/* The same, and stderr holds exactly this: "" is nothing. */
void run_expect_end(struct run *run, int status, const char *err);

/* Waits until /proc shows that whit blocks all signals, which is when it cannot lose any. */
void run_wait_listening(struct run *run);

/* Whit's children, whose states in /proc are counted: all of them, or zombies alone. */
int run_count_children(struct run *run, bool zombies_only);

/* Waits until whit has moved to the root directory, the last thing that it does at its start. */
void run_wait_settled(struct run *run);

/* Waits until whit has that many children. */
void run_wait_children(struct run *run, int count);

/* The only child of whit, by its pid here; and the one of two that is not this one. */
pid_t run_command(struct run *run);
pid_t run_other_child(struct run *run, pid_t not_this);

/*
 * Runs part in a new process that has joined the run's PID namespace, as `docker exec` does it: its
 * parent stays outside. Returns what part returned (0..255) once that process has ended.
 */
int run_join(struct run *run, int (*part)(void *), void *argument);

/* A process's state: R S D T Z and others, as in proc_pid_stat(5); NUL if there is none. */
char process_state(pid_t pid);

/* Waits until a process is in a state. */
void process_wait_state(pid_t pid, char state);

/* The first child of a process, 0 if it has none. */
pid_t process_child(pid_t pid);

/* A number from a line of /proc/PID/status; fails the test if there is none. */
long process_number(pid_t pid, const char *label);

/* A failure that shows the command line, both outputs, and who is alive. */
void run_fail(struct run *run, const char *format, ...) __attribute__((format(printf, 2, 3)))
__attribute__((noreturn));

/*
 * As fork(2), but the child is PID 1 of a PID namespace of its own, with its /proc, and root there.
 */
pid_t harness_fork_into_namespaces(void);

/* To be the teardown of every test: ends what a failed one left running. */
int harness_clean_up(void **state);

/* Ends the group's program, said aloud, where namespaces cannot be had; with CI set that fails. */
int harness_require_namespaces(void **state);

#define ROLE_TEST(test)                                                                            \
	cmocka_unit_test_prestate_setup_teardown(                                                  \
		test, NULL, harness_clean_up, &(enum role){ROLE_INIT}),                            \
	{                                                                                          \
#test " as a subreaper", test, NULL, harness_clean_up, &(enum role)                \
		{                                                                                  \
			ROLE_SUBREAPER                                                             \
		}                                                                                  \
	}

#define INIT_TEST(test)                                                                            \
	cmocka_unit_test_prestate_setup_teardown(                                                  \
		test, NULL, harness_clean_up, &(enum role){ROLE_INIT})

#define SUBREAPER_TEST(test)                                                                       \
	cmocka_unit_test_prestate_setup_teardown(                                                  \
		test, NULL, harness_clean_up, &(enum role){ROLE_SUBREAPER})

/* The role that these hand to a test. */
enum role test_role(void **state);

#endif

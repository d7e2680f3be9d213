/*
 * The start: from main's first call until the first signal is forwarded, with signals that come at
 * any moment (main and become_init in src/main.c, src/command/spawn.c, src/command/forward.c).
 * tests/model/README.md says what this shows, tests/model/run.sh which scenarios there are.
 *
 * EMULATED is qemu-user's clone: a plain fork, the memory is not shared and whit does not wait.
 * GROUP is -g.
 */

#ifndef EMULATED
#define EMULATED 0
#endif
#ifndef GROUP
#define GROUP 0
#endif

#define ENOENT          2
#define KILLED_BY_TERM 15 /* si_status beside CLD_KILLED */

/* whit */
bool is_blocked; /* all signals are */
bool is_pending; /* a signal for whit */

/* The command's process, as the kernel knows it. */
bool exists; /* and is unreaped */
bool has_own_group;
bool has_execed;
bool has_ended;
bool was_killed;
byte end_status;
bool has_signal; /* pending */
byte shared_error; /* struct start's, in the memory of both */

/* What must never be. */
bool signal_is_lost;
bool group_is_missed;
bool verdict_is_wrong;
bool reaped_pid_is_signalled;

/* An engine that stops the container at any moment. A PID 1 without a handler loses what is not blocked. */
active proctype engine()
{
	atomic {
		if
		:: is_blocked -> is_pending = true
		:: else ->
			/* Before that no init can do anything: CAVEATS of the manual. */
			signal_is_lost = exists;
			assert(!signal_is_lost)
		fi
	}
}

/* A process that signals the process by its own pid. */
active proctype neighbour()
{
end:
	atomic { exists && !has_ended -> has_signal = true }
}

/* start_process, and what becomes of it. Its exec fails, or the program runs and ends. */
proctype start_process()
{
	has_own_group = true; /* setpgid(0, 0) */
	/* signal_set_block: what is pending may end it now */
	if
	:: atomic { has_signal -> was_killed = true; end_status = KILLED_BY_TERM; has_ended = true }
	:: atomic { has_execed = true ->
		if
		:: end_status = ENOENT /* the program's own status may be any number */
		:: end_status = 0
		fi };
		has_ended = true
	:: shared_error = (EMULATED -> 0 : ENOENT); /* else it is in a copy of the memory */
		atomic { end_status = ENOENT; has_ended = true } /* _exit(errno) */
	fi
}

/* waitid(WNOHANG | WNOWAIT) */
inline look_for_end()
{
	is_seen_ended = has_ended
}

/* setpgid(pid, pid) by the parent: refused once there was an exec, also for a zombie. */
inline set_group()
{
	atomic {
		is_refused = has_execed;
		has_own_group = has_own_group || !has_execed
	}
}

/* What cannot change any more: the process has exec'd, or has ended without. */
#define HAS_FAILED (has_ended && !has_execed && !was_killed)

active proctype whit()
{
	byte error;
	bool is_seen_ended, is_refused;

#ifndef BREAK_BLOCK_AFTER_START
	is_blocked = true; /* signal_set_block */
#endif
	/* spawn_command */
	atomic { exists = true; run start_process() };
#ifndef BREAK_PLAIN_FORK
	if
	:: EMULATED
	:: else -> has_execed || has_ended /* CLONE_VFORK: suspended until then */
	fi;
#endif
#ifdef BREAK_BLOCK_AFTER_START
	is_blocked = true;
#endif
	error = shared_error;
#if EMULATED
	/* await_exec */
	do
	:: true ->
#ifdef BREAK_OTHER_ORDER
		set_group();
		look_for_end();
#else
		look_for_end();
		set_group();
#endif
		if
		:: is_refused -> break
		:: !is_refused && is_seen_ended -> error = (was_killed -> 0 : end_status); break
		:: else
		fi
	od;
#endif
#ifndef BREAK_PLAIN_FORK
	/* Whether to say "cannot run", 126 or 127, or to wait for the command's status. */
	verdict_is_wrong = (error != 0) != HAS_FAILED;
	assert(!verdict_is_wrong);
#endif
	if
	:: error != 0 -> exists = false /* reap */
	:: else ->
		/* The first turns of supervisor_run: forward_signal, and then the end. */
		do
		:: atomic { is_pending ->
			is_pending = false;
			reaped_pid_is_signalled = !exists;
			assert(!reaped_pid_is_signalled);
			group_is_missed = GROUP && !has_own_group;
			assert(!group_is_missed);
			has_signal = true }
		:: atomic { !is_pending && has_ended -> exists = false; break }
		od
	fi
}

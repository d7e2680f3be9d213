/*
 * The life of whit as PID 1 after the start: forward, reap, decide (src/supervise/supervisor.c), with
 * the kernel's rules for signals, deaths, adoption and pids around it. tests/model/README.md says what
 * this shows; tests/model/run.sh which scenarios there are.
 *
 * A scenario sets how much may happen (N_...), what whit was told (DRAIN, KILL_AFTER, GROUP, PAUSE,
 * PARENT) and which kinds of command there may be. BREAK_... makes whit worse by one thing.
 */

/* --- the scenario --- */

#ifndef N_TERM
#define N_TERM 0 /* how often each signal is sent to whit, at most */
#endif
#ifndef N_USR
#define N_USR 0
#endif
#ifndef N_RT
#define N_RT 0
#endif
#ifndef N_CHLD
#define N_CHLD 0 /* by a process, not by the kernel */
#endif
#ifndef N_TSTP
#define N_TSTP 0
#endif
#ifndef N_CONT
#define N_CONT 0
#endif
#ifndef N_STOP
#define N_STOP 0 /* from within the namespace */
#endif
#ifndef N_FORK
#define N_FORK 0 /* processes that are made after the first ones */
#endif
#ifndef N_JOINED
#define N_JOINED 0 /* processes that have joined from outside, beside the first process */
#endif

#define CEILING 1 /* -d with a time that may be over at any moment */
#define FOREVER 2 /* -d with a time that is never over: then all processes obey TERM */
#ifndef DRAIN
#define DRAIN 0
#endif
#ifndef KILL_AFTER
#define KILL_AFTER 0
#endif
#ifndef GROUP
#define GROUP 0
#endif
#ifndef PAUSE
#define PAUSE 0
#endif
#ifndef PARENT
#define PARENT 0 /* -p: the parent's end is forwarded as USR */
#endif
#ifdef NO_PIDFDS
#define HAS_PIDFDS false
#else
#define HAS_PIDFDS true
#endif

/* --- processes --- */

#define WHIT  1
#define FIRST 2 /* the command, or with PAUSE one that may have joined from outside */
#define PIDS  5

#define OUTSIDE 0 /* as a parent: in another namespace, reaps at once */

#define NONE      0 /* what has the pid; NONE: it is free */
#define COMMAND   1
#define REMAINING 2

#define RUNNING 0
#define STOPPED 1
#define ZOMBIE  2

/* What makes a process end, apart from KILL. */
#define WHEN_IT_LIKES  0 /* or by TERM */
#define ON_TERM        1
#define NEVER          2
#define NEVER_AT_ALL   3 /* not even by KILL: stuck in the kernel */
#define WHEN_ALL_CAME  4 /* the command only: everything that was sent to whit */

#define KILLED_BY_TERM 143
#define KILLED_BY_KILL 137

byte kind[PIDS];
byte state[PIDS];
byte parent[PIDS];
byte nature[PIDS];
byte ended_with[PIDS];
bool term[PIDS];     /* pending */
bool killed[PIDS];   /* KILL is pending */
bool in_group[PIDS]; /* the command's process group; a zombie still counts */
bool has_joined[PIDS]; /* from outside, or is descended from such a process */
bool watched[PIDS];  /* by a pidfd in the event loop, of the process that has the pid now */
byte forks;

/* Pidfds in the loop; those that can be read, since their process has ended; those that poll saw. */
byte joined_count, ready_count, seen_count;

/* --- signals: how many were sent, which is pending at whit (0: none), forwarded, taken --- */

/* Lowest first, the order in which a signalfd gives them. */
#define USR  1
#define TERM 2
#define CHLD 3
#define CONT 4
#define TSTP 5
#define RT   6

byte usr_sent, usr_pending, usr_forwarded, usr_taken;
byte term_sent, term_pending, term_forwarded, term_taken;
byte rt_sent, rt_read, rt_forwarded, rt_taken; /* each is kept: pending are those from read to sent */
byte chld_sent, chld_owed, chld_forwarded, chld_taken;
byte cont_sent, tstp_sent, stop_sent;
bool cont_pending, tstp_pending;

#define BY_KERNEL  1
#define BY_PROCESS 2
byte chld_pending;

#define IS_ANY_PENDING                                                                             \
	(usr_pending || term_pending || chld_pending || cont_pending || tstp_pending ||            \
		rt_read < rt_sent)

/* --- the parent of -p, and what has its pid later --- */

#define LIVES          0
#define IS_ZOMBIE      1
#define IS_GONE        2
#define STRANGER       3
#define STRANGER_ENDED 4
byte parent_state = (PARENT -> LIVES : IS_GONE);

#define NO_FD       0
#define PARENTS_FD  1
#define STRANGERS_FD 2
byte parent_fd;           /* in the event loop */
bool parent_death_is_set; /* PR_SET_PDEATHSIG */

#define PARENT_IS_READABLE                                                                         \
	(parent_fd == PARENTS_FD && parent_state != LIVES ||                                       \
		parent_fd == STRANGERS_FD && parent_state == STRANGER_ENDED)

/* --- whit's own state, as in struct supervisor and struct shutdown --- */

#define RUN      0 /* enum shutdown_state */
#define STOPPING 1
#define KILLING_COMMAND 2
#define DRAINING 3
#define KILLING  4
#define OVER     5

#define TOLD_TO_STOP  0 /* enum shutdown_event; OUT_OF_REACH is in descendants.pml */
#define COMMAND_ENDED 1
#define SIGNALLED     2
#define NONE_LEFT     3
#define DEADLINE      4

byte shutdown = RUN;
bool has_command = !PAUSE;
bool clock_is_set;
bool is_long;      /* the clock is that of FOREVER */
bool has_come;     /* the deadline */
bool give_up_is_set;
byte elapsed;      /* since the first KILL to the remaining processes, in ticks */
byte kill_again;   /* ticks until the next one; doubled */
byte due;          /* when the clock of KILLING comes */
bool gave_up;
bool whit_has_ended;

/* --- what must never be --- */

bool status_is_wrong;
bool reaped_pid_is_signalled;
bool signal_comes_twice;
bool real_time_signal_is_lost;
bool ends_before_remaining;
byte true_status; /* the command's */

/* --- the kernel --- */

/* One of whit's children has ended or stopped; a second piece of news collapses into the first. */
inline news_for_whit()
{
	if
	:: chld_pending == 0 -> chld_pending = BY_KERNEL
	:: else
	fi
}

inline release(freed)
{
	kind[freed] = NONE; state[freed] = RUNNING; parent[freed] = 0; nature[freed] = 0;
	ended_with[freed] = 0; term[freed] = false; killed[freed] = false; in_group[freed] = false;
	has_joined[freed] = false
}

/* exit_notify: the children come to whit, the zombies among them with news of their own. */
inline adopt(dead, child)
{
	if
	:: kind[child] != NONE && parent[child] == dead ->
		parent[child] = WHIT;
		if
		:: state[child] == ZOMBIE -> news_for_whit()
		:: else
		fi
	:: else
	fi
}

inline end_process(dying, how)
{
	state[dying] = ZOMBIE; ended_with[dying] = how; term[dying] = false; killed[dying] = false;
	if
	:: watched[dying] -> watched[dying] = false; ready_count++
	:: else
	fi;
	adopt(dying, 2); adopt(dying, 3); adopt(dying, 4);
	if
	:: kind[dying] == COMMAND -> true_status = how
	:: else
	fi;
	if
	:: parent[dying] == WHIT -> news_for_whit()
	:: parent[dying] == OUTSIDE -> release(dying)
	:: else
	fi
}

/* kill(2) of one; to a zombie it succeeds and does nothing. */
inline post(to, what)
{
	if
	:: kind[to] == NONE || state[to] == ZOMBIE
	:: else ->
		if
		:: what == TERM -> term[to] = true
		:: what == CONT && state[to] == STOPPED -> state[to] = RUNNING
		:: else
		fi
	fi
}

inline post_kill(to_kill)
{
	killed[to_kill] = kind[to_kill] != NONE && state[to_kill] != ZOMBIE
}

/* --- the world: all processes but whit --- */

#define CAN_RUN(pid)                                                                               \
	(kind[pid] != NONE && state[pid] == RUNNING && !killed[pid] && !term[pid])

#define IS_ANY_FREE (kind[2] == NONE || kind[3] == NONE || kind[4] == NONE)

#define HAS_ALL                                                                                    \
	(usr_taken == usr_sent && term_taken == term_sent && rt_taken == rt_sent &&                \
		chld_taken == chld_owed && parent_state != LIVES)

#define MAY_END(pid)                                                                               \
	(nature[pid] == WHEN_IT_LIKES || nature[pid] == WHEN_ALL_CAME && HAS_ALL)

/* The command may have stopped, or be about to, and nothing is on its way to continue it. */
#define CONT_IS_MISSED                                                                             \
	(!cont_pending && !has_records && !tstp_pending && state[FIRST] == STOPPED)

bool has_records; /* whit has read signals that it has not yet forwarded */

inline choose_nature(created)
{
	if
	:: nature[created] = WHEN_IT_LIKES
	:: nature[created] = ON_TERM
#if DRAIN != 2
	:: nature[created] = NEVER
#endif
#ifdef UNKILLABLE
	:: nature[created] = NEVER_AT_ALL
#endif
	fi;
	if
	:: state[created] = RUNNING
#if DRAIN
	:: state[created] = STOPPED
#endif
	fi
}

inline make_process(by, born)
{
	kind[born] = REMAINING;
	parent[born] = by;
	in_group[born] = in_group[by];
	has_joined[born] = has_joined[by];
	choose_nature(born)
}

inline wait_for(waiter, gone)
{
	kind[gone] == REMAINING && state[gone] == ZOMBIE && parent[gone] == waiter && CAN_RUN(waiter) ->
		release(gone)
}

proctype process(byte me)
{
end:
	do
	:: atomic { killed[me] && state[me] != ZOMBIE && nature[me] != NEVER_AT_ALL ->
		end_process(me, KILLED_BY_KILL) }
	:: atomic { term[me] && !killed[me] && state[me] == RUNNING ->
		term[me] = false;
		if
		:: nature[me] == NEVER || nature[me] == NEVER_AT_ALL
		:: nature[me] == WHEN_ALL_CAME -> term_taken = term_forwarded
		:: else -> end_process(me, KILLED_BY_TERM)
		fi }
	:: atomic { CAN_RUN(me) && MAY_END(me) -> end_process(me, (kind[me] == COMMAND -> 7 : 9)) }
	:: atomic { CAN_RUN(me) && forks < N_FORK && IS_ANY_FREE ->
		if
		:: kind[2] == NONE -> forks++; make_process(me, 2)
		:: kind[3] == NONE -> forks++; make_process(me, 3)
		:: kind[4] == NONE -> forks++; make_process(me, 4)
		fi }
	:: atomic { wait_for(me, 2) }
	:: atomic { wait_for(me, 3) }
	:: atomic { wait_for(me, 4) }
#if GROUP
	/* To a group that it made for another process. */
	:: atomic { CAN_RUN(me) && kind[me] == COMMAND && in_group[me] -> in_group[me] = false }
#endif
	:: atomic { CAN_RUN(me) && kind[me] == COMMAND && nature[me] == WHEN_ALL_CAME && !HAS_ALL &&
		(usr_taken != usr_forwarded || rt_taken != rt_forwarded || chld_taken != chld_forwarded) ->
		usr_taken = usr_forwarded; rt_taken = rt_forwarded; chld_taken = chld_forwarded }
	od
}

proctype sender()
{
end:
	do
#if N_USR
	:: atomic { usr_sent < N_USR -> usr_sent++; usr_pending = usr_sent }
#endif
#if N_TERM
	:: atomic { term_sent < N_TERM -> term_sent++; term_pending = term_sent }
#endif
#if N_RT
	:: atomic { rt_sent < N_RT -> rt_sent++ }
#endif
#if N_CHLD
	/* Collapsed into the kernel's it cannot be told from that. */
	:: atomic { chld_sent < N_CHLD -> chld_sent++;
		if
		:: chld_pending == 0 -> chld_pending = BY_PROCESS; chld_owed = chld_sent
		:: else
		fi }
#endif
	/* A stop signal discards a CONT that is pending, and the reverse. */
#if N_TSTP
	:: atomic { tstp_sent < N_TSTP -> tstp_sent++; tstp_pending = true; cont_pending = false }
#endif
#if N_CONT
	:: atomic { cont_sent < N_CONT -> cont_sent++; cont_pending = true; tstp_pending = false }
#endif
#if N_TSTP
	/* What stopped the command continues it one day. */
	:: atomic { CONT_IS_MISSED -> cont_pending = true }
#endif
#if N_STOP
	/* PID 1 ignores STOP from inside, but the CONT is discarded all the same: prepare_signal. */
	:: atomic { stop_sent < N_STOP -> stop_sent++; cont_pending = false }
#endif
	:: atomic { clock_is_set && !is_long && !has_come -> has_come = true }
	:: atomic { whit_has_ended -> break }
	od
}

#if PARENT
/* It ends, it is reaped, and a stranger gets its pid. */
proctype parent_process()
{
	atomic {
		parent_state = IS_ZOMBIE;
		usr_sent++;
		if
		:: parent_death_is_set -> usr_pending = usr_sent
		:: else
		fi
	};
	parent_state = IS_GONE;
	parent_state = STRANGER;
	parent_state = STRANGER_ENDED
}
#endif

/* --- whit --- */

#define BATCH       2 /* EVENT_LOOP_BATCH */
#define REAPS_MAX   2 /* REAPER_BATCH */
#define JOINED_MAX  1 /* EVENT_LOOP_JOINED */
#define GIVE_UP     4 /* SHUTDOWN_GIVE_UP_MS, in ticks of SHUTDOWN_KILL_AGAIN_MS */

byte record[BATCH + 1]; /* one for the parent */
byte number[BATCH + 1]; /* which one of its kind it is; for CHLD, its sender */

inline set_clock(its_is_long)
{
	clock_is_set = true; is_long = its_is_long; has_come = false
}

inline go_to(its_state)
{
	shutdown = its_state; clock_is_set = false; is_long = false; has_come = false
}

/* forward_signal: kill, to the command or its group. */
inline forward_signal(sent)
{
	reaped_pid_is_signalled = kind[FIRST] != COMMAND;
	assert(!reaped_pid_is_signalled);
	if
	:: GROUP && (in_group[2] || in_group[3] || in_group[4]) ->
		if :: in_group[2] -> post(2, sent) :: else fi;
		if :: in_group[3] -> post(3, sent) :: else fi;
		if :: in_group[4] -> post(4, sent) :: else fi
	:: else -> post(FIRST, sent)
	fi
}

/* kill_command: the group and, since it may have left that, the command itself. */
inline kill_command()
{
	reaped_pid_is_signalled = kind[FIRST] != COMMAND;
	assert(!reaped_pid_is_signalled);
	if
	:: GROUP && (in_group[2] || in_group[3] || in_group[4]) ->
		if :: in_group[2] -> post_kill(2) :: else fi;
		if :: in_group[3] -> post_kill(3) :: else fi;
		if :: in_group[4] -> post_kill(4) :: else fi;
#ifndef BREAK_KILL_GROUP_ALONE
		post_kill(FIRST)
#endif
	:: else -> post_kill(FIRST)
	fi
}

/* remaining_signal and remaining_kill as PID 1: kill(-1), all processes at one moment. */
inline signal_namespace(to_all)
{
	atomic { post(2, to_all); post(3, to_all); post(4, to_all) }
}

inline stop_remaining()
{
	signal_namespace(TERM);
#ifndef BREAK_NO_CONT
	signal_namespace(CONT)
#endif
}

inline kill_remaining()
{
	atomic { post_kill(2); post_kill(3); post_kill(4) }
}

/* SIGNALLED in KILLING: rounds after 1, 2, 4 ticks and so on, and no later than GIVE_UP. */
inline set_kill_clocks()
{
	if
#ifdef BREAK_GIVE_UP_ANEW
	:: true -> give_up_is_set = true; elapsed = 0; kill_again = 1
#else
	:: !give_up_is_set -> give_up_is_set = true; elapsed = 0; kill_again = 1
#endif
	:: else
	fi;
	due = (elapsed + kill_again >= GIVE_UP -> GIVE_UP : elapsed + kill_again);
	kill_again = kill_again * 2;
	set_clock(false)
}

/* shutdown_step and act: each state and event of src/supervise/shutdown.c that does something. */
inline drain_or_end()
{
#if DRAIN
	go_to(DRAINING);
	stop_remaining();
	set_clock(DRAIN == FOREVER) /* SIGNALLED */
#else
	go_to(OVER)
#endif
}

inline begin_killing()
{
	go_to(KILLING);
	kill_remaining();
	set_kill_clocks() /* SIGNALLED */
}

inline act(event)
{
	if
	:: shutdown == RUN && event == TOLD_TO_STOP && KILL_AFTER ->
		shutdown = STOPPING; set_clock(false)
	:: shutdown <= KILLING_COMMAND && event == COMMAND_ENDED -> drain_or_end()
	:: shutdown == STOPPING && event == DEADLINE ->
		atomic { go_to(KILLING_COMMAND); kill_command() }
	:: (shutdown == DRAINING || shutdown == KILLING) && event == NONE_LEFT -> go_to(OVER)
	:: shutdown == DRAINING && event == DEADLINE -> begin_killing()
	:: shutdown == KILLING && event == DEADLINE ->
		if
		:: elapsed = due
		:: elapsed = GIVE_UP /* late */
		fi;
		if
		:: elapsed >= GIVE_UP -> gave_up = true; go_to(OVER)
		:: else -> begin_killing()
		fi
	:: else
	fi
}

#define IS_CHILD(pid)  (kind[pid] != NONE && parent[pid] == WHIT)
#define IS_REAPABLE(pid) (IS_CHILD(pid) && state[pid] == ZOMBIE)

#define HAS_CHILDREN (IS_CHILD(2) || IS_CHILD(3) || IS_CHILD(4))

/* One wait4 that finds a zombie: reaper_collect compares the pid with the command's. */
inline take_dead(reaped)
{
	IS_REAPABLE(reaped) ->
#ifdef BREAK_SECOND_STATUS
	if
	:: reaped == FIRST && had_command -> has_command_ended = true; status = ended_with[reaped]
	:: else
	fi;
#else
	if
	:: reaped == FIRST && had_command && !has_command_ended ->
		has_command_ended = true; status = ended_with[reaped]
	:: else
	fi;
#endif
	release(reaped);
	reaps++
}

/* watch_if_joined: first a look at /proc/PID/stat, then the pidfd, of what has the pid by then. */
inline watch_if_joined(seen)
{
	if
	:: joined_count < JOINED_MAX && kind[seen] != NONE && parent[seen] == OUTSIDE &&
			state[seen] != ZOMBIE ->
		atomic {
			if
			:: HAS_PIDFDS && kind[seen] != NONE ->
				joined_count++;
				watched[seen] = state[seen] != ZOMBIE;
				ready_count = ready_count + (state[seen] == ZOMBIE -> 1 : 0)
			:: else
			fi
		}
	:: else
	fi
}

/* outsiders_watch_joined: only if none is watched. */
inline watch_joined()
{
#ifndef BREAK_NO_JOINED
	if
	:: joined_count == 0 -> watch_if_joined(2); watch_if_joined(3); watch_if_joined(4)
	:: else
	fi;
#endif
	is_any_joined = joined_count > 0;
#ifndef BREAK_ONE_LOOK_FOR_CHILDREN
	/* One that joined may have ended while whit looked: its children are whit's now. */
	if
	:: !is_any_joined -> is_any_joined = HAS_CHILDREN
	:: else
	fi
#endif
}

/* reaper_collect, and reap of the supervisor. Which of several is first is left open. */
inline reap()
{
	had_command = has_command;
	has_command_ended = false;
	is_more_to_reap = false;
	is_any_joined = false;
	reaps = 0;
	do
	:: atomic { reaps < REAPS_MAX ->
		if
		:: take_dead(2)
		:: take_dead(3)
		:: take_dead(4)
		:: else -> has_children = HAS_CHILDREN; break
		fi }
#ifdef BREAK_ONE_WAIT
	:: reaps == 1 -> has_children = true; break
#endif
	:: reaps == REAPS_MAX -> has_children = true; is_more_to_reap = true; break
	od;
	if
	:: has_command_ended -> has_command = false; act(COMMAND_ENDED)
	:: else
	fi;
	if
	:: !has_children && shutdown == DRAINING -> watch_joined()
	:: else
	fi;
	if
	:: !has_children && !is_any_joined -> act(NONE_LEFT)
	:: else
	fi;
	had_command = false; has_command_ended = false; has_children = false; is_any_joined = false;
	reaps = 0
}

/* read of the signalfd: lowest first, standard ones before real-time ones, as many as there is room. */
inline read_records()
{
	count = 0;
	if
	:: usr_pending ->
		record[count] = USR; number[count] = usr_pending; usr_pending = 0; count++
	:: else
	fi;
	if
	:: term_pending ->
		record[count] = TERM; number[count] = term_pending; term_pending = 0; count++
	:: else
	fi;
	if
	:: chld_pending && count < BATCH ->
		record[count] = CHLD; number[count] = chld_pending; chld_pending = 0; count++
	:: else
	fi;
	if
	:: cont_pending && count < BATCH ->
		record[count] = CONT; cont_pending = false; count++
	:: else
	fi;
	if
	:: tstp_pending && count < BATCH ->
		record[count] = TSTP; tstp_pending = false; count++
	:: else
	fi;
	do
	:: rt_read < rt_sent && count < BATCH ->
		rt_read++; record[count] = RT; number[count] = rt_read; count++
	:: else -> break
	od;
	has_records = count > 0
}

/* forward, and what the kernel does with it at the command. */
inline forward(signal, which)
{
	atomic {
		forward_signal(signal);
		if
		:: signal == USR ->
			signal_comes_twice = which == usr_forwarded;
			assert(!signal_comes_twice);
			usr_forwarded = which
		:: signal == TERM -> term_forwarded = which
		:: signal == CHLD -> chld_forwarded = chld_owed
		:: signal == TSTP && kind[FIRST] == COMMAND && state[FIRST] == RUNNING ->
			state[FIRST] = STOPPED; news_for_whit()
		:: signal == RT ->
			real_time_signal_is_lost = which != rt_forwarded + 1;
			assert(!real_time_signal_is_lost);
			rt_forwarded = which
		:: else
		fi
	}
	if
	:: signal == TERM -> act(TOLD_TO_STOP)
	:: else
	fi
}

inline end_pause(came)
{
	if
	:: came == TERM ->
		act(COMMAND_ENDED);
#ifndef BREAK_PAUSE_WITHOUT_LOOK
		is_more_to_reap = true
#endif
	:: else
	fi
}

#ifdef BREAK_REAP_FIRST
#define IS_FOR_COMMAND (was_for_command)
#else
#define IS_FOR_COMMAND (has_command)
#endif

inline take_signal()
{
	if
	:: shutdown >= KILLING && !IS_FOR_COMMAND
	:: record[i] == CHLD && number[i] == BY_KERNEL
#ifdef BREAK_FORWARD_NUMBERS
	/* As an init that keeps a set of the numbers that came. */
	:: record[i] == RT && i > 0 && record[i - 1] == RT
#endif
	:: else ->
		if
		:: IS_FOR_COMMAND -> forward(record[i], number[i])
#if PAUSE
		:: shutdown <= KILLING_COMMAND && !has_command -> end_pause(record[i])
#endif
		:: shutdown == DRAINING -> signal_namespace(record[i])
		:: else
		fi
	fi
}

inline add_parent_record()
{
	record[count] = USR; number[count] = 1; count++; has_records = true
}

/* outsiders_watch_parent: the parent's pidfd, if it is still the parent's, else prctl(2). */
inline watch_parent()
{
	atomic {
		parent_fd = (!HAS_PIDFDS || parent_state == IS_GONE || parent_state == STRANGER_ENDED
			-> NO_FD : (parent_state == STRANGER -> STRANGERS_FD : PARENTS_FD))
	};
	parent_death_is_set = parent_fd == NO_FD;
	if
	:: parent_state == LIVES /* getppid(2) */
	:: else ->
#ifndef BREAK_KEEP_PIDFD
		parent_fd = NO_FD;
#endif
		if
#ifndef BREAK_NOT_PENDING
		:: usr_pending
#endif
		:: else -> add_parent_record()
		fi
	fi
}

/* wants_reaping, outsiders_joined_have_ended, outsiders_parent_has_ended. */
inline look_at_batch()
{
	must_reap = count == 0 || is_more_to_reap;
#ifndef BREAK_FULL_BATCH
	must_reap = must_reap || count == BATCH;
#endif
	i = 0;
	do
	:: i < count ->
#ifdef BREAK_KERNELS_CHLD_ALONE
		must_reap = must_reap || record[i] == CHLD && number[i] == BY_KERNEL;
#else
		must_reap = must_reap || record[i] == CHLD;
#endif
		i++
	:: else -> break
	od;
	i = 0;
#ifndef BREAK_NO_NEWS_OF_JOINED
	must_reap = must_reap || seen_count > 0 && seen_count == joined_count;
#endif
	joined_count = joined_count - seen_count;
	ready_count = ready_count - seen_count;
	seen_count = 0;
	if
	:: parent_is_seen -> parent_fd = NO_FD; add_parent_record()
	:: else
	fi;
	parent_is_seen = false
}

inline forget_batch()
{
	i = 0;
	do
	:: i <= BATCH -> record[i] = 0; number[i] = 0; i++
	:: else -> break
	od;
	i = 0; count = 0; has_records = false; must_reap = false
}

inline take_signals()
{
	do
	:: i < count -> take_signal(); i++
	:: else -> break
	od;
	has_records = false
}

inline reap_if_needed()
{
	if
	:: must_reap -> reap()
	:: else
	fi
}

/* Once KILL has been sent, those that joined are the kernel's, which ends the namespace with whit. */
#define IS_AWAITED(pid)                                                                            \
	(kind[pid] != NONE && (!has_joined[pid] || HAS_PIDFDS && !give_up_is_set))

proctype supervisor_run()
{
	byte status, count, i, reaps;
	bool is_more_to_reap, must_reap, parent_is_seen;
	bool had_command, has_command_ended, has_children, is_any_joined;
#ifdef BREAK_REAP_FIRST
	bool was_for_command;
#endif

	must_reap = true; /* what ended before signals were blocked */
#if PARENT
	watch_parent();
#endif
	do
	:: true ->
#ifdef BREAK_REAP_FIRST
		was_for_command = has_command;
		reap_if_needed();
		take_signals();
#else
		take_signals();
		reap_if_needed();
#endif
		d_step { forget_batch() };
		if
		:: clock_is_set && has_come -> act(DEADLINE)
		:: else
		fi;
		if
		:: shutdown == OVER -> break
		:: else
		fi;
		/* event_loop_wait: poll if there is more to wait for than signals */
		if
		:: clock_is_set || is_more_to_reap || joined_count > 0 || parent_fd != NO_FD ->
			atomic {
				IS_ANY_PENDING || clock_is_set && has_come || is_more_to_reap ||
						ready_count > 0 || PARENT_IS_READABLE ->
				seen_count = ready_count;
				parent_is_seen = PARENT_IS_READABLE;
				if
				:: !IS_ANY_PENDING -> goto waited
				:: else
				fi };
#ifdef BREAK_BLOCKING_READ
			atomic { IS_ANY_PENDING -> d_step { read_records() } }
#else
			atomic { d_step { read_records() } }
#endif
		:: else -> atomic { IS_ANY_PENDING -> d_step { read_records() } }
		fi;
waited:
		skip;
		d_step { look_at_batch() }
	od;
	atomic {
		status_is_wrong = !PAUSE && status != true_status;
		assert(!status_is_wrong);
		ends_before_remaining = DRAIN && !gave_up &&
			(IS_AWAITED(2) || IS_AWAITED(3) || IS_AWAITED(4));
		assert(!ends_before_remaining);
		whit_has_ended = true
	}
}

init {
	atomic {
		kind[WHIT] = REMAINING; /* its pid is not used again */
#if PAUSE
		kind[FIRST] = REMAINING;
		if
		:: parent[FIRST] = WHIT
		:: parent[FIRST] = OUTSIDE; has_joined[FIRST] = true
		fi;
#else
		kind[FIRST] = COMMAND;
		parent[FIRST] = WHIT;
		in_group[FIRST] = true;
#endif
#if N_JOINED > 0
		kind[3] = REMAINING; parent[3] = OUTSIDE; has_joined[3] = true; choose_nature(3);
#endif
#if N_JOINED > 1
		kind[4] = REMAINING; parent[4] = OUTSIDE; has_joined[4] = true; choose_nature(4);
#endif
		if
		:: nature[FIRST] = WHEN_IT_LIKES
#ifdef WAITING_COMMAND
		:: nature[FIRST] = WHEN_ALL_CAME
#endif
#if KILL_AFTER || PAUSE && DRAIN != 2
		/* Of those that -k has to end: told to stop one day, by a TERM that is sent for sure. */
		:: nature[FIRST] = NEVER
#endif
		fi;
		run process(2);
#if N_FORK > 0 || N_JOINED > 0
		run process(3);
		run process(4);
#endif
#if PARENT
		run parent_process();
#endif
		run sender();
		run supervisor_run()
	}
}

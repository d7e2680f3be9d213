/*
 * The drain when whit is not PID 1: no system call reaches all remaining processes at one moment, so
 * whit looks for its descendants in /proc, while they fork, end and are reaped, and strangers get their
 * pids (src/supervise/remaining.c, and shutdown.c's states from DRAINING on). tests/model/README.md
 * says what this shows, tests/model/run.sh which scenarios there are.
 *
 * The command has ended. A process may be anywhere in the kernel: in the middle of a fork it has passed
 * the look for signals that copy_process begins with, so its child is born although a TERM has come
 * meanwhile; only KILL is looked for once more.
 */

#ifndef N_FORK
#define N_FORK 1 /* by descendants, once whit looks */
#endif
#ifndef N_STRANGER
#define N_STRANGER 0 /* strangers that are born meanwhile */
#endif
#define CEILING 1 /* -d with a time that may be over at any moment */
#define FOREVER 2 /* -d with a time that is never over: then all processes obey TERM */
#ifndef DRAIN
#define DRAIN FOREVER
#endif

#define WHIT  1
#define FIRST 2
#define PIDS  5

#define OUTSIDE 0 /* as a parent */

#define NONE      0
#define REMAINING 1
#define STRANGER  2

#define RUNNING 0
#define FORKING 1 /* past the look for signals */
#define STOPPED 2
#define ZOMBIE  3

#define ENDS_WHEN_IT_LIKES 0
#define ENDS_BY_TERM       1
#define ENDS_NEVER         2 /* but by KILL */
#define REFUSES            3 /* all signals: another user's */
#define STUCK              4 /* takes KILL and does not end: in the kernel */

byte kind[PIDS];
byte state[PIDS];
byte parent[PIDS];
byte nature[PIDS];
byte life[PIDS]; /* which process of those that had the pid: its start time, what a pidfd stands for */
bool term[PIDS], killed[PIDS]; /* pending */
bool was_told[PIDS];     /* TERM has been sent to it */
bool was_here[PIDS];     /* since before whit listed */
bool has_moved[PIDS];    /* to another parent since whit began to look; or its parent had */
bool is_helper[PIDS];    /* was started by another's handler of TERM, to clean up */
bool is_subreaper[PIDS]; /* below whit */
byte forks, strangers;
bool child_news;

bool is_draining, is_telling;
bool clock_is_set, has_come;
bool give_up_is_set;
byte elapsed, kill_again, due; /* ticks since the first KILL */
bool gave_up, is_out_of_reach;
bool is_over;

/* What must never be. */
bool stranger_is_signalled;
bool descendant_misses_term;
bool descendant_stays_stopped;
bool descendant_escapes;
bool ends_before_remaining;
bool one_started_later_gets_term;
bool time_is_short;
bool tries_in_vain;

#define IS_ALIVE(pid) (kind[pid] != NONE && state[pid] != ZOMBIE)
#define CAN_RUN(pid)  (IS_ALIVE(pid) && state[pid] == RUNNING && !term[pid] && !killed[pid])

inline release(freed)
{
	kind[freed] = NONE; state[freed] = RUNNING; parent[freed] = 0; nature[freed] = 0;
	term[freed] = false; killed[freed] = false; was_told[freed] = false;
	was_here[freed] = false; has_moved[freed] = false;
	is_helper[freed] = false; is_subreaper[freed] = false;
	life[freed]++
}

#define IS_REAPER(pid) (pid > WHIT && IS_ALIVE(pid) && is_subreaper[pid])

/* find_new_reaper: the nearest living ancestor that is a subreaper, for strangers another init. */
inline find_new_reaper(dead)
{
	reaper = (kind[dead] == REMAINING -> parent[dead] : OUTSIDE);
	do
	:: reaper > WHIT && !IS_REAPER(reaper) -> reaper = parent[reaper]
	:: else -> break
	od
}

inline adopt(dead, child)
{
	if
	:: kind[child] != NONE && parent[child] == dead ->
		parent[child] = reaper;
		has_moved[child] = true;
		child_news = child_news || reaper == WHIT && state[child] == ZOMBIE;
		if
		:: reaper == OUTSIDE && state[child] == ZOMBIE -> release(child)
		:: else
		fi
	:: else
	fi
}

inline end_process(dying)
{
	state[dying] = ZOMBIE; term[dying] = false; killed[dying] = false;
	find_new_reaper(dying);
	adopt(dying, 2); adopt(dying, 3); adopt(dying, 4);
	reaper = 0;
	if
	:: parent[dying] == WHIT -> child_news = true
	:: parent[dying] == OUTSIDE -> release(dying)
	:: else
	fi
}

inline make_process(by, born)
{
	kind[born] = kind[by];
	parent[born] = by;
	nature[born] = nature[by]
}

/* With FOREVER all processes that miss TERM must end all the same. */
inline fork_process(by, born)
{
	make_process(by, born);
	nature[born] = (DRAIN == FOREVER -> ENDS_WHEN_IT_LIKES : nature[by]);
	has_moved[born] = has_moved[by]
}

hidden byte reaper;

proctype process(byte me)
{
end:
	do
	:: atomic { IS_ALIVE(me) && killed[me] && nature[me] != STUCK -> end_process(me) }
	:: atomic { IS_ALIVE(me) && state[me] == RUNNING && term[me] && !killed[me] ->
		term[me] = false;
		if
		:: nature[me] >= ENDS_NEVER
		:: nature[me] < ENDS_NEVER && !is_helper[me] && kind[4] == NONE && forks < N_FORK ->
			forks++; make_process(me, 4); nature[4] = ENDS_WHEN_IT_LIKES; is_helper[4] = true;
			end_process(me)
		:: nature[me] < ENDS_NEVER -> end_process(me)
		fi }
	:: atomic { CAN_RUN(me) && nature[me] == ENDS_WHEN_IT_LIKES -> end_process(me) }
	:: atomic { CAN_RUN(me) && kind[me] == REMAINING && forks < N_FORK ->
		forks++; state[me] = FORKING }
	:: atomic { state[me] == FORKING && !killed[me] &&
			(kind[2] == NONE || kind[3] == NONE || kind[4] == NONE) ->
		state[me] = RUNNING;
		if
		:: kind[2] == NONE -> fork_process(me, 2)
		:: kind[3] == NONE -> fork_process(me, 3)
		:: kind[4] == NONE -> fork_process(me, 4)
		fi }
	/* No room: EAGAIN. */
	:: atomic { state[me] == FORKING && !killed[me] &&
			!(kind[2] == NONE || kind[3] == NONE || kind[4] == NONE) ->
		state[me] = RUNNING }
	:: atomic { CAN_RUN(me) && kind[2] != NONE && state[2] == ZOMBIE && parent[2] == me -> release(2) }
	:: atomic { CAN_RUN(me) && kind[3] != NONE && state[3] == ZOMBIE && parent[3] == me -> release(3) }
	:: atomic { CAN_RUN(me) && kind[4] != NONE && state[4] == ZOMBIE && parent[4] == me -> release(4) }
#if N_STRANGER
	/* A stranger may begin with any pid that is free, and have any stranger for a parent. */
	:: atomic { kind[me] == NONE && strangers < N_STRANGER ->
		strangers++; kind[me] = STRANGER; nature[me] = ENDS_WHEN_IT_LIKES;
		if
		:: parent[me] = OUTSIDE
		:: me != 2 && kind[2] == STRANGER && state[2] == RUNNING -> parent[me] = 2
		:: me != 3 && kind[3] == STRANGER && state[3] == RUNNING -> parent[me] = 3
		:: me != 4 && kind[4] == STRANGER && state[4] == RUNNING -> parent[me] = 4
		fi }
#endif
	od
}

#if DRAIN == 1
proctype time()
{
end:
	do
	:: atomic { clock_is_set && !has_come ->
		has_come = true;
		time_is_short = is_telling;
		assert(!time_is_short) }
	:: is_over -> break
	od
}
#endif

/* --- whit --- */

#define TERM 0
#define CONT 1
#define KILL 2

/* Of the source's 4 and 100: more than can change here. */
#define LISTING_LOOKS 4
#define KILLING_LOOKS 6

#define GIVE_UP 3 /* SHUTDOWN_GIVE_UP_MS, in ticks of SHUTDOWN_KILL_AGAIN_MS */

bool listed[PIDS];
byte listed_start[PIDS];

#ifdef OLD_KERNEL
#define HAS_PIDFDS false
#else
#define HAS_PIDFDS true
#endif

/* With the start time, which tells processes with one pid apart. */
#ifdef BREAK_PID_ALONE
#define SAME(one, other) true
#else
#define SAME(one, other) (one == other)
#endif

inline forget_list()
{
	d_step {
		listed[2] = false; listed[3] = false; listed[4] = false;
		listed_start[2] = 0; listed_start[3] = 0; listed_start[4] = 0
	}
}

/* process_read: one look at /proc/PID/stat. */
inline process_read(pid_read)
{
	atomic {
		is_there = kind[pid_read] != NONE;
		its_parent = parent[pid_read];
		its_start = life[pid_read];
		its_is_live = is_there && state[pid_read] != ZOMBIE
	}
}

/* is_descendant: the parent, which has just been read, is whit or on the list and still there. */
inline ask_whether_ours()
{
#ifdef BREAK_PARENT_UNREAD
	is_ours = its_parent == WHIT || its_parent > WHIT && listed[its_parent];
#else
	is_ours = its_parent == WHIT || its_parent > WHIT && kind[its_parent] != NONE &&
		listed[its_parent] && SAME(life[its_parent], listed_start[its_parent]);
#endif
}

/* What a signal does that has reached the process which has the pid now. */
inline take_signal(to)
{
	stranger_is_signalled = kind[to] == STRANGER;
	assert(!stranger_is_signalled);
	if
	:: state[to] == ZOMBIE
	:: else ->
		if
		:: signal == TERM ->
			one_started_later_gets_term = is_helper[to];
			assert(!one_started_later_gets_term);
			term[to] = true; was_told[to] = true
		:: signal == CONT -> state[to] = (state[to] == STOPPED -> RUNNING : state[to])
		:: signal == KILL -> killed[to] = true
		fi
	fi
}

/* kill(2), and pidfd_send_signal(2), to the process with that start. */
inline send_signal(to, is_pidfd, start)
{
	atomic {
		if
		:: kind[to] == NONE || is_pidfd && life[to] != start -> is_taken = false
		:: else ->
			if
			:: nature[to] == REFUSES -> is_taken = false; was_refused = true
			:: else -> is_taken = true; take_signal(to)
			fi
		fi
	}
}

/* send_to and tell. */
inline tell(to)
{
	is_taken = false;
	process_read(to);
	if
	:: is_there && SAME(its_start, listed_start[to]) ->
		if
#ifdef BREAK_NO_PIDFD
		:: true -> send_signal(to, false, 0)
#else
		:: its_parent == WHIT -> send_signal(to, false, 0)
		:: its_parent != WHIT && !HAS_PIDFDS -> was_refused = true
		:: its_parent != WHIT && HAS_PIDFDS && kind[to] != NONE ->
			pidfd = life[to];
			process_read(to);
			ask_whether_ours();
#ifdef BREAK_PROOF_FIRST
			atomic { pidfd = life[to] };
#endif
			if
			:: is_there && SAME(its_start, listed_start[to]) && is_ours ->
				send_signal(to, true, pidfd)
			:: else
			fi
		:: else
#endif
		fi
	:: else
	fi;
	has_told = has_told || is_taken;
	atomic { pidfd = 0; is_there = false; its_parent = 0; its_start = 0; its_is_live = false; is_ours = false }
}

/* visit_process */
inline visit(found)
{
	process_read(found);
	if
	:: its_is_live && !(listed[found] && listed_start[found] == its_start) ->
		ask_whether_ours();
		if
		:: is_ours ->
			atomic { listed[found] = true; listed_start[found] = its_start };
			if
			:: kills -> signal = KILL; tell(found); has_progress = has_progress || is_taken
			:: else -> has_progress = true
			fi
		:: else
		fi
	:: else
	fi
}

/* look_through: pid after pid, until a look has found no more. */
inline look_through()
{
	forget_list();
	looks = 0;
	do
	:: true ->
		has_progress = false;
		visit(2);
		visit(3);
		visit(4);
		looks++;
#ifdef BREAK_ONE_LOOK
		break
#endif
		if
		:: has_progress && looks < (kills -> KILLING_LOOKS : LISTING_LOOKS)
		:: else -> break
		fi
	od;
	looks = 0; has_progress = false
}

#define IS_MISSED(pid)                                                                             \
	(IS_ALIVE(pid) && was_here[pid] && !was_told[pid] && nature[pid] != REFUSES && !IS_EXCUSED(pid))
#define IS_HELD(pid)                                                                               \
	(IS_ALIVE(pid) && was_here[pid] && state[pid] == STOPPED && nature[pid] != REFUSES &&      \
		!IS_EXCUSED(pid))

/* A process that gets another parent while whit looks may be missed: it has KILL to come. */
#if defined(OLD_KERNEL)
#define IS_EXCUSED(pid) true
#elif defined(STRICT)
#define IS_EXCUSED(pid) false
#else
#define IS_EXCUSED(pid) has_moved[pid]
#endif

inline signal_if_listed(to, what)
{
	if
	:: listed[to] -> signal = what; tell(to)
	:: else
	fi
}

/* remaining_signal, with TERM and CONT: the list is complete before the first one is told. */
inline stop_remaining()
{
	is_telling = true;
	kills = false;
	atomic {
		was_here[2] = kind[2] == REMAINING; was_here[3] = kind[3] == REMAINING;
		was_here[4] = kind[4] == REMAINING
	};
#ifdef BREAK_SIGNAL_ON_SIGHT
	signal = TERM;
	do
	:: true ->
		has_progress = false;
		visit(2); signal_if_listed(2, TERM); signal_if_listed(2, CONT);
		visit(3); signal_if_listed(3, TERM); signal_if_listed(3, CONT);
		visit(4); signal_if_listed(4, TERM); signal_if_listed(4, CONT);
		if
		:: has_progress
		:: else -> break
		fi
	od;
#else
	look_through();
	signal_if_listed(2, TERM);
#ifndef BREAK_NO_CONT
	signal_if_listed(2, CONT);
#endif
	signal_if_listed(3, TERM);
#ifndef BREAK_NO_CONT
	signal_if_listed(3, CONT);
#endif
	signal_if_listed(4, TERM);
#ifndef BREAK_NO_CONT
	signal_if_listed(4, CONT);
#endif
#endif
	atomic {
		descendant_misses_term = IS_MISSED(2) || IS_MISSED(3) || IS_MISSED(4);
		assert(!descendant_misses_term);
		descendant_stays_stopped = IS_HELD(2) || IS_HELD(3) || IS_HELD(4);
		assert(!descendant_stays_stopped);
		is_telling = false
	};
	forget_list()
}

#define IS_OURS(pid) (kind[pid] == REMAINING)

/* Each one has had KILL, refuses it, or it or its parent got another parent meanwhile; what
 * has had KILL forks no more. Without pidfds a grandchild has to wait until it is whit's child. */
#ifdef OLD_KERNEL
#define ESCAPES(pid) false
#else
#define ESCAPES(pid)                                                                               \
	(IS_OURS(pid) && IS_ALIVE(pid) && !killed[pid] && nature[pid] != REFUSES &&                \
		!has_moved[pid] && !has_moved[parent[pid]])
#endif

/* remaining_kill: each one as soon as it is found. */
inline kill_remaining()
{
	tries_in_vain = is_out_of_reach;
	assert(!tries_in_vain);
	d_step { has_moved[2] = false; has_moved[3] = false; has_moved[4] = false };
	kills = true; has_told = false; was_refused = false;
#ifdef BREAK_LIST_BEFORE_KILL
	kills = false;
	look_through();
	signal_if_listed(2, KILL);
	signal_if_listed(3, KILL);
	signal_if_listed(4, KILL);
#else
	look_through();
#endif
	is_out_of_reach = !has_told && was_refused;
	atomic {
		descendant_escapes = ESCAPES(2) || ESCAPES(3) || ESCAPES(4);
		assert(!descendant_escapes)
	};
	has_told = false; was_refused = false;
	forget_list()
}

#define IS_CHILD(pid) (kind[pid] != NONE && parent[pid] == WHIT)

#ifdef BREAK_WAIT_FOR_STRANGERS
/* As kill(-1, 0) tells, or a count of the processes in /proc. */
#define HAS_CHILDREN (kind[2] != NONE || kind[3] != NONE || kind[4] != NONE)
#else
#define HAS_CHILDREN (IS_CHILD(2) || IS_CHILD(3) || IS_CHILD(4))
#endif

inline take_dead(reaped)
{
	IS_CHILD(reaped) && state[reaped] == ZOMBIE -> release(reaped)
}

inline reap()
{
	child_news = false;
	do
	:: atomic {
		if
		:: take_dead(2)
		:: take_dead(3)
		:: take_dead(4)
		:: else -> has_children = HAS_CHILDREN; break
		fi }
	od
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
	clock_is_set = true
}

/* The deadline: KILL, once more, or the end. OUT_OF_REACH ends at once. */
inline act_on_deadline()
{
	clock_is_set = false; has_come = false;
	elapsed = due;
	if
	:: give_up_is_set && elapsed >= GIVE_UP -> gave_up = true
	:: else ->
		kill_remaining();
		if
#ifndef BREAK_OUT_OF_REACH_IGNORED
		:: is_out_of_reach -> gave_up = true
		:: else -> set_kill_clocks()
#else
		:: true -> set_kill_clocks()
#endif
		fi
	fi
}

proctype supervisor_run()
{
	byte its_parent, its_start, pidfd, looks, signal;
	bool kills, is_there, its_is_live, is_ours, is_taken, has_told, was_refused, has_progress;
	bool has_children;

	/* The command has just been reaped: act(SHUTDOWN_EVENT_COMMAND_ENDED). */
	is_draining = true;
#ifdef BREAK_CLOCK_FIRST
	clock_is_set = true;
#endif
	stop_remaining();
#if DRAIN == 1
	clock_is_set = true; /* SIGNALLED */
#endif
	reap();
	do
	:: !has_children || gave_up -> break
	:: has_children && !gave_up && child_news -> reap()
	:: has_children && !gave_up && has_come -> act_on_deadline()
	od;
	atomic {
		ends_before_remaining = !gave_up && (IS_OURS(2) || IS_OURS(3) || IS_OURS(4));
		assert(!ends_before_remaining);
		is_over = true
	}
}

/* No process in the kernel's tables but these; which is which is left open. */
init {
	atomic {
		kind[2] = REMAINING; parent[2] = WHIT;
		if
		:: nature[2] = ENDS_BY_TERM
		:: nature[2] = ENDS_WHEN_IT_LIKES
#if DRAIN == 1
		:: nature[2] = ENDS_NEVER
#endif
#ifdef UNKILLABLE
		:: nature[2] = STUCK
		:: nature[2] = REFUSES
#endif
		fi;
#ifdef SUBREAPER
		is_subreaper[2] = true;
#endif
#ifdef SOME_STOPPED
		if
		:: state[2] = STOPPED
		:: true
		fi;
#endif
		if
		:: make_process(2, 3)
#if N_STRANGER
		:: kind[3] = STRANGER; parent[3] = OUTSIDE
#endif
		/* Its pid is lower than its parent's. */
		:: kind[4] = REMAINING; nature[4] = nature[2]; parent[4] = WHIT; make_process(4, 3)
#ifdef UNKILLABLE
		:: make_process(2, 3); nature[3] = ENDS_NEVER
#endif
		:: true
		fi;
		run process(2);
		run process(3);
		run process(4);
#if DRAIN == 1
		run time();
#endif
		run supervisor_run()
	}
}

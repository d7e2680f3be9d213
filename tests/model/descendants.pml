/*
 * The drain when whit is not PID 1: no process gives it all of the remaining processes at one moment, so it looks for
 * its descendants in /proc, while they fork, end and are reaped, and strangers get their pids
 * (src/supervise/leftovers.c, src/supervise/process.c, and shutdown.c's states from DRAINING on).
 * tests/model/README.md says what this shows, tests/model/run.sh which scenarios there are.
 *
 * The command has ended. A process that is not stopped may be anywhere in the kernel: in the middle
 * of a fork it has passed the look for signals that copy_process begins with, so its child is born
 * although a STOP or a TERM has come meanwhile; only KILL is looked for once more.
 */

#ifndef N_FORK
#define N_FORK 1 /* by descendants, once whit looks */
#endif
#ifndef N_STRANGER
#define N_STRANGER 0 /* strangers who are born meanwhile */
#endif
#define CEILING 1
#define FOREVER 2
#ifndef DRAIN
#define DRAIN FOREVER
#endif

#define WHIT  1
#define FIRST 2
#define PIDS  5

#define OUTSIDE 0 /* as a parent */

#define NO_PROCESS   0
#define REST     1
#define STRANGER 2

#define RUNNING 0
#define FORKING 1 /* past the look for signals */
#define STOPPED 2
#define ZOMBIE  3

#define ENDS_IF_IT_LIKES 0
#define ENDS_BY_TERM     1
#define ENDS_NEVER       2 /* but for KILL */

byte kind[PIDS];
byte state[PIDS];
byte parent[PIDS];
byte nature[PIDS];
byte life[PIDS]; /* which process of those that had the pid: what a pidfd stands for */
bool stop[PIDS], term[PIDS], killed[PIDS]; /* pending */
bool was_told[PIDS];  /* TERM has been sent to it */
bool is_helper[PIDS]; /* was started by another's handler of TERM, to clean up */
byte forks, strangers;
bool child_news;

bool is_draining;
bool clock_has_come;
bool is_over;
bool gave_up;

/* What must never be. */
bool stranger_is_signalled;
bool descendant_misses_term;
bool descendant_stays_stopped;
bool ends_before_the_remaining;
bool one_started_later_gets_term;

#define IS_ALIVE(who) (kind[who] != NO_PROCESS && state[who] != ZOMBIE)
#define CAN_RUN(who)  (IS_ALIVE(who) && state[who] == RUNNING && !stop[who] && !term[who] && !killed[who])

inline release(freed)
{
	kind[freed] = NO_PROCESS; state[freed] = RUNNING; parent[freed] = 0; nature[freed] = 0;
	stop[freed] = false; term[freed] = false; killed[freed] = false; was_told[freed] = false;
	is_helper[freed] = false;
	life[freed]++
}

inline adopt(dead, child)
{
	if
	:: kind[child] != NO_PROCESS && parent[child] == dead ->
		parent[child] = (kind[child] == REST -> WHIT : OUTSIDE);
		child_news = child_news || kind[child] == REST && state[child] == ZOMBIE;
		if
		:: kind[child] == STRANGER && state[child] == ZOMBIE -> release(child)
		:: else
		fi
	:: else
	fi
}

inline end_process(who)
{
	state[who] = ZOMBIE; stop[who] = false; term[who] = false; killed[who] = false;
	adopt(who, 2); adopt(who, 3); adopt(who, 4);
	if
	:: parent[who] == WHIT -> child_news = true
	:: parent[who] == OUTSIDE -> release(who)
	:: else
	fi
}

inline make_process(by, born)
{
	kind[born] = kind[by];
	parent[born] = by;
	nature[born] = nature[by]
}

proctype process(byte me)
{
end:
	do
	:: atomic { IS_ALIVE(me) && killed[me] -> end_process(me) }
	:: atomic { IS_ALIVE(me) && state[me] == RUNNING && stop[me] && !killed[me] ->
		stop[me] = false; state[me] = STOPPED }
	:: atomic { IS_ALIVE(me) && state[me] == RUNNING && !stop[me] && term[me] && !killed[me] ->
		term[me] = false;
		if
		:: nature[me] == ENDS_NEVER
		:: nature[me] != ENDS_NEVER && !is_helper[me] && kind[4] == NO_PROCESS && forks < N_FORK ->
			forks++; make_process(me, 4); nature[4] = ENDS_IF_IT_LIKES; is_helper[4] = true;
			end_process(me)
		:: nature[me] != ENDS_NEVER -> end_process(me)
		fi }
	:: atomic { CAN_RUN(me) && nature[me] == ENDS_IF_IT_LIKES -> end_process(me) }
	:: atomic { CAN_RUN(me) && kind[me] == REST && forks < N_FORK -> forks++; state[me] = FORKING }
	:: atomic { state[me] == FORKING && !killed[me] &&
			(kind[2] == NO_PROCESS || kind[3] == NO_PROCESS || kind[4] == NO_PROCESS) ->
		state[me] = RUNNING;
		if
		:: kind[2] == NO_PROCESS -> make_process(me, 2)
		:: kind[3] == NO_PROCESS -> make_process(me, 3)
		:: kind[4] == NO_PROCESS -> make_process(me, 4)
		fi }
	/* No room: EAGAIN. */
	:: atomic { state[me] == FORKING && !killed[me] &&
			!(kind[2] == NO_PROCESS || kind[3] == NO_PROCESS || kind[4] == NO_PROCESS) ->
		state[me] = RUNNING }
	:: atomic { CAN_RUN(me) && kind[2] != NO_PROCESS && state[2] == ZOMBIE && parent[2] == me -> release(2) }
	:: atomic { CAN_RUN(me) && kind[3] != NO_PROCESS && state[3] == ZOMBIE && parent[3] == me -> release(3) }
	:: atomic { CAN_RUN(me) && kind[4] != NO_PROCESS && state[4] == ZOMBIE && parent[4] == me -> release(4) }
#if N_STRANGER
	/* A stranger may begin with any pid that is free, and have any stranger for a parent. */
	:: atomic { kind[me] == NO_PROCESS && strangers < N_STRANGER ->
		strangers++; kind[me] = STRANGER; nature[me] = ENDS_IF_IT_LIKES;
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
	atomic { is_draining -> clock_has_come = true }
}
#endif

/* --- whit --- */

#define FREEZE   0 /* enum purpose */
#define STOP     1
#define CONTINUE 2
#define KILL     3

/* More than can change here; so is the 100 of the source, unless a process makes it his business. */
#define TRIES_MAX 6

bool found[PIDS];

#if defined(BREAK_NO_PIDFD) || defined(OLD_KERNEL)
#define HAS_PIDFDS false
#else
#define HAS_PIDFDS true
#endif

inline forget_found()
{
	atomic { found[2] = false; found[3] = false; found[4] = false }
}

/* pidfd_send_signal, or kill where there are no pidfds: that is for whoever has the pid by now. */
inline send_signal()
{
	has_sent = kind[who] != NO_PROCESS && (!HAS_PIDFDS || life[who] == its_life);
	if
	:: has_sent && IS_ALIVE(who) ->
		stranger_is_signalled = kind[who] == STRANGER;
		assert(!stranger_is_signalled);
		if
		:: purpose == FREEZE -> stop[who] = true
		:: purpose == STOP ->
			one_started_later_gets_term = is_helper[who];
			assert(!one_started_later_gets_term);
			term[who] = true; was_told[who] = true
		:: purpose == CONTINUE ->
			stop[who] = false;
			state[who] = (state[who] == STOPPED -> RUNNING : state[who])
		:: purpose == KILL -> killed[who] = true
		fi
	:: else
	fi
}

/* read_parent: one look at /proc/PID/stat; 0 where there is no such process. */
#define PARENT(of) (of == 0 || kind[of] == NO_PROCESS -> 0 : parent[of])

/*
 * process_is_descendant: each link is read on the way up and once more on the way back. Between four
 * pids there are two more links, at the most. Who answers that it has changed is asked once more.
 */
inline ask_whether_ours()
{
	is_ours = false;
	tries = 0;
	do
	:: tries < TRIES_MAX ->
		has_changed = false;
		second = 0;
		third = 0;
		first = PARENT(who);
		if
		:: first > WHIT -> second = PARENT(first)
		:: else
		fi;
		if
		:: second > WHIT -> third = PARENT(second)
		:: else
		fi;
		is_ours = first == WHIT || second == WHIT || third == WHIT;
		has_changed = first > WHIT && second == 0 || second > WHIT && third == 0;
#ifndef BREAK_ONE_READ
		if
		:: second > WHIT -> has_changed = has_changed || PARENT(first) != second
		:: else
		fi;
		if
		:: first > WHIT -> has_changed = has_changed || PARENT(who) != first
		:: else
		fi;
#endif
		if
		:: has_changed -> is_ours = false; tries++
		:: else -> break
		fi
	:: else -> break
	od;
	atomic { first = 0; second = 0; third = 0; tries = 0; has_changed = false }
}

#define IS_WANTED (purpose == FREEZE || purpose == KILL -> !found[who] : found[who])

/* look_through or signal_each_found, for each purpose: signal_if_ours for one pid after the other. */
inline look()
{
	has_found_more = false;
	who = FIRST;
	do
	:: who < PIDS ->
		if
		:: IS_WANTED && kind[who] != NO_PROCESS ->
			its_life = life[who]; /* pidfd_open */
#ifdef OLD_KERNEL
			is_ours = PARENT(who) == WHIT;
#else
			ask_whether_ours();
#endif
#ifdef BREAK_PROOF_FIRST
			its_life = life[who];
#endif
			if
			:: is_ours ->
				atomic { send_signal() };
				if
				:: purpose == FREEZE || purpose == KILL ->
#ifdef BREAK_FOUND_UNSIGNALLED
					found[who] = true;
#else
					found[who] = has_sent; /* else it was the pid's last one */
#endif
					has_found_more = true
				:: else
				fi
			:: else
			fi
		:: else
		fi;
		who++
	:: else -> break
	od;
	atomic { who = 0; is_ours = false; its_life = 0; has_sent = false }
}

#define IS_STILL(of) (!found[of] || kind[of] != REST || state[of] == STOPPED || state[of] == ZOMBIE)
#define IS_MISSED(of) (IS_ALIVE(of) && kind[of] == REST && !was_told[of] && !is_helper[of])
#define IS_HELD(of) (IS_ALIVE(of) && kind[of] == REST && (stop[of] || state[of] == STOPPED))

/* stop_descendants */
inline stop_descendants()
{
#ifdef BREAK_NO_FREEZE
	d_step { found[2] = true; found[3] = true; found[4] = true };
	purpose = STOP;
	look();
#else
	purpose = FREEZE;
	do
	:: true ->
		look();
#ifndef BREAK_NO_WAIT_FOR_STOP
		/* Who was in the middle of a fork has not stopped yet. */
		IS_STILL(2) && IS_STILL(3) && IS_STILL(4);
#endif
#ifdef BREAK_ONE_LOOK
		break
#endif
		if
		:: has_found_more
		:: else -> break
		fi
	od;
	purpose = STOP;
	look();
#ifndef OLD_KERNEL
	atomic {
		descendant_misses_term = IS_MISSED(2) || IS_MISSED(3) || IS_MISSED(4);
		assert(!descendant_misses_term)
	};
#endif
#ifndef BREAK_NO_CONTINUE
	purpose = CONTINUE;
	look();
#endif
	atomic {
		descendant_stays_stopped = IS_HELD(2) || IS_HELD(3) || IS_HELD(4);
		assert(!descendant_stays_stopped)
	};
#endif
	forget_found()
}

inline kill_descendants()
{
	purpose = KILL;
	do
	:: true ->
		look();
		if
		:: has_found_more
		:: else -> break
		fi
	od;
	forget_found()
}

#define IS_CHILD(of) (kind[of] != NO_PROCESS && parent[of] == WHIT)
#define IS_OURS(of) (kind[of] == REST)
#define ESCAPES(of) (IS_ALIVE(of) && kind[of] == REST && !killed[of])

#ifdef BREAK_WAIT_FOR_STRANGERS
/* As kill(-1, 0) tells, or a count of the processes in /proc. */
#define IS_ANYONE_LEFT (kind[2] != NO_PROCESS || kind[3] != NO_PROCESS || kind[4] != NO_PROCESS)
#else
#define IS_ANYONE_LEFT (IS_CHILD(2) || IS_CHILD(3) || IS_CHILD(4))
#endif

inline take_dead(reaped)
{
	IS_CHILD(reaped) && state[reaped] == ZOMBIE -> release(reaped); is_anyone_reaped = true
}

inline reap()
{
	child_news = false;
	is_anyone_reaped = false;
	do
	:: atomic {
		if
		:: take_dead(2)
		:: take_dead(3)
		:: take_dead(4)
		:: else -> is_anyone_left = IS_ANYONE_LEFT; break
		fi }
	od
}

proctype supervisor_run()
{
	byte who, its_life, first, second, third, tries, purpose;
	bool is_ours, has_sent, has_changed, has_found_more, is_anyone_reaped, is_anyone_left, is_killing;

	/* The command has just been reaped: act(SHUTDOWN_EVENT_COMMAND_ENDED). */
	is_draining = true;
	stop_descendants();
	reap();
	do
	:: !is_anyone_left -> break
	:: is_anyone_left && child_news ->
		reap();
		if
		:: is_anyone_left && is_anyone_reaped && is_killing -> kill_descendants()
		:: else
		fi
	:: is_anyone_left && clock_has_come && !is_killing -> is_killing = true; kill_descendants()
	/* SHUTDOWN_KILL_AGAIN_MS, as far as it makes a difference. */
	:: atomic { is_anyone_left && is_killing && !child_news &&
			(ESCAPES(2) || ESCAPES(3) || ESCAPES(4)) -> skip };
		kill_descendants()
	od;
	atomic {
		ends_before_the_remaining = IS_OURS(2) || IS_OURS(3) || IS_OURS(4);
		assert(!ends_before_the_remaining);
		is_over = true
	}
}

/* No process in the kernel's tables but these; who is who is left open. */
init {
	atomic {
		kind[2] = REST; parent[2] = WHIT;
		if
		:: nature[2] = ENDS_BY_TERM
		:: nature[2] = ENDS_IF_IT_LIKES
#if DRAIN == 1
		:: nature[2] = ENDS_NEVER
#endif
		fi;
		if
		:: make_process(2, 3)
#if N_STRANGER
		:: kind[3] = STRANGER; parent[3] = OUTSIDE
#endif
		/* Its pid is lower than its parent's. */
		:: kind[4] = REST; nature[4] = nature[2]; parent[4] = WHIT; make_process(4, 3)
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

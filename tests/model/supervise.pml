/*
 * The life of whit as PID 1 after the start: forward, reap, decide (src/supervise/supervisor.c), with
 * the kernel's rules for signals, deaths, adoption and pids around it. tests/model/README.md says what
 * this shows; tests/model/run.sh which scenarios there are.
 *
 * A scenario sets how much may happen (N_...), what whit was told (DRAIN, KILL_AFTER, GROUP, PAUSE)
 * and which kinds of command there may be. BREAK_... makes whit worse by one thing.
 */

/* --- the scenario --- */

#ifndef N_TERM
#define N_TERM 0 /* how often each signal is sent to whit, at the most */
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
#define N_FORK 0 /* processes that are made after the command */
#endif

#define CEILING 1 /* -d with a time that may be over at any moment */
#define FOREVER 2 /* -d with a time that is never over: only who obeys TERM is about then */
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

/* --- processes --- */

#define WHIT  1
#define FIRST 2 /* the command, or with PAUSE one that joined from outside */
#define PIDS  5

#define OUTSIDE 0 /* as a parent: in another namespace, reaps at once */

#define NO_PROCESS  0 /* what has the pid; NO_PROCESS: it is free */
#define COMMAND 1
#define REST    2

#define RUNNING 0
#define STOPPED 1
#define ZOMBIE  2

/* What makes a process end, apart from KILL. */
#define WHEN_IT_LIKES  0 /* or by TERM */
#define ON_TERM        1
#define NEVER          2
#define NEVER_AT_ALL   3 /* not even by KILL: stuck in the kernel, or another user's */
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
bool has_joined[PIDS]; /* from outside, or is descended from such a one */
byte forks;

/* --- signals: how many were sent, which is pending at whit (0: none), forwarded, taken --- */

/* Lowest first, the order in which a signalfd gives them. */
#define USR  1
#define TERM 2
#define CHLD 3
#define CONT 4
#define TSTP 5
#define RT   6

byte usr_sent, usr_pending, usr_passed, usr_taken;
byte term_sent, term_pending, term_passed, term_taken;
byte rt_sent, rt_read, rt_passed, rt_taken; /* each is kept: those between read and sent are pending */
byte chld_sent, chld_owed, chld_passed, chld_taken;
byte cont_sent, tstp_sent, stop_sent;
bool cont_pending, tstp_pending;

#define BY_KERNEL  1
#define BY_PROCESS 2
byte chld_pending;

#define IS_ANY_PENDING                                                                             \
	(usr_pending || term_pending || chld_pending || cont_pending || tstp_pending ||            \
		rt_read < rt_sent)

/* --- whit's own state, as in struct supervisor and struct shutdown --- */

#define RUN      0 /* enum shutdown_state */
#define STOPPING 1
#define KILLING_COMMAND 2
#define DRAINING 3
#define KILLING  4
#define OVER     5

#define TOLD_TO_STOP  0 /* enum shutdown_event */
#define COMMAND_ENDED 1
#define SOME_REAPED   2
#define NO_PROCESS_LEFT   3
#define DEADLINE      4

byte shutdown = RUN;
bool has_command = !PAUSE;
bool clock_is_set;
bool is_long;      /* the clock is that of FOREVER */
bool has_come;     /* the deadline */
byte fruitless;    /* rounds of KILL since the last one was reaped; the second is after give_up */
bool gave_up;
bool whit_has_ended;

/* --- what must never be --- */

bool status_is_wrong;
bool reaped_pid_is_signalled;
bool real_time_signal_is_lost;
bool ends_before_the_remaining;
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
	kind[freed] = NO_PROCESS; state[freed] = RUNNING; parent[freed] = 0; nature[freed] = 0;
	ended_with[freed] = 0; term[freed] = false; killed[freed] = false; in_group[freed] = false;
	has_joined[freed] = false
}

/* exit_notify: the children come to whit, the zombies among them with news of their own. */
inline adopt(dead, child)
{
	if
	:: kind[child] != NO_PROCESS && parent[child] == dead ->
		parent[child] = WHIT;
		if
		:: state[child] == ZOMBIE -> news_for_whit()
		:: else
		fi
	:: else
	fi
}

inline end_process(who, how)
{
	state[who] = ZOMBIE; ended_with[who] = how; term[who] = false; killed[who] = false;
	adopt(who, 2); adopt(who, 3); adopt(who, 4);
	if
	:: kind[who] == COMMAND -> true_status = how
	:: else
	fi;
	if
	:: parent[who] == WHIT -> news_for_whit()
	:: parent[who] == OUTSIDE -> release(who)
	:: else
	fi
}

/* kill(2) of one; to a zombie it succeeds and does nothing. */
inline post(to, what)
{
	if
	:: kind[to] == NO_PROCESS || state[to] == ZOMBIE
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
	killed[to_kill] = kind[to_kill] != NO_PROCESS && state[to_kill] != ZOMBIE
}

/* --- the world: every process but whit --- */

#define CAN_RUN(who)                                                                               \
	(kind[who] != NO_PROCESS && state[who] == RUNNING && !killed[who] && !term[who])

#define IS_ANY_FREE (kind[2] == NO_PROCESS || kind[3] == NO_PROCESS || kind[4] == NO_PROCESS)

#define HAS_ALL                                                                                    \
	(usr_taken == usr_sent && term_taken == term_sent && rt_taken == rt_sent &&                \
		chld_taken == chld_owed)

#define MAY_END(who)                                                                               \
	(nature[who] == WHEN_IT_LIKES || nature[who] == WHEN_ALL_CAME && HAS_ALL)

/* The command may have stopped, or be about to, and nothing is on its way to continue it. */
#define CONT_IS_MISSED                                                                             \
	(!cont_pending && !has_records && !tstp_pending && state[FIRST] == STOPPED)

bool has_records; /* whit has read signals that it has not yet forwarded */

inline make_process(by, born)
{
	kind[born] = REST;
	parent[born] = by;
	in_group[born] = in_group[by];
	has_joined[born] = has_joined[by];
	if
	:: nature[born] = WHEN_IT_LIKES
	:: nature[born] = ON_TERM
#if DRAIN != 2
	:: nature[born] = NEVER
#endif
#ifdef UNKILLABLE
	:: nature[born] = NEVER_AT_ALL
#endif
	fi;
	if
	:: state[born] = RUNNING
#if DRAIN
	:: state[born] = STOPPED
#endif
	fi
}

inline wait_for(waiter, gone)
{
	kind[gone] == REST && state[gone] == ZOMBIE && parent[gone] == waiter && CAN_RUN(waiter) -> release(gone)
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
		:: nature[me] == WHEN_ALL_CAME -> term_taken = term_passed
		:: else -> end_process(me, KILLED_BY_TERM)
		fi }
	:: atomic { CAN_RUN(me) && MAY_END(me) -> end_process(me, (kind[me] == COMMAND -> 7 : 9)) }
	:: atomic { CAN_RUN(me) && forks < N_FORK && IS_ANY_FREE ->
		if
		:: kind[2] == NO_PROCESS -> forks++; make_process(me, 2)
		:: kind[3] == NO_PROCESS -> forks++; make_process(me, 3)
		:: kind[4] == NO_PROCESS -> forks++; make_process(me, 4)
		fi }
	:: atomic { wait_for(me, 2) }
	:: atomic { wait_for(me, 3) }
	:: atomic { wait_for(me, 4) }
#if GROUP
	/* To a group that it made for a process else. */
	:: atomic { CAN_RUN(me) && kind[me] == COMMAND && in_group[me] -> in_group[me] = false }
#endif
	:: atomic { CAN_RUN(me) && kind[me] == COMMAND && nature[me] == WHEN_ALL_CAME && !HAS_ALL &&
		(usr_taken != usr_passed || rt_taken != rt_passed || chld_taken != chld_passed) ->
		usr_taken = usr_passed; rt_taken = rt_passed; chld_taken = chld_passed }
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
	/* Whoever stopped the command continues it one day. */
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

/* --- whit --- */

#define BATCH     2 /* EVENT_LOOP_BATCH */
#define REAPS_MAX 2 /* REAPER_BATCH */

byte record[BATCH];
byte number[BATCH]; /* which one of its kind it is; for CHLD, who raised it */
hidden byte scan;

inline set_clock(its_is_long)
{
	clock_is_set = true; is_long = its_is_long; has_come = false
}

inline go_to(its_state)
{
	shutdown = its_state; clock_is_set = false; is_long = false; has_come = false
}

/* delivery_send: kill, to the command or its group. */
inline delivery_send(sent)
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

/* leftovers_stop, leftovers_kill, leftovers_signal as PID 1: kill(-1), every process at one moment. */
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

/* shutdown_step and act: each state and event of src/supervise/shutdown.c that does something. */
inline drain_or_end()
{
#if DRAIN
	go_to(DRAINING);
	set_clock(DRAIN == FOREVER);
	stop_remaining()
#else
	go_to(OVER)
#endif
}

inline begin_killing()
{
	fruitless = 0;
	go_to(KILLING);
	set_clock(false);
	kill_remaining()
}

inline act(event)
{
	if
	:: shutdown == RUN && event == TOLD_TO_STOP && KILL_AFTER ->
		shutdown = STOPPING; set_clock(false)
	:: shutdown <= KILLING_COMMAND && event == COMMAND_ENDED -> drain_or_end()
	:: shutdown == STOPPING && event == DEADLINE ->
		atomic { go_to(KILLING_COMMAND); kill_command() }
	:: (shutdown == DRAINING || shutdown == KILLING) && event == NO_PROCESS_LEFT -> go_to(OVER)
	:: shutdown == DRAINING && event == DEADLINE -> begin_killing()
	:: shutdown == KILLING && event == SOME_REAPED -> begin_killing()
	:: shutdown == KILLING && event == DEADLINE ->
		if
#ifndef BREAK_NO_GIVING_UP
		:: fruitless == 1 -> gave_up = true; go_to(OVER)
#endif
		:: else ->
#ifndef BREAK_NO_GIVING_UP
			fruitless++;
#endif
			set_clock(false); kill_remaining()
		fi
	:: else
	fi
}

#define IS_CHILD(who)  (kind[who] != NO_PROCESS && parent[who] == WHIT)
#define IS_REAPABLE(who) (IS_CHILD(who) && state[who] == ZOMBIE)
#define IS_OURS(who)   (IS_CHILD(who) && !has_joined[who])
#define IS_LEFT(who)   (kind[who] != NO_PROCESS)

#ifdef BREAK_WAIT_FOR_EVERY_PROCESS
#define IS_ANYONE_LEFT (IS_LEFT(2) || IS_LEFT(3) || IS_LEFT(4))
#else
#define IS_ANYONE_LEFT (IS_CHILD(2) || IS_CHILD(3) || IS_CHILD(4))
#endif

/* One waitpid that finds a process: reaper_collect compares the pid with the command's. */
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
	is_anyone_reaped = true;
	reaps++
}

/* reaper_collect, and reap of the supervisor. Which of several is first is left open. */
inline reap()
{
	had_command = has_command;
	has_command_ended = false;
	is_anyone_reaped = false;
	is_more_to_reap = false;
	reaps = 0;
	do
	:: atomic { reaps < REAPS_MAX ->
		if
		:: take_dead(2)
		:: take_dead(3)
		:: take_dead(4)
		:: else -> is_anyone_left = IS_ANYONE_LEFT; break
		fi }
#ifdef BREAK_ONE_WAIT
	:: reaps == 1 -> is_anyone_left = true; break
#endif
	:: reaps == REAPS_MAX -> is_anyone_left = true; is_more_to_reap = true; break
	od;
	if
	:: has_command_ended -> has_command = false; act(COMMAND_ENDED)
	:: else
	fi;
	if
	:: !is_anyone_left -> act(NO_PROCESS_LEFT)
	:: is_anyone_left && is_anyone_reaped -> act(SOME_REAPED)
	:: else
	fi;
	had_command = false; has_command_ended = false; is_anyone_reaped = false;
	is_anyone_left = false; reaps = 0
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

/* forward_it, and what the kernel does with it at the command. */
inline forward_it(signal, which)
{
	atomic {
		delivery_send(signal);
		if
		:: signal == USR -> usr_passed = which
		:: signal == TERM -> term_passed = which
		:: signal == CHLD -> chld_passed = chld_owed
		:: signal == TSTP && kind[FIRST] == COMMAND && state[FIRST] == RUNNING ->
			state[FIRST] = STOPPED; news_for_whit()
		:: signal == RT ->
			real_time_signal_is_lost = which != rt_passed + 1;
			assert(!real_time_signal_is_lost);
			rt_passed = which
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
		reap()
#endif
	:: else
	fi
}

#ifdef BREAK_REAP_FIRST
#define IS_FOR_COMMAND (was_for_command)
#else
#define IS_FOR_COMMAND (shutdown <= KILLING_COMMAND && has_command)
#endif

inline take_signal()
{
	if
	:: record[i] == CHLD && number[i] == BY_KERNEL
#ifdef BREAK_FORWARD_IT_NUMBERS
	/* As one who keeps a set of the numbers that came. */
	:: record[i] == RT && i > 0 && record[i - 1] == RT
#endif
	:: else ->
		if
		:: IS_FOR_COMMAND -> forward_it(record[i], number[i])
#if PAUSE
		:: shutdown <= KILLING_COMMAND && !has_command -> end_pause(record[i])
#endif
		:: shutdown == DRAINING -> signal_namespace(record[i])
		:: else
		fi
	fi
}

inline look_at_batch()
{
	wants_reaping = count == 0 || is_more_to_reap;
#ifndef BREAK_FULL_BATCH
	wants_reaping = wants_reaping || count == BATCH;
#endif
	i = 0;
	do
	:: i < count ->
#ifdef BREAK_KERNELS_CHLD_ALONE
		wants_reaping = wants_reaping || record[i] == CHLD && number[i] == BY_KERNEL;
#else
		wants_reaping = wants_reaping || record[i] == CHLD;
#endif
		i++
	:: else -> break
	od;
	i = 0
}

inline forget_batch()
{
	i = 0;
	do
	:: i < BATCH -> record[i] = 0; number[i] = 0; i++
	:: else -> break
	od;
	i = 0; count = 0; has_records = false; wants_reaping = false
}

proctype supervisor_run()
{
	byte status, count, i, reaps;
	bool is_more_to_reap, wants_reaping;
	bool had_command, has_command_ended, is_anyone_reaped, is_anyone_left;
#ifdef BREAK_REAP_FIRST
	bool was_for_command;
#endif

	reap(); /* who ended before signals were blocked */
	do
	:: shutdown != OVER ->
		/* event_loop_wait: poll while a clock runs, or when there is more to reap */
		count = 0;
		if
		:: clock_is_set || is_more_to_reap ->
			atomic { IS_ANY_PENDING || has_come || is_more_to_reap ->
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
		d_step { look_at_batch() };
#ifdef BREAK_REAP_FIRST
		was_for_command = shutdown <= KILLING_COMMAND && has_command;
		if
		:: wants_reaping -> reap()
		:: else
		fi;
#endif
		do
		:: i < count -> take_signal(); i++
		:: else -> break
		od;
		has_records = false;
#ifndef BREAK_REAP_FIRST
		if
		:: wants_reaping -> reap()
		:: else
		fi;
#endif
		d_step { forget_batch() };
		if
		:: clock_is_set && has_come -> act(DEADLINE)
		:: else
		fi
	:: else -> break
	od;
	atomic {
		status_is_wrong = !PAUSE && status != true_status;
		assert(!status_is_wrong);
		ends_before_the_remaining = DRAIN && !gave_up && (IS_OURS(2) || IS_OURS(3) || IS_OURS(4));
		assert(!ends_before_the_remaining);
		whit_has_ended = true
	}
}

init {
	atomic {
		kind[WHIT] = REST; /* its pid is no process else's */
#if PAUSE
		kind[FIRST] = REST;
		if
		:: parent[FIRST] = WHIT
		:: parent[FIRST] = OUTSIDE; has_joined[FIRST] = true
		fi;
#else
		kind[FIRST] = COMMAND;
		parent[FIRST] = WHIT;
		in_group[FIRST] = true;
#endif
		if
		:: nature[FIRST] = WHEN_IT_LIKES
#ifdef WAITING_COMMAND
		:: nature[FIRST] = WHEN_ALL_CAME
#endif
#if KILL_AFTER || PAUSE && DRAIN != 2
		/* Of those which -k has to end: told to stop one day, by a TERM that is sent for sure. */
		:: nature[FIRST] = NEVER
#endif
		fi;
		run process(2);
#if N_FORK > 0
		run process(3);
		run process(4);
#endif
		run sender();
		run supervisor_run()
	}
}

/*
 * Floods that never end: signals for whit, and orphans that end as fast as others are made. The turn
 * of whit (supervisor_run) must do its work beside them: reap the command, act on a deadline, forward
 * a TERM, if only whit gets some of the processor. Weak fairness, and a property of each run as a whole.
 *
 * A read gives the lowest numbers first. EVENT_LOOP_BATCH has room for every kind that is not real-time;
 * here it is 2, for one kind below TERM and TERM.
 *
 * BREAK_READ_UNTIL_EMPTY, BREAK_REAP_UNTIL_EMPTY, BREAK_FULL_BATCH, BREAK_SMALL_BATCH: see run.sh.
 * TO_THREAD: the queued ones are sent to whit's thread, with tgkill(2). The kernel gives them first, so
 * they may hold up TERM, which the property then leaves out; with STRICT it does not.
 */

#ifdef BREAK_SMALL_BATCH
#define BATCH 1
#else
#define BATCH 2 /* EVENT_LOOP_BATCH */
#endif
#define REAPS_MAX 2 /* REAPER_BATCH */
#define ROOM      3 /* zombies there are at once, at most: the limit of processes */

/* Sent again and again: a kind below TERM, one between TERM and CHLD, and real-time signals. */
bool lower_pending, higher_pending;
byte flood_queued;
bool term_pending, child_news;
byte zombies;

/* Of interest: sent or come once, at any moment. */
bool command_ended, command_reaped;
bool clock_has_come, clock_acted_upon;
bool term_sent, term_forwarded;

active proctype signals()
{
	do
	:: atomic { flood_queued < BATCH -> flood_queued++ }
	:: atomic { !lower_pending -> lower_pending = true }
	:: atomic { !higher_pending -> higher_pending = true }
	od
}

active proctype orphans()
{
	do
	:: atomic { zombies < ROOM -> zombies++; child_news = true }
	od
}

active proctype others()
{
	do
	:: atomic { !command_ended -> command_ended = true; child_news = true }
	:: atomic { !clock_has_come -> clock_has_come = true }
	:: atomic { !term_sent -> term_sent = true; term_pending = true }
	:: command_ended && clock_has_come && term_sent -> break
	od
}

inline read_queued()
{
	do
	:: flood_queued > 0 && count < BATCH -> flood_queued--; count++
	:: else -> break
	od
}

active proctype supervisor_run()
{
	byte count, reaps;
	bool must_reap, is_more_to_reap;

	do
	:: true ->
		/* event_loop_wait */
		atomic { flood_queued > 0 || lower_pending || higher_pending || term_pending || child_news ||
				is_more_to_reap || clock_has_come ->
			count = 0; must_reap = is_more_to_reap }
#ifdef BREAK_READ_UNTIL_EMPTY
		do
		:: atomic { flood_queued > 0 -> flood_queued-- }
		:: atomic { lower_pending -> lower_pending = false }
		:: atomic { higher_pending -> higher_pending = false }
		:: atomic { term_pending -> term_pending = false; term_forwarded = true }
		:: atomic { flood_queued == 0 && !lower_pending && !higher_pending && !term_pending ->
			if :: child_news -> child_news = false; must_reap = true :: else fi;
			break }
		od;
#else
		atomic {
#ifdef TO_THREAD
			read_queued();
#endif
			if
			:: lower_pending && count < BATCH -> lower_pending = false; count++
			:: else
			fi;
			if
			:: term_pending && count < BATCH ->
				term_pending = false; term_forwarded = true; count++
			:: else
			fi;
			if
			:: higher_pending && count < BATCH -> higher_pending = false; count++
			:: else
			fi;
			if
			:: child_news && count < BATCH -> child_news = false; must_reap = true; count++
			:: else
			fi;
			read_queued()
		}
#endif
#ifndef BREAK_FULL_BATCH
		must_reap = must_reap || count == 0 || count == BATCH;
#endif
		/* reaper_collect: the oldest child first, as the kernel does */
		is_more_to_reap = false;
		reaps = 0;
		do
		:: atomic { must_reap && command_ended && !command_reaped ->
			command_reaped = true; reaps++ }
#ifdef BREAK_REAP_UNTIL_EMPTY
		:: atomic { must_reap && (!command_ended || command_reaped) && zombies > 0 -> zombies-- }
#else
		:: atomic { must_reap && (!command_ended || command_reaped) && zombies > 0 &&
				reaps < REAPS_MAX -> zombies--; reaps++ }
		:: reaps >= REAPS_MAX -> is_more_to_reap = true; break
#endif
		:: atomic { !must_reap || zombies == 0 && (!command_ended || command_reaped) -> break }
		od;
		if
		:: clock_has_come -> clock_acted_upon = true
		:: else
		fi
	od
}

#if defined(TO_THREAD) && !defined(STRICT)
#define IS_DUE false
#else
#define IS_DUE term_sent
#endif

ltl nothing_starves {
	[] ((command_ended -> <> command_reaped) && (clock_has_come -> <> clock_acted_upon) &&
		(IS_DUE -> <> term_forwarded))
}

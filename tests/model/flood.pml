/*
 * Two floods that never end: signals for whit, and orphans that end as fast as others are made. The
 * turn of whit (supervisor_run) must do its work beside both: whatever waits is dealt with one day,
 * if only whit gets some of the processor. Weak fairness, and a property of each run as a whole.
 *
 * BREAK_READ_UNTIL_EMPTY, BREAK_REAP_UNTIL_EMPTY, BREAK_FULL_BATCH: see tests/model/run.sh.
 */

#define BATCH     2 /* EVENT_LOOP_BATCH */
#define REAPS_MAX 2 /* REAPER_BATCH */
#define ROOM      3 /* zombies there are at once, at the most: the limit of processes */

bool flood_pending; /* a signal that is sent again and again, lower than CHLD */
byte flood_queued;  /* and one of the real-time ones, or such as go before CHLD: tkill(2) */
bool child_news;
byte zombies;

/* Of interest: sent or come once, at any moment. */
bool command_ended, command_reaped;
bool clock_has_come, clock_acted_upon;

active proctype signals()
{
	do
	:: atomic { flood_queued < BATCH -> flood_queued++ }
	:: atomic { !flood_pending -> flood_pending = true }
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
	:: command_ended && clock_has_come -> break
	od
}

active proctype supervisor_run()
{
	byte count, reaps;
	bool wants_reaping, is_more_to_reap;

	do
	:: true ->
		/* event_loop_wait; the flood's own go first, real-time ones sent by tkill too */
		atomic { flood_queued > 0 || flood_pending || child_news ||
				is_more_to_reap || clock_has_come ->
			count = 0; wants_reaping = is_more_to_reap }
#ifdef BREAK_READ_UNTIL_EMPTY
		do
		:: atomic { flood_queued > 0 -> flood_queued-- }
		:: atomic { flood_pending -> flood_pending = false }
		:: atomic { flood_queued == 0 && !flood_pending ->
			if :: child_news -> child_news = false; wants_reaping = true :: else fi;
			break }
		od;
#else
		atomic {
			do
			:: flood_queued > 0 && count < BATCH -> flood_queued--; count++
			:: else -> break
			od;
			if
			:: flood_pending && count < BATCH -> flood_pending = false; count++
			:: else
			fi;
			if
			:: child_news && count < BATCH ->
				child_news = false; wants_reaping = true; count++
			:: else
			fi
		}
#endif
#ifndef BREAK_FULL_BATCH
		wants_reaping = wants_reaping || count == 0 || count == BATCH;
#endif
		/* reaper_collect: the oldest child first, as the kernel does */
		is_more_to_reap = false;
		reaps = 0;
		do
		:: atomic { wants_reaping && command_ended && !command_reaped ->
			command_reaped = true; reaps++ }
#ifdef BREAK_REAP_UNTIL_EMPTY
		:: atomic { wants_reaping && (!command_ended || command_reaped) && zombies > 0 ->
			zombies-- }
#else
		:: atomic { wants_reaping && (!command_ended || command_reaped) && zombies > 0 &&
				reaps < REAPS_MAX -> zombies--; reaps++ }
		:: reaps >= REAPS_MAX -> is_more_to_reap = true; break
#endif
		:: atomic { !wants_reaping || zombies == 0 && (!command_ended || command_reaped) ->
			break }
		od;
		if
		:: clock_has_come -> clock_acted_upon = true
		:: else
		fi
	od
}

ltl nothing_starves {
	[] ((command_ended -> <> command_reaped) && (clock_has_come -> <> clock_acted_upon))
}

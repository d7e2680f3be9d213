/* What the player does on which signal. One that is queued has the number that some of them need.
 */
#ifndef WHIT_TESTS_PLAYER_H
#define WHIT_TESTS_PLAYER_H

/*
 * Pending real-time signals are taken lowest number first, so those that are only printed come
 * before those that do something, and the end comes last.
 */
enum {
	PLAYER_FIRST_PRINTED = 34,
	PLAYER_LAST_PRINTED = 41,
	PLAYER_ORPHANS = 50,        /* makes that many; says "made COUNT" */
	PLAYER_LEAVE = 51,          /* forks one that says "left 15" on TERM; says "leaves 0" */
	PLAYER_LEAVE_STUBBORN = 52, /* forks one that ends on KILL alone; says "leaves 1" */
	PLAYER_LEAVE_LISTENER = 53, /* forks one that says "left SIGNAL"; ends on HUP; "leaves 2" */
	PLAYER_STOP = 54,           /* stops by that signal; says "continued SIGNAL" */
	PLAYER_LEAVE_PAIR = 55,     /* forks one with a child, both as LEAVE; says "leaves 3" */
	PLAYER_LEAVE_STUBBORN_PAIR = 56, /* the same, both as STUBBORN; says "leaves 4" */
	PLAYER_EXIT = 57,                /* exits with that status */
	PLAYER_DIE = 58,                 /* dies by that signal */
};

/* Any other is printed: "got SIGNAL", or "got SIGNAL with VALUE". */

/* The numbers where none is queued; it stops by TSTP and dies by KILL. */
#define PLAYER_ORPHANS_MADE 1
#define PLAYER_STATUS       7

#endif

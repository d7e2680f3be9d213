/* Sentences of whit's that more than one of these tests pins: a change of words is made here. */
#ifndef WHIT_TESTS_WORDS_H
#define WHIT_TESTS_WORDS_H

#define KILLING_REMAINING                                                                          \
	"whit: killing the remaining processes: they have not ended within " /* "2.5 s" */
#define KILLING_COMMAND "whit: killing the command (pid " /* and then its number */
#define GIVING_UP       "whit: giving up on the remaining processes"
#define STARTED         "whit: started '"
#define STILL_RUNNING   "whit: still running: pid "
#define REMAINING_HAVE  "whit: the remaining processes have " /* so much time */
#define FORWARDED_TERM  "whit: forwarded SIGTERM from pid 0 "

#endif

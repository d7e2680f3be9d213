/* The one table of signal names. Numbers come from the kernel's headers, so they fit the machine.
 */
#include "signals/signal_name.h"

#include "base/number.h"
#include "signals/signal_set.h"

#include <signal.h>
#include <string.h>
#include <strings.h>

/*
 * As glibc's programs and the engines count: signal(7), "Real-time signals". SIGRTMAX, which libc
 * makes a call of, is 64, on MIPS 127.
 */
#define FIRST_REALTIME 34
#define LAST_REALTIME  (_NSIG - 1)

struct signal_row {
	int signal;
	const char *name;
};

/* Of two names for one number the first is the one that is printed. */
static const struct signal_row signal_rows[] = {
	{SIGHUP, "HUP"},
	{SIGINT, "INT"},
	{SIGQUIT, "QUIT"},
	{SIGILL, "ILL"},
	{SIGTRAP, "TRAP"},
	{SIGABRT, "ABRT"},
	{SIGABRT, "IOT"},
	{SIGBUS, "BUS"},
#ifdef SIGEMT
	{SIGEMT, "EMT"},
#endif
	{SIGFPE, "FPE"},
	{SIGKILL, "KILL"},
	{SIGUSR1, "USR1"},
	{SIGSEGV, "SEGV"},
	{SIGUSR2, "USR2"},
	{SIGPIPE, "PIPE"},
	{SIGALRM, "ALRM"},
	{SIGTERM, "TERM"},
#ifdef SIGSTKFLT
	{SIGSTKFLT, "STKFLT"},
#endif
	{SIGCHLD, "CHLD"},
	{SIGCHLD, "CLD"},
	{SIGCONT, "CONT"},
	{SIGSTOP, "STOP"},
	{SIGTSTP, "TSTP"},
	{SIGTTIN, "TTIN"},
	{SIGTTOU, "TTOU"},
	{SIGURG, "URG"},
	{SIGXCPU, "XCPU"},
	{SIGXFSZ, "XFSZ"},
	{SIGVTALRM, "VTALRM"},
	{SIGPROF, "PROF"},
	{SIGWINCH, "WINCH"},
	{SIGIO, "IO"},
	{SIGIO, "POLL"},
	{SIGPWR, "PWR"},
	{SIGSYS, "SYS"},
};

#define ROW_COUNT (sizeof(signal_rows) / sizeof(signal_rows[0]))

/* Takes the word off the front, in either case. */
static bool take_prefix(const char **text, size_t *length, const char *word)
{
	size_t count = strlen(word);

	if (*length < count || strncasecmp(*text, word, count) != 0)
		return false;
	*text += count;
	*length -= count;
	return true;
}

static bool parse_realtime(const char *text, size_t length, int *ret_signal)
{
	const unsigned int span = LAST_REALTIME - FIRST_REALTIME;
	bool from_first = take_prefix(&text, &length, "RTMIN");
	unsigned int distance = 0;

	if (!from_first && !take_prefix(&text, &length, "RTMAX"))
		return false;
	if (length > 0) {
		if (*text != (from_first ? '+' : '-'))
			return false;
		if (!number_parse(text + 1, length - 1, span, &distance))
			return false;
	}
	*ret_signal = from_first ? FIRST_REALTIME + (int)distance : LAST_REALTIME - (int)distance;
	return true;
}

bool signal_name_parse(const char *text, size_t length, int *ret_signal)
{
	unsigned int number;

	if (number_parse(text, length, SIGNAL_MAX, &number)) {
		if (number == 0)
			return false;
		*ret_signal = (int)number;
		return true;
	}
	(void)take_prefix(&text, &length, "SIG"); /* with or without */
	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (strlen(signal_rows[i].name) == length &&
			strncasecmp(signal_rows[i].name, text, length) == 0) {
			*ret_signal = signal_rows[i].signal;
			return true;
		}
	}
	return parse_realtime(text, length, ret_signal);
}

static const char *append_number(char *text, int number)
{
	number_format((unsigned int)number, text + strlen(text));
	return text;
}

const char *signal_name_format(int signal, char buffer[SIGNAL_NAME_SIZE])
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (signal_rows[i].signal == signal) {
			strcpy(buffer, "SIG");
			return strcat(buffer, signal_rows[i].name);
		}
	}
	if (signal == FIRST_REALTIME)
		return strcpy(buffer, "SIGRTMIN");
	if (signal == LAST_REALTIME)
		return strcpy(buffer, "SIGRTMAX");
	if (signal > FIRST_REALTIME && signal < LAST_REALTIME) {
		strcpy(buffer, "SIGRTMIN+");
		return append_number(buffer, signal - FIRST_REALTIME);
	}
	strcpy(buffer, "signal ");
	return append_number(buffer, signal);
}

/* The one table of signal names. Numbers are the kernel headers', so they fit the machine. */
#include "signals/signal_name.h"

#include "base/number.h"
#include "signals/signal_set.h"
#include <signal.h>
#include <string.h>

/* As glibc and the engines count: signal(7), "Real-time signals". SIGRTMAX is a call in libc. */
#define FIRST_REALTIME 34
#define LAST_REALTIME  (_NSIG - 1)

struct signal_row {
	unsigned char signal;
	char name[7];
};

/* Of two names for one number, the first is printed. */
/* clang-format off */
static const struct signal_row signal_rows[] = {
	{SIGHUP, "HUP"}, {SIGINT, "INT"}, {SIGQUIT, "QUIT"}, {SIGILL, "ILL"}, {SIGTRAP, "TRAP"},
	{SIGABRT, "ABRT"}, {SIGABRT, "IOT"}, {SIGBUS, "BUS"}, {SIGFPE, "FPE"}, {SIGKILL, "KILL"},
	{SIGUSR1, "USR1"}, {SIGSEGV, "SEGV"}, {SIGUSR2, "USR2"}, {SIGPIPE, "PIPE"},
	{SIGALRM, "ALRM"}, {SIGTERM, "TERM"}, {SIGCHLD, "CHLD"}, {SIGCHLD, "CLD"},
	{SIGCONT, "CONT"}, {SIGSTOP, "STOP"}, {SIGTSTP, "TSTP"}, {SIGTTIN, "TTIN"},
	{SIGTTOU, "TTOU"}, {SIGURG, "URG"}, {SIGXCPU, "XCPU"}, {SIGXFSZ, "XFSZ"},
	{SIGVTALRM, "VTALRM"}, {SIGPROF, "PROF"}, {SIGWINCH, "WINCH"}, {SIGIO, "IO"},
	{SIGIO, "POLL"}, {SIGPWR, "PWR"}, {SIGSYS, "SYS"},
#ifdef SIGEMT
	{SIGEMT, "EMT"},
#endif
#ifdef SIGSTKFLT
	{SIGSTKFLT, "STKFLT"},
#endif
};
/* clang-format on */

/* Takes the word, in either case, off the front. */
static bool take_prefix(const char **text, size_t *length, const char *word)
{
	size_t count = 0;

	for (; word[count] != '\0'; count++) {
		int byte = count < *length ? (*text)[count] : '\0';

		if (byte != word[count] && byte != (word[count] | 0x20)) return false;
	}
	*text += count;
	*length -= count;
	return true;
}

static bool parse_realtime(const char *text, size_t length, int *ret_signal)
{
	const unsigned int span = LAST_REALTIME - FIRST_REALTIME;
	bool from_first = take_prefix(&text, &length, "RTMIN");
	unsigned int distance = 0;

	if (!from_first && !take_prefix(&text, &length, "RTMAX")) return false;
	if (length > 0 &&
		(*text != (from_first ? '+' : '-') ||
			!number_parse(text + 1, length - 1, span, &distance)))
		return false;
	*ret_signal = from_first ? FIRST_REALTIME + (int)distance : LAST_REALTIME - (int)distance;
	return true;
}

bool signal_name_parse(const char *text, size_t length, int *ret_signal)
{
	unsigned int number;

	if (number_parse(text, length, SIGNAL_MAX, &number)) {
		if (number > 0) *ret_signal = (int)number;
		return number > 0;
	}
	(void)take_prefix(&text, &length, "SIG"); /* with or without */
	for (size_t i = 0; i < sizeof(signal_rows) / sizeof(signal_rows[0]); i++) {
		const char *word = text;
		size_t rest = length;

		if (take_prefix(&word, &rest, signal_rows[i].name) && rest == 0) {
			*ret_signal = signal_rows[i].signal;
			return true;
		}
	}
	return parse_realtime(text, length, ret_signal);
}

const char *signal_name_format(int signal, char buffer[SIGNAL_NAME_SIZE])
{
	for (size_t i = 0; i < sizeof(signal_rows) / sizeof(signal_rows[0]); i++) {
		if (signal_rows[i].signal == signal) {
			strcpy(buffer, "SIG");
			memcpy(buffer + 3, signal_rows[i].name, sizeof(signal_rows[i].name));
			return buffer;
		}
	}
	if (signal == LAST_REALTIME) return strcpy(buffer, "SIGRTMAX");
	if (signal < FIRST_REALTIME || signal > LAST_REALTIME) {
		strcpy(buffer, "signal ");
		number_format((unsigned int)signal, buffer + strlen(buffer));
		return buffer;
	}
	strcpy(buffer, "SIGRTMIN+");
	number_format((unsigned int)(signal - FIRST_REALTIME), buffer + strlen(buffer));
	if (signal == FIRST_REALTIME) buffer[sizeof("SIGRTMIN") - 1] = '\0';
	return buffer;
}

/* Rewrites LISTEN_PID in place. The sockets themselves are inherited as any descriptor is. */
#include "command/socket_activation.h"

#include "base/number.h"
#include "base/text.h"
#include <limits.h>

static const char pid_variable[] = "LISTEN_PID=";
static const char pidfd_variable[] = "LISTEN_PIDFDID=";

static char **find_variable(char **envp, const char *name)
{
	while (*envp != NULL && !text_begins(*envp, name))
		envp++;
	return *envp == NULL ? NULL : envp;
}

void socket_activation_find(struct socket_activation *ret_activation, char **envp, pid_t self)
{
	char **entry = find_variable(envp, pid_variable);
	const char *value;
	unsigned int number;
	char **removed;

	ret_activation->entry = NULL;
	if (entry == NULL) return;
	value = *entry + strlen(pid_variable);
	if (!number_parse(value, strlen(value), INT_MAX, &number) || (pid_t)number != self) return;
	while ((removed = find_variable(envp, pidfd_variable)) != NULL) {
		do
			removed[0] = removed[1];
		while (*removed++ != NULL);
	}
	ret_activation->entry = find_variable(envp, pid_variable); /* it may have moved up */
}

void socket_activation_hand_to(struct socket_activation *activation, pid_t pid)
{
	memcpy(activation->text, pid_variable, sizeof(pid_variable));
	number_format((unsigned int)pid, activation->text + strlen(pid_variable));
	*activation->entry = activation->text;
}

/* Rewrites LISTEN_PID, in place. The sockets themselves are inherited descriptors like any other.
 */
#include "command/socket_activation.h"

#include "base/number.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static const char pid_variable[] = "LISTEN_PID=";
static const char pidfd_variable[] = "LISTEN_PIDFDID=";

static bool is_variable(const char *entry, const char *name)
{
	return strncmp(entry, name, strlen(name)) == 0;
}

static char **find_variable(char **envp, const char *name)
{
	for (; *envp != NULL; envp++) {
		if (is_variable(*envp, name))
			return envp;
	}
	return NULL;
}

static bool names_process(const char *entry, pid_t pid)
{
	const char *value = entry + strlen(pid_variable);
	unsigned int number;

	return number_parse(value, strlen(value), INT_MAX, &number) && (pid_t)number == pid;
}

static void remove_variable(char **envp, const char *name)
{
	char **kept = envp;

	for (; *envp != NULL; envp++) {
		if (!is_variable(*envp, name))
			*kept++ = *envp;
	}
	*kept = NULL;
}

void socket_activation_find(struct socket_activation *ret_activation, char **envp, pid_t self)
{
	char **entry = find_variable(envp, pid_variable);

	ret_activation->entry = NULL;
	if (entry == NULL || !names_process(*entry, self))
		return;
	remove_variable(envp, pidfd_variable);
	ret_activation->entry = find_variable(envp, pid_variable); /* it may have moved up */
}

void socket_activation_pass_to(struct socket_activation *activation, pid_t pid)
{
	if (activation->entry == NULL)
		return;
	strcpy(activation->text, pid_variable);
	number_format((unsigned int)pid, activation->text + strlen(pid_variable));
	*activation->entry = activation->text;
}

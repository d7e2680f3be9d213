/* Goes a path part by part, where the kernel says no more than that it leads nowhere. */
#include "command/exec_path.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* As the kernel: MAXSYMLINKS, path_resolution(7). */
#define LINKS_MAX 40

/* How far a path has been followed. The text before start has no links left in it. */
struct walk {
	struct exec_path *path;
	size_t start;    /* of the part at hand in path->part */
	size_t end;      /* of that part */
	size_t link_end; /* of the target of the last link; 0 as long as there was none */
	int links;
};

static enum exec_path_fault fault_of_error(const struct walk *walk, int error)
{
	switch (error) {
	case ENOENT:
		return walk->end <= walk->link_end ? EXEC_PATH_FAULT_DANGLING_LINK
						   : EXEC_PATH_FAULT_MISSING;
	case EACCES:
		return EXEC_PATH_FAULT_NOT_SEARCHABLE;
	default:
		return EXEC_PATH_FAULT_OTHER;
	}
}

/* Leaves of the path what is at fault. */
static void cut(const struct walk *walk, enum exec_path_fault fault)
{
	char *part = walk->path->part;

	switch (fault) {
	case EXEC_PATH_FAULT_DANGLING_LINK:
		part[walk->link_end] = '\0';
		break;
	case EXEC_PATH_FAULT_NOT_SEARCHABLE: /* what the part at hand is in */
		if (walk->start == 0)
			strcpy(part, ".");
		else
			part[walk->start == 1 ? 1 : walk->start - 1] = '\0';
		break;
	case EXEC_PATH_FAULT_MISSING:
	case EXEC_PATH_FAULT_NO_DIRECTORY:
		part[walk->end] = '\0';
		break;
	case EXEC_PATH_FAULT_NONE:
	case EXEC_PATH_FAULT_LOOP:
	case EXEC_PATH_FAULT_OTHER:
		break;
	}
}

/* Puts the target where the part at hand, a link, has been; false if that makes it too long. */
static bool splice(struct walk *walk, const char *target, size_t length)
{
	char *part = walk->path->part;
	size_t at = target[0] == '/' ? 0 : walk->start;
	size_t rest_size = strlen(part + walk->end) + 1;

	if (at + length + rest_size > sizeof(walk->path->part))
		return false;
	memmove(part + at + length, part + walk->end, rest_size);
	memcpy(part + at, target, length);
	walk->link_end = at + length;
	walk->end = at; /* where to go on */
	return true;
}

/*
 * Whether the part at hand, a link, leads somewhere and is on the way of another link's target. If
 * one dangles then, it is that other one: /usr/bin/x -> /bin/x, where /bin -> usr/bin.
 */
static bool is_good_way(const struct walk *walk)
{
	struct stat status;

	return walk->end < walk->link_end && stat(walk->path->part, &status) == 0;
}

static enum exec_path_fault follow_link(struct walk *walk)
{
	char target[PATH_MAX];
	char *part = walk->path->part;
	char next = part[walk->end];
	size_t rest_of_target = 0;
	ssize_t length;

	part[walk->end] = '\0';
	if (is_good_way(walk))
		rest_of_target = walk->link_end - walk->end;
	else
		strcpy(walk->path->link, part);
	length = readlink(part, target, sizeof(target));
	part[walk->end] = next;
	if (length <= 0)
		return EXEC_PATH_FAULT_OTHER;
	if (++walk->links > LINKS_MAX)
		return EXEC_PATH_FAULT_LOOP;
	if (!splice(walk, target, (size_t)length))
		return EXEC_PATH_FAULT_OTHER;
	walk->link_end += rest_of_target;
	return EXEC_PATH_FAULT_NONE;
}

static enum exec_path_fault look_at_part(struct walk *walk)
{
	char *part = walk->path->part;
	char next = part[walk->end];
	struct stat status;
	int error;

	part[walk->end] = '\0';
	error = lstat(part, &status) < 0 ? errno : 0;
	part[walk->end] = next;
	if (error != 0)
		return fault_of_error(walk, error);
	if (S_ISLNK(status.st_mode))
		return follow_link(walk);
	if (next == '/' && !S_ISDIR(status.st_mode))
		return EXEC_PATH_FAULT_NO_DIRECTORY;
	return EXEC_PATH_FAULT_NONE;
}

void exec_path_follow(const char *path, struct exec_path *ret_path)
{
	struct walk walk = {.path = ret_path};
	enum exec_path_fault fault = EXEC_PATH_FAULT_NONE;

	ret_path->part[0] = '\0';
	ret_path->link[0] = '\0';
	if (strlen(path) >= sizeof(ret_path->part))
		fault = EXEC_PATH_FAULT_OTHER;
	else
		strcpy(ret_path->part, path);
	while (fault == EXEC_PATH_FAULT_NONE) {
		walk.start = walk.end + strspn(ret_path->part + walk.end, "/");
		walk.end = walk.start + strcspn(ret_path->part + walk.start, "/");
		if (walk.start == walk.end)
			break;
		fault = look_at_part(&walk);
	}
	cut(&walk, fault);
	ret_path->fault = fault;
}

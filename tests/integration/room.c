#include "room.h"

#include "harness.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char room[] = "/tmp/whit-room-XXXXXX";

const char *room_path(void)
{
	return room;
}

const char *in_room(const char *name, char path[ROOM_PATH_SIZE])
{
	snprintf(path, ROOM_PATH_SIZE, "%s/%s", room, name);
	return path;
}

static void copy_program(const char *from, const char *name)
{
	char path[ROOM_PATH_SIZE];
	char block[4096];
	ssize_t length;
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(in_room(name, path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);

	assert_true(in >= 0 && out >= 0);
	while ((length = read(in, block, sizeof(block))) > 0)
		assert_int_equal(write(out, block, (size_t)length), length);
	assert_int_equal(fchmod(out, 0755), 0); /* whatever the umask is */
	close(in);
	close(out);
}

void enter_room(void *unused)
{
	(void)unused;
	if (chroot(room_path()) < 0) _exit(94);
}

int make_room(void **state)
{
	if (harness_require_namespaces(state) != 0) return -1;
	assert_non_null(mkdtemp(room));
	assert_int_equal(chmod(room, 0755), 0);
	copy_program(whit_path(), "whit");
	copy_program(actor_path(), "actor");
	return 0;
}

int remove_room(void **state)
{
	char path[ROOM_PATH_SIZE];

	(void)state;
	unlink(in_room("whit", path));
	unlink(in_room("actor", path));
	return rmdir(room);
}

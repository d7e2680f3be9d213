/*
 * A directory with whit and the actor and nothing else: an empty root, or a place that other users
 * can look into wherever the build is.
 */
#ifndef WHIT_TESTS_INTEGRATION_ROOM_H
#define WHIT_TESTS_INTEGRATION_ROOM_H

#define ROOM_PATH_SIZE 128

/* The path of the directory, and of a file in it. */
const char *room_path(void);
const char *in_room(const char *name, char path[ROOM_PATH_SIZE]);

/* To be a scene's prepare: whit and the actor are all that the root has. The working directory
 * stays outside, so that run_wait_settled can see whit move to /. */
void enter_room(void *unused);

/* To be the set-up and the teardown of the group. */
int make_room(void **state);
int remove_room(void **state);

#endif

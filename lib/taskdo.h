#ifndef CDC_TASKDO_H
#define CDC_TASKDO_H

#include <jansson.h>

struct buf;
struct err;

/* What can be asked of a task, whole: with its locks, checks and log. */

/*
 * Make a task; own_options is taken, with its defaults. The words are checked,
 * then that no other task writes to the same at its target, then, if found
 * is not NULL, the servers: what they said is appended to it, also when it
 * fails. -1 with the kind that fits, and nothing is left.
 */
int task_make(const char *dir, const char *name, const char *from,
    json_t *own_options, struct buf *found, int paused, struct err *e);

/*
 * Want it paused, and wait until nothing of it reaches the target any more.
 * ERR_TEMP if that is not so after wait_ms; the wish is stored all the same.
 * reason may be NULL. A task that is paused stays as it is.
 */
int task_pause(const char *dir, const char *name, const char *reason,
    int wait_ms, struct err *e);
int task_resume(
    const char *dir, const char *name, const char *reason, struct err *e);

/*
 * Begin elsewhere: a WHERE of cdc-read(1). A position becomes the next
 * checkpoint, lower or not, and what the target has stays known; anything
 * else is kept in the definition, and the checkpoint is put aside. ERR_TEMP
 * while somebody runs the task or writes for it.
 */
int task_set(
    const char *dir, const char *name, const char *from, struct err *e);

#endif

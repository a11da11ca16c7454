#ifndef CDC_TASK_OTHERS_H
#define CDC_TASK_OTHERS_H

#include <jansson.h>

struct buf;
struct err;

/*
 * The definitions of the other tasks of a state directory. NULL at the end;
 * free with others_free. Tasks that cannot be read are left out with a warning.
 * NULL with *e set.
 */
json_t **others_load(const char *dir, struct err *e);
void others_free(json_t **all);

/*
 * For tasks that do not know their target's identity (made without asking
 * servers, or by an older release): ask the targets, for a few seconds in all.
 * A target that does not answer is a line of *found. To be called without a
 * lock. Returns {"NAME": "BORN"}.
 */
json_t *others_ask(const char *dir, const json_t *task, struct buf *found);
/* Add the answers to the definitions; NULL: none. */
void others_tell(json_t **all, const json_t *asked);

/* Keep only tasks that are not paused. */
void others_wanted(const char *dir, json_t **all);

#endif

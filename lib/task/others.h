#ifndef CDC_TASK_OTHERS_H
#define CDC_TASK_OTHERS_H

#include <jansson.h>

struct buf;
struct err;

/*
 * The other tasks of a state directory, for one that is to be made beside
 * them. NULL at the end; free with others_free. Those that cannot be read are
 * left out with a warning. NULL with *e set.
 */
json_t **others_load(const char *dir, struct err *e);
void others_free(json_t **all);

/*
 * Ask the targets of those that do not know who they are (made without a look
 * at servers, or by an older release), for a few seconds in all; who does not
 * answer is a line of *found. To be called without a lock. {"NAME": "BORN"}.
 */
json_t *others_ask(const char *dir, const json_t *task, struct buf *found);
/* Let them know what was asked; NULL: nothing. */
void others_tell(json_t **all, const json_t *asked);

/* Leave only those that are not paused. */
void others_wanted(const char *dir, json_t **all);

#endif

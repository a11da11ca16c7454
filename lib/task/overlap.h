#ifndef CDC_TASK_OVERLAP_H
#define CDC_TASK_OVERLAP_H

#include <jansson.h>

struct err;
struct pattern;
struct patterns;

/* What definitions read and write, by their patterns. */

/* Do two patterns with * have a text in common? */
int task_texts_meet(const char *a, const char *b);
/* "include" or "exclude" of a definition, added to p. */
void task_patterns(struct patterns *p, const json_t *task, const char *name);
/* What a task may write at its target; without excludes. */
void task_written(struct patterns *p, const json_t *task);

/* Is everything that q names at the source left out by the task? */
int task_left_out(const json_t *task, const struct pattern *q);
/*
 * The same of names at its target: with renamings those are not the ones at
 * the source, so then nothing counts as left out.
 */
int task_unwritten(const json_t *task, const struct pattern *q);

/*
 * Would this task close a circle with others that are wanted: does what it
 * writes come to its source again through them? Who the servers are is known
 * from "born" of the definitions; names are compared by patterns. all: the
 * others, NULL at the end. ERR_DATA that names them.
 */
int task_no_circle(const json_t *task, json_t *const *all, struct err *e);

#endif

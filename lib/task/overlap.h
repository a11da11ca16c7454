#ifndef CDC_TASK_OVERLAP_H
#define CDC_TASK_OVERLAP_H

#include <jansson.h>

struct err;
struct pattern;
struct patterns;

/* What definitions read and write, judged by their patterns. */

/* 1 if a text exists that both patterns with * match. */
int task_texts_meet(const char *a, const char *b);
/* Add the "include" or "exclude" of a definition to p. */
void task_patterns(struct patterns *p, const json_t *task, const char *name);
/*
 * The patterns of what a task may write at its target, regardless of excludes.
 */
void task_written(struct patterns *p, const json_t *task);

/* 1 if the task excludes everything that q matches at the source. */
int task_left_out(const json_t *task, const struct pattern *q);
/*
 * The same for names at its target. With a rename these are not the source's
 * names, so then the result is 0.
 */
int task_unwritten(const json_t *task, const struct pattern *q);

/*
 * ERR_DATA if this task would close a circle with other wanted tasks: what it
 * writes would come back to its source through them. Servers are compared by
 * "born" of the definitions, names by patterns. all: the other tasks, NULL at
 * the end. The message names them.
 */
int task_no_circle(const json_t *task, json_t *const *all, struct err *e);

#endif

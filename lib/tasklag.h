#ifndef CDC_TASKLAG_H
#define CDC_TASKLAG_H

#include <stdint.h>

#include <jansson.h>

struct err;
struct kreader;

/* The brokers of a task's source, with its properties. NULL with *e set. */
struct kreader *task_kreader(const json_t *task, int wait_ms, struct err *e);

/*
 * Kafka's time of the newest record in the topics of the task's checkpoint,
 * asked now. -1 with *e set if that cannot be known, ERR_DATA if the topics
 * are empty.
 */
int task_newest(const char *dir, const json_t *task, int wait_ms, int64_t *ms,
    struct err *e);

/* The same of one topic: -1 in *ms if it is empty. */
int task_newest_of(
    struct kreader *r, const char *topic, int64_t *ms, struct err *e);

#endif

#ifndef CDC_TASK_LAG_H
#define CDC_TASK_LAG_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "model/mq_id.h"

struct err;
struct mq;
struct pos;

/*
 * Connect to the brokers of a task's source, with its properties, or to the
 * Milvus that has its log; wait_ms and limit_ms as in mq_conf. NULL with *e
 * set.
 */
struct mq *task_mq(
    const json_t *task, int wait_ms, int limit_ms, struct err *e);

/* A topic of a position, and what the queue has of it; none: not known. */
struct topic_lag {
	char *topic;
	struct mq_id low, high; /* watermarks: the oldest record, the next */
	struct mq_id committed; /* where a new run reads from; none through a
				   Milvus */
	uint64_t ts;            /* applied up to here */
};

/* Does the topic still have what follows the position? */
int topic_lag_inside(const struct topic_lag *t);

/*
 * How far a position is behind its source, in the topics of the position. All
 * zero is valid and empty.
 */
struct task_lag {
	struct topic_lag *v;
	size_t n;
	int64_t newest_ms; /* of the newest record, by the source, or, through a
			      Milvus, of its clock; -1: unknown */
	int64_t lag_ms;   /* from where the position is in a topic to the newest
			     record there, of the worst one; -1: unknown */
	char *newest_why; /* why it is unknown */
	int64_t backlog;  /* records, ticks too, from the committed places to
			     the high watermarks; -1: unknown */
	char *backlog_why;
	int silent; /* because a broker did not answer in time */
};

/* Take the values of the position; asks no server. */
void task_lag_init(struct task_lag *l, const struct pos *p);
/*
 * To be called after task_lag_init: ask first for all watermarks, so that they
 * are of one moment, then for the newest records below them.
 */
void task_lag_ask(struct task_lag *l, struct mq *r);
/* Note why no server could be asked. */
void task_lag_unknown(struct task_lag *l, const char *why);
void task_lag_fini(struct task_lag *l);

#endif

#include "mq/mq.h"

#include "base/err.h"
#include "mq/dump.h"
#include "mq/kafka.h"

/* The last one takes what no other does. */
static const struct mq_queue *const queues[] = { &mq_dump, &mq_kafka, NULL };

struct mq *
mq_open(const struct mq_conf *conf, struct err *e)
{
	for (size_t i = 0; queues[i] != NULL; i++)
		if (queues[i]->is(conf->brokers))
			return queues[i]->open(conf, e);
	err_set(e, ERR_USAGE, "'%s' is no queue that is read", conf->brokers);
	return NULL;
}

void
mq_close(struct mq *q)
{
	if (q != NULL)
		q->queue->close(q);
}

const char *
mq_name(const struct mq *q)
{
	return q->queue->name;
}

char **
mq_topics(struct mq *q, const char *prefix, struct err *e)
{
	return q->queue->topics(q, prefix, e);
}

int
mq_lows(struct mq *q, const char *const *topics, size_t n, struct mq_id *low,
    struct err *e)
{
	return q->queue->lows(q, topics, n, low, e);
}

int
mq_highs(struct mq *q, const char *const *topics, size_t n, struct mq_id *high,
    struct err *e)
{
	return q->queue->highs(q, topics, n, high, e);
}

int
mq_ends(struct mq *q, const char *topic, struct mq_id *low, struct mq_id *high,
    struct err *e)
{
	return mq_lows(q, &topic, 1, low, e) == -1
		   ? -1
		   : mq_highs(q, &topic, 1, high, e);
}

struct mq_id
mq_high(struct mq *q, const char *topic)
{
	return q->queue->high(q, topic);
}

int
mq_at_time(struct mq *q, const char *topic, int64_t ms, struct mq_id *id,
    struct err *e)
{
	return q->queue->at_time(q, topic, ms, id, e);
}

int
mq_ahead(struct mq *q, const char *topic, struct mq_id id, struct err *e)
{
	return q->queue->ahead(q, topic, id, e);
}

int
mq_peek(struct mq *q, const char *topic, struct mq_id id, struct record *m,
    struct err *e)
{
	return q->queue->peek(q, topic, id, m, e);
}

int
mq_start(
    struct mq *q, const char *topic, int number, struct mq_id id, struct err *e)
{
	return q->queue->start(q, topic, number, id, e);
}

int
mq_pause(struct mq *q, const char *topic, struct err *e)
{
	return q->queue->pause(q, topic, e);
}

int
mq_resume(struct mq *q, const char *topic, struct err *e)
{
	return q->queue->resume(q, topic, e);
}

int
mq_next(struct mq *q, int wait_ms, struct record *m, struct err *e)
{
	return q->queue->next(q, wait_ms, m, e);
}

int
mq_fd(const struct mq *q)
{
	return q->queue->fd(q);
}

int
mq_follows(const struct mq *q, struct mq_id want, struct mq_id got)
{
	return q->queue->follows(want, got);
}

int
mq_by_mark(const struct mq *q)
{
	return q->queue->start_behind != NULL;
}

int
mq_start_behind(struct mq *q, const char *topic, int number,
    const struct mq_mark *mark, struct err *e)
{
	return q->queue->start_behind(q, topic, number, mark, e);
}

void
mq_get_mark(const struct mq *q, const char *topic, struct mq_mark *mark)
{
	q->queue->mark(q, topic, mark);
}

int
mq_now(struct mq *q, uint64_t *ts, struct err *e)
{
	return q->queue->now(q, ts, e);
}

#ifndef CDC_MQ_MQ_H
#define CDC_MQ_MQ_H

#include <stddef.h>
#include <stdint.h>

#include "mq/record.h"

struct err;
struct grpc_conf;

/*
 * A message queue: topics that are read forward into one queue of records, and
 * asked for their ends. Places are ours: no groups, no commits, no reset
 * policy. One thread.
 */
struct mq {
	const struct mq_queue *queue; /* a row of the table in mq.c */
};

struct mq_conf {
	const char *brokers;
	const char **props; /* "name=value" for the queue's library, or "@FILE"
			       with a line for each; NULL at the end */
	int wait_ms;    /* how long a question to a broker may take [10000] */
	int limit_ms;   /* and all of them together, from mq_open on; 0: as
			   long as they take */
	size_t ticking; /* topics that tick together, which are waited for */
	const struct grpc_conf *milvus; /* login and files, if brokers is the
					   URI of a Milvus; or NULL */
};

enum { MQ_IDLE, MQ_RECORD };

/* What the functions below do, for one kind of queue. */
struct mq_queue {
	const char *name; /* in messages */
	int (*is)(const char *brokers);
	struct mq *(*open)(const struct mq_conf *conf, struct err *e);
	void (*close)(struct mq *q);
	char **(*topics)(struct mq *q, const char *prefix, struct err *e);
	int (*lows)(struct mq *q, const char *const *topics, size_t n,
	    struct mq_id *low, struct err *e);
	int (*highs)(struct mq *q, const char *const *topics, size_t n,
	    struct mq_id *high, struct err *e);
	struct mq_id (*high)(struct mq *q, const char *topic);
	int (*at_time)(struct mq *q, const char *topic, int64_t ms,
	    struct mq_id *id, struct err *e);
	int (*ahead)(
	    struct mq *q, const char *topic, struct mq_id id, struct err *e);
	int (*peek)(struct mq *q, const char *topic, struct mq_id id,
	    struct record *m, struct err *e);
	int (*start)(struct mq *q, const char *topic, int number,
	    struct mq_id id, struct err *e);
	int (*pause)(struct mq *q, const char *topic, struct err *e);
	int (*resume)(struct mq *q, const char *topic, struct err *e);
	int (*next)(struct mq *q, int wait_ms, struct record *m, struct err *e);
	int (*fd)(const struct mq *q);
	int (*follows)(struct mq_id want, struct mq_id got);
	/* NULL: its places are ids */
	int (*start_behind)(struct mq *q, const char *topic, int number,
	    const struct mq_mark *mark, struct err *e);
	void (*mark)(
	    const struct mq *q, const char *topic, struct mq_mark *mark);
	int (*now)(struct mq *q, uint64_t *ts, struct err *e);
};

/*
 * Brokers must answer within conf.wait_ms, else ERR_TEMP, or ERR_DATA if one
 * refuses the login, or either side the other's certificate. ERR_USAGE for a
 * property that the queue refuses, ERR_DATA if it cannot read what Milvus
 * writes.
 */
struct mq *mq_open(const struct mq_conf *conf, struct err *e);
void mq_close(struct mq *q);
/* "Kafka" */
const char *mq_name(const struct mq *q);

/*
 * Names of the topics that begin with prefix, NULL at the end; free each and
 * the list.
 */
char **mq_topics(struct mq *q, const char *prefix, struct err *e);

/*
 * The low and high watermark: the oldest record kept, the id that the next
 * record gets. ERR_GONE if the topic does not exist; ERR_TEMP, with its
 * address, if the broker that leads it does not answer in time.
 */
int mq_ends(struct mq *q, const char *topic, struct mq_id *low,
    struct mq_id *high, struct err *e);

/*
 * The high watermarks of n topics in one question, and the low ones: cheap
 * also while they are being read, when each question waits behind a fetch.
 */
int mq_highs(struct mq *q, const char *const *topics, size_t n,
    struct mq_id *high, struct err *e);
int mq_lows(struct mq *q, const char *const *topics, size_t n,
    struct mq_id *low, struct err *e);

/* The high watermark as the last fetch had it, none if there was no fetch. */
struct mq_id mq_high(struct mq *q, const char *topic);

/* First record whose time in the queue is >= ms, the end if there is none. */
int mq_at_time(struct mq *q, const char *topic, int64_t ms, struct mq_id *id,
    struct err *e);

/*
 * mq_peek with the same topic and id will follow: the broker takes its time
 * for each answer, so ask for several topics first. Each must be taken before
 * its topic is read.
 */
int mq_ahead(struct mq *q, const char *topic, struct mq_id id, struct err *e);

/*
 * The one record at id, which must lie between the watermarks: ERR_GONE if it
 * does not. Not while this topic is being read.
 */
int mq_peek(struct mq *q, const char *topic, struct mq_id id, struct record *m,
    struct err *e);

/* Read topic from id on; its records say `number`. */
int mq_start(struct mq *q, const char *topic, int number, struct mq_id id,
    struct err *e);
int mq_pause(struct mq *q, const char *topic, struct err *e);
int mq_resume(struct mq *q, const char *topic, struct err *e);

/*
 * The next record, if one is there within wait_ms. MQ_RECORD: *m is the
 * caller's to record_free; one that is `made` stands for what the queue has
 * proven, and moves no position. MQ_IDLE: nothing came. -1: ERR_GONE if a
 * position is out of what the topic has or the topic is gone, ERR_TEMP if the
 * brokers are away for longer than the limit, ERR_DATA if they refuse us.
 */
int mq_next(struct mq *q, int wait_ms, struct record *m, struct err *e);

/* Becomes readable when records arrive; mq_next drains it when idle. */
int mq_fd(const struct mq *q);

/*
 * Is got, which came, the record that was to come next, with want the id
 * behind the one before it? 0: there is a gap.
 */
int mq_follows(const struct mq *q, struct mq_id want, struct mq_id got);

/*
 * A queue whose records come by time tick has no ends and no ids to begin at:
 * of the functions above, only those that read forward are for it, and these
 * three are for it alone.
 */
int mq_by_mark(const struct mq *q);
/*
 * As mq_start, behind the record of the mark; without one, behind mark->ts in
 * the queue mark->wal: ERR_DATA if that is not known.
 */
int mq_start_behind(struct mq *q, const char *topic, int number,
    const struct mq_mark *mark, struct err *e);
/*
 * The mark of the record of this topic that mq_next handed over last; of a made
 * one, that of the last record that it has proven. Without such a record, the
 * mark where it began.
 */
void mq_get_mark(const struct mq *q, const char *topic, struct mq_mark *mark);
/* A timestamp of the source's clock: all that is later has a greater one. */
int mq_now(struct mq *q, uint64_t *ts, struct err *e);

#endif

#ifndef CDC_MQ_KAFKA_PRIV_H
#define CDC_MQ_KAFKA_PRIV_H

#include <librdkafka/rdkafka.h>

#include "mq/kafka.h"
#include "net/trouble.h"

/*
 * Between kafka.c, which opens and closes, kafka_read.c, kafka_ask.c,
 * kafka_limit.c, which says for how long and who was silent, kafka_away.c,
 * which looks for brokers that leave while we read, and kafka_conf.c, which has
 * the properties.
 */

/* One for each name, for good: librdkafka keeps a topic's first opaque. */
struct kafka_topic {
	char *name;
	rd_kafka_topic_t *rkt;
	int number; /* the caller's */
	int reading;
	int ahead;        /* a record was asked for, and not fetched yet */
	size_t taken;     /* bytes since librdkafka was woken */
	int64_t heard_ns; /* when the last record came */
};

/* Of the record that was handed out last; NULL: it has none. */
enum { KAFKA_HEADERS = 32 };
struct kafka_headers {
	struct record_headers pub; /* the first member */
	rd_kafka_headers_t *h;
	struct {
		const char *name;
		struct span value;
	} v[KAFKA_HEADERS]; /* the first ones of h */
	size_t n;
};

struct kafka {
	struct mq pub; /* the first member */
	rd_kafka_t *rk;
	rd_kafka_queue_t *queue;
	int wait_ms;
	int64_t until_ns;  /* when all questions are to be over, 0: never */
	size_t wake_bytes; /* so much taken, and librdkafka is woken */
	int fds[2];        /* librdkafka writes to [1] when the queue fills */
	int64_t away_since_ns;  /* all brokers down since, 0 if not */
	char why[512];          /* what was wrong with the last broker */
	struct trouble trouble; /* the same, as it was said */
	int complained;         /* librdkafka has, since all leaders answered */
	int silent;             /* a leader is, though others are there */
	int64_t heard_ns, looked_ns; /* the last record, the last question */
	int refused; /* and it does not get better by itself: login, trust */
	struct kafka_topic **v;
	size_t n, cap;
	struct kafka_headers headers;
	struct wide *wide; /* topics with more than one partition */
	size_t n_wide, wide_cap;
};

struct wide {
	char *name;
	int32_t partitions;
};

static inline struct kafka *
kafka_of(const struct mq *q)
{
	return (struct kafka *)(uintptr_t)q;
}

/* kafka_ask.c: rows of mq_kafka. */
char **kafka_topics(struct mq *q, const char *prefix, struct err *e);
int kafka_lows(struct mq *q, const char *const *topics, size_t n,
    struct mq_id *low, struct err *e);
int kafka_highs(struct mq *q, const char *const *topics, size_t n,
    struct mq_id *high, struct err *e);
int kafka_at_time(struct mq *q, const char *topic, int64_t ms, struct mq_id *id,
    struct err *e);
struct mq_id kafka_high(struct mq *q, const char *topic);

/* kafka_read.c: and these. */
int kafka_ahead(
    struct mq *q, const char *topic, struct mq_id id, struct err *e);
int kafka_peek(struct mq *q, const char *topic, struct mq_id id,
    struct record *m, struct err *e);
int kafka_start(struct mq *q, const char *topic, int number, struct mq_id id,
    struct err *e);
int kafka_pause(struct mq *q, const char *topic, struct err *e);
int kafka_resume(struct mq *q, const char *topic, struct err *e);
int kafka_next(struct mq *q, int wait_ms, struct record *m, struct err *e);
int kafka_fd(const struct mq *q);
int kafka_follows(struct mq_id want, struct mq_id got);
void kafka_headers_drop(struct kafka_headers *h);
void kafka_stop_ahead(struct kafka_topic *t);

/* Before it is read: ERR_DATA if it has records beyond partition 0. */
int kafka_only_0(struct kafka *r, const char *topic, struct err *e);

/* The error of a broker's answer, by kind; returns -1. */
int kafka_fail(struct err *e, rd_kafka_resp_err_t rc, const char *topic);

/* kafka_away.c */
void kafka_on_error(rd_kafka_t *rk, int code, const char *why, void *opaque);
/* A record has come. */
void kafka_heard(struct kafka *r, struct kafka_topic *t);
/* Nothing has: as mq_next, -1 if that lasts for too long. */
int kafka_idle(struct kafka *r, struct err *e);

/* kafka_limit.c */
/* Milliseconds that the next question may take; 1 if all is used up. */
int kafka_left(const struct kafka *r);
/* Does this error say that nobody has answered in time? */
int kafka_is_silence(rd_kafka_resp_err_t rc);
/*
 * ERR_TEMP that names the leaders of those partitions of l that have no answer:
 * their offset is still what was asked for. The brokers that we know from the
 * start may well answer while the address that they advertise does not.
 */
int kafka_silent(struct kafka *r, const rd_kafka_topic_partition_list_t *l,
    int64_t asked, struct err *e);
/* The same of one topic. */
int kafka_silent_topic(struct kafka *r, const char *topic, struct err *e);
/* What was wrong with a broker last, or else text. */
const char *kafka_why(struct kafka *r, const char *text);

/* All properties, ours first. ERR_USAGE, ERR_DATA. */
int kafka_configure(
    rd_kafka_conf_t *conf, const struct mq_conf *c, struct err *e);

#endif

#ifndef CDC_MQ_KAFKA_PRIV_H
#define CDC_MQ_KAFKA_PRIV_H

#include <librdkafka/rdkafka.h>

#include "mq/kafka.h"
#include "net/trouble.h"

/*
 * Between kafka.c, which reads, kafka_ask.c, which asks, kafka_limit.c,
 * which says for how long and who was silent, kafka_away.c, which looks for
 * brokers that leave while we read, and kafka_conf.c, which has the
 * properties.
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
struct kafka_headers {
	struct record_headers pub; /* the first member */
	rd_kafka_headers_t *h;
};

struct kreader {
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

/* Before it is read: ERR_DATA if it has records beyond partition 0. */
int kreader_only_0(struct kreader *r, const char *topic, struct err *e);

/* The error of a broker's answer, by kind; returns -1. */
int kreader_fail(struct err *e, rd_kafka_resp_err_t rc, const char *topic);

/* kafka_away.c */
void kreader_on_error(rd_kafka_t *rk, int code, const char *why, void *opaque);
/* A record has come. */
void kreader_heard(struct kreader *r, struct kafka_topic *t);
/* Nothing has: as kreader_next, -1 if that lasts for too long. */
int kreader_idle(struct kreader *r, struct err *e);

/* kafka_limit.c */
/* Milliseconds that the next question may take; 1 if all is used up. */
int kreader_left(const struct kreader *r);
/* Does this error say that nobody has answered in time? */
int kreader_is_silence(rd_kafka_resp_err_t rc);
/*
 * ERR_TEMP that names the leaders of those partitions of l that have no answer:
 * their offset is still what was asked for. The brokers that we know from the
 * start may well answer while the address that they advertise does not.
 */
int kreader_silent(struct kreader *r, const rd_kafka_topic_partition_list_t *l,
    int64_t asked, struct err *e);
/* The same of one topic. */
int kreader_silent_topic(struct kreader *r, const char *topic, struct err *e);
/* What was wrong with a broker last, or else text. */
const char *kreader_why(struct kreader *r, const char *text);

/* All properties, ours first. ERR_USAGE, ERR_DATA. */
int kreader_configure(
    rd_kafka_conf_t *conf, const struct kreader_conf *c, struct err *e);

#endif

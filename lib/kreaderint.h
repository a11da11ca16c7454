#ifndef CDC_KREADERINT_H
#define CDC_KREADERINT_H

#include <librdkafka/rdkafka.h>

#include "kreader.h"

/*
 * Between kreader.c, which reads, kreaderask.c, which asks, and kreaderconf.c,
 * which has the properties.
 */

/* One for each name, for good: librdkafka keeps a topic's first opaque. */
struct topic {
	char *name;
	rd_kafka_topic_t *rkt;
	int number; /* the caller's */
	int reading;
	int ahead;    /* a record was asked for, and not fetched yet */
	size_t taken; /* bytes since librdkafka was woken */
};

struct kreader {
	rd_kafka_t *rk;
	rd_kafka_queue_t *queue;
	int wait_ms;
	size_t wake_bytes; /* so much taken, and librdkafka is woken */
	int fds[2];        /* librdkafka writes to [1] when the queue fills */
	int64_t away_since_ns; /* all brokers down since, 0 if not */
	char why[512];         /* what was wrong with the last broker */
	int refused; /* and it does not get better by itself: login, trust */
	struct topic **v;
	size_t n, cap;
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

/* All properties, ours first. ERR_USAGE, ERR_DATA. */
int kreader_configure(
    rd_kafka_conf_t *conf, const struct kreader_conf *c, struct err *e);

#endif

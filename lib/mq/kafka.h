#ifndef CDC_MQ_KAFKA_H
#define CDC_MQ_KAFKA_H

#include <stddef.h>
#include <stdint.h>

#include "mq/record.h"

struct err;

/*
 * The topics of a Kafka cluster, partition 0 of each, read forward into one
 * queue. Offsets are ours: no groups, no commits, no reset policy. One
 * thread.
 */
struct kreader;

struct kreader_conf {
	const char *brokers;
	const char **props; /* "name=value" for librdkafka, or "@FILE" with a
			       line for each; NULL at the end */
	int wait_ms;    /* how long a question to a broker may take [10000] */
	int limit_ms;   /* and all of them together, from kreader_open on; 0:
			   as long as they take */
	size_t ticking; /* topics that tick together, which are waited for */
};

enum { KREADER_IDLE, KREADER_MSG };

/* Is it "name=value" with a password or a key in it? Only @FILE may have it. */
int kreader_is_secret(const char *prop);
/* ERR_USAGE for one that would load a library or start a command. */
int kreader_may(const char *name, const char *value, struct err *e);

/*
 * Brokers must answer within conf.wait_ms, else ERR_TEMP, or ERR_DATA if one
 * refuses the login, or either side the other's certificate. ERR_USAGE for a
 * property that librdkafka refuses, ERR_DATA if it was built without zstd.
 */
struct kreader *kreader_open(const struct kreader_conf *conf, struct err *e);
void kreader_close(struct kreader *r);

/*
 * Names of the topics that begin with prefix, NULL at the end; free each and
 * the list.
 */
char **kreader_topics(struct kreader *r, const char *prefix, struct err *e);

/*
 * The low and high watermark: the oldest offset kept, the one that the next
 * record gets. ERR_GONE if the topic does not exist; ERR_TEMP, with its
 * address, if the broker that leads it does not answer in time.
 */
int kreader_ends(struct kreader *r, const char *topic, int64_t *low,
    int64_t *high, struct err *e);

/*
 * The high watermarks of n topics in one question, and the low ones: cheap
 * also while they are being read, when each question waits behind a fetch.
 */
int kreader_highs(struct kreader *r, const char *const *topics, size_t n,
    int64_t *high, struct err *e);
int kreader_lows(struct kreader *r, const char *const *topics, size_t n,
    int64_t *low, struct err *e);

/* The high watermark as the last fetch had it, -1 if there was none. */
int64_t kreader_high(struct kreader *r, const char *topic);

/* First offset whose Kafka time is >= ms, the end if there is none. */
int kreader_at_time(struct kreader *r, const char *topic, int64_t ms,
    int64_t *offset, struct err *e);

/*
 * kreader_peek with the same topic and offset will follow: the broker takes
 * its time for each answer, so ask for several topics first. Each must be
 * taken before its topic is read.
 */
int kreader_ahead(
    struct kreader *r, const char *topic, int64_t offset, struct err *e);

/*
 * The one record at offset, which must lie between the watermarks: ERR_GONE if
 * it does not. Not while this topic is being read.
 */
int kreader_peek(struct kreader *r, const char *topic, int64_t offset,
    struct record *m, struct err *e);

/* Read topic from offset on; its records say `number`. */
int kreader_start(struct kreader *r, const char *topic, int number,
    int64_t offset, struct err *e);
int kreader_pause(struct kreader *r, const char *topic, struct err *e);
int kreader_resume(struct kreader *r, const char *topic, struct err *e);

/*
 * The next record, if one is there within wait_ms. KREADER_MSG: *m is the
 * caller's to record_free. KREADER_IDLE: nothing came. -1: ERR_GONE if a
 * position is out of what the topic has or the topic is gone, ERR_TEMP if the
 * brokers are away for longer than the limit, ERR_DATA if they refuse us.
 */
int kreader_next(
    struct kreader *r, int wait_ms, struct record *m, struct err *e);

/* Becomes readable when records arrive; kreader_next drains it when idle. */
int kreader_fd(const struct kreader *r);

#endif

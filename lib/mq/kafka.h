#ifndef CDC_MQ_KAFKA_H
#define CDC_MQ_KAFKA_H

#include <stddef.h>

#include "codec/kv.h" /* struct kvs */
#include "mq/mq.h"

struct err;

/*
 * Kafka, by librdkafka: partition 0 of each topic. Here is what no other queue
 * has; q is one that mq_kafka.open made.
 */
extern const struct mq_queue mq_kafka;

/* Is it "name=value" with a password or a key in it? Only @FILE may have it. */
int kafka_is_secret(const char *prop);
/* ERR_USAGE for one that would load a library or start a command. */
int kafka_may(const char *name, const char *value, struct err *e);

/* Can librdkafka read what Milvus writes? mq_open asks too. ERR_DATA. */
int kafka_zstd(struct err *e);

/*
 * Settings as they are in force, of each of n topics into out[i], or of one
 * of the brokers if topics is NULL (and n 1). Needs the right to describe
 * configurations: ERR_DATA if the broker says no, ERR_TEMP if it is away.
 */
int kafka_settings(struct mq *q, const char *const *topics, size_t n,
    struct kvs *out, struct err *e);

/* A property of ours, such as receive.message.max.bytes; 0 if there is none. */
long long kafka_property(const struct mq *q, const char *name);

#endif

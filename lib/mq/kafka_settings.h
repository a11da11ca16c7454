#ifndef CDC_MQ_KAFKA_SETTINGS_H
#define CDC_MQ_KAFKA_SETTINGS_H

#include <stddef.h>

#include "codec/kv.h" /* struct kvs */

struct err;
struct kreader;

/*
 * Settings as they are in force, of each of n topics into out[i], or of one
 * of the brokers if topics is NULL (and n 1). Needs the right to describe
 * configurations: ERR_DATA if the broker says no, ERR_TEMP if it is away.
 */
int kreader_settings(struct kreader *r, const char *const *topics, size_t n,
    struct kvs *out, struct err *e);

/* Can librdkafka read what Milvus writes? kreader_open asks too. ERR_DATA. */
int kreader_zstd(struct err *e);

/* A property of ours, such as receive.message.max.bytes; 0 if there is none. */
long long kreader_property(const struct kreader *r, const char *name);

#endif

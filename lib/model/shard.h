#ifndef CDC_MODEL_SHARD_H
#define CDC_MODEL_SHARD_H

#include <stdint.h>

struct err;

/*
 * --shard I/N: one of N parts of the collections, chosen by their ids because
 * names can change. All zero is valid: all collections.
 */
struct shard {
	int64_t i, n;
};

/* Parses "0/4". ERR_USAGE. */
int shard_parse(struct shard *s, const char *text, struct err *e);
int shard_has(const struct shard *s, int64_t id);

#endif

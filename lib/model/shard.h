#ifndef CDC_MODEL_SHARD_H
#define CDC_MODEL_SHARD_H

#include <stdint.h>

struct err;

/*
 * --shard I/N: one part of N of the collections, by id, since a name may
 * change. All zero is valid: all of them.
 */
struct shard {
	int64_t i, n;
};

/* "0/4". ERR_USAGE. */
int shard_parse(struct shard *s, const char *text, struct err *e);
int shard_has(const struct shard *s, int64_t id);

#endif

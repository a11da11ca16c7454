#ifndef CDC_CODEC_KV_H
#define CDC_CODEC_KV_H

#include <stddef.h>

#include <jansson.h>

struct err;
struct jsonw;

/*
 * Pairs of key and value in order: parameters, properties. All zero is empty.
 */
struct kv {
	char *key;
	char *value;
};
struct kvs {
	struct kv *v;
	size_t n, cap;
};
void kvs_fini(struct kvs *k);
void kvs_set(struct kvs *k, const char *key, const char *value); /* copies */
void kvs_unset(struct kvs *k, const char *key); /* if it is there */
void kvs_copy(struct kvs *to, const struct kvs *from);
const char *kvs_get(const struct kvs *k, const char *key); /* or NULL */
/* Set in *out what of k is not in has, or has another value there. */
void kvs_missing(const struct kvs *k, const struct kvs *has, struct kvs *out);
int kvs_equal(const struct kvs *a, const struct kvs *b); /* in any order */
void kvs_to_json(const struct kvs *k, struct jsonw *w, const char *key);
/* From an object of strings; NULL or null gives an empty one. */
int kvs_from_json(struct kvs *k, const json_t *j, struct err *e);

#endif

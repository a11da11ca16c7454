#ifndef CDC_ROWS_KEYS_H
#define CDC_ROWS_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct err;
struct jsonw;
struct schema;

/* Primary keys, either ints or strs. All zero is valid and empty. */
struct keys {
	int is_str;
	size_t n;
	size_t cap;
	int64_t *ints;
	struct span *strs; /* borrowed from the record */
};
void keys_fini(struct keys *k);

/*
 * Read the keys of a serialized DeleteRequest, or the primary key's column of
 * an InsertRequest (msg.proto). *k is overwritten, so it must be empty or
 * finished before. ERR_DATA if the number of keys is not the message's, or if
 * the schema has no primary key.
 */
int keys_of_delete(const void *p, size_t len, struct keys *k, struct err *e);
int keys_of_insert(const void *p, size_t len, const struct schema *s,
    struct keys *k, struct err *e);

/* Append the keys of `from`; ERR_DATA if the kinds differ. */
int keys_append(struct keys *to, const struct keys *from, struct err *e);

/* 1 if both have the same keys, each as often, in any order. */
int keys_same_set(const struct keys *a, const struct keys *b);

/*
 * Append keys to the open array of *w, from number `from` on, until more than
 * max_bytes of text were added, but at least one key: "5", or the text of a
 * VarChar. *next is the first key that was not written, k->n if none is left.
 */
void keys_write(const struct keys *k, size_t from, size_t max_bytes,
    struct jsonw *w, size_t *next);

#endif

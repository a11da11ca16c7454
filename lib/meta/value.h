#ifndef CDC_META_VALUE_H
#define CDC_META_VALUE_H

#include <stddef.h>
#include <stdint.h>

#include "common.pb-c.h"

#include "meta/line.h"

struct jsonw;

/* Pieces of a line, shared by the files line*.c. */

/* -1 with ERR_DATA: the item's value is no message of that name. */
int metavalue_bad(const struct item *i, const char *what, struct err *e);

/* A state from the wire; an unknown one counts as live. */
int metavalue_state(const struct item *i, int state);

/*
 * "state" and "ts", the time at which the object came into that state. For a
 * dropped object this is the moment of the drop, not the tombstone that follows
 * hours later; if no snapshot is left it is create_ts.
 */
void metavalue_write_state(
    struct jsonw *w, const struct item *i, int state, uint64_t create_ts);
void metavalue_write_state_name(struct jsonw *w, int state);

/* A key that occurs twice is written once, with its last value. */
void metavalue_write_kvs(
    struct jsonw *w, const char *key, Pb__KeyValuePair *const *v, size_t n);

/* The members of a collection's line; head is its ITEM_HEAD. */
int metavalue_collection(struct jsonw *w, const struct metastore *m,
    const struct item *head, struct meta_about *a, struct err *e);

/* "unread": what is in it that has no member, by name; if anything is. */
void metavalue_write_unread(struct jsonw *w, const struct metastore *m,
    const Pb__CollectionSchema *s, int64_t coll);
/* The same of a schema that has its fields in it. */
void metavalue_write_unread_schema(
    struct jsonw *w, const Pb__CollectionSchema *s);

#endif

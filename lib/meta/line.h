#ifndef CDC_META_LINE_H
#define CDC_META_LINE_H

#include <stddef.h>
#include <stdint.h>

struct buf;
struct err;
struct item;
struct metastore;

/* The kinds of a catalogue's lines, in their order. */
enum meta_kind {
	META_DATABASE,
	META_COLLECTION,
	META_PARTITION,
	META_INDEX,
	META_LOAD,
	META_ALIAS,
	META_CHECKPOINT,
	META_USER,
	META_ROLE,
	META_IMPORT,
	META_GROUP,
	META_PCHANNEL,
	META_KINDS,
};
const char *meta_kind_name(enum meta_kind kind);

/*
 * The items that stand for the objects of a kind, one for each object: for
 * collections the ITEM_HEAD, for loads the ITEM_LOAD_COLL.
 */
struct item *const *meta_heads(
    const struct metastore *m, enum meta_kind kind, size_t *n);

/*
 * The object that a changed item is part of, and its kind; NULL if it is part
 * of no object.
 */
struct item *meta_head_of(
    struct metastore *m, const struct item *i, enum meta_kind *kind);

/* The facts about an object by which its line is filtered and sorted. */
struct meta_about {
	int exists;   /* 0: the object has no line; the rest is not set */
	int state;    /* enum item_state */
	int64_t coll; /* the collection it belongs to, 0: none */
};

/*
 * Append the object's members, from behind "kind" on and without brackets:
 * "id":"1","name":"default",… (cdc-ndjson(5)). -1 with ERR_DATA if a value
 * is not what Milvus writes.
 */
int meta_line(const struct metastore *m, enum meta_kind kind,
    const struct item *head, struct buf *b, struct meta_about *about,
    struct err *e);

/*
 * A collection's database and name as far as they are known, else "", and
 * its state; STATE_DROPPED if nothing is known of it. Each name is cut to
 * META_NAME bytes, more than Milvus allows.
 */
enum { META_NAME = 256 };
struct meta_name {
	char db[META_NAME];
	char coll[META_NAME];
};
int meta_coll_name(
    const struct metastore *m, int64_t coll, struct meta_name *n);
/*
 * When the database `default` was made, unix nanoseconds; 0: not known. Each
 * Milvus makes its own at its first start, and ListDatabases tells it.
 */
uint64_t meta_born(const struct metastore *m);
/* A database's name, "" if it is not known. */
void meta_db_name(
    const struct metastore *m, int64_t db, char name[static META_NAME]);

#endif

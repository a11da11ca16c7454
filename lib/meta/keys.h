#ifndef CDC_META_KEYS_H
#define CDC_META_KEYS_H

#include "meta/line.h"
#include "meta/store.h"

struct err;
struct meta;

/*
 * Keys with one prefix. The form of the parts after it: A, B or N (the rest of
 * the key) for each part.
 */
struct key_family {
	const char *prefix; /* NULL: the end */
	enum item_kind kind;
	const char *form;
	uint32_t stamp; /* the value's field with the time of its newest
			   change; 0: snapshots tell */
};

/* When the keys of a folder are read. */
enum key_use {
	KEYS_ALL,     /* at the start */
	KEYS_OF_COLL, /* at the start, of the collections that are wanted */
	KEYS_FETCHED, /* when a line needs them (fetch.c) */
};

/* A folder with keys. In all but those of KEYS_ALL a collection's id is next.
 */
struct key_scan {
	const char *prefix;  /* NULL: the end */
	enum meta_kind kind; /* only for this one; META_KINDS: always */
	enum key_use use;
	int snapshots; /* beneath snapshots/ there is the same folder */
};

/*
 * Under which keys versions of Milvus keep their metadata, without root and
 * meta path: a row of the table in keys.c.
 */
struct keys {
	const char *versions;
	const char *mark; /* a folder that no older version has; NULL: all do */
	int ddl_in_log;   /* changes are told by the log, not by snapshots */
	const char *queue; /* beneath the root: what the log is kept in; NULL:
			      only positions tell */
	const struct key_family *families;
	const struct key_scan *scans; /* plain keys before snapshots */
};

extern const struct keys keys_v23, keys_v26;

/*
 * The row for this source. NULL: ERR_DATA its log is not in Kafka, or an error
 * of etcd.
 */
const struct keys *keys_of(const struct meta *m, struct err *e);

#endif

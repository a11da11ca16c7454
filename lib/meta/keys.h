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
};

/* Keys to be read at the start, all with this prefix. */
struct key_scan {
	const char *prefix;  /* NULL: the end */
	enum meta_kind kind; /* read only for this kind; META_KINDS: always */
};

/*
 * Under which keys versions of Milvus keep their metadata, without root and
 * meta path: a row of the table in keys.c.
 */
struct keys {
	const char *versions;
	const char *mark; /* a folder that no older version has; NULL: all do */
	const struct key_family *families; /* NULL: known, and not read */
	const struct key_scan *scans;      /* plain keys before snapshots */
};

extern const struct keys keys_v23, keys_v26;

/* The row for this source. ERR_DATA if its version is not read. */
const struct keys *keys_of(const struct meta *m, struct err *e);

#endif

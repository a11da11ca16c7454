#ifndef CDC_META_PRIV_H
#define CDC_META_PRIV_H

#include <stddef.h>

#include "base/buf.h"
#include "base/hash.h"
#include "meta/meta.h"
#include "meta/store.h"
#include "net/etcd.h"

/* What meta.c, write.c and follow.c share. */

struct meta_change {
	enum meta_kind kind;
	struct item *head;
};

/*
 * The newest key that was read. As long as etcd has this key unchanged, its
 * history is the one that was read (same_etcd.c).
 */
struct meta_witness {
	char *key; /* NULL: none so far */
	int64_t mod;
	struct hash value;
};

struct meta {
	const struct meta_conf *conf;
	struct etcd *etcd;
	struct out *out;
	char *base; /* "by-dev/meta" */
	struct metastore *store;
	struct meta_witness witness;
	int64_t rev;                 /* of the catalogue that was read */
	struct meta_change *changes; /* not yet written */
	size_t n_changes, cap_changes;
	struct buf line, body;
};

/*
 * Store a key with its value, or its deletion. Returns the item that changed,
 * or NULL.
 */
struct item *meta_apply(struct meta *m, const struct etcd_kv *kv);

/* Keep this key as the witness if it is the newest so far. */
void meta_witness_note(struct meta *m, const struct etcd_kv *kv);
/* ERR_BACK if etcd does not have the witness as it was read. */
int meta_same(struct meta *m, struct err *e);

/* All objects and "ready". */
int meta_write_all(struct meta *m, struct err *e);

/* Note that the object which the item is part of has to be written. */
void meta_changed(struct meta *m, const struct item *i);

/* Write what has changed as of revision rev, and flush. */
int meta_write_changes(struct meta *m, int64_t rev, struct err *e);

/* roots.c */
/*
 * For a root without keys: say which other roots in this etcd look like one of
 * Milvus. Reads few keys, however many there are. Always -1: ERR_DATA "no
 * Milvus under 'x'; roots that look like one: by-dev", or etcd's error.
 */
int metaroots_explain(struct etcd *c, const char *root, const char *meta_path,
    int64_t rev, struct err *e);

#endif

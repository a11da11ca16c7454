#ifndef CDC_CATALOGUE_PRIV_H
#define CDC_CATALOGUE_PRIV_H

#include <stddef.h>

#include "base/buf.h"
#include "base/hash.h"
#include "catalogue/meta.h"
#include "catalogue/store.h"
#include "net/etcd.h"

/* What meta.c, write.c and follow.c share. */

struct meta_change {
	enum meta_kind kind;
	struct item *head;
};

/*
 * The newest key that was read: that etcd still has it as it was says that
 * the past which we know is its own (same_etcd.c).
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

/* A key and its value as etcd has it; the item that changed, or NULL. */
struct item *meta_apply(struct meta *m, const struct etcd_kv *kv);

/* A key and its value as etcd has it: is it the newest? */
void meta_witness_note(struct meta *m, const struct etcd_kv *kv);
/* ERR_BACK if etcd does not have the newest key as we read it. */
int meta_same(struct meta *m, struct err *e);

/* All objects and "ready". */
int meta_write_all(struct meta *m, struct err *e);

/* The object that the item is part of is to be written. */
void meta_changed(struct meta *m, const struct item *i);

/* Write what has changed as of revision rev, and flush. */
int meta_write_changes(struct meta *m, int64_t rev, struct err *e);

/* roots.c */
/*
 * There is nothing under root: look what else this etcd holds and say so.
 * Looks at few keys, however many there are. Always -1: ERR_DATA "no Milvus
 * under 'x'; roots that look like one: by-dev", or etcd's error.
 */
int metaroots_explain(struct etcd *c, const char *root, const char *meta_path,
    int64_t rev, struct err *e);

#endif

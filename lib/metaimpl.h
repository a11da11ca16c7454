#ifndef CDC_METAIMPL_H
#define CDC_METAIMPL_H

#include <stddef.h>

#include "buf.h"
#include "etcd.h"
#include "meta.h"
#include "metastore.h"

/* What meta.c, metawrite.c and metafollow.c share. */

struct meta_change {
	enum meta_kind kind;
	struct item *head;
};

struct meta {
	const struct meta_conf *conf;
	struct etcd *etcd;
	struct out *out;
	char *base; /* "by-dev/meta" */
	struct metastore *store;
	int64_t rev;                 /* of the catalogue that was read */
	struct meta_change *changes; /* not yet written */
	size_t n_changes, cap_changes;
	struct buf line, body;
};

/* A key and its value as etcd has it; the item that changed, or NULL. */
struct item *meta_apply(struct meta *m, const struct etcd_kv *kv);

/* All objects and "ready". */
int meta_write_all(struct meta *m, struct err *e);

/* The object that the item is part of is to be written. */
void meta_changed(struct meta *m, const struct item *i);

/* Write what has changed as of revision rev, and flush. */
int meta_write_changes(struct meta *m, int64_t rev, struct err *e);

#endif

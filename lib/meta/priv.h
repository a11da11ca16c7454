#ifndef CDC_META_PRIV_H
#define CDC_META_PRIV_H

#include <stddef.h>

#include <protobuf-c/protobuf-c.h>

#include "base/buf.h"
#include "base/hash.h"
#include "meta/keys.h"
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
	int64_t rev;         /* of the catalogue that was read */
	unsigned hidden;     /* kinds that the source does not tell */
	int wal;             /* its queue, WAL_KAFKA …; 0: not known */
	int narrow;          /* patterns want a few collections */
	int bulk;            /* a whole catalogue is being written */
	int64_t first, last; /* the collections whose fields are in the store */
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

/* Do the patterns include a collection? */
int meta_wants(const struct meta *m, int64_t coll);

/* fetch.c; all return -1 with etcd's error. */
/* The folders of this use, whole. */
int meta_fetch_all(struct meta *m, enum key_use use, struct err *e);
/* KEYS_OF_COLL of the collections that are wanted. */
int meta_fetch_wanted(struct meta *m, struct err *e);
/* The same of one, as of revision rev, if it was not wanted before. */
int meta_fetch_parts(
    struct meta *m, struct item *head, int64_t rev, struct err *e);
/* Into the store, for a line: a collection's fields as of revision rev. */
int meta_fetch_fields(
    struct meta *m, const struct item *head, int64_t rev, struct err *e);
void meta_fetch_forget(struct meta *m);

/* All objects and "ready". */
int meta_write_all(struct meta *m, struct err *e);

/* Note that the object which the item is part of has to be written. */
void meta_changed(struct meta *m, const struct item *i);

/* Write what has changed as of revision rev, and flush. */
int meta_write_changes(struct meta *m, int64_t rev, struct err *e);

struct vload;

/* source_put.c */
/*
 * What a Milvus has answered, put into the store under the keys that 2.6 has
 * for it in etcd, so that the lines are made of it in the same way. Answers
 * are types of service.proto.
 */
void metasource_database(struct meta *m, const ProtobufCMessage *answer);
/* -1 with ERR_DATA: the schema is none. */
int metasource_collection(
    struct meta *m, int64_t db, const ProtobufCMessage *answer, struct err *e);
void metasource_partitions(
    struct meta *m, int64_t coll, const ProtobufCMessage *answer);
void metasource_indexes(
    struct meta *m, int64_t coll, const ProtobufCMessage *answer);
/* partitions is the answer of ShowPartitions. */
void metasource_load(struct meta *m, int64_t coll, const struct vload *l,
    const ProtobufCMessage *partitions);
/* Answers of SelectUser, SelectRole, SelectGrant and ListPrivilegeGroups. */
void metasource_users(struct meta *m, const ProtobufCMessage *answer);
void metasource_roles(struct meta *m, const ProtobufCMessage *answer);
void metasource_grants(
    struct meta *m, const char *role, const ProtobufCMessage *answer);
void metasource_groups(struct meta *m, const ProtobufCMessage *answer);
/* The pchannel of the control channel: the first one. */
void metasource_control(struct meta *m);

/* roots.c */
/*
 * For a root without keys: say which other roots in this etcd look like one of
 * Milvus. Reads few keys, however many there are. Always -1: ERR_DATA "no
 * Milvus under 'x'; roots that look like one: by-dev", or etcd's error.
 */
int metaroots_explain(struct etcd *c, const char *root, const char *meta_path,
    int64_t rev, struct err *e);

#endif

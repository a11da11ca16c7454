#ifndef CDC_MILVUS_COLLECTION_H
#define CDC_MILVUS_COLLECTION_H

#include <stddef.h>
#include <stdint.h>

#include "model/schema.h"

struct batch;
struct err;
struct milvus;

/* A collection of the target, as DescribeCollection tells it. */
struct coll {
	int64_t id; /* 0 in a dry run */
	char *db, *name;
	struct schema schema;
	const struct field *pk;
	int blank_part; /* requests name no partition: the collection has a
			   partition key, or one_part is set */
	int shards, consistency;
	int64_t num_partitions;
	struct kvs properties;
	char **aliases;
	size_t naliases;
	/* used by apply/ */
	int checked;        /* coll_writable said yes */
	uint64_t num;       /* number of the collection in the key set */
	int64_t marked;     /* id at the source for which a mark was sent,
			       apply/circle.c */
	const void *awaits; /* a mark; no row is sent before its answer */
	struct batch *open; /* open batches, see apply/queue.h */
	int refused;        /* batches that are to be set aside */
	struct coll *next;
};

/* Collections that were looked up in this run. All zero is valid and empty. */
struct colls {
	struct coll **v; /* hash table; each entry is a chain */
	size_t cap;
	uint64_t made;
	int one_part; /* rows of all partitions go into one */
};

void colls_fini(struct colls *s);

/*
 * The collection db.name of the target, asked for once and then remembered.
 * Returns 0 with *c, borrowed until colls_forget, 1 if it is absent, or -1. If
 * the name is an alias of another collection, it counts as absent.
 */
int colls_get(struct colls *s, struct milvus *m, const char *db,
    const char *name, struct coll **c, struct err *e);

/*
 * Remember a collection that does not exist, for a dry run; copies the schema.
 */
struct coll *colls_pretend(struct colls *s, const char *db, const char *name,
    const struct schema *schema);

/* Forget a collection. No batch may refer to it any more. */
void colls_forget(struct colls *s, const char *db, const char *name);
/*
 * A mark was answered: rows that wait for it may be sent. failed:
 * no collection counts as marked any more.
 */
void colls_marked(struct colls *s, const void *mark, int failed);

/* 0 if rows can be written to the collection; else ERR_DATA says why not. */
int coll_writable(struct coll *c, struct err *e);

#endif

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
	int blank_part; /* requests name no partition: there is a partition key,
			   or one_part is wished */
	int shards, consistency;
	int64_t num_partitions;
	struct kvs properties;
	char **aliases;
	size_t naliases;
	/* of the engine */
	int checked;    /* coll_writable said yes */
	uint64_t num;   /* tells collections apart in the key set */
	int64_t marked; /* the source's id whose mark it has, apply/circle.c */
	const void *awaits; /* a mark, before whose answer no row is sent */
	struct batch *open; /* batches that take rows, see apply/queue.h */
	int refused;        /* how many are to be set aside */
	struct coll *next;
};

/* Those that were looked up in this run. All zero is valid and empty. */
struct colls {
	struct coll **v; /* a chain for each hash */
	size_t cap;
	uint64_t made;
	int one_part; /* rows of all partitions are to go into one */
};

void colls_fini(struct colls *s);

/*
 * The collection db.name of the target, asked for once and then known.
 * Returns 0 with *c, borrowed until colls_forget, or 1 if it is not there, or
 * -1. That name as an alias of another collection counts as not there.
 */
int colls_get(struct colls *s, struct milvus *m, const char *db,
    const char *name, struct coll **c, struct err *e);

/* Known as if it were there, for a dry run; copies the schema. */
struct coll *colls_pretend(struct colls *s, const char *db, const char *name,
    const struct schema *schema);

/* No batch refers to it any more. */
void colls_forget(struct colls *s, const char *db, const char *name);
void colls_forget_all(struct colls *s);
/* The mark is answered; failed: none is `marked` any more. */
void colls_marked(struct colls *s, const void *mark, int failed);

/* Can rows be written to it? ERR_DATA that says why not. */
int coll_writable(struct coll *c, struct err *e);

#endif

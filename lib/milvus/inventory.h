#ifndef CDC_MILVUS_INVENTORY_H
#define CDC_MILVUS_INVENTORY_H

#include <stddef.h>
#include <stdint.h>

#include "codec/kv.h"
#include "milvus/client.h"
#include "milvus/textset.h"

struct err;

/*
 * What a Milvus has. Each question returns 0 with the answer, 1 if it is
 * refused, with *s, or -1 as milvus_call does.
 */

/* The version as it says it, or "of unknown version". */
int milvus_version(struct milvus *m, char *version, size_t cap,
    struct mv_status *s, struct err *e);

/* names and born, as milvus/born.h has it, may be NULL. */
int milvus_databases(struct milvus *m, struct textset *names, uint64_t *born,
    struct mv_status *s, struct err *e);

int milvus_partitions(struct milvus *m, const char *db, const char *coll,
    struct textset *names, struct mv_status *s, struct err *e);

struct vindex {
	char *name, *field;
	struct kvs params;
};
struct vindexes {
	struct vindex *v; /* sorted by name */
	size_t n;
};
void vindexes_fini(struct vindexes *x);
int milvus_indexes(struct milvus *m, const char *db, const char *coll,
    struct vindexes *x, struct mv_status *s, struct err *e);

/* All databases, and their collections. */
struct inventory_coll {
	int64_t id;
	const char *db; /* in dbs */
	char *name;
};
struct inventory {
	char version[128]; /* "": refused */
	uint64_t born;
	struct textset dbs;
	struct inventory_coll *v;
	size_t n, cap;
	/* which question was refused, and about which database, or "*" */
	const char *method, *about;
};
void inventory_fini(struct inventory *v);
/* Questions that do not depend on each other are sent at once. */
int milvus_inventory(
    struct milvus *m, struct inventory *v, struct mv_status *s, struct err *e);

#endif

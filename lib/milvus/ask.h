#ifndef CDC_MILVUS_ASK_H
#define CDC_MILVUS_ASK_H

#include <stdint.h>

#include "milvus/client.h"
#include "milvus/collection.h"
#include "milvus/inventory.h"
#include "milvus/textset.h"

struct err;

/* The two that are compared. */
enum { SRC, DST };

/* A Milvus to which questions are sent. */
struct peer {
	const char *name; /* in messages: "source", "target" */
	struct milvus *m;
	struct colls colls;
};

/* Which partitions are loaded. */
struct vload {
	int any, all;
	struct textset parts; /* the loaded ones, if not all are */
	int replicas;
};

/* Questions. 0 with the answer, 1: the object is absent, or -1. */
int ask_databases(struct peer *s, struct textset *t, struct err *e);
int ask_collections(
    struct peer *s, const char *db, struct textset *t, struct err *e);
int ask_partitions(struct peer *s, const char *db, const char *coll,
    struct textset *t, struct err *e);
int ask_indexes(struct peer *s, const char *db, const char *coll,
    struct vindexes *x, struct err *e);
int ask_timestamp(struct peer *s, uint64_t *ts, struct err *e);
/* Sets *e to an error of this peer, "source: what: reason"; returns -1. */
int ask_refused(const struct peer *s, const char *what, const char *db,
    const char *coll, const struct mv_status *st, struct err *e);

/* GetLoadState's number, 0 if it is refused; part NULL: the collection's. */
int ask_load_state(struct milvus *m, const char *db, const char *coll,
    const char *part, struct err *e);
/* How many replicas are loaded; 0 if that is not told. */
int ask_replicas(
    struct milvus *m, const char *db, const char *coll, struct err *e);
/* Which of these partitions, all that there are, are loaded. */
int ask_load(struct milvus *m, const char *db, const char *coll,
    const struct textset *parts, struct vload *l, struct err *e);
/* The same for a collection that is known to be loaded. */
int ask_load_parts(struct milvus *m, const char *db, const char *coll,
    const struct textset *parts, struct vload *l, struct err *e);
void vload_fini(struct vload *l);

#endif

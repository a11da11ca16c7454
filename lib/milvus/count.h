#ifndef CDC_MILVUS_COUNT_H
#define CDC_MILVUS_COUNT_H

#include <stdint.h>

struct err;
struct milvus;

/*
 * How many rows of a collection are written out, GetCollectionStatistics: a
 * row that was deleted since is still in it, and one that came since the last
 * flush is not. 0 if it is not told; -1 if it could not be asked.
 */
int milvus_rows(struct milvus *m, const char *db, const char *coll, uint64_t *n,
    struct err *e);

#endif

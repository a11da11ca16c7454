#ifndef CDC_MILVUS_COUNT_H
#define CDC_MILVUS_COUNT_H

#include <stdint.h>

struct err;
struct milvus;

/*
 * How many rows of a collection are written to storage, by
 * GetCollectionStatistics: rows deleted since are counted, rows inserted since
 * the last flush are not. 0 if the answer lacks it; -1 if it cannot be asked.
 */
int milvus_rows(struct milvus *m, const char *db, const char *coll, uint64_t *n,
    struct err *e);

#endif

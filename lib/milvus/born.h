#ifndef CDC_MILVUS_BORN_H
#define CDC_MILVUS_BORN_H

#include <stdint.h>

struct err;
struct milvus;

/*
 * The identity of a Milvus, independent of its address: the moment, in
 * nanoseconds since 1970, at which it made its database `default` at its first
 * start. etcd has it (DatabaseInfo.created_time), and ListDatabases returns it.
 * A copy of a Milvus made from its storage has the same value. *born is 0 if
 * the answer lacks it; -1 if it cannot be asked.
 */
int milvus_ask_born(struct milvus *m, uint64_t *born, struct err *e);

#define MILVUS_ITSELF                                                          \
	"is the source itself, or a copy of it made from its storage"

#endif

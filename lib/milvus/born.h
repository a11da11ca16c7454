#ifndef CDC_MILVUS_BORN_H
#define CDC_MILVUS_BORN_H

#include <stdint.h>

struct Pb__NamesResponse; /* service.pb-c.h */
struct err;
struct milvus;

/*
 * Who a Milvus is, whatever it is called: the moment, in nanoseconds since
 * 1970, in which it made its database `default` at its first start. It stands
 * in its etcd (DatabaseInfo.created_time), and ListDatabases tells it. A copy
 * of a Milvus made from its storage has the same.
 */
uint64_t milvus_born(const struct Pb__NamesResponse *of_list_databases);

/* Ask for it; *born is 0 if it is not told. -1 if it could not be asked. */
int milvus_ask_born(struct milvus *m, uint64_t *born, struct err *e);

#define MILVUS_ITSELF                                                          \
	"is the source itself, or a copy of it made from its storage"

#endif

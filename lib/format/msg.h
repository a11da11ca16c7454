#ifndef CDC_FORMAT_MSG_H
#define CDC_FORMAT_MSG_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* What a record of a source's log is, whatever number its format has for it. */
enum msg_kind {
	MSG_OTHER, /* nothing of it is carried, or no format knows it */
	MSG_TICK,
	MSG_INSERT,
	MSG_DELETE,
	MSG_FLUSH,
	MSG_IMPORT,
	MSG_CREATE_COLLECTION,
	MSG_DROP_COLLECTION,
	MSG_CREATE_PARTITION,
	MSG_DROP_PARTITION,
};

/*
 * What stands around the rows. Spans are borrowed from the record, and empty
 * where the message has no such field; so are numbers zero.
 */
struct msg {
	enum msg_kind kind;
	int type;       /* the number that the source wrote */
	int64_t msg_id; /* equal in a producer's retry; 0: none */
	uint64_t ts;    /* Insert, Delete: the greatest of the rows'; never 0 */
	int64_t db_id;
	int64_t coll_id;
	int64_t part_id; /* Delete: -1 is all partitions */
	struct span db;
	struct span coll; /* the name at that time, or an alias */
	struct span part;
	struct span shard; /* Insert, Delete: the vchannel */
	uint64_t rows;     /* Insert: rows; Delete: keys */
	struct span
	    schema; /* CreateCollection: a serialized CollectionSchema */
};

/* Borrowed spans. */
struct spans {
	struct span *v;
	size_t n, cap;
};
void spans_fini(struct spans *s);

#endif

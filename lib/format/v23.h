#ifndef CDC_FORMAT_V23_H
#define CDC_FORMAT_V23_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct err;

/*
 * The value of one Kafka record of Milvus 2.3 - 2.5: one message of
 * milvus-proto's msg.proto on DML channels, a client's request of
 * milvus.proto on the replicate-msg channel. Both begin with MsgBase.
 *
 * The numbers are commonpb.MsgType's; others than these come too.
 */
enum msg_type {
	MSG_CREATE_COLLECTION = 100,
	MSG_DROP_COLLECTION = 101,
	MSG_LOAD_COLLECTION = 106,
	MSG_RELEASE_COLLECTION = 107,
	MSG_CREATE_PARTITION = 200,
	MSG_DROP_PARTITION = 201,
	MSG_LOAD_PARTITIONS = 205,
	MSG_RELEASE_PARTITIONS = 206,
	MSG_CREATE_INDEX = 300,
	MSG_DROP_INDEX = 302,
	MSG_ALTER_INDEX = 304,
	MSG_INSERT = 400,
	MSG_DELETE = 401,
	MSG_FLUSH = 402,
	MSG_IMPORT = 408,
	MSG_TIMETICK = 1200,
	MSG_REPLICATE = 1212,
	MSG_CREATE_DATABASE = 1801,
	MSG_DROP_DATABASE = 1802,
	MSG_ALTER_DATABASE = 1804,
};

/*
 * What stands around the rows. Spans are borrowed from the record, and empty
 * where the message has no such field; so are numbers zero.
 */
struct msg {
	int type;       /* enum msg_type, or a number that we do not know */
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

/*
 * Read all but the rows: the cost is a few dozen bytes and the timestamps.
 * Of a type that we do not know only type, msg_id and ts are filled in.
 *
 * -1 with ERR_DATA: broken bytes, no base or type 0 (not of a 2.3 - 2.5 log),
 * a row-based insert (version 0, before 2.2), a delete by plan (3.0), an
 * insert without a timestamp for each row.
 */
int msg_decode(const void *p, size_t len, struct msg *m, struct err *e);

/* "Insert", or NULL for a type that we do not know. */
const char *msg_type_name(int type);

struct spans {
	struct span *v; /* borrowed from the record */
	size_t n, cap;
};
void spans_fini(struct spans *s);

/*
 * The collections that a Flush request names (milvus.proto FlushRequest),
 * appended; their database is struct msg's db.
 */
int msg_flush(const void *p, size_t len, struct spans *colls, struct err *e);

/* CreateCollection's virtual channels, by shard, appended. */
int msg_vchannels(
    const void *p, size_t len, struct spans *names, struct err *e);

#endif

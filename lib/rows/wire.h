#ifndef CDC_ROWS_WIRE_H
#define CDC_ROWS_WIRE_H

/*
 * Field numbers of the messages that rows are in, which are read and written
 * in place; lib/proto has all other messages.
 */

/* msg.proto InsertRequest and DeleteRequest, in the log */
enum {
	LOG_INSERT_TIMES = 10,
	LOG_INSERT_FIELDS = 13,
	LOG_INSERT_ROWS = 14,
	LOG_DELETE_INT64S = 9, /* keys, from before 2.2 */
	LOG_DELETE_ROWS = 11,
	LOG_DELETE_KEYS = 12,
};

/* milvus.proto InsertRequest and UpsertRequest, to a Milvus */
enum {
	REQ_DB = 2,
	REQ_COLL = 3,
	REQ_PART = 4,
	REQ_FIELDS = 5,
	REQ_ROWS = 7,
};

/* milvus.proto DeleteRequest */
enum { DEL_DB = 2, DEL_COLL = 3, DEL_PART = 4, DEL_EXPR = 5 };

/* schema.proto FieldData, in inserts of the log and in those to a Milvus */
enum {
	FD_TYPE = 1,
	FD_NAME = 2,
	FD_SCALARS = 3,
	FD_VECTORS = 4,
	FD_ID = 5,
	FD_DYNAMIC = 6,
	FD_VALID = 7,
	FD_STRUCT = 8,
};

#endif

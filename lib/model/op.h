#ifndef CDC_MODEL_OP_H
#define CDC_MODEL_OP_H

#include <stddef.h>

enum { STREAM_VERSION = 1 }; /* that we write, and the newest we read */

/* The operations of the stream; cdc-ndjson(5). */
enum opname {
	OP_BEGIN,
	OP_TICK,
	OP_END,
	OP_INSERT,
	OP_UPSERT,
	OP_DELETE,
	OP_CREATE_DATABASE,
	OP_DROP_DATABASE,
	OP_ALTER_DATABASE,
	OP_CREATE_COLLECTION,
	OP_DROP_COLLECTION,
	OP_ALTER_COLLECTION,
	OP_RENAME_COLLECTION,
	OP_CREATE_PARTITION,
	OP_DROP_PARTITION,
	OP_CREATE_INDEX,
	OP_ALTER_INDEX,
	OP_DROP_INDEX,
	OP_LOAD_COLLECTION,
	OP_RELEASE_COLLECTION,
	OP_LOAD_PARTITIONS,
	OP_RELEASE_PARTITIONS,
	OP_FLUSH,
	OP_CREATE_ALIAS,
	OP_ALTER_ALIAS,
	OP_DROP_ALIAS,
	OP_CREATE_USER,
	OP_DROP_USER,
	OP_CREATE_ROLE,
	OP_DROP_ROLE,
	OP_GRANT_ROLE,
	OP_REVOKE_ROLE,
	OP_GRANT,
	OP_REVOKE,
	OP_IMPORT,
	OP_UNKNOWN,
	OP_ACK,
	OP_OTHER, /* a name that this version does not know */
	OP_MAX
};
const char *op_name(enum opname op);
enum opname op_by_name(const char *name, size_t n); /* OP_OTHER if none */

#endif

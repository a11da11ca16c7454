#ifndef CDC_FORMAT_MSG_H
#define CDC_FORMAT_MSG_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* What a record of a source's log is, whatever number its format has for it. */
enum msg_kind {
	MSG_OTHER, /* nothing of it is carried, or no format knows it */
	MSG_TOLD,  /* nothing of it is carried, which is worth a word */
	MSG_TICK,
	MSG_INSERT,
	MSG_DELETE,
	MSG_FLUSH,
	MSG_FLUSH_ALL,
	MSG_BEGIN, /* of a transaction */
	MSG_COMMIT,
	MSG_ROLLBACK,
	MSG_IMPORT, /* rows that no log has: by a bulk import, */
	MSG_COMMIT_IMPORT,
	MSG_GAP, /* or by another way */
	MSG_CREATE_COLLECTION,
	MSG_DROP_COLLECTION,
	MSG_CREATE_PARTITION,
	MSG_DROP_PARTITION,
	MSG_ALTER_FIELD,
	/* and in the streaming log: */
	MSG_ALTER_COLLECTION,
	MSG_TRUNCATE_COLLECTION,
	MSG_ALTER_LOAD,
	MSG_DROP_LOAD,
	MSG_CREATE_DATABASE,
	MSG_ALTER_DATABASE,
	MSG_DROP_DATABASE,
	MSG_ALTER_ALIAS, /* or create */
	MSG_DROP_ALIAS,
	MSG_CREATE_INDEX,
	MSG_ALTER_INDEX,
	MSG_DROP_INDEX,
	MSG_RESTORE_RBAC,
	MSG_ALTER_USER, /* or create, as the next ones */
	MSG_DROP_USER,
	MSG_ALTER_ROLE,
	MSG_DROP_ROLE,
	MSG_ALTER_USER_ROLE,
	MSG_DROP_USER_ROLE,
	MSG_ALTER_PRIVILEGE,
	MSG_DROP_PRIVILEGE,
	MSG_ALTER_PRIVILEGE_GROUP,
	MSG_DROP_PRIVILEGE_GROUP,
};

/* What is done with a message. */
enum msg_use {
	MSG_USE_NONE,
	MSG_USE_TOLD, /* it is named, and not carried */
	MSG_USE_TICK,
	MSG_USE_ROWS,
	MSG_USE_TXN,
	MSG_USE_FLUSH,
	MSG_USE_GAP, /* rows are missing from here on */
	MSG_USE_DDL,
};
enum msg_use msg_use(enum msg_kind kind);

/*
 * What stands around the rows. Spans are borrowed from the record, and empty
 * where the message has no such field; so are numbers zero.
 */
struct msg {
	enum msg_kind kind;
	int type;       /* the number that the source wrote */
	int64_t msg_id; /* equal in a producer's retry; 0: none */
	uint64_t ts; /* v23: of Insert, Delete the greatest of the rows'; v26:
			_tt, that of all rows, whatever they have; never 0 */
	int64_t db_id;
	int64_t coll_id;
	int64_t part_id; /* Delete: -1 is all partitions */
	struct span db;
	struct span coll; /* the name at that time, or an alias */
	struct span part;
	struct span shard; /* v23: of Insert, Delete the vchannel; v26: of all
			      that have one */
	uint64_t rows;     /* Insert: rows; Delete: keys */
	struct span
	    schema; /* CreateCollection: a serialized CollectionSchema */

	/* Only in the streaming log, lib/format/FORMATS 5. */
	const char *name;      /* "Insert" */
	int64_t txn_id;        /* the transaction that it is part of; 0: none */
	int64_t keepalive_ms;  /* and how long that may be silent; below 0: for
				  ever */
	struct span confirmed; /* id from where a reader starts to have this
				  record and its transaction, as text */
	int confirmed_own;     /* it is the record's own id */
	uint64_t broadcast_id; /* equal in all copies; 0: it is no broadcast */
	struct span broadcast; /* BroadcastHeader: v26_vchannels */
	int control;           /* the control channel's copy */
	int ends_txns;         /* all that are open are lost here */
	struct span header;    /* a message of messages.proto, */
	struct span body;      /* and one of that or of msg.proto */
};

/* Borrowed spans. */
struct spans {
	struct span *v;
	size_t n, cap;
};
void spans_fini(struct spans *s);

/* What a client's request takes from users and roles: what is empty is not
 * concerned. */
struct removal {
	int none; /* the request gives */
	struct span user, role;
	/* of a grant; newer requests name no object */
	struct span object, object_name, privilege, db;
};

/* What a client's request changes. */
struct alter {
	struct span name;          /* of the index or field */
	struct spans keys, values; /* parameters that are set, in pairs */
	struct spans gone;         /* and the names of those that go */
};
void alter_fini(struct alter *a);

#endif

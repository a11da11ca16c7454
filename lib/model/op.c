#include "model/op.h"

#include <string.h>

static const char *const names[OP_MAX] = {
	[OP_BEGIN] = "begin",
	[OP_TICK] = "tick",
	[OP_END] = "end",
	[OP_INSERT] = "insert",
	[OP_UPSERT] = "upsert",
	[OP_DELETE] = "delete",
	[OP_CREATE_DATABASE] = "create_database",
	[OP_DROP_DATABASE] = "drop_database",
	[OP_ALTER_DATABASE] = "alter_database",
	[OP_CREATE_COLLECTION] = "create_collection",
	[OP_DROP_COLLECTION] = "drop_collection",
	[OP_ALTER_COLLECTION] = "alter_collection",
	[OP_RENAME_COLLECTION] = "rename_collection",
	[OP_CREATE_PARTITION] = "create_partition",
	[OP_DROP_PARTITION] = "drop_partition",
	[OP_CREATE_INDEX] = "create_index",
	[OP_ALTER_INDEX] = "alter_index",
	[OP_DROP_INDEX] = "drop_index",
	[OP_LOAD_COLLECTION] = "load_collection",
	[OP_RELEASE_COLLECTION] = "release_collection",
	[OP_LOAD_PARTITIONS] = "load_partitions",
	[OP_RELEASE_PARTITIONS] = "release_partitions",
	[OP_FLUSH] = "flush",
	[OP_CREATE_ALIAS] = "create_alias",
	[OP_ALTER_ALIAS] = "alter_alias",
	[OP_DROP_ALIAS] = "drop_alias",
	[OP_CREATE_USER] = "create_user",
	[OP_DROP_USER] = "drop_user",
	[OP_CREATE_ROLE] = "create_role",
	[OP_DROP_ROLE] = "drop_role",
	[OP_GRANT_ROLE] = "grant_role",
	[OP_REVOKE_ROLE] = "revoke_role",
	[OP_GRANT] = "grant",
	[OP_REVOKE] = "revoke",
	[OP_IMPORT] = "import",
	[OP_UNKNOWN] = "unknown",
	[OP_ACK] = "ack",
	[OP_OTHER] = "",
};

const char *
op_name(enum opname op)
{
	return names[op];
}

enum opname
op_by_name(const char *name, size_t n)
{
	int op = 0;

	while (op != OP_OTHER &&
	       (strlen(names[op]) != n || memcmp(names[op], name, n) != 0))
		op++;
	return (enum opname)op;
}

#include "format/v26.h"

#include <stddef.h>

/* messages.proto of pkg/streaming, 2.6.20 and 3.0.0; header fields by number */
static const struct v26_type types[] = {
	{ 1, 1, 1200, MSG_TICK, "TimeTick", 0, 0, NULL },
	{ 2, 1, 400, MSG_INSERT, "Insert", 1, 0, NULL },
	{ 3, 1, 401, MSG_DELETE, "Delete", 1, 0, NULL },
	{ 4, 2, 0, MSG_OTHER, "Flush", 1, 0, NULL },
	{ 5, 1, 100, MSG_CREATE_COLLECTION, "CreateCollection", 1, 3, NULL },
	{ 6, 1, 101, MSG_DROP_COLLECTION, "DropCollection", 1, 2, NULL },
	{ 7, 1, 200, MSG_CREATE_PARTITION, "CreatePartition", 1, 0, NULL },
	{ 8, 1, 201, MSG_DROP_PARTITION, "DropPartition", 1, 0, NULL },
	{ 9, 2, 0, MSG_FLUSH, "ManualFlush", 1, 0, NULL },
	{ 10, 2, 0, MSG_OTHER, "CreateSegment", 1, 0, NULL },
	{ 11, 1, 408, MSG_IMPORT, "Import", 0, 0, NULL },
	{ 12, 2, 0, MSG_OTHER, "SchemaChange", 1, 0,
	    "written by Milvus 2.6.0 to 2.6.5, whose log lacks most changes of "
	    "its catalogue; start behind the upgrade to a later one" },
	{ 13, 2, 0, MSG_ALTER_COLLECTION, "AlterCollection", 2, 1, NULL },
	{ 14, 2, 0, MSG_ALTER_LOAD, "AlterLoadConfig", 2, 1, NULL },
	{ 15, 2, 0, MSG_DROP_LOAD, "DropLoadConfig", 2, 1, NULL },
	{ 16, 2, 0, MSG_CREATE_DATABASE, "CreateDatabase", 0, 2, NULL },
	{ 17, 2, 0, MSG_ALTER_DATABASE, "AlterDatabase", 0, 2, NULL },
	{ 18, 2, 0, MSG_DROP_DATABASE, "DropDatabase", 0, 2, NULL },
	{ 19, 2, 0, MSG_ALTER_ALIAS, "AlterAlias", 3, 1, NULL },
	{ 20, 2, 0, MSG_DROP_ALIAS, "DropAlias", 0, 1, NULL },
	{ 21, 2, 0, MSG_RESTORE_RBAC, "RestoreRBAC", 0, 0, NULL },
	{ 22, 2, 0, MSG_ALTER_USER, "AlterUser", 0, 0, NULL },
	{ 23, 2, 0, MSG_DROP_USER, "DropUser", 0, 0, NULL },
	{ 24, 2, 0, MSG_ALTER_ROLE, "AlterRole", 0, 0, NULL },
	{ 25, 2, 0, MSG_DROP_ROLE, "DropRole", 0, 0, NULL },
	{ 26, 2, 0, MSG_ALTER_USER_ROLE, "AlterUserRole", 0, 0, NULL },
	{ 27, 2, 0, MSG_DROP_USER_ROLE, "DropUserRole", 0, 0, NULL },
	{ 28, 2, 0, MSG_ALTER_PRIVILEGE, "AlterPrivilege", 0, 0, NULL },
	{ 29, 2, 0, MSG_DROP_PRIVILEGE, "DropPrivilege", 0, 0, NULL },
	{ 30, 2, 0, MSG_ALTER_PRIVILEGE_GROUP, "AlterPrivilegeGroup", 0, 0,
	    NULL },
	{ 31, 2, 0, MSG_DROP_PRIVILEGE_GROUP, "DropPrivilegeGroup", 0, 0,
	    NULL },
	{ 32, 2, 0, MSG_TOLD, "AlterResourceGroup", 0, 0, NULL },
	{ 33, 2, 0, MSG_TOLD, "DropResourceGroup", 0, 0, NULL },
	{ 34, 2, 0, MSG_CREATE_INDEX, "CreateIndex", 2, 1, NULL },
	{ 35, 2, 0, MSG_ALTER_INDEX, "AlterIndex", 1, 0, NULL },
	{ 36, 2, 0, MSG_DROP_INDEX, "DropIndex", 1, 0, NULL },
	{ 37, 2, 0, MSG_FLUSH_ALL, "FlushAll", 0, 0, NULL },
	{ 38, 2, 0, MSG_TRUNCATE_COLLECTION, "TruncateCollection", 2, 1, NULL },
	{ 39, 2, 0, MSG_GAP, "RestoreSnapshot", 2, 0, NULL },
	{ 40, 2, 0, MSG_TOLD, "CreateSnapshot", 1, 0, NULL },
	{ 41, 2, 0, MSG_TOLD, "DropSnapshot", 2, 0, NULL },
	{ 42, 2, 0, MSG_GAP, "BatchUpdateManifest", 1, 0, NULL },
	{ 43, 2, 0, MSG_GAP, "RefreshExternalCollection", 1, 0, NULL },
	{ 44, 2, 0, MSG_TOLD, "DropSnapshotsByCollection", 0, 0, NULL },
	{ 45, 2, 0, MSG_COMMIT_IMPORT, "CommitImport", 1, 0, NULL },
	{ 46, 2, 0, MSG_OTHER, "RollbackImport", 1, 0, NULL },
	{ 700, 2, 0, MSG_OTHER, "AlterWAL", 0, 0,
	    "from here on the source writes its log to another queue; read "
	    "all up to here, then start anew from there" },
	{ 800, 2, 0, MSG_TOLD, "AlterReplicateConfig", 0, 0, NULL },
	{ 900, 2, 0, MSG_BEGIN, "BeginTxn", 0, 0, NULL },
	{ 901, 2, 0, MSG_COMMIT, "CommitTxn", 0, 0, NULL },
	{ 902, 2, 0, MSG_ROLLBACK, "RollbackTxn", 0, 0, NULL },
	{ 999, 2, 0, MSG_OTHER, "Txn", 0, 0,
	    "a transaction without its rows, as Milvus before 2.6.20 hands it "
	    "out; upgrade the source" },
};

const struct v26_type *
v26_type(int type)
{
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (types[i].type == type)
			return &types[i];
	return NULL;
}

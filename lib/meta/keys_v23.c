#include "meta/keys.h"

/* Milvus 2.3 internal/metastore/kv, and the layout of 2.2 before databases. */
static const struct key_family families[] = {
	{ "root-coord/database/db-info/", ITEM_DB, "A", 0 },
	{ "root-coord/database/collection-info/", ITEM_COLL, "BA", 0 },
	{ "root-coord/collection/", ITEM_COLL, "A", 0 },
	{ "root-coord/fields/", ITEM_FIELD, "AB", 0 },
	{ "root-coord/functions/", ITEM_FUNCTION, "AB", 0 },
	{ "root-coord/partitions/", ITEM_PART, "AB", 0 },
	{ "root-coord/database/aliases/", ITEM_ALIAS, "AN", 0 },
	{ "root-coord/aliases/", ITEM_ALIAS, "N", 0 },
	{ "field-index/", ITEM_INDEX, "AB", 0 },
	{ "querycoord-collection-loadinfo/", ITEM_LOAD_COLL, "A", 0 },
	{ "querycoord-partition-loadinfo/", ITEM_LOAD_PART, "AB", 0 },
	{ "datacoord-meta/channel-cp/", ITEM_CHECKPOINT, "N", 0 },
	{ "root-coord/credential/users/", ITEM_USER, "N", 0 },
	{ "root-coord/credential/roles/", ITEM_ROLE, "N", 0 },
	{ "root-coord/credential/user-role-mapping/", ITEM_USER_ROLE, "N", 0 },
	{ "root-coord/credential/grantee-privileges/", ITEM_GRANT, "N", 0 },
	{ "root-coord/credential/grantee-id/", ITEM_GRANT_ID, "N", 0 },
	{ "root-coord/privilege-group/", ITEM_GROUP, "N", 0 },
	{ "importtask/", ITEM_IMPORT, "A", 0 },
	{ 0 },
};

static const struct key_scan scans[] = {
	{ "root-coord/database/", META_KINDS, KEYS_ALL, 1 },
	{ "root-coord/collection/", META_KINDS, KEYS_ALL, 1 },
	{ "root-coord/aliases/", META_KINDS, KEYS_ALL, 1 },
	{ "root-coord/credential/", META_KINDS, KEYS_ALL, 1 },
	{ "root-coord/privilege-group/", META_GROUP, KEYS_ALL, 1 },
	{ "datacoord-meta/channel-cp/", META_CHECKPOINT, KEYS_ALL, 0 },
	{ "importtask/", META_IMPORT, KEYS_ALL, 0 },
	{ "root-coord/partitions/", META_KINDS, KEYS_OF_COLL, 1 },
	{ "field-index/", META_INDEX, KEYS_OF_COLL, 0 },
	{ "querycoord-collection-loadinfo/", META_LOAD, KEYS_OF_COLL, 0 },
	{ "querycoord-partition-loadinfo/", META_LOAD, KEYS_OF_COLL, 0 },
	{ "root-coord/fields/", META_KINDS, KEYS_FETCHED, 1 },
	{ "root-coord/functions/", META_KINDS, KEYS_FETCHED, 1 },
	{ 0 },
};

const struct keys keys_v23 = {
	.versions = "2.2 to 2.5",
	.families = families,
	.scans = scans,
};

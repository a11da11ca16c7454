#include "meta/keys.h"

/*
 * Milvus 2.6 and 3.0. A change has its time in the object itself:
 * CollectionInfo.update_timestamp 16, PartitionInfo.partition_created_timestamp
 * 3, AliasInfo.created_time 3. 2.6.0 to 2.6.14 still
 * write snapshots/, later ones do not; none are needed, since the log has all
 * changes. The log is kept by streaming nodes; streamingcoord-meta/ is their
 * coordinator's.
 */
static const struct key_family families[] = {
	{ "root-coord/database/db-info/", ITEM_DB, "A", 0 },
	{ "root-coord/database/collection-info/", ITEM_COLL, "BA", 16 },
	{ "root-coord/fields/", ITEM_FIELD, "AB", 0 },
	{ "root-coord/struct-array-fields/", ITEM_STRUCT, "AB", 0 },
	{ "root-coord/functions/", ITEM_FUNCTION, "AB", 0 },
	{ "root-coord/partitions/", ITEM_PART, "AB", 3 },
	{ "root-coord/database/aliases/", ITEM_ALIAS, "AN", 3 },
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
	{ "streamingcoord-meta/pchannel/", ITEM_PCHANNEL, "N", 0 },
	{ "streamingcoord-meta/cchannel", ITEM_CCHANNEL, "", 0 },
	{ 0 },
};

static const struct key_scan scans[] = {
	{ "root-coord/database/", META_KINDS, KEYS_ALL, 0 },
	{ "root-coord/credential/", META_KINDS, KEYS_ALL, 0 },
	{ "root-coord/privilege-group/", META_GROUP, KEYS_ALL, 0 },
	{ "datacoord-meta/channel-cp/", META_CHECKPOINT, KEYS_ALL, 0 },
	{ "streamingcoord-meta/cchannel", META_PCHANNEL, KEYS_ALL, 0 },
	{ "streamingcoord-meta/pchannel/", META_PCHANNEL, KEYS_ALL, 0 },
	{ "root-coord/partitions/", META_KINDS, KEYS_OF_COLL, 0 },
	{ "field-index/", META_INDEX, KEYS_OF_COLL, 0 },
	{ "querycoord-collection-loadinfo/", META_LOAD, KEYS_OF_COLL, 0 },
	{ "querycoord-partition-loadinfo/", META_LOAD, KEYS_OF_COLL, 0 },
	{ "root-coord/fields/", META_KINDS, KEYS_FETCHED, 0 },
	{ "root-coord/struct-array-fields/", META_KINDS, KEYS_FETCHED, 0 },
	{ "root-coord/functions/", META_KINDS, KEYS_FETCHED, 0 },
	{ 0 },
};

const struct keys keys_v26 = {
	.versions = "2.6 to 3.0",
	.mark = "streamingcoord-meta/",
	.ddl_in_log = 1,
	.queue = "config/mqtype",
	.families = families,
	.scans = scans,
};

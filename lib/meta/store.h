#ifndef CDC_META_STORE_H
#define CDC_META_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "model/schema.h"

/*
 * What Milvus's metadata keys hold, kept as bytes: the newest value of each
 * key, and when it changed. One item for each key below (keys.h says which
 * versions have which); a snapshot key
 * (snapshots/KEY_ts<TSO>) belongs to the item of KEY.
 */
enum item_kind {
	ITEM_DB,     /* root-coord/database/db-info/A */
	ITEM_COLL,   /* root-coord/database/collection-info/B/A; B is 0 for the
			layout before databases, root-coord/collection/A */
	ITEM_FIELD,  /* root-coord/fields/A/B */
	ITEM_STRUCT, /* root-coord/struct-array-fields/A/B */
	ITEM_FUNCTION,   /* root-coord/functions/A/B */
	ITEM_PART,       /* root-coord/partitions/A/B */
	ITEM_ALIAS,      /* root-coord/database/aliases/A/NAME; A is 0 for the
			    old root-coord/aliases/NAME */
	ITEM_INDEX,      /* field-index/A/B */
	ITEM_LOAD_COLL,  /* querycoord-collection-loadinfo/A */
	ITEM_LOAD_PART,  /* querycoord-partition-loadinfo/A/B */
	ITEM_CHECKPOINT, /* datacoord-meta/channel-cp/NAME */
	ITEM_USER,       /* root-coord/credential/users/NAME */
	ITEM_ROLE,       /* root-coord/credential/roles/NAME */
	ITEM_USER_ROLE,  /* …/user-role-mapping/NAME, "user/role" */
	ITEM_GRANT,    /* …/grantee-privileges/NAME, "role/object/db.name" */
	ITEM_GRANT_ID, /* …/grantee-id/NAME, "id/privilege" */
	ITEM_GROUP,    /* root-coord/privilege-group/NAME */
	ITEM_IMPORT,   /* importtask/A */
	ITEM_PCHANNEL, /* streamingcoord-meta/pchannel/NAME */
	ITEM_CCHANNEL, /* streamingcoord-meta/cchannel */
	ITEM_HEAD, /* no key: stands for a collection A that other keys name */
	ITEM_KINDS,
};

/* States as Milvus numbers those of collections and partitions. */
enum item_state {
	STATE_CREATED,
	STATE_CREATING,
	STATE_DROPPING,
	STATE_DROPPED,
};

struct item {
	enum item_kind kind;
	int64_t a, b;
	char *name;     /* "" where the key has none */
	uint8_t *value; /* the newest that was no tombstone; NULL: none seen */
	size_t len;
	int gone;         /* the key is a tombstone, or not there */
	int64_t mod;      /* revision of its newest change */
	uint64_t ts;      /* of its newest change, 0 if it is not known */
	uint64_t drop_ts; /* of the snapshot that dropped the object, or 0 */
	uint64_t sent;    /* for the caller; 0 in a new item */
	int whole;        /* of an ITEM_HEAD: what belongs to it was read */
	int kept;         /* metastore_forget leaves it */
	/* since metastore_unchange; only of items that stand for objects */
	int changed;
};

struct keys;
struct metastore;
struct metastore *metastore_new(const struct keys *keys); /* borrowed */
void metastore_free(struct metastore *m);
const struct keys *metastore_keys(const struct metastore *m);

/*
 * Store the value of a key (without root and meta path), or its deletion.
 * Returns the item, or NULL if the key is of no interest. A plain key may come
 * before or after its snapshots; snapshots come in order of time.
 */
struct item *metastore_put(
    struct metastore *m, const char *key, const void *value, size_t len);
struct item *metastore_delete(struct metastore *m, const char *key);

/* Forget the items of a kind; with keep not those that are kept. */
void metastore_forget(struct metastore *m, enum item_kind kind, int keep);

/* The key of a snapshot whose value does not matter. */
void metastore_saw(struct metastore *m, const char *key);

/* The newest timestamp of all. */
uint64_t metastore_max_ts(const struct metastore *m);

/*
 * The items of a kind, sorted by a, b, name (as bytes), in an array that
 * lives until the next put.
 */
struct item *const *metastore_all(
    const struct metastore *m, enum item_kind kind, size_t *n);
/* Those from this a on. */
struct item *const *metastore_from(
    const struct metastore *m, enum item_kind kind, int64_t a, size_t *n);
/* The items of a kind with this a. */
struct item *const *metastore_of(
    const struct metastore *m, enum item_kind kind, int64_t a, size_t *n);
/* The items of a kind whose name begins with prefix (a and b are 0). */
struct item *const *metastore_named(const struct metastore *m,
    enum item_kind kind, const char *prefix, size_t *n);
/* One item, or NULL. */
struct item *metastore_get(const struct metastore *m, enum item_kind kind,
    int64_t a, int64_t b, const char *name);
/* The same; an absent item is made. */
struct item *metastore_make(struct metastore *m, enum item_kind kind, int64_t a,
    int64_t b, const char *name);

#endif

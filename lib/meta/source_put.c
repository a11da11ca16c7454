#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common.pb-c.h"
#include "etcd.pb-c.h"
#include "service.pb-c.h"

#include "base/err.h"
#include "base/mem.h"
#include "codec/pb_read.h"
#include "codec/pb_text.h"
#include "codec/pb_write.h"
#include "meta/position.h"
#include "meta/priv.h"
#include "milvus/ask.h"

enum { CREATED = 1, LOAD_PARTS = 1, LOAD_ALL = 2, STRUCT_ARRAYS = 9 };

/* Takes the key. */
static struct item *
put(struct meta *m, char *key, const struct buf *value)
{
	struct item *i = metastore_put(
	    m->store, key, value->len == 0 ? "" : value->ptr, value->len);

	free(key);
	return i;
}

static void
put_message(struct meta *m, char *key, const ProtobufCMessage *value)
{
	size_t n = protobuf_c_message_get_packed_size(value);
	struct buf b = { 0 };

	buf_room(&b, n + 1);
	b.len = protobuf_c_message_pack(value, (uint8_t *)b.ptr);
	put(m, key, &b);
	buf_fini(&b);
}

void
metasource_database(struct meta *m, const ProtobufCMessage *answer)
{
	const Pb__DescribeDatabaseResponse *r =
	    (const Pb__DescribeDatabaseResponse *)answer;
	Pb__DatabaseInfo d = PB__DATABASE_INFO__INIT;

	d.name = r->db_name;
	d.id = r->dbid;
	d.state = CREATED;
	d.created_time = r->created_timestamp;
	d.n_properties = r->n_properties;
	d.properties = r->properties;
	put_message(m,
	    x_asprintf("root-coord/database/db-info/%" PRId64, r->dbid),
	    &d.base);
}

/* The bytes of a field that protobuf-c does not know, behind their length. */
static struct span
unknown(const ProtobufCMessageUnknownField *f)
{
	struct pbwalk w = pbwalk_init(f->data, f->len);
	uint64_t n;

	if (f->wire_type != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED ||
	    pbwalk_varint(&w, &n) != 1)
		return (struct span){ "", 0 };
	return (struct span){ (const char *)w.p, (size_t)(w.end - w.p) };
}

static void
put_structs(struct meta *m, int64_t coll, const Pb__CollectionSchema *s)
{
	for (size_t i = 0; i < s->base.n_unknown_fields; i++) {
		struct span bytes = unknown(&s->base.unknown_fields[i]);
		struct buf b = { 0 };

		if (s->base.unknown_fields[i].tag != STRUCT_ARRAYS)
			continue;
		buf_add(&b, bytes.ptr, bytes.len);
		put(m,
		    x_asprintf("root-coord/struct-array-fields/%" PRId64 "/%zu",
			coll, i),
		    &b);
		buf_fini(&b);
	}
}

static void
put_schema(struct meta *m, int64_t coll, const Pb__CollectionSchema *s)
{
	for (size_t i = 0; i < s->n_fields; i++)
		put_message(m,
		    x_asprintf("root-coord/fields/%" PRId64 "/%" PRId64, coll,
			s->fields[i]->fieldid),
		    &s->fields[i]->base);
	for (size_t i = 0; i < s->n_functions; i++)
		put_message(m,
		    x_asprintf("root-coord/functions/%" PRId64 "/%zu", coll, i),
		    &s->functions[i]->base);
	put_structs(m, coll, s);
}

/* CollectionInfo, whose schema comes without what has keys of its own. */
static void
put_collection(struct meta *m, int64_t db, const Pb__CollectionSchema *s,
    const Pb__DescribeCollectionResponse *r)
{
	Pb__CollectionInfo c = PB__COLLECTION_INFO__INIT;
	Pb__CollectionSchema bare = *s;
	struct buf b = { 0 };

	bare.n_fields = bare.n_functions = 0;
	c.id = r->collectionid;
	c.schema = &bare;
	c.create_time = r->created_timestamp;
	c.n_virtual_channel_names = r->n_virtual_channel_names;
	c.virtual_channel_names = r->virtual_channel_names;
	c.shards_num = r->shards_num;
	c.consistency_level = r->consistency_level;
	c.n_properties = r->n_properties;
	c.properties = r->properties;
	c.db_id = db;
	buf_room(&b, pb__collection_info__get_packed_size(&c) + 1);
	b.len = pb__collection_info__pack(&c, (uint8_t *)b.ptr);
	pbw_u64(&b, 16, r->update_timestamp);
	put(m,
	    x_asprintf("root-coord/database/collection-info/%" PRId64
		       "/%" PRId64,
		db, c.id),
	    &b);
	buf_fini(&b);
	metastore_make(m->store, ITEM_HEAD, c.id, 0, "");
}

static void
put_aliases(struct meta *m, int64_t db, const Pb__DescribeCollectionResponse *r)
{
	for (size_t i = 0; i < r->n_aliases; i++) {
		Pb__AliasInfo a = PB__ALIAS_INFO__INIT;

		a.alias_name = r->aliases[i];
		a.collection_id = r->collectionid;
		a.db_id = db;
		put_message(m,
		    x_asprintf("root-coord/database/aliases/%" PRId64 "/%s", db,
			a.alias_name),
		    &a.base);
	}
}

static void
put_pchannel(struct meta *m, const char *name)
{
	struct buf nothing = { 0 };

	put(m, x_asprintf("streamingcoord-meta/pchannel/%s", name), &nothing);
}

int
metasource_collection(
    struct meta *m, int64_t db, const ProtobufCMessage *answer, struct err *e)
{
	const Pb__DescribeCollectionResponse *r =
	    (const Pb__DescribeCollectionResponse *)answer;
	Pb__CollectionSchema *s = (Pb__CollectionSchema *)pb_unpack(
	    &pb__collection_schema__descriptor, r->schema.data, r->schema.len);

	if (s == NULL)
		return err_set(e, ERR_DATA,
		    "source: the schema of '%s' is no CollectionSchema (%zu "
		    "bytes)",
		    r->collection_name, r->schema.len);
	put_schema(m, r->collectionid, s);
	put_collection(m, db, s, r);
	put_aliases(m, db, r);
	for (size_t i = 0; i < r->n_physical_channel_names; i++)
		put_pchannel(m, r->physical_channel_names[i]);
	for (size_t i = 0; i < r->n_start_positions && m->wal == 0; i++)
		m->wal = position_wal(&r->start_positions[i]->data);
	pb__collection_schema__free_unpacked(s, NULL);
	return 0;
}

void
metasource_partitions(
    struct meta *m, int64_t coll, const ProtobufCMessage *answer)
{
	const Pb__ShowPartitionsResponse *r =
	    (const Pb__ShowPartitionsResponse *)answer;

	for (size_t i = 0; i < r->n_partition_names && i < r->n_partitionids;
	     i++) {
		Pb__PartitionInfo p = PB__PARTITION_INFO__INIT;

		p.partitionid = r->partitionids[i];
		p.partitionname = r->partition_names[i];
		p.collection_id = coll;
		if (i < r->n_created_timestamps)
			p.partition_created_timestamp =
			    r->created_timestamps[i];
		put_message(m,
		    x_asprintf("root-coord/partitions/%" PRId64 "/%" PRId64,
			coll, p.partitionid),
		    &p.base);
	}
}

static int64_t
field_id(const struct meta *m, int64_t coll, const char *name)
{
	size_t n;
	struct item *const *v = metastore_of(m->store, ITEM_FIELD, coll, &n);

	for (size_t i = 0; i < n; i++) {
		Pb__FieldSchema *f =
		    pb__field_schema__unpack(NULL, v[i]->len, v[i]->value);
		int same = f != NULL && strcmp(f->name, name) == 0;

		if (f != NULL)
			pb__field_schema__free_unpacked(f, NULL);
		if (same)
			return v[i]->b;
	}
	return 0;
}

void
metasource_indexes(struct meta *m, int64_t coll, const ProtobufCMessage *answer)
{
	const Pb__DescribeIndexResponse *r =
	    (const Pb__DescribeIndexResponse *)answer;

	for (size_t i = 0; i < r->n_index_descriptions; i++) {
		const Pb__IndexDescription *d = r->index_descriptions[i];
		Pb__FieldIndex x = PB__FIELD_INDEX__INIT;
		Pb__IndexInfo n = PB__INDEX_INFO__INIT;

		n.collectionid = coll;
		n.fieldid = field_id(m, coll, d->field_name);
		n.index_name = d->index_name;
		n.indexid = d->indexid;
		n.n_user_index_params = d->n_params;
		n.user_index_params = d->params;
		x.index_info = &n;
		put_message(m,
		    x_asprintf(
			"field-index/%" PRId64 "/%" PRId64, coll, d->indexid),
		    &x.base);
	}
}

void
metasource_load(struct meta *m, int64_t coll, const struct vload *l,
    const ProtobufCMessage *partitions)
{
	const Pb__ShowPartitionsResponse *r =
	    (const Pb__ShowPartitionsResponse *)partitions;
	Pb__CollectionLoadInfo c = PB__COLLECTION_LOAD_INFO__INIT;
	struct buf nothing = { 0 };

	c.collectionid = coll;
	c.replica_number = l->replicas;
	c.load_type = l->all ? LOAD_ALL : LOAD_PARTS;
	put_message(m,
	    x_asprintf("querycoord-collection-loadinfo/%" PRId64, coll),
	    &c.base);
	for (size_t i = 0; i < r->n_partition_names && i < r->n_partitionids;
	     i++)
		if (textset_has(&l->parts, r->partition_names[i]))
			put(m,
			    x_asprintf("querycoord-partition-loadinfo/%" PRId64
				       "/%" PRId64,
				coll, r->partitionids[i]),
			    &nothing);
}

static void
put_empty(struct meta *m, char *key)
{
	struct buf nothing = { 0 };

	put(m, key, &nothing);
}

static const char *
name_of(const Pb__Name *n)
{
	return n == NULL ? "" : n->name;
}

void
metasource_users(struct meta *m, const ProtobufCMessage *answer)
{
	const Pb__SelectUserResponse *r =
	    (const Pb__SelectUserResponse *)answer;

	for (size_t i = 0; i < r->n_results; i++) {
		const Pb__UserResult *u = r->results[i];

		put_empty(m, x_asprintf("root-coord/credential/users/%s",
				 name_of(u->user)));
		for (size_t k = 0; k < u->n_roles; k++)
			put_empty(m, x_asprintf("root-coord/credential/"
						"user-role-mapping/%s/%s",
					 name_of(u->user), u->roles[k]->name));
	}
}

void
metasource_roles(struct meta *m, const ProtobufCMessage *answer)
{
	const Pb__SelectRoleResponse *r =
	    (const Pb__SelectRoleResponse *)answer;

	for (size_t i = 0; i < r->n_results; i++)
		put_empty(m, x_asprintf("root-coord/credential/roles/%s",
				 name_of(r->results[i]->role)));
}

/* A grant has an id in etcd, under which its privileges are. */
void
metasource_grants(
    struct meta *m, const char *role, const ProtobufCMessage *answer)
{
	const Pb__SelectGrantResponse *r =
	    (const Pb__SelectGrantResponse *)answer;

	for (size_t i = 0; i < r->n_entities; i++) {
		const Pb__GrantEntity *g = r->entities[i];
		const Pb__GrantorEntity *by = g->grantor;
		char *id = x_asprintf("%s.%s.%s.%s", role, name_of(g->object),
		    g->db_name, g->object_name);
		struct buf b = { 0 };

		buf_adds(&b, id);
		put(m,
		    x_asprintf(
			"root-coord/credential/grantee-privileges/%s/%s/%s.%s",
			role, name_of(g->object), g->db_name, g->object_name),
		    &b);
		buf_clear(&b);
		buf_adds(&b, by == NULL ? "" : name_of(by->user));
		put(m,
		    x_asprintf("root-coord/credential/grantee-id/%s/%s", id,
			by == NULL ? "" : name_of(by->privilege)),
		    &b);
		buf_fini(&b);
		free(id);
	}
}

void
metasource_groups(struct meta *m, const ProtobufCMessage *answer)
{
	const Pb__ListPrivilegeGroupsResponse *r =
	    (const Pb__ListPrivilegeGroupsResponse *)answer;

	/* the message is etcd's PrivilegeGroupInfo */
	for (size_t i = 0; i < r->n_privilege_groups; i++)
		put_message(m,
		    x_asprintf("root-coord/privilege-group/%s",
			r->privilege_groups[i]->group_name),
		    &r->privilege_groups[i]->base);
}

void
metasource_control(struct meta *m)
{
	size_t n;
	struct item *const *v = metastore_all(m->store, ITEM_PCHANNEL, &n);
	Pb__CChannelMeta c = PB__CCHANNEL_META__INIT;
	const char *end = n == 0 ? NULL : strrchr(v[0]->name, '_');

	if (end == NULL)
		return;
	c.pchannel = x_asprintf("%.*s_0", (int)(end - v[0]->name), v[0]->name);
	put_pchannel(m, c.pchannel);
	put_message(m, x_strdup("streamingcoord-meta/cchannel"), &c.base);
	free(c.pchannel);
}

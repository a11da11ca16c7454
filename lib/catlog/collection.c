#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "messages.pb-c.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "catlog/priv.h"
#include "meta/value.h"
#include "model/schema.h"

/* common.proto ConsistencyLevel. */
static const char *const levels[] = { "Strong", "Session", "Bounded",
	"Eventually", "Customized" };
enum { LEVELS = sizeof levels / sizeof *levels };

/* Where CreateCollection has the level among the properties. */
static const char level_key[] = "consistency_level";

/* What of an object with timestamp ts c does not have yet. */
static int
is_new(const struct catlog *l, uint64_t ts)
{
	return ts < l->m->ts;
}

/* RestoreSnapshot makes a collection whose database has no name. */
static const char *
db_name(const struct catlog *l, int64_t id, const char *name)
{
	const struct cat_db *db = cat_db(l->c, id);

	return name[0] == '\0' && db != NULL ? db->name : name;
}

/* Members that all lines of a collection have, up to "create_ts". */
static struct jsonw *
open_coll(struct catlog *l, int64_t id, const char *db, int64_t db_id,
    const char *name, const char *state, uint64_t create_ts)
{
	int gone = strcmp(state, "dropped") == 0;
	struct jsonw *w = catlog_open(l, "collection", gone);

	jw_i64s(w, "id", id);
	jw_str(w, "db", db_name(l, db_id, db));
	jw_i64s(w, "db_id", db_id);
	jw_str(w, "name", name);
	catlog_state(l, state);
	jw_u64s(w, "create_ts", create_ts);
	return w;
}

/* Properties, but for the consistency level, which is a member. */
static void
properties(struct jsonw *w, Pb__KeyValuePair *const *v, size_t n)
{
	struct kvs all = { 0 };
	const char *level;
	struct err e;
	int64_t i;

	for (size_t k = 0; k < n; k++)
		kvs_set(&all, v[k]->key, v[k]->value);
	level = kvs_get(&all, level_key);
	if (level != NULL && num_i64(level, 0, LEVELS - 1, &i, &e) == 0) {
		jw_str(w, "consistency", levels[i]);
		kvs_unset(&all, level_key);
	}
	kvs_to_json(&all, w, "properties");
	kvs_fini(&all);
}

/* A CollectionSchema, which is unpacked already. */
static int
read_schema(struct catlog *l, const Pb__CollectionSchema *s, struct schema *to)
{
	size_t n = pb__collection_schema__get_packed_size(s);
	uint8_t *bytes = x_malloc(n);
	int rc;

	pb__collection_schema__pack(s, bytes);
	rc = schema_from_pb(to, bytes, n, l->e);
	free(bytes);
	return rc;
}

static void
partition_line(struct catlog *l, int64_t coll, int64_t id, const char *name,
    const char *state, uint64_t create_ts)
{
	struct jsonw *w =
	    catlog_open(l, "partition", strcmp(state, "dropped") == 0);

	jw_i64s(w, "id", id);
	jw_i64s(w, "coll_id", coll);
	jw_str(w, "name", name);
	catlog_state(l, state);
	jw_u64s(w, "create_ts", create_ts);
	catlog_close(l);
}

static int
create(struct catlog *l, const Pb__CreateCollectionMsg *b)
{
	const Pb__CollectionSchema *s = b->collection_schema;
	struct schema made = { 0 };
	struct jsonw *w;

	if (read_schema(l, s, &made) == -1)
		return -1;
	w = open_coll(l, b->collectionid, b->db_name, b->dbid,
	    b->collectionname, "created", l->m->ts);
	schema_to_json(&made, w, "schema");
	schema_fini(&made);
	metavalue_write_unread_schema(w, s);
	jw_i64(w, "shards", (int64_t)b->n_virtualchannelnames);
	jw_open(w, "vchannels", '[');
	for (size_t i = 0; i < b->n_virtualchannelnames; i++)
		jw_str(w, NULL, b->virtualchannelnames[i]);
	jw_close(w, ']');
	properties(w, s->properties, s->n_properties);
	catlog_close(l);
	for (size_t i = 0; i < b->n_partitionids; i++)
		partition_line(l, b->collectionid, b->partitionids[i],
		    b->partitionnames[i], "created", l->m->ts);
	return 0;
}

int
catlog_create_collection(struct catlog *l)
{
	Pb__CreateCollectionMsg *b =
	    catlog_body(l, &pb__create_collection_msg__descriptor);
	const struct cat_coll *k;
	int rc = 0;

	if (b == NULL)
		return -1;
	k = cat_coll(l->c, b->collectionid);
	if (b->collection_schema == NULL ||
	    b->n_partitionids != b->n_partitionnames)
		rc = err_set(l->e, ERR_DATA,
		    "it has no schema, or %zu partitions with %zu names",
		    b->n_partitionids, b->n_partitionnames);
	else if (k == NULL || is_new(l, k->ts))
		rc = create(l, b);
	catlog_free(b);
	return rc;
}

int
catlog_drop_collection(struct catlog *l)
{
	Pb__DropCollectionMsg *b =
	    catlog_body(l, &pb__drop_collection_msg__descriptor);
	const struct cat_coll *k;

	if (b == NULL)
		return -1;
	k = cat_coll(l->c, b->collectionid);
	if (k == NULL || is_new(l, k->ts)) {
		open_coll(l, b->collectionid, b->db_name, b->dbid,
		    b->collectionname, "dropped", k == NULL ? 0 : k->create_ts);
		catlog_close(l);
	}
	catlog_free(b);
	return 0;
}

int
catlog_partition(struct catlog *l)
{
	int gone = l->m->kind == MSG_DROP_PARTITION;
	Pb__PartitionMsg *b = catlog_body(l, &pb__partition_msg__descriptor);
	const struct cat_coll *k;
	const struct cat_part *p;

	if (b == NULL)
		return -1;
	k = cat_coll(l->c, b->collectionid);
	p = k == NULL ? NULL : cat_part(k, b->partitionid);
	if (k != NULL && (p == NULL || is_new(l, p->ts)))
		partition_line(l, b->collectionid, b->partitionid,
		    b->partition_name, gone ? "dropped" : "created",
		    gone && p != NULL ? p->create_ts : l->m->ts);
	catlog_free(b);
	return 0;
}

/* A line without "unread" says that nothing is. */
static void
still_unread(struct jsonw *w, const struct cat_coll *k)
{
	if (k->unread == NULL)
		return;
	jw_open(w, "unread", '[');
	jw_str(w, NULL, k->unread);
	jw_close(w, ']');
}

/* What AlterCollection may change, by the words of its update_mask. */
enum change {
	CHANGE_DB = 1,
	CHANGE_NAME = 2,
	CHANGE_DESCRIPTION = 4,
	CHANGE_SCHEMA = 8,
	CHANGE_LEVEL = 16,
	CHANGE_PROPERTIES = 32,
	CHANGE_NOTHING = 64, /* of an external collection; it has keys */
};
static const struct {
	const char *word;
	enum change change;
} words[] = {
	{ "db", CHANGE_DB },
	{ "collection_name", CHANGE_NAME },
	{ "description", CHANGE_DESCRIPTION },
	{ "schema", CHANGE_SCHEMA },
	{ "consistency_level", CHANGE_LEVEL },
	{ "properties", CHANGE_PROPERTIES },
	{ "external_spec", CHANGE_NOTHING },
};

/* All that a message changes, or -1. */
static int
changes(const Pb__FieldMask *mask, struct err *e)
{
	const size_t n = sizeof words / sizeof *words;
	int all = 0;

	for (size_t i = 0; mask != NULL && i < mask->n_paths; i++) {
		size_t k = 0;

		while (k < n && strcmp(words[k].word, mask->paths[i]) != 0)
			k++;
		if (k == n)
			return err_set(e, ERR_DATA,
			    "it changes '%s', which this program does not "
			    "know; a newer cdc-read may",
			    mask->paths[i]);
		all |= words[k].change;
	}
	return all;
}

/* The schema that it has from now on. */
static int
new_schema(struct catlog *l, const struct cat_coll *k, int what,
    const Pb__AlterCollectionUpdates *u, struct schema *s)
{
	if (what & CHANGE_SCHEMA)
		return u->schema == NULL
			   ? err_set(l->e, ERR_DATA, "it has no schema")
			   : read_schema(l, u->schema, s);
	schema_copy(s, &k->schema);
	if (what & CHANGE_DESCRIPTION) {
		free(s->description);
		s->description = x_strdup(u->description);
	}
	return 0;
}

static void
alter(struct catlog *l, const struct cat_coll *k, int what,
    const Pb__AlterCollectionUpdates *u, const struct schema *s)
{
	int moved = what & CHANGE_DB;
	struct jsonw *w = open_coll(l, k->id, moved ? u->db_name : k->db,
	    moved ? u->db_id : k->db_id,
	    what & CHANGE_NAME ? u->collection_name : k->name, "created",
	    k->create_ts);

	if (what & (CHANGE_SCHEMA | CHANGE_DESCRIPTION))
		schema_to_json(s, w, "schema");
	if (what & CHANGE_SCHEMA)
		metavalue_write_unread_schema(w, u->schema);
	else
		still_unread(w, k);
	if ((what & CHANGE_LEVEL) && u->consistency_level >= 0 &&
	    u->consistency_level < LEVELS)
		jw_str(w, "consistency", levels[u->consistency_level]);
	if (what & CHANGE_PROPERTIES)
		metavalue_write_kvs(
		    w, "properties", u->properties, u->n_properties);
	catlog_close(l);
	for (size_t i = 0; i < u->n_bound_field_indexes; i++)
		if (u->bound_field_indexes[i]->index_info != NULL)
			catlog_index_line(l, s, u->bound_field_indexes[i]);
	if (what & CHANGE_SCHEMA)
		catlog_lost_indexes(l, k, s);
}

/* All lines, if it is not known yet. */
static int
alter_known(
    struct catlog *l, int64_t id, int what, const Pb__AlterCollectionUpdates *u)
{
	const struct cat_coll *k = cat_coll(l->c, id);
	struct schema s = { 0 };

	if (k == NULL || !is_new(l, k->ts))
		return 0;
	if (new_schema(l, k, what, u, &s) == -1)
		return -1;
	alter(l, k, what, u, &s);
	schema_fini(&s);
	return 0;
}

int
catlog_alter_collection(struct catlog *l)
{
	Pb__AlterCollectionHeader *h =
	    catlog_header(l, &pb__alter_collection_header__descriptor);
	Pb__AlterCollectionBody *b =
	    h == NULL ? NULL
		      : catlog_body(l, &pb__alter_collection_body__descriptor);
	int what = b == NULL ? -1 : changes(h->update_mask, l->e), rc = -1;

	if (what != -1)
		rc = b->updates == NULL
			 ? err_set(l->e, ERR_DATA, "it has no new values")
			 : alter_known(l, h->collection_id, what, b->updates);
	catlog_free(h);
	catlog_free(b);
	return rc;
}

/*
 * Rows from before it are not there any more. Whether c was read before or
 * after it, the log has these rows; so only another truncation makes it known.
 */
int
catlog_truncate(struct catlog *l)
{
	const struct cat_coll *k = cat_coll(l->c, l->m->coll_id);
	struct jsonw *w;

	if (k == NULL || k->state != CAT_CREATED || !is_new(l, k->truncate_ts))
		return 0;
	w = catlog_open(l, "collection", 0);
	jw_i64s(w, "id", k->id);
	jw_i64s(w, "db_id", k->db_id);
	jw_str(w, "state", "created");
	jw_u64s(w, "ts", is_new(l, k->ts) ? l->m->ts : k->ts);
	jw_u64s(w, "create_ts", k->create_ts);
	still_unread(w, k);
	jw_u64s(w, "truncate_ts", l->m->ts);
	catlog_close(l);
	return 0;
}

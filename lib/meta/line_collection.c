#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.pb-c.h"
#include "etcd.pb-c.h"

#include "base/err.h"
#include "base/mem.h"
#include "codec/json_write.h"
#include "meta/position.h"
#include "meta/store.h"
#include "meta/value.h"
#include "model/names.h"

/*
 * A collection can have been in several databases: the item in its present
 * database, else in its last one.
 */
static const struct item *
coll_item(const struct metastore *m, int64_t id)
{
	size_t n;
	struct item *const *v = metastore_of(m, ITEM_COLL, id, &n);
	const struct item *best = NULL;

	for (size_t i = 0; i < n; i++) {
		if (v[i]->value == NULL)
			continue;
		if (best == NULL || v[i]->gone < best->gone ||
		    (v[i]->gone == best->gone && v[i]->ts >= best->ts))
			best = v[i];
	}
	return best;
}

void
meta_db_name(const struct metastore *m, int64_t db, char name[static META_NAME])
{
	const struct item *i =
	    metastore_get(m, ITEM_DB, db == 0 ? DEFAULT_DB_ID : db, 0, "");
	Pb__DatabaseInfo *d = NULL;

	if (i != NULL && i->value != NULL)
		d = pb__database_info__unpack(NULL, i->len, i->value);
	snprintf(name, META_NAME, "%s",
	    d != NULL             ? d->name
	    : db <= DEFAULT_DB_ID ? DEFAULT_DB
				  : "");
	if (d != NULL)
		pb__database_info__free_unpacked(d, NULL);
}

uint64_t
meta_born(const struct metastore *m)
{
	const struct item *i = metastore_get(m, ITEM_DB, 1, 0, "");
	Pb__DatabaseInfo *d = NULL;
	uint64_t born = 0;

	if (i != NULL && i->value != NULL)
		d = pb__database_info__unpack(NULL, i->len, i->value);
	if (d != NULL && d->created_time < INT64_MAX)
		born = d->created_time;
	if (d != NULL)
		pb__database_info__free_unpacked(d, NULL);
	return born;
}

/* A database that was dropped before it may have no key any more. */
static void
db_of(const struct metastore *m, const struct item *i,
    const Pb__CollectionInfo *c, char name[static META_NAME])
{
	meta_db_name(m, i->b, name);
	if (name[0] == '\0' && c->schema != NULL)
		snprintf(name, META_NAME, "%s", c->schema->dbname);
}

int
meta_coll_name(const struct metastore *m, int64_t coll, struct meta_name *n)
{
	const struct item *i = coll_item(m, coll);
	Pb__CollectionInfo *c = NULL;
	int state = STATE_DROPPED;

	n->db[0] = n->coll[0] = '\0';
	if (i == NULL)
		return state;
	c = pb__collection_info__unpack(NULL, i->len, i->value);
	if (c == NULL) {
		meta_db_name(m, i->b, n->db);
		return state;
	}
	db_of(m, i, c, n->db);
	if (c->schema != NULL)
		snprintf(n->coll, sizeof n->coll, "%s", c->schema->name);
	state = metavalue_state(i, c->state);
	pb__collection_info__free_unpacked(c, NULL);
	return state;
}

/* What was taken out of a live collection is gone; a drop takes all out. */
static int
counts(const struct item *i, int state)
{
	int live = state == STATE_CREATED || state == STATE_CREATING;

	return i->value != NULL && !(live && i->gone);
}

static int
write_schema(struct jsonw *w, const struct metastore *m,
    const Pb__CollectionInfo *c, int64_t id, int state, struct err *e)
{
	struct schema s = { 0 };
	size_t n, functions;
	struct item *const *f = metastore_of(m, ITEM_FIELD, id, &n);
	struct item *const *g = metastore_of(m, ITEM_FUNCTION, id, &functions);
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++)
		if (counts(f[i], state))
			rc = schema_add_pb(&s, f[i]->value, f[i]->len, e);
	if (rc == 0 && s.n > 0) {
		for (size_t i = 0; i < functions; i++)
			s.functions += counts(g[i], state);
		s.dynamic |= c->schema->enable_dynamic_field;
		free(s.description);
		s.description = x_strdup(c->schema->description);
		schema_to_json(&s, w, "schema");
	}
	schema_fini(&s);
	return rc;
}

static int
is_repeated(const Pb__CollectionInfo *c, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (strcmp(c->start_positions[i]->key,
			c->start_positions[at]->key) == 0)
			return 1;
	return 0;
}

static int
write_start(struct jsonw *w, const Pb__CollectionInfo *c, struct err *e)
{
	int64_t offset;

	jw_open(w, "start", '{');
	for (size_t i = 0; i < c->n_start_positions; i++) {
		const Pb__KeyDataPair *p = c->start_positions[i];

		if (position_offset(&p->data, 0, &offset, e) == -1)
			return err_wrap(e, "start position of '%s'", p->key);
		if (is_repeated(c, i)) /* two shards on one topic */
			continue;
		jw_i64(w, p->key, offset);
	}
	jw_close(w, '}');
	return 0;
}

/*
 * Without the mark of a truncation that is under way (Milvus 2.6,
 * CollectionOnTruncatingKey): its end takes it away, and a target has none.
 */
static void
write_properties(struct jsonw *w, const Pb__CollectionInfo *c)
{
	Pb__KeyValuePair **v = x_calloc(c->n_properties + 1, sizeof *v);
	size_t n = 0;

	for (size_t i = 0; i < c->n_properties; i++)
		if (strcmp(c->properties[i]->key, "collection.on.truncating") !=
		    0)
			v[n++] = c->properties[i];
	metavalue_write_kvs(w, "properties", v, n);
	free(v);
}

static int
collection_members(struct jsonw *w, const struct metastore *m,
    const struct item *i, const Pb__CollectionInfo *c, int state, struct err *e)
{
	static const char *const levels[] = { "Strong", "Session", "Bounded",
		"Eventually", "Customized" };
	char db[META_NAME];
	uint32_t level = (uint32_t)c->consistency_level;

	db_of(m, i, c, db);
	jw_i64s(w, "id", i->a);
	jw_str(w, "db", db);
	jw_i64s(w, "db_id", i->b == 0 ? 1 : i->b);
	jw_str(w, "name", c->schema->name);
	metavalue_write_state(w, i, state, c->create_time);
	jw_u64s(w, "create_ts", c->create_time);
	if (write_schema(w, m, c, i->a, state, e) == -1)
		return -1;
	metavalue_write_unread(w, m, c->schema, i->a);
	jw_i64(w, "shards", c->shards_num);
	jw_open(w, "vchannels", '[');
	for (size_t k = 0; k < c->n_virtual_channel_names; k++)
		jw_str(w, NULL, c->virtual_channel_names[k]);
	jw_close(w, ']');
	if (write_start(w, c, e) == -1)
		return -1;
	if (level < sizeof levels / sizeof *levels)
		jw_str(w, "consistency", levels[level]);
	write_properties(w, c);
	return 0;
}

int
metavalue_collection(struct jsonw *w, const struct metastore *m,
    const struct item *head, struct meta_about *a, struct err *e)
{
	const struct item *i = coll_item(m, head->a);
	Pb__CollectionInfo *c;
	int rc;

	a->exists = i != NULL;
	if (i == NULL)
		return 0;
	c = pb__collection_info__unpack(NULL, i->len, i->value);
	if (c == NULL || c->schema == NULL) {
		if (c != NULL)
			pb__collection_info__free_unpacked(c, NULL);
		return metavalue_bad(i, "CollectionInfo", e);
	}
	a->coll = i->a;
	a->state = metavalue_state(i, c->state);
	rc = collection_members(w, m, i, c, a->state, e);
	if (rc == -1)
		err_wrap(
		    e, "collection '%s' (%" PRId64 ")", c->schema->name, i->a);
	pb__collection_info__free_unpacked(c, NULL);
	return rc;
}

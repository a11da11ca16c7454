#include "meta/line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common.pb-c.h"
#include "etcd.pb-c.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/num.h"
#include "codec/json_write.h"
#include "meta/line_user.h"
#include "meta/position.h"
#include "meta/store.h"
#include "meta/value.h"
#include "model/tso.h"

static const char *const kind_names[META_KINDS] = { "database", "collection",
	"partition", "index", "load", "alias", "checkpoint", "user", "role",
	"import", "privilege_group", "pchannel" };

static const enum item_kind heads[META_KINDS] = { ITEM_DB, ITEM_HEAD, ITEM_PART,
	ITEM_INDEX, ITEM_LOAD_COLL, ITEM_ALIAS, ITEM_CHECKPOINT, ITEM_USER,
	ITEM_ROLE, ITEM_IMPORT, ITEM_GROUP, ITEM_PCHANNEL };

const char *
meta_kind_name(enum meta_kind kind)
{
	return kind_names[kind];
}

struct item *const *
meta_heads(const struct metastore *m, enum meta_kind kind, size_t *n)
{
	return metastore_all(m, heads[kind], n);
}

/* DatabaseInfo.state is 1 created, 2 creating, 3 dropping, 4 dropped. */
static int
database(
    struct jsonw *w, const struct item *i, struct meta_about *a, struct err *e)
{
	Pb__DatabaseInfo *d = pb__database_info__unpack(NULL, i->len, i->value);

	if (d == NULL)
		return metavalue_bad(i, "DatabaseInfo", e);
	a->state = metavalue_state(i, d->state - 1);
	jw_i64s(w, "id", i->a);
	jw_str(w, "name", d->name);
	metavalue_write_state(
	    w, i, a->state, tso_from_ms((int64_t)(d->created_time / 1000000)));
	metavalue_write_kvs(w, "properties", d->properties, d->n_properties);
	pb__database_info__free_unpacked(d, NULL);
	return 0;
}

static int
partition(
    struct jsonw *w, const struct item *i, struct meta_about *a, struct err *e)
{
	Pb__PartitionInfo *p =
	    pb__partition_info__unpack(NULL, i->len, i->value);

	if (p == NULL)
		return metavalue_bad(i, "PartitionInfo", e);
	a->coll = i->a;
	a->state = metavalue_state(i, p->state);
	jw_i64s(w, "id", i->b);
	jw_i64s(w, "coll_id", i->a);
	jw_str(w, "name", p->partitionname);
	metavalue_write_state(w, i, a->state, p->partition_created_timestamp);
	jw_u64s(w, "create_ts", p->partition_created_timestamp);
	pb__partition_info__free_unpacked(p, NULL);
	return 0;
}

static void
write_field_name(
    struct jsonw *w, const struct metastore *m, int64_t coll, int64_t field)
{
	const struct item *i = metastore_get(m, ITEM_FIELD, coll, field, "");
	Pb__FieldSchema *f = NULL;

	if (i != NULL && i->value != NULL)
		f = pb__field_schema__unpack(NULL, i->len, i->value);
	if (f == NULL)
		return;
	jw_str(w, "field", f->name);
	pb__field_schema__free_unpacked(f, NULL);
}

#define YEAR_2100_MS INT64_C(4102444800000)

/*
 * The index of a collection that Milvus 3.0 restored from a snapshot has unix
 * nanoseconds for a timestamp. As a timestamp they are of after 2160.
 */
static uint64_t
index_time(uint64_t t)
{
	return t > tso_from_ms(YEAR_2100_MS)
		   ? tso_from_ms((int64_t)(t / NS_PER_MS))
		   : t;
}

static int
index_line(struct jsonw *w, const struct metastore *m, const struct item *i,
    struct meta_about *a, struct err *e)
{
	Pb__FieldIndex *x = pb__field_index__unpack(NULL, i->len, i->value);
	const Pb__IndexInfo *n = x == NULL ? NULL : x->index_info;

	if (n == NULL) {
		if (x != NULL)
			pb__field_index__free_unpacked(x, NULL);
		return metavalue_bad(i, "FieldIndex", e);
	}
	a->coll = i->a;
	a->state = i->gone || x->deleted ? STATE_DROPPED : STATE_CREATED;
	jw_i64s(w, "id", i->b);
	jw_i64s(w, "coll_id", i->a);
	jw_i64s(w, "field_id", n->fieldid);
	write_field_name(w, m, i->a, n->fieldid);
	jw_str(w, "name", n->index_name);
	metavalue_write_state_name(w, a->state);
	jw_u64s(w, "ts", index_time(x->create_time));
	metavalue_write_kvs(
	    w, "params", n->user_index_params, n->n_user_index_params);
	pb__field_index__free_unpacked(x, NULL);
	return 0;
}

/*
 * querycoord writes CollectionLoadInfo and one PartitionLoadInfo for each
 * partition one after the other: a load of partitions counts as none until the
 * first partition has come.
 */
static int
load(struct jsonw *w, const struct metastore *m, const struct item *i,
    struct meta_about *a, struct err *e)
{
	Pb__CollectionLoadInfo *l =
	    pb__collection_load_info__unpack(NULL, i->len, i->value);
	size_t n, live = 0;
	struct item *const *p = metastore_of(m, ITEM_LOAD_PART, i->a, &n);

	for (size_t k = 0; k < n; k++)
		live += !p[k]->gone;
	if (l == NULL)
		return metavalue_bad(i, "CollectionLoadInfo", e);
	a->coll = i->a;
	a->state = i->gone || (l->load_type == 1 && live == 0) ? STATE_DROPPED
							       : STATE_CREATED;
	jw_i64s(w, "coll_id", i->a);
	if (a->state == STATE_CREATED) {
		jw_str(
		    w, "type", l->load_type == 1 ? "partitions" : "collection");
		jw_i64(w, "replicas", l->replica_number);
		jw_open(w, "partitions", '[');
		for (size_t k = 0; k < n; k++)
			if (!p[k]->gone)
				jw_i64s(w, NULL, p[k]->b);
		jw_close(w, ']');
	}
	pb__collection_load_info__free_unpacked(l, NULL);
	return 0;
}

static int
alias(struct jsonw *w, const struct metastore *m, const struct item *i,
    struct meta_about *a, struct err *e)
{
	Pb__AliasInfo *x = pb__alias_info__unpack(NULL, i->len, i->value);
	char db[META_NAME];

	if (x == NULL)
		return metavalue_bad(i, "AliasInfo", e);
	meta_db_name(m, i->a, db);
	a->coll = x->collection_id;
	a->state = metavalue_state(i, x->state);
	jw_str(w, "db", db);
	jw_i64s(w, "db_id", i->a == 0 ? 1 : i->a);
	jw_str(w, "name", i->name);
	jw_i64s(w, "coll_id", x->collection_id);
	metavalue_write_state(w, i, a->state, x->created_time);
	pb__alias_info__free_unpacked(x, NULL);
	return 0;
}

/* by-dev-rootcoord-dml_0_470616509404094648v0: the id before the last v. */
static size_t
topic_length(const char *vchannel, int64_t *coll)
{
	const char *us = strrchr(vchannel, '_');
	const char *v = us == NULL ? NULL : strchr(us, 'v');
	struct err e;

	*coll = 0;
	if (v == NULL || num_i64n(us + 1, (size_t)(v - us - 1), 0, INT64_MAX,
			     coll, &e) == -1)
		return strlen(vchannel);
	return (size_t)(us - vchannel);
}

static int
checkpoint(
    struct jsonw *w, const struct item *i, struct meta_about *a, struct err *e)
{
	Pb__MsgPosition *p = pb__msg_position__unpack(NULL, i->len, i->value);
	size_t n = topic_length(i->name, &a->coll);
	int64_t offset;
	int rc = 0;

	if (p == NULL)
		return metavalue_bad(i, "MsgPosition", e);
	a->state = i->gone ? STATE_DROPPED : STATE_CREATED;
	a->exists = p->msgid.len > 0 && !i->gone; /* of a dropped one, none */
	if (a->exists)
		rc = position_offset(&p->msgid, p->wal_name, &offset, e);
	if (a->exists && rc == 0) {
		jw_str(w, "vchannel", i->name);
		jw_bytes(w, "topic", i->name, n);
		jw_i64(w, "offset", offset);
		jw_u64s(w, "ts", p->timestamp);
	} else if (rc == -1)
		err_wrap(e, "checkpoint of '%s'", i->name);
	pb__msg_position__free_unpacked(p, NULL);
	return rc;
}

/* A bulk import. Its rows are in no log. */
static int
import(
    struct jsonw *w, const struct item *i, struct meta_about *a, struct err *e)
{
	static const char *const states[] = { "pending", "failed", "started",
		"started", "started", "persisted", "completed", "failed",
		"flushed" };
	Pb__ImportTaskInfo *t =
	    pb__import_task_info__unpack(NULL, i->len, i->value);
	uint32_t state;

	if (t == NULL)
		return metavalue_bad(i, "ImportTaskInfo", e);
	state = t->state == NULL ? 0 : (uint32_t)t->state->state_code;
	a->coll = t->collection_id;
	a->state = i->gone ? STATE_DROPPED : STATE_CREATED;
	jw_i64s(w, "id", i->a);
	jw_i64s(w, "coll_id", t->collection_id);
	jw_i64s(w, "part_id", t->partition_id);
	jw_str(w, "state",
	    state < sizeof states / sizeof *states ? states[state] : "unknown");
	jw_i64(w, "rows", t->state == NULL ? 0 : t->state->row_count);
	jw_open(w, "files", '[');
	for (size_t k = 0; k < t->n_files; k++)
		jw_str(w, NULL, t->files[k]);
	jw_close(w, ']');
	if (t->create_ts > 0 && t->create_ts < INT32_MAX)
		jw_u64s(w, "create_ts", tso_from_ms(t->create_ts * 1000));
	jw_i64(w, "mod", i->mod);
	pb__import_task_info__free_unpacked(t, NULL);
	return 0;
}

static int
group(
    struct jsonw *w, const struct item *i, struct meta_about *a, struct err *e)
{
	Pb__PrivilegeGroupInfo *g =
	    pb__privilege_group_info__unpack(NULL, i->len, i->value);

	if (g == NULL)
		return metavalue_bad(i, "PrivilegeGroupInfo", e);
	a->state = i->gone ? STATE_DROPPED : STATE_CREATED;
	jw_str(w, "name", i->name);
	jw_open(w, "privileges", '[');
	for (size_t k = 0; k < g->n_privileges; k++)
		jw_str(w, NULL, g->privileges[k]->name);
	jw_close(w, ']');
	pb__privilege_group_info__free_unpacked(g, NULL);
	return 0;
}

/* The pchannel that the control channel is on, or NULL. Free it. */
static Pb__CChannelMeta *
control(const struct metastore *m)
{
	const struct item *i = metastore_get(m, ITEM_CCHANNEL, 0, 0, "");

	return i == NULL || i->gone
		   ? NULL
		   : pb__cchannel_meta__unpack(NULL, i->len, i->value);
}

static void
pchannel(struct jsonw *w, const struct metastore *m, const struct item *i,
    struct meta_about *a)
{
	Pb__CChannelMeta *c = control(m);

	a->state = i->gone ? STATE_DROPPED : STATE_CREATED;
	jw_str(w, "name", i->name);
	jw_bool(w, "control", c != NULL && strcmp(c->pchannel, i->name) == 0);
	if (c != NULL)
		pb__cchannel_meta__free_unpacked(c, NULL);
}

int
meta_line(const struct metastore *m, enum meta_kind kind,
    const struct item *head, struct buf *b, struct meta_about *about,
    struct err *e)
{
	struct jsonw w = { .b = b };

	*about = (struct meta_about){ 0 };
	about->exists = head->value != NULL;
	if (kind != META_COLLECTION && !about->exists)
		return 0;
	switch (kind) {
	case META_DATABASE:
		return database(&w, head, about, e);
	case META_COLLECTION:
		return metavalue_collection(&w, m, head, about, e);
	case META_PARTITION:
		return partition(&w, head, about, e);
	case META_INDEX:
		return index_line(&w, m, head, about, e);
	case META_LOAD:
		return load(&w, m, head, about, e);
	case META_ALIAS:
		return alias(&w, m, head, about, e);
	case META_CHECKPOINT:
		return checkpoint(&w, head, about, e);
	case META_USER:
	case META_ROLE:
		about->state = head->gone ? STATE_DROPPED : STATE_CREATED;
		if (kind == META_USER)
			metauser_line(&w, m, head->name);
		else
			metauser_role_line(&w, m, head->name);
		break;
	case META_IMPORT:
		return import(&w, head, about, e);
	case META_GROUP:
		return group(&w, head, about, e);
	case META_PCHANNEL:
		pchannel(&w, m, head, about);
		break;
	case META_KINDS:
		break;
	}
	return 0;
}

static struct item *
control_head(const struct metastore *m)
{
	Pb__CChannelMeta *c = control(m);
	struct item *i = NULL;

	if (c == NULL)
		return NULL;
	i = metastore_get(m, ITEM_PCHANNEL, 0, 0, c->pchannel);
	pb__cchannel_meta__free_unpacked(c, NULL);
	return i;
}

struct item *
meta_head_of(struct metastore *m, const struct item *i, enum meta_kind *kind)
{
	switch (i->kind) {
	case ITEM_COLL:
	case ITEM_FIELD:
	case ITEM_STRUCT:
	case ITEM_FUNCTION:
		*kind = META_COLLECTION;
		return metastore_make(m, ITEM_HEAD, i->a, 0, "");
	case ITEM_LOAD_PART:
		*kind = META_LOAD;
		return metastore_get(m, ITEM_LOAD_COLL, i->a, 0, "");
	case ITEM_USER_ROLE:
	case ITEM_GRANT:
	case ITEM_GRANT_ID:
		return metauser_head_of(m, i, kind);
	case ITEM_CCHANNEL:
		*kind = META_PCHANNEL;
		return control_head(m);
	case ITEM_DB:
	case ITEM_PART:
	case ITEM_ALIAS:
	case ITEM_INDEX:
	case ITEM_LOAD_COLL:
	case ITEM_CHECKPOINT:
	case ITEM_USER:
	case ITEM_ROLE:
	case ITEM_GROUP:
	case ITEM_IMPORT:
	case ITEM_PCHANNEL:
	case ITEM_HEAD:
	case ITEM_KINDS:
		break;
	}
	for (*kind = 0; *kind < META_KINDS; (*kind)++)
		if (heads[*kind] == i->kind)
			return metastore_get(m, i->kind, i->a, i->b, i->name);
	return NULL;
}

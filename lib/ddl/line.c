#include "ddl/ddl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ddl/known.h"
#include "ddl/priv.h"
#include "model/op_write.h"

/* Lines: every operation's shape is in exactly one function below. */

void
ddl_line_db(struct ddl *d, enum opname op, uint64_t ts, int64_t id,
    const char *db, const struct kvs *props, int ensure)
{
	struct jsonw *w = emit_open(d->c.emit, op, ts);

	jw_str(w, "db", db);
	jw_i64s(w, "db_id", id);
	if (props != NULL)
		kvs_to_json(props, w, "properties");
	if (ensure)
		jw_bool(w, "ensure", 1);
	emit_close(d->c.emit, 0);
}

void
ddl_line_away(struct jsonw *w, const struct kvs *was, const struct kvs *is)
{
	int any = 0;

	for (size_t i = 0; i < was->n; i++) {
		if (kvs_get(is, was->v[i].key) != NULL)
			continue;
		if (!any)
			jw_open(w, "delete", '[');
		jw_str(w, NULL, was->v[i].key);
		any = 1;
	}
	if (any)
		jw_close(w, ']');
}

void
ddl_line_alter_db(struct ddl *d, const struct event *ev, const struct kvs *was)
{
	struct jsonw *w = emit_open(d->c.emit, OP_ALTER_DATABASE, ev->ts);

	jw_str(w, "db", ev->name);
	jw_i64s(w, "db_id", ev->id);
	kvs_to_json(&ev->props, w, "properties");
	ddl_line_away(w, was, &ev->props);
	emit_close(d->c.emit, 0);
}

struct jsonw *
ddl_open_coll(struct ddl *d, enum opname op, uint64_t ts, const char *db,
    const char *name, int64_t id)
{
	struct jsonw *w = emit_open(d->c.emit, op, ts);

	jw_str(w, "db", db);
	jw_str(w, "coll", name);
	jw_i64s(w, "coll_id", id);
	return w;
}

void
ddl_line_coll(
    struct ddl *d, enum opname op, uint64_t ts, const struct view_coll *v)
{
	ddl_open_coll(d, op, ts, v->db, v->name, v->id);
	emit_close(d->c.emit, 0);
}

/* The drop of a collection that this stream has not created. */
void
ddl_line_gone(struct ddl *d, const struct event *ev)
{
	struct jsonw *w = ddl_open_coll(
	    d, OP_DROP_COLLECTION, ev->ts, ev->db, ev->name, ev->id);

	jw_bool(w, "gone", 1);
	emit_close(d->c.emit, 0);
}

/*
 * 1 for a partition that Milvus makes by itself: the default one, and those of
 * a partition key.
 */
int
ddl_implicit(const struct cat_coll *c, const char *part)
{
	return strcmp(part, "_default") == 0 ||
	       schema_partition_key(&c->schema) != NULL;
}

int
ddl_partial(const struct ddl *d, uint64_t ts, const struct cat_coll *c)
{
	return c->create_ts < d->since || ts > c->create_ts || c->partial;
}

void
ddl_line_create(struct ddl *d, uint64_t ts, const struct cat_coll *c,
    const char *db, const char *name, const struct kvs *props, int ensure,
    int gone)
{
	struct jsonw *w =
	    ddl_open_coll(d, OP_CREATE_COLLECTION, ts, db, name, c->id);

	schema_to_json(&c->schema, w, "schema");
	jw_i64(w, "shards", c->shards);
	jw_str(w, "consistency", c->consistency);
	kvs_to_json(props, w, "properties");
	jw_i64(w, "num_partitions", cat_num_partitions(c));
	if (ensure)
		jw_bool(w, "ensure", 1);
	else if (!gone && ddl_partial(d, ts, c))
		jw_bool(w, "partial", 1);
	if (gone)
		jw_bool(w, "gone", 1);
	emit_close(d->c.emit, 0);
}

void
ddl_line_part(struct ddl *d, enum opname op, uint64_t ts, const char *db,
    const char *coll, int64_t coll_id, int64_t id, const char *name,
    const char *flag)
{
	struct jsonw *w = ddl_open_coll(d, op, ts, db, coll, coll_id);

	jw_str(w, "part", name);
	jw_i64s(w, "part_id", id);
	if (flag != NULL)
		jw_bool(w, flag, 1);
	emit_close(d->c.emit, 0);
}

void
ddl_line_alias(struct ddl *d, enum opname op, uint64_t ts,
    const struct view_coll *v, const char *alias)
{
	struct jsonw *w = ddl_open_coll(d, op, ts, v->db, v->name, v->id);

	jw_str(w, "alias", alias);
	emit_close(d->c.emit, 0);
}

void
ddl_line_drop_alias(
    struct ddl *d, uint64_t ts, const char *db, const char *alias)
{
	struct jsonw *w = emit_open(d->c.emit, OP_DROP_ALIAS, ts);

	jw_str(w, "db", db);
	jw_str(w, "alias", alias);
	emit_close(d->c.emit, 0);
}

void
ddl_line_index(struct ddl *d, enum opname op, uint64_t ts,
    const struct view_coll *v, int64_t id, const char *field, const char *name,
    const struct kvs *params, int ensure)
{
	struct jsonw *w = ddl_open_coll(d, op, ts, v->db, v->name, v->id);

	jw_str(w, "field", field);
	jw_str(w, "index", name);
	jw_i64s(w, "index_id", id);
	if (params != NULL)
		kvs_to_json(params, w, "params");
	if (ensure)
		jw_bool(w, "ensure", 1);
	emit_close(d->c.emit, 0);
}

void
ddl_line_parts(struct ddl *d, enum opname op, uint64_t ts,
    const struct view_coll *v, const struct view_items *parts, int64_t replicas)
{
	struct jsonw *w = ddl_open_coll(d, op, ts, v->db, v->name, v->id);

	jw_open(w, "parts", '[');
	for (size_t i = 0; i < parts->n; i++)
		jw_str(w, NULL, parts->v[i].name);
	jw_close(w, ']');
	if (op == OP_LOAD_PARTITIONS)
		jw_i64(w, "replicas", replicas);
	emit_close(d->c.emit, 0);
}

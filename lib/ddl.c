#include "ddl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emit.h"
#include "view.h"
#include "x.h"

enum { DEFAULT_DB = 1 };

enum kind { EV_DB, EV_COLL, EV_PART, EV_ALIAS };

/* A change as it was when it came: the object may have moved on since. */
struct event {
	uint64_t ts;
	uint64_t seq; /* order of arrival, among equal timestamps */
	enum kind kind;
	int64_t id;      /* of the object; of the collection for an alias */
	int64_t coll_id; /* of a partition */
	char *db, *name;
	int live;
	int ensure;
	struct kvs props;
};

struct ddl {
	struct ddl_conf c;
	uint64_t since; /* older collections that are new here are partial */
	uint64_t until;
	uint64_t seq;
	struct event *q; /* sorted from `head` on */
	size_t head, n, cap;
};

struct ddl *
ddl_new(const struct ddl_conf *conf)
{
	struct ddl *d = x_calloc(1, sizeof *d);

	d->c = *conf;
	d->until = UINT64_MAX;
	return d;
}

static void
event_fini(struct event *ev)
{
	free(ev->db);
	free(ev->name);
	kvs_fini(&ev->props);
}

void
ddl_free(struct ddl *d)
{
	if (d == NULL)
		return;
	for (size_t i = d->head; i < d->n; i++)
		event_fini(&d->q[i]);
	free(d->q);
	free(d);
}

void
ddl_until(struct ddl *d, uint64_t ts)
{
	d->until = ts;
}

int
ddl_gone(const struct ddl *d, const struct cat_coll *c)
{
	return (c->state == CAT_DROPPING || c->state == CAT_DROPPED) &&
	       c->ts <= d->until;
}

int
ddl_part_gone(const struct ddl *d, const struct cat_part *p)
{
	return (p->state == CAT_DROPPING || p->state == CAT_DROPPED) &&
	       p->ts <= d->until;
}

/* Insert by (ts, seq); nearly always at the end. */
static struct event *
push(struct ddl *d, enum kind kind, uint64_t ts, int64_t id, const char *db,
    const char *name)
{
	struct event ev = { .ts = ts, .seq = d->seq++, .kind = kind, .id = id };
	size_t i;

	if (d->head > 0 && d->n == d->cap) {
		memmove(d->q, d->q + d->head, (d->n - d->head) * sizeof *d->q);
		d->n -= d->head;
		d->head = 0;
	}
	d->q = x_grow(d->q, d->n, &d->cap, sizeof *d->q);
	for (i = d->n++; i > d->head && d->q[i - 1].ts > ts; i--)
		d->q[i] = d->q[i - 1];
	ev.db = x_strdup(db);
	ev.name = x_strdup(name);
	d->q[i] = ev;
	return &d->q[i];
}

uint64_t
ddl_next(const struct ddl *d)
{
	return d->head == d->n ? UINT64_MAX : d->q[d->head].ts;
}

uint64_t
ddl_last(const struct ddl *d)
{
	return d->head == d->n ? 0 : d->q[d->n - 1].ts;
}

static int
included(struct ddl *d, struct cat_coll *c)
{
	if (!c->included)
		c->included = d->c.want(d->c.arg, c->db, c->name, c->id) ||
			      view_coll(d->c.view, c->id) != NULL;
	return c->included;
}

/* Lines: every operation's shape is in exactly one function below. */

static void
line_db(struct ddl *d, enum op op, uint64_t ts, int64_t id, const char *db,
    const struct kvs *props, int ensure)
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

static struct jsonw *
open_coll(struct ddl *d, enum op op, uint64_t ts, const char *db,
    const char *name, int64_t id)
{
	struct jsonw *w = emit_open(d->c.emit, op, ts);

	jw_str(w, "db", db);
	jw_str(w, "coll", name);
	jw_i64s(w, "coll_id", id);
	return w;
}

static void
line_coll(struct ddl *d, enum op op, uint64_t ts, const struct view_coll *v)
{
	open_coll(d, op, ts, v->db, v->name, v->id);
	emit_close(d->c.emit, 0);
}

/* Partitions of a partition-key collection, which Milvus makes by itself. */
static int
implicit(const struct cat_coll *c, const char *part)
{
	return strcmp(part, "_default") == 0 ||
	       schema_partition_key(&c->schema) != NULL;
}

static int64_t
num_partitions(const struct cat_coll *c)
{
	int64_t n = 0;

	if (schema_partition_key(&c->schema) == NULL)
		return 0;
	for (size_t i = 0; i < c->n_parts; i++)
		n += c->parts[i].state == CAT_CREATED;
	return n;
}

static void
line_create(struct ddl *d, uint64_t ts, const struct cat_coll *c,
    const char *db, const char *name, const struct kvs *props, int ensure,
    int gone)
{
	struct jsonw *w =
	    open_coll(d, OP_CREATE_COLLECTION, ts, db, name, c->id);

	schema_to_json(&c->schema, w, "schema");
	jw_i64(w, "shards", c->shards);
	jw_str(w, "consistency", c->consistency);
	kvs_to_json(props, w, "properties");
	jw_i64(w, "num_partitions", num_partitions(c));
	if (ensure)
		jw_bool(w, "ensure", 1);
	else if (!gone && c->create_ts < d->since)
		jw_bool(w, "partial", 1);
	if (gone)
		jw_bool(w, "gone", 1);
	emit_close(d->c.emit, 0);
}

static void
line_part(struct ddl *d, enum op op, uint64_t ts, const char *db,
    const char *coll, int64_t coll_id, int64_t id, const char *name,
    const char *flag)
{
	struct jsonw *w = open_coll(d, op, ts, db, coll, coll_id);

	jw_str(w, "part", name);
	jw_i64s(w, "part_id", id);
	if (flag != NULL)
		jw_bool(w, flag, 1);
	emit_close(d->c.emit, 0);
}

static void
line_alias(struct ddl *d, enum op op, uint64_t ts, const struct view_coll *v,
    const char *alias)
{
	struct jsonw *w = open_coll(d, op, ts, v->db, v->name, v->id);

	jw_str(w, "alias", alias);
	emit_close(d->c.emit, 0);
}

static void
line_index(struct ddl *d, enum op op, uint64_t ts, const struct view_coll *v,
    int64_t id, const char *field, const char *name, const struct kvs *params,
    int ensure)
{
	struct jsonw *w = open_coll(d, op, ts, v->db, v->name, v->id);

	jw_str(w, "field", field);
	jw_str(w, "index", name);
	jw_i64s(w, "index_id", id);
	if (params != NULL)
		kvs_to_json(params, w, "params");
	if (ensure)
		jw_bool(w, "ensure", 1);
	emit_close(d->c.emit, 0);
}

static void
line_parts(struct ddl *d, enum op op, uint64_t ts, const struct view_coll *v,
    const struct view_items *parts, int64_t replicas)
{
	struct jsonw *w = open_coll(d, op, ts, v->db, v->name, v->id);

	jw_open(w, "parts", '[');
	for (size_t i = 0; i < parts->n; i++)
		jw_str(w, NULL, parts->v[i].name);
	jw_close(w, ']');
	if (op == OP_LOAD_PARTITIONS)
		jw_i64(w, "replicas", replicas);
	emit_close(d->c.emit, 0);
}

/* Databases */

static void
need_db(struct ddl *d, int64_t id, const char *name, uint64_t ts)
{
	const struct cat_db *db = cat_db(d->c.cat, id);
	static const struct kvs none;

	if (id == DEFAULT_DB || id == 0 || view_db(d->c.view, id) != NULL)
		return;
	line_db(d, OP_CREATE_DATABASE, db == NULL ? ts : db->ts, id, name,
	    db == NULL ? &none : &db->props, 0);
	view_add_db(d->c.view, id, name);
}

static void
drop_db(struct ddl *d, int64_t id, uint64_t ts)
{
	const struct view_db *db = view_db(d->c.view, id);

	if (db == NULL)
		return;
	if (d->c.drop_dbs)
		line_db(d, OP_DROP_DATABASE, ts, id, db->name, NULL, 0);
	view_drop_db(d->c.view, id);
}

static void
apply_db(struct ddl *d, const struct event *ev)
{
	const struct cat_db *db = cat_db(d->c.cat, ev->id);
	const struct view_db *have = view_db(d->c.view, ev->id);

	if (!ev->live) {
		drop_db(d, ev->id, ev->ts);
	} else if (have == NULL && db != NULL && db->state == CAT_DROPPED &&
		   db->ts <= d->until) {
		return; /* came and went while it was in the queue */
	} else if (have != NULL && !ev->ensure) {
		line_db(d, OP_ALTER_DATABASE, ev->ts, ev->id, ev->name,
		    &ev->props, 0);
	} else if (d->c.want_db(d->c.arg, ev->name) && ev->id != DEFAULT_DB) {
		line_db(d, OP_CREATE_DATABASE, ev->ts, ev->id, ev->name,
		    &ev->props, have != NULL);
		if (have == NULL)
			view_add_db(d->c.view, ev->id, ev->name);
	}
}

/* Aliases */

static void
drop_alias(struct ddl *d, struct view_coll *v, struct view_item *a, uint64_t ts)
{
	struct jsonw *w = emit_open(d->c.emit, OP_DROP_ALIAS, ts);

	jw_str(w, "db", v->db);
	jw_str(w, "alias", a->name);
	emit_close(d->c.emit, 0);
	view_cut(&v->aliases, a);
	v->changed = 1;
}

/* The collection at the target that has this alias, or NULL. */
static struct view_coll *
alias_holder(struct ddl *d, const char *db, const char *alias)
{
	for (size_t i = 0; i < d->c.view->n_colls; i++) {
		struct view_coll *v = d->c.view->colls[i];

		if (strcmp(v->db, db) == 0 &&
		    view_find_name(&v->aliases, alias) != NULL)
			return v;
	}
	return NULL;
}

static void
set_alias(struct ddl *d, struct view_coll *to, const char *alias, uint64_t ts)
{
	struct view_coll *from = alias_holder(d, to->db, alias);

	if (from == to)
		return;
	line_alias(
	    d, from == NULL ? OP_CREATE_ALIAS : OP_ALTER_ALIAS, ts, to, alias);
	view_put(&to->aliases, 0, alias, NULL); /* may be from's own text */
	if (from != NULL) {
		view_cut(&from->aliases, view_find_name(&from->aliases, alias));
		from->changed = 1;
	}
	to->changed = 1;
}

static void
apply_alias(struct ddl *d, const struct event *ev)
{
	struct view_coll *to = view_coll(d->c.view, ev->id);
	struct view_coll *from = alias_holder(d, ev->db, ev->name);

	if (ev->live && to != NULL)
		set_alias(d, to, ev->name, ev->ts);
	else if (from != NULL) /* dropped, or moved to what is not carried */
		drop_alias(
		    d, from, view_find_name(&from->aliases, ev->name), ev->ts);
}

/* Collections */

static void
drop_coll(struct ddl *d, struct view_coll *v, uint64_t ts)
{
	while (v->aliases.n > 0)
		drop_alias(d, v, &v->aliases.v[0], ts);
	line_coll(d, OP_DROP_COLLECTION, ts, v);
	view_drop(d->c.view, v->id);
}

static void
rename_to(struct ddl *d, struct view_coll *v, const char *db, const char *name,
    uint64_t ts)
{
	struct jsonw *w =
	    open_coll(d, OP_RENAME_COLLECTION, ts, v->db, v->name, v->id);

	jw_str(w, "new_db", db);
	jw_str(w, "new_coll", name);
	emit_close(d->c.emit, 0);
	view_rename(v, db, name);
}

/*
 * Before collection `id` takes a name: whoever else has it at the target goes
 * away, for good if the source has dropped it, else to a name in between,
 * from where its own change will fetch it.
 */
static void
free_name(
    struct ddl *d, int64_t id, const char *db, const char *name, uint64_t ts)
{
	struct view_coll *v = view_by_name(d->c.view, db, name);
	struct view_coll *a = alias_holder(d, db, name);
	const struct cat_coll *c;
	char temp[40];

	if (a != NULL)
		drop_alias(d, a, view_find_name(&a->aliases, name), ts);
	if (v == NULL || v->id == id)
		return;
	c = cat_coll(d->c.cat, v->id);
	if (c == NULL || ddl_gone(d, c)) {
		drop_coll(d, v, ts);
		return;
	}
	snprintf(temp, sizeof temp, "cdc_moving_%" PRId64, v->id);
	rename_to(d, v, v->db, temp, ts);
}

static void
create_coll(struct ddl *d, struct cat_coll *c, const char *db, const char *name,
    const struct kvs *props, uint64_t ts)
{
	struct view_coll *v;

	need_db(d, c->db_id, db, ts);
	free_name(d, c->id, db, name, ts);
	line_create(d, ts, c, db, name, props, 0, 0);
	v = view_add(d->c.view, c->id, db, name);
	kvs_copy(&v->props, props);
	v->props_known = 1;
	for (size_t i = 0; i < c->n_parts; i++)
		if (c->parts[i].state == CAT_CREATED &&
		    implicit(c, c->parts[i].name))
			view_put(
			    &v->parts, c->parts[i].id, c->parts[i].name, NULL);
}

static void
alter_coll(struct ddl *d, struct view_coll *v, const struct event *ev)
{
	if (strcmp(v->name, ev->name) != 0 || strcmp(v->db, ev->db) != 0) {
		need_db(d, cat_coll(d->c.cat, ev->id)->db_id, ev->db, ev->ts);
		free_name(d, ev->id, ev->db, ev->name, ev->ts);
		rename_to(d, v, ev->db, ev->name, ev->ts);
	}
	if (v->props_known && !kvs_equal(&v->props, &ev->props)) {
		struct jsonw *w = open_coll(
		    d, OP_ALTER_COLLECTION, ev->ts, v->db, v->name, v->id);

		kvs_to_json(&ev->props, w, "properties");
		emit_close(d->c.emit, 0);
	}
	kvs_fini(&v->props);
	kvs_copy(&v->props, &ev->props);
	v->props_known = 1;
}

static void
apply_coll(struct ddl *d, const struct event *ev)
{
	struct view_coll *v = view_coll(d->c.view, ev->id);
	struct cat_coll *c = cat_coll(d->c.cat, ev->id);

	if (!ev->live) {
		if (v != NULL)
			drop_coll(d, v, ev->ts);
	} else if (v != NULL && ev->ensure && !ddl_gone(d, c)) {
		need_db(d, c->db_id, v->db, ev->ts);
		line_create(d, ev->ts, c, v->db, v->name, &ev->props, 1, 0);
		kvs_fini(&v->props);
		kvs_copy(&v->props, &ev->props);
		v->props_known = 1;
	} else if (v != NULL) {
		alter_coll(d, v, ev);
	} else if (included(d, c)) {
		if (ddl_gone(d, c))
			line_create(
			    d, ev->ts, c, ev->db, ev->name, &ev->props, 0, 1);
		else
			create_coll(d, c, ev->db, ev->name, &ev->props, ev->ts);
	}
}

/* Partitions */

static void
drop_part(struct ddl *d, struct view_coll *v, int64_t id, uint64_t ts)
{
	struct view_item *p = view_find(&v->parts, id), *l;

	if (p == NULL)
		return;
	line_part(
	    d, OP_DROP_PARTITION, ts, v->db, v->name, v->id, id, p->name, NULL);
	if ((l = view_find(&v->loaded, id)) != NULL)
		view_cut(&v->loaded, l);
	view_cut(&v->parts, p);
	v->changed = v->dirty = 1;
}

static void
create_part(struct ddl *d, struct view_coll *v, const struct cat_coll *c,
    int64_t id, const char *name, uint64_t ts, int ensure)
{
	const struct view_item *old = view_find_name(&v->parts, name);
	int have = view_find(&v->parts, id) != NULL;

	if (have && !ensure)
		return;
	if (!have && old != NULL) /* the older one of this name */
		drop_part(d, v, old->id, ts);
	if (!implicit(c, name))
		line_part(d, OP_CREATE_PARTITION, ts, v->db, v->name, v->id, id,
		    name, have ? "ensure" : NULL);
	if (!have)
		view_put(&v->parts, id, name, NULL);
	v->changed = v->dirty = 1;
}

static void
apply_part(struct ddl *d, const struct event *ev)
{
	struct view_coll *v = view_coll(d->c.view, ev->coll_id);
	const struct cat_coll *c = cat_coll(d->c.cat, ev->coll_id);
	const struct cat_part *p = c == NULL ? NULL : cat_part(c, ev->id);

	if (v == NULL || p == NULL)
		return;
	if (!ev->live)
		drop_part(d, v, ev->id, ev->ts);
	else if (!ddl_part_gone(d, p))
		create_part(d, v, c, ev->id, ev->name, ev->ts, ev->ensure);
	else if (view_find(&v->parts, ev->id) == NULL)
		line_part(d, OP_CREATE_PARTITION, ev->ts, v->db, v->name, v->id,
		    ev->id, ev->name, "gone");
}

void
ddl_apply(struct ddl *d)
{
	struct event ev = d->q[d->head++];

	switch (ev.kind) {
	case EV_DB:
		apply_db(d, &ev);
		break;
	case EV_COLL:
		apply_coll(d, &ev);
		break;
	case EV_PART:
		apply_part(d, &ev);
		break;
	case EV_ALIAS:
		apply_alias(d, &ev);
		break;
	}
	event_fini(&ev);
}

void
ddl_need(
    struct ddl *d, struct cat_coll *c, const struct cat_part *p, uint64_t ts)
{
	struct view_coll *v = view_coll(d->c.view, c->id);

	if (v == NULL) {
		create_coll(d, c, c->db, c->name, &c->props,
		    c->create_ts < ts ? c->create_ts : ts);
		v = view_coll(d->c.view, c->id);
	}
	if (p != NULL && view_find(&v->parts, p->id) == NULL)
		create_part(d, v, c, p->id, p->name,
		    p->create_ts < ts ? p->create_ts : ts, 0);
}

/* Indexes and loads */

static const struct cat_index *
live_index(const struct cat_coll *c, int64_t id)
{
	for (size_t i = 0; i < c->n_indexes; i++)
		if (c->indexes[i].id == id &&
		    c->indexes[i].state == CAT_CREATED)
			return &c->indexes[i];
	return NULL;
}

static void
release(struct ddl *d, struct view_coll *v, uint64_t ts)
{
	if (v->load == VIEW_LOAD_NONE)
		return;
	line_coll(d, OP_RELEASE_COLLECTION, ts, v);
	view_items_fini(&v->loaded);
	v->load = VIEW_LOAD_NONE;
	v->changed = 1;
}

static void
drop_indexes(
    struct ddl *d, struct view_coll *v, const struct cat_coll *c, uint64_t ts)
{
	for (size_t i = v->indexes.n; i-- > 0;) {
		struct view_item *x = &v->indexes.v[i];

		if (live_index(c, x->id) != NULL)
			continue;
		release(d, v, ts); /* Milvus drops no index of what is loaded */
		line_index(
		    d, OP_DROP_INDEX, ts, v, x->id, x->field, x->name, NULL, 0);
		view_cut(&v->indexes, x);
		v->changed = 1;
	}
}

/* Returns 1 if all indexes that the source has are at the target. */
static int
create_indexes(
    struct ddl *d, struct view_coll *v, const struct cat_coll *c, uint64_t ts)
{
	int all = 1;

	for (size_t i = 0; i < c->n_indexes; i++) {
		const struct cat_index *x = &c->indexes[i];
		struct view_item *have = view_find(&v->indexes, x->id);

		if (x->state != CAT_CREATED || (have && have->ensured))
			continue;
		if (x->ts > ts) {
			all = 0;
			continue;
		}
		line_index(d, OP_CREATE_INDEX, x->ts, v, x->id, x->field,
		    x->name, &x->params, have != NULL);
		if (have == NULL) {
			have = view_put(&v->indexes, x->id, x->name, x->field);
			v->changed = 1;
		}
		have->ensured = 1;
	}
	return all;
}

/* Partitions that should be loaded and are not, or the reverse. */
static struct view_items
missing(const struct view_items *want, const struct view_items *have)
{
	struct view_items m = { 0 };

	for (size_t i = 0; i < want->n; i++)
		if (view_find(have, want->v[i].id) == NULL)
			view_put(&m, want->v[i].id, want->v[i].name, NULL);
	return m;
}

/* Returns 1 if every partition that is loaded at the source is known. */
static int
load_parts(
    struct ddl *d, struct view_coll *v, const struct cat_coll *c, uint64_t ts)
{
	struct view_items want = { 0 }, in, out;
	int all = 1;

	for (size_t i = 0; i < c->n_load_parts; i++) {
		const struct view_item *p =
		    view_find(&v->parts, c->load_parts[i]);

		if (p != NULL)
			view_put(&want, p->id, p->name, NULL);
		else
			all = 0;
	}
	if (v->load == VIEW_LOAD_ALL)
		release(d, v, ts);
	in = missing(&want, &v->loaded);
	out = missing(&v->loaded, &want);
	if (want.n > 0 && out.n > 0)
		line_parts(d, OP_RELEASE_PARTITIONS, ts, v, &out, 0);
	if (in.n > 0)
		line_parts(d, OP_LOAD_PARTITIONS, ts, v, &in, c->replicas);
	if (want.n > 0 && in.n + out.n > 0) {
		view_items_fini(&v->loaded);
		v->loaded = want;
		v->load = VIEW_LOAD_PARTS;
		v->changed = 1;
	} else {
		view_items_fini(&want);
	}
	view_items_fini(&in);
	view_items_fini(&out);
	return all;
}

/* Returns 1 if nothing is left to do. */
static int
settle_load(
    struct ddl *d, struct view_coll *v, const struct cat_coll *c, uint64_t ts)
{
	if (c->load == CAT_LOAD_NONE) {
		release(d, v, ts);
	} else if (c->load == CAT_LOAD_PARTS) {
		return load_parts(d, v, c, ts);
	} else if (v->load != VIEW_LOAD_ALL) {
		struct jsonw *w =
		    open_coll(d, OP_LOAD_COLLECTION, ts, v->db, v->name, v->id);

		jw_i64(w, "replicas", c->replicas);
		emit_close(d->c.emit, 0);
		view_items_fini(&v->loaded);
		v->load = VIEW_LOAD_ALL;
		v->changed = 1;
	}
	return 1;
}

void
ddl_settle(struct ddl *d, uint64_t ts)
{
	for (size_t i = 0; i < d->c.view->n_colls; i++) {
		struct view_coll *v = d->c.view->colls[i];
		const struct cat_coll *c = cat_coll(d->c.cat, v->id);

		if (!v->dirty || c == NULL || c->state != CAT_CREATED)
			continue;
		drop_indexes(d, v, c, ts);
		if (create_indexes(d, v, c, ts) && settle_load(d, v, c, ts))
			v->dirty = 0;
	}
}

/* The queue's input */

static void
push_coll(struct ddl *d, const struct cat_coll *c, uint64_t ts, int ensure)
{
	struct event *ev = push(d, EV_COLL, ts, c->id, c->db, c->name);

	ev->live = c->state == CAT_CREATED;
	ev->ensure = ensure;
	kvs_copy(&ev->props, &c->props);
}

static void
push_part(struct ddl *d, const struct cat_coll *c, const struct cat_part *p,
    uint64_t ts, int ensure)
{
	struct event *ev = push(d, EV_PART, ts, p->id, c->db, p->name);

	ev->coll_id = c->id;
	ev->live = p->state == CAT_CREATED;
	ev->ensure = ensure;
}

static void
push_db(struct ddl *d, const struct cat_db *db, int ensure)
{
	struct event *ev = push(d, EV_DB, db->ts, db->id, "", db->name);

	ev->live = db->state == CAT_CREATED;
	ev->ensure = ensure;
	kvs_copy(&ev->props, &db->props);
}

static void
push_alias(struct ddl *d, const struct cat_alias *a)
{
	struct event *ev = push(d, EV_ALIAS, a->ts, a->coll_id, a->db, a->name);

	ev->live = a->state == CAT_CREATED;
}

void
ddl_note(struct ddl *d, const struct cat_change *ch)
{
	struct view_coll *v =
	    ch->coll == NULL ? NULL : view_coll(d->c.view, ch->coll->id);

	if (ch->kind == CAT_DB) {
		push_db(d, ch->db, 0);
	} else if (ch->kind == CAT_COLL && ch->coll->state != CAT_CREATING) {
		push_coll(d, ch->coll, ch->coll->ts, 0);
	} else if (ch->kind == CAT_PART && ch->part->state != CAT_CREATING) {
		push_part(d, ch->coll, ch->part, ch->part->ts, 0);
	} else if (ch->kind == CAT_ALIAS) {
		push_alias(d, ch->alias);
	} else if (v != NULL) {
		v->dirty = 1; /* an index or a load */
	}
}

/* The start: what went away or changed its name, unseen */

static const struct cat_alias *
live_alias(const struct ddl *d, const char *db, const char *name)
{
	for (size_t i = 0; i < d->c.cat->n_aliases; i++) {
		const struct cat_alias *a = &d->c.cat->aliases[i];

		if (a->state == CAT_CREATED && strcmp(a->name, name) == 0 &&
		    strcmp(a->db, db) == 0)
			return a;
	}
	return NULL;
}

/*
 * An alias that is gone, or that stands for something else: that one has its
 * create line later, or takes it over at once if it is at the target.
 */
static void
check_aliases(struct ddl *d, struct view_coll *v, uint64_t ts)
{
	const struct cat_coll *c = cat_coll(d->c.cat, v->id);

	for (size_t i = v->aliases.n; i-- > 0;) {
		const char *name = v->aliases.v[i].name;
		const struct cat_alias *a =
		    live_alias(d, c == NULL ? v->db : c->db, name);
		struct view_coll *to =
		    a == NULL ? NULL : view_coll(d->c.view, a->coll_id);

		if (to == v)
			continue;
		if (to != NULL && strcmp(to->db, v->db) == 0)
			set_alias(d, to, name, ts);
		else
			drop_alias(d, v, &v->aliases.v[i], ts);
	}
}

static void
check_parts(struct ddl *d, struct view_coll *v, uint64_t ts)
{
	const struct cat_coll *c = cat_coll(d->c.cat, v->id);

	for (size_t i = v->parts.n; i-- > 0;) {
		int64_t id = v->parts.v[i].id;
		const struct cat_part *p = cat_part(c, id);

		if (p == NULL || ddl_part_gone(d, p))
			drop_part(d, v, id, ts);
	}
}

static int
moved(const struct view_coll *v, const struct cat_coll *c)
{
	return strcmp(v->name, c->name) != 0 || strcmp(v->db, c->db) != 0;
}

static void
check_names(struct ddl *d, uint64_t ts)
{
	for (size_t i = 0; i < d->c.view->n_colls; i++) {
		struct view_coll *v = d->c.view->colls[i];
		const struct cat_coll *c = cat_coll(d->c.cat, v->id);

		if (!moved(v, c))
			continue;
		need_db(d, c->db_id, c->db, ts);
		free_name(d, c->id, c->db, c->name, ts);
		rename_to(d, v, c->db, c->name, ts);
	}
}

static void
check_gone(struct ddl *d, uint64_t ts)
{
	struct view *view = d->c.view;

	for (size_t i = view->n_colls; i-- > 0;)
		check_aliases(d, view->colls[i], ts);
	for (size_t i = view->n_colls; i-- > 0;) {
		const struct cat_coll *c =
		    cat_coll(d->c.cat, view->colls[i]->id);

		if (c == NULL || ddl_gone(d, c))
			drop_coll(d, view->colls[i], ts);
	}
}

static void
check_dbs(struct ddl *d, uint64_t ts)
{
	for (size_t i = d->c.view->n_dbs; i-- > 0;) {
		int64_t id = d->c.view->dbs[i].id;
		const struct cat_db *db = cat_db(d->c.cat, id);

		if (db == NULL ||
		    (db->state == CAT_DROPPED && db->ts <= d->until))
			drop_db(d, id, ts);
	}
}

static void
push_live(struct ddl *d)
{
	struct cat *cat = d->c.cat;

	for (size_t i = 0; i < cat->n_dbs; i++)
		if (cat->dbs[i].state == CAT_CREATED)
			push_db(d, &cat->dbs[i], 1);
	for (size_t i = 0; i < cat->n_colls; i++) {
		struct cat_coll *c = cat->colls[i];

		if (c->state != CAT_CREATED || !included(d, c))
			continue;
		push_coll(d, c, c->create_ts, 1);
		for (size_t k = 0; k < c->n_parts; k++)
			if (c->parts[k].state == CAT_CREATED)
				push_part(d, c, &c->parts[k],
				    c->parts[k].create_ts, 1);
	}
	for (size_t i = 0; i < cat->n_aliases; i++)
		if (cat->aliases[i].state == CAT_CREATED)
			push_alias(d, &cat->aliases[i]);
}

void
ddl_start(struct ddl *d, uint64_t ts, uint64_t since)
{
	for (size_t i = d->head; i < d->n; i++)
		event_fini(&d->q[i]);
	d->head = d->n = 0;
	d->since = since;
	check_gone(d, ts);
	check_names(d, ts);
	for (size_t i = 0; i < d->c.view->n_colls; i++) {
		check_parts(d, d->c.view->colls[i], ts);
		d->c.view->colls[i]->dirty = 1;
		d->c.view->colls[i]->props_known = 0;
	}
	check_dbs(d, ts);
	push_live(d);
}

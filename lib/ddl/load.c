#include "ddl/ddl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "ddl/known.h"
#include "ddl/priv.h"
#include "model/op_write.h"

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
	ddl_line_coll(d, OP_RELEASE_COLLECTION, ts, v);
	view_items_fini(&v->loaded);
	view_items_fini(&v->released);
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
		/* Milvus drops no index of a loaded collection */
		release(d, v, ts);
		ddl_line_index(
		    d, OP_DROP_INDEX, ts, v, x->id, x->field, x->name, NULL, 0);
		view_cut(&v->indexes, x);
		v->changed = 1;
	}
}

/*
 * 1 if the field has an older index at the target, which must be dropped first.
 */
static int
replaced(const struct view_coll *v, const struct cat_coll *c, const char *field)
{
	for (size_t i = 0; i < v->indexes.n; i++)
		if (strcmp(v->indexes.v[i].field, field) == 0 &&
		    live_index(c, v->indexes.v[i].id) == NULL)
			return 1;
	return 0;
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
		if (x->ts > ts || replaced(v, c, x->field)) {
			all = 0;
			continue;
		}
		ddl_line_index(d, OP_CREATE_INDEX, x->ts, v, x->id, x->field,
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
	if (v->load == VIEW_LOAD_ALL || v->load == VIEW_LOAD_UNSURE)
		release(d, v, ts);
	in = missing(&want, &v->loaded);
	out = missing(&v->loaded, &want);
	if (want.n > 0 && out.n > 0)
		ddl_line_parts(d, OP_RELEASE_PARTITIONS, ts, v, &out, 0);
	if (in.n > 0)
		ddl_line_parts(d, OP_LOAD_PARTITIONS, ts, v, &in, c->replicas);
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

/*
 * A collection that was loaded whole may have had partitions released one by
 * one since. A new partition of it is loaded before it counts as created.
 */
static void
load_all(
    struct ddl *d, struct view_coll *v, const struct cat_coll *c, uint64_t ts)
{
	struct view_items want = { 0 }, in, out;
	/* Milvus loads and releases no single partition of a partition key */
	int each = c->load_whole && schema_partition_key(&c->schema) == NULL;

	if (v->load == VIEW_LOAD_UNSURE && each)
		v->released = missing(&v->parts, &want);
	if (v->load != VIEW_LOAD_ALL) {
		struct jsonw *w = ddl_open_coll(
		    d, OP_LOAD_COLLECTION, ts, v->db, v->name, v->id);

		jw_i64(w, "replicas", c->replicas);
		emit_close(d->c.emit, 0);
		view_items_fini(&v->loaded);
		v->load = VIEW_LOAD_ALL;
		v->changed = 1;
	}
	for (size_t i = 0; i < c->n_parts && each; i++)
		if (c->parts[i].state == CAT_CREATED &&
		    !num_has(c->load_parts, c->n_load_parts, c->parts[i].id) &&
		    view_find(&v->parts, c->parts[i].id) != NULL)
			view_put(&want, c->parts[i].id, c->parts[i].name, NULL);
	out = missing(&want, &v->released);
	in = missing(&v->released, &want);
	if (out.n > 0)
		ddl_line_parts(d, OP_RELEASE_PARTITIONS, ts, v, &out, 0);
	if (in.n > 0)
		ddl_line_parts(d, OP_LOAD_PARTITIONS, ts, v, &in, c->replicas);
	v->changed |= in.n + out.n > 0;
	view_items_fini(&v->released);
	v->released = want;
	view_items_fini(&in);
	view_items_fini(&out);
}

/* Returns 1 if nothing is left to do. */
static int
settle_load(
    struct ddl *d, struct view_coll *v, const struct cat_coll *c, uint64_t ts)
{
	if (c->load == CAT_LOAD_PARTS)
		return load_parts(d, v, c, ts);
	if (c->load == CAT_LOAD_NONE)
		release(d, v, ts);
	else
		load_all(d, v, c, ts);
	return 1;
}

void
ddl_settle(struct ddl *d, uint64_t ts)
{
	if (d->c.cat->ddl_in_log)
		ddl_names_back(d, ts);
	for (size_t i = 0; i < d->c.view->n_colls; i++) {
		struct view_coll *v = d->c.view->colls[i];
		const struct cat_coll *c = cat_coll(d->c.cat, v->id);

		if (!v->dirty || v->maybe || c == NULL ||
		    c->state != CAT_CREATED)
			continue;
		if (ts >= v->dirty_ts)
			drop_indexes(d, v, c, ts);
		if (create_indexes(d, v, c, ts) && ts >= v->dirty_ts &&
		    settle_load(d, v, c, ts))
			v->dirty = 0;
	}
}

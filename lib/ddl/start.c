#include "ddl/ddl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ddl/known.h"
#include "ddl/priv.h"
#include "model/op_write.h"

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
 * Takes from v the aliases that are gone or stand for another collection. If
 * the target has that collection, it gets the alias now; else the line that
 * creates the alias comes later.
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
			ddl_set_alias(d, to, name, ts);
		else
			ddl_drop_alias(d, v, &v->aliases.v[i], ts);
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
			ddl_drop_part(d, v, id, ts);
	}
}

static int
moved(const struct view_coll *v, const struct cat_coll *c)
{
	return strcmp(v->name, c->name) != 0 || strcmp(v->db, c->db) != 0;
}

/*
 * A collection that may be at the target, and whose name has changed, may be
 * there under the old name without an id: cdc-apply was killed after it had
 * made the collection and before it noted the id. The collection is dropped and
 * made anew, because all of its rows are still to come.
 */
static void
check_maybe(struct ddl *d, uint64_t ts)
{
	struct view *view = d->c.view;

	for (size_t i = view->n_colls; i-- > 0;) {
		struct view_coll *v = view->colls[i];

		if (v->maybe &&
		    (v->unsure_name || moved(v, cat_coll(d->c.cat, v->id))))
			ddl_drop_coll(d, v, ts);
	}
}

static void
check_names(struct ddl *d, uint64_t ts)
{
	for (size_t i = 0; i < d->c.view->n_colls; i++) {
		struct view_coll *v = d->c.view->colls[i];
		const struct cat_coll *c = cat_coll(d->c.cat, v->id);

		if (v->maybe || (!moved(v, c) && !v->unsure_name))
			continue;
		v->unsure_name = 0;
		ddl_need_db(d, c->db_id, c->db, ts);
		ddl_free_name(d, c->id, c->db, c->name, ts);
		ddl_rename_to(d, v, c->db, c->name, ts);
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
			ddl_drop_coll(d, view->colls[i], ts);
	}
}

/*
 * Aliases that the target may have: dropped before names are needed (set 0), or
 * set afterwards (set 1).
 */
static void
check_unsure(struct ddl *d, int set, uint64_t ts)
{
	const struct view_items *s = &d->c.view->unsure;

	for (size_t i = 0; i < s->n; i++) {
		const char *db = s->v[i].field, *alias = s->v[i].name;
		const struct cat_alias *a = live_alias(d, db, alias);
		struct view_coll *to =
		    a == NULL ? NULL : view_coll(d->c.view, a->coll_id);
		int there = to != NULL && !to->maybe;

		if (there && set)
			ddl_set_alias(d, to, alias, ts);
		else if (!there && !set)
			ddl_line_drop_alias(d, ts, db, alias);
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
			ddl_drop_db(d, id, ts);
	}
}

void
ddl_start(struct ddl *d, uint64_t ts, uint64_t since)
{
	for (size_t i = d->head; i < d->n; i++)
		ddl_event_fini(&d->q[i]);
	d->head = d->n = 0;
	d->since = since;
	if (d->c.cat->ts > d->newest)
		d->newest = d->c.cat->ts;
	check_unsure(d, 0, ts);
	check_gone(d, ts);
	check_maybe(d, ts);
	check_names(d, ts);
	check_unsure(d, 1, ts);
	view_items_fini(&d->c.view->unsure);
	for (size_t i = 0; i < d->c.view->n_colls; i++) {
		check_parts(d, d->c.view->colls[i], ts);
		d->c.view->colls[i]->dirty = 1;
		d->c.view->colls[i]->dirty_ts = ddl_dirty_ts(d);
		d->c.view->colls[i]->props_known = 0;
	}
	check_dbs(d, ts);
	ddl_push_live(d, ts);
	ddl_imports(d);
}

#include "ddl/ddl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ddl/known.h"
#include "ddl/priv.h"
#include "model/op_write.h"

/* Databases */

void
ddl_need_db(struct ddl *d, int64_t id, const char *name, uint64_t ts)
{
	const struct cat_db *db = cat_db(d->c.cat, id);
	static const struct kvs none;

	if (id == DEFAULT_DB_ID || id == 0 || view_db(d->c.view, id) != NULL)
		return;
	ddl_line_db(d, OP_CREATE_DATABASE, db == NULL ? ts : db->ts, id, name,
	    db == NULL ? &none : &db->props, 0);
	view_add_db(d->c.view, id, name);
}

void
ddl_drop_db(struct ddl *d, int64_t id, uint64_t ts)
{
	const struct view_db *db = view_db(d->c.view, id);

	if (db == NULL)
		return;
	if (d->c.drop_dbs)
		ddl_line_db(d, OP_DROP_DATABASE, ts, id, db->name, NULL, 0);
	view_drop_db(d->c.view, id);
}

static void
note_props(struct view_db *db, const struct event *ev)
{
	kvs_fini(&db->props);
	kvs_copy(&db->props, &ev->props);
}

void
ddl_apply_db(struct ddl *d, const struct event *ev)
{
	const struct cat_db *db = cat_db(d->c.cat, ev->id);
	struct view_db *have = view_db(d->c.view, ev->id);

	if (!ev->live) {
		ddl_drop_db(d, ev->id, ev->ts);
	} else if (have == NULL && db != NULL && db->state == CAT_DROPPED &&
		   db->ts <= d->until) {
		return; /* made and dropped while the change was queued */
	} else if (have != NULL && !ev->ensure) {
		ddl_line_alter_db(d, ev, &have->props);
		note_props(have, ev);
	} else if (d->c.want_db(d->c.arg, ev->name) &&
		   ev->id != DEFAULT_DB_ID) {
		ddl_line_db(d, OP_CREATE_DATABASE, ev->ts, ev->id, ev->name,
		    &ev->props, have != NULL);
		if (have == NULL)
			view_add_db(d->c.view, ev->id, ev->name);
		note_props(view_db(d->c.view, ev->id), ev);
	}
}

/* Aliases */

void
ddl_drop_alias(
    struct ddl *d, struct view_coll *v, struct view_item *a, uint64_t ts)
{
	ddl_line_drop_alias(d, ts, v->db, a->name);
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

void
ddl_set_alias(
    struct ddl *d, struct view_coll *to, const char *alias, uint64_t ts)
{
	struct view_coll *from = alias_holder(d, to->db, alias);

	if (from == to)
		return;
	ddl_line_alias(
	    d, from == NULL ? OP_CREATE_ALIAS : OP_ALTER_ALIAS, ts, to, alias);
	/* `alias` may be in from->aliases */
	view_put(&to->aliases, 0, alias, NULL);
	if (from != NULL) {
		view_cut(&from->aliases, view_find_name(&from->aliases, alias));
		from->changed = 1;
	}
	to->changed = 1;
}

/*
 * A collection has this name at the target already, as the catalogue tells that
 * was read at the start; the log, which is not as far, has an alias of the
 * name.
 */
static int
is_past(const struct ddl *d, const struct event *ev)
{
	return d->c.cat->ddl_in_log &&
	       view_by_name(d->c.view, ev->db, ev->name) != NULL;
}

void
ddl_apply_alias(struct ddl *d, const struct event *ev)
{
	struct view_coll *to = view_coll(d->c.view, ev->id);
	struct view_coll *from = alias_holder(d, ev->db, ev->name);

	if (ev->live && is_past(d, ev))
		return;
	if (ev->live && to != NULL)
		ddl_set_alias(d, to, ev->name, ev->ts);
	else if (from != NULL) /* `to` is not carried, or there is none */
		ddl_drop_alias(
		    d, from, view_find_name(&from->aliases, ev->name), ev->ts);
}

/* Collections */

void
ddl_drop_coll(struct ddl *d, struct view_coll *v, uint64_t ts)
{
	while (v->aliases.n > 0)
		ddl_drop_alias(d, v, &v->aliases.v[0], ts);
	ddl_line_coll(d, OP_DROP_COLLECTION, ts, v);
	view_drop(d->c.view, v->id);
}

void
ddl_rename_to(struct ddl *d, struct view_coll *v, const char *db,
    const char *name, uint64_t ts)
{
	struct jsonw *w =
	    ddl_open_coll(d, OP_RENAME_COLLECTION, ts, v->db, v->name, v->id);

	jw_str(w, "new_db", db);
	jw_str(w, "new_coll", name);
	emit_close(d->c.emit, 0);
	view_rename(v, db, name);
}

/* A name that no client gives: in between. */
enum { TEMP = 40 };

static void
temp_name(char temp[TEMP], int64_t id)
{
	snprintf(temp, TEMP, "cdc_moving_%" PRId64, id);
}

/*
 * Frees a name at the target for collection `id`. A collection that has this
 * name is dropped if the source has dropped it; else it gets a name in between,
 * from which its own change will rename it, or ddl_names_back.
 */
void
ddl_free_name(
    struct ddl *d, int64_t id, const char *db, const char *name, uint64_t ts)
{
	struct view_coll *v = view_by_name(d->c.view, db, name);
	struct view_coll *a = alias_holder(d, db, name);
	const struct cat_coll *c;
	char temp[TEMP];

	if (a != NULL)
		ddl_drop_alias(d, a, view_find_name(&a->aliases, name), ts);
	if (v == NULL || v->id == id)
		return;
	c = cat_coll(d->c.cat, v->id);
	if (c == NULL || ddl_gone(d, c)) {
		ddl_drop_coll(d, v, ts);
		return;
	}
	temp_name(temp, v->id);
	ddl_rename_to(d, v, v->db, temp, ts);
}

/* Could it have its own name again? */
static int
is_free(struct ddl *d, const struct view_coll *v, const struct cat_coll *c)
{
	char temp[TEMP];

	if (c == NULL || strcmp(v->name, c->name) == 0)
		return 0;
	temp_name(temp, v->id);
	return strcmp(v->name, temp) == 0 &&
	       view_by_name(d->c.view, c->db, c->name) == NULL &&
	       alias_holder(d, c->db, c->name) == NULL;
}

void
ddl_names_back(struct ddl *d, uint64_t ts)
{
	for (size_t i = 0; i < d->c.view->n_colls; i++) {
		struct view_coll *v = d->c.view->colls[i];
		const struct cat_coll *c = cat_coll(d->c.cat, v->id);

		if (!is_free(d, v, c))
			continue;
		ddl_need_db(d, c->db_id, c->db, ts);
		ddl_rename_to(d, v, c->db, c->name, ts);
	}
}

void
ddl_create_coll(struct ddl *d, struct cat_coll *c, const char *db,
    const char *name, const struct kvs *props, uint64_t ts)
{
	struct view_coll *v;

	ddl_free_name(d, c->id, db, name, ts);
	ddl_line_create(d, ts, c, db, name, props, 0, 0);
	v = view_add(d->c.view, c->id, db, name);
	v->partial = ddl_partial(d, ts, c);
	v->truncated = c->truncate_ts;
	v->dirty_ts = ddl_dirty_ts(d);
	kvs_copy(&v->props, props);
	v->props_known = 1;
	for (size_t i = 0; i < c->n_parts; i++)
		if (c->parts[i].state == CAT_CREATED &&
		    ddl_implicit(c, c->parts[i].name))
			view_put(
			    &v->parts, c->parts[i].id, c->parts[i].name, NULL);
	ddl_imports(d);
}

static const char *
described(const struct schema *s)
{
	return s->description == NULL ? "" : s->description;
}

/* What it has in its schema, and its level: only of a streaming log. */
static int
others_changed(const struct cat_coll *c, const struct cat_was *was)
{
	return was->consistency != NULL ||
	       (was->schema.n > 0 &&
		   strcmp(described(&was->schema), described(&c->schema)) != 0);
}

static void
line_alter(struct ddl *d, const struct view_coll *v, const struct cat_coll *c,
    const struct event *ev)
{
	struct jsonw *w = ddl_open_coll(
	    d, OP_ALTER_COLLECTION, ev->ts, v->db, v->name, v->id);

	kvs_to_json(&ev->props, w, "properties");
	ddl_line_away(w, &v->props, &ev->props);
	if (others_changed(c, &ev->was)) {
		jw_str(w, "description", described(&c->schema));
		jw_str(w, "consistency", c->consistency);
	}
	emit_close(d->c.emit, 0);
}

static void
alter_coll(struct ddl *d, struct view_coll *v, const struct cat_coll *c,
    const struct event *ev)
{
	if (strcmp(v->name, ev->name) != 0 || strcmp(v->db, ev->db) != 0) {
		ddl_need_db(d, ev->db_id, ev->db, ev->ts);
		ddl_free_name(d, ev->id, ev->db, ev->name, ev->ts);
		ddl_rename_to(d, v, ev->db, ev->name, ev->ts);
	}
	if ((v->props_known && !kvs_equal(&v->props, &ev->props)) ||
	    others_changed(c, &ev->was))
		line_alter(d, v, c, ev);
	kvs_fini(&v->props);
	kvs_copy(&v->props, &ev->props);
	v->props_known = 1;
	if (ev->was.schema.n > 0)
		ddl_fields(d, ev->ts, v, &ev->was.schema, &c->schema);
	if (ev->truncate_ts > v->truncated) {
		ddl_line_coll(d, OP_TRUNCATE_COLLECTION, ev->truncate_ts, v);
		v->truncated = ev->truncate_ts;
	}
}

static void
ensure_coll(struct ddl *d, struct cat_coll *c, struct view_coll *v,
    const struct event *ev)
{
	ddl_line_create(d, ev->ts, c, v->db, v->name, &ev->props, !v->maybe, 0);
	v->maybe = 0;
	kvs_fini(&v->props);
	kvs_copy(&v->props, &ev->props);
	v->props_known = 1;
}

void
ddl_apply_coll(struct ddl *d, const struct event *ev)
{
	struct view_coll *v = view_coll(d->c.view, ev->id);
	struct cat_coll *c = cat_coll(d->c.cat, ev->id);

	if (!ev->live && v != NULL) {
		ddl_drop_coll(d, v, ev->ts);
	} else if (!ev->live) {
		if (ddl_included(d, c))
			ddl_line_gone(d, ev);
	} else if (v != NULL && ev->ensure && !ddl_gone(d, c)) {
		ddl_need_db(d, ev->db_id, v->db, ev->ts);
		ensure_coll(d, c, v, ev);
	} else if (v != NULL && v->maybe) {
		/* dropped while the change was queued; its drop follows */
		return;
	} else if (v != NULL) {
		alter_coll(d, v, c, ev);
	} else if (ddl_included(d, c) && ddl_gone(d, c)) {
		ddl_line_create(
		    d, ev->ts, c, ev->db, ev->name, &ev->props, 0, 1);
	} else if (ddl_included(d, c)) {
		ddl_need_db(d, ev->db_id, ev->db, ev->ts);
		ddl_create_coll(d, c, ev->db, ev->name, &ev->props, ev->ts);
	}
}

/* Partitions */

void
ddl_drop_part(struct ddl *d, struct view_coll *v, int64_t id, uint64_t ts)
{
	struct view_item *p = view_find(&v->parts, id), *l;

	if (p == NULL)
		return;
	ddl_line_part(
	    d, OP_DROP_PARTITION, ts, v->db, v->name, v->id, id, p->name, NULL);
	if ((l = view_find(&v->loaded, id)) != NULL)
		view_cut(&v->loaded, l);
	if ((l = view_find(&v->released, id)) != NULL)
		view_cut(&v->released, l);
	view_cut(&v->parts, p);
	v->changed = v->dirty = 1;
}

void
ddl_create_part(struct ddl *d, struct view_coll *v, const struct cat_coll *c,
    int64_t id, const char *name, uint64_t ts, int ensure)
{
	const struct view_item *old = view_find_name(&v->parts, name);
	int have = view_find(&v->parts, id) != NULL;

	if (have && !ensure)
		return;
	if (!have && old != NULL) /* an older partition has this name */
		ddl_drop_part(d, v, old->id, ts);
	if (!ddl_implicit(c, name))
		ddl_line_part(d, OP_CREATE_PARTITION, ts, v->db, v->name, v->id,
		    id, name, have ? "ensure" : NULL);
	if (!have)
		view_put(&v->parts, id, name, NULL);
	v->changed = v->dirty = 1;
}

void
ddl_apply_part(struct ddl *d, const struct event *ev)
{
	struct view_coll *v = view_coll(d->c.view, ev->coll_id);
	const struct cat_coll *c = cat_coll(d->c.cat, ev->coll_id);
	const struct cat_part *p = c == NULL ? NULL : cat_part(c, ev->id);

	if (v == NULL || p == NULL)
		return;
	if (!ev->live)
		ddl_drop_part(d, v, ev->id, ev->ts);
	else if (!ddl_part_gone(d, p))
		ddl_create_part(d, v, c, ev->id, ev->name, ev->ts, ev->ensure);
	else if (view_find(&v->parts, ev->id) == NULL)
		ddl_line_part(d, OP_CREATE_PARTITION, ev->ts, v->db, v->name,
		    v->id, ev->id, ev->name, "gone");
}

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

struct ddl *
ddl_new(const struct ddl_conf *conf)
{
	struct ddl *d = x_calloc(1, sizeof *d);

	d->c = *conf;
	d->until = UINT64_MAX;
	return d;
}

void
ddl_event_fini(struct event *ev)
{
	free(ev->db);
	free(ev->name);
	kvs_fini(&ev->props);
	cat_was_fini(&ev->was);
}

void
ddl_free(struct ddl *d)
{
	if (d == NULL)
		return;
	for (size_t i = d->head; i < d->n; i++)
		ddl_event_fini(&d->q[i]);
	free(d->q);
	free(d);
}

void
ddl_until(struct ddl *d, uint64_t ts)
{
	d->until = ts;
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

/* The queue's input */

/* 1 if the object was dropped after --until, and so counts as live. */
static int
dropped_later(const struct ddl *d, enum cat_state state, uint64_t ts)
{
	return (state == CAT_DROPPING || state == CAT_DROPPED) && ts > d->until;
}

static struct event *
push_coll(struct ddl *d, const struct cat_coll *c, uint64_t ts, int ensure)
{
	struct event *ev = push(d, EV_COLL, ts, c->id, c->db, c->name);

	ev->db_id = c->db_id;
	ev->live = c->state == CAT_CREATED || dropped_later(d, c->state, c->ts);
	ev->ensure = ensure;
	ev->truncate_ts = c->truncate_ts;
	kvs_copy(&ev->props, &c->props);
	return ev;
}

/* A change of one that was so before. */
static void
push_change(struct ddl *d, struct cat_coll *c)
{
	push_coll(d, c, c->ts, 0)->was = c->was;
	memset(&c->was, 0, sizeof c->was);
}

static void
push_part(struct ddl *d, const struct cat_coll *c, const struct cat_part *p,
    uint64_t ts, int ensure)
{
	struct event *ev = push(d, EV_PART, ts, p->id, c->db, p->name);

	ev->coll_id = c->id;
	ev->live = p->state == CAT_CREATED || dropped_later(d, p->state, p->ts);
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

/* The timestamp of the change; 0 if it has none. */
static uint64_t
changed_at(const struct cat_change *ch)
{
	if (ch->db != NULL)
		return ch->db->ts;
	if (ch->alias != NULL)
		return ch->alias->ts;
	if (ch->part != NULL)
		return ch->part->ts;
	return ch->kind == CAT_COLL && ch->coll != NULL ? ch->coll->ts : 0;
}

/*
 * An index or load has changed: it is compared when all earlier changes are
 * written.
 */
static void
note_dirty(struct ddl *d, int64_t coll)
{
	struct view_coll *v = view_coll(d->c.view, coll);

	if (v == NULL)
		return;
	v->dirty = 1;
	v->dirty_ts = ddl_dirty_ts(d);
}

void
ddl_note(struct ddl *d, const struct cat_change *ch)
{
	if (changed_at(ch) > d->newest)
		d->newest = changed_at(ch);
	if (ch->kind == CAT_IMPORT)
		ddl_imports(d);
	else if (ch->db != NULL)
		push_db(d, ch->db, 0);
	else if (ch->alias != NULL)
		push_alias(d, ch->alias);
	else if (ch->coll == NULL)
		return;
	else if (ch->kind == CAT_INDEX || ch->kind == CAT_LOAD)
		note_dirty(d, ch->coll->id);
	else if (ch->part != NULL && ch->part->state != CAT_CREATING)
		push_part(d, ch->coll, ch->part, ch->part->ts, 0);
	else if (ch->kind == CAT_COLL && ch->coll->state != CAT_CREATING)
		push_change(d, ch->coll);
}

/* 1 if the drop of this collection is written. */
static int
told(const struct ddl *d, int64_t id)
{
	return num_has(d->c.view->gone, d->c.view->n_gone, id);
}

static void
push_live_coll(struct ddl *d, const struct cat_coll *c)
{
	push_coll(d, c, c->create_ts, 1);
	for (size_t k = 0; k < c->n_parts; k++) {
		const struct cat_part *p = &c->parts[k];

		if (p->state == CAT_CREATED ||
		    dropped_later(d, p->state, p->ts))
			push_part(d, c, p, p->create_ts, 1);
	}
}

void
ddl_push_live(struct ddl *d, uint64_t ts)
{
	struct cat *cat = d->c.cat;

	for (size_t i = 0; i < cat->n_dbs; i++)
		if (cat->dbs[i].state == CAT_CREATED)
			push_db(d, &cat->dbs[i], 1);
	for (size_t i = 0; i < cat->n_colls; i++) {
		struct cat_coll *c = cat->colls[i];

		if (c->state == CAT_CREATING || !ddl_included(d, c))
			continue;
		if (c->state == CAT_CREATED ||
		    (dropped_later(d, c->state, c->ts) && c->schema.n > 0))
			push_live_coll(d, c);
		else if (c->ts > ts && ddl_gone(d, c) && !told(d, c->id))
			push_coll(d, c, c->ts, 0);
	}
	for (size_t i = 0; i < cat->n_aliases; i++)
		if (cat->aliases[i].state == CAT_CREATED)
			push_alias(d, &cat->aliases[i]);
}

void
ddl_apply(struct ddl *d)
{
	struct event ev = d->q[d->head++];

	switch (ev.kind) {
	case EV_DB:
		ddl_apply_db(d, &ev);
		break;
	case EV_COLL:
		ddl_apply_coll(d, &ev);
		break;
	case EV_PART:
		ddl_apply_part(d, &ev);
		break;
	case EV_ALIAS:
		ddl_apply_alias(d, &ev);
		break;
	}
	ddl_event_fini(&ev);
}

void
ddl_need(
    struct ddl *d, struct cat_coll *c, const struct cat_part *p, uint64_t ts)
{
	struct view_coll *v = view_coll(d->c.view, c->id);

	if (v == NULL) {
		ddl_need_db(d, c->db_id, c->db, ts);
		ddl_create_coll(d, c, c->db, c->name, &c->props,
		    c->create_ts < ts ? c->create_ts : ts);
		v = view_coll(d->c.view, c->id);
	}
	if (p != NULL && view_find(&v->parts, p->id) == NULL)
		ddl_create_part(d, v, c, p->id, p->name,
		    p->create_ts < ts ? p->create_ts : ts, 0);
}

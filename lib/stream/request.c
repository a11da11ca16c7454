#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "model/names.h"
#include "stream/priv.h"

/* The caller frees it. */
static char *
text(struct span s)
{
	return x_strndup(s.len == 0 ? "" : s.ptr, s.len);
}

static const struct view_coll *
of_alias(const struct view *v, const char *db, const char *alias)
{
	for (size_t i = 0; i < v->n_colls; i++)
		if (strcmp(v->colls[i]->db, db) == 0 &&
		    view_find_name(&v->colls[i]->aliases, alias) != NULL)
			return v->colls[i];
	return NULL;
}

/*
 * A request names a collection as its client did: by name or by alias. Those
 * that the target has at this moment of the stream come first, then those that
 * the source has by now.
 */
static const struct view_coll *
named(const struct reader *r, const struct rec *rec, struct span coll)
{
	char *db =
	    rec->msg.db.len == 0 ? x_strdup(DEFAULT_DB) : text(rec->msg.db);
	char *name = text(coll);
	const struct view_coll *v = view_by_name(&r->view, db, name);
	const struct cat_coll *c;

	if (v == NULL)
		v = of_alias(&r->view, db, name);
	if (v == NULL && (c = cat_by_name(&r->cat, db, name)) != NULL)
		v = view_coll(&r->view, c->id);
	free(name);
	free(db);
	return v;
}

static struct jsonw *
open_line(struct reader *r, enum opname op, const struct rec *rec,
    const struct view_coll *v)
{
	struct jsonw *w = emit_open(&r->emit, op, rec->ts);

	jw_str(w, "db", v->db);
	jw_str(w, "coll", v->name);
	jw_i64s(w, "coll_id", v->id);
	return w;
}

static void
flush_coll(struct reader *r, const struct rec *rec, const struct view_coll *v)
{
	if (v == NULL)
		return;
	reader_src(r, rec, open_line(r, OP_FLUSH, rec, v));
	emit_close(&r->emit, 0);
}

/* A flush of the streaming log is of one collection, by id, or of all. */
static void
flush_id(struct reader *r, const struct rec *rec)
{
	if (rec->msg.kind == MSG_FLUSH)
		flush_coll(r, rec, view_coll(&r->view, rec->msg.coll_id));
	else
		for (size_t i = 0; i < r->view.n_colls; i++)
			flush_coll(r, rec, r->view.colls[i]);
}

static void
flush(struct reader *r, const struct rec *rec)
{
	struct spans names = { 0 };
	struct err e = { 0 };

	if (rec->format->flush(&rec->m, &names, &e) == -1)
		reader_undecodable(r, rec, &e);
	for (size_t i = 0; i < names.n; i++)
		flush_coll(r, rec, named(r, rec, names.v[i]));
	spans_fini(&names);
}

static void
changes(const struct alter *a, struct jsonw *w)
{
	char *key;

	jw_open(w, "params", '{');
	for (size_t i = 0; i < a->keys.n; i++) {
		key = text(a->keys.v[i]);
		jw_bytes(w, key, a->values.v[i].ptr, a->values.v[i].len);
		free(key);
	}
	jw_close(w, '}');
	if (a->gone.n == 0)
		return;
	jw_open(w, "delete", '[');
	for (size_t i = 0; i < a->gone.n; i++)
		jw_bytes(w, NULL, a->gone.v[i].ptr, a->gone.v[i].len);
	jw_close(w, ']');
}

/*
 * An index that the target does not have yet is made later, of a catalogue that
 * is younger than this.
 */
static void
alter(struct reader *r, const struct rec *rec)
{
	int index = rec->msg.kind == MSG_ALTER_INDEX;
	const struct view_coll *v = named(r, rec, rec->msg.coll);
	const struct view_item *x = NULL;
	struct alter a = { 0 };
	struct err e = { 0 };
	struct jsonw *w;
	char *name;

	if (rec->format->alter(&rec->m, &rec->msg, &a, &e) == -1)
		reader_undecodable(r, rec, &e);
	else if (v != NULL) {
		name = text(a.name);
		x = index ? view_find_name(&v->indexes, name) : NULL;
		if (!index || x != NULL) {
			w = open_line(
			    r, index ? OP_ALTER_INDEX : OP_ALTER_FIELD, rec, v);
			jw_str(w, "field", index ? x->field : name);
			if (index) {
				jw_str(w, "index", x->name);
				jw_i64s(w, "index_id", x->id);
			}
			changes(&a, w);
			if (rec->late)
				jw_bool(w, "late", 1);
			reader_src(r, rec, w);
			emit_close(&r->emit, 0);
		}
		free(name);
	}
	alter_fini(&a);
}

/*
 * "delete" of a line, if it is not empty: what went and the catalogue does not
 * have again.
 */
static int
write_away(struct jsonw *w, const struct alter *a, const struct kvs *props)
{
	int any = 0;

	for (size_t i = 0; i < a->gone.n; i++) {
		char *key = text(a->gone.v[i]);

		if (kvs_get(props, key) == NULL) {
			if (!any)
				jw_open(w, "delete", '[');
			jw_str(w, NULL, key);
			any = 1;
		}
		free(key);
	}
	if (any)
		jw_close(w, ']');
	return any;
}

static const struct view_db *
named_db(const struct view *v, struct span name)
{
	for (size_t i = 0; i < v->n_dbs; i++)
		if (strlen(v->dbs[i].name) == name.len &&
		    memcmp(v->dbs[i].name, name.ptr, name.len) == 0)
			return &v->dbs[i];
	return NULL;
}

static struct jsonw *
open_db(struct reader *r, const struct rec *rec, const struct view_db *db)
{
	struct jsonw *w = emit_open(&r->emit, OP_ALTER_DATABASE, rec->ts);

	jw_str(w, "db", db->name);
	jw_i64s(w, "db_id", db->id);
	return w;
}

/*
 * Which properties went before the catalogue was first read: it has what is
 * there, and tells of what goes later. A line that nothing is to go in is not
 * written: emit_open drops it.
 */
static void
properties(struct reader *r, const struct rec *rec)
{
	int of_db = rec->msg.kind == MSG_ALTER_DATABASE;
	const struct view_coll *v = view_coll(&r->view, rec->msg.coll_id);
	const struct view_db *db = named_db(&r->view, rec->msg.db);
	const struct kvs *props;
	struct alter a = { 0 };
	struct err e = { 0 };
	struct jsonw *w;

	if (rec->ts > r->cat.ts || (of_db ? db == NULL : v == NULL))
		return;
	props = of_db ? &db->props : &v->props;
	if (rec->format->alter(&rec->m, &rec->msg, &a, &e) == -1) {
		reader_undecodable(r, rec, &e);
	} else {
		w = of_db ? open_db(r, rec, db)
			  : open_line(r, OP_ALTER_COLLECTION, rec, v);
		kvs_to_json(props, w, "properties");
		if (write_away(w, &a, props)) {
			if (rec->late)
				jw_bool(w, "late", 1);
			emit_close(&r->emit, 0);
		}
	}
	alter_fini(&a);
}

/* What is given is in the catalogue; what was taken is not there any more. */
static void
take(struct reader *r, const struct rec *rec)
{
	enum { TEXTS = 6 };
	struct removal x;
	struct err e = { 0 };
	char *v[TEXTS];

	if (rec->format->removal(&rec->m, &rec->msg, &x, &e) == -1) {
		reader_undecodable(r, rec, &e);
		return;
	}
	if (x.none)
		return;
	v[0] = text(x.user);
	v[1] = text(x.role);
	v[2] = text(x.object);
	v[3] = text(x.object_name);
	v[4] = text(x.privilege);
	v[5] = x.db.len == 0 ? x_strdup(DEFAULT_DB) : text(x.db);
	if (rec->msg.kind == MSG_ALTER_PRIVILEGE)
		rbac_revoked(r->rbac, rec->ts, v[1], v + 2);
	else if (rec->msg.kind == MSG_ALTER_USER_ROLE)
		rbac_role_taken(r->rbac, rec->ts, v[0], v[1]);
	else
		rbac_dropped(r->rbac, rec->ts, rec->msg.kind == MSG_DROP_USER,
		    v[0][0] ? v[0] : v[1]);
	for (int i = 0; i < TEXTS; i++)
		free(v[i]);
}

void
reader_request(struct reader *r, const struct rec *rec)
{
	if (rec->format->flush == NULL)
		flush_id(r, rec);
	else if (rec->msg.kind == MSG_FLUSH)
		flush(r, rec);
	else if (rec->msg.kind == MSG_ALTER_INDEX ||
		 rec->msg.kind == MSG_ALTER_FIELD)
		alter(r, rec);
	else if (rec->msg.kind == MSG_ALTER_COLLECTION ||
		 rec->msg.kind == MSG_ALTER_DATABASE)
		properties(r, rec);
	else if (r->rbac != NULL)
		take(r, rec);
}

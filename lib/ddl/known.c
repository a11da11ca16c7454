#include "ddl/known.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "codec/json_write.h"

void
view_items_fini(struct view_items *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->v[i].name);
		free(s->v[i].field);
	}
	free(s->v);
	memset(s, 0, sizeof *s);
}

struct view_item *
view_find(const struct view_items *s, int64_t id)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].id == id)
			return &s->v[i];
	return NULL;
}

struct view_item *
view_find_name(const struct view_items *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i].name, name) == 0)
			return &s->v[i];
	return NULL;
}

struct view_item *
view_put(struct view_items *s, int64_t id, const char *name, const char *field)
{
	struct view_item *x;

	s->v = x_grow(s->v, s->n, &s->cap, sizeof *s->v);
	x = &s->v[s->n++];
	memset(x, 0, sizeof *x);
	x->id = id;
	x->name = x_strdup(name);
	x->field = field == NULL ? NULL : x_strdup(field);
	return x;
}

void
view_cut(struct view_items *s, struct view_item *item)
{
	size_t i = (size_t)(item - s->v);

	free(item->name);
	free(item->field);
	memmove(item, item + 1, (s->n - i - 1) * sizeof *item);
	s->n--;
}

static void
coll_free(struct view_coll *c)
{
	free(c->db);
	free(c->name);
	free(c->as);
	view_items_fini(&c->parts);
	view_items_fini(&c->aliases);
	view_items_fini(&c->indexes);
	view_items_fini(&c->loaded);
	view_items_fini(&c->released);
	kvs_fini(&c->props);
	free(c);
}

void
view_fini(struct view *v)
{
	for (size_t i = 0; i < v->n_colls; i++)
		coll_free(v->colls[i]);
	for (size_t i = 0; i < v->n_dbs; i++) {
		free(v->dbs[i].name);
		kvs_fini(&v->dbs[i].props);
	}
	free(v->colls);
	free(v->dbs);
	free(v->gone);
	free(v->gone_dbs);
	view_items_fini(&v->unsure);
	memset(v, 0, sizeof *v);
}

static size_t
place(const struct view *v, int64_t id)
{
	size_t lo = 0, hi = v->n_colls;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (v->colls[mid]->id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct view_coll *
view_coll(const struct view *v, int64_t id)
{
	size_t i = place(v, id);

	return i < v->n_colls && v->colls[i]->id == id ? v->colls[i] : NULL;
}

struct view_coll *
view_by_name(const struct view *v, const char *db, const char *name)
{
	for (size_t i = 0; i < v->n_colls; i++)
		if (strcmp(v->colls[i]->name, name) == 0 &&
		    strcmp(v->colls[i]->db, db) == 0)
			return v->colls[i];
	return NULL;
}

/*
 * Takes the id out of the drops since the last tick, because a tick has only
 * the last state of an object.
 */
static void
unsay(int64_t *gone, size_t *n, int64_t id)
{
	size_t left = 0;

	for (size_t i = 0; i < *n; i++)
		if (gone[i] != id)
			gone[left++] = gone[i];
	*n = left;
}

struct view_coll *
view_add(struct view *v, int64_t id, const char *db, const char *name)
{
	size_t i = place(v, id);
	struct view_coll *c = x_calloc(1, sizeof *c);

	v->colls = x_grow(
	    v->colls, v->n_colls, &v->colls_cap, sizeof(struct view_coll *));
	memmove(v->colls + i + 1, v->colls + i,
	    (v->n_colls - i) * sizeof(struct view_coll *));
	v->colls[i] = c;
	v->n_colls++;
	unsay(v->gone, &v->n_gone, id);
	c->id = id;
	c->db = x_strdup(db);
	c->name = x_strdup(name);
	c->changed = c->dirty = 1;
	return c;
}

void
view_forget(struct view *v, int64_t id)
{
	size_t i = place(v, id);

	if (i == v->n_colls || v->colls[i]->id != id)
		return;
	coll_free(v->colls[i]);
	memmove(v->colls + i, v->colls + i + 1,
	    (v->n_colls - i - 1) * sizeof(struct view_coll *));
	v->n_colls--;
}

void
view_drop(struct view *v, int64_t id)
{
	view_forget(v, id);
	unsay(v->gone, &v->n_gone, id);
	v->gone = x_grow(v->gone, v->n_gone, &v->gone_cap, sizeof *v->gone);
	v->gone[v->n_gone++] = id;
}

void
view_rename(struct view_coll *c, const char *db, const char *name)
{
	char *d = x_strdup(db), *n = x_strdup(name);

	if (c->as == NULL)
		c->as = x_asprintf("%s.%s", c->db, c->name);
	free(c->db);
	free(c->name);
	c->db = d;
	c->name = n;
	c->changed = 1;
}

struct view_db *
view_db(const struct view *v, int64_t id)
{
	for (size_t i = 0; i < v->n_dbs; i++)
		if (v->dbs[i].id == id)
			return &v->dbs[i];
	return NULL;
}

void
view_add_db(struct view *v, int64_t id, const char *name)
{
	v->dbs = x_grow(v->dbs, v->n_dbs, &v->dbs_cap, sizeof *v->dbs);
	v->dbs[v->n_dbs++] = (struct view_db){
		.id = id,
		.name = x_strdup(name),
		.changed = 1,
	};
	unsay(v->gone_dbs, &v->n_gone_dbs, id);
}

void
view_drop_db(struct view *v, int64_t id)
{
	struct view_db *d = view_db(v, id);

	if (d == NULL)
		return;
	free(d->name);
	kvs_fini(&d->props);
	*d = v->dbs[--v->n_dbs];
	v->gone_dbs = x_grow(
	    v->gone_dbs, v->n_gone_dbs, &v->gone_dbs_cap, sizeof *v->gone_dbs);
	v->gone_dbs[v->n_gone_dbs++] = id;
}

int
view_changed(const struct view *v)
{
	if (v->n_gone > 0 || v->n_gone_dbs > 0 || v->done_changed)
		return 1;
	for (size_t i = 0; i < v->n_colls; i++)
		if (v->colls[i]->changed)
			return 1;
	for (size_t i = 0; i < v->n_dbs; i++)
		if (v->dbs[i].changed)
			return 1;
	return 0;
}

static const char *
key_of(char s[static 32], const char *prefix, int64_t id)
{
	snprintf(s, 32, "%s%" PRId64, prefix, id);
	return s;
}

static void
names_to_json(const struct view_items *s, struct jsonw *w, const char *key)
{
	jw_open(w, key, '[');
	for (size_t i = 0; i < s->n; i++)
		jw_str(w, NULL, s->v[i].name);
	jw_close(w, ']');
}

static void
load_to_json(const struct view_coll *c, struct jsonw *w)
{
	static const char *const words[] = { [VIEW_LOAD_NONE] = "none",
		[VIEW_LOAD_ALL] = "all",
		[VIEW_LOAD_UNSURE] = "unsure" };

	if (c->load == VIEW_LOAD_PARTS)
		names_to_json(&c->loaded, w, "load");
	else
		jw_str(w, "load", words[c->load]);
	if (c->released.n > 0)
		names_to_json(&c->released, w, "released");
}

static void
imported_to_json(const struct view_imports *m, struct jsonw *w)
{
	jw_open(w, "imported", '{');
	jw_i64(w, "imports", m->n);
	jw_i64(w, "rows", m->rows);
	jw_i64(w, "rev", m->rev);
	jw_u64s(w, "ts", m->ts);
	jw_close(w, '}');
}

static void
imported_from_json(struct view_imports *m, const json_t *j)
{
	const char *ts = json_string_value(json_object_get(j, "ts"));
	struct err ignored;

	m->n = json_integer_value(json_object_get(j, "imports"));
	m->rows = json_integer_value(json_object_get(j, "rows"));
	m->rev = json_integer_value(json_object_get(j, "rev"));
	if (ts == NULL || num_u64(ts, 0, UINT64_MAX, &m->ts, &ignored) == -1)
		m->ts = 0;
}

/* {"name":"db.coll","parts":{…},"aliases":[…],"load":…,"indexes":{…}} */
static void
coll_to_json(const struct view_coll *c, struct jsonw *w)
{
	char key[32];
	char *name = x_asprintf("%s.%s", c->db, c->name);

	jw_open(w, key_of(key, "", c->id), '{');
	jw_str(w, "name", name);
	if (c->as != NULL && strcmp(c->as, name) != 0)
		jw_str(w, "as", c->as);
	free(name);
	if (c->partial)
		jw_bool(w, "partial", 1);
	if (c->imported.n > 0)
		imported_to_json(&c->imported, w);
	jw_open(w, "parts", '{');
	for (size_t i = 0; i < c->parts.n; i++)
		jw_str(
		    w, key_of(key, "", c->parts.v[i].id), c->parts.v[i].name);
	jw_close(w, '}');
	if (c->aliases.n > 0)
		names_to_json(&c->aliases, w, "aliases");
	load_to_json(c, w);
	if (c->indexes.n > 0) {
		jw_open(w, "indexes", '{');
		for (size_t i = 0; i < c->indexes.n; i++) {
			jw_open(w, key_of(key, "", c->indexes.v[i].id), '[');
			jw_str(w, NULL, c->indexes.v[i].field);
			jw_str(w, NULL, c->indexes.v[i].name);
			jw_close(w, ']');
		}
		jw_close(w, '}');
	}
	if (c->maybe)
		jw_bool(w, "maybe", 1);
	jw_close(w, '}');
}

void
view_to_json(struct view *v, struct jsonw *w, const char *name, int whole)
{
	char key[32];

	jw_open(w, name, '{');
	for (size_t i = 0; i < v->n_dbs; i++) {
		if (!whole && !v->dbs[i].changed)
			continue;
		jw_open(w, key_of(key, "db:", v->dbs[i].id), '{');
		jw_str(w, "name", v->dbs[i].name);
		jw_close(w, '}');
		v->dbs[i].changed = 0;
	}
	for (size_t i = 0; i < v->n_gone_dbs; i++)
		jw_null(w, key_of(key, "db:", v->gone_dbs[i]));
	for (size_t i = 0; i < v->n_colls; i++) {
		if (!whole && !v->colls[i]->changed)
			continue;
		coll_to_json(v->colls[i], w);
		v->colls[i]->changed = 0;
	}
	for (size_t i = 0; i < v->n_gone; i++)
		jw_null(w, key_of(key, "", v->gone[i]));
	v->n_gone = v->n_gone_dbs = 0;
	view_done_to_json(v, w, whole);
	jw_close(w, '}');
}

static int
items_from_json(struct view_items *s, json_t *j, struct err *e)
{
	const char *key;
	json_t *x;

	json_object_foreach(j, key, x)
	{
		int64_t id;
		const char *field = NULL, *name = json_string_value(x);

		if (json_is_array(x)) {
			field = json_string_value(json_array_get(x, 0));
			name = json_string_value(json_array_get(x, 1));
		}
		if (num_i64(key, 0, INT64_MAX, &id, e) == -1)
			return -1;
		if (name == NULL || (json_is_array(x) && field == NULL))
			return err_set(e, ERR_DATA, "'%s' has no name", key);
		view_put(s, id, name, field);
	}
	return 0;
}

/* Takes the partitions of the collection whose names are in the list j. */
static void
parts_from_json(
    const struct view_coll *c, const json_t *j, struct view_items *to)
{
	size_t i;
	json_t *x;

	json_array_foreach(j, i, x)
	{
		const char *name = json_string_value(x);
		const struct view_item *p =
		    name == NULL ? NULL : view_find_name(&c->parts, name);

		if (p != NULL)
			view_put(to, p->id, name, NULL);
	}
}

static void
load_from_json(struct view_coll *c, const json_t *j)
{
	const json_t *load = json_object_get(j, "load");
	const char *s = json_string_value(load);

	c->load = VIEW_LOAD_NONE;
	if (json_is_array(load))
		c->load = VIEW_LOAD_PARTS;
	else if (s != NULL && strcmp(s, "all") == 0)
		c->load = VIEW_LOAD_ALL;
	else if (s != NULL && strcmp(s, "unsure") == 0)
		c->load = VIEW_LOAD_UNSURE;
	parts_from_json(c, load, &c->loaded);
	parts_from_json(c, json_object_get(j, "released"), &c->released);
}

static int
coll_from_json(struct view *v, int64_t id, json_t *j, struct err *e)
{
	const char *name = json_string_value(json_object_get(j, "name"));
	const char *dot = name == NULL ? NULL : strchr(name, '.');
	const char *as = json_string_value(json_object_get(j, "as"));
	struct view_coll *c;
	json_t *x;
	size_t i;
	char *db;

	if (dot == NULL)
		return err_set(e, ERR_DATA, "'name' is not db.coll");
	db = x_strndup(name, (size_t)(dot - name));
	c = view_add(v, id, db, dot + 1);
	c->changed = 0;
	c->as = as == NULL ? NULL : x_strdup(as);
	c->maybe = json_is_true(json_object_get(j, "maybe"));
	c->partial = json_is_true(json_object_get(j, "partial"));
	imported_from_json(&c->imported, json_object_get(j, "imported"));
	free(db);
	if (items_from_json(&c->parts, json_object_get(j, "parts"), e) == -1 ||
	    items_from_json(&c->indexes, json_object_get(j, "indexes"), e) ==
		-1)
		return -1;
	json_array_foreach(
	    json_object_get(j, "aliases"), i, x) if (json_is_string(x))
	    view_put(&c->aliases, 0, json_string_value(x), NULL);
	load_from_json(c, j);
	return 0;
}

int
view_from_json(struct view *v, json_t *known, struct err *e)
{
	const char *key;
	json_t *x;

	json_object_foreach(known, key, x)
	{
		int is_db = strncmp(key, "db:", 3) == 0;
		int64_t id;
		int rc = 0;

		if (json_is_null(x) || view_done_from_json(v, key, x))
			continue;
		if (num_i64(is_db ? key + 3 : key, 0, INT64_MAX, &id, e) == -1)
			rc = -1;
		else if (!is_db)
			rc = coll_from_json(v, id, x, e);
		else if (json_is_string(json_object_get(x, "name"))) {
			view_add_db(v, id,
			    json_string_value(json_object_get(x, "name")));
			v->dbs[v->n_dbs - 1].changed = 0;
		}
		if (rc == -1)
			return err_wrap(e, "known '%s'", key);
	}
	return 0;
}

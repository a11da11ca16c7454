#include <string.h>

#include "ddl/known.h"
#include "ddl/priv.h"
#include "model/op_write.h"

/*
 * Fields, from one schema of a collection to the next. They are the same by
 * their ids: a name may come back, for another field.
 */

static struct jsonw *
open_field(struct ddl *d, enum opname op, uint64_t ts,
    const struct view_coll *v, const char *name)
{
	struct jsonw *w = ddl_open_coll(d, op, ts, v->db, v->name, v->id);

	jw_str(w, "field", name);
	return w;
}

static void
drop(struct ddl *d, uint64_t ts, const struct view_coll *v, const char *name,
    int64_t id)
{
	struct jsonw *w = open_field(d, OP_DROP_FIELD, ts, v, name);

	jw_i64s(w, "field_id", id);
	emit_close(d->c.emit, 0);
}

static void
add(struct ddl *d, uint64_t ts, const struct view_coll *v,
    const struct field *f)
{
	struct jsonw *w = open_field(d, OP_ADD_FIELD, ts, v, f->name);

	jw_i64s(w, "field_id", f->id);
	field_to_json(f, w, "schema");
	emit_close(d->c.emit, 0);
}

/* The dynamic field is in no list of fields. */
static void
add_dynamic(struct ddl *d, uint64_t ts, const struct view_coll *v, int64_t id)
{
	char name[] = "$meta";
	struct field f = { .id = id, .name = name, .type = TYPE_JSON };

	add(d, ts, v, &f);
}

static const char *
text(const char *s)
{
	return s == NULL ? "" : s;
}

/* All but parameters and descriptions, which a call can change. */
static int
is_another(const struct field *f, const struct field *g)
{
	return strcmp(f->name, g->name) != 0 || f->type != g->type ||
	       f->elem != g->elem || f->primary_key != g->primary_key ||
	       f->auto_id != g->auto_id || f->nullable != g->nullable ||
	       f->partition_key != g->partition_key ||
	       f->clustering_key != g->clustering_key ||
	       f->function_output != g->function_output ||
	       strcmp(text(f->default_json), text(g->default_json)) != 0;
}

static void
alter(struct ddl *d, uint64_t ts, const struct view_coll *v,
    const struct field *was, const struct field *is)
{
	int described = strcmp(text(was->description), text(is->description));
	int another = is_another(was, is);
	struct kvs set = { 0 };
	struct jsonw *w;

	if (!described && !another && kvs_equal(&was->params, &is->params))
		return;
	for (size_t i = 0; i < is->params.n; i++) {
		const struct kv *p = &is->params.v[i];
		const char *old = kvs_get(&was->params, p->key);

		if (old == NULL || strcmp(old, p->value) != 0)
			kvs_set(&set, p->key, p->value);
	}
	w = open_field(d, OP_ALTER_FIELD, ts, v, was->name);
	kvs_to_json(&set, w, "params");
	kvs_fini(&set);
	ddl_line_away(w, &was->params, &is->params);
	if (described)
		jw_str(w, "description", text(is->description));
	if (another)
		field_to_json(is, w, "schema");
	emit_close(d->c.emit, 0);
}

void
ddl_fields(struct ddl *d, uint64_t ts, const struct view_coll *v,
    const struct schema *was, const struct schema *is)
{
	for (size_t i = 0; i < was->n; i++)
		if (schema_by_id(is, was->v[i].id) == NULL)
			drop(d, ts, v, was->v[i].name, was->v[i].id);
	if (was->dynamic && !is->dynamic)
		drop(d, ts, v, "$meta", was->dynamic_id);
	if (is->dynamic && !was->dynamic)
		add_dynamic(d, ts, v, is->dynamic_id);
	for (size_t i = 0; i < is->n; i++) {
		const struct field *f = schema_by_id(was, is->v[i].id);

		if (f == NULL)
			add(d, ts, v, &is->v[i]);
		else
			alter(d, ts, v, f, &is->v[i]);
	}
}

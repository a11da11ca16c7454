#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "model/types.h"
#include "verify/priv.h"

static void
type_text(const struct field *f, char *s, size_t n)
{
	const struct type_info *t = type_info(f->type), *u = type_info(f->elem);
	char num[16], elem[16];

	snprintf(num, sizeof num, "%d", f->type);
	snprintf(elem, sizeof elem, "%d", f->elem);
	if (f->type == TYPE_ARRAY)
		snprintf(s, n, "Array of %s", u == NULL ? elem : u->name);
	else
		snprintf(s, n, "%s", t == NULL ? num : t->name);
}

/* The value of a field on one side, under "source" or "target". */
static void
field_json(struct verify *v, const char *key, const struct field *f)
{
	char type[64];

	type_text(f, type, sizeof type);
	jw_open(&v->w, key, '{');
	jw_str(&v->w, "type", type);
	if (f->primary_key)
		jw_bool(&v->w, "primary_key", 1);
	if (f->partition_key)
		jw_bool(&v->w, "partition_key", 1);
	if (f->clustering_key)
		jw_bool(&v->w, "clustering_key", 1);
	if (f->nullable)
		jw_bool(&v->w, "nullable", 1);
	if (f->default_json != NULL)
		jw_raw(
		    &v->w, "default", f->default_json, strlen(f->default_json));
	if (f->description != NULL && f->description[0] != '\0')
		jw_str(&v->w, "description", f->description);
	kvs_to_json(&f->params, &v->w, "params");
	jw_close(&v->w, '}');
}

static int
same_text(const char *a, const char *b)
{
	return strcmp(a == NULL ? "" : a, b == NULL ? "" : b) == 0;
}

/* auto_id is not compared, since the target keeps the source's keys. */
static int
same_field(const struct field *f, const struct field *g)
{
	return f->type == g->type &&
	       (f->type != TYPE_ARRAY || f->elem == g->elem) &&
	       f->primary_key == g->primary_key &&
	       f->partition_key == g->partition_key &&
	       f->clustering_key == g->clustering_key &&
	       f->nullable == g->nullable &&
	       same_text(f->default_json, g->default_json) &&
	       same_text(f->description, g->description) &&
	       kvs_equal(&f->params, &g->params);
}

static void
field_line(struct verify *v, const struct pair *p, const char *name,
    const struct field *f, const struct field *g)
{
	diff_open(v, "field", p->db, p->name);
	jw_str(&v->w, "field", name);
	if (f != NULL)
		field_json(v, "source", f);
	if (g != NULL)
		field_json(v, "target", g);
	diff_close(v, f == NULL ? "extra" : g == NULL ? "missing" : "differs");
}

static void
fields(struct verify *v, const struct pair *p)
{
	const struct schema *a = &p->coll[SRC]->schema;
	const struct schema *b = &p->coll[DST]->schema;

	for (size_t i = 0; i < a->n; i++) {
		const struct field *g = schema_field(b, a->v[i].name);

		if (g == NULL || !same_field(&a->v[i], g))
			field_line(v, p, a->v[i].name, &a->v[i], g);
	}
	for (size_t i = 0; i < b->n; i++)
		if (schema_field(a, b->v[i].name) == NULL)
			field_line(v, p, b->v[i].name, NULL, &b->v[i]);
}

/* Compares a number or text that each side has for the collection. */
static void
trait(struct verify *v, const struct pair *p, const char *what, const char *a,
    const char *b)
{
	diff_values(v, "collection", p, "what", what, a == NULL ? "" : a,
	    b == NULL ? "" : b);
}

static void
numbers(struct verify *v, const struct pair *p, const char *what, int64_t a,
    int64_t b)
{
	char x[24], y[24];

	snprintf(x, sizeof x, "%" PRId64, a);
	snprintf(y, sizeof y, "%" PRId64, b);
	trait(v, p, what, x, y);
}

static void
traits(struct verify *v, const struct pair *p)
{
	const struct coll *a = p->coll[SRC], *b = p->coll[DST];

	trait(
	    v, p, "description", a->schema.description, b->schema.description);
	trait(v, p, "dynamic", a->schema.dynamic ? "true" : "false",
	    b->schema.dynamic ? "true" : "false");
	numbers(v, p, "consistency", a->consistency, b->consistency);
	if (a->blank_part && b->blank_part)
		numbers(v, p, "num_partitions", a->num_partitions,
		    b->num_partitions);
	if (a->shards != b->shards)
		log_warn("collection '%s.%s' has %d shards at the source and "
			 "%d at the target",
		    p->db, p->name, a->shards, b->shards);
}

static void
properties(struct verify *v, const struct pair *p)
{
	const struct kvs *a = &p->coll[SRC]->properties;
	const struct kvs *b = &p->coll[DST]->properties;

	for (size_t i = 0; i < a->n; i++)
		diff_values(v, "property", p, "property", a->v[i].key,
		    a->v[i].value, kvs_get(b, a->v[i].key));
	for (size_t i = 0; i < b->n; i++)
		if (kvs_get(a, b->v[i].key) == NULL)
			diff_values(v, "property", p, "property", b->v[i].key,
			    NULL, b->v[i].value);
}

static void
aliases(struct verify *v, const struct pair *p)
{
	struct textset t[2] = { { 0 } };

	for (int s = SRC; s <= DST; s++)
		for (size_t i = 0; i < p->coll[s]->naliases; i++)
			textset_add(&t[s], p->coll[s]->aliases[i]);
	diff_texts(v, "alias", p, "alias", &t[SRC], &t[DST]);
	textset_fini(&t[SRC]);
	textset_fini(&t[DST]);
}

static const struct vindex *
index_named(const struct vindexes *x, const char *name)
{
	for (size_t i = 0; i < x->n; i++)
		if (strcmp(x->v[i].name, name) == 0)
			return &x->v[i];
	return NULL;
}

static void
index_json(struct verify *v, const char *key, const struct vindex *x)
{
	jw_open(&v->w, key, '{');
	jw_str(&v->w, "field", x->field);
	kvs_to_json(&x->params, &v->w, "params");
	jw_close(&v->w, '}');
}

static void
index_line(struct verify *v, const struct pair *p, const char *name,
    const struct vindex *a, const struct vindex *b)
{
	diff_open(v, "index", p->db, p->name);
	jw_str(&v->w, "index", name);
	if (a != NULL)
		index_json(v, "source", a);
	if (b != NULL)
		index_json(v, "target", b);
	diff_close(v, a == NULL ? "extra" : b == NULL ? "missing" : "differs");
}

static int
indexes(struct verify *v, const struct pair *p, struct err *e)
{
	struct vindexes x[2] = { { 0 } };
	int rc = 0;

	for (int s = SRC; s <= DST && rc != -1; s++)
		rc = ask_indexes(&v->side[s], p->dbs[s], p->names[s], &x[s], e);
	for (size_t i = 0; rc != -1 && i < x[SRC].n; i++) {
		const struct vindex *a = &x[SRC].v[i];
		const struct vindex *b = index_named(&x[DST], a->name);

		if (b == NULL || strcmp(a->field, b->field) != 0 ||
		    !kvs_equal(&a->params, &b->params))
			index_line(v, p, a->name, a, b);
	}
	for (size_t i = 0; rc != -1 && i < x[DST].n; i++)
		if (index_named(&x[SRC], x[DST].v[i].name) == NULL)
			index_line(v, p, x[DST].v[i].name, NULL, &x[DST].v[i]);
	vindexes_fini(&x[SRC]);
	vindexes_fini(&x[DST]);
	return rc == -1 ? -1 : 0;
}

static void
load_json(struct verify *v, const char *key, const struct vload *l)
{
	if (!l->any || l->all) {
		jw_str(&v->w, key, l->any ? "all" : "none");
		return;
	}
	jw_open(&v->w, key, '[');
	for (size_t i = 0; i < l->parts.n; i++)
		jw_str(&v->w, NULL, l->parts.v[i]);
	jw_close(&v->w, ']');
}

static int
same_texts(const struct textset *a, const struct textset *b)
{
	if (a->n != b->n)
		return 0;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->v[i], b->v[i]) != 0)
			return 0;
	return 1;
}

static int
loads(struct verify *v, struct pair *p, struct err *e)
{
	const struct vload *a = &p->load[SRC], *b = &p->load[DST];

	for (int s = SRC; s <= DST; s++)
		if (ask_load(v->side[s].m, p->dbs[s], p->names[s], &p->parts[s],
			&p->load[s], e) == -1)
			return -1;
	if (a->any != b->any || a->all != b->all ||
	    (!a->all && !same_texts(&a->parts, &b->parts))) {
		diff_open(v, "load", p->db, p->name);
		load_json(v, "source", a);
		load_json(v, "target", b);
		diff_close(v, "differs");
	} else if (a->any && a->replicas != b->replicas) {
		log_warn("collection '%s.%s' is loaded with %d replicas at the "
			 "source and %d at the target",
		    p->db, p->name, a->replicas, b->replicas);
	}
	return 0;
}

void
verify_schema(struct verify *v, const struct pair *p)
{
	traits(v, p);
	fields(v, p);
}

void
verify_schemas(struct coll *source, struct coll *target, struct textset *lines)
{
	struct verify v = { .hold = lines };
	struct pair p = { .db = source->db,
		.name = source->name,
		.coll = { source, target } };

	verify_schema(&v, &p);
	buf_fini(&v.line);
}

int
verify_catalogue(struct verify *v, struct pair *p, struct err *e)
{
	verify_schema(v, p);
	properties(v, p);
	aliases(v, p);
	diff_texts(v, "partition", p, "part", &p->parts[SRC], &p->parts[DST]);
	return indexes(v, p, e) == -1 ? -1 : loads(v, p, e);
}

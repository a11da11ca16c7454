#include "model/schema.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common.pb-c.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "codec/json_write.h"
#include "codec/pb_text.h"

static void
field_fini(struct field *f)
{
	free(f->name);
	free(f->description);
	free(f->default_json);
	kvs_fini(&f->params);
}

void
schema_fini(struct schema *s)
{
	for (size_t i = 0; i < s->n; i++)
		field_fini(&s->v[i]);
	free(s->v);
	free(s->description);
	memset(s, 0, sizeof *s);
}

static struct field *
add(struct schema *s)
{
	s->v = x_grow(s->v, s->n, &s->cap, sizeof *s->v);
	memset(&s->v[s->n], 0, sizeof *s->v);
	return &s->v[s->n++];
}

static char *
dup_or_null(const char *s)
{
	return s == NULL ? NULL : x_strdup(s);
}

void
schema_put(struct schema *s, const struct field *g)
{
	struct field *f = add(s);

	*f = *g;
	f->name = x_strdup(g->name);
	f->description = dup_or_null(g->description);
	f->default_json = dup_or_null(g->default_json);
	memset(&f->params, 0, sizeof f->params);
	kvs_copy(&f->params, &g->params);
}

void
schema_copy(struct schema *to, const struct schema *from)
{
	*to = *from;
	to->v = NULL;
	to->n = to->cap = 0;
	to->description = dup_or_null(from->description);
	for (size_t i = 0; i < from->n; i++)
		schema_put(to, &from->v[i]);
}

void
schema_cut(struct schema *s, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i].name, name) == 0)
			field_fini(&s->v[i]);
		else
			s->v[n++] = s->v[i];
	s->n = n;
}

const struct field *
schema_field(const struct schema *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i].name, name) == 0)
			return &s->v[i];
	return NULL;
}

const struct field *
schema_by_id(const struct schema *s, int64_t id)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].id == id)
			return &s->v[i];
	return NULL;
}

const struct field *
schema_pk(const struct schema *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].primary_key)
			return &s->v[i];
	return NULL;
}

const struct field *
schema_partition_key(const struct schema *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].partition_key)
			return &s->v[i];
	return NULL;
}

size_t
field_dim(const struct field *f)
{
	const char *dim = kvs_get(&f->params, "dim");
	struct err e;
	int64_t v;

	if (dim == NULL || num_i64(dim, 1, TYPE_MAX_DIM, &v, &e) == -1)
		return 0;
	return (size_t)v;
}

static int
by_id(const void *a, const void *b)
{
	const struct field *f = a, *g = b;

	return f->id < g->id ? -1 : f->id > g->id;
}

/*
 * A ValueField as {"long":"5"}, by the member of its oneof that is set. NULL if
 * none is.
 */
static char *
default_from_pb(const Pb__ValueField *v)
{
	struct buf b = { 0 };
	struct jsonw w = { .b = &b };

	if (v == NULL || v->data_case == PB__VALUE_FIELD__DATA__NOT_SET)
		return NULL;
	jw_open(&w, NULL, '{');
	if (v->data_case == PB__VALUE_FIELD__DATA_BOOL_DATA)
		jw_bool(&w, "bool", v->bool_data);
	else if (v->data_case == PB__VALUE_FIELD__DATA_INT_DATA)
		jw_i64(&w, "int", v->int_data);
	else if (v->data_case == PB__VALUE_FIELD__DATA_LONG_DATA)
		jw_i64s(&w, "long", v->long_data);
	else if (v->data_case == PB__VALUE_FIELD__DATA_FLOAT_DATA)
		jw_f32(&w, "float", v->float_data);
	else if (v->data_case == PB__VALUE_FIELD__DATA_DOUBLE_DATA)
		jw_f64(&w, "double", v->double_data);
	else if (v->data_case == PB__VALUE_FIELD__DATA_STRING_DATA)
		jw_str(&w, "string", v->string_data);
	else
		jw_bytes(&w, "bytes", v->bytes_data.data, v->bytes_data.len);
	jw_close(&w, '}');
	return buf_take(&b);
}

static void
add_field(struct schema *s, const Pb__FieldSchema *p)
{
	struct field *f;

	if (p->fieldid == 0 || p->fieldid == 1)
		return; /* RowID or Timestamp */
	if (p->is_dynamic || strcmp(p->name, "$meta") == 0) {
		s->dynamic = 1;
		s->dynamic_id = p->fieldid;
		return;
	}
	f = add(s);
	f->id = p->fieldid;
	f->name = x_strdup(p->name);
	f->description = x_strdup(p->description);
	f->type = p->data_type;
	f->elem = p->element_type;
	f->primary_key = p->is_primary_key;
	f->auto_id = p->autoid;
	f->partition_key = p->is_partition_key;
	f->clustering_key = p->is_clustering_key;
	f->nullable = p->nullable;
	f->function_output = p->is_function_output;
	f->default_json = default_from_pb(p->default_value);
	for (size_t i = 0; i < p->n_type_params; i++)
		kvs_set(&f->params, p->type_params[i]->key,
		    p->type_params[i]->value);
	qsort(s->v, s->n, sizeof *s->v, by_id);
}

int
schema_add_pb(struct schema *s, const void *p, size_t len, struct err *e)
{
	Pb__FieldSchema *f =
	    (Pb__FieldSchema *)pb_unpack(&pb__field_schema__descriptor, p, len);

	if (f == NULL)
		return err_set(
		    e, ERR_DATA, "not a FieldSchema (%zu bytes)", len);
	add_field(s, f);
	pb__field_schema__free_unpacked(f, NULL);
	return 0;
}

int
schema_from_pb(struct schema *s, const void *p, size_t len, struct err *e)
{
	Pb__CollectionSchema *c = (Pb__CollectionSchema *)pb_unpack(
	    &pb__collection_schema__descriptor, p, len);

	if (c == NULL)
		return err_set(
		    e, ERR_DATA, "not a CollectionSchema (%zu bytes)", len);
	free(s->description);
	s->description = x_strdup(c->description);
	s->dynamic |= c->enable_dynamic_field;
	s->functions = (int)c->n_functions;
	for (size_t i = 0; i < c->n_fields; i++)
		add_field(s, c->fields[i]);
	pb__collection_schema__free_unpacked(c, NULL);
	return 0;
}

/* A number, or the name of one that JSON cannot write. */
static double
real_of(const json_t *j)
{
	return json_is_string(j) ? strtod(json_string_value(j), NULL)
				 : json_number_value(j);
}

/* The reverse of default_from_pb; strings are borrowed from j. */
static void
default_to_pb(const json_t *j, Pb__ValueField *v)
{
	const json_t *x;
	struct err e;

	pb__value_field__init(v);
	if ((x = json_object_get(j, "bool")) != NULL) {
		v->data_case = PB__VALUE_FIELD__DATA_BOOL_DATA;
		v->bool_data = json_is_true(x);
	} else if ((x = json_object_get(j, "int")) != NULL) {
		v->data_case = PB__VALUE_FIELD__DATA_INT_DATA;
		v->int_data = (int32_t)json_integer_value(x);
	} else if ((x = json_object_get(j, "long")) != NULL) {
		v->data_case = PB__VALUE_FIELD__DATA_LONG_DATA;
		if (json_is_string(x))
			num_i64(json_string_value(x), INT64_MIN, INT64_MAX,
			    &v->long_data, &e);
		else
			v->long_data = json_integer_value(x);
	} else if ((x = json_object_get(j, "float")) != NULL) {
		v->data_case = PB__VALUE_FIELD__DATA_FLOAT_DATA;
		v->float_data = (float)real_of(x);
	} else if ((x = json_object_get(j, "double")) != NULL) {
		v->data_case = PB__VALUE_FIELD__DATA_DOUBLE_DATA;
		v->double_data = real_of(x);
	} else if ((x = json_object_get(j, "string")) != NULL) {
		union {
			const char *from;
			char *to;
		} u = { json_string_value(x) };

		v->data_case = PB__VALUE_FIELD__DATA_STRING_DATA;
		v->string_data = u.to; /* it is only packed, never written to */
	}
}

/* A field to be packed, and all that it points to. */
struct packing {
	Pb__FieldSchema f;
	Pb__KeyValuePair *kv, **kvp;
	Pb__ValueField value;
	json_t *value_json;
};

static void
pack_field(struct packing *p, const struct field *f)
{
	pb__field_schema__init(&p->f);
	p->f.name = f->name;
	p->f.description =
	    f->description == NULL ? p->f.description : f->description;
	p->f.is_primary_key = f->primary_key;
	p->f.data_type = f->type;
	p->f.element_type = f->elem;
	p->f.autoid = f->auto_id;
	p->f.is_partition_key = f->partition_key;
	p->f.is_clustering_key = f->clustering_key;
	p->f.nullable = f->nullable;
	p->kv = x_calloc(f->params.n, sizeof *p->kv);
	p->kvp = x_calloc(f->params.n, sizeof(Pb__KeyValuePair *));
	for (size_t i = 0; i < f->params.n; i++) {
		pb__key_value_pair__init(&p->kv[i]);
		p->kv[i].key = f->params.v[i].key;
		p->kv[i].value = f->params.v[i].value;
		p->kvp[i] = &p->kv[i];
	}
	p->f.n_type_params = f->params.n;
	p->f.type_params = p->kvp;
	if (f->default_json != NULL &&
	    (p->value_json = json_loads(f->default_json, 0, NULL)) != NULL) {
		default_to_pb(p->value_json, &p->value);
		p->f.default_value = &p->value;
	}
}

static void
packing_fini(struct packing *p)
{
	free(p->kv);
	free(p->kvp);
	json_decref(p->value_json);
}

size_t
field_to_pb(const struct field *f, uint8_t **out)
{
	struct packing p = { 0 };
	size_t n;

	pack_field(&p, f);
	n = pb__field_schema__get_packed_size(&p.f);
	*out = x_malloc(n);
	pb__field_schema__pack(&p.f, *out);
	packing_fini(&p);
	return n;
}

size_t
schema_to_pb(const struct schema *s, const char *collection, uint8_t **out)
{
	Pb__CollectionSchema c = PB__COLLECTION_SCHEMA__INIT;
	struct packing *p = x_calloc(s->n, sizeof *p);
	Pb__FieldSchema **f = x_calloc(s->n, sizeof(Pb__FieldSchema *));
	char *name = x_strdup(collection);
	size_t n;

	for (size_t i = 0; i < s->n; i++) {
		pack_field(&p[i], &s->v[i]);
		f[i] = &p[i].f;
	}
	c.name = name;
	c.description = s->description == NULL ? c.description : s->description;
	c.enable_dynamic_field = s->dynamic;
	c.fields = f;
	c.n_fields = s->n;
	n = pb__collection_schema__get_packed_size(&c);
	*out = x_malloc(n);
	pb__collection_schema__pack(&c, *out);
	for (size_t i = 0; i < s->n; i++)
		packing_fini(&p[i]);
	free(p);
	free(f);
	free(name);
	return n;
}

int
field_same(const struct field *f, const struct field *g, struct err *e)
{
	const struct type_info *t = type_info(f->type), *u = type_info(g->type);

	if (f->type != g->type || (f->type == TYPE_ARRAY && f->elem != g->elem))
		return err_set(e, ERR_DATA,
		    "field '%s': type %s (element %d) and %s (element %d)",
		    f->name, t == NULL ? "unknown" : t->name, f->elem,
		    u == NULL ? "unknown" : u->name, g->elem);
	if (f->primary_key != g->primary_key)
		return err_set(e, ERR_DATA,
		    "field '%s' is the primary key in only one", f->name);
	if (f->partition_key != g->partition_key)
		return err_set(e, ERR_DATA,
		    "field '%s' is the partition key in only one", f->name);
	if (f->nullable != g->nullable)
		return err_set(
		    e, ERR_DATA, "field '%s' is nullable in only one", f->name);
	for (size_t i = 0; i < f->params.n; i++) {
		const struct kv *a = &f->params.v[i];
		const char *b = kvs_get(&g->params, a->key);

		if (b == NULL || strcmp(a->value, b) != 0)
			return err_set(e, ERR_DATA,
			    "field '%s': %s '%s' and '%s'", f->name, a->key,
			    a->value, b == NULL ? "" : b);
	}
	if (f->params.n != g->params.n)
		return err_set(e, ERR_DATA,
		    "field '%s': %zu and %zu parameters", f->name, f->params.n,
		    g->params.n);
	return 0;
}

/* Each field of a is in b. */
static int
has_all(const struct schema *a, const struct schema *b, struct err *e)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct field *g = schema_field(b, a->v[i].name);

		if (g == NULL)
			return err_set(e, ERR_DATA,
			    "field '%s' is only in the first", a->v[i].name);
		if (field_same(&a->v[i], g, e) == -1)
			return -1;
	}
	return 0;
}

/* b has no other field, but for those that may be null if nulls is set. */
static int
has_no_more(
    const struct schema *a, const struct schema *b, int nulls, struct err *e)
{
	for (size_t i = 0; i < b->n; i++)
		if (schema_field(a, b->v[i].name) == NULL &&
		    !(nulls && b->v[i].nullable))
			return err_set(e, ERR_DATA,
			    "field '%s' is only in the second", b->v[i].name);
	if (a->dynamic != b->dynamic && !(nulls && b->dynamic))
		return err_set(
		    e, ERR_DATA, "the dynamic field is enabled in only one");
	return 0;
}

int
schema_same(const struct schema *a, const struct schema *b, struct err *e)
{
	return has_all(a, b, e) == -1 ? -1 : has_no_more(a, b, 0, e);
}

int
schema_fits(const struct schema *a, const struct schema *b, struct err *e)
{
	return has_all(a, b, e) == -1 ? -1 : has_no_more(a, b, 1, e);
}

#include "model/schema.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "codec/json_write.h"

/* A type without a known name is written as its number: "type":"#27". */
static void
type_to_json(struct jsonw *w, const char *key, int type)
{
	const struct type_info *t = type_info(type);
	char s[16];

	snprintf(s, sizeof s, "#%d", type);
	jw_str(w, key, t == NULL ? s : t->name);
}

static int
type_from_json(const char *s, int *type, struct err *e)
{
	const struct type_info *t = s == NULL ? NULL : type_by_name(s);
	int64_t v;

	if (t != NULL) {
		*type = t->type;
		return 0;
	}
	if (s == NULL || s[0] != '#' || num_i64(s + 1, 0, 9999, &v, e) == -1)
		return err_set(
		    e, ERR_DATA, "unknown type '%s'", s == NULL ? "" : s);
	*type = (int)v;
	return 0;
}

static void
flag(struct jsonw *w, const char *key, int v)
{
	if (v)
		jw_bool(w, key, 1);
}

void
field_to_json(const struct field *f, struct jsonw *w, const char *key)
{
	jw_open(w, key, '{');
	jw_i64(w, "id", f->id);
	jw_str(w, "name", f->name);
	if (f->description != NULL && f->description[0] != '\0')
		jw_str(w, "description", f->description);
	type_to_json(w, "type", f->type);
	if (f->type == TYPE_ARRAY)
		type_to_json(w, "element_type", f->elem);
	if (f->primary_key) {
		jw_bool(w, "primary_key", 1);
		jw_bool(w, "auto_id", f->auto_id);
	}
	flag(w, "partition_key", f->partition_key);
	flag(w, "clustering_key", f->clustering_key);
	flag(w, "nullable", f->nullable);
	flag(w, "function_output", f->function_output);
	if (f->default_json != NULL)
		jw_raw(w, "default", f->default_json, strlen(f->default_json));
	if (f->params.n > 0)
		kvs_to_json(&f->params, w, "params");
	jw_close(w, '}');
}

void
schema_to_json(const struct schema *s, struct jsonw *w, const char *key)
{
	jw_open(w, key, '{');
	jw_str(w, "description", s->description == NULL ? "" : s->description);
	jw_bool(w, "dynamic", s->dynamic);
	if (s->dynamic_id != 0)
		jw_i64(w, "dynamic_id", s->dynamic_id);
	if (s->functions != 0)
		jw_i64(w, "functions", s->functions);
	jw_open(w, "fields", '[');
	for (size_t i = 0; i < s->n; i++)
		field_to_json(&s->v[i], w, NULL);
	jw_close(w, ']');
	jw_close(w, '}');
}

/* An integer given as a number or a string; 0 if the key is absent. */
static int
get_i64(const json_t *j, const char *key, int64_t *v, struct err *e)
{
	const json_t *x = json_object_get(j, key);

	*v = 0;
	if (x == NULL)
		return 0;
	if (json_is_integer(x)) {
		*v = json_integer_value(x);
		return 0;
	}
	if (json_is_string(x) &&
	    num_i64(json_string_value(x), INT64_MIN, INT64_MAX, v, e) == 0)
		return 0;
	return err_set(e, ERR_DATA, "'%s' is not an integer", key);
}

static int
is_true(const json_t *j, const char *key)
{
	return json_is_true(json_object_get(j, key));
}

static int
field_from_json(struct field *f, const json_t *j, struct err *e)
{
	const char *name = json_string_value(json_object_get(j, "name"));
	const char *d = json_string_value(json_object_get(j, "description"));
	const char *elem =
	    json_string_value(json_object_get(j, "element_type"));
	const json_t *def = json_object_get(j, "default");

	f->name = x_strdup(name == NULL ? "" : name);
	if (f->name[0] == '\0')
		return err_set(e, ERR_DATA, "a field has no name");
	f->description = x_strdup(d == NULL ? "" : d);
	f->primary_key = is_true(j, "primary_key");
	f->auto_id = is_true(j, "auto_id");
	f->partition_key = is_true(j, "partition_key");
	f->clustering_key = is_true(j, "clustering_key");
	f->nullable = is_true(j, "nullable");
	f->function_output = is_true(j, "function_output");
	if (def != NULL && !json_is_null(def))
		f->default_json =
		    json_dumps(def, JSON_COMPACT | JSON_ENCODE_ANY);
	if (get_i64(j, "id", &f->id, e) == -1 ||
	    type_from_json(json_string_value(json_object_get(j, "type")),
		&f->type, e) == -1 ||
	    (elem != NULL && type_from_json(elem, &f->elem, e) == -1) ||
	    kvs_from_json(&f->params, json_object_get(j, "params"), e) == -1)
		return err_wrap(e, "field '%s'", f->name);
	return 0;
}

int
schema_add_json(struct schema *s, const json_t *j, struct err *e)
{
	struct field *f;

	s->v = x_grow(s->v, s->n, &s->cap, sizeof *s->v);
	f = &s->v[s->n++];
	memset(f, 0, sizeof *f);
	if (field_from_json(f, j, e) == -1)
		return -1;
	return schema_field(s, f->name) == f
		   ? 0
		   : err_set(e, ERR_DATA, "field '%s' twice", f->name);
}

int
schema_from_json(struct schema *s, const json_t *j, struct err *e)
{
	const json_t *fields = json_object_get(j, "fields"), *x;
	const char *d = json_string_value(json_object_get(j, "description"));
	int64_t functions;
	size_t i;

	if (!json_is_object(j) || !json_is_array(fields))
		return err_set(e, ERR_DATA, "schema: no 'fields'");
	free(s->description);
	s->description = x_strdup(d == NULL ? "" : d);
	s->dynamic = is_true(j, "dynamic");
	if (get_i64(j, "dynamic_id", &s->dynamic_id, e) == -1 ||
	    get_i64(j, "functions", &functions, e) == -1)
		return err_wrap(e, "schema");
	s->functions = (int)functions;
	json_array_foreach(fields, i, x)
	{
		if (schema_add_json(s, x, e) == -1)
			return err_wrap(e, "schema");
	}
	return 0;
}

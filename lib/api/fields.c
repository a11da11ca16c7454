#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "api/priv.h"

static const char *const type_names[] = {
	[API_STR] = "a string",
	[API_INT] = "an integer",
	[API_BOOL] = "a boolean",
	[API_ANY] = "anything",
	[API_OBJ] = "an object",
	[API_LIST] = "an array",
	[API_MAP] = "an object",
};

static const char *
got(const json_t *v)
{
	static const char *const names[] = { "an object", "an array",
		"a string", "an integer", "a number", "true", "false", "null" };

	return names[json_typeof(v)];
}

static int
is_a(enum api_type t, const json_t *v)
{
	switch (t) {
	case API_STR:
		return json_is_string(v);
	case API_INT: /* 3.0 is 3; 3.9 is no integer */
		return json_is_integer(v) ||
		       (json_is_real(v) &&
			   floor(json_real_value(v)) == json_real_value(v) &&
			   fabs(json_real_value(v)) <= 9007199254740992.0);
	case API_BOOL:
		return json_is_boolean(v);
	case API_ANY:
		return 1;
	case API_LIST:
		return json_is_array(v);
	case API_OBJ:
	case API_MAP:
		break;
	}
	return json_is_object(v);
}

/* The path of the current field in a request: "a.b", shortened if necessary. */
struct field_path {
	char text[3 * API_SHOWN];
};

static struct field_path
below(const struct field_path *p, const char *name)
{
	char cut[API_SHOWN + 1];
	struct field_path q;

	snprintf(q.text, sizeof q.text, "%.*s%s%s", 2 * API_SHOWN - 4, p->text,
	    p->text[0] == '\0' ? "" : ".", api_cut(name, cut));
	return q;
}

static int clean(struct call *c, const struct api_field *f,
    const struct field_path *p, const json_t *v, json_t **out);

static const struct api_field *
find(const struct api_field *f, const char *name)
{
	for (const struct api_field *x = f; x->name != NULL; x++)
		if (strcmp(x->name, name) == 0)
			return x;
	for (const struct api_field *x = f; x->name != NULL; x++)
		if (strcasecmp(x->name, name) == 0)
			return x;
	return NULL;
}

static int
clean_key(struct call *c, const struct api_field *table,
    const struct field_path *p, const char *key, const json_t *v, json_t *out)
{
	const struct api_field *f = find(table, key);
	struct field_path q = below(p, key);
	json_t *x = NULL;

	if (f == NULL) {
		call_warn(c, "field '%s' is not known and ignored", q.text);
		return 0;
	}
	if (strcmp(f->name, key) != 0)
		call_warn(c, "field '%s' is taken for '%s'", q.text, f->name);
	if (json_object_get(out, f->name) != NULL)
		return call_fail(c, 400, "'%s' is there twice", q.text);
	if (clean(c, f, &q, v, &x) == -1)
		return -1;
	if (x != NULL)
		json_object_set_new(out, f->name, x);
	return 0;
}

static int
clean_fields(struct call *c, const struct api_field *table,
    const struct field_path *p, const json_t *v, json_t *out)
{
	const char *key;
	json_t *x;

	json_object_foreach(api_any(v), key, x)
	{
		if (clean_key(c, table, p, key, x, out) == -1)
			return -1;
	}
	return 0;
}

static int
clean_map(struct call *c, const struct api_field *f, const struct field_path *p,
    const json_t *v, json_t *out)
{
	const char *key;
	json_t *x, *y;

	json_object_foreach(api_any(v), key, x)
	{
		struct field_path q = below(p, key);

		y = NULL;
		if (clean(c, f->sub, &q, x, &y) == -1)
			return -1;
		if (y == NULL) /* null is an empty object */
			y = f->sub->type == API_LIST ? json_array()
						     : json_string("");
		json_object_set_new(out, key, y);
	}
	return 0;
}

static int
clean_list(struct call *c, const struct api_field *f,
    const struct field_path *p, const json_t *v, json_t *out)
{
	for (size_t i = 0; i < json_array_size(v); i++) {
		char number[24];
		struct field_path q;
		json_t *y = NULL;

		snprintf(number, sizeof number, "%zu", i);
		q = below(p, number);
		if (clean(c, f->sub, &q, json_array_get(v, i), &y) == -1)
			return -1;
		json_array_append_new(out, y == NULL ? json_object() : y);
	}
	return 0;
}

static json_t *
scalar(enum api_type t, const json_t *v)
{
	if (t == API_INT && json_is_real(v))
		return json_integer((json_int_t)json_real_value(v));
	return json_deep_copy(v);
}

/* For null *out stays NULL, as if the field were absent. */
static int
clean(struct call *c, const struct api_field *f, const struct field_path *p,
    const json_t *v, json_t **out)
{
	int rc = 0;

	if (json_is_null(v))
		return 0;
	if (!is_a(f->type, v))
		return call_fail(c, 400, "'%s' wants %s, got %s", p->text,
		    type_names[f->type], got(v));
	if (f->type < API_OBJ) {
		*out = scalar(f->type, v);
		return 0;
	}
	*out = f->type == API_LIST ? json_array() : json_object();
	if (f->type == API_OBJ)
		rc = clean_fields(c, f->sub, p, v, *out);
	else if (f->sub == NULL) /* any value */
		rc = json_object_update(*out, api_any(v));
	else if (f->type == API_MAP)
		rc = clean_map(c, f, p, v, *out);
	else
		rc = clean_list(c, f, p, v, *out);
	if (rc == -1) {
		json_decref(*out);
		*out = NULL;
	}
	return rc;
}

json_t *
api_clean(struct call *c, const struct api_field *f, const json_t *v)
{
	struct field_path top = { "" };
	json_t *out = json_object();

	if (clean_fields(c, f, &top, v, out) == 0)
		return out;
	json_decref(out);
	return NULL;
}

static json_t *
zero(const struct api_field *f)
{
	switch (f->type) {
	case API_STR:
		return json_string("");
	case API_INT:
		return json_integer(0);
	case API_BOOL:
		return json_false();
	case API_OBJ:
		return api_whole(f->sub, NULL);
	case API_ANY:
	case API_LIST:
	case API_MAP:
		break;
	}
	return json_null();
}

static json_t *whole_value(const struct api_field *f, const json_t *v);

static json_t *
whole_list(const struct api_field *f, const json_t *v)
{
	json_t *out = json_array();

	for (size_t i = 0; i < json_array_size(v); i++)
		json_array_append_new(
		    out, whole_value(f->sub, json_array_get(v, i)));
	return out;
}

static json_t *
whole_map(const struct api_field *f, const json_t *v)
{
	json_t *out = json_object(), *x;
	const char *key;

	json_object_foreach(api_any(v), key, x)
	{
		json_object_set_new(out, key, whole_value(f->sub, x));
	}
	return out;
}

/* The elements of a list or map are objects with fields, or plain values. */
static json_t *
whole_value(const struct api_field *f, const json_t *v)
{
	if (f->type == API_OBJ)
		return api_whole(f->sub, v);
	if (f->sub == NULL || f->type < API_OBJ)
		return json_deep_copy(v);
	return f->type == API_LIST ? whole_list(f, v) : whole_map(f, v);
}

json_t *
api_whole(const struct api_field *f, const json_t *v)
{
	json_t *out = json_object();

	for (; f->name != NULL; f++) {
		const json_t *x = json_object_get(v, f->name);

		if (f->verdict != API_S)
			json_object_set_new(out, f->name,
			    x == NULL ? zero(f) : whole_value(f, x));
	}
	return out;
}

void
api_without_secrets(const struct api_field *f, json_t *v)
{
	for (; f->name != NULL; f++)
		if (f->verdict == API_S)
			json_object_del(v, f->name);
		else if (f->type == API_OBJ)
			api_without_secrets(
			    f->sub, json_object_get(v, f->name));
}

int
api_zero(const json_t *v)
{
	const char *key;
	json_t *x;

	if (v == NULL || json_is_null(v) || json_is_false(v))
		return 1;
	if (json_is_string(v))
		return json_string_length(v) == 0;
	if (json_is_integer(v))
		return json_integer_value(v) == 0;
	if (json_is_array(v))
		return json_array_size(v) == 0;
	if (!json_is_object(v))
		return 0;
	json_object_foreach(api_any(v), key, x)
	{
		if (!api_zero(x))
			return 0;
	}
	return 1;
}

const char *
api_str(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s == NULL ? "" : s;
}

int
api_take(struct order *o, const struct api_field *f, const json_t *v)
{
	for (; f->name != NULL; f++) {
		const json_t *x = json_object_get(v, f->name);

		if (f->take != NULL && f->take(o, x) == -1)
			return -1;
		if (f->verdict == API_W && !api_zero(x))
			call_warn(o->c, "'%s' is ignored: %s", f->name, f->why);
		if (f->verdict == API_R && !api_zero(x))
			return call_fail(
			    o->c, 400, "'%s' is refused: %s", f->name, f->why);
	}
	return 0;
}

int
api_object(struct call *c, const struct api_field *fields, json_t **out)
{
	json_t *j = api_parse(c->q->body, c->q->body_len, &c->e);

	*out = NULL;
	if (j == NULL) {
		c->code = 400;
		return -1;
	}
	if (!json_is_object(j))
		call_fail(c, 400, "the body is no object");
	else
		*out =
		    fields == NULL ? json_incref(j) : api_clean(c, fields, j);
	json_decref(j);
	return *out == NULL ? -1 : 0;
}

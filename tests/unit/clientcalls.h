#ifndef CDC_CLIENTCALLS_H
#define CDC_CLIENTCALLS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "catalogue/cat.h"
#include "clientusers.h"
#include "logfile.h"

/* Calls of a client, tests/data/logs, and whether a catalogue has what they
 * did. */

/* Lines of the file: tests/data/logs/NAME.ndjson. */
static inline json_t *
calls_of(const char *version)
{
	char *name = x_asprintf("%s.calls", version);
	FILE *in = logfile_find(name);
	json_t *all = json_array(), *j;

	assert_non_null(in);
	while ((j = json_loadf(in, JSON_DISABLE_EOF_CHECK, NULL)) != NULL)
		json_array_append_new(all, j);
	assert_true(feof(in));
	fclose(in);
	free(name);
	return all;
}

/* The value as Milvus keeps it: text without quotes. */
static inline int
is_value(const char *have, const json_t *want)
{
	char *text = json_is_string(want)
			 ? x_strdup(json_string_value(want))
			 : json_dumps(want, JSON_ENCODE_ANY | JSON_COMPACT);
	int same = have != NULL && strcmp(have, text) == 0;

	free(text);
	return same;
}

/* All that the client gave, under other names than those in skip. */
static inline int
has_all(const struct kvs *have, const json_t *want, const char *skip)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)want, key, v)
	{
		if (skip != NULL && strstr(skip, key) != NULL)
			continue;
		if (!is_value(kvs_get(have, key), v))
			return 0;
	}
	return 1;
}

static inline int
has_none(const struct kvs *have, const json_t *keys)
{
	size_t i;
	json_t *k;

	json_array_foreach(keys, i,
	    k) if (kvs_get(have, json_string_value(k)) != NULL) return 0;
	return 1;
}

/* The collection of a name, in whatever database. */
static inline struct cat_coll *
coll(const struct cat *c, const char *name)
{
	for (size_t i = 0; i < c->n_colls; i++)
		if (c->colls[i]->state == CAT_CREATED &&
		    strcmp(c->colls[i]->name, name) == 0)
			return c->colls[i];
	return NULL;
}

static inline const struct cat_db *
db(const struct cat *c, const char *name)
{
	for (size_t i = 0; i < c->n_dbs; i++)
		if (c->dbs[i].state == CAT_CREATED &&
		    strcmp(c->dbs[i].name, name) == 0)
			return &c->dbs[i];
	return NULL;
}

static inline int
has_part(const struct cat_coll *c, const char *name)
{
	for (size_t i = 0; c != NULL && i < c->n_parts; i++)
		if (c->parts[i].state == CAT_CREATED &&
		    strcmp(c->parts[i].name, name) == 0)
			return 1;
	return 0;
}

static inline const struct cat_alias *
alias(const struct cat *c, const char *name)
{
	for (size_t i = 0; i < c->n_aliases; i++)
		if (c->aliases[i].state == CAT_CREATED &&
		    strcmp(c->aliases[i].name, name) == 0)
			return &c->aliases[i];
	return NULL;
}

static inline const struct cat_index *
index_of(const struct cat_coll *c, const char *name, const char *field)
{
	for (size_t i = 0; c != NULL && i < c->n_indexes; i++) {
		const struct cat_index *x = &c->indexes[i];

		if (x->state == CAT_CREATED &&
		    (name[0] == '\0' || strcmp(x->name, name) == 0) &&
		    (field == NULL || strcmp(x->field, field) == 0))
			return x;
	}
	return NULL;
}

/* "long_data: 42": what protobuf's text has of a default. */
static inline int
is_default(const char *have, const char *want)
{
	const char *value = strstr(want, "_data: ");
	char *text;
	int same;

	if (value == NULL)
		return have == NULL;
	value += strlen("_data: ");
	value += value[0] == '"';
	text = x_strndup(value, strcspn(value, "\"\n"));
	same = have != NULL &&
	       strncmp(have + 2, want, strcspn(want, "_")) == 0 &&
	       strstr(have, text) != NULL;
	free(text);
	return same;
}

static inline int64_t
number(const json_t *j, const char *key)
{
	return json_integer_value(json_object_get(j, key));
}

/* A FieldSchema of pymilvus. */
static inline int
is_field(const struct field *f, const json_t *want)
{
	return f != NULL && f->type == number(want, "type") &&
	       f->elem == number(want, "element_type") &&
	       f->primary_key == is_true(want, "is_primary") &&
	       f->auto_id == is_true(want, "auto_id") &&
	       f->partition_key == is_true(want, "is_partition_key") &&
	       f->clustering_key == is_true(want, "is_clustering_key") &&
	       f->function_output == is_true(want, "is_function_output") &&
	       strcmp(f->description, str(want, "description")) == 0 &&
	       has_all(&f->params, json_object_get(want, "params"), NULL) &&
	       is_default(f->default_json, str(want, "default_value"));
}

static inline int
is_schema(const struct schema *s, const json_t *want)
{
	const json_t *fields = json_object_get(want, "fields");
	size_t i, made = 0;
	json_t *f;

	json_array_foreach(fields, i, f)
	{
		const struct field *have = schema_field(s, str(f, "name"));
		int external = is_true(f, "nullable") ||
			       json_object_get(want, "external_source") != NULL;

		if (!is_field(have, f) || have->nullable != external)
			return 0;
	}
	for (i = 0; i < s->n; i++) /* namespaces, keys of external ones */
		made += s->v[i].name[0] == '$' || s->v[i].name[0] == '_';
	return s->n == json_array_size(fields) + made &&
	       s->dynamic == is_true(want, "enable_dynamic_field") &&
	       strcmp(s->description, str(want, "description")) == 0 &&
	       (size_t)s->functions ==
		   json_array_size(json_object_get(want, "functions"));
}

static inline int
create_collection(const struct cat *c, const json_t *call)
{
	const struct cat_coll *k = coll(c, arg(call, 0));
	const json_t *shards = kw(call, "num_shards");
	const json_t *level = kw(call, "consistency_level");

	return k != NULL && is_schema(&k->schema, kw(call, "schema")) &&
	       k->shards == (shards ? json_integer_value(shards) : 1) &&
	       k->n_topics == (size_t)k->shards && k->create_ts == k->ts &&
	       strcmp(k->consistency,
		   level ? json_string_value(level) : "Bounded") == 0 &&
	       kvs_get(&k->props, "consistency_level") == NULL &&
	       has_all(&k->props, kw(call, "properties"), NULL) &&
	       (has_part(k, "_default") || has_part(k, "_default_0"));
}

static inline int
drop_collection(const struct cat *c, const json_t *call)
{
	return coll(c, arg(call, 0)) == NULL;
}

static inline int
truncate_collection(const struct cat *c, const json_t *call)
{
	const struct cat_coll *k = coll(c, arg(call, 0));

	return k->truncate_ts != 0 && k->truncate_ts == k->ts &&
	       k->truncate_ts > k->create_ts && k->schema.n > 0;
}

static inline int
rename_collection(const struct cat *c, const json_t *call)
{
	const struct cat_coll *k = coll(c, arg(call, 1));
	const json_t *to = kw(call, "target_db");
	const char *name = to == NULL ? "default" : json_string_value(to);

	return k != NULL && coll(c, arg(call, 0)) == NULL &&
	       strcmp(k->db, name) == 0 && db(c, name)->id == k->db_id &&
	       k->schema.n > 0 && k->ts > k->create_ts;
}

static inline int
alter_collection(const struct cat *c, const json_t *call)
{
	static const char own[] =
	    "consistency_level collection.description dynamicfield.enabled";
	const struct cat_coll *k = coll(c, arg(call, 0));
	const json_t *props = kw(call, "properties");
	const char *level = str(props, "consistency_level");
	const char *words = str(props, "collection.description");

	return has_all(&k->props, props, own) &&
	       (level[0] == '\0' || strcmp(k->consistency, level) == 0) &&
	       (words[0] == '\0' ||
		   strcmp(k->schema.description, words) == 0) &&
	       (json_object_get(props, "dynamicfield.enabled") == NULL ||
		   (k->schema.dynamic && k->schema.dynamic_id > 0));
}

static inline int
drop_collection_properties(const struct cat *c, const json_t *call)
{
	return has_none(
	    &coll(c, arg(call, 0))->props, kw(call, "property_keys"));
}

static inline int
alter_field(const struct cat *c, const json_t *call)
{
	const struct field *f =
	    schema_field(&coll(c, arg(call, 0))->schema, arg(call, 1));

	return has_all(&f->params, kw(call, "field_params"), NULL);
}

static inline int
add_field(const struct cat *c, const json_t *call)
{
	static const char own[] = "nullable default_value";
	const struct field *f =
	    schema_field(&coll(c, arg(call, 0))->schema, arg(call, 1));
	const json_t *type = json_array_get(json_object_get(call, "args"), 2);
	const json_t *def = kw(call, "default_value");

	return f != NULL && f->type == json_integer_value(type) &&
	       f->nullable == json_is_true(kw(call, "nullable")) &&
	       has_all(&f->params, json_object_get(call, "kw"), own) &&
	       (def == NULL ||
		   strstr(f->default_json, json_string_value(def)) != NULL);
}

static inline int
drop_field(const struct cat *c, const json_t *call)
{
	const struct schema *s = &coll(c, arg(call, 0))->schema;

	return s->n > 0 && schema_field(s, arg(call, 1)) == NULL;
}

static inline int
create_partition(const struct cat *c, const json_t *call)
{
	return has_part(coll(c, arg(call, 0)), arg(call, 1));
}

static inline int
drop_partition(const struct cat *c, const json_t *call)
{
	const struct cat_coll *k = coll(c, arg(call, 0));

	return has_part(k, "_default") && !has_part(k, arg(call, 1));
}

static inline int
create_index(const struct cat *c, const json_t *call)
{
	const struct cat_coll *k = coll(c, arg(call, 0));
	json_t *list = json_array_get(json_object_get(call, "args"), 1), *x;
	size_t i;

	json_array_foreach(list, i, x)
	{
		const struct cat_index *have =
		    index_of(k, str(x, "index_name"), str(x, "field_name"));

		if (have == NULL || have->ts <= k->create_ts ||
		    !has_all(&have->params, x, "field_name index_name"))
			return 0;
	}
	return json_array_size(list) > 0;
}

static inline int
alter_index(const struct cat *c, const json_t *call)
{
	const struct cat_index *x =
	    index_of(coll(c, arg(call, 0)), arg(call, 1), NULL);

	return x != NULL && has_none(&x->params, kw(call, "property_keys"));
}

static inline int
drop_index(const struct cat *c, const json_t *call)
{
	const struct cat_coll *k = coll(c, arg(call, 0));

	return index_of(k, "", NULL) != NULL &&
	       index_of(k, arg(call, 1), NULL) == NULL;
}

static inline int
create_alias(const struct cat *c, const json_t *call)
{
	const struct cat_alias *a = alias(c, arg(call, 1));
	const struct cat_coll *k = coll(c, arg(call, 0));

	return a != NULL && a->coll_id == k->id && a->db_id == k->db_id &&
	       strcmp(a->db, k->db) == 0;
}

static inline int
drop_alias(const struct cat *c, const json_t *call)
{
	return alias(c, arg(call, 0)) == NULL;
}

static inline int
create_database(const struct cat *c, const json_t *call)
{
	const struct cat_db *d = db(c, arg(call, 0));

	return d != NULL && has_all(&d->props, kw(call, "properties"), NULL);
}

static inline int
drop_database_properties(const struct cat *c, const json_t *call)
{
	const struct cat_db *d = db(c, arg(call, 0));

	return d->props.n > 0 && has_none(&d->props, kw(call, "property_keys"));
}

static inline int
drop_database(const struct cat *c, const json_t *call)
{
	return db(c, arg(call, 0)) == NULL;
}

static const struct {
	const char *call;
	int (*is)(const struct cat *c, const json_t *call);
} checks[] = {
	{ "create_collection", create_collection },
	{ "drop_collection", drop_collection },
	{ "truncate", truncate_collection },
	{ "rename_collection", rename_collection },
	{ "alter_collection", alter_collection },
	{ "drop_collection_properties", drop_collection_properties },
	{ "alter_field", alter_field },
	{ "add_field", add_field },
	{ "drop_field", drop_field },
	{ "create_partition", create_partition },
	{ "drop_partition", drop_partition },
	{ "create_index", create_index },
	{ "alter_index", alter_index },
	{ "drop_index", drop_index },
	{ "create_alias", create_alias },
	{ "drop_alias", drop_alias },
	{ "create_database", create_database },
	{ "alter_database", create_database },
	{ "drop_database_properties", drop_database_properties },
	{ "drop_database", drop_database },
	{ "create_user", create_user },
	{ "drop_user", drop_user },
	{ "create_role", create_role },
	{ "drop_role", drop_role },
	{ "grant_role", grant_role },
	{ "revoke_role", revoke_role },
	{ "grant", grant },
	{ "revoke", take_back },
	{ "grant_old", grant_old },
	{ "revoke_old", revoke_old },
	{ "create_group", create_group },
	{ "extend_group", extend_group },
	{ "shrink_group", shrink_group },
	{ "drop_group", drop_group },
};

static inline int
is_so(const struct cat *c, const json_t *call)
{
	const char *name = str(call, "call");

	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
		if (strcmp(checks[i].call, name) == 0)
			return checks[i].is(c, call);
	fail_msg("no check of '%s'", name);
	return 0;
}

#endif

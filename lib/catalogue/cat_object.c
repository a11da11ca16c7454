#include "catalogue/cat_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "model/pos.h"

int64_t
cat_get_int(struct cat_reader *r, const char *key)
{
	const json_t *x = json_object_get(r->j, key);
	int64_t v = 0;

	if (x == NULL || json_is_null(x) || r->bad)
		return 0;
	if (json_is_integer(x))
		return json_integer_value(x);
	if (json_is_string(x) &&
	    num_i64(json_string_value(x), INT64_MIN, INT64_MAX, &v, r->e) == 0)
		return v;
	r->bad = 1;
	err_set(r->e, ERR_DATA, "'%s' is not an integer", key);
	return 0;
}

const char *
cat_get_str(struct cat_reader *r, const char *key)
{
	const char *s = json_string_value(json_object_get(r->j, key));

	return s == NULL ? "" : s;
}

void
cat_set_str(struct cat_reader *r, const char *key, char **to)
{
	const char *s = cat_get_str(r, key);

	if (*to != NULL && s[0] == '\0')
		return; /* a tombstone may lack the name; keep the old one */
	free(*to);
	*to = x_strdup(s);
}

static void
set_kvs(struct cat_reader *r, const char *key, struct kvs *to)
{
	kvs_fini(to);
	if (kvs_from_json(to, json_object_get(r->j, key), r->e) == -1 &&
	    !r->bad) {
		r->bad = 1;
		err_wrap(r->e, "'%s'", key);
	}
}

static enum cat_state
get_state(struct cat_reader *r)
{
	const char *s = cat_get_str(r, "state");

	if (strcmp(s, "creating") == 0)
		return CAT_CREATING;
	if (strcmp(s, "dropping") == 0)
		return CAT_DROPPING;
	if (strcmp(s, "dropped") == 0)
		return CAT_DROPPED;
	return CAT_CREATED;
}

static void
set_times(struct cat_reader *r, uint64_t *ts, uint64_t *create_ts)
{
	*ts = (uint64_t)cat_get_int(r, "ts");
	*create_ts = (uint64_t)cat_get_int(r, "create_ts");
	if (*create_ts == 0)
		*create_ts = *ts;
}

const struct cat_db *
cat_take_db(struct cat *c, struct cat_reader *r)
{
	int64_t id = cat_get_int(r, "id");
	size_t i = 0;

	while (i < c->n_dbs && c->dbs[i].id != id)
		i++;
	if (i == c->n_dbs) {
		c->dbs = x_grow(c->dbs, i, &c->dbs_cap, sizeof *c->dbs);
		memset(&c->dbs[i], 0, sizeof *c->dbs);
		c->dbs[c->n_dbs++].id = id;
	}
	cat_set_str(r, "name", &c->dbs[i].name);
	c->dbs[i].state = get_state(r);
	c->dbs[i].ts = (uint64_t)cat_get_int(r, "ts");
	set_kvs(r, "properties", &c->dbs[i].props);
	return &c->dbs[i];
}

/* The pchannel of "…dml_3_4706…241v0": cut at the last underscore. */
static char *
pchannel(const char *vchannel)
{
	const char *p = strrchr(vchannel, '_');

	return p == NULL ? x_strdup(vchannel)
			 : x_strndup(vchannel, (size_t)(p - vchannel));
}

static void
set_topics(struct cat_coll *c, struct cat_reader *r)
{
	const json_t *list = json_object_get(r->j, "vchannels");
	const json_t *start = json_object_get(r->j, "start");
	const json_t *x;
	size_t i;

	if (!json_is_array(list) || json_array_size(list) == 0)
		return; /* tombstones have none; keep what was known */
	cat_topics_fini(c);
	c->topics = x_calloc(json_array_size(list), sizeof *c->topics);
	json_array_foreach(list, i, x)
	{
		const char *v = json_string_value(x);
		struct cat_start *s = &c->topics[c->n_topics++];
		const json_t *at;
		struct err ignored;

		s->topic = pchannel(v == NULL ? "" : v);
		if (!r->bad && pos_topic_name(s->topic, r->e) == -1) {
			r->bad = 1;
			err_wrap(r->e, "'vchannels'");
		}
		at = json_object_get(start, s->topic);
		if (mq_id_from_json(&s->id, at, "start", &ignored) == -1)
			s->id = mq_id_none();
	}
}

static char *
unread_text(const json_t *list)
{
	struct buf b = { 0 };
	const json_t *x;
	size_t i;

	json_array_foreach(list, i, x)
	{
		const char *s = json_string_value(x);

		buf_addf(&b, "%s%s", i == 0 ? "" : ", ", s == NULL ? "?" : s);
	}
	return b.len == 0 ? NULL : buf_take(&b);
}

/* Changes of these two are told by what was before. */
static void
note_was(struct cat_coll *k, struct cat_reader *r)
{
	const char *level = cat_get_str(r, "consistency");

	cat_was_fini(&k->was);
	if (k->schema.n > 0 &&
	    json_is_object(json_object_get(r->j, "schema"))) {
		k->was.schema = k->schema;
		memset(&k->schema, 0, sizeof k->schema);
	}
	if (level[0] != '\0' && k->consistency != NULL &&
	    strcmp(level, k->consistency) != 0)
		k->was.consistency = x_strdup(k->consistency);
}

struct cat_coll *
cat_take_coll(struct cat *c, struct cat_reader *r)
{
	struct cat_coll *k = cat_coll_get(c, cat_get_int(r, "id"));
	const json_t *schema = json_object_get(r->j, "schema");

	if (c->ddl_in_log && c->ready)
		note_was(k, r);
	k->db_id = cat_get_int(r, "db_id");
	cat_set_str(r, "db", &k->db);
	cat_set_str(r, "name", &k->name);
	cat_set_str(r, "consistency", &k->consistency);
	k->state = get_state(r);
	set_times(r, &k->ts, &k->create_ts);
	if (!c->ddl_in_log || !c->ready)
		k->kept_ts = k->ts;
	if (cat_get_int(r, "truncate_ts") != 0)
		k->truncate_ts = (uint64_t)cat_get_int(r, "truncate_ts");
	if (cat_get_int(r, "shards") > 0)
		k->shards = cat_get_int(r, "shards");
	set_topics(k, r);
	free(k->unread);
	k->unread = unread_text(json_object_get(r->j, "unread"));
	if (json_object_get(r->j, "properties") != NULL)
		set_kvs(r, "properties", &k->props);
	if (schema != NULL && !json_is_null(schema) && !r->bad) {
		schema_fini(&k->schema);
		r->bad = schema_from_json(&k->schema, schema, r->e) == -1;
	}
	return k;
}

/*
 * Milvus loads a partition that is made in a collection which is loaded as a
 * whole. The log has no message of that, and etcd is not read any more.
 */
static void
load_new_part(struct cat_coll *c, int64_t id)
{
	if (c->load != CAT_LOAD_ALL ||
	    num_has(c->load_parts, c->n_load_parts, id))
		return;
	c->load_parts = x_reallocarray(
	    c->load_parts, c->n_load_parts + 1, sizeof *c->load_parts);
	c->load_parts[c->n_load_parts++] = id;
}

const struct cat_part *
cat_take_part(struct cat *cat, struct cat_coll *c, struct cat_reader *r)
{
	int64_t id = cat_get_int(r, "id");
	struct cat_part *p =
	    /* const only for other files */
	    (struct cat_part *)(uintptr_t)cat_part(c, id);

	if (p == NULL) {
		c->parts =
		    x_grow(c->parts, c->n_parts, &c->parts_cap, sizeof *p);
		p = &c->parts[c->n_parts++];
		memset(p, 0, sizeof *p);
		p->id = id;
	}
	cat_set_str(r, "name", &p->name);
	p->state = get_state(r);
	set_times(r, &p->ts, &p->create_ts);
	if (cat->ddl_in_log && cat->ready && p->state == CAT_CREATED)
		load_new_part(c, id);
	return p;
}

void
cat_take_index(struct cat_coll *c, struct cat_reader *r)
{
	int64_t id = cat_get_int(r, "id");
	size_t i = 0;

	while (i < c->n_indexes && c->indexes[i].id != id)
		i++;
	if (i == c->n_indexes) {
		c->indexes =
		    x_grow(c->indexes, i, &c->indexes_cap, sizeof *c->indexes);
		memset(&c->indexes[i], 0, sizeof *c->indexes);
		c->indexes[c->n_indexes++].id = id;
	}
	cat_set_str(r, "field", &c->indexes[i].field);
	cat_set_str(r, "name", &c->indexes[i].name);
	c->indexes[i].state = get_state(r);
	c->indexes[i].ts = (uint64_t)cat_get_int(r, "ts");
	set_kvs(r, "params", &c->indexes[i].params);
}

/*
 * While a load begins, its partitions come one by one, so a partition that has
 * not come yet was not released.
 */
static void
check_whole(struct cat_coll *c, const int64_t *old, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!num_has(c->load_parts, c->n_load_parts, old[i]))
			c->load_whole = 1;
}

void
cat_take_load(struct cat *cat, struct cat_coll *c, struct cat_reader *r)
{
	const json_t *list = json_object_get(r->j, "partitions"), *x;
	int64_t *old = c->load_parts;
	size_t i, n = c->n_load_parts;

	c->load = strcmp(cat_get_str(r, "event"), "delete") == 0 ? CAT_LOAD_NONE
		  : strcmp(cat_get_str(r, "type"), "partitions") == 0
		      ? CAT_LOAD_PARTS
		      : CAT_LOAD_ALL;
	c->replicas = cat_get_int(r, "replicas");
	c->load_parts = x_calloc(json_array_size(list), sizeof *c->load_parts);
	c->n_load_parts = 0;
	json_array_foreach(list, i, x)
	{
		const char *s = json_string_value(x);

		if (!r->bad &&
		    num_i64(s == NULL ? "" : s, INT64_MIN, INT64_MAX,
			&c->load_parts[c->n_load_parts++], r->e) == -1)
			r->bad = 1;
	}
	if (c->load == CAT_LOAD_NONE)
		c->load_whole = 0;
	else if (!cat->ready) /* a snapshot */
		c->load_whole = 1;
	else
		check_whole(c, old, n);
	free(old);
}

const struct cat_alias *
cat_take_alias(struct cat *c, struct cat_reader *r)
{
	int64_t db_id = cat_get_int(r, "db_id");
	const char *name = cat_get_str(r, "name");
	size_t i = 0;

	while (i < c->n_aliases && (c->aliases[i].db_id != db_id ||
				       strcmp(c->aliases[i].name, name) != 0))
		i++;
	if (i == c->n_aliases) {
		c->aliases =
		    x_grow(c->aliases, i, &c->aliases_cap, sizeof *c->aliases);
		memset(&c->aliases[i], 0, sizeof *c->aliases);
		c->aliases[i].db_id = db_id;
		c->aliases[c->n_aliases++].name = x_strdup(name);
	}
	cat_set_str(r, "db", &c->aliases[i].db);
	if (cat_get_int(r, "coll_id") != 0)
		c->aliases[i].coll_id = cat_get_int(r, "coll_id");
	c->aliases[i].state = get_state(r);
	c->aliases[i].ts = (uint64_t)cat_get_int(r, "ts");
	return &c->aliases[i];
}

/* The offset 0 if the key is absent: the checkpoint is gone. */
static struct mq_id
get_id(struct cat_reader *r, const char *key)
{
	const json_t *x = json_object_get(r->j, key);
	struct mq_id id = mq_id_offset(0);

	if (x == NULL || r->bad)
		return id;
	if (json_is_integer(x))
		return mq_id_offset(json_integer_value(x));
	if (mq_id_from_json(&id, x, key, r->e) == -1)
		r->bad = 1;
	return id;
}

void
cat_take_checkpoint(struct cat *c, struct cat_reader *r)
{
	const char *v = cat_get_str(r, "vchannel"), *p = strrchr(v, '_');
	struct cat_checkpoint *k;
	struct err ignored;

	c->cps = x_grow(c->cps, c->n_cps, &c->cps_cap, sizeof *c->cps);
	k = &c->cps[c->n_cps++];
	memset(k, 0, sizeof *k);
	cat_set_str(r, "topic", &k->topic);
	k->id = get_id(r, "offset");
	k->ts = (uint64_t)cat_get_int(r, "ts");
	if (p != NULL && num_i64n(p + 1, strcspn(p + 1, "v"), 0, INT64_MAX,
			     &k->coll_id, &ignored) == -1)
		k->coll_id = 0;
}

void
cat_take_import(struct cat *c, struct cat_reader *r)
{
	struct cat_import *m = cat_import_get(c, cat_get_int(r, "id"));

	m->coll_id = cat_get_int(r, "coll_id");
	m->rows = cat_get_int(r, "rows");
	m->mod = cat_get_int(r, "mod");
	m->create_ts = (uint64_t)cat_get_int(r, "create_ts");
	m->done = strcmp(cat_get_str(r, "state"), "completed") == 0;
}

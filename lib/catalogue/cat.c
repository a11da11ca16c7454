#include "catalogue/cat_priv.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"

void
cat_part_fini(struct cat_part *p)
{
	free(p->name);
}

void
cat_index_fini(struct cat_index *x)
{
	free(x->field);
	free(x->name);
	kvs_fini(&x->params);
}

void
cat_topics_fini(struct cat_coll *c)
{
	for (size_t i = 0; i < c->n_topics; i++)
		free(c->topics[i].topic);
	free(c->topics);
	c->topics = NULL;
	c->n_topics = 0;
}

void
cat_was_fini(struct cat_was *w)
{
	schema_fini(&w->schema);
	free(w->consistency);
	w->consistency = NULL;
}

void
cat_coll_free(struct cat_coll *c)
{
	for (size_t i = 0; i < c->n_parts; i++)
		cat_part_fini(&c->parts[i]);
	for (size_t i = 0; i < c->n_indexes; i++)
		cat_index_fini(&c->indexes[i]);
	cat_topics_fini(c);
	free(c->parts);
	free(c->indexes);
	free(c->load_parts);
	free(c->db);
	free(c->name);
	free(c->consistency);
	free(c->unread);
	schema_fini(&c->schema);
	cat_was_fini(&c->was);
	kvs_fini(&c->props);
	free(c);
}

void
cat_db_fini(struct cat_db *db)
{
	free(db->name);
	kvs_fini(&db->props);
}

void
cat_alias_fini(struct cat_alias *a)
{
	free(a->db);
	free(a->name);
}

void
cat_fini(struct cat *c)
{
	for (size_t i = 0; i < c->n_dbs; i++)
		cat_db_fini(&c->dbs[i]);
	for (size_t i = 0; i < c->n_colls; i++)
		cat_coll_free(c->colls[i]);
	for (size_t i = 0; i < c->n_aliases; i++)
		cat_alias_fini(&c->aliases[i]);
	for (size_t i = 0; i < c->n_cps; i++)
		free(c->cps[i].topic);
	free(c->dbs);
	free(c->colls);
	free(c->aliases);
	free(c->cps);
	free(c->imports);
	free(c->root);
	json_decref(c->users);
	json_decref(c->roles);
	json_decref(c->groups);
	free(c->control);
	for (size_t i = 0; i < c->n_pchannels; i++)
		free(c->pchannels[i]);
	free(c->pchannels);
	json_decref(c->doc);
	memset(c, 0, sizeof *c);
}

/*
 * The index of the collection with this id, or the index where it would be
 * inserted.
 */
static size_t
place(const struct cat *c, int64_t id)
{
	size_t lo = 0, hi = c->n_colls;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (c->colls[mid]->id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct cat_coll *
cat_coll(const struct cat *c, int64_t id)
{
	size_t i = place(c, id);

	return i < c->n_colls && c->colls[i]->id == id ? c->colls[i] : NULL;
}

int
cat_knows(const struct cat_coll *c)
{
	return c != NULL && c->state != CAT_MISSING;
}

int
cat_knows_part(const struct cat_part *p)
{
	return p != NULL && p->state != CAT_MISSING;
}

const struct cat_db *
cat_db(const struct cat *c, int64_t id)
{
	for (size_t i = 0; i < c->n_dbs; i++)
		if (c->dbs[i].id == id)
			return &c->dbs[i];
	return NULL;
}

const struct cat_part *
cat_part(const struct cat_coll *c, int64_t id)
{
	for (size_t i = 0; i < c->n_parts; i++)
		if (c->parts[i].id == id)
			return &c->parts[i];
	return NULL;
}

static struct cat_coll *
live_coll(const struct cat *c, int64_t id)
{
	struct cat_coll *k = cat_coll(c, id);

	return k != NULL && k->state == CAT_CREATED ? k : NULL;
}

struct cat_coll *
cat_by_name(const struct cat *c, const char *db, const char *name)
{
	for (size_t i = 0; i < c->n_colls; i++) {
		struct cat_coll *k = c->colls[i];

		if (k->state == CAT_CREATED && strcmp(k->name, name) == 0 &&
		    strcmp(k->db, db) == 0)
			return k;
	}
	for (size_t i = 0; i < c->n_aliases; i++) {
		const struct cat_alias *a = &c->aliases[i];

		if (a->state == CAT_CREATED && strcmp(a->name, name) == 0 &&
		    strcmp(a->db, db) == 0)
			return live_coll(c, a->coll_id);
	}
	return NULL;
}

char *
cat_cluster(const struct cat *c)
{
	for (size_t i = 0; i < c->n_colls; i++)
		for (size_t k = 0; k < c->colls[i]->n_topics; k++) {
			const char *t = c->colls[i]->topics[k].topic;
			const char *p = strstr(t, CAT_DML);

			if (p != NULL)
				return x_strndup(t, (size_t)(p - t));
		}
	return c->root == NULL ? x_strdup("by-dev")
			       : x_strndup(c->root, strcspn(c->root, "/"));
}

struct cat_coll *
cat_coll_get(struct cat *c, int64_t id)
{
	size_t i = place(c, id);

	if (i < c->n_colls && c->colls[i]->id == id)
		return c->colls[i];
	c->colls = x_grow(
	    c->colls, c->n_colls, &c->colls_cap, sizeof(struct cat_coll *));
	memmove(c->colls + i + 1, c->colls + i,
	    (c->n_colls - i) * sizeof(struct cat_coll *));
	c->colls[i] = x_calloc(1, sizeof **c->colls);
	c->colls[i]->id = id;
	c->n_colls++;
	return c->colls[i];
}

struct cat_import *
cat_import_get(struct cat *c, int64_t id)
{
	for (size_t i = 0; i < c->n_imports; i++)
		if (c->imports[i].id == id)
			return &c->imports[i];
	c->imports = x_grow(
	    c->imports, c->n_imports, &c->imports_cap, sizeof *c->imports);
	memset(&c->imports[c->n_imports], 0, sizeof *c->imports);
	c->imports[c->n_imports].id = id;
	return &c->imports[c->n_imports++];
}

int64_t
cat_num_partitions(const struct cat_coll *c)
{
	int64_t n = 0;

	if (schema_partition_key(&c->schema) == NULL)
		return 0;
	for (size_t i = 0; i < c->n_parts; i++)
		n += c->parts[i].state == CAT_CREATED;
	return n;
}

#include "catalogue/cat_priv.h"

#include <stdlib.h>

#include "model/names.h"

/* The log will tell of its drop, at the right moment. */
static void
revive(enum cat_state *state)
{
	if (*state == CAT_DROPPING)
		*state = CAT_CREATED;
}

/*
 * The log does not tell again of a collection that is kept, nor of the
 * partitions that were made with it, though both may be younger.
 */
static void
rewind_parts(struct cat_coll *c, uint64_t ts, const struct cat_target *at)
{
	uint64_t last = c->create_ts > ts ? c->create_ts : ts;
	size_t n = 0;

	for (size_t i = 0; i < c->n_parts; i++) {
		struct cat_part *p = &c->parts[i];
		int stays = at->has_part(at->arg, c->id, p->id);

		if (stays)
			revive(&p->state);
		if (stays || p->create_ts <= last)
			c->parts[n++] = *p;
		else
			cat_part_fini(p);
	}
	c->n_parts = n;
}

/* One that is loaded has an index, so without any it was loaded later. */
static void
rewind_load(struct cat_coll *c)
{
	for (size_t i = 0; i < c->n_indexes; i++)
		if (c->indexes[i].state == CAT_CREATED)
			return;
	c->load = CAT_LOAD_NONE;
}

static void
rewind_indexes(struct cat_coll *c, uint64_t ts, const struct cat_target *at)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_indexes; i++)
		if (c->indexes[i].ts <= ts ||
		    at->has_index(at->arg, c->id, c->indexes[i].id))
			c->indexes[n++] = c->indexes[i];
		else
			cat_index_fini(&c->indexes[i]);
	if (n == c->n_indexes)
		return;
	c->n_indexes = n;
	rewind_load(c);
}

static void
rewind_dbs(struct cat *c, uint64_t ts, const struct cat_target *at)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_dbs; i++)
		if (c->dbs[i].id == DEFAULT_DB_ID ||
		    (c->dbs[i].ts <= ts && ts != 0) ||
		    at->has_db(at->arg, c->dbs[i].id))
			c->dbs[n++] = c->dbs[i];
		else
			cat_db_fini(&c->dbs[i]);
	c->n_dbs = n;
}

static void
rewind_aliases(struct cat *c, uint64_t ts, const struct cat_target *at)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_aliases; i++) {
		struct cat_alias *a = &c->aliases[i];

		if (a->ts <= ts || at->has_alias(at->arg, a->coll_id, a->name))
			c->aliases[n++] = *a;
		else
			cat_alias_fini(a);
	}
	c->n_aliases = n;
}

void
cat_rewind(struct cat *c, uint64_t ts, const struct cat_target *at)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_colls; i++) {
		struct cat_coll *k = c->colls[i];
		int stays = at->has_coll(at->arg, k->id);

		if (!stays && k->create_ts > ts) {
			cat_coll_free(k);
			continue;
		}
		if (stays)
			revive(&k->state);
		rewind_parts(k, ts, at);
		rewind_indexes(k, ts, at);
		c->colls[n++] = k;
	}
	c->n_colls = n;
	rewind_dbs(c, ts, at);
	rewind_aliases(c, ts, at);
}

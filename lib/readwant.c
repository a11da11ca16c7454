#include "readerint.h"

int
reader_want_db(void *arg, const char *db)
{
	const struct reader_conf *c = ((struct reader *)arg)->conf;

	return (c->include.n == 0 || patterns_match_db(&c->include, db)) &&
	       !patterns_whole_db(&c->exclude, db);
}

int
reader_want(void *arg, const char *db, const char *coll, int64_t id)
{
	const struct reader_conf *c = ((struct reader *)arg)->conf;

	return (c->include.n == 0 || patterns_match(&c->include, db, coll)) &&
	       !patterns_match(&c->exclude, db, coll) &&
	       shard_has(&c->shard, id);
}

/* What the target had and is no longer asked for is not ours to touch. */
static void
narrow(struct reader *r)
{
	for (size_t i = r->view.n_colls; i-- > 0;) {
		const struct view_coll *v = r->view.colls[i];
		const struct cat_coll *c = cat_coll(&r->cat, v->id);

		if (patterns_match(&r->conf->exclude, v->db, v->name) ||
		    !shard_has(&r->conf->shard, v->id) ||
		    (c != NULL &&
			patterns_match(&r->conf->exclude, c->db, c->name)))
			view_forget(&r->view, v->id);
	}
}

void
reader_include(struct reader *r)
{
	narrow(r);
	for (size_t i = 0; i < r->cat.n_colls; i++) {
		struct cat_coll *c = r->cat.colls[i];

		c->included = view_coll(&r->view, c->id) != NULL ||
			      reader_want(r, c->db, c->name, c->id);
	}
}

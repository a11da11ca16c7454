#include "meets.h"
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

/* What comes of a collection in this stream. */
static enum meet
coming(const struct reader *r, const struct cat_coll *c, uint64_t until)
{
	if (view_coll(&r->view, c->id) != NULL)
		return MEET_LIVE; /* if only its drop */
	if (c->create_ts > until)
		return MEET_LATER;
	if ((c->state == CAT_DROPPING || c->state == CAT_DROPPED) &&
	    c->ts <= until)
		return MEET_DROPPED;
	return MEET_LIVE;
}

int
reader_meets(struct reader *r, struct err *e)
{
	int ends = r->until.kind != WHERE_NEVER;
	uint64_t until = r->until.kind == WHERE_TIME ? r->until.ts : UINT64_MAX;
	struct meets m;
	int rc;

	meets_init(&m, "--include", &r->conf->include, &r->conf->exclude);
	for (size_t i = 0; i < r->cat.n_dbs; i++)
		if (r->cat.dbs[i].state == CAT_CREATED)
			meets_db(&m, r->cat.dbs[i].name);
	for (size_t i = 0; i < r->cat.n_colls; i++) {
		const struct cat_coll *c = r->cat.colls[i];

		meets_coll(&m, c->db, c->name, coming(r, c, until));
	}
	for (size_t i = 0; i < r->view.n_colls; i++)
		meets_coll(&m, r->view.colls[i]->db, r->view.colls[i]->name,
		    MEET_LIVE);
	rc = meets_check(&m, "the source",
	    !ends || r->conf->allow_none || r->conf->explain, e);
	meets_fini(&m);
	return rc;
}

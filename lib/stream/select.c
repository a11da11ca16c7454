#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "model/pattern.h"
#include "model/pattern_met.h"
#include "model/source.h"
#include "stream/priv.h"

enum { LEFT_NAMES = 5 }; /* how many names a message has */

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

static int
named(const struct patterns *p, const struct view_coll *v,
    const struct cat_coll *c)
{
	return patterns_match(p, v->db, v->name) ||
	       (c != NULL && patterns_match(p, c->db, c->name));
}

/* 1 if the stream goes on with this collection of the target. */
static int
still_wanted(const struct reader *r, const struct view_coll *v)
{
	const struct patterns *in = &r->conf->include;

	return in->n == 0 || named(in, v, cat_coll(&r->cat, v->id)) ||
	       patterns_match_list(in, v->as);
}

/* Names in a line for people. */
struct said {
	struct buf names;
	size_t n;
};

static void
say(struct said *s, const struct view_coll *v)
{
	if (s->n++ < LEFT_NAMES)
		buf_addf(&s->names, "%s '%s.%s'", s->n > 1 ? "," : "", v->db,
		    v->name);
}

static void
say_all(struct said *s, const char *one, const char *more)
{
	if (s->n > LEFT_NAMES)
		log_warn("%s:%s and %zu more", more, s->names.ptr,
		    s->n - LEFT_NAMES);
	else if (s->n > 0)
		log_warn("%s:%s", s->n == 1 ? one : more, s->names.ptr);
	buf_fini(&s->names);
}

/* Forgets databases that no pattern matches. */
static void
narrow_dbs(struct reader *r)
{
	for (size_t i = r->view.n_dbs; i-- > 0;) {
		const struct view_db *db = &r->view.dbs[i];
		int used = reader_want_db(r, db->name);

		for (size_t k = 0; !used && k < r->view.n_colls; k++)
			used = strcmp(r->view.colls[k]->db, db->name) == 0;
		if (!used)
			view_drop_db(&r->view, db->id);
	}
}

/*
 * Forgets collections of the target that are not selected any more: they are
 * from another stream, or from before the patterns were changed. The next tick
 * says so. If it is unknown under which name a collection was selected, it
 * stays, because rows that are not wanted do less harm than rows that are
 * missing.
 */
static void
narrow(struct reader *r)
{
	const struct reader_conf *conf = r->conf;
	struct said left = { 0 }, kept = { 0 };
	int old = !source_keeps_names(r->from.source);

	for (size_t i = r->view.n_colls; i-- > 0;) {
		struct view_coll *v = r->view.colls[i];
		int out = named(&conf->exclude, v, cat_coll(&r->cat, v->id));
		int wanted = !out && still_wanted(r, v);

		if (!wanted && !out && old && v->as == NULL) {
			say(&kept, v);
			v->as = patterns_text(&conf->include);
			v->changed = wanted = 1;
		}
		if (!wanted)
			say(&left, v);
		if (!wanted || !shard_has(&conf->shard, v->id))
			view_drop(&r->view, v->id);
	}
	narrow_dbs(r);
	say_all(&left,
	    "not asked for any more, and left as it is at the target",
	    "not asked for any more, and left as they are at the target");
	say_all(&kept,
	    "the position is of an older version, which does not tell by what "
	    "name this was asked for; gone on with (--exclude leaves it)",
	    "the position is of an older version, which does not tell by what "
	    "names these were asked for; gone on with (--exclude leaves them)");
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

int
reader_can_read(const struct cat_coll *c, struct err *e)
{
	if (!c->included || c->unread == NULL ||
	    (c->state != CAT_CREATED && c->state != CAT_CREATING))
		return 0;
	return err_set(e, ERR_DATA,
	    "collection '%s.%s' has what this program does not read: %s; "
	    "leave it out (--exclude)",
	    c->db, c->name, c->unread);
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

static void
note_known(struct meets *m, const struct view_coll *v)
{
	const char *at = v->as == NULL ? "" : v->as;
	char *db, *coll;

	meets_coll(m, v->db, v->name, MEET_LIVE);
	while (pattern_next(&at, &db, &coll)) {
		meets_coll(m, db, coll, MEET_LIVE);
		free(db);
		free(coll);
	}
}

int
reader_meets(struct reader *r, struct err *e)
{
	int ends = r->until.kind != WHERE_NEVER;
	uint64_t until = r->until.kind == WHERE_TIME ? r->until.ts : UINT64_MAX;
	struct meets m;
	int rc = 0;

	for (size_t i = 0; i < r->cat.n_colls && rc == 0; i++)
		rc = reader_can_read(r->cat.colls[i], e);
	if (rc == -1)
		return -1;
	meets_init(&m, "--include", &r->conf->include, &r->conf->exclude);
	for (size_t i = 0; i < r->cat.n_dbs; i++)
		if (r->cat.dbs[i].state == CAT_CREATED)
			meets_db(&m, r->cat.dbs[i].name);
	for (size_t i = 0; i < r->cat.n_colls; i++) {
		const struct cat_coll *c = r->cat.colls[i];

		meets_coll(&m, c->db, c->name, coming(r, c, until));
	}
	for (size_t i = 0; i < r->view.n_colls; i++)
		note_known(&m, r->view.colls[i]);
	rc = meets_check(&m, "the source",
	    !ends || r->conf->allow_none || r->conf->explain, e);
	meets_fini(&m);
	return rc;
}

static int
is_counted(const struct cat_coll *c, size_t k, const char **seen, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(seen[i], c->topics[k].topic) == 0)
			return 1;
	return 0;
}

size_t
reader_topics_in_use(const struct reader *r)
{
	const char **seen = NULL;
	size_t n = 0, cap = 0;

	for (size_t i = 0; i < r->cat.n_colls; i++) {
		const struct cat_coll *c = r->cat.colls[i];

		for (size_t k = 0; c->state == CAT_CREATED && k < c->n_topics;
		     k++) {
			if (is_counted(c, k, seen, n))
				continue;
			seen = x_grow(seen, n, &cap, sizeof *seen);
			seen[n++] = c->topics[k].topic;
		}
	}
	free(seen);
	return n;
}

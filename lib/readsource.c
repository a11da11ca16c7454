#include <inttypes.h>
#include <string.h>

#include "err.h"
#include "newest.h"
#include "readerint.h"
#include "tso.h"

/*
 * A collection's newest change is in etcd as long as it lives; but Milvus may
 * forget its snapshots (suffix_snapshot.go), and then it seems to be as old
 * as its creation. Not within an hour.
 */
enum { FORGETS_MS = 3600000 };

/* The catalogue, as it is now. */
void
reader_source(const struct reader *r, struct source *s)
{
	const struct cat *c = &r->cat;

	memset(s, 0, sizeof *s);
	memcpy(s->etcd, c->etcd, sizeof s->etcd);
	s->rev = c->rev;
	s->born = c->born;
	for (size_t i = 0; i < c->n_colls; i++) {
		const struct cat_coll *k = c->colls[i];

		if (k->state != CAT_CREATED || k->ts < s->ts)
			continue;
		s->coll = k->id;
		s->ts = k->ts;
	}
	if (r->missing_ts > merge_released(r->merge)) {
		s->missing = r->missing;
		s->until = r->missing_ts;
	}
}

void
reader_source_line(struct reader *r, struct jsonw *w, int whole)
{
	struct source now;

	reader_source(r, &now);
	if (!whole && memcmp(&now, &r->told, sizeof now) == 0)
		return;
	r->told = now;
	source_to_json(&now, w, "source");
}

static int
advise(struct reader *r, const struct source *was, struct err *e)
{
	struct buf b = { 0 };

	if (was->ts != 0)
		tso_add_time(&b, was->ts);
	source_advise(e, b.ptr, r->from.task);
	buf_fini(&b);
	return -1;
}

/*
 * --missing, now or when the position was set: what the source is without now
 * is to be kept, or dropped; its records end where the log does.
 */
static int
accept(struct reader *r, char **topics, const struct source *was, struct err *e)
{
	int anew = r->conf->missing != SOURCE_STOP;

	r->missing = anew ? r->conf->missing : was->missing;
	r->missing_ts = anew ? 0 : was->until;
	if (r->missing == SOURCE_STOP || r->missing_ts != 0)
		return 0;
	if (newest_ts(r->k, topics, r->dml_prefix, &r->missing_ts, e) == -1)
		return -1;
	if (r->missing_ts == 0)
		r->missing_ts = 1;
	return 0;
}

int
reader_meet(struct reader *r, char **topics, struct err *e)
{
	struct source was, now;

	source_from_json(&was, r->from.source);
	if (accept(r, topics, &was, e) == -1)
		return -1;
	reader_source(r, &now);
	if (r->conf->missing == SOURCE_STOP && source_same(&was, &now, e) == -1)
		return advise(r, &was, e);
	return 0;
}

static int
older(const struct cat_coll *c, const struct source *was)
{
	return c->ts < was->ts &&
	       (c->ts != c->create_ts ||
		   tso_ms(was->ts) + FORGETS_MS > tso_now_ms());
}

/*
 * etcd that was put back and has grown past its old revision: the collection
 * that was changed last is not there, and was not dropped, or not changed.
 */
int
reader_remembers(struct reader *r, struct err *e)
{
	const struct cat_coll *c;
	struct source was;
	int dropped;

	source_from_json(&was, r->from.source);
	if (was.coll == 0 || r->missing_ts != 0 || r->cat.partial)
		return 0;
	c = cat_coll(&r->cat, was.coll);
	if (cat_knows(c) && !older(c, &was))
		return 0;
	dropped = cat_knows(c) ? 0 : reader_is_dropped(r, was.coll, 0, e);
	if (dropped != 0)
		return dropped == -1 ? -1 : 0;
	err_set(e, ERR_BACK,
	    "the source's etcd (cluster %s, revision %" PRId64
	    ", and was at %" PRId64 ") went back: it has forgotten %s%" PRId64,
	    r->cat.etcd, r->cat.rev, was.rev,
	    cat_knows(c) ? "the last change of collection " : "collection ",
	    was.coll);
	return advise(r, &was, e);
}

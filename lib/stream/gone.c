#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sig.h"
#include "model/source.h"
#include "model/tso.h"
#include "stream/priv.h"

/*
 * That the catalogue does not know an id is no proof of a drop (law 13),
 * because etcd may have been put back to a snapshot from before the collection
 * was made. If etcd has forgotten the tombstone too, the message of the drop is
 * the proof: Milvus writes it on every pchannel of the collection, behind all
 * rows. So it stands behind any record of the collection, and behind any
 * position at which the collection was known. The log is searched once, up to
 * the place where reading goes on.
 */
enum {
	AGAIN_MS = 1000, /* between two looks at a new end of the log */
	ONCE_MS = 3600000,
	WAIT_MS = 100,
	/* so long a catalogue that follows may take to tell the drop */
	PATIENCE_S = 5,
	/* what etcd lacks for so long was never made, or is gone */
	SETTLED_MS = 60000,
	LONG = 100000, /* records; a longer search is reported */
};

static void
say_look(const struct reader_topic *t, struct mq_id high)
{
	int64_t n = mq_id_between(t->looked, high);

	if (n >= LONG)
		log_warn("topic '%s': looking for drops in %" PRId64
			 " records, from offset %s",
		    t->in->name, n, MQ_TEXT(t->looked));
	else
		log_info("topic '%s': looking for drops from offset %s to %s",
		    t->in->name, MQ_TEXT(t->looked), MQ_TEXT(high));
}

/*
 * Searches a topic, from where the last search ended to its end or to the drop.
 */
static int
look(struct reader *r, struct mq *k, struct reader_topic *t, struct mq_id high,
    int64_t id, struct err *e)
{
	struct record m;
	int rc;

	if (mq_id_cmp(t->looked, high) >= 0)
		return 0;
	say_look(t, high);
	if (mq_start(k, t->in->name, (int)(t - r->topics), t->looked, e) == -1)
		return -1;
	while (mq_id_cmp(t->looked, high) < 0 && sig_stop == 0 &&
	       reader_drop_of(r, id) == NULL) {
		if ((rc = mq_next(k, WAIT_MS, &m, e)) == -1)
			return -1;
		if (rc == MQ_IDLE)
			continue;
		if (reader_topic(r, &m) == t)
			t->looked = mq_id_next(m.id);
		reader_note_record(r, &m);
	}
	return mq_pause(k, t->in->name, e);
}

/* Searches all DML topics for the drop of id, in what the queue still has. */
static int
look_at(struct reader *r, struct mq *k, struct reader_topic **topics, size_t n,
    int64_t id, struct err *e)
{
	const char **names = x_calloc(n, sizeof *names);
	struct mq_id *highs = x_calloc(n, sizeof *highs);
	struct mq_id *lows = x_calloc(n, sizeof *lows);
	int rc;

	for (size_t i = 0; i < n; i++)
		names[i] = topics[i]->in->name;
	rc = mq_lows(k, names, n, lows, e);
	if (rc == 0)
		rc = mq_highs(k, names, n, highs, e);
	for (size_t i = 0; i < n && rc == 0 && sig_stop == 0; i++) {
		if (mq_id_cmp(topics[i]->looked, lows[i]) < 0)
			topics[i]->looked = lows[i];
		if (reader_drop_of(r, id) == NULL)
			rc = look(r, k, topics[i], highs[i], id, e);
	}
	free(lows);
	free(highs);
	free(names);
	return rc;
}

static int
look_through(struct reader *r, int64_t id, struct err *e)
{
	size_t n = 0;
	struct reader_topic **topics = x_calloc(r->n_topics, sizeof *topics);
	struct mq *k = mq_open(&r->conf->kafka, e);
	int rc = -1;

	for (size_t i = 0; i < r->n_topics; i++) {
		struct reader_topic *t = &r->topics[i];

		if (!t->in->ticks)
			continue;
		if (mq_id_cmp(t->looked, t->began) >= 0 &&
		    mq_id_cmp(t->looked, t->in->next) < 0)
			t->looked = t->in->next; /* they were read */
		topics[n++] = t;
	}
	if (k != NULL)
		rc = look_at(r, k, topics, n, id, e);
	mq_close(k);
	free(topics);
	return rc == -1 ? err_wrap(e, "looking for drops") : 0;
}

/* A search that a signal ended proves nothing: 0, and sig_stop is set. */
static int
is_dropped(struct reader *r, int64_t id, int64_t again_ms, struct err *e)
{
	int64_t now = clock_ns();

	if (reader_drop_of(r, id) != NULL)
		return 1;
	if (r->looked_ns != 0 && now - r->looked_ns < again_ms * NS_PER_MS)
		return 0;
	if ((r->by_mark ? reader_mark_search(r, id, e)
			: look_through(r, id, e)) == -1)
		return -1;
	if (reader_drop_of(r, id) != NULL)
		return 1;
	if (sig_stop == 0)
		r->looked_ns = clock_ns();
	return 0;
}

int
reader_is_dropped(struct reader *r, int64_t id, int64_t again_ms, struct err *e)
{
	int rc = is_dropped(r, id, again_ms, e);

	return rc == 0 && sig_stop != 0 ? err_set(e, ERR_STOP, "stopped") : rc;
}

/* ---- records ---- */

static int
is_waited_for(struct reader *r)
{
	int64_t now = clock_ns();

	if (!r->cat.follow)
		return 0;
	if (r->missing_ns == 0)
		r->missing_ns = now;
	return now - r->missing_ns < PATIENCE_S * NS_PER_S;
}

/*
 * A source with a streaming log writes a change there first, and to etcd then:
 * a catalogue may lack what the position, which is of just now, has already.
 * Trying again helps, until the position is older than that.
 */
static int
not_proven(const struct reader *r, struct err *e)
{
	uint64_t ts = r->from.pos.ts;

	for (size_t i = 0; i < r->from.pos.n; i++)
		if (r->from.pos.v[i].ts > ts)
			ts = r->from.pos.v[i].ts;
	if (r->by_log && tso_ms(ts) > clock_unix_ms() - SETTLED_MS) {
		e->kind = ERR_TEMP;
		return err_wrap(e,
		    "the catalogue may be older than the position, which is "
		    "of less than %d s ago; trying again helps then",
		    SETTLED_MS / 1000);
	}
	source_advise(e, NULL, r->from.task);
	return -1;
}

static int
nobody_knows(struct reader *r, const struct rec *rec, int64_t id,
    const char *what, struct err *e)
{
	struct buf b = { 0 };

	tso_add_time(&b, rec->ts);
	err_set(e, ERR_BACK,
	    "topic '%s' offset %s (%s): a record of %s %" PRId64
	    ", which the source's catalogue (revision %" PRId64
	    ") does not know, and no drop of it is in the log",
	    reader_topic(r, &rec->m)->in->name, MQ_TEXT(rec->m.id), b.ptr, what,
	    id, r->cat.rev);
	buf_fini(&b);
	return not_proven(r, e);
}

int
reader_missing(struct reader *r, const struct rec *rec, int64_t id,
    const char *what, int young, struct err *e)
{
	int rc;

	if (r->cat.partial || rec->ts <= r->missing_ts)
		return young;
	if ((rc = is_dropped(r, id, AGAIN_MS, e)) == 1) /* before --until? */
		return young && reader_drop_of(r, id)->ts > r->until_ts;
	if (rc == -1 && e->kind != ERR_STOP)
		return -1;
	err_clear(e);
	if (young || sig_stop != 0 || is_waited_for(r))
		return 1;
	return nobody_knows(r, rec, id, what, e);
}

/* ---- what the target has ---- */

static int
no_drop(struct reader *r, const struct view_coll *v, const char *part,
    int64_t id, struct err *e)
{
	err_set(e, ERR_BACK,
	    "%s%s%s '%s.%s' (%" PRId64
	    ") is at the target; the source's catalogue (revision %" PRId64
	    ") does not have it, and no drop of it is in the log behind the "
	    "position",
	    part == NULL ? "collection" : "partition '",
	    part == NULL ? "" : part, part == NULL ? "" : "' of", v->db,
	    v->name, id, r->cat.rev);
	return not_proven(r, e);
}

/*
 * The collection was dropped behind --until: its state at that moment cannot be
 * read any more, and it must not be left out.
 */
static int
dropped_later(const struct view_coll *v, int64_t id, uint64_t ts, struct err *e)
{
	struct buf b = { 0 };

	tso_add_time(&b, ts);
	err_set(e, ERR_GONE,
	    "'%s.%s' (%" PRId64
	    ") is at the target, and the source has dropped "
	    "it or a partition of it at %s, after --until; its catalogue has "
	    "forgotten it, so its rows up to --until cannot be read",
	    v->db, v->name, id, b.ptr);
	buf_fini(&b);
	return -1;
}

/* 1: the source dropped it, or --missing says to drop it. 0: it stays. -1. */
static int
decide(struct reader *r, const struct view_coll *v, const char *part,
    int64_t id, struct err *e)
{
	int rc = reader_is_dropped(r, id, ONCE_MS, e);

	if (rc == 1 && reader_drop_of(r, id)->ts > r->until_ts)
		return dropped_later(v, id, reader_drop_of(r, id)->ts, e);
	if (rc != 0)
		return rc;
	if (r->missing_ts == 0 || r->compared)
		return no_drop(r, v, part, id, e);
	log_warn("%s%s%s '%s.%s' (%" PRId64 ") is not at the source any more, "
		 "and no drop of it is in the log: %s (--missing)",
	    part == NULL ? "collection" : "partition '",
	    part == NULL ? "" : part, part == NULL ? "" : "' of", v->db,
	    v->name, id,
	    r->missing == SOURCE_DROP ? "it is dropped at the target"
				      : "the target keeps it");
	return r->missing == SOURCE_DROP;
}

static int
compare_parts(struct reader *r, struct view_coll *v, struct err *e)
{
	struct cat_coll *c = cat_coll(&r->cat, v->id);

	for (size_t i = v->parts.n; i-- > 0;) {
		struct view_item *p = &v->parts.v[i];
		struct cat_part *cp = /* ours */
		    (struct cat_part *)(uintptr_t)cat_part(c, p->id);
		int rc;

		if (cat_knows_part(cp))
			continue;
		if ((rc = decide(r, v, p->name, p->id, e)) == -1)
			return -1;
		if (rc == 1 && cp != NULL)
			cp->state = CAT_DROPPED;
		if (rc == 0) {
			view_cut(&v->parts, p);
			v->changed = 1;
		}
	}
	return 0;
}

static int
compare_coll(struct reader *r, struct view_coll *v, struct err *e)
{
	struct cat_coll *c = cat_coll(&r->cat, v->id);
	int rc;

	if (cat_knows(c))
		return ddl_gone(r->ddl, c) ? 0 : compare_parts(r, v, e);
	if (r->cat.partial) {
		log_warn("collection '%s.%s' (%" PRId64 ") is not in the "
			 "catalogue, which is of some collections only: it "
			 "stays at the target as it is",
		    v->db, v->name, v->id);
		view_forget(&r->view, v->id);
		return 0;
	}
	if ((rc = decide(r, v, NULL, v->id, e)) == -1)
		return -1;
	if (rc == 1 && c != NULL)
		c->state = CAT_DROPPED;
	if (rc == 0)
		/* dropped from `known` without a line */
		view_drop(&r->view, v->id);
	return 0;
}

int
reader_compare(struct reader *r, struct err *e)
{
	if (r->cat.some_kinds && r->view.n_colls > 0)
		return err_set(e, ERR_USAGE,
		    "%s: a catalogue of some kinds only (cdc-meta --kinds): "
		    "what the target has of the others would be taken for "
		    "dropped",
		    r->conf->catalogue);
	r->looked_ns = 0;
	for (size_t i = r->view.n_colls; i-- > 0 && sig_stop == 0;)
		if (compare_coll(r, r->view.colls[i], e) == -1)
			return -1;
	if (sig_stop != 0) /* what was not searched must not be dropped */
		return err_set(e, ERR_STOP, "stopped");
	r->compared = 1;
	return 0;
}

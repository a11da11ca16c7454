#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/sig.h"
#include "model/tso.h"
#include "stream/priv.h"

/* How far the stream may go: W, the release of all up to it, and its end. */
enum {
	NEWS_MS = 1000,  /* an index or a load is carried with a later W */
	IDLE_MS = 1000,  /* between two releases of nothing */
	APART_MS = 10,   /* between two watermarks that are remembered */
	PATIENCE_S = 10, /* then we say what --until now waits for */
};

/* W as things stand now. With nothing to wait for, all that is there. */
static uint64_t
watermark(struct reader *r, int *holder)
{
	uint64_t w;

	*holder = -1;
	w = merge_watermark(r->merge, holder);
	if (w == UINT64_MAX) {
		w = merge_newest(r->merge);
		if (ddl_last(r->ddl) > w)
			w = ddl_last(r->ddl);
		if (r->cat.ts > w)
			w = r->cat.ts;
		if (!r->cat.follow && r->until.kind == WHERE_TIME)
			w = r->until_ts; /* nothing more can come */
	}
	return w < r->until_ts ? w : r->until_ts;
}

/* A catalogue that does not move will never tell of what this record is of. */
static void
end_before(struct reader *r, const struct rec *rec)
{
	struct buf b = { 0 };

	tso_add_time(&b, rec->ts);
	log_warn("the stream ends before topic '%s' offset %s (%s), a record "
		 "of collection %" PRId64 ", of which the catalogue "
		 "does not tell yet; a newer one goes on there",
	    reader_topic(r, &rec->m)->in->name, MQ_TEXT(rec->m.id), b.ptr,
	    rec->msg.coll_id);
	buf_fini(&b);
	r->until_ts = rec->ts - 1;
}

int
reader_tick(struct reader *r, enum opname op, struct err *e)
{
	struct jsonw *w = emit_open(&r->emit, op, merge_released(r->merge));
	struct pos p = { 0 };

	reader_pos(r, &p);
	pos_to_json(&p, w, "pos");
	if (op == OP_END || view_changed(&r->view))
		view_to_json(&r->view, w, "known", op == OP_END);
	reader_source_line(r, w, op == OP_END);
	if (op == OP_END) {
		emit_counts(&r->emit, w, "n");
		if (sig_stop != 0)
			jw_bool(w, "stopped", 1);
	}
	emit_close(&r->emit, 0);
	pos_fini(&p);
	r->tick_ns = clock_ns();
	r->tick_ts = merge_released(r->merge);
	return out_flush(&r->out, e);
}

int
reader_tick_if_due(struct reader *r, struct err *e)
{
	uint64_t lines = emit_operations(&r->emit);

	if (lines == r->lines_at_tick &&
	    (merge_released(r->merge) <= r->tick_ts ||
		clock_ns() - r->tick_ns < r->conf->tick_s * NS_PER_S))
		return 0;
	r->lines_at_tick = lines;
	return reader_tick(r, OP_TICK, e);
}

/* Write everything up to w, in order, then a tick if there was something. */
static int
release(struct reader *r, uint64_t w, struct err *e)
{
	for (;;) {
		const struct rec *rec = merge_first(r->merge);
		uint64_t next = ddl_next(r->ddl);
		int rc;

		if (rec != NULL && rec->ts < next && rec->ts <= w) {
			uint64_t ts = rec->ts;

			if ((rc = reader_group(r, e)) == -1)
				return -1;
			if (rc == 1) { /* not before the catalogue knows */
				w = ts - 1;
				if (!r->cat.follow)
					end_before(r, rec);
				break;
			}
		} else if (next <= w && next != UINT64_MAX) {
			ddl_apply(r->ddl);
		} else {
			break;
		}
	}
	r->release_ns = clock_ns();
	ddl_settle(r->ddl, w);
	if (r->rbac != NULL && w > 0)
		rbac_write(r->rbac, w);
	merge_release(r->merge, w);
	return reader_tick_if_due(r, e);
}

int
reader_at_ends(const struct reader *r)
{
	for (size_t i = 0; i < r->n_topics; i++) {
		const struct reader_topic *t = &r->topics[i];

		if (mq_id_cmp(t->in->next, t->end) < 0)
			return 0;
	}
	return 1;
}

void
reader_say_holder(struct reader *r, int holder)
{
	int64_t now = clock_ns();

	if (r->wait_ns == 0)
		r->wait_ns = now;
	if (now - r->wait_ns < PATIENCE_S * NS_PER_S || holder == -1)
		return;
	r->wait_ns = INT64_MAX / 2; /* once */
	log_warn("waiting for a tick on topic '%s' (if the source is dead, "
		 "--until end takes what is there)",
	    r->topics[holder].in->name);
}

/* Late records that may leave and have not left. */
static int
late_held(const struct reader *r)
{
	const struct rec *rec = merge_first(r->merge);

	return rec != NULL && rec->ts <= merge_released(r->merge);
}

/* Law 4 for --until end: the catalogue was asked after the last was read. */
static int
catalogue_is_past(struct reader *r)
{
	if (r->ends_ns == 0)
		r->ends_ns = clock_ns();
	return !r->cat.follow || r->cat.at_ns > r->ends_ns;
}

/* Is what --until asked for out? Sets done, or lowers nothing. */
static int
check_until(struct reader *r, int holder, struct err *e)
{
	uint64_t w = merge_released(r->merge);
	int rc = 0;

	if (r->until.kind == WHERE_TIME || r->until_ts != UINT64_MAX) {
		/* what nothing will ever tell about does not keep us */
		r->done =
		    w > r->until_ts || (w == r->until_ts && !late_held(r));
	} else if (r->until.kind == WHERE_NOW && reader_at_ends(r)) {
		r->done = w >= r->until_seen && !late_held(r);
		if (!r->done)
			reader_say_holder(r, holder);
	} else if (r->until.kind == WHERE_END && reader_at_ends(r) &&
		   catalogue_is_past(r)) {
		w = merge_newest(r->merge);
		if (ddl_last(r->ddl) > w)
			w = ddl_last(r->ddl);
		rc = release(r, w > r->cat.ts ? w : r->cat.ts, e);
		r->done = r->missing_ns == 0; /* else it waits, or fails */
	}
	return rc;
}

/* By when was all that was read in the log? A backlog was there before us. */
static int64_t
in_log_ns(struct reader *r)
{
	int64_t since = 0;

	for (size_t i = 0; i < r->n_topics; i++) {
		struct reader_topic *t = &r->topics[i];

		if (mq_id_cmp(t->in->next, t->known) > 0) {
			t->known = mq_high(r->k, t->in->name);
			if (mq_id_cmp(t->known, t->in->next) < 0)
				t->known = t->in->next;
			t->known_ns = clock_ns();
		}
		if (t->known_ns > since)
			since = t->known_ns;
	}
	return since;
}

static void
note_candidate(struct reader *r, uint64_t w)
{
	int64_t now = clock_ns();
	size_t n = r->n_cands;

	if (n == 0 || (n < READER_CANDS &&
			  now - r->cands[n - 1].since >= APART_MS * NS_PER_MS))
		r->cands[r->n_cands++].since = now;
	r->cands[r->n_cands - 1].w = w;
	r->cands[r->n_cands - 1].ns = in_log_ns(r);
}

/* The newest that the catalogue is past; 0 if there is none. */
static int
take_candidate(struct reader *r, uint64_t *w)
{
	size_t n = 0;

	while (
	    n < r->n_cands && (!r->cat.follow || r->cat.at_ns > r->cands[n].ns))
		n++;
	if (n == 0)
		return 0;
	*w = r->cands[n - 1].w;
	r->n_cands -= n;
	memmove(r->cands, r->cands + n, r->n_cands * sizeof r->cands[0]);
	return 1;
}

static int
is_tick_due(const struct reader *r)
{
	return clock_ns() - r->tick_ns > r->conf->tick_s * NS_PER_S;
}

/* Nothing waits for W to move on: no need to ask the catalogue now. */
static int
is_idle(const struct reader *r)
{
	int64_t now = clock_ns();

	return r->until.kind == WHERE_NEVER && merge_first(r->merge) == NULL &&
	       ddl_next(r->ddl) == UINT64_MAX &&
	       now - r->news_ns > NEWS_MS * NS_PER_MS &&
	       now - r->release_ns < IDLE_MS * NS_PER_MS;
}

/* Should w wait for the catalogue too? A late record is below it already. */
static int
is_more(const struct reader *r, uint64_t w)
{
	if (r->n_cands > 0)
		return w > r->cands[r->n_cands - 1].w;
	return is_tick_due(r) || late_held(r) ||
	       (w > merge_released(r->merge) && !is_idle(r));
}

/*
 * Law 4: what was in the log at a moment leaves when the catalogue has been
 * asked after that moment, and the channels in use are taken again then.
 */
int
reader_release(struct reader *r, struct err *e)
{
	uint64_t w, cand;
	int holder;

	if (!r->cat.ready) /* a resync: half a catalogue is none */
		return 0;
	if (reader_channels(r, e) == -1 || reader_settle(r, e) == -1)
		return -1;
	w = watermark(r, &holder);
	if (reader_balance(r, holder, e) == -1)
		return -1;
	if (is_more(r, w))
		note_candidate(r, w);
	if (take_candidate(r, &cand)) {
		if (cand < w)
			w = cand;
		if (w < merge_released(r->merge))
			w = merge_released(r->merge);
		if (release(r, w, e) == -1)
			return -1;
	}
	return check_until(r, holder, e);
}

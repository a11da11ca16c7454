#include "stream/stream.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sig.h"
#include "model/tso.h"
#include "stream/priv.h"

enum {
	WAIT_MS = 200,
	NEWS_MS = 1000, /* an index or a load is carried with a later W */
	IDLE_MS = 1000, /* between two releases of nothing */
	GATHER_MS = 3,
	APART_MS = 10,   /* between two watermarks that are remembered */
	TOPICS_S = 5,    /* how often new topics are looked for */
	PATIENCE_S = 10, /* then we say what --until now waits for */
};

/* Catalogue */

static int
take_line(struct reader *r, const char *line, size_t len, struct err *e)
{
	struct cat_change ch;

	r->at_end = 0;
	if (cat_line(&r->cat, line, len, &ch, e) == -1)
		return err_wrap(e, "%s: line %" PRIu64, r->conf->catalogue,
		    lines_number(r->in));
	if ((ch.kind == CAT_USER || ch.kind == CAT_ROLE) && r->rbac != NULL)
		rbac_note(r->rbac, &ch);
	if (!r->begun)
		return 0;
	if (ch.kind == CAT_AT)
		r->at_end = 1;
	else
		r->news_ns = clock_ns();
	if (ch.kind == CAT_COLL || ch.kind == CAT_READY)
		r->channels_dirty = 1;
	if (ch.kind == CAT_COLL && !ch.coll->included)
		ch.coll->included =
		    view_coll(&r->view, ch.coll->id) != NULL ||
		    reader_want(r, ch.coll->db, ch.coll->name, ch.coll->id);
	if (ch.kind == CAT_READY) { /* after a resync */
		if (reader_compare(r, e) == -1)
			return -1;
		ddl_start(r->ddl, merge_released(r->merge), 0);
	} else if (r->cat.ready)
		ddl_note(r->ddl, &ch);
	return 0;
}

/* All lines that are there, up to `ready` as long as we have not begun. */
static int
take_lines(struct reader *r, struct err *e)
{
	const char *line;
	size_t len;
	int rc = LINES_WAIT;

	while ((r->begun || !r->cat.ready) &&
	       (rc = lines_next(r->in, &line, &len, e)) == LINES_LINE) {
		if (lines_cut(r->in))
			return err_set(e, ERR_TEMP,
			    "%s: line %" PRIu64 " is cut short",
			    r->conf->catalogue, lines_number(r->in));
		if (take_line(r, line, len, e) == -1)
			return -1;
	}
	r->in_eof = rc == LINES_END;
	r->read_ns = clock_ns();
	return rc == -1 ? -1 : 0;
}

/* Read once from the catalogue. Its end is no end of ours if it is static. */
static int
fill(struct reader *r, struct err *e)
{
	if (lines_fill(r->in, e) == -1 || take_lines(r, e) == -1)
		return -1;
	if (r->at_end && !r->one_page) /* refused while there is more in it */
		r->one_page = fcntl(lines_fd(r->in), F_SETPIPE_SZ, 1) != -1;
	if (r->in_eof && !r->cat.ready)
		return err_set(e, ERR_TEMP,
		    "%s: the catalogue ends before 'ready'",
		    r->conf->catalogue);
	if (r->in_eof && r->cat.follow)
		return err_set(e, ERR_TEMP,
		    "%s: the catalogue has ended, the stream cannot go on "
		    "without it",
		    r->conf->catalogue);
	return 0;
}

static int
read_catalogue(struct reader *r, struct err *e)
{
	if (take_lines(r, e) == -1) /* opens it */
		return -1;
	while (!r->cat.ready) {
		struct pollfd p[2] = { { lines_fd(r->in), POLLIN, 0 },
			{ sig_fd(), POLLIN, 0 } };

		if (sig_stop != 0)
			return err_set(e, ERR_STOP, "stopped");
		poll(p, 2, -1);
		if (p[0].revents != 0 && fill(r, e) == -1)
			return -1;
	}
	if (!r->cat.follow && r->until.kind == WHERE_NEVER)
		return err_set(e, ERR_USAGE,
		    "%s: the catalogue does not follow changes (cdc-meta -w), "
		    "so --until is needed",
		    r->conf->catalogue);
	return 0;
}

/* Release */

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

static int
tick(struct reader *r, enum opname op, struct err *e)
{
	struct jsonw *w = emit_open(&r->emit, op, merge_released(r->merge));
	struct pos p = { 0 };

	merge_pos(r->merge, &p);
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

static uint64_t
op_lines(const struct emit *e)
{
	uint64_t n = 0;

	for (int op = OP_END + 1; op < OP_MAX; op++)
		n += e->lines[op];
	return n;
}

/* A catalogue that does not move will never tell of what this record is of. */
static void
end_before(struct reader *r, const struct rec *rec)
{
	struct buf b = { 0 };

	tso_add_time(&b, rec->ts);
	log_warn("the stream ends before topic '%s' offset %" PRId64 " (%s), a "
		 "record of collection %" PRId64 ", of which the catalogue "
		 "does not tell yet; a newer one goes on there",
	    merge_topic(r->merge, (size_t)rec->m.topic)->name, rec->m.offset,
	    b.ptr, rec->msg.coll_id);
	buf_fini(&b);
	r->until_ts = rec->ts - 1;
}

/* Write everything up to w, in order, then a tick if there was something. */
static int
release(struct reader *r, uint64_t w, struct err *e)
{
	uint64_t lines;

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
	lines = op_lines(&r->emit);
	if (lines != r->lines_at_tick ||
	    (merge_released(r->merge) > r->tick_ts &&
		clock_ns() - r->tick_ns >= r->conf->tick_ms * NS_PER_MS)) {
		r->lines_at_tick = lines;
		return tick(r, OP_TICK, e);
	}
	return 0;
}

/* Every topic has been read to where it ended when we began. */
static int
read_to_ends(struct reader *r)
{
	for (size_t i = 0; i < merge_topics(r->merge); i++) {
		const struct merge_topic *t = merge_topic(r->merge, i);

		if (t->end != -1 && t->next < t->end)
			return 0;
	}
	return 1;
}

static void
say_what_holds(struct reader *r, int holder)
{
	int64_t now = clock_ns();

	if (r->wait_ns == 0)
		r->wait_ns = now;
	if (now - r->wait_ns < PATIENCE_S * NS_PER_S || holder == -1)
		return;
	r->wait_ns = INT64_MAX / 2; /* once */
	log_warn("waiting for a tick on topic '%s' (if the source is dead, "
		 "--until end takes what is there)",
	    merge_topic(r->merge, (size_t)holder)->name);
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
	} else if (r->until.kind == WHERE_NOW && read_to_ends(r)) {
		r->done = w >= r->until_seen && !late_held(r);
		if (!r->done)
			say_what_holds(r, holder);
	} else if (r->until.kind == WHERE_END && read_to_ends(r) &&
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

	for (size_t i = 0; i < merge_topics(r->merge); i++) {
		struct merge_topic *t = merge_topic(r->merge, i);

		if (t->next > t->known) {
			t->known = kreader_high(r->k, t->name);
			if (t->known < t->next)
				t->known = t->next;
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
	return clock_ns() - r->tick_ns > r->conf->tick_ms * NS_PER_MS;
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
static int
try_release(struct reader *r, struct err *e)
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

/*
 * Ticks of all topics come at nearly the same moment, each waking us: a turn
 * for all of them. Not in a backlog.
 */
static void
gather(const struct reader *r)
{
	struct pollfd p = { sig_fd(), POLLIN, 0 };

	if (r->taken <= (int)merge_topics(r->merge))
		poll(&p, 1, GATHER_MS);
}

/*
 * The next question is put to etcd when we have read the answer to the last
 * (catalogue/follow.c); that is our wish for it, since the pipe is made so
 * small that it is full with one. So we leave it there until something waits
 * for the catalogue, or for a while.
 */
static int
wants_catalogue(const struct reader *r)
{
	if (!r->at_end || lines_partial(r->in) || r->n_cands > 0 ||
	    r->ends_ns != 0 || !r->cat.ready)
		return 1;
	return clock_ns() - r->read_ns >= WAIT_MS * NS_PER_MS;
}

static int
turn(struct reader *r, struct err *e)
{
	int full = reader_is_full(r);
	struct pollfd p[3] = { { r->in_eof ? -1 : lines_fd(r->in),
				   wants_catalogue(r) ? POLLIN : 0, 0 },
		{ full ? -1 : kreader_fd(r->k), POLLIN, 0 },
		{ sig_fd(), POLLIN, 0 } };

	poll(p, 3, r->more && !full ? 0 : WAIT_MS);
	if (p[1].revents != 0 && !r->more)
		gather(r);
	if (p[0].revents != 0 && fill(r, e) == -1)
		return -1;
	if (!full && reader_records(r, e) == -1)
		return -1;
	if (clock_ns() - r->topics_ns > TOPICS_S * NS_PER_S &&
	    reader_topics(r, e) == -1)
		return -1;
	return try_release(r, e);
}

static int
finish(struct reader *r, struct err *e)
{
	const struct merge_stats *s = merge_stats(r->merge);

	log_info("%" PRIu64 " ticks, %" PRIu64 " DDL messages, %" PRIu64
		 " retries, %" PRIu64 " skipped, %" PRIu64
		 " not included, %" PRIu64 " late, %" PRIu64
		 " of unknown collections",
	    s->ticks, s->ddl, s->retries, s->skipped, s->unwanted, s->late,
	    r->unknown_ids);
	if (r->conf->explain) {
		r->emit.out = NULL;
		return reader_explain(r, e);
	}
	return tick(r, OP_END, e);
}

static int
run(struct reader *r, struct err *e)
{
	if (read_catalogue(r, e) == -1 || reader_begin(r, e) == -1)
		return -1;
	if (take_lines(r, e) == -1) /* those behind `ready` */
		return -1;
	while (!r->done && sig_stop == 0)
		if (turn(r, e) == -1 && e->kind != ERR_STOP)
			return -1;
	err_clear(
	    e); /* stopped amid a question: that is an end in order, too */
	return finish(r, e);
}

static int
open_reader(struct reader *r, struct err *e)
{
	struct ddl_conf d = { .cat = &r->cat,
		.view = &r->view,
		.emit = &r->emit,
		.want = reader_want,
		.want_db = reader_want_db,
		.drop_dbs = r->conf->shard.i == 0,
		.arg = r };

	r->names[0] = x_strdup(r->conf->catalogue);
	if ((r->in = lines_open(r->names, 1, e)) == NULL)
		return -1;
	r->out.fd = STDOUT_FILENO;
	r->out.name = "standard output";
	r->emit.out = r->conf->explain ? NULL : &r->out;
	r->emit.time = r->conf->time;
	r->until_ts = UINT64_MAX;
	r->merge = merge_new();
	merge_filter(r->merge, reader_wanted, r);
	merge_ddl(r->merge, reader_note_drop, r);
	r->ddl = ddl_new(&d);
	if (r->conf->include.n == 0 && r->conf->shard.i == 0)
		r->rbac = rbac_new(&r->emit);
	if (r->conf->ops != NULL && emit_only(&r->emit, r->conf->ops, e) == -1)
		return -1;
	return where_from(&r->from, r->conf->from, r->conf->state, e) == -1 ||
		       where_until(&r->until, r->conf->until, e) == -1
		   ? -1
		   : 0;
}

static void
close_reader(struct reader *r)
{
	where_fini(&r->from);
	where_fini(&r->until);
	lines_close(r->in);
	free(r->names[0]);
	merge_free(r->merge);
	kreader_close(r->k);
	kreader_close(r->asker);
	ddl_free(r->ddl);
	rbac_free(r->rbac);
	cat_fini(&r->cat);
	view_fini(&r->view);
	emit_fini(&r->emit);
	out_fini(&r->out);
	buf_fini(&r->rows_text);
	free(r->cluster);
	free(r->dml_prefix);
	free(r->replicate);
	free(r->tally);
	free(r->drops.v);
}

int
reader_run(const struct reader_conf *conf, struct err *e)
{
	struct reader r = { .conf = conf };
	int rc = open_reader(&r, e) == -1 ? -1 : run(&r, e);

	close_reader(&r);
	if (rc == -1 && e->kind == ERR_STOP) {
		err_clear(e);
		rc = 0;
	}
	return rc;
}

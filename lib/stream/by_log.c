#include "stream/priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "catlog/catlog.h"
#include "format/newest.h"
#include "model/tso.h"

/*
 * A source whose changes are in its log. The catalogue is how things stood at
 * the start; from there on the log says what was made, changed and dropped, in
 * order with the rows, and nothing waits for etcd.
 */

enum {
	LACK_S = 10,     /* a copy of a change may come so much later; or */
	LATE_MS = 60000, /* so much by the time of its topic, which goes on */
	AGAIN_S = 600,   /* between two warnings */
};

/* All topics begin with their first record: the log tells of all there is. */
static int
is_whole(const struct reader *r)
{
	for (size_t i = 0; i < r->n_topics; i++)
		if (!mq_id_is_first(r->topics[i].began))
			return 0;
	return 1;
}

/*
 * Up to where a topic that does not begin with its first record may lack some.
 * All of it may be removed: then nothing of it tells, and what the catalogue
 * has may have stood there.
 */
static int
lacks_up_to(struct reader *r, struct mq *q, struct reader_topic *t,
    uint64_t *ts, struct err *e)
{
	*ts = 0;
	if (mq_id_is_first(t->began))
		return 0;
	if (mq_id_cmp(t->began, t->unused_end) < 0)
		return record_ts(q, t->in->name, t->began, ts, e);
	*ts = t->in->first = r->cat.ts;
	return 0;
}

/*
 * When the source of a topic was upgraded, if what we read begins before that:
 * the older log has no changes, so that the catalogue has to tell of them. 0:
 * all of it is a streaming log.
 */
static int
upgraded_at(struct reader *r, struct mq *q, const struct reader_topic *t,
    uint64_t *ts, struct err *e)
{
	struct mq_id from = t->began, to = t->unused_end, at = from;
	int is;

	*ts = 0;
	while (mq_id_cmp(from, to) < 0) {
		if (record_is_streaming(q, t->in->name, at, &is, e) == -1)
			return -1;
		if (is)
			to = at;
		else
			from = mq_id_next(at);
		at = mq_id_middle(from, to);
	}
	if (mq_id_cmp(to, t->began) == 0)
		return 0;
	*ts = r->cat.ts; /* no record of the new log is there */
	return mq_id_cmp(to, t->unused_end) == 0
		   ? 0
		   : record_ts(q, t->in->name, to, ts, e);
}

static int
ask_ahead(struct reader *r, struct mq *q, struct err *e)
{
	for (size_t i = 0; i < r->n_topics; i++) {
		const struct reader_topic *t = &r->topics[i];

		if (mq_id_cmp(t->began, t->unused_end) < 0 &&
		    mq_ahead(q, t->in->name, t->began, e) == -1)
			return -1;
	}
	return 0;
}

/* The timestamp from which on all topics, as they are left, have every change.
 */
static int
told_from(struct reader *r, uint64_t *ts, struct err *e)
{
	struct mq *q = mq_open(&r->conf->kafka, e); /* r->k reads them */
	int rc = q == NULL ? -1 : ask_ahead(r, q, e);
	int all = *ts != 0 || is_whole(r);

	for (size_t i = 0; i < r->n_topics && rc == 0; i++) {
		uint64_t lacks = 0, upgraded = 0;

		rc = upgraded_at(r, q, &r->topics[i], &upgraded, e);
		if (rc == 0 && !all)
			rc = lacks_up_to(r, q, &r->topics[i], &lacks, e);
		if (lacks > *ts)
			*ts = lacks;
		if (upgraded > *ts)
			*ts = upgraded;
	}
	mq_close(q);
	return rc;
}

static int
has_db(void *arg, int64_t db)
{
	return view_db(arg, db) != NULL;
}

static int
has_coll(void *arg, int64_t coll)
{
	return view_coll(arg, coll) != NULL;
}

static int
has_part(void *arg, int64_t coll, int64_t part)
{
	const struct view_coll *v = view_coll(arg, coll);

	return v != NULL && view_find(&v->parts, part) != NULL;
}

static int
has_index(void *arg, int64_t coll, int64_t index)
{
	const struct view_coll *v = view_coll(arg, coll);

	return v != NULL && view_find(&v->indexes, index) != NULL;
}

static int
has_alias(void *arg, int64_t coll, const char *alias)
{
	const struct view_coll *v = view_coll(arg, coll);

	return v != NULL && view_find_name(&v->aliases, alias) != NULL;
}

int
reader_by_log_start(struct reader *r, struct err *e)
{
	const struct cat_target at = { has_db, has_coll, has_part, has_index,
		has_alias, &r->view };
	uint64_t ts = r->start_ts;

	if (r->by_mark)
		ts = r->told_ts;
	else if (told_from(r, &ts, e) == -1)
		return -1;
	cat_rewind(&r->cat, ts, &at);
	for (size_t i = 0; i < view_n_done(&r->view); i++)
		merge_knows(r->merge, r->view.done[i]);
	return 0;
}

static int
change(struct reader *r, const struct rec *rec, struct err *e)
{
	struct buf lines = { 0 };
	const char *line, *end;
	int rc = catlog_lines(&r->cat, &rec->msg, &lines, e);

	for (line = lines.ptr; rc == 0 && line != NULL && *line != '\0';
	     line = end + 1) {
		end = strchr(line, '\n');
		rc = reader_catalogue_line(r, line, (size_t)(end - line), e);
	}
	buf_fini(&lines);
	if (rc == -1)
		return err_wrap(e, "topic '%s' offset %s",
		    reader_topic(r, &rec->m)->in->name, MQ_TEXT(rec->m.id));
	while (ddl_next(r->ddl) != UINT64_MAX)
		ddl_apply(r->ddl);
	ddl_settle(r->ddl, rec->ts);
	if (r->rbac != NULL)
		rbac_write(r->rbac, rec->ts);
	return reader_channels(r, e);
}

static int
leave(struct reader *r, struct err *e)
{
	struct rec *rec = merge_first(r->merge);
	enum msg_use use = msg_use(rec->msg.kind);

	if (rec->msg.broadcast_id != 0)
		view_done(&r->view, rec->msg.broadcast_id);
	if (use == MSG_USE_DDL)
		return change(r, merge_take(r->merge), e);
	if (use != MSG_USE_TOLD)
		return reader_group(r, e);
	merge_take(r->merge);
	log_warn("topic '%s' offset %s: %s is not carried",
	    reader_topic(r, &rec->m)->in->name, MQ_TEXT(rec->m.id),
	    rec->msg.name);
	return 0;
}

/* All that was in the topics when we began has left. */
static int
ends_are_out(const struct reader *r)
{
	for (size_t i = 0; i < r->n_topics; i++)
		if (merge_holds(r->merge, i, r->topics[i].end))
			return 0;
	return 1;
}

/* Writes all that may leave, then a tick if there was something. */
static int
release(struct reader *r, struct err *e)
{
	const struct rec *rec;

	merge_until(r->merge, r->until_ts);
	while (
	    (rec = merge_first(r->merge)) != NULL && rec->ts <= r->until_ts) {
		int rc = leave(r, e);

		if (rc == -1)
			return -1;
		if (rc == 1)
			break;
	}
	merge_release(r->merge, 0);
	return reader_tick_if_due(r, e);
}

/*
 * All topics in use, and those that a change is on, have come so far, and
 * nothing of up to then may leave. A copy of a broadcast whose own time, the
 * control channel's, is later stays here, with what is behind it; the position
 * is before it.
 */
static int
is_out(const struct reader *r)
{
	const struct rec *rec = merge_first(r->merge);

	for (size_t i = 0; i < r->n_topics; i++)
		if (r->topics[i].in->used &&
		    r->topics[i].in->tick < r->until_ts)
			return 0;
	return (rec == NULL || rec->ts > r->until_ts) &&
	       !merge_waits(r->merge, r->until_ts);
}

/* A topic that keeps a stream from its end, or -1. */
static int
holder_of(const struct reader *r)
{
	for (size_t i = 0; i < r->n_topics; i++) {
		const struct merge_topic *t = r->topics[i].in;

		if (r->until.kind == WHERE_TIME
			? t->used && t->tick < r->until_ts
			: merge_holds(r->merge, i, r->topics[i].end))
			return (int)i;
	}
	return -1;
}

/* Nothing comes any more, and the time that is waited for is over. */
static void
say_holder(struct reader *r)
{
	if (r->lack_id != 0) /* it is a copy that is waited for */
		return;
	if (r->taken > 0 && r->wait_ns < clock_ns())
		r->wait_ns = 0;
	else if (r->until.kind == WHERE_NOW ||
		 tso_ms(r->until_ts) < clock_unix_ms())
		reader_say_holder(r, holder_of(r));
}

static int
check_until(struct reader *r, struct err *e)
{
	if (r->until.kind == WHERE_TIME) {
		if (!(r->done = is_out(r)))
			say_holder(r);
	} else if (r->until.kind == WHERE_NOW && reader_at_ends(r)) {
		if (!(r->done = ends_are_out(r)))
			say_holder(r);
	} else if (r->until.kind == WHERE_END && reader_at_ends(r)) {
		merge_end(r->merge);
		if (release(r, e) == -1)
			return -1;
		r->done = merge_first(r->merge) == NULL;
	}
	return 0;
}

/* Is the copy that it lacks still on its way? */
static int
may_come(struct reader *r, const struct merge_lack *l)
{
	const struct merge_topic *t =
	    l->topic == -1 ? NULL : r->topics[l->topic].in;
	uint64_t records = t == NULL ? 0 : t->records;
	int new = r->lack_id != l->at->msg.broadcast_id ||
		  (t != NULL && r->lack_records != records &&
		      tso_ms(t->tick) < tso_ms(l->at->ts) + LATE_MS);

	r->lack_id = l->at->msg.broadcast_id;
	r->lack_records = records;
	return new;
}

/*
 * What stands behind a change stays there until all copies have come. If the
 * source has lost one, nothing else would say why.
 */
static void
say_lack(struct reader *r)
{
	int64_t now = clock_ns();
	struct merge_lack l;
	struct buf time = { 0 };

	if (!merge_lacks(r->merge, &l)) {
		r->lack_id = 0;
	} else if (may_come(r, &l)) {
		r->lack_ns = now + LACK_S * NS_PER_S;
	} else if (now >= r->lack_ns) {
		r->lack_ns = now + AGAIN_S * NS_PER_S;
		tso_add_time(&time, l.at->ts);
		log_warn("topic '%s' offset %s (%s): %s waits for its copy in "
			 "channel '%s', which has not come, and all behind it "
			 "in its channels waits, too (--until end goes on "
			 "without the copy)",
		    reader_topic(r, &l.at->m)->in->name, MQ_TEXT(l.at->m.id),
		    time.ptr, l.at->msg.name, l.vchannel);
		buf_fini(&time);
	}
}

/*
 * A change may be on a topic that nobody has named so far, of a collection that
 * it makes.
 */
static int
unread_topics(struct reader *r, struct err *e)
{
	char *name;
	int rc = 0;

	while (
	    r->by_mark && rc == 0 && (name = merge_unread(r->merge)) != NULL) {
		rc = reader_mark_topic(r, name, e);
		free(name);
	}
	return rc;
}

int
reader_by_log_release(struct reader *r, struct err *e)
{
	if (reader_channels(r, e) == -1 || unread_topics(r, e) == -1 ||
	    reader_balance(r, -1, e) == -1 || release(r, e) == -1)
		return -1;
	say_lack(r);
	return check_until(r, e);
}

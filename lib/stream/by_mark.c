#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sig.h"
#include "format/format.h"
#include "model/tso.h"
#include "stream/priv.h"

/*
 * A log that is read through Milvus. Nobody tells which topics there are, nor
 * their ends: topics are those of the catalogue and of the position, and what
 * DumpMessages has proven takes the place of ends. A place is a mark (law 2:
 * the record that came last must come again).
 */
enum {
	WAIT_MS = 200,
	/*
	 * A stream that begins at a time begins to read so much earlier: a
	 * change's copies have times of their own (lib/format/FORMATS).
	 */
	MARGIN_MS = 60000,
	/* the copies of a create may be so far apart */
	APART_MS = 1000,
};

/* Ids do not tell what is skipped here; timestamps do. */
static const struct mq_id everything = { .kind = MQ_LEDGER,
	.ledger = INT64_MAX };

/* What the log has of a topic, looked at before the stream begins. */
struct probe {
	const char *topic;
	struct mq_mark mark; /* where to read from; with an id, it is there */
	uint64_t first;  /* timestamp of the first record behind it, 0: none */
	int64_t made;    /* the collection that this record creates, or 0 */
	uint64_t proven; /* all up to here was looked at */
	int done;
};

/* ---- which topics ---- */

struct names {
	const char **v; /* borrowed */
	size_t n, cap;
};

static void
names_add(struct names *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i], name) == 0)
			return;
	l->v = x_grow(l->v, l->n, &l->cap, sizeof(const char *));
	l->v[l->n++] = name;
}

static void
all_names(const struct reader *r, struct names *l)
{
	for (size_t i = 0; i < r->cat.n_pchannels; i++)
		names_add(l, r->cat.pchannels[i]);
	for (size_t i = 0; i < r->cat.n_colls; i++)
		for (size_t k = 0; k < r->cat.colls[i]->n_topics; k++)
			names_add(l, r->cat.colls[i]->topics[k].topic);
	for (size_t i = 0; i < r->from.pos.n; i++)
		names_add(l, r->from.pos.v[i].topic);
}

/* ---- which queue ---- */

static int
wal_option(const struct reader *r, int *wal, struct err *e)
{
	const char **p = r->conf->kafka.props;

	for (; p != NULL && *p != NULL; p++) {
		if (strncmp(*p, "wal=", 4) != 0)
			return err_set(e, ERR_USAGE,
			    "--property '%s': a log that is read through "
			    "Milvus has one property, wal",
			    *p);
		if ((*wal = wal_of_name(*p + 4)) == 0)
			return err_set(e, ERR_USAGE,
			    "--property '%s': want kafka, pulsar, rocksmq or "
			    "woodpecker",
			    *p);
	}
	return 0;
}

static int
find_wal(struct reader *r, struct err *e)
{
	int wal = r->cat.wal;

	if (wal_option(r, &wal, e) == -1)
		return -1;
	for (size_t i = 0; i < r->from.pos.n; i++) {
		const struct mq_mark *m = r->from.pos.v[i].mark;

		if (m == NULL)
			return err_set(e, ERR_DATA,
			    "topic '%s': the position is one of Kafka, not of "
			    "a log that is read through Milvus",
			    r->from.pos.v[i].topic);
		if (wal == 0)
			wal = m->wal;
		if (m->wal != 0 && m->wal != wal)
			return err_set(e, ERR_DATA,
			    "topic '%s': the position is of a log in %s, the "
			    "source's is in %s",
			    r->from.pos.v[i].topic, wal_name(m->wal),
			    wal_name(wal));
	}
	if (wal == 0)
		return err_set(e, ERR_DATA,
		    "which queue the source has its log in is not in the "
		    "catalogue (--property wal=kafka, pulsar, rocksmq or "
		    "woodpecker says it)");
	r->cat.wal = wal;
	return 0;
}

/* ---- what the log has ---- */

/* The record is the caller's. */
static void
probe_take(const struct mq *q, struct probe *p, struct record *m)
{
	struct msg msg = { 0 };

	if (p->done || format_peek(m, &msg) == -1)
		return;
	if (!m->made) {
		p->first = msg.ts;
		p->made = msg.kind == MSG_CREATE_COLLECTION ? msg.coll_id : 0;
		p->done = 1;
		return;
	}
	p->proven = msg.ts;
	/* the first one stands where the stream begins */
	if (!mq_mark_is(&p->mark) && p->mark.ts >= msg.ts)
		mq_get_mark(q, p->topic, &p->mark);
	else
		p->done = 1;
	p->done |= mq_mark_is(&p->mark);
}

static int
probe_run(struct reader *r, struct probe *v, size_t n, struct err *e)
{
	struct mq *q = mq_open(&r->conf->kafka, e);
	size_t left = 0;
	struct record m;
	int rc = q == NULL ? -1 : 0;

	for (size_t i = 0; i < n && rc == 0; i++)
		if (!v[i].done) {
			left++;
			rc = mq_start_behind(
			    q, v[i].topic, (int)i, &v[i].mark, e);
		}
	while (rc != -1 && left > 0) {
		if (sig_stop != 0) {
			rc = err_set(e, ERR_STOP, "stopped");
			break;
		}
		if ((rc = mq_next(q, WAIT_MS, &m, e)) != MQ_RECORD)
			continue;
		if (!v[m.topic].done) {
			struct probe *p = &v[m.topic];

			probe_take(q, p, &m);
			left -= (size_t)p->done;
			if (p->done)
				rc = mq_pause(q, p->topic, e);
		}
		record_free(&m);
	}
	mq_close(q);
	return rc == -1 ? -1 : 0;
}

/* ---- whether that is enough ---- */

static int
is_on(const struct cat_coll *c, const char *topic)
{
	for (size_t i = 0; i < c->n_topics; i++)
		if (strcmp(c->topics[i].topic, topic) == 0)
			return 1;
	return 0;
}

static int
is_control(const struct reader *r, const char *topic)
{
	return r->cat.control != NULL && strcmp(r->cat.control, topic) == 0;
}

/* Was it made before the log of this topic begins? */
static int
is_older(const struct cat_coll *c, const struct probe *p)
{
	uint64_t first = p->first;

	if (c->state != CAT_CREATED || c->id == p->made)
		return 0;
	if (first == 0) /* there is nothing in it */
		return c->create_ts <= p->proven;
	if (p->made != 0)
		first = tso_from_ms(tso_ms(first) - APART_MS);
	return c->create_ts < first;
}

/*
 * The collection whose create, and what is behind it, the log does not have any
 * more; NULL: there is none that matters to the stream. A change of no
 * collection is on the control channel, where all creates are, too.
 */
static const struct cat_coll *
cut_off(const struct reader *r, const struct probe *p)
{
	int all = is_control(r, p->topic) && r->start_ts != 0;

	for (size_t i = 0; i < r->cat.n_colls; i++) {
		const struct cat_coll *c = r->cat.colls[i];

		if ((all || (c->included && is_on(c, p->topic))) &&
		    is_older(c, p))
			return c;
	}
	return NULL;
}

static int
check(const struct reader *r, const struct probe *p, struct err *e)
{
	const struct cat_coll *c;
	struct buf b = { 0 };

	if (mq_mark_is(&p->mark) || r->from.kind == WHERE_BEGINNING ||
	    r->from.kind == WHERE_NOW || r->from.kind == WHERE_CHECKPOINT ||
	    (c = cut_off(r, p)) == NULL)
		return 0;
	if (p->first != 0)
		tso_add_time(&b, p->first);
	err_set(e, ERR_GONE,
	    "topic '%s': %s%s, and collection '%s.%s' was there before: rows "
	    "are gone from the log (--from beginning takes what is left)",
	    p->topic, p->first != 0 ? "the log begins at " : "the log is empty",
	    p->first != 0 ? b.ptr : "", c->db, c->name);
	buf_fini(&b);
	return -1;
}

/*
 * Up to where the topic may lack changes of what the catalogue has, if it was
 * read from its beginning.
 */
static uint64_t
lacks_up_to(const struct reader *r, const struct probe *p)
{
	uint64_t ts = 0;

	if (is_control(r, p->topic))
		return p->first != 0 ? p->first : r->cat.ts;
	for (size_t i = 0; i < r->cat.n_colls; i++) {
		const struct cat_coll *c = r->cat.colls[i];

		if (!is_on(c, p->topic) || !is_older(c, p))
			continue;
		if (p->first != 0)
			return p->first;
		if (c->create_ts > ts)
			ts = c->create_ts;
	}
	return ts;
}

/* ---- reading ---- */

static int
open_topic(
    struct reader *r, const struct probe *p, uint64_t skip_ts, struct err *e)
{
	struct reader_start s = { .skip_n = everything, .skip_ts = skip_ts };
	int i = reader_add_topic(r, p->topic, &s, &p->mark, e);
	struct merge_topic *in;

	if (i == -1)
		return -1;
	in = r->topics[i].in;
	in->cut = !mq_mark_is(&p->mark);
	in->first = !in->cut ? 0 : p->first != 0 ? p->first : p->proven;
	return 0;
}

static void
first_mark(const struct reader *r, struct probe *p, uint64_t *skip_ts)
{
	const struct pos_topic *t = pos_find(&r->from.pos, p->topic);
	int64_t ms = tso_ms(r->start_ts);

	*skip_ts = r->start_ts;
	p->mark = (struct mq_mark){ .wal = r->cat.wal };
	if (t != NULL) {
		*skip_ts = t->ts;
		p->mark = *t->mark;
		p->mark.wal = r->cat.wal;
		p->done = mq_mark_is(&p->mark);
	}
	if (!p->done && (t != NULL || r->from.kind == WHERE_POS))
		p->mark.ts = *skip_ts;
	else if (!p->done && r->start_ts != 0)
		p->mark.ts = tso_from_ms(ms > MARGIN_MS ? ms - MARGIN_MS : 1);
}

static int
open_topics(struct reader *r, const char **names, size_t n, struct err *e)
{
	struct probe *v = x_calloc(n + 1, sizeof *v);
	uint64_t *skip = x_calloc(n + 1, sizeof *skip), told = r->start_ts;
	int rc;

	for (size_t i = 0; i < n; i++) {
		v[i].topic = names[i];
		first_mark(r, &v[i], &skip[i]);
	}
	rc = probe_run(r, v, n, e);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = check(r, &v[i], e);
	for (size_t i = 0; i < n && rc == 0; i++) {
		if (r->start_ts == 0 && lacks_up_to(r, &v[i]) > told)
			told = lacks_up_to(r, &v[i]);
		rc = open_topic(r, &v[i], skip[i], e);
	}
	if (told > r->told_ts)
		r->told_ts = told;
	free(skip);
	free(v);
	return rc;
}

int
reader_mark_topic(struct reader *r, const char *name, struct err *e)
{
	return open_topics(r, &name, 1, e);
}

static int
start_ts(struct reader *r, struct err *e)
{
	r->start_ts = 0;
	if (r->from.kind == WHERE_POS || r->from.kind == WHERE_TIME)
		r->start_ts = r->from.ts;
	if (r->from.kind == WHERE_NOW || r->from.kind == WHERE_CHECKPOINT)
		return mq_now(r->k, &r->start_ts, e);
	return 0;
}

/* The log has no ends; what is there now is what is older than now. */
static int
until_ts(struct reader *r, struct err *e)
{
	if (r->until.kind != WHERE_NOW && r->until.kind != WHERE_END)
		return 0;
	r->until.kind = WHERE_TIME;
	return mq_now(r->k, &r->until.ts, e);
}

int
reader_mark_begin(struct reader *r, struct err *e)
{
	struct names l = { 0 };
	int rc;

	if (!r->by_log)
		return err_set(e, ERR_DATA,
		    "the catalogue is of a Milvus that does not have all "
		    "changes in its log: it is not read through Milvus (give "
		    "--brokers)");
	if (find_wal(r, e) == -1 || until_ts(r, e) == -1 ||
	    start_ts(r, e) == -1)
		return -1;
	all_names(r, &l);
	rc = l.n > 0 ? open_topics(r, l.v, l.n, e)
		     : err_set(e, ERR_DATA,
			   "the catalogue names no pchannel: without a "
			   "collection, only etcd tells them (cdc-meta "
			   "--etcd)");
	free(l.v);
	return rc;
}

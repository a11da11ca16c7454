#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "format/newest.h"
#include "format/same_record.h"
#include "stream/priv.h"

int
reader_newest(struct reader *r, char **topics, uint64_t *ts, struct err *e)
{
	return r->by_mark ? mq_now(r->k, ts, e)
			  : newest_ts(r->k, topics, r->dml_prefix, ts, e);
}

struct mq_id
reader_first_start(const struct reader *r, const char *topic)
{
	struct mq_id first = mq_id_none();

	for (size_t i = 0; i < r->cat.n_colls; i++) {
		const struct cat_coll *c = r->cat.colls[i];

		if (c->state != CAT_CREATED || !c->included)
			continue;
		for (size_t k = 0; k < c->n_topics; k++) {
			const struct cat_start *s = &c->topics[k];

			if (strcmp(s->topic, topic) == 0 &&
			    (!mq_id_is(first) || mq_id_cmp(s->id, first) < 0))
				first =
				    mq_id_is(s->id) ? s->id : mq_id_offset(0);
		}
	}
	return first;
}

static int
gone(const struct reader *r, const char *topic, const char *what,
    struct mq_id id, const struct reader_start *s, struct err *e)
{
	return err_set(e, ERR_GONE,
	    "topic '%s': %s is offset %s, %s has %s to %s", topic, what,
	    MQ_TEXT(id), mq_name(r->k), MQ_TEXT(s->low), MQ_TEXT(s->high));
}

static int
from_pos(
    struct reader *r, const char *topic, struct reader_start *s, struct err *e)
{
	const struct pos_topic *p = pos_find(&r->from.pos, topic);

	if (p == NULL) { /* it has come up since */
		s->id = s->low;
		return mq_id_is_first(s->low)
			   ? 0
			   : gone(r, topic, "the start of a new topic",
				 mq_id_offset(0), s, e);
	}
	if (p->o.kind != s->high.kind)
		return err_set(e, ERR_DATA,
		    "topic '%s': the position %s is not one of %s", topic,
		    MQ_TEXT(p->o), mq_name(r->k));
	s->id = p->o;
	s->skip_n = p->n;
	s->skip_ts = p->ts;
	s->skip_last = p->last;
	if (!mq_id_within(p->o, s->low, s->high))
		return gone(r, topic, "the position", p->o, s, e);
	if (mq_id_cmp(p->n, s->high) > 0)
		return gone(r, topic, "the next record to read", p->n, s, e);
	if (mq_id_cmp(p->n, s->low) > 0 && p->last != 0)
		s->pos = p;
	return 0;
}

/* A ts of 0: nothing in any log tells the time, since nothing is left. */
static int
from_time(uint64_t ts, struct reader_start *s)
{
	s->id = s->low;
	s->skip_n = s->high;
	s->skip_ts = s->above = ts;
	return 0;
}

static int
from_start(
    struct reader *r, const char *topic, struct reader_start *s, struct err *e)
{
	struct mq_id first = reader_first_start(r, topic);

	s->id = s->low;
	if (strcmp(topic, r->replicate) == 0)
		return 0; /* requests: no older one concerns a new target */
	if (!mq_id_is(first)) {
		/* only what is dropped, and what is yet to come */
		if (!r->by_log)
			s->above = r->cat.ts;
		return 0;
	}
	if (!mq_id_within(first, s->low, s->high)) {
		gone(r, topic, "the first record of a collection", first, s, e);
		return err_wrap(e,
		    "rows are gone from the log (--from beginning takes what "
		    "is left)");
	}
	if (!r->by_log) /* whose log is needed from before on */
		s->id = first;
	return 0;
}

/* Milvus's checkpoints: the least id of a topic's live collections. */
static int
from_checkpoint(
    struct reader *r, const char *topic, struct reader_start *s, struct err *e)
{
	struct mq_id least = mq_id_none();

	for (size_t i = 0; i < r->cat.n_cps; i++) {
		const struct cat_checkpoint *c = &r->cat.cps[i];
		const struct cat_coll *k = cat_coll(&r->cat, c->coll_id);

		if (strcmp(c->topic, topic) == 0 && k != NULL && k->included &&
		    k->state == CAT_CREATED &&
		    (!mq_id_is(least) || mq_id_cmp(c->id, least) < 0))
			least = c->id;
	}
	if (!mq_id_is(least))
		return from_time(r->start_ts, s);
	if (!mq_id_within(least, s->low, s->high))
		return gone(r, topic, "Milvus's checkpoint", least, s, e);
	s->id = least;
	s->skip_n = s->high;
	s->skip_ts = r->start_ts;
	return 0;
}

/* Collections that began on this topic before what Kafka still has. */
static void
note_partial(struct reader *r, const char *topic, struct mq_id low)
{
	if (mq_id_is_first(low))
		return;
	for (size_t i = 0; i < r->cat.n_colls; i++) {
		struct cat_coll *c = r->cat.colls[i];

		for (size_t k = 0; k < c->n_topics; k++)
			if (mq_id_cmp(c->topics[k].id, low) < 0 &&
			    strcmp(c->topics[k].topic, topic) == 0)
				c->partial = 1;
	}
}

static int
start_of(
    struct reader *r, const char *topic, struct reader_start *s, struct err *e)
{
	switch (r->from.kind) {
	case WHERE_POS:
		return from_pos(r, topic, s, e);
	case WHERE_START:
		return from_start(r, topic, s, e);
	case WHERE_CHECKPOINT:
		return from_checkpoint(r, topic, s, e);
	case WHERE_NOW:
		return from_time(r->start_ts, s);
	case WHERE_TIME: /* a place is to be found for 0, too */
		return from_time(r->start_ts == 0 ? 1 : r->start_ts, s);
	case WHERE_BEGINNING:
		note_partial(r, topic, s->low);
		break;
	case WHERE_END:
	case WHERE_NEVER:
		break;
	}
	s->id = s->low;
	return 0;
}

/*
 * The last records that were read, of AHEAD topics at a time: an answer takes
 * a tenth of a second, and brings megabytes if there is a backlog.
 */
static int
same_topics(
    struct reader *r, const struct reader_start *s, size_t n, struct err *e)
{
	enum { AHEAD = 32 };
	size_t ahead = 0;

	for (size_t i = 0; i < n; i++) {
		for (; ahead < n && ahead < i + AHEAD; ahead++)
			if (s[ahead].pos != NULL &&
			    mq_ahead(r->k, s[ahead].pos->topic,
				mq_id_before(s[ahead].pos->n), e) == -1)
				return -1;
		if (s[i].pos != NULL &&
		    same_record(r->k, s[i].pos->topic,
			mq_id_before(s[i].pos->n), s[i].pos->last, e) == -1)
			return -1;
	}
	return 0;
}

/*
 * What a start by time wants must be there still. No record of a topic's
 * beginning is old enough: then nothing may have begun before it.
 */
static int
reaches(struct reader *r, const struct place *p, struct err *e)
{
	struct mq_id first = reader_first_start(r, p->topic);
	struct reader_start s = { .low = p->low, .high = p->high };
	uint64_t ts = 0;

	if (mq_id_cmp(p->id, p->low) > 0 || mq_id_is_first(p->low) ||
	    !mq_id_is(first) || mq_id_cmp(first, p->low) >= 0)
		return 0;
	if (r->from.kind == WHERE_NOW)
		return 0; /* what is removed is older than now */
	if (mq_id_cmp(p->high, p->low) > 0 &&
	    record_ts(r->k, p->topic, p->low, &ts, e) == -1 &&
	    e->kind != ERR_GONE) /* it goes while we look */
		return -1;
	if (ts != 0 && ts <= p->ts)
		return 0;
	gone(r, p->topic, "the oldest record", p->low, &s, e);
	if (mq_id_cmp(p->high, p->low) == 0)
		return err_wrap(e,
		    "all of the log is removed, and what was behind "
		    "ts:%" PRIu64 " may have been there (--from now takes what "
		    "is still to come)",
		    p->ts);
	return err_wrap(e,
	    "the log begins later than ts:%" PRIu64
	    " (--from beginning takes what is left)",
	    p->ts);
}

/* The ids of those that begin above a timestamp. */
static int
find_places(struct reader *r, const char *const *names, size_t n,
    struct reader_start *s, struct err *e)
{
	struct place *v = x_calloc(n + 1, sizeof *v);
	size_t m = 0;
	int rc;

	for (size_t i = 0; i < n; i++)
		if (s[i].above != 0)
			v[m++] = (struct place){ .topic = names[i],
				.ts = s[i].above,
				.low = s[i].low,
				.high = s[i].high };
	rc = places_find(r->k, v, m, e);
	for (size_t i = 0, k = 0; i < n && rc == 0; i++) {
		if (s[i].above == 0)
			continue;
		s[i].id = v[k].id;
		rc = reaches(r, &v[k++], e);
	}
	free(v);
	return rc;
}

int
reader_starts(struct reader *r, const char *const *names, size_t n,
    struct reader_start *s, struct err *e)
{
	struct mq_id *low = x_calloc(n, sizeof *low);
	struct mq_id *high = x_calloc(n, sizeof *high);
	int rc = mq_lows(r->k, names, n, low, e);

	if (rc == 0)
		rc = mq_highs(r->k, names, n, high, e);
	for (size_t i = 0; i < n && rc == 0; i++) {
		s[i].low = low[i];
		s[i].high = high[i];
		rc = start_of(r, names[i], &s[i], e);
	}
	if (rc == 0)
		rc = find_places(r, names, n, s, e);
	if (rc == 0)
		rc = same_topics(r, s, n, e);
	free(low);
	free(high);
	return rc;
}

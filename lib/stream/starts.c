#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "format/newest.h"
#include "format/same_record.h"
#include "stream/priv.h"

int64_t
reader_first_start(const struct reader *r, const char *topic)
{
	int64_t first = -1;

	for (size_t i = 0; i < r->cat.n_colls; i++) {
		const struct cat_coll *c = r->cat.colls[i];

		if (c->state != CAT_CREATED || !c->included)
			continue;
		for (size_t k = 0; k < c->n_topics; k++) {
			const struct cat_start *s = &c->topics[k];

			if (strcmp(s->topic, topic) == 0 &&
			    (first == -1 || s->offset < first))
				first = s->offset < 0 ? 0 : s->offset;
		}
	}
	return first;
}

static int
gone(const char *topic, const char *what, int64_t offset, int64_t low,
    int64_t high, struct err *e)
{
	return err_set(e, ERR_GONE,
	    "topic '%s': %s is offset %" PRId64 ", Kafka has %" PRId64
	    " to %" PRId64,
	    topic, what, offset, low, high);
}

static int
from_pos(struct reader *r, const char *topic, int64_t low, int64_t high,
    struct reader_start *s, struct err *e)
{
	const struct pos_topic *p = pos_find(&r->from.pos, topic);

	if (p == NULL) { /* it has come up since */
		s->offset = low;
		return low == 0 ? 0
				: gone(topic, "the start of a new topic", 0,
				      low, high, e);
	}
	s->offset = p->o;
	s->skip_n = p->n;
	s->skip_ts = p->ts;
	s->skip_last = p->last;
	if (p->o < low || p->o > high)
		return gone(topic, "the position", p->o, low, high, e);
	if (p->n > high)
		return gone(
		    topic, "the next record to read", p->n, low, high, e);
	if (p->n > low && p->last != 0)
		s->pos = p;
	return 0;
}

/* A ts of 0: nothing in any log tells the time, since nothing is left. */
static int
from_time(uint64_t ts, int64_t low, int64_t high, struct reader_start *s)
{
	s->offset = low;
	s->skip_n = high;
	s->skip_ts = s->above = ts;
	return 0;
}

static int
from_start(struct reader *r, const char *topic, int64_t low, int64_t high,
    struct reader_start *s, struct err *e)
{
	int64_t first = reader_first_start(r, topic);

	s->offset = low;
	if (strcmp(topic, r->replicate) == 0)
		return 0;  /* flushes: what is there will do */
	if (first == -1) { /* only what is dropped, and what is yet to come */
		s->above = r->cat.ts;
		return 0;
	}
	if (first < low || first > high) {
		gone(topic, "the first record of a collection", first, low,
		    high, e);
		return err_wrap(e,
		    "rows are gone from the log (--from beginning takes what "
		    "is left)");
	}
	s->offset = first;
	return 0;
}

/* Milvus's checkpoints: the least offset of a topic's live collections. */
static int
from_checkpoint(struct reader *r, const char *topic, int64_t low, int64_t high,
    struct reader_start *s, struct err *e)
{
	int64_t least = -1;

	for (size_t i = 0; i < r->cat.n_cps; i++) {
		const struct cat_checkpoint *c = &r->cat.cps[i];
		const struct cat_coll *k = cat_coll(&r->cat, c->coll_id);

		if (strcmp(c->topic, topic) == 0 && k != NULL && k->included &&
		    k->state == CAT_CREATED &&
		    (least == -1 || c->offset < least))
			least = c->offset;
	}
	if (least == -1)
		return from_time(r->start_ts, low, high, s);
	if (least < low || least > high)
		return gone(topic, "Milvus's checkpoint", least, low, high, e);
	s->offset = least;
	s->skip_n = high;
	s->skip_ts = r->start_ts;
	return 0;
}

/* Collections that began on this topic before what Kafka still has. */
static void
note_partial(struct reader *r, const char *topic, int64_t low)
{
	for (size_t i = 0; i < r->cat.n_colls; i++) {
		struct cat_coll *c = r->cat.colls[i];

		for (size_t k = 0; k < c->n_topics; k++)
			if (c->topics[k].offset < low &&
			    strcmp(c->topics[k].topic, topic) == 0)
				c->partial = 1;
	}
}

static int
start_of(struct reader *r, const char *topic, int64_t low, int64_t high,
    struct reader_start *s, struct err *e)
{
	s->low = low;
	s->high = high;
	switch (r->from.kind) {
	case WHERE_POS:
		return from_pos(r, topic, low, high, s, e);
	case WHERE_START:
		return from_start(r, topic, low, high, s, e);
	case WHERE_CHECKPOINT:
		return from_checkpoint(r, topic, low, high, s, e);
	case WHERE_NOW:
		return from_time(r->start_ts, low, high, s);
	case WHERE_TIME: /* a place is to be found for 0, too */
		return from_time(
		    r->start_ts == 0 ? 1 : r->start_ts, low, high, s);
	case WHERE_BEGINNING:
		note_partial(r, topic, low);
		break;
	case WHERE_END:
	case WHERE_NEVER:
		break;
	}
	s->offset = low;
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
			    kreader_ahead(r->k, s[ahead].pos->topic,
				s[ahead].pos->n - 1, e) == -1)
				return -1;
		if (s[i].pos != NULL &&
		    same_record(r->k, s[i].pos->topic, s[i].pos->n - 1,
			s[i].pos->last, e) == -1)
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
	int64_t first = reader_first_start(r, p->topic);
	uint64_t ts = 0;

	if (p->offset > p->low || p->low == 0 || first == -1 || first >= p->low)
		return 0;
	if (r->from.kind == WHERE_NOW)
		return 0; /* what is removed is older than now */
	if (p->high > p->low &&
	    record_ts(r->k, p->topic, p->low, &ts, e) == -1 &&
	    e->kind != ERR_GONE) /* it goes while we look */
		return -1;
	if (ts != 0 && ts <= p->ts)
		return 0;
	gone(p->topic, "the oldest record", p->low, p->low, p->high, e);
	if (p->high == p->low)
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

/* The offsets of those that begin above a timestamp. */
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
		s[i].offset = v[k].offset;
		rc = reaches(r, &v[k++], e);
	}
	free(v);
	return rc;
}

int
reader_starts(struct reader *r, const char *const *names, size_t n,
    struct reader_start *s, struct err *e)
{
	int64_t *low = x_calloc(n, sizeof *low);
	int64_t *high = x_calloc(n, sizeof *high);
	int rc = kreader_lows(r->k, names, n, low, e);

	if (rc == 0)
		rc = kreader_highs(r->k, names, n, high, e);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = start_of(r, names[i], low[i], high[i], &s[i], e);
	if (rc == 0)
		rc = find_places(r, names, n, s, e);
	if (rc == 0)
		rc = same_topics(r, s, n, e);
	free(low);
	free(high);
	return rc;
}

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "format/newest.h"
#include "format/same_record.h"
#include "stream/place.h"
#include "stream/priv.h"

static int
ours(const struct reader *r, const char *topic)
{
	return strncmp(topic, r->dml_prefix, strlen(r->dml_prefix)) == 0 ||
	       strcmp(topic, r->replicate) == 0;
}

/* A live collection's start on this topic, or -1 if none is on it. */
static int64_t
first_start(const struct reader *r, const char *topic)
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

/* Where a topic begins: offset, and what is skipped from there on. */
struct start {
	int64_t offset, skip_n;
	uint64_t skip_ts, skip_last;
	int64_t low, high;           /* when we began */
	uint64_t above;              /* the offset is still to be found */
	const struct pos_topic *pos; /* whose last record is to be compared */
};

static int
from_pos(struct reader *r, const char *topic, int64_t low, int64_t high,
    struct start *s, struct err *e)
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
from_time(uint64_t ts, int64_t low, int64_t high, struct start *s)
{
	s->offset = low;
	s->skip_n = high;
	s->skip_ts = s->above = ts;
	return 0;
}

static int
from_start(struct reader *r, const char *topic, int64_t low, int64_t high,
    struct start *s, struct err *e)
{
	int64_t first = first_start(r, topic);

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
    struct start *s, struct err *e)
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
    struct start *s, struct err *e)
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

/* Begin to read a topic; its number, or -1. */
static int
add_topic(
    struct reader *r, const char *name, const struct start *s, struct err *e)
{
	int ticks = strcmp(name, r->replicate) != 0;
	int i = merge_topic_add(r->merge, name, ticks, s->offset);
	struct merge_topic *t = merge_topic(r->merge, (size_t)i);

	t->skip_n = s->skip_n;
	t->skip_ts = s->skip_ts;
	t->skip_last = s->skip_last;
	t->began = t->looked = s->offset;
	t->by_time = s->above != 0;
	r->channels_dirty = 1;
	log_info("topic '%s' from offset %" PRId64, name, s->offset);
	return kreader_start(r->k, name, i, s->offset, e) == -1 ? -1 : i;
}

/*
 * A topic that came up while we run: from its first record. One that was
 * there all the time, but is not of this cluster's names, is known by a
 * collection that begins there.
 */
int
reader_topics(struct reader *r, struct err *e)
{
	char **list = kreader_topics(r->k, r->cluster, e);
	struct start s;
	int rc = 0;

	if (list == NULL)
		return -1;
	for (char **t = list; *t != NULL; t++) {
		memset(&s, 0, sizeof s);
		if (rc == 0 && ours(r, *t) &&
		    merge_topic_find(r->merge, *t) == -1 &&
		    add_topic(r, *t, &s, e) == -1)
			rc = -1;
		free(*t);
	}
	free(list);
	r->topics_ns = clock_ns();
	return rc;
}

static int
need_topic(struct reader *r, const struct cat_start *c, struct err *e)
{
	struct start s = { 0 };

	s.offset = c->offset < 0 ? 0 : c->offset;
	return add_topic(r, c->topic, &s, e);
}

int
reader_channels(struct reader *r, struct err *e)
{
	if (!r->channels_dirty)
		return 0;
	r->channels_dirty = 0;
	for (size_t i = 0; i < merge_topics(r->merge); i++)
		merge_topic(r->merge, i)->used = 0;
	for (size_t i = 0; i < r->cat.n_colls; i++) {
		const struct cat_coll *c = r->cat.colls[i];

		if (c->state != CAT_CREATED || !c->included)
			continue;
		for (size_t k = 0; k < c->n_topics; k++) {
			int t = merge_topic_find(r->merge, c->topics[k].topic);

			if (t == -1 &&
			    (t = need_topic(r, &c->topics[k], e)) == -1)
				return -1;
			merge_topic(r->merge, (size_t)t)->used = 1;
		}
	}
	for (size_t i = 0; i < merge_topics(r->merge); i++) {
		struct merge_topic *t = merge_topic(r->merge, i);

		if (t->used) {
			t->settled = 0;
			t->unused_end = -1;
		}
	}
	r->channels_dirty = 0;
	return 0;
}

/* T of the WHERE: records up to it are not ours. */
static int
start_ts(struct reader *r, char **topics, struct err *e)
{
	r->start_ts = 0;
	if (r->from.kind == WHERE_POS || r->from.kind == WHERE_TIME)
		r->start_ts = r->from.ts;
	if (r->from.kind == WHERE_NOW)
		return newest_ts(r->k, topics, r->dml_prefix, &r->start_ts, e);
	if (r->from.kind != WHERE_CHECKPOINT)
		return 0;
	for (size_t i = 0; i < r->cat.n_cps; i++) {
		const struct cat_checkpoint *c = &r->cat.cps[i];
		const struct cat_coll *k = cat_coll(&r->cat, c->coll_id);

		if (k != NULL && k->included && k->state == CAT_CREATED &&
		    (r->start_ts == 0 || c->ts < r->start_ts))
			r->start_ts = c->ts;
	}
	if (r->start_ts == 0)
		return newest_ts(r->k, topics, r->dml_prefix, &r->start_ts, e);
	return 0;
}

static int
begin_line(struct reader *r, struct err *e)
{
	struct jsonw *w = emit_open(&r->emit, OP_BEGIN, 0);
	struct pos p = { 0 };

	jw_str(w, "cluster", r->cluster);
	if (r->from.task != NULL)
		jw_str(w, "task", r->from.task);
	if (r->cat.born != 0)
		jw_u64s(w, "born", r->cat.born);
	jw_u64s(w, "ts", r->start_ts);
	merge_pos(r->merge, &p);
	pos_to_json(&p, w, "from");
	reader_source_line(r, w, 1);
	emit_close(&r->emit, 0);
	pos_fini(&p);
	return out_flush(&r->out, e); /* who reads it has much to prepare */
}

static int
all_there(struct reader *r, struct err *e)
{
	for (size_t i = 0; i < r->from.pos.n; i++) {
		const struct pos_topic *p = &r->from.pos.v[i];

		if (merge_topic_find(r->merge, p->topic) == -1 && p->n > 0)
			return err_set(e, ERR_GONE,
			    "topic '%s' is gone, the position is offset "
			    "%" PRId64,
			    p->topic, p->o);
	}
	return 0;
}

/*
 * The last records that were read, of AHEAD topics at a time: an answer takes
 * a tenth of a second, and brings megabytes if there is a backlog.
 */
static int
same_topics(struct reader *r, const struct start *s, size_t n, struct err *e)
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
	int64_t first = first_start(r, p->topic);
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
    struct start *s, struct err *e)
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

/*
 * Where the topics with these names begin; each has an entry in s. The ends
 * are of after the catalogue: what it does not use is used up there (law 3).
 */
static int
all_starts(struct reader *r, const char *const *names, size_t n,
    struct start *s, struct err *e)
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
	free(low);
	free(high);
	return rc;
}

/*
 * All topics that were there: by name, in the position, or in use. First all
 * questions, then all reading, since a question waits behind a fetch.
 */
static int
start_topics(struct reader *r, char **list, struct err *e)
{
	int ends = r->until.kind == WHERE_NOW || r->until.kind == WHERE_END;
	const char **names;
	struct start *s;
	size_t n = 0;
	int rc;

	while (list[n] != NULL)
		n++;
	s = x_calloc(n, sizeof *s);
	names = x_calloc(n, sizeof *names);
	n = 0;
	for (char **t = list; *t != NULL; t++)
		if (ours(r, *t) || first_start(r, *t) != -1)
			names[n++] = *t;
	rc = all_starts(r, names, n, s, e);
	if (rc == 0)
		rc = same_topics(r, s, n, e);
	for (size_t i = 0; i < n && rc == 0; i++) {
		int t = add_topic(r, names[i], &s[i], e);
		struct merge_topic *m;

		if (t == -1) {
			rc = -1;
			break;
		}
		m = merge_topic(r->merge, (size_t)t);
		m->unused_end = s[i].high;
		/* a drop of what may have been made may stand before that */
		if (r->from.kind != WHERE_POS && r->view.n_colls > 0)
			m->looked = s[i].low;
		if (ends)
			m->end = s[i].high;
	}
	free(names);
	free(s);
	r->until_seen = r->cat.ts;
	return rc == -1 ? -1 : all_there(r, e);
}

int
reader_begin(struct reader *r, struct err *e)
{
	struct kreader_conf conf = r->conf->kafka;
	char **list;
	int rc = -1;

	if (view_from_json(&r->view, r->from.known, e) == -1)
		return -1;
	view_redo(&r->view, r->from.redo);
	reader_include(r);
	if (reader_meets(r, e) == -1)
		return -1;
	r->cluster = r->conf->cluster != NULL ? x_strdup(r->conf->cluster)
					      : cat_cluster(&r->cat);
	r->dml_prefix = x_asprintf("%s" CAT_DML, r->cluster);
	r->replicate = x_asprintf("%s-replicate-msg", r->cluster);
	conf.ticking = reader_topics_in_use(r);
	if ((r->k = kreader_open(&conf, e)) == NULL ||
	    (list = kreader_topics(r->k, "", e)) == NULL)
		return -1;
	r->topics_ns = clock_ns();
	if (reader_meet(r, list, e) == -1 || start_ts(r, list, e) == -1 ||
	    start_topics(r, list, e) == -1)
		goto out;
	merge_release(r->merge, r->start_ts);
	if (r->until.kind == WHERE_TIME) {
		r->until_ts = r->until.ts;
		ddl_until(r->ddl, r->until_ts);
	}
	if (reader_remembers(r, e) == -1 || reader_compare(r, e) == -1)
		goto out;
	if (begin_line(r, e) == -1)
		goto out;
	reader_imports(r);
	ddl_start(r->ddl, r->start_ts,
	    r->from.kind == WHERE_START ? 0 : r->start_ts + 1);
	r->begun = 1;
	rc = reader_channels(r, e);
out:
	for (char **t = list; *t != NULL; t++)
		free(*t);
	free(list);
	return rc;
}

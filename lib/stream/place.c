#include "stream/priv.h"

#include "base/err.h"
#include "format/newest.h"
#include "model/tso.h"
#include "mq/mq.h"

enum {
	/*
	 * A record stands behind all records that are older by this much,
	 * not behind all older ones: a tick comes up to a second late, and a
	 * row before the tick of its time (lib/format/FORMATS 6).
	 */
	MARGIN_MS = 60000,
	NEAR = 256, /* records that are read for nothing */
	AHEAD = 32, /* topics that are asked together */
};

static int
is_open(const struct place *p)
{
	return mq_id_cmp(p->at, p->good) > 0;
}

/* The queue has removed the record before `at` during the search. */
static void
shrink(struct place *p)
{
	p->low = p->good = p->at;
	if (mq_id_cmp(p->bad, p->at) < 0)
		p->bad = p->at;
}

static int
is_near(const struct place *p)
{
	int64_t n = mq_id_between(p->good, p->bad);

	return n != -1 && n <= NEAR;
}

/* Checks whether the record before `at` is old enough. */
static int
look(struct mq *k, struct place *p, struct err *e)
{
	int first = mq_id_cmp(p->bad, p->high) > 0;
	uint64_t ts;

	if (record_ts(k, p->topic, mq_id_before(p->at), &ts, e) == -1) {
		if (e->kind != ERR_GONE)
			return -1;
		shrink(p);
	} else if (ts != 0 && tso_ms(ts) <= tso_ms(p->ts) - MARGIN_MS)
		p->good = p->at;
	else
		p->bad = p->at;
	if ((first && mq_id_cmp(p->good, p->at) == 0) || is_near(p))
		p->at = p->good; /* a guess that holds is near enough */
	else
		p->at = mq_id_middle(p->good, p->bad);
	return 0;
}

/*
 * One step of all searches: all questions are asked before any answer is read.
 */
static int
step(struct mq *k, struct place *v, size_t n, struct err *e)
{
	size_t ahead = 0;

	for (size_t i = 0; i < n; i++) {
		for (; ahead < n && ahead < i + AHEAD; ahead++)
			if (is_open(&v[ahead]) &&
			    mq_ahead(k, v[ahead].topic,
				mq_id_before(v[ahead].at), e) == -1)
				return -1;
		if (is_open(&v[i]) && look(k, &v[i], e) == -1)
			return -1;
	}
	return 0;
}

static int
guess(struct mq *k, struct place *p, struct err *e)
{
	p->good = p->low;
	p->bad = mq_id_next(p->high);
	if (mq_at_time(k, p->topic, tso_ms(p->ts) - MARGIN_MS, &p->at, e) == -1)
		return -1;
	if (mq_id_cmp(p->at, p->high) > 0)
		p->at = p->high;
	return 0;
}

int
places_find(struct mq *k, struct place *v, size_t n, struct err *e)
{
	size_t open = 1;

	for (size_t i = 0; i < n; i++)
		if (guess(k, &v[i], e) == -1)
			return -1;
	while (open > 0) {
		if (step(k, v, n, e) == -1)
			return -1;
		open = 0;
		for (size_t i = 0; i < n; i++)
			open += (size_t)is_open(&v[i]);
	}
	for (size_t i = 0; i < n; i++)
		v[i].id = v[i].good;
	return 0;
}

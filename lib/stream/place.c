#include "stream/priv.h"

#include "base/err.h"
#include "format/newest.h"
#include "model/tso.h"
#include "mq/kafka.h"

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
	return p->at > p->good;
}

/* Kafka has removed the record before `at` during the search. */
static void
shrink(struct place *p)
{
	p->low = p->good = p->at;
	if (p->bad < p->at)
		p->bad = p->at;
}

/* Checks whether the record before `at` is old enough. */
static int
look(struct kreader *k, struct place *p, struct err *e)
{
	int first = p->bad > p->high;
	uint64_t ts;

	if (record_ts(k, p->topic, p->at - 1, &ts, e) == -1) {
		if (e->kind != ERR_GONE)
			return -1;
		shrink(p);
	} else if (ts != 0 && tso_ms(ts) <= tso_ms(p->ts) - MARGIN_MS)
		p->good = p->at;
	else
		p->bad = p->at;
	if ((first && p->good == p->at) || p->bad - p->good <= NEAR)
		p->at = p->good; /* a guess that holds is near enough */
	else
		p->at = p->good + (p->bad - p->good) / 2;
	return 0;
}

/*
 * One step of all searches: all questions are asked before any answer is read.
 */
static int
step(struct kreader *k, struct place *v, size_t n, struct err *e)
{
	size_t ahead = 0;

	for (size_t i = 0; i < n; i++) {
		for (; ahead < n && ahead < i + AHEAD; ahead++)
			if (is_open(&v[ahead]) &&
			    kreader_ahead(
				k, v[ahead].topic, v[ahead].at - 1, e) == -1)
				return -1;
		if (is_open(&v[i]) && look(k, &v[i], e) == -1)
			return -1;
	}
	return 0;
}

static int
guess(struct kreader *k, struct place *p, struct err *e)
{
	p->good = p->low;
	p->bad = p->high + 1;
	if (kreader_at_time(
		k, p->topic, tso_ms(p->ts) - MARGIN_MS, &p->at, e) == -1)
		return -1;
	if (p->at > p->high)
		p->at = p->high;
	return 0;
}

int
places_find(struct kreader *k, struct place *v, size_t n, struct err *e)
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
		v[i].offset = v[i].good;
	return 0;
}

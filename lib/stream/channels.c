#include "stream/merge_priv.h"

#include <stdlib.h>

#include "base/mem.h"

/*
 * The streaming log. A record of it is young until a tick of its topic is
 * behind it; then nothing older can come, and it is ripe. Ripe records go to
 * the order of all that may leave, those of a vchannel up to the copy of a
 * broadcast, until all copies have come as far. The rows of a transaction are
 * young from its commit on, with the commit's timestamp.
 */

static int
by_order(const void *a, const void *b)
{
	const struct rec *const *x = a, *const *y = b;

	return merge_before(*x, *y) ? -1 : 1;
}

static void
ripen(struct merge *m, struct topic *t, uint64_t tick)
{
	size_t from = t->ripe.n, n = 0;

	for (size_t i = 0; i < t->young.n; i++) {
		struct rec *r = t->young.v[i];

		if (r->ts <= tick)
			recs_push(&t->ripe, r);
		else
			t->young.v[n++] = r;
	}
	t->young.n = n;
	if (t->ripe.n > from + 1)
		qsort(t->ripe.v + from, t->ripe.n - from, sizeof(struct rec *),
		    by_order);
	broadcasts_pump(m, t);
	broadcasts_pass(m);
}

static void
tick(struct merge *m, struct topic *t, struct rec *r)
{
	uint64_t ts = r->ts;

	m->stats.ticks++;
	merge_mark(t, r);
	if (ts <= t->pub.tick)
		return;
	t->pub.tick = ts;
	txns_expire(m, t, ts);
	ripen(m, t, ts);
}

/* A change from before the upgrade: the catalogue of the start has it. */
static int
is_of_the_past(const struct rec *r)
{
	return !r->format->streaming && msg_use(r->msg.kind) == MSG_USE_DDL;
}

/* The counter for a record that does not wait, or NULL. */
static uint64_t *
leaves_at_once(struct merge *m, struct topic *t, const struct rec *r)
{
	if (merge_skips(t, r)) {
		if (r->msg.broadcast_id != 0)
			broadcasts_skip(m, r);
		return &m->stats.skipped;
	}
	if (msg_use(r->msg.kind) == MSG_USE_NONE || is_of_the_past(r))
		return &m->stats.ddl;
	if (r->msg.broadcast_id != 0)
		return broadcasts_done(m, r->msg.broadcast_id)
			   ? &m->stats.retries
			   : NULL;
	return merge_wants(m, r) ? NULL : &m->stats.unwanted;
}

struct rec *
channels_add(struct merge *m, struct topic *t, struct rec *r)
{
	uint64_t *counter;

	if (t->pub.first == 0)
		t->pub.first = r->ts;
	if (r->msg.ends_txns)
		txns_end(m, t);
	if (r->msg.kind == MSG_TICK) {
		tick(m, t, r);
		return NULL;
	}
	if (merge_is_retry(t, r)) {
		m->stats.retries++;
		merge_mark(t, r);
		return NULL;
	}
	if (r->msg.txn_id != 0)
		return txns_add(m, t, r);
	if ((counter = leaves_at_once(m, t, r)) != NULL) {
		++*counter;
		merge_mark(t, r);
		broadcasts_pass(m);
		return NULL;
	}
	m->stats.late += (uint64_t)r->late; /* NOLINT: m is not NULL */
	merge_keep(t, r);
	recs_push(&t->young, r);
	return r;
}

void
merge_by_channel(struct merge *m)
{
	m->by_channel = 1;
}

/* ---- what is out ---- */

/* Not as late as a record of this topic that has not left. */
static uint64_t
below(uint64_t out, const struct rec *r, int topic)
{
	return r->m.topic == topic && r->ts <= out ? r->ts - 1 : out;
}

uint64_t
channels_out(const struct merge *m, size_t topic)
{
	const struct merge_topic *t = &m->v[topic]->pub;
	uint64_t out = t->tick;
	int i = (int)topic;

	for (size_t k = 0; k < m->n_heap; k++)
		out = below(out, m->heap[k], i);
	for (size_t k = 0; k < m->standing.n; k++)
		out = below(out, m->standing.v[k], i);
	return out > t->out ? out : t->out;
}

void
merge_end(struct merge *m)
{
	for (size_t i = 0; i < m->n; i++) {
		m->v[i]->pub.cut = 1;
		m->v[i]->pub.first = UINT64_MAX;
		ripen(m, m->v[i], UINT64_MAX);
	}
}

uint64_t
channels_proven(const struct merge *m)
{
	uint64_t ts = UINT64_MAX;

	for (size_t i = 0; i < m->n; i++)
		if (m->v[i]->pub.used && m->v[i]->pub.out < ts)
			ts = m->v[i]->pub.out;
	return ts == UINT64_MAX ? 0 : ts;
}

void
channels_free(struct merge *m)
{
	broadcasts_free(m);
	for (size_t i = 0; i < m->n; i++) {
		free(m->v[i]->txns);
		free(m->v[i]->young.v);
		free(m->v[i]->ripe.v);
	}
}

static int
is_below(const struct recs *l, int topic, struct mq_id id)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i]->m.topic == topic &&
		    mq_id_cmp(l->v[i]->m.id, id) < 0)
			return 1;
	return 0;
}

int
merge_holds(const struct merge *m, size_t topic, struct mq_id id)
{
	const struct recs heap = { .v = m->heap, .n = m->n_heap };
	int i = (int)topic;

	return is_below(&m->v[topic]->young, i, id) ||
	       is_below(&m->v[topic]->ripe, i, id) || is_below(&heap, i, id) ||
	       is_below(&m->standing, i, id);
}

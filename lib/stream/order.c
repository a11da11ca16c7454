#include "stream/merge_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "model/tso.h"

/* The order of records that may leave, and the places of those that are held.
 */

enum { FAR_MS = 30000, RUN_MS = 10000 };

void
recs_push(struct recs *l, struct rec *r)
{
	l->v = x_grow(l->v, l->n, &l->cap, sizeof(struct rec *));
	l->v[l->n++] = r;
}

static void
txn_free(struct txn *x)
{
	if (x == NULL)
		return;
	free(x->rows.v);
	free(x);
}

void
merge_rec_free(struct rec *r)
{
	txn_free(r->txn);
	record_free(&r->m);
	free(r);
}

/* 1 if a leaves before b. */
int
merge_before(const struct rec *a, const struct rec *b)
{
	if (a->ts != b->ts)
		return a->ts < b->ts;
	if (a->rank != b->rank)
		return a->rank < b->rank;
	if (a->m.topic != b->m.topic)
		return a->m.topic < b->m.topic;
	return mq_id_cmp(a->m.id, b->m.id) < 0;
}

void
merge_push(struct merge *m, struct rec *r)
{
	size_t i = m->n_heap++, up;

	m->heap = x_grow(m->heap, i, &m->heap_cap, sizeof(struct rec *));
	for (; i > 0 && merge_before(r, m->heap[up = (i - 1) / 2]); i = up)
		m->heap[i] = m->heap[up];
	m->heap[i] = r;
}

/* Fill the hole at i, from below, with r. */
static void
heap_sink(struct merge *m, size_t i, struct rec *r)
{
	for (;;) {
		size_t k = 2 * i + 1;

		if (k + 1 < m->n_heap &&
		    merge_before(m->heap[k + 1], m->heap[k]))
			k++;
		if (k >= m->n_heap || !merge_before(m->heap[k], r))
			break;
		m->heap[i] = m->heap[k];
		i = k;
	}
	m->heap[i] = r;
}

void
merge_pop(struct merge *m)
{
	m->n_heap--;
	if (m->n_heap > 0)
		heap_sink(m, 0, m->heap[m->n_heap]);
}

void
merge_keep(struct topic *t, struct rec *r)
{
	struct fifo *f = &t->fifo;

	if (f->n == f->cap && f->head > f->n / 2) {
		memmove(f->v, f->v + f->head,
		    (f->n - f->head) * sizeof(struct rec *));
		f->n -= f->head;
		f->head = 0;
	}
	f->v = x_grow(f->v, f->n, &f->cap, sizeof(struct rec *));
	f->v[f->n++] = r;
	t->pub.bytes += r->m.len + sizeof *r;
}

/* Has the transaction that begins here a row that is not out? */
static int
holds(const struct rec *begin)
{
	const struct txn *x = begin->txn;

	for (size_t i = 0; x != NULL && i < x->rows.n; i++)
		if (!x->rows.v[i]->released)
			return 1;
	return 0;
}

static int
has_left(const struct topic *t, const struct rec *r)
{
	if (r->mark)
		return r->ts <= t->pub.out;
	return r->released && !holds(r);
}

/* Drop what has left from the head on. */
void
merge_shift(struct topic *t)
{
	struct fifo *f = &t->fifo;

	while (f->head < f->n) {
		struct rec *r = f->v[f->head];

		if (!has_left(t, r))
			break;
		t->pub.bytes -= r->m.len + sizeof *r;
		merge_rec_free(r);
		f->head++;
	}
}

/* What a producer's retry has again; 0: nothing would tell. */
static int64_t
mark_of(const struct rec *r)
{
	enum msg_kind kind = r->msg.kind;

	if (r->format->streaming) /* a transaction looks for itself */
		return r->msg.txn_id == 0 ? (int64_t)r->ts : 0;
	return kind == MSG_INSERT || kind == MSG_DELETE ? r->msg.msg_id : 0;
}

int
merge_is_retry(struct topic *t, const struct rec *r)
{
	size_t n = t->n_recent < MERGE_RECENT ? t->n_recent : MERGE_RECENT;
	struct recent *slot = &t->recent[t->n_recent % MERGE_RECENT];
	int64_t id = mark_of(r);

	if (id == 0)
		return 0;
	for (size_t i = id > t->newest ? n : 0; i < n; i++)
		if (t->recent[i].id == id && t->recent[i].kind == r->msg.kind)
			return 1;
	slot->id = id;
	slot->kind = r->msg.kind;
	if (id > t->newest)
		t->newest = id;
	t->n_recent++;
	return 0;
}

int
merge_rank(enum msg_kind kind)
{
	switch ((int)kind) {
	case MSG_CREATE_COLLECTION:
		return 0;
	case MSG_DELETE:
		return 1;
	case MSG_INSERT:
		return 2;
	default:
		return 3;
	}
}

/*
 * 1 if a tick far above W can share the mark before it: one mark stands for
 * some seconds, because a backlog can hold hours of ticks of topics that have
 * little else. The position is then a little early until W has passed.
 */
static int
joins(const struct topic *t, uint64_t ts)
{
	const struct fifo *f = &t->fifo;
	int64_t run;

	if (f->head == f->n || !f->v[f->n - 1]->mark ||
	    tso_ms(ts) < tso_ms(t->pub.out) + FAR_MS)
		return 0;
	run = tso_ms(f->v[f->n - 1]->ts) / RUN_MS;
	return run == tso_ms(ts) / RUN_MS;
}

/*
 * Keeps only the place of a record that does not wait, until W is past it: no
 * position may be behind a record that is younger than W.
 */
void
merge_mark(struct topic *t, struct rec *r)
{
	int topic = r->m.topic;
	struct mq_id id = r->m.id;

	record_free(&r->m);
	r->m.topic = topic;
	r->m.id = id;
	r->mark = 1;
	if (r->ts <= t->pub.out || !t->pub.ticks) {
		merge_rec_free(r);
	} else if (joins(t, r->ts)) {
		struct rec *run = t->fifo.v[t->fifo.n - 1];

		if (r->ts > run->ts)
			run->ts = r->ts;
		merge_rec_free(r);
	} else {
		merge_keep(t, r);
	}
}

/* A broken record has no timestamp that could be compared with a time. */
int
merge_skips(const struct topic *t, const struct rec *r)
{
	return mq_id_cmp(r->m.id, t->pub.skip_n) < 0 &&
	       r->ts <= t->pub.skip_ts && !(r->broken && t->pub.by_time);
}

int
merge_wants(const struct merge *m, const struct rec *r)
{
	return m->want == NULL || m->want(m->arg, r);
}

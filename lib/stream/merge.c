#include "stream/merge_priv.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "model/pos.h"
#include "model/tso.h"

struct merge *
merge_new(void)
{
	struct merge *m = x_calloc(1, sizeof *m);

	m->until = UINT64_MAX;
	return m;
}

void
merge_free(struct merge *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->n; i++) {
		struct fifo *f = &m->v[i]->fifo;

		for (size_t k = f->head; k < f->n; k++)
			merge_rec_free(f->v[k]);
		free(f->v);
		free(m->v[i]->pub.name);
	}
	channels_free(m);
	for (size_t i = 0; i < m->n; i++)
		free(m->v[i]);
	free(m->v);
	free(m->heap);
	free(m);
}

int
merge_topic_add(struct merge *m, const char *name, int ticks, struct mq_id next)
{
	struct topic *t = x_calloc(1, sizeof *t);

	t->pub.name = x_strdup(name);
	t->pub.ticks = ticks;
	t->pub.next = next;
	t->pub.out = m->released;
	m->v = x_grow(m->v, m->n, &m->cap, sizeof(struct topic *));
	m->v[m->n] = t;
	return (int)m->n++;
}

int
merge_topic_find(const struct merge *m, const char *name)
{
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->v[i]->pub.name, name) == 0)
			return (int)i;
	return -1;
}

size_t
merge_topics(const struct merge *m)
{
	return m->n;
}

struct merge_topic *
merge_topic(struct merge *m, size_t i)
{
	return &m->v[i]->pub;
}

size_t
merge_bytes(const struct merge *m)
{
	size_t bytes = 0;

	for (size_t i = 0; i < m->n; i++)
		bytes += m->v[i]->pub.bytes;
	return bytes;
}

/* DDL messages: the catalogue has better data, so they are only counted. */
static int
is_ddl(enum msg_kind kind)
{
	return kind == MSG_DROP_COLLECTION || kind == MSG_CREATE_PARTITION ||
	       kind == MSG_DROP_PARTITION;
}

int
merge_is_request(const struct rec *r)
{
	if (msg_use(r->msg.kind) == MSG_USE_FLUSH)
		return 1;
	switch ((int)r->msg.kind) {
	case MSG_ALTER_INDEX:
	case MSG_ALTER_FIELD:
	case MSG_ALTER_COLLECTION:
	case MSG_ALTER_DATABASE:
	case MSG_DROP_USER:
	case MSG_DROP_ROLE:
	case MSG_ALTER_USER_ROLE:
	case MSG_ALTER_PRIVILEGE:
		return r->format->alter != NULL;
	default:
		return 0;
	}
}

/* A request that says no more than the catalogue (law 0). */
static int
is_known(const struct topic *t, const struct rec *r)
{
	return !t->pub.ticks && !r->broken && !merge_is_request(r);
}

/* The counter for a record that does not wait, or NULL. */
static uint64_t *
leaves_at_once(struct merge *m, struct topic *t, const struct rec *r)
{
	if (r->msg.kind == MSG_TICK) {
		if (r->ts > t->pub.tick)
			t->pub.tick = r->ts;
		return &m->stats.ticks;
	}
	if (merge_skips(t, r))
		return &m->stats.skipped;
	if (is_ddl(r->msg.kind) || is_known(t, r))
		return &m->stats.ddl;
	if (!r->broken && merge_is_retry(t, r))
		return &m->stats.retries;
	if (!merge_wants(m, r))
		return &m->stats.unwanted;
	return NULL;
}

/*
 * The timestamp of a record that has none: Kafka's, which is the same each
 * time, so that a position shows whether the record was released.
 */
static uint64_t
broken_ts(const struct topic *t, const struct record *k)
{
	return k->time_ms > 0 ? tso_from_ms(k->time_ms) : t->pub.tick + 1;
}

/*
 * Was its timestamp released before it came? A transaction that was open at
 * the position that we began with is read again, and was not late.
 */
static int
is_late(const struct merge *m, const struct topic *t, const struct rec *r)
{
	if (!m->by_channel)
		return r->ts <= m->released;
	return r->ts <= t->pub.out && mq_id_cmp(r->m.id, t->pub.skip_n) >= 0;
}

struct rec *
merge_add(struct merge *m, const struct format *f, struct record *own_k,
    struct err *e)
{
	struct topic *t = m->v[own_k->topic];
	struct rec *r = x_calloc(1, sizeof *r);
	uint64_t *counter;

	r->m = *own_k;
	memset(own_k, 0, sizeof *own_k);
	t->pub.next = mq_id_next(r->m.id);
	t->pub.records++;
	t->pub.last = 0;
	r->format = f;
	if (f->decode(&r->m, &r->msg, e) == -1) {
		err_wrap(
		    e, "topic '%s' offset %s", t->pub.name, MQ_TEXT(r->m.id));
		if (f->streaming) { /* no position is behind it */
			t->pub.next = r->m.id;
			merge_rec_free(r);
			return NULL;
		}
		log_warn("%s", e->msg);
		err_clear(e);
		r->broken = 1;
		r->msg.kind = MSG_OTHER;
		r->msg.type = 0;
		r->msg.ts = broken_ts(t, &r->m);
	}
	r->m.headers = NULL; /* the reader's, until its next call */
	r->ts = r->msg.ts;
	if (!r->broken)
		t->pub.last = r->ts;
	r->rank = merge_rank(r->msg.kind);
	if (m->told != NULL && is_ddl(r->msg.kind))
		m->told(m->told_arg, &r->msg);
	if (r->ts > m->newest)
		m->newest = r->ts;
	r->late = is_late(m, t, r);
	if (m->by_channel)
		return channels_add(m, t, r);
	if ((counter = leaves_at_once(m, t, r)) != NULL) {
		++*counter;
		merge_mark(t, r);
		return NULL;
	}
	m->stats.late += (uint64_t)r->late;
	merge_keep(t, r);
	merge_push(m, r);
	return r;
}

void
merge_ddl(
    struct merge *m, void (*told)(void *arg, const struct msg *msg), void *arg)
{
	m->told = told;
	m->told_arg = arg;
}

void
merge_filter(
    struct merge *m, int (*want)(void *arg, const struct rec *r), void *arg)
{
	m->want = want;
	m->arg = arg;
}

uint64_t
merge_watermark(const struct merge *m, int *holder)
{
	uint64_t w = UINT64_MAX;

	for (size_t i = 0; i < m->n; i++) {
		const struct merge_topic *t = &m->v[i]->pub;

		if (!t->ticks || (!t->used && t->settled) || t->tick >= w)
			continue;
		w = t->tick;
		if (holder != NULL)
			*holder = (int)i;
	}
	return w;
}

struct rec *
merge_first(const struct merge *m)
{
	struct rec *r = m->n_heap == 0 ? NULL : m->heap[0], *b;

	if (r != NULL && r->ts <= m->until)
		return r;
	b = broadcasts_first(m);
	return b == NULL ? r : b;
}

void
merge_until(struct merge *m, uint64_t ts)
{
	m->until = ts;
}

uint64_t
merge_newest(const struct merge *m)
{
	return m->newest;
}

struct rec *
merge_take(struct merge *m)
{
	struct rec *r = merge_first(m);

	if (r == NULL)
		return NULL;
	if (m->n_heap == 0 || r != m->heap[0]) {
		broadcasts_take(m, r);
		return r;
	}
	merge_pop(m);
	r->released = 1;
	return r;
}

void
merge_put_back(struct merge *m, struct rec *r)
{
	r->released = 0;
	merge_push(m, r);
}

void
merge_release(struct merge *m, uint64_t ts)
{
	if (ts > m->released)
		m->released = ts;
	for (size_t i = 0; i < m->n; i++) {
		m->v[i]->pub.out =
		    m->by_channel ? channels_out(m, i) : m->released;
		merge_shift(m->v[i]);
	}
	if (m->by_channel && channels_proven(m) > m->released)
		m->released = channels_proven(m);
}

uint64_t
merge_released(const struct merge *m)
{
	return m->released;
}

/* What is known of the record before n, of which a topic is known again. */
static uint64_t
last_of(const struct merge_topic *t, struct mq_id n)
{
	if (t->doubt != 0 && mq_id_cmp(n, mq_id_next(t->doubt_at)) == 0)
		return t->doubt;
	if (mq_id_cmp(n, t->next) == 0 && t->last != 0)
		return t->last;
	return mq_id_cmp(n, t->skip_n) == 0 ? t->skip_last : 0;
}

void
merge_pos(const struct merge *m, struct pos *p)
{
	p->ts = m->released;
	for (size_t i = 0; i < m->n; i++) {
		const struct topic *t = m->v[i];
		const struct fifo *f = &t->fifo;
		struct mq_id n = t->pub.next, o = n;

		if (f->head < f->n)
			o = f->v[f->head]->m.id;
		/* what a start by time skips stays skipped */
		if (mq_id_cmp(n, t->pub.skip_n) < 0)
			n = t->pub.skip_n;
		/* and what is held, though late, does not */
		for (size_t k = f->head; k < f->n; k++)
			if (f->v[k]->late && !f->v[k]->released) {
				n = f->v[k]->m.id;
				break;
			}
		/* nor what was read behind a record that is in doubt */
		if (t->pub.doubt != 0 &&
		    mq_id_cmp(n, mq_id_next(t->pub.doubt_at)) > 0)
			n = mq_id_next(t->pub.doubt_at);
		if (mq_id_cmp(o, n) > 0)
			o = n;
		pos_set(p, t->pub.name, o, n, t->pub.out)->last =
		    last_of(&t->pub, n);
	}
}

const struct merge_stats *
merge_stats(const struct merge *m)
{
	return &m->stats;
}

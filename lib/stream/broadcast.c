#include "stream/merge_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "format/v26.h"

/* Broadcasts of a streaming log: one change, with a copy on each channel. */

/* A copy of a broadcast that is still to come, or was seen. */
struct copy {
	char *vchannel;
	struct rec
	    *rec; /* NULL: still to come, or seen and not to be written */
	int seen;
};

struct barrier {
	uint64_t id;
	struct copy *v;
	size_t n, left; /* copies, and how many were not seen */
	int passed;     /* the control channel's copy is not to be written */
	uint64_t first; /* least timestamp of a copy that was seen */
};

static void
barrier_free(struct barrier *b)
{
	for (size_t i = 0; i < b->n; i++)
		free(b->v[i].vchannel);
	free(b->v);
	free(b);
}

int
broadcasts_done(const struct merge *m, uint64_t id)
{
	size_t n = m->n_done < MERGE_RECENT ? m->n_done : MERGE_RECENT;

	for (size_t i = 0; i < n; i++)
		if (m->done[i] == id)
			return 1;
	return 0;
}

void
merge_knows(struct merge *m, uint64_t broadcast)
{
	m->done[m->n_done++ % MERGE_RECENT] = broadcast;
}

static struct barrier *
barrier_of(struct merge *m, const struct rec *r)
{
	struct spans names = { 0 };
	struct err ignored = { 0 }; /* decode has walked through it */
	struct barrier *b;

	for (size_t i = 0; i < m->n_barriers; i++)
		if (m->barriers[i]->id == r->msg.broadcast_id)
			return m->barriers[i];
	b = x_calloc(1, sizeof *b);
	b->id = r->msg.broadcast_id;
	b->first = UINT64_MAX;
	v26_vchannels(&r->msg, &names, &ignored);
	b->v = x_calloc(names.n + 1, sizeof *b->v);
	for (size_t i = 0; i < names.n; i++)
		b->v[i].vchannel = x_strndup(names.v[i].ptr, names.v[i].len);
	b->n = b->left = names.n;
	spans_fini(&names);
	m->barriers = x_grow(m->barriers, m->n_barriers, &m->barriers_cap,
	    sizeof(struct barrier *));
	m->barriers[m->n_barriers++] = b;
	return b;
}

static int
is_of(const struct copy *c, const struct rec *r)
{
	const struct span *s = &r->msg.shard;

	return strlen(c->vchannel) == s->len &&
	       memcmp(c->vchannel, s->ptr, s->len) == 0;
}

/* Note a copy: written once it is ripe, or passed if it is not ours. */
static void
barrier_see(struct barrier *b, const struct rec *r, struct rec *copy)
{
	if (r->ts < b->first)
		b->first = r->ts;
	if (copy == NULL && r->msg.control)
		b->passed = 1;
	for (size_t i = 0; i < b->n; i++) {
		struct copy *c = &b->v[i];

		if (c->seen || !is_of(c, r))
			continue;
		c->seen = 1;
		c->rec = copy;
		b->left--;
	}
}

/* The topic of a vchannel: its name up to the last '_', or all of it. */
static struct topic *
topic_of(const struct merge *m, const char *vchannel)
{
	const char *p = strrchr(vchannel, '_');
	size_t n = p == NULL ? strlen(vchannel) : (size_t)(p - vchannel);

	for (size_t i = 0; i < m->n; i++) {
		const char *name = m->v[i]->pub.name;

		if ((strlen(name) == n && memcmp(name, vchannel, n) == 0) ||
		    strcmp(name, vchannel) == 0)
			return m->v[i];
	}
	return NULL;
}

/* The topic's name: "TOPIC_…v0", "TOPIC_vcchan", or all of it. */
static char *
topic_name(const char *vchannel)
{
	const char *p = strrchr(vchannel, '_');

	return p == NULL || strchr(p, 'v') == NULL
		   ? x_strdup(vchannel)
		   : x_strndup(vchannel, (size_t)(p - vchannel));
}

char *
merge_unread(const struct merge *m)
{
	for (size_t i = 0; i < m->n_barriers; i++) {
		const struct barrier *b = m->barriers[i];

		for (size_t k = 0; k < b->n; k++)
			if (!b->v[k].seen &&
			    topic_of(m, b->v[k].vchannel) == NULL)
				return topic_name(b->v[k].vchannel);
	}
	return NULL;
}

/*
 * A copy that is before the first record that we read of its topic will never
 * come: the log was cut there, or we begin there.
 */
static int
is_before_us(
    const struct merge *m, const struct barrier *b, const struct copy *c)
{
	const struct topic *t = topic_of(m, c->vchannel);

	return t != NULL && t->pub.cut && t->pub.first > b->first;
}

/* Is it still to come? */
static int
is_lacking(const struct merge *m, const struct barrier *b, const struct copy *c)
{
	return !c->seen && !is_before_us(m, b, c);
}

static int
is_whole(const struct merge *m, const struct barrier *b)
{
	for (size_t i = 0; i < b->n && b->left > 0; i++)
		if (is_lacking(m, b, &b->v[i]))
			return 0;
	return 1;
}

/* Does a broadcast wait for a copy on this topic? */
static int
is_waited_for(const struct merge *m, const struct topic *t)
{
	for (size_t i = 0; i < m->n_barriers; i++) {
		const struct barrier *b = m->barriers[i];

		for (size_t k = 0; k < b->n; k++)
			if (is_lacking(m, b, &b->v[k]) &&
			    topic_of(m, b->v[k].vchannel) == t)
				return 1;
	}
	return 0;
}

/* Has it a record that cannot leave before other topics have come further? */
static int
stands(const struct merge *m, const struct topic *t, int topic)
{
	for (size_t i = 0; i < m->standing.n; i++)
		if (m->standing.v[i]->m.topic == topic)
			return 1;
	return t->ripe.n > 0;
}

int
merge_can_wait(const struct merge *m, size_t topic)
{
	const struct topic *t = m->v[topic];

	return (t->pub.tick >= m->until || stands(m, t, (int)topic)) &&
	       !is_waited_for(m, t);
}

static int
waits(const struct merge *m, const struct barrier *b, uint64_t ts)
{
	int stands = 0, unread = 0;

	for (size_t i = 0; i < b->n; i++) {
		const struct copy *c = &b->v[i];
		const struct topic *t = topic_of(m, c->vchannel);

		stands |= c->rec != NULL;
		unread |= !c->seen && !is_before_us(m, b, c) &&
			  (t == NULL || t->pub.tick < ts);
	}
	return stands && unread;
}

int
merge_waits(const struct merge *m, uint64_t ts)
{
	for (size_t i = 0; i < m->n_barriers; i++)
		if (waits(m, m->barriers[i], ts))
			return 1;
	return 0;
}

/*
 * The copy that says what to do: the control channel's, which has the time of
 * the change; without it, the first one.
 */
static struct rec *
voice(const struct barrier *b)
{
	struct rec *r = NULL;

	for (size_t i = 0; i < b->n; i++) {
		struct rec *c = b->v[i].rec;

		if (c != NULL && (r == NULL || c->msg.control))
			r = c;
	}
	return r;
}

/* Its oldest copy that stands, or NULL. */
static const struct rec *
oldest(const struct barrier *b)
{
	const struct rec *r = NULL;

	for (size_t i = 0; i < b->n; i++)
		if (b->v[i].rec != NULL &&
		    (r == NULL || b->v[i].rec->ts < r->ts))
			r = b->v[i].rec;
	return r;
}

static void
note_lack(const struct merge *m, const struct barrier *b, struct merge_lack *l)
{
	const struct rec *at = oldest(b);

	if (at == NULL || (l->at != NULL && l->at->ts <= at->ts))
		return;
	for (size_t i = 0; i < b->n; i++)
		if (is_lacking(m, b, &b->v[i])) {
			l->at = at;
			l->vchannel = b->v[i].vchannel;
			break;
		}
}

int
merge_lacks(const struct merge *m, struct merge_lack *l)
{
	const struct topic *t;

	memset(l, 0, sizeof *l);
	l->topic = -1;
	for (size_t i = 0; i < m->n_barriers; i++)
		note_lack(m, m->barriers[i], l);
	if (l->at == NULL)
		return 0;
	t = topic_of(m, l->vchannel);
	for (size_t i = 0; i < m->n && t != NULL; i++)
		if (m->v[i] == t)
			l->topic = (int)i;
	return 1;
}

/* Does this vchannel stand at a copy? */
static int
is_blocked(const struct merge *m, const struct rec *r)
{
	for (size_t i = 0; i < m->standing.n; i++) {
		const struct span *s = &m->standing.v[i]->msg.shard;

		if (s->len == r->msg.shard.len &&
		    memcmp(s->ptr, r->msg.shard.ptr, s->len) == 0)
			return 1;
	}
	return 0;
}

/* The copy of a broadcast that is out already is none. */
static void
stand(struct merge *m, struct rec *r)
{
	if (broadcasts_done(m, r->msg.broadcast_id)) {
		m->stats.retries++;
		r->released = 1;
		record_drop(&r->m);
		return;
	}
	barrier_see(barrier_of(m, r), r, r);
	recs_push(&m->standing, r);
}

void
broadcasts_pump(struct merge *m, struct topic *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->ripe.n; i++) {
		struct rec *r = t->ripe.v[i];

		if (is_blocked(m, r))
			t->ripe.v[n++] = r;
		else if (r->msg.broadcast_id == 0)
			merge_push(m, r);
		else
			stand(m, r);
	}
	t->ripe.n = n;
}

static void
barrier_done(struct merge *m, struct barrier *b)
{
	size_t i = 0, n = 0;

	merge_knows(m, b->id);
	while (m->barriers[i] != b)
		i++;
	m->barriers[i] = m->barriers[--m->n_barriers];
	for (i = 0; i < m->standing.n; i++) {
		struct rec *r = m->standing.v[i];

		if (r->msg.broadcast_id == b->id)
			r->released = 1;
		else
			m->standing.v[n++] = r;
	}
	m->standing.n = n;
	barrier_free(b);
	for (i = 0; i < m->n; i++)
		if (m->v[i]->ripe.n > 0)
			broadcasts_pump(m, m->v[i]);
}

void
broadcasts_pass(struct merge *m)
{
	for (size_t i = m->n_barriers; i-- > 0;)
		if (i < m->n_barriers && m->barriers[i]->passed &&
		    is_whole(m, m->barriers[i]))
			barrier_done(m, m->barriers[i]);
}

/* Has one of its channels a row before its copy? That may not leave yet. */
static int
is_behind_rows(const struct merge *m, const struct barrier *b)
{
	for (size_t k = 0; k < m->n_heap; k++)
		for (size_t i = 0; i < b->n; i++)
			if (is_of(&b->v[i], m->heap[k]))
				return 1;
	return 0;
}

struct rec *
broadcasts_first(const struct merge *m)
{
	struct rec *first = NULL;

	for (size_t i = 0; i < m->n_barriers; i++) {
		const struct barrier *b = m->barriers[i];
		struct rec *r = b->passed ? NULL : voice(b);

		if (r != NULL && (first == NULL || r->ts < first->ts) &&
		    is_whole(m, b) && !is_behind_rows(m, b))
			first = r;
	}
	return first;
}

void
broadcasts_take(struct merge *m, struct rec *r)
{
	for (size_t i = 0; i < m->n_barriers; i++)
		if (m->barriers[i]->id == r->msg.broadcast_id) {
			barrier_done(m, m->barriers[i]);
			break;
		}
	broadcasts_pass(m);
}

void
broadcasts_skip(struct merge *m, const struct rec *r)
{
	if (!broadcasts_done(m, r->msg.broadcast_id))
		barrier_see(barrier_of(m, r), r, NULL);
}

void
broadcasts_free(struct merge *m)
{
	for (size_t i = 0; i < m->n_barriers; i++)
		barrier_free(m->barriers[i]);
	free(m->barriers);
	free(m->standing.v);
}

#include "verify/priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "verify/row_diff.h"

enum {
	CHUNK = 500, /* keys for each question */
	ROUNDS = 10, /* then give up: the row changes too fast */
	SURE = SETTLE_ROUNDS,
};

struct vcand {
	struct vkey key; /* its text is owned */
	struct hash was; /* the source's row, before everything had arrived */
	int there;
	struct hash got; /* the target's row, when it was last wrong */
	int got_there;
	int sure; /* how often it was wrong in the same way */
	int done;
};

/* The context of the questions. */
struct again {
	struct verify *v;
	const struct pair *p;
	struct vask ask[2];
	int last; /* the last round: rows that still change are given up */
};

static void
clear(struct vcands *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].key.is_text)
			free(mv_str(c->v[i].key.text.ptr));
	c->n = 0;
}

void
vcands_fini(struct vcands *c)
{
	clear(c);
	free(c->v);
	memset(c, 0, sizeof *c);
}

void
vcands_add(struct vcands *c, const struct vkey *k)
{
	struct vcand *d;

	c->v = x_grow(c->v, c->n, &c->cap, sizeof *c->v);
	d = &c->v[c->n++];
	memset(d, 0, sizeof *d);
	d->key = *k;
	if (k->is_text)
		d->key.text.ptr = x_strndup(k->text.ptr, k->text.len);
}

/*
 * Asks for the rows of n keys: 0; 1 if fewer keys must be asked for at once,
 * because the answer is too large or a key that is there twice hides others.
 */
static int
rows(struct again *a, int s, const struct vcand *d, size_t n, struct vpage **p,
    struct err *e)
{
	struct buf b = { 0 };
	uint64_t count = 0;
	int rc = 0;

	if (a->v->conf->read == READ_STRONG)
		rc = ask_timestamp(a->ask[s].peer, &a->ask[s].ts, e);
	vexpr_in(&b, a->ask[s].pk, &d->key, n, sizeof *d);
	if (rc == 0)
		rc = vask_rows(&a->ask[s], b.ptr, 0, p, e);
	if (rc == 0 && n > 1 && (*p)->n < n) {
		rc = vask_count(&a->ask[s], b.ptr, &count, e);
		rc = rc == 0 && count > (*p)->n ? 1 : rc;
		if (rc != 0)
			vpage_free(*p);
	}
	buf_fini(&b);
	if (rc == 1 && n == 1)
		return err_set(
		    e, ERR_DATA, "a row is too large to be asked for");
	return rc;
}

static int
same(const struct vrow *x, const struct vrow *y)
{
	return x == NULL || y == NULL ? x == y : hash_equal(&x->hash, &y->hash);
}

static int
is(int there, const struct hash *h, const struct vrow *r)
{
	if (r == NULL || !there)
		return (r != NULL) == there;
	return hash_equal(h, &r->hash);
}

/*
 * 1 if the target was wrong in the same way often enough. Once is not enough: a
 * row that existed for a moment between two looks at the source may just have
 * arrived.
 */
static int
sure(struct vcand *d, const struct vrow *src, const struct vrow *dst)
{
	if (!is(d->there, &d->was, src))
		d->sure = 0;
	else if (d->sure > 0 && is(d->got_there, &d->got, dst))
		d->sure++;
	else
		d->sure = 1;
	d->got_there = dst != NULL;
	if (dst != NULL)
		d->got = dst->hash;
	return d->sure >= SURE;
}

/* Notes the source's present rows. */
static int
note(struct again *a, struct vcand *d, size_t n, struct err *e)
{
	struct vpage *p;
	int rc = rows(a, SRC, d, n, &p, e);

	if (rc == 1)
		return note(a, d, n / 2, e) == -1
			   ? -1
			   : note(a, d + n / 2, n - n / 2, e);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		const struct vrow *r = vpage_find(p, &d[i].key);

		if (!is(d[i].there, &d[i].was, r))
			d[i].sure = 0;
		d[i].there = r != NULL;
		if (r != NULL)
			d[i].was = r->hash;
	}
	if (rc == 0)
		vpage_free(p);
	return rc;
}

static int
line(struct again *a, const struct vkey *k, struct vdiff diff[2],
    struct vpage *const page[2], const struct vrow *const r[2], struct err *e)
{
	diff_row(a->v, a->p, a->ask[SRC].part, k);
	for (int s = SRC; s <= DST && r[SRC] != NULL && r[DST] != NULL; s++)
		if (vdiff_prepare(&diff[s], page[s], e) == -1)
			return -1;
	if (r[SRC] != NULL && r[DST] != NULL)
		vdiff_fields(
		    &a->v->w, a->ask[SRC].fields, diff, r[SRC]->at, r[DST]->at);
	diff_close(a->v, r[SRC] == NULL   ? "extra"
			 : r[DST] == NULL ? "missing"
					  : "differs");
	return 0;
}

static int
judge(struct again *a, struct vcand *d, size_t n, struct vpage *const page[2],
    struct err *e)
{
	struct vdiff diff[2] = { { 0 } };
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		const struct vrow *r[2] = { vpage_find(page[SRC], &d[i].key),
			vpage_find(page[DST], &d[i].key) };

		if (d[i].done)
			continue;
		d[i].done = 1;
		if (same(r[SRC], r[DST]))
			continue;
		if (sure(&d[i], r[SRC], r[DST]))
			rc = line(a, &d[i].key, diff, page, r, e);
		else if (a->last)
			a->v->moving++;
		else
			d[i].done = 0;
	}
	vdiff_fini(&diff[SRC]);
	vdiff_fini(&diff[DST]);
	return rc;
}

/*
 * Everything that the source had has arrived. The target is asked first, so
 * that a row which the source still has as before is a row that the target
 * should have.
 */
static int
ask_both(struct again *a, struct vcand *d, size_t n, struct err *e)
{
	struct vpage *page[2] = { NULL, NULL };
	int rc = rows(a, DST, d, n, &page[DST], e);

	if (rc == 0 && (rc = rows(a, SRC, d, n, &page[SRC], e)) != 0)
		vpage_free(page[DST]);
	if (rc == 1)
		return ask_both(a, d, n / 2, e) == -1
			   ? -1
			   : ask_both(a, d + n / 2, n - n / 2, e);
	if (rc == -1)
		return -1;
	rc = judge(a, d, n, page, e);
	vpage_free(page[SRC]);
	vpage_free(page[DST]);
	return rc;
}

typedef int chunk_fn(struct again *a, struct vcand *d, size_t n, struct err *e);

static int
each_chunk(struct again *a, struct vcands *c, chunk_fn *f, struct err *e)
{
	for (size_t i = 0; i < c->n; i += CHUNK) {
		size_t n = c->n - i < CHUNK ? c->n - i : CHUNK;

		verify_show(a->v);
		if (f(a, &c->v[i], n, e) == -1)
			return -1;
	}
	return 0;
}

/* Keeps only keys that are not decided. */
static void
pack(struct vcands *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++) {
		if (!c->v[i].done)
			c->v[n++] = c->v[i];
		else if (c->v[i].key.is_text)
			free(mv_str(c->v[i].key.text.ptr));
	}
	c->n = n;
}

int
vcands_settle(struct verify *v, const struct pair *p, const struct vask ask[2],
    struct vcands *c, struct err *e)
{
	struct again a = { .v = v, .p = p, .ask = { ask[SRC], ask[DST] } };
	int rc = 0;

	a.ask[SRC].peer = &v->again[SRC];
	a.ask[DST].peer = &v->again[DST];
	v->asked_again += c->n;
	for (int i = 1; i <= ROUNDS && c->n > 0 && rc == 0; i++) {
		a.last = i == ROUNDS;
		log_info("collection '%s.%s': %zu rows differ at first sight",
		    p->db, p->name, c->n);
		rc = each_chunk(&a, c, note, e);
		if (rc == 0)
			rc = verify_settle(v, SETTLE_ROUNDS, e);
		if (rc == 0)
			rc = each_chunk(&a, c, ask_both, e);
		if (rc == 0)
			pack(c);
	}
	clear(c);
	return rc;
}

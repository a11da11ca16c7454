#include "verify/spool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "verify/tmpfile.h"

/* A record in memory and in files; the bytes of the key follow it. */
struct spool_rec {
	struct hash hash;
	uint64_t seq;
	uint32_t coll, part;
	uint32_t gone, len;
};

struct run {
	FILE *f;
	struct spool_rec head; /* the next record */
	struct buf key;
	int there;
};

struct spool {
	size_t limit;
	struct buf arena; /* records, one after the other */
	size_t *at;       /* where each begins */
	size_t n, cap;
	struct run *runs;
	size_t nruns, runs_cap;
	/* the run whose record was returned last; NULL: none */
	struct run *last;
	int reading;
};

struct spool *
spool_new(size_t run_bytes)
{
	struct spool *s = x_calloc(1, sizeof *s);

	s->limit = run_bytes;
	return s;
}

void
spool_free(struct spool *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->nruns; i++) {
		if (s->runs[i].f != NULL)
			fclose(s->runs[i].f);
		buf_fini(&s->runs[i].key);
	}
	buf_fini(&s->arena);
	free(s->runs);
	free(s->at);
	free(s);
}

static int
compare(const struct spool_rec *a, const char *akey, const struct spool_rec *b,
    const char *bkey)
{
	size_t n = a->len < b->len ? a->len : b->len;
	int rc;

	if (a->coll != b->coll)
		return a->coll < b->coll ? -1 : 1;
	if (n > 0 && (rc = memcmp(akey, bkey, n)) != 0)
		return rc;
	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

static int
by_key(const void *a, const void *b, void *arg)
{
	const struct spool *s = arg;
	const char *x = s->arena.ptr + *(const size_t *)a;
	const char *y = s->arena.ptr + *(const size_t *)b;
	struct spool_rec p, q;

	memcpy(&p, x, sizeof p);
	memcpy(&q, y, sizeof q);
	return compare(&p, x + sizeof p, &q, y + sizeof q);
}

/* Sorts the records in memory and writes them as a run. */
static int
write_run(struct spool *s, struct err *e)
{
	struct run *r;

	s->runs = x_grow(s->runs, s->nruns, &s->runs_cap, sizeof *s->runs);
	r = &s->runs[s->nruns];
	memset(r, 0, sizeof *r);
	if ((r->f = nameless_open(e)) == NULL)
		return -1;
	s->nruns++; /* spool_free closes it */
	qsort_r(s->at, s->n, sizeof *s->at, by_key, s);
	for (size_t i = 0; i < s->n; i++) {
		const char *p = s->arena.ptr + s->at[i];
		struct spool_rec head;

		memcpy(&head, p, sizeof head);
		fwrite(p, sizeof head + head.len, 1, r->f);
	}
	if (fflush(r->f) != 0 || ferror(r->f))
		return err_sys(e, ERR_OUTPUT, "a temporary file");
	rewind(r->f);
	s->n = 0;
	buf_clear(&s->arena);
	return 0;
}

int
spool_add(struct spool *s, const struct spooled *in, struct err *e)
{
	struct spool_rec r;

	memset(&r, 0, sizeof r);
	r.hash = in->hash;
	r.seq = in->seq;
	r.coll = in->coll;
	r.part = in->part;
	r.gone = in->gone != 0;
	r.len = (uint32_t)in->key.len;
	s->at = x_grow(s->at, s->n, &s->cap, sizeof *s->at);
	s->at[s->n++] = s->arena.len;
	buf_add(&s->arena, &r, sizeof r);
	buf_add(&s->arena, in->key.ptr, in->key.len);
	return s->arena.len < s->limit ? 0 : write_run(s, e);
}

static int
advance(struct run *r, struct err *e)
{
	r->there = 0;
	if (fread(&r->head, sizeof r->head, 1, r->f) != 1) {
		if (ferror(r->f))
			return err_sys(e, ERR_OUTPUT, "a temporary file");
		return 0;
	}
	buf_clear(&r->key);
	buf_room(&r->key, r->head.len);
	r->key.len = r->head.len;
	if (r->head.len > 0 && fread(r->key.ptr, r->head.len, 1, r->f) != 1)
		return err_sys(e, ERR_OUTPUT, "a temporary file");
	r->there = 1;
	return 0;
}

static int
start(struct spool *s, struct err *e)
{
	s->reading = 1;
	if (s->n > 0 && write_run(s, e) == -1)
		return -1;
	buf_fini(&s->arena);
	for (size_t i = 0; i < s->nruns; i++)
		if (advance(&s->runs[i], e) == -1)
			return -1;
	return 0;
}

int
spool_next(struct spool *s, struct spooled *out, struct err *e)
{
	struct run *best = NULL;

	if (!s->reading && start(s, e) == -1)
		return -1;
	if (s->last != NULL && advance(s->last, e) == -1)
		return -1;
	for (size_t i = 0; i < s->nruns; i++) {
		struct run *r = &s->runs[i];

		if (r->there &&
		    (best == NULL || compare(&r->head, r->key.ptr, &best->head,
					 best->key.ptr) < 0))
			best = r;
	}
	if ((s->last = best) == NULL)
		return 0;
	*out = (struct spooled){ .coll = best->head.coll,
		.part = best->head.part,
		.seq = best->head.seq,
		.hash = best->head.hash,
		.gone = (int)best->head.gone,
		.key = { best->key.ptr, best->key.len } };
	return 1;
}

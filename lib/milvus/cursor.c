#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service.pb-c.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/sig.h"
#include "milvus/ask.h"
#include "milvus/feed.h"

enum {
	PAGE_BYTES = 4 << 20, /* size of a page that is aimed at */
	/* of the first page, when their size is not known yet */
	FIRST_ROWS = 8,
	GROWTH = 16, /* the next page has this many times the rows at most */
	TRIES = 8,   /* with fewer rows each time */
	MOST_TAILS = 8,
	FIELDS_DATA = 2, /* of QueryResults */
	STRONG = 0,      /* common.proto ConsistencyLevel */
	SESSION = 1,
	EVENTUALLY = 3,
	CUSTOMIZED = 4,
};

/* 1 if the answer is too large, for the server or for us. */
static int
too_large(const struct mv_status *st)
{
	return st->class == MV_TOO_LARGE ||
	       strstr(st->reason, "larger than max") != NULL ||
	       strstr(st->reason, "maxOutputSize") != NULL ||
	       strstr(st->reason, "exceed the limit size") != NULL;
}

static void
freshness(const struct vask *a, Pb__QueryRequest *req)
{
	if (a->read == READ_STRONG) {
		/* Strong would wait for the next tick at each question */
		req->consistency_level = a->ts == 0 ? STRONG : CUSTOMIZED;
		req->guarantee_timestamp = a->ts;
	} else {
		req->consistency_level =
		    a->read == READ_SESSION ? SESSION : EVENTUALLY;
		req->guarantee_timestamp = a->read == READ_SESSION ? 0 : 1;
	}
}

/* 0 with the answer in *raw, 1: too large, -1. */
static int
query(const struct vask *a, const char *expr, char **fields, size_t nfields,
    size_t limit, struct buf *raw, struct err *e)
{
	Pb__QueryRequest req = PB__QUERY_REQUEST__INIT;
	Pb__KeyValuePair kv = PB__KEY_VALUE_PAIR__INIT, *kvp = &kv;
	char number[24], *part = mv_str(a->part);
	struct mv_status st;
	int rc;

	snprintf(number, sizeof number, "%zu", limit);
	kv.key = mv_str("limit");
	kv.value = number;
	req.db_name = mv_str(a->db);
	req.collection_name = mv_str(a->coll);
	req.expr = mv_str(expr);
	req.output_fields = fields;
	req.n_output_fields = nfields;
	req.partition_names = &part;
	req.n_partition_names = part != NULL;
	req.query_params = &kvp;
	req.n_query_params = limit > 0;
	freshness(a, &req);
	rc = milvus_call_raw(a->peer->m, "Query", &req.base, raw, &st, e);
	if (rc == 1 && too_large(&st))
		return 1;
	return rc == 1 ? ask_refused(a->peer, "Query", a->db, a->coll, &st, e)
		       : rc;
}

int
vask_rows(const struct vask *a, const char *expr, size_t limit,
    struct vpage **out, struct err *e)
{
	char **names = x_calloc(a->fields->n + 1, sizeof *names);
	struct vpage *p = x_calloc(1, sizeof *p);
	int rc;

	for (size_t i = 0; i < a->fields->n; i++)
		names[i] = mv_str(a->fields->v[i]);
	rc = query(a, expr, names, a->fields->n, limit, &p->raw, e);
	if (rc == 0)
		rc = vpage_parse(p, a->schema, a->fields, e);
	if (rc == -1 && e->kind == ERR_DATA)
		err_wrap(e, "%s", a->peer->name);
	free(names);
	if (rc == 0)
		*out = p;
	else
		vpage_free(p);
	return rc;
}

int
vask_count(const struct vask *a, const char *expr, uint64_t *n, struct err *e)
{
	char *count = mv_str("count(*)");
	struct buf raw = { 0 };
	struct fdata c = { 0 };
	struct pbwalk r;
	struct pbfield f;
	int rc = query(a, expr, &count, 1, 0, &raw, e), found = 0;

	r = pbwalk_init(raw.ptr, raw.len);
	while (rc == 0 && !found && pbwalk_next(&r, &f) == 1)
		if (f.field == FIELDS_DATA && f.wire == PB_BYTES)
			found = fdata_parse(&c, f.ptr, f.len, e) == 0 &&
				fdata_count(&c) == 1 &&
				pbwalk_varint(&c.at, n) == 1;
	if (rc == 0 && !found)
		rc = err_set(e, ERR_DATA,
		    "%s: count(*) of '%s.%s': a broken "
		    "answer",
		    a->peer->name, a->db, a->coll);
	fdata_fini(&c);
	buf_fini(&raw);
	return rc == 0 ? 0 : -1;
}

void
vcursor_fini(struct vcursor *c)
{
	buf_fini(&c->last_text);
}

static void
move(struct vcursor *c, const struct vkey *k)
{
	c->last = *k;
	if (k->is_text) {
		buf_clear(&c->last_text);
		buf_add(&c->last_text, k->text.ptr, k->text.len);
		c->last.text =
		    (struct span){ c->last_text.ptr, c->last_text.len };
	}
	c->begun = 1;
}

/* Sets the number of rows so that the next page has the size aimed at. */
static void
adapt(struct vcursor *c, const struct vpage *p)
{
	size_t fit = p->n == 0 ? c->cap : PAGE_BYTES / (p->raw.len / p->n + 1);

	c->cap = c->cap > c->ask.page_max / GROWTH ? c->ask.page_max
						   : GROWTH * c->cap;
	c->limit = fit < c->cap ? fit : c->cap;
	if (c->limit == 0)
		c->limit = 1;
}

/*
 * 1 if the page has all rows of (last, hi], else 0. A key that is there several
 * times is answered once but counted each time.
 */
static int
is_whole(struct vcursor *c, const struct vpage *p, const struct vkey *hi,
    struct err *e)
{
	const struct vask *a = &c->ask;
	struct buf b = { 0 };
	uint64_t all = 0, of_keys = 0;
	int rc;

	vexpr_range(&b, a->pk, c->begun ? &c->last : NULL, hi);
	rc = vask_count(a, b.ptr, &all, e);
	if (rc == 0 && all != p->n && p->n > 0) {
		buf_clear(&b);
		vexpr_in(&b, a->pk, &p->rows[0].key, p->n, sizeof *p->rows);
		rc = vask_count(a, b.ptr, &of_keys, e);
	} else if (rc == 0) {
		of_keys = p->n;
	}
	buf_fini(&b);
	if (rc == -1)
		return -1;
	if (all != of_keys)
		return 0;
	c->copies += all > p->n ? all - p->n : 0;
	return 1;
}

/*
 * 1 if an answer that is not full ends with the last key. While rows are
 * written there may be more keys by now; this is checked a few times.
 */
static int
at_end(struct vcursor *c, const struct vpage *p)
{
	if (p->answered >= c->limit)
		return 0;
	return !c->ask.moving || p->n == 0 || ++c->tails > MOST_TAILS;
}

/*
 * One try: 1 with a page, which may be empty; 0: try again with fewer rows; -1.
 */
static int
try(struct vcursor *c, struct vpage **p, int *to_end, struct err *e)
{
	const struct vkey *hi = c->ask.hi;
	struct buf b = { 0 };
	int rc;

	vexpr_range(&b, c->ask.pk, c->begun ? &c->last : NULL, hi);
	rc = vask_rows(&c->ask, b.ptr, c->limit, p, e);
	buf_fini(&b);
	if (rc == 1 && c->limit == 1)
		return err_set(e, ERR_DATA,
		    "%s: a row of '%s.%s' is too large to be asked for",
		    c->ask.peer->name, c->ask.db, c->ask.coll);
	if (rc != 0)
		return rc == 1 ? 0 : -1;
	*to_end = at_end(c, *p);
	if ((*p)->n > 0 && (!*to_end || c->ask.moving))
		hi = &(*p)->rows[(*p)->n - 1].key;
	rc = is_whole(c, *p, hi, e);
	if (rc == 0 && c->ask.moving && ++c->tries > TRIES) {
		c->doubtful++;
		rc = 1;
	}
	if (rc != 1)
		vpage_free(*p);
	return rc;
}

/* The row of the greatest int64: 2.3.5 counts it, and never answers it. */
static int
greatest(struct vcursor *c, struct vpage **p, struct err *e)
{
	struct buf b = { 0 };
	uint64_t n = 0;
	int rc;

	c->greatest_done = 1;
	vexpr_greatest(&b, c->ask.pk);
	rc = vask_count(&c->ask, b.ptr, &n, e);
	if (rc == 0 && n > 0)
		rc = vask_rows(&c->ask, b.ptr, 0, p, e);
	buf_fini(&b);
	if (rc == 1)
		return err_set(e, ERR_DATA,
		    "%s: a row is too large to be "
		    "asked for",
		    c->ask.peer->name);
	if (rc != 0 || n == 0)
		return rc;
	if ((*p)->n == 0) {
		(*p)->rows = x_calloc(1, sizeof *(*p)->rows);
		(*p)->rows[0].key.num = INT64_MAX;
		(*p)->n = (*p)->unreadable = 1;
	}
	c->copies += n - 1;
	return 1;
}

static void
begin(struct vcursor *c)
{
	c->limit = c->cap =
	    FIRST_ROWS < c->ask.page_max ? FIRST_ROWS : c->ask.page_max;
	if (c->ask.lo != NULL)
		move(c, c->ask.lo);
	c->greatest_done = c->ask.hi != NULL || c->ask.pk->type == TYPE_VARCHAR;
}

int
vcursor_next(struct vcursor *c, struct vpage **p, struct err *e)
{
	int rc = 0, to_end = 0;

	if (c->limit == 0)
		begin(c);
	if (c->limit > c->ask.page_max)
		c->limit = c->ask.page_max;
	c->tries = 0;
	for (unsigned i = 0; !c->ended && rc == 0; i++) {
		if (sig_stop != 0)
			return err_set(e, ERR_STOP, "stopped");
		rc = try(c, p, &to_end, e);
		if (rc == 0 && c->limit == 1 && i >= TRIES)
			return err_set(e, ERR_TEMP,
			    "%s: rows and count(*) of '%s.%s' do not agree; "
			    "is it written to? (--as-of)",
			    c->ask.peer->name, c->ask.db, c->ask.coll);
		if (rc == 0)
			c->limit = c->cap = (c->limit + 1) / 2;
	}
	if (rc == -1)
		return -1;
	if (rc == 1) {
		c->bytes += (*p)->raw.len;
		c->ended = to_end;
		adapt(c, *p);
		if ((*p)->n > 0) {
			move(c, &(*p)->rows[(*p)->n - 1].key);
			return 1;
		}
		vpage_free(*p);
	}
	return c->greatest_done ? 0 : greatest(c, p, e);
}

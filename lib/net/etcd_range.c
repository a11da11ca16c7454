#include "net/etcd_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "codec/json_write.h"
#include "codec/pb_read.h"
#include "net/etcd_json.h"

/*
 * Keys of an answer. etcd 3.4 counts all that are left of the range for each
 * answer, so that small ones cost more than they carry.
 */
enum { PAGE = 5000, FAST_PAGE = 20000 };

static void
range_body(struct buf *b, const struct etcd_range *r, const struct buf *from)
{
	struct jsonw w = { .b = b };

	jw_open(&w, NULL, '{');
	jw_b64(&w, "key", from->ptr, from->len);
	if (r->end != NULL && r->end[0] == '\0')
		jw_b64(&w, "range_end", "", 1);
	else if (r->end != NULL)
		etcd_json_key(&w, "range_end", r->end);
	if (r->rev != 0)
		jw_i64s(&w, "revision", r->rev);
	if (r->min_mod != 0)
		jw_i64s(&w, "min_mod_revision", r->min_mod);
	if (r->limit != 0)
		jw_i64(&w, "limit", r->limit);
	if (r->keys_only)
		jw_bool(&w, "keys_only", 1);
	jw_close(&w, '}');
}

/*
 * etcd says that a revision which it once told is in the future, so it went
 * back. A range without a revision tells how far.
 */
static int
went_back(struct etcd *c, const struct etcd_range *r, struct err *e)
{
	static const struct etcd_range any = { .limit = 1, .keys_only = 1 };
	struct buf b = { 0 }, key = { 0 };
	json_t *a = NULL;
	int rc;

	if (e->kind != ERR_DATA || r->rev == 0 || r->rev > c->rev ||
	    strstr(e->msg, "future revision") == NULL)
		return -1;
	buf_adds(&key, r->from);
	range_body(&b, &any, &key);
	rc = etcd_call(c, "/v3/kv/range", &b, &a, e);
	if (rc == 0)
		rc = etcd_rises(c,
		    etcd_json_i64(json_object_get(a, "header"), "revision"), e);
	if (rc == 0) /* it has reached that revision meanwhile */
		err_set(e, ERR_BACK,
		    "etcd '%s' went back: cluster %s had to come to revision "
		    "%" PRId64 " again",
		    etcd_endpoint(c), c->cluster, r->rev);
	json_decref(a);
	buf_fini(&b);
	buf_fini(&key);
	return -1;
}

/* What an answer of etcd's gRPC says before its keys. */
struct head {
	int64_t rev;
	uint64_t cluster;
	int more;
};

/* rpc.proto RangeResponse and ResponseHeader. -1: it is none. */
static int
read_head(const struct span *answer, struct head *h)
{
	struct pbwalk w = pbwalk_init(answer->ptr, answer->len);
	struct pbfield f, g;
	int rc;

	*h = (struct head){ 0 };
	while ((rc = pbwalk_next(&w, &f)) == 1) {
		struct pbwalk in = pbwalk_init(f.ptr, f.len);

		if (f.field == 3 && f.wire == PB_VARINT)
			h->more = f.num != 0;
		if (f.field != 1 || f.wire != PB_BYTES)
			continue;
		while ((rc = pbwalk_next(&in, &g)) == 1)
			if (g.field == 1 && g.wire == PB_VARINT)
				h->cluster = g.num;
			else if (g.field == 3 && g.wire == PB_VARINT)
				h->rev = (int64_t)g.num;
		if (rc == -1)
			return -1;
	}
	return rc == -1 || h->rev <= 0 ? -1 : 0;
}

/* kv.proto KeyValue. The value is borrowed from the answer. */
static int
read_kv(struct etcd *c, const struct pbfield *kv, struct etcd_kv *x)
{
	struct pbwalk w = pbwalk_init(kv->ptr, kv->len);
	struct pbfield f;
	int rc;

	buf_clear(&c->key);
	*x = (struct etcd_kv){ .value = "" };
	while ((rc = pbwalk_next(&w, &f)) == 1) {
		if (f.field == 1 && f.wire == PB_BYTES) {
			buf_add(&c->key, f.ptr, f.len);
		} else if (f.field == 3 && f.wire == PB_VARINT) {
			x->mod = (int64_t)f.num;
		} else if (f.field == 5 && f.wire == PB_BYTES) {
			x->value = f.ptr;
			x->value_len = f.len;
		}
	}
	buf_addc(&c->key, '\0');
	c->key.len--;
	x->key = c->key.ptr;
	x->key_len = c->key.len;
	return rc;
}

static void
keep_last(struct buf *last, const struct etcd_kv *x)
{
	if (last == NULL)
		return;
	buf_clear(last);
	buf_add(last, x->key, x->key_len);
}

/* The same as page(), by gRPC. -2: the gateway is to be asked. */
static int
fast_page(struct etcd *c, const struct etcd_range *r, const struct buf *from,
    etcd_fn fn, void *arg, int64_t *now, struct buf *last, struct err *e)
{
	char id[ETCD_CLUSTER_MAX];
	struct span answer;
	struct pbfield f;
	struct pbwalk w;
	struct etcd_kv x;
	struct head h;
	int rc;

	if (etcd_fast_range(
		c->fast, etcd_endpoint(c), c->token, r, from, &answer) == 0 ||
	    read_head(&answer, &h) == -1)
		return -2;
	snprintf(id, sizeof id, "%" PRIu64, h.cluster);
	if (etcd_same_id(c, etcd_endpoint(c), id, h.rev, e) == -1 ||
	    etcd_rises(c, h.rev, e) == -1)
		return -1;
	*now = h.rev;
	w = pbwalk_init(answer.ptr, answer.len);
	while ((rc = pbwalk_next(&w, &f)) == 1) {
		if (f.field != 2 || f.wire != PB_BYTES)
			continue;
		if (read_kv(c, &f, &x) == -1)
			return err_set(e, ERR_DATA, "etcd: a broken answer");
		if (fn(arg, &x, e) == -1)
			return -1;
		keep_last(last, &x);
	}
	return rc == -1 ? err_set(e, ERR_DATA, "etcd: a broken answer")
			: h.more;
}

/* *last, unless last is NULL, becomes the last key. */
static int
page(struct etcd *c, const struct etcd_range *r, const struct buf *from,
    etcd_fn fn, void *arg, int64_t *now, struct buf *last, struct err *e)
{
	struct etcd_bytes bytes = { &c->key, &c->value };
	struct buf b = { 0 };
	const json_t *kv;
	json_t *a;
	size_t i;
	int rc;

	range_body(&b, r, from);
	rc = etcd_call(c, "/v3/kv/range", &b, &a, e);
	buf_fini(&b);
	if (rc == -1)
		return went_back(c, r, e);
	*now = etcd_json_i64(json_object_get(a, "header"), "revision");
	rc = etcd_rises(c, *now, e);
	json_array_foreach(json_object_get(a, "kvs"), i, kv)
	{
		struct etcd_kv x;

		if (rc == -1)
			break;
		if ((rc = etcd_json_kv(kv, &bytes, &x, e)) == -1 ||
		    (rc = fn(arg, &x, e)) == -1)
			break;
		keep_last(last, &x);
	}
	if (rc == 0)
		rc = json_is_true(json_object_get(a, "more"));
	json_decref(a);
	return rc;
}

int
etcd_range(struct etcd *c, const struct etcd_range *r, etcd_fn fn, void *arg,
    int64_t *now, struct err *e)
{
	struct buf from = { 0 };
	int rc;

	buf_add(&from, r->from, r->from[0] == '\0' ? 1 : strlen(r->from));
	rc = page(c, r, &from, fn, arg, now, NULL, e);
	buf_fini(&from);
	return rc;
}

char *
etcd_prefix_end(const char *prefix)
{
	char *end = x_strdup(prefix);

	end[strlen(end) - 1]++;
	return end;
}

/* The next page of a scan, the fast way or by the gateway. */
static int
next_page(struct etcd *c, struct etcd_range *r, struct buf *from, etcd_fn fn,
    void *arg, int64_t *now, struct err *e)
{
	struct etcd_range fast = *r;
	int more;

	fast.limit = FAST_PAGE;
	more = fast_page(c, &fast, from, fn, arg, now, from, e);
	while (more == -2) {
		more = page(c, r, from, fn, arg, now, from, e);
		if (more == -1 && c->reply.too_long && r->limit > 1) {
			r->limit /= 2; /* nothing was handed out of it */
			more = -2;
		}
	}
	return more;
}

int
etcd_scan_range(struct etcd *c, const struct etcd_range *range, int64_t *rev,
    etcd_fn fn, void *arg, struct err *e)
{
	struct etcd_range r = *range;
	struct buf from = { 0 };
	int64_t now = 0;
	int more;

	r.rev = *rev;
	r.limit = PAGE;
	buf_adds(&from, r.from);
	while ((more = next_page(c, &r, &from, fn, arg, &now, e)) != -1) {
		if (r.rev == 0)
			r.rev = *rev = now;
		if (!more)
			break;
		buf_addc(&from, '\0');
	}
	buf_fini(&from);
	return more == -1 ? -1 : 0;
}

int
etcd_scan(struct etcd *c, const char *prefix, int64_t *rev, etcd_fn fn,
    void *arg, struct err *e)
{
	char *end = etcd_prefix_end(prefix);
	struct etcd_range r = { .from = prefix, .end = end };
	int rc = etcd_scan_range(c, &r, rev, fn, arg, e);

	free(end);
	return rc;
}

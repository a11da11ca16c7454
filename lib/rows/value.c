#include "rows/value.h"

#include <endian.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/num.h"
#include "base/utf8.h"
#include "codec/base64.h"
#include "codec/json_write.h"
#include "codec/pb_write.h"

enum { TAG_1 = 1 << 3 | PBW_LEN }; /* field 1, length-delimited */

static int
value_bool(struct jsonr *r, struct buf *b, struct err *e)
{
	int yes = jr_peek(r) == 't';

	if (jr_lit(r, yes ? "true" : "false", e) == -1)
		return -1;
	buf_addc(b, (char)yes);
	return 0;
}

/* For int32 and int64: a negative number is sign-extended to ten bytes. */
static int
value_int(int type, struct jsonr *r, struct buf *b, struct err *e)
{
	int64_t max = type == TYPE_INT8    ? INT8_MAX
		      : type == TYPE_INT16 ? INT16_MAX
		      : type == TYPE_INT32 ? INT32_MAX
					   : INT64_MAX;
	int64_t v;

	if (jr_i64(r, -max - 1, max, &v, e) == -1)
		return -1;
	pbw_varint(b, (uint64_t)v);
	return 0;
}

/* The words for numbers that JSON cannot write. */
static int
special(struct jsonr *r, double *v, struct err *e)
{
	struct jstr s;

	if (jr_str(r, &s, e) == -1)
		return -1;
	if (jr_is(&s, "NaN"))
		*v = (double)NAN;
	else if (jr_is(&s, "Infinity"))
		*v = (double)INFINITY;
	else if (jr_is(&s, "-Infinity"))
		*v = -(double)INFINITY;
	else
		return err_set(e, ERR_DATA, "'%.*s' is not a number",
		    (int)(s.len > 32 ? 32 : s.len), s.ptr);
	return 0;
}

static int
value_f64(struct jsonr *r, double *v, struct err *e)
{
	struct span s;

	if (jr_peek(r) == '"')
		return special(r, v, e);
	if (jr_num(r, &s, e) == -1)
		return -1;
	if (num_read_f64(s.ptr, s.ptr + s.len, v) != s.len)
		return err_set(e, ERR_DATA, "'%.*s' is not a number we know",
		    (int)(s.len > 64 ? 64 : s.len), s.ptr);
	return 0;
}

static int
value_f32(struct jsonr *r, float *v, struct err *e)
{
	struct span s;
	double d;

	if (jr_peek(r) == '"') {
		if (special(r, &d, e) == -1)
			return -1;
		*v = (float)d;
		return 0;
	}
	if (jr_num(r, &s, e) == -1)
		return -1;
	if (num_read_f32(s.ptr, s.ptr + s.len, v) != s.len)
		return err_set(e, ERR_DATA, "'%.*s' is not a float",
		    (int)(s.len > 64 ? 64 : s.len), s.ptr);
	return 0;
}

static int
value_float(int type, struct jsonr *r, struct buf *b, struct err *e)
{
	double d;
	float f;
	uint64_t u;
	uint32_t w;

	if (type == TYPE_DOUBLE) {
		if (value_f64(r, &d, e) == -1)
			return -1;
		memcpy(&u, &d, sizeof u);
		num_put_le64(buf_room(b, 8), u);
		b->len += 8;
		return 0;
	}
	if (value_f32(r, &f, e) == -1)
		return -1;
	memcpy(&w, &f, sizeof w);
	num_put_le32(buf_room(b, 4), w);
	b->len += 4;
	return 0;
}

static int
decode(const struct jstr *s, struct buf *b, size_t *n, struct err *e)
{
	ptrdiff_t got;

	if (s->esc) /* base64 in which a filter wrote / as \/ */
		return err_set(e, ERR_DATA, "base64 with escapes in it");
	got = b64_get(s->ptr, s->len, buf_room(b, b64_max(s->len)));
	if (got == -1)
		return err_set(e, ERR_DATA, "not base64");
	b->len += (size_t)got;
	*n = (size_t)got;
	return 0;
}

/* {"b64":"…"}: bytes that are not UTF-8. */
static int
boxed(struct jsonr *r, struct buf *b, struct err *e)
{
	struct jstr key, s;
	size_t n;

	if (jr_open(r, '{', e) == -1 || jr_key(r, &key, e) != 1 ||
	    !jr_is(&key, "b64") || jr_str(r, &s, e) == -1 ||
	    jr_key(r, &key, e) != 0)
		return err_set(e, ERR_DATA, "want {\"b64\":\"…\"}");
	return decode(&s, b, &n, e);
}

/* One entry of `repeated string` or `repeated bytes` data = 1. */
static int
value_text(struct jsonr *r, struct buf *b, struct buf *scratch, struct err *e)
{
	struct jstr s;

	buf_clear(scratch);
	if (jr_peek(r) == '{') {
		if (boxed(r, scratch, e) == -1)
			return -1;
		pbw_bytes(b, 1, scratch->ptr, scratch->len);
		return 0;
	}
	if (jr_str(r, &s, e) == -1)
		return -1;
	if (s.esc && jr_unescape(&s, scratch, e) == -1)
		return -1;
	if (!utf8_is(s.ptr, s.len))
		return err_set(e, ERR_DATA, "the text is not UTF-8");
	if (s.esc)
		pbw_bytes(b, 1, scratch->ptr, scratch->len);
	else
		pbw_bytes(b, 1, s.ptr, s.len);
	return 0;
}

static int
value_json(struct jsonr *r, int json_inline, struct buf *b, struct buf *scratch,
    struct err *e)
{
	struct span s;

	if (!json_inline)
		return value_text(r, b, scratch, e);
	if (jr_skip(r, &s, e) == -1)
		return -1;
	if (!utf8_is(s.ptr, s.len))
		return err_set(e, ERR_DATA, "the JSON is not UTF-8");
	pbw_bytes(b, 1, s.ptr, s.len);
	return 0;
}

static int
scalar(int type, struct jsonr *r, struct buf *b, struct buf *scratch,
    struct err *e)
{
	switch (type) {
	case TYPE_BOOL:
		return value_bool(r, b, e);
	case TYPE_FLOAT:
	case TYPE_DOUBLE:
		return value_float(type, r, b, e);
	case TYPE_VARCHAR:
		return value_text(r, b, scratch, e);
	default:
		return value_int(type, r, b, e);
	}
}

/*
 * An entry of ArrayArray.data: a ScalarField, whose oneof is set also if the
 * array is empty. The elements are first written to the end of b, and moved
 * behind the heads when their length is known.
 */
static int
value_array(const struct coltype *t, struct jsonr *r, struct buf *b,
    struct buf *scratch, struct err *e)
{
	size_t from = b->len, n, inner, field, heads;
	uint32_t slot = (uint32_t)t->elem->scalar_slot_of_elem;
	int packed = slot != SLOT_STRING, rc;
	struct buf head = { 0 };
	char small[4 * PBW_VARINT_MAX];

	if (jr_open(r, '[', e) == -1)
		return -1;
	while ((rc = jr_item(r, e)) == 1)
		if (scalar(t->elem->type, r, b, scratch, e) == -1)
			return -1;
	if (rc == -1)
		return -1;
	n = b->len - from;
	inner = packed && n > 0 ? pbw_head_len(1, n) + n : n;
	field = pbw_head_len(slot, inner) + inner;
	head.ptr = small; /* never grows: it holds four heads at most */
	head.cap = sizeof small;
	pbw_head(&head, 1, field);
	pbw_head(&head, slot, inner);
	if (packed && n > 0)
		pbw_head(&head, 1, n);
	heads = head.len;
	buf_room(b, heads);
	memmove(b->ptr + from + heads, b->ptr + from, n);
	memcpy(b->ptr + from, small, heads);
	b->len += heads;
	return 0;
}

static char *
put_float(int type, float f, char *o)
{
	uint32_t u;

	if (type == TYPE_FLOAT_VECTOR) {
		memcpy(&u, &f, sizeof u);
		u = htole32(u);
		memcpy(o, &u, sizeof u);
		return o + sizeof u;
	}
	u = type == TYPE_FLOAT16_VECTOR ? num_to_f16(f) : num_to_bf16(f);
	*o++ = (char)u;
	*o++ = (char)(u >> 8);
	return o;
}

static int
number_of(int type, struct jsonr *r, struct buf *b, struct err *e)
{
	int64_t v;
	float f;
	int byte = type == TYPE_BINARY_VECTOR;

	if (byte || type == TYPE_INT8_VECTOR) {
		if (jr_i64(r, byte ? 0 : INT8_MIN, byte ? 255 : INT8_MAX, &v,
			e) == -1)
			return -1;
		buf_addc(b, (char)v);
		return 0;
	}
	if (value_f32(r, &f, e) == -1)
		return -1;
	b->len = (size_t)(put_float(type, f, buf_room(b, sizeof f)) - b->ptr);
	return 0;
}

/*
 * Up to n floats without white space, read in one call. r is left where jr_item
 * goes on: behind the opening bracket, or behind the last number that was read.
 */
static void
plain_floats(int type, size_t n, struct jsonr *r, struct buf *b)
{
	size_t most = (size_t)(r->end - r->p) / 2 + 1;
	char *le, *o;
	uint32_t u;
	float f;

	n = n < most ? n : most;
	le = o = buf_room(b, n * sizeof f);
	r->p = num_read_f32s(r->p, r->end, &n, le);
	if (type == TYPE_FLOAT_VECTOR)
		o += n * sizeof f;
	else /* written over the floats: two bytes each */
		for (size_t i = 0; i < n; i++) {
			u = num_le32(le + i * sizeof u);
			memcpy(&f, &u, sizeof f);
			o = put_float(type, f, o);
		}
	b->len = (size_t)(o - b->ptr);
}

static int
numbers(const struct coltype *t, struct jsonr *r, struct buf *b, struct err *e)
{
	int type = t->info->type, rc;

	if (jr_open(r, '[', e) == -1)
		return -1;
	if (type != TYPE_BINARY_VECTOR && type != TYPE_INT8_VECTOR)
		plain_floats(type, t->dim, r, b);
	while ((rc = jr_item(r, e)) == 1)
		if (number_of(type, r, b, e) == -1)
			return -1;
	return rc;
}

static int
value_vector(
    const struct coltype *t, struct jsonr *r, struct buf *b, struct err *e)
{
	size_t from = b->len, n, want = t->dim * (size_t)t->info->bits / 8;
	struct jstr s;

	if (jr_peek(r) == '[') {
		if (numbers(t, r, b, e) == -1)
			return -1;
	} else if (jr_str(r, &s, e) == -1 || decode(&s, b, &n, e) == -1) {
		return -1;
	}
	if (b->len - from != want)
		return err_set(e, ERR_DATA,
		    "%zu bytes, want %zu (dimension %zu)", b->len - from, want,
		    t->dim);
	return 0;
}

/* Compares pairs as they are on the wire. */
static int
by_index(const void *a, const void *b)
{
	const uint8_t *p = a, *q = b;
	uint32_t x = num_le32(p), y = num_le32(q);

	return x < y ? -1 : x > y;
}

/* {"index":value,…}, in any order, as pairs of u32 and f32. */
static int
sparse_object(struct jsonr *r, struct buf *b, struct err *e)
{
	struct jstr key;
	uint64_t index;
	float f;
	uint32_t u;
	int rc;

	if (jr_open(r, '{', e) == -1)
		return -1;
	while ((rc = jr_key(r, &key, e)) == 1) {
		if (num_u64n(key.ptr, key.len, 0, UINT32_MAX - 1, &index, e) ==
			-1 ||
		    value_f32(r, &f, e) == -1)
			return -1;
		memcpy(&u, &f, sizeof u);
		num_put_le32(buf_room(b, 8), (uint32_t)index);
		num_put_le32(b->ptr + b->len + 4, u);
		b->len += 8;
	}
	if (b->len > 0)
		qsort(b->ptr, b->len / 8, 8, by_index);
	return rc;
}

static int
value_sparse(struct jsonr *r, struct buf *b, struct buf *scratch, struct err *e)
{
	struct jstr s;
	size_t n;

	buf_clear(scratch);
	if (jr_peek(r) == '{') {
		if (sparse_object(r, scratch, e) == -1)
			return -1;
	} else if (jr_str(r, &s, e) == -1 || decode(&s, scratch, &n, e) == -1) {
		return -1;
	}
	if (scratch->len % 8 != 0)
		return err_set(e, ERR_DATA,
		    "%zu bytes, want pairs of 8 (index, value)", scratch->len);
	for (size_t i = 8; i < scratch->len; i += 8)
		if (by_index(scratch->ptr + i - 8, scratch->ptr + i) >= 0)
			return err_set(e, ERR_DATA,
			    "index %" PRIu32 " is not above the one before it",
			    num_le32(scratch->ptr + i));
	pbw_bytes(b, 1, scratch->ptr, scratch->len);
	return 0;
}

int
colval_add(const struct coltype *t, struct jsonr *r, int json_inline,
    struct buf *data, struct buf *scratch, struct err *e)
{
	int type = t->info->type;

	if (type == TYPE_ARRAY)
		return value_array(t, r, data, scratch, e);
	if (type == TYPE_JSON)
		return value_json(r, json_inline, data, scratch, e);
	if (type == TYPE_SPARSE_VECTOR)
		return value_sparse(r, data, scratch, e);
	if (t->info->is_vector)
		return value_vector(t, r, data, e);
	return scalar(type, r, data, scratch, e);
}

int
colval_packed(const struct coltype *t)
{
	if (t->info->is_vector)
		return t->info->type == TYPE_FLOAT_VECTOR;
	return t->info->slot < SLOT_STRING;
}

/* The bytes of a value if all values have one size, else 0. */
static size_t
width(const struct coltype *t)
{
	if (t->info->is_vector)
		return t->dim * (size_t)t->info->bits / 8;
	return t->info->type == TYPE_FLOAT    ? 4
	       : t->info->type == TYPE_DOUBLE ? 8
	       : t->info->type == TYPE_BOOL   ? 1
					      : 0;
}

static size_t
varint_at(const char *p, uint64_t *v)
{
	size_t n = 0;

	for (*v = 0;; n++) {
		*v |= (uint64_t)(p[n] & 0x7f) << (7 * n);
		if ((p[n] & 0x80) == 0)
			return n + 1;
	}
}

size_t
colval_len(const struct coltype *t, const char *p, size_t n)
{
	size_t w = width(t), len = 0;
	uint64_t v;

	if (w > 0)
		return n * w;
	for (size_t i = 0; i < n; i++) {
		if (p[len] == TAG_1 && !colval_packed(t)) {
			len += 1 + varint_at(p + len + 1, &v);
			len += (size_t)v;
		} else {
			len += varint_at(p + len, &v);
		}
	}
	return len;
}

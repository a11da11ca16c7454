#include "rows/field.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "codec/base64.h"
#include "codec/json_minify.h"
#include "codec/json_write.h"
#include "model/types.h"

/* The next n bytes of at in *p, stepped over; -1 if fewer are left. */
static int
take(struct pbwalk *at, size_t n, const uint8_t **p)
{
	if ((size_t)(at->end - at->p) < n)
		return -1;
	*p = at->p;
	at->p += n;
	return 0;
}

static int
put_varint(int type, struct pbwalk *at, struct jsonw *w)
{
	uint64_t v;

	if (pbwalk_varint(at, &v) != 1)
		return -1;
	if (type == TYPE_BOOL)
		jw_bool(w, NULL, v != 0);
	else if (type == TYPE_INT64)
		jw_i64s(w, NULL, (int64_t)v);
	else
		jw_i64(w, NULL, (int32_t)(uint32_t)v);
	return 0;
}

static int
put_f32(struct pbwalk *at, struct jsonw *w)
{
	const uint8_t *p;
	union {
		uint32_t u;
		float f;
	} v;

	if (take(at, 4, &p) == -1)
		return -1;
	v.u = num_le32(p);
	jw_f32(w, NULL, v.f);
	return 0;
}

static int
put_f64(struct pbwalk *at, struct jsonw *w)
{
	const uint8_t *p;
	union {
		uint64_t u;
		double f;
	} v;

	if (take(at, 8, &p) == -1)
		return -1;
	v.u = num_le64(p);
	jw_f64(w, NULL, v.f);
	return 0;
}

static int
put_text(
    int type, struct pbwalk *at, const struct rows_opts *o, struct jsonw *w)
{
	struct pbfield f;

	if (fdata_item(at, &f) != 1)
		return -1;
	if (type != TYPE_JSON || !o->json_inline) {
		jw_bytes(w, NULL, f.ptr, f.len);
		return 0;
	}
	w->comma = 1;
	jsonmin_add(w->b, f.ptr, f.len); /* rows_open has looked at it */
	return 0;
}

static int
put_scalar(
    int type, struct pbwalk *at, const struct rows_opts *o, struct jsonw *w)
{
	switch (type) {
	case TYPE_FLOAT:
		return put_f32(at, w);
	case TYPE_DOUBLE:
		return put_f64(at, w);
	case TYPE_VARCHAR:
	case TYPE_JSON:
		return put_text(type, at, o, w);
	default:
		return put_varint(type, at, w);
	}
}

static int
put_array(struct fdata *c, const struct rows_opts *o, struct jsonw *w)
{
	struct pbfield f;
	struct pbwalk at;
	ptrdiff_t n;
	int elem;

	if (fdata_item(&c->at, &f) != 1 ||
	    (n = fdata_elements(c, &f, &at, &elem)) == -1)
		return -1;
	jw_open(w, NULL, '[');
	for (; n > 0; n--)
		if (put_scalar(elem, &at, o, w) == -1)
			return -1;
	jw_close(w, ']');
	return 0;
}

/*
 * The shortest decimal that gives the same 16 bits when it is read as a float
 * and then rounded.
 */
static void
put_half(uint16_t h, int brain, struct jsonw *w)
{
	float v = brain ? num_bf16(h) : num_f16(h), back;
	char s[NUM_FLT_MAX];
	int n, prec = 1;

	if (!isfinite(v) || v == 0) {
		jw_f32(w, NULL, v);
		return;
	}
	do {
		n = snprintf(s, sizeof s, "%.*g", prec, (double)v);
		back = strtof(s, NULL);
	} while (
	    (brain ? num_to_bf16(back) : num_to_f16(back)) != h && prec++ < 9);
	jw_raw(w, NULL, s, (size_t)n);
}

/* {"index":value}, from pairs of a u32 and a float. */
static void
put_sparse(const struct pbfield *f, struct jsonw *w)
{
	struct pbwalk at = pbwalk_init(f->ptr, f->len);

	jw_open(w, NULL, '{');
	while ((size_t)(at.end - at.p) >= 8) {
		if (w->comma)
			buf_addc(w->b, ',');
		buf_addc(w->b, '"');
		buf_addu64(w->b, num_le32(at.p));
		buf_add(w->b, "\":", 2);
		w->comma = 0;
		at.p += 4;
		put_f32(&at, w);
	}
	jw_close(w, '}');
}

static void
put_numbers(const struct fdata *c, struct pbwalk at, struct jsonw *w)
{
	jw_open(w, NULL, '[');
	if (c->type == TYPE_FLOAT_VECTOR) {
		jw_f32s(w, at.p, (size_t)(at.end - at.p) / 4);
		at.p = at.end;
	}
	for (; at.p < at.end; at.p++) {
		switch (c->type) {
		case TYPE_FLOAT16_VECTOR:
		case TYPE_BFLOAT16_VECTOR:
			put_half(
			    num_le16(at.p), c->type == TYPE_BFLOAT16_VECTOR, w);
			at.p++;
			break;
		case TYPE_INT8_VECTOR:
			jw_i64(w, NULL, (int8_t)*at.p);
			break;
		default:
			jw_i64(w, NULL, *at.p);
		}
	}
	jw_close(w, ']');
}

static int
put_vector(struct fdata *c, const struct rows_opts *o, struct jsonw *w)
{
	int sparse = c->type == TYPE_SPARSE_VECTOR;
	struct pbfield f = { .len = c->row_bytes };

	if (sparse ? fdata_item(&c->at, &f) != 1
		   : take(&c->at, c->row_bytes, &f.ptr) == -1)
		return -1;
	if (o->vectors == ROWS_BASE64)
		jw_b64(w, NULL, f.ptr, f.len);
	else if (sparse)
		put_sparse(&f, w);
	else
		put_numbers(c, pbwalk_init(f.ptr, f.len), w);
	return 0;
}

int
fdata_skip(struct fdata *c)
{
	const uint8_t *p;
	struct pbfield f;
	uint64_t v;

	if (c->compact)
		return 0;
	if (c->row_bytes > 0)
		return take(&c->at, c->row_bytes, &p);
	switch (c->type) {
	case TYPE_FLOAT:
		return take(&c->at, 4, &p);
	case TYPE_DOUBLE:
		return take(&c->at, 8, &p);
	case TYPE_BOOL:
	case TYPE_INT8:
	case TYPE_INT16:
	case TYPE_INT32:
	case TYPE_INT64:
		return pbwalk_varint(&c->at, &v) == 1 ? 0 : -1;
	default:
		return fdata_item(&c->at, &f) == 1 ? 0 : -1;
	}
}

int
fdata_write(
    struct fdata *c, size_t row, const struct rows_opts *o, struct jsonw *w)
{
	if (c->same != NULL) {
		jw_raw(w, NULL, c->same, c->same_len);
		return 0;
	}
	if (c->missing || (c->valid != NULL && !c->valid[row])) {
		jw_null(w, NULL);
		return c->missing ? 0 : fdata_skip(c);
	}
	if (c->info->is_vector)
		return put_vector(c, o, w);
	if (c->type == TYPE_ARRAY)
		return put_array(c, o, w);
	return put_scalar(c->type, &c->at, o, w);
}

int
fdata_is_json(const struct fdata *c)
{
	struct pbwalk r = c->at;
	struct pbfield f;

	for (size_t i = 0; fdata_item(&r, &f) == 1; i++)
		if ((c->valid == NULL || c->compact || c->valid[i]) &&
		    !jsonmin_is(f.ptr, f.len))
			return 0;
	return 1;
}

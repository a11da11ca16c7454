#include "verify/priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "codec/json_write.h"

enum {
	DEEPEST = 64, /* the most characters of a key that are looked at */
	MOST_CODE = 0x10ffff,
	SURROGATE = 0xd800, /* the first code point that is no character */
	SURROGATES = 0x800,
};

void
vrange_fini(struct vrange *r)
{
	buf_fini(&r->text[0]);
	buf_fini(&r->text[1]);
	memset(r, 0, sizeof *r);
}

/* How many rows have a key of k or less. */
static int
rank_of(const struct vask *a, const struct vkey *k, uint64_t *n, struct err *e)
{
	struct buf b = { 0 };
	int rc;

	vexpr_range(&b, a->pk, NULL, k);
	rc = vask_count(a, b.ptr, n, e);
	buf_fini(&b);
	return rc;
}

/* Finds the greatest number for which at most `rank` keys are that or less. */
static int
find_number(
    const struct vask *a, uint64_t rank, struct vrange *r, struct err *e)
{
	int64_t lo = INT64_MIN, hi = INT64_MAX;
	uint64_t n;

	while (lo < hi) {
		struct vkey k = { 0 };

		/*
		 * The upper middle, in unsigned arithmetic because the width
		 * can be 2^64.
		 */
		k.num = (int64_t)((uint64_t)lo +
				  (((uint64_t)hi - (uint64_t)lo) >> 1) +
				  (((uint64_t)hi - (uint64_t)lo) & 1));
		if (rank_of(a, &k, &n, e) == -1)
			return -1;
		if (n <= rank)
			lo = k.num;
		else
			hi = k.num - 1;
	}
	r->lo.num = lo;
	r->has_lo = lo != INT64_MIN;
	return 0;
}

/* Appends code point number i, counted without those that are no characters. */
static void
add_code(struct buf *b, uint32_t c)
{
	c += c >= SURROGATE ? SURROGATES : 0;
	if (c < 0x80) {
		buf_addc(b, (char)c);
	} else if (c < 0x800) {
		buf_addc(b, (char)(0xc0 | c >> 6));
		buf_addc(b, (char)(0x80 | (c & 0x3f)));
	} else if (c < 0x10000) {
		buf_addc(b, (char)(0xe0 | c >> 12));
		buf_addc(b, (char)(0x80 | (c >> 6 & 0x3f)));
		buf_addc(b, (char)(0x80 | (c & 0x3f)));
	} else {
		buf_addc(b, (char)(0xf0 | c >> 18));
		buf_addc(b, (char)(0x80 | (c >> 12 & 0x3f)));
		buf_addc(b, (char)(0x80 | (c >> 6 & 0x3f)));
		buf_addc(b, (char)(0x80 | (c & 0x3f)));
	}
}

/*
 * Adds a character: the greatest for which at most `rank` keys are the text or
 * less.
 */
static int
find_code(const struct vask *a, uint64_t rank, struct buf *text, int *found,
    struct err *e)
{
	uint32_t lo = 0, hi = MOST_CODE - SURROGATES;
	size_t len = text->len;

	while (lo < hi) {
		uint32_t mid = hi - (hi - lo) / 2;
		struct vkey k = { .is_text = 1 };
		uint64_t n;

		text->len = len;
		add_code(text, mid);
		k.text = (struct span){ text->ptr, text->len };
		if (rank_of(a, &k, &n, e) == -1)
			return -1;
		if (n <= rank)
			lo = mid;
		else
			hi = mid - 1;
	}
	text->len = len;
	if ((*found = lo > 0) != 0)
		add_code(text, lo);
	return 0;
}

static int
find_text(const struct vask *a, uint64_t rank, struct vrange *r, struct err *e)
{
	struct buf *b = &r->text[0];
	int found = 1;

	buf_adds(b, "");
	for (int i = 0; i < DEEPEST && found; i++) {
		uint64_t n = 0;

		if (find_code(a, rank, b, &found, e) == -1)
			return -1;
		r->lo =
		    (struct vkey){ .is_text = 1, .text = { b->ptr, b->len } };
		r->has_lo = b->len > 0;
		if (r->has_lo && rank_of(a, &r->lo, &n, e) == -1)
			return -1;
		if (n + SAMPLE_ROWS > rank)
			break; /* near enough */
	}
	return 0;
}

/* Ends the range with a copy of this key. */
static void
end_with(struct vrange *r, const struct vkey *k)
{
	r->hi = *k;
	r->has_hi = 1;
	if (!k->is_text)
		return;
	buf_clear(&r->text[1]);
	buf_add(&r->text[1], k->text.ptr, k->text.len);
	r->hi.text = (struct span){ r->text[1].ptr, r->text[1].len };
}

int
vrange_at(const struct vask *a, uint64_t rank, struct vrange *r, struct err *e)
{
	struct vcursor c = { .ask = *a };
	struct vpage *p = NULL;
	size_t left = SAMPLE_ROWS;
	int rc = a->pk->type == TYPE_VARCHAR ? find_text(a, rank, r, e)
					     : find_number(a, rank, r, e);

	if (rc == -1)
		return -1;
	c.ask.lo = r->has_lo ? &r->lo : NULL;
	do {
		if (c.ask.page_max > left)
			c.ask.page_max = left;
		if ((rc = vcursor_next(&c, &p, e)) != 1)
			break;
		end_with(r, &p->rows[p->n - 1].key);
		left -= p->n < left ? p->n : left;
		vpage_free(p);
	} while (left > 0);
	vcursor_fini(&c);
	return rc == -1 ? -1 : 0;
}

#include "codec/pb_read.h"

#include "base/num.h"

enum { MAX_FIELD = 536870911 }; /* 2^29 - 1 */

struct pbwalk
pbwalk_init(const void *p, size_t len)
{
	struct pbwalk r = { .p = p };

	r.end = len > 0 ? r.p + len : r.p;
	return r;
}

int
pbwalk_varint(struct pbwalk *r, uint64_t *v)
{
	const uint8_t *p = r->p;
	uint64_t x = 0;

	if (p == r->end)
		return 0;
	if (*p < 0x80) {
		*v = *p;
		r->p = p + 1;
		return 1;
	}
	for (unsigned shift = 0; shift < 70; shift += 7) {
		if (p == r->end)
			return -1;
		x |= (uint64_t)(*p & 0x7f) << shift;
		if (*p++ < 0x80) {
			*v = x;
			r->p = p;
			return 1;
		}
	}
	return -1;
}

/* n bytes from here on as *f; steps over them. */
static int
take(struct pbwalk *r, struct pbfield *f, uint64_t n)
{
	if (n > (uint64_t)(r->end - r->p))
		return -1;
	f->ptr = r->p;
	f->len = (size_t)n;
	r->p += n;
	return 1;
}

int
pbwalk_next(struct pbwalk *r, struct pbfield *f)
{
	uint64_t tag, n;
	int rc = pbwalk_varint(r, &tag);

	if (rc != 1)
		return rc;
	if (tag >> 3 == 0 || tag >> 3 > MAX_FIELD)
		return -1;
	f->field = (uint32_t)(tag >> 3);
	f->wire = (int)(tag & 7);
	f->num = 0;
	switch (f->wire) {
	case PB_VARINT:
		f->ptr = r->p;
		rc = pbwalk_varint(r, &f->num) == 1 ? 1 : -1;
		f->len = (size_t)(r->p - f->ptr);
		return rc;
	case PB_FIXED64:
		if (take(r, f, 8) == -1)
			return -1;
		f->num = num_le64(f->ptr);
		return 1;
	case PB_FIXED32:
		if (take(r, f, 4) == -1)
			return -1;
		f->num = num_le32(f->ptr);
		return 1;
	case PB_BYTES:
		if (pbwalk_varint(r, &n) != 1)
			return -1;
		return take(r, f, n);
	default:
		return -1;
	}
}

/* Counts the bytes below 0x80, since every varint ends in one. */
ptrdiff_t
pbwalk_count(const void *p, size_t len)
{
	const uint8_t *b = p;
	size_t n = 0, run = 0;

	for (size_t i = 0; i < len; i++) {
		if (b[i] < 0x80) {
			n++;
			run = 0;
		} else if (++run == 10) {
			return -1;
		}
	}
	return run > 0 ? -1 : (ptrdiff_t)n;
}

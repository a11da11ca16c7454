#include "base/num.h"
#include "model/types.h"
#include "rows/field.h"

/* Hashed in front of a value, so that null differs from every value. */
enum { HAS_NOT = 1, HAS = 2 };

static int
add_fixed(struct pbwalk *at, size_t n, struct hash *h)
{
	if ((size_t)(at->end - at->p) < n)
		return -1;
	hash_num(h, n == 4 ? num_le32(at->p) : num_le64(at->p));
	at->p += n;
	return 0;
}

static int
add_varint(int type, struct pbwalk *at, struct hash *h)
{
	uint64_t v;

	if (pbwalk_varint(at, &v) != 1)
		return -1;
	if (type == TYPE_BOOL)
		v = v != 0;
	else if (type != TYPE_INT64)
		v = (uint64_t)(int64_t)(int32_t)(uint32_t)v;
	hash_num(h, v);
	return 0;
}

static int
add_scalar(int type, struct pbwalk *at, struct hash *h)
{
	struct pbfield f;

	switch (type) {
	case TYPE_FLOAT:
		return add_fixed(at, 4, h);
	case TYPE_DOUBLE:
		return add_fixed(at, 8, h);
	case TYPE_VARCHAR:
	case TYPE_JSON:
		if (fdata_item(at, &f) != 1)
			return -1;
		hash_bytes(h, f.ptr, f.len);
		return 0;
	default:
		return add_varint(type, at, h);
	}
}

static int
add_array(struct fdata *c, struct hash *h)
{
	struct pbfield f;
	struct pbwalk at;
	ptrdiff_t n;
	int elem;

	if (fdata_item(&c->at, &f) != 1 ||
	    (n = fdata_elements(c, &f, &at, &elem)) == -1)
		return -1;
	hash_num(h, (uint64_t)n);
	for (; n > 0; n--)
		if (add_scalar(elem, &at, h) == -1)
			return -1;
	return 0;
}

static int
add_vector(struct fdata *c, struct hash *h)
{
	struct pbfield f = { .len = c->row_bytes };

	if (c->type == TYPE_SPARSE_VECTOR) {
		if (fdata_item(&c->at, &f) != 1)
			return -1;
	} else {
		if ((size_t)(c->at.end - c->at.p) < f.len)
			return -1;
		f.ptr = c->at.p;
		c->at.p += f.len;
	}
	hash_bytes(h, f.ptr, f.len);
	return 0;
}

int
fdata_hash(struct fdata *c, size_t row, struct hash *h)
{
	if (c->missing || (c->valid != NULL && !c->valid[row])) {
		hash_num(h, HAS_NOT);
		return c->missing ? 0 : fdata_skip(c);
	}
	hash_num(h, HAS);
	if (c->info->is_vector)
		return add_vector(c, h);
	if (c->type == TYPE_ARRAY)
		return add_array(c, h);
	return add_scalar(c->type, &c->at, h);
}

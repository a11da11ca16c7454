#include "rows/columns_priv.h"

#include <string.h>

#include "base/num.h"
#include "codec/pb_write.h"
#include "rows/wire.h"

enum { VF_DIM = 1, ARRAY_ELEM = 2, SPARSE_DIM = 2 }; /* schema.proto */

/* SparseFloatArray.dim: the largest index of all rows, plus 1. */
static size_t
sparse_dim(const struct column *k)
{
	size_t dim = 0, n;

	for (size_t at = 0; at < k->data.len; at += n) {
		const char *p = k->data.ptr + at;

		n = colval_len(&k->type, p, 1);
		if (n > 8 && num_le32(p + n - 8) + (size_t)1 > dim)
			dim = num_le32(p + n - 8) + (size_t)1;
	}
	return dim;
}

/*
 * The bytes around a column's data: the heads of FieldData and of the messages
 * in it, and what follows the data. Built from the inside outwards, because
 * each head holds the length of what is inside.
 */
struct around {
	size_t body;     /* of FieldData */
	size_t field;    /* of ScalarField or VectorField */
	size_t inner;    /* of the message in its slot, if it is one */
	struct buf tail; /* behind the data, inside the slot's message */
};

static void
measure(const struct column *k, struct around *a)
{
	size_t n = k->data.len;
	const struct type_info *t = k->type.info;
	uint32_t slot = (uint32_t)t->slot;

	if (t->type == TYPE_ARRAY)
		pbw_u64(&a->tail, ARRAY_ELEM, (uint64_t)k->type.elem->type);
	if (t->type == TYPE_SPARSE_VECTOR)
		pbw_u64(&a->tail, SPARSE_DIM, sparse_dim(k));
	a->inner = n + a->tail.len;
	if (colval_packed(&k->type) && n > 0)
		a->inner += pbw_head_len(1, n);
	a->field = pbw_head_len(slot, a->inner) + a->inner;
	if (t->is_vector && t->type != TYPE_SPARSE_VECTOR)
		a->field += 1 + pbw_varint_len(k->type.dim);
	a->body = 1 + pbw_varint_len((uint64_t)t->type) +
		  pbw_head_len(FD_NAME, k->name_len) + k->name_len +
		  pbw_head_len(FD_SCALARS, a->field) + a->field +
		  (k->dynamic ? 2 : 0);
	if (k->nullable)
		a->body += pbw_head_len(FD_VALID, k->valid.len) + k->valid.len;
}

static void
before_data(const struct column *k, const struct around *a, struct buf *b)
{
	const struct type_info *t = k->type.info;

	pbw_head(b, REQ_FIELDS, a->body);
	pbw_u64(b, FD_TYPE, (uint64_t)t->type);
	pbw_bytes(b, FD_NAME, k->name, k->name_len);
	pbw_head(b, t->is_vector ? FD_VECTORS : FD_SCALARS, a->field);
	if (t->is_vector && t->type != TYPE_SPARSE_VECTOR)
		pbw_u64(b, VF_DIM, k->type.dim);
	pbw_head(b, (uint32_t)t->slot, a->inner);
	if (colval_packed(&k->type) && k->data.len > 0)
		pbw_head(b, 1, k->data.len);
}

static void
after_data(const struct column *k, const struct around *a, struct buf *b)
{
	buf_add(b, a->tail.ptr, a->tail.len);
	if (k->dynamic)
		pbw_u64(b, FD_DYNAMIC, 1);
	if (k->nullable)
		pbw_bytes(b, FD_VALID, k->valid.ptr, k->valid.len);
}

const struct span *
columns_request(struct columns *c, const char *db, const char *coll,
    const char *part, size_t *n)
{
	struct buf *b = &c->heads;
	size_t from = 0;

	buf_clear(b);
	pbw_bytes(b, REQ_DB, db, strlen(db));
	pbw_bytes(b, REQ_COLL, coll, strlen(coll));
	if (part[0] != '\0')
		pbw_bytes(b, REQ_PART, part, strlen(part));
	for (size_t i = 0; i < c->n; i++) {
		struct around a = { 0 };

		measure(&c->v[i], &a);
		before_data(&c->v[i], &a, b);
		c->pieces[2 * i].len = b->len - from;
		from = b->len;
		c->pieces[2 * i + 1] =
		    (struct span){ c->v[i].data.ptr, c->v[i].data.len };
		after_data(&c->v[i], &a, b);
		buf_fini(&a.tail);
	}
	pbw_u64(b, REQ_ROWS, c->rows);
	c->pieces[2 * c->n].len = b->len - from;
	for (size_t i = 0, at = 0; i <= c->n; at += c->pieces[2 * i++].len)
		c->pieces[2 * i].ptr = b->ptr + at;
	*n = 2 * c->n + 1;
	return c->pieces;
}

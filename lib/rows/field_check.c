#include "rows/field.h"

#include <inttypes.h>
#include <string.h>

#include "base/err.h"
#include "base/num.h"
#include "model/types.h"

/* How the values stand in ScalarField and VectorField, schema.proto. */

int
fdata_item(struct pbwalk *r, struct pbfield *f)
{
	int rc;

	while ((rc = pbwalk_next(r, f)) == 1)
		if (f->field == 1 && f->wire == PB_BYTES)
			break;
	return rc;
}

static int
wire_of(int slot)
{
	switch (slot) {
	case SLOT_BOOL:
	case SLOT_INT:
	case SLOT_LONG:
		return PB_VARINT;
	case SLOT_FLOAT:
		return PB_FIXED32;
	case SLOT_DOUBLE:
		return PB_FIXED64;
	default:
		return PB_BYTES;
	}
}

/*
 * The numbers of {data 1 repeated} as one packed run in *at: in place if the
 * message has one run, as Milvus writes it, else gathered in *own. A serializer
 * may also leave numbers unpacked or write several runs.
 */
static int
gather(const void *p, size_t len, int wire, struct buf *own, struct pbwalk *at)
{
	struct pbwalk r = pbwalk_init(p, len);
	struct pbfield f;
	int rc, pieces = 0;

	*at = pbwalk_init("", 0);
	while ((rc = pbwalk_next(&r, &f)) == 1) {
		if (f.field != 1 || (f.wire != PB_BYTES && f.wire != wire))
			continue;
		if (pieces++ == 0) {
			*at = pbwalk_init(f.ptr, f.len);
			continue;
		}
		if (pieces == 2) {
			buf_clear(own);
			buf_add(own, at->p, (size_t)(at->end - at->p));
		}
		buf_add(own, f.ptr, f.len);
	}
	if (pieces > 1)
		*at = pbwalk_init(own->ptr, own->len);
	return rc;
}

/* Set *at to the values of a slot's message and count them; or -1. */
static ptrdiff_t
values(int slot, const void *p, size_t len, struct buf *own, struct pbwalk *at)
{
	int wire = wire_of(slot), rc;
	size_t bytes, size = wire == PB_FIXED32 ? 4 : 8;
	struct pbwalk r;
	struct pbfield f;
	ptrdiff_t n = 0;

	if (wire == PB_BYTES) {
		r = *at = pbwalk_init(p, len);
		while ((rc = fdata_item(&r, &f)) == 1)
			n++;
		return rc == 0 ? n : -1;
	}
	if (gather(p, len, wire, own, at) == -1)
		return -1;
	bytes = (size_t)(at->end - at->p);
	if (wire == PB_VARINT)
		return pbwalk_count(at->p, bytes);
	return bytes % size == 0 ? (ptrdiff_t)(bytes / size) : -1;
}

/*
 * The member that is set in the oneof of a ScalarField or VectorField, its
 * number in *slot: 0 if none is. VectorField's dim has number 1.
 */
static int
member(const void *p, size_t len, int vector, int *slot, struct pbfield *in,
    uint64_t *dim)
{
	struct pbwalk r = pbwalk_init(p, len);
	struct pbfield f;
	int rc;

	*slot = 0;
	while ((rc = pbwalk_next(&r, &f)) == 1) {
		if (vector && f.field == 1 && f.wire == PB_VARINT)
			*dim = f.num;
		if (f.wire != PB_BYTES)
			continue;
		if (*slot != 0)
			return -1;
		*slot = (int)f.field;
		*in = f;
	}
	return rc;
}

/*
 * The element type that a slot implies, if neither schema nor message has one.
 */
static int
elem_of(int slot)
{
	static const int elem[] = { [SLOT_BOOL] = TYPE_BOOL,
		[SLOT_INT] = TYPE_INT32,
		[SLOT_LONG] = TYPE_INT64,
		[SLOT_FLOAT] = TYPE_FLOAT,
		[SLOT_DOUBLE] = TYPE_DOUBLE,
		[SLOT_STRING] = TYPE_VARCHAR };

	return slot >= 0 && slot < (int)(sizeof elem / sizeof *elem)
		   ? elem[slot]
		   : 0;
}

ptrdiff_t
fdata_elements(
    struct fdata *c, const struct pbfield *array, struct pbwalk *at, int *elem)
{
	const struct type_info *want;
	struct pbfield in;
	uint64_t dim;
	ptrdiff_t n;
	int slot;

	*at = pbwalk_init("", 0);
	*elem = c->elem;
	if (member(array->ptr, array->len, 0, &slot, &in, &dim) == -1)
		return -1;
	if (slot == 0)
		return 0;
	if (*elem == 0)
		*elem = elem_of(slot);
	want = type_info(*elem);
	if (want == NULL || want->scalar_slot_of_elem == 0)
		return -1;
	n = values(slot, in.ptr, in.len, &c->scratch, at);
	return n > 0 && slot != want->scalar_slot_of_elem ? -1 : n;
}

static int
is_elem(uint64_t type)
{
	const struct type_info *t = type <= 127 ? type_info((int)type) : NULL;

	return t != NULL && t->scalar_slot_of_elem != 0;
}

static int
check_arrays(struct fdata *c, const struct pbfield *in, struct err *e)
{
	struct pbwalk r = pbwalk_init(in->ptr, in->len), at;
	struct pbfield f;
	size_t row = 0;
	int elem;

	/* ArrayArray.element_type 2 is what the client sent, often 0 */
	while (c->elem == 0 && pbwalk_next(&r, &f) == 1)
		if (f.field == 2 && f.wire == PB_VARINT && is_elem(f.num))
			c->elem = (int)f.num;
	r = pbwalk_init(in->ptr, in->len);
	for (; fdata_item(&r, &f) == 1; row++)
		if (fdata_elements(c, &f, &at, &elem) == -1)
			return err_set(e, ERR_DATA,
			    "array %zu has no elements of type %d", row,
			    c->elem);
	return 0;
}

static int
check_sparse(const struct fdata *c, struct err *e)
{
	struct pbwalk r = c->at;
	struct pbfield f;
	size_t row;

	for (row = 0; fdata_item(&r, &f) == 1; row++)
		if (f.len % 8 != 0)
			return err_set(e, ERR_DATA,
			    "sparse vector %zu: %zu bytes, want pairs of 8",
			    row, f.len);
	return 0;
}

/*
 * Check the number of values for n rows, with or without placeholders for
 * nulls.
 */
static int
check_count(struct fdata *c, size_t got, size_t n, struct err *e)
{
	if (c->valid != NULL && c->nulls.len != n)
		return err_set(e, ERR_DATA, "valid_data for %zu rows, want %zu",
		    c->nulls.len, n);
	c->compact = got != n;
	if (got != n && (c->valid == NULL || got != c->n_valid))
		return err_set(e, ERR_DATA, "%zu values for %zu rows", got, n);
	return 0;
}

/* Vectors of a fixed size: FloatVector's are in a message, others are bytes. */
static int
check_dense(struct fdata *c, const struct pbfield *in, size_t n, struct err *e)
{
	size_t bits, bytes, want;

	c->at = pbwalk_init(in->ptr, in->len);
	if (c->type == TYPE_FLOAT_VECTOR && in->len > 0 &&
	    gather(in->ptr, in->len, PB_FIXED32, &c->own, &c->at) == -1)
		return err_set(e, ERR_DATA, "broken protobuf");
	if (num_mul(c->dim, (size_t)c->info->bits, &bits) == -1 ||
	    bits % 8 != 0 || bits == 0)
		return err_set(e, ERR_DATA, "dimension %zu", c->dim);
	c->row_bytes = bits / 8;
	bytes = (size_t)(c->at.end - c->at.p);
	if (c->valid != NULL && bytes % c->row_bytes == 0)
		return check_count(c, bytes / c->row_bytes, n, e);
	if (num_mul(c->row_bytes, n, &want) == -1 || bytes != want)
		return err_set(e, ERR_DATA,
		    "%zu bytes, want %zu (%zu rows of dimension %zu)", bytes,
		    want, n, c->dim);
	return 0;
}

static int
check_dim(struct fdata *c, uint64_t dim, struct err *e)
{
	if (dim > TYPE_MAX_DIM)
		return err_set(e, ERR_DATA, "dimension %" PRIu64, dim);
	if (c->dim != 0 && dim != 0 && dim != c->dim)
		return err_set(e, ERR_DATA,
		    "dimension %" PRIu64 ", the schema says %zu", dim, c->dim);
	if (c->dim == 0)
		c->dim = (size_t)dim;
	return 0;
}

static int
check_values(struct fdata *c, size_t n, struct err *e)
{
	struct pbfield in = { .ptr = (const uint8_t *)"" };
	uint64_t dim = 0;
	ptrdiff_t got;
	int slot;

	if (member(c->body, c->body_len, c->body_vector, &slot, &in, &dim) ==
	    -1)
		return err_set(e, ERR_DATA, "broken protobuf");
	if (slot != 0 &&
	    (slot != c->info->slot || c->body_vector != c->info->is_vector))
		return err_set(e, ERR_DATA, "values in member %d of %s", slot,
		    c->body_vector ? "VectorField" : "ScalarField");
	if (c->info->is_vector && c->type != TYPE_SPARSE_VECTOR) {
		if (check_dim(c, dim, e) == -1)
			return -1;
		if (slot != 0 || c->dim != 0 || n > 0)
			return check_dense(c, &in, n, e);
		return 0;
	}
	got = values(c->info->is_vector ? SLOT_JSON : c->info->slot, in.ptr,
	    in.len, &c->own, &c->at);
	if (got == -1)
		return err_set(e, ERR_DATA, "broken protobuf");
	if (c->type == TYPE_ARRAY && check_arrays(c, &in, e) == -1)
		return -1;
	if (c->type == TYPE_SPARSE_VECTOR && check_sparse(c, e) == -1)
		return -1;
	return check_count(c, (size_t)got, n, e);
}

ptrdiff_t
fdata_count(struct fdata *c)
{
	struct pbfield in = { .ptr = (const uint8_t *)"" };
	uint64_t dim;
	int slot;

	if (member(c->body, c->body_len, 0, &slot, &in, &dim) == -1)
		return -1;
	return slot == 0 ? 0 : values(slot, in.ptr, in.len, &c->own, &c->at);
}

int
fdata_check(struct fdata *c, size_t n, struct err *e)
{
	if (c->missing || check_values(c, n, e) == 0)
		return 0;
	return err_wrap(e, "field '%.*s'", (int)c->name_len, c->name);
}

#ifndef CDC_ROWS_FIELD_H
#define CDC_ROWS_FIELD_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/hash.h"
#include "codec/pb_read.h"
#include "rows/rows.h"

struct err;
struct field;
struct jsonw;
struct schema;
struct type_info;

/*
 * One FieldData (wire.h) of an Insert. Used in this order: fdata_parse,
 * fdata_bind, fdata_check, then fdata_write once a row. All zero is valid and
 * empty. Bytes and schema are borrowed.
 */
struct fdata {
	int64_t id;
	const char *name; /* not terminated */
	size_t name_len;
	int type, elem;
	int dynamic;      /* $meta */
	int unknown;      /* not in the schema */
	int missing;      /* not in the message */
	const char *same; /* what every row has then; NULL: null */
	size_t same_len;
	size_t dim; /* of a vector; 0: sparse, or not said */
	const struct type_info *info;

	const uint8_t *body; /* ScalarField or VectorField */
	size_t body_len;
	int body_vector;
	const uint8_t *valid; /* a byte a row, 0 for null; NULL: no nulls */
	size_t n_valid;
	int compact; /* nulls have no placeholder among the values */

	struct pbwalk at;   /* the next values */
	size_t row_bytes;   /* of vectors of a fixed size */
	struct buf own;     /* the values, if the message has them in pieces */
	struct buf nulls;   /* the memory of valid */
	struct buf scratch; /* an array's elements, if the message has them in
			       pieces */
	struct buf key;     /* "name": */
};
void fdata_fini(struct fdata *c);

int fdata_parse(struct fdata *c, const void *p, size_t len, struct err *e);

/*
 * Take name, type and dimension from the schema, if the field is in it; -1 if
 * the message's type or dimension differs. s may be NULL.
 */
int fdata_bind(struct fdata *c, const struct schema *s, struct err *e);

/*
 * For a field of the schema that the message lacks: in every row its default,
 * as Milvus reads rows that are older than a field, or null.
 */
void fdata_bind_missing(struct fdata *c, const struct field *f);

/*
 * Check that each of n rows has a value of the right size; rewinds to the
 * first.
 */
int fdata_check(struct fdata *c, size_t n, struct err *e);

/* 1 if each value is JSON. Only for a JSON column, after fdata_check. */
int fdata_is_json(const struct fdata *c);

/* Write the value of the next row (number `row`), without its key. */
int fdata_write(
    struct fdata *c, size_t row, const struct rows_opts *o, struct jsonw *w);

/*
 * How many values a scalar column has, counted before the number of rows is
 * known; -1 if it is broken.
 */
ptrdiff_t fdata_count(struct fdata *c);

/* Step over the placeholder of a null, if nulls have one. */
int fdata_skip(struct fdata *c);

/*
 * Add the value of the next row (number `row`) to *h: numbers and bytes as the
 * type has them, not as protobuf wrote them, so that equal values have equal
 * hashes wherever they come from. Bits count: two NaN can differ. -1 should not
 * happen after fdata_check.
 */
int fdata_hash(struct fdata *c, size_t row, struct hash *h);

/*
 * One array, a ScalarField: its elements in *at, their type in *elem. Returns
 * their number, or -1.
 */
ptrdiff_t fdata_elements(
    struct fdata *c, const struct pbfield *array, struct pbwalk *at, int *elem);

/* The next entry of a repeated field 1: 1, 0 at the end, -1. */
int fdata_item(struct pbwalk *r, struct pbfield *f);

#endif

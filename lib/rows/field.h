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
 * One FieldData (schema.proto) of an Insert: type 1, field_name 2, scalars 3
 * or vectors 4, field_id 5, is_dynamic 6, valid_data 7. Used in this order:
 * fdata_parse, fdata_bind, fdata_check, then fdata_write once a row.
 * All zero is valid and empty. Bytes and schema are borrowed.
 */
struct fdata {
	int64_t id;
	const char *name; /* not terminated */
	size_t name_len;
	int type, elem;
	int dynamic; /* $meta */
	int unknown; /* not in the schema */
	int missing; /* not in the message: null in every row */
	size_t dim;  /* of a vector; 0: sparse or not said */
	const struct type_info *info;

	const uint8_t *body; /* ScalarField or VectorField */
	size_t body_len;
	int body_vector;
	const uint8_t *valid; /* a byte a row, 0 for null; NULL: none is */
	size_t n_valid;
	int compact; /* nulls have no placeholder among the values */

	struct pbwalk at;   /* the values, from the next on */
	size_t row_bytes;   /* of vectors of one size */
	struct buf own;     /* the values, if they came in pieces */
	struct buf nulls;   /* valid */
	struct buf scratch; /* an array's elements, if they came in pieces */
	struct buf key;     /* "name": */
};
void fdata_fini(struct fdata *c);

int fdata_parse(struct fdata *c, const void *p, size_t len, struct err *e);

/*
 * Take name, type and dimension from the schema, if it has the field; -1 if
 * they are others. s may be NULL.
 */
int fdata_bind(struct fdata *c, const struct schema *s, struct err *e);

/* A field of the schema that the message has not: null. */
void fdata_bind_missing(struct fdata *c, const struct field *f);

/* Are there values of the right size for each of n rows? Rewinds. */
int fdata_check(struct fdata *c, size_t n, struct err *e);

/* Is each value JSON? Only for a JSON column, after fdata_check. */
int fdata_is_json(const struct fdata *c);

/* The value of the next row (its number is `row`), without its key. */
int fdata_write(
    struct fdata *c, size_t row, const struct rows_opts *o, struct jsonw *w);

/*
 * How many values the column has, before anybody else says how many rows
 * there are; -1 if it is broken. For scalars.
 */
ptrdiff_t fdata_count(struct fdata *c);

/* Step over the place that a null has among the values, if it has one. */
int fdata_skip(struct fdata *c);

/*
 * Add the value of the next row (its number is `row`) to *h: its type's
 * numbers and bytes and not how protobuf wrote them, so that a value has one
 * hash wherever it comes from. Bits count: two NaN may differ. -1 should not
 * happen after fdata_check.
 */
int fdata_hash(struct fdata *c, size_t row, struct hash *h);

/*
 * One array: a ScalarField. Its elements in *at, their type in *elem; their
 * number, or -1.
 */
ptrdiff_t fdata_elements(
    struct fdata *c, const struct pbfield *array, struct pbwalk *at, int *elem);

/* The next bytes of a repeated field 1: 1, 0 at the end, -1. */
int fdata_item(struct pbwalk *r, struct pbfield *f);

#endif

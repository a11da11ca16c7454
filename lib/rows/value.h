#ifndef CDC_ROWS_VALUE_H
#define CDC_ROWS_VALUE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "codec/json_read.h"
#include "model/types.h"

struct err;

/*
 * One value of a row, as text of the stream, appended to a column's data in the
 * form that its member of FieldData has (model/types.h): packed numbers, or
 * `repeated` entries with tag and length.
 */
struct coltype {
	const struct type_info *info;
	const struct type_info *elem; /* of an Array, else NULL */
	size_t dim;                   /* of a vector */
};

/* -1 with ERR_DATA; data may then hold a part of the value. */
int colval_add(const struct coltype *t, struct jsonr *r, int json_inline,
    struct buf *data, struct buf *scratch, struct err *e);

/* The length of the first n values at p, which colval_add wrote. */
size_t colval_len(const struct coltype *t, const char *p, size_t n);

/* 1 if the column's data is the inside of a packed field. */
int colval_packed(const struct coltype *t);

#endif

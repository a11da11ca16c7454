#ifndef CDC_ROWS_COLUMNS_PRIV_H
#define CDC_ROWS_COLUMNS_PRIV_H

#include "base/buf.h"
#include "rows/columns.h"
#include "rows/value.h"

/* Shared by columns.c, which fills columns, and columns_request.c. */

struct column {
	const char *name;
	size_t name_len;
	struct coltype type;
	int dynamic, nullable;
	size_t row; /* the last row that has a value, counted from 1 */
	struct buf data;
	struct buf valid;        /* if nullable: a byte for each row */
	size_t mark, valid_mark; /* their lengths before the last row */
};

struct columns {
	struct column *v;
	size_t n;
	size_t pk; /* its place in v */
	size_t rows;
	struct buf scratch;
	struct buf heads; /* of a request: the bytes between the data */
	struct span *pieces;
	const struct schema *schema;
};

#endif

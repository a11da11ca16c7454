#ifndef CDC_FUZZROWS_H
#define CDC_FUZZROWS_H

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "codec/json_minify.h"
#include "codec/json_write.h"
#include "codec/pb_read.h"
#include "codec/pb_write.h"
#include "rows/columns.h"
#include "rows/rows.h"

/* Rows from the one side of the stream to the other and back. */

/*
 * All rows of an insert as text, a few bytes at a time; b stays empty if they
 * are refused. *count is 0 if columns were left out.
 */
static inline void
fuzz_rows_text(const void *p, size_t n, const struct schema *s,
    const struct rows_opts *o, struct buf *b, size_t *count, int *json_inline)
{
	struct jsonw w = { .b = b };
	struct err e = { 0 };
	struct rows *r = rows_open(p, n, s, o, &e);
	size_t k, sum = 0;
	int rc = 1;

	if (r == NULL)
		return;
	jw_open(&w, NULL, '[');
	for (; rc == 1; sum += k)
		if ((rc = rows_write(r, 100, &w, &k, &e)) == -1)
			abort();
	jw_close(&w, ']');
	if (sum != rows_count(r) || !jsonmin_is(b->ptr, b->len) ||
	    memchr(b->ptr, '\n', b->len) != NULL)
		abort();
	*count = rows_lossy(r) ? 0 : sum;
	*json_inline = rows_inline(r);
	rows_free(r);
}

/* The request that columns make, as an InsertRequest of the log: msg.proto. */
static inline void
fuzz_rows_record(struct columns *c, size_t rows, struct buf *b)
{
	struct buf flat = { 0 };
	struct pbwalk walk;
	struct pbfield f;
	size_t n;
	const struct span *v = columns_request(c, "d", "c", "", &n);

	for (size_t i = 0; i < n; i++)
		buf_add(&flat, v[i].ptr, v[i].len);
	walk = pbwalk_init(flat.ptr, flat.len);
	while (pbwalk_next(&walk, &f) == 1)
		if (f.field == 5)
			pbw_bytes(b, 13, f.ptr, f.len);
	buf_clear(&flat);
	for (size_t i = 0; i < rows; i++)
		buf_addc(&flat, 1);
	pbw_bytes(b, 10, flat.ptr, flat.len);
	pbw_u64(b, 14, rows);
	buf_fini(&flat);
}

#endif

#ifndef CDC_ROWS_ROWS_H
#define CDC_ROWS_ROWS_H

#include <stddef.h>
#include <stdint.h>

struct err;
struct jsonw;
struct schema;
struct rows; /* the rows of one Insert, read forward */

enum rows_vectors { ROWS_BASE64, ROWS_DECIMAL, ROWS_NONE };

struct rows_opts {
	enum rows_vectors vectors; /* ROWS_NONE leaves the columns out */
	int json_inline; /* JSON and $meta as values, not as strings */
};

/*
 * The columns of a serialized InsertRequest (msg.proto) as rows of text, in
 * the forms of cdc-ndjson(5). The bytes and the schema are borrowed until
 * rows_free. opts NULL is all zero.
 *
 * Columns are matched to the schema by field id, then by name, and come in
 * the order of ids, $meta last. One that the schema does not know keeps the
 * name that it has in the message and stands behind the others. One that is
 * missing is null if nullable, absent if dynamic or a function's output, and
 * else an error. Without a schema (NULL) the message's own names, types and
 * dimensions are taken.
 *
 * Everything is checked here, before the first row: every column has a value
 * (or a null) for each row, of the schema's type and dimension. NULL with
 * ERR_DATA names the field and the sizes that disagree.
 */
struct rows *rows_open(const void *p, size_t len, const struct schema *s,
    const struct rows_opts *opts, struct err *e);
void rows_free(struct rows *r);

size_t rows_count(const struct rows *r); /* of the whole message */
int rows_lossy(const struct rows *r);    /* columns were left out */
/* JSON is inline; not so, though asked for, if some value is not JSON. */
int rows_inline(const struct rows *r);

/*
 * Append rows as objects to an array that is open in *w, from the first that
 * is not yet written, until more than max_bytes of text were added, but at
 * least one. *n is how many. Returns 1 if rows are left, else 0; -1 with
 * ERR_DATA should not happen after rows_open.
 */
int rows_write(struct rows *r, size_t max_bytes, struct jsonw *w, size_t *n,
    struct err *e);

#endif

#ifndef CDC_ROWS_ROWS_H
#define CDC_ROWS_ROWS_H

#include <stddef.h>
#include <stdint.h>

struct err;
struct jsonw;
struct schema;
struct rows; /* the rows of one Insert, read in order */

enum rows_vectors { ROWS_BASE64, ROWS_DECIMAL, ROWS_NONE };

struct rows_opts {
	enum rows_vectors vectors; /* ROWS_NONE leaves the columns out */
	int json_inline; /* JSON and $meta as values, not as strings */
	int evolves;     /* the schema may be newer than the message: fields are
			    found by id alone, and those that it lacks were
			    dropped, so they are left out */
};

/*
 * The columns of a serialized InsertRequest (msg.proto) as rows of text, in the
 * forms of cdc-ndjson(5). The bytes and the schema are borrowed until
 * rows_free. opts NULL is all zero.
 *
 * A column is matched to the schema by field id, then by name; columns are
 * written in the order of ids, $meta last. A column that the schema lacks keeps
 * its name in the message and is written behind the others. A field that the
 * message lacks has its default or null if it is nullable, is left out if it is
 * dynamic or the output of a function, and else an error. Without a schema
 * (NULL) names, types and dimensions are the message's.
 *
 * Everything is checked here, before the first row is written: every column has
 * a value (or null) for each row, of the schema's type and dimension. NULL with
 * ERR_DATA names the field and the sizes that disagree.
 */
struct rows *rows_open(const void *p, size_t len, const struct schema *s,
    const struct rows_opts *opts, struct err *e);
void rows_free(struct rows *r);

size_t rows_count(const struct rows *r); /* of the whole message */
int rows_lossy(const struct rows *r);    /* columns were left out */
/*
 * 1 if JSON is written inline; 0 also if it was asked for and a value is not
 * JSON.
 */
int rows_inline(const struct rows *r);

/*
 * Append rows as objects to the open array of *w, from the first row that is
 * not written yet, until more than max_bytes of text were added, but at least
 * one row. *n is how many. Returns 1 if rows are left, else 0; -1 with ERR_DATA
 * should not happen after rows_open.
 */
int rows_write(struct rows *r, size_t max_bytes, struct jsonw *w, size_t *n,
    struct err *e);

#endif

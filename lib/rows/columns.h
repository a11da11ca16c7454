#ifndef CDC_ROWS_COLUMNS_H
#define CDC_ROWS_COLUMNS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "codec/json_read.h"
#include "model/schema.h"

struct err;

/*
 * Rows of the stream (cdc-ndjson(5)) as the columns of Insert and Upsert
 * (schema.proto FieldData). Values go straight from the line's text into the
 * bytes of the request; nothing is allocated per row.
 */
struct columns;

/* The schema is the target's, borrowed for as long as the columns live. */
struct columns *columns_new(const struct schema *s);
void columns_free(struct columns *c);

/*
 * Append the row (a JSON object) at r. It must have every field of the schema
 * except nullable ones and $meta; outputs of functions are skipped. -1 with
 * ERR_DATA that names the field; then nothing was appended. json_inline: JSON
 * fields are values, not strings.
 */
int columns_add(
    struct columns *c, struct jsonr *r, int json_inline, struct err *e);

/* Remove the row that was appended last; at most once after columns_add. */
void columns_undo(struct columns *c);

/*
 * The primary key of the row appended last: the text of a VarChar, 8 bytes
 * little endian of an Int64. Borrowed until the next columns_* call.
 */
struct span columns_key(const struct columns *c);
/*
 * The place of that key in its column; valid until rows are dropped or split
 * off.
 */
size_t columns_key_mark(const struct columns *c);
/* 1 if the key at that place is this one. */
int columns_has_key(const struct columns *c, size_t mark, struct span key);
/* The key of any row as text for people, appended. */
void columns_key_text(const struct columns *c, size_t row, struct buf *b);

size_t columns_rows(const struct columns *c);
size_t columns_bytes(const struct columns *c);

/* Remove n rows, given by their numbers, from 0 on, in ascending order. */
void columns_drop(struct columns *c, const size_t *rows, size_t n);

/* Move the rows from `at` on to columns of their own. */
struct columns *columns_split(struct columns *c, size_t at);

/*
 * The request (InsertRequest and UpsertRequest are alike) as pieces in order,
 * borrowed from c until it changes. part may be "".
 */
const struct span *columns_request(struct columns *c, const char *db,
    const char *coll, const char *part, size_t *n);

#endif

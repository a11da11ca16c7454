#ifndef CDC_ROWS_COLUMNS_H
#define CDC_ROWS_COLUMNS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "codec/json_read.h"
#include "model/schema.h"

struct err;

/*
 * Rows of the stream (cdc-ndjson(5)) turned into the columns that Insert and
 * Upsert want (schema.proto FieldData). Values go straight from the line's
 * text into the bytes of the request; nothing is allocated per row.
 */
struct columns;

/* The schema is the target's, borrowed for as long as the columns live. */
struct columns *columns_new(const struct schema *s);
void columns_free(struct columns *c);

/*
 * Append the row (an object) at r. Every field of the schema must be there,
 * but for nullable ones and $meta; outputs of functions are left out. -1 with
 * ERR_DATA that names the field; then nothing was appended.
 * json_inline: JSON fields stand as themselves and not as strings.
 */
int columns_add(
    struct columns *c, struct jsonr *r, int json_inline, struct err *e);

/* Take the row appended last out again; at most once after columns_add. */
void columns_undo(struct columns *c);

/*
 * The primary key of the row appended last: the text of a VarChar, 8 bytes
 * little endian of an Int64. Borrowed until the next columns_* call.
 */
struct span columns_key(const struct columns *c);
/* Where that key stands; good until rows are dropped or split off. */
size_t columns_key_mark(const struct columns *c);
/* Is it this key that stands there? */
int columns_has_key(const struct columns *c, size_t mark, struct span key);
/* The key of any row as text for people, appended. */
void columns_key_text(const struct columns *c, size_t row, struct buf *b);

size_t columns_rows(const struct columns *c);
size_t columns_bytes(const struct columns *c);

/* Take out n rows; their numbers, from 0, in ascending order. */
void columns_drop(struct columns *c, const size_t *rows, size_t n);

/* The rows from `at` on, moved to columns of their own. */
struct columns *columns_split(struct columns *c, size_t at);

/*
 * The request (InsertRequest and UpsertRequest are alike) as pieces in
 * order, which borrow from c until its next change. part may be "".
 */
const struct span *columns_request(struct columns *c, const char *db,
    const char *coll, const char *part, size_t *n);

#endif

#ifndef CDC_MILVUS_PAGE_H
#define CDC_MILVUS_PAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/hash.h"
#include "codec/json_read.h"
#include "model/schema.h"
#include "rows/field.h"

struct err;

/* A primary key: one of the two is used. */
struct vkey {
	int64_t num;      /* Int64 */
	struct span text; /* VarChar; borrowed */
	int is_text;
};
int vkey_cmp(const struct vkey *a, const struct vkey *b);
void vkey_json(struct jsonw *w, const struct vkey *k);

/*
 * Append expressions about keys in Milvus's language to b. It cannot write the
 * least int64, and 2.3 never answers the greatest. vexpr_range: lo < key <= hi,
 * NULL: no bound; it always leaves out the greatest int64.
 */
void vexpr_range(struct buf *b, const struct field *pk, const struct vkey *lo,
    const struct vkey *hi);
void vexpr_greatest(struct buf *b, const struct field *pk);
/*
 * A key that is one of n; the first is at *first, each next one `stride` bytes
 * further.
 */
void vexpr_in(struct buf *b, const struct field *pk, const struct vkey *first,
    size_t n, size_t stride);

/* The fields to ask for, in the order of the columns. */
struct vfields {
	const char **v; /* names, borrowed */
	size_t n;
	size_t pk; /* index of the primary key */
};

struct vrow {
	struct vkey key;
	size_t at;        /* its row in the columns */
	struct hash hash; /* of all fields */
};

/* The rows of one answer, sorted by key, each key once. */
struct vpage {
	struct buf raw;     /* QueryResults, milvus.proto */
	struct fdata *cols; /* in the order of the fields */
	size_t ncols;
	struct vrow *rows;
	size_t n;
	size_t answered; /* rows before duplicates were removed */
	struct hash sum; /* of keys and hashes */
	int unreadable;  /* its only key exists, but its values are not answered
			  */
};
void vpage_free(struct vpage *p);
/* Read p->raw. -1 with ERR_DATA. */
int vpage_parse(struct vpage *p, const struct schema *s,
    const struct vfields *fields, struct err *e);
/* The same, but with all rows in the order of the answer. */
int vpage_read(struct vpage *p, const struct schema *s,
    const struct vfields *fields, struct err *e);
/* The row of a key, or NULL. */
const struct vrow *vpage_find(const struct vpage *p, const struct vkey *k);

#endif

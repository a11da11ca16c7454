#include "applyrow.h"

#include <string.h>

#include "applybatch.h"
#include "err.h"
#include "num.h"
#include "x.h"

/* The open batch for such rows, made if there is none. */
static struct batch *
open_batch(struct rowq *q, struct coll *c, const char *part, int keys)
{
	struct batch *b = c->open;

	while (b != NULL && ((b->cols == NULL) != keys ||
				(part == NULL) != (b->part == NULL) ||
				(part != NULL && strcmp(part, b->part) != 0)))
		b = b->sibling;
	if (b != NULL)
		return b;
	b = batch_new(q, c, part, keys);
	b->is_open = 1;
	b->epoch = q->epoch;
	b->sibling = c->open;
	c->open = b;
	rowq_push(&q->open, b);
	return b;
}

/* Until no request has this key any more. */
static int
wait_for_key(struct rowq *q, uint64_t hash, struct err *e)
{
	struct batch *b = keyset_get(&q->keys, hash);

	if (b != NULL && b->is_open && rowq_dispatch(q, b, e) == -1)
		return -1;
	while (keyset_get(&q->keys, hash) != NULL)
		if (rowq_wait(q, NULL, ROWQ_STEP_MS, e) == -1)
			return -1;
	return 0;
}

/* The batch has one more row or key; is it full, or are all of them? */
static int
grown(struct rowq *q, struct batch *b, uint64_t hash, size_t bytes,
    const struct where *w, struct err *e)
{
	if (b->n == b->hashes_cap) {
		b->hashes_cap = b->hashes_cap == 0 ? 64 : 2 * b->hashes_cap;
		b->hashes =
		    x_reallocarray(b->hashes, b->hashes_cap, sizeof *b->hashes);
	}
	b->hashes[b->n++] = hash;
	q->added++;
	keyset_put(&q->keys, hash, b);
	q->bytes += bytes - b->bytes;
	b->bytes = bytes;
	batch_where(b, w, q->line);
	if (bytes >= q->conf.batch_bytes ||
	    (b->cols == NULL &&
		(b->n >= ROWQ_KEYS_MAX || bytes >= ROWQ_EXPR_MAX)))
		return rowq_dispatch(q, b, e);
	while (q->bytes > ROWQ_TOTAL_BYTES && q->open.head != NULL)
		if (rowq_dispatch(q, q->open.head, e) == -1)
			return -1;
	return 0;
}

static int
add_row(struct rowq *q, struct coll *c, const char *part, struct jsonr *r,
    int json_inline, const struct where *w, struct err *e)
{
	struct jsonr row = *r;
	struct batch *b;
	struct span key;
	uint64_t hash;

	for (;;) {
		b = open_batch(q, c, part, 0);
		*r = row;
		if (columns_add(b->cols, r, json_inline, e) == -1)
			return -1;
		key = columns_key(b->cols);
		hash = keyset_hash(c->num, key.ptr, key.len);
		if (keyset_get(&q->keys, hash) == NULL)
			break;
		columns_undo(b->cols);
		if (wait_for_key(q, hash, e) == -1)
			return -1;
	}
	return grown(q, b, hash, columns_bytes(b->cols), w, e);
}

int
rowq_rows(struct rowq *q, struct coll *c, const char *part, struct span rows,
    int json_inline, const struct where *w, struct err *e)
{
	struct jsonr r;
	int rc;

	if (c->blank_part)
		part = "";
	jr_init(&r, rows.ptr, rows.len);
	if (jr_open(&r, '[', e) == -1)
		return -1;
	while ((rc = jr_item(&r, e)) == 1)
		if (add_row(q, c, part, &r, json_inline, w, e) == -1)
			return -1;
	return rc;
}

/* A key of the line as bytes: 8 little endian, or text. */
static int
read_key(struct rowq *q, const struct coll *c, struct jsonr *r,
    struct span *key, struct err *e)
{
	struct jstr s;
	int64_t v;

	buf_clear(&q->scratch);
	if (c->pk->type != TYPE_VARCHAR) {
		if (jr_i64(r, INT64_MIN, INT64_MAX, &v, e) == -1)
			return -1;
		num_put_le64(buf_room(&q->scratch, 8), (uint64_t)v);
		q->scratch.len = 8;
	} else {
		if (jr_str(r, &s, e) == -1 ||
		    jr_unescape(&s, &q->scratch, e) == -1)
			return -1;
	}
	buf_add(&q->scratch, "", 0); /* an empty key is one, too */
	*key = (struct span){ q->scratch.ptr, q->scratch.len };
	return 0;
}

static int
add_key(struct rowq *q, struct coll *c, const char *part, struct jsonr *r,
    const struct where *w, struct err *e)
{
	struct batch *b;
	struct span key;
	struct buf copy;
	uint64_t hash;
	int rc;

	if (read_key(q, c, r, &key, e) == -1)
		return err_wrap(e, "a key of '%s.%s'", c->db, c->name);
	hash = keyset_hash(c->num, key.ptr, key.len);
	b = keyset_get(&q->keys, hash);
	/* deleting it twice in one request is deleting it once */
	if (b != NULL && b->is_open && b->cols == NULL &&
	    b == open_batch(q, c, part, 1))
		return 0;
	copy = q->scratch; /* waiting uses it */
	memset(&q->scratch, 0, sizeof q->scratch);
	rc = wait_for_key(q, hash, e);
	if (rc == 0) {
		b = open_batch(q, c, part, 1);
		batch_key(b, copy.ptr, copy.len);
		rc = grown(q, b, hash, b->expr.len, w, e);
	}
	buf_fini(&q->scratch);
	q->scratch = copy;
	return rc;
}

int
rowq_keys(struct rowq *q, struct coll *c, const char *part, struct span keys,
    const struct where *w, struct err *e)
{
	struct jsonr r;
	int rc;

	if (c->blank_part)
		part = NULL;
	jr_init(&r, keys.ptr, keys.len);
	if (jr_open(&r, '[', e) == -1)
		return -1;
	while ((rc = jr_item(&r, e)) == 1)
		if (add_key(q, c, part, &r, w, e) == -1)
			return -1;
	return rc;
}

#include "apply/queue.h"

#include <string.h>

#include "apply/queue_priv.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"

/* The open batch for such rows; makes one if there is none. */
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
	b->epoch = q->epoch;
	b->sibling = c->open;
	c->open = b;
	batch_push(&q->open, q->open.tail, b);
	return b;
}

static void
wait_as(struct batch *b, uint64_t after)
{
	if (b->after < after)
		b->after = after;
}

/*
 * The open batch b is to get a key whose last holder is o. Returns 1 if b can
 * take it (then o and b are ordered), 0 if o must be sent first. A batch that
 * could be sent at once must be sent first, so that versions of a row are left
 * out only while they would wait. With --on-error=dead every batch must, so
 * that lines are in order.
 *
 * So a key is in one open batch of rows at most, and in one of keys, which is
 * sent before; and b waits for all closed batches that have the key.
 */
static int
yields(struct rowq *q, struct batch *b, struct batch *o, uint64_t hash,
    struct span key)
{
	int rows = b->cols != NULL;

	if (q->line != NULL)
		return 0;
	if (o->list != &q->open) {
		wait_as(b, o->seq);
		return 1;
	}
	if (rowq_has_room(q, o) || o->coll != b->coll)
		return 0;
	if (o->cols == NULL) {
		if (rows)
			b->behind = 1;
		return rows;
	}
	if (rows ? b != o || q->conf.insert
		 : batch_before(o, b) != NULL ||
		       (b->part != NULL && strcmp(b->part, o->part) != 0))
		return 0;
	if (!batch_replace(o, keyset_at(&q->keys, hash), key))
		return 0;
	wait_as(b, o->after);
	if (o->epoch < b->epoch)
		b->epoch = o->epoch; /* the replaced row is safe when b is */
	return 1;
}

/*
 * The last batch with the key that must not be overtaken, or NULL. If one line
 * has a key twice, only the answer to the batch is waited for: the line as a
 * whole cannot be answered while it is being read.
 */
static struct batch *
holder(const struct rowq *q, uint64_t hash)
{
	struct batch *o = keyset_get(&q->keys, hash);

	if (o != NULL && o->list == &q->answered && batch_is_whole(o, q->line))
		return NULL;
	return o;
}

/*
 * Send o before b. Under --on-error=dead also wait for its answers: if an older
 * line of this key were set aside now, replaying it later would undo the newer
 * one.
 */
static int
send_first(struct rowq *q, struct batch *o, uint64_t hash, struct err *e)
{
	if (q->line == NULL)
		return rowq_dispatch(q, o, e);
	while ((o = holder(q, hash)) != NULL) {
		int rc = o->coll->open != NULL
			     ? rowq_dispatch(q, o->coll->open, e)
			     : rowq_wait(q, NULL, ROWQ_STEP_MS, e);

		if (rc == -1)
			return -1;
	}
	return 0;
}

/*
 * Notes a new row or key of the batch; sends it if it, or the whole queue, is
 * full.
 */
static int
grown(struct rowq *q, struct batch *b, uint64_t hash, size_t bytes,
    const struct origin *w, struct err *e)
{
	if (b->n == b->hashes_cap) {
		b->hashes_cap = b->hashes_cap == 0 ? 64 : 2 * b->hashes_cap;
		b->hashes =
		    x_reallocarray(b->hashes, b->hashes_cap, sizeof *b->hashes);
		if (b->cols != NULL)
			b->marks = x_reallocarray(
			    b->marks, b->hashes_cap, sizeof *b->marks);
	}
	if (b->cols != NULL)
		b->marks[b->n] = columns_key_mark(b->cols);
	keyset_put(&q->keys, hash, b, b->n);
	b->hashes[b->n++] = hash;
	q->added++;
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
    int json_inline, const struct origin *w, struct err *e)
{
	struct jsonr row = *r;
	struct batch *b, *o;
	struct span key;
	uint64_t hash;

	for (;;) {
		b = open_batch(q, c, part, 0);
		*r = row;
		if (columns_add(b->cols, r, json_inline, e) == -1)
			return -1;
		key = columns_key(b->cols);
		hash = keyset_hash(c->num, key.ptr, key.len);
		o = holder(q, hash);
		if (o == NULL || yields(q, b, o, hash, key))
			break;
		columns_undo(b->cols);
		if (send_first(q, o, hash, e) == -1)
			return -1;
		if (rowq_line_taken(q))
			return 0;
	}
	return grown(q, b, hash, columns_bytes(b->cols), w, e);
}

int
rowq_rows(struct rowq *q, struct coll *c, const char *part, struct span rows,
    int json_inline, const struct origin *w, struct err *e)
{
	struct jsonr r;
	int rc = 0;

	if (c->blank_part)
		part = "";
	jr_init(&r, rows.ptr, rows.len);
	if (jr_open(&r, '[', e) == -1)
		return -1;
	while (!rowq_line_taken(q) && (rc = jr_item(&r, e)) == 1)
		if (add_row(q, c, part, &r, json_inline, w, e) == -1)
			return -1;
	return rc == -1 ? -1 : 0;
}

/* The next key of the line as bytes: 8 little endian, or text. */
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
	buf_add(&q->scratch, "", 0); /* an empty text is a key, too */
	*key = (struct span){ q->scratch.ptr, q->scratch.len };
	return 0;
}

static int
add_key(struct rowq *q, struct coll *c, const char *part, struct jsonr *r,
    const struct origin *w, struct err *e)
{
	struct jsonr at = *r;
	struct batch *b, *o;
	struct span key;
	uint64_t hash;

	for (;;) {
		*r = at;
		if (read_key(q, c, r, &key, e) == -1)
			return err_wrap(e, "a key of '%s.%s'", c->db, c->name);
		hash = keyset_hash(c->num, key.ptr, key.len);
		b = open_batch(q, c, part, 1);
		o = holder(q, hash);
		/* the batch deletes this key already */
		if (o == b)
			return 0;
		if (o == NULL || yields(q, b, o, hash, key))
			break;
		if (send_first(q, o, hash, e) == -1)
			return -1;
		if (rowq_line_taken(q))
			return 0;
	}
	batch_key(b, key.ptr, key.len);
	return grown(q, b, hash, b->expr.len, w, e);
}

int
rowq_keys(struct rowq *q, struct coll *c, const char *part, struct span keys,
    const struct origin *w, struct err *e)
{
	struct jsonr r;
	int rc = 0;

	if (c->blank_part)
		part = NULL;
	jr_init(&r, keys.ptr, keys.len);
	if (jr_open(&r, '[', e) == -1)
		return -1;
	while (!rowq_line_taken(q) && (rc = jr_item(&r, e)) == 1)
		if (add_key(q, c, part, &r, w, e) == -1)
			return -1;
	return rc == -1 ? -1 : 0;
}

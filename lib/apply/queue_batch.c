#include "apply/queue_priv.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"
#include "codec/json_write.h"
#include "codec/pb_write.h"
#include "rows/wire.h"

enum { KEYS_MAX = 200 }; /* bytes of keys in a message */

struct batch *
batch_new(struct rowq *q, struct coll *c, const char *part, int keys)
{
	struct batch *b = x_calloc(1, sizeof *b);

	b->q = q;
	b->coll = c;
	b->part = part == NULL ? NULL : x_strdup(part);
	b->born_ns = clock_ns();
	if (keys)
		buf_addf(&b->expr, "%s in [", c->pk->name);
	else
		b->cols = columns_new(&c->schema);
	return b;
}

void
batch_free(struct batch *b)
{
	if (b == NULL)
		return;
	for (size_t i = 0; i < b->nlines; i++)
		kept_drop(b->lines[i]);
	columns_free(b->cols);
	buf_fini(&b->expr);
	buf_fini(&b->req);
	free(b->lines);
	free(b->refused);
	free(b->hashes);
	free(b->marks);
	free(b->topic);
	free(b->part);
	free(b);
}

void
batch_push(struct batch_list *l, struct batch *at, struct batch *b)
{
	b->list = l;
	b->prev = at;
	b->next = at == NULL ? l->head : at->next;
	*(b->prev == NULL ? &l->head : &b->prev->next) = b;
	*(b->next == NULL ? &l->tail : &b->next->prev) = b;
	l->n++;
}

void
batch_unlist(struct batch *b)
{
	*(b->prev == NULL ? &b->list->head : &b->prev->next) = b->next;
	*(b->next == NULL ? &b->list->tail : &b->next->prev) = b->prev;
	b->list->n--;
	b->list = NULL;
	b->prev = b->next = NULL;
}

void
batch_list_fini(struct batch_list *l)
{
	for (struct batch *b = l->head, *next; b != NULL; b = next) {
		next = b->next;
		batch_free(b);
	}
	*l = (struct batch_list){ 0 };
}

void
batch_where(struct batch *b, const struct origin *w, struct kept *line)
{
	if (b->topic == NULL) {
		b->topic = x_strdup(w->topic);
		b->first = *w;
	}
	b->last = *w;
	b->first.topic = b->last.topic = b->topic;
	if (line == NULL || (b->nlines > 0 && b->lines[b->nlines - 1] == line))
		return;
	b->lines = x_grow(b->lines, b->nlines, &b->lines_cap, sizeof *b->lines);
	b->lines[b->nlines++] = line;
	line->refs++;
	line->left++;
}

void
batch_key(struct batch *b, const void *key, size_t n)
{
	int64_t v;

	if (b->n > 0)
		buf_addc(&b->expr, ',');
	b->last_key = b->expr.len;
	if (b->coll->pk->type == TYPE_VARCHAR) {
		jw_quote(&b->expr, key, n);
		return;
	}
	v = (int64_t)num_le64(key);
	if (v == INT64_MIN)
		buf_adds(&b->expr, "(-9223372036854775807 - 1)");
	else
		buf_addi64(&b->expr, v);
}

int
batch_replace(struct batch *b, size_t at, struct span key)
{
	if (!columns_has_key(b->cols, b->marks[at], key))
		return 0;
	b->hashes[at] = 0;
	b->replaced++;
	return 1;
}

struct batch *
batch_before(const struct batch *b, const struct batch *k)
{
	struct batch *o = b->behind ? b->coll->open : NULL;

	while (o != NULL && (o->cols != NULL || o == k))
		o = o->sibling;
	return o;
}

void
batch_seal(struct batch *b)
{
	size_t *rows, n = 0, left = 0;

	free(b->marks);
	b->marks = NULL;
	if (b->replaced == 0)
		return;
	rows = x_reallocarray(NULL, b->replaced, sizeof *rows);
	for (size_t i = 0; i < b->n; i++)
		if (b->hashes[i] == 0)
			rows[n++] = i;
		else
			b->hashes[left++] = b->hashes[i];
	b->n = left;
	columns_drop(b->cols, rows, n);
	free(rows);
}

void
batch_close(struct batch *b)
{
	const char *part = b->part == NULL ? "" : b->part;
	const struct coll *c = b->coll;

	if (b->cols != NULL) {
		b->pieces =
		    columns_request(b->cols, c->db, c->name, part, &b->npieces);
		return;
	}
	buf_clear(&b->req);
	pbw_bytes(&b->req, DEL_DB, c->db, strlen(c->db));
	pbw_bytes(&b->req, DEL_COLL, c->name, strlen(c->name));
	if (part[0] != '\0')
		pbw_bytes(&b->req, DEL_PART, part, strlen(part));
	if (b->expr.ptr[b->expr.len - 1] != ']')
		buf_addc(&b->expr, ']');
	pbw_bytes(&b->req, DEL_EXPR, b->expr.ptr, b->expr.len);
	b->piece = (struct span){ b->req.ptr, b->req.len };
	b->pieces = &b->piece;
	b->npieces = 1;
}

static void
key_range(const struct batch *b, struct buf *t)
{
	if (b->cols != NULL) {
		columns_key_text(b->cols, 0, t);
		if (b->n > 1) {
			buf_adds(t, " to ");
			columns_key_text(b->cols, b->n - 1, t);
		}
		return;
	}
	{
		const char *from = strchr(b->expr.ptr, '[') + 1;
		const char *last = b->expr.ptr + b->last_key;
		size_t open = b->expr.ptr[b->expr.len - 1] == ']' ? 1 : 0;
		size_t end = b->expr.len - open;

		if (b->n > 1) {
			buf_add(t, from, strcspn(from, ","));
			buf_adds(t, " to ");
		}
		buf_add(t, last, end - b->last_key);
	}
}

void
batch_describe(const struct batch *b, const char *method, struct buf *t)
{
	buf_addf(t, "%s of %zu %s in '%s.%s'", method, b->n,
	    b->cols == NULL ? "keys" : "rows", b->coll->db, b->coll->name);
	if (b->part != NULL && b->part[0] != '\0')
		buf_addf(t, " partition '%s'", b->part);
	if (b->n > 0) {
		struct buf keys = { 0 };

		key_range(b, &keys);
		buf_adds(t, ", keys ");
		buf_add(t, keys.ptr, utf8_cut(keys.ptr, keys.len, KEYS_MAX));
		buf_fini(&keys);
	}
	buf_addf(t, ", line %" PRIu64, b->first.line);
	if (b->last.line != b->first.line)
		buf_addf(t, " to %" PRIu64, b->last.line);
	if (b->topic != NULL && b->topic[0] != '\0') {
		buf_addf(t, ", topic '%s' offset %s", b->topic,
		    MQ_TEXT(b->first.id));
		if (mq_id_cmp(b->last.id, b->first.id) != 0)
			buf_addf(t, " to %s", MQ_TEXT(b->last.id));
	}
}

void
kept_drop(struct kept *k)
{
	if (k != NULL && --k->refs == 0)
		free(k);
}

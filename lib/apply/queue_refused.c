#include "apply/queue.h"

#include <stdlib.h>

#include "apply/queue_priv.h"
#include "base/err.h"
#include "base/mem.h"

void
rowq_on_refused(struct rowq *q, rowq_refused *fn, void *arg)
{
	q->refused = fn;
	q->refused_arg = arg;
}

int
rowq_line_taken(const struct rowq *q)
{
	return q->line != NULL && q->line->taken;
}

int
rowq_take_line(struct rowq *q)
{
	if (rowq_line_taken(q))
		return 0;
	if (q->line != NULL)
		q->line->taken = 1;
	return 1;
}

int
batch_is_whole(const struct batch *b, const struct kept *but)
{
	for (size_t i = 0; i < b->nlines; i++)
		if (b->lines[i] != but && b->lines[i]->left > 0)
			return 0;
	return 1;
}

static void
retire_whole(struct rowq *q)
{
	struct batch *b, *next;

	for (b = q->answered.head; b != NULL; b = next) {
		next = b->next;
		if (batch_is_whole(b, NULL))
			rowq_retire(q, b);
	}
}

/* The batch is answered: its lines have one part less to wait for. */
static void
leave(struct rowq *q, struct batch *b)
{
	for (size_t i = 0; i < b->nlines; i++)
		b->lines[i]->left--;
	retire_whole(q);
}

void
rowq_retire(struct rowq *q, struct batch *b)
{
	int left = b->list == &q->answered;

	for (size_t i = 0; i < b->n; i++)
		keyset_del(&q->keys, b->hashes[i], b);
	batch_unlist(b);
	b->coll->refused -= b->refused != NULL;
	q->bytes -= b->bytes;
	if (!left)
		leave(q, b);
	batch_free(b);
}

void
rowq_answered(struct rowq *q, struct batch *b)
{
	batch_unlist(b);
	batch_push(&q->answered, NULL, b);
	leave(q, b);
}

void
rowq_line(struct rowq *q, struct kept *line)
{
	if (q->line != NULL) {
		q->line->left--;
		retire_whole(q);
	}
	kept_drop(q->line);
	q->line = line;
	if (line != NULL) {
		line->refs++;
		line->left++;
	}
}

static int
by_seq(const void *a, const void *b)
{
	const struct kept *const *p = a, *const *q = b;

	return (*p)->seq < (*q)->seq ? -1 : (*p)->seq > (*q)->seq;
}

static void
gather(struct batch *b, struct kept ***v, size_t *n, size_t *cap)
{
	for (size_t i = 0; i < b->nlines; i++) {
		*v = x_grow(*v, *n, cap, sizeof **v);
		(*v)[(*n)++] = b->lines[i];
		b->lines[i]->refs++;
	}
}

/* 1 if the batch is not sent when its collection is set aside. */
static int
stays(const struct batch *f, const struct coll *c)
{
	return f->coll == c && (f->refused != NULL || batch_never_sent(f));
}

void
rowq_take_back(struct rowq *q, struct coll *c, const struct batch *but)
{
	struct batch *f, *next;

	for (f = q->flying.head; f != NULL; f = next) {
		next = f->next;
		if (stays(f, c) && f != but)
			rowq_retire(q, f);
	}
	while (c->open != NULL) {
		struct batch *o = c->open;

		c->open = o->sibling;
		rowq_retire(q, o);
	}
}

struct kept **
rowq_take_lines(struct rowq *q, struct batch *b, size_t *n)
{
	struct kept **v = NULL;
	size_t cap = 0, all = 0;
	struct coll *c = b->coll;

	for (struct batch *f = q->flying.head; f != NULL; f = f->next)
		if (stays(f, c))
			gather(f, &v, &all, &cap);
	for (struct batch *o = c->open; o != NULL; o = o->sibling)
		gather(o, &v, &all, &cap);
	rowq_take_back(q, c, b);
	if (all > 0)
		qsort(v, all, sizeof *v, by_seq);
	*n = 0;
	for (size_t i = 0; i < all; i++) {
		if (v[i]->taken) {
			kept_drop(v[i]);
		} else {
			v[i]->taken = 1;
			v[(*n)++] = v[i];
		}
	}
	return v;
}

/*
 * 1 if another batch of the collection is out, or was sent and will be sent
 * again.
 */
static int
others_sent(const struct rowq *q, const struct batch *b)
{
	for (const struct batch *o = q->flying.head; o != NULL; o = o->next)
		if (o->coll == b->coll && o->refused == NULL &&
		    !batch_never_sent(o))
			return 1;
	return 0;
}

void
rowq_set_aside(struct rowq *q)
{
	struct batch *b = q->flying.head;

	while (b != NULL && q->failed.kind == ERR_NONE && !q->settling) {
		if (b->refused == NULL || others_sent(q, b)) {
			b = b->next;
			continue;
		}
		if (q->refused(q->refused_arg, b, b->refused) == -1)
			q->failed = *b->refused;
		else
			rowq_retire(q, b);
		b = q->flying.head;
	}
}

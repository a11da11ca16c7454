#include "stream/merge_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "model/tso.h"

/*
 * Transactions of a streaming log, each in one topic. What counts is what
 * counts for the readers inside Milvus, TxnBuffer of
 * internal/streamingnode/server/wal/utility: a new term of the log ends none,
 * since the next writer goes on with those that are open (NewTxnManager of its
 * interceptors/txn), and a standby of Milvus's own replication has them without
 * a limit of time.
 */

static struct txn *
txn_find(const struct topic *t, int64_t id)
{
	for (size_t i = 0; i < t->n_txns; i++)
		if (t->txns[i]->id == id)
			return t->txns[i];
	return NULL;
}

/* Not open any more; its records are still held. */
static void
txn_close(struct topic *t, struct txn *x)
{
	size_t i = 0;

	while (t->txns[i] != x)
		i++;
	t->txns[i] = t->txns[--t->n_txns];
}

/* Nothing of it counts: it was rolled back, or will never be committed. */
static void
txn_drop(struct merge *m, struct topic *t, struct txn *x)
{
	for (size_t i = 0; i < x->rows.n; i++) {
		x->rows.v[i]->released = 1;
		record_drop(&x->rows.v[i]->m);
	}
	x->begin->released = 1;
	m->stats.unfinished++;
	txn_close(t, x);
}

void
txns_expire(struct merge *m, struct topic *t, uint64_t tick)
{
	for (size_t i = t->n_txns; i-- > 0;) {
		struct txn *x = t->txns[i];

		if (x->keepalive_ms >= 0 && tick >= x->last &&
		    tso_ms(tick - x->last) >= x->keepalive_ms)
			txn_drop(m, t, x);
	}
}

void
txns_end(struct merge *m, struct topic *t)
{
	while (t->n_txns > 0)
		txn_drop(m, t, t->txns[0]);
}

static void
txn_begin(struct topic *t, struct rec *r)
{
	struct txn *x = x_calloc(1, sizeof *x);

	x->id = r->msg.txn_id;
	x->last = r->ts;
	x->keepalive_ms = r->msg.keepalive_ms;
	x->begin = r;
	r->txn = x;
	t->txns =
	    x_grow(t->txns, t->n_txns, &t->txns_cap, sizeof(struct txn *));
	t->txns[t->n_txns++] = x;
	merge_keep(t, r);
}

/* All of its rows take the commit's timestamp. */
static void
txn_commit(struct merge *m, struct topic *t, struct txn *x, struct rec *r)
{
	int skip = merge_skips(t, r);

	for (size_t i = 0; i < x->rows.n; i++) {
		struct rec *row = x->rows.v[i];

		row->ts = row->msg.ts = r->ts;
		row->late = r->late;
		if (skip || !merge_wants(m, row)) {
			row->released = 1;
			record_drop(&row->m);
			++*(skip ? &m->stats.skipped : &m->stats.unwanted);
		} else {
			m->stats.late += (uint64_t)r->late;
			recs_push(&t->young, row);
		}
	}
	x->begin->released = 1;
	txn_close(t, x);
}

/*
 * Has it this row already? Where all of its rows have the commit's timestamp
 * when they come, only their bytes tell.
 */
static int
txn_has(const struct txn *x, const struct rec *r)
{
	for (size_t i = 0; i < x->rows.n; i++) {
		const struct rec *o = x->rows.v[i];

		if (o->ts == r->ts && o->msg.kind == r->msg.kind &&
		    o->m.len == r->m.len &&
		    memcmp(o->m.ptr, r->m.ptr, r->m.len) == 0)
			return 1;
	}
	return 0;
}

struct rec *
txns_add(struct merge *m, struct topic *t, struct rec *r)
{
	struct txn *x = txn_find(t, r->msg.txn_id);

	if (x == NULL && r->msg.kind == MSG_BEGIN) {
		txn_begin(t, r);
		return r;
	}
	if (r->msg.kind == MSG_BEGIN) { /* again: what it has counts */
		m->stats.retries++;
		merge_mark(t, r);
		return NULL;
	}
	if (x != NULL && r->ts > x->last)
		x->last = r->ts;
	if (x != NULL && msg_use(r->msg.kind) != MSG_USE_TXN) {
		if (txn_has(x, r)) {
			m->stats.retries++;
			merge_mark(t, r);
			return NULL;
		}
		recs_push(&x->rows, r);
		merge_keep(t, r);
		return r;
	}
	if (x != NULL && r->msg.kind == MSG_COMMIT)
		txn_commit(m, t, x, r);
	else if (x != NULL)
		txn_drop(m, t, x);
	else if (r->msg.kind == MSG_COMMIT && t->pub.cut && !merge_skips(t, r))
		log_warn("topic '%s' offset %s: a transaction that began "
			 "before the first record that is read is not in the "
			 "stream",
		    t->pub.name, MQ_TEXT(r->m.id));
	merge_mark(t, r);
	return NULL;
}

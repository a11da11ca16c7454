#include "apply/queue.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "apply/queue_priv.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/out.h"
#include "base/sig.h"
#include "milvus/keyset.h"
#include "net/transient.h"

struct rowq *
rowq_new(struct milvus *m, const struct rowq_conf *conf)
{
	struct rowq *q = x_calloc(1, sizeof *q);

	q->m = m;
	q->conf = *conf;
	window_init(&q->window, conf->window);
	return q;
}

void
rowq_free(struct rowq *q)
{
	if (q == NULL)
		return;
	batch_list_fini(&q->open);
	batch_list_fini(&q->flying);
	batch_list_fini(&q->answered);
	keyset_fini(&q->keys);
	kept_drop(q->line);
	buf_fini(&q->scratch);
	free(q);
}

static const char *
method(const struct rowq *q, const struct batch *b)
{
	return b->cols == NULL  ? "Delete"
	       : q->conf.insert ? "Insert"
				: "Upsert";
}

/* 1 if the batch waits for earlier ones. */
static int
held(const struct rowq *q, const struct batch *b)
{
	return q->flying.n > 0 && q->flying.head->seq <= b->after;
}

/*
 * 1 if the batch could be sent now, apart from its time. A batch of a
 * collection that has a refused one waits.
 */
static int
may_go(const struct rowq *q, const struct batch *b)
{
	return !b->flying && b->refused == NULL && !held(q, b) &&
	       b->coll->awaits == NULL &&
	       (b->coll->refused == 0 || !batch_never_sent(b));
}

static void answered(void *arg, const struct grpc_result *r);

static void
start(struct rowq *q, struct batch *b)
{
	batch_close(b);
	b->flying = 1;
	b->sent_ns = clock_ns();
	q->out++;
	window_distance(&q->window, grpc_round_trip_ns(milvus_grpc(q->m)));
	grpc_start(milvus_grpc(q->m), method(q, b), b->pieces, b->npieces,
	    milvus_timeout_ms(q->m), answered, b);
}

/* Splits a batch that is too large for the target in two. */
static void
halve(struct rowq *q, struct batch *b)
{
	struct batch *c = batch_new(q, b->coll, b->part, 0);
	size_t at = b->n / 2;

	columns_free(c->cols);
	c->cols = columns_split(b->cols, at);
	c->n = b->n - at;
	b->n = at;
	c->hashes = x_memdup(b->hashes + at, c->n * sizeof *c->hashes);
	for (size_t i = 0; i < c->n; i++) {
		if (keyset_get(&q->keys, c->hashes[i]) == b)
			keyset_put(&q->keys, c->hashes[i], c, i);
	}
	c->bytes = columns_bytes(c->cols);
	b->bytes -= c->bytes;
	c->epoch = b->epoch;
	batch_where(c, &b->first, NULL);
	batch_where(c, &b->last, NULL);
	for (size_t i = 0; i < b->nlines; i++)
		batch_where(c, &b->last, b->lines[i]);
	c->seq = b->seq;
	c->after = b->after;
	batch_push(&q->flying, b, c);
	log_info(
	    "the target refuses %zu rows at a time as too large", b->n * 2);
	start(q, b);
	start(q, c);
}

static void
fail(struct rowq *q, struct batch *b, const struct mv_status *s)
{
	struct err e = { 0 };

	milvus_settled(q->m, &b->retry);
	if (passing_cause(s->reason) != PASSING_NOT)
		err_set(&e, ERR_DATA, "%s", s->reason);
	else if (s->code == 0)
		err_set(
		    &e, ERR_DATA, "%s; trying again will not help", s->reason);
	else
		err_set(&e, ERR_DATA,
		    "%s (code %d); trying again will not help", s->reason,
		    s->code);
	buf_clear(&q->scratch);
	batch_describe(b, method(q, b), &q->scratch);
	err_wrap(&e, "%s", q->scratch.ptr);
	if (q->refused != NULL) {
		b->refused = x_memdup(&e, sizeof e);
		b->coll->refused++;
	} else if (q->failed.kind == ERR_NONE) {
		q->failed = e;
	}
}

static void
again(struct rowq *q, struct batch *b, const struct mv_status *s)
{
	struct err e = { 0 };

	buf_clear(&q->scratch);
	batch_describe(b, method(q, b), &q->scratch);
	if (milvus_retry(q->m, &b->retry, s, q->scratch.ptr, &e) == 0)
		return;
	if (s->class == MV_ABSENT || s->class == MV_ODD)
		fail(q, b, s);
	else if (q->failed.kind == ERR_NONE)
		q->failed = e;
}

/*
 * 1 if the absent object may still appear: the partition was found or made
 * before its rows are sent, but a target that restarts while making it says for
 * a while that it is absent.
 */
static int
may_come(const struct mv_status *s)
{
	return s->class == MV_ABSENT && s->code == MVC_NO_PARTITION;
}

static void
answered(void *arg, const struct grpc_result *r)
{
	struct batch *b = arg;
	struct rowq *q = b->q;
	struct mv_status s;

	milvus_judge(r, 0, &s);
	if (s.class == MV_OK)
		milvus_taken(r, method(q, b), b->n, &s);
	b->flying = 0;
	q->out--;
	/* Keys of an absent partition are absent too. */
	if (s.class == MV_ABSENT && s.code == MVC_NO_PARTITION &&
	    b->cols == NULL)
		s.class = MV_OK;
	if (s.class == MV_SLOW)
		window_refused(&q->window, b->sent_ns, clock_ns());
	if (s.class == MV_OK) {
		milvus_settled(q->m, &b->retry);
		window_taken(&q->window);
		q->done_rows += b->n + b->replaced;
		rowq_answered(q, b);
	} else if (s.class == MV_RETRY || s.class == MV_SLOW ||
		   s.class == MV_ODD || may_come(&s)) {
		again(q, b, &s);
	} else if (s.class == MV_TOO_LARGE && b->cols != NULL && b->n > 1) {
		halve(q, b);
	} else {
		fail(q, b, &s);
	}
}

/* Starts the requests whose time for the next try has come. */
static void
restart(struct rowq *q)
{
	int64_t now = clock_ns();

	if (q->settling || q->failed.kind != ERR_NONE)
		return;
	for (struct batch *b = q->flying.head;
	     b != NULL && q->out < q->window.now; b = b->next)
		if (b->retry.at_ns <= now && may_go(q, b))
			start(q, b);
}

static int
check(struct rowq *q, struct err *e)
{
	if (q->failed.kind != ERR_NONE) {
		*e = q->failed;
		return -1;
	}
	if (sig_stop != 0 && !q->settling)
		return err_set(e, ERR_STOP, "stopped");
	return 0;
}

/* Milliseconds until the first waiting request may be sent, at most `most`. */
static int
retry_timeout(const struct rowq *q, int most)
{
	int64_t now = clock_ns(), at = now + (int64_t)most * NS_PER_MS;

	if (q->out >= q->window.now || q->settling)
		return most;
	for (const struct batch *b = q->flying.head; b != NULL; b = b->next)
		if (b->retry.at_ns < at && may_go(q, b))
			at = b->retry.at_ns;
	return at <= now ? 0 : (int)((at - now) / NS_PER_MS) + 1;
}

int
rowq_wait(struct rowq *q, struct grpc_fd *in, int timeout_ms, struct err *e)
{
	struct grpc_fd fds[2];
	size_t n = 0;
	int rc;

	if (in != NULL)
		fds[n++] = *in;
	if (timeout_ms > 0 && sig_fd() >= 0 && !q->settling)
		fds[n++].fd = sig_fd();
	restart(q);
	rc = grpc_wait(
	    milvus_grpc(q->m), fds, n, retry_timeout(q, timeout_ms), e);
	if (in != NULL)
		in->ready = fds[0].ready;
	if (rc != -1)
		rowq_set_aside(q);
	return rc == -1 ? -1 : check(q, e);
}

int
rowq_timeout(const struct rowq *q, int most)
{
	int64_t now = clock_ns(), age;

	most = retry_timeout(q, most);
	if (q->open.head == NULL)
		return most;
	age = (now - q->open.head->born_ns) / NS_PER_MS;
	if (age >= ROWQ_AGE_MS) /* it waits for room in the window, up to
				   ROWQ_AGE_MOST_MS */
		return most < ROWQ_STEP_MS ? most : ROWQ_STEP_MS;
	return most < ROWQ_AGE_MS - age ? most : (int)(ROWQ_AGE_MS - age) + 1;
}

static void
say(struct rowq *q, struct batch *b)
{
	buf_clear(&q->scratch);
	batch_describe(b, method(q, b), &q->scratch);
	out_text(q->conf.out, &q->scratch);
}

/* Moves an open batch into the list of those to be sent. */
static void
enqueue(struct rowq *q, struct batch *b)
{
	for (struct batch **p = &b->coll->open; *p != NULL; p = &(*p)->sibling)
		if (*p == b) {
			*p = b->sibling;
			break;
		}
	batch_seal(b);
	if (b->n == 0) { /* all its rows were replaced */
		q->done_rows += b->replaced;
		rowq_retire(q, b);
		return;
	}
	if (q->conf.dry_run) {
		say(q, b);
		rowq_retire(q, b);
		return;
	}
	batch_unlist(b);
	b->seq = ++q->seq;
	batch_push(&q->flying, q->flying.tail, b);
	for (struct batch *o = b->coll->open; o != NULL && b->cols == NULL;
	     o = o->sibling)
		if (o->behind) {
			o->after = b->seq;
			o->behind = batch_before(o, NULL) != NULL;
		}
}

int
rowq_dispatch(struct rowq *q, struct batch *b, struct err *e)
{
	struct batch *o;

	while ((o = batch_before(b, NULL)) != NULL)
		enqueue(q, o);
	enqueue(q, b);
	if (q->conf.dry_run)
		return 0;
	if (rowq_wait(q, NULL, 0, e) == -1)
		return -1;
	while (q->flying.n > q->window.now)
		if (rowq_wait(q, NULL, ROWQ_STEP_MS, e) == -1)
			return -1;
	return 0;
}

int
rowq_has_room(const struct rowq *q, const struct batch *b)
{
	return q->conf.dry_run ||
	       (!held(q, b) && batch_before(b, NULL) == NULL &&
		   q->flying.n < q->window.now);
}

/*
 * 1 if an open batch should be sent. While the window is full, it is filled
 * further.
 */
static int
is_due(const struct rowq *q, const struct batch *b, int64_t now)
{
	int64_t age = (now - b->born_ns) / NS_PER_MS;

	return age >= ROWQ_AGE_MOST_MS ||
	       (age >= ROWQ_AGE_MS && q->flying.n < q->window.now);
}

/* An open batch that should be sent and can be sent at once. */
static struct batch *
next_open(const struct rowq *q, int all)
{
	int64_t now = clock_ns();
	struct batch *b, *o;

	for (b = q->open.head; b != NULL; b = b->next) {
		if (!all && !is_due(q, b, now))
			return NULL; /* the batches behind it are younger */
		o = batch_before(b, NULL);
		if (o == NULL)
			o = b;
		if (!held(q, o))
			return o;
	}
	return NULL;
}

int
rowq_flush(struct rowq *q, int all, struct err *e)
{
	struct batch *b;

	while ((b = next_open(q, all)) != NULL)
		if (rowq_dispatch(q, b, e) == -1)
			return -1;
	return 0;
}

static int
flush_all(struct rowq *q, struct err *e)
{
	while (q->open.head != NULL)
		if (rowq_dispatch(q, q->open.head, e) == -1)
			return -1;
	return 0;
}

int
rowq_drain(struct rowq *q, struct err *e)
{
	/* While settling, wait for all requests whatever has failed (law 8). */
	if (!q->settling && (check(q, e) == -1 || flush_all(q, e) == -1))
		return -1;
	while (q->settling ? q->out > 0 : q->flying.n > 0)
		if (rowq_wait(q, NULL, ROWQ_STEP_MS, e) == -1 && !q->settling)
			return -1;
	return check(q, e);
}

void
rowq_settle(struct rowq *q)
{
	q->settling = 1;
}

int
rowq_failed(const struct rowq *q)
{
	return q->failed.kind != ERR_NONE;
}

void
rowq_tick(struct rowq *q)
{
	q->epoch++;
}

uint64_t
rowq_now(const struct rowq *q)
{
	return q->epoch;
}

uint64_t
rowq_epoch(const struct rowq *q)
{
	const struct batch_list *lists[] = { &q->open, &q->flying,
		&q->answered };
	uint64_t least = q->epoch;

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		for (const struct batch *b = lists[i]->head; b != NULL;
		     b = b->next)
			if (b->epoch < least)
				least = b->epoch;
	return least;
}

size_t
rowq_flying(const struct rowq *q)
{
	return q->flying.n;
}

uint64_t
rowq_added(const struct rowq *q)
{
	return q->added;
}

uint64_t
rowq_done_rows(const struct rowq *q)
{
	return q->done_rows;
}

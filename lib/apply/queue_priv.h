#ifndef CDC_APPLY_QUEUE_PRIV_H
#define CDC_APPLY_QUEUE_PRIV_H

#include "apply/queue.h"
#include "apply/queue_window.h"
#include "base/buf.h"
#include "base/err.h"
#include "milvus/client.h"
#include "milvus/keyset.h"
#include "rows/columns.h"

/*
 * One request's worth of rows or keys: filled, sent, perhaps again, answered.
 * For queue.c, which sends, queue_add.c, which fills, and queue_refused.c,
 * which takes back what the target refuses.
 */
struct batch {
	struct batch_list *list; /* that it is in */
	struct batch *prev, *next;
	struct batch *sibling; /* of the collection, while open */
	struct rowq *q;
	struct coll *coll;
	char *part;      /* NULL: all partitions */
	int flying;      /* at the server */
	uint64_t seq;    /* of those that were closed, from 1 */
	uint64_t after;  /* goes when all up to this seq are answered */
	int behind;      /* and when an open one of keys has gone */
	int64_t sent_ns; /* when it was last started */
	uint64_t epoch;  /* of its first row */
	int64_t born_ns;
	struct mv_retry retry;
	struct err *refused; /* why it is to be set aside, or NULL */
	/* rows */
	struct columns *cols;
	int json_inline;
	/* keys */
	struct buf expr; /* "pk in [1,2" while open */
	size_t last_key; /* where the last one begins in expr */
	/* both */
	size_t n, bytes;
	uint64_t *hashes; /* n of them; 0: the row was replaced */
	size_t *marks;    /* of rows, while open: where the key stands */
	size_t hashes_cap;
	size_t replaced; /* rows that will not be sent */
	const struct span *pieces;
	size_t npieces;
	struct buf req;
	struct span piece;
	struct origin first, last; /* lines; topics are owned */
	char *topic;
	struct kept **lines;
	size_t nlines, lines_cap;
};

struct batch_list {
	struct batch *head, *tail;
	size_t n;
};

struct batch *batch_new(
    struct rowq *q, struct coll *c, const char *part, int keys);
void batch_free(struct batch *b);

/* Into the list, behind `at`; NULL: at its head. */
void batch_push(struct batch_list *l, struct batch *at, struct batch *b);
void batch_unlist(struct batch *b);
void batch_list_fini(struct batch_list *l); /* and all that is in it */

/* Note that a row of this line is in it. */
void batch_where(struct batch *b, const struct origin *w, struct kept *line);

/* Append a key. INT64_MIN is written as a sum: Milvus cannot read it. */
void batch_key(struct batch *b, const void *key, size_t n);

/*
 * Row `at` goes out, if it has this key: a later line has another row of it, or
 * deletes it. 0 if not, which two keys of one hash can bring about.
 */
int batch_replace(struct batch *b, size_t at, struct span key);
/* An open one of keys, other than k, that has to go before b; or NULL. */
struct batch *batch_before(const struct batch *b, const struct batch *k);

/* No rows come any more: those that were replaced leave the columns. */
void batch_seal(struct batch *b);

static inline int
batch_never_sent(const struct batch *b)
{
	return b->sent_ns == 0;
}

/* The pieces of its request, when it is sent. */
void batch_close(struct batch *b);

/* "upsert of 20 rows to 'db.coll', keys 1 to 9, lines 3 to 4, topic …" */
void batch_describe(const struct batch *b, const char *method, struct buf *t);

enum { ROWQ_STEP_MS = 100 };

struct rowq {
	struct milvus *m;
	struct rowq_conf conf;
	struct batch_list open;   /* oldest first */
	struct batch_list flying; /* sent, or waiting to be; by seq */
	/* done, but of a line of which another part may be refused yet */
	struct batch_list answered;
	struct window window;
	size_t out;   /* of those that fly, how many are at the server */
	uint64_t seq; /* of the last one that was closed */
	struct keyset keys;
	size_t bytes; /* of all batches */
	uint64_t epoch, added, done_rows;
	int settling;      /* no retries */
	struct err failed; /* the first request that ended badly */
	rowq_refused *refused;
	void *refused_arg;
	struct kept *line;
	struct buf scratch;
};

/* Out of the lists and of the key set, and gone. */
void rowq_retire(struct rowq *q, struct batch *b);
/* It is at the target, and retires when its lines are, whole. */
void rowq_answered(struct rowq *q, struct batch *b);
/* Is no other part of its lines, `but` one or NULL, still to be answered? */
int batch_is_whole(const struct batch *b, const struct kept *but);
/*
 * What was refused, of a collection all at once when nothing of it is out any
 * more, so that its lines are in order.
 */
void rowq_set_aside(struct rowq *q);
/* Would this open one be sent at once? */
int rowq_has_room(const struct rowq *q, const struct batch *b);
/*
 * Out of the open ones, behind those that have to go first; waits for room in
 * the window. b may be gone then.
 */
int rowq_dispatch(struct rowq *q, struct batch *b, struct err *e);

#endif

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
 * One request of rows or keys: filled, sent, perhaps sent again, answered.
 * Shared by queue.c, which sends batches, queue_add.c, which fills them, and
 * queue_refused.c, which takes back what the target refuses.
 */
struct batch {
	struct batch_list *list; /* the list that has it */
	struct batch *prev, *next;
	struct batch *sibling; /* next open batch of the collection */
	struct rowq *q;
	struct coll *coll;
	char *part;      /* NULL: all partitions */
	int flying;      /* the server has it */
	uint64_t seq;    /* number among closed batches, from 1 */
	uint64_t after;  /* sent when all batches up to this seq are answered */
	int behind;      /* sent after the open batches of deleted keys */
	int64_t sent_ns; /* when it was last started */
	uint64_t epoch;  /* epoch of its first row */
	int64_t born_ns;
	struct mv_retry retry;
	struct err *refused; /* why it is to be set aside, or NULL */
	/* a batch of rows */
	struct columns *cols;
	int json_inline;
	/* a batch of keys to delete */
	struct buf expr; /* "pk in [1,2" while open */
	size_t last_key; /* where the last key begins in expr */
	/* both kinds */
	size_t n, bytes;
	uint64_t *hashes; /* n of them; 0: the row was replaced */
	size_t *marks;    /* while open: place of each row's key */
	size_t hashes_cap;
	size_t replaced; /* rows that will not be sent */
	const struct span *pieces;
	size_t npieces;
	struct buf req;
	struct span piece;
	struct origin first, last; /* of the lines; topics are owned */
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

/* Insert a batch into the list behind `at`; NULL: at its head. */
void batch_push(struct batch_list *l, struct batch *at, struct batch *b);
void batch_unlist(struct batch *b);
void batch_list_fini(struct batch_list *l); /* frees its batches too */

/* Note that the batch has a row of this line. */
void batch_where(struct batch *b, const struct origin *w, struct kept *line);

/*
 * Append a key. INT64_MIN is written as a sum because Milvus cannot parse it.
 */
void batch_key(struct batch *b, const void *key, size_t n);

/*
 * Remove row `at` because a later line replaces or deletes it. 0 if that row
 * has another key, which happens when two keys have one hash.
 */
int batch_replace(struct batch *b, size_t at, struct span key);
/* An open batch of keys, other than k, that must be sent before b; or NULL. */
struct batch *batch_before(const struct batch *b, const struct batch *k);

/* End the filling: rows that were replaced are removed from the columns. */
void batch_seal(struct batch *b);

static inline int
batch_never_sent(const struct batch *b)
{
	return b->sent_ns == 0;
}

/* Make the pieces of the request, just before it is sent. */
void batch_close(struct batch *b);

/* "upsert of 20 rows to 'db.coll', keys 1 to 9, lines 3 to 4, topic …" */
void batch_describe(const struct batch *b, const char *method, struct buf *t);

enum { ROWQ_STEP_MS = 100 };

struct rowq {
	struct milvus *m;
	struct rowq_conf conf;
	struct batch_list open; /* oldest first */
	/* closed: sent, or waiting to be sent; by seq */
	struct batch_list flying;
	/* answered, but other parts of their lines may still be refused */
	struct batch_list answered;
	struct window window;
	size_t out;   /* how many of `flying` the server has */
	uint64_t seq; /* seq of the batch that was closed last */
	struct keyset keys;
	size_t bytes; /* of all batches */
	uint64_t epoch, added, done_rows;
	int settling;      /* no request is sent again */
	struct err failed; /* the first request that ended badly */
	rowq_refused *refused;
	void *refused_arg;
	struct kept *line;
	struct buf scratch;
};

/* Remove the batch from its list and from the key set, and free it. */
void rowq_retire(struct rowq *q, struct batch *b);
/*
 * The target has its rows; it retires when all parts of its lines are answered.
 */
void rowq_answered(struct rowq *q, struct batch *b);
/*
 * 1 if no other part of its lines, except of the line `but` (or NULL), waits
 * for an answer.
 */
int batch_is_whole(const struct batch *b, const struct kept *but);
/*
 * Set aside what was refused. A collection waits until none of its requests is
 * out, so that its lines are set aside in order.
 */
void rowq_set_aside(struct rowq *q);
/* 1 if this open batch could be sent at once. */
int rowq_has_room(const struct rowq *q, const struct batch *b);
/*
 * Close an open batch and those that must be sent before it; waits for room in
 * the window. b may be freed then.
 */
int rowq_dispatch(struct rowq *q, struct batch *b, struct err *e);

#endif

#ifndef CDC_APPLY_QUEUE_H
#define CDC_APPLY_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "codec/json_read.h"
#include "milvus/collection.h"
#include "model/mq_id.h"
#include "net/grpc.h"

struct err;
struct milvus;
struct out;

/*
 * Rows and deletes on their way to the target. Those of one collection and
 * partition are merged into requests; a window of requests is out at a time.
 * Requests can overtake each other, but not if they have a primary key in
 * common: a batch with a key of an earlier batch is sent after the answer to
 * that one, and is filled further while it waits. In an open batch a row is
 * replaced by a later row of its key and removed by a later delete, and open
 * deletes are sent before open rows. So a request has each key once, and the
 * last line wins.
 */
struct rowq;

enum {
	ROWQ_BATCH_BYTES = 1 << 20,   /* of one request */
	ROWQ_BATCH_MAX = 48 << 20,    /* the target refuses more than 64 MiB */
	ROWQ_KEYS_MAX = 10000,        /* of one delete */
	ROWQ_EXPR_MAX = 512 << 10,    /* bytes of one delete */
	ROWQ_TOTAL_BYTES = 256 << 20, /* all batches together; then rows wait */
	ROWQ_AGE_MS = 200,       /* of an open batch, if the window has room */
	ROWQ_AGE_MOST_MS = 2000, /* of an open batch in any case */
};

struct rowq_conf {
	int insert;    /* Insert instead of Upsert */
	int dry_run;   /* say what would be sent */
	size_t window; /* requests in flight; 0: as many as the target takes */
	size_t batch_bytes;
	struct out *out; /* for a dry run */
};

/* The line that rows come from, for messages. */
struct origin {
	const char *file;
	uint64_t line;
	const char *topic; /* "" if the line has none */
	struct mq_id id;
};

struct rowq *rowq_new(struct milvus *m, const struct rowq_conf *conf);
void rowq_free(struct rowq *q);

/*
 * Called when requests of a collection were refused and none of its requests is
 * out any more; b is the first. Returns 0 if it has set the rows aside, else -1
 * with *e, which it may change.
 */
typedef int rowq_refused(void *arg, struct batch *b, struct err *e);
void rowq_on_refused(struct rowq *q, rowq_refused *fn, void *arg);

/*
 * Add the rows (an array of objects) or the keys (an array) of one line. They
 * may be sent later; the text is not needed after the call. part NULL, for keys
 * only: all partitions. -1 with ERR_DATA for a bad row, with ERR_TEMP or
 * another kind if a request in flight failed, with ERR_STOP on a signal.
 */
int rowq_rows(struct rowq *q, struct coll *c, const char *part,
    struct span rows, int json_inline, const struct origin *w, struct err *e);
int rowq_keys(struct rowq *q, struct coll *c, const char *part,
    struct span keys, const struct origin *w, struct err *e);

/* Begin the next epoch: later rows belong to it. */
void rowq_tick(struct rowq *q);
/* The oldest epoch that has a row which is not safe at the target. */
uint64_t rowq_epoch(const struct rowq *q);
/* The current epoch. */
uint64_t rowq_now(const struct rowq *q);

/*
 * Send open batches that need not wait for an answer; without `all`, only those
 * that are old enough.
 */
int rowq_flush(struct rowq *q, int all, struct err *e);
/* Milliseconds until the queue has something to do, at most `most`. */
int rowq_timeout(const struct rowq *q, int most);
/*
 * Drive requests, and start those whose time has come, until something has
 * happened, timeout_ms have passed, or *in (or NULL) is readable.
 */
int rowq_wait(
    struct rowq *q, struct grpc_fd *in, int timeout_ms, struct err *e);
/* Send all open batches and wait until every request is answered. */
int rowq_drain(struct rowq *q, struct err *e);
/*
 * From now on send nothing again: wait only for answers to requests in flight.
 */
void rowq_settle(struct rowq *q);
int rowq_failed(const struct rowq *q); /* a request failed for good */

/* batches that are closed and not answered */
size_t rowq_flying(const struct rowq *q);
uint64_t rowq_added(const struct rowq *q); /* rows and keys that were added */
/* those that are safe at the target */
uint64_t rowq_done_rows(const struct rowq *q);

/*
 * A line that has rows in batches, kept so that it can be set aside. Only if
 * rowq_line was called before rowq_rows or rowq_keys.
 */
struct kept {
	unsigned refs;
	unsigned left; /* requests without an answer, plus one while the line is
			  being read */
	int taken;     /* it was set aside: the rest of it is not sent */
	uint64_t seq;
	size_t len;
	char text[];
};
void rowq_line(struct rowq *q, struct kept *line); /* NULL: keep none */
/* 1 if that line was set aside meanwhile, together with a refused one. */
int rowq_line_taken(const struct rowq *q);
/* The caller sets the line aside; 0 if that was done before. */
int rowq_take_line(struct rowq *q);
void kept_drop(struct kept *k);
/*
 * The lines of b and of all batches of its collection that were refused or
 * never sent. These batches are removed. Lines are in order, without those
 * taken before. The caller drops each line and frees the array.
 */
struct kept **rowq_take_lines(struct rowq *q, struct batch *b, size_t *n);

/*
 * Remove the batches of a collection that were refused or never sent, except
 * `but`.
 */
void rowq_take_back(struct rowq *q, struct coll *c, const struct batch *but);

#endif

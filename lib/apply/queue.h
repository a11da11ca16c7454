#ifndef CDC_APPLY_QUEUE_H
#define CDC_APPLY_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "codec/json_read.h"
#include "milvus/collection.h"
#include "net/grpc.h"

struct err;
struct milvus;
struct out;

/*
 * Rows and deletes on their way to the target. Those of one collection and
 * partition are merged into requests, a window of which is out at a time.
 * Requests may overtake each other, but those of one primary key never do: a
 * batch that has a key of an earlier one is sent when that one is answered,
 * and fills up while it waits. In an open batch a row gives way to a later row
 * or delete of its key, and open deletes go before open rows. So a key is in a
 * request at most once, and the last line wins.
 */
struct rowq;

enum {
	ROWQ_BATCH_BYTES = 1 << 20,   /* of one request */
	ROWQ_BATCH_MAX = 48 << 20,    /* the target refuses more than 64 MiB */
	ROWQ_KEYS_MAX = 10000,        /* of one delete */
	ROWQ_EXPR_MAX = 512 << 10,    /* bytes of one delete */
	ROWQ_TOTAL_BYTES = 256 << 20, /* open and in flight, more waits */
	ROWQ_AGE_MS = 200,       /* of an open batch, if the window has room */
	ROWQ_AGE_MOST_MS = 2000, /* of an open batch */
};

struct rowq_conf {
	int insert;    /* Insert instead of Upsert */
	int dry_run;   /* say what would be sent */
	size_t window; /* requests in flight; 0: what the target bears */
	size_t batch_bytes;
	struct out *out; /* of a dry run */
};

/* The line that rows come from, for messages. */
struct origin {
	const char *file;
	uint64_t line;
	const char *topic; /* "" if it has none */
	int64_t offset;
};

struct rowq *rowq_new(struct milvus *m, const struct rowq_conf *conf);
void rowq_free(struct rowq *q);

/*
 * To be told when requests of a collection were refused and nothing of it is
 * out any more; b is the first. Returns 0 if that was dealt with (the rows are
 * set aside), -1 with *e, perhaps changed, if not.
 */
typedef int rowq_refused(void *arg, struct batch *b, struct err *e);
void rowq_on_refused(struct rowq *q, rowq_refused *fn, void *arg);

/*
 * Add the rows (an array of objects) or the keys (an array) of one line. They
 * may have been sent or not when this returns; the text is not needed any
 * more. part NULL: of all partitions, for keys only. -1 with ERR_DATA for a
 * bad row, ERR_TEMP or what else a request in flight ended with, ERR_STOP.
 */
int rowq_rows(struct rowq *q, struct coll *c, const char *part,
    struct span rows, int json_inline, const struct origin *w, struct err *e);
int rowq_keys(struct rowq *q, struct coll *c, const char *part,
    struct span keys, const struct origin *w, struct err *e);

/* Rows from now on belong to the next epoch. */
void rowq_tick(struct rowq *q);
/* The epoch of the oldest row that is not safe at the target. */
uint64_t rowq_epoch(const struct rowq *q);
/* The one that rows now get. */
uint64_t rowq_now(const struct rowq *q);

/*
 * Send what is open and need not wait for an answer; only what is old enough,
 * if not all.
 */
int rowq_flush(struct rowq *q, int all, struct err *e);
/* Milliseconds until there is something to do, at most `most`. */
int rowq_timeout(const struct rowq *q, int most);
/*
 * Let requests go on and start those whose time has come, until something
 * happened or timeout_ms have passed, or *in (or NULL) is readable.
 */
int rowq_wait(
    struct rowq *q, struct grpc_fd *in, int timeout_ms, struct err *e);
/* Send all that is open and wait until all is answered. */
int rowq_drain(struct rowq *q, struct err *e);
/* No retries any more: wait only for answers to what is out. */
void rowq_settle(struct rowq *q);
int rowq_failed(const struct rowq *q); /* a request ended badly */

size_t rowq_flying(const struct rowq *q);      /* batches on their way */
uint64_t rowq_added(const struct rowq *q);     /* rows and keys taken */
uint64_t rowq_done_rows(const struct rowq *q); /* that are at the target */

/*
 * Lines of which rows are in a batch, kept for setting them aside; only if
 * one was given by rowq_line before rowq_rows or rowq_keys.
 */
struct kept {
	unsigned refs;
	unsigned left; /* requests that are to be answered, and its reading */
	int taken;     /* it was set aside: no more of it is sent */
	uint64_t seq;
	size_t len;
	char text[];
};
void rowq_line(struct rowq *q, struct kept *line); /* NULL: keep none */
/* Was that line set aside meanwhile, with one that was refused? */
int rowq_line_taken(const struct rowq *q);
/* The caller sets it aside; 0 if that has been done. */
int rowq_take_line(struct rowq *q);
void kept_drop(struct kept *k);
/*
 * The lines of b and of all batches of its collection that were refused or not
 * sent yet, and are taken back; in order, and none that was taken before. The
 * caller drops each and frees the array.
 */
struct kept **rowq_take_lines(struct rowq *q, struct batch *b, size_t *n);

/* Drop what of a collection was refused or not sent yet; all but one. */
void rowq_take_back(struct rowq *q, struct coll *c, const struct batch *but);

#endif

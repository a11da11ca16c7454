#ifndef CDC_MILVUS_FEED_H
#define CDC_MILVUS_FEED_H

#include <stddef.h>
#include <stdint.h>

#include "milvus/page.h"

struct err;
struct peer;

/*
 * What an answer must contain: all rows up to a moment, what this client wrote,
 * or anything.
 */
enum read_level { READ_STRONG, READ_SESSION, READ_EVENTUALLY };

/* Which rows, and how they are asked for. All borrowed. */
struct vask {
	struct peer *peer;
	const char *db, *coll;
	const char *part; /* NULL: all partitions */
	const struct schema *schema;
	const struct field *pk;
	const struct vfields *fields;
	enum read_level read;
	uint64_t ts; /* for READ_STRONG: the answer has all rows up to here */
	size_t page_max;            /* rows */
	const struct vkey *lo, *hi; /* only lo < key <= hi; NULL: no bound */
	int moving; /* rows are written meanwhile, so rows and count need not
		       agree */
};

/*
 * The rows that match an expression; limit 0: all. Returns 0 with *p, 1 if the
 * answer would be too large, or -1: ERR_DATA if the server refuses.
 */
int vask_rows(const struct vask *a, const char *expr, size_t limit,
    struct vpage **p, struct err *e);
int vask_count(
    const struct vask *a, const char *expr, uint64_t *n, struct err *e);

/*
 * All rows in the order of their keys, page by page. An answer alone is no
 * proof that it is complete: 2.3 leaves out rows of a limited query where a key
 * is there twice. So the range of each page is counted too, and asked for again
 * in smaller pieces until rows and count agree.
 */
struct vcursor {
	struct vask ask;
	struct buf last_text; /* memory of the last key, if it is text */
	struct vkey last;
	int begun, ended, greatest_done;
	unsigned tries; /* for the current page */
	unsigned tails; /* how often more rows had come behind the end */
	size_t limit, cap;
	uint64_t copies; /* rows beyond one for each key */
	uint64_t bytes;
	/* pages accepted although rows and count disagreed */
	uint64_t doubtful;
};
void vcursor_fini(struct vcursor *c);
/* 1 with the next page, which is not empty; 0 at the end; -1. */
int vcursor_next(struct vcursor *c, struct vpage **p, struct err *e);

/*
 * The same in a thread of its own, which reads a page or two ahead. The peer's
 * connection belongs to that thread until vfeed_stop.
 */
struct vfeed;
struct vfeed *vfeed_start(const struct vask *a);
int vfeed_next(struct vfeed *f, struct vpage **p, struct err *e);
/* End the thread; its counts are added to *sum. */
void vfeed_stop(struct vfeed *f, struct vcursor *sum);

#endif

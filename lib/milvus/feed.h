#ifndef CDC_MILVUS_FEED_H
#define CDC_MILVUS_FEED_H

#include <stddef.h>
#include <stdint.h>

#include "milvus/page.h"

struct err;
struct peer;

/* What an answer must hold: all up to a moment, what we wrote, or anything. */
enum read_level { READ_STRONG, READ_SESSION, READ_EVENTUALLY };

/* Whose rows, and how they are asked for. All borrowed. */
struct vask {
	struct peer *peer;
	const char *db, *coll;
	const char *part; /* NULL: of all partitions */
	const struct schema *schema;
	const struct field *pk;
	const struct vfields *fields;
	enum read_level read;
	uint64_t ts;     /* of READ_STRONG: all up to here is in the answer */
	size_t page_max; /* rows */
	const struct vkey *lo, *hi; /* lo < key <= hi only; NULL: no bound */
	int moving; /* written to meanwhile: rows and count need not agree */
};

/*
 * The rows that an expression is true for; limit 0: without one. Returns 0
 * with *p, 1 if the answer would be too large, or -1: ERR_DATA if the server
 * refuses.
 */
int vask_rows(const struct vask *a, const char *expr, size_t limit,
    struct vpage **p, struct err *e);
int vask_count(
    const struct vask *a, const char *expr, uint64_t *n, struct err *e);

/*
 * All rows in the order of their keys, a page after the other. A query's
 * answer is not taken for whole: in 2.3 a limited one leaves rows out where a
 * key is there twice. So each page's range is counted too, and asked for
 * again in smaller pieces until rows and count agree.
 */
struct vcursor {
	struct vask ask;
	struct buf last_text; /* of the last key, if it is text */
	struct vkey last;
	int begun, ended, greatest_done;
	unsigned tries; /* of the page at hand */
	unsigned tails; /* ends at which there was more already */
	size_t limit, cap;
	uint64_t copies; /* rows beyond one a key */
	uint64_t bytes;
	uint64_t doubtful; /* pages taken though rows and count disagreed */
};
void vcursor_fini(struct vcursor *c);
/* 1 with the next page, which has rows; 0 at the end; -1. */
int vcursor_next(struct vcursor *c, struct vpage **p, struct err *e);

/*
 * The same in a thread of its own, a page or two ahead. The peer's connection
 * belongs to the thread until vfeed_stop.
 */
struct vfeed;
struct vfeed *vfeed_start(const struct vask *a);
int vfeed_next(struct vfeed *f, struct vpage **p, struct err *e);
/* Its counts are added to those of *sum. */
void vfeed_stop(struct vfeed *f, struct vcursor *sum);

#endif

#ifndef CDC_STREAM_MERGE_H
#define CDC_STREAM_MERGE_H

#include <stddef.h>
#include <stdint.h>

#include "format/format.h"

struct err;
struct pos;

/*
 * The records of all topics that are read and not yet released, and the
 * order in which they may leave: by timestamp, delete before insert, then
 * topic and offset (law 3). Knows ticks and positions; knows nothing of
 * collections.
 */
struct merge;

enum {
	/* A topic ahead of W is paused when it holds its equal part of this. */
	MERGE_AHEAD_BYTES = 64 << 20,
	/* above this, the topic that holds W back fails */
	MERGE_ALONE_BYTES = 512 << 20,
	MERGE_RECENT = 1024, /* message ids kept per topic to find retries */
};

struct rec {
	struct msg msg;  /* spans are in m */
	struct record m; /* owned; of a mark only topic and offset */
	const struct format *format;
	uint64_t ts;
	int rank; /* order among equal timestamps */
	int late; /* its timestamp was released before it came */
	int released;
	int mark;   /* a tick, or a record not included: kept for positions only
		     */
	int broken; /* it cannot be decoded and leaves as `unknown` */
};

struct merge_topic {
	char *name;
	int ticks;      /* a DML topic; the replicate-msg topic has no ticks */
	int64_t next;   /* offset of the first record not yet read */
	uint64_t last;  /* timestamp of the one before it; 0: not known */
	uint64_t tick;  /* newest, 0 if none was read */
	int64_t skip_n; /* records below with ts <= skip_ts are not ours */
	uint64_t skip_ts;
	int by_time;        /* as a time was wanted, not a position */
	uint64_t skip_last; /* timestamp of record skip_n - 1, or 0 */
	size_t bytes;       /* of records held */
	int paused;         /* the caller's */
	int used;      /* the caller's: an included live collection is on it */
	int64_t end;   /* the caller's: a high watermark, -1 if not asked */
	int64_t known; /* the caller's: a later one, and when it was seen */
	int64_t known_ns;
	int64_t unused_end; /* the caller's: its end when it came out of use */
	int settled;        /* the caller's: unused, and read to that end */
	int64_t began;      /* the caller's: the first that is read, */
	int64_t looked;     /* and up to where drops were looked for */
	uint64_t records;   /* read so far, for --explain */
	int64_t seen_ns;    /* the caller's: when the last record came */
	uint64_t doubt;     /* the caller's: timestamp of a record to be */
	int64_t doubt_at;   /* looked at again, 0 if none, and its offset */
};

struct merge_stats {
	uint64_t ticks, ddl, retries, skipped, unwanted, late;
};

struct merge *merge_new(void);
void merge_free(struct merge *m);

/* Add a topic; returns its number, which its records carry. */
int merge_topic_add(struct merge *m, const char *name, int ticks, int64_t next);
int merge_topic_find(const struct merge *m, const char *name); /* or -1 */
size_t merge_topics(const struct merge *m);
struct merge_topic *merge_topic(struct merge *m, size_t i);
size_t merge_bytes(const struct merge *m); /* held, of all topics */

/*
 * Take a record of format f and its memory *own_k. Ticks move the topic
 * forward; retries and skipped records are counted; all others wait. Returns
 * the record, which the merger owns, or NULL.
 */
struct rec *merge_add(
    struct merge *m, const struct format *f, struct record *own_k);

/* Count and forget records for which want returns 0. */
void merge_filter(
    struct merge *m, int (*want)(void *arg, const struct rec *r), void *arg);

/*
 * Call told for each DDL message, skipped or not, because none of them leaves.
 */
void merge_ddl(
    struct merge *m, void (*told)(void *arg, const struct msg *msg), void *arg);

/*
 * The watermark W: the least last tick of the used topics. An unused topic
 * counts too until it is settled. UINT64_MAX if no topic is to be waited for.
 * *holder, if not NULL, is the topic that has this tick.
 */
uint64_t merge_watermark(const struct merge *m, int *holder);

/* The first record in order, which stays; NULL if there is none. */
struct rec *merge_first(const struct merge *m);
/* The greatest timestamp seen so far, held or not. */
uint64_t merge_newest(const struct merge *m);
/* Take the first record out of the order; it lives until merge_release. */
struct rec *merge_take(struct merge *m);
/* Put a taken record back. */
void merge_put_back(struct merge *m, struct rec *r);

/* Everything up to ts has left: taken records are freed, positions move. */
void merge_release(struct merge *m, uint64_t ts);
uint64_t merge_released(const struct merge *m);

/* Positions of all topics for a tick at merge_released(). */
void merge_pos(const struct merge *m, struct pos *p);

const struct merge_stats *merge_stats(const struct merge *m);

#endif

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
 * topic and id (law 3). Knows ticks and positions; knows nothing of
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
	struct record m; /* owned; of a mark only topic and id */
	const struct format *format;
	uint64_t ts;
	int rank; /* order among equal timestamps */
	int late; /* its timestamp was released before it came */
	int released;
	struct txn *txn; /* that it begins, or NULL */
	int mark;   /* a tick, or a record not included: kept for positions only
		     */
	int broken; /* it cannot be decoded and leaves as `unknown` */
};

struct merge_topic {
	char *name;
	int ticks;         /* a DML topic; replicate-msg has no ticks */
	uint64_t out;      /* all of it up to here has left */
	struct mq_id next; /* behind the last record that was read */
	uint64_t last;     /* timestamp of that record; 0: not known */
	uint64_t tick;     /* newest, 0 if none was read */
	size_t bytes;      /* of records held */
	uint64_t records;  /* read so far, for --explain */
	/* What the caller sets: */
	struct mq_id skip_n; /* records below with ts <= skip_ts are not ours */
	uint64_t skip_ts;
	int by_time;    /* as a time was wanted, not a position */
	int cut;        /* there may be records before the first one, */
	uint64_t first; /* whose timestamp this is; or, before there is one, up
			   to which they are removed */
	uint64_t skip_last; /* timestamp of the record before skip_n, or 0 */
	int used;           /* an included live collection is on it */
	int settled;        /* unused, and no record of it is still to come */
	uint64_t doubt;     /* timestamp of a record that is to be looked at */
	struct mq_id doubt_at; /* again, 0 if none, and its id */
};

struct merge_stats {
	uint64_t ticks, ddl, retries, skipped, unwanted, late;
	uint64_t unfinished; /* transactions without a commit */
};

struct merge *merge_new(void);
void merge_free(struct merge *m);

/*
 * Read a streaming log: each topic ticks for itself, and its records leave as
 * soon as a tick is behind them. Rows of two channels are of different keys; a
 * broadcast leaves once, when all records before each of its copies are out.
 */
void merge_by_channel(struct merge *m);
/*
 * Nothing will come any more: what is there may leave without a tick behind it,
 * a broadcast also without some of its copies. Open transactions do not count.
 */
void merge_end(struct merge *m);

/* This broadcast is out: another copy of it is none. */
void merge_knows(struct merge *m, uint64_t broadcast);

/* Add a topic; returns its number, which its records carry. */
int merge_topic_add(
    struct merge *m, const char *name, int ticks, struct mq_id next);
int merge_topic_find(const struct merge *m, const char *name); /* or -1 */
size_t merge_topics(const struct merge *m);
struct merge_topic *merge_topic(struct merge *m, size_t i);
size_t merge_bytes(const struct merge *m); /* held, of all topics */

/*
 * Take a record of format f and its memory *own_k. Ticks move the topic
 * forward; retries and skipped records are counted; all others wait. Returns
 * the record, which the merger owns, or NULL; e->kind is set if the record
 * cannot be read and must not be passed over.
 */
struct rec *merge_add(struct merge *m, const struct format *f,
    struct record *own_k, struct err *e);

/*
 * Milvus records clients' requests on replicate-msg, by collection's name. Is
 * it one that is taken from there? The others come from the catalogue.
 */
int merge_is_request(const struct rec *r);

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

/*
 * Of a streaming log: nothing later than ts is to leave. So a change of up to
 * then does not wait for later rows, except for those before one of its copies.
 */
void merge_until(struct merge *m, uint64_t ts);
/*
 * Of a streaming log: can this topic be left unread for a while? Not if only
 * its own records let what it holds leave: a tick, the end of a transaction.
 * Nor if others wait for it.
 */
int merge_can_wait(const struct merge *m, size_t topic);
/* The greatest timestamp seen so far, held or not. */
uint64_t merge_newest(const struct merge *m);
/*
 * Take the first record, if there is one, out of the order; it lives until
 * merge_release.
 */
struct rec *merge_take(struct merge *m);
/* Put a taken record back. */
void merge_put_back(struct merge *m, struct rec *r);

/* Everything up to ts has left: taken records are freed, positions move. */
void merge_release(struct merge *m, uint64_t ts);
uint64_t merge_released(const struct merge *m);

/*
 * Streaming log: has a change copies that may still come with up to ts, on
 * topics that were not read so far?
 */
int merge_waits(const struct merge *m, uint64_t ts);
/* A change that stands, and a channel whose copy of it is still to come. */
struct merge_lack {
	const struct rec *at; /* its oldest copy */
	const char *vchannel;
	int topic; /* of the vchannel, or -1: it is not read */
};
/* The oldest of these; 0 if there is none. */
int merge_lacks(const struct merge *m, struct merge_lack *l);
/* A topic that a change is on, and that is not read; free it. NULL: none. */
char *merge_unread(const struct merge *m);
/* Does this topic hold a record below id that may count? */
int merge_holds(const struct merge *m, size_t topic, struct mq_id id);
/* Positions of all topics for a tick at merge_released(). */
void merge_pos(const struct merge *m, struct pos *p);

const struct merge_stats *merge_stats(const struct merge *m);

#endif
